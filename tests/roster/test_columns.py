"""Where the list stands in a sheet, and which rows are persons."""

import time

import pytest

from survey_app.roster.checks import ListReading
from survey_app.workbook import Rejected, Sheet
from tests.roster.lists import CITIZEN_HEADER, kinds, make_citizen, make_reading, read_workbook_of

TITLES = [
    ["UBND HUYỆN TUẦN GIÁO", None, None, None, None, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"],
    ["DANH SÁCH ĐỐI TƯỢNG ĐIỀU TRA XÃ HỘI HỌC"],
    [None],
]
OFFICIAL_HEADER = ["TT", "Họ và tên", "Năm sinh", "Giới tính", "Chức vụ", "Số điện thoại"]


def make_official(number: int = 1, position: str = "Trưởng phòng") -> list:
    return [number, f"Cà Thị {chr(64 + number)}n", 1970 + number, "Nữ", position, f"098765432{number}"]


def rows_of(reading: ListReading) -> list[tuple[int, str]]:
    return [(person.row, person.group) for person in reading.persons]


def test_title_lines_above_and_signatures_below_are_no_persons():
    rows = [
        *TITLES,
        CITIZEN_HEADER,
        ["(1)", "(2)", "(3)", "(4)", "(5)", "(6)", "(7)", "(8)", "(9)"],
        make_citizen(1),
        [None],
        make_citizen(2),
        [3],
        [4],
        ["Tổng cộng: 2 người"],
        ["(*) Danh sách này thay cho danh sách gửi trước."],
        ["NGƯỜI LẬP BIỂU", None, None, None, None, None, "TM. ỦY BAN NHÂN DÂN"],
        ["(Ký, ghi rõ họ tên)", None, None, None, None, None, "CHỦ TỊCH"],
        ["Lò Thị Lập", None, None, None, None, None, "Lò Văn Ký"],
        ["Nơi nhận:"],
        ["- Lưu: VT."],
    ]
    reading = make_reading(rows)
    assert rows_of(reading) == [(6, "E"), (8, "E")]
    assert reading.problems == []


def test_a_numbered_row_with_one_fact_of_a_person_is_a_person_whose_name_is_missing():
    rows = [CITIZEN_HEADER, make_citizen(1), [2, None, None, "Nam"], [3]]
    reading = make_reading(rows)
    assert rows_of(reading) == [(2, "E"), (3, "E")]
    officials = make_reading([OFFICIAL_HEADER, make_official(1), [2, None, None, None, "Phó Chủ tịch UBND"], [3]], "B")
    assert len(officials.persons) == 2
    assert (3, "missing_name") in {(problem.row, str(problem.kind)) for problem in reading.problems}


@pytest.mark.parametrize(
    "closing",
    [
        [None, "Người lập biểu: Lò Thị Lập", "0912345999"],
        [None, "Cán bộ lập", None, None, None, "0912345999"],
        [None, "Người liên hệ: Lò Thị Lập", None, None, None, "0912345999"],
        [None, "Chủ tịch: Lò Văn Ký", None, None, None, "0912345999"],
    ],
)
def test_a_signature_in_ordinary_letters_with_a_number_beside_it_is_no_person(closing):
    below = [None, "Lò Thị Lập", None, None, None, "0912345999"]
    reading = make_reading([CITIZEN_HEADER, make_citizen(1), make_citizen(2), closing, below])
    assert rows_of(reading) == [(2, "E"), (3, "E")]
    assert reading.problems == []


def test_a_job_title_that_begins_like_a_signature_belongs_to_a_person():
    rows = [["Chức vụ", "Họ và tên", "Số điện thoại"]]
    rows += [
        [title, "Lò Văn Ánh", "0912345678"] for title in ("Cán bộ lập kế hoạch", "Chủ tịch", "Tổng hợp", "Đầu mối")
    ]
    assert len(rows_of(make_reading(rows, "A"))) == 4


def test_two_heading_rows_are_joined_and_the_year_tells_the_gender():
    rows = [
        ["TT", "Họ và tên", "Năm sinh", None, "Bản", "SĐT", "TTHC", "Thời gian giải quyết", None],
        [None, None, "Nam", "Nữ", None, None, None, "Ngày tiếp nhận", "Ngày trả kết quả"],
        [1, "Lò Thị Ánh", None, 1980, "Xá Cọ", "0912345678", "Khai sinh", "05/03/2021", "06/03/2021"],
        [2, "Lò Văn Bình", 1981, None, "Xá Cọ", "0912345679", "Khai sinh", "05/03/2021", "06/03/2021"],
    ]
    reading = make_reading(rows)
    assert [(p.name, p.gender, p.birth_year) for p in reading.persons] == [
        ("Lò Thị Ánh", "Nữ", 1980),
        ("Lò Văn Bình", "Nam", 1981),
    ]
    assert [column.label for column in reading.tables[0].columns][2:4] == ["Năm sinh / Nam", "Năm sinh / Nữ"]
    assert reading.problems == []


def test_a_cross_under_women_tells_the_gender_of_all():
    rows = [
        ["TT", "Họ và tên", "Năm sinh", "Nữ", "Chức vụ", "Số điện thoại"],
        [1, "Lò Thị Ánh", 1980, "x", "Trưởng phòng", "0912345678"],
        [2, "Lò Văn Bình", 1980, None, "Chuyên viên", "0912345679"],
    ]
    assert [p.gender for p in make_reading(rows, "A", "TG-NV").persons] == ["Nữ", "Nam"]


def test_a_date_in_three_columns_is_one_birth_date():
    rows = [
        ["TT", "Họ và tên", "Ngày sinh", None, None, "Giới tính", "Chức vụ", "Số điện thoại"],
        [None, None, "Ngày", "Tháng", "Năm", None, None, None],
        [1, "Lò Thị Ánh", 5, 3, 1980, "Nữ", "Trưởng phòng", "0912345678"],
    ]
    person = make_reading(rows, "A", "TG-NV").persons[0]
    assert (person.birth_year, str(person.birth_date)) == (1980, "1980-03-05")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (["I. Lãnh đạo phòng"], ["II. Công chức chuyên môn"]),
        (["I", "Lãnh đạo phòng"], ["II", "Công chức"]),
        ([None, "NHÓM A: LÃNH ĐẠO PHÒNG"], [None, "NHÓM B: CÔNG CHỨC"]),
    ],
)
def test_sub_headings_name_the_group(first, second):
    rows = [OFFICIAL_HEADER, first, make_official(1), second, make_official(2, "Chuyên viên")]
    assert rows_of(make_reading(rows, "AB", "TG-NV")) == [(3, "A"), (5, "B")]


