"""Letters of invitation."""

import io
import time
from dataclasses import replace
from datetime import date

import pytest
from pypdf import PdfReader

from survey_app import paper
from survey_app.access_codes import codes, letters, privacy
from survey_app.errors import Refused

FRAME = letters.LetterFrame(
    heading=paper.Heading("Phòng Nội vụ", "UBND huyện Tuần Giáo", "Số: 05/GM-PNV", "Tuần Giáo", date(2022, 12, 1)),
    organisation="Phòng Nội vụ huyện Tuần Giáo",
    year=2022,
    survey_url="https://ks.dienbien.gov.vn",
    host="ks.dienbien.gov.vn",
    minutes=6,
    close_date=date(2023, 1, 7),
    privacy=privacy.short_privacy("sealed", 5),
    help_phone="0215 3862 123",
    help_hours="7:30–17:00",
    help_place="UBND xã nơi ông/bà ở",
    signer_title="TRƯỞNG PHÒNG",
    signer_name="Lò Thị Minh",
)


def make_addressee(number=1, name="Lò Văn Ngoan", detail="Bản Xá Cọ, xã Quài Cang", unit_name="Xã Quài Cang"):
    return letters.Addressee(name, detail, unit_name, number, codes.new_code())


def draw(people, frame=FRAME) -> bytes:
    return letters.letters_pdf([letters.Letter(frame, person) for person in people])


def pages_of(pdf: bytes) -> list[str]:
    return [" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(pdf)).pages]


def test_each_person_has_one_page_with_the_own_code():
    people = [make_addressee(1), make_addressee(2, "Vừ Nỏ Dia", "Phó Chủ tịch UBND xã Nà Sáy", "Xã Nà Sáy")]
    pages = pages_of(draw(people))
    assert len(pages) == 2
    for page, person, other in zip(pages, people, reversed(people), strict=True):
        assert codes.printed(person.code) in page
        assert codes.printed(other.code) not in page
        assert f"Kính gửi: Ông/Bà {person.name}, {person.detail}" in page


def test_the_letter_has_the_agreed_words():
    (page,) = pages_of(draw([make_addressee()]))
    for words in (
        "GIẤY MỜI Tham gia khảo sát ý kiến về cải cách hành chính năm 2022",
        "Ý kiến của Ông/Bà giúp cơ quan biết việc nào làm tốt, việc nào cần sửa.",
        "hoặc vào ks.dienbien.gov.vn và nhập mã",
        "Trả lời khoảng 6 phút.",
        "Bấm «Gửi phiếu» trước hết ngày 07/01/2023.",
        "Câu trả lời được niêm phong ngay khi gửi",
        "Mỗi mã dùng một lần. Xin đừng đưa mã cho người khác. Cán bộ không bao giờ hỏi mật khẩu, mã OTP hay tiền.",
        "gọi 0215 3862 123 (7:30–17:00), hoặc đến Bộ phận Một cửa UBND xã nơi ông/bà ở.",
        "TRƯỞNG PHÒNG",
    ):
        assert words in page


@pytest.mark.parametrize(
    "person",
    [
        make_addressee(name="Nguyễn Thị Ẳm " * 15, detail="Phó Chủ tịch kiêm Trưởng ban " * 20),
        make_addressee(name="Ă" * 300, detail="Ệ" * 300),
        make_addressee(unit_name="Trường Phổ thông dân tộc bán trú Trung học cơ sở " * 4),
    ],
)
def test_long_names_and_addresses_stay_on_their_page(person):
    pages = pages_of(draw([person, make_addressee(2)]))
    assert len(pages) == 2
    assert codes.printed(person.code) in pages[0]
    assert "Trân trọng." in pages[0]
    assert "Kính gửi: Ông/Bà Lò Văn Ngoan" in pages[1]


def test_a_frame_that_fits_no_page_is_refused_in_words():
    endless = replace(FRAME, help_place="Bộ phận tiếp nhận và trả kết quả " * 300)
    with pytest.raises(Refused, match="Rút ngắn"):
        draw([make_addressee()], endless)


def test_no_letter_for_nobody():
    with pytest.raises(Refused, match="Không có ai"):
        draw([])


def test_what_a_list_holds_is_printed_as_text():
    (page,) = pages_of(draw([make_addressee(name="<script>alert(1)</script>{{7*7}}")]))
    assert "<script>alert(1)</script>{{7*7}}" in page


def test_forty_letters_take_a_few_seconds():
    people = [make_addressee(number) for number in range(1, 41)]
    started = time.perf_counter()
    pages = pages_of(draw(people))
    assert time.perf_counter() - started < 15
    assert len(pages) == 40


def test_the_promise_follows_the_mode():
    sealed = privacy.short_privacy("sealed", 5)
    assert "niêm phong" in sealed
    assert "dưới 5 người" in sealed
    named = privacy.short_privacy("confidential", 10, "trưởng đoàn thẩm định", "đối chiếu")
    assert "Chỉ trưởng đoàn thẩm định được đọc, để đối chiếu" in named
    assert not any(word in named for word in ("ẩn danh", "khuyết danh", "niêm phong"))
