"""How is an expression said in the language of SurveyJS? What it has no word for is refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from .definition import RANK, SELECT_MULTIPLE, Definition
from .expression import Column, Expression, Literal, Operation, Own, Reference
from .expression_values import number_text

_INFIX: Final = {
    **{operator: operator for operator in ("and", "or", "=", "<", "<=", ">", ">=", "+", "-", "*")},
    "!=": "<>",
    "div": "/",
    "mod": "%",
}
_SIMPLE: Final = {
    "not": "!{0}",
    "if": "iif({0}, {1}, {2})",
    "negative": "(0 - {0})",
    "true": "true",
    "false": "false",
}


class WithoutWordError(ValueError):
    """A function that SurveyJS has none for that does the same."""


@dataclass(frozen=True, slots=True)
class Around:
    """Where an expression stands: in which questionnaire, at which question, with the cells of which row of `choices`.

    `paths` are those of answers that do not lie under their own name.
    """

    definition: Definition
    own: str
    row: Mapping[str, str]
    paths: Mapping[str, str]


def in_surveyjs(tree: Expression, around: Around) -> str:
    """The expression. Raises WithoutWordError with the name of the function."""
    match tree:
        case Reference(name):
            return f"{{{around.paths.get(name, name)}}}"
        case Own():
            return f"{{{around.paths.get(around.own, around.own)}}}"
        case Column(name):
            return quoted(around.row.get(name, ""))
        case Literal(str() as text):
            return quoted(text)
        case Literal(float() as number):
            return number_text(number)
        case Operation(name, arguments):
            return _operation(name, [in_surveyjs(one, around) for one in arguments], arguments, around)
    raise TypeError(tree)


def _operation(name: str, words: Sequence[str], arguments: Sequence[Expression], around: Around) -> str:
    match (name, *arguments):
        case ("=", Reference(_), Literal("")):
            return f"({words[0]} empty)"
        case ("!=", Reference(_), Literal("")):
            return f"({words[0]} notempty)"
        case ("selected", Reference(asked), Literal(str())):
            question = around.definition.question(asked)
            several = question is not None and question.kind in {SELECT_MULTIPLE, RANK}
            return f"({words[0]} {'contains' if several else '='} {words[1]})"
        case ("count-selected", Reference(_)):
            return f"iif({words[0]} empty, 0, {words[0][:-1]}.length}})"
        case ("coalesce", Reference(_), _):
            return f"iif({words[0]} empty, {words[1]}, {words[0]})"
    if name in _INFIX:
        return "(" + f" {_INFIX[name]} ".join(words) + ")"
    if name not in _SIMPLE:
        raise WithoutWordError(name)
    return _SIMPLE[name].format(*words)


def quoted(text: str) -> str:
    """A text as it stands in an expression."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