def test_a_group_column_names_the_group():
    rows = [
        [*OFFICIAL_HEADER, "Nhóm đối tượng"],
        [*make_official(1), "Nhóm A"],
        [*make_official(2, "Chuyên viên"), "B"],
    ]
    assert rows_of(make_reading(rows, "AB", "TG-NV")) == [(2, "A"), (3, "B")]


def test_sheet_names_give_the_group_and_a_sheet_of_notes_is_passed_over():
    sheets = [
        Sheet("Hướng dẫn", [["HƯỚNG DẪN GHI BIỂU"], ["1. Mỗi người ghi một dòng."]]),
        Sheet("Lãnh đạo phòng", [OFFICIAL_HEADER, make_official(1)]),
        Sheet("Công chức", [OFFICIAL_HEADER, make_official(2, "Chuyên viên")]),
    ]
    assert rows_of(read_workbook_of(sheets, "AB", "TG-NV")) == [(2, "A"), (2, "B")]


def test_without_any_word_of_the_group_the_job_title_and_the_procedure_decide():
    rows = [OFFICIAL_HEADER, make_official(1), make_official(2, "Chuyên viên")]
    assert rows_of(make_reading(rows, "AB", "TG-NV")) == [(2, "A"), (3, "B")]


def test_a_heading_repeated_on_each_printed_page_is_no_person():
    rows = [CITIZEN_HEADER, make_citizen(1), CITIZEN_HEADER, make_citizen(2)]
    assert rows_of(make_reading(rows)) == [(2, "E"), (4, "E")]


