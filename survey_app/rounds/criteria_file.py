"""A criterion set (*bộ tiêu chí*) as an office prints it: areas, leaves with points, and every fault at once.

Reads the rows of a workbook: title lines, headings of one to three rows, merged cells, area rows, rows of criteria that
only sum their components, a total row, notes below. Sets differ by year, level and province (1149/QĐ-BNV, 876/QĐ-BNV,
provincial decisions): nothing here assumes 100 points, eight areas or a survey part.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from . import criteria_columns as columns
from .criteria_checks import check_leaves, check_sums, printed_sums
from .criteria_columns import AREA_CODE, AREA_NAME, CODE, GROUPS, POINTS, SCORED_BY, TITLE
from .criteria_set import Area, CriteriaReading, Item, Leaf, PrintedRow
from .sheet_table import (
    Heading,
    Row,
    SheetFault,
    cell_text,
    decimal_of,
    find_heading,
    is_column_numbers,
    is_total,
    text_at,
)

_ROMAN_OR_LETTER = re.compile(r"[IVX]+|[A-ZĐ]")
_AREA_IN_ONE_CELL = re.compile(r"(?:lĩnh vực\s+)?([IVX]+|[A-HĐ])\s*[.:)\-–]\s*(\S.*)", re.IGNORECASE)
_CODE_IN_TITLE = re.compile(r"(\d+(?:\.\d+)*)\s*[.:)]?\s+(\S.*)")
_CODE = re.compile(r"\d+(\.\d+)*|[A-ZĐ]{1,4}\d*(\.\d+)+")


@dataclass
class _Sheet:
    """What has been gathered from one sheet so far."""

    name: str | None
    heading: Heading
    areas: list[Area] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    total: PrintedRow | None = None
    faults: list[SheetFault] = field(default_factory=list)

    def column(self, name: str) -> int:
        """The column of a field counted from 1, 0 when the file has none."""
        return self.heading.columns.get(name, -1) + 1

    def fault(self, row: int, name: str, message: str) -> None:
        self.faults.append(SheetFault(self.name, row, self.column(name), message))

    def cell(self, row: Row, name: str) -> str:
        return text_at(row, self.heading.columns.get(name))


def read_criteria(sheets: Sequence[tuple[str | None, Sequence[Row]]]) -> CriteriaReading:
    """Areas and leaves of the first sheet that holds a criterion table, and all faults; bad content never raises."""
    found = [
        (name, rows, heading)
        for name, rows in sheets
        if (heading := find_heading(rows, columns.recognise, {POINTS, TITLE}))
    ]
    complete = [hit for hit in found if not _missing_columns(hit[2])]
    if not found:
        return CriteriaReading(faults=(SheetFault(None, 0, 0, _NO_TABLE),))
    name, rows, heading = (complete or found)[0]
    sheet = _Sheet(name if len(sheets) > 1 else None, heading)
    for missing in _missing_columns(heading):
        message = f"thiếu cột «{missing}». Thêm cột này, hoặc đặt lại tên cột cho đúng."
        sheet.faults.append(SheetFault(sheet.name, heading.last + 1, 0, message))
    if sheet.faults:
        return CriteriaReading(faults=tuple(sheet.faults))
    notes = [_SEVERAL_TABLES.format(name=name)] if len(complete) > 1 else []
    notes += _complete_heading(sheet, rows)
    _gather(sheet, rows)
    return _finished(sheet, notes)


_NO_TABLE = (
    "Không thấy bảng tiêu chí trong tệp. Bảng cần một dòng tiêu đề có các cột Mã, Nội dung, Điểm tối đa, "
    "Phương pháp đánh giá, Nhóm đối tượng điều tra."
)
_SEVERAL_TABLES = "Tệp có nhiều trang có bảng tiêu chí; đã đọc trang «{name}»."
_NO_METHOD = (
    "Tệp không có cột phương pháp đánh giá và cột nhóm đối tượng: mọi tiêu chí được coi là tự đánh giá, "
    "đợt này không có điểm điều tra."
)
_METHOD_FROM_GROUPS = (
    "Tệp không có cột phương pháp đánh giá: tiêu chí có nhóm đối tượng được coi là điều tra xã hội học, "
    "tiêu chí còn lại là tự đánh giá."
)


def _missing_columns(heading: Heading) -> list[str]:
    return [columns.FIELD_NAMES[name] for name in (TITLE, POINTS) if name not in heading.columns]


def _complete_heading(sheet: _Sheet, rows: Sequence[Row]) -> list[str]:
    """Finds the method column by its words when its heading is an unknown one; notes what is taken for granted."""
    known = sheet.heading.columns
    if SCORED_BY in known:
        return []
    width = max(len(row) for row in rows)
    body = rows[sheet.heading.last + 1 :]
    for column in (c for c in range(width) if c not in known.values()):
        words = [text for row in body if (text := text_at(row, column))]
        if len(words) >= 2 and sum(columns.method_of(text) is not None for text in words) * 2 > len(words):
            known[SCORED_BY] = column
            return []
    return [_METHOD_FROM_GROUPS if GROUPS in known else _NO_METHOD]


def _gather(sheet: _Sheet, rows: Sequence[Row]) -> None:
    roman_areas = any(_area_in_code(sheet, row) for row in rows[sheet.heading.last + 1 :])
    has_area_columns = {AREA_CODE, AREA_NAME} & sheet.heading.columns.keys()
    for index, row in enumerate(rows[sheet.heading.last + 1 :], start=sheet.heading.last + 2):
        if is_column_numbers(row) or not any(cell_text(value) for value in row):
            continue
        code, title = _code_and_title(sheet, row)
        is_code = bool(_CODE.fullmatch(code.upper()))
        if not is_code and is_total(row):
            sheet.total = _printed_row(sheet, index, row, "dòng tổng cộng")
        elif _area_in_code(sheet, row) or (has_area_columns and _area_in_columns(sheet, row)):
            _take_area(sheet, index, row)
        elif is_code or _is_scored(sheet, row):  # a row with neither is a note or a signature
            _take_item(sheet, index, row, code, title)
    if not roman_areas and not has_area_columns:
        _areas_from_numbers(sheet)


def _code_and_title(sheet: _Sheet, row: Row) -> tuple[str, str]:
    """The leaf's code and title; the code may stand in a column of its own or before the title."""
    title = sheet.cell(row, TITLE)
    code = sheet.cell(row, CODE).rstrip(".")
    if CODE not in sheet.heading.columns and (parts := _CODE_IN_TITLE.fullmatch(title)):
        return parts[1], parts[2]
    return code, title


