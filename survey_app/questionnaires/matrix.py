"""A matrix: a section (`rates`) whose questions are answered once for every unit that the person rates.

For one person it is written out: each question becomes a screen of its own with a row for each unit, so that the path,
the pages, the phone and the checks know ordinary questions only. For one unit it is cut out: what is stored of a matrix
is a set of answers about each unit, under the names that the author gave.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from .definition import NOTE, SELECT_ONE, Condition, Definition, Group, Item, Question
from .expression import Answer, Expression, Operation, Reference

ALL: Final = "all"  # units of any kind
SEPARATOR: Final = "__"  # between the name of a question and the number of the unit


@dataclass(frozen=True, slots=True)
class Body:
    """A unit that is rated: its number, its name as the row shows it, its kind (a UnitKind)."""

    id: int
    name: str
    kind: str


def has_matrix(definition: Definition) -> bool:
    """Whether some section is a matrix."""
    return any(group.rates for group in definition.groups())


def covers(group: Group, kind: str) -> bool:
    """Whether the matrix asks about units of this kind."""
    return ALL in group.rates or kind in group.rates


def written_out(definition: Definition, bodies: tuple[Body, ...]) -> Definition:
    """The questionnaire of somebody who rates these units; the same one where no section is a matrix.

    A matrix that covers none of the units is left out.
    """
    return replace(definition, items=tuple(_written_out(definition.items, bodies)))


def _written_out(items: Sequence[Item], bodies: Sequence[Body]) -> Iterator[Item]:
    for item in items:
        if isinstance(item, Question):
            yield item
        elif not item.rates:
            yield replace(item, items=tuple(_written_out(item.items, bodies)))
        elif rows := [body for body in bodies if covers(item, body.kind)]:
            inside = frozenset(inner.name for inner in item.items)
            tables = tuple(_table(inner, rows, inside) for inner in item.items if isinstance(inner, Question))
            yield replace(item, items=tables, one_screen=False, table=False, rates=())


def _table(question: Question, rows: Sequence[Body], inside: frozenset[str]) -> Item:
    """The screen of one question of a matrix: its text, then a row for each unit."""
    if question.kind != SELECT_ONE:
        return question
    heading = Question(
        f"{question.name}{SEPARATOR}0", NOTE, question.label, question.hint, row=question.row,
        guidance=question.guidance, list_name=question.list_name, choices=question.choices, rated_name=question.name,
    )  # fmt: skip
    return Group(
        name=f"{question.name}{SEPARATOR}",
        items=(heading, *(_row(question, body, inside) for body in rows)),
        one_screen=True,
        row=question.row,
        table=True,
    )


def _row(question: Question, body: Body, inside: frozenset[str]) -> Question:
    names = {name: f"{name}{SEPARATOR}{body.id}" for name in inside}
    return replace(
        question,
        name=names[question.name],
        label=dict.fromkeys(question.label, body.name),
        hint={},
        guidance={},
        relevant=_renamed(question.relevant, names),
        rated_unit=body.id,
        rated_name=question.name,
    )


def _renamed(condition: Condition | None, names: Mapping[str, str]) -> Condition | None:
    return None if condition is None else replace(condition, tree=_renamed_tree(condition.tree, names))


def _renamed_tree(tree: Expression, names: Mapping[str, str]) -> Expression:
    match tree:
        case Reference(name):
            return Reference(names.get(name, name))
        case Operation(name, arguments):
            return Operation(name, tuple(_renamed_tree(argument, names) for argument in arguments))
    return tree


def cut_out(definition: Definition, kind: str) -> Definition:
    """What is asked about one unit of this kind: the matrices that cover it, as the author wrote them.

    The same questionnaire where no section is a matrix.
    """
    if not has_matrix(definition):
        return definition
    matrices = (group for group in definition.groups() if group.rates and covers(group, kind))
    return replace(definition, items=tuple(matrices))


def by_unit(form: Definition, answers: Mapping[str, Answer]) -> dict[int, dict[str, Answer]]:
    """Answers to a questionnaire written out, by unit and under the names of the author; 0: those outside a matrix."""
    found: dict[int, dict[str, Answer]] = {}
    for question in form.questions():
        if question.name in answers:
            name = question.rated_name if question.rated_unit else question.name
            found.setdefault(question.rated_unit, {})[name] = answers[question.name]
    return found


def joined(parts: Mapping[int, Mapping[str, object]]) -> dict[str, object]:
    """What `by_unit` has parted, as answers to the questionnaire written out."""
    return {
        f"{name}{SEPARATOR}{unit}" if unit else name: answer
        for unit, answers in parts.items()
        for name, answer in answers.items()
    }
