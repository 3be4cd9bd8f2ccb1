"""The PDF of a meeting: the list to sign, then the slips to cut."""

from dataclasses import replace
from datetime import date
from io import BytesIO

from pypdf import PdfReader

from survey_app import paper
from survey_app.access_codes import codes
from survey_app.access_codes.letters import LetterFrame
from survey_app.access_codes.slips import Attendant, Meeting, slips_pdf

FRAME = LetterFrame(
    heading=paper.Heading("Phòng Nội vụ", "UBND huyện Tuần Giáo", "Số:    /GM", "Tuần Giáo"),
    organisation="Phòng Nội vụ huyện Tuần Giáo",
    year=2021,
    survey_url="https://khaosat.tuangiao.dienbien.gov.vn",
    host="khaosat.tuangiao.dienbien.gov.vn",
    minutes=9,
    close_date=date(2022, 1, 7),
    privacy="",
    help_phone="0215 3862 123",
    help_hours="",
    help_place="",
    signer_title="",
    signer_name="",
)
MEETING = Meeting(FRAME, "Phòng Tài nguyên và Môi trường", "Nhóm A – Lãnh đạo phòng")


def pages_of(content: bytes) -> list[str]:
    return [" ".join(page.extract_text().split()) for page in PdfReader(BytesIO(content)).pages]


def test_the_list_names_the_persons_and_no_code_the_slips_a_code_and_no_person() -> None:
    people = [Attendant("Lò Văn Ngoan", "Trưởng phòng"), Attendant("Vừ Nỏ Dia", "Phó Trưởng phòng")]
    slips = [codes.new_code() for _ in people]
    attendance, sheet = pages_of(slips_pdf(MEETING, people, slips))
    assert "DANH SÁCH KÝ NHẬN MÃ BỐC THĂM" in attendance
    for person in people:
        assert person.name in attendance
        assert person.name not in sheet
    for code in slips:
        assert codes.printed(code) in sheet
        assert codes.printed(code) not in attendance
    assert "gửi trước hết ngày 07/01/2022" in sheet


def test_eight_slips_stand_on_a_page() -> None:
    slips = [codes.new_code() for _ in range(23)]
    sheets = pages_of(slips_pdf(MEETING, [], slips))
    found = [sum(codes.printed(code) in sheet for code in slips) for sheet in sheets]
    assert found == [8, 8, 7]


def test_a_long_list_goes_on_with_its_head_repeated() -> None:
    people = [Attendant(f"Lò Văn {number}", "Bản Xá Đứa, xã Quài Cang") for number in range(1, 61)]
    pages = pages_of(slips_pdf(MEETING, people, [codes.new_code()]))
    lists = [page for page in pages if "Họ và tên" in page]
    assert len(lists) > 1
    assert len(pages) == len(lists) + 1


def test_the_mark_of_a_training_round_stands_on_every_page() -> None:
    meeting = replace(MEETING, frame=replace(FRAME, mark="TẬP HUẤN – KHÔNG CÓ GIÁ TRỊ"))
    pages = pages_of(slips_pdf(meeting, [Attendant("Lò Văn Ngoan", "")], [codes.new_code() for _ in range(9)]))
    assert len(pages) == 3
    assert all("TẬP HUẤN – KHÔNG CÓ GIÁ TRỊ" in page for page in pages)
