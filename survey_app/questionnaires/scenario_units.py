"""Which units does the person of a test scenario rate?

In the answers to a matrix «xa2» is the second commune, whichever that is: a scenario stays true in the next round.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final, TypeVar

from ..units.models import UnitKind
from .definition import Definition
from .matrix import SEPARATOR, Body, has_matrix, written_out

_MARK: Final = re.compile(rf"({'|'.join(UnitKind)})\d+")
Value = TypeVar("Value")


def marks_of(bodies: Sequence[Body]) -> dict[str, str]:
    """Number of a unit -> its kind and its place among those of the kind, for example «xa2»."""
    counts: dict[str, int] = {}
    marks = {}
    for body in bodies:
        counts[body.kind] = counts.get(body.kind, 0) + 1
        marks[str(body.id)] = f"{body.kind}{counts[body.kind]}"
    return marks


def with_units(definition: Definition, values: Mapping[str, Value], units: Mapping[str, str]) -> dict[str, Value]:
    """The values with other words for the units in the names of rows, without those of units that have no such word."""
    rows = _rated(definition)
    found = {}
    for name, value in values.items():
        question, separator, unit = name.rpartition(SEPARATOR)
        if not separator or question not in rows:
            found[name] = value
        elif unit in units:
            found[f"{question}{SEPARATOR}{units[unit]}"] = value
    return found


def form_of_marks(definition: Definition, values: Mapping[str, object]) -> tuple[Definition, dict[str, str]]:
    """The questionnaire of a person who rates the units that the values name by their marks; mark -> number."""
    rows = _rated(definition)
    parts = (name.rpartition(SEPARATOR) for name in values)
    marks = dict.fromkeys(unit for question, _separator, unit in parts if question in rows and _MARK.fullmatch(unit))
    bodies = tuple(Body(number, mark, mark.rstrip("0123456789")) for number, mark in enumerate(marks, 1))
    return written_out(definition, bodies), {body.name: str(body.id) for body in bodies}


def _rated(definition: Definition) -> frozenset[str]:
    """The questions of the author that are asked once for every unit."""
    if not has_matrix(definition):
        return frozenset()
    return frozenset(item.name for group in definition.groups() if group.rates for item in group.items)
