"""Pages of changes after locking: requests, a locked list with what can be asked of each row, decisions, versions."""

from collections.abc import Mapping
from io import BytesIO

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from ..access import has_right, requires
from ..audit import Action
from ..errors import Conflict, Invalid, Missing, Refused
from ..roster.group_words import OFFICIALS
from ..roster.handover import HandoverOptions, export_roster, sees_ethnicity
from ..roster.models import ChangeKind, ChangeRequest, ChangeState, Person, RosterVersion, UnitList
from ..roster.queries import catalogue_of, latest_version, quota_of
from ..roster.references import reference_of
from ..roster.typed_lists import texts_of, typed_columns
from ..roster.versions import find_version, versions_of
from ..rounds.queries import find_round
from ..sheets import SheetColumn
from ..view_log import log_view
from ..web import me, reading, writing
from . import difference, queries, rules
from .checking import is_on_roster
from .effects import told_about

SENSITIVE = "ethnic"  # dân tộc: seen only by who was granted it
bp = Blueprint("roster_changes", __name__, template_folder="templates")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@bp.get("/rounds/<code>/changes")
@requires("changes.propose", "changes.decide")
def changes(code: str) -> ResponseReturnValue:
    return _changes_page(code)


def _changes_page(code: str, fault: str = "", status: int = 200) -> ResponseReturnValue:
    session = reading()
    survey_round = find_round(session, code, me())
    found = queries.requests_of(session, survey_round, me())
    page = render_template(
        "roster_changes/changes.html",
        survey_round=survey_round,
        waiting=[one for one in found if one.state == ChangeState.PENDING],
        done=[one for one in found if one.state != ChangeState.PENDING],
        lists=queries.locked_lists(session, survey_round, me()),
        missing=queries.missing_lists(session, survey_round, me()),
        decides=has_right(me(), "changes.decide"),
        mine=me().id,
        subject=subject,
        fault=fault,
    )
    if found:
        log_view(Action.CHANGES_VIEWED, round=code, persons=len(found))
    return page, status


def subject(change: ChangeRequest) -> str:
    """Whom a request is about: the person on the list, and who is to come."""
    if change.kind == ChangeKind.ADD_LIST:
        return _("%(n)d người", n=len(change.values.get("rows", [])))
    new = change.values.get("name") or change.values.get("representative") or change.values.get("business") or ""
    old = change.person.name if change.person else ""
    if change.kind == ChangeKind.REPLACE:
        return f"{old} → {new}"
    return old or new


@bp.get("/rounds/<code>/changes/lists")
@requires("changes.propose")
def choose_list(code: str) -> ResponseReturnValue:
    """To the list chosen on the page of requests."""
    list_id = request.args.get("list", type=int)
    if list_id is None:
        return redirect(url_for(".changes", code=code))
    return redirect(url_for(".people", code=code, list_id=list_id))


@bp.get("/rounds/<code>/changes/lists/<int:list_id>")
@requires("changes.propose")
def people(code: str, list_id: int) -> ResponseReturnValue:
    """A locked list: each row with what can be asked about it."""
    session = reading()
    found = queries.find_list_to_change(session, code, list_id, me())
    pending = [
        one
        for one in queries.requests_of(session, found.round, me())
        if one.state == ChangeState.PENDING and one.list_id == found.id
    ]
    page = render_template(
        "roster_changes/people.html",
        survey_round=found.round,
        unit_list=found,
        waiting={one.person_id: one for one in pending if one.person_id},
        waiting_new=[one for one in pending if not one.person_id],
        subject=subject,
        on_roster=is_on_roster(found),
        room=max(quota_of(session, found).most - (len(found.persons) if is_on_roster(found) else 0), 0),
        closed=found.round.closed_at is not None,
        business=found.group.code == "F",
        official=found.group.code in OFFICIALS,
    )
    log_view(Action.LIST_VIEWED, round=code, unit=found.unit.name, group=found.group.code, persons=len(found.persons))
    return page


@bp.get("/rounds/<code>/changes/lists/<int:list_id>/<kind>")
@requires("changes.propose")
def form(code: str, list_id: int, kind: str) -> ResponseReturnValue:
    return _form_page(code, list_id, _kind(kind), {})


def columns_of(found: UnitList) -> dict[str, SheetColumn]:
    """The columns of a list; dân tộc for who may see it, and for the unit that typed it."""
    catalogue = catalogue_of(reading(), found.round)
    sees = sees_ethnicity(found.round, me()) or (found.round.collects_ethnicity and has_right(me(), "lists.own"))
    return typed_columns(found.group.code, found.unit, catalogue, sees)


def _kind(name: str) -> ChangeKind:
    if name not in set(ChangeKind) or name == ChangeKind.ADD_LIST:  # that one has a page of its own
        raise Missing
    return ChangeKind(name)


