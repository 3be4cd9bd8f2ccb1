"""Where a table stands in a sheet that an office printed: its heading rows, its columns, and how a fault is told."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from ..text import clean, search_key

Row = Sequence[object]
# A heading text (already folded by `search_key`) -> how surely it names each of our fields; absent means not at all.
Recognise = Callable[[str], dict[str, int]]

_HEADING_SEARCH_DEPTH = 40
_HEADING_ROWS_AT_MOST = 3
_LONGEST_HEADING = 80
_NUMBERING = re.compile(r"^[\divxIVX]+(\.[\dA-Za-z]+)*\.?$")
_TOTAL = re.compile(r"tong|(tong (cong|so|diem)|total)\b.*|cong\W*")


@dataclass(frozen=True)
class SheetFault:
    """One fault in a file: where it stands and what is wrong; `row` and `column` count from 1, 0 means no place."""

    sheet: str | None
    row: int
    column: int
    message: str

    @property
    def text(self) -> str:
        """«Dòng 12, cột E: …», with the sheet's name where the file has several."""
        place = [f"trang «{self.sheet}»"] if self.sheet else []
        if self.row:
            place.append(f"dòng {self.row}")
        if self.column:
            place.append(f"cột {column_letter(self.column)}")
        if not place:
            return self.message
        where = ", ".join(place)
        return f"{where[0].upper()}{where[1:]}: {self.message}"


@dataclass(frozen=True)
class Heading:
    """The heading of a table: rows `first`..`last` (counted from 0) and the column of each recognised field."""

    first: int
    last: int
    columns: dict[str, int]
    texts: list[str]

    def label(self, column: int) -> str:
        """The heading text of a column as the file writes it, on one line."""
        return self.texts[column] if column < len(self.texts) else ""


def cell_text(value: object) -> str:
    """A cell as clean text: empty for none, 3 for 3.0."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return clean(str(value))


def text_at(row: Row, column: int | None) -> str:
    """The text of a row's cell; empty where the column does not exist."""
    return cell_text(row[column]) if column is not None and column < len(row) else ""


def column_letter(column: int) -> str:
    """The letter a spreadsheet shows for column 1, 2, …: A, B, … AA."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def decimal_of(value: object) -> Decimal | None:
    """A number written «0,50», «0.5» or held as a number; None where it is neither.

    A stored number is rounded to 6 places first: a formula's 0.30000000000000004 is meant as 0.3.
    """
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | Decimal):
        return Decimal(value)
    if isinstance(value, float):
        return Decimal(str(round(value, 6))) if abs(value) < 1e12 else None
    text = cell_text(value).replace(" ", "")
    if not re.fullmatch(r"[+-]?\d{1,12}([.,]\d{1,6})?", text):
        return None
    try:
        return Decimal(text.replace(",", "."))
    except InvalidOperation:
        return None


def find_heading(rows: Sequence[Row], recognise: Recognise, must: set[str]) -> Heading | None:
    """The heading that names the most fields, among them one of `must`; None when no row looks like one.

    A heading may stand below title lines and may have up to three rows, the upper one merged over several columns.
    """
    best: tuple[tuple[int, int], Heading] | None = None
    for first in range(min(len(rows), _HEADING_SEARCH_DEPTH)):
        for depth in range(1, _HEADING_ROWS_AT_MOST + 1):
            last = first + depth - 1
            if last >= len(rows) or (depth > 1 and _looks_like_data(rows[last])):
                break
            texts = _joined_headings(rows[first : last + 1])
            columns = _assign(texts, recognise)
            rank = (len(columns), -depth)  # as many fields as possible in as few rows as possible
            if must & columns.keys() and len(columns) > 1 and (best is None or rank > best[0]):
                best = (rank, Heading(first, last, columns, texts))
    return best[1] if best else None


def is_column_numbers(row: Row) -> bool:
    """Whether the row only counts the columns, as printed tables do below the heading: (1) (2) (3)."""
    numbers = [re.sub(r"[()]", "", cell_text(value)) for value in row if cell_text(value)]
    return len(numbers) >= 3 and numbers == [str(n + 1) for n in range(len(numbers))]


def is_total(row: Row) -> bool:
    """Whether a cell of the row says that it sums the others: «Tổng cộng», «Tổng điểm», «Cộng:», «Total»."""
    return any(_TOTAL.fullmatch(search_key(cell_text(value))) for value in row if isinstance(value, str))


def _looks_like_data(row: Row) -> bool:
    return any(
        isinstance(value, int | float | Decimal) or _NUMBERING.fullmatch(cell_text(value))
        for value in row
        if value is not None and cell_text(value)
    )


def _joined_headings(rows: Sequence[Row]) -> list[str]:
    """One text for each column: the upper heading, carried to the right over the columns it is merged across."""
    width = max(len(row) for row in rows)
    columns: list[list[str]] = [[] for _ in range(width)]
    for level, row in enumerate(rows):
        below = rows[level + 1 :]
        carried = ""
        for column in range(width):
            own = text_at(row, column)
            carried = own or carried
            stands_over_another = any(text_at(lower, column) for lower in below)
            part = own if own or not stands_over_another else carried
            if part and (not columns[column] or columns[column][-1] != part):
                columns[column].append(part)
    return [" / ".join(parts) for parts in columns]


def _assign(texts: list[str], recognise: Recognise) -> dict[str, int]:
    """Each field goes to the column that names it most surely, the left one among equals; a column has one field."""
    wishes = [
        (-strength, column, field)
        for column, text in enumerate(texts)
        if text and len(text) <= _LONGEST_HEADING
        for field, strength in recognise(search_key(text)).items()
    ]
    columns: dict[str, int] = {}
    for _, column, field in sorted(wishes):
        if field not in columns and column not in columns.values():
            columns[field] = column
    return columns
