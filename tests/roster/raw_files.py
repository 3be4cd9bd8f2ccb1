"""Workbooks written byte by byte, as programs of all kinds write them: what no library would let through."""

import csv
import html
import io
import struct
import unicodedata
import warnings
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from xml.sax.saxutils import escape, quoteattr


@dataclass(frozen=True)
class Formula:
    """A cell with a formula and the value stored beside it."""

    text: str
    value: "str | int | float"


@dataclass(frozen=True)
class Fault:
    """A cell whose formula failed, `#N/A`."""

    code: str = "#N/A"


@dataclass(frozen=True)
class Rich:
    """Text of which each part has a font of its own."""

    parts: tuple[str, ...]


RawCell = str | int | float | date | Formula | Fault | Rich | None


@dataclass
class Page:
    """One sheet to be written; `merged` holds (top, left, bottom, right), all from 1."""

    name: str
    rows: list[list[RawCell]]
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    hidden: bool = False
    hidden_rows: frozenset[int] = frozenset()
    blank_rows: int = 0  # rows with borders and nothing in them, under the last one


def letter(column: int) -> str:
    """A for 1, AA for 27."""
    return (chr(64 + (column - 1) // 26) if column > 26 else "") + chr(65 + (column - 1) % 26)


def packed(members: Iterable[tuple[str, str | bytes]]) -> bytes:
    """A ZIP package of the members, in their order."""
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as package, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # two members of one name are an attack, and meant
        for name, content in members:
            package.writestr(name, content)
    return memory.getvalue()


_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def xlsx(
    pages: Sequence[Page], inline: bool = False, from_1904: bool = False, more: dict[str, bytes] | None = None
) -> bytes:
    """An .xlsx; text shared or inline, days counted from 1900 or 1904, `more` members beside."""
    strings: list[str] = []
    sheets = [_xlsx_sheet(page, strings, inline, from_1904) for page in pages]
    numbers = range(1, len(pages) + 1)
    states = {True: 'state="hidden"', False: ""}
    listed = "".join(
        f'<sheet name={quoteattr(page.name)} sheetId="{n}" r:id="rId{n}" {states[page.hidden]}/>'
        for n, page in zip(numbers, pages, strict=True)
    )
    main = f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
    days = f'<workbookPr date1904="{int(from_1904)}"/>'
    related = "".join(
        f'<Relationship Id="rId{n}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{n}.xml"/>' for n in numbers
    )
    related += f'<Relationship Id="styles" Type="{_OFFICE}/styles" Target="styles.xml"/>'
    related += f'<Relationship Id="strings" Type="{_OFFICE}/sharedStrings" Target="sharedStrings.xml"/>'
    members: list[tuple[str, str | bytes]] = [
        ("[Content_Types].xml", f'<Types xmlns="{_PACKAGE}/content-types"/>'),
        ("_rels/.rels", f'<Relationships xmlns="{_PACKAGE}/relationships">{main}</Relationships>'),
        ("xl/workbook.xml", f'<workbook {_MAIN} xmlns:r="{_OFFICE}">{days}<sheets>{listed}</sheets></workbook>'),
        ("xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{_PACKAGE}/relationships">{related}</Relationships>'),
        ("xl/styles.xml", f'<styleSheet {_MAIN}><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>'),
        ("xl/sharedStrings.xml", f"<sst {_MAIN}>{''.join(strings)}</sst>"),
    ]  # fmt: skip
    members += [(f"xl/worksheets/sheet{n}.xml", text) for n, text in zip(numbers, sheets, strict=True)]
    return packed([*members, *(more or {}).items()])


def _xlsx_sheet(page: Page, strings: list[str], inline: bool, from_1904: bool) -> str:
    rows = []
    for number, row in enumerate(page.rows, 1):
        cells = "".join(
            _xlsx_cell(cell, f"{letter(n)}{number}", strings, inline, from_1904) for n, cell in enumerate(row, 1)
        )
        rows.append(
            f'<row r="{number}"{" hidden=" + quoteattr("1") if number in page.hidden_rows else ""}>{cells}</row>'
        )
    first = len(page.rows) + 1
    rows += [f'<row r="{n}"><c r="A{n}" s="1"/></row>' for n in range(first, first + page.blank_rows)]
    merged = "".join(f'<mergeCell ref="{letter(b)}{a}:{letter(d)}{c}"/>' for a, b, c, d in page.merged)
    merged = f"<mergeCells>{merged}</mergeCells>" if merged else ""
    return f"<worksheet {_MAIN}><sheetData>{''.join(rows)}</sheetData>{merged}</worksheet>"


def _xlsx_cell(cell: RawCell, place: str, strings: list[str], inline: bool, from_1904: bool) -> str:
    if cell is None:
        return f'<c r="{place}" s="1"/>'
    if isinstance(cell, Fault):
        return f'<c r="{place}" t="e"><f>VLOOKUP(A1,B:B,1,0)</f><v>{cell.code}</v></c>'
    if isinstance(cell, Formula):
        kind = ' t="str"' if isinstance(cell.value, str) else ""
        return f'<c r="{place}"{kind}><f>{escape(cell.text)}</f><v>{escape(str(cell.value))}</v></c>'
    if isinstance(cell, date):
        start = date(1904, 1, 1) if from_1904 else date(1899, 12, 30)
        return f'<c r="{place}" s="1"><v>{(cell - start).days}</v></c>'
    if isinstance(cell, int | float):
        return f'<c r="{place}"><v>{cell!r}</v></c>'
    parts = cell.parts if isinstance(cell, Rich) else (cell,)
    texts = [f'<t xml:space="preserve">{escape(part)}</t>' for part in parts]
    text = f"<r>{'</r><r>'.join(texts)}</r>" if len(texts) > 1 else texts[0]
    if inline:
        return f'<c r="{place}" t="inlineStr"><is>{text}</is></c>'
    strings.append(f"<si>{text}</si>")
    return f'<c r="{place}" t="s"><v>{len(strings) - 1}</v></c>'


_ODS = "urn:oasis:names:tc:opendocument:xmlns:"


def ods(pages: Sequence[Page]) -> bytes:
    """An .ods with repeated cells and rows, filled up with blanks to the last row of the program."""
    tables = []
    for page in pages:
        rows: list[str] = []
        blank = 0
        for number, row in enumerate(page.rows, 1):
            if not any(cell is not None for cell in row):
                blank += 1
                continue
            rows += [_ods_blank(blank)] if blank else []
            blank = 0
            rows.append(f"<table:table-row>{_ods_cells(row, number, page)}</table:table-row>")
        rows.append(_ods_blank(1_048_576 - len(page.rows)))
        tables.append(f"<table:table table:name={quoteattr(page.name)}>{''.join(rows)}</table:table>")
    names = " ".join(f'xmlns:{one}="{_ODS}{one}:1.0"' for one in ("office", "table", "text"))
    body = f"<office:body><office:spreadsheet>{''.join(tables)}</office:spreadsheet></office:body>"
    return packed(
        [
            ("mimetype", "application/vnd.oasis.opendocument.spreadsheet"),
            ("META-INF/manifest.xml", f'<manifest:manifest xmlns:manifest="{_ODS}manifest:1.0"/>'),
            ("content.xml", f"<office:document-content {names}>{body}</office:document-content>"),
        ]
    )


def _ods_blank(rows: int) -> str:
    cell = '<table:table-cell table:number-columns-repeated="1024"/>'
    return f'<table:table-row table:number-rows-repeated="{rows}">{cell}</table:table-row>'


def _ods_cells(row: Sequence[RawCell], number: int, page: Page) -> str:
    cells = []
    position = 0
    spans = {left - 1: (c - top + 1, d - left + 1) for top, left, c, d in page.merged if top == number}
    while position < len(row):
        cell = row[position]
        same = 1
        while position not in spans and row[position + same : position + same + 1] == [cell]:
            same += 1
        about = f' table:number-columns-repeated="{same}"' if same > 1 else ""
        if position in spans:
            down, across = spans[position]
            about = f' table:number-rows-spanned="{down}" table:number-columns-spanned="{across}"'
        cells.append(_ods_cell(cell, about))
        position += same
    return "".join(cells)


def _ods_cell(cell: RawCell, repeated: str) -> str:
    if cell is None:
        return f"<table:table-cell{repeated}/>"
    if isinstance(cell, date):
        return f'<table:table-cell office:value-type="date" office:date-value="{cell.isoformat()}"{repeated}/>'
    if isinstance(cell, int | float):
        return f'<table:table-cell office:value-type="float" office:value="{cell!r}"{repeated}/>'
    text = f"<text:p>{escape(plain(cell))}</text:p>"
    return f'<table:table-cell office:value-type="string"{repeated}>{text}</table:table-cell>'


def plain(cell: RawCell) -> str:
    """The cell as text of a CSV or a page: days as dd/mm/yyyy, a failed formula as its code."""
    if cell is None:
        return ""
    if isinstance(cell, date):
        return cell.strftime("%d/%m/%Y")
    if isinstance(cell, Fault):
        return cell.code
    if isinstance(cell, Rich):
        return "".join(cell.parts)
    return str(cell.value if isinstance(cell, Formula) else cell)


def csv_bytes(page: Page, encoding: str = "utf-8", delimiter: str = ",", quote_all: bool = False) -> bytes:
    """A CSV in the encoding («TCVN3» and «VNI» are those of the old fonts)."""
    memory = io.StringIO()
    quoting = csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL
    csv.writer(memory, delimiter=delimiter, quoting=quoting).writerows(
        [plain(cell) for cell in row] for row in page.rows
    )
    return encoded(memory.getvalue(), encoding)


def html_page(page: Page) -> bytes:
    """A web page with one table, as systems export it under the ending .xls."""
    inside = {
        (row, column): (top, left)
        for top, left, bottom, right in page.merged
        for row in range(top, bottom + 1)
        for column in range(left, right + 1)
    }
    spans = {(a, b): f' rowspan="{c - a + 1}" colspan="{d - b + 1}"' for a, b, c, d in page.merged}
    rows = []
    for number, row in enumerate(page.rows, 1):
        cells = [
            f"<td{spans.get((number, n), '')}>{html.escape(plain(cell))}</td>"
            for n, cell in enumerate(row, 1)
            if inside.get((number, n), (number, n)) == (number, n)
        ]
        rows.append(f"<tr>{''.join(cells)}</tr>")
    head = '<html xmlns:x="urn:schemas-microsoft-com:office:excel"><meta charset="utf-8">'
    return f"{head}<table border=1>{''.join(rows)}</table></html>".encode()


def xls(pages: Sequence[Page]) -> bytes:
    """An old .xls (BIFF8) in its container."""
    sheets = [_biff_sheet(page) for page in pages]
    start = _record(0x0809, struct.pack("<HHHHII", 0x0600, 5, 0x0DBB, 1996, 0, 6))
    end = _record(0x000A, b"")
    # XF 0 is plain, XF 1 a day (format 14).
    formats = b"".join(_record(0x00E0, struct.pack("<HHH", 0, one, 0) + bytes(14)) for one in (0, 14))
    listed = [_sheet_entry(page) for page in pages]
    offset = len(start + formats + end) + sum(len(one) + 8 for one in listed)
    entries = b""
    for one, sheet in zip(listed, sheets, strict=True):
        entries += _record(0x0085, struct.pack("<I", offset) + one)
        offset += len(sheet)
    return _container(start + formats + entries + end + b"".join(sheets))


def _record(kind: int, content: bytes) -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def _sheet_entry(page: Page) -> bytes:
    return struct.pack("<BBBB", int(page.hidden), 0, len(page.name), 1) + page.name.encode("utf-16-le")


def _biff_sheet(page: Page) -> bytes:
    records = [_record(0x0809, struct.pack("<HHHHII", 0x0600, 0x10, 0x0DBB, 1996, 0, 6))]
    width = max(len(row) for row in page.rows)
    records.append(_record(0x0200, struct.pack("<IIHHH", 0, len(page.rows), 0, width, 0)))
    for number, row in enumerate(page.rows):
        for column, cell in enumerate(row):
            if cell is None:
                continue
            place = struct.pack("<HH", number, column)
            if isinstance(cell, date):
                days = float((cell - date(1899, 12, 30)).days)
                records.append(_record(0x0203, place + struct.pack("<Hd", 1, days)))
            elif isinstance(cell, int | float):
                records.append(_record(0x0203, place + struct.pack("<Hd", 0, float(cell))))
            else:
                text = plain(cell).encode("utf-16-le")
                records.append(_record(0x0204, place + struct.pack("<HHB", 0, len(text) // 2, 1) + text))
    merged = b"".join(struct.pack("<HHHH", a - 1, c - 1, b - 1, d - 1) for a, b, c, d in page.merged)
    records.append(_record(0x00E5, struct.pack("<H", len(page.merged)) + merged))
    return b"".join([*records, _record(0x000A, b"")])


def _container(stream: bytes) -> bytes:
    """A compound file with the one stream «Workbook», sectors of 512 bytes, one sector of the table of sectors."""
    stream = stream.ljust(max(4096, -(-len(stream) // 512) * 512), b"\x00")
    count = len(stream) // 512
    assert count <= 126, "one sector of the table holds 126 sectors of the stream"
    chain = [*range(3, count + 2), 0xFFFFFFFE]
    table = struct.pack("<128I", 0xFFFFFFFD, 0xFFFFFFFE, *chain, *[0xFFFFFFFF] * (126 - count))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack(
        "<HHHHHHIIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, 0, 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0
    )
    header += struct.pack("<109I", 0, *[0xFFFFFFFF] * 108)
    directory = _entry("Root Entry", 5, 1, 0xFFFFFFFE, 0) + _entry("Workbook", 2, 0xFFFFFFFF, 2, len(stream))
    return header + table + directory + bytes(256) + stream


def _entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
    text = name.encode("utf-16-le")
    head = text.ljust(64, b"\x00") + struct.pack("<HBB", len(text) + 2, kind, 1)
    return head + struct.pack("<III", 0xFFFFFFFF, 0xFFFFFFFF, child) + bytes(36) + struct.pack("<IQ", start, size)


_TCVN3 = dict(
    zip(
        "àáảãạăằắẳẵặâầấẩẫậđèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵĂÂĐÊÔƠƯ",
        "µ¸¶·¹¨»¾¼½Æ©ÇÊÈÉË®ÌÐÎÏÑªÒÕÓÔÖ×ÝØÜÞßãáâä«åèæçé¬êíëìîïóñòô\u00adõøö÷ùúýûüþ¡¢§£¤¥¦",
        strict=True,
    )
)
_VNI_TONES = {"\u0301": "ù", "\u0300": "ø", "\u0309": "û", "\u0303": "õ", "\u0323": "ï"}
_VNI_SHAPED = {
    ("\u0302", ""): "â", ("\u0302", "\u0301"): "á", ("\u0302", "\u0300"): "à", ("\u0302", "\u0309"): "å",
    ("\u0302", "\u0303"): "ã", ("\u0302", "\u0323"): "ä", ("\u0306", ""): "ê", ("\u0306", "\u0301"): "é",
    ("\u0306", "\u0300"): "è", ("\u0306", "\u0309"): "ú", ("\u0306", "\u0303"): "ü", ("\u0306", "\u0323"): "ë",
}  # fmt: skip
_VNI_WHOLE = {"đ": "ñ", "Đ": "Ñ", "í": "í", "ì": "ì", "ỉ": "æ", "ĩ": "ó", "ị": "ò", "ỵ": "î"}


def tcvn3(text: str) -> str:
    """Text as it lies in a file typed with .VnTime; other capitals are small letters in the font .VnTimeH."""
    return "".join(_TCVN3.get(char) or _TCVN3.get(char.lower(), char) for char in text)


def vni(text: str) -> str:
    """Text as it lies in a file typed with VNI-Times: a vowel, then one sign for its marks."""
    written = []
    for char in unicodedata.normalize("NFC", text):
        if char in _VNI_WHOLE:
            written.append(_VNI_WHOLE[char])
            continue
        base, *marks = unicodedata.normalize("NFD", char)
        if "\u031b" in marks:
            base = {"o": "ô", "u": "ö", "O": "Ô", "U": "Ö"}[base]
        shape = next((mark for mark in marks if mark in "\u0302\u0306"), "")
        tone = next((mark for mark in marks if mark in _VNI_TONES), "")
        sign = _VNI_SHAPED[shape, tone] if shape else _VNI_TONES.get(tone, "")
        written.append(base + (sign.upper() if base.isupper() else sign))
    return "".join(written)


def encoded(text: str, encoding: str) -> bytes:
    """The text in an encoding of today or of the old fonts; windows-1258 keeps tones as signs of their own."""
    if encoding == "TCVN3":
        return tcvn3(text).encode("latin-1")
    if encoding == "VNI":
        return vni(text).encode("cp1252")
    if encoding != "windows-1258":
        return text.encode(encoding)
    pieces = []
    for char in unicodedata.normalize("NFC", text):
        try:
            pieces.append(char.encode("cp1258"))
        except UnicodeEncodeError:
            *rest, tone = unicodedata.normalize("NFD", char)
            if tone in "\u0302\u0306\u031b":  # the tone below stands before the shape: «ậ», «ặ», «ợ»
                rest, tone = [*rest[:-1], tone], rest[-1]
            pieces.append(unicodedata.normalize("NFC", "".join(rest)).encode("cp1258") + tone.encode("cp1258"))
    return b"".join(pieces)
