"""What lies in an envelope is read back exactly, and anything else is a fault, never a crash."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from survey_app.answers.envelope import LARGE, MAX_KEYS, SMALL, capacity
from survey_app.answers.payload import PayloadError, Rating, digest_of, envelope_size, read_payload, write_payload
from survey_app.questionnaires.answer_values import MAX_TEXT
from survey_app.questionnaires.definition import Group, Question
from tests.answers.make import ANSWERS, make_definition


def test_a_payload_comes_back_as_it_was() -> None:
    payload = read_payload(write_payload(7, [Rating(3, dict(ANSWERS))]))
    assert (payload.version_id, payload.ratings) == (7, (Rating(3, dict(ANSWERS)),))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b"5",
        b"[]",
        b"[" * 9000,
        b'{"v": 2, "questionnaire": 1, "ratings": []}',
        b'{"v": 1, "questionnaire": 1, "ratings": []}',
        b'{"v": 1, "questionnaire": "1", "ratings": [{"rated_unit": 1, "answers": {}}]}',
        b'{"v": 1, "questionnaire": 1, "ratings": [{"rated_unit": true, "answers": {}}]}',
        b'{"v": 1, "questionnaire": 1, "ratings": [{"rated_unit": 1, "answers": []}]}',
        b'{"v": 1, "questionnaire": 1, "ratings": [5]}',
    ],
)
def test_anything_else_is_a_fault(content: bytes) -> None:
    with pytest.raises(PayloadError):
        read_payload(content)


def test_a_unit_rated_twice_is_a_fault() -> None:
    with pytest.raises(PayloadError):
        read_payload(write_payload(1, [Rating(1, {}), Rating(1, {})]))


@given(st.binary(max_size=300))
def test_no_bytes_crash_the_reader(content: bytes) -> None:
    try:
        read_payload(content)
    except PayloadError:
        return
    assert json.loads(content)


def test_the_digest_changes_with_the_answers_and_with_the_submission() -> None:
    one = digest_of("a" * 32, {"q": "4", "r": "1"})
    assert one == digest_of("a" * 32, {"r": "1", "q": "4"})
    assert len({one, digest_of("a" * 32, {"q": "5", "r": "1"}), digest_of("b" * 32, {"q": "4", "r": "1"})}) == 3


def test_the_size_is_chosen_by_the_questionnaire_and_the_longest_answers_fit_it() -> None:
    definition = make_definition()
    assert envelope_size(definition) == SMALL
    longest = write_payload(10**6, [Rating(10**6, ANSWERS | {"y_kien": "ữ" * MAX_TEXT, "b_so_lan": -(10**9)})])
    assert len(longest) <= capacity(SMALL, MAX_KEYS)


def test_more_written_questions_take_the_large_size_and_too_many_are_refused() -> None:
    definition = make_definition()
    text = next(question for question in definition.questions() if question.kind == "text")

    def with_texts(count: int) -> Group:
        return Group("them", tuple(replace(text, name=f"y_{n}") for n in range(count)))

    assert isinstance(text, Question)
    assert envelope_size(replace(definition, items=(*definition.items, with_texts(2)))) == LARGE
    with pytest.raises(ValueError, match="do not fit"):
        envelope_size(replace(definition, items=(*definition.items, with_texts(9))))
