"""What the check page shows: rows of a draft by group, their faults, and which cells can be corrected in place."""

import hashlib
from collections.abc import Container, Sequence
from dataclasses import dataclass, field

from flask_babel import gettext

from ..text import date_text
from .column_names import USUAL_LABELS
from .columns import Column, DataRow, Table, text_of
from .drafts import Draft, worst
from .group_words import list_kind
from .normalise import phone_number
from .persons import PersonRow
from .problems import Problem, full_message, message
from .rules import DraftCheck

PER_PAGE = 50
_IN_ONE_CELL = frozenset({"injection_cell", "phone_old_prefix"})  # warnings that one cell can be rid of
_REPEATED = frozenset({"duplicate_in_file", "person_in_two_groups"})
_SHOWN = {
    "officials": ("name", "birth", "gender", "position", "unit", "phone"),
    "citizens": ("name", "birth", "gender", "ban", "phone", "procedure", "receipt", "return"),
    "business": ("business", "representative", "position", "phone", "procedure", "return"),
}
# What may stand for a shown field, in the order looked for; columns that belong together stand together.
_COLUMNS_OF: dict[str, tuple[tuple[str, ...], ...]] = {
    "name": (("name",), ("family", "given")),
    "birth": (("birth",), ("birth_male", "birth_female"), ("birth_day", "birth_month", "birth_year")),
    "gender": (("gender",), ("male", "female"), ("birth_male", "birth_female")),
    "ban": (("ban",), ("address",)),
    "representative": (("representative",), ("name",), ("family", "given")),
}


@dataclass(frozen=True)
class InputView:
    """A cell of the file that can be typed into."""

    name: str
    label: str
    text: str
    fault: bool


@dataclass(frozen=True)
class CellView:
    """One shown field: its text, or the inputs of the cells behind it where they can be corrected here."""

    label: str
    text: str
    inputs: tuple[InputView, ...] = ()


@dataclass
class RowView:
    """One row with its faults; `key` is «table-row»."""

    key: str
    row: int
    group: str
    cells: list[CellView]
    problems: list[Problem]
    edited: bool = False
    mark: str = ""  # what the row holds, for «somebody changed it meanwhile»
    aside: list[InputView] = field(default_factory=list)  # cells with a fault that no shown column holds

    @property
    def state(self) -> str:
        return worst(self.problems)

    @property
    def has_old_phone(self) -> bool:
        return any(problem.kind == "phone_old_prefix" for problem in self.problems)


@dataclass
class GroupView:
    """The rows of one group with the headings of their columns."""

    code: str
    labels: list[str]
    rows: list[RowView] = field(default_factory=list)


@dataclass
class CheckView:
    """The whole page."""

    rows: list[RowView]
    dropped: list[tuple[str, str]]  # (key, words)
    general: list[Problem]  # of the whole file
    page: int = 1
    pages: int = 1
    shown: list[GroupView] = field(default_factory=list)
    to_look: list[str] = field(default_factory=list)  # keys of the rows that «Cần xem» shows

    def count(self, state: str) -> int:
        """How many rows are in a state."""
        return sum(1 for row in self.rows if row.state == state)

    @property
    def old_phones(self) -> int:
        return sum(1 for row in self.rows if row.has_old_phone)


