"""Criterion sets as offices print them: what is read, and every fault with its place."""

import itertools
import os
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest

from survey_app.rounds.criteria_file import read_criteria
from survey_app.rounds.criteria_set import CriteriaReading
from survey_app.rounds.models import ScoredBy
from survey_app.workbook import read_workbook

SAMPLES = Path(os.environ.get("SURVEY_SAMPLES") or Path(__file__).parents[1] / "samples")
HEADING = ["STT", "Lĩnh vực, tiêu chí", "Điểm tối đa", "Phương pháp đánh giá", "Nhóm đối tượng điều tra"]


def read_sample(name: str) -> CriteriaReading:
    workbook = read_workbook((SAMPLES / name).read_bytes(), name)
    return read_criteria([(sheet.name, sheet.rows) for sheet in workbook.sheets])


def read_rows(rows: Sequence[Sequence[object]]) -> CriteriaReading:
    return read_criteria([(None, rows)])


def small_set() -> list[list[object]]:
    """Two areas, a criterion that sums two components, a total: no fault."""
    return [
        ["BỘ TIÊU CHÍ CẤP XÃ"],
        HEADING,
        ["(1)", "(2)", "(3)", "(4)", "(5)"],
        ["I", "Chỉ đạo, điều hành", 4, "TĐG 2,00 / ĐTXHH 2,00", None],
        ["1.1", "Kế hoạch", 2, None, None],
        ["1.1.1", "Ban hành kế hoạch", "0,75", "TĐG", None],
        ["1.1.2", "Hoàn thành kế hoạch", "1.25", "TĐG", "-"],
        ["1.2", "Tính năng động của lãnh đạo", 2, "Điều tra xã hội học", "A; C và D"],
        ["II", "Tác động", 6, "ĐTXHH 6.00", None],
        ["2.1", "Chỉ số hài lòng", 6.0, "SIPAS", "E,F"],
        ["", "Tổng cộng", 10, "TĐG 2,00 / ĐTXHH 8,00", None],
        ["Ghi chú: số liệu giả định."],
    ]


def faults_of(rows: Sequence[Sequence[object]]) -> list[str]:
    return [fault.text for fault in read_rows(rows).faults]


@pytest.mark.parametrize("name", ["criteria-district-2021.xlsx", "criteria-district-2021.csv"])
def test_the_district_set_of_2021_is_read_whole_from_print_and_from_csv(name: str) -> None:
    reading = read_sample(name)
    assert reading.faults == ()
    assert reading.notes == ()
    assert (len(reading.areas), len(reading.leaves)) == (8, 82)
    assert (reading.max_points, reading.survey_points) == (Decimal(100), Decimal(30))
    assert sum(leaf.is_surveyed for leaf in reading.leaves) == 22
    by_code = {leaf.code: leaf for leaf in reading.leaves}
    assert by_code["1.7.1"].groups == ("A", "C", "D")
    assert by_code["8.1"].scored_by is ScoredBy.SIPAS
    assert by_code["2.4.3"].max_points == Decimal("0.75")
    assert reading.areas[7].name == "Tác động của CCHC đến người dân, tổ chức và phát triển KT-XH"


def test_print_and_csv_of_the_same_set_give_the_same_leaves() -> None:
    assert read_sample("criteria-district-2021.xlsx").leaves == read_sample("criteria-district-2021.csv").leaves


def test_one_column_for_numbers_of_areas_criteria_and_components_is_understood() -> None:
    reading = read_rows(small_set())
    assert reading.faults == ()
    assert [(leaf.code, leaf.max_points) for leaf in reading.leaves] == [
        ("1.1.1", Decimal("0.75")),
        ("1.1.2", Decimal("1.25")),
        ("1.2", Decimal(2)),
        ("2.1", Decimal(6)),
    ]
    assert reading.leaves[2].groups == ("A", "C", "D")
    assert reading.max_points == reading.printed_total == Decimal(10)


