"""The Word templates that ship: the layout of Nghị định 30/2020/NĐ-CP with the places that are filled in.

They are drawn here rather than kept as files, so that a change can be read in a diff. An office takes one home, edits
it in Word and gives it back; from then on its own is used.
"""

from datetime import datetime
from functools import lru_cache
from io import BytesIO
from typing import TYPE_CHECKING, Any

from .models import PaperKind

if TYPE_CHECKING:
    from docx.document import Document

_FONT = "Times New Roman"
_FIGURES = (2, 3, 4)  # columns of the table of groups that hold figures
_FIXED_MOMENT = datetime(2021, 1, 1)  # noqa: DTZ001 - a fixed property, so that equal content gives equal bytes


@lru_cache(maxsize=len(PaperKind))
def shipped_template(kind: PaperKind) -> bytes:
    """The shipped template of a kind, as .docx."""
    return _annex_template() if kind == PaperKind.ANNEX else _paper_template(kind)


def _new_document(landscape: bool) -> "Document":
    from docx import Document
    from docx.enum.section import WD_ORIENT
    from docx.oxml.ns import qn
    from docx.shared import Mm, Pt

    document = Document()
    for name in ("author", "comments", "title"):
        setattr(document.core_properties, name, "")
    document.core_properties.created = document.core_properties.modified = _FIXED_MOMENT
    section = document.sections[0]
    section.page_width, section.page_height = (Mm(297), Mm(210)) if landscape else (Mm(210), Mm(297))
    section.orientation = WD_ORIENT.LANDSCAPE if landscape else WD_ORIENT.PORTRAIT
    section.top_margin = section.bottom_margin = Mm(20)
    section.left_margin, section.right_margin = Mm(30), Mm(15)
    section.header_distance = Mm(10)
    section.different_first_page_header_footer = True  # the first page has no number
    style = document.styles["Normal"]
    style.font.name, style.font.size = _FONT, Pt(14)
    style.element.rPr.rFonts.set(qn("w:eastAsia"), _FONT)
    style.element.rPr.rFonts.set(qn("w:cs"), _FONT)
    style.paragraph_format.space_after = Pt(0)
    _number_pages(section.header.paragraphs[0])
    return document


def _number_pages(paragraph: Any) -> None:
    """The page number, upright, in the middle of the top margin."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn
    from docx.shared import Pt

    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    run = paragraph.add_run()
    run.font.size, run.font.name = Pt(14), _FONT
    for kind, text in (("begin", None), (None, "PAGE"), ("end", None)):
        element = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            element.set(qn("w:fldCharType"), kind)
        else:
            element.text = text
        run._r.append(element)


def _write(paragraph: Any, text: str, size: float, *, bold: bool = False, italic: bool = False, align: str = "") -> Any:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Pt

    run = paragraph.add_run(text)
    run.font.name, run.font.size, run.bold, run.italic = _FONT, Pt(size), bold, italic
    if align:
        paragraph.alignment = {
            "center": WD_ALIGN_PARAGRAPH.CENTER,
            "justify": WD_ALIGN_PARAGRAPH.JUSTIFY,
            "left": WD_ALIGN_PARAGRAPH.LEFT,
        }[align]
    return paragraph


def _rule_below(paragraph: Any, indent_mm: float) -> None:
    """A rule below the text, shorter than the line by `indent_mm` on both sides."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn
    from docx.shared import Mm

    paragraph.paragraph_format.left_indent = paragraph.paragraph_format.right_indent = Mm(indent_mm)
    borders = OxmlElement("w:pBdr")
    line = OxmlElement("w:bottom")
    for name, value in (("val", "single"), ("sz", "6"), ("space", "1"), ("color", "000000")):
        line.set(qn(f"w:{name}"), value)
    borders.append(line)
    paragraph._p.get_or_add_pPr().append(borders)


def _two_columns(document: "Document", widths_mm: tuple[float, float]) -> Any:
    """A table of one row without borders."""
    from docx.shared import Mm

    table = document.add_table(rows=1, cols=2)
    table.autofit = False
    for column, width in zip(table.columns, widths_mm, strict=True):
        column.width = Mm(width)
        for cell in column.cells:
            cell.width = Mm(width)
    return table


