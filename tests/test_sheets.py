"""Workbooks we write: text stays text, headings repeat in print, equal input gives equal bytes."""

import io
from datetime import date
from decimal import Decimal

import openpyxl

from survey_app.sheets import SheetColumn, SheetPlan, sheet_name, workbook_bytes


def make_plan(**facts: object) -> SheetPlan:
    columns = (
        SheetColumn("TT", 6, "number"),
        SheetColumn("Số điện thoại", 14),
        SheetColumn("Ngày", 12, "date"),
        SheetColumn("Điểm", 10, "number", decimals=2),
        SheetColumn("Giới tính", 10, choices=("Nam", "Nữ"), hint="Chọn một"),
    )
    rows = [[1, "0912345678", date(2021, 3, 5), Decimal("0.81"), "Nữ"], [2, "=1+1", None, None, "@x"]]
    values = {"columns": columns, "rows": rows, "titles": ("DANH SÁCH",), "footer": "A & B"} | facts
    return SheetPlan("Nhóm E", **values)  # type: ignore[arg-type]


def test_text_never_becomes_a_formula_or_a_number():
    sheet = openpyxl.load_workbook(io.BytesIO(workbook_bytes([make_plan()]))).active
    cells = [[(cell.value, cell.data_type) for cell in row] for row in sheet.iter_rows(min_row=4, max_row=5)]
    assert cells[0][1] == ("0912345678", "s")
    assert cells[0][2][0].date() == date(2021, 3, 5)
    assert cells[0][3] == (0.81, "n")
    assert cells[1][1] == ("=1+1", "s")
    assert cells[1][4] == ("@x", "s")


def test_the_page_is_landscape_a4_with_a_repeated_heading():
    sheet = openpyxl.load_workbook(io.BytesIO(workbook_bytes([make_plan()]))).active
    assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
    assert sheet.print_title_rows == "$3:$3"
    assert "A && B" in (sheet.oddFooter.left.text or "")


def test_equal_content_gives_equal_bytes():
    assert workbook_bytes([make_plan()]) == workbook_bytes([make_plan()])


def test_long_choices_stand_in_a_hidden_sheet():
    names = tuple(f"Bản số {number} của xã, nhóm {number}" for number in range(80))
    plan = make_plan(columns=(SheetColumn("Bản", choices=names),), rows=(), blank_rows=3)
    book = openpyxl.load_workbook(io.BytesIO(workbook_bytes([plan])))
    assert book["Danh mục"].sheet_state == "hidden"
    rule = book["Nhóm E"].data_validations.dataValidation[0]
    assert rule.formula1 == "'Danh mục'!$A$1:$A$80"


def test_names_of_sheets_are_made_fit_for_excel():
    assert sheet_name("Nhóm A/B: [lãnh đạo]") == "Nhóm A B   lãnh đạo"
    assert len(sheet_name("x" * 50)) == 31
    assert sheet_name("") == "Trang 1"
