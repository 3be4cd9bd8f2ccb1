"""A list whose heading says nothing known, found by its shape: the officer then says what each column is."""

from collections.abc import Sequence

from ..workbook import Rejected, Sheet, Workbook, column_letter
from .column_names import field_of
from .columns import Column, Table, data_row, tables_of, text_of, without_repeats
from .normalise import phone_number

_FEWEST = 3  # rows with a phone number, and columns


def tables_or_shapes(workbook: Workbook, groups: Sequence[str]) -> tuple[list[Table], list[str]]:
    """As `tables_of`; where no heading is known, the rows around a column of phone numbers, and a note on it."""
    try:
        return tables_of(workbook, groups)
    except Rejected as refusal:
        found = [table for sheet in workbook.sheets if not sheet.hidden and (table := _table_by_shape(sheet))]
        if refusal.kind != "no_heading_row" or not found:
            raise
        return found, ["Không nhận ra tiêu đề của bảng. Cho biết từng cột là gì ở «Các cột đã nhận»."]


def _table_by_shape(sheet: Sheet) -> Table | None:
    """The rows around a column of phone numbers, with the row of words above them as heading where there is one."""
    rows = sheet.rows
    width = max((len(row) for row in rows), default=0)
    phones = [
        [at for at, row in enumerate(rows) if index < len(row) and phone_number(row[index]).number]
        for index in range(width)
    ]
    phone = max(range(width), key=lambda index: len(phones[index]), default=0)
    if width < _FEWEST or len(phones[phone]) < _FEWEST:
        return None
    first = phones[phone][0]
    above = rows[first - 1] if first else []
    is_heading = sum(1 for cell in above if text_of(cell)) * 2 > width
    labels = [text_of(above[at]) if is_heading and at < len(above) else "" for at in range(width)]
    fields = [field_of(label) if label else None for label in labels]
    fields[phone] = "phone"
    columns = [Column(at + 1, label or f"Cột {column_letter(at + 1)}", fields[at]) for at, label in enumerate(labels)]
    # Row 0 would be a typed list; without a heading the first row stands for it.
    table = Table(sheet.name, max(first, 1), int(is_heading), without_repeats(columns))
    for at in range(first, len(rows)):
        if sum(1 for cell in rows[at] if text_of(cell)) * 2 > width:
            table.rows.append(data_row(table, at + 1, rows[at], None))
    return table
