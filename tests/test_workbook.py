"""Uploaded workbooks: what is read, what is refused, and that nothing harmful happens on the way."""

import base64
import io
import json
import random
import subprocess
import sys
import time
import zipfile
from datetime import date
from pathlib import Path

import pytest

from survey_app.workbook import MAX_BYTES, MESSAGES, Rejected, column_letter, read_workbook
from tests.roster.raw_files import Fault, Formula, Page, csv_bytes, html_page, ods, packed, tcvn3, xlsx


def make_xlsx(rows: list[list[object]], **members: bytes) -> bytes:
    import openpyxl

    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    memory = io.BytesIO()
    book.save(memory)
    with zipfile.ZipFile(memory, "a", zipfile.ZIP_DEFLATED) as package:
        for name, content in members.items():
            package.writestr(name.replace("__", "/"), content)
    return memory.getvalue()


def rejected(content: bytes, name: str = "a.xlsx") -> str:
    with pytest.raises(Rejected) as caught:
        read_workbook(content, name)
    assert caught.value.message == MESSAGES[caught.value.kind]
    return caught.value.kind


def test_the_broken_files_are_refused_by_kind_or_read_and_the_canary_never_appears(samples: Path):
    truth = json.loads((samples / "truth.json").read_text("utf-8"))
    canary = (samples / "bad" / "canary.txt").read_text("utf-8").strip()
    for one in truth["bad_files"]:
        path = samples / one["file"]
        started = time.monotonic()
        outcome = outcome_of(path)
        assert time.monotonic() - started < 10
        allowed = {"reject": {one["kind"]}, "read": {"read"}, "read_or_reject": {"read", one["kind"]}}
        assert outcome[0] in allowed[one["expect"]], path.name
        assert canary not in outcome[1]


def outcome_of(path: Path) -> tuple[str, str]:
    """(«read» or the kind of refusal, all that the reader says)."""
    try:
        return "read", repr(read_workbook(path.read_bytes(), path.name))
    except Rejected as refusal:
        return refusal.kind, refusal.message


def test_a_bomb_stays_small_in_memory(samples: Path):
    truth = json.loads((samples / "truth.json").read_text("utf-8"))
    bomb = next(one for one in truth["bad_files"] if one["kind"] == "zip_bomb_sheet")
    # In a process of its own: the greatest child of this one may be a browser or a database. Its own ru_maxrss would
    # still remember the size of the process that started it; VmHWM does not.
    read = (
        "import resource, sys; from pathlib import Path; from survey_app.workbook import Rejected, read_workbook\n"
        "try: read_workbook(Path(sys.argv[1]).read_bytes(), 'x.xlsx')\n"
        "except Rejected as refusal: print(refusal.kind)\n"
        "own = next(line for line in open('/proc/self/status') if line.startswith('VmHWM')).split()[1]\n"
        "print(max(int(own), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))"
    )
    done = subprocess.run(
        [sys.executable, "-c", read, samples / bomb["file"]], capture_output=True, text=True, check=True
    )
    kind, peak_kb = done.stdout.split()
    assert kind == "zip_bomb_sheet"
    assert int(peak_kb) < 300 * 1024


def test_rows_keep_their_numbers_and_days_are_days():
    workbook = read_workbook(make_xlsx([[], ["Ngày", 3.0, date(2021, 3, 5)], [None], ["x"]]), "a.xlsx")
    assert workbook.sheets[0].rows[1] == ["Ngày", 3, date(2021, 3, 5)]
    assert workbook.sheets[0].cell(4, 1) == "x"
    assert workbook.sheets[0].cell(99, 1) is None


def test_a_small_file_takes_well_under_a_second():
    content = make_xlsx([["a", 1]])
    started = time.monotonic()
    read_workbook(content, "a.xlsx")
    assert time.monotonic() - started < 1


