"""Page on which a round is cancelled, or deleted while nobody has been asked for anything."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from ..access import requires
from ..errors import Invalid
from ..web import me, reading, writing
from .blueprint import bp
from .cancelling import cancel_round, is_deletable, refusal_to_cancel, remove_round
from .queries import find_round, groups_of, sizes


@bp.get("/rounds/<code>/cancel")
@requires("rounds.manage")
def cancel_form(code: str) -> ResponseReturnValue:
    return _page(code, {})


def _page(code: str, faults: dict[str, str]) -> ResponseReturnValue:
    session = reading()
    survey_round = find_round(session, code, me())
    page = render_template(
        "rounds/cancel.html",
        survey_round=survey_round,
        deletable=is_deletable(survey_round),
        refusal=refusal_to_cancel(survey_round),
        size=sizes(session, [survey_round]).get(survey_round.id),
        groups=groups_of(session, survey_round),
        form=request.form,
        faults=faults,
        fault_lines=[(words, name) for name, words in faults.items()],
    )
    return page, 422 if faults else 200


@bp.post("/rounds/<code>/cancel")
@requires("rounds.manage")
def cancel(code: str) -> ResponseReturnValue:
    form = request.form
    try:
        with writing() as session:
            survey_round = find_round(session, code, me(), even_cancelled=True)
            cancel_round(session, survey_round, me(), form.get("reason", ""), form.get("typed_code", ""))
    except Invalid as fault:
        return _page(code, fault.faults)
    flash(_("Đã hủy đợt %(code)s. Mã trên giấy mời hết tác dụng; những gì đã có vẫn xem được.", code=code), "ok")
    return redirect(url_for(".show", code=code), 303)


@bp.post("/rounds/<code>/delete")
@requires("rounds.manage")
def delete(code: str) -> ResponseReturnValue:
    try:
        with writing() as session:
            survey_round = find_round(session, code, me(), even_cancelled=True)
            remove_round(session, survey_round, me(), request.form.get("typed_code", ""))
    except Invalid as fault:
        return _page(code, fault.faults)
    flash(_("Đã xóa đợt %(code)s.", code=code), "ok")
    return redirect(url_for(".rounds"), 303)