def _printed_row(sheet: _Sheet, index: int, row: Row, what: str) -> PrintedRow:
    """The figures of an area row or the total row; an unreadable one is a fault."""
    points = decimal_of(_points_cell(sheet, row))
    if points is None and (written := sheet.cell(row, POINTS)) and not is_total([written]):
        sheet.fault(index, POINTS, f"điểm của {what} «{written}» không phải là số. Điền lại bằng số.")
    return PrintedRow(index, points, columns.shares_of(sheet.cell(row, SCORED_BY)))


def _is_scored(sheet: _Sheet, row: Row) -> bool:
    """The row holds points or a method, so it is meant as a criterion even without a usable code."""
    method = columns.method_of(sheet.cell(row, SCORED_BY)) if SCORED_BY in sheet.heading.columns else None
    return method is not None or decimal_of(_points_cell(sheet, row)) is not None


def _points_cell(sheet: _Sheet, row: Row) -> object:
    column = sheet.heading.columns[POINTS]
    return row[column] if column < len(row) else None


def _area_in_code(sheet: _Sheet, row: Row) -> tuple[str, str] | None:
    """The area that a row without area columns opens: «I» beside its name, or «I. Tên lĩnh vực» in one cell."""
    code, title = sheet.cell(row, CODE), sheet.cell(row, TITLE)
    bare = code.rstrip(".").upper()
    if _ROMAN_OR_LETTER.fullmatch(bare) and title:
        return bare, title
    for text in (code, title) if not (code and title) else (code,):
        if parts := _AREA_IN_ONE_CELL.fullmatch(text):
            return parts[1].upper(), parts[2]
    return None