@pytest.mark.parametrize(
    ("members", "kind"),
    [
        ({"xl__vbaProject.bin": b"x"}, "active_content"),
        ({"xl__embeddings__oleObject1.bin": b"x"}, "active_content"),
        ({"xl__externalLinks__externalLink1.xml": b"<a/>"}, "xml_external_entity"),
        ({"xl__more.xml": b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'}, "xml_external_entity"),
        ({"xl__more.xml": "<!DOCTYPE a><a/>".encode("utf-16")}, "xml_external_entity"),
        ({f"xl__n{n}.xml": b"<a/>" for n in range(201)}, "zip_bomb_sheet"),
        ({"xl__big.bin": b"0" * 101_000_000}, "zip_bomb_sheet"),
    ],
)
def test_harmful_parts_are_refused(members, kind):
    assert rejected(make_xlsx([["a"]], **members)) == kind


def test_too_many_rows_columns_and_bytes_are_refused():
    assert rejected(make_xlsx([["a"]] * 20_001)) == "zip_bomb_sheet"
    assert rejected(make_xlsx([["a"] * 61])) == "too_many_columns"
    assert rejected(b"0" * (MAX_BYTES + 1), "a.csv") == "too_large"
    assert rejected(b"a\n" * 20_001, "a.csv") == "zip_bomb_sheet"


@pytest.mark.parametrize("content", [b"%PDF-1.7", b"\x89PNG\r\n", b"just text", b"\x00\x01\x02 binary"])
def test_what_is_no_spreadsheet_is_refused(content):
    assert rejected(content) == "not_a_spreadsheet"


def test_a_cut_file_is_refused_at_every_length():
    content = make_xlsx([["a", "b"]] * 30)
    for length in range(4, len(content) - 1, len(content) // 12):
        assert rejected(content[:length]) == "truncated_zip"


ROW = "Họ và tên{0}Năm sinh{0}Số điện thoại\nLò Văn Ánh{0}1980{0}0912345678\n"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_csv_is_read_in_every_encoding_and_with_every_separator(encoding, delimiter):
    sheet = read_workbook(ROW.format(delimiter).encode(encoding), "a.csv").sheets[0]
    assert sheet.name is None
    assert sheet.rows == [["Họ và tên", "Năm sinh", "Số điện thoại"], ["Lò Văn Ánh", "1980", "0912345678"]]


def test_line_ends_inside_quotes_and_blank_records_keep_their_places():
    text = 'Họ và tên,"Số\nđiện thoại"\n\nLò Văn Ánh,0912345678\n'
    assert read_workbook(text.encode(), "a.csv").sheets[0].rows == [
        ["Họ và tên", "Số\nđiện thoại"],
        [],
        ["Lò Văn Ánh", "0912345678"],
    ]


def test_column_letters():
    assert [column_letter(n) for n in (1, 26, 27, 60)] == ["A", "Z", "AA", "BH"]


def test_mutated_files_are_read_or_refused_and_nothing_else_happens(samples: Path):
    chance = random.Random(5)
    names = ["16-XA-PHINH-SANG-LANH-DAO.xlsx", "40-TRUONG-TIEU-HOC-XA-MUN-CHUNG.xls", "18-xa-muong-mun-lanh-dao.csv"]
    outcomes = set()
    for turn in range(45):
        path = samples / "lists" / names[turn % len(names)]
        content = bytearray(path.read_bytes())
        for _ in range(chance.randint(1, 12)):
            content[chance.randrange(len(content))] = chance.randrange(256)
        if turn % 3 == 0:
            del content[chance.randrange(len(content)) :]
        try:
            read_workbook(bytes(content), path.name)
            outcomes.add("read")
        except Rejected as refusal:
            outcomes.add(refusal.kind)
    assert outcomes <= {"read", *MESSAGES}
    assert len(outcomes) > 1


def test_what_no_database_keeps_is_left_out():
    page = Page("S", [["Họ và_x0000_ tên", "a\u0001b", 1.0], [Fault("#N/A"), Fault("#REF!"), "#N/A"]])
    package = zipfile.ZipFile(io.BytesIO(xlsx([page])))
    sheet = package.read("xl/worksheets/sheet1.xml").replace(b"<v>1.0</v>", b"<v>1e999</v>")
    strings = package.read("xl/sharedStrings.xml").replace(b"\x01", b"_x0001_")
    others = [(name, package.read(name)) for name in package.namelist()]
    changed = {"xl/worksheets/sheet1.xml": sheet, "xl/sharedStrings.xml": strings}
    content = packed((name, changed.get(name, part)) for name, part in others)
    assert read_workbook(content, "a.xlsx").sheets[0].rows == [["Họ và tên", "ab", None], [None, None, None]]


def test_a_late_nul_in_a_csv_is_left_out():
    text = "Họ và tên,Năm sinh\n" + "Lò Văn Ánh,1980\n" * 300 + "Lò\x00 Văn,1980\n"
    assert read_workbook(text.encode(), "a.csv").sheets[0].rows[-1] == ["Lò Văn", "1980"]


def test_a_million_rows_with_borders_only_are_no_rows():
    content = xlsx([Page("S", [["a"]], blank_rows=200_000)])
    assert read_workbook(content, "a.xlsx").sheets[0].rows == [["a"]]


def test_rows_are_counted_over_all_sheets_and_text_over_all_cells():
    pages = [Page(name, [["a"]] * 7000) for name in "ABC"]
    assert rejected(xlsx(pages)) == "zip_bomb_sheet"
    long = Page("S", [[Formula("A1", "x" * 30_000)] * 50 for _ in range(30)])
    assert rejected(xlsx([long])) == "zip_bomb_sheet"


def test_a_cell_repeated_over_a_whole_ods_stays_small():
    part = '<table:table-cell office:value-type="string" table:number-columns-repeated="50"><text:p>ab</text:p>'
    content = ods([Page("S", [["ab"]])])
    package = zipfile.ZipFile(io.BytesIO(content))
    body = package.read("content.xml").decode()
    cell = '<table:table-row><table:table-cell office:value-type="string"><text:p>ab</text:p>'
    assert cell in body
    body = body.replace(cell, '<table:table-row table:number-rows-repeated="1000000">' + part)
    bomb = packed((name, body if name == "content.xml" else package.read(name)) for name in package.namelist())
    assert rejected(bomb, "a.ods") in ("zip_bomb_sheet", "truncated_zip")


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"a\n" * 2_500_000, "zip_bomb_sheet"),
        (b"a" + b"," * 5_000_000, "too_many_columns"),
        (b"a\r" + b", " * 2_400_000 + b"\rb", "too_many_columns"),
        (b"a,b\n" + b'"' * 4_999_000, "csv_cr_line_ends"),
    ],
)
def test_a_hostile_csv_is_refused_at_once(content, kind):
    started = time.monotonic()
    assert rejected(content, "a.csv") == kind
    assert time.monotonic() - started < 3


