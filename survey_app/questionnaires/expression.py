"""What does an XLSForm expression say? Its tree, parsed once, stored and evaluated often.

Values behave as in ODK (XForms on XPath 1.0). There are texts, numbers and truths:

- a question without an answer is the empty text; several choices are one text, their names parted by blanks;
- a text is a number when it is written as one, or when it is a date (YYYY-MM-DD), which counts as its days since
  1970-01-01; every other text, the empty one too, is no number (NaN), and so false in any comparison but `!=`;
- texts compared with `=` are compared letter by letter, a number with anything as numbers, a truth as truths;
- a number as text has no exponent: 1000000000000000000000, 0.1, NaN, Infinity.

`static/expression.js` evaluates the same tree in the browser; a file of vectors and generated trees hold both together.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from .expression_values import FUNCTIONS, Value, as_truth, number_text

Answer: TypeAlias = str | int | float | list[str]

EQUALITIES: Final = ("=", "!=")


@dataclass(frozen=True, slots=True)
class Reference:
    """`${name}`: the answer to a question."""

    name: str


@dataclass(frozen=True, slots=True)
class Own:
    """`.`: the answer to the question that the expression belongs to."""


@dataclass(frozen=True, slots=True)
class Column:
    """A bare name in a `choice_filter`: the cell of that column in the row of the choice."""

    name: str


@dataclass(frozen=True, slots=True)
class Literal:
    """A text or a number written in the expression."""

    value: str | float


@dataclass(frozen=True, slots=True)
class Operation:
    """An operator or a function of `FUNCTIONS` (or `today`) with its arguments."""

    name: str
    arguments: tuple["Expression", ...] = ()


Expression: TypeAlias = Reference | Own | Column | Literal | Operation


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What an expression may look at besides the answers: own answer, today's date, the row of a choice."""

    own: Answer = ""
    today: str = ""
    row: Mapping[str, str] = field(default_factory=dict)


_NOWHERE: Final = Surroundings()


def parts(tree: Expression) -> Iterator[Expression]:
    """The expression and all its parts, in the order of writing."""
    yield tree
    if isinstance(tree, Operation):
        for argument in tree.arguments:
            yield from parts(argument)


def references(tree: Expression) -> Iterator[str]:
    """Names of the questions that an expression looks at, in the order of writing."""
    return (part.name for part in parts(tree) if isinstance(part, Reference))


def uses(tree: Expression, function: str) -> bool:
    """Whether an operator or function occurs in the expression."""
    return any(isinstance(part, Operation) and part.name == function for part in parts(tree))


def choices_named(tree: Expression) -> Iterator[tuple[str, str]]:
    """Pairs (question, choice) that the expression compares for equality: a check for misspelt choices."""
    for part in parts(tree):
        match part:
            case Operation("=" | "!=" | "selected", (Reference(name), Literal(str() as choice))):
                yield name, choice
            case Operation("=" | "!=", (Literal(str() as choice), Reference(name))):
                yield name, choice


def holds(tree: Expression | None, answers: Mapping[str, Answer], around: Surroundings = _NOWHERE) -> bool:
    """Whether the condition is true for these answers; no condition is always true."""
    return tree is None or as_truth(evaluate(tree, answers, around))


def evaluate(tree: Expression, answers: Mapping[str, Answer], around: Surroundings = _NOWHERE) -> Value:
    """The value of an expression: text, number or truth. Never raises: what is no number computes as NaN."""
    match tree:
        case Literal(value):
            return value
        case Reference(name):
            return _value_of(answers.get(name, ""))
        case Own():
            return _value_of(around.own)
        case Column(name):
            return around.row.get(name, "")
        case Operation("today", _):
            return around.today
        case Operation(name, arguments):
            return FUNCTIONS[name].compute(*(evaluate(argument, answers, around) for argument in arguments))


def answer_text(value: Value) -> str:
    """A computed value as it is kept: the text that XPath makes of it, nothing for what is no number."""
    if isinstance(value, bool):
        return "1" if value else "0"
    text = value if isinstance(value, str) else number_text(value)
    return "" if text in {"NaN", "Infinity", "-Infinity"} else text


def _value_of(answer: Answer) -> Value:
    if isinstance(answer, list):
        return " ".join(answer)  # as ODK stores a multiple choice
    return answer if isinstance(answer, str) else float(answer)


def tree_to_json(tree: Expression) -> list[object]:
    """The tree as nested lists, operator first, for the browser and for the frozen questionnaire."""
    match tree:
        case Literal(value):
            return ["value", value]
        case Reference(name):
            return ["answer", name]
        case Own():
            return ["own"]
        case Column(name):
            return ["column", name]
        case Operation(name, arguments):
            return [name, *(tree_to_json(argument) for argument in arguments)]


def tree_from_json(data: object) -> Expression:
    """The tree of nested lists written by `tree_to_json`. Raises ValueError for anything else."""
    match data:
        case ["value", str() | float() | int() as value]:
            return Literal(value if isinstance(value, str) else float(value))
        case ["answer", str() as name]:
            return Reference(name)
        case ["own"]:
            return Own()
        case ["column", str() as name]:
            return Column(name)
        case ["selected", str() as name, str() as choice]:  # as questionnaires of earlier versions hold it
            return Operation("selected", (Reference(name), Literal(choice)))
        case ["today"]:
            return Operation("today")
        case [str() as name, *arguments] if name in FUNCTIONS and FUNCTIONS[name].takes(len(arguments)):
            return Operation(name, tuple(tree_from_json(argument) for argument in arguments))
    raise ValueError(f"not an expression: {data!r}")
