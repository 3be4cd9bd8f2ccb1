"""What a questionnaire is written as besides XLSForm: DDI-Codebook, a paper form, an XForm."""

import io
from pathlib import Path

import pytest
from lxml import etree
from pypdf import PdfReader

from survey_app.questionnaires.ddi import write_ddi
from survey_app.questionnaires.label_values import with_dots
from survey_app.questionnaires.paper_form import HandIn, paper_form_pdf
from survey_app.questionnaires.path import screens
from survey_app.questionnaires.rules import SHIPPED_FOLDER
from survey_app.questionnaires.xlsform import read_xlsform
from tests.questionnaires.make import HEADINGS, SCREENED, make_definition, make_source
from tests.questionnaires.test_features import FEATURES, read_feature

SCHEMA = etree.XMLSchema(file=str(Path(__file__).parents[1] / "reference" / "ddi-codebook-2.5-part.xsd"))
SHIPPED = sorted(SHIPPED_FOLDER.glob("*/*.md"))
NAMED = ("da_lam", "q_1_1", "vi_sao")
NAMES = {"d": "ddi:codebook:2_5"}


def ddi_of(definition):
    tree = etree.fromstring(write_ddi(definition))
    SCHEMA.assertValid(tree)
    return tree


@pytest.mark.parametrize("feature", FEATURES)
def test_the_ddi_of_every_feature_is_valid(feature):
    definition = read_feature(feature)
    names = [q.name for q in definition.questions() if q.is_answered or q.is_computed]
    assert ddi_of(definition).xpath("//d:var/@name", namespaces=NAMES) == names


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_the_ddi_of_every_shipped_questionnaire_is_valid(path):
    tree = ddi_of(read_xlsform(path.read_bytes(), path.name))
    assert tree.xpath("count(//d:var/d:qstn)", namespaces=NAMES) >= 2


def test_the_ddi_holds_levels_languages_conditions_and_dont_know():
    tree = ddi_of(make_definition(*SCREENED))
    variable = tree.xpath("//d:var[@name='q_1_1']", namespaces=NAMES)[0]
    assert variable.xpath("d:qstn/@xml:lang", namespaces=NAMES) == ["vi", "en"]
    assert variable.xpath("d:catgry[@missing='Y']/d:catValu/text()", namespaces=NAMES) == ["KB"]
    assert variable.xpath("d:catgry/d:txt/text()", namespaces=NAMES) == ["level 1", "level 2"]
    assert variable.xpath("d:concept/text()", namespaces=NAMES) == ["1.1"]
    conditions = {name: tree.xpath(f"//d:var[@name='{name}']/d:universe/text()", namespaces=NAMES) for name in NAMED}
    group = "${da_lam} != 'khong'"  # the condition of a section holds for all inside
    assert conditions == {"da_lam": [], "q_1_1": [group], "vi_sao": [f"({group}) and (${{so_lan}} >= 3)"]}


def text_of(pdf):
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())


def test_the_paper_form_is_a4_numbered_as_on_the_screen_and_tells_whom_a_question_concerns():
    definition = make_definition(*SCREENED)
    pdf = paper_form_pdf(definition, "vi", {"unit": "UBND xã"}, "Xã Quài Cang")
    page = PdfReader(io.BytesIO(pdf)).pages[0]
    assert (round(page.mediabox.width), round(page.mediabox.height)) == (595, 842)
    text = text_of(pdf)
    assert "Đang đánh giá: Xã Quài Cang" in text
    assert "1. Đã làm chưa?" in text
    assert "2. Thái độ?" in text
    assert "Chỉ trả lời các câu 2–4 nếu câu 1 chọn «Có»." in text
    assert "Không → sang câu 5" in text
    assert "Nếu câu 1 chọn «Không»: Cảm ơn." in text
    assert "Có → " not in text
    assert "Đánh nhầm thì khoanh tròn" in text
    assert "Có thể chọn nhiều ô." in text
    assert "5. Gì nữa?" in text
    assert (
        "Nộp phiếu Trả lời xong, xin nộp phiếu cho ………………………………, trước hết ngày …/…/……." in text
    )  # not known: by hand
    path = screens(definition, {"da_lam": "khong"})
    assert [(screen.name, screen.first_question) for screen in path] == [("da_lam", 1), ("cam_on", 5), ("khac", 5)]


CONDITIONS_ON_PAPER = {
    "${a} = 'co' and ${n} > 0": "câu 1 chọn «Có» và câu 2 lớn hơn 0.",
    "${n} >= 1.5": "câu 2 ít nhất là 1,5.",
    "3 > ${n}": "câu 2 nhỏ hơn 3.",
    "not(${a} = 'co')": "câu 1 chọn «Không».",
    "not(selected(${b}, 'co'))": "câu 3 không chọn «Có».",
    "${n} = '' or 'co' = ${a}": "câu 2 bỏ trống hoặc câu 1 chọn «Có».",
    "(${a} = 'co' or ${n} = 2) and ${m} <= ${n}": "(câu 1 chọn «Có» hoặc câu 2 bằng 2) và câu 4 nhiều nhất là câu 2.",
    "${n} * 2 > ${m}": "câu 2 × 2 lớn hơn câu 4.",
    "count-selected(${b}) >= 2": "số ô đã chọn ở câu 3 ít nhất là 2.",
    "string-length(${a}) > 2": "string-length(câu 1) > 2.",
    "${k} > 2": "(câu 2 + câu 4) lớn hơn 2.",
}


def test_a_condition_on_paper_is_in_words_with_the_numbers_on_the_sheet():
    rows = (
        "select_one co_khong | a | A? | A?",
        "integer | n | N? | N?",
        "select_multiple co_khong | b | B? | B?",
        "decimal | m | M? | M?",
        "calculate | k | | | | | | | ${n} + ${m}",
        "select_one co_khong | c | C? | C? | | | | ${n} > 0 or name = 'co'",
        *(f"text | x{place} | X? | X? | | {condition}" for place, condition in enumerate(CONDITIONS_ON_PAPER)),
    )
    headings = HEADINGS.replace("criterion", "choice_filter | calculation")
    definition = read_xlsform(make_source(*rows, headings=headings), "thu.md")
    text = text_of(paper_form_pdf(definition, "vi", {}))
    for told in CONDITIONS_ON_PAPER.values():
        assert f"Chỉ trả lời nếu {told}" in text
    assert "Chỉ chọn trong các ô phù hợp với điều đã trả lời ở câu 2." in text


def test_the_paper_form_ends_with_where_it_is_handed_in():
    definition = make_definition(*SCREENED)
    known = HandIn("UBND huyện Tuần Giáo", "30/11/2021", "0215 3862 123", "7:30–17:00")
    text = text_of(paper_form_pdf(definition, "vi", {}, hand_in=known))
    told = "xin nộp phiếu cho UBND huyện Tuần Giáo, trước hết ngày 30/11/2021. Nơi nhận phiếu: "
    assert text.index("5. Gì nữa?") < text.index("Nộp phiếu") < text.index(told)
    assert "gọi 0215 3862 123 (7:30–17:00)." in text


@pytest.mark.parametrize("feature", FEATURES)
def test_every_feature_can_be_printed(feature):
    definition = read_feature(feature)
    text = text_of(paper_form_pdf(definition, "vi", {}))
    for question in definition.questions():
        if question.is_answered:
            assert with_dots(question.label["vi"]) in text
