import json

import pytest

from survey_app.questionnaires.definition import asked_when, fill, text_in
from survey_app.questionnaires.definition_json import canonical_sha256, from_json, to_json
from tests.questionnaires.make import SCREENED, make_definition


def test_a_questionnaire_survives_its_json():
    definition = make_definition(*SCREENED)
    data = json.loads(json.dumps(to_json(definition), sort_keys=True))
    again = from_json(data)
    assert again == definition
    assert [question.row for question in again.questions()] == [question.row for question in definition.questions()]
    assert canonical_sha256(to_json(again)) == canonical_sha256(data)


def test_another_wording_has_another_hash():
    one, other = (make_definition(f"text | x | {label} | X?") for label in ("Thế nào?", "Ra sao?"))
    assert canonical_sha256(to_json(one)) != canonical_sha256(to_json(other))


def test_a_document_of_another_format_is_refused():
    with pytest.raises(ValueError, match="format 2"):
        from_json({**to_json(make_definition(*SCREENED)), "format": 2})


def test_only_known_placeholders_are_filled():
    assert (
        fill("Từ {from} đến {to} ở {noi}", {"from": "01/01/2021", "to": "30/11/2021"})
        == "Từ 01/01/2021 đến 30/11/2021 ở {noi}"
    )


def test_a_missing_translation_falls_back_to_the_first_language():
    assert text_in({"vi": "Có", "en": ""}, "en") == "Có"
    assert text_in({}, "en") == ""


def test_a_question_is_asked_under_the_conditions_of_its_groups_too():
    found = {question.name: conditions for question, conditions in asked_when(make_definition(*SCREENED))}
    assert found["vi_sao"] == ["${da_lam} != 'khong'", "${so_lan} >= 3"]
    assert found["khac"] == []
