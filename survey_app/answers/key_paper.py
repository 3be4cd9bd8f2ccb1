"""The paper of a key made by command (*khóa giấy*): what the holder's browser prints of a key made there."""

from markupsafe import Markup

from ..paper import html_to_pdf, qr_svg

_CSS = """
@page { size: A4 portrait; }
.key { text-align: center; margin: 8mm 0; }
pre { font: 9pt "Liberation Mono", "DejaVu Sans Mono", monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
"""
_MILLIMETRES = 90.0


def key_paper_pdf(content: str, fingerprint: str, round_code: str, holder: str) -> bytes:
    """One A4 page: the protected key file as QR code and as text, and what it is for.

    Raises Refused where Pango is missing.
    """
    heading = " · ".join(part for part in (holder, f"đợt {round_code}" if round_code else "") if part)
    body = Markup(
        "<body><h1>KHÓA NIÊM PHONG – BẢN GIẤY</h1><p>{heading}</p><p>Dấu vân khóa: {fingerprint}</p>"
        "<p>Cất ở nơi khóa được, không để cùng mật khẩu. Cần mật khẩu của khóa mới dùng được.</p>"
        '<div class="key">{picture}</div>'
        "<p>Khi cần dùng: quét mã QR bằng điện thoại, chép nguyên văn dòng chữ hiện ra và dán vào ô "
        "«Nội dung bản giấy» ở trang mở thử hoặc trang mở niêm phong. Không quét được thì gõ lại phần dưới.</p>"
        "<pre>{content}</pre></body>"
    ).format(
        heading=heading,
        fingerprint=fingerprint,
        picture=qr_svg(content, _MILLIMETRES, "Khóa niêm phong"),
        content=content,
    )
    return html_to_pdf(body, title="Khóa niêm phong – bản giấy", css=_CSS)
