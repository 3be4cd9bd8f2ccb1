"""The summary table counts what was asked, and only that."""

from collections import Counter
from typing import Any

from survey_app.answers.counting import OpenedAnswers, count_levels, split_answers, weights, without_blanks
from tests.answers.make import ANSWERS, make_definition


def count(*answers: dict[str, Any]) -> dict[tuple[str, str], int]:
    counts: Counter[Any] = Counter()
    for one in answers:
        count_levels(counts, OpenedAnswers(1, 2, 3, one), make_definition())
    assert {key[:2] for key in counts} <= {(1, 2)}
    return {(item, level): number for (_cell, _unit, item, level), number in counts.items()}


def test_choices_are_counted_by_their_name() -> None:
    counted = count(ANSWERS, ANSWERS | {"q_5_6_3": "KB"})
    assert counted["q_5_6_3", "4"] == 1
    assert counted["q_5_6_3", "KB"] == 1
    assert counted["q_5_6_2", "5"] == 2


def test_figures_are_counted_by_themselves_and_text_is_not() -> None:
    counted = count(ANSWERS, ANSWERS | {"b_so_lan": 3}, ANSWERS)
    assert (counted["b_so_lan", "2"], counted["b_so_lan", "3"]) == (2, 1)
    assert "y_kien" not in {item for item, _level in counted}


def test_every_choice_of_a_multiple_choice_counts() -> None:
    counted = count(ANSWERS | {"b_kenh": ["mang", "bang"]})
    assert (counted["b_kenh", "mang"], counted["b_kenh", "bang"]) == (1, 1)


def test_asked_and_not_answered_counts_as_empty_and_not_asked_counts_nowhere() -> None:
    asked = count({key: value for key, value in ANSWERS.items() if key != "b_kenh"})
    assert asked["b_kenh", ""] == 1
    assert set(count({"b_lam_tt": "khong"})) == {("b_lam_tt", "khong")}


def test_only_answers_to_scored_questions_stay_together() -> None:
    opinions, words = split_answers(make_definition(), ANSWERS)
    assert words == {"y_kien": "Thêm ghế ngồi chờ"}
    assert opinions == {"q_5_6_3": "4", "q_5_6_2": "5"}


def test_a_scored_question_left_out_on_paper_is_not_known_and_any_other_stays_open() -> None:
    filled = without_blanks(make_definition(), {"b_lam_tt": "co", "q_5_6_3": "4"})
    assert filled == {"b_lam_tt": "co", "q_5_6_3": "4", "q_5_6_2": "KB"}
    assert without_blanks(make_definition(), {"b_lam_tt": "khong"}) == {"b_lam_tt": "khong"}  # not asked


def test_a_ballot_weighs_invited_over_received() -> None:
    assert weights({1: 20, 2: 3}, {1: 8, 2: 3}) == {1: 2.5, 2: 1.0}
