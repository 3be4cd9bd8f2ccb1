"""The editor: common changes to a questionnaire in the browser. Each makes or replaces the draft of the group."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from ..access import Actor, requires
from ..errors import Conflict, Invalid, Missing, Refused
from ..rounds.models import RespondentGroup, Round
from ..text import moment_text
from ..web import me, reading, writing
from .definition import Definition, Question
from .difference import differences
from .edit_merge import REQUIRED, YES, Fields, Merge, fields_of, merged
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
from .pages import bp, find_pair
from .queries import asked_criteria, definition_of, loaded_version, loader_name, state_seen, steps_of
from .rules import load_draft, redo_change, refuse_if_changed, undo_last_change
from .xlsform import XlsformError
from .xlsform_writer import write_workbook


@bp.get("/rounds/<code>/questionnaires/<group_code>/edit")
@requires("questionnaires.manage")
def edit(code: str, group_code: str) -> Any:
    """All questions in order, each with what can be done to it."""
    survey_round, group, definition, seen = _present(code, group_code)
    newest = loaded_version(reading(), group.id)
    steps = steps_of(newest)
    return render_template(
        "questionnaires/edit.html",
        survey_round=survey_round,
        group=group,
        definition=definition,
        seen=seen,
        changed_by=loader_name(reading(), newest),
        changed_at=newest.loaded_at,
        steps=steps,
        last_changes=differences(steps.last, definition) if steps.last else [],
        next_changes=differences(definition, steps.next) if steps.next else [],
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
    _step_through(code, group_code, undo_last_change)
    flash(_("Đã hoàn tác một thay đổi của bản nháp."), "ok")
    return redirect(url_for(".edit", code=code, group_code=group_code))


@bp.post("/rounds/<code>/questionnaires/<group_code>/edit/redo")
@requires("questionnaires.manage")
def redo(code: str, group_code: str) -> Any:
    """Makes the change that was last taken back again."""
    _step_through(code, group_code, redo_change)
    flash(_("Đã làm lại thay đổi vừa hoàn tác."), "ok")
    return redirect(url_for(".edit", code=code, group_code=group_code))


def _step_through(code: str, group_code: str, step: Callable[[Session, Round, RespondentGroup, Actor], None]) -> None:
    with writing() as session:
        survey_round, group = find_pair(session, code, group_code)
        refuse_if_changed(session, loaded_version(session, group.id), request.form.get("seen", ""))
        step(session, survey_round, group, me())


@bp.route("/rounds/<code>/questionnaires/<group_code>/edit/new", methods=["GET", "POST"])
@requires("questionnaires.manage")
def new_question(code: str, group_code: str) -> Any:
    """A new question from a template."""
    faults: dict[str, str] = {}
    definition = _present(code, group_code)[2]
    if request.method == "POST":
        label = _texts(definition, "label", request.form)
        template, after = Template(_one_of("template", list(Template))), request.form.get("after", "")
        criterion, seen = request.form.get("criterion", ""), request.form.get("seen", "")
        try:
            _change(code, group_code, lambda before: added(before, template, label, after, criterion)[0], seen)
            flash(_("Đã thêm câu hỏi vào bản nháp."), "ok")
            return redirect(url_for(".edit", code=code, group_code=group_code))
        except (Invalid, Refused, Conflict) as fault:
            faults = _faults_of(fault)
    return _new_question_page(code, group_code, faults)


def _new_question_page(
    code: str, group_code: str, faults: dict[str, str], gone: str = "", lost_choices: Sequence[str] = ()
) -> Any:
    """The form of a new question with what was typed: also for one that is `gone`, with the choices typed for it."""
    survey_round, group, definition, seen = _present(code, group_code)
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
        gone=gone,
        lost_choices=lost_choices,
    )
    return page, 409 if gone else 422 if faults else 200


@bp.route("/rounds/<code>/questionnaires/<group_code>/edit/question/<name>", methods=["GET", "POST"])
@requires("questionnaires.manage")
def edit_question(code: str, group_code: str, name: str) -> Any:
    """The words of a question and its choices, their order, and whether it must be answered."""
    _round, group, definition, seen = _present(code, group_code)
    if request.method == "GET":
        return _question_page(code, group_code, name, Merge({}, {}), {})
    if definition.question(name) is None:
        return _gone_question(code, group_code, definition)
    question = find_question(definition, name)
    merge = Merge(_typed(), {})
    if seen != request.form.get("seen", ""):
        merge = _merge_with_newer(group, definition, question, merge.fields)
    if merge.clashes:
        return _question_page(code, group_code, name, merge, {})
    try:
        wording = _wording(definition, question, merge.fields)
        _change(code, group_code, lambda before: _with_choice_step(reworded(before, name, wording), name), seen)
    except (Invalid, Refused, Conflict) as fault:
        return _question_page(code, group_code, name, merge, _faults_of(fault))
    return _saved_question(code, group_code, name, merge)


def _question_page(code: str, group_code: str, name: str, merge: Merge, faults: dict[str, str]) -> Any:
    """The form of a question: as it is, or as `merge` has it with what is at fault and where two persons clash."""
    survey_round, group, definition, seen = _present(code, group_code)
    question = find_question(definition, name)
    newest = loaded_version(reading(), group.id)
    clashes = [
        (_words_of(field, definition), merge.fields.get(field, ""), text) for field, text in merge.clashes.items()
    ]
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
        given=merge.fields,
        clashes=clashes,
        changed_by=loader_name(reading(), newest),
        changed_at=newest.loaded_at,
    )
    return page, 409 if clashes else 422 if faults else 200


def _typed() -> dict[str, str]:
    """The posted form; the box «required» is always there, empty when it is not ticked."""
    return {**request.form.to_dict(), REQUIRED: YES if REQUIRED in request.form else ""}


def _wording(definition: Definition, question: Question, fields: Mapping[str, str]) -> Wording:
    return Wording(
        label=_texts(definition, "label", fields),
        hint=_texts(definition, "hint", fields),
        required=bool(fields.get(REQUIRED)),
        choices={choice.name: _texts(definition, f"choice-{choice.name}", fields) for choice in question.choices},
        new_choice=_texts(definition, "new-choice", fields),
    )


def _merge_with_newer(group: RespondentGroup, definition: Definition, question: Question, mine: Fields) -> Merge:
    """What was typed together with what somebody else saved since the form was opened."""
    opened = state_seen(reading(), group, request.form.get("seen", ""))
    base = opened.question(question.name) if opened else None
    began = fields_of(base, opened) if base and opened else None
    return merged(began, mine, fields_of(question, definition))


def _saved_question(code: str, group_code: str, name: str, merge: Merge) -> Any:
    """Back to the list, or to the choice whose place was changed."""
    flash(_("Đã lưu câu hỏi vào bản nháp."), "ok")
    if merge.fields != _typed():
        flash(_("Người khác cũng vừa sửa câu này ở ô khác; cả hai thay đổi đều được giữ."), "ok")
    if choice_step := request.form.get("choice", ""):
        url = url_for(".edit_question", code=code, group_code=group_code, name=name)
        return redirect(f"{url}#choice-{choice_step.partition(':')[2]}")
    return redirect(url_for(".edit", code=code, group_code=group_code) + f"#item-{name}")


def _gone_question(code: str, group_code: str, definition: Definition) -> Any:
    """What was typed for a question that somebody has removed meanwhile, as a new question that can be added."""
    newest = loaded_version(reading(), find_pair(reading(), code, group_code)[1].id)
    words = _(
        "%(name)s vừa bỏ câu này lúc %(at)s. Chưa ghi gì. Lời đã gõ còn ở dưới: thêm thành câu mới, "
        "hoặc về trang sửa phiếu bấm «Hoàn tác» để lấy lại câu cũ.",
        name=loader_name(reading(), newest),
        at=moment_text(newest.loaded_at),
    )
    ends = f"-{definition.default_language}"
    typed = [text for field, text in request.form.items() if field.startswith("choice-") and field.endswith(ends)]
    return _new_question_page(code, group_code, {}, words, typed)


def _words_of(field: str, definition: Definition) -> str:
    """The name of a field of the form, as it stands above the field."""
    if field == REQUIRED:
        return str(_("Bắt buộc trả lời"))
    kind, _dash, rest = field.partition("-")
    choice, _dash, code = rest.rpartition("-")
    language = next((one.name for one in definition.languages if one.code == code), code)
    words = {"label": _("Câu hỏi"), "hint": _("Gợi ý dưới câu hỏi")}.get(kind) or _("Lựa chọn %(n)s", n=choice)
    return f"{words} ({language})"


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
    if find_question(definition, name).choice(choice_name) is None:
        raise Conflict("Người khác vừa bỏ lựa chọn này. Chưa ghi gì. Xem lại rồi lưu.")
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
        _change(code, group_code, change, request.form.get("seen", ""))
    except (_Broken, Conflict) as fault:
        flash(fault.message, "err")
        return False
    return True


def _change(code: str, group_code: str, change: Callable[[Definition], Definition], seen: str) -> None:
    """The changed questionnaire as the draft. Raises Conflict when it is not the state `seen` any more."""
    try:
        with writing() as session:
            survey_round, group = find_pair(session, code, group_code)
            version = loaded_version(session, group.id)
            refuse_if_changed(session, version, seen)
            workbook = write_workbook(change(definition_of(version)))
            load_draft(session, survey_round, group, workbook, f"nhom-{group.code.lower()}.xlsx", me())
    except XlsformError as fault:
        words = "; ".join(message.text for message in fault.messages[:3])
        raise _Broken(f"Chưa lưu được: {words}") from fault


def _texts(definition: Definition, field: str, fields: Mapping[str, str]) -> dict[str, str]:
    return {one.code: fields.get(f"{field}-{one.code}", "") for one in definition.languages}


def _one_of(field: str, known: list[Template]) -> str:
    value = request.form.get(field, "")
    if value not in known:
        raise Missing
    return value
