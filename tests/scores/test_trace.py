"""The trace from a point to its counts, under every rule, and what is kept back in it."""

from decimal import Decimal

import pytest

from analysis.component_score import SIPAS, SURVEY, Criterion
from analysis.scoring_rules import PRESETS, Settings
from survey_app.scores.figures import overview
from survey_app.scores.inputs import Leaf, ScoreInputs, compute
from survey_app.scores.trace import keeps_levels_back, trace

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
    scores = compute(ScoreInputs(settings, (leaf,), {"099": counts}, {"E": 404, "F": 49}, k_min))
    return trace(scores, overview(scores).leaves[0])


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
    assert (found.lines[1].levels, found.lines[1].mean, found.lines[1].hidden) == (None, None, True)


def test_other_rules_are_kept_back_where_they_would_tell_a_small_group_by_subtraction():
    levels = {"E": COUNTS["E"], "F": (1, 1, 1, 1, 0)}
    assert make_trace(levels=levels).other_rules == ()
    assert make_trace(levels=levels, k_min=3).other_rules


def test_dont_know_does_not_lift_a_small_group_over_the_threshold():
    found = make_trace(Settings(dont_know="zero"), {"E": (1, 1, 1, 0, 0), "F": COUNTS["F"]})
    line = found.lines[0]
    assert (line.n, line.levels, line.mean, line.hidden) == (29, None, None, True)
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
    ("levels", "kept_back"),
    [((1, 1, 1, 1, 0), True), ((1, 1, 1, 1, 1), False), ((0, 0, 0, 1, 9), True), ((0, 0, 0, 2, 18), False)],
)
def test_few_or_nearly_unanimous_answers_are_kept_back(levels, kept_back):
    assert keeps_levels_back(levels, 5) is kept_back
