"""What stands in the fields of a screen when it is shown, and in which order do its choices come?"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from .definition import DECIMAL, RANGE, RANK, SELECT_MULTIPLE, Question
from .expression import Answer
from .expression_values import number_text
from .path import Screen


class Fields(Protocol):
    """The posted fields: what a werkzeug form is."""

    def getlist(self, key: str) -> Sequence[str]: ...


def in_shown_order(screen: Screen, key: str) -> Screen:
    """The screen with shuffled lists: another order for another `key`, the same for one person on every page.

    A seed of the author gives everybody the same order. «Không biết» stays last.
    """
    if not any(question.shuffled for question in screen.questions):
        return screen
    return replace(screen, questions=tuple(_shuffled(question, key) for question in screen.questions))


def _shuffled(question: Question, key: str) -> Question:
    if not question.shuffled:
        return question
    seed = question.parameters.get("seed") or key

    def place(name: str) -> bytes:
        return hashlib.sha256(f"{seed}/{question.name}/{name}".encode()).digest()

    choices = sorted(question.choices, key=lambda choice: (choice.is_dont_know, place(choice.name)))
    return replace(question, choices=tuple(choices))


def values_to_show(
    screen: Screen, answers: Mapping[str, Answer], faulty: Mapping[str, str], posted: Fields
) -> dict[str, Any]:
    """Question -> what its field shows: what was typed where that is at fault, else the answer, else the default."""
    return {
        question.name: _typed(question, posted.getlist(question.name))
        if question.name in faulty
        else _shown(question, screen, answers)
        for question in screen.questions
    }


def _typed(question: Question, parts: Sequence[str]) -> Any:
    if question.kind == RANK:
        pairs = (part.partition(":") for part in parts)
        return {name: int(place) for place, _colon, name in pairs if place.isdecimal()}
    return list(parts) if question.kind == SELECT_MULTIPLE else "".join(parts[-1:])


def _shown(question: Question, screen: Screen, answers: Mapping[str, Answer]) -> Any:
    if question.is_computed:
        return screen.live.get(question.name, "")
    answer = answers.get(question.name, "")
    if question.kind == RANK:
        ranked = answer if isinstance(answer, list) else question.default.split()
        return {name: place for place, name in enumerate(ranked, start=1)}
    if question.name not in answers:
        return question.default.split() if question.kind == SELECT_MULTIPLE else question.default
    if question.kind in {DECIMAL, RANGE} and isinstance(answer, int | float):
        return number_text(answer)
    return answer
