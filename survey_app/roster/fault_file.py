"""The unit's own workbook again with every fault in it: for those who correct in Excel.

A comment and a colour on each bad cell, and a first sheet that lists all of them with a link to each. What was
corrected or dropped on the page is corrected or struck out here too, so that this file can be sent again.
"""

import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import ParseError

from ..workbook import Cell, Workbook, read_workbook
from .check_view import row_sentence
from .columns import text_of
from .drafts import Draft
from .problems import Problem, full_message
from .rules import DraftCheck

if TYPE_CHECKING:
    from openpyxl import Workbook as Book
    from openpyxl.worksheet.worksheet import Worksheet

SUMMARY = "Điều cần xem"
_AUTHOR = "Hệ thống điều tra"
_DROPPED = "đã bỏ trên trang kiểm tra. Tải tệp này lên lại thì dòng trở lại: không dùng nữa thì xóa hẳn dòng trong tệp."
_ERROR_FILL, _WARNING_FILL = "FFC7CE", "FFEB9C"
# Of all parts unpacked: a list of 20 000 rows has less than half. Above it the sheets are written anew.
_LARGEST_COPY = 40 * 1024 * 1024
_UNREADABLE = (ValueError, KeyError, TypeError, AttributeError, IndexError, zipfile.BadZipFile, ParseError, OSError)


def fault_workbook(checked: DraftCheck, file_name: str, content: bytes | None, mark: str = "") -> bytes:
    """An .xlsx: the officer's file as it was (`content`, none where it was not kept) with comments, and a summary.

    A file that is no .xlsx, or was not kept, is written anew with the same sheets, rows and columns.
    """
    original = read_workbook(content, file_name) if content else None
    draft = checked.draft
    book = _copy_of(content, original) or _written(original)
    sheets = _sheets_of(book, draft, original)
    _correct(draft, sheets, original)
    places = [(problem, _cell_of(problem, draft, sheets)) for problem in checked.reading.problems]
    _comment(places)
    _summarise(book, places, draft, file_name, mark)
    for page in book.worksheets if mark else ():
        page.oddHeader.center.text = mark
    memory = io.BytesIO()
    book.save(memory)
    return memory.getvalue()


def _copy_of(content: bytes | None, original: Workbook | None) -> "Book | None":
    """The file itself; none when it is no .xlsx, or one that only some programs can read."""
    if content is None or original is None or original.kind != "xlsx":
        return None
    from openpyxl import load_workbook

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(part.file_size for part in archive.infolist()) > _LARGEST_COPY:
                return None
        return load_workbook(io.BytesIO(content), keep_links=False)
    except _UNREADABLE:
        return None


def _written(original: Workbook | None) -> "Book":
    """A new workbook with the sheets of the file."""
    from openpyxl import Workbook as Book

    book = Book()
    book.remove(book.worksheets[0])
    for sheet in original.sheets if original else ():
        page = book.create_sheet(_title(sheet.name))
        _write_rows(page, enumerate(sheet.rows, 1))
        for top, left, bottom, right in sheet.merged:
            page.merge_cells(start_row=top, start_column=left, end_row=bottom, end_column=right)
    return book


def _sheets_of(book: "Book", draft: Draft, original: Workbook | None) -> "dict[str | None, Worksheet]":
    """Name of a sheet as it was read → the sheet; what came with a file added later gets a sheet of its own."""
    names = [sheet.name for sheet in original.sheets] if original else []
    sheets: dict[str | None, Worksheet] = dict(zip(names, book.worksheets, strict=False))
    for name in dict.fromkeys(table.sheet for table in draft.tables if table.sheet not in sheets):
        page = sheets[name] = book.create_sheet(_title(name))
        for table in draft.tables:
            if table.sheet == name:
                labels: list[Cell] = [None] * max(column.index for column in table.columns)
                for column in table.columns:
                    labels[column.index - 1] = column.label
                _write_rows(page, [(table.header_row, labels), *((row.row, row.raw) for row in table.rows)])
    return sheets


