"""A list between upload and confirmation: its rows as plain JSON, with the corrections made on the check page."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from ..workbook import Cell, Workbook
from .catalogue import Catalogue
from .checks import ALL_GROUPS, ListReading, Sender, Settled, check_tables, nothing_settled
from .columns import Column, DataRow, Table, cells_of, text_of
from .persons import Terms
from .problems import Problem
from .tables_by_shape import tables_or_shapes


@dataclass(frozen=True)
class Edit:
    """A cell as somebody wants it; `was` is what the page showed there, None when the page did not say."""

    table: int
    row: int
    field: str
    text: str
    was: str | None = None


@dataclass(frozen=True)
class Clash:
    """A cell that two people changed: what one typed, and what the other has stored meanwhile."""

    edit: Edit
    label: str
    theirs: str


@dataclass
class Draft:
    """What was read from files: tables, what the reader has to say about them, and the rows that were dropped."""

    tables: list[Table]
    legacy: str | None = None
    notes: list[str] = field(default_factory=list)
    dropped: set[tuple[int, int]] = field(default_factory=set)  # (table from 0, row number)
    edited: set[tuple[int, int]] = field(default_factory=set)
    files: list[str] = field(default_factory=list)  # names of files that were added to the first
    offered: dict[tuple[int, int], dict[str, str]] = field(default_factory=dict)  # persons of last year, as offered
    confirmed: set[tuple[int, int]] = field(default_factory=set)  # of these, those who are still there

    @property
    def is_typed(self) -> bool:
        """Whether it began in the typing table, without a file: nothing in it is a correction of what was sent."""
        return all(table.header_row == 0 for table in self.tables)

    @property
    def rows(self) -> int:
        """Rows of data, dropped ones included."""
        return sum(len(table.rows) for table in self.tables)


def draft_from_workbook(workbook: Workbook, groups: Sequence[str]) -> Draft:
    """Find the tables of a workbook. Raises `Rejected` when no sheet holds a list, or none has a row of data."""
    tables, notes = tables_or_shapes(workbook, groups or ALL_GROUPS)
    return Draft(tables, workbook.legacy, [*workbook.notes, *notes])


def check_draft(
    draft: Draft, file: str, sender: Sender, catalogue: Catalogue, terms: Terms, settled: Settled = nothing_settled
) -> ListReading:
    """All checks within the list, without the dropped rows."""
    kept = []
    for number, table in enumerate(draft.tables):
        rows = [row for row in table.rows if (number, row.row) not in draft.dropped]
        kept.append(Table(table.sheet, table.header_row, table.header_rows, table.columns, table.titles, rows))
    return check_tables(kept, draft.legacy, file, sender, catalogue, terms, settled)


def leave_out_groups(draft: Draft, reading: ListReading, closed: Collection[str]) -> None:
    """Take the rows of groups that were handed in before out of the draft, and say so in its notes.

    A unit whose list of one group came back uploads the same file again; the other group stays as it was approved.
    """
    out = {(person.sheet, person.row): person.group for person in reading.persons if person.group in closed}
    for table in draft.tables:
        table.rows = [row for row in table.rows if (table.sheet, row.row) not in out]
    for group in sorted(closed):
        count = sum(one == group for one in out.values())
        draft.notes.append(
            f"Nhóm {group} đã trình, nên {count} dòng của nhóm này trong tệp được để nguyên như đã trình."
        )


def correct(draft: Draft, table: int, row: int, wanted: str, text: str) -> None:
    """Put `text` into the cell of a field; a row, table or field that is not there is passed over in silence.

    Raises nothing: the page shows the row again with its faults.
    """
    if not 0 <= table < len(draft.tables):
        return
    column = draft.tables[table].column(wanted)
    for data_row in draft.tables[table].rows:
        if data_row.row == row and column is not None:
            raw = [*data_row.raw, *[None] * (column.index - len(data_row.raw))]
            if text_of(raw[column.index - 1]) != text.strip():
                raw[column.index - 1] = text.strip() or None
                draft.edited.add((table, row))
            data_row.raw = raw
            data_row.cells = cells_of(draft.tables[table].columns, raw)


def apply_edits(draft: Draft, edits: Sequence[Edit]) -> list[Clash]:
    """Put the changed cells into the draft, or change nothing and return the cells that somebody else changed too.

    Only cells that differ from what the page showed are touched: two people on different cells do not meet.
    """
    wanted = [edit for edit in edits if edit.text.strip() != edit.was]
    clashes = []
    for edit in wanted:
        found = _cell(draft, edit)
        if found is None:
            continue
        label, stored = found
        if edit.was is not None and stored not in (edit.was, edit.text.strip()):
            clashes.append(Clash(edit, label, stored))
    if not clashes:
        for edit in wanted:
            correct(draft, edit.table, edit.row, edit.field, edit.text)
    return clashes


def _cell(draft: Draft, edit: Edit) -> tuple[str, str] | None:
    """Heading and text of the cell; None when there is none."""
    if not 0 <= edit.table < len(draft.tables):
        return None
    column = draft.tables[edit.table].column(edit.field)
    row = next((row for row in draft.tables[edit.table].rows if row.row == edit.row), None)
    if column is None or row is None:
        return None
    return column.label, text_of(row.raw[column.index - 1]) if column.index <= len(row.raw) else ""


def choose_columns(draft: Draft, table: int, fields: Mapping[int, str | None]) -> None:
    """Say what each column (by its position from 1) means.

    A field has one column: a choice that is new wins over the column that had the field; of two new ones the first.
    """
    if not 0 <= table < len(draft.tables):
        return
    one = draft.tables[table]
    chosen = {column.index: fields.get(column.index, column.field) for column in one.columns}
    taken: set[str] = set()
    for column in sorted(one.columns, key=lambda column: (chosen[column.index] == column.field, column.index)):
        wanted = chosen[column.index]
        if wanted in taken:
            chosen[column.index] = None
        elif wanted:
            taken.add(wanted)
    one.columns = [Column(column.index, column.label, chosen[column.index]) for column in one.columns]
    for row in one.rows:
        row.cells = cells_of(one.columns, row.raw)
        row.group_text = text_of(row.cells.get("group")) or None


def draft_as_json(draft: Draft) -> dict[str, Any]:
    """The draft as JSON, for the column of the upload."""
    return {
        "legacy": draft.legacy,
        "notes": draft.notes,
        "dropped": sorted(list(one) for one in draft.dropped),
        "edited": sorted(list(one) for one in draft.edited),
        "files": draft.files,
        "offered": [[table, row, texts] for (table, row), texts in sorted(draft.offered.items())],
        "confirmed": sorted(list(one) for one in draft.confirmed),
        "tables": [
            {
                "sheet": table.sheet,
                "header_row": table.header_row,
                "header_rows": table.header_rows,
                "titles": table.titles,
                "columns": [[column.index, column.label, column.field] for column in table.columns],
                "rows": [[row.row, row.heading_group, [_stored(cell) for cell in row.raw]] for row in table.rows],
            }
            for table in draft.tables
        ],
    }


def draft_from_json(stored: Mapping[str, Any]) -> Draft:
    """The draft that `draft_as_json` wrote."""
    tables = []
    for one in stored["tables"]:
        columns = [Column(index, label, wanted) for index, label, wanted in one["columns"]]
        table = Table(one["sheet"], one["header_row"], one["header_rows"], columns, list(one["titles"]))
        for number, heading_group, raw in one["rows"]:
            cells = cells_of(columns, raw)
            table.rows.append(DataRow(number, cells, raw, text_of(cells.get("group")) or None, heading_group))
        tables.append(table)
    return Draft(
        tables,
        stored.get("legacy"),
        list(stored.get("notes", [])),
        {(table, row) for table, row in stored.get("dropped", [])},
        {(table, row) for table, row in stored.get("edited", [])},
        list(stored.get("files", [])),
        {(table, row): texts for table, row, texts in stored.get("offered", [])},
        {(table, row) for table, row in stored.get("confirmed", [])},
    )


def _stored(cell: Cell) -> Cell:
    """Days are kept as they are shown, dd/mm/yyyy, which the reader of dates understands."""
    return text_of(cell) if isinstance(cell, date | datetime) else cell


def worst(problems: Sequence[Problem]) -> str:
    """«error», «warning» or «ok» for the badge of a row."""
    if any(problem.blocks for problem in problems):
        return "error"
    return "warning" if problems else "ok"