def test_headings_with_typing_faults_and_additions_are_understood():
    header = ["STT", "Họ và tênn", "Năm sinh (dd/mm/yyyy)", "Giới tính (*)", "Bản, khối", "Số điện thoại người dân",
              "Tên thủ tục hành chính", "Ngày tiếp nhận hồ sơ", "Ngày trả kết qủa"]  # fmt: skip
    reading = make_reading([header, make_citizen(1), make_citizen(2)])
    assert reading.problems == []


def test_a_missing_column_is_told_once_at_the_heading_row():
    header = [cell for cell in CITIZEN_HEADER if cell != "Số điện thoại"]
    rows = [header, *([c for i, c in enumerate(make_citizen(n)) if i != 5] for n in (1, 2))]
    found = [p for p in make_reading(rows).problems if not p.kind.startswith("quota")]
    assert [(p.kind, p.row, p.column, p.col) for p in found] == [("missing_column", 1, "Số điện thoại", None)]


def test_a_row_without_a_name_is_still_a_person():
    rows = [CITIZEN_HEADER, make_citizen(1), make_citizen(2, name=None)]
    reading = make_reading(rows)
    assert rows_of(reading) == [(2, "E"), (3, "E")]
    assert kinds(reading) == ["missing_name"]


def test_a_sheet_without_a_heading_is_refused_with_a_remedy():
    with pytest.raises(Rejected, match="dòng tiêu đề") as caught:
        make_reading([["Lò Văn Ánh", "0912345678"], ["Lò Văn Bình", "0912345679"]])
    assert caught.value.kind == "no_heading_row"


@pytest.mark.parametrize(
    "heading", [["1", "Lãnh đạo phòng"], ["I", "Lãnh đạo phòng", "1 người"], ["A. LÃNH ĐẠO PHÒNG"]]
)
def test_a_numbered_or_counted_sub_heading_is_no_person(heading):
    rows = [OFFICIAL_HEADER, heading, make_official(1), ["II", "Công chức", "1 người"], make_official(2, "Chuyên viên")]
    assert rows_of(make_reading(rows, "AB", "TG-NV")) == [(3, "A"), (5, "B")]


def test_a_name_in_two_columns_under_one_heading_is_joined():
    rows = [
        ["TT", "Họ và tên", None, "Năm sinh", "Giới tính", "Chức vụ", "Số điện thoại"],
        [1, "Cà Thị", "Ánh", 1980, "Nữ", "Trưởng phòng", "0912345678"],
        [2, "Lò Văn", "Bình", 1981, "Nam", "Phó Trưởng phòng", "0912345679"],
    ]
    reading = make_reading(rows, "A", "TG-NV")
    assert [person.name for person in reading.persons] == ["Cà Thị Ánh", "Lò Văn Bình"]
    assert kinds(reading) == []


def test_years_under_men_and_women_are_births():
    rows = [
        ["TT", "Họ và tên", "Nam", "Nữ", "Chức vụ", "Số điện thoại"],
        [1, "Cà Thị Ánh", None, 1980, "Trưởng phòng", "0912345678"],
        [2, "Lò Văn Bình", "05/03/1981", None, "Phó Trưởng phòng", "0912345679"],
    ]
    reading = make_reading(rows, "A", "TG-NV")
    assert [(p.birth_year, p.gender) for p in reading.persons] == [(1980, "Nữ"), (1981, "Nam")]
    assert kinds(reading) == []


