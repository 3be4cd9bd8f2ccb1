"""Scoring rules: what the form stores, and that the scoring program understands every choice."""

import itertools

import pytest

from analysis.scoring_rules import Settings
from survey_app.errors import Invalid
from survey_app.rounds import scoring_rules


def test_a_new_round_leaves_out_dont_know_and_takes_groups_alike() -> None:
    assert scoring_rules.default_rules() == {
        "coefficients": {"5": "1", "4": "0.75", "3": "0.5", "2": "0.25", "1": "0"},
        "dont_know": "excluded",
        "group_combination": "equal",
        "missing_group": "renormalise",
        "n_min": 5,
        "sipas_groups": "pooled",
        "sipas_method": "t2b",
    }


def test_the_scoring_program_reads_every_combination_of_choices() -> None:
    names = [setting.name for setting in scoring_rules.SETTINGS]
    for values in itertools.product(*[[c.value for c in s.choices] for s in scoring_rules.SETTINGS]):
        form = dict(zip(names, values, strict=True))
        rules = scoring_rules.rules_from_form(form, ["A"])
        settings = Settings.from_json(rules)
        assert settings.dont_know == form["dont_know"]
        assert scoring_rules.form_from_rules(rules)["scale"] == form["scale"]


def test_weights_come_back_as_written() -> None:
    form = {"weight_A": "30", "weight_B": "12,5", "n_min": "10"}
    rules = scoring_rules.rules_from_form(form, ["A", "B"])
    assert rules["group_weights"] == {"A": "30", "B": "12.5"}
    assert Settings.from_json(rules).n_min == 10
    assert scoring_rules.form_from_rules(rules)["weight_B"] == "12,5"
    assert ("Trọng số các nhóm", "A 30 · B 12,5") in scoring_rules.chosen_labels(rules)


def test_pooled_answers_have_no_group_weights() -> None:
    assert "group_weights" not in scoring_rules.rules_from_form(
        {"group_combination": "pooled", "weight_A": "30"}, ["A"]
    )


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"scale": "7"}, "scale"),
        ({"dont_know": "half"}, "dont_know"),
        ({"n_min": "0"}, "n_min"),
        ({"n_min": "năm"}, "n_min"),
        ({"weight_A": "30"}, "weight_B"),
        ({"weight_A": "x", "weight_B": "1"}, "weight_A"),
        ({"weight_A": "-1", "weight_B": "1"}, "weight_A"),
        ({"weight_A": "0", "weight_B": "0"}, "weight_A"),
    ],
)
def test_a_faulty_field_is_named(form: dict[str, str], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        scoring_rules.rules_from_form(form, ["A", "B"])
    assert list(caught.value.faults) == [field]