def test_the_old_encoding_of_a_large_csv_is_told_from_its_beginning():
    content = csv_bytes(Page("S", [["Họ và tên", "Ngày sinh"], *[["Nguyễn Văn Hợp", "1980"]] * 19_000]), "VNI")
    started = time.monotonic()
    workbook = read_workbook(content, "a.csv")
    assert time.monotonic() - started < 5
    assert (workbook.legacy, workbook.sheets[0].rows[-1]) == ("VNI", ["Nguyễn Văn Hợp", "1980"])


def test_names_of_sheets_and_pasted_cells_that_are_unicode_stay_so_in_a_file_of_an_old_font():
    rows = [[tcvn3("Họ và tên"), tcvn3("Năm sinh")], [tcvn3("Nguyễn Thị Hợp"), "Đơn vị đã kiểm tra"]]
    sheet = read_workbook(xlsx([Page("Danh sách", rows)]), "a.xlsx").sheets[0]
    assert (sheet.name, sheet.rows[1]) == ("Danh sách", ["Nguyễn Thị Hợp", "Đơn vị đã kiểm tra"])


def test_cells_of_a_web_page_that_span_rows_and_columns_keep_the_others_in_place():
    page = "<!-- máy chủ --><table><tr><td rowspan=2>TT<td colspan='2'>Năm sinh<td rowspan=²>x<tr><td>Nam<td>Nữ</table>"
    assert read_workbook(page.encode(), "a.xls").sheets[0].rows == [
        ["TT", "Năm sinh", None, "x"],
        [None, "Nam", "Nữ"],
    ]


MERGED = Page(
    "S", [["Bản Xá Cọ", "a"], [None, "b"], [None, None], ["Mùn Chung", "c"], [None, "d"]], [(1, 1, 2, 1), (4, 1, 5, 1)]
)


@pytest.mark.parametrize("content", [xlsx([MERGED]), ods([MERGED]), html_page(MERGED)], ids=["xlsx", "ods", "html"])
def test_merged_ranges_are_told_of_every_kind_of_file(content):
    assert read_workbook(content, "a.xlsx").sheets[0].merged == [(1, 1, 2, 1), (4, 1, 5, 1)]


def test_a_merged_cell_ends_with_its_table_and_lies_over_no_other():
    page = b"<table><tr><td rowspan=59>a<td>b</table><table><tr><td>c<td>d<tr><td>e<td>f</table>"
    assert read_workbook(page, "a.xls").sheets[0].merged == [(1, 1, 1, 1)]
    rows = [["a", "b", "c"], ["d", "e", "f"]]
    wide = Page("S", rows, [(1, 1, 9_000_000, 9_000_000), (2, 2, 9_000_000, 3)])
    assert read_workbook(ods([wide]), "a.ods").sheets[0].merged == [(1, 1, 2, 3)]


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/etc/passwd", "xl/../../../tmp/x", "C:\\x", "xl/worksheets/sheet1.xml"]
)
def test_no_member_of_a_package_is_ever_written_and_a_second_one_of_a_name_does_no_harm(name):
    package = zipfile.ZipFile(io.BytesIO(xlsx([Page("S", [["a"]])])))
    members = [(one, package.read(one)) for one in package.namelist()]
    before = sorted(Path.cwd().iterdir())
    assert outcome_of_bytes(packed([*members, (name, b"<worksheet/>")])) in {"read", *MESSAGES}
    assert sorted(Path.cwd().iterdir()) == before


def outcome_of_bytes(content: bytes) -> str:
    try:
        read_workbook(content, "a.xlsx")
    except Rejected as refusal:
        return refusal.kind
    return "read"


def single_file(page: bytes) -> bytes:
    """What Excel writes as «single file web page»."""
    head = "MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=x\r\n\r\n--x\r\n"
    part = "Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    return (head + part + base64.encodebytes(page).decode() + "\r\n--x--\r\n").encode()


@pytest.mark.parametrize(
    "written",
    [
        lambda page: page,
        lambda page: page.decode().replace("utf-8", "utf-16").encode("utf-16"),
        lambda page: b'<?xml version="1.0"?><!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0//EN" "x.dtd">' + page,
        single_file,
    ],
)
def test_web_pages_saved_as_xls_are_read_in_every_shape(written):
    page = html_page(Page("Bảng", [["Họ và tên", "Điện thoại"], ["Lò Thị Ánh", "0912345678"]]))
    workbook = read_workbook(written(page), "ds.xls")
    assert (workbook.kind, workbook.sheets[0].rows[1]) == ("html", ["Lò Thị Ánh", "0912345678"])
