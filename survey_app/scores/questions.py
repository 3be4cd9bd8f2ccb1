"""Which questions does the survey score, for which criterion, and what level does a choice stand for?"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from analysis.scoring_rules import DONT_KNOW, NOT_ANSWERED

from ..questionnaires.definition import SELECT_ONE, Definition, Question


@dataclass(frozen=True)
class ScoredQuestion:
    """A question with the criterion it scores."""

    question: Question
    criterion: str
    item: str  # its name; with the criterion before it where groups use one name for two criteria


def scored_questions(
    definitions: Mapping[str, Definition], groups_of: Mapping[str, list[str]]
) -> dict[tuple[str, str], ScoredQuestion]:
    """(group, question) → the criterion it scores; only where the criterion asks the group."""
    bound = [
        (group, question)
        for group, definition in definitions.items()
        for question in definition.questions()
        if question.kind == SELECT_ONE and group in groups_of.get(question.criterion, [])
    ]
    criteria_of: dict[str, set[str]] = defaultdict(set)
    for _, question in bound:
        criteria_of[question.name].add(question.criterion)
    return {
        (group, question.name): ScoredQuestion(
            question,
            question.criterion,
            question.name if len(criteria_of[question.name]) == 1 else f"{question.criterion}/{question.name}",
        )
        for group, question in bound
    }


def level_of(question: Question, choice_name: str) -> str:
    """The level that a choice stands for; a choice without level («không áp dụng») says nothing, like no answer."""
    if choice_name in (DONT_KNOW, NOT_ANSWERED):
        return choice_name
    choice = question.choice(choice_name)
    return NOT_ANSWERED if choice is None or choice.level is None else str(choice.level)
