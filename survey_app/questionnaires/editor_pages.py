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
from .editor import (
    Template,
    Wording,
    added,
    choice_moved,
    choice_removed,
    find_question,
    has_levels,
    moved,
    removed,
    reworded,
    used_in,
)
from .models import QuestionnaireVersion
from .pages import bp, find_pair
from .queries import asked_criteria, definition_of, loaded_version
from .rules import load_draft, undo_last_change
from .xlsform import XlsformError
from .xlsform_writer import write_workbook


@bp.get("/rounds/<code>/questionnaires/<group_code>/edit")
@requires("questionnaires.manage")
def edit(code: str, group_code: str) -> Any:
    """All questions in order, each with what can be done to it."""
    survey_round, group, definition, seen = _present(code, group_code)
    newest = loaded_version(reading(), group.id)
    return render_template(
        "questionnaires/edit.html",
        survey_round=survey_round,
        group=group,
        definition=definition,
        seen=seen,
        may_undo=newest.published_at is None and bool(newest.earlier),
    )


@bp.post("/rounds/<code>/questionnaires/<group_code>/edit/move")
@requires("questionnaires.manage")
def move(code: str, group_code: str) -> Any:
    """One place up or down."""
    name, step = request.form.get("name", ""), _step(request.form.get("step"))
    if not _changed(code, group_code, lambda definition: moved(definition, name, step)):
        return redirect(url_for(".edit", code=code, group_code=group_code))
    return redirect(url_for(".edit", code=code, group_code=group_code) + f"#item-{name}")


@bp.get("/rounds/<code>/questionnaires/<group_code>/edit/remove/<name>")
@requires("questionnaires.manage")
def ask_before_removing(code: str, group_code: str, name: str) -> Any:
    """What goes with the question, and the button that removes it."""
    survey_round, group, definition, seen = _present(code, group_code)
    return render_template(
        "questionnaires/remove_question.html",
        survey_round=survey_round,
        group=group,
        definition=definition,
        question=find_question(definition, name),
        seen=seen,
    )


@bp.post("/rounds/<code>/questionnaires/<group_code>/edit/remove")
@requires("questionnaires.manage")
def remove_question(code: str, group_code: str) -> Any:
    name = request.form.get("name", "")
    if _changed(code, group_code, lambda definition: removed(definition, name)):
        flash(_("Đã bỏ câu «%(name)s» khỏi bản nháp. Bỏ nhầm thì bấm «Hoàn tác».", name=name), "ok")
    return redirect(url_for(".edit", code=code, group_code=group_code))


@bp.post("/rounds/<code>/questionnaires/<group_code>/edit/undo")
@requires("questionnaires.manage")
def undo(code: str, group_code: str) -> Any:
    """Takes the last change of the draft back."""
    with writing() as session:
        survey_round, group = find_pair(session, code, group_code)
        _refuse_if_changed(loaded_version(session, group.id))
        undo_last_change(session, survey_round, group, me())
    flash(_("Đã hoàn tác thay đổi cuối của bản nháp."), "ok")
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
        except (Invalid, Refused, Conflict) as fault:
            faults, seen = _faults_of(fault), _present(code, group_code)[3]
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
    """The words of a question and its choices, their order, and whether it must be answered."""
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
            _change(code, group_code, lambda before: _with_choice_step(reworded(before, name, wording), name))
            flash(_("Đã lưu câu hỏi vào bản nháp."), "ok")
            if choice_step := request.form.get("choice", ""):
                url = url_for(".edit_question", code=code, group_code=group_code, name=name)
                return redirect(f"{url}#choice-{choice_step.partition(':')[2]}")
            return redirect(url_for(".edit", code=code, group_code=group_code) + f"#item-{name}")
        except (Invalid, Refused, Conflict) as fault:
            faults, seen = _faults_of(fault), _present(code, group_code)[3]
    page = render_template(
        "questionnaires/edit_question.html",
        survey_round=survey_round,
        group=group,
        definition=definition,
        question=question,
        seen=seen,
        is_scale=has_levels(question.choices),
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


class _Broken(Refused):
    """The change would leave a questionnaire that cannot be walked."""


def _with_choice_step(definition: Definition, name: str) -> Definition:
    """What the button beside a choice does, besides saving the words: «up:x», «down:x», «remove:x»."""
    act, _colon, choice_name = request.form.get("choice", "").partition(":")
    if not act:
        return definition
    if act == "remove":
        return choice_removed(definition, name, choice_name)
    return choice_moved(definition, name, choice_name, _step(act))


def _step(word: str | None) -> int:
    return -1 if word == "up" else 1


def _faults_of(fault: Invalid | Refused | Conflict) -> dict[str, str]:
    """The sentences beside the fields; what is about the whole form stands above it, and what was typed stays."""
    return fault.faults if isinstance(fault, Invalid) else {"": fault.message}


def _changed(code: str, group_code: str, change: Callable[[Definition], Definition]) -> bool:
    """Whether the change was made; what it would break, or who was faster, is said on the page that follows."""
    try:
        _change(code, group_code, change)
    except (_Broken, Conflict) as fault:
        flash(fault.message, "err")
        return False
    return True


def _refuse_if_changed(version: QuestionnaireVersion) -> None:
    """Raises Conflict when the page showed another state."""
    if version.sha256 != request.form.get("seen", ""):
        raise Conflict("Người khác vừa sửa phiếu này. Xem lại rồi làm tiếp.")


def _change(code: str, group_code: str, change: Callable[[Definition], Definition]) -> None:
    """The changed questionnaire as the draft. Raises Conflict when somebody else was faster."""
    try:
        with writing() as session:
            survey_round, group = find_pair(session, code, group_code)
            version = loaded_version(session, group.id)
            _refuse_if_changed(version)
            workbook = write_workbook(change(definition_of(version)))
            load_draft(session, survey_round, group, workbook, f"nhom-{group.code.lower()}.xlsx", me())
    except XlsformError as fault:
        words = "; ".join(message.text for message in fault.messages[:3])
        raise _Broken(f"Chưa lưu được: {words}") from fault


def _texts(definition: Definition, field: str) -> dict[str, str]:
    return {one.code: request.form.get(f"{field}-{one.code}", "") for one in definition.languages}


def _one_of(field: str, known: list[Template]) -> str:
    value = request.form.get(field, "")
    if value not in known:
        raise Missing
    return value
