"""How do opened answers become the summary table that scores read?

Counted per cell, rated unit, item and level (the name of the choice; empty: asked and not answered). Free text and
figures typed by the respondent are not counted, and a question that was not asked of somebody counts nowhere.
"""

from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from ..questionnaires.definition import SELECT_MULTIPLE, SELECT_ONE, TEXT, Definition
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
        answer = opened.answers.get(question.name, NOT_ANSWERED)
        if question.kind == SELECT_ONE:
            levels = [answer]
        elif question.kind == SELECT_MULTIPLE:
            levels = answer or [NOT_ANSWERED]
        else:
            continue
        for level in levels:
            counts[(opened.cell_id, opened.rated_unit_id, question.name, level)] += 1


def split_text(definition: Definition, answers: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Answers without the respondent's own words, and those words: the two are stored apart and never joined."""
    written = {question.name for question in definition.questions() if question.kind == TEXT}
    rest = {name: value for name, value in answers.items() if name not in written}
    return rest, {name: value for name, value in answers.items() if name in written}


Place = TypeVar("Place", bound=Hashable)


def weights(invited: Mapping[Place, int], received: Mapping[Place, int]) -> dict[Place, float]:
    """Place -> weight of each of its ballots: persons invited over answers received (1 where nobody is known).

    A place is a cell and a rated unit.
    """
    return {place: (invited.get(place, 0) / count) or 1.0 for place, count in received.items() if count}