def test_the_order_of_columns_does_not_matter() -> None:
    wanted = read_rows(small_set()).leaves
    for order in itertools.permutations(range(5)):
        rows = [[row[column] for column in order] if len(row) == 5 else row for row in small_set()]
        rows[2] = ["(1)", "(2)", "(3)", "(4)", "(5)"]
        assert (read_rows(rows).faults, read_rows(rows).leaves) == ((), wanted)


def test_a_set_without_survey_part_is_read() -> None:
    rows = [
        ["Mã tiêu chí", "Tên tiêu chí", "Thang điểm"],
        ["I", "Chỉ đạo", ""],
        ["1.1", "Kế hoạch", "40"],
        ["1.2", "Báo cáo", "20"],
        ["Tổng điểm", "", "60"],
    ]
    reading = read_rows(rows)
    assert reading.faults == ()
    assert (reading.max_points, reading.survey_points) == (Decimal(60), Decimal(0))
    assert "không có điểm điều tra" in reading.notes[0]


def test_numbers_with_components_are_areas_where_there_are_no_roman_ones() -> None:
    rows = [
        ["STT", "Tiêu chí", "Điểm"],
        [1, "Chỉ đạo", 3],
        ["1.1", "Kế hoạch", 1],
        ["1.2", "Báo cáo", 2],
        [2, "Thể chế", 4],
        ["2.1", "Ban hành", 4],
    ]
    reading = read_rows(rows)
    assert reading.faults == ()
    assert [(area.code, area.name, len(area.leaves)) for area in reading.areas] == [
        ("1", "Chỉ đạo", 2),
        ("2", "Thể chế", 1),
    ]


def test_area_names_in_front_of_the_title_in_one_merged_cell_are_understood() -> None:
    rows = [
        ["Tiêu chí", "Điểm chuẩn", "Hình thức đánh giá", "Đối tượng khảo sát"],
        ["I. Chỉ đạo điều hành", 1.5, None, None],
        ["1.1. Ban hành kế hoạch", 0.5, "Tự đánh giá", None],
        ["1.2. Năng động", 1, "Khảo sát", "Nhóm A, B"],
    ]
    reading = read_rows(rows)
    assert reading.faults == ()
    assert [(leaf.code, leaf.title, leaf.groups) for leaf in reading.leaves] == [
        ("1.1", "Ban hành kế hoạch", ()),
        ("1.2", "Năng động", ("A", "B")),
    ]


def test_a_method_column_with_an_unknown_heading_is_known_by_its_words() -> None:
    rows = small_set()
    rows[1] = ["STT", "Lĩnh vực, tiêu chí", "Điểm tối đa", "Ai chấm", "Nhóm đối tượng điều tra"]
    assert read_rows(rows).leaves == read_rows(small_set()).leaves


def test_an_area_sum_that_differs_is_told_with_both_figures() -> None:
    rows = small_set()
    rows[3][2] = 4.5
    assert faults_of(rows) == [
        "Dòng 4, cột C: lĩnh vực I in 4,50 điểm, các tiêu chí cộng lại được 4,00 điểm (thiếu 0,50). Sửa cho khớp."
    ]


def test_the_total_and_the_parts_by_method_are_compared_too() -> None:
    rows = small_set()
    rows[10] = ["", "Tổng cộng", 100, "TĐG 3,00 / ĐTXHH 8,00", None]
    assert faults_of(rows) == [
        "Dòng 11, cột C: dòng tổng cộng in 100,00 điểm, các tiêu chí cộng lại được 10,00 điểm (thiếu 90,00). "
        "Sửa cho khớp.",
        "Dòng 11, cột D: dòng tổng cộng, phần TĐG in 3,00 điểm, các tiêu chí cộng lại được 2,00 điểm (thiếu 1,00). "
        "Sửa cho khớp.",
    ]


