"""Account slips."""

import io
from datetime import date

import pytest
from pypdf import PdfReader

from survey_app.errors import Refused
from survey_app.users.rules import Slip
from survey_app.users.slips import slips_pdf


def draw(slips):
    pdf = slips_pdf(
        slips,
        address="https://cchc.tuangiao.example/first-use",
        expires=date(2021, 12, 31),
        help_line="Cần giúp: Minh.",
    )
    return [" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(pdf)).pages]


def make_slip(number=1, unit_name="Xã Quài Cang", login="xa-quai-cang"):
    return Slip(unit_name, f"Cán bộ lập danh sách, {unit_name}", login, f"ABCD-EFGH-JK{number:02}")


def test_eight_slips_stand_on_a_page():
    pages = draw([make_slip(number) for number in range(10, 81)])
    assert len(pages) == 9
    assert [page.count("PHIẾU TÀI KHOẢN") for page in pages] == [8] * 8 + [7]


def test_a_slip_says_all_that_is_needed_to_come_in():
    (page,) = draw([make_slip()])
    for words in (
        "Xã Quài Cang",
        "Tên đăng nhập: xa-quai-cang",
        "Mã dùng một lần: ABCD-EFGH-JK01",
        "31/12/2021",
        "Minh",
    ):
        assert words in page
    assert "https://cchc.tuangiao.example/first-use" in page


def test_long_names_keep_their_slip():
    long = make_slip(unit_name="Trường Phổ thông dân tộc bán trú Trung học cơ sở xã Phình Sáng " * 3, login="x" * 40)
    pages = draw([long] * 8 + [make_slip()])
    assert [page.count("PHIẾU TÀI KHOẢN") for page in pages] == [8, 1]


def test_nothing_to_print_is_said():
    with pytest.raises(Refused):
        draw([])
