"""Pages of the hand-over: making a set, giving it again, plans of columns, Word templates."""

from collections.abc import Sequence
from dataclasses import fields, replace
from io import BytesIO
from itertools import zip_longest

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from ..access import requires
from ..errors import Conflict, Invalid
from ..roster.handover import (
    CONSTANT,
    EMPTY,
    PERSON_COLUMNS,
    UNIT_CODE,
    HandoverOptions,
    PlannedColumn,
    export_roster,
    sees_ethnicity,
)
from ..roster.queries import latest_version
from ..rounds.models import Round
from ..rounds.queries import find_round
from ..steps import StepState, StepStatus, register_step
from ..text import today
from ..units.forms import read_day
from ..web import database, me, reading, writing
from ..workbook import Rejected, read_workbook
from . import column_plans, sets, word_rules
from .making import begin_making, faults_of, goes_on, making_of
from .making_job import MakingJob
from .models import HandoverSet, PaperKind, SetMaking
from .office_pdf import PACKAGE, has_converter
from .papers import KIND_WORDS, PaperWishes, default_wishes

bp = Blueprint("handover", __name__, template_folder="templates")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_PAPERS = (PaperKind.LETTER, PaperKind.PROPOSAL, PaperKind.REPORT)
_LONGEST = 2000
_FEW = 200  # persons: such a set is there within seconds
_SECONDS_TO_WAIT = 30.0  # a proxy gives up after 60
Form = MultiDict[str, str]


def handover_step(session: Session, survey_round: Round) -> StepState:
    """Step 8 begins with the hand-over of the locked roster."""
    version = latest_version(session, survey_round)
    if version is None:
        return StepState(StepStatus.BLOCKED, _("Danh sách gửi Sở Nội vụ, sau khi khóa (bước 1)"))
    url = url_for("handover.show", code=survey_round.code)
    if goes_on(making_of(session, survey_round)):
        return StepState(StepStatus.DOING, _("Đang lập bộ bàn giao"), url)
    made = sets.sets_of(session, survey_round)
    if not made or made[0].version_id != version.id:
        return StepState(
            StepStatus.DOING, _("Danh sách bản %(number)d sẵn sàng để bàn giao", number=version.number), url
        )
    if made[0].received_at is None:
        return StepState(StepStatus.DOING, _("Đã lập bộ bàn giao bản %(number)d", number=version.number), url)
    return StepState(StepStatus.DONE, _("Sở Nội vụ đã nhận bản %(number)d", number=version.number), url)


@bp.get("/rounds/<code>/handover")
@requires("roster.export")
def show(code: str) -> ResponseReturnValue:
    """The form and the sets; while a set is being made, how far it is. What a failed making was asked is kept."""
    session = reading()
    survey_round = find_round(session, code, me())
    making = making_of(session, survey_round)
    if goes_on(making):
        return render_template(
            "handover/show.html",
            survey_round=survey_round,
            version=latest_version(session, survey_round),
            made=sets.sets_of(session, survey_round),
            making=making,
        )
    return _page(survey_round, MultiDict(making.typed) if making else None, faults_of(making), making)


def _page(
    survey_round: Round, typed: Form | None, faults: dict[str, str], failed: SetMaking | None = None
) -> ResponseReturnValue:
    """The form as typed, else as in the last set. A making that failed earlier is told, but the page is no refusal."""
    session = reading()
    made = sets.sets_of(session, survey_round)
    kept = made[0].options if made else {}
    chosen = typed.getlist("papers") if typed else list(kept.get("papers", {PaperKind.LETTER: {}}))
    page = render_template(
        "handover/show.html",
        survey_round=survey_round,
        version=latest_version(session, survey_round),
        made=made,
        waited=made and "waited" in request.args and not faults,
        failed=failed,
        plans=column_plans.templates_of(session, survey_round),
        plan=typed.get("plan", "") if typed else "",
        kinds=[(kind, KIND_WORDS[kind], _wishes_shown(session, survey_round, kind, made, typed)) for kind in _PAPERS],
        chosen=chosen,
        own_words=[
            _(KIND_WORDS[kind]) for kind in PaperKind if sets.own_template(session, survey_round, kind) is not None
        ],
        has_converter=has_converter(),
        converter_package=PACKAGE,
        one_sheet=typed.get("sheets") == "one" if typed else kept.get("one_sheet", False),
        ethnicity="ethnicity" in typed if typed else False,
        with_ethnicity=sees_ethnicity(survey_round, me()),
        annex="annex" in typed if typed else kept.get("annex", True),
        pdf="pdf" in typed if typed else kept.get("pdf", True),
        faults=faults,
        fault_lines=[(words, name) for name, words in faults.items()],
    )
    return page, 422 if faults and failed is None else 200