def _form_page(code: str, list_id: int, kind: ChangeKind, faults: dict[str, str]) -> ResponseReturnValue:
    session = reading()
    found = queries.find_list_to_change(session, code, list_id, me())
    rules.refuse_unless_changeable(found.round, kind)
    rules.refuse_unless_on_roster(found, kind)
    catalogue = catalogue_of(session, found.round)
    person = None if kind == ChangeKind.ADD else queries.find_person(found, request.values.get("person", type=int))
    if person is not None and (waiting := rules.waiting_about(session, person)) is not None:
        flash(_("Đã có đề nghị này về người vừa chọn, đang chờ duyệt. Duyệt hoặc rút đề nghị này trước."), "warn")
        return redirect(url_for(".show", code=code, change_id=waiting.id))
    before = texts_of(person, catalogue) if person else {}
    columns = columns_of(found)
    typed = {name: request.form.get(name, "") for name in columns} if request.form else None
    first = before if kind == ChangeKind.CORRECT else {}
    page = render_template(
        "roster_changes/form.html",
        survey_round=found.round,
        unit_list=found,
        kind=kind,
        person=person,
        columns=columns,
        before=[(column.title, before.get(name)) for name, column in columns.items() if before.get(name)],
        values=typed if typed is not None else {name: first.get(name) or "" for name in columns},
        told=told_about(session, person) if person and kind in (ChangeKind.REMOVE, ChangeKind.REPLACE) else [],
        reason=request.form.get("reason", ""),
        faults=faults,
        fault_lines=[_fault_line(name, words, columns) for name, words in faults.items()],
    )
    if person is not None:
        log_view(Action.PERSON_VIEWED, round=code, person=reference_of(reading(), person))
    return page, 422 if faults else 200


def _fault_line(name: str, words: str, columns: Mapping[str, SheetColumn]) -> tuple[str, str]:
    """A line of the summary with the field that it leads to."""
    if name in columns:
        return f"{columns[name].title}: {words}", f"f-{name}"
    return words, "f-reason" if name == "reason" else ""


@bp.post("/rounds/<code>/changes/lists/<int:list_id>/<kind>")
@requires("changes.propose")
def propose(code: str, list_id: int, kind: str) -> ResponseReturnValue:
    wanted = _kind(kind)
    try:
        with writing() as session:
            found = queries.find_list_to_change(session, code, list_id, me())
            person = None if wanted == ChangeKind.ADD else _person_of(found)
            columns = columns_of(found)
            texts = {name: request.form.get(name, "") for name in columns}
            change = rules.propose(session, found, wanted, me(), request.form.get("reason", ""), person, texts)
            change_id = change.id
    except Invalid as fault:
        return _form_page(code, list_id, wanted, fault.faults)
    flash(_("Đã gửi đề nghị. Người khác của cơ quan tổ chức duyệt thì danh sách mới thay đổi."), "ok")
    return redirect(url_for(".show", code=code, change_id=change_id), 303)


def _person_of(found: UnitList) -> Person:
    try:
        return queries.find_person(found, request.form.get("person", type=int))
    except Missing:
        raise Conflict("Người này không còn trong danh sách. Tải lại trang.") from None


@bp.get("/rounds/<code>/changes/<int:change_id>")
@requires("changes.propose", "changes.decide")
def show(code: str, change_id: int) -> ResponseReturnValue:
    return _show_page(code, change_id, {})


def _show_page(code: str, change_id: int, faults: dict[str, str]) -> ResponseReturnValue:
    session = reading()
    [change] = queries.find_requests(session, code, [change_id], me())
    found = change.unit_list
    columns = columns_of(found)
    pending = change.state == ChangeState.PENDING
    page = render_template(
        "roster_changes/change.html",
        survey_round=found.round,
        change=change,
        subject=subject(change),
        rows=_rows(change, columns),
        people=change.values.get("rows", []),
        columns=columns,
        hides_ethnicity=any(SENSITIVE in one for one in change.values.get("rows", [])) and SENSITIVE not in columns,
        warnings=rules.warnings_of(session, change) if pending else [],
        own=change.author_id == me().id,
        decides=has_right(me(), "changes.decide"),
        pending=pending,
        note=request.form.get("note", ""),
        faults=faults,
    )
    log_view(Action.CHANGES_VIEWED, round=code, persons=1)
    return page, 422 if faults else 200


def _rows(change: ChangeRequest, columns: Mapping[str, SheetColumn]) -> list[tuple[str, str, str, bool]]:
    """(heading, before, after, differs) of each cell that holds something."""
    rows = []
    for name, column in columns.items():
        before, after = change.before.get(name, ""), change.values.get(name, "")
        if change.kind == ChangeKind.REMOVE:
            after = ""
        if before or after:
            rows.append((column.title, before, after, before != after))
    before, after = change.before.get(SENSITIVE, ""), change.values.get(SENSITIVE, "")
    if change.kind != ChangeKind.REMOVE and before != after and SENSITIVE not in columns:
        # Who may not see it must at least know that it changes.
        hidden = _("cần quyền riêng để xem")
        rows.append((_("Dân tộc"), hidden if before else "", hidden if after else "", True))
    return rows


