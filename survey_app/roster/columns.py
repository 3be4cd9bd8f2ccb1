"""Where the list stands in a sheet: heading rows, columns, the group a row belongs to, and which rows are persons.

What counts as a row of data: every row that stands for a person, faulty and repeated ones included. Title lines,
sub-headings, the row of column numbers, blank rows, rows with only a running number, totals, signatures and footnotes
do not.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

from ..text import clean, search_key
from ..workbook import Cell, Rejected, Sheet, Workbook, column_letter
from .column_names import field_of, heading_key, is_exact_heading, joined_field
from .group_words import group_named

_SEARCH_DEPTH = 60
_REMEMBERED = 200  # longer texts are not kept in memory
_FEWEST_FIELDS = 3
_PERSON_FIELDS = frozenset({"name", "family", "given", "business", "representative"})
# Fields that say something of a person; a running number, a signature or a note alone does not make a person.
_TELLING_FIELDS = """
name family given birth birth_male birth_female birth_year gender position unit phone email ban commune procedure
dossier receipt return business tax_code address representative ethnic
"""
# What a cell merged over several rows says of each of them; a merged name or number is still one person.
_SHARED_DOWN = frozenset(
    "group unit position ban commune address procedure receipt return ethnic language".split()  # noqa: SIM905
)
_TELLING = frozenset(_TELLING_FIELDS.split())
# What an office does not fill in beforehand for others to go on.
_OF_ONE_PERSON = frozenset({"gender", "birth", "position", "receipt", "return", "tax_code"})
# What a sub-heading never has.
_SAYS_PERSON = frozenset({"phone", "gender", "position", "receipt", "return", "business", "tax_code", "given"})
_COLUMN_NUMBER = re.compile(r"^\(?\s*(\d{1,2}|[a-zA-Z])\s*\)?(\s*=.*)?$")
_BIRTH = re.compile(r"(^|\D)(19|20)\d\d$")
_FLOAT_TEXT = re.compile(r"^\d+\.0$")
_TOTAL = re.compile(r"^(tong cong|tong so|tong|cong|cong chung|tong hop)\b")
_SIGNATURE = re.compile(
    r"^(nguoi lap( bieu| danh sach| bang)?|thu truong( don vi| co quan)?|tm\.?\s|kt\.?\s|tl\.?\s|tuq\.?\s|chu tich|"
    r"truong phong|hieu truong|giam doc|xac nhan cua|can bo lap|\(ky|ky ten)"
)
# Who prepared or signed, in ordinary letters, alone or before a colon: «Người lập biểu: Lò Thị Lập». A job title needs
# the colon, and «Cán bộ lập kế hoạch» is one.
_SIGNED = re.compile(
    r"^((nguoi|can bo|ke toan) lap( bieu| bang| danh sach)?|nguoi (ky|duyet|lien he))\s*(:|$)|"
    r"^(((can bo|nguoi) )?(lap (bieu|bang|danh sach)|tong hop|lien he|dau moi)|"
    r"(pho )?(chu tich|truong phong|hieu truong|giam doc|thu truong)\b[^:]*)\s*:|^xac nhan cua"
)
_ASIDE = re.compile(r"^(\(?\*+\)?|noi nhan|ghi chu\s*:|luu y|-\s*luu|- )")


@dataclass(frozen=True)
class Column:
    """One column of the file: position from 1, heading on one line, our field or None."""

    index: int
    label: str
    field: str | None

    @property
    def letter(self) -> str:
        return column_letter(self.index)


@dataclass
class DataRow:
    """One row of data: number as the spreadsheet shows it, its cells by field and all of them by position."""

    row: int
    cells: dict[str, Cell]
    raw: list[Cell]
    group_text: str | None = None  # from the group column
    heading_group: str | None = None  # from the sub-heading above

    @property
    def is_blank(self) -> bool:
        return not any(text_of(cell) for cell in self.raw)


@dataclass
class Table:
    """A heading with the rows under it."""

    sheet: str | None
    header_row: int
    header_rows: int
    columns: list[Column]
    titles: list[str] = field(default_factory=list)
    rows: list[DataRow] = field(default_factory=list)

    def column(self, *fields: str) -> Column | None:
        """The first column that holds one of the fields, in the order asked."""
        for wanted in fields:
            for column in self.columns:
                if column.field == wanted:
                    return column
        return None


def tables_of(workbook: Workbook, groups: Sequence[str]) -> tuple[list[Table], list[str]]:
    """The tables of all sheets that can be seen, and sentences for the clerk on hidden ones that hold a list too.

    A list that nobody sees is most often last year's; it counts only when no other sheet has a list.
    Raises `Rejected` when two lists stand side by side, or when no sheet has a heading row or a row of data.
    """
    found = [(sheet, find_tables(sheet, groups)) for sheet in workbook.sheets]
    seen = [table for sheet, tables in found for table in tables if not sheet.hidden]
    unseen = [table for sheet, tables in found for table in tables if sheet.hidden and table.rows]
    if any(table.rows for table in seen):
        names = dict.fromkeys(table.sheet for table in unseen)
        return seen, [f"Trang ẩn «{name}» không được đọc. Nếu cần, bỏ ẩn trang này rồi tải lên lại." for name in names]
    if not seen and not unseen:
        raise Rejected("no_heading_row")
    if not unseen:
        raise Rejected("empty_workbook")
    return unseen, []


def find_tables(sheet: Sheet, groups: Sequence[str]) -> list[Table]:
    """All tables of a sheet, in order, none when it has no heading; a heading printed on each page belongs to one."""
    rows = sheet.rows
    position, titles = _first_heading(rows)
    tables: list[Table] = []
    group = None
    while position is not None:
        heading, first_data = _heading(rows, position)
        table = Table(sheet.name, position + 1, first_data - position, heading, titles)
        _name_silent_columns(table, rows[first_data : first_data + 40])
        again = bool(tables) and tables[-1].columns == table.columns
        if again:
            table = tables[-1]
        elif tables and tables[-1].rows and tables[-1].rows[-1].heading_group == group:
            group = None  # it was the sub-heading of the rows above, not of this heading
        position, group = _collect(table, rows, first_data, groups, group)
        titles = []
        tables += [] if again else [table]
    for table in tables:
        _share_merged_cells(table, sheet)
    return tables


def _share_merged_cells(table: Table, sheet: Sheet) -> None:
    """Give each row what one cell merged over several rows says: «Nhóm C» or «Bản Xá Cọ» beside five persons."""
    shared = {column.index for column in table.columns if column.field in _SHARED_DOWN}
    downward = sorted((left, top, bottom) for top, left, bottom, _right in sheet.merged if left in shared)
    rows = {row.row: row for row in table.rows}
    done = (0, 0)
    for left, top, bottom in downward:
        if (left, top) <= done:
            continue  # overlaps the one before, which no spreadsheet does
        bottom = min(bottom, len(sheet.rows))
        done = (left, bottom)
        value = sheet.cell(top, left)
        for number in range(top + 1, bottom + 1):
            row = rows.get(number)
            if row is not None and not text_of(sheet.cell(number, left)):
                row.raw = [*row.raw, *[None] * (left - len(row.raw))]
                row.raw[left - 1] = value
                row.cells = cells_of(table.columns, row.raw)
                row.group_text = text_of(row.cells.get("group")) or None


def _first_heading(rows: list[list[Cell]]) -> tuple[int | None, list[str]]:
    titles: list[str] = []
    for position, row in enumerate(rows[:_SEARCH_DEPTH]):
        if _is_heading(row):
            before = rows[position - 1] if position else []
            return (position - 1 if _is_upper_heading(before, row) else position), titles
        titles.extend(text for cell in row if (text := text_of(cell)))
    return None, titles


def _fields_in(row: Sequence[Cell]) -> set[str]:
    return {found for cell in row if isinstance(cell, str) and (found := field_of(clean(cell)))}


def _is_heading(row: Sequence[Cell]) -> bool:
    found = _fields_in(row)
    filled = sum(1 for cell in row if text_of(cell))
    # Most of the cells must be headings: a row of data may by chance hold «Nam» and «Trưởng phòng».
    enough = len(found) >= _FEWEST_FIELDS and len(found) * 2 >= filled
    return enough and (bool(found & _PERSON_FIELDS) or len(found) >= _FEWEST_FIELDS + 1)


def _is_repeated_heading(row: Sequence[Cell]) -> bool:
    """Exact headings only: asking for near misses of every cell of 5 000 rows would cost seconds."""
    same = sum(1 for cell in row if isinstance(cell, str) and is_exact_heading(cell))
    return same >= _FEWEST_FIELDS and _is_heading(row)


def _is_upper_heading(above: Sequence[Cell], row: Sequence[Cell]) -> bool:
    """The row above belongs to the heading when it names fields over cells that are blank below (merged downward)."""
    found = [
        position
        for position, cell in enumerate(above)
        if isinstance(cell, str) and field_of(clean(cell)) and not (position < len(row) and text_of(row[position]))
    ]
    return bool(found)


def _heading(rows: list[list[Cell]], position: int) -> tuple[list[Column], int]:
    """Columns of the heading that begins at `position`, and the position of the first row after it."""
    top = rows[position]
    width = max(len(row) for row in rows[position : position + 3])
    labels = [text_of(top[index]) if index < len(top) else "" for index in range(width)]
    fields = [field_of(label) if label else None for label in labels]
    following = position + 1
    while following < len(rows) and following < position + 3 and _is_second_heading(labels, rows[following]):
        parent = ""
        filled = [text_of(cell) for cell in rows[following]]
        upper = list(labels)
        for index in range(width):
            parent = upper[index] or parent
            below = filled[index] if index < len(filled) else ""
            if below:
                labels[index] = f"{parent} / {below}" if parent else below
                fields[index] = joined_field(parent, below)
        following += 1
    if following < len(rows) and _is_column_numbers(rows[following]):
        following += 1
    columns = [Column(index + 1, label, fields[index]) for index, label in enumerate(labels) if label]
    columns = _birth_in_three(columns)
    _refuse_side_by_side(columns)
    return without_repeats(columns), following


def _birth_in_three(columns: list[Column]) -> list[Column]:
    """«Ngày sinh», «Tháng sinh», «Năm sinh» beside each other are the parts of one date."""
    if not any(column.field == "birth_month" for column in columns):
        return columns
    parts = {"ngay sinh": "birth_day", "nam sinh": "birth_year"}
    return [Column(c.index, c.label, parts.get(heading_key(c.label), c.field)) for c in columns]


def _refuse_side_by_side(columns: list[Column]) -> None:
    """Two lists beside each other repeat the name and most other headings: half of the persons would be lost."""
    fields = [column.field for column in columns if column.field in _TELLING]
    repeated = {field for field in fields if fields.count(field) > 1}
    if repeated & _PERSON_FIELDS and len(repeated) >= _FEWEST_FIELDS:
        raise Rejected("side_by_side")


def without_repeats(columns: list[Column]) -> list[Column]:
    """Each field once: of two columns with one meaning the one that says just that counts, else the first.

    «Số điện thoại người thân» may stand before «Số điện thoại». The other column is kept without a field.
    """
    chosen: dict[str, Column] = {}
    for column in sorted(columns, key=lambda column: not is_exact_heading(column.label)):
        if column.field:
            chosen.setdefault(column.field, column)
    result = [c if not c.field or chosen[c.field] is c else Column(c.index, c.label, None) for c in columns]
    seen = set(chosen)
    if "given" in seen and "family" not in seen and "name" not in seen:
        result = [Column(c.index, c.label, "name") if c.field == "given" else c for c in result]
    return result


def _name_silent_columns(table: Table, rows: list[list[Cell]]) -> None:
    """What only the cells tell: a name in two columns under one heading, years of birth under «Nam» and «Nữ»."""
    name = table.column("name")
    taken = {column.index for column in table.columns}
    if name and name.index + 1 not in taken:
        beside = [row for row in rows if len(row) > name.index and text_of(row[name.index])]
        if len(beside) >= 2 and all(text_of(row[name.index - 1]) for row in beside):
            table.columns = [Column(c.index, c.label, "family") if c is name else c for c in table.columns]
            table.columns.append(Column(name.index + 1, name.label, "given"))
    if table.column("birth", "birth_male", "birth_female", "birth_year") is None:
        for mark in ("male", "female"):
            column = table.column(mark)
            cells = [text_of(row[column.index - 1]) for row in rows if column and column.index <= len(row)]
            filled = [text for text in cells if text]
            if column and filled and sum(1 for text in filled if _BIRTH.search(text)) * 2 > len(filled):
                born = Column(column.index, column.label, f"birth_{mark}")
                table.columns = [born if c is column else c for c in table.columns]


def _is_second_heading(labels: list[str], row: Sequence[Cell]) -> bool:
    """A second heading row only has words, each under a heading that spans it, none under a finished heading."""
    filled = [(index, cell) for index, cell in enumerate(row) if text_of(cell)]
    if not filled or any(not isinstance(cell, str) for _, cell in filled):
        return False
    for index, _ in filled:
        spans = index + 1 >= len(labels) or not labels[index + 1] or (index < len(labels) and not labels[index])
        # A heading over one column only («Hồ sơ» over «Mã hồ sơ») is a parent when it names no field itself.
        names_no_field = index < len(labels) and field_of(labels[index]) is None and field_of(clean(str(row[index])))
        if not (spans or names_no_field):
            return False
    known = [field_of(clean(str(cell))) for _, cell in filled]
    return filled[0][0] > 0 and any(known) and sum(1 for one in known if one) * 2 >= len(known)


def _is_column_numbers(row: Sequence[Cell]) -> bool:
    texts = [text_of(cell) for cell in row if text_of(cell)]
    if len(texts) < 3 or not all(_COLUMN_NUMBER.match(text) for text in texts):
        return False
    numbers = [int(match.group(1)) for text in texts if (match := re.match(r"^\(?\s*(\d{1,2})", text))]
    return len(numbers) >= 2 and sorted(numbers) == list(range(min(numbers), min(numbers) + len(numbers)))


def _collect(
    table: Table, rows: list[list[Cell]], start: int, groups: Sequence[str], current: str | None
) -> tuple[int | None, str | None]:
    """Fill the table's rows; returns the position of the next heading, None at the end, and the group that holds there.

    `current` is the group that the sub-heading above the heading names: «II. Người dân», then the heading again.
    """
    closing = False
    for position in range(start, len(rows)):
        row = rows[position]
        texts = [text for cell in row if (text := text_of(cell))]
        if not texts:
            continue
        if not _is_numbered(table, row) and _is_repeated_heading(row):
            return position, current
        if _is_column_numbers(row):
            continue
        kind = _row_kind(table, row, texts, closing, groups)
        if kind == "heading":
            named = next((one for text in texts if (one := group_named(text, groups))), None)
            if named is None and len(texts) > 1:
                named = group_named(" ".join(texts), groups)
            current, closing = named or current, closing and named is None
        elif kind == "closing":
            closing = True
        elif kind == "data":
            table.rows.append(data_row(table, position + 1, row, current))
    return None, current


def _row_kind(table: Table, row: Sequence[Cell], texts: list[str], closing: bool, groups: Sequence[str]) -> str:
    """data, heading (sub-heading), closing (signatures and what follows), or aside."""
    telling = {
        column.field: text
        for column in table.columns
        if column.field in _TELLING and column.index <= len(row) and (text := text_of(row[column.index - 1]))
    }
    numbered = _is_numbered(table, row)
    if numbered and len(telling) >= 3:
        return "data"
    if len(texts) <= 4 and not telling.keys() & _SAYS_PERSON and any(group_named(text, groups) for text in texts):
        return "heading"  # «II | Người dân | 20 người», «1 | Lãnh đạo UBND xã»
    first = search_key(texts[0])
    if _ASIDE.match(first) and len(texts) <= 2:
        return "aside"
    if _TOTAL.match(first) and len(telling) <= 2:
        return "aside"
    if len(texts) <= 4 and len(telling) <= 3 and (_is_signature(texts) or (not numbered and _SIGNED.match(first))):
        return "closing"
    if closing:
        return "aside"
    if len(texts) <= 3 and len(telling) <= 1 and not (numbered and _has_person(telling)):
        return "data" if numbered and telling.keys() & _OF_ONE_PERSON else "heading"
    if not telling or (len(telling) == 1 and not numbered):
        return "aside"
    return "data"


def _is_signature(texts: list[str]) -> bool:
    keys = [search_key(text) for text in texts]
    if not _SIGNATURE.match(keys[0]):
        return False
    # «Chủ tịch» or «Trưởng phòng» as a job title stands in a row with a name and a phone; here it stands in capitals
    # or between brackets.
    return all(text.upper() == text or text.startswith("(") for text in texts) or all(map(_SIGNATURE.match, keys))


def _is_numbered(table: Table, row: Sequence[Cell]) -> bool:
    column = table.column("order")
    if column is None or column.index > len(row):
        return False
    return text_of(row[column.index - 1]).rstrip(".").isdigit()


def _has_person(telling: dict[str, str]) -> bool:
    return any(one in telling for one in ("name", "family", "given", "business", "representative", "phone"))


def data_row(table: Table, number: int, row: list[Cell], heading_group: str | None) -> DataRow:
    cells = cells_of(table.columns, row)
    return DataRow(number, cells, row, text_of(cells.get("group")) or None, heading_group)


def cells_of(columns: Sequence[Column], row: Sequence[Cell]) -> dict[str, Cell]:
    """The filled cells of a row by field."""
    return {
        column.field: row[column.index - 1]
        for column in columns
        if column.field and column.index <= len(row) and text_of(row[column.index - 1])
    }


def text_of(cell: Cell) -> str:
    """A cell as clean text on one line: empty for none, «3» for 3.0, dd/mm/yyyy for a date."""
    if cell is None:
        return ""
    if isinstance(cell, date):
        return f"{cell.day:02}/{cell.month:02}/{cell.year:04}"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    text = str(cell)
    return _remembered(text) if len(text) <= _REMEMBERED else _clean_text(text)


@lru_cache(maxsize=20_000)  # a list repeats its words, and each cell is looked at several times
def _remembered(text: str) -> str:
    return _clean_text(text)


def _clean_text(text: str) -> str:
    text = clean(text)
    return text[:-2] if _FLOAT_TEXT.match(text) else text
