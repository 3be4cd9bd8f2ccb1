"""Which persons look alike, and how sure that is: for the office, which looks at more pairs than a unit is told of."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from ..text import fold
from .checks import same_person
from .persons import PersonRow

_NEAR_NAME = 88  # of 100: one letter of a name of twelve
# A number that stands in thousands of rows is a placeholder: later rows are compared with the first ones only.
_MOST_AT_ONE_NUMBER = 20


class Certainty(IntEnum):
    """The more certain the smaller: pairs are looked at in this order."""

    CERTAIN = 1
    LIKELY = 2
    POSSIBLE = 3


@dataclass(frozen=True)
class Likeness:
    """Two persons (positions in the given sequence, the earlier first), how sure it is, and what they share."""

    first: int
    second: int
    certainty: Certainty
    basis: tuple[str, ...]


def find_alike(persons: Sequence[PersonRow], worth: Callable[[int, int], bool] = lambda _1, _2: True) -> list[Likeness]:
    """All pairs that look alike and are `worth` comparing, in order of the later person."""
    found: list[Likeness] = []
    by_key: dict[tuple[str, ...], list[int]] = {}
    for position, person in enumerate(persons):
        candidates: set[int] = set()
        for key in _keys(person):
            earlier = by_key.setdefault(key, [])
            candidates.update(earlier)
            if key[0] != "phone" or len(earlier) < _MOST_AT_ONE_NUMBER:
                earlier.append(position)
        for first in sorted(candidates):
            if worth(first, position) and (judged := alike(persons[first], person)):
                found.append(Likeness(first, position, *judged))
    return found


def _keys(person: PersonRow) -> list[tuple[str, ...]]:
    keys: list[tuple[str, ...]] = []
    if person.phone:
        keys += [("phone", person.phone), ("phone", person.phone, _folded(person.name or ""))]
    if person.tax_code:
        keys.append(("tax", person.tax_code))
    if person.name and person.birth_year:
        keys.append(("name", _folded(person.name), str(person.birth_year)))
    if person.birth_year and person.ban_code:
        keys.append(("place", person.ban_code, str(person.birth_year)))
    return keys


def alike(one: PersonRow, other: PersonRow) -> tuple[Certainty, tuple[str, ...]] | None:
    """How sure it is that two rows are one person, and what they share; None when nothing speaks for it."""
    if basis := same_person(one, other):
        certain = len(basis) > 1 or "tax_code" in basis
        return Certainty.CERTAIN if certain else Certainty.LIKELY, tuple(basis)
    phone = one.phone is not None and one.phone == other.phone
    year = one.birth_year is not None and one.birth_year == other.birth_year
    place = one.ban_code is not None and one.ban_code == other.ban_code
    near = _names_are_near(one.name, other.name)
    if near and ((phone and year) or (year and place)):
        shared = ["near_name", *(["phone"] if phone else []), "birth_year", *(["ban"] if place else [])]
        return Certainty.LIKELY if phone else Certainty.POSSIBLE, tuple(shared)
    if year and one.name and other.name and _folded(one.name) == _folded(other.name):
        return Certainty.POSSIBLE, ("name+birth_year",)
    return (Certainty.POSSIBLE, ("phone",)) if phone else None


def _names_are_near(one: str | None, other: str | None) -> bool:
    from rapidfuzz import fuzz

    return bool(one and other) and fuzz.ratio(_folded(one or ""), _folded(other or "")) >= _NEAR_NAME


@lru_cache(maxsize=50_000)  # a name is compared with many
def _folded(name: str) -> str:
    return fold(name)
