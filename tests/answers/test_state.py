"""The hidden field carries answers unreadably, and a changed one is refused."""

import secrets

import pytest

from survey_app.answers.state import begin, pack, unpack
from survey_app.errors import Refused

KEY = secrets.token_bytes(32)


def test_what_was_packed_comes_back() -> None:
    state = begin("ABCDEFGHJKMNP", "en").with_answers({"q_1": "4", "y": "Ghế chờ"}, ["q_1", "y"])
    assert unpack(pack(state, KEY), KEY) == state


def test_two_beginnings_have_different_submissions_of_128_bits() -> None:
    first, second = begin("A"), begin("A")
    assert first.submission != second.submission
    assert len(bytes.fromhex(first.submission)) == 16


def test_an_answer_taken_back_on_its_screen_is_gone() -> None:
    state = begin("A").with_answers({"q_1": "4"}, ["q_1"]).with_answers({"q_2": "5"}, ["q_2"])
    assert state.with_answers({}, ["q_1"]).answers == {"q_2": "5"}


@pytest.mark.parametrize("packed", ["", "AAAA", "ê", "A" * 200, "A" * 200_000])
def test_a_foreign_field_is_refused_in_words(packed: str) -> None:
    with pytest.raises(Refused, match="Nhập lại mã"):
        unpack(packed, KEY)


def test_a_field_of_another_server_is_refused() -> None:
    with pytest.raises(Refused):
        unpack(pack(begin("A"), secrets.token_bytes(32)), KEY)
