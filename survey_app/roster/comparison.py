"""Persons of one list compared with those of other lists of the round that were handed in."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from ..rounds.models import Round
from .checks import find_pairs
from .pair_decisions import Decisions
from .persons import PersonRow
from .problems import Problem
from .queries import HandedIn, handed_in


def problems_with_others(
    persons: Sequence[PersonRow], others: Sequence[HandedIn], decisions: Decisions, for_office: bool = False,
    own_unit: str | None = None,
) -> list[Problem]:  # fmt: skip
    """Repeated persons and shared numbers across lists; a unit learns that there is a pair, the office with whom.

    Of another list of the unit itself (`own_unit`) the unit reads group, row and name: it handed them in.
    Pairs that the office has settled are left out.
    """
    offset = len(others)
    same, shared = find_pairs([*(other.person for other in others), *persons])
    problems = []
    for pairs, told_as in ((same, None), (shared, "shared_phone")):
        for pair in pairs:
            if pair.first >= offset or pair.second < offset:
                continue
            person, other = persons[pair.second - offset], others[pair.first]
            if decisions.settles(person, other.person):
                continue
            kind = told_as or (
                "duplicate_across_files" if person.group == other.person.group else "person_in_two_groups"
            )
            problem = _problem(kind, person, other, pair.basis, for_office, own_unit)
            if decisions.keeps(person, other.person, other.place):
                problem = replace(problem, details={**problem.details, "kept_there": True})
            problems.append(problem)
    return problems


def _problem(
    kind: str, person: PersonRow, other: HandedIn, basis: Sequence[str], for_office: bool, own_unit: str | None
) -> Problem:
    column = person.phone_column if kind == "shared_phone" else person.name_column
    details: dict[str, Any] = {"other_file": "another list"}
    if for_office:
        details |= {
            "other_unit": other.unit_name, "other_row": other.person.row, "other_group": other.person.group,
            "other_name": other.person.name, "other_list": other.list_id, "match_on": list(basis),
        }  # fmt: skip
    elif other.unit_code == own_unit:
        details |= {
            "other_row": other.person.row, "other_group": other.person.group, "other_name": other.person.name,
        }  # fmt: skip
    label = column.label if column else ("Số điện thoại" if kind == "shared_phone" else "Họ và tên")
    return Problem(
        kind, person.sheet, person.row, column.letter if column else None, label,
        "phone" if kind == "shared_phone" else "name", details,
    )  # fmt: skip


def pairs_by_list(session: Session, survey_round: Round) -> Counter[int]:
    """For each list handed in: how many of its persons or numbers also stand on another list, settled pairs apart."""
    found = handed_in(session, survey_round)
    same, shared = find_pairs([one.person for one in found])
    decisions = Decisions(session, survey_round)
    counts: Counter[int] = Counter()
    for pair in (*same, *shared):
        first, second = found[pair.first], found[pair.second]
        if first.list_id != second.list_id and not decisions.settles(first.person, second.person):
            counts[first.list_id] += 1
            counts[second.list_id] += 1
    return counts
