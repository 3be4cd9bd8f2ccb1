"""The editor: common changes to a questionnaire in the browser. Each makes or replaces the draft of the group."""

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from ..access import requires
from ..errors import Conflict, Invalid, Missing, Refused
from ..rounds.models import RespondentGroup, Round
from ..web import me, reading, writing
from .definition import Definition
from .editor import Template, Wording, added, find_question, moved, removed, reworded, used_in
from .pages import bp, find_pair
from .queries import asked_criteria, definition_of, loaded_version
from .rules import load_draft
from .xlsform import XlsformError
from .xlsform_writer import write_workbook


@bp.get("/rounds/<code>/questionnaires/<group_code>/edit")
@requires("questionnaires.manage")
def edit(code: str, group_code: str) -> Any:
    """All questions in order, each with what can be done to it."""
    survey_round, group, definition, seen = _present(code, group_code)
    return render_template(
        "questionnaires/edit.html", survey_round=survey_round, group=group, definition=definition, seen=seen
    )


@bp.post("/rounds/<code>/questionnaires/<group_code>/edit/move")
@requires("questionnaires.manage")
def move(code: str, group_code: str) -> Any:
    """One place up or down."""
    name, step = request.form.get("name", ""), -1 if request.form.get("step") == "up" else 1
    _change(code, group_code, lambda definition: moved(definition, name, step))
    return redirect(url_for(".edit", code=code, group_code=group_code) + f"#item-{name}")


@bp.post("/rounds/<code>/questionnaires/<group_code>/edit/remove")
@requires("questionnaires.manage")
def remove_question(code: str, group_code: str) -> Any:
    name = request.form.get("name", "")
    _change(code, group_code, lambda definition: removed(definition, name))
    flash(_("Đã bỏ câu «%(name)s» khỏi bản nháp.", name=name), "ok")
    return redirect(url_for(".edit", code=code, group_code=group_code))


@bp.route("/rounds/<code>/questionnaires/<group_code>/edit/new", methods=["GET", "POST"])
@requires("questionnaires.manage")
def new_question(code: str, group_code: str) -> Any:
    """A new question from a template."""
    survey_round, group, definition, seen = _present(code, group_code)
    faults: dict[str, str] = {}
    if request.method == "POST":
        label = _texts(definition, "label")
        template, after = Template(_one_of("template", list(Template))), request.form.get("after", "")
        criterion = request.form.get("criterion", "")
        try:
            _change(code, group_code, lambda before: added(before, template, label, after, criterion)[0])
            flash(_("Đã thêm câu hỏi vào bản nháp."), "ok")
            return redirect(url_for(".edit", code=code, group_code=group_code))
        except Invalid as fault:
            faults = fault.faults
    asked = [one.code for one in asked_criteria(reading(), survey_round.id) if group.code in one.groups]
    page = render_template(
        "questionnaires/new_question.html",
        survey_round=survey_round,
        group=group,
        definition=definition,
        seen=seen,
        criteria=asked,
        faults=faults,
        fault_links=[(words, field) for field, words in faults.items()],
        given=request.form,
    )
    return page, 422 if faults else 200


@bp.route("/rounds/<code>/questionnaires/<group_code>/edit/question/<name>", methods=["GET", "POST"])
@requires("questionnaires.manage")
def edit_question(code: str, group_code: str, name: str) -> Any:
    """The words of a question and its choices, and whether it must be answered."""
    survey_round, group, definition, seen = _present(code, group_code)
    question = find_question(definition, name)
    faults: dict[str, str] = {}
    if request.method == "POST":
        wording = Wording(
            label=_texts(definition, "label"),
            hint=_texts(definition, "hint"),
            required="required" in request.form,
            choices={choice.name: _texts(definition, f"choice-{choice.name}") for choice in question.choices},
            new_choice=_texts(definition, "new-choice"),
        )
        try:
            _change(code, group_code, lambda before: reworded(before, name, wording))
            flash(_("Đã lưu câu hỏi vào bản nháp."), "ok")
            return redirect(url_for(".edit", code=code, group_code=group_code) + f"#item-{name}")
        except Invalid as fault:
            faults = fault.faults
    page = render_template(
        "questionnaires/edit_question.html",
        survey_round=survey_round,
        group=group,
        definition=definition,
        question=question,
        seen=seen,
        shared=used_in(definition, question.list_name) if question.list_name else 0,
        faults=faults,
        fault_links=[(words, field) for field, words in faults.items()],
        given=request.form,
    )
    return page, 422 if faults else 200


def _present(code: str, group_code: str) -> tuple[Round, RespondentGroup, Definition, str]:
    """The newest version and its hash. Raises Missing without one, Refused once the round is open."""
    survey_round, group = find_pair(reading(), code, group_code)
    version = loaded_version(reading(), group.id)
    if survey_round.is_frozen:
        raise Refused("Đợt đã mở thu phiếu nên phiếu khảo sát không đổi được nữa; chỉ sửa được lỗi chữ.")
    return survey_round, group, definition_of(version), version.sha256


def _change(code: str, group_code: str, change: Callable[[Definition], Definition]) -> None:
    """The changed questionnaire as the draft. Raises Conflict when somebody else was faster."""
    try:
        with writing() as session:
            survey_round, group = find_pair(session, code, group_code)
            version = loaded_version(session, group.id)
            if version.sha256 != request.form.get("seen", ""):
                raise Conflict("Người khác vừa sửa phiếu này. Mở lại trang sửa phiếu rồi làm tiếp.")
            workbook = write_workbook(change(definition_of(version)))
            load_draft(session, survey_round, group, workbook, f"nhom-{group.code.lower()}.xlsx", me())
    except XlsformError as fault:
        words = "; ".join(message.text for message in fault.messages[:3])
        raise Refused(f"Chưa lưu được: {words}") from fault


def _texts(definition: Definition, field: str) -> dict[str, str]:
    return {one.code: request.form.get(f"{field}-{one.code}", "") for one in definition.languages}


def _one_of(field: str, known: list[Template]) -> str:
    value = request.form.get(field, "")
    if value not in known:
        raise Missing
    return value
