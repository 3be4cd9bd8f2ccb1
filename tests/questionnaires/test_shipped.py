"""The questionnaires that ship, against the criteria and the sample answers of the district round of 2021."""

import csv
from decimal import Decimal
from pathlib import Path

import pytest

from survey_app.questionnaires.check import AskedCriterion, check, coverage, minutes
from survey_app.questionnaires.matrix import Body, has_matrix, written_out
from survey_app.questionnaires.path import check_answers, screens
from survey_app.questionnaires.xlsform import read_xlsform
from survey_app.questionnaires.xlsform_writer import write_markdown
from survey_app.rounds.group_rules import PROVINCE_CRITERIA

FOLDER = Path(__file__).parents[2] / "questionnaires" / "district-2021"
GROUPS = "ABCDEFG"
SCORED = {"A": 11, "B": 6, "C": 11, "D": 9, "E": 24, "F": 24, "G": 1}


def shipped(group):
    path = FOLDER / f"group-{group.lower()}.md"
    return read_xlsform(path.read_bytes(), path.name)


@pytest.fixture(scope="module")
def criteria(samples):
    with (samples / "criteria-district-2021.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    return [AskedCriterion(row["code"], frozenset(row["groups"].split(",")), 5) for row in rows if row["groups"]]


@pytest.mark.parametrize("group", GROUPS)
def test_every_questionnaire_is_without_finding(group, criteria):
    assert check(shipped(group), criteria, group) == []


@pytest.mark.parametrize("group", GROUPS)
def test_every_file_stands_as_the_converter_writes_it(group):
    assert write_markdown(shipped(group)) == (FOLDER / f"group-{group.lower()}.md").read_bytes()


def test_all_22_criteria_have_a_question_in_every_asked_group(criteria):
    found = coverage({group: shipped(group) for group in GROUPS}, criteria)
    assert (found.covered, found.total, found.missing) == (22, 22, ())


def test_the_load_is_as_planned_and_the_scale_is_one():
    for group in GROUPS:
        scored = [question for question in shipped(group).questions() if question.is_scored]
        assert len(scored) == SCORED[group]
        assert {question.list_name for question in scored} == {"muc_hai_long" if group in "EF" else "muc_danh_gia"}
        assert minutes(shipped(group)) <= 7


def test_the_names_are_the_columns_of_the_answers_file(samples):
    with (samples / "answers-simulated.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    definitions = {group: shipped(group) for group in GROUPS}
    for row in rows:
        items = {name: value for name, value in row.items() if name.startswith(("q_", "s_")) and value != "na"}
        definition = definitions[row["group"]]
        assert {question.name for question in definition.questions() if question.is_scored} == set(items)
        answers = {name: value for name, value in items.items() if value}
        if row["group"] in "EF":
            answers["b_lam_tt"] = "co"
        assert {fault.kind for fault in check_answers(definition, answers)} <= {"required"}


@pytest.mark.parametrize("group", "EF")
def test_who_received_no_result_is_thanked_and_asked_nothing_more(group):
    definition = shipped(group)
    asked = [question.name for screen in screens(definition, {"b_lam_tt": "khong"}) for question in screen.questions]
    assert not any(name.startswith(("q_", "s_", "y_")) for name in asked)
    assert asked[-2:] == ["b_lam_tt", "loi_cam_on"]
    assert check_answers(definition, {"b_lam_tt": "khong"}) == []


@pytest.mark.parametrize("answer", ["co", "khong_nho"])
def test_who_received_one_or_is_not_sure_answers_everything(answer):
    names = [screen.name for screen in screens(shipped("E"), {"b_lam_tt": answer})]
    assert len(names) == 31
    assert names[-1] == "y_kien"
    assert names == [screen.name for screen in screens(shipped("E"), {})]  # the length shown does not jump


def test_no_question_asks_for_what_would_point_to_a_person():
    for group in "ABCDG":
        assert all(question.is_scored for question in shipped(group).questions())
    assert not {"b_gioi", "b_tuoi"} & {question.name for question in shipped("F").questions()}


PROVINCE = Path(__file__).parents[2] / "questionnaires" / "province-2026"


def test_the_province_asks_every_criterion_of_every_group_on_matrix_pages():
    with PROVINCE_CRITERIA.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    criteria = [AskedCriterion(row["code"], frozenset(row["groups"].split(",")), 5) for row in rows if row["groups"]]
    assert sum(Decimal(row["max_points"]) for row in rows) == 100
    forms = {}
    for path in sorted(PROVINCE.glob("*.md")):
        form = read_xlsform(path.read_bytes(), path.name)
        forms[form.group] = form
        assert check(form, criteria, form.group, self_rating=form.group == "B") == []
        assert write_markdown(form) == path.read_bytes()
        scored = [question for question in form.questions() if question.is_scored]
        assert {question.list_name for question in scored} == {"muc_hai_long" if form.group == "E" else "muc_danh_gia"}
    assert sorted(forms) == list("ABCDE")
    assert [has_matrix(forms[group]) for group in "ABCDE"] == [True, False, True, True, False]
    found = coverage(forms, criteria)
    assert (found.covered, found.total, found.missing) == (18, 18, ())
    # 44 communes in ten tables, 59 units in seven: a quarter of an hour, not more.
    for group, kinds in (("A", ["xa"] * 44), ("D", ["xa"] * 45 + ["so"] * 14)):
        bodies = tuple(Body(number, f"Đơn vị {number}", kind) for number, kind in enumerate(kinds, 1))
        assert minutes(written_out(forms[group], bodies)) <= 17
