"""Names, phones, dates and years as people in offices write them."""

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from survey_app.roster.normalise import (
    Birth,
    age_on,
    birth_value,
    calendar_day,
    formula_like,
    gender_value,
    person_name,
    phone_number,
    tax_code,
)
from survey_app.text import clean, fold

DAY = date(2021, 12, 1)


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("LÒ THỊ HỒNG PÁNH", "Lò Thị Hồng Pánh"),
        ("  Lò\u00a0Văn   Ánh ", "Lò Văn Ánh"),
        ("Nguye\u0302\u0303n Va\u0306n A", "Nguyễn Văn A"),
        ("Quàng Văn Hoà", "Quàng Văn Hoà"),
        ("ĐIÊU VĂN ÍN", "Điêu Văn Ín"),
        ("H'MÔNG A DÍ", "H'Mông A Dí"),
    ],
)
def test_names_are_cleaned_and_tone_marks_stay(written, name):
    assert person_name(written) == name


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("0912345678", "0912345678"),
        ("0912.345.678", "0912345678"),
        ("0912 345\u00a0678 ", "0912345678"),
        ("(+84) 912345678", "0912345678"),
        ("+84 912 345 678", "0912345678"),
        ("84912345678", "0912345678"),
        ("0084912345678", "0912345678"),
        ("+84 0912345678", "0912345678"),
        (912345678, "0912345678"),
        (912345678.0, "0912345678"),
        ("912345678.0", "0912345678"),
    ],
)
def test_phones_become_ten_digits(written, number):
    phone = phone_number(written)
    assert (phone.number, phone.old) == (number, False)


@pytest.mark.parametrize(
    ("written", "number"),
    [("01642 631 583", "0342631583"), (1642631583, "0342631583"), ("+841201234567", "0701234567")],
)
def test_numbers_of_before_2018_get_their_new_prefix(written, number):
    phone = phone_number(written)
    assert (phone.number, phone.old) == (number, True)


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ("03283o2069", "other"),
        ("035632596", "short"),
        ("03470358064", "long"),
        ("02153862000", "landline"),
        ("0000000000", "other"),
        ("0412345678", "other"),
        ("không có", "other"),
    ],
)
def test_what_is_no_mobile_number_is_told_with_its_reason(written, fault):
    phone = phone_number(written)
    assert (phone.number, phone.fault) == (None, fault)


@given(st.text(max_size=30))
def test_a_phone_is_ten_digits_or_a_fault_whatever_is_typed(text):
    phone = phone_number(text)
    assert (phone.number is None) == (phone.fault is not None)
    assert phone.number is None or (len(phone.number) == 10 and phone.number.isdigit())


@pytest.mark.parametrize(
    "cell",
    [
        "05/03/2021",
        "5/3/2021",
        "05-03-2021",
        "05.03.2021",
        "5/3/21",
        "2021-03-05",
        "ngày 5 tháng 3 năm 2021",
        44260,
        "44260.0",
        date(2021, 3, 5),
        datetime(2021, 3, 5, 8, 30),  # noqa: DTZ001 - a cell of a spreadsheet has no zone
    ],
)
def test_a_day_is_read_in_every_writing(cell):
    assert calendar_day(cell, 2021) == date(2021, 3, 5)


@pytest.mark.parametrize("cell", ["31/02/2021", "02/31/2021", "tháng 5", "5/2021", "x", "0/0/0000"])
def test_what_is_no_day_of_the_calendar_is_none(cell):
    assert calendar_day(cell, 2021) is None


@pytest.mark.parametrize(
    ("cell", "year", "day"),
    [
        (1979, 1979, None),
        ("1979", 1979, None),
        (1979.0, 1979, None),
        ("04/05/1979", 1979, date(1979, 5, 4)),
        ("04/05/79", 1979, date(1979, 5, 4)),
        ("6/1979", 1979, None),
        (28979, 1979, date(1979, 5, 4)),
    ],
)
def test_a_birth_is_a_year_or_a_day(cell, year, day):
    birth = birth_value(cell, DAY)
    assert (birth.year, birth.day, birth.readable) == (year, day, True)


