"""A workbook that was opened and saved again has other bytes: are its cells still those that were given out?"""

from dataclasses import dataclass

from ..workbook import Cell, Rejected, Workbook, column_letter, read_workbook

_MOST_NAMED = 5


@dataclass(frozen=True)
class Compared:
    """How the cells of two workbooks differ: whether at all, whether one is a changed copy of the other, and where."""

    same: bool
    alike: bool
    words: str = ""


Cells = dict[tuple[str, int, int], str]  # what stands at (sheet, row, column), both from 1; empty cells are none


def cells_of(content: bytes) -> Cells | None:
    """All cells of a workbook, as texts. None for what is no workbook that can be read."""
    try:
        return _cells(read_workbook(content, "tep.xlsx"))
    except Rejected:
        return None


def compared(before: Cells, after: Cells) -> Compared:
    """Where the cells that were given out and those received differ."""
    places = [place for place in sorted(before.keys() | after.keys()) if before.get(place) != after.get(place)]
    if not places:
        return Compared(True, True)
    named = [f"{sheet}!{column_letter(column)}{row}" for sheet, row, column in places[:_MOST_NAMED]]
    more = f" và {len(places) - len(named)} ô khác" if len(places) > len(named) else ""
    return Compared(False, len(places) * 2 < len(before), f"ô {', '.join(named)}{more}.")


def _cells(workbook: Workbook) -> Cells:
    return {
        (sheet.name or "", row, column): text
        for sheet in workbook.sheets
        for row, cells in enumerate(sheet.rows, 1)
        for column, cell in enumerate(cells, 1)
        if (text := _text(cell))
    }


def _text(cell: Cell) -> str:
    return "" if cell is None else str(cell).strip()
