"""Which columns of a file are not asked for, and are therefore not kept.

A list holds what the survey needs and nothing else: numbers of identity papers, religion, bank accounts and the like
are taken out before the draft is stored, and the unit is told. Dân tộc is kept only where the round asks for it.
"""

import re
from collections.abc import Iterable

from .column_names import heading_key
from .columns import Column, Table, cells_of, text_of
from .drafts import Draft

_FIELDS = frozenset({"idno"})
_HEADINGS = re.compile(
    r"\b(cccd|cmnd|cmt|dinh danh|ho chieu|ngay cap|noi cap|ton giao|dang vien|ngay vao dang|dang phai|tai khoan|"
    r"ngan hang|so bhxh|so bhyt|bao hiem|suc khoe|benh|khuyet tat|ho ngheo|quan he gia dinh|ten vo|"
    r"ten chong|muc luong|he so luong)\b"
)
_IDENTITY_NUMBER = re.compile(r"0\d{11}")


def leave_out_unasked(draft: Draft, collects_ethnicity: bool) -> bool:
    """Empty the columns of `draft` that are not asked for and say so in its notes; True when there were any."""
    found: dict[str, None] = {}
    for table in draft.tables:
        for column in table.columns:
            if _is_unasked(table, column, collects_ethnicity):
                _empty(table, column)
                found[column.label] = None
    if found:
        draft.notes.append(_words(found))
    return bool(found)


def _words(labels: Iterable[str]) -> str:
    names = ", ".join(f"«{label}»" for label in labels)
    return (
        f"Đợt này không hỏi cột {names} nên hệ thống không lưu cột đó và không giữ tệp gốc. "
        "Lần sau bỏ cột này trước khi gửi."
    )


def _is_unasked(table: Table, column: Column, collects_ethnicity: bool) -> bool:
    if column.field == "ethnic":
        return not collects_ethnicity
    if column.field in _FIELDS:
        return True
    if column.field is not None:
        return False
    return bool(_HEADINGS.search(heading_key(column.label))) or _holds_identity_numbers(table, column)


def _holds_identity_numbers(table: Table, column: Column) -> bool:
    """A heading can say anything; twelve digits with a zero in front are a number of căn cước công dân."""
    texts = [text_of(row.raw[column.index - 1]) for row in table.rows if column.index <= len(row.raw)]
    filled = [text for text in texts if text]
    numbers = sum(1 for text in filled if _IDENTITY_NUMBER.fullmatch(text.replace(" ", "")))
    return numbers * 2 > len(filled)


def _empty(table: Table, column: Column) -> None:
    table.columns = [Column(one.index, one.label, None) if one is column else one for one in table.columns]
    for row in table.rows:
        if column.index <= len(row.raw):
            row.raw[column.index - 1] = None
        row.cells = cells_of(table.columns, row.raw)
