"""Means of groups beside each other: from lines printed whole only, differences that hold for all pairs at once."""

from decimal import Decimal

import pytest

from analysis.component_score import SIPAS, SURVEY, Criterion
from analysis.scoring_rules import Settings
from survey_app.scores.figures import overview
from survey_app.scores.group_comparison import compare_groups
from survey_app.scores.inputs import Leaf, ScoreInputs, compute
from survey_app.scores.publication import published


def compared(levels, settings=Settings(), scored_by=SURVEY):  # noqa: B008
    leaf = Leaf(Criterion("5.6.3", Decimal("1.25"), scored_by, tuple(levels), ("q",)), "Thái độ", "V", "Công vụ")
    counts = {(group, "q", str(n)): count for group, row in levels.items() for n, count in enumerate(row, 1)}
    found = published(compute(ScoreInputs(settings, (leaf,), {"099": counts}, dict.fromkeys(levels, 99), 5)))
    return compare_groups(found, overview(found))


def test_groups_that_differ_for_sure_are_named_and_the_others_not():
    found = compared({"A": (10, 30, 30, 20, 10), "E": (0, 5, 15, 40, 40), "F": (0, 6, 14, 41, 39)})
    ((_area, (leaf,)),) = found.areas
    assert leaf.different == (("E", "A"), ("F", "A"))
    assert (found.pairs, found.different) == (3, 2)
    mean = leaf.means[0]
    # By hand: the mean of 0,25·5 + 0,5·15 + 0,75·40 + 40 over 100, its variance with n - 1.
    assert (mean.group, mean.n, mean.mean) == ("E", 100, pytest.approx(78.75))
    assert mean.se == pytest.approx(100 * (4.609375 / 99 / 100) ** 0.5, rel=0.1)
    assert mean.low < mean.mean < mean.high


def test_groups_of_one_mind_still_have_an_interval():
    ((_area, (leaf,)),) = compared({"A": (0, 0, 0, 0, 30), "E": (30, 0, 0, 0, 0)}).areas
    assert 85 < leaf.means[0].low < leaf.means[0].mean == 100
    assert leaf.different == (("A", "E"),)


def test_a_group_of_which_something_is_kept_back_has_no_mean():
    ((_area, (leaf,)),) = compared({"A": (10, 30, 30, 20, 10), "E": (0, 0, 1, 1, 1), "F": (0, 6, 14, 41, 39)}).areas
    assert {mean.group for mean in leaf.means}.isdisjoint(leaf.kept_back)
    assert "E" in leaf.kept_back


def test_pooled_groups_of_sipas_are_compared_where_none_is_small():
    levels = {"E": (10, 30, 30, 20, 10), "F": (0, 6, 14, 41, 39)}
    for rule in ("pooled", "equal"):
        found = compared(levels, Settings(sipas_groups=rule), SIPAS)
        ((_area, (leaf,)),) = found.areas
        assert [(mean.group, mean.mean) for mean in leaf.means] == [("F", 80), ("E", 30)], "share of levels 4 and 5"
        assert found.different == 1
    ((_area, (leaf,)),) = compared(levels | {"F": (0, 2, 4, 7, 6)}, scored_by=SIPAS).areas
    assert (leaf.means, leaf.kept_back, leaf.different) == ((), ("E", "F"), ()), "E would tell what nineteen said"
