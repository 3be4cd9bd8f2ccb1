"""What stands in an uploaded workbook: bytes and a file name in, sheets of rows out, or a refusal a clerk understands.

Binary formats are opened by `workbook_child.py` in a process of its own with limits of memory and time, so that a
hostile file can exhaust only that process. Row n of a sheet is row n of the spreadsheet: blank and hidden rows stay.
"""

import csv
import io
import json
import math
import re
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from survey_app.legacy_text import best_decoding, legacy_encoding_of, old_text_to_unicode

Cell = str | int | float | bool | date | None

MAX_BYTES = 5 * 1024 * 1024
MAX_ROWS = 20_000
MAX_COLUMNS = 60
SECONDS = 20
MAX_ANSWER = 32 * 1024 * 1024  # characters of all cells: a list of 20 000 rows has less than half
_HTML_STARTS = (b"<html", b"<!doctype html", b"<table", b"<meta", b"<head", b"<body", b"<div", b"<style", b"<!--")
_CHILD = Path(__file__).with_name("workbook_child.py")
_SIZE_MB = MAX_BYTES // (1024 * 1024)
_ROWS_TEXT = f"{MAX_ROWS:,}".replace(",", ".")
_FORMULA_FAULTS = frozenset({"#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!"})
# Nobody can type them, no database keeps NUL, and XML files may not hold them; a line end or a tab is text.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")

MESSAGES = {
    "not_a_spreadsheet": ("Tệp này không phải bảng tính. Mở bằng Excel, chọn «Lưu thành» .xlsx rồi tải lên lại."),
    "truncated_zip": (
        "Tệp bị hỏng hoặc tải lên chưa hết. Mở lại tệp trên máy; nếu mở được, lưu lại rồi tải lên lần nữa."
    ),
    "password_protected": ("Tệp có mật khẩu. Bỏ mật khẩu trong Excel rồi tải lên lại. Không gửi mật khẩu cho ai."),
    "zip_bomb_sheet": (
        f"Tệp quá lớn sau khi mở ra (tối đa {_ROWS_TEXT} dòng, {_SIZE_MB} MB). Chép riêng danh sách sang tệp mới."
    ),
    "too_large": f"Tệp lớn hơn {_SIZE_MB} MB. Chép riêng danh sách sang tệp mới.",
    "too_many_columns": f"Bảng có hơn {MAX_COLUMNS} cột. Chép riêng danh sách sang tệp mới từ mẫu.",
    "xml_external_entity": ("Tệp có phần liên kết ra ngoài nên không được mở. Chép danh sách sang tệp mới từ mẫu."),
    "active_content": (
        "Tệp có macro hoặc phần nhúng nên không được mở. Chép danh sách sang tệp mới từ mẫu, lưu dạng .xlsx."
    ),
    "empty_workbook": "Tệp không có dòng nào. Kiểm tra đã lưu đúng tệp chưa.",
    "picture_only": ("Tệp chỉ có ảnh chụp danh sách. Cần danh sách dạng chữ: nhập vào mẫu, hoặc nhập trực tiếp."),
    "csv_cr_line_ends": "Không tách được các dòng; lưu lại thành .xlsx.",
    "no_heading_row": (
        "Không thấy dòng tiêu đề (Họ và tên, Năm sinh…). Dùng mẫu Excel, hoặc đặt dòng tiêu đề trong 10 dòng đầu."
    ),
    "side_by_side": (
        "Trên một trang có hai danh sách đặt cạnh nhau. Chép danh sách bên phải sang một trang riêng rồi tải lên lại."
    ),
    "too_slow": f"Chưa đọc được tệp này sau {SECONDS} giây nên đã dừng. Tệp không bị giữ lại. Thử mẫu Excel.",
}


class Rejected(Exception):
    """The file cannot be read; `kind` is stable for programs, `message` is for the clerk."""

    def __init__(self, kind: str, message: str | None = None) -> None:
        self.kind = kind
        self.message = message or MESSAGES[kind]
        super().__init__(self.message)


