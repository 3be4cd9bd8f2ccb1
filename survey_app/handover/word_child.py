"""The process that fills one Word template under limits of memory and time, and prints the document.

Run as a file (`python -I word_child.py BYTES SECONDS`): one JSON document on standard input, {"template": base64,
"context": facts}; on standard output {"document": base64}, or {"fault": kind, "detail": what the template names}.
Imports nothing of the application.
"""

import base64
import json
import resource
import sys
import zipfile
from collections.abc import Mapping
from io import BytesIO
from typing import Any

_LARGEST_DOCUMENT = 20_000_000
_ANNEX_WIDTH_MM = 297 - 30 - 15
_TWIPS_PER_MM = 1440 / 25.4
_FIRST_COLUMN_MM = 13.5  # a number of four digits stays on one line


def main() -> None:
    """Read standard input, print one JSON document."""
    for what, limit in ((resource.RLIMIT_AS, int(sys.argv[1])), (resource.RLIMIT_CPU, int(sys.argv[2]))):
        resource.setrlimit(what, (limit, limit))
    asked = json.load(sys.stdin.buffer)
    try:
        document = _filled(base64.b64decode(asked["template"]), asked["context"])
        answer = {"document": base64.b64encode(document).decode("ascii")}
        if len(document) > _LARGEST_DOCUMENT:
            answer = {"fault": "too_much", "detail": ""}
    except (MemoryError, RecursionError, OverflowError):
        answer = {"fault": "too_much", "detail": ""}
    except Exception as fault:  # a template is a program of others: whatever it raises is a fault of the template
        answer = {"fault": type(fault).__name__, "detail": str(fault)[:200]}
    json.dump(answer, sys.stdout)


def _filled(template: bytes, context: Mapping[str, Any]) -> bytes:
    from docxtpl import DocxTemplate
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    # It may look at the facts it is given and at nothing else.
    environment = ImmutableSandboxedEnvironment(autoescape=True, undefined=StrictUndefined)
    document = DocxTemplate(BytesIO(template))
    document.render(dict(context), jinja_env=environment, autoescape=True)
    for group, table in zip(context.get("groups", ()), _tables_of_groups(document, context), strict=False):
        _set_widths(table, group["widths"])
    memory = BytesIO()
    document.save(memory)
    content = memory.getvalue()
    return _with_fixed_moments(_with_mark(content, context["mark"]) if context.get("mark") else content)


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


if __name__ == "__main__":
    main()
