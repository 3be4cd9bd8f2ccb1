"""Points of leaves from counts: worked examples by hand, and properties that hold for any answers."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.component_score import (
    SIPAS,
    SURVEY,
    Criterion,
    LeafScore,
    half_up,
    score_leaves,
    shared_ranks,
    total_points,
)
from analysis.scoring_rules import PRESETS, ScoringError, Settings

FOUR_LEVELS = Settings(coefficients=PRESETS["four_levels"])
# Answers per level, worst first, of three groups, and «không biết» of A.
OFFICIALS = {"A": (1, 2, 7, 14), "B": (4, 8, 24, 20), "C": (1, 2, 5, 11)}


def make_leaf(groups="ABC", max_points="1", scored_by=SURVEY, items=("q",)) -> Criterion:
    return Criterion("1.1", Decimal(max_points), scored_by, tuple(groups), tuple(items))


def make_counts(levels=OFFICIALS, item="q", dont_know=()) -> dict[tuple[str, str, str], int]:
    counts = {
        (group, item, str(level)): count for group, row in levels.items() for level, count in enumerate(row, start=1)
    }
    return counts | {(group, item, "KB"): count for group, count in dict(dont_know).items()}


def score(leaf=None, counts=None, settings=FOUR_LEVELS) -> LeafScore:
    return score_leaves([leaf or make_leaf()], make_counts() if counts is None else counts, settings)[0]


def test_groups_count_alike_whatever_their_size():
    leaf = score()
    assert leaf.groups["A"].mean == Fraction(27, 32)
    assert leaf.groups["B"].mean == Fraction(3, 4)
    assert leaf.groups["C"].mean == Fraction(63, 76)
    assert half_up(leaf.exact, 6) == Decimal("0.807566")
    assert leaf.points == Decimal("0.81")


def test_pooled_groups_count_by_their_answers():
    leaf = score(settings=Settings(PRESETS["four_levels"], group_combination="pooled"))
    assert half_up(leaf.exact, 6) == Decimal("0.787879")
    assert leaf.points == Decimal("0.79")


def test_weights_of_groups_are_used():
    weights = (("A", Decimal(30)), ("B", Decimal(20)), ("C", Decimal(50)))
    leaf = score(settings=Settings(PRESETS["four_levels"], group_weights=weights))
    assert half_up(leaf.exact, 6) == Decimal("0.817599")
    assert leaf.points == Decimal("0.82")


def test_a_missing_group_leaves_its_weight_to_the_others():
    weights = (("A", Decimal(30)), ("B", Decimal(20)), ("C", Decimal(50)))
    counts = make_counts({"A": OFFICIALS["A"], "B": OFFICIALS["B"], "C": (0, 0, 2, 2)})
    leaf = score(counts=counts, settings=Settings(PRESETS["four_levels"], group_weights=weights))
    assert leaf.exact == Fraction("0.80625")
    assert leaf.points == Decimal("0.81")
    assert (leaf.groups["C"].n, leaf.groups["C"].used, leaf.enough) == (4, False, False)


def test_a_missing_group_takes_all_points_where_the_rule_says_so():
    counts = make_counts({"A": OFFICIALS["A"], "B": OFFICIALS["B"], "C": (0, 0, 2, 2)})
    leaf = score(counts=counts, settings=Settings(PRESETS["four_levels"], missing_group="zero"))
    assert leaf.points == Decimal("0.00")
    assert score(settings=Settings(PRESETS["four_levels"], missing_group="zero")).points == Decimal("0.81")


def test_a_group_of_weight_zero_is_shown_and_not_used():
    weights = (("A", Decimal(1)), ("B", Decimal(0)), ("C", Decimal(1)))
    leaf = score(settings=Settings(PRESETS["four_levels"], group_weights=weights, missing_group="zero"))
    assert leaf.exact == (Fraction(27, 32) + Fraction(63, 76)) / 2
    assert (leaf.groups["B"].used, leaf.groups["B"].enough, leaf.enough) == (False, True, True)


def test_weights_for_some_groups_of_a_leaf_only_are_refused():
    with pytest.raises(ScoringError, match=r"thiếu nhóm C của tiêu chí 1\.1"):
        score(settings=Settings(group_weights=(("A", Decimal(1)), ("B", Decimal(2)))), counts={})


def test_a_leaf_of_which_no_group_is_named_has_equal_weights():
    settings = Settings(PRESETS["four_levels"], group_weights=(("E", Decimal(70)), ("F", Decimal(30))))
    assert score(settings=settings).exact == score().exact


@pytest.mark.parametrize(
    ("rule", "mean", "n"),
    [("excluded", Fraction(27, 32), 24), ("zero", Fraction(3, 4), 27), ("middle", Fraction("22.125") / 27, 27)],
)
def test_dont_know_is_left_out_or_zero_or_the_middle_of_the_scale(rule, mean, n):
    counts = make_counts(dont_know={"A": 3})
    group = score(counts=counts, settings=Settings(PRESETS["four_levels"], dont_know=rule)).groups["A"]
    assert (group.mean, group.n, group.dont_know) == (mean, n, 3)


def test_the_middle_of_five_levels_is_the_third():
    assert [Settings(PRESETS[name]).middle for name in ("mean01", "mean5", "t2b")] == [
        Decimal("0.5"),
        Decimal("0.6"),
        Decimal(0),
    ]


def test_without_enough_answers_in_any_group_there_are_no_points():
    leaf = score(counts=make_counts({"A": (0, 0, 2, 2)}))
    assert (leaf.exact, leaf.points, leaf.groups["A"].mean) == (None, None, Fraction(7, 8))
    assert total_points([leaf, score()]) == Decimal("0.81")


def test_several_questions_of_a_leaf_count_alike_and_need_enough_answers_each():
    leaf = make_leaf("A", items=("q1", "q2"))
    counts = make_counts({"A": (0, 0, 0, 10)}, "q1") | make_counts({"A": (4, 0, 0, 0)}, "q2")
    assert score(leaf, counts).groups["A"].n == 4
    assert score(leaf, counts).points is None
    counts = make_counts({"A": (0, 0, 0, 10)}, "q1") | make_counts({"A": (5, 0, 0, 0)}, "q2")
    assert score(leaf, counts).exact == Fraction(1, 2)


def test_a_question_that_a_group_is_not_asked_does_not_hold_it_back():
    leaf = make_leaf("AB", items=("q1", "q2"))
    counts = make_counts({"A": (0, 0, 0, 10)}, "q1") | make_counts({"B": (5, 0, 0, 5)}, "q2")
    assert score(leaf, counts).exact == Fraction(3, 4)


def test_a_level_outside_the_scale_is_refused():
    with pytest.raises(ScoringError, match="Câu q, nhóm A: mức «5» không có trong thang 4 mức"):
        score(counts=make_counts({"A": (1, 1, 1, 1, 1)}))


@pytest.mark.parametrize(
    ("method", "points", "share"), [("t2b", "8.00", "0.8"), ("mean5", "8.10", "0.81"), ("mean01", "7.63", "0.7625")]
)
def test_sipas_has_its_own_scale_and_three_methods(method, points, share):
    leaf = make_leaf("EF", "10", SIPAS, ("s_01",))
    counts = make_counts({"E": (3, 9, 48, 100, 40), "F": (0, 0, 0, 50, 50)}, "s_01", {"E": 40})
    scored = score(leaf, counts, Settings(PRESETS["three_levels"], dont_know="zero", sipas_method=method))
    assert scored.items == {"s_01": Fraction(share)}
    assert scored.points == Decimal(points)


def test_a_sipas_item_with_too_few_answers_is_left_out():
    leaf = make_leaf("EF", "10", SIPAS, ("s_01", "s_02"))
    counts = make_counts({"E": (0, 0, 0, 5, 5)}, "s_01") | make_counts({"E": (2, 0, 0, 0, 0), "F": (2,)}, "s_02")
    scored = score(leaf, counts, Settings())
    assert (scored.items["s_02"], scored.exact) == (None, Fraction(10))


def test_sipas_groups_may_count_alike():
    leaf = make_leaf("EF", "10", SIPAS, ("s_01",))
    counts = make_counts({"E": (0, 0, 0, 0, 90), "F": (10, 0, 0, 0, 0)}, "s_01")
    assert score(leaf, counts, Settings()).exact == Fraction(9)
    assert score(leaf, counts, Settings(sipas_groups="equal")).exact == Fraction(5)


def test_a_sipas_group_without_answers_is_renormalised_or_zero():
    leaf = make_leaf("EF", "10", SIPAS, ("s_01",))
    counts = make_counts({"E": (0, 0, 0, 0, 90)}, "s_01")
    assert score(leaf, counts, Settings(sipas_groups="equal")).exact == Fraction(10)
    assert score(leaf, counts, Settings(sipas_groups="equal", missing_group="zero")).exact == 0
    assert score(leaf, {}, Settings()).points is None
    assert score(leaf, {}, Settings(missing_group="zero")).points == Decimal("0.00")


@pytest.mark.parametrize(
    ("value", "rounded"),
    [("0.575", "0.58"), ("0.005", "0.01"), ("0.0049999", "0.00"), ("7.625", "7.63"), ("0.344999", "0.34")],
)
def test_ties_at_the_third_decimal_go_up(value, rounded):
    assert half_up(Fraction(value), 2) == Decimal(rounded)


def test_equal_totals_share_a_rank():
    totals = {"a": Decimal("7.10"), "b": Decimal("8.00"), "c": Decimal("7.1"), "d": Decimal("6.00")}
    assert shared_ranks(totals) == {"b": 1, "a": 2, "c": 2, "d": 4}


answers = st.lists(st.tuples(st.sampled_from("AB"), st.sampled_from(["1", "2", "3", "4", "5", "KB", ""])), max_size=60)
rules = st.builds(
    Settings,
    coefficients=st.sampled_from([PRESETS["mean01"], PRESETS["mean5"], PRESETS["t2b"]]),
    dont_know=st.sampled_from(["excluded", "zero", "middle"]),
    group_combination=st.sampled_from(["equal", "pooled"]),
    missing_group=st.sampled_from(["renormalise", "zero"]),
    n_min=st.integers(1, 8),
)


def count(given_answers) -> dict[tuple[str, str, str], int]:
    counts: dict[tuple[str, str, str], int] = {}
    for group, level in given_answers:
        counts[group, "q", level] = counts.get((group, "q", level), 0) + 1
    return counts


@given(answers, rules)
def test_points_stay_between_zero_and_the_maximum(given_answers, settings):
    leaf = score(make_leaf("AB", "1.25"), count(given_answers), settings)
    assert leaf.exact is None or 0 <= leaf.exact <= Fraction("1.25")
    assert leaf.points is None or abs(Fraction(leaf.points) - leaf.exact) <= Fraction(1, 200)


@given(answers, rules)
def test_a_better_answer_never_lowers_the_points(given_answers, settings):
    before = score(make_leaf("AB"), count(given_answers), settings)
    better = [(group, "5" if level == "4" else level) for group, level in given_answers]
    after = score(make_leaf("AB"), count(better), settings)
    assert (before.exact is None) == (after.exact is None)
    assert before.exact is None or after.exact >= before.exact
