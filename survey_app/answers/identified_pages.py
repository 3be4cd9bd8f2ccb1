"""Answers that carry a name, for those who may read them; each reading is an entry in the audit log."""

from dataclasses import dataclass
from typing import Any

from flask import render_template, request, url_for
from flask_babel import get_locale

from ..access import requires
from ..access_codes.queries import find_invitation, person_numbers
from ..audit import Action
from ..questionnaires.path import screens
from ..questionnaires.wording import reviewed_words, text_shower
from ..roster.references import reference_of
from ..rounds.models import Round
from ..rounds.personal_data import reading_purpose_of
from ..rounds.queries import find_round
from ..view_log import log_each_view
from ..web import me, reading
from .blueprint import bp
from .identified import PAGE, answer_of, answered_persons, rounds_to_read
from .payload import Rating
from .queries import definition_of, rated_units


@bp.get("/identified")
@requires("identified.read")
def identified_rounds() -> Any:
    """The rounds with answers that this account may read, now or after closing."""
    return render_template("answers/identified_rounds.html", rounds=rounds_to_read(reading(), me()))


@bp.get("/rounds/<code>/identified")
@requires("identified.read")
def identified(code: str) -> Any:
    """Who has sent an identified answer; what, stands on the page of the person."""
    survey_round = find_round(reading(), code, me())
    number = request.args.get("page", 1, type=int)
    text = request.args.get("q", "")[:100]
    found, count = answered_persons(reading(), survey_round, text, max(number, 1))
    page = render_template(
        "answers/identified.html",
        survey_round=survey_round,
        found=found,
        count=count,
        text=text,
        number=number,
        pages=-(-count // PAGE),
        per_page=PAGE,
        page_url=lambda wanted: url_for(".identified", code=code, q=text, page=wanted),
        numbers=person_numbers(reading(), survey_round),
        purpose=reading_purpose_of(survey_round),
    )
    if found:
        log_each_view(Action.IDENTIFIED_LISTED, round=code, persons=len(found))
    return page


@bp.get("/rounds/<code>/identified/<int:invitation_id>")
@requires("identified.read")
def identified_answer(code: str, invitation_id: int) -> Any:
    """What one person answered."""
    survey_round = find_round(reading(), code, me())
    invitation = find_invitation(reading(), survey_round, invitation_id)
    version, ratings = answer_of(reading(), survey_round, invitation)
    names = {unit.id: unit.unit.name for unit in rated_units(reading(), survey_round.id)}
    definition = definition_of(version)
    page = render_template(
        "answers/identified_answer.html",
        survey_round=survey_round,
        invitation=invitation,
        number=person_numbers(reading(), survey_round).get(invitation.person_id),
        version=version,
        ratings=[(names[one.rated_unit_id], _given(survey_round, definition, names, one)) for one in ratings],
    )
    log_each_view(Action.IDENTIFIED_READ, round=code, person=reference_of(reading(), invitation.person))
    return page


@dataclass(frozen=True)
class GivenAnswer:
    """A question and what was answered, both in words."""

    number: int
    question: str
    given: str


def _given(survey_round: Round, definition: Any, names: dict[int, str], rating: Rating) -> list[GivenAnswer]:
    """The answers about one rated unit, in the order in which they were asked."""
    t = text_shower(survey_round, names[rating.rated_unit_id], str(get_locale() or "vi"))
    found: list[GivenAnswer] = []
    for screen in screens(definition, rating.answers):
        for question in (question for question in screen.questions if question.is_answered):
            words = reviewed_words(question, screen.live.get(question.name, ""), t)
            found.append(GivenAnswer(len(found) + 1, t(question.label), words))
    return found
