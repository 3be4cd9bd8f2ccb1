"""The process that opens one uploaded workbook under limits of memory and time, and prints its cells as JSON.

Run as a file (`python -I workbook_child.py KIND LIMITS`), bytes on standard input. Imports nothing of the application,
so that it starts in a few hundredths of a second.
"""

import io
import json
import re
import resource
import sys
import zipfile
from datetime import date, datetime, time, timedelta
from email import message_from_bytes
from html.parser import HTMLParser
from typing import Any
from xml.parsers import expat

MEMORY_BYTES = 512 * 1024 * 1024
CPU_SECONDS = 20
MAX_MEMBERS = 200
MAX_UNPACKED = 100 * 1024 * 1024
MAX_RATIO = 100
RATIO_FROM = 10 * 1024 * 1024  # small files compress well without harm: the ratio counts from here
_CHUNK = 1 << 16
_DTD = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)
_ACTIVE = re.compile(
    r"vbaProject|vbaData|/embeddings/|/activeX/|oleObject|macrosheets|\bBasic/|\bScripts/", re.IGNORECASE
)
_OUTSIDE = re.compile(r"externalLinks/", re.IGNORECASE)


class Refusal(Exception):
    """Why the file is not read; the only argument is a kind of `survey_app.workbook.MESSAGES`."""


def main() -> None:
    """Read standard input, print one JSON document."""
    kind, limits = sys.argv[1], json.loads(sys.argv[2])
    for what, limit in ((resource.RLIMIT_AS, MEMORY_BYTES), (resource.RLIMIT_CPU, CPU_SECONDS)):
        resource.setrlimit(what, (limit, limit))
    content = sys.stdin.buffer.read()
    try:
        answer = _read(content, kind, limits)
    except Refusal as refusal:
        answer = {"rejected": refusal.args[0]}
    except MemoryError:
        answer = {"rejected": "zip_bomb_sheet"}
    text = json.dumps(answer)
    if len(text) > limits["characters"]:
        text = json.dumps({"rejected": "zip_bomb_sheet"})
    sys.stdout.write(text)


def _read(content: bytes, kind: str, limits: dict[str, int]) -> dict[str, Any]:
    if kind in ("html", "mht"):
        return {"kind": "html", "sheets": _html_sheets(_pages_of(content) if kind == "mht" else [content], limits)}
    pictures = False
    if kind == "zip":
        kind, pictures = _check_zip(content)
    else:
        kind = _check_cfb(content)
    sheets = _calamine_sheets(content, limits)
    merged = _merged_in_ods(content) if kind == "ods" else {}
    for sheet in sheets:
        sheet["merged"] = _apart(merged.get(sheet["name"], sheet["merged"]), sheet["rows"])
    if pictures and not any(cell not in ("", None) for sheet in sheets for row in sheet["rows"] for cell in row):
        raise Refusal("picture_only")
    return {"kind": kind, "sheets": sheets}


def _check_zip(content: bytes) -> tuple[str, bool]:
    """Kind of the package and whether it holds pictures; every member is unpacked once, counted while reading."""
    try:
        package = zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, OSError, ValueError):
        raise Refusal("truncated_zip") from None
    members = package.infolist()
    names = [member.filename for member in members]
    if len(members) > MAX_MEMBERS:
        raise Refusal("zip_bomb_sheet")
    if any(member.flag_bits & 1 for member in members):
        raise Refusal("password_protected")
    if any(_ACTIVE.search(name) for name in names):
        raise Refusal("active_content")
    if any(_OUTSIDE.search(name) for name in names):
        raise Refusal("xml_external_entity")
    kind = "xlsx" if any(name.startswith("xl/") for name in names) else "ods" if "content.xml" in names else ""
    if not kind:
        raise Refusal("not_a_spreadsheet")
    total = 0
    try:
        for member in members:
            total = _count_member(package, member, total, len(content))
    except Refusal:
        raise
    except (zipfile.BadZipFile, zipfile.LargeZipFile, OSError, ValueError, EOFError, NotImplementedError):
        raise Refusal("truncated_zip") from None
    except Exception as fault:  # zlib.error is not importable under every build: name it by type
        if type(fault).__name__ != "error":
            raise
        raise Refusal("truncated_zip") from None
    return kind, any("media/" in name or name.startswith("Pictures/") for name in names)


def _count_member(package: zipfile.ZipFile, member: zipfile.ZipInfo, total: int, packed: int) -> int:
    is_xml = member.filename.lower().endswith((".xml", ".rels", ".vml"))
    tail = b""
    with package.open(member) as stream:
        while chunk := stream.read(_CHUNK):
            total += len(chunk)
            if total > MAX_UNPACKED or (total > RATIO_FROM and total > MAX_RATIO * packed):
                raise Refusal("zip_bomb_sheet")
            if is_xml:
                # NUL bytes are dropped so that a DTD written in UTF-16 is seen too.
                window = (tail + chunk).replace(b"\x00", b"")
                if _DTD.search(window):
                    raise Refusal("xml_external_entity")
                if b"manifest:encryption-data" in window:
                    raise Refusal("password_protected")
                tail = chunk[-64:]
    return total


