"""The officer's own workbook with its faults: nothing of it is lost, every fault is told where it stands."""

import io
import json
import re
from datetime import date

import openpyxl
import pytest
from openpyxl.styles import Font

from survey_app.roster.catalogue import catalogue_from_folder
from survey_app.roster.checks import Sender
from survey_app.roster.drafts import check_draft, correct, draft_from_workbook
from survey_app.roster.fault_file import SUMMARY, fault_workbook
from survey_app.roster.rules import DraftCheck
from survey_app.workbook import read_workbook
from tests.roster.lists import CITIZEN_HEADER, TERMS, make_catalogue, make_citizen
from tests.roster.raw_files import Page, ods

SENDER = Sender("03289", ("E",), "citizens")


def make_book() -> bytes:
    """Title lines, a merged cell, a wide column, a note of the office, a second sheet, and three faults."""
    book = openpyxl.Workbook()
    page = book.active
    page.title = "Người dân"
    page["A1"] = "UBND XÃ QUÀI CANG"
    page["A1"].font = Font(bold=True)
    page.merge_cells("A1:D1")
    page.column_dimensions["B"].width = 33
    page.append([])
    rows = [make_citizen(1, phone="0912"), make_citizen(2, ban="Bản Xá C"), make_citizen(3)]
    for row in [CITIZEN_HEADER, *rows]:
        page.append(row)
    page["B5"].comment = openpyxl.comments.Comment("Hỏi lại anh Páo", "Cán bộ")
    page["K4"] = "=1+1"
    book.create_sheet("Ghi chú")["A1"] = "Gửi ngày thứ Sáu"
    memory = io.BytesIO()
    book.save(memory)
    return memory.getvalue()


def check_of(content: bytes, name: str, catalogue=None, sender: Sender = SENDER, change=None) -> DraftCheck:
    draft = draft_from_workbook(read_workbook(content, name), sender.groups)
    if change:
        change(draft)
    return DraftCheck(draft, check_draft(draft, name, sender, catalogue or make_catalogue(), TERMS))


def opened(content: bytes) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(content))


def test_the_officers_own_workbook_comes_back_with_a_comment_on_each_bad_cell():
    content = make_book()
    book = opened(fault_workbook(check_of(content, "ds.xlsx"), "ds.xlsx", content))
    assert book.sheetnames == [SUMMARY, "Người dân", "Ghi chú"]
    page = book["Người dân"]
    assert (page["A1"].value, page["A1"].font.bold) == ("UBND XÃ QUÀI CANG", True)
    assert [str(area) for area in page.merged_cells.ranges] == ["A1:D1"]
    assert page.column_dimensions["B"].width == 33
    assert page["K4"].value == "=1+1"
    assert "có 4 chữ số" in page["F4"].comment.text
    assert "Gần giống: Bản Xá Cọ" in page["E5"].comment.text
    assert page["F4"].fill.start_color.rgb.endswith("FFC7CE")
    assert page["B5"].comment.text == "Hỏi lại anh Páo"
    assert {cell.coordinate for row in page.iter_rows() for cell in row if cell.comment} == {"F4", "E5", "B5"}


def test_the_summary_lists_every_fault_in_order_with_a_link():
    content = make_book()
    checked = check_of(content, "ds.xlsx")
    page = opened(fault_workbook(checked, "ds.xlsx", content, "TẬP HUẤN")).worksheets[0]
    rows = [[cell.value or "" for cell in row] for row in page.iter_rows()]
    assert rows[0][0] == "TẬP HUẤN"
    head = next(number for number, row in enumerate(rows) if row[:3] == ["Mức", "Trang tính", "Ô"])
    told = rows[head + 1 :]
    assert len(told) == len(checked.reading.problems) == 3
    assert told[0][:3] == ["Lỗi", "", ""]  # three persons, two asked for: of the whole file
    assert [row[1:4] for row in told[1:]] == [["Người dân", "F4", "0912"], ["Người dân", "E5", "Bản Xá C"]]
    link = page.cell(head + 3, 3).hyperlink
    assert (link.location or link.target) in ("'Người dân'!F4", "#'Người dân'!F4")


def test_what_was_corrected_or_dropped_on_the_page_is_so_in_the_file():
    def change(draft):
        correct(draft, 0, 4, "phone", "0912345678")
        correct(draft, 0, 5, "name", "=HYPERLINK(1)")
        draft.dropped.add((0, 6))

    content = make_book()
    page = opened(fault_workbook(check_of(content, "ds.xlsx", change=change), "ds.xlsx", content))["Người dân"]
    assert (page["F4"].value, page["F4"].comment) == ("0912345678", None)
    assert (page["B5"].value, page["B5"].data_type) == ("=HYPERLINK(1)", "s")
    assert page["B6"].font.strike
    assert "xóa hẳn dòng trong tệp" in page["A6"].comment.text
    assert not page["B4"].font.strike


@pytest.mark.parametrize("kept", [True, False])
def test_other_files_are_written_anew_on_the_same_rows(kept):
    rows = [["UBND XÃ QUÀI CANG"], CITIZEN_HEADER, make_citizen(1, phone="0912", receipt=date(2021, 3, 5))]
    content = ods([Page("Trang 1", rows)])
    checked = check_of(content, "ds.ods")
    page = opened(fault_workbook(checked, "ds.ods", content if kept else None))["Trang 1"]
    assert page["A1"].value == ("UBND XÃ QUÀI CANG" if kept else None)
    assert [cell.value for cell in page[2]] == CITIZEN_HEADER
    assert "có 4 chữ số" in page["F3"].comment.text
    assert page["H3"].value.date() == date(2021, 3, 5)


def test_a_missing_column_is_told_at_the_heading():
    header = [label for label in CITIZEN_HEADER if label != "TTHC"]
    rows = [header, [cell for at, cell in enumerate(make_citizen(1)) if at != 6]]
    content = ods([Page("S", rows)])
    page = opened(fault_workbook(check_of(content, "ds.ods"), "ds.ods", content))["S"]
    assert "Thiếu cột" in page["A1"].comment.text


def truth(samples) -> list[dict]:
    return json.loads((samples / "truth.json").read_text("utf-8"))["files"]


def test_every_sample_comes_back_with_all_its_faults_and_reads_the_same(samples):
    catalogue = catalogue_from_folder(samples, TERMS.age_on)
    for one in truth(samples):
        path = samples / one["file"]
        sender = Sender(one["unit_code"], tuple(one["groups"]), one["list_type"])
        content = path.read_bytes()
        checked = check_of(content, path.name, catalogue, sender)
        written = fault_workbook(checked, path.name, content)
        book = opened(written)
        problems = checked.reading.problems
        cells = {(p.sheet, p.row, p.col) for p in problems if p.row}
        comments = [cell for page in book.worksheets for row in page.iter_rows() for cell in row if cell.comment]
        assert len(comments) == len(cells), path.name
        if any(re.search("formula", trait) for trait in one["layout"]):
            continue  # what a formula shows is stored by Excel when it saves
        again = check_of(written, "lai.xlsx", catalogue, sender)
        bare = [(p.name, p.row, p.phone, p.birth_year, p.return_date) for p in checked.reading.persons]
        assert [(p.name, p.row, p.phone, p.birth_year, p.return_date) for p in again.reading.persons] == bare, path.name
        assert [(p.kind, p.row, p.col) for p in again.reading.problems if p.kind != "legacy_encoding"] == [
            (p.kind, p.row, p.col) for p in problems if p.kind != "legacy_encoding"
        ], path.name