def check_view(checked: DraftCheck, show: str, page: int, said: Container[str] = ()) -> CheckView:
    """The rows to look at (`show` = look; also those with a key in `said`) or all, fifty a page, gathered by group."""
    by_row: dict[tuple[str | None, int], list[Problem]] = {}
    general = []
    for problem in checked.reading.problems:
        if problem.row is None or problem.kind == "missing_column":
            general.append(problem)
        else:
            by_row.setdefault((problem.sheet, problem.row), []).append(problem)
    persons = {(person.sheet, person.row): person for person in checked.reading.persons}
    # The group is asked in a column of its own only when it has to be corrected.
    more = ("group",) if any(problem.field == "group" for problem in checked.reading.problems) else ()
    rows, dropped = [], []
    for number, table in enumerate(checked.draft.tables):
        for data_row in table.rows:
            key = f"{number}-{data_row.row}"
            if (number, data_row.row) in checked.draft.dropped:
                if not data_row.is_blank:
                    dropped.append((key, _name_of(data_row)))
                continue
            person = persons[table.sheet, data_row.row]
            problems = by_row.get((table.sheet, data_row.row), [])
            rows.append(
                _row_view(checked.draft, number, table, data_row, person, problems, show == "all" or key in said, more)
            )
    to_look = [row for row in rows if row.problems or row.edited or row.key in said]
    wanted = {"look": to_look, "all": rows}.get(show, [])
    view = CheckView(rows, dropped, general, pages=max(1, -(-len(wanted) // PER_PAGE)))
    view.to_look = [row.key for row in to_look]
    view.page = min(max(1, page), view.pages)
    view.shown = _by_group(wanted[(view.page - 1) * PER_PAGE : view.page * PER_PAGE])
    return view


def _name_of(row: DataRow) -> str:
    parts = [text_of(row.cells.get(one)) for one in ("business", "name", "family", "given")]
    name = " ".join(part for part in parts if part) or gettext("chưa có tên")
    return str(gettext("dòng %(row)d: %(name)s", row=row.row, name=name))


def _by_group(rows: Sequence[RowView]) -> list[GroupView]:
    groups: dict[str, GroupView] = {}
    for row in rows:
        view = groups.setdefault(row.group, GroupView(row.group, [cell.label for cell in row.cells]))
        view.rows.append(row)
    return [groups[code] for code in sorted(groups)]


def _row_view(
    draft: Draft, number: int, table: Table, row: DataRow, person: PersonRow, problems: list[Problem], every: bool,
    more: tuple[str, ...],
) -> RowView:  # fmt: skip
    """Inputs stand in cells with a fault, or in `every` cell; a repeated person may differ in any of them."""
    every = every or any(problem.kind in _REPEATED and problem.blocks for problem in problems)
    faulty = {problem.col for problem in problems if problem.blocks and problem.col}
    spoken_of = faulty | {problem.col for problem in problems if problem.kind in _IN_ONE_CELL and problem.col}
    if any(problem.kind == "return_before_receipt" for problem in problems):  # either day may be the wrong one
        spoken_of |= {column.letter for column in table.columns if column.field in ("receipt", "return")}

    def open_cell(column: Column) -> InputView:
        text = text_of(row.raw[column.index - 1]) if column.index <= len(row.raw) else ""
        name = f"cell-{number}-{row.row}-{column.field}"
        return InputView(name, column.label, text, column.letter in faulty)

    cells, taken = [], set()
    for wanted in (*_SHOWN[list_kind(person.group)], *more):
        columns = [one for one in _columns(table, row, wanted, spoken_of) if one.index not in taken]
        inputs = tuple(open_cell(column) for column in columns if every or column.letter in spoken_of)
        taken |= {column.index for column in columns} if inputs else set()
        cells.append(CellView(USUAL_LABELS[wanted], _shown(person, row, wanted, columns), inputs))
    shown = {one.name for cell in cells for one in cell.inputs}
    aside = [open_cell(column) for column in table.columns if column.field and column.letter in spoken_of]
    view = RowView(f"{number}-{row.row}", row.row, person.group, cells, problems, _is_corrected(draft, number, row))
    view.mark, view.aside = row_mark(row), [one for one in aside if one.name not in shown]
    return view


def _is_corrected(draft: Draft, table: int, row: DataRow) -> bool:
    return not draft.is_typed and (table, row.row) in draft.edited


def row_mark(row: DataRow) -> str:
    """A short fingerprint of all cells of a row: another one means that somebody changed it."""
    return hashlib.sha256("\x1f".join(text_of(cell) for cell in row.raw).encode()).hexdigest()[:12]


def suggested(problem: Problem) -> str:
    """The better value of the catalogue that a button can put into the cell; empty for none."""
    if problem.kind not in ("unknown_ban", "ban_not_valid_at_date", "unknown_unit", "unit_not_valid_at_date"):
        return ""
    return str(problem.details.get("suggestion") or problem.details.get("successor_name") or "")


def _columns(table: Table, row: DataRow, wanted: str, faulty: set[str]) -> list[Column]:
    """The columns behind a shown field: those with a fault first, then those that are filled, then any."""
    choices = [
        [column for one in together if (column := table.column(one))]
        for together in _COLUMNS_OF.get(wanted, ((wanted,),))
    ]
    choices = [columns for columns in choices if columns]
    for columns in choices:
        if any(column.letter in faulty for column in columns):
            return columns
    filled = (columns for columns in choices if any(column.field in row.cells for column in columns))
    return next(filled, choices[0] if choices else [])


def _shown(person: PersonRow, row: DataRow, wanted: str, columns: Sequence[Column]) -> str:
    if wanted in ("name", "representative"):
        return person.name or ""
    if wanted == "gender":
        return person.gender or ""
    if wanted == "phone" and person.phone and not phone_number(row.cells.get("phone")).old:
        return person.phone
    if wanted == "ban" and person.ban:
        return person.ban
    day = {"birth": person.birth_date, "receipt": person.receipt_date, "return": person.return_date}.get(wanted)
    if day is not None:
        return date_text(day)  # the file may hold a serial number or dots
    if wanted == "birth" and person.birth_year:
        return str(person.birth_year)
    texts = (text_of(row.cells.get(column.field or "")) for column in columns)
    return " ".join(text for text in texts if text)


def good_rows(checked: DraftCheck) -> tuple[int, int]:
    """How many rows have no fault that blocks, and how many have."""
    bad = {(problem.sheet, problem.row) for problem in checked.blocking if problem.row is not None}
    persons = {(person.sheet, person.row) for person in checked.reading.persons}
    return len(persons - bad), len(persons & bad)


def summary_lines(checked: DraftCheck, view: CheckView, most: int = 12) -> list[tuple[str, str]]:
    """(sentence, where its cell is) for the error summary, in the order of rows; a last line counts those left out.

    A cell that this page does not show is reached by the address of the page that does.
    """
    shown = {row.key for group in view.shown for row in group.rows}
    page_of = {key: at // PER_PAGE + 1 for at, key in enumerate(view.to_look)}
    letters = {
        (table.sheet, row.row): (number, table)
        for number, table in enumerate(checked.draft.tables)
        for row in table.rows
    }
    order = {table.sheet: number for number, table in enumerate(checked.draft.tables)}
    blocking = sorted(checked.blocking, key=lambda one: (one.row is not None, order.get(one.sheet, 0), one.row or 0))
    lines = []
    for problem in blocking[:most]:
        target = "?show=columns" if problem.kind == "missing_column" else ""
        place = letters.get((problem.sheet, problem.row or 0))
        if place and problem.row is not None and not target:
            target = f"row-{place[0]}-{problem.row}"
            column = next((one for one in place[1].columns if one.letter == problem.col), None)
            if column and column.field in _EDITABLE:
                target = f"cell-{place[0]}-{problem.row}-{column.field}"
            key = f"{place[0]}-{problem.row}"
            if key not in shown:
                target = f"?show=look&page={page_of.get(key, 1)}#{target}"
        lines.append((full_message(problem), target))
    left = len(checked.blocking) - most
    if left > 0:
        lines.append((gettext("và %(n)d chỗ nữa trong bảng dưới đây", n=left), ""))
    return lines


_EDITABLE = frozenset(
    one
    for shown in (*_SHOWN.values(), ("group",))
    for wanted in shown
    for together in _COLUMNS_OF.get(wanted, ((wanted,),))
    for one in together
)


def row_sentence(problem: Problem) -> str:
    """The fault as it stands under its row: «Ngày sinh: chưa đủ 18 tuổi …»."""
    return f"{problem.column}: {message(problem)}" if problem.column else message(problem)
