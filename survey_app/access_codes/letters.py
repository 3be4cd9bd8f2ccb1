"""Letters of invitation (*giấy mời*): one page for each person, a whole unit in one PDF.

A letter carries the code in clear, so it is made only in the moment in which the code is issued, for the operator.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

from .. import paper
from ..errors import Refused
from ..text import date_text
from . import codes

QR_MILLIMETRES = 35

_CSS = """
.letter { break-after: page; }
.letter:last-child { break-after: auto; }
@page { @top-center { content: none; } }
h1 { font-size: 14pt; text-align: center; margin: 10pt 0 0; }
.about { font-size: 13.5pt; font-weight: bold; text-align: center; margin: 2pt 0 0; }
.about-rule { width: 35%; margin: 2pt auto 12pt; border-top: 0.75pt solid #000; }
.to { text-align: center; max-height: 96pt; overflow: hidden; }
.body p { text-indent: 1cm; }
.steps { width: 100%; table-layout: fixed; border-collapse: collapse; margin: 8pt 0; border: 0.75pt solid #000; }
.steps td { vertical-align: middle; padding: 3mm 4mm; text-align: left; }
.steps .qr { width: 46mm; padding: 1mm; text-align: right; }
.steps p { margin: 0 0 5pt; text-indent: 0; }
.code { font: 700 22pt "Liberation Mono", "DejaVu Sans Mono", monospace; white-space: nowrap; display: block;
  padding: 2pt 0; }
.host { white-space: nowrap; font-weight: bold; }
.privacy { font-size: 12pt; }
.sign { width: 50%; margin: 10pt 0 0 50%; text-align: center; break-inside: avoid; }
.sign .name { margin-top: 48pt; font-weight: bold; }
.foot { margin-top: 8pt; padding-top: 3pt; border-top: 0.5pt solid #000; font-size: 10pt; text-align: left; }
.compact { font-size: 11pt; line-height: 1.15; }
.compact .privacy { font-size: 10.5pt; }
.compact .sign .name { margin-top: 32pt; }
"""


@dataclass(frozen=True)
class LetterFrame:
    """What all letters of one round and group have in common."""

    heading: paper.Heading
    organisation: str  # who invites, as in running text: «Ủy ban nhân dân huyện Tuần Giáo»
    year: int
    survey_url: str
    host: str  # the address to type, without https://
    minutes: int
    close_date: date
    privacy: str
    help_phone: str
    help_hours: str
    help_place: str
    signer_title: str  # «TRƯỞNG PHÒNG»; empty leaves the block to be stamped by hand
    signer_name: str
    mark: str = ""  # across the page, in a training round


@dataclass(frozen=True)
class Addressee:
    """One invited person with the code in clear."""

    name: str
    detail: str  # position and place of work, or address
    unit_name: str
    person_no: int
    code: str


@dataclass(frozen=True)
class Letter:
    """One letter: what all have in common, and whom it is for."""

    frame: LetterFrame
    person: Addressee


def letters_pdf(letters: Sequence[Letter]) -> bytes:
    """All letters as one PDF, exactly one page for each, in their order.

    Long names and addresses shrink the type. Raises Refused when nobody is given, when a letter does not fit a page
    even so (the round's help place or host is too long), or when Pango is missing.
    """
    if not letters:
        raise Refused("Không có ai để in giấy mời. Chọn đơn vị và nhóm còn người chưa trả lời.")
    for compact in (False, True):
        body = Markup("<body>{}</body>").format(
            Markup("").join(_letter_html(letter.frame, letter.person, compact=compact) for letter in letters)
        )
        document = paper.draw(
            body, title=f"Giấy mời khảo sát năm {letters[0].frame.year}", css=_CSS, mark=letters[0].frame.mark
        )
        if document.pages == len(letters):
            return document.content
    raise Refused("Một giấy mời dài quá một trang A4. Rút ngắn tên cơ quan, nơi trợ giúp hoặc giờ trợ giúp của đợt.")


def _letter_html(frame: LetterFrame, person: Addressee, *, compact: bool) -> Markup:
    detail = f", {person.detail}" if person.detail else ""
    return Markup(
        '<section class="letter{compact}">{heading}'
        '<h1>GIẤY MỜI</h1><p class="about">Tham gia khảo sát ý kiến về cải cách hành chính năm {year}</p>'
        '<div class="about-rule"></div>'
        '<p class="to">Kính gửi: Ông/Bà <b>{name}</b>{detail}</p>'
        '<div class="body"><p>{organisation} kính mời Ông/Bà trả lời phiếu khảo sát về sự phục vụ của cơ quan hành '
        "chính. Ý kiến của Ông/Bà giúp cơ quan biết việc nào làm tốt, việc nào cần sửa.</p>{steps}"
        '<p class="privacy">{privacy} Mỗi mã dùng một lần. Xin đừng đưa mã cho người khác. Cán bộ không bao giờ hỏi '
        "mật khẩu, mã OTP hay tiền.</p><p>{help}</p><p>Trân trọng.</p></div>{sign}"
        '<p class="foot">Số {number} · {unit}</p></section>'
    ).format(
        compact=" compact" if compact else "",
        heading=paper.heading_html(frame.heading),
        year=frame.year,
        name=person.name,
        detail=detail,
        organisation=frame.organisation,
        steps=_steps_html(frame, person.code),
        privacy=frame.privacy,
        help=_help_text(frame),
        sign=_sign_html(frame),
        number=person.person_no,
        unit=person.unit_name,
    )


def _steps_html(frame: LetterFrame, code: str) -> Markup:
    return Markup(
        '<table class="steps" role="presentation"><tr><td>'
        "<p><b>1.</b> Quét mã QR bên cạnh bằng điện thoại, hoặc vào <span class='host'>{host}</span> và nhập mã "
        '<span class="code">{code}</span></p>'
        "<p><b>2.</b> Trả lời khoảng {minutes} phút.</p>"
        "<p><b>3.</b> Bấm «Gửi phiếu» trước hết ngày <b>{close_date}</b>.</p></td>"
        '<td class="qr">{qr}</td></tr></table>'
    ).format(
        host=frame.host,
        code=codes.printed(code),
        minutes=frame.minutes,
        close_date=date_text(frame.close_date),
        qr=paper.qr_svg(codes.link(frame.survey_url, code), QR_MILLIMETRES, "Mã QR mở phiếu khảo sát"),
    )


def _help_text(frame: LetterFrame) -> Markup:
    hours = f" ({frame.help_hours})" if frame.help_hours else ""
    place = f" {frame.help_place}" if frame.help_place else ""
    if not frame.help_phone:
        return Markup("Không có điện thoại, hoặc muốn được đọc giúp: đến Bộ phận Một cửa{}.").format(place)
    return Markup("Không có điện thoại, hoặc muốn được đọc giúp: gọi <b>{}</b>{}, hoặc đến Bộ phận Một cửa{}.").format(
        frame.help_phone, hours, place
    )


def _sign_html(frame: LetterFrame) -> Markup:
    return Markup('<div class="sign"><b>{}</b><div class="name">{}</div></div>').format(
        frame.signer_title or " ", frame.signer_name or " "
    )