def _write_rows(page: "Worksheet", rows: Iterable[tuple[int, Sequence[Cell]]]) -> None:
    for number, row in rows:
        for column, value in enumerate(row, 1):
            _write(page, number, column, value)
    _widen(page)


def _title(wanted: str | None) -> str:
    """A name that Excel takes for a sheet."""
    title = "".join(" " if sign in "[]:*?/\\" else sign for sign in wanted or "").strip("' ")[:31]
    return title or "Danh sách"


def _write(page: "Worksheet", row: int, column: int, value: Cell) -> None:
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    if value is None or row < 1:
        return
    cell = page.cell(row, column)
    if isinstance(value, str):
        cell.value = ILLEGAL_CHARACTERS_RE.sub(" ", value)[:32_000]
        cell.data_type = "s"  # text never becomes a formula
        cell.number_format = "@"
    else:
        cell.value = value


def _widen(page: "Worksheet") -> None:
    """Columns as wide as their texts, within reason."""
    from openpyxl.utils import get_column_letter

    widths: dict[int, int] = {}
    for row in page.iter_rows(max_row=min(page.max_row, 200)):
        for cell in row:
            if cell.value is not None:
                widths[cell.column] = max(widths.get(cell.column, 0), len(str(cell.value)))
    for column, width in widths.items():
        page.column_dimensions[get_column_letter(column)].width = min(max(width + 2, 6), 40)


def _correct(draft: Draft, sheets: "dict[str | None, Worksheet]", original: Workbook | None) -> None:
    """What was corrected on the page is put into its cell, what was dropped is struck out."""
    from openpyxl.styles import Font

    before = {sheet.name: sheet for sheet in original.sheets} if original else {}
    for number, table in enumerate(draft.tables):
        page, read = sheets[table.sheet], before.get(table.sheet)
        for row in table.rows:
            if (number, row.row) in draft.edited and read is not None:
                for index, value in enumerate(row.raw, 1):
                    if text_of(value) != text_of(read.cell(row.row, index)):
                        _replace(page, row.row, index, value)
            if (number, row.row) in draft.dropped:
                for column in table.columns:
                    _anchor(page, row.row, column.index).font = Font(strike=True, color="808080")
                _say(_anchor(page, row.row, table.columns[0].index), f"Dòng này {_DROPPED}")


def _replace(page: "Worksheet", row: int, column: int, value: Cell) -> None:
    cell = _anchor(page, row, column)
    cell.value = None
    _write(page, cell.row, cell.column, value)


def _anchor(page: "Worksheet", row: int, column: int) -> Any:
    """The cell, or the first one of the merged range it lies in."""
    from openpyxl.cell.cell import MergedCell

    cell = page.cell(row, column)
    if not isinstance(cell, MergedCell):
        return cell
    area = next(one for one in page.merged_cells.ranges if cell.coordinate in one)
    return page.cell(area.min_row, area.min_col)


def _cell_of(problem: Problem, draft: Draft, sheets: "dict[str | None, Worksheet]") -> Any:
    """Where a fault is told: its cell, the first cell of its row, or none for one of the whole file."""
    from openpyxl.utils import column_index_from_string

    if problem.row is None or problem.sheet not in sheets:
        return None
    table = next(table for table in draft.tables if table.sheet == problem.sheet)
    column = column_index_from_string(problem.col) if problem.col else table.columns[0].index
    return _anchor(sheets[problem.sheet], problem.row, column)


_Places = list[tuple[Problem, Any]]