@bp.post("/rounds/<code>/changes/approve")
@requires("changes.decide")
def approve(code: str) -> ResponseReturnValue:
    """One new version of all ticked requests."""
    ids = [int(text) for text in request.form.getlist("change") if text.isascii() and text.isdigit()]
    try:
        with writing() as session:
            survey_round = find_round(session, code, me())
            version = rules.approve(session, survey_round, queries.find_requests(session, code, ids, me()), me())
            words = _("Đã duyệt. Danh sách có bản %(number)d: %(n)d người.", number=version.number, n=version.persons)
    except Invalid as fault:
        return _changes_page(code, " ".join(fault.faults.values()), 422)
    except (Refused, Conflict) as fault:
        return _changes_page(code, fault.message, 409 if isinstance(fault, Conflict) else 403)
    flash(words, "ok")
    return redirect(url_for(".versions", code=code), 303)


@bp.post("/rounds/<code>/changes/<int:change_id>/refuse")
@requires("changes.decide")
def refuse(code: str, change_id: int) -> ResponseReturnValue:
    try:
        with writing() as session:
            [change] = queries.find_requests(session, code, [change_id], me())
            rules.refuse(session, change, me(), request.form.get("note", ""))
    except Invalid as fault:
        return _show_page(code, change_id, fault.faults)
    flash(_("Đã ghi: không duyệt. Danh sách giữ nguyên."), "ok")
    return redirect(url_for(".changes", code=code), 303)


@bp.post("/rounds/<code>/changes/<int:change_id>/withdraw")
@requires("changes.propose", "changes.decide")
def withdraw(code: str, change_id: int) -> ResponseReturnValue:
    with writing() as session:
        [change] = queries.find_requests(session, code, [change_id], me())
        rules.withdraw(session, change, me())
    flash(_("Đã rút đề nghị. Danh sách giữ nguyên."), "ok")
    return redirect(url_for(".changes", code=code), 303)


@bp.get("/rounds/<code>/versions")
@requires("roster.read")
def versions(code: str) -> ResponseReturnValue:
    session = reading()
    survey_round = find_round(session, code, me())
    return render_template(
        "roster_changes/versions.html",
        survey_round=survey_round,
        versions=versions_of(session, survey_round),
        kind_words=rules.KIND_WORDS,
    )


@bp.get("/rounds/<code>/versions/compare")
@requires("roster.read")
def compare(code: str) -> ResponseReturnValue:
    older, newer = _two_versions(code)
    survey_round = find_round(reading(), code, me())
    found = difference.compare(older, newer)
    page = render_template(
        "roster_changes/compare.html",
        survey_round=survey_round,
        older=older,
        newer=newer,
        found=found,
        field_words=difference.FIELD_WORDS,
        numbers=[one.number for one in versions_of(reading(), survey_round)],
    )
    log_view(Action.CHANGES_VIEWED, round=code, persons=len(found.joined) + len(found.left) + len(found.corrected))
    return page


def _two_versions(code: str) -> tuple[RosterVersion, RosterVersion]:
    """The two versions named by `from` and `to`, the older first; without names the last two."""
    session = reading()
    survey_round = find_round(session, code, me())
    latest = latest_version(session, survey_round)
    if latest is None:
        raise Refused(_("Danh sách chưa khóa nên chưa có bản nào để so sánh."))
    to = request.args.get("to", latest.number, type=int)
    since = request.args.get("from", max(to - 1, 1), type=int)
    older, newer = sorted((since, to))
    return find_version(session, survey_round, older), find_version(session, survey_round, newer)


@bp.post("/rounds/<code>/versions/compare.xlsx")
@requires("roster.export")
def compare_file(code: str) -> ResponseReturnValue:
    """The difference as a workbook; it names persons, so making it is logged."""
    older, newer = _two_versions(code)
    mark = find_round(reading(), code, me()).mark
    content = difference.difference_workbook(older, newer, mark)
    with writing() as session:
        rules.log_comparison(session, find_round(session, code, me(), even_cancelled=True), older, newer, me())
    name = f"so-sanh-{code}-ban-{older.number}-{newer.number}.xlsx"
    return send_file(BytesIO(content), mimetype=XLSX, as_attachment=True, download_name=name)


@bp.post("/rounds/<code>/versions/<int:number>.xlsx")
@requires("roster.export")
def export(code: str, number: int) -> ResponseReturnValue:
    """Any version again, with the bytes it had when it was the newest."""
    with writing() as session:
        survey_round = find_round(session, code, me(), even_cancelled=True)
        name, content = export_roster(session, survey_round, HandoverOptions(), me(), number)
    return send_file(BytesIO(content), mimetype=XLSX, as_attachment=True, download_name=name)


from . import list_pages  # noqa: E402, F401 - adds its routes to `bp`
