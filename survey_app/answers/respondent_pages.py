"""The pages on which a person answers, from code to thanks: without script, cookie or state on the server."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import g, get_template_attribute, redirect, request, session, url_for
from flask_babel import force_locale
from flask_babel import gettext as _
from markupsafe import Markup

from ..questionnaires.answer_values import REQUIRED
from ..questionnaires.check import minutes
from ..questionnaires.definition import DONT_KNOW
from ..questionnaires.path import (
    Screen,
    answers_on_path,
    check_answers,
    check_screen,
    screens,
)
from ..questionnaires.shown_screen import in_shown_order, values_to_show
from ..questionnaires.wording import reviewed_words, text_shower, words_of_faults
from ..text import today
from .blueprint import bp, for_respondents
from .endings import ending
from .payload import digest_of
from .phone_pages import empty_code_page
from .public_pages import cell_words, facts_of
from .rules import (
    AlreadyAnswered,
    Receipt,
    Sending,
    SlipNotTicked,
    refuse,
)
from .state import State, begin
from .visit import (
    UI_LANGUAGES,
    Visit,
    enter,
    packed,
    read_state,
    refuse_foreign_pages,
    show,
    writer,
)
from .writer import BusyError


@bp.get("/")
@for_respondents
def code_page() -> Any:
    """The field for the code; an office account is sent on to its own first page."""
    if "_user_id" in session:
        return redirect(url_for("rounds.home"))
    return empty_code_page()


@bp.get("/p")
@for_respondents
def link_page() -> Any:
    """Where links and QR codes lead; the code stands behind «#» and is put into the field by the script."""
    return empty_code_page()


@bp.get("/phieu/<path:rest>")
@for_respondents
def lost_page(rest: str) -> Any:
    """An address of the form opened by itself holds no answers: back to the code."""
    return redirect(url_for("answers.code_page"))


@bp.post("/phieu/rieng-tu")
@for_respondents
def privacy_page() -> Any:
    """What happens to the answers; here the answering begins."""
    refuse_foreign_pages()
    if "state" in request.form:
        state = read_state()
        visit = enter(state.code, sending=True)
        state, _faults = _take_screen(visit, state)
    else:
        visit = enter(request.form.get("code", ""))
        state = begin(request.form.get("code", ""), request.form.get("language", "vi"))
    g.language = state.language
    return show(
        "respondent/privacy.html",
        definition=visit.definition,
        packed=packed(state),
        minutes=minutes(visit.definition),
        slip=visit.access.batch_id is not None,
        facts=facts_of(visit.round, cell_words(visit.setting), visit.setting.group.mode),
    )


@bp.post("/phieu/tu-choi")
@for_respondents
def refusal() -> Any:
    """The person does not wish to answer: no reminders any more."""
    refuse_foreign_pages()
    visit = enter(read_state().code)
    writer().run(lambda session: refuse(session, visit.code_hash))
    return ending("refused")


@bp.post("/phieu/cau/<int:number>")
@for_respondents
def question_page(number: int) -> Any:
    """The screen with this number; takes the answers of the screen it comes from."""
    refuse_foreign_pages()
    state = read_state()
    visit = enter(state.code, sending=True)
    state, faults = _take_screen(visit, state)
    path = screens(visit.definition, state.answers)
    came_from = _number_from_form()
    if came_from and (faults or not {"switch", "fill"}.isdisjoint(request.form)):
        return _show_screen(visit, state, path[min(came_from, len(path)) - 1], faults)
    if number > len(path):
        return _show_review(visit, state)
    return _show_screen(visit, state, path[max(number, 1) - 1], {})


@bp.post("/phieu/kiem-tra")
@for_respondents
def review_page() -> Any:
    """All answers in order, before they are sent."""
    refuse_foreign_pages()
    state = read_state()
    visit = enter(state.code, sending=True)
    state, faults = _take_screen(visit, state)
    path = screens(visit.definition, state.answers)
    number = min(_number_from_form(), len(path))
    if faults or "fill" in request.form:
        return _show_screen(visit, state, path[number - 1], faults)
    following = _open_after(visit, state, path[number:]) if "review" in request.form else None
    return _show_screen(visit, state, following, {}) if following else _show_review(visit, state)


def _open_after(visit: Visit, state: State, rest: Sequence[Screen]) -> Screen | None:
    """The next of these screens with a question that still needs an answer: what a changed answer has opened."""
    faults = check_answers(visit.definition, dict(answers_on_path(visit.definition, state.answers)))
    wanted = {fault.name for fault in faults}
    return next((one for one in rest if any(question.name in wanted for question in one.questions)), None)


@bp.post("/phieu/cam-on")
@for_respondents
def send() -> Any:
    """Seals and stores the answers; «sent» is said only after they are durable."""
    refuse_foreign_pages()
    state = read_state()
    if "switch" in request.form:
        return _show_review(enter(state.code, sending=True), state)
    visit = enter(state.code, sending=True, repeated=True)
    answers = dict(answers_on_path(visit.definition, state.answers))
    if check_answers(visit.definition, answers):
        return _show_review(visit, state, tried=True)
    sending = Sending(visit.code_hash, digest_of(state.submission, answers), visit.seal(answers))
    try:
        receipt = writer().store(sending)
    except AlreadyAnswered:
        return ending("other", 409)
    except (BusyError, SlipNotTicked) as fault:
        not_ticked = isinstance(fault, SlipNotTicked)
        page, _status = show(
            "respondent/retry.html", definition=visit.definition, packed=packed(state), not_ticked=not_ticked
        )
        return page, 503, {"Retry-After": "30" if not_ticked else "5"}
    return ending("received" if receipt is Receipt.RECEIVED else "sent")