def _wishes_shown(
    session: Session, survey_round: Round, kind: PaperKind, made: Sequence[HandoverSet], typed: Form | None
) -> PaperWishes:
    """As typed, else as in the last set that had such a paper, else as usual; number and day are new."""
    if typed:
        return _typed(session, survey_round, kind, typed)
    usual = default_wishes(session, survey_round, kind, today())
    for one in made:
        if kept := one.options.get("papers", {}).get(kind):
            return replace(usual, **{**kept, "number": ""})
    return usual


def _typed(session: Session, survey_round: Round, kind: PaperKind, typed: Form) -> PaperWishes:
    usual = default_wishes(session, survey_round, kind, today())
    texts = {
        one.name: typed.get(f"{kind}-{one.name}", "").replace("\r\n", "\n").strip()[:_LONGEST]
        for one in fields(PaperWishes)
        if one.name != "dated"
    }
    return replace(usual, **texts, dated=read_day(typed.get(f"{kind}-dated")) or usual.dated)


@bp.post("/rounds/<code>/handover")
@requires("roster.export")
def make(code: str) -> ResponseReturnValue:
    """Begins a set; a small one is there when the page comes, a large one is made while nobody waits."""
    faults = {
        f"{kind}-dated": _("Không đọc được ngày. Ghi dạng ngày/tháng/năm, ví dụ 17/12/2021.")
        for kind in request.form.getlist("papers")
        if read_day(request.form.get(f"{kind}-dated")) is None
    }
    survey_round = find_round(reading(), code, me())
    if faults:
        return _page(survey_round, request.form, faults)
    wishes, version = _wishes(reading(), survey_round), latest_version(reading(), survey_round)
    try:
        with writing() as session:
            making = begin_making(session, find_round(session, code, me()), wishes, _sent(), me())
    except Invalid as fault:
        return _page(find_round(reading(), code, me()), request.form, fault.faults)
    except Conflict as fault:
        flash(fault.message, "warn")
        return redirect(url_for(".show", code=code, waited="yes"), 303)
    job = MakingJob(database(), making.id, making.round_id, making.by_id, wishes)
    job.start()
    if version is not None and version.persons < _FEW:
        job.wait(_SECONDS_TO_WAIT)
    return redirect(url_for(".show", code=code, waited="yes"), 303)


def _sent() -> dict[str, list[str]]:
    """The fields of the form as they were sent, to be shown again when the making fails."""
    words = {f"{kind}-{one.name}" for kind in _PAPERS for one in fields(PaperWishes)}
    known = words | {"papers", "sheets", "plan", "ethnicity", "annex", "pdf"}
    return {name: [value[:_LONGEST] for value in values] for name, values in request.form.lists() if name in known}


def _wishes(session: Session, survey_round: Round) -> sets.SetWishes:
    chosen = [kind for kind in _PAPERS if kind in request.form.getlist("papers")]
    return sets.SetWishes(
        _options(session, survey_round),
        {kind: _typed(session, survey_round, kind, request.form) for kind in chosen},
        annex="annex" in request.form,
        pdf="pdf" in request.form,
    )


