"""The official papers, read back: layout after Nghị định 30/2020/NĐ-CP, figures, fonts."""

import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime
from io import BytesIO

import pytest
from docx import Document
from docx.oxml.ns import qn
from docx.shared import Pt
from pypdf import PdfReader

from survey_app.errors import Invalid
from survey_app.handover.models import PaperKind
from survey_app.handover.papers import (
    GroupFigures,
    RosterFigures,
    annex_context,
    default_wishes,
    figures_of,
    paper_context,
)
from survey_app.handover.pdf import annex_pdfs, paper_pdf
from survey_app.handover.word import check_template, filled
from survey_app.handover.word_templates import shipped_template
from survey_app.roster.queries import latest_version
from tests.roster_changes.locked_round import make_locked

DAY = date(2021, 2, 5)


def facts(session, kind=PaperKind.LETTER, **words):
    """(wishes, context) of a paper of the locked sample round."""
    locked = make_locked(session)
    version = latest_version(session, locked.round)
    wishes = replace(
        default_wishes(session, locked.round, kind, DAY), number="05/UBND-NV", signer="Lò Văn Hưng", **words
    )
    return wishes, paper_context(kind, wishes, figures_of(session, locked.round, version), "ab" * 32)


def text_of(document) -> str:
    return "\n".join(node.text or "" for node in document.element.body.iter(qn("w:t")))


def test_the_day_of_the_lock_is_that_of_viet_nam(database):
    with database.writing() as session:
        locked = make_locked(session)
        version = latest_version(session, locked.round)
        version.locked_at = datetime(2021, 2, 4, 17, 30, tzinfo=UTC)  # half past midnight of the fifth
        assert figures_of(session, locked.round, version).locked_on == date(2021, 2, 5)


def test_the_letter_has_heading_subject_recipient_and_signature(database):
    with database.writing() as session:
        _wishes, context = facts(session, basis="Căn cứ Kế hoạch số 12/KH-UBND\nTheo đề nghị của các xã")
    document = Document(BytesIO(filled(shipped_template(PaperKind.LETTER), context)))
    text = text_of(document)
    for words in (
        "ỦY BAN NHÂN DÂN",
        "HUYỆN TUẦN GIÁO",
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "Số: 05/UBND-NV",
        "V/v gửi danh sách đối tượng điều tra xã hội học năm 2021",
        ["Huyện Tuần Giáo", "ngày 05 tháng 02 năm 2021"][1],
        "Kính gửi: Sở Nội vụ tỉnh Điện Biên.",
        "Căn cứ Kế hoạch số 12/KH-UBND;",
        "Theo đề nghị của các xã.",
        "ab" * 32,
        "TM. ỦY BAN NHÂN DÂN",
        "KT. CHỦ TỊCH",
        "Lò Văn Hưng",
        "- Lưu: VT, NV.",
    ):
        assert words in text, words
    assert "{{" not in text
    assert "UBND TỈNH" not in text  # a People's Committee names no superior


@pytest.mark.parametrize(
    ("typed", "printed"),
    [("5/UBND-NV", "Số: 05/UBND-NV"), ("15/UBND-NV", "Số: 15/UBND-NV"), ("5", "Số: 05"), ("05/BC", "Số: 05/BC"),
     ("/UBND-NV", "Số: " + "\u00a0" * 10 + "/UBND-NV")],
)  # fmt: skip
def test_a_number_below_ten_takes_a_zero_and_one_not_given_yet_leaves_room(database, typed, printed):
    with database.writing() as session:
        locked = make_locked(session)
        version = latest_version(session, locked.round)
        wishes = replace(default_wishes(session, locked.round, PaperKind.LETTER, DAY), number=typed)
        context = paper_context(PaperKind.LETTER, wishes, figures_of(session, locked.round, version), "")
        assert context["number"] == printed
        attached = annex_context(wishes, locked.round, version, False)["attached"]
        assert f"Công văn {printed[0].lower()}{printed[1:].replace(': ', ' ')} ngày 05" in attached


def test_basis_and_copies_are_written_as_the_decree_writes_them(database):
    with database.writing() as session:
        _wishes, context = facts(
            session,
            basis="Luật Tổ chức chính quyền địa phương;\nXét đề nghị của các xã.",
            copies="- Như trên\nLưu: VT, NV.",
        )
    assert context["basis"] == ["Căn cứ Luật Tổ chức chính quyền địa phương;", "Xét đề nghị của các xã."]
    assert context["copies"] == ["Như trên;", "Lưu: VT, NV."]


def test_only_groups_that_hold_somebody_are_counted(database):
    with database.writing() as session:
        _wishes, context = facts(session)
    assert [(one["code"], one["persons"]) for one in context["groups"]] == [("C", 1), ("E", 2)]
    figures = RosterFigures(
        2021, 1, "", DAY, (GroupFigures("A", "x", 1, 3, 3), GroupFigures("B", "y", 0, 0, 4)), 1
    )  # fmt: skip
    assert "gồm 3 người thuộc 1 nhóm" in paper_context(PaperKind.LETTER, _wishes, figures, "")["paragraphs"][0]