@dataclass(frozen=True)
class Sheet:
    """One sheet; `name` is None for CSV. `merged` holds (top, left, bottom, right), all from 1."""

    name: str | None
    rows: list[list[Cell]]
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    hidden: bool = False

    def cell(self, row: int, column: int) -> Cell:
        """The value at (row, column), both from 1; None outside the sheet."""
        if 1 <= row <= len(self.rows) and 1 <= column <= len(self.rows[row - 1]):
            return self.rows[row - 1][column - 1]
        return None


@dataclass(frozen=True)
class Workbook:
    """A workbook as read. `kind` is what the content is (xlsx, xls, ods, html, csv), whatever the ending says."""

    sheets: list[Sheet]
    kind: str
    encoding: str | None = None  # of a CSV, or TCVN3 / VNI / windows-1258 where text had to be converted
    legacy: str | None = None
    wrong_ending: bool = False
    notes: tuple[str, ...] = ()


def column_letter(column: int) -> str:
    """A, B, …, Z, AA for columns counted from 1."""
    letters = ""
    while column > 0:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def read_workbook(content: bytes, file_name: str) -> Workbook:
    """Read a workbook. Raises `Rejected` with a kind and a Vietnamese message; never returns a part of a file."""
    if len(content) > MAX_BYTES:
        raise Rejected("too_large")
    if not content.strip(b"\x00\r\n\t ,;"):
        raise Rejected("empty_workbook")
    kind = _content_kind(content)
    ending = Path(file_name).suffix.lower().lstrip(".")
    if kind == "text":
        if ending not in ("csv", "txt", "tsv"):
            raise Rejected("not_a_spreadsheet")
        return _read_csv(content)
    workbook = _read_in_child(content, kind)
    workbook = _convert_legacy(workbook)
    if not any(_has_value(sheet.rows) for sheet in workbook.sheets):
        raise Rejected("empty_workbook")
    wrong = bool(ending) and ending != workbook.kind
    note = f"Đuôi tệp không khớp nội dung (thật ra là .{workbook.kind}); hệ thống vẫn đọc được."
    return Workbook(workbook.sheets, workbook.kind, workbook.encoding, workbook.legacy, wrong, (note,) if wrong else ())


