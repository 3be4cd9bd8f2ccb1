"""Account slips (*phiếu tài khoản*): several on a page, to cut apart and hand to the units."""

from collections.abc import Sequence
from datetime import date

from markupsafe import Markup

from .. import paper
from ..errors import Refused
from ..text import date_text
from .rules import Slip

_CSS = """
@page { size: A4 portrait; margin: 8mm; @top-center { content: none; } }
body { text-align: left; font-size: 10.5pt; line-height: 1.2; }
table { width: 100%; table-layout: fixed; border-collapse: collapse; }
tr { break-inside: avoid; }
td { height: 61mm; padding: 3mm 5mm; vertical-align: top; border: 0.5pt dashed #555; }
h2 { font-size: 11pt; margin: 0 0 1mm; text-transform: none; }
.unit { font-size: 13pt; font-weight: bold; margin: 0 0 2mm; max-height: 32pt; overflow: hidden; }
.pair { margin: 0 0 1mm; }
.mono { font: 700 13pt "Liberation Mono", "DejaVu Sans Mono", monospace; }
.long { font-size: 9pt; }
ol { margin: 1mm 0; padding-left: 5mm; }
.small { font-size: 9.5pt; margin: 1mm 0 0; }
"""


def slips_pdf(slips: Sequence[Slip], *, address: str, expires: date, help_line: str) -> bytes:
    """Eight slips on each A4 page, in the given order. `address` is where the login and the code are typed.

    Raises Refused when there is nothing to print or Pango is missing.
    """
    if not slips:
        raise Refused("Không có phiếu tài khoản nào để in.")
    cells = [_slip_html(slip, address, expires, help_line) for slip in slips]
    if len(cells) % 2:
        cells.append(Markup("<td></td>"))
    rows = Markup("").join(
        Markup("<tr>{}{}</tr>").format(left, right) for left, right in zip(cells[::2], cells[1::2], strict=True)
    )
    body = Markup('<body><table role="presentation">{}</table></body>').format(rows)
    return paper.html_to_pdf(body, title="Phiếu tài khoản của đơn vị", css=_CSS)


def _slip_html(slip: Slip, address: str, expires: date, help_line: str) -> Markup:
    return Markup(
        '<td><h2>PHIẾU TÀI KHOẢN · Điều tra xã hội học CCHC</h2><p class="unit">{unit}</p>'
        '<p class="pair">Tên đăng nhập: <span class="{login_class}">{login}</span></p>'
        '<p class="pair">Mã dùng một lần: <span class="mono">{code}</span></p>'
        "<ol><li>Mở <b>{address}</b></li>"
        "<li>Nhập tên đăng nhập, mã dùng một lần và mật khẩu mới (ít nhất 12 ký tự).</li>"
        "<li>Lần sau đăng nhập bằng mật khẩu đó.</li></ol>"
        '<p class="small">Mã có hạn đến hết ngày {expires}, dùng một lần. Không gửi phiếu này qua Zalo. '
        "{help_line}</p></td>"
    ).format(
        unit=slip.unit_name,
        login_class="mono" if len(slip.login) <= 24 else "mono long",
        login=slip.login,
        code=slip.code,
        address=address,
        expires=date_text(expires),
        help_line=help_line,
    )