@pytest.mark.parametrize("cell", ["khoảng 1970", "1870", "2030", "197", "x", "31/02/1980"])
def test_what_is_no_birth_of_a_living_person_is_unreadable(cell):
    assert not birth_value(cell, DAY).readable


def test_age_counts_the_day_where_it_is_known():
    assert age_on(2003, date(2003, 12, 1), DAY) == 18
    assert age_on(2003, date(2003, 12, 2), DAY) == 17
    assert age_on(2003, None, DAY) == 18


@pytest.mark.parametrize(("cell", "gender"), [("nam", "Nam"), ("NỮ", "Nữ"), ("Nu", "Nữ"), ("?", None), (None, None)])
def test_gender_is_read_with_and_without_marks(cell, gender):
    assert gender_value(cell) == gender


@pytest.mark.parametrize(
    ("text", "suspect"),
    [("=1+1", True), ("\t=1", True), ("@SUM(1)", True), ("-2+3", True), ("-", False), ("--", False), ("Nam", False)],
)
def test_text_like_a_formula_is_noticed_and_a_dash_is_not(text, suspect):
    assert formula_like(text) is suspect


@pytest.mark.parametrize(
    "text",
    [
        "０９１２３４５６７８",
        "09１２３４５６７８",
        "0912,345,678",
        "0912\u2011345\u2011678",
        "9.12345678E+08",
        "091\u200b2345678",
    ],
)
def test_a_number_is_read_however_its_digits_were_typed(text):
    assert phone_number(text).number == "0912345678"


@pytest.mark.parametrize(
    "cell", ["9.12E+08", 912345678.5, float("inf"), "9.1E+999", "1" * 400 + ".0", "0912345678/0987654321", True]
)
def test_a_number_that_has_lost_its_digits_is_not_made_up(cell):
    assert phone_number(cell).number is None


@pytest.mark.parametrize(
    "text", ["05/03/2021 10:30", "05/03/2021 08:30:00 SA", "Ngày 5/3/2021", "ngày 05/03/2021", "5.3.21."]
)
def test_a_time_of_day_or_the_word_day_changes_nothing(text):
    assert calendar_day(text, 2021) == date(2021, 3, 5)


def test_a_time_in_american_writing_leaves_the_order_of_day_and_month_open():
    assert calendar_day("3/5/2021 10:30 AM", 2021) is None


@pytest.mark.parametrize("text", ["năm 1980", "Sinh năm 1980", "00/00/1980", "tháng 3 năm 1980", "03/1980"])
def test_a_year_of_birth_alone_is_a_year(text):
    assert birth_value(text, date(2021, 12, 1)) == Birth(1980, None, True)


def test_signs_without_width_do_not_part_a_name():
    assert person_name("\ufeffLò\u00a0Văn Á\u200bnh\u200e") == "Lò Văn Ánh"


@pytest.mark.parametrize(
    ("written", "code"),
    [
        *(
            (text, "5600123458")
            for text in ("5600123458", "560 012 3458", "5600.123.458", "MST: 5600123458", "５６００１２３４５８")
        ),
        ("312345678", "0312345678"),
        *((text, "0312345678-001") for text in ("0312345678-001", "0312345678 001", "312345678-001", "312345678001")),
        ("011085001234", "011085001234"),
        ("56001234", "56001234"),
        ("chưa có", None),
        (None, None),
    ],
)
def test_a_tax_code_is_ten_digits_whatever_stands_around_them(written, code):
    assert tax_code(written) == code


def test_look_alikes_of_old_keyboards_and_a_last_stop_make_no_other_person():
    assert clean("Ðặng Thị Ých") == "Đặng Thị Ých"
    assert fold("Ðỗ Văn Hòa.") == fold("ĐỖ VĂN HOÀ")
