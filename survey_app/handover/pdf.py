"""The same papers as PDF, drawn from the same facts, with the fonts in the file."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from .. import paper
from .models import PaperKind
from .papers import PaperWishes

_PAPER_CSS = """
.about-rule { width: 35%; margin: 2pt auto 12pt; border-top: 0.75pt solid #000; }
h1 { font-size: 14pt; text-align: center; margin: 14pt 0 0; }
.about { font-size: 14pt; font-weight: bold; text-align: center; margin: 2pt 0 0; }
.subject { width: 40%; font-size: 12pt; text-align: center; margin: -8pt 0 10pt; }
.to { text-align: center; font-size: 14pt; margin: 12pt 0; }
.body p { font-size: 14pt; text-indent: 12.7mm; }
.basis { font-style: italic; }
table.ruled { width: 100%; table-layout: fixed; border-collapse: collapse; font-size: 12pt; line-height: 1.15;
  margin: 4pt 0 8pt; text-align: left; }
table.ruled th, table.ruled td { border: 0.75pt solid #000; padding: 0.3mm 1.5mm; vertical-align: top; }
table.ruled th { text-align: center; }
.end { break-inside: avoid; }
table.ruled .n { text-align: right; }
.sum { font-size: 12pt; text-align: left; text-indent: 0 !important; }
.ends { width: 100%; table-layout: fixed; margin-top: 10pt; break-inside: avoid; text-align: left; }
.ends td { vertical-align: top; padding: 0; }
.ends .copies { font-size: 11pt; } .ends .copies b { font-size: 12pt; font-style: italic; }
.ends .sign { text-align: center; font-size: 14pt; font-weight: bold; } .ends .name { margin-top: 64pt; }
"""
# A long table is drawn quickest with fixed columns and nothing inside the cells but text.
_ANNEX_CSS = """
@page { size: A4 landscape; margin: 20mm 15mm 20mm 30mm; }
h1 { font-size: 14pt; text-align: center; margin: 0; }
.attached { text-align: center; font-style: italic; font-size: 14pt; margin: 2pt 0 8pt; }
h2 { font-size: 13pt; margin: 10pt 0 4pt; text-align: left; break-after: avoid; }
table { width: 100%; table-layout: fixed; border-collapse: collapse; font-size: 10.5pt; line-height: 1.15;
  text-align: left; }
th, td { border: 0.5pt solid #000; padding: 0.8mm 1.2mm; vertical-align: top; }
th { text-align: center; }
td:first-child { white-space: nowrap; }
.foot { font-size: 11pt; font-style: italic; margin-top: 8pt; text-align: left; }
"""


def paper_pdf(kind: PaperKind, wishes: PaperWishes, context: Mapping[str, Any]) -> bytes:
    """A letter, proposal or report. Raises Refused when Pango is missing."""
    heading = paper.Heading(wishes.agency, wishes.superior, context["number"], wishes.place, wishes.dated)
    parts = [paper.heading_html(heading)]
    if kind == PaperKind.LETTER:
        parts.append(Markup('<p class="subject">V/v {}</p>').format(context["subject"]))
    else:
        about = "Về việc" if kind == PaperKind.PROPOSAL else "Kết quả lập"
        parts.append(
            Markup('<h1>{}</h1><p class="about">{} {}</p><div class="about-rule"></div>').format(
                context["title"], about, context["subject"]
            )
        )
    parts.append(Markup('<p class="to">Kính gửi: {}.</p>').format(context["recipient"]))
    parts.append(_body(context))
    # A signature never stands on a page without words of the paper.
    closing = Markup('<div class="end"><div class="body"><p>{}</p></div>{}</div>')
    parts.append(closing.format(context["closing"], _signature(context)))
    body = Markup("<body>{}</body>").format(Markup("").join(parts))
    return paper.html_to_pdf(body, title=f"{context['title']} {wishes.number}", css=_PAPER_CSS, mark=context["mark"])


def _body(context: Mapping[str, Any]) -> Markup:
    basis = Markup("").join(Markup('<p class="basis">{}</p>').format(line) for line in context["basis"])
    texts = Markup("").join(Markup("<p>{}</p>").format(text) for text in context["paragraphs"])
    deviations = Markup("").join(Markup("<p>- {};</p>").format(line) for line in context["deviations"])
    if deviations:
        deviations = Markup("<p>Khác với chỉ tiêu:</p>") + deviations
    checksum = Markup('<p class="sum">{}</p>').format(context["checksum"]) if context["checksum"] else Markup("")
    parts = (basis, texts, checksum, _figures(context), deviations)
    return Markup('<div class="body">{}</div>').format(Markup("").join(parts))


def _figures(context: Mapping[str, Any]) -> Markup:
    rows = Markup("").join(
        Markup(
            '<tr><td>{code}</td><td>{name}</td><td class="n">{units}</td><td class="n">{persons}</td>'
            '<td class="n">{target}</td><td>{deviation}</td></tr>'
        ).format(**group)
        for group in context["groups"]
    )
    total = Markup(
        '<tr><td></td><td><b>Tổng cộng</b></td><td class="n"><b>{units}</b></td><td class="n"><b>{persons}</b></td>'
        '<td class="n"><b>{target}</b></td><td></td></tr>'
    ).format(**context["total"])
    widths = (9, 41, 12, 12, 12, 14)
    columns = Markup("").join(Markup('<col style="width:{}%">').format(width) for width in widths)
    return Markup(
        '<table class="ruled"><colgroup>{}</colgroup><thead><tr><th>Nhóm</th><th>Đối tượng</th><th>Số đơn vị</th>'
        "<th>Số người</th><th>Chỉ tiêu</th><th>So với chỉ tiêu</th></tr></thead><tbody>{}{}</tbody></table>"
    ).format(columns, rows, total)


def _signature(context: Mapping[str, Any]) -> Markup:
    copies = Markup("").join(Markup("<br>- {}").format(line) for line in context["copies"])
    lines = [context["authority"], *context["position"]]
    above = Markup("<br>").join(line for line in lines if line)
    return Markup(
        '<table class="ends" role="presentation"><tr><td class="copies"><b>Nơi nhận:</b>{}</td>'
        '<td class="sign">{}<div class="name">{}</div></td></tr></table>'
    ).format(copies, above, context["signer"] or " ")


def annex_pdfs(context: Mapping[str, Any]) -> Iterator[bytes]:
    """The annex with its tables; a long one in parts, since time and memory grow faster than the rows.

    Each part is drawn when it is asked for. Raises Refused when Pango is missing.
    """
    parts = _parts(context["groups"])
    return (_annex_part(context, groups, number, len(parts)) for number, groups in enumerate(parts, 1))


def parts_of(persons: int) -> int:
    """How many parts the annex of so many persons has."""
    return max(1, -(-persons // _ROWS_OF_A_PART))


def _parts(groups: Sequence[Mapping[str, Any]]) -> list[list[Mapping[str, Any]]]:
    """The groups, cut where a part has its rows; a group that goes on says so in its title."""
    parts: list[list[Mapping[str, Any]]] = [[]]
    room = _ROWS_OF_A_PART
    for group in groups:
        rows, title = group["rows"], group["title"]
        while len(rows) > room:
            parts[-1].append({**group, "title": title, "rows": rows[:room]})
            rows, title, room = rows[room:], f"{group['title']} (tiếp theo)", _ROWS_OF_A_PART
            parts.append([])
        parts[-1].append({**group, "title": title, "rows": rows})
        room -= len(rows)
    return parts


def _annex_part(context: Mapping[str, Any], groups: Sequence[Mapping[str, Any]], number: int, parts: int) -> bytes:
    name = "Phụ lục" if parts == 1 else f"Phụ lục (phần {number}/{parts})"
    tables = Markup("").join(_group_table(group) for group in groups)
    body = Markup(
        '<body><h1>{name}</h1><h1>{title}</h1><p class="attached">{attached}</p>{tables}'
        '<p class="foot">Bản {version}, {persons} người. SHA-256 của danh sách: {roster_sha256}</p></body>'
    ).format(name=name, tables=tables, **{word: context[word] for word in _ANNEX_WORDS})
    return paper.html_to_pdf(body, title=name, css=_ANNEX_CSS, mark=context["mark"])


_ROWS_OF_A_PART = 1000
_ANNEX_WORDS = ("title", "attached", "version", "persons", "roster_sha256")
_NUMBER_SHARE = 0.055  # of the line: a number of five digits does not break


def _group_table(group: Mapping[str, Any]) -> Markup:
    rest = sum(group["widths"]) / (1 - _NUMBER_SHARE)
    shares = [_NUMBER_SHARE, *(one / rest for one in group["widths"])]
    columns = Markup("").join(Markup('<col style="width:{:.2f}%">').format(100 * one) for one in shares)
    head = Markup("").join(Markup("<th>{}</th>").format(one) for one in ("TT", *group["columns"]))
    rows = Markup("").join(
        Markup("<tr>{}</tr>").format(
            Markup("").join(Markup("<td>{}</td>").format(cell) for cell in (row["number"], *row["cells"]))
        )
        for row in group["rows"]
    )
    return Markup(
        "<h2>{}</h2><table><colgroup>{}</colgroup><thead><tr>{}</tr></thead><tbody>{}</tbody></table>"
    ).format(group["title"], columns, head, rows)
