"""The preview: a questionnaire walked on a phone's screen. Answers travel in the page; nothing is stored.

The same engine, macros and stylesheet as the respondents' own pages, so that what is seen here is what they see.
"""

import json
from typing import Any

from flask import render_template, request
from flask_babel import force_locale, get_locale
from flask_babel import gettext as _

from ..access import has_right, requires
from ..errors import Missing
from ..guard import may_be_framed
from ..rounds.models import Round
from ..rounds.queries import find_round, rated_units
from ..text import today
from ..web import me, reading
from .answer_values import REQUIRED
from .definition import Definition
from .expression import Answer
from .pages import bp
from .path import Screen, answers_on_path, check_answers, check_screen, screens
from .queries import definition_of, find_group, form_of_group, newest_version
from .shown_screen import in_shown_order, values_to_show
from .wording import range_text, reviewed_words, text_shower, words_of_faults

_OWN_LANGUAGES = ("vi", "en")
_LONGEST_STATE = 100_000

bp.app_template_global("range_text")(range_text)


@bp.route("/rounds/<code>/questionnaires/<group_code>/preview", methods=["GET", "POST"])
@may_be_framed
@requires("questionnaires.read")
def preview(code: str, group_code: str) -> Any:
    """One screen of the newest version; the form brings the answers so far and where to go."""
    survey_round = find_round(reading(), code, me())
    group = find_group(reading(), survey_round, group_code)
    version = newest_version(reading(), group.id)
    if version is None:
        raise Missing
    definition = form_of_group(reading(), group, definition_of(version))
    language = _language(definition)
    answers = answers_so_far(definition)
    with force_locale(language if language in _OWN_LANGUAGES else "vi"):
        return _walk(survey_round, definition, answers, language)


def _language(definition: Definition) -> str:
    wish = request.form.get("switch") or request.values.get("lang", "")
    known = [language.code for language in definition.languages]
    for one in (wish, str(get_locale())):  # the office's own language, until another is chosen
        if one in known:
            return one
    return known[0]


def answers_so_far(definition: Definition) -> dict[str, Answer]:
    """The sound answers in the posted state; anything else in it is left out."""
    text = request.form.get("state", "")
    try:
        sent = json.loads(text) if 0 < len(text) <= _LONGEST_STATE else {}
    except (ValueError, RecursionError):
        return {}
    if not isinstance(sent, dict):
        return {}
    faulty = {fault.name for fault in check_answers(definition, sent)}
    return answers_on_path(definition, {name: value for name, value in sent.items() if name not in faulty})


def _walk(survey_round: Round, definition: Definition, answers: dict[str, Answer], language: str) -> Any:
    """Takes the answers of the posted screen and shows the wished one, or the same one with its faults."""
    before = screens(definition, answers)
    number = _number("from", len(before))
    faults: dict[str, str] = {}
    if number:
        screen = before[number - 1]
        posted = {question.name: request.form.getlist(question.name) for question in screen.questions}
        values, faults = check_screen(screen, posted, today().isoformat())
        answers = answers | values
    if not {"go", "switch", "back"}.isdisjoint(request.form):
        faults = {}  # who jumps, goes back or changes the language is not kept
    path = screens(definition, answers)
    wish = _wished(number, len(path), bool(faults))
    if wish > len(path):
        return _show_end(survey_round, definition, answers, language)
    return _show_screen(survey_round, definition, path[wish - 1], answers, language, faults)


def _number(field: str, most: int) -> int:
    """A number of a screen in the form, 0 for none; `most` is the largest that makes sense."""
    text = request.form.get(field, "")
    return min(int(text), most) if text.isdecimal() and len(text) < 5 else 0


def _wished(number: int, total: int, has_faults: bool) -> int:
    """The screen to show: jumped to, before, the same again, or the next."""
    if "go" in request.form and "jump" in request.form:
        return max(1, _number("jump", total + 1))
    if "back" in request.form:
        return max(1, number - 1) if number else total
    if has_faults or "switch" in request.form:
        return number or total + ("switch" in request.form)
    return number + 1


def _frame(survey_round: Round, definition: Definition, answers: dict[str, Answer], language: str) -> dict[str, Any]:
    """What every page of the preview needs."""
    units = rated_units(reading(), survey_round)
    rated = units[0].name if units else survey_round.operator_unit.name
    if _is_matrix(definition):
        rated = ""  # the names stand in the rows
    own = language if language in _OWN_LANGUAGES else "vi"
    t = text_shower(survey_round, rated, language)
    return {
        "survey_round": survey_round,
        "language": language,
        "ui_language": own,
        "words_language": language if language != own else "",
        "languages": [(one.code, one.name) for one in definition.languages],
        "here": request.path,
        "packed": json.dumps(answers, ensure_ascii=False),
        "rated": rated,
        "t": t,
        "jumps": [(screen.number, _jump_words(screen, t)) for screen in screens(definition, answers)],
    }


def _is_matrix(form: Definition) -> bool:
    return any(question.rated_unit for question in form.questions())


def _jump_words(screen: Screen, t: Any) -> str:
    alone = len(screen.questions) == 1 or screen.is_matrix
    words = t(screen.questions[0].label) if alone else t(screen.title)
    return f"{screen.first_question}. {words if len(words) <= 70 else words[:67] + '…'}"


def _show_screen(
    survey_round: Round,
    definition: Definition,
    screen: Screen,
    answers: dict[str, Answer],
    language: str,
    faults: dict[str, str],
) -> Any:
    frame = _frame(survey_round, definition, answers, language)
    screen = in_shown_order(screen, survey_round.code)
    values = values_to_show(screen, answers, faults, request.form)
    questions = {question.name: question for question in screen.questions}
    words, targets = words_of_faults(faults, questions, frame["t"])
    page = render_template(
        "questionnaires/preview_screen.html",
        screen=screen,
        values=values,
        faults=words,
        all_missing=set(faults.values()) <= {REQUIRED},
        targets=targets,
        **frame,
    )
    return page, 422 if faults else 200


def _show_end(survey_round: Round, definition: Definition, answers: dict[str, Answer], language: str) -> Any:
    """What the review of a respondent would list."""
    frame = _frame(survey_round, definition, answers, language)
    t = frame["t"]
    rows = [
        row
        for screen in screens(definition, answers)
        for row in ([_matrix_row(screen, t)] if screen.is_matrix else _rows(screen, definition, t))
    ]
    return render_template(
        "questionnaires/preview_end.html",
        rows=rows,
        group_code=(request.view_args or {})["group_code"],
        may_save=not survey_round.is_frozen and has_right(me(), "questionnaires.manage"),
        **frame,
    )


def _rows(screen: Screen, definition: Definition, t: Any) -> list[tuple[int, str, str]]:
    return [
        (
            definition.numbers[question.name],
            t(question.label),
            reviewed_words(question, screen.live.get(question.name, ""), t),
        )
        for question in screen.questions
        if question.is_answered
    ]


def _matrix_row(screen: Screen, t: Any) -> tuple[int, str, str]:
    total = sum(question.is_answered for question in screen.questions)
    return (
        screen.first_question,
        t(screen.questions[0].label),
        _("{n}/{total} đơn vị đã có câu trả lời").format(n=screen.given, total=total),
    )
