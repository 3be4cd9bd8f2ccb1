"""Page of a list that waits for the unit's head: its persons, what is new, confirmation or back to the officer."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from ..access import requires
from ..audit import Action
from ..errors import Invalid
from ..view_log import log_view
from ..web import me, reading, writing
from .group_words import list_kind
from .head_rules import pass_on, send_to_officer
from .models import ListState
from .pages import bp
from .queries import own_list, quota_of


@bp.get("/rounds/<code>/lists/mine/<int:list_id>")
@requires("lists.own")
def head(code: str, list_id: int) -> ResponseReturnValue:
    return _page(code, list_id, {})


def _page(code: str, list_id: int, faults: dict[str, str]) -> ResponseReturnValue:
    found = own_list(reading(), code, list_id, me())
    if found.state != ListState.AWAITING_HEAD:
        return redirect(url_for(".mine", code=code))
    page = render_template(
        "roster/head.html",
        survey_round=found.round,
        unit_list=found,
        kind=list_kind(found.group.code),
        quota=quota_of(reading(), found),
        changed=sum(1 for person in found.persons if person.is_changed),
        faults=faults,
        fault_lines=[(sentence, name) for name, sentence in faults.items()],
        form=request.form,
    )
    group = found.group.code
    log_view(Action.LIST_VIEWED, round=code, unit=found.unit.name, group=group, persons=len(found.persons))
    return page, 422 if faults else 200


@bp.post("/rounds/<code>/lists/mine/<int:list_id>/confirm")
@requires("lists.confirm")
def confirm_by_head(code: str, list_id: int) -> ResponseReturnValue:
    try:
        with writing() as session:
            found = own_list(session, code, list_id, me())
            pass_on(session, found, me(), request.form.get("declared") == "yes", request.form.get("version", type=int))
            group = found.group.code
    except Invalid as fault:
        return _page(code, list_id, fault.faults)
    flash(_("Đã trình danh sách nhóm %(group)s cho cơ quan tổ chức.", group=group), "ok")
    return redirect(url_for(".mine", code=code), 303)


@bp.post("/rounds/<code>/lists/mine/<int:list_id>/back")
@requires("lists.own")
def back_to_officer(code: str, list_id: int) -> ResponseReturnValue:
    """By the head who wants something corrected, or by the officer who noticed a mistake."""
    try:
        with writing() as session:
            found = own_list(session, code, list_id, me())
            reason = request.form.get("reason", "")
            send_to_officer(session, found, me(), reason, request.form.get("version", type=int))
            group = found.group.code
    except Invalid as fault:
        return _page(code, list_id, fault.faults)
    flash(_("Danh sách nhóm %(group)s đã về cán bộ lập danh sách để sửa.", group=group), "ok")
    return redirect(url_for(".mine", code=code), 303)
