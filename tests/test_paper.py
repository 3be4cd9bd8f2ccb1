"""HTML to PDF after Nghị định 30/2020."""

import io
import re
from datetime import date

import pytest
from markupsafe import Markup

from survey_app import paper
from survey_app.errors import Refused

ALL_VIETNAMESE = "ăâđêôơư ằẳẵắặ ầẩẫấậ ềểễếệ ồổỗốộ ờởỡớợ ừửữứự ỳỷỹýỵ ĂÂĐÊÔƠƯ ẰẲẴẮẶ ẦẨẪẤẬ ỀỂỄẾỆ ỒỔỖỐỘ ỜỞỠỚỢ ỪỬỮỨỰ ỲỶỸÝỴ"
HEADING = paper.Heading("Phòng Nội vụ", "UBND huyện Tuần Giáo", "Số: 05/GM-PNV", "Tuần Giáo", date(2021, 2, 5))


def read(pdf: bytes):
    from pypdf import PdfReader

    return PdfReader(io.BytesIO(pdf))


def fonts_of(pdf: bytes) -> set[str]:
    pages = read(pdf).pages
    return {font.get_object()["/BaseFont"] for page in pages for font in page["/Resources"]["/Font"].values()}


def test_the_page_is_a4_with_the_type_of_the_decree_and_every_vietnamese_letter():
    pdf = paper.html_to_pdf(f"<body><p>{ALL_VIETNAMESE}</p></body>", title="Thử")
    page = read(pdf).pages[0]
    assert (round(page.mediabox.width), round(page.mediabox.height)) == (595, 842)
    assert page.extract_text().split() == ALL_VIETNAMESE.split()
    assert all("Liberation-Serif" in font or "Times" in font or "Tinos" in font for font in fonts_of(pdf))


def test_page_numbers_start_on_the_second_page_at_the_top():
    pdf = paper.html_to_pdf('<body><p>một</p><p style="break-before: page">hai</p></body>', title="Thử")
    first, second = read(pdf).pages
    assert first.extract_text().split() == ["một"]
    heights = {}

    def note_height(text, page_matrix, text_matrix, *_):
        heights[text.strip()] = page_matrix[3] * text_matrix[5] + page_matrix[5]

    second.extract_text(visitor_text=note_height)
    assert set(heights) - {""} == {"2", "hai"}
    assert heights["2"] > heights["hai"]


def test_the_heading_has_the_words_of_the_decree():
    text = paper.html_to_pdf(Markup("<body>{}</body>").format(paper.heading_html(HEADING)), title="Thử")
    lines = read(text).pages[0].extract_text()
    for words in ("UBND HUYỆN TUẦN GIÁO", "PHÒNG NỘI VỤ", "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"):
        assert words in lines
    assert "Độc lập - Tự do - Hạnh phúc" in lines
    assert "Tuần Giáo, ngày 05 tháng 02 năm 2021" in lines


@pytest.mark.parametrize(
    ("day", "text"),
    [
        (date(2021, 2, 5), "ngày 05 tháng 02 năm 2021"),
        (date(2021, 3, 15), "ngày 15 tháng 3 năm 2021"),
        (date(2021, 12, 1), "ngày 01 tháng 12 năm 2021"),
    ],
)
def test_days_below_ten_and_two_months_are_padded(day, text):
    assert paper.place_and_day("Tuần Giáo", day) == f"Tuần Giáo, {text}"


def test_a_peoples_committee_names_no_superior():
    html = paper.heading_html(paper.Heading("Ủy ban nhân dân\nhuyện Tuần Giáo"))
    assert "Ủy ban nhân dân<br>huyện Tuần Giáo" in html
    assert "second" not in html


def test_text_of_others_stays_text():
    html = paper.heading_html(paper.Heading('<img src="x">', number="<b>", place="<i>"))
    assert "<img" not in html
    assert "&lt;b&gt;" in html


def test_nothing_is_fetched_from_disk_or_network(tmp_path):
    secret = tmp_path / "secret.svg"
    secret.write_text('<svg xmlns="http://www.w3.org/2000/svg" width="50" height="50"><text y="20">lộ</text></svg>')
    image = f'<body><p>chữ</p><img src="{secret.as_uri()}"><img src="http://127.0.0.1:9/x.svg"></body>'
    page = read(paper.html_to_pdf(image, title="Thử")).pages[0]
    assert page.extract_text().split() == ["chữ"]


def test_the_qr_code_holds_the_link_at_level_q():
    import segno

    link = "https://ks.dienbien.gov.vn/p#0123456789ABC"
    svg = paper.qr_svg(link, 35, "Mã QR")
    same = segno.make_qr(link, error="q", boost_error=False)
    assert same.error == "Q"
    assert str(svg).split("<path")[1] == same.svg_inline(border=4, omitsize=True, title="Mã QR").split("<path")[
        1
    ].replace(' class="qrline"', "")
    # 33 modules of 35 mm, and four modules of quiet zone on both sides.
    assert 'width="43.48mm"' in svg
    assert "<title>Mã QR</title>" in svg


_WITHOUT_PANGO = """
import sys
class NoPango:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "weasyprint":
            raise OSError("cannot load library 'libpango-1.0-0'")
sys.meta_path.insert(0, NoPango())
"""


def test_a_missing_pango_is_said_with_its_remedy(monkeypatch, tmp_path):
    child = tmp_path / "paper_child.py"
    child.write_text(_WITHOUT_PANGO + paper._CHILD.read_text("utf-8"), "utf-8")
    monkeypatch.setattr(paper, "_CHILD", child)
    with pytest.raises(Refused) as refused:
        paper.html_to_pdf("<body>chữ</body>", title="Thử")
    assert "apt-get install libpango-1.0-0" in refused.value.message


def test_what_memory_and_time_do_not_allow_is_refused_in_words(monkeypatch, tmp_path):
    child = tmp_path / "paper_child.py"
    limited = re.sub(r"^CPU_SECONDS = .*$", "CPU_SECONDS = 1", paper._CHILD.read_text("utf-8"), flags=re.MULTILINE)
    child.write_text(limited, "utf-8")
    monkeypatch.setattr(paper, "_CHILD", child)
    with pytest.raises(Refused, match="quá lớn nên không vẽ được"):
        paper.html_to_pdf(f"<body>{'<p>một dòng</p>' * 20_000}</body>", title="Thử")
