"""Can every question be reached and answered? Found by trying typical answers; silent where trying cannot tell."""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, pairwise, product
from typing import Any, Final

from .definition import (
    ACKNOWLEDGE,
    DECIMAL,
    INTEGER,
    RANGE,
    SELECT_MULTIPLE,
    SELECT_ONE,
    TEXT,
    Definition,
    Group,
    Item,
    Question,
    asked_when_trees,
)
from .expression import (
    EQUALITIES,
    Expression,
    Literal,
    Operation,
    Reference,
    Surroundings,
    holds,
    parts,
    references,
)
from .expression_values import as_number
from .message import Message, Severity

_MOST_TRIED: Final = 5000  # combinations of answers, when looking for one that opens a question
_MOST_LOOKED_AT: Final = 12  # questions; each has two answers at least, so more are never tried to the end
_MOST_STEPS: Final = (
    100_000  # answers put into conditions in one questionnaire, so that a long one is checked in a second
)
_MOST_STEPS_TRIED: Final = 50
# With these alone the answers just at, below and above each number of the expression stand for all numbers.
_ORDERING: Final = frozenset({*EQUALITIES, "<", "<=", ">", ">="})
_COMPARING: Final = _ORDERING | {"and", "or", "not", "true", "false", "boolean", "negative"}
_CHOSEN: Final = frozenset({SELECT_ONE, SELECT_MULTIPLE, ACKNOWLEDGE})
_OTHER_TEXT: Final = "\uffff"  # what nobody writes in a condition

Trees = tuple[Expression, ...]


def unreachable(definition: Definition) -> Iterator[Message]:
    """Questions and groups whose conditions no answers fulfil, alone or together with what must hold before them."""
    trial = _Trial(definition)
    return _unreachable(definition.items, (), trial)


def _unreachable(items: Sequence[Item], outer: Trees, trial: "_Trial") -> Iterator[Message]:
    for item in items:
        trees = (*outer, item.relevant.tree) if item.relevant else outer
        if item.relevant and not trial.can_hold(trees):
            text = "không câu trả lời nào làm điều kiện này đúng, nên phần này không bao giờ được hỏi."
            yield Message(Severity.WARNING, "unreachable", text, "survey", item.row, "relevant")
        elif isinstance(item, Group):
            yield from _unreachable(item.items, trees, trial)


def unanswerable(definition: Definition) -> Iterator[Message]:
    """Questions whose constraint refuses every answer: whoever meets a required one can never finish."""
    for question in definition.questions():
        if question.constraint is None or question.kind == TEXT or any(references(question.constraint.tree)):
            continue
        tree = question.constraint.tree
        given = [answer for answer in _candidates(question, (tree,)) if answer not in ("", [])]
        if given and not any(holds(tree, {}, Surroundings(answer)) for answer in given):
            text = "không câu trả lời nào qua được điều kiện này"
            text += "; câu lại bắt buộc nên không ai trả lời hết phiếu được." if question.required else "."
            severity = Severity.ERROR if question.required else Severity.WARNING
            yield Message(severity, "unanswerable", f"{text} Sửa điều kiện.", "survey", question.row, "constraint")


def emptied(definition: Definition) -> Iterator[Message]:
    """Questions of which a `choice_filter` leaves no choice to somebody who answered all that it looks at."""
    asked = {question.name: (question, trees) for question, trees in asked_when_trees(definition)}
    filtered = [question for question in definition.questions() if question.choice_filter]
    for question in filtered:
        tries = _MOST_STEPS // (len(filtered) * (len(question.choices) + _MOST_LOOKED_AT))
        if (given := _leaves_none(question, asked, tries)) is not None:
            said = ", ".join(f"«{name}» là «{answer}»" for name, answer in given.items())
            when = f" khi {said}" if said else ""
            text = (
                f"không còn lựa chọn nào{when}, người ấy phải bỏ trống câu này. "
                "Thêm lựa chọn, hoặc đặt điều kiện hỏi (relevant)."
            )
            yield Message(Severity.WARNING, "no_choice_left", text, "survey", question.row, "choice_filter")