def _number_from_form() -> int:
    """Number of the screen whose answers the form brings; 0 when it brings none."""
    text = request.form.get("from", "")
    return int(text) if text.isdecimal() and len(text) < 5 else 0


def _take_screen(visit: Visit, state: State) -> tuple[State, dict[str, str]]:
    """The state with the answers of the posted screen, and the kinds of faults that keep the person there.

    Who goes back or changes the language is not kept: what is sound is saved, the rest can wait.
    """
    number = _number_from_form()
    path = screens(visit.definition, state.answers)
    if not 1 <= number <= len(path):
        return state, {}
    screen = path[number - 1]
    posted = {question.name: request.form.getlist(question.name) for question in screen.questions}
    if "fill" in request.form and screen.is_matrix:
        posted |= {question.name: [DONT_KNOW] for question in screen.questions if not posted[question.name]}
    values, faults = check_screen(screen, posted, today().isoformat())
    state = state.with_answers(
        {name: value for name, value in values.items() if value not in ("", [])},
        [question.name for question in screen.questions if question.name not in faults],
    )
    leaves_forward = "back" not in request.form and "switch" not in request.form
    return state, faults if leaves_forward else {}


def _show_screen(visit: Visit, state: State, screen: Screen, faults: dict[str, str]) -> Any:
    t = text_shower(visit.round, visit.rated_name, state.language)
    screen = in_shown_order(screen, state.submission)
    questions = {question.name: question for question in screen.questions}
    values = values_to_show(screen, state.answers, faults, request.form)
    with force_locale("en" if state.language == "en" else "vi"):
        words, targets = words_of_faults(faults, questions, t)
        drawn = {} if faults else _drawn(visit, state, screen, values, t)
    return show(
        "respondent/question.html",
        422 if faults else 200,
        definition=visit.definition,
        packed=packed(state),
        screen=screen,
        t=t,
        values=values,
        drawn=drawn,
        faults=words,
        all_missing=set(faults.values()) <= {REQUIRED},
        targets=targets,
        rated=visit.rated_name,
        to_review="review" in request.form,
    )


def _drawn(visit: Visit, state: State, screen: Screen, values: dict[str, Any], t: Any) -> dict[str, Markup]:
    """The questions of the screen that look the same for everybody, from memory."""
    language = next((one.code for one in visit.definition.languages if one.code == state.language), "")
    if not language or screen.is_matrix:
        return {}
    draw = get_template_attribute("respondent/_questions.html", "question_field")
    words = "" if language in UI_LANGUAGES else language
    alone = len(screen.questions) == 1
    units = tuple(unit.id for unit in visit.units)
    found = {}
    for question in screen.questions:
        if question.shows_answers or question.choice_filter or question.shuffled:
            continue
        if values[question.name] not in ("", []):
            continue
        place = (units, language, question.name, alone)
        if place not in visit.setting.drawn:
            visit.setting.drawn[place] = draw(question, t, values[question.name], "", alone, words)
        found[question.name] = visit.setting.drawn[place]
    return found


@dataclass(frozen=True)
class ReviewedAnswer:
    """One line of the review: the question, the answer in words, the screen where it is changed."""

    number: int
    question: str
    given: str
    screen: int
    partly: bool = False  # of a matrix: some rows have no answer


def _reviewed_matrix(screen: Screen, t: Any, language: str) -> tuple[ReviewedAnswer, bool]:
    """A matrix as one line that tells how many units have an answer, and whether some lack one that is required."""
    rows = [question for question in screen.questions if question.is_answered]
    with force_locale("en" if language == "en" else "vi"):
        given = _("{n}/{total} đơn vị đã có câu trả lời").format(n=screen.given, total=len(rows))
    faulty = any(question.required and question.name not in screen.live for question in rows)
    heading = t(screen.questions[0].label)
    return ReviewedAnswer(screen.first_question, heading, given, screen.number, screen.given < len(rows)), faulty


def _show_review(visit: Visit, state: State, tried: bool = False) -> Any:
    t = text_shower(visit.round, visit.rated_name, state.language)
    path = screens(visit.definition, state.answers)
    missing: list[ReviewedAnswer] = []
    rest: list[ReviewedAnswer] = []
    numbers = visit.definition.numbers
    with force_locale("en" if state.language == "en" else "vi"):
        for screen in path:
            if screen.is_matrix:
                reviewed, faulty = _reviewed_matrix(screen, t, state.language)
                (missing if faulty else rest).append(reviewed)
                continue
            for question in (question for question in screen.questions if question.is_answered):
                given = reviewed_words(question, screen.live.get(question.name, ""), t)
                row = ReviewedAnswer(numbers[question.name], t(question.label), given, screen.number)
                (missing if question.required and not given else rest).append(row)
    return show(
        "respondent/review.html",
        422 if tried else 200,
        definition=visit.definition,
        packed=packed(state),
        missing=missing,
        rest=rest,
        tried=tried,
        last_screen=len(path),
        rated=visit.rated_name,
    )