def _check_cfb(content: bytes) -> str:
    """Old Office container: encrypted package, workbook, or something else (a Word document, say)."""

    def has(stream: str) -> bool:
        return stream.encode("utf-16-le") in content

    if has("EncryptedPackage") or has("EncryptionInfo"):
        raise Refusal("password_protected")
    if has("_VBA_PROJECT"):
        raise Refusal("active_content")
    if not (has("Workbook") or has("Book")):
        raise Refusal("not_a_spreadsheet")
    return "xls"


def _calamine_sheets(content: bytes, limits: dict[str, int]) -> list[dict[str, Any]]:
    import python_calamine

    try:
        workbook = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        return _sheets(workbook, limits)
    except python_calamine.PasswordError:
        raise Refusal("password_protected") from None
    except (python_calamine.CalamineError, OSError, ValueError):
        raise Refusal("truncated_zip") from None


def _sheets(workbook: Any, limits: dict[str, int]) -> list[dict[str, Any]]:
    import python_calamine

    sheets = []
    rows = 0
    for about in workbook.sheets_metadata:
        if about.typ != python_calamine.SheetTypeEnum.WorkSheet:
            continue  # a chart, or the code of a macro
        one = _sheet(workbook, about.name, limits)
        rows += len(one["rows"])
        if rows > limits["rows"]:
            raise Refusal("zip_bomb_sheet")
        sheets.append(one | {"hidden": about.visible != python_calamine.SheetVisibleEnum.Visible})
    return sheets


