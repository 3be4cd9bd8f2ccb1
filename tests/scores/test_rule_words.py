import re
from itertools import product

import pytest
from flask import Flask
from flask_babel import force_locale

from analysis.scoring_rules import CHOICES, Settings, rule_line
from survey_app.scores.rule_words import rule_words

# Every choice of every rule, with and without weights; weights go only with equal groups.
EVERY_CHOICE = [dict(zip(CHOICES, values, strict=True)) for values in product(*CHOICES.values())]
WEIGHTS = {"A": "30", "B": "20.5"}
VIETNAMESE = re.compile(r"[À-ÖØ-öø-ỹĂăĐđƠơƯư]")


@pytest.mark.parametrize("weights", ["equal", WEIGHTS])
def test_a_page_in_vietnamese_prints_the_line_that_workbooks_carry(app: Flask, weights: object) -> None:
    with app.test_request_context(), force_locale("vi"):
        for choice in EVERY_CHOICE:
            given = weights if choice["group_combination"] == "equal" else "equal"
            settings = Settings.from_json({**choice, "group_weights": given, "n_min": 7})
            assert rule_words(settings) == rule_line(settings)


def test_a_page_in_english_prints_no_vietnamese_word(app: Flask) -> None:
    with app.test_request_context(), force_locale("en"):
        for choice in EVERY_CHOICE:
            assert not VIETNAMESE.search(rule_words(Settings.from_json(choice)))
