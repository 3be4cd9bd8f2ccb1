"""When is a question asked? The tree of an XLSForm condition (`relevant`), parsed once and evaluated often.

Values behave as in ODK (XForms on XPath 1.0): a question without an answer is the empty text, an empty
or worded text is no number, and any comparison with what is no number is false, `!=` excepted.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

Answer: TypeAlias = str | int | list[str]
Value: TypeAlias = str | float | bool


@dataclass(frozen=True, slots=True)
class Reference:
    """`${name}`: the answer to an earlier question."""

    name: str


@dataclass(frozen=True, slots=True)
class Literal:
    """A text or a number written in the expression."""

    value: str | float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two values and one of `= != < <= > >=`."""

    operator: str
    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True)
class Logic:
    """`and` or `or` over two or more parts."""

    operator: str
    parts: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """`not(part)`."""

    part: "Expression"


@dataclass(frozen=True, slots=True)
class Selected:
    """`selected(${name}, 'choice')`: the choice is among the answers to the question."""

    name: str
    choice: str


Expression: TypeAlias = Reference | Literal | Comparison | Logic | Not | Selected


def references(tree: Expression) -> Iterator[str]:
    """Names of the questions that an expression looks at, in the order of writing."""
    match tree:
        case Reference(name) | Selected(name, _):
            yield name
        case Comparison(_, left, right):
            yield from references(left)
            yield from references(right)
        case Logic(_, parts):
            for part in parts:
                yield from references(part)
        case Not(part):
            yield from references(part)


def choices_named(tree: Expression) -> Iterator[tuple[str, str]]:
    """Pairs (question, choice) that the expression compares for equality: a check for misspelt choices."""
    match tree:
        case Selected(name, choice):
            yield name, choice
        case Comparison("=" | "!=", Reference(name), Literal(str() as choice)):
            yield name, choice
        case Comparison("=" | "!=", Literal(str() as choice), Reference(name)):
            yield name, choice
        case Logic(_, parts):
            for part in parts:
                yield from choices_named(part)
        case Not(part):
            yield from choices_named(part)


def holds(tree: Expression | None, answers: Mapping[str, Answer]) -> bool:
    """Whether the condition is true for these answers; no condition is always true."""
    return tree is None or _as_truth(evaluate(tree, answers))


def evaluate(tree: Expression, answers: Mapping[str, Answer]) -> Value:
    """The value of an expression: text, number or truth. Never raises: what is no number compares as false."""
    match tree:
        case Literal(value):
            return value
        case Reference(name):
            return _value_of(answers.get(name, ""))
        case Selected(name, choice):
            return choice in _chosen(answers.get(name, ""))
        case Not(part):
            return not _as_truth(evaluate(part, answers))
        case Logic("and", parts):
            return all(_as_truth(evaluate(part, answers)) for part in parts)
        case Logic(_, parts):
            return any(_as_truth(evaluate(part, answers)) for part in parts)
        case Comparison(operator, left, right):
            return _compare(operator, evaluate(left, answers), evaluate(right, answers))


def _value_of(answer: Answer) -> Value:
    if isinstance(answer, list):
        return " ".join(answer)  # as ODK stores a multiple choice
    return float(answer) if isinstance(answer, int) else answer


def _chosen(answer: Answer) -> Sequence[str]:
    return answer if isinstance(answer, list) else str(answer).split(" ")


def _compare(operator: str, left: Value, right: Value) -> bool:
    if operator in {"=", "!="}:
        return _equal(left, right) == (operator == "=")
    first, second = _as_number(left), _as_number(right)
    if operator == "<":
        return first < second
    if operator == "<=":
        return first <= second
    return first > second if operator == ">" else first >= second


def _equal(left: Value, right: Value) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return _as_truth(left) == _as_truth(right)
    if isinstance(left, str) and isinstance(right, str):
        return left == right
    return _as_number(left) == _as_number(right)


def _as_number(value: Value) -> float:
    if isinstance(value, str):
        return float(value) if re.fullmatch(r"\s*-?(\d+(\.\d*)?|\.\d+)\s*", value, re.ASCII) else math.nan
    return float(value)


def _as_truth(value: Value) -> bool:
    return value == value and bool(value)  # NaN, which is not itself, is false in XPath


def tree_to_json(tree: Expression) -> list[object]:
    """The tree as nested lists, operator first, for the browser and for the frozen questionnaire."""
    match tree:
        case Literal(value):
            return ["value", value]
        case Reference(name):
            return ["answer", name]
        case Selected(name, choice):
            return ["selected", name, choice]
        case Not(part):
            return ["not", tree_to_json(part)]
        case Logic(operator, parts):
            return [operator, *(tree_to_json(part) for part in parts)]
        case Comparison(operator, left, right):
            return [operator, tree_to_json(left), tree_to_json(right)]


def tree_from_json(data: object) -> Expression:
    """The tree of nested lists written by `tree_to_json`. Raises ValueError for anything else."""
    match data:
        case ["value", str() | float() | int() as value]:
            return Literal(value if isinstance(value, str) else float(value))
        case ["answer", str() as name]:
            return Reference(name)
        case ["selected", str() as name, str() as choice]:
            return Selected(name, choice)
        case ["not", part]:
            return Not(tree_from_json(part))
        case ["and" | "or" as operator, *parts] if len(parts) > 1:
            return Logic(operator, tuple(tree_from_json(part) for part in parts))
        case [("=" | "!=" | "<" | "<=" | ">" | ">=") as operator, left, right]:
            return Comparison(operator, tree_from_json(left), tree_from_json(right))
    raise ValueError(f"not an expression: {data!r}")
