"""How HTML becomes a PDF that an office can print, sign and file (Nghị định 30/2020/NĐ-CP, phụ lục I).

Page size, margins, page number, type and the heading come from the decree; WeasyPrint draws them, in a process of its
own (`paper_child.py`): a long table takes minutes and much memory, which the web process does not have to spare.
"""

import json
import logging
import signal
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from markupsafe import Markup, escape

from .errors import Refused
from .paper_child import NO_PANGO

log = logging.getLogger("survey_app")

_CHILD = Path(__file__).with_name("paper_child.py")
_SECONDS = 300
_TOO_LARGE = "Tệp PDF quá lớn nên không vẽ được. Lấy bản Word hoặc Excel, hoặc chia nhỏ: từng đơn vị, từng nhóm."
MISSING_PANGO = (
    "Máy chủ chưa có thư viện Pango nên chưa tạo được tệp PDF. Người quản trị chạy lệnh: "
    "sudo apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-liberation2"
)

# Liberation Serif 2.x has the metrics of Times New Roman and every Vietnamese letter. Debian 12's package
# fonts-liberation (1.07) lacks them; fontconfig then takes the 2.x of fonts-liberation2.
_FONTS = '"Liberation Serif", "Times New Roman", Tinos, serif'

_DECREE_CSS = f"""
@page {{
  size: A4 portrait;
  margin: 20mm 15mm 20mm 30mm;
  @top-center {{ content: counter(page); font: 13pt {_FONTS}; }}
}}
@page :first {{ @top-center {{ content: none; }} }}
html {{ font: 13pt/1.25 {_FONTS}; color: #000; }}
body {{ margin: 0; text-align: justify; overflow-wrap: anywhere; }}
p {{ margin: 0 0 6pt; }}
thead {{ display: table-header-group; }}
tr {{ break-inside: avoid; }}
.dn-heading {{ width: 100%; table-layout: fixed; border-collapse: collapse; text-align: center; margin-bottom: 12pt; }}
.dn-heading td {{ vertical-align: top; padding: 0; }}
.dn-heading .agency {{ width: 40%; font-size: 12pt; padding-right: 2mm; }}
.dn-heading .nation {{ width: 60%; white-space: nowrap; }}
.dn-heading .upper {{ text-transform: uppercase; }}
.dn-heading .short-rule {{ width: 40%; margin: 2pt auto 0; border-top: 0.75pt solid #000; }}
.dn-heading .motto {{ display: inline-block; font-size: 13pt; font-weight: bold; border-bottom: 0.75pt solid #000;
  padding-bottom: 1pt; }}
.dn-heading .second td {{ padding-top: 5pt; }}
.dn-heading .number {{ font-size: 13pt; }}
.dn-heading .day {{ font-size: 13pt; font-style: italic; }}
.dn-heading .second td {{ white-space: pre; }}
"""

# A fixed element is drawn on every page; pale enough to read through, dark enough for a copier.
_MARK_CSS = f"""
body::before {{ content: "{{mark}}"; position: fixed; top: 52%; left: -10mm; right: -10mm; text-align: center;
  font: bold 30pt {_FONTS}; white-space: nowrap; color: #d9534f; opacity: .38; transform: rotate(-32deg); }}
"""


@dataclass(frozen=True)
class Heading:
    """The two upper corners of an official document.

    `agency` may hold a line break («Ủy ban nhân dân\\nhuyện Tuần Giáo»: a People's Committee names no superior);
    an empty `number` leaves the line out, no `day` leaves blanks to be written by hand.
    """

    agency: str
    superior: str = ""
    number: str = ""
    place: str = ""
    day: date | None = None


def place_and_day(place: str, day: date | None) -> str:
    """«Tuần Giáo, ngày 05 tháng 02 năm 2021»: the decree pads days below 10 and the months 1 and 2 only."""
    if day is None:
        return f"{place}, ngày      tháng      năm      "
    month = f"{day.month:02d}" if day.month <= 2 else str(day.month)
    return f"{place}, ngày {day.day:02d} tháng {month} năm {day.year}"


