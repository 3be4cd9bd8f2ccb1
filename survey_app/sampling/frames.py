"""What is a sampling frame made of? Canonical rows with a key each, in an order that no file decides."""

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from ..errors import Refused
from ..roster.columns import Column, DataRow, Table, text_of
from ..roster.drafts import Draft
from ..roster.persons import PersonRow
from ..roster.problems import Problem, full_message
from ..roster.rules import DraftCheck

FIELDS = (
    "name", "birth_year", "birth_date", "gender", "position", "phone", "workplace", "ban", "ban_code", "commune_code",
    "procedure", "dossier", "receipt_date", "return_date", "ethnic", "email", "business", "tax_code", "address",
    "language", "note",
)  # fmt: skip
_DAYS = frozenset({"birth_date", "receipt_date", "return_date"})


@dataclass(frozen=True)
class FrameRow:
    """One person of a frame: the key that chance is drawn on, the values, and figures of columns we do not know."""

    number: int  # from 1, in the order of the keys
    key: str
    values: dict[str, Any]
    measures: dict[str, float]

    def as_person(self, group: str, frame_key: str) -> PersonRow:
        """The row in the shape of a list."""
        days = {name: date.fromisoformat(self.values[name]) for name in _DAYS & self.values.keys()}
        return PersonRow(None, self.number, group, frame_key=frame_key, **(self.values | days))


@dataclass(frozen=True)
class FrameContent:
    """The frozen rows as bytes with their SHA-256, and what was kept out."""

    content: bytes
    sha256: str
    persons: int
    set_aside: list[list[Any]]  # [sheet, row, sentence]
    rows_set_aside: int
    faults: dict[str, int]


def frame_content(checked: DraftCheck, group: str) -> FrameContent:
    """The rows of a group without a fault that blocks; the others are set aside with what is wrong.

    Raises Refused when a required column is missing, the file holds nobody of the group, or no row is without a fault.
    """
    problems = [one for one in checked.reading.problems if one.blocks]
    missing = [one for one in problems if one.kind == "missing_column"]
    if missing:
        raise Refused(" ".join(full_message(one) for one in missing))
    of_row = {(one.sheet, one.row): one.group for one in checked.reading.persons}
    faulty = [one for one in problems if one.row is not None and of_row.get((one.sheet, one.row)) == group]
    bad = {(one.sheet, one.row) for one in faulty}
    persons = [one for one in checked.reading.persons if one.group == group]
    good = [one for one in persons if (one.sheet, one.row) not in bad]
    if not persons:
        raise Refused(f"Tệp không có dòng nào của nhóm {group}.")
    if not good:
        raise Refused(f"Cả {len(persons)} dòng của tệp đều có lỗi nên chưa lập được khung mẫu. Sửa tệp rồi tải lại.")
    measures = _measures(checked.draft, {(one.sheet, one.row) for one in good})
    content = _canonical([(one, measures.get((one.sheet, one.row), {})) for one in good])
    return FrameContent(
        content, hashlib.sha256(content).hexdigest(), len(good), [_told(one) for one in faulty], len(bad),
        dict(Counter(one.kind for one in faulty)),
    )  # fmt: skip


def _told(problem: Problem) -> list[Any]:
    return [problem.sheet, problem.row, full_message(problem)]


def _canonical(rows: Sequence[tuple[PersonRow, dict[str, float]]]) -> bytes:
    plain = []
    for person, measures in rows:
        values = {name: _plain(getattr(person, name)) for name in FIELDS if getattr(person, name) is not None}
        plain.append(values | ({"measures": measures} if measures else {}))
    ordered = sorted(plain, key=_text)
    return _text(ordered).encode("utf-8")


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def frame_rows(content: bytes) -> list[FrameRow]:
    """The rows of a frozen frame. The key is the SHA-256 of the row; equal rows are told apart by a count."""
    seen: Counter[str] = Counter()
    rows = []
    for number, plain in enumerate(json.loads(content), 1):
        key = hashlib.sha256(_text(plain).encode("utf-8")).hexdigest()
        seen[key] += 1
        rows.append(FrameRow(number, f"{key}/{seen[key]}", plain, plain.pop("measures", {})))
    return rows


def _measures(draft: Draft, good: set[tuple[str | None, int]]) -> dict[tuple[str | None, int], dict[str, float]]:
    """Columns without a meaning of ours that hold a positive number in every good row: a size to draw by."""
    found: dict[tuple[str | None, int], dict[str, float]] = {}
    tables = [(table, [row for row in table.rows if (table.sheet, row.row) in good]) for table in draft.tables]
    for table, rows in tables:
        for column in _size_columns(table, rows):
            for row in rows:
                found.setdefault((table.sheet, row.row), {})[column.label] = _figure(row, column) or 0.0
    common = set.intersection(*(set(found.get(place, {})) for place in good)) if good else set()
    return {place: {name: sizes[name] for name in sorted(common)} for place, sizes in found.items()}


def _size_columns(table: Table, rows: Sequence[DataRow]) -> list[Column]:
    free = [column for column in table.columns if column.field is None]
    return [column for column in free if rows and all((_figure(row, column) or 0) > 0 for row in rows)]


def _figure(row: DataRow, column: Column) -> float | None:
    """The cell as a number, None when it is none; «1.250» is a thousand, «12,5» a fraction."""
    cell = row.raw[column.index - 1] if column.index <= len(row.raw) else None
    if isinstance(cell, float | int):
        return float(cell)
    try:
        return float(text_of(cell).replace(".", "").replace(",", "."))
    except ValueError:
        return None


def frame_key(frame_id: int, number: int) -> str:
    """How a list says from which row of which frame a person was drawn: «3-217»."""
    return f"{frame_id}-{number}"