def _heading(document: "Document", with_subject: bool) -> None:
    """Quốc hiệu and tiêu ngữ on the right, the issuing body with number and day below."""
    left, right = _two_columns(document, (65, 100)).rows[0].cells
    paragraph = left.paragraphs[0]
    _write(paragraph, "{%p if superior %}", 12, align="center")
    _write(left.add_paragraph(), "{{ superior }}", 12, align="center")
    _write(left.add_paragraph(), "{%p endif %}", 12, align="center")
    _write(left.add_paragraph(), "{%p for line in agency %}", 13, align="center")
    _write(left.add_paragraph(), "{{ line }}", 13, bold=True, align="center")
    _write(left.add_paragraph(), "{%p endfor %}", 13, align="center")
    _short_rule(left, 22)
    _write(left.add_paragraph(), "{{ number }}", 13, align="center")
    if with_subject:
        _write(left.add_paragraph(), "V/v {{ subject }}", 12, align="center")
    _write(right.paragraphs[0], "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", 12.5, bold=True, align="center")
    motto = _write(right.add_paragraph(), "Độc lập - Tự do - Hạnh phúc", 13.5, bold=True, align="center")
    _rule_below(motto, 17)
    day = _write(right.add_paragraph(), "{{ place_and_day }}", 13.5, italic=True, align="center")
    _space(day, before=8)


def _short_rule(cell: Any, indent_mm: float) -> None:
    """The rule of a third to a half of the line below the name of the body."""
    from docx.shared import Pt

    paragraph = cell.add_paragraph()
    paragraph.paragraph_format.line_spacing = Pt(2)
    paragraph.paragraph_format.space_after = Pt(6)
    _rule_below(paragraph, indent_mm)


def _space(paragraph: Any, before: float = 0, after: float = 0) -> Any:
    from docx.shared import Pt

    paragraph.paragraph_format.space_before, paragraph.paragraph_format.space_after = Pt(before), Pt(after)
    return paragraph


def _body(document: "Document", text: str, *, italic: bool = False) -> Any:
    """A paragraph of the text: 14 pt, justified, first line indented, 6 pt to the next."""
    from docx.shared import Mm

    paragraph = _write(document.add_paragraph(), text, 14, italic=italic, align="justify")
    paragraph.paragraph_format.first_line_indent = Mm(12.7)
    return _space(paragraph, after=6)


def _tag(document: "Document", text: str) -> None:
    """A paragraph that only steers the filling, and vanishes with it."""
    document.add_paragraph(text)


def _paper_template(kind: PaperKind) -> bytes:
    document = _new_document(landscape=False)
    is_letter = kind == PaperKind.LETTER
    _heading(document, with_subject=is_letter)
    if not is_letter:
        _space(_write(document.add_paragraph(), "{{ title }}", 14, bold=True, align="center"), before=14)
        about = _write(document.add_paragraph(), "Về việc {{ subject }}" if kind == PaperKind.PROPOSAL else
                       "Kết quả lập {{ subject }}", 14, bold=True, align="center")  # fmt: skip
        _rule_below(about, 0)
        about.paragraph_format.left_indent = about.paragraph_format.right_indent = None
        _replace_rule(document, about)
    _space(_write(document.add_paragraph(), "Kính gửi: {{ recipient }}.", 14, align="center"), before=12, after=12)
    _tag(document, "{%p for line in basis %}")
    _body(document, "{{ line }}", italic=True)
    _tag(document, "{%p endfor %}")
    _tag(document, "{%p for text in paragraphs %}")
    _body(document, "{{ text }}")
    _tag(document, "{%p endfor %}")
    _tag(document, "{%p if checksum %}")
    _space(_write(document.add_paragraph(), "{{ checksum }}", 12, align="left"), after=6)
    _tag(document, "{%p endif %}")
    _figures_table(document)
    _tag(document, "{%p if deviations %}")
    _space(_body(document, "Khác với chỉ tiêu:"), before=6, after=3)
    _tag(document, "{%p for line in deviations %}")
    _body(document, "- {{ line }};")
    _tag(document, "{%p endfor %}")
    _tag(document, "{%p endif %}")
    closing = _space(_body(document, "{{ closing }}"), before=6, after=6)
    closing.paragraph_format.keep_with_next = True  # a signature never stands on a page without words of the paper
    _signature(document)
    return _saved(document)


def _replace_rule(document: "Document", about: Any) -> None:
    """The rule below the title stands in a paragraph of its own, a third to a half as long as the line."""
    from docx.oxml.ns import qn
    from docx.shared import Pt

    properties = about._p.get_or_add_pPr()
    for borders in properties.findall(qn("w:pBdr")):
        properties.remove(borders)
    rule = document.add_paragraph()
    rule.paragraph_format.line_spacing = Pt(2)
    _rule_below(rule, 55)


