"""The owner of a code says that somebody else used it: two officers discard the envelope, a new code follows."""

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _

from ..access import requires
from ..access_codes.queries import find_invitation, person_numbers
from ..audit import Action
from ..roster.references import reference_of
from ..rounds.queries import find_round
from ..view_log import log_view
from ..web import me, reading, writing
from .blueprint import bp
from .joint import (
    agree_to_discard,
    ask_to_discard,
    count_discarded,
    discard_request,
    discard_requests,
    may_be_discarded,
    withdraw_discard,
)


@bp.get("/rounds/<code>/discards")
@requires("codes.manage", "envelopes.agree")
def discards(code: str) -> Any:
    """Requests of the round, by number on the list; no name stands here."""
    survey_round = find_round(reading(), code, me())
    return render_template(
        "answers/discards.html",
        survey_round=survey_round,
        requests=discard_requests(reading(), survey_round),
        numbers=person_numbers(reading(), survey_round),
        discarded=count_discarded(reading(), survey_round.id),
    )


@bp.get("/rounds/<code>/discards/<int:invitation_id>")
@requires("codes.manage", "envelopes.agree")
def discard(code: str, invitation_id: int) -> Any:
    """One person: what is asked, why two officers are needed, and what happens."""
    survey_round = find_round(reading(), code, me())
    invitation = find_invitation(reading(), survey_round, invitation_id)
    page = render_template(
        "answers/discard.html",
        survey_round=survey_round,
        invitation=invitation,
        request=discard_request(reading(), invitation),
        possible=may_be_discarded(survey_round, invitation),
    )
    log_view(Action.PERSON_VIEWED, round=code, person=reference_of(reading(), invitation.person))
    return page


@bp.post("/rounds/<code>/discards/<int:invitation_id>/ask")
@requires("codes.manage")
def ask_for_discard(code: str, invitation_id: int) -> Any:
    """The first officer."""
    with writing() as session:
        survey_round = find_round(session, code, me())
        ask_to_discard(session, survey_round, find_invitation(session, survey_round, invitation_id), me())
    flash(_("Đã ghi đề nghị. Một cán bộ khác mở trang này để đồng ý."), "ok")
    return redirect(url_for("answers.discard", code=code, invitation_id=invitation_id))


@bp.post("/rounds/<code>/discards/<int:invitation_id>/withdraw")
@requires("codes.manage")
def take_back_discard(code: str, invitation_id: int) -> Any:
    """Before the second officer agreed."""
    with writing() as session:
        survey_round = find_round(session, code, me())
        withdraw_discard(session, survey_round, find_invitation(session, survey_round, invitation_id))
    flash(_("Đã rút đề nghị. Phong bì vẫn còn."), "ok")
    return redirect(url_for("answers.discards", code=code))


@bp.post("/rounds/<code>/discards/<int:invitation_id>/agree")
@requires("envelopes.agree")
def agree_with_discard(code: str, invitation_id: int) -> Any:
    """The second officer."""
    with writing() as session:
        survey_round = find_round(session, code, me())
        agree_to_discard(session, survey_round, find_invitation(session, survey_round, invitation_id), me())
    flash(_("Đã bỏ phong bì và hủy mọi mã của người này. Cấp mã mới ở trang của người đó."), "ok")
    return redirect(url_for("answers.discards", code=code))