def _say(cell: Any, words: str) -> None:
    """A comment on the cell, below the officer's own."""
    from openpyxl.comments import Comment

    text = f"{cell.comment.text}\n\n{words}" if cell.comment else words
    cell.comment = Comment(text, _AUTHOR)
    cell.comment.width, cell.comment.height = 320, 40 + 20 * sum(1 + len(line) // 45 for line in text.split("\n"))


def _comment(places: _Places) -> None:
    from openpyxl.styles import PatternFill

    told: dict[tuple[str, str], tuple[Any, list[Problem]]] = {}
    for problem, cell in places:
        if cell is not None:
            told.setdefault((cell.parent.title, cell.coordinate), (cell, []))[1].append(problem)
    for cell, problems in told.values():
        words = "\n".join(dict.fromkeys(row_sentence(problem) for problem in problems))
        _say(cell, words)
        colour = _ERROR_FILL if any(problem.blocks for problem in problems) else _WARNING_FILL
        cell.fill = PatternFill("solid", start_color=colour, end_color=colour)


def _summarise(book: "Book", places: _Places, draft: Draft, file_name: str, mark: str) -> None:
    from openpyxl.styles import Alignment, Font, PatternFill

    title = SUMMARY if SUMMARY not in book.sheetnames else f"{SUMMARY} 2"
    page = book.create_sheet(title, 0)
    book.active = 0
    errors = sum(1 for problem, _cell in places if problem.blocks)
    lines = [mark] if mark else []
    lines += [f"Những chỗ cần sửa và cần xem trong tệp «{file_name}»", _advice(errors, len(places) - errors)]
    for number, line in enumerate(lines, 1):
        _write(page, number, 1, line)
        page.cell(number, 1).font = Font(bold=number == len(lines) - 1, size=13 if number == len(lines) - 1 else 11)
    head = len(lines) + 2
    for column, (label, width) in enumerate(_SUMMARY_COLUMNS, 1):
        _write(page, head, column, label)
        page.cell(head, column).font = Font(bold=True)
        page.cell(head, column).fill = PatternFill("solid", start_color="D9E1F2", end_color="D9E1F2")
        page.column_dimensions[page.cell(head, column).column_letter].width = width
    for number, (values, cell) in enumerate(_summary_rows(places, draft), head + 1):
        for column, value in enumerate(values, 1):
            _write(page, number, column, value)
            page.cell(number, column).alignment = Alignment(wrap_text=True, vertical="top")
        if cell is not None:
            link = page.cell(number, 3)
            link.hyperlink = f"#'{cell.parent.title.replace(chr(39), chr(39) * 2)}'!{cell.coordinate}"
            link.font = Font(color="0563C1", underline="single")
        page.row_dimensions[number].height = 15 * max(1, -(-len(str(values[-1])) // 75))
    page.freeze_panes = page.cell(head + 1, 1)
    page.page_setup.orientation, page.page_setup.paperSize = "landscape", 9
    page.page_setup.fitToHeight, page.sheet_properties.pageSetUpPr.fitToPage = 0, True
    page.print_title_rows = f"{head}:{head}"


_SUMMARY_COLUMNS = (("Mức", 10.0), ("Trang tính", 18.0), ("Ô", 8.0), ("Đang ghi", 26.0), ("Việc cần làm", 80.0))


def _advice(errors: int, warnings: int) -> str:
    if not errors and not warnings:
        return "Không có lỗi."
    return (
        f"{errors} lỗi phải sửa (ô đỏ), {warnings} điều cần xem lại (ô vàng). "
        "Bấm vào cột Ô để tới chỗ cần sửa; sửa xong, lưu tệp và tải lên lại. Trang này được bỏ qua khi đọc."
    )


def _summary_rows(places: _Places, draft: Draft) -> Iterator[tuple[list[str], Any]]:
    """Faults of the whole file first, then row by row."""
    order = {table.sheet: number for number, table in enumerate(draft.tables)}
    whole = [place for place in places if place[1] is None]
    rows = sorted(
        (place for place in places if place[1] is not None),
        key=lambda place: (order[place[0].sheet], place[1].row, place[1].column),
    )
    for problem, cell in [*whole, *rows]:
        level = "Lỗi" if problem.blocks else "Cần xem"
        if cell is None:
            yield [level, problem.sheet or "", "", "", full_message(problem)], None
        else:
            yield [level, cell.parent.title, cell.coordinate, text_of(cell.value), full_message(problem)], cell
    for number, row in sorted(draft.dropped):
        if number < len(draft.tables):
            yield ["Đã bỏ", draft.tables[number].sheet or "", "", "", f"Dòng {row} {_DROPPED}"], None
