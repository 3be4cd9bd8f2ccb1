"""One tiny questionnaire for every feature: read, checked, written again both ways, taken by pyxform, and answered."""

import json
from pathlib import Path

import pytest
from pyxform.xls2xform import convert

from survey_app.errors import Refused
from survey_app.questionnaires.check import check
from survey_app.questionnaires.definition_json import from_json, to_json
from survey_app.questionnaires.path import answers_on_path, check_answers, screens
from survey_app.questionnaires.xlsform import read_xlsform
from survey_app.questionnaires.xlsform_writer import write_markdown, write_workbook, write_xform

FOLDER = Path(__file__).with_name("features")
FEATURES = sorted(path.stem for path in FOLDER.glob("*.md"))


def read_feature(name):
    return read_xlsform((FOLDER / f"{name}.md").read_bytes(), f"{name}.md")


def scenarios():
    for feature in FEATURES:
        for scenario in json.loads((FOLDER / f"{feature}.json").read_text("utf-8")):
            yield pytest.param(feature, scenario, id=f"{feature}: {scenario['name']}")


@pytest.mark.parametrize("feature", FEATURES)
def test_a_feature_passes_the_checks_and_survives_both_files_and_the_store(feature):
    definition = read_feature(feature)
    assert [message for message in check(definition) if message.is_error] == []
    assert read_xlsform(write_markdown(definition), "lai.md") == definition
    assert read_xlsform(write_workbook(definition), "lai.xlsx") == definition
    assert from_json(json.loads(json.dumps(to_json(definition)))) == definition


@pytest.mark.parametrize("feature", FEATURES)
def test_pyxform_takes_what_is_written(feature, tmp_path):
    definition = read_feature(feature)
    (tmp_path / "phieu.xlsx").write_bytes(write_workbook(definition))
    assert convert(xlsform=str(tmp_path / "phieu.xlsx")).xform
    if feature == "matrix":
        with pytest.raises(Refused, match=r"survey, dòng \d+, cột rates"):
            write_xform(definition)
    else:
        assert b"<h:html" in write_xform(definition)


@pytest.mark.parametrize(("feature", "scenario"), list(scenarios()))
def test_a_scenario_takes_the_expected_path_and_stores_the_expected_answers(feature, scenario):
    definition = read_feature(feature)
    answers = scenario["answers"]
    faults = {fault.name: fault.kind for fault in check_answers(definition, answers, "2026-11-24")}
    assert faults == scenario.get("faults", {})
    assert [screen.name for screen in screens(definition, answers)] == scenario["path"]
    if not faults:
        assert answers_on_path(definition, answers) == scenario["stored"]