def heading_html(heading: Heading) -> Markup:
    """Quốc hiệu, tiêu ngữ, the agency, its number and the day, as one table for the head of a page."""
    agency = Markup("<br>").join(heading.agency.split("\n"))
    superior = Markup('<div class="upper">{}</div>').format(heading.superior) if heading.superior else Markup("")
    number = Markup('<td class="agency number">{}</td>').format(heading.number)
    day = Markup('<td class="nation day">{}</td>').format(place_and_day(heading.place, heading.day))
    second = Markup('<tr class="second">{}{}</tr>').format(number, day) if heading.place else Markup("")
    return Markup(
        '<table class="dn-heading" role="presentation"><tr><td class="agency">{}<div class="upper"><b>{}</b></div>'
        '<div class="short-rule"></div></td><td class="nation"><div><b style="font-size: 12.5pt">'
        'CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM</b></div><span class="motto">Độc lập - Tự do - Hạnh phúc</span>'
        "</td></tr>{}</table>"
    ).format(superior, agency, second)


def qr_svg(text: str, millimetres: float, title: str) -> Markup:
    """A QR code as inline SVG, error correction Q (a quarter may be dirty).

    The symbol is `millimetres` wide; the quiet zone of four modules that readers need stands around it.
    """
    import segno

    code = segno.make_qr(text, error="q", boost_error=False)
    symbol, _ = code.symbol_size(border=0)
    width, _ = code.symbol_size(border=4)
    side = f"{millimetres * width / symbol:.2f}mm"
    svg = code.svg_inline(border=4, omitsize=True, svgclass=None, lineclass=None, title=title)
    sized = svg.replace("<svg ", f'<svg width="{side}" height="{side}" ', 1)
    if f'viewBox="0 0 {width} {width}"' not in sized:
        raise AssertionError("segno no longer writes a viewBox; the QR code would not scale")
    return Markup(sized)  # noqa: S704 - written by segno; the title is escaped by it


@cache
def require_pango() -> None:
    """Raise Refused, with the remedy, when the library that draws the letters is not installed."""
    _run({})


@dataclass(frozen=True)
class Pdf:
    """A PDF/UA-1 document and how many pages it has."""

    content: bytes
    pages: int


def draw(body: str, *, title: str, css: str = "", language: str = "vi", mark: str = "") -> Pdf:
    """The PDF of an HTML body (`<body>…</body>`) on pages after the decree; `mark` stands pale across every page.

    Raises Refused when Pango is missing, or when there is more to draw than memory and time allow.
    """
    page = f'<!doctype html><html lang="{escape(language)}"><head><title>{escape(title)}</title></head>{body}</html>'
    texts = (_DECREE_CSS, css, _MARK_CSS.replace("{mark}", mark) if mark else "")
    pages, _line, content = _run({"page": page, "sheets": [text for text in texts if text]}).partition(b"\n")
    return Pdf(content, int(pages))


def html_to_pdf(body: str, *, title: str, css: str = "", language: str = "vi", mark: str = "") -> bytes:
    """The bytes of `draw`."""
    return draw(body, title=title, css=css, language=language, mark=mark).content


def _run(asked: dict[str, object]) -> bytes:
    done = _child(asked)
    if done.returncode == -signal.SIGSEGV:  # the drawing libraries crash once in some thousand drawings, never twice
        log.warning("drawing a PDF crashed, once more")
        done = _child(asked)
    if done.returncode == NO_PANGO:
        raise Refused(MISSING_PANGO)
    if done.returncode != 0:
        log.error("drawing a PDF ended with %s", done.returncode)
        raise Refused(_TOO_LARGE)
    return done.stdout


def _child(asked: dict[str, object]) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(  # noqa: S603 - our own file, no shell, no user text in the arguments
            [sys.executable, "-I", "-X", "utf8", str(_CHILD)],
            input=json.dumps(asked).encode(),
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Refused(_TOO_LARGE) from None
