"""Slips to cut and the list of attendance (*danh sách ký nhận*) of one meeting, as one PDF.

The slips carry codes in clear and nobody's name, so they are made only in the moment in which they are drawn.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from .. import paper
from ..text import date_text
from . import codes
from .letters import LetterFrame

QR_MILLIMETRES = 27
_ACROSS = 2
_DOWN = 4

_CSS = """
@page slips { margin: 8mm; @top-center { content: none; } }
h1 { font-size: 14pt; text-align: center; margin: 12pt 0 2pt; }
.about { text-align: center; margin: 0 0 8pt; }
.rules { font-size: 12pt; }
.people { width: 100%; border-collapse: collapse; table-layout: fixed; font-size: 12pt; }
.people th, .people td { border: 0.75pt solid #000; padding: 2mm; text-align: left; vertical-align: top; }
.people .no { width: 10mm; text-align: center; }
.people .sign { width: 40mm; }
.people td { height: 8mm; }
.ends { width: 100%; table-layout: fixed; text-align: center; margin-top: 14pt; break-inside: avoid; }
.ends td { padding-bottom: 55pt; }
.sheet { page: slips; break-before: page; width: 100%; table-layout: fixed; border-collapse: collapse;
  text-align: left; font-size: 10.5pt; line-height: 1.2; }
.sheet tr { break-inside: avoid; }
.sheet > tbody > tr > td { height: 62mm; padding: 3mm 4mm; vertical-align: middle; border: 0.5pt dashed #555; }
.slip { width: 100%; border-collapse: collapse; table-layout: fixed; }
.slip td { vertical-align: middle; padding: 0; }
.slip .qr { width: 35mm; text-align: right; }
.slip p { margin: 0 0 1.5mm; }
.slip b { white-space: nowrap; }
.slip .code { font: 700 13pt "Liberation Mono", "DejaVu Sans Mono", monospace; white-space: nowrap; }
"""


@dataclass(frozen=True)
class Meeting:
    """Whose slips these are: what stands on all letters of the group, and the unit and group in words."""

    frame: LetterFrame
    unit_name: str
    group_name: str  # «Nhóm A – Lãnh đạo phòng»


@dataclass(frozen=True)
class Attendant:
    """One line of the list of attendance."""

    name: str
    detail: str  # position and place of work, or address


def slips_pdf(meeting: Meeting, persons: Sequence[Attendant], slips: Sequence[str]) -> bytes:
    """The list of attendance (none without persons: further slips of a list), then eight slips on each page.

    Raises Refused when Pango is missing.
    """
    attendance = _list_html(meeting, persons) if persons else Markup("")
    body = Markup("<body>{}{}</body>").format(attendance, _sheets_html(meeting.frame, slips))
    return paper.html_to_pdf(body, title=f"Mã bốc thăm – {meeting.unit_name}", css=_CSS, mark=meeting.frame.mark)


def _list_html(meeting: Meeting, persons: Sequence[Attendant]) -> Markup:
    rows = Markup("").join(
        Markup('<tr><td class="no">{}</td><td>{}</td><td>{}</td><td class="sign"></td></tr>').format(
            number, person.name, person.detail
        )
        for number, person in enumerate(persons, 1)
    )
    return Markup(
        "{heading}<h1>DANH SÁCH KÝ NHẬN MÃ BỐC THĂM</h1>"
        '<p class="about">Khảo sát ý kiến về cải cách hành chính năm {year} · {unit} · {group}</p>'
        '<p class="rules">Mỗi người ký tên rồi tự rút một mã trong hộp. Không ai ghi lại người nào rút mã nào. Mã còn '
        "lại trong hộp được hủy trước mặt mọi người. Người đã nhận mã bốc thăm thì mã trên giấy mời hết tác dụng.</p>"
        '<table class="people"><thead><tr><th class="no">TT</th><th>Họ và tên</th><th>Chức vụ, đơn vị hoặc nơi ở</th>'
        '<th class="sign">Ký nhận</th></tr></thead><tbody>{rows}</tbody></table>'
        '<table class="ends" role="presentation"><tr><td><b>Người chứng kiến</b></td>'
        "<td><b>Người lập danh sách</b></td></tr></table>"
    ).format(
        heading=paper.heading_html(replace(meeting.frame.heading, number="")),
        year=meeting.frame.year,
        unit=meeting.unit_name,
        group=meeting.group_name,
        rows=rows,
    )


def _sheets_html(frame: LetterFrame, slips: Sequence[str]) -> Markup:
    """Pages of slips; each page a table of its own, so that a row is never torn."""
    on_page = _ACROSS * _DOWN
    pages = [slips[start : start + on_page] for start in range(0, len(slips), on_page)]
    return Markup("").join(_page_html(frame, page) for page in pages)


def _page_html(frame: LetterFrame, slips: Sequence[str]) -> Markup:
    cells = [_slip_html(frame, code) for code in slips]
    cells += [Markup("<td></td>")] * (-len(cells) % _ACROSS)
    rows = Markup("").join(
        Markup("<tr>{}</tr>").format(Markup("").join(cells[start : start + _ACROSS]))
        for start in range(0, len(cells), _ACROSS)
    )
    return Markup('<table class="sheet" role="presentation"><tbody>{}</tbody></table>').format(rows)


def _slip_html(frame: LetterFrame, code: str) -> Markup:
    help_line = Markup(" Cần giúp: <b>{}</b>.").format(frame.help_phone) if frame.help_phone else Markup("")
    return Markup(
        '<td><table class="slip" role="presentation"><tr><td>'
        "<p><b>Khảo sát cải cách hành chính năm {year}</b></p>"
        "<p>Quét mã QR, hoặc vào <b>{host}</b> và nhập mã</p>"
        '<p class="code">{code}</p>'
        "<p>Khoảng {minutes} phút, gửi trước hết ngày {close_date}.{help_line}</p>"
        "<p>Mã này không gắn với tên ai. Mỗi mã dùng một lần.</p></td>"
        '<td class="qr">{qr}</td></tr></table></td>'
    ).format(
        year=frame.year,
        host=frame.host,
        code=codes.printed(code),
        minutes=frame.minutes,
        close_date=date_text(frame.close_date),
        help_line=help_line,
        qr=paper.qr_svg(codes.link(frame.survey_url, code), QR_MILLIMETRES, "Mã QR mở phiếu khảo sát"),
    )
