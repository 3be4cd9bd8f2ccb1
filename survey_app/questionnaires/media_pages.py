"""Pictures and recordings of questionnaires as respondents' pages fetch them. The address changes with the content."""

import io

from flask import Response, send_file, url_for

from ..access import open_to_all
from ..web import reading
from .media import Reference
from .pages import bp
from .queries import find_medium


@bp.get("/p/media/<digest>/<name>")
@open_to_all("Ảnh và âm thanh của phiếu đã công bố, không gắn với người nào; địa chỉ đổi theo nội dung.")
def medium(digest: str, name: str) -> Response:
    """One file for ever: what is under this address never changes. Parts of it are given too, as players ask."""
    found = find_medium(reading(), digest)
    answer = send_file(
        io.BytesIO(found.content),
        found.kind,
        download_name=name,
        etag=found.digest,
        max_age=31_536_000,
        conditional=True,
    )
    answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return answer


@bp.app_template_global("stored_medium")
def stored_medium(text: str) -> dict[str, object] | None:
    """Address of a stored file and whether it is small; none where the questionnaire names no stored file."""
    found = Reference.of(text)
    if found is None:
        return None
    return {"address": url_for("questionnaires.medium", digest=found.digest, name=found.name), "small": found.is_small}