def _sheet(workbook: Any, name: str, limits: dict[str, int]) -> dict[str, Any]:
    sheet = workbook.get_sheet_by_name(name)
    end_row, end_column = sheet.end or (0, 0)
    if end_row >= limits["rows"]:
        raise Refusal("zip_bomb_sheet")
    rows = [[_plain(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]
    used = max((position for row in rows for position, cell in enumerate(row, 1) if cell != ""), default=0)
    if used > limits["columns"]:
        raise Refusal("too_many_columns")
    if end_column >= limits["columns"]:
        rows = [row[:used] for row in rows]
    merged = [[top + 1, left + 1, bottom + 1, right + 1] for (top, left), (bottom, right) in _merged(sheet)]
    return {"name": name, "rows": rows, "merged": merged}


def _merged(sheet: Any) -> list[Any]:
    """Merged ranges where calamine tells them (xlsx, xls)."""
    return list(sheet.merged_cell_ranges or [])


def _apart(merged: list[list[int]], rows: list[list[Any]]) -> list[list[int]]:
    """Merged ranges within the used cells, without those that lie over an earlier one, which no program writes."""
    width = max((len(row) for row in rows), default=0)
    kept: list[list[int]] = []
    taken: set[tuple[int, int]] = set()
    for top, left, bottom, right in sorted(merged):
        bottom, right = min(bottom, len(rows)), min(right, width)
        columns = range(left, right + 1)
        if bottom < top or right < left or any((top, column) in taken for column in columns):
            continue
        taken.update((row, column) for row in range(top, bottom + 1) for column in columns)
        kept.append([top, left, bottom, right])
    return kept


class _OdsMerges:
    """Merged ranges by sheet, [top, left, bottom, right] from 1, as the elements of an .ods come by."""

    def __init__(self) -> None:
        self.found: dict[str, list[list[int]]] = {}
        self._ranges: list[list[int]] = []
        self._depth = 0  # a table within a cell is none of the sheet's
        self._row = self._column = self._repeated = 1

    def start(self, name: str, attrs: dict[str, str]) -> None:
        if name == "table:table":
            self._depth += 1
            if self._depth == 1:
                self._ranges, self._row = self.found.setdefault(attrs.get("table:name", ""), []), 1
        elif self._depth != 1:
            return
        elif name == "table:table-row":
            self._column, self._repeated = 1, _times(attrs.get("table:number-rows-repeated"))
        elif name in ("table:table-cell", "table:covered-table-cell"):
            down = _times(attrs.get("table:number-rows-spanned"))
            across = _times(attrs.get("table:number-columns-spanned"))
            if down > 1 or across > 1:
                self._ranges.append([self._row, self._column, self._row + down - 1, self._column + across - 1])
            self._column += _times(attrs.get("table:number-columns-repeated"))

    def end(self, name: str) -> None:
        if name == "table:table":
            self._depth -= 1
        elif name == "table:table-row" and self._depth == 1:
            self._row += self._repeated


def _times(number: str | None) -> int:
    return max(1, int(number)) if number and number.isdecimal() and len(number) < 8 else 1


def _merged_in_ods(content: bytes) -> dict[str, list[list[int]]]:
    """The merged ranges of an .ods, which calamine does not tell."""
    merges, parser = _OdsMerges(), expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = merges.start, merges.end
    with zipfile.ZipFile(io.BytesIO(content)) as package, package.open("content.xml") as stream:
        try:
            parser.ParseFile(stream)
        except expat.ExpatError:
            raise Refusal("truncated_zip") from None
    return merges.found


def _plain(cell: Any) -> Any:
    if isinstance(cell, datetime):
        return {"t": cell.isoformat()}
    if isinstance(cell, date):
        return {"t": datetime(cell.year, cell.month, cell.day).isoformat()}  # noqa: DTZ001 - a calendar day, no zone
    if isinstance(cell, time | timedelta):
        return str(cell)
    if isinstance(cell, float) and cell != cell:
        return ""
    return cell


class _Tables(HTMLParser):
    """Rows of all tables of a page; a cell that spans columns or rows leaves blanks in the others, as in a sheet.

    `merged` holds the ranges of such cells, as those of a sheet.
    """

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.rows: list[list[str]] = []
        self.merged: list[list[int]] = []
        self._cell: list[str] | None = None
        self._span = (1, 1)  # columns, rows
        self._held: dict[int, int] = {}  # column -> rows below for which a cell above holds the place

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self._close()
            self._end_table()
        elif tag == "tr":
            self._close()
            self.rows.append([])
            self._step_over()
        elif tag in ("td", "th"):
            self._close()
            given = dict(attrs)
            self._span = _count(given.get("colspan")), _count(given.get("rowspan"))
            self._cell = []
        elif tag == "br" and self._cell is not None:
            self._cell.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th", "tr", "table"):
            self._close()
        if tag == "table":
            self._end_table()

    def handle_data(self, data: str) -> None:
        if self._cell is not None:
            self._cell.append(data)

    def _close(self) -> None:
        if self._cell is not None and self.rows:
            columns, below = self._span
            start = len(self.rows[-1])
            self.rows[-1].extend(["".join(self._cell).strip(), *[""] * (columns - 1)])
            if below > 1 or columns > 1:
                row = len(self.rows)
                self.merged.append([row, start + 1, row + below - 1, start + columns])
            if below > 1:
                self._held |= dict.fromkeys(range(start, start + columns), below - 1)
            self._step_over()
        self._cell = None

    def _end_table(self) -> None:
        """A cell that would reach below its table ends with it."""
        self._held = {}
        for place in reversed(self.merged):
            if place[2] <= len(self.rows):
                break
            place[2] = len(self.rows)

    def _step_over(self) -> None:
        """Leave blanks where cells of the rows above reach down."""
        while self._held.get(len(self.rows[-1]), 0):
            self._held[len(self.rows[-1])] -= 1
            self.rows[-1].append("")


def _count(span: str | None) -> int:
    return max(1, min(int(span), 60)) if span and span.isdecimal() and len(span) < 4 else 1


def _pages_of(content: bytes) -> list[bytes]:
    """The pages of a «single file web page», as Excel saves it: one for each sheet, and one around them."""
    parts = message_from_bytes(content).walk()
    pages = [part.get_payload(decode=True) for part in parts if part.get_content_type() == "text/html"]
    return [page for page in pages if isinstance(page, bytes)]


def _html_sheets(pages: list[bytes], limits: dict[str, int]) -> list[dict[str, Any]]:
    sheets = [sheet for page in pages if (sheet := _html_sheet(page, limits))["rows"]]
    if not sheets:
        raise Refusal("not_a_spreadsheet")
    for number, sheet in enumerate(sheets[1:], 2):
        sheet["name"] = f"Bảng {number}"
    return sheets


def _html_sheet(content: bytes, limits: dict[str, int]) -> dict[str, Any]:
    declared = re.search(rb"charset=[\"']?([\w-]+)", content[:4096], re.IGNORECASE)
    encoding = declared.group(1).decode("ascii") if declared else "utf-8"
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encoding = "utf-16"
    try:
        text = content.decode(encoding)
    except (LookupError, UnicodeError):
        text = content.decode("utf-8", errors="replace")
    tables = _Tables()
    tables.feed(text)
    tables.close()
    if len(tables.rows) > limits["rows"]:
        raise Refusal("zip_bomb_sheet")
    if any(len(row) > limits["columns"] for row in tables.rows):
        raise Refusal("too_many_columns")
    return {"name": "Bảng", "rows": tables.rows, "merged": _apart(tables.merged, tables.rows), "hidden": False}


if __name__ == "__main__":
    main()