def test_a_heading_over_several_fields_belongs_to_the_labels():
    rows = [
        ["TT", "Thông tin cá nhân", None, None, "Công việc", "Liên hệ"],
        [None, "Họ và tên", "Năm sinh", "Giới tính", "Chức vụ", "Số điện thoại"],
        make_official(1),
    ]
    reading = make_reading(rows, "A", "TG-NV")
    labels = [column.label for column in reading.tables[0].columns]
    assert labels[1:3] == ["Thông tin cá nhân / Họ và tên", "Thông tin cá nhân / Năm sinh"]
    assert (reading.tables[0].header_row, reading.tables[0].header_rows) == (1, 2)
    assert kinds(reading) == []


def test_the_mobile_number_is_taken_where_the_office_has_a_number_too():
    rows = [
        ["TT", "Họ và tên", "Năm sinh", "Giới tính", "Chức vụ", "Điện thoại cơ quan", "Điện thoại di động"],
        [1, "Cà Thị Ánh", 1980, "Nữ", "Trưởng phòng", "02153862000", "'0912345678"],
    ]
    assert [p.phone for p in make_reading(rows, "A", "TG-NV").persons] == ["0912345678"]


def test_rows_prepared_with_a_number_and_a_unit_are_no_persons():
    header = ["TT", "Họ và tên", "Năm sinh", "Giới tính", "Chức vụ", "Đơn vị công tác", "Số điện thoại"]
    rows = [header, [1, "Cà Thị Ánh", 1980, "Nữ", "Trưởng phòng", "Phòng Nội vụ", "0912345678"]]
    rows.append([2, None, None, None, None, "Phòng Nội vụ", None])
    assert rows_of(make_reading(rows, "A", "TG-NV")) == [(2, "A")]


def test_a_surname_like_a_total_is_a_person():
    rows = [OFFICIAL_HEADER, [None, "Tống Văn Cộng", 1980, "Nam", "Trưởng phòng", "0912345678"]]
    assert rows_of(make_reading(rows, "A", "TG-NV")) == [(2, "A")]


@pytest.mark.parametrize("days", [("Thời gian", "Tiếp nhận", "Trả kết quả"), ("Ngày", "Tiếp nhận", "Trả")])
def test_three_heading_rows_are_joined(days):
    above, received, returned = days
    rows = [
        ["TT", "Họ và tên", "Thông tin cá nhân", None, None, None, "Giải quyết TTHC", None, None],
        [None, None, "Năm sinh", None, "Bản/khối", "Số điện thoại", "Tên TTHC", above, None],
        [None, None, "Nam", "Nữ", None, None, None, received, returned],
        ["1", "2", "3", "4", "5", "6", "7", "8", "9"],
        [1, "Lò Thị Ánh", None, 1980, "Xá Cọ", "0912345678", "Khai sinh", "05/03/2021", "06/03/2021"],
    ]
    reading = make_reading(rows)
    assert [(p.row, p.gender, p.birth_year, str(p.return_date)) for p in reading.persons] == [
        (5, "Nữ", 1980, "2021-03-06")
    ]
    assert kinds(reading) == []


def test_a_birth_in_three_columns_is_one_date():
    rows = [
        ["TT", "Họ và tên", "Ngày sinh", "Tháng sinh", "Năm sinh", "Giới tính", "Chức vụ", "Số điện thoại"],
        [1, "Cà Thị An", 5, 3, 1980, "Nữ", "Trưởng phòng", "0987654321"],
    ]
    assert str(make_reading(rows, "A").persons[0].birth_date) == "1980-03-05"


def test_the_heading_that_says_just_the_field_wins_over_one_that_says_more():
    rows = [
        ["TT", "Số điện thoại người thân", "Họ và tên", "Năm sinh", "Giới tính", "Chức vụ", "Số điện thoại"],
        [1, "0912345678", "Cà Thị An", 1980, "Nữ", "Trưởng phòng", "0987654321"],
    ]
    assert make_reading(rows, "A").persons[0].phone == "0987654321"