def _content_kind(content: bytes) -> str:
    """What the first bytes say: zip, cfb (old Office), html, or text."""
    if content[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return "zip"
    if content[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        return "cfb"
    start = content[:2048].lstrip(b"\xef\xbb\xbf\r\n\t ").lower()
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        start = content[:2048].decode("utf-16", "replace").lstrip("\ufeff\r\n\t ").lower().encode()
    if start.startswith(_HTML_STARTS) or (start.startswith(b"<?xml") and b"<html" in start):
        return "html"
    if start.startswith(b"mime-version:") and b"multipart/related" in start:
        return "mht"
    if start.startswith((b"%pdf", b"{\\rtf", b"\x89png", b"\xff\xd8\xff", b"gif8", b"<?xml", b"rar!", b"7z\xbc")):
        raise Rejected("not_a_spreadsheet")
    return "text"


def _read_in_child(content: bytes, kind: str) -> Workbook:
    limits = json.dumps({"rows": MAX_ROWS, "columns": MAX_COLUMNS, "characters": MAX_ANSWER})
    try:
        done = subprocess.run(  # noqa: S603 - our own file, no shell, no user text in the arguments
            [sys.executable, "-I", "-X", "utf8", str(_CHILD), kind, limits],
            input=content,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Rejected("too_slow") from None
    if done.returncode != 0 or not done.stdout:
        # The child was stopped by its limits or the parser gave up: nothing it printed is trusted.
        raise Rejected("zip_bomb_sheet" if _out_of_memory(done) else "truncated_zip")
    answer = json.loads(done.stdout)
    if "rejected" in answer:
        raise Rejected(answer["rejected"])
    sheets = [
        Sheet(
            _CONTROLS.sub("", one["name"]),
            [[_value(cell) for cell in row] for row in one["rows"]],
            [tuple(m) for m in one["merged"]],
            one["hidden"],
        )
        for one in answer["sheets"]
    ]
    return Workbook(sheets, answer["kind"])


def _out_of_memory(done: subprocess.CompletedProcess[bytes]) -> bool:
    return done.returncode < 0 or b"MemoryError" in done.stderr or b"memory allocation" in done.stderr


def _value(cell: Any) -> Cell:
    """A cell as the child wrote it: dates travel as {"t": ISO}."""
    if isinstance(cell, dict):
        moment = datetime.fromisoformat(cell["t"])
        return moment.date() if moment.time() == datetime.min.time() else moment
    if isinstance(cell, float):
        if not math.isfinite(cell):
            return None
        return int(cell) if cell.is_integer() and abs(cell) < 1e15 else cell
    return _text(cell) if isinstance(cell, str) else cell


def _text(cell: str) -> str | None:
    """Text that can be stored; None where there is none, or where a formula failed."""
    return None if not cell or cell in _FORMULA_FAULTS else _CONTROLS.sub("", cell)


def _has_value(rows: list[list[Cell]]) -> bool:
    return any(cell is not None and str(cell).strip() for row in rows for cell in row)


def _convert_legacy(workbook: Workbook) -> Workbook:
    """Turn text typed with a TCVN3 or VNI font into Unicode; the workbook says so in `legacy`."""
    texts = [cell for sheet in workbook.sheets for row in sheet.rows[:400] for cell in row if isinstance(cell, str)]
    encoding = legacy_encoding_of(" ".join(texts))
    if encoding is None:
        return workbook
    sheets = [
        Sheet(
            old_text_to_unicode(sheet.name, encoding) if sheet.name else sheet.name,
            [
                [old_text_to_unicode(cell, encoding) if isinstance(cell, str) else cell for cell in row]
                for row in sheet.rows
            ],
            sheet.merged,
            sheet.hidden,
        )
        for sheet in workbook.sheets
    ]
    return Workbook(sheets, workbook.kind, encoding, encoding)


def _read_csv(content: bytes) -> Workbook:
    text, encoding, legacy = best_decoding(content)
    if text is None:
        raise Rejected("not_a_spreadsheet")
    notes: tuple[str, ...] = ()
    if "\n" not in text and "\r" in text:
        text = text.replace("\r", "\n")
        notes = ("Đã đọc tệp CSV kiểu máy Mac.",)
    delimiter = _delimiter(text)
    try:
        records = _records(text, delimiter)
    except csv.Error:
        raise Rejected("csv_cr_line_ends") from None
    if notes:
        records = [_rejoined(record, len(records[0]), delimiter) for record in records]
    if any(len(record) > MAX_COLUMNS for record in records):
        raise Rejected("too_many_columns")
    rows: list[list[Cell]] = [[_text(cell) if cell.strip() else None for cell in record] for record in records]
    if not _has_value(rows):
        raise Rejected("empty_workbook")
    return Workbook([Sheet(None, rows)], "csv", encoding, legacy, False, notes)


def _records(text: str, delimiter: str) -> list[list[str]]:
    """The records of a CSV, counted while reading: five megabytes of line ends must not become millions of lists."""
    records: list[list[str]] = []
    for record in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
        if len(records) == MAX_ROWS:
            raise Rejected("zip_bomb_sheet")
        if len(record) > 4 * MAX_COLUMNS:  # twice or thrice too many may still be rejoined
            raise Rejected("too_many_columns")
        records.append(record)
    return records


def _rejoined(record: list[str], width: int, delimiter: str) -> list[str]:
    """Old Mac programs wrote text with commas without quotes: join «hộ nghèo», « hộ cận nghèo» again.

    Only a piece that begins with a blank continues the one before it, and only while the record is too long.
    """
    record = list(record)
    position = 1
    while len(record) > width and position < len(record):
        if record[position].startswith(" "):
            record[position - 1 : position + 1] = [record[position - 1] + delimiter + record[position]]
        else:
            position += 1
    return record


def _delimiter(text: str) -> str:
    """The separator that splits most of the first lines into the most cells."""
    counts: dict[str, int] = {}
    for candidate in (",", ";", "\t", "|"):
        try:
            records = list(csv.reader(io.StringIO(text[:20_000], newline=""), delimiter=candidate))[:40]
        except csv.Error:
            records = []
        widths = [len(record) for record in records if len(record) > 1]
        # The usual width counts, so that commas inside text do not outvote the real separator.
        usual = max(set(widths), key=lambda width: (widths.count(width), width)) if widths else 0
        counts[candidate] = widths.count(usual) * (10 + usual) if usual else 0
    return max(counts, key=lambda candidate: counts[candidate])
