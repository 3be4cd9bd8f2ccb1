"""How does an XLSForm file become tables of rows? Through pyxform's own reader, behind guards against bad files.

Row numbers are those that Excel shows: row 1 is the heading. In a Markdown file the rows of a sheet are counted the
same way, and blank rows are not counted.
"""

import re
import zipfile
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final

from ..text import clean

SHEETS: Final = ("survey", "choices", "settings")
MAX_BYTES: Final = 2 * 1024 * 1024
_MAX_UNPACKED: Final = 30 * 1024 * 1024
_MAX_ROWS: Final = 2000
_UNESCAPED_PIPE = re.compile(r"(?<!\\)\|")
_MIDNIGHT = re.compile(r"^(\d{4}-\d{2}-\d{2}) 00:00:00$")
_FORMULA = re.compile(rb"<f[\s/>]|t=\"e\"")
_EXTERNAL = re.compile(rb"<!(DOCTYPE|ENTITY)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a sheet: its number as Excel shows it, and the cells that are not empty by heading."""

    number: int
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """One sheet: its headings in order and its rows that are not empty."""

    sheet: str
    headings: tuple[str, ...]
    rows: tuple[Row, ...]


class UnreadableFileError(ValueError):
    """The file is no XLSForm workbook at all; `kind` is a stable word, the message Vietnamese."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def read_tables(data: bytes, file_name: str) -> tuple[dict[str, Table], dict[str, Any]]:
    """The sheets `survey`, `choices`, `settings` of a .md or .xlsx file, and the raw rows as pyxform wants them.

    Raises UnreadableFileError when the file is empty, too large, damaged, of another kind or without a sheet `survey`.
    """
    ending = file_name.rsplit(".", 1)[-1].lower() if "." in file_name else ""
    if ending not in {"md", "xlsx"}:
        raise UnreadableFileError(
            "unknown_ending", "Cần tệp XLSForm đuôi .xlsx hoặc .md. Lưu lại bằng Excel rồi tải lên."
        )
    if not data.strip():
        raise UnreadableFileError("empty", "Tệp không có dòng nào. Kiểm tra đã lưu đúng tệp chưa.")
    if len(data) > MAX_BYTES:
        raise UnreadableFileError(
            "too_large", f"Tệp lớn hơn {MAX_BYTES // 1024 // 1024} MB. Bỏ ảnh và trang tính thừa."
        )
    book = _read_markdown(data) if ending == "md" else _read_workbook(data)
    if not book.get("survey_header"):
        raise UnreadableFileError(
            "no_survey_sheet",
            "Không có trang «survey», hoặc dòng 1 của trang này trống. Dòng 1 phải là các tiêu đề type, name, label….",
        )
    tables = {sheet: _table(sheet, book) for sheet in SHEETS if book.get(f"{sheet}_header")}
    return tables, book


def _table(sheet: str, book: dict[str, Any]) -> Table:
    rows = book.get(sheet) or []
    if len(rows) > _MAX_ROWS:
        raise UnreadableFileError("too_large", f"Trang «{sheet}» có hơn {_MAX_ROWS} dòng. Bỏ bớt dòng.")
    headings = tuple(clean(heading) for heading in book[f"{sheet}_header"][0] if heading != "None")
    found = []
    for number, row in enumerate(rows, start=2):
        cells = {clean(heading): _text(value) for heading, value in row.items() if heading is not None}
        cells = {heading: value for heading, value in cells.items() if value}
        if cells:
            found.append(Row(number, cells))
    return Table(sheet, headings, tuple(found))


def joined_lines(data: bytes, file_name: str) -> list[str]:
    """Where a file that can be read has line breaks inside a text, which are read as blanks: sheet, row and column."""
    _tables, book = read_tables(data, file_name)
    return [
        f"{sheet}, dòng {number}, cột {clean(heading)}"
        for sheet in SHEETS
        for number, row in enumerate(book.get(sheet) or [], start=2)
        for heading, value in row.items()
        if heading is not None and "\n" in str(value).strip()
    ]


def _text(value: object) -> str:
    """The text of a cell; of a date in Excel the day, which comes with midnight behind it."""
    return _MIDNIGHT.sub(r"\1", clean(str(value)))


def _read_markdown(data: bytes) -> dict[str, Any]:
    """Tables of a Markdown file, read by way of a workbook so that both kinds of file obey the same rules."""
    from pyxform.xls2json_backends import md_table_to_workbook

    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableFileError("not_utf8", "Tệp .md phải lưu ở bảng mã UTF-8.") from None
    _check_markdown_rows(text)
    buffer = BytesIO()
    try:
        workbook = md_table_to_workbook(text)
        if not workbook.sheetnames:
            raise UnreadableFileError("no_survey_sheet", "Tệp .md không có bảng nào. Xem mẫu trong hướng dẫn.")
        workbook.save(buffer)
    except (ValueError, TypeError) as fault:
        if isinstance(fault, UnreadableFileError):
            raise
        raise UnreadableFileError(
            "damaged", "Không đọc được bảng trong tệp .md. So lại với mẫu trong hướng dẫn."
        ) from fault
    data = buffer.getvalue()
    return _rows_of(_as_texts(data) if _has_formulas(data) else data)


def _as_texts(data: bytes) -> bytes:
    """The workbook with texts that begin with «=», which openpyxl has taken for formulas, as texts."""
    from openpyxl import load_workbook

    workbook, buffer = load_workbook(BytesIO(data)), BytesIO()
    for cell in (cell for sheet in workbook for cells in sheet.iter_rows() for cell in cells):
        if cell.data_type == "f":
            cell.data_type = "s"
    workbook.save(buffer)
    return buffer.getvalue()


def _check_markdown_rows(text: str) -> None:
    """Refuses a row with more cells than its heading: an unescaped «|» would shift the texts unseen."""
    width = 0
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.lstrip().startswith("|"):
            continue
        cells = [cell.strip() for cell in _UNESCAPED_PIPE.split(line.strip())[1:-1]]
        if not cells or set("".join(cells)) <= {"-", ":"}:
            continue
        if cells[0]:
            width = 0  # the name of a sheet: its heading follows
            cells = cells if any(cells[1:]) else []
        if cells and not width:
            width = len(cells)
        elif len(cells) > width:
            raise UnreadableFileError(
                "ragged",
                f"Dòng {number} của tệp .md có {len(cells) - 1} ô, hàng tiêu đề có {width - 1} ô. "
                r"Dấu | trong chữ phải viết là \|.",
            )


def _read_workbook(data: bytes) -> dict[str, Any]:
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            infos = archive.infolist()
            if any(info.flag_bits & 0x1 for info in infos):
                raise UnreadableFileError(
                    "password_protected", "Tệp có mật khẩu. Bỏ mật khẩu trong Excel rồi tải lên lại."
                )
            if sum(info.file_size for info in infos) > _MAX_UNPACKED:
                raise UnreadableFileError("too_large", "Tệp quá lớn sau khi mở ra. Chép riêng phiếu sang tệp mới.")
            for info in infos:
                if info.filename.endswith((".xml", ".rels")) and _EXTERNAL.search(archive.read(info)):
                    raise UnreadableFileError("external_entity", "Tệp có phần liên kết ra ngoài nên không được mở.")
    except (zipfile.BadZipFile, OSError, EOFError, RuntimeError, NotImplementedError) as fault:
        if data[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":  # an OLE file: old Excel, or a workbook with a password
            message = "Tệp có mật khẩu, hoặc là Excel kiểu cũ. Bỏ mật khẩu, lưu thành .xlsx rồi tải lên lại."
            raise UnreadableFileError("old_excel_or_password", message) from fault
        message = "Tệp không phải bảng tính .xlsx, hoặc bị hỏng. Mở bằng Excel, lưu thành .xlsx rồi tải lên lại."
        raise UnreadableFileError("not_a_spreadsheet", message) from fault
    return _rows_of(data)


def unread_cells(data: bytes) -> list[tuple[str, int, str, str]]:
    """Sheet, row, heading and error of cells that Excel has not computed, or computed to an error such as #REF!.

    The value of a formula is stored by the program that saved the file; what wrote the file without computing it leaves
    none, and the cell would be read as empty. `data` is a workbook that `read_tables` has read.
    """
    if not _has_formulas(data):
        return []
    from openpyxl import load_workbook

    found = []
    formulas, values = (load_workbook(BytesIO(data), data_only=data_only) for data_only in (False, True))
    for sheet in (one for one in formulas.sheetnames if one.lower() in SHEETS):
        for cells in formulas[sheet].iter_rows(max_row=_MAX_ROWS):
            for cell in cells:
                value = values[sheet].cell(cell.row, cell.column)
                not_computed = cell.data_type == "f" and value.value is None and value.data_type != "str"
                if not_computed or value.data_type == "e":
                    heading = clean(str(formulas[sheet].cell(1, cell.column).value or cell.column_letter))
                    found.append((sheet, cell.row, heading, str(value.value or "")))
    return found


def _has_formulas(data: bytes) -> bool:
    with zipfile.ZipFile(BytesIO(data)) as archive:
        sheets = [name for name in archive.namelist() if name.startswith("xl/worksheets/")]
        return any(_FORMULA.search(archive.read(name)) for name in sheets)


def _rows_of(data: bytes) -> dict[str, Any]:
    import warnings

    from pyxform.errors import PyXFormError
    from pyxform.xls2json_backends import xlsx_to_dict

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl warns of styles and extensions that do not matter here
            book: dict[str, Any] = xlsx_to_dict(BytesIO(data))
    except PyXFormError as fault:
        text = str(fault)
        if text.startswith("Duplicate column header: "):
            heading = text.removeprefix("Duplicate column header: ")
            raise UnreadableFileError("duplicate_column", f"Có hai cột cùng tên «{heading}». Giữ một cột.") from fault
        raise UnreadableFileError("damaged", "Không đọc được tệp này. Lưu lại thành .xlsx rồi tải lên lại.") from fault
    except (AttributeError, IndexError, ValueError, KeyError, SyntaxError, EOFError, zipfile.error) as fault:
        raise UnreadableFileError("damaged", "Không đọc được tệp này. Lưu lại thành .xlsx rồi tải lên lại.") from fault
    return book
