"""Pages of who receives: sets handed over, confirmation, and whether a received file is true."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from ..access import has_right, requires
from ..errors import Invalid
from ..rounds.models import Round
from ..rounds.queries import find_round, visible_rounds
from ..web import me, reading, writing
from . import sets
from .models import HandoverSet
from .pages import bp

_LARGEST = 50_000_000


@bp.get("/handover")
@requires("handover.verify")
def received() -> ResponseReturnValue:
    """All sets of the rounds that this account may see."""
    session = reading()
    return render_template(
        "handover/received.html",
        rows=_rows(session),
        verdict=None,
        fault="",
        confirms=has_right(me(), "handover.receive"),
    )


def _rows(session: Session) -> list[tuple[Round, HandoverSet, str]]:
    """Round, set, and why it is not to be worked with; real rounds before those for practice."""
    rounds = sorted(visible_rounds(session, me()), key=lambda one: one.is_training)
    return [
        (one, made, sets.not_in_force(session, one.code, made.version.number))
        for one in rounds
        for made in sets.sets_of(session, one)
    ]


@bp.post("/handover/verify")
@requires("handover.verify")
def verify() -> ResponseReturnValue:
    """Says what a file is; nothing of it is kept."""
    session = reading()
    sent = request.files.get("file")
    verdict, fault = None, ""
    if sent is None or not sent.filename:
        fault = _("Chưa chọn tệp. Chọn tệp nhận được rồi kiểm tra.")
    else:
        try:
            verdict = sets.verify_file(session, sent.read(_LARGEST + 1))
        except Invalid as wrong:
            fault = wrong.faults["file"]
    page = render_template(
        "handover/received.html",
        rows=_rows(session),
        verdict=verdict,
        fault=fault,
        file_name=sent.filename if sent else "",
        confirms=has_right(me(), "handover.receive"),
    )
    return page, 422 if fault else 200


@bp.post("/rounds/<code>/handover/sets/<int:set_id>/received")
@requires("handover.receive")
def confirm(code: str, set_id: int) -> ResponseReturnValue:
    with writing() as session:
        made = sets.find_set(session, find_round(session, code, me()), set_id)
        sets.confirm_receipt(session, made, me(), request.form.get("note", ""))
    flash(_("Đã xác nhận nhận bộ bàn giao."), "ok")
    return redirect(url_for(".received"), 303)
