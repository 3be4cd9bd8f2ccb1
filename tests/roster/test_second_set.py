"""Lists made from seeds, in layouts and encodings that the first set does not have, give exactly their truth."""

from pathlib import Path
from typing import Any

import pytest

from survey_app.roster.catalogue import Catalogue, catalogue_from_folder
from survey_app.roster.checks import ListReading, Sender, compare_files, person_as_json, read_list
from survey_app.workbook import read_workbook
from tests.roster.lists import TERMS
from tests.roster.second_set import MadeList, make_related, make_set


@pytest.fixture(scope="module")
def catalogue(samples: Path) -> Catalogue:
    return catalogue_from_folder(samples, TERMS.age_on)


def read(made: MadeList, catalogue: Catalogue) -> ListReading:
    sender = Sender(made.unit, tuple(made.groups), made.list_type)
    return read_list(read_workbook(made.content, made.file), made.file, sender, catalogue, TERMS)


def differences(made: MadeList, reading: ListReading) -> list[Any]:
    """Persons and faults that only one of the two sides knows; a CSV and a web page have no name of a sheet."""
    hidden = {"sheet", "other_sheet"} if made.is_csv or "html" in made.traits else set()

    def shown(facts: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in facts.items() if name not in hidden}

    got, want = [shown(person_as_json(one)) for one in reading.persons], [shown(one) for one in made.persons]
    wrong: list[Any] = [one for one in got if one not in want] + [one for one in want if one not in got]
    found = [shown(problem.as_json()) for problem in reading.problems]
    for wanted in map(shown, made.problems):
        match = next((one for one in found if all(one.get(name) == wanted[name] for name in wanted)), None)
        if match is None:
            wrong.append(wanted)
        else:
            found.remove(match)
    return wrong + found


@pytest.mark.parametrize("seed", range(20, 26))
def test_every_made_list_gives_its_persons_and_its_faults_and_no_other(seed, samples, catalogue):
    lists = make_set(samples, seed)
    wrong = {made.file: (made.traits, found) for made in lists if (found := differences(made, read(made, catalogue)))}
    assert wrong == {}
    assert len(lists) >= 24
    assert {problem["kind"] for made in lists for problem in made.problems} >= {"missing_name", "invalid_phone"}


@pytest.mark.parametrize("seed", range(40, 44))
def test_persons_on_two_lists_are_found_whatever_the_format_and_the_spelling(seed, samples, catalogue):
    lists, pairs = make_related(samples, seed)
    readings = [read(made, catalogue) for made in lists]
    found = {
        (pair["kind"], frozenset((side["file"], side["row"]) for side in (pair["a"], pair["b"])))
        for pair in compare_files(readings)
    }
    assert found == pairs
    assert pairs
