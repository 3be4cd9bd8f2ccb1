"""How do opened answers become the summary table that scores read?

Counted per cell, rated unit, item and level (the name of the choice, or the answer itself where there are no choices;
empty: asked and not answered). Free text is not counted, and a question that was not asked of somebody counts nowhere.
"""

from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from ..questionnaires.definition import DONT_KNOW, SELECT_MULTIPLE, SELECT_ONE, TEXT, Definition
from ..questionnaires.expression import answer_text
from ..questionnaires.path import questions_on_path

NOT_ANSWERED = ""

Key = tuple[int, int, str, str]  # cell, rated unit, item, level


@dataclass(frozen=True)
class OpenedAnswers:
    """Answers after opening: the cell in which they count, the rated unit, and the questionnaire they answer."""

    cell_id: int
    rated_unit_id: int
    version_id: int
    answers: dict[str, Any]


def count_levels(counts: Counter[Key], opened: OpenedAnswers, definition: Definition) -> None:
    """Adds one set of answers to the counts."""
    for question in questions_on_path(definition, opened.answers):
        if question.kind == TEXT:
            continue
        answer = opened.answers.get(question.name, NOT_ANSWERED)
        levels = (answer or [NOT_ANSWERED]) if question.kind == SELECT_MULTIPLE else [_level(answer)]
        for level in levels:
            counts[(opened.cell_id, opened.rated_unit_id, question.name, level)] += 1


def _level(answer: Any) -> str:
    return " ".join(answer) if isinstance(answer, list) else answer_text(answer)


def split_answers(definition: Definition, answers: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """What is stored of one set of answers: those to scored questions together, and each of the own words alone.

    Whatever else was asked is only counted. Sex, age, trade and commune together find most persons on the roster:
    beside the opinions on one ballot they would say whose these are.
    """
    scored = {question.name for question in definition.questions() if question.is_scored}
    written = {question.name for question in definition.questions() if question.kind == TEXT}
    opinions = {name: value for name, value in answers.items() if name in scored - written}
    return opinions, {name: value for name, value in answers.items() if name in written}


def without_blanks(definition: Definition, answers: Mapping[str, Any]) -> dict[str, Any]:
    """The answers of a paper form, scored questions left out on it answered by «không biết» where that is a choice.

    A screen lets nobody go on without an answer, so a ballot with a blank would be known as one of the few paper forms,
    and who gave one back stands on a list.
    """
    filled = dict(answers)
    for question in questions_on_path(definition, answers):
        left_out = question.is_scored and question.kind == SELECT_ONE and question.name not in answers
        if left_out and any(choice.is_dont_know for choice in question.choices):
            filled[question.name] = DONT_KNOW
    return filled


Place = TypeVar("Place", bound=Hashable)


def weights(invited: Mapping[Place, int], received: Mapping[Place, int]) -> dict[Place, float]:
    """Place -> weight of each of its ballots: persons invited over answers received (1 where nobody is known).

    A place is a cell and a rated unit.
    """
    return {place: (invited.get(place, 0) / count) or 1.0 for place, count in received.items() if count}