def _options(session: Session, survey_round: Round) -> HandoverOptions:
    plan_id = request.form.get("plan", type=int)
    template = column_plans.find_template(session, survey_round, plan_id) if plan_id else None
    return HandoverOptions(
        one_sheet=request.form.get("sheets") == "one",
        ethnicity=request.form.get("ethnicity") == "yes",
        plan=column_plans.plan_of(template) if template else None,
    )


@bp.post("/rounds/<code>/handover.xlsx")
@requires("roster.export")
def workbook(code: str) -> ResponseReturnValue:
    """The workbook alone; making it is logged, therefore a POST."""
    with writing() as session:
        survey_round = find_round(session, code, me(), even_cancelled=True)
        name, content = export_roster(session, survey_round, _options(session, survey_round), me())
    return send_file(BytesIO(content), mimetype=XLSX, as_attachment=True, download_name=name)


@bp.post("/rounds/<code>/handover/sets/<int:set_id>.zip")
@requires("roster.export")
def again(code: str, set_id: int) -> ResponseReturnValue:
    with writing() as session:
        made = sets.find_set(session, find_round(session, code, me(), even_cancelled=True), set_id)
        name, content = sets.given_again(session, made, me())
    return send_file(BytesIO(content), mimetype="application/zip", as_attachment=True, download_name=name)


@bp.get("/rounds/<code>/handover/columns")
@requires("roster.export")
def columns(code: str) -> ResponseReturnValue:
    survey_round = find_round(reading(), code, me())
    return render_template(
        "handover/columns.html", survey_round=survey_round, plans=column_plans.templates_of(reading(), survey_round)
    )


@bp.get("/rounds/<code>/handover/columns/<int:plan_id>")
@requires("roster.export")
def plan(code: str, plan_id: int) -> ResponseReturnValue:
    """One plan; 0 is a new one, `?copy=ID` begins with the columns of another."""
    session = reading()
    survey_round = find_round(session, code, me())
    copied = request.args.get("copy", type=int)
    found = column_plans.find_template(session, survey_round, plan_id or copied) if plan_id or copied else None
    name = found.name if found and plan_id else ""
    rows = column_plans.planned_columns(found) if found else _usual_columns()
    return _plan_page(survey_round, plan_id, name, rows, bool(found and found.titles), found.version if found else 0)


def _usual_columns() -> list[PlannedColumn]:
    left_out = ("ethnicity", UNIT_CODE)
    return [PlannedColumn(name, column.title) for name, column in PERSON_COLUMNS.items() if name not in left_out]


def _plan_page(
    survey_round: Round, plan_id: int, name: str, rows: Sequence[PlannedColumn], titles: bool, version: int,
    faults: dict[str, str] | None = None,
) -> ResponseReturnValue:  # fmt: skip
    blank = [PlannedColumn("", "")] * max(3, 8 - len(rows))
    page = render_template(
        "handover/plan.html",
        survey_round=survey_round,
        plan_id=plan_id,
        name=name,
        rows=[*rows, *blank],
        titles=titles,
        version=version,
        choices={one: column.title for one, column in PERSON_COLUMNS.items()},
        fillers={EMPTY: _("Cột trống"), CONSTANT: _("Giá trị cố định")},
        faults=faults or {},
    )
    return page, 422 if faults else 200


@bp.post("/rounds/<code>/handover/columns/<int:plan_id>")
@requires("roster.export")
def save_plan(code: str, plan_id: int) -> ResponseReturnValue:
    sent = zip_longest(*(request.form.getlist(name) for name in ("field", "heading", "text")), fillvalue="")
    rows = [PlannedColumn(*one) for one in sent]
    name, titles = request.form.get("name", ""), "titles" in request.form
    seen = request.form.get("version", type=int)
    if "learn" in request.form:
        return _learn(code, plan_id, name, titles)
    try:
        with writing() as session:
            survey_round = find_round(session, code, me())
            found = column_plans.find_template(session, survey_round, plan_id) if plan_id else None
            column_plans.save_template(session, survey_round, name, rows, titles, me(), found, seen)
    except Invalid as fault:
        shown = [row for row in rows if row.field]
        return _plan_page(find_round(reading(), code, me()), plan_id, name, shown, titles, seen or 0, fault.faults)
    flash(_("Đã lưu mẫu cột."), "ok")
    return redirect(url_for(".columns", code=code), 303)


