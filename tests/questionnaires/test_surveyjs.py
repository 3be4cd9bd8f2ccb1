"""A questionnaire as SurveyJS JSON: what it has words for is said there, everything else refused with its place."""

import json

import pytest

from survey_app.errors import Refused
from survey_app.questionnaires.rules import SHIPPED_FOLDER
from survey_app.questionnaires.surveyjs import write_surveyjs
from survey_app.questionnaires.xlsform import read_xlsform
from tests.questionnaires.make import SCREENED, make_definition
from tests.questionnaires.test_features import FEATURES, read_feature

REFUSED = {"constraint": "hàm today", "label_values": "nhắc lại câu trả lời", "matrix": "bảng đánh giá nhiều đơn vị"}


def written(definition):
    return json.loads(write_surveyjs(definition))


def elements(document):
    return {one["name"]: one for page in document["pages"] for one in page["elements"]}


def test_conditions_languages_choices_and_sections():
    found = elements(written(make_definition(*SCREENED)))
    assert found["da_lam"]["title"] == {"default": "Done?", "vi": "Đã làm chưa?"}
    assert found["da_lam"]["choices"][0] == {"value": "co", "text": {"default": "Yes", "vi": "Có"}}
    assert (found["phuc_vu"]["type"], found["phuc_vu"]["visibleIf"]) == ("panel", "({da_lam} <> 'khong')")
    inside = {one["name"]: one for one in found["phuc_vu"]["elements"]}
    assert (inside["q_1_1"]["type"], inside["q_1_1"]["isRequired"]) == ("radiogroup", True)
    assert inside["vi_sao"]["visibleIf"] == "({so_lan} >= 3)"
    assert (found["cam_on"]["type"], found["khac"]["type"]) == ("html", "checkbox")


def test_a_repeat_is_a_dynamic_panel_and_a_table_a_matrix():
    repeat = elements(written(read_feature("repeat")))["con"]
    assert (repeat["type"], repeat["bindings"], repeat["maxPanelCount"]) == (
        "paneldynamic",
        {"panelCount": "so_con"},
        3,
    )
    assert [one["name"] for one in repeat["templateElements"]] == ["tuoi", "lop"]
    assert repeat["templateElements"][1]["visibleIf"].startswith("({panel.tuoi}")
    table = elements(written(read_feature("table_list")))["bang"]
    assert (table["type"], [row["value"] for row in table["rows"]][:1]) == ("matrix", ["b_1"])


@pytest.mark.parametrize("feature", FEATURES)
def test_a_feature_is_written_or_refused_with_its_place(feature):
    if feature not in REFUSED:
        assert written(read_feature(feature))["pages"]
        return
    with pytest.raises(Refused, match=r"survey, dòng \d+, cột") as fault:
        write_surveyjs(read_feature(feature))
    assert REFUSED[feature] in fault.value.message


def test_the_questionnaires_of_the_district_are_written():
    for path in sorted(SHIPPED_FOLDER.glob("district-2021/*.md")):
        assert written(read_xlsform(path.read_bytes(), path.name))["locale"] == "vi"
