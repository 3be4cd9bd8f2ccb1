"""The QR code of a key on paper is drawn in the browser, bit for bit as ISO/IEC 18004 has it."""

import json
from collections.abc import Callable
from pathlib import Path

import segno
from playwright.sync_api import BrowserContext

PROJECT = Path(__file__).parent.parent.parent
# Bytes that versions 1 to 25 hold at level M. Full codes have no padding, which programs fill differently.
ROOM = (14, 26, 42, 62, 84, 106, 122, 152, 180, 213, 251, 287, 331, 362, 412, 450, 504, 560, 624, 666, 711, 779, 857)
ROOM += (911, 997)
WORDS = "Khóa niêm phong của Mặt trận Tổ quốc huyện. "


def full_text(room: int) -> str:
    """Vietnamese words of exactly so many bytes."""
    text = (WORDS * 30).encode()[:room].decode("utf-8", "ignore")
    return text + "x" * (room - len(text.encode()))


def test_every_version_and_mask_equals_that_of_another_program(new_context: Callable[..., BrowserContext]) -> None:
    page = new_context().new_page()
    page.add_script_tag(path=PROJECT / "survey_app" / "static" / "qr.js")
    for version, room in enumerate(ROOM, 1):
        text = full_text(room)
        drawn = page.evaluate(f"[0, 1, 2, 3, 4, 5, 6, 7].map(mask => surveyQr({json.dumps(text)}, mask))")
        for mask in range(8):
            known = segno.make(
                text.encode(), error="m", mode="byte", mask=mask, version=version, boost_error=False, micro=False
            )
            assert drawn[mask] == [[bool(module) for module in row] for row in known.matrix], (version, mask)
