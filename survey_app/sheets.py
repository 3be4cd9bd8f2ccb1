"""Excel workbooks that the program writes: printable, text kept as text, the same bytes for the same content."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

Value = str | int | float | Decimal | date | None

_FIXED_MOMENT = datetime(2021, 1, 1)  # noqa: DTZ001 - a fixed property, so that equal content gives equal bytes
_FONT = "Times New Roman"


@dataclass(frozen=True)
class SheetColumn:
    """One column: heading, width in characters, kind (text, number, date) and the choices of a drop-down."""

    title: str
    width: float = 12
    kind: str = "text"
    choices: tuple[str, ...] = ()
    hint: str = ""  # shown when the cell is chosen
    decimals: int = 0


@dataclass(frozen=True)
class SheetPlan:
    """One sheet: title lines over the table, columns, rows; `blank_rows` are ruled and ready to be filled in."""

    name: str
    columns: tuple[SheetColumn, ...]
    rows: Sequence[Sequence[Value]] = ()
    titles: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()  # lines under the title, in italics
    blank_rows: int = 0
    landscape: bool = True
    footer: str = ""
    tail: tuple[str, ...] = field(default=())  # lines under the table


def workbook_bytes(sheets: Sequence[SheetPlan], title: str = "", mark: str = "") -> bytes:
    """An .xlsx with the sheets; A4, fitted to one page in width, headings repeated on each printed page.

    `mark` stands in the first row of every sheet and on top of every printed page.
    Text never becomes a formula, a link or a number; equal input gives equal bytes.
    """
    import xlsxwriter

    memory = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "default_date_format": "dd/mm/yyyy",
    }
    workbook = xlsxwriter.Workbook(memory, options)
    workbook.set_properties({"title": title, "author": "", "created": _FIXED_MOMENT})
    formats = _formats(workbook)
    lists = _ChoiceSheet()
    for plan in sheets:
        _write_sheet(workbook, plan, formats, lists, mark)
    lists.write(workbook)
    workbook.close()
    return memory.getvalue()


class _ChoiceSheet:
    """A hidden sheet with the choices that are too long for a drop-down of their own (255 characters in all)."""

    name = "Danh mục"

    def __init__(self) -> None:
        self.columns: list[tuple[str, ...]] = []

    def source(self, choices: tuple[str, ...]) -> list[str] | str:
        if len(",".join(choices)) <= 250 and not any("," in choice for choice in choices):
            return list(choices)
        if choices not in self.columns:
            self.columns.append(choices)
        from xlsxwriter.utility import xl_col_to_name

        letter = xl_col_to_name(self.columns.index(choices))
        return f"='{self.name}'!${letter}$1:${letter}${len(choices)}"

    def write(self, workbook: object) -> None:
        if not self.columns:
            return
        sheet = workbook.add_worksheet(self.name)  # type: ignore[attr-defined]
        for index, choices in enumerate(self.columns):
            for row, choice in enumerate(choices):
                sheet.write_string(row, index, choice)
        sheet.hide()


def _formats(workbook: object) -> dict[str, object]:
    base = {"font_name": _FONT, "font_size": 12, "valign": "vcenter"}
    cell = base | {"border": 1, "text_wrap": True}
    make = workbook.add_format  # type: ignore[attr-defined]
    return {
        "title": make(base | {"bold": True, "font_size": 14, "align": "center"}),
        "mark": make(base | {"bold": True, "font_size": 14, "align": "center", "font_color": "#B3261E"}),
        "note": make(base | {"italic": True, "align": "center"}),
        "tail": make(base),
        "head": make(cell | {"bold": True, "align": "center", "bg_color": "#E8F0FA"}),
        "text": make(cell | {"num_format": "@"}),
        "date": make(cell | {"num_format": "dd/mm/yyyy", "align": "center"}),
        "number": make(cell | {"num_format": "0", "align": "right"}),
        "number2": make(cell | {"num_format": "0.00", "align": "right"}),
    }


def _write_sheet(workbook: object, plan: SheetPlan, formats: dict[str, object], lists: _ChoiceSheet, mark: str) -> None:
    sheet = workbook.add_worksheet(sheet_name(plan.name))  # type: ignore[attr-defined]
    last = len(plan.columns) - 1
    position = 0
    if mark:
        sheet.set_header(f"&C&14&B{mark}")
    for lines, style in (((mark,) if mark else (), "mark"), (plan.titles, "title"), (plan.notes, "note")):
        for line in lines:
            if last:
                sheet.merge_range(position, 0, position, last, "", formats[style])
            sheet.write_string(position, 0, line, formats[style])
            position += 1
    position += 1 if position else 0
    head = position
    for index, column in enumerate(plan.columns):
        sheet.set_column(index, index, column.width)
        sheet.write_string(head, index, column.title, formats["head"])
    for row in plan.rows:
        position += 1
        for index, (column, value) in enumerate(zip(plan.columns, row, strict=True)):
            _write_cell(sheet, position, index, value, column, formats)
    for _ in range(plan.blank_rows):
        position += 1
        for index, column in enumerate(plan.columns):
            sheet.write_blank(position, index, None, formats[_style(column)])
    _offer_choices(sheet, plan, head + 1, position, lists)
    for offset, line in enumerate(plan.tail, 2):
        sheet.write_string(position + offset, 0, line, formats["tail"])
    _set_up_page(sheet, plan, head)


def _style(column: SheetColumn) -> str:
    return "number2" if column.kind == "number" and column.decimals else column.kind


def _write_cell(
    sheet: object, row: int, index: int, value: Value, column: SheetColumn, formats: dict[str, object]
) -> None:
    style = formats[_style(column)]
    if value is None or value == "":
        sheet.write_blank(row, index, None, style)  # type: ignore[attr-defined]
    elif isinstance(value, date):
        sheet.write_datetime(row, index, value, formats["date"])  # type: ignore[attr-defined]
    elif column.kind == "number" and not isinstance(value, str):
        sheet.write_number(row, index, float(value), style)  # type: ignore[attr-defined]
    else:
        sheet.write_string(row, index, str(value), style)  # type: ignore[attr-defined]


def _offer_choices(sheet: object, plan: SheetPlan, first: int, last: int, lists: _ChoiceSheet) -> None:
    if last < first:
        return
    for index, column in enumerate(plan.columns):
        if not column.choices and not column.hint:
            continue
        rule: dict[str, object] = {"validate": "any", "ignore_blank": True}
        if column.choices:
            # A warning, not a stop: a bản that is missing in the catalogue can still be typed and is then reported.
            rule |= {"validate": "list", "source": lists.source(column.choices), "error_type": "warning"}
            rule |= {"error_title": "Ngoài danh mục", "error_message": "Giá trị này không có trong danh mục."}
        if column.hint:
            rule |= {"input_title": column.title[:32], "input_message": column.hint[:255]}
        sheet.data_validation(first, index, last, index, rule)  # type: ignore[attr-defined]


def _set_up_page(sheet: object, plan: SheetPlan, head: int) -> None:
    page = sheet
    if plan.landscape:
        page.set_landscape()  # type: ignore[attr-defined]
    page.set_paper(9)  # type: ignore[attr-defined]
    page.set_margins(left=0.8, right=0.6, top=0.8, bottom=0.8)  # type: ignore[attr-defined]
    page.fit_to_pages(1, 0)  # type: ignore[attr-defined]
    page.repeat_rows(head)  # type: ignore[attr-defined]
    page.freeze_panes(head + 1, 0)  # type: ignore[attr-defined]
    page.set_footer(f"&L&9{plan.footer.replace('&', '&&')}&R&9Trang &P/&N")  # type: ignore[attr-defined]


def sheet_name(name: str) -> str:
    """A name that Excel accepts: without []:*?/\\ and at most 31 characters."""
    return "".join(" " if char in "[]:*?/\\" else char for char in name).strip("' ")[:31] or "Trang 1"
