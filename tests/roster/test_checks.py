"""Lists as offices send them give exactly the persons and faults of the truth; what is one person and what is two."""

import json
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from survey_app.roster.catalogue import Catalogue, catalogue_from_folder
from survey_app.roster.checks import ListReading, Sender, compare_files, person_as_json, read_list, same_person
from survey_app.roster.persons import PersonRow
from survey_app.workbook import read_workbook
from tests.roster.lists import CITIZEN_HEADER, TERMS, kinds, make_citizen, make_reading


@pytest.fixture(scope="module")
def truth(samples: Path) -> dict[str, Any]:
    return json.loads((samples / "truth.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def compared(samples: Path, truth: dict[str, Any]) -> tuple[dict[str, ListReading], list[dict[str, Any]]]:
    catalogue = catalogue_from_folder(samples, TERMS.age_on)
    found = {one["file"]: _read(samples, one, catalogue) for one in truth["files"]}
    return found, compare_files(list(found.values()))


@pytest.fixture(scope="module")
def readings(compared: tuple[dict[str, ListReading], list[dict[str, Any]]]) -> dict[str, ListReading]:
    return compared[0]


def _read(samples: Path, one: dict[str, Any], catalogue: Catalogue) -> ListReading:
    path = samples / one["file"]
    sender = Sender(one["unit_code"], tuple(one["groups"]), one["list_type"])
    return read_list(read_workbook(path.read_bytes(), path.name), one["file"], sender, catalogue, TERMS)


def _without_csv_sheet(shown: dict[str, Any], is_csv: bool) -> dict[str, Any]:
    """The truth names the sheet a CSV was saved from; a CSV itself has none."""
    hidden = {"sheet", "other_sheet"} if is_csv else set()
    return {name: value for name, value in shown.items() if name not in hidden}


def test_every_list_gives_the_persons_of_the_truth(truth, readings):
    wrong = []
    for one in truth["files"]:
        reading = readings[one["file"]]
        has_unit = any(table.column("unit") for table in reading.tables)
        is_csv = one["format"] == "csv"
        got = [_without_csv_sheet(person_as_json(person, has_unit), is_csv) for person in reading.persons]
        want = [_without_csv_sheet(person, is_csv) for person in one["persons"]]
        if got != want or reading.data_rows != one["data_rows"]:
            wrong.append(one["file"])
    assert not wrong
    assert len(truth["files"]) >= 45


def test_every_list_gives_the_problems_of_the_truth_and_no_other(truth, readings):
    wrong = []
    for one in truth["files"]:
        is_csv = one["format"] == "csv"
        got = [_without_csv_sheet(problem.as_json(), is_csv) for problem in readings[one["file"]].problems]
        for want in one["problems"]:
            wanted = _without_csv_sheet(want, is_csv)
            match = next((p for p in got if all(p.get(name) == wanted[name] for name in wanted)), None)
            if match is None:
                wrong.append((one["file"], want))
            else:
                got.remove(match)
        wrong.extend((one["file"], extra) for extra in got)
    assert not wrong


def test_pairs_across_files_are_those_of_the_truth(truth, compared):
    pairs = compared[1]

    def shape(pair: dict[str, Any]) -> tuple[Any, ...]:
        sides = frozenset((side["file"], side["row"], side["group"]) for side in (pair["a"], pair["b"]))
        return pair["kind"], tuple(pair["match_on"]), sides

    assert {shape(pair) for pair in pairs} == {shape(pair) for pair in truth["cross_file_duplicates"]}
    assert len(pairs) == len(truth["cross_file_duplicates"])


def make_row(group: str = "E", **facts: Any) -> PersonRow:
    values = {"name": "Lò Văn Ánh", "birth_year": 1980, "phone": "0912345678", "ban_code": "03289-01"} | facts
    return PersonRow("Sheet1", 1, group, **values)


def test_the_same_number_and_name_is_one_person_whatever_the_marks():
    assert same_person(make_row(), make_row(name="LO VAN ANH", birth_year=1981)) == ["phone"]


def test_the_same_name_and_year_of_two_citizens_needs_the_same_ban():
    other = {"phone": "0987654321"}
    assert same_person(make_row(), make_row(**other)) == ["name+birth_year+ban"]
    assert same_person(make_row(), make_row(**other, ban_code="03289-02")) == []


def test_the_same_name_and_year_of_two_officials_is_one_person():
    assert same_person(make_row("A", phone=None), make_row("B", phone=None)) == ["name+birth_year"]


def test_one_number_for_two_names_is_two_persons_sharing_a_phone():
    rows = [CITIZEN_HEADER, make_citizen(1), make_citizen(2, phone="0912345671")]
    assert kinds(make_reading(rows)) == ["shared_phone"]


def test_businesses_are_the_same_by_their_tax_code_only():
    one = make_row("F", tax_code="5600000001")
    assert same_person(one, make_row("F", tax_code="5600000002")) == []
    assert same_person(one, make_row("F", tax_code="5600000001", name="Ai khác", phone=None)) == ["tax_code"]


def test_a_tax_code_is_found_again_however_it_was_typed():
    header = ["TT", "Tên doanh nghiệp/HTX", "Mã số thuế", "Người đại diện", "Số điện thoại", "Thủ tục", "Ngày trả"]
    rows: list[list[Any]] = [header]
    for number, code in enumerate(("0312345678", "0312.345.678", 312345678, "MST: 0312 345 678", "0312345678-001"), 1):
        person = f"Lò Văn {number}"
        rows.append([number, f"HTX Số {number}", code, person, f"098765432{number}", "Đăng ký", "06/03/2021"])
    found = make_reading(rows, "F").problems
    assert [(one.kind, one.row) for one in found if one.row] == [("duplicate_in_file", row) for row in (3, 4, 5)]


def test_a_third_copy_is_told_once_and_points_to_the_first():
    rows = [CITIZEN_HEADER, make_citizen(1), make_citizen(1), make_citizen(1)]
    found = [p for p in make_reading(rows).problems if p.kind == "duplicate_in_file"]
    assert [(p.row, p.details["other_row"]) for p in found] == [(3, 2), (4, 2)]


def test_quotas_are_judged_per_group_and_not_for_a_sampling_frame():
    rows = [CITIZEN_HEADER, make_citizen(1)]
    short = make_reading(rows).problems
    assert [(p.kind, dict(p.details)) for p in short] == [("quota_short", {"group": "E", "quota": 2, "found": 1})]
    assert make_reading(rows, list_type="sampling_frame").problems == []


def test_thousands_of_rows_with_one_number_or_one_person_are_told_of_in_a_moment():
    rows = [CITIZEN_HEADER, *(make_citizen(1, order=n, name=f"Lò Văn {n}") for n in range(1, 3001))]
    rows += [make_citizen(1, order=n) for n in range(3001, 6001)]
    started = time.monotonic()
    found = Counter(kinds(make_reading(rows)))
    assert time.monotonic() - started < 8
    assert found == {"shared_phone": 3000, "duplicate_in_file": 2999}