def _learn(code: str, plan_id: int, name: str, titles: bool) -> ResponseReturnValue:
    """The columns of a sample file of the other software; nothing is kept before «Lưu»."""
    survey_round = find_round(reading(), code, me())
    sent = request.files.get("sample")
    seen = request.form.get("version", 0, type=int)
    try:
        if sent is None or not sent.filename:
            raise Invalid({"sample": _("Chưa chọn tệp. Chọn tệp mẫu trống của phần mềm rồi bấm lại.")})
        learned = column_plans.learned_columns(read_workbook(sent.read(), sent.filename))
    except Invalid as fault:
        return _plan_page(survey_round, plan_id, name, _usual_columns(), titles, seen, fault.faults)
    except Rejected as fault:
        return _plan_page(survey_round, plan_id, name, _usual_columns(), titles, seen, {"sample": fault.message})
    unknown = sum(one.field == EMPTY for one in learned)
    if unknown:
        words = _(
            "Có %(n)d cột chưa nhận ra nên để là «Cột trống»: các cột sau vẫn đúng chỗ. Chọn nội dung khác nếu cần.",
            n=unknown,
        )
        flash(words, "info")
    return _plan_page(survey_round, plan_id, name, learned, titles, seen)


@bp.post("/rounds/<code>/handover/columns/<int:plan_id>/delete")
@requires("roster.export")
def delete_plan(code: str, plan_id: int) -> ResponseReturnValue:
    with writing() as session:
        survey_round = find_round(session, code, me())
        column_plans.delete_template(session, column_plans.find_template(session, survey_round, plan_id), me())
    flash(_("Đã xóa mẫu cột."), "ok")
    return redirect(url_for(".columns", code=code), 303)


@bp.get("/rounds/<code>/handover/word")
@requires("roster.export")
def word(code: str) -> ResponseReturnValue:
    return _word_page(code, {})


def _word_page(code: str, faults: dict[str, str]) -> ResponseReturnValue:
    session = reading()
    survey_round = find_round(session, code, me())
    rows = [(kind, KIND_WORDS[kind], sets.own_template(session, survey_round, kind)) for kind in PaperKind]
    page = render_template("handover/word.html", survey_round=survey_round, rows=rows, faults=faults)
    return page, 422 if faults else 200


@bp.get("/rounds/<code>/handover/word/<kind>.docx")
@requires("roster.export")
def word_file(code: str, kind: str) -> ResponseReturnValue:
    """The template in use: the office's own or the shipped one."""
    survey_round = find_round(reading(), code, me())
    content = sets.template_in_use(reading(), survey_round, word_rules.kind_named(kind))
    return send_file(BytesIO(content), mimetype=DOCX, as_attachment=True, download_name=f"mau-{kind}.docx")


@bp.post("/rounds/<code>/handover/word/<kind>")
@requires("roster.export")
def change_word(code: str, kind: str) -> ResponseReturnValue:
    """An own template in the place of the one in use, or back to the shipped one."""
    wanted = word_rules.kind_named(kind)
    try:
        if "shipped" not in request.form and not (request.files.get("file") and request.files["file"].filename):
            raise Invalid({"file": _("Chưa chọn tệp. Chọn tệp Word (.docx) rồi tải lên.")})
        with writing() as session:
            survey_round = find_round(session, code, me())
            if "shipped" in request.form:
                word_rules.use_shipped(session, survey_round, wanted, me())
            else:
                sent = request.files["file"]
                word_rules.use_own(session, survey_round, wanted, sent.read(), sent.filename or "", me())
    except Invalid as fault:
        return _word_page(code, {kind: fault.faults["file"]})
    flash(_("Đã đổi mẫu Word."), "ok")
    return redirect(url_for(".word", code=code), 303)


register_step(8, handover_step)

from . import received_pages  # noqa: E402, F401 - adds its routes to `bp`