@pytest.mark.parametrize("lines", range(1, 16))
def test_a_signature_never_stands_alone_on_a_page(database, lines):
    with database.writing() as session:
        wishes, context = facts(session, basis="\n".join(["Kế hoạch số 12/KH-UBND của UBND huyện về điều tra"] * lines))
    pages = PdfReader(BytesIO(paper_pdf(PaperKind.LETTER, wishes, context))).pages
    last = " ".join(pages[-1].extract_text().split())
    assert "kính gửi Sở Nội vụ tỉnh Điện Biên tổng hợp./." in last
    assert "Lò Văn Hưng" in last
    assert len(pages) == 1 or lines > 2


def test_page_fonts_and_numbers_follow_the_decree(database):
    with database.writing() as session:
        _wishes, context = facts(session)
    document = Document(BytesIO(filled(shipped_template(PaperKind.LETTER), context)))
    section = document.sections[0]
    assert (round(section.page_width.mm), round(section.page_height.mm)) == (210, 297)
    assert (round(section.left_margin.mm), round(section.right_margin.mm)) == (30, 15)
    assert 19.9 <= section.top_margin.mm <= 25
    assert section.different_first_page_header_footer
    header = section.header.paragraphs[0]
    assert "PAGE" in header._p.xml
    assert 'w:jc w:val="center"' in header._p.xml
    sizes = {run.font.size for paragraph in document.paragraphs for run in paragraph.runs if run.text.strip()}
    assert sizes <= {Pt(size) for size in (11, 12, 13, 14)}
    names = {run.font.name for paragraph in document.paragraphs for run in paragraph.runs if run.text.strip()}
    assert names == {"Times New Roman"}
    body = next(one for one in document.paragraphs if "gửi Sở Nội vụ" in one.text and one.text.startswith("Ủy ban"))
    assert round(body.paragraph_format.first_line_indent.mm, 1) == 12.7
    assert body.paragraph_format.space_after >= Pt(6)


def test_an_office_writes_its_committee_above_itself(database):
    with database.writing() as session:
        _wishes, context = facts(session, PaperKind.PROPOSAL)
    text = text_of(Document(BytesIO(filled(shipped_template(PaperKind.PROPOSAL), context))))
    assert "UBND HUYỆN TUẦN GIÁO" in text
    assert "PHÒNG NỘI VỤ" in text
    assert "TỜ TRÌNH" in text


def test_deviations_from_the_quotas_are_named_with_their_reason(database):
    with database.writing() as session:
        _wishes, context = facts(session, PaperKind.REPORT)
    assert context["deviations"] == ["Nhóm E, Xã Quài Nưa: 0/2 người"]
    text = text_of(Document(BytesIO(filled(shipped_template(PaperKind.REPORT), context))))
    assert "BÁO CÁO" in text
    assert "- Nhóm E, Xã Quài Nưa: 0/2 người;" in text
    assert "thiếu 2" in text


def test_equal_facts_give_equal_word_files(database):
    with database.writing() as session:
        _wishes, context = facts(session)
    template = shipped_template(PaperKind.LETTER)
    assert filled(template, context) == filled(template, context)


def test_letters_in_an_answer_do_not_break_the_file(database):
    with database.writing() as session:
        _wishes, context = facts(session, subject="A & B <xã>")
    assert "V/v A & B <xã>" in text_of(Document(BytesIO(filled(shipped_template(PaperKind.LETTER), context))))


def annex(session, ethnicity=False):
    locked = make_locked(session)
    wishes = replace(default_wishes(session, locked.round, PaperKind.LETTER, DAY), number="05/UBND-NV")
    return annex_context(wishes, locked.round, latest_version(session, locked.round), ethnicity)


def test_the_annex_is_landscape_with_a_repeated_head_and_names_the_letter(database):
    with database.writing() as session:
        context = annex(session)
    document = Document(BytesIO(filled(shipped_template(PaperKind.ANNEX), context)))
    section = document.sections[0]
    assert section.page_width > section.page_height
    text = text_of(document)
    assert "(Kèm theo Công văn số 05/UBND-NV ngày 05 tháng 02 năm 2021 của Ủy ban nhân dân huyện Tuần Giáo)" in text
    assert len(document.tables) == 2
    for table in document.tables:
        assert table.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None
        grid = table._tbl.find(qn("w:tblGrid")).findall(qn("w:gridCol"))
        assert len(grid) == len(table.columns) == len(table.rows[1].cells)
    assert "0912345671" in text
    assert "Dân tộc" not in text
    with database.writing() as session:
        session.rollback()


def test_ethnicity_stands_in_the_annex_only_when_wanted(database):
    with database.writing() as session:
        context = annex(session, ethnicity=True)
    assert "Dân tộc" in context["groups"][0]["columns"]


@pytest.mark.parametrize("kind", [PaperKind.LETTER, PaperKind.PROPOSAL, PaperKind.REPORT])
def test_the_pdf_says_the_same_with_its_fonts_inside(database, kind):
    with database.writing() as session:
        wishes, context = facts(session, kind)
    reader = PdfReader(BytesIO(paper_pdf(kind, wishes, context)))
    text = " ".join(" ".join(page.extract_text() for page in reader.pages).split())
    assert "Kính gửi" in text
    assert "Tổng cộng" in text
    assert "Số: 05/UBND-NV" in text
    assert fonts_are_inside(reader)