def _figures_table(document: "Document") -> None:
    """Persons of each group; the heading repeats on the next page."""
    headings = ("Nhóm", "Đối tượng", "Số đơn vị", "Số người", "Chỉ tiêu", "So với chỉ tiêu")
    widths = (15, 66, 20, 20, 20, 24)
    table = _ruled_table(document, headings, widths)
    _row(table, ("{%tr for g in groups %}", *[""] * 5), widths)
    cells = ("{{ g.code }}", "{{ g.name }}", "{{ g.units }}", "{{ g.persons }}", "{{ g.target }}", "{{ g.deviation }}")
    _row(table, cells, widths, figures=_FIGURES)
    _row(table, ("{%tr endfor %}", *[""] * 5), widths)
    total = ("", "Tổng cộng", "{{ total.units }}", "{{ total.persons }}", "{{ total.target }}", "")
    _row(table, total, widths, bold=True, figures=_FIGURES)


def _ruled_table(document: "Document", headings: tuple[str, ...], widths: tuple[float, ...], size: float = 12) -> Any:
    from docx.oxml import OxmlElement
    from docx.shared import Mm

    table = document.add_table(rows=1, cols=len(headings))
    table.style, table.autofit = "Table Grid", False
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Mm(width)
    properties = table.rows[0]._tr.get_or_add_trPr()
    properties.append(OxmlElement("w:cantSplit"))
    properties.append(OxmlElement("w:tblHeader"))
    _fill(table.rows[0], headings, widths, bold=True, center=True, size=size)
    return table


def _row(
    table: Any, texts: tuple[str, ...], widths: tuple[float, ...], *, bold: bool = False, size: float = 12,
    figures: tuple[int, ...] = (),
) -> None:  # fmt: skip
    """One more row; columns of `figures` (from 0) stand to the right."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.oxml import OxmlElement

    row = table.add_row()
    row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
    _fill(row, texts, widths, bold=bold, center=False, size=size)
    for column in figures:
        row.cells[column].paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.RIGHT


def _fill(
    row: Any, texts: tuple[str, ...], widths: tuple[float, ...], *, bold: bool, center: bool, size: float
) -> None:
    from docx.shared import Mm

    for cell, text, width in zip(row.cells, texts, widths, strict=True):
        cell.width = Mm(width)
        _write(cell.paragraphs[0], text, size, bold=bold, align="center" if center else "left")


def _signature(document: "Document") -> None:
    """Nơi nhận on the left, authority, post and name on the right, with room for seal and signature."""
    from docx.oxml import OxmlElement

    row = _two_columns(document, (80, 85)).rows[0]
    row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
    left, right = row.cells
    _write(left.paragraphs[0], "Nơi nhận:", 12, bold=True, italic=True, align="left")
    _write(left.add_paragraph(), "{%p for line in copies %}", 11)
    _write(left.add_paragraph(), "- {{ line }}", 11, align="left")
    _write(left.add_paragraph(), "{%p endfor %}", 11)
    _write(right.paragraphs[0], "{%p if authority %}", 14, align="center")
    _write(right.add_paragraph(), "{{ authority }}", 14, bold=True, align="center")
    _write(right.add_paragraph(), "{%p endif %}", 14, align="center")
    _write(right.add_paragraph(), "{%p for line in position %}", 14, align="center")
    _write(right.add_paragraph(), "{{ line }}", 14, bold=True, align="center")
    _write(right.add_paragraph(), "{%p endfor %}", 14, align="center")
    for _line in range(4):
        right.add_paragraph()
    _write(right.add_paragraph(), "{{ signer }}", 14, bold=True, align="center")


def _annex_template() -> bytes:
    document = _new_document(landscape=True)
    _write(document.add_paragraph(), "Phụ lục", 14, bold=True, align="center")
    _write(document.add_paragraph(), "{{ title }}", 14, bold=True, align="center")
    _space(_write(document.add_paragraph(), "{{ attached }}", 14, italic=True, align="center"), after=6)
    _tag(document, "{%p for group in groups %}")
    _space(_write(document.add_paragraph(), "{{ group.title }}", 13, bold=True, align="left"), before=10, after=4)
    widths = (14.0, 60.0, 60.0, 60.0)
    headings = ("TT", "{%tc for heading in group.columns %}", "{{ heading }}", "{%tc endfor %}")
    table = _ruled_table(document, headings, widths, size=10.5)
    _row(table, ("{%tr for row in group.rows %}", "", "", ""), widths, size=10.5)
    cells = ("{{ row.number }}", "{%tc for cell in row.cells %}", "{{ cell }}", "{%tc endfor %}")
    _row(table, cells, widths, size=10.5)
    _row(table, ("{%tr endfor %}", "", "", ""), widths, size=10.5)
    _tag(document, "{%p endfor %}")
    foot = "Bản {{ version }}, {{ persons }} người. SHA-256 của danh sách: {{ roster_sha256 }}"
    _space(_write(document.add_paragraph(), foot, 11, italic=True, align="left"), before=8)
    return _saved(document)


def _saved(document: "Document") -> bytes:
    memory = BytesIO()
    document.save(memory)
    return memory.getvalue()
