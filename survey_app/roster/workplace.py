"""Is this the list of the unit that sends it? Told from the place of work that its own rows name."""

from collections.abc import Sequence

from .catalogue import Catalogue
from .persons import PersonRow
from .problems import Problem


def workplace_problems(persons: Sequence[PersonRow], unit_code: str, catalogue: Catalogue) -> list[Problem]:
    """One warning for each group whose persons all work at one other unit: most likely the file of that unit.

    Deputies of a people's council work in many places, so a single other workplace says nothing.
    """
    problems = []
    for group in sorted({person.group for person in persons}):
        places = {person.unit_code for person in persons if person.group == group}
        if len(places) == 1 and (other := places.pop()) and other != unit_code:
            unit = catalogue.unit_by_code(other)
            details = {"group": group, "value": unit.name if unit else other}
            problems.append(Problem("other_workplace", None, None, None, None, None, details))
    return problems
