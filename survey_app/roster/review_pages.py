"""Pages of the office: all lists of a round, one list with its faults and history, approval and return."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from ..access import requires
from ..audit import Action
from ..errors import Conflict, Invalid
from ..rounds.queries import find_round, groups_of
from ..view_log import log_view
from ..web import me, reading, writing
from .comparison import pairs_by_list
from .group_words import list_kind
from .handover import sees_ethnicity
from .list_steps import Seen, last_ids, refuse_if_clashing
from .models import ListState
from .pages import bp
from .problems import Problem, office_message, place
from .queries import SEEN_BY_THE_OFFICE, cards, find_list, narrowed, next_submitted, quota_of, state_counts, unit_rows
from .row_comments import delete_comment as delete_one_comment
from .row_comments import open_comments, place_comments, write_comments
from .rules import (
    approve_faultless,
    approve_list,
    hold_list,
    list_problems,
    refuse_if_locked_meanwhile,
    return_list,
)

PER_PAGE = 50


@bp.get("/rounds/<code>/lists")
@requires("lists.review")
def lists(code: str) -> ResponseReturnValue:
    session = reading()
    survey_round = find_round(session, code, me())
    found = cards(session, survey_round)
    state, text = request.args.get("state", ""), request.args.get("q", "")
    rows = narrowed(unit_rows(found), text, state if state in set(ListState) else "")
    page = max(1, request.args.get("page", 1, type=int))
    doubtful = pairs_by_list(session, survey_round)
    return render_template(
        "roster/lists.html",
        survey_round=survey_round,
        groups=groups_of(session, survey_round),
        rows=rows[(page - 1) * PER_PAGE : page * PER_PAGE],
        total=len(rows),
        page=page,
        pages=max(1, -(-len(rows) // PER_PAGE)),
        per_page=PER_PAGE,
        page_url=lambda number: url_for(".lists", code=code, state=state or None, q=text or None, page=number),
        counts=state_counts(found),
        asked=len(found),
        doubtful=doubtful,
        faultless=sum(
            1
            for card in found
            if card.unit_list
            and card.state == ListState.SUBMITTED
            and card.within_quota
            and not doubtful.get(card.unit_list.id)
        ),
        state=state,
        text=text,
        states=[one for one in ListState if one != ListState.AWAITING_HEAD or survey_round.head_confirms],
        seen=SEEN_BY_THE_OFFICE,
    )


@bp.get("/rounds/<code>/lists/next")
@requires("lists.review")
def next_list(code: str) -> ResponseReturnValue:
    """To the list that has waited longest."""
    survey_round = find_round(reading(), code, me())
    found = next_submitted(reading(), survey_round)
    if found is None:
        flash(_("Không còn danh sách nào chờ kiểm tra."), "info")
        return redirect(url_for(".lists", code=code))
    return redirect(url_for(".one_list", code=code, list_id=found.id))


@bp.post("/rounds/<code>/lists/approve-faultless")
@requires("lists.review")
def approve_all(code: str) -> ResponseReturnValue:
    with writing() as session:
        approved = approve_faultless(session, find_round(session, code, me()), me())
    flash(_("Đã duyệt %(n)d danh sách không lỗi.", n=approved), "ok")
    return redirect(url_for(".lists", code=code), 303)


@bp.get("/rounds/<code>/lists/<int:list_id>")
@requires("lists.review")
def one_list(code: str, list_id: int) -> ResponseReturnValue:
    return _list_page(code, list_id, {})


def _list_page(code: str, list_id: int, faults: dict[str, str], clash: str = "") -> ResponseReturnValue:
    """The list; with faults of a form or with a clash, what was typed is shown again."""
    session = reading()
    found = find_list(session, code, list_id, me())
    problems = list_problems(session, found)
    by_row: dict[int, list[Problem]] = {}
    for problem in problems:
        by_row.setdefault(problem.row or 0, []).append(problem)
    page = render_template(
        "roster/one_list.html",
        survey_round=found.round,
        unit_list=found,
        kind=list_kind(found.group.code),
        quota=quota_of(session, found),
        with_ethnicity=sees_ethnicity(found.round, me()),
        comments=place_comments(
            open_comments(found), [(one.position, one.business or one.name) for one in found.persons]
        ),
        may_comment=found.round.roster_locked_at is None and found.state in (ListState.SUBMITTED, ListState.APPROVED),
        problems=problems,
        by_row=by_row,
        office_message=office_message,
        place=place,
        faults=faults,
        fault_lines=[(sentence, name) for name, sentence in faults.items()],
        clash=clash,
        seen=last_ids(found),
        typed=_typed_words() if clash else [],
        form=request.form,
        locked=found.round.roster_locked_at is not None,
    )
    if found.round.personal_data_erased_at is None:
        log_view(
            Action.LIST_VIEWED, round=code, unit=found.unit.name, group=found.group.code, persons=len(found.persons)
        )
    return page, 409 if clash else 422 if faults else 200


def _typed_words() -> list[tuple[str, str]]:
    """Where and what was typed, to be shown when the list no longer has a field for it."""
    words = [(_("Dòng %(row)d", row=row), text) for row, text in sorted(_comments().items()) if text.strip()]
    for name in ("reason", "approve_reason"):
        if text := request.form.get(name, "").strip():
            words.append((_("Lý do"), text))
    return words


@bp.post("/rounds/<code>/lists/<int:list_id>/approve")
@requires("lists.review")
def approve(code: str, list_id: int) -> ResponseReturnValue:
    try:
        with writing() as session:
            found = find_list(session, code, list_id, me())
            hold_list(session, found)
            approve_list(session, found, me(), request.form.get("approve_reason", ""), _seen_version())
            words = _("Đã duyệt danh sách nhóm %(group)s của %(unit)s.", group=found.group.code, unit=found.unit.name)
    except Invalid as fault:
        return _list_page(code, list_id, {"approve_reason": fault.faults["reason"]})
    except Conflict as fault:
        return _list_page(code, list_id, {}, fault.message)
    flash(words, "ok")
    return _to_next(code)


@bp.post("/rounds/<code>/lists/<int:list_id>/return")
@requires("lists.review")
def send_back(code: str, list_id: int) -> ResponseReturnValue:
    try:
        with writing() as session:
            found = find_list(session, code, list_id, me())
            refuse_if_locked_meanwhile(session, found.round)
            hold_list(session, found)
            refuse_if_clashing(found, _seen(), {row for row, text in _comments().items() if text.strip()}, me())
            write_comments(session, found, _comments(), me())
            rows = len({comment.row for comment in open_comments(found)})
            reason = request.form.get("reason", "").strip() or (f"Sửa {rows} dòng có góp ý." if rows else "")
            return_list(session, found, me(), reason)
            words = _("Đã trả lại danh sách nhóm %(group)s của %(unit)s.", group=found.group.code, unit=found.unit.name)
    except Invalid as fault:
        return _list_page(code, list_id, fault.faults)
    except Conflict as fault:
        return _list_page(code, list_id, {}, fault.message)
    flash(words, "ok")
    return _to_next(code)


@bp.post("/rounds/<code>/lists/<int:list_id>/comments")
@requires("lists.review")
def comment(code: str, list_id: int) -> ResponseReturnValue:
    """Comments on rows without returning the list yet."""
    try:
        with writing() as session:
            found = find_list(session, code, list_id, me())
            refuse_if_locked_meanwhile(session, found.round)
            hold_list(session, found)
            refuse_if_clashing(found, _seen(), {row for row, text in _comments().items() if text.strip()}, me())
            written = write_comments(session, found, _comments(), me())
    except Invalid as fault:
        return _list_page(code, list_id, fault.faults)
    except Conflict as fault:
        return _list_page(code, list_id, {}, fault.message)
    if written:
        flash(_("Đã lưu %(n)d góp ý. Đơn vị thấy góp ý sau khi danh sách được trả lại.", n=written), "ok")
    else:
        flash(_("Chưa ghi góp ý nào. Bấm «Góp ý» ở dòng cần sửa rồi ghi."), "info")
    return redirect(url_for(".one_list", code=code, list_id=list_id), 303)


@bp.post("/rounds/<code>/lists/<int:list_id>/comments/<int:comment_id>/delete")
@requires("lists.review")
def delete_comment(code: str, list_id: int, comment_id: int) -> ResponseReturnValue:
    with writing() as session:
        delete_one_comment(session, find_list(session, code, list_id, me()), comment_id)
    flash(_("Đã bỏ góp ý."), "ok")
    return redirect(url_for(".one_list", code=code, list_id=list_id), 303)


def _comments() -> dict[int, str]:
    """Fields «comment-ROW» of the form."""
    rows = ((name.removeprefix("comment-"), value) for name, value in request.form.items())
    return {int(row): value for row, value in rows if row.isdecimal() and len(row) < 6}


def _seen_version() -> int | None:
    return request.form.get("version", type=int)


def _seen() -> Seen:
    form = request.form
    return Seen(_seen_version(), form.get("seen-event", 0, type=int), form.get("seen-comment", 0, type=int))


def _to_next(code: str) -> ResponseReturnValue:
    """After a decision: the next list that waits, else the overview."""
    found = next_submitted(reading(), find_round(reading(), code, me()))
    if found is None:
        return redirect(url_for(".lists", code=code), 303)
    return redirect(url_for(".one_list", code=code, list_id=found.id), 303)
