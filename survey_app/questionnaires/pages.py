"""Pages of step 2: the questionnaires of a round, and the questionnaire of one group. The preview has its own file."""

import io
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from flask_babel import ngettext, pgettext
from sqlalchemy.orm import Session

from ..access import has_right, requires
from ..errors import Conflict, Missing
from ..rounds.copying import register_copier
from ..rounds.models import RespondentGroup, Round
from ..rounds.queries import find_round, rated_units
from ..steps import StepAction, StepState, StepStatus, register_step
from ..web import me, reading, writing
from .ddi import write_ddi
from .definition import asked_when
from .forms import CorrectionForm, UploadForm
from .matrix import has_matrix
from .media import unpacked
from .message import Message
from .paper_form import paper_form_pdf
from .queries import (
    GroupQuestionnaire,
    asked_criteria,
    bodies_of_group,
    find_group,
    form_of_group,
    history,
    loaded_version,
    media_of,
    newest_version,
    overview,
    questionnaire_of,
)
from .rules import (
    answers_given,
    copy_questionnaires,
    given_up,
    load_draft,
    load_shipped,
    publish,
    refuse_if_changed,
    shipped_file,
)
from .scenario_units import marks_of, with_units
from .surveyjs import write_surveyjs
from .wording import hand_in_of, placeholder_values
from .xlsform import XlsformError, read_xlsform
from .xlsform_tables import joined_lines
from .xlsform_writer import write_markdown, write_workbook, write_xform

bp = Blueprint("questionnaires", __name__, template_folder="templates")

