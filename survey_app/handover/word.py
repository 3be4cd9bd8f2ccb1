"""Filling a Word template, shipped or the office's own, without letting it do anything else."""

import zipfile
from collections.abc import Mapping
from io import BytesIO
from typing import Any

from ..errors import Invalid
from .models import PaperKind

_LARGEST_FILE = 2_000_000
_LARGEST_UNPACKED = 30_000_000
_MOST_MEMBERS = 200
_ANNEX_WIDTH_MM = 297 - 30 - 15
_TWIPS_PER_MM = 1440 / 25.4
_FIRST_COLUMN_MM = 12


def filled(template: bytes, context: Mapping[str, Any]) -> bytes:
    """The .docx with every place filled; equal input gives equal bytes.

    Raises Invalid, in words, when the template names something that there is not or is not well-formed.
    """
    from docxtpl import DocxTemplate
    from jinja2 import StrictUndefined, TemplateError
    from jinja2.sandbox import ImmutableSandboxedEnvironment
    from lxml.etree import XMLSyntaxError

    # An office's own template is a program of others: it may look at the facts it is given and at nothing else.
    environment = ImmutableSandboxedEnvironment(autoescape=True, undefined=StrictUndefined)
    document = DocxTemplate(BytesIO(template))
    try:
        document.render(dict(context), jinja_env=environment, autoescape=True)
    except (TemplateError, XMLSyntaxError, ValueError, TypeError, KeyError, AttributeError) as fault:
        raise Invalid(
            {"file": f"Mẫu Word có chỗ không điền được: {str(fault)[:200]}. Sửa mẫu rồi tải lên lại."}
        ) from fault
    for group, table in zip(context.get("groups", ()), _tables_of_groups(document, context), strict=False):
        _set_widths(table, group["widths"])
    memory = BytesIO()
    document.save(memory)
    content = memory.getvalue()
    return _with_fixed_moments(_with_mark(content, context["mark"]) if context["mark"] else content)


def _with_mark(content: bytes, mark: str) -> bytes:
    """The document with the mark in the header of every section, first and even pages included."""
    from docx import Document
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Pt, RGBColor

    document = Document(BytesIO(content))
    for section in document.sections:
        for header in (section.header, section.first_page_header, section.even_page_header):
            header.is_linked_to_previous = False
            paragraph = header.add_paragraph()
            paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
            run = paragraph.add_run(mark)
            run.font.size, run.font.bold, run.font.color.rgb = Pt(16), True, RGBColor(0xB3, 0x26, 0x1E)
    memory = BytesIO()
    document.save(memory)
    return memory.getvalue()


def _tables_of_groups(document: Any, context: Mapping[str, Any]) -> list[Any]:
    """The tables of an annex, one for each group; none for other papers."""
    if not any("widths" in group for group in context.get("groups", ())):
        return []
    return [table._tbl for table in document.docx.tables]


def _set_widths(table: Any, widths: list[float]) -> None:
    """Columns as wide as what stands in them: the filling makes them all alike."""
    from docx.oxml.ns import qn

    room = _ANNEX_WIDTH_MM - _FIRST_COLUMN_MM
    twips = [_FIRST_COLUMN_MM * _TWIPS_PER_MM, *(room * one / sum(widths) * _TWIPS_PER_MM for one in widths)]
    texts = [str(round(one)) for one in twips]
    for grid in table.iter(qn("w:tblGrid")):
        for column in list(grid):
            grid.remove(column)
        for text in texts:
            column = grid.makeelement(qn("w:gridCol"), {qn("w:w"): text})
            grid.append(column)
    for row in table.iter(qn("w:tr")):
        for cell, text in zip(row.iter(qn("w:tc")), texts, strict=False):
            for width in cell.iter(qn("w:tcW")):
                width.set(qn("w:w"), text)
                width.set(qn("w:type"), "dxa")


def _with_fixed_moments(content: bytes) -> bytes:
    """The same archive with one date on all members, so that equal documents are equal files."""
    memory = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as read, zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as written:
        for name in read.namelist():
            member = zipfile.ZipInfo(name, (2021, 1, 1, 0, 0, 0))
            member.compress_type = zipfile.ZIP_DEFLATED
            written.writestr(member, read.read(name))
    return memory.getvalue()


def check_template(content: bytes, kind: PaperKind, context: Mapping[str, Any]) -> None:
    """Raises Invalid when a file is no Word template that can be filled with the facts of its kind."""
    _refuse_foreign_content(content)
    filled(content, context)


def _refuse_foreign_content(content: bytes) -> None:
    if len(content) > _LARGEST_FILE:
        raise Invalid({"file": "Tệp lớn quá 2 MB. Bỏ bớt hình trong mẫu."})
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            members = archive.infolist()
            names = [one.filename.lower() for one in members]
            if len(members) > _MOST_MEMBERS or sum(one.file_size for one in members) > _LARGEST_UNPACKED:
                raise Invalid(
                    {"file": "Tệp này nén quá nhiều nội dung. Tải mẫu có sẵn về, sửa trong Word, rồi tải lên."}
                )
            if "word/document.xml" not in names:
                raise Invalid({"file": "Đây không phải tệp Word (.docx). Lưu lại dạng .docx rồi tải lên."})
            if any("vbaproject" in name or "embeddings/" in name or "activex" in name for name in names):
                raise Invalid(
                    {"file": "Mẫu có macro hoặc đối tượng nhúng nên không nhận. Bỏ đi rồi lưu lại dạng .docx."}
                )
            for one in members:
                if one.filename.endswith(".rels") and b'TargetMode="External"' in archive.read(one):
                    raise Invalid({"file": "Mẫu có liên kết ra ngoài (hình, mẫu gắn kèm). Bỏ liên kết rồi lưu lại."})
    except zipfile.BadZipFile:
        raise Invalid({"file": "Đây không phải tệp Word (.docx) hoặc tệp bị hỏng."}) from None
