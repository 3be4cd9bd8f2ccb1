"""Faults of single rows, each by kind, place and severity."""

from datetime import date

import pytest

from survey_app.roster.catalogue import Catalogue, UnitEntry
from survey_app.roster.problems import full_message
from tests.roster.lists import CITIZEN_HEADER, kinds, make_citizen, make_reading

OFFICIAL_HEADER = ["TT", "Họ và tên", "Năm sinh", "Giới tính", "Chức vụ", "Đơn vị công tác", "Số điện thoại"]


def read_citizen(**cells):
    return make_reading([CITIZEN_HEADER, make_citizen(1), make_citizen(2, **cells)])


@pytest.mark.parametrize(
    ("cells", "kind", "sentence"),
    [
        ({"birth": "14/06/2008"}, "under_age", "Dòng 3, Năm sinh: chưa đủ 18 tuổi vào ngày 01/12/2021."),
        ({"birth": "chưa rõ"}, "invalid_birth_year", "Dòng 3, Năm sinh: không đọc được «chưa rõ»."),
        ({"phone": "03470358064"}, "invalid_phone", "Dòng 3, Số điện thoại: có 11 chữ số, cần đúng 10 chữ số."),
        ({"phone": "01642631583"}, "phone_old_prefix", "Dòng 3, Số điện thoại: đầu số cũ, nay là 0342 631 583."),
        ({"gender": None}, "missing_value", "Dòng 3, Giới tính: còn trống. Điền giới tính của người này."),
        ({"gender": "x"}, "missing_value", "Dòng 3, Giới tính: không đọc được «x». Điền Nam hoặc Nữ."),
        ({"phone": "0912345678/0987654321"}, "invalid_phone", "có hai số trong một ô (0912345678/0987654321)."),
        ({"phone": "9.12E+08"}, "invalid_phone", "Excel đã rút gọn số này thành 9.12E+08 nên mất chữ số."),
        ({"name": "2"}, "missing_name", "Dòng 3, Họ và tên: chưa có họ và tên."),
        ({"return": "hôm qua"}, "invalid_date", "không đọc được ngày «hôm qua»."),
        ({"ban": "Bản Lạ"}, "unknown_ban", "Dòng 3, Bản/khối: không có «Bản Lạ» trong danh mục bản, khối"),
        ({"ban": "Bản Kéo Mu"}, "ban_not_valid_at_date", "«Bản Kéo Mu» đã sáp nhập sau ngày 30/11/2019."),
        ({"return": "31/02/2021"}, "invalid_date", "không có ngày 31/02/2021 trong lịch."),
        ({"return": "04/03/2021"}, "return_before_receipt", "ngày trả 04/03/2021 sớm hơn ngày nhận hồ sơ 05/03/2021."),
        ({"return": "01/12/2021"}, "return_outside_period", "nằm ngoài thời gian 01/01/2021 – 30/11/2021."),
        ({"procedure": "=1+1"}, "injection_cell", "«=1+1» bắt đầu bằng «=» như một công thức."),
    ],
)
def test_a_fault_is_told_with_place_reason_and_remedy(cells, kind, sentence):
    reading = read_citizen(**cells)
    assert kinds(reading) == [kind]
    assert sentence in full_message(next(p for p in reading.problems if p.kind == kind))


def test_both_ends_of_the_period_count():
    assert kinds(read_citizen(receipt="01/01/2021", **{"return": "01/01/2021"})) == []
    assert kinds(read_citizen(**{"return": "30/11/2021"})) == []


@pytest.mark.parametrize(
    "written", ["Bản Xá Cọ", "bản xá cọ", "Xá Cọ", "XA CO", "B\u1ea3n Xá  Cọ", "Phố Mới", "khối Phố Mới"]
)
def test_a_ban_is_found_folded_and_without_its_kind(written):
    assert kinds(read_citizen(ban=written)) == []


def read_official(workplace: str):
    row = [1, "Cà Thị Ánh", 1980, "Nữ", "Trưởng phòng", workplace, "0912345678"]
    return make_reading([OFFICIAL_HEADER, row], "A", "TG-NV")


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("Phòng Nội vụ", "TG-NV"),
        ("phòng nội vụ huyện", "TG-NV"),
        ("Phòng Nội vụ huyện Tuần Giáo", "TG-NV"),
        ("Phòng NV", "TG-NV"),
        ("UBND xã Quài Cang", "03289"),
        ("UBND xã Quài Cang, huyện Tuần Giáo", "03289"),
        ("UBND xã Quài Cang, huyện Tuần Giáo, tỉnh Điện Biên", "03289"),
        ("Ủy ban nhân dân xã Quài Cang", "03289"),
    ],
)
def test_a_unit_is_found_by_name_other_spelling_and_what_surrounds_it(written, code):
    reading = read_official(written)
    assert (reading.persons[0].unit_code, kinds(reading)) == (code, [])


def test_a_unit_that_ended_and_one_that_is_unknown_are_told_apart():
    assert kinds(read_official("Phòng Y tế")) == ["unit_not_valid_at_date"]
    assert kinds(read_official("Chi cục Kiểm lâm vùng IV")) == ["unknown_unit"]


def test_a_near_name_is_suggested_and_never_taken():
    reading = read_citizen(ban="Bản Xá Cọc")
    problem = next(p for p in reading.problems if p.kind == "unknown_ban")
    assert "Gần giống: Bản Xá Cọ." in full_message(problem)
    assert reading.persons[1].ban_code is None


def test_a_person_who_stands_under_two_groups_of_a_file_is_told_on_the_later_row():
    header = ["TT", "Họ và tên", "Năm sinh", "Giới tính", "Chức vụ", "Số điện thoại", "Nhóm"]
    rows = [
        header,
        [1, "Cà Thị Ánh", 1980, "Nữ", "Trưởng phòng", "0912345678", "A"],
        [2, "Cà Thị Ánh", 1980, "Nữ", "Chuyên viên", "0912345678", "B"],
    ]
    found = [p for p in make_reading(rows, "AB", "TG-NV").problems if p.kind == "person_in_two_groups"]
    assert [(p.row, p.details["other_row"], p.blocks) for p in found] == [(3, 2, True)]


def test_an_ended_unit_is_told_with_the_name_of_its_successor_even_when_the_code_is_used_again():
    old = UnitEntry("03260", "Xã Rạng Đông", "xa", "099", date(2020, 1, 1), date(2025, 6, 30), "03260")
    new = UnitEntry("03260", "Xã Pú Nhung", "xa", "11", date(2025, 7, 1), None)
    catalogue = Catalogue([old, new], [], day=date(2025, 12, 1))
    assert catalogue.successor_name(old) == "Xã Pú Nhung"
    assert catalogue.successor_name(new) is None
