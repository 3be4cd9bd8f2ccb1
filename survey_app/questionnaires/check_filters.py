"""Does a `choice_filter` ever leave a choice? Found by trying all that it looks at; silent where answers are free."""

import math
from collections.abc import Iterator, Mapping
from itertools import combinations, product
from typing import Final

from .answer_values import ACKNOWLEDGED
from .check_reachable import emptied
from .definition import ACKNOWLEDGE, SELECT_MULTIPLE, SELECT_ONE, Definition, Question
from .expression import Answer, Expression, Surroundings, holds, references
from .message import Message, Severity

_MOST_TRIED: Final = 5000  # answers times choices, for one filter
_MOST_TICKED: Final = 8  # choices of which all selections are tried


def check_filters(definition: Definition) -> list[Message]:
    """An error for a required question that never has a choice, a warning for one left without by some answers."""
    never = {message.row: message for message in _never_filled(definition)}
    return [*never.values(), *(message for message in emptied(definition) if message.row not in never)]


def _never_filled(definition: Definition) -> Iterator[Message]:
    asked = {question.name: question for question in definition.questions()}
    for question in asked.values():
        tree = question.choice_filter.tree if question.choice_filter else None
        if tree and question.required and question.choices and not _may_leave_one(question, tree, asked):
            text = (
                "không câu trả lời nào để lại lựa chọn ở câu bắt buộc này, nên không ai trả lời được. "
                "Sửa cách lọc, hoặc ghi đúng giá trị ở cột dùng để lọc của trang choices."
            )
            yield Message(Severity.ERROR, "never_a_choice", text, "survey", question.row, "choice_filter")


def _may_leave_one(question: Question, tree: Expression, asked: Mapping[str, Question]) -> bool:
    """Whether some choice is left by some answers to what the filter looks at; true where trying cannot tell."""
    names = list(dict.fromkeys(references(tree)))
    answers = [_answers(asked[name]) if name in asked else [] for name in names]
    tries = math.prod(map(len, answers)) * len(question.choices)
    if not 0 < tries <= _MOST_TRIED:
        return True
    rows = [Surroundings(row={**choice.cells, "name": choice.name}) for choice in question.choices]
    return any(holds(tree, dict(zip(names, given, strict=True)), row) for given in product(*answers) for row in rows)


def _answers(question: Question) -> list[Answer]:
    """All that may be answered, nothing too; none where answers are free."""
    names = [choice.name for choice in question.choices]
    if question.is_computed:
        return []
    if question.kind == SELECT_ONE:
        return ["", *names]
    if question.kind == SELECT_MULTIPLE and len(names) <= _MOST_TICKED:
        return [list(ticked) for count in range(len(names) + 1) for ticked in combinations(names, count)]
    return ["", ACKNOWLEDGED] if question.kind == ACKNOWLEDGE else []