_WRITERS = {
    "xml": (write_xform, "application/xml"),
    "ddi.xml": (write_ddi, "application/xml"),
    "surveyjs.json": (write_surveyjs, "application/json"),
    "xlsx": (write_workbook, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "md": (write_markdown, "text/markdown; charset=utf-8"),
}


@bp.get("/rounds/<code>/questionnaires")
@requires("questionnaires.read")
def questionnaires(code: str) -> Any:
    """All groups: version, checks, minutes, coverage of the criteria."""
    survey_round = find_round(reading(), code, me())
    found = overview(reading(), survey_round)
    ships = {row.group.code for row in found.rows if shipped_file(survey_round, row.group.code)}
    return render_template(
        "questionnaires/questionnaires.html",
        survey_round=survey_round,
        overview=found,
        may_load_shipped=any(row.group.code in ships for row in found.without),
        may_change=_may_change(survey_round),
    )


@bp.post("/rounds/<code>/questionnaires/shipped")
@requires("questionnaires.manage")
def use_shipped(code: str) -> Any:
    """Loads the shipped questionnaire of every group that has none."""
    with writing() as session:
        survey_round = find_round(session, code, me())
        groups = [row.group for row in overview(session, survey_round).without]
        loaded = load_shipped(session, survey_round, groups, me())
    flash(_("Đã nạp phiếu mẫu của nhóm %(groups)s. Xem trước rồi công bố.", groups=", ".join(loaded)), "ok")
    return redirect(url_for(".questionnaires", code=code))


@bp.post("/rounds/<code>/questionnaires/publish")
@requires("questionnaires.manage")
def publish_all(code: str) -> Any:
    """Publishes every draft without errors but those that two persons must look at, each on its own page."""
    with writing() as session:
        survey_round = find_round(session, code, me())
        rows = [row for row in overview(session, survey_round).rows if row.publishes_at_once]
        for row in rows:
            publish(session, survey_round, row.group, me())
    if rows:
        flash(ngettext("Đã công bố %(num)d phiếu.", "Đã công bố %(num)d phiếu.", len(rows)), "ok")
    else:
        flash(_("Không có bản nháp nào không lỗi để công bố."), "warn")
    return redirect(url_for(".questionnaires", code=code))


@bp.get("/rounds/<code>/questionnaires/<group_code>")
@requires("questionnaires.read")
def questionnaire(code: str, group_code: str) -> Any:
    """One group: what the checks say on the left, a phone on the right."""
    survey_round, group = find_pair(reading(), code, group_code)
    return show_group(survey_round, group, UploadForm())


@bp.post("/rounds/<code>/questionnaires/<group_code>/upload")
@requires("questionnaires.manage")
def upload(code: str, group_code: str) -> Any:
    """Takes an XLSForm as the draft of the group; a refused file is told cell by cell."""
    form = UploadForm()
    survey_round, group = find_pair(reading(), code, group_code)
    if not form.validate_on_submit():
        return show_group(survey_round, group, form), 422
    data, file_name = form.file.data.read(), form.file.data.filename
    try:
        workbook, workbook_name, _media = unpacked(data, file_name)
        read = read_xlsform(workbook, workbook_name)  # before the write lock: reading a large file takes a while
        joined = joined_lines(workbook, workbook_name)
        with writing() as session:
            survey_round, group = find_pair(session, code, group_code)
            if "seen" in request.form:
                refuse_if_changed(session, newest_version(session, group.id), request.form["seen"])
            lost = given_up(session, group, read, me())
            load_draft(session, survey_round, group, data, file_name, me())
    except Conflict as fault:
        flash(fault.message, "err")
        return redirect(url_for(".questionnaire", code=code, group_code=group_code))
    except XlsformError as fault:
        survey_round, group = find_pair(reading(), code, group_code)
        return show_group(survey_round, group, form, fault.messages, file_name), 422
    flash(_("Đã nạp «%(file)s» làm bản nháp của nhóm %(group)s.", file=file_name, group=group_code), "ok")
    if joined:
        places = "; ".join(joined[:5]) + ("; …" if len(joined) > 5 else "")
        text = _(
            "Chữ xuống dòng trong ô được viết liền thành một dòng (%(places)s). Muốn tách thì thêm câu dẫn (note).",
            places=places,
        )
        flash(text, "warn")
    if lost:
        flash(lost, "warn")
    return redirect(url_for(".questionnaire", code=code, group_code=group_code))


@bp.post("/rounds/<code>/questionnaires/<group_code>/shipped")
@requires("questionnaires.manage")
def use_shipped_for_group(code: str, group_code: str) -> Any:
    """Replaces the draft of one group by the shipped questionnaire."""
    with writing() as session:
        survey_round, group = find_pair(session, code, group_code)
        if "seen" in request.form:
            refuse_if_changed(session, newest_version(session, group.id), request.form["seen"])
        load_shipped(session, survey_round, [group], me())
    flash(_("Đã nạp phiếu mẫu của nhóm %(groups)s. Xem trước rồi công bố.", groups=group_code), "ok")
    return redirect(url_for(".questionnaire", code=code, group_code=group_code))


@bp.post("/rounds/<code>/questionnaires/<group_code>/publish")
@requires("questionnaires.manage")
def publish_group(code: str, group_code: str) -> Any:
    with writing() as session:
        survey_round, group = find_pair(session, code, group_code)
        number = publish(session, survey_round, group, me(), request.form.get("seen", "")).number
    flash(_("Đã công bố phiếu nhóm %(group)s, bản %(number)d.", group=group_code, number=number), "ok")
    return redirect(url_for(".questionnaire", code=code, group_code=group_code))


@bp.get("/rounds/<code>/questionnaires/<group_code>/file.<ending>")
@requires("questionnaires.read")
def download(code: str, group_code: str, ending: str) -> Any:
    """The newest version: XLSForm (.xlsx, .md), XForm for ODK, DDI-Codebook for archives, SurveyJS."""
    survey_round, group = find_pair(reading(), code, group_code)
    definition = questionnaire_of(reading(), survey_round, group).definition
    if definition is None or ending not in _WRITERS:
        raise Missing
    write, media_type = _WRITERS[ending]
    name = f"phieu-{survey_round.code}-nhom-{group.code.lower()}.{ending}"
    return send_file(io.BytesIO(write(definition)), media_type, as_attachment=True, download_name=name)


@bp.get("/rounds/<code>/questionnaires/<group_code>/paper.pdf")
@requires("questionnaires.read")
def paper(code: str, group_code: str) -> Any:
    """The newest version as a paper form in the language of `?lang=`, by default its first one."""
    survey_round, group = find_pair(reading(), code, group_code)
    definition = questionnaire_of(reading(), survey_round, group).definition
    if definition is None:
        raise Missing
    form = form_of_group(reading(), group, definition)
    wish = request.args.get("lang", "")
    language = wish if wish in {one.code for one in definition.languages} else definition.default_language
    units = rated_units(reading(), survey_round)
    rated = units[0].name if units else survey_round.operator_unit.name
    values = placeholder_values(survey_round, rated)
    about = "" if has_matrix(definition) else rated  # of a matrix the names stand in the rows
    media = media_of(reading(), loaded_version(reading(), group.id))
    pdf = paper_form_pdf(form, language, values, about, survey_round.mark, media, hand_in=hand_in_of(survey_round))
    name = f"phieu-giay-{survey_round.code}-nhom-{group.code.lower()}.pdf"
    return send_file(io.BytesIO(pdf), "application/pdf", as_attachment=True, download_name=name)


def find_pair(session: Session, code: str, group_code: str) -> tuple[Round, RespondentGroup]:
    """The round and one of its groups, as far as the signed-in account may see them. Raises Missing."""
    survey_round = find_round(session, code, me())
    return survey_round, find_group(session, survey_round, group_code)


def _may_change(survey_round: Round) -> bool:
    return not survey_round.is_frozen and has_right(me(), "questionnaires.manage")


def show_group(
    survey_round: Round,
    group: RespondentGroup,
    form: UploadForm,
    refused: list[Message] | None = None,
    refused_name: str = "",
    correction: CorrectionForm | None = None,
) -> str:
    """The page of a group: `refused` says why the file of that name was not taken."""
    found = questionnaire_of(reading(), survey_round, group)
    asked = [
        criterion.code for criterion in asked_criteria(reading(), survey_round.id) if group.code in criterion.groups
    ]
    scored = {q.criterion for q in found.definition.questions()} if found.definition else set()
    return render_template(
        "questionnaires/questionnaire.html",
        survey_round=survey_round,
        group=group,
        found=found,
        form=form,
        refused=refused or [],
        refused_name=refused_name,
        faults=bool(refused or form.errors or (correction and correction.errors)),
        asked=asked,
        covered=[criterion for criterion in asked if criterion in scored],
        asked_when=asked_when(found.definition) if found.definition else [],
        ships=shipped_file(survey_round, group.code) is not None,
        may_change=_may_change(survey_round),
        may_correct=_may_correct(survey_round) and found.published_number > 0,
        may_decide=_may_change(survey_round) or (_may_correct(survey_round) and found.is_correction),
        correction=correction or CorrectionForm(),
        waits=found.waits_for_second(me()),
        answers=answers_given(reading(), survey_round, group),
        history=history(reading(), group),
        states=_states(group, found),
    )


def _states(group: RespondentGroup, found: GroupQuestionnaire) -> dict[int, dict[str, Any]]:
    """Scenario -> its answers as the preview knows them, where the rows of a matrix have the units of this round."""
    if found.definition is None or not found.outcomes:
        return {}
    marks = marks_of(bodies_of_group(reading(), group)) if has_matrix(found.definition) else {}
    units = {mark: number for number, mark in marks.items()}
    scenarios = [outcome.scenario for outcome in found.outcomes]
    return {one.id: with_units(found.definition, one.answers, units) for one in scenarios}


def _may_correct(survey_round: Round) -> bool:
    """While the round is open, typing errors may be corrected."""
    is_open = survey_round.opened_at is not None and survey_round.closed_at is None
    return is_open and has_right(me(), "questionnaires.manage")


def step_two(session: Session, survey_round: Round) -> StepState:
    """How far the questionnaires of a round are, for its home page."""
    found = overview(session, survey_round)
    url = url_for("questionnaires.questionnaires", code=survey_round.code)
    if not found.rows or not found.coverage.total:
        return StepState(StepStatus.BLOCKED, _("Làm được sau khi có bộ tiêu chí và nhóm"))
    covered = _("%(n)d/%(total)d tiêu chí có câu hỏi", n=found.coverage.covered, total=found.coverage.total)
    progress = (found.published, len(found.rows))
    if found.published == len(found.rows):
        return StepState(StepStatus.DONE, covered, url, progress, pgettext("questionnaires", "phiếu"))
    faulty = [row.group.code for row in found.rows if row.errors]
    if faulty:
        text = _("Phiếu nhóm %(groups)s còn lỗi", groups=", ".join(faulty))
        action = StepAction(text, _("Xem lỗi của phiếu"), url, covered)
        return StepState(StepStatus.TROUBLE, text, url, progress, pgettext("questionnaires", "phiếu"), action)
    status = StepStatus.TODO if len(found.without) == len(found.rows) else StepStatus.DOING
    left = len(found.rows) - found.published
    heading = ngettext("Công bố %(num)d phiếu khảo sát", "Công bố %(num)d phiếu khảo sát", left)
    return StepState(
        status,
        covered,
        url,
        progress,
        pgettext("questionnaires", "phiếu"),
        StepAction(heading, _("Chuẩn bị phiếu hỏi"), url, covered),
    )


register_step(2, step_two)
register_copier(copy_questionnaires)

from . import editor_pages, media_pages, preview_pages, scenario_pages, version_pages  # noqa: E402, F401 - they add their routes to `bp`
