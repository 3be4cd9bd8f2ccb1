"""Quotas from a file, as a list and as a matrix."""

import os
from collections.abc import Sequence
from pathlib import Path

from survey_app.rounds.quota_file import KnownUnit, QuotaReading, Room, read_quotas
from survey_app.workbook import read_workbook

SAMPLES = Path(os.environ.get("SURVEY_SAMPLES") or Path(__file__).parents[1] / "samples")
UNITS = [
    KnownUnit("03253", "Thị trấn Tuần Giáo", ("TT Tuần Giáo",)),
    KnownUnit("03259", "Xã Phình Sáng"),
    KnownUnit("TG-NV", "Phòng Nội vụ"),
]


def read(rows: Sequence[Sequence[object]], groups: str = "ABCE") -> QuotaReading:
    return read_quotas([(None, rows)], UNITS, list(groups))


def texts(reading: QuotaReading) -> list[str]:
    return [fault.text for fault in reading.faults]


def test_the_quotas_of_2021_are_read_whole() -> None:
    workbook = read_workbook((SAMPLES / "quota-tuan-giao-2021.csv").read_bytes(), "quota-tuan-giao-2021.csv")
    rows = workbook.sheets[0].rows
    units = [KnownUnit(str(row[0]), "") for row in rows[1:]]
    reading = read_quotas([(sheet.name, sheet.rows) for sheet in workbook.sheets], units, list("ABCDEFG"))
    assert reading.faults == []
    assert reading.total == 763
    assert sum(quota for (_, group), quota in reading.quotas.items() if group == "E") == 480


def test_a_list_in_another_order_of_columns_is_read() -> None:
    rows = [["Chỉ tiêu", "Nhóm", "Mã đơn vị"], [3, "A", "TG-NV"], ["20", "Nhóm E", 3253], [0, "C", "03259"]]
    reading = read(rows)
    assert reading.faults == []
    assert reading.quotas == {("TG-NV", "A"): 3, ("03253", "E"): 20}


def test_a_matrix_with_titles_names_and_totals_is_read() -> None:
    rows = [
        ["PHÂN BỔ CHỈ TIÊU"],
        ["TT", "Tên đơn vị", "Chỉ tiêu", None, None, "Tổng"],
        [None, None, "Nhóm A", "C – Lãnh đạo UBND xã", "E", None],
        [1, "Phòng Nội vụ", 3, None, "-", 3],
        [2, "TT Tuần Giáo", None, 3, 20, 23],
        ["Tổng cộng", None, 3, 3, 20, 26],
    ]
    reading = read(rows)
    assert texts(reading) == []
    assert reading.quotas == {("TG-NV", "A"): 3, ("03253", "C"): 3, ("03253", "E"): 20}


def test_a_printed_total_that_differs_is_told_with_both_figures() -> None:
    rows = [["Mã đơn vị", "A", "E"], ["TG-NV", 3, None], ["03253", None, 20], ["Tổng", 3, 25]]
    assert texts(read(rows)) == ["Dòng 4, cột C: dòng tổng in 25 người, các đơn vị cộng lại được 20. Sửa cho khớp."]


def test_every_fault_is_told_at_once() -> None:
    rows = [
        ["unit_code", "group", "quota"],
        ["XX-1", "A", 3],
        ["TG-NV", "Z", 3],
        ["TG-NV", "A", "ba"],
        ["TG-NV", "B", 2.5],
        ["03253", "E", 20],
        ["03253", "E", 21],
        ["03259", "E", None],
    ]
    assert [text.split(".")[0] for text in texts(read(rows))] == [
        "Dòng 2, cột A: không tìm thấy đơn vị «XX-1» trong danh mục của đợt",
        "Dòng 3, cột B: nhóm «Z» không có trong đợt",
        "Dòng 4, cột C: chỉ tiêu «ba» không phải số nguyên từ 0 đến 100",
        "Dòng 5, cột C: chỉ tiêu «2",
        "Dòng 7, cột C: nhóm E của đơn vị 03253 đã có chỉ tiêu ở dòng 6",
        "Dòng 8, cột C: chưa có chỉ tiêu",
    ]


def test_a_matrix_column_of_an_unknown_group_is_told() -> None:
    assert "nhóm «H» không có trong đợt" in texts(read([["Mã đơn vị", "A", "H"], ["TG-NV", 1, 1]]))[0]


def test_other_tables_are_refused_in_words() -> None:
    assert "Không thấy bảng chỉ tiêu" in texts(read([["Họ và tên", "Năm sinh"], ["Lò Văn A", 1980]]))[0]
    assert "không có chỉ tiêu nào" in texts(read([["Mã đơn vị", "Nhóm", "Chỉ tiêu"]]))[0]


def test_least_and_most_are_read_where_the_file_has_them() -> None:
    head = ["Mã đơn vị", "Nhóm", "Chỉ tiêu", "Ít nhất", "Nhiều nhất"]
    reading = read([head, ["03253", "E", 20, 15, 22], ["03259", "E", 20, "", "–"], ["TG-NV", "A", 3, 3, 4]])
    assert reading.faults == []
    assert reading.quotas == {("03253", "E"): 20, ("03259", "E"): 20, ("TG-NV", "A"): 3}
    assert reading.rooms == {("03253", "E"): Room(15, 22), ("TG-NV", "A"): Room(3, 4)}


def test_least_and_most_that_do_not_fit_the_target_are_told() -> None:
    head = ["Mã đơn vị", "Nhóm", "Chỉ tiêu", "Ít nhất", "Nhiều nhất"]
    reading = read([head, ["03253", "E", 20, 21, ""], ["03259", "E", 20, "", 19], ["TG-NV", "A", 3, "vài", ""]])
    assert [text.split(": ", 1)[1] for text in texts(reading)] == [
        "ít nhất 21 lớn hơn chỉ tiêu 20. Sửa một trong hai số.",
        "nhiều nhất 19 nhỏ hơn chỉ tiêu 20. Sửa một trong hai số.",
        "ít nhất «vài» không phải số nguyên. Điền lại.",
    ]
