"""Does pyxform, the standard tool, take the same rows? Then a file accepted here opens in ODK and Kobo too."""

import re
from collections.abc import Iterable
from typing import Any

from .definition import Definition
from .message import Message, Severity
from .xlsform_kinds import usual_type

_ROW = re.compile(r"\[row : (\d+)\]\s*")
_QUOTED = re.compile(r"['‘](\w+)['’]")


def refusal_of_pyxform(book: dict[str, Any], definition: Definition, columns: Iterable[str]) -> Message | None:
    """What pyxform has against the raw rows of a file, none where it converts them. `columns` of the sheet `survey`."""
    from pyxform.errors import PyXFormError
    from pyxform.xls2xform import convert

    rows = [
        {key: usual_type(cell) if str(key).strip().lower() == "type" else cell for key, cell in row.items()}
        for row in book["survey"]
    ]
    try:
        convert(xlsform={**book, "survey": rows}, form_name="data")
    except PyXFormError as fault:
        return placed(str(fault), definition, columns)
    return None


def placed(words: str, definition: Definition, columns: Iterable[str]) -> Message:
    """What pyxform says, at the sheet, row and column that its English sentence names."""
    named = set(_QUOTED.findall(words))
    match = _ROW.search(words)
    row = int(match[1]) if match else next((item.row for item in definition.all_items() if item.name in named), 0)
    sheet = next((sheet for sheet in ("choices", "settings", "survey") if sheet in named), "survey" if row else "")
    column = next((column for column in sorted(columns) if column in named), "") if sheet else ""
    text = (
        "công cụ chuẩn XLSForm (pyxform) không nhận chỗ này nên ODK và Kobo không mở được tệp. Sửa hoặc bỏ chỗ này. "
        f"Lời của công cụ: {_ROW.sub('', words)}"
    )
    return Message(Severity.ERROR, "refused_by_pyxform", text, sheet, row, column)
