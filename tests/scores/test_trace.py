"""The trace from a point to its counts, under every rule, and what is kept back in it."""

from decimal import Decimal

import pytest

from analysis.component_score import SIPAS, SURVEY, Criterion
from analysis.scoring_rules import PRESETS, Settings
from survey_app.scores.figures import overview
from survey_app.scores.inputs import Leaf, ScoreInputs, compute
from survey_app.scores.publication import Why, published
from survey_app.scores.trace import trace

COUNTS = {"E": (9, 36, 89, 166, 71), "F": (3, 5, 18, 17, 4)}


def make_trace(settings=Settings(), levels=COUNTS, scored_by=SURVEY, items=("q",), max_points="1.25", k_min=5):  # noqa: B008
    leaf = Leaf(Criterion("5.6.3", Decimal(max_points), scored_by, ("E", "F"), tuple(items)), "Thái độ", "V", "Công vụ")
    counts = {
        (group, item, str(level)): count
        for item in items
        for group, row in levels.items()
        for level, count in enumerate(row, 1)
    }
    counts |= {("E", item, "KB"): 26 for item in items}
    found = published(compute(ScoreInputs(settings, (leaf,), {"099": counts}, {"E": 404, "F": 49}, k_min)))
    return trace(found, overview(found).leaves[0])


def test_groups_alike():
    found = make_trace()
    assert found.lines[0].formula == "(0·9 + 0,25·36 + 0,5·89 + 0,75·166 + 1·71) / 371"
    assert found.formula == "1,25 × (0,671159 + 0,574468) / 2 = 0,778517"


def test_weighted_groups():
    weights = (("E", Decimal(70)), ("F", Decimal(30)))
    assert make_trace(Settings(group_weights=weights)).formula == (
        "1,25 × (70·0,671159 + 30·0,574468) / 100 = 0,802690"
    )


def test_pooled_groups():
    assert make_trace(Settings(group_combination="pooled")).formula == (
        "1,25 × (371·0,671159 + 47·0,574468) / 418 = 0,825359"
    )


@pytest.mark.parametrize(("rule", "term"), [("zero", "0·26"), ("middle", "0,5·26")])
def test_dont_know_stands_in_the_formula_where_it_counts(rule, term):
    assert make_trace(Settings(dont_know=rule)).lines[0].formula == (
        f"(0·9 + 0,25·36 + 0,5·89 + 0,75·166 + 1·71 + {term}) / 397"
    )


def test_a_leaf_at_zero_because_of_a_missing_group():
    assert make_trace(Settings(missing_group="zero"), {"E": COUNTS["E"]}).formula == "0"


def test_one_group_left_needs_no_division():
    assert make_trace(levels={"E": COUNTS["E"]}).formula == "1,25 × 0,671159 = 0,838949"


def test_the_formula_is_kept_back_where_a_group_in_it_has_fewer_than_k():
    found = make_trace(Settings(n_min=3), {"E": COUNTS["E"], "F": (1, 1, 1, 1, 0)})
    assert found.formula == ""
    assert (found.lines[1].levels, found.lines[1].mean, found.lines[1].why) == (None, None, Why.FEW)


def test_other_rules_are_kept_back_where_they_would_tell_a_small_group_by_subtraction():
    levels = {"E": COUNTS["E"], "F": (1, 1, 1, 1, 0)}
    assert make_trace(levels=levels).other_rules == ()
    assert make_trace().other_rules


def test_dont_know_does_not_lift_a_small_group_over_the_threshold():
    found = make_trace(Settings(dont_know="zero"), {"E": (1, 1, 1, 0, 0), "F": COUNTS["F"]})
    line = found.lines[0]
    assert (line.n, line.dont_know, line.levels, line.mean) == (None, None, None, None)
    # Its «không biết» count in the points, so beside them the other group would tell its mean.
    assert (line.why, found.lines[1].why) == (Why.FEW, Why.BESIDE)
    assert found.formula == ""


def test_several_questions_have_a_line_each():
    found = make_trace(items=("q1", "q2"))
    assert [(line.group, line.item) for line in found.lines] == [("E", "q1"), ("E", "q2"), ("F", "q1"), ("F", "q2")]


def test_sipas_items_pooled_or_by_group():
    pooled = make_trace(scored_by=SIPAS, items=("s_01", "s_02"), max_points="10")
    assert [(line.group, line.n) for line in pooled.lines] == [("E+F", 418), ("E+F", 418)]
    assert pooled.formula == "10 × (0,617225 + 0,617225) / 2 = 6,172249"
    equal = make_trace(Settings(sipas_groups="equal"), scored_by=SIPAS, items=("s_01",), max_points="10")
    assert [line.group for line in equal.lines] == ["E", "F"]
    assert equal.formula == "10 × (0,638814 + 0,446809) / 2 = 5,428113"


def test_other_rules_leave_the_rule_in_force_out():
    words = [words for words, _ in make_trace().other_rules]
    assert "nhóm bằng nhau" not in words
    assert dict(make_trace().other_rules)["gộp phiếu các nhóm"] == Decimal("0.83")
    four = make_trace(Settings(PRESETS["four_levels"]), {"E": (1, 2, 3, 4), "F": (1, 2, 3, 4)})
    assert not [words for words, _ in four.other_rules if words.startswith("hệ số")]


@pytest.mark.parametrize(
    ("levels", "why"),
    [
        ((1, 1, 1, 1, 0), Why.FEW), ((1, 1, 1, 1, 1), Why.LEVELS), ((2, 2, 2, 2, 2), None),
        ((0, 0, 0, 1, 4), Why.HIGH), ((9, 1, 0, 0, 0), Why.LOW), ((0, 0, 12, 0, 0), Why.HIGH),
        ((0, 0, 0, 2, 18), None), ((0, 0, 0, 0, 0), None),
    ],
)  # fmt: skip
def test_few_or_nearly_unanimous_answers_are_kept_back(levels, why):
    found = make_trace(levels={"F": levels}).lines[1]
    assert found.why is why
    assert (found.levels is None) is (why is not None or not sum(levels))
    assert (found.mean is None) is (why not in (None, Why.LEVELS) or not sum(levels))


def test_a_mean_without_levels_has_two_decimals_and_no_formula():
    found = make_trace(levels={"E": COUNTS["E"], "F": (1, 1, 1, 2, 1)})
    assert (found.lines[1].mean, found.lines[1].formula, found.formula) == (Decimal("0.54"), "", "")
    assert found.line.unrounded is None
    assert found.other_rules == ()


def test_beside_a_group_of_one_mind_the_smallest_other_group_keeps_its_mean_back():
    """Points of two groups and the mean of one of them give the mean of the other."""
    found = make_trace(levels={"E": COUNTS["E"], "F": (0, 0, 0, 1, 11)})
    assert [line.why for line in found.lines] == [Why.BESIDE, Why.HIGH]
    assert found.lines[1].n == 12
    assert found.line.percent == Decimal("82.4")  # of the rounded points, 1,03 / 1,25


def test_equal_groups_are_not_tried_where_they_would_tell_the_mean_of_a_small_group():
    """Seven of F, all content: the points of all pooled and those of equal groups together would say so."""
    words = {small: [each[0] for each in make_trace(levels={"E": COUNTS["E"], "F": small}, scored_by=SIPAS).other_rules]
             for small in (COUNTS["F"], (0, 0, 0, 4, 3))}  # fmt: skip
    assert "nhóm bằng nhau" in words[COUNTS["F"]]
    assert "nhóm bằng nhau" not in words[0, 0, 0, 4, 3]
    assert "mức trung bình / 5" in words[0, 0, 0, 4, 3]