def _leaves_none(question: Question, asked: Mapping[str, tuple[Question, Trees]], tries: int) -> dict[str, str] | None:
    """Answers to what the filter looks at that leave no choice; none where such are not found by trying choices."""
    tree = question.choice_filter.tree if question.choice_filter else Literal(True)
    looked_at = set(references(tree))
    near = _looked_at(question.name, asked) - {question.name}
    if len(near) > _MOST_LOOKED_AT or not all(name in asked and asked[name][0].kind in _CHOSEN for name in near):
        return None
    ordered = [name for name in asked if name in near]
    candidates = [_candidates(asked[name][0], (tree,)) for name in ordered]
    for answers in islice(product(*candidates), tries):
        live: dict[str, Any] = {}
        for name, answer in zip(ordered, answers, strict=True):
            if answer not in ("", []) and _may_be_given(answer, *asked[name], live):
                live[name] = answer
        if not looked_at <= live.keys() or not all(holds(one, live) for one in asked[question.name][1]):
            continue
        if not any(_may_be_given(choice.name, question, (), live) for choice in question.choices):
            found = {name: live[name] for name in ordered if name in looked_at}
            return {name: one if isinstance(one, str) else " ".join(one) for name, one in found.items()}
    return None


def _looked_at(name: str, asked: Mapping[str, tuple[Question, Trees]]) -> set[str]:
    """The question with all that its conditions and its filter look at, and theirs, and so on."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        name = waiting.pop()
        if name not in found and name in asked:
            question, conditions = asked[name]
            trees = (*conditions, question.choice_filter.tree) if question.choice_filter else conditions
            waiting += [other for tree in trees for other in references(tree)]
        found.add(name)
    return found


def _may_be_given(answer: str | list[str], question: Question, conditions: Trees, live: Mapping[str, Any]) -> bool:
    """Whether the question is asked and the choices of the answer are left by its filter."""
    tree = question.choice_filter.tree if question.choice_filter else Literal(True)
    chosen = [question.choice(name) for name in ([answer] if isinstance(answer, str) else answer)]
    rows = [Surroundings(row={**choice.cells, "name": choice.name}) for choice in chosen if choice]
    return all(holds(one, live) for one in conditions) and all(holds(tree, live, row) for row in rows)


class _Trial:
    """All questions in written order with the conditions on which each is asked."""

    def __init__(self, definition: Definition) -> None:
        self._left = _MOST_STEPS
        self._asked = {question.name: (question, trees) for question, trees in asked_when_trees(definition)}

    def can_hold(self, trees: Trees) -> bool:
        """Whether some answers make all conditions true; also true where trying cannot tell."""
        near = {name for tree in trees for name in references(tree)}
        if not self._some_hold(near, trees, together=False):
            return False
        return self._some_hold(self._before(near), trees, together=True)

    def _before(self, names: set[str]) -> set[str]:
        """The questions with those that their own conditions and constraints look at, and so on."""
        found: set[str] = set()
        waiting = list(names)
        while waiting and len(found) <= _MOST_LOOKED_AT:
            name = waiting.pop()
            if name not in found and name in self._asked:
                waiting += [other for tree in self._rules(name) for other in references(tree)]
            found.add(name)
        return found

    def _rules(self, name: str) -> Trees:
        question, conditions = self._asked[name]
        return (*conditions, question.constraint.tree) if question.constraint else conditions

    def _some_hold(self, names: set[str], trees: Trees, together: bool) -> bool:
        """Whether the conditions hold for some answers; `together`: for some that can really be given together."""
        if not names <= self._asked.keys() or len(names) > _MOST_LOOKED_AT:
            return True
        ordered = [name for name in self._asked if name in names]
        considered = (*trees, *(tree for name in ordered for tree in self._rules(name))) if together else trees
        numbers = sum(self._asked[name][0].kind in {INTEGER, DECIMAL} for name in ordered)
        apart = numbers if _compare_answers(considered) else 1
        candidates = [_candidates(self._asked[name][0], considered, apart) for name in ordered]
        tries = math.prod(map(len, candidates))
        if not 0 < tries <= min(_MOST_TRIED, self._left // max(len(ordered), 1)):
            return True
        self._left -= tries * len(ordered)
        for answers in product(*candidates):
            given = dict(zip(ordered, answers, strict=True))
            live = self._live(given) if together else given
            if live is not None and all(holds(tree, live) for tree in trees):
                return True
        return False

    def _live(self, given: dict[str, Any]) -> dict[str, Any] | None:
        """The answers to questions that are asked; none where a constraint refuses one of them."""
        live: dict[str, Any] = {}
        for name, answer in given.items():
            question, conditions = self._asked[name]
            if answer in ("", []) or not all(holds(tree, live) for tree in conditions):
                continue
            if question.constraint and not holds(question.constraint.tree, live, Surroundings(answer)):
                return None
            live[name] = answer
        return live


def _compare_answers(trees: Trees) -> bool:
    """Whether some answer is compared with another one rather than with a written value."""
    comparisons = (
        part for tree in trees for part in parts(tree) if isinstance(part, Operation) and part.name in _ORDERING
    )
    return any(not any(isinstance(one, Literal) for one in part.arguments) for part in comparisons)


def _candidates(question: Question, trees: Trees, apart: int = 1) -> list[Any]:
    """Answers that stand for all; none where answers are free, so that nothing is concluded.

    `apart` is how many numbers must be told apart where no written number parts them.
    """
    if question.is_computed:
        return []
    if question.kind == SELECT_ONE:
        return ["", *(choice.name for choice in question.choices)]
    if question.kind == SELECT_MULTIPLE and len(question.choices) <= 8:
        names = [choice.name for choice in question.choices]
        return [[name for place, name in enumerate(names) if chosen >> place & 1] for chosen in range(2 ** len(names))]
    if question.kind == ACKNOWLEDGE:
        return ["", "OK"]
    if question.kind == RANGE and len(question.steps) <= _MOST_STEPS_TRIED:
        return ["", *question.steps]
    if question.kind in {INTEGER, DECIMAL} and _only_compared(question.name, trees):
        return ["", *_numbers(trees, question.kind == INTEGER, apart)]
    if question.kind == TEXT and _only_equalled(question.name, trees):
        texts = {part.value for tree in trees for part in parts(tree) if isinstance(part, Literal)}
        return ["", _OTHER_TEXT, *(text for text in texts if isinstance(text, str) and text)]
    return []


def _only_compared(name: str, trees: Trees) -> bool:
    """Whether every expression that looks at the question, or at the own answer, does nothing but compare."""
    looking = [tree for tree in trees if name in references(tree) or not any(references(tree))]
    operations = (part for tree in looking for part in parts(tree) if isinstance(part, Operation))
    return all(operation.name in _COMPARING for operation in operations)


def _only_equalled(name: str, trees: Trees) -> bool:
    """Whether the question stands only beside = and != with a written text."""
    mentioned = sum(other == name for tree in trees for other in references(tree))
    equalled = 0
    for part in (part for tree in trees for part in parts(tree)):
        if isinstance(part, Operation) and part.name in EQUALITIES:
            beside = [one for one in part.arguments if one != Reference(name)]
            equalled += len(beside) == 1 and isinstance(beside[0], Literal) and isinstance(beside[0].value, str)
    return mentioned == equalled


def _numbers(trees: Trees, whole: bool, apart: int) -> list[float]:
    """The numbers of the expressions, `apart` of those between two neighbours, and as many beyond each end."""
    written = {as_number(part.value) for tree in trees for part in parts(tree) if isinstance(part, Literal)}
    written = {number for number in written if math.isfinite(number)} | {0.0}
    marks = sorted(written | {-number for number in written})
    found = set(marks)
    for step in range(1, apart + 1):
        found |= {marks[0] - step, marks[-1] + step}
        found |= {low + (high - low) * step / (apart + 1) for low, high in pairwise(marks)}
    if whole:
        found = {float(near) for number in found for near in (math.floor(number), math.ceil(number))}
    return sorted(found)