def fonts_are_inside(reader: PdfReader) -> bool:
    fonts = [font.get_object() for page in reader.pages for font in page["/Resources"]["/Font"].values()]
    descriptors = [font["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object() for font in fonts]
    return bool(descriptors) and all({"/FontFile2", "/FontFile3"} & set(one) for one in descriptors)


def test_the_annex_as_pdf_repeats_the_head_on_every_page(database):
    with database.writing() as session:
        context = annex(session)
    group = context["groups"][1]
    group["rows"] = [{"number": number, "cells": group["rows"][0]["cells"]} for number in range(9_981, 10_041)]
    [only] = annex_pdfs(context)
    reader = PdfReader(BytesIO(only))
    pages = [" ".join(page.extract_text().split()) for page in reader.pages]
    assert len(pages) > 2
    assert all("Họ và tên" in page for page in pages)
    assert pages[1].endswith(" 2")
    assert not pages[0].endswith(" 1")
    assert "06/03/2021" in pages[1]
    assert "10040 Lò Văn" in " ".join(pages)  # the number does not break over two lines
    box = reader.pages[0].mediabox
    assert box.width > box.height


def test_a_long_annex_comes_in_parts_that_hold_every_row_once(database):
    with database.writing() as session:
        context = annex(session)
    group = context["groups"][1]
    rows = [{"number": number, "cells": group["rows"][0]["cells"]} for number in range(1, 1_005)]
    context["groups"] = [{**group, "title": "Nhóm C"}, {**group, "title": "Nhóm E", "rows": rows}]
    parts = [PdfReader(BytesIO(part)) for part in annex_pdfs(context)]
    texts = [" ".join(page.extract_text() for page in one.pages) for one in parts]
    assert ["Phụ lục (phần 1/2)" in texts[0], "Phụ lục (phần 2/2)" in texts[1]] == [True, True]
    assert "Nhóm E (tiếp theo)" in texts[1]
    assert sum(text.count("Lò Văn") for text in texts) == 1_004 + len(group["rows"])


def template_with(text: str) -> bytes:
    document = Document()
    document.add_paragraph(text)
    memory = BytesIO()
    document.save(memory)
    return memory.getvalue()


@pytest.mark.parametrize(
    "text",
    ["{{ khong_co }}", "{% for x in", "{{ ''.__class__.__mro__ }}", "{{ groups.__class__.__base__.__subclasses__() }}"],
)
def test_a_template_that_asks_for_more_than_its_facts_is_refused_in_words(database, text):
    with database.writing() as session:
        _wishes, context = facts(session)
    with pytest.raises(Invalid, match="không điền được"):
        check_template(template_with(text), PaperKind.LETTER, context)


def test_the_name_a_template_asks_for_is_said_without_english_words():
    with pytest.raises(Invalid) as refused:
        check_template(template_with("{{ khong_co }}"), PaperKind.LETTER, {})
    assert refused.value.faults["file"] == (
        "Mẫu Word có chỗ không điền được: gọi một tên không có trong dữ liệu («khong_co»). Sửa mẫu rồi tải lên lại."
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{{ 1/0 }}", "có phép tính hoặc lệnh không làm được"),
        ("{% for x in range(10**9) %}a{% endfor %}", "chạy quá lâu hoặc tạo ra quá nhiều"),
        ("{{ 'a' * 10**10 }}", "chạy quá lâu hoặc tạo ra quá nhiều"),
        ("{{ ('a' * 10**8).replace('a', 'bbbbbbbbbb') }}", "chạy quá lâu hoặc tạo ra quá nhiều"),
        ("{% for x in range(99999) %}{% for y in range(99999) %}{% endfor %}{% endfor %}", "chạy quá lâu"),
        ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "chạy quá lâu hoặc tạo ra quá nhiều"),
        ("{% include 'x' %}", "không làm được"),
    ],
)
def test_a_template_that_fails_or_would_not_end_is_refused_in_words(text, words):
    with pytest.raises(Invalid, match=words):
        check_template(template_with(text), PaperKind.LETTER, {"mark": ""})


def changed(content: bytes, **files: bytes) -> bytes:
    memory = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as read, zipfile.ZipFile(memory, "w") as written:
        for name in read.namelist():
            written.writestr(name, read.read(name))
        for name, body in files.items():
            written.writestr(name, body)
    return memory.getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"not a file", "không phải tệp Word"),
        (changed(template_with("x"), **{"word/vbaProject.bin": b"x"}), "macro"),
        (
            changed(template_with("x"), **{"word/_rels/x.rels": b'<R TargetMode="External"/>'}),
            "liên kết ra ngoài",
        ),
        (b"PK" + b"x" * 2_000_000, "2 MB"),
    ],
)
def test_foreign_content_of_a_template_is_refused(content, words):
    with pytest.raises(Invalid, match=words):
        check_template(content, PaperKind.LETTER, {})