def test_a_criterion_must_equal_its_components() -> None:
    rows = small_set()
    rows[4][2] = 1.5
    assert faults_of(rows) == [
        "Dòng 5, cột C: tiêu chí 1.1 in 1,50 điểm, các tiêu chí cộng lại được 2,00 điểm (thừa 0,50). Sửa cho khớp."
    ]


def test_every_fault_of_a_file_is_told_at_once_in_the_order_of_the_sheet() -> None:
    rows = small_set()
    rows[5][2] = "không"
    rows[6][0] = "1.1.1"
    rows[7][4] = None
    rows[8][2] = 7
    rows[9][3] = "Bốc thăm"
    found = faults_of(rows)
    assert [text.split(":")[0] for text in found] == [
        "Dòng 6, cột C",
        "Dòng 7, cột A",
        "Dòng 8, cột E",
        "Dòng 9, cột C",
        "Dòng 10, cột D",
    ]
    assert "không đọc được điểm «không»" in found[0]
    assert "mã 1.1.1 đã có ở dòng 6" in found[1]
    assert "chưa có nhóm" in found[2]
    assert "Bốc thăm" in found[4]


@pytest.mark.parametrize(
    ("points", "words"),
    [
        (None, "chưa có điểm tối đa"),
        ("0", "phải lớn hơn 0"),
        ("-1", "phải lớn hơn 0"),
        ("1,2,3", "không đọc được điểm"),
    ],
)
def test_points_that_cannot_be_used_are_told(points: object, words: str) -> None:
    rows = small_set()
    rows[9][2] = points
    rows[8] = ["II", "Tác động", None, None, None]
    rows[10] = ["Ghi chú"]
    assert [words in text for text in faults_of(rows)] == [True]


def test_groups_beside_a_self_assessed_leaf_are_told() -> None:
    rows = small_set()
    rows[5][4] = "A,B"
    assert "là tự đánh giá nhưng có nhóm điều tra" in faults_of(rows)[0]


def test_missing_columns_are_told_by_name() -> None:
    assert faults_of([["Mã", "Nội dung", "Ghi chú"], ["1.1", "Kế hoạch", ""]]) == [
        "Dòng 1: thiếu cột «Điểm tối đa». Thêm cột này, hoặc đặt lại tên cột cho đúng."
    ]


def test_a_survey_set_without_group_column_is_told_once() -> None:
    rows = [row[:4] for row in small_set()]
    assert faults_of(rows) == ["Thiếu cột «Nhóm đối tượng điều tra», trong khi có tiêu chí điều tra. Thêm cột này."]


def test_a_leaf_outside_every_area_is_told() -> None:
    rows = small_set()
    del rows[3]
    assert any("không thuộc lĩnh vực nào" in text for text in faults_of(rows))


def test_a_row_with_points_and_no_code_is_told_but_a_signature_is_not() -> None:
    rows = small_set()
    rows.append(["Người lập biểu", None, "Thủ trưởng", None, "Ký tên"])
    assert read_rows(rows).faults == ()
    rows[6][0] = None
    assert "Dòng 7, cột A: dòng này không có mã tiêu chí. Điền mã, hoặc bỏ dòng này." in faults_of(rows)


def test_a_code_that_excel_turned_into_a_date_is_told_with_the_remedy() -> None:
    rows = small_set()
    rows[6][0] = "2021-02-01"
    assert any("Văn bản (Text)" in text for text in faults_of(rows))


@pytest.mark.parametrize("rows", [[], [[]], [["Xin chào"]], [["a", "b"], [1, 2]]])
def test_a_sheet_without_criterion_table_is_refused_in_words(rows: list[list[object]]) -> None:
    assert "Không thấy bảng tiêu chí" in faults_of(rows)[0]


def test_the_sheet_with_the_table_is_found_among_others_and_named_in_faults() -> None:
    rows = small_set()
    rows[9][4] = None
    reading = read_criteria([("Hướng dẫn", [["Cách dùng"]]), ("Cấp xã", rows)])
    assert reading.faults[0].text.startswith("Trang «Cấp xã», dòng 10, cột E: ")
