"""Means of groups beside each other: from lines printed whole only, differences that hold for all pairs at once."""

from decimal import Decimal

import numpy as np
import pytest

from analysis.component_score import SIPAS, SURVEY, Criterion
from analysis.scoring_rules import Settings
from survey_app.access import Role
from survey_app.scores.figures import overview
from survey_app.scores.group_comparison import compare_groups, group_limits_of
from survey_app.scores.inputs import Leaf, ScoreInputs, compute
from survey_app.scores.publication import published, published_run
from survey_app.scores.rules import store_run
from tests.make import make_user
from tests.scores.opened_round import SIPAS_ITEMS, make_opened_round, read_csv


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


def test_the_error_of_a_group_of_many_questions_is_that_of_its_forms(database, samples):
    with database.writing() as session:
        survey_round = make_opened_round(session, samples)
        run = store_run(session, survey_round, make_user(session, Role.OPERATOR, survey_round.operator_unit))
        found, limits = published_run(run), group_limits_of(run)
    means = {}
    for name, given in (("stored", limits), ("bound", {})):
        areas = compare_groups(found, overview(found), None, given).areas
        (leaf,) = (one for _area, leaves in areas for one in leaves if one.line.leaf.criterion.code == "8.1")
        means[name] = {mean.group: mean for mean in leaf.means}
        assert set(means[name]) == {"E", "F"}
    for group, mean in means["stored"].items():
        # By hand: the linearised mean of the shares of levels 4 and 5, one stratum, from the forms of the group.
        rows = [row for row in read_csv(samples / "answers-simulated.csv") if row["group"] == group]
        share = {"1": 0.0, "2": 0.0, "3": 0.0, "4": 100.0, "5": 100.0}
        values = np.array([[share.get(row[item], np.nan) for item in SIPAS_ITEMS] for row in rows])
        counts = (~np.isnan(values)).sum(axis=0)
        linear = np.nansum((values - np.nanmean(values, axis=0)) / counts, axis=1) / len(SIPAS_ITEMS)
        by_hand = (len(rows) / (len(rows) - 1) * (linear**2).sum()) ** 0.5
        assert limits["8.1"][group].se == pytest.approx(by_hand, rel=1e-5)
        assert by_hand <= mean.se < 1.05 * by_hand
        assert mean.mean == pytest.approx(means["bound"][group].mean)
        assert mean.se < 0.7 * means["bound"][group].se, "far below the largest possible one"
        assert mean.low < mean.mean < mean.high
