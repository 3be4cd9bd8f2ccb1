"""What a phone posts to go on on another device, and what that device fetches. A living code is needed for both."""

from typing import Any

from ..errors import Conflict, Missing
from ..web import reading
from .api_pages import body_of_request, wrong_field
from .blueprint import bp, for_respondents
from .keys import from_text, to_text
from .resume import OVERHEAD, is_draft_id, keep_draft, kept_draft
from .visit import Visit, enter, refuse_foreign_pages, writer


@bp.post("/p/resume/keep")
@for_respondents
def keep_for_elsewhere() -> Any:
    """Keeps the encrypted answers of a phone, all of one length."""
    visit, draft_id, fault = _asked()
    if visit is None:
        return fault
    try:
        sealed = from_text(str(body_of_request().get("sealed")))
    except ValueError:
        sealed = b""
    if len(sealed) != visit.setting.size + OVERHEAD:
        return wrong_field("sealed", "Phần đang trả lời không đúng mẫu.")
    try:
        writer().run(lambda session: keep_draft(session, visit.round.id, draft_id, sealed))
    except Conflict as fault_of_room:
        return {"error": "full", "message": str(fault_of_room)}, 409
    return {"status": "kept"}


@bp.post("/p/resume/fetch")
@for_respondents
def go_on_here() -> Any:
    """Gives out the encrypted answers to the device that knows the key."""
    visit, draft_id, fault = _asked()
    if visit is None:
        return fault
    try:
        return {"sealed": to_text(kept_draft(reading(), visit.round.id, draft_id))}
    except Missing:
        return {"error": "gone"}, 404


def _asked() -> tuple[Visit | None, str, Any]:
    """The visit of the code, and the hash of the key; or what is wrong with the request."""
    refuse_foreign_pages()
    body = body_of_request()
    code, draft_id = body.get("code"), body.get("resume")
    if not isinstance(code, str):
        return None, "", wrong_field("code", "Thiếu mã.")
    if not is_draft_id(draft_id):
        return None, "", wrong_field("resume", "Thiếu số của phần đang trả lời.")
    return enter(code, sending=True), str(draft_id), None