def test_a_cross_under_both_genders_is_no_gender():
    rows = [
        ["TT", "Họ và tên", "Năm sinh", "Nam", "Nữ", "Chức vụ", "Số điện thoại"],
        [1, "Cà Thị An", 1980, "x", "x", "Trưởng phòng", "0987654321"],
    ]
    assert kinds(make_reading(rows, "A")) == ["missing_value"]


def test_a_cell_merged_over_several_rows_speaks_for_each_of_them():
    rows = [[*CITIZEN_HEADER, "Nhóm"], *([*make_citizen(n, ban=None), None] for n in (1, 2, 3))]
    rows[1][4], rows[1][9] = "Bản Xá Cọ", "Nhóm E"
    sheet = Sheet("S", rows, [(2, 5, 4, 5), (2, 10, 4, 10)])
    reading = read_workbook_of([sheet], "CE")
    assert [(p.group, p.ban) for p in reading.persons] == [("E", "Bản Xá Cọ")] * 3
    assert kinds(reading) == []


def test_a_group_that_is_not_asked_for_is_told():
    rows = [[*CITIZEN_HEADER, "Nhóm"], [*make_citizen(1), "E"], [*make_citizen(2), "Nhóm D"], [*make_citizen(3), None]]
    found = [(p.row, p.column, p.kind) for p in make_reading(rows, "CE").problems if p.row]
    assert found == [(3, "Nhóm", "missing_value"), (4, "Nhóm", "missing_value")]


def test_two_lists_side_by_side_are_refused():
    with pytest.raises(Rejected) as caught:
        make_reading([[*CITIZEN_HEADER, None, *CITIZEN_HEADER], [*make_citizen(1), None, *make_citizen(2)]])
    assert caught.value.kind == "side_by_side"


def test_a_hidden_sheet_counts_only_when_no_other_has_a_list():
    shown, hidden = ([CITIZEN_HEADER, make_citizen(n)] for n in (1, 2))
    both = read_workbook_of([Sheet("Nay", shown), Sheet("Cũ", hidden, hidden=True)], "E")
    alone = read_workbook_of([Sheet("Bìa", [["Kính gửi"]]), Sheet("Cũ", hidden, hidden=True)], "E")
    assert [[p.sheet for p in reading.persons] for reading in (both, alone)] == [["Nay"], ["Cũ"]]


def test_a_heading_printed_on_each_page_belongs_to_one_table():
    header = [one for one in CITIZEN_HEADER if one != "Giới tính"]
    people = [[cell for n, cell in enumerate(make_citizen(number)) if n != 3] for number in (1, 2, 3)]
    reading = make_reading([header, people[0], header, people[1], ["Trang 2"], header, people[2]])
    assert [len(table.rows) for table in reading.tables] == [3]
    assert [(p.row, p.kind) for p in reading.problems if p.row] == [(1, "missing_column")]


def test_the_sub_heading_above_a_second_heading_names_its_group():
    leaders = [["Lãnh đạo UBND xã"], OFFICIAL_HEADER, make_official(1, "Chủ tịch")]
    deputies = [["II. Đại biểu HĐND huyện"], ["STT", *OFFICIAL_HEADER[1:]], make_official(2, "Chủ tịch")]
    assert [person.group for person in make_reading([*leaders, *deputies], "CD").persons] == ["C", "D"]


def test_the_group_of_one_table_says_nothing_of_the_next():
    leaders = [OFFICIAL_HEADER, ["I. Lãnh đạo UBND xã"], make_official(1, "Chủ tịch")]
    reading = make_reading([*leaders, [None], CITIZEN_HEADER, make_citizen(1)], "CE")
    assert [person.group for person in reading.persons] == ["C", "E"]


def test_thousands_of_merged_ranges_take_no_time():
    started = time.monotonic()
    ranges = [(2, 5, 1_000_000, 5)] * 5000
    reading = read_workbook_of([Sheet("S", [CITIZEN_HEADER, make_citizen(1), make_citizen(2, ban=None)], ranges)], "E")
    assert time.monotonic() - started < 1
    assert reading.persons[1].ban == "Bản Xá Cọ"