def _area_in_columns(sheet: _Sheet, row: Row) -> bool:
    """Follows the area columns (a merged cell gives its text once); True for a row that is only the area's own."""
    code, name = sheet.cell(row, AREA_CODE).rstrip(".").upper(), sheet.cell(row, AREA_NAME)
    if parts := _AREA_IN_ONE_CELL.fullmatch(name):
        code, name = code or parts[1].upper(), parts[2]
    own_code = _code_and_title(sheet, row)[0]
    alone = not own_code
    if not (code or name) or len(code) > 8:
        return False
    if alone and not _ROMAN_OR_LETTER.fullmatch(code) and decimal_of(_points_cell(sheet, row)) is None:
        return False  # a note or a signature
    known = next((area for area in sheet.areas if (area.code == code if code else area.name == name)), None)
    if known is None:
        sheet.areas.append(Area(code or str(len(sheet.areas) + 1), name or sheet.cell(row, TITLE)))
    else:
        sheet.areas.remove(known)
        sheet.areas.append(known)
    return alone


def _take_area(sheet: _Sheet, index: int, row: Row) -> None:
    """An area row: its name, and the points printed for it, which the sum of its leaves must equal."""
    inline = _area_in_code(sheet, row)
    if inline and not any(area.code == inline[0] for area in sheet.areas):
        sheet.areas.append(Area(*inline))
    area = sheet.areas[-1]
    area.printed = _printed_row(sheet, index, row, f"lĩnh vực {area.code}")


def _take_item(sheet: _Sheet, index: int, row: Row, code: str, title: str) -> None:
    """A row with a code: a leaf, or a criterion that sums its components (known only when all rows are read)."""
    item = Item(
        row=index,
        area=sheet.areas[-1] if sheet.areas else None,
        code=code,
        title=title,
        points_text=sheet.cell(row, POINTS),
        points=decimal_of(_points_cell(sheet, row)),
        method_text=sheet.cell(row, SCORED_BY),
        groups_text=sheet.cell(row, GROUPS),
    )
    if not code:
        sheet.fault(index, CODE, "dòng này không có mã tiêu chí. Điền mã, hoặc bỏ dòng này.")
    elif not _CODE.fullmatch(code.upper()):
        sheet.fault(
            index, CODE, f"«{code}» không phải mã tiêu chí. Điền mã như 1.2.1; đặt định dạng cột mã là Văn bản (Text)."
        )
    sheet.items.append(item)


def _areas_from_numbers(sheet: _Sheet) -> None:
    """Sets without Roman areas: the numbers 1, 2, 3 … that have components are the areas."""
    codes = {item.code for item in sheet.items}
    tops = [i for i in sheet.items if i.code.isdigit() and any(c.startswith(i.code + ".") for c in codes)]
    for top in tops:
        sheet.items.remove(top)
        sheet.areas.append(
            Area(top.code, top.title, PrintedRow(top.row, top.points, columns.shares_of(top.method_text)))
        )
    by_code = {area.code: area for area in sheet.areas}
    for item in sheet.items:
        item.area = by_code.get(item.code.split(".")[0])


def _finished(sheet: _Sheet, notes: list[str]) -> CriteriaReading:
    """Leaves apart from criteria that only sum, all checks made, faults in the order of the sheet."""
    codes = {item.code for item in sheet.items}
    parents = [i for i in sheet.items if any(c.startswith(i.code + ".") for c in codes if i.code)]
    items = [item for item in sheet.items if item not in parents]
    known = sheet.heading.columns
    sheet.faults += check_leaves(items, known, sheet.name)
    sheet.faults += check_sums(printed_sums(sheet.areas, items, parents, sheet.total, known), known, sheet.name)
    areas = tuple(sorted(sheet.areas, key=lambda area: min((i.row for i in items if i.area is area), default=10**6)))
    for area in areas:
        area.leaves = tuple(_leaves_of(area, items, sheet))
    if not any(area.leaves for area in areas) and not sheet.faults:
        sheet.faults.append(SheetFault(sheet.name, 0, 0, "bảng không có tiêu chí nào. Kiểm tra đã tải đúng tệp chưa."))
    return CriteriaReading(
        areas=areas,
        printed_total=sheet.total.points if sheet.total else None,
        faults=tuple(sorted(sheet.faults, key=lambda fault: (fault.row or 10**6, fault.column))),
        notes=tuple(notes),
    )


def _leaves_of(area: Area, items: Iterable[Item], sheet: _Sheet) -> Iterable[Leaf]:
    for item in items:
        method = item.method(sheet.heading.columns)
        if item.area is area and item.points is not None and method is not None:
            yield Leaf(item.code, item.title, item.points, method, tuple(item.groups or ()))
