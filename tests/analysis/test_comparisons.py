"""Tests of two groups and of two tables: they are the textbook ones in a plain sample, and keep their level."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis import comparisons, contingency, quadratic_forms
from analysis.comparisons import joint_limits, welch_df
from analysis.design import Design
from analysis.intervals import score_limits
from analysis.taylor import DesignError


def clustered(random: np.random.Generator, villages: int = 24, persons: int = 8) -> pd.DataFrame:
    likes = np.repeat(random.normal(0, 0.7, villages), persons)
    n = villages * persons
    frame = pd.DataFrame({"village": np.repeat(np.arange(villages), persons), "w": random.uniform(1, 3, n)})
    frame["y"] = likes + random.normal(0, 1, n)
    frame["group"] = np.repeat(random.permutation(villages) % 2, persons).astype(float)  # whole villages
    frame["a"] = np.where(likes + random.normal(0, 1, n) > 0, "yes", "no")
    frame["b"] = np.where(frame["group"] == 1, "north", "south")
    return frame


def test_a_plain_sample_gives_welch_without_its_small_corrections() -> None:
    random = np.random.default_rng(1)
    y, g = random.normal(0, 1, 400), np.tile([0.0, 1.0], 200)
    found = comparisons.two_sample_t(Design(pd.DataFrame({"y": y})), y, g)
    expected = stats.ttest_ind(y[g == 1], y[g == 0], equal_var=False)
    assert found.statistic == pytest.approx(expected.statistic, rel=0.01)
    assert found.df == (398,)
    assert found.ci_low < found.estimate < found.ci_high
    pair = comparisons.one_sample_t(Design(pd.DataFrame({"y": y})), y, value=0.1)
    assert pair.statistic == pytest.approx(stats.ttest_1samp(y, 0.1).statistic, rel=1e-9)


def test_a_plain_sample_gives_wilcoxon() -> None:
    random = np.random.default_rng(2)
    y, g = np.round(random.normal(0, 2, 300)), np.tile([0.0, 1.0, 1.0], 100)
    found = comparisons.rank_test(Design(pd.DataFrame({"y": y})), y, g)
    assert found.p_value == pytest.approx(stats.mannwhitneyu(y[g == 1], y[g == 0]).pvalue, rel=0.08)
    three = comparisons.rank_test(
        Design(pd.DataFrame({"y": y})), y, np.tile([0.0, 1.0, 2.0], 100), test="KruskalWallis"
    )
    expected = stats.kruskal(*(y[np.tile([0, 1, 2], 100) == each] for each in range(3)))
    assert three.statistic == pytest.approx(expected.statistic, rel=0.1)
    assert three.df == (2, 297)


def test_no_difference_is_found_no_more_often_than_the_level_though_villages_are_alike() -> None:
    random = np.random.default_rng(3)
    small, naive, runs = dict.fromkeys(("t", "wilcoxon", "F"), 0), 0, 200
    for _ in range(runs):
        frame = clustered(random)
        design = Design(frame, psu="village", weights="w")
        y, g = frame["y"].to_numpy(), frame["group"].to_numpy()
        small["t"] += comparisons.two_sample_t(design, y, g).p_value < 0.05
        small["wilcoxon"] += comparisons.rank_test(design, y, g).p_value < 0.05
        small["F"] += contingency.independence(design, "a", "b").p_value < 0.05
        naive += stats.ttest_ind(y[g == 1], y[g == 0]).pvalue < 0.05
    assert all(count / runs <= 0.11 for count in small.values()), small
    assert naive / runs > 0.2  # the villages ignored


@pytest.mark.parametrize("statistic", contingency.STATISTICS)
def test_a_plain_sample_gives_pearsons_test(statistic: str) -> None:
    random = np.random.default_rng(4)
    a = random.choice(["x", "y", "z"], 900)
    b = np.where(random.uniform(size=900) < 0.25 + 0.06 * (a == "x"), "u", "v")
    frame = pd.DataFrame({"a": a, "b": b})
    found = contingency.independence(Design(frame), "a", "b", statistic)
    expected = stats.chi2_contingency(pd.crosstab(frame["a"], frame["b"]), correction=False)
    assert found.p_value == pytest.approx(expected.pvalue, rel=0.4 if "Wald" in statistic else 0.15)
    counts = contingency.crosstab(Design(frame), "a", "b")
    assert counts.to_numpy().sum() == 900
    assert list(counts.index) == ["x", "y", "z"]


def test_a_plain_sample_gives_the_test_of_fit() -> None:
    random = np.random.default_rng(5)
    frame = pd.DataFrame({"a": random.choice(["x", "y", "z"], 1200, p=[0.3, 0.3, 0.4])})
    found = contingency.goodness_of_fit(Design(frame), "a", np.array([1.0, 1, 1]))
    expected = stats.chisquare(frame["a"].value_counts().sort_index())
    assert found.statistic == pytest.approx(expected.statistic)
    assert found.p_value == pytest.approx(expected.pvalue, rel=0.2, abs=1e-4)


@pytest.mark.parametrize("weights", [[1.0, 1, 1], [3.0, 1, 0.5], [5.0]])
@pytest.mark.parametrize("x", [2.0, 9.0, 25.0])
def test_the_tail_of_a_sum_of_chi_squares_is_that_of_simulation(weights: list[float], x: float) -> None:
    random = np.random.default_rng(6)
    draws = random.chisquare(1, (400_000, len(weights))) @ np.array(weights)
    assert quadratic_forms.upper_tail(x, weights) == pytest.approx((draws > x).mean(), abs=0.012)
    below = random.chisquare(20, 400_000) / 20
    assert quadratic_forms.upper_tail(x, weights, 20) == pytest.approx((draws > x * below).mean(), abs=0.012)


def test_what_cannot_be_compared_is_refused() -> None:
    frame = clustered(np.random.default_rng(7))
    design = Design(frame, psu="village")
    y = frame["y"].to_numpy()
    with pytest.raises(DesignError, match="no answer"):
        comparisons.two_sample_t(design, y, np.ones(len(y)))
    with pytest.raises(DesignError, match="use one of"):
        comparisons.rank_test(design, y, frame["group"].to_numpy(), test="sign")
    with pytest.raises(DesignError, match="two rows and two columns"):
        contingency.independence(design, "a", "b", where=(frame["b"] == "north").to_numpy())
    with pytest.raises(DesignError, match="2 levels, not 3"):
        contingency.goodness_of_fit(design, "a", np.array([1.0, 1, 1]))
    with pytest.raises(DesignError, match="use one of"):
        contingency.independence(design, "a", "b", "LR")


def test_limits_of_changes_by_hand():
    """R: 0.4 + c(-1, 1) * qt(1 - 0.025 / 2, 12.5) * sqrt(0.01 + 0.0225)."""
    (low, _), (high, _) = joint_limits([0.4, 0.0], ([0.1, 0.1], [9, 9]), ([0.15, 0.1], [9, 9]))
    df = (0.01 + 0.0225) ** 2 / (0.01**2 / 9 + 0.0225**2 / 9)
    assert welch_df(([0.1], [9]), ([0.15], [9]))[0] == pytest.approx(df)
    assert (high - low) / 2 == pytest.approx(stats.t.ppf(1 - 0.025 / 2, df) * 0.0325**0.5)
    more = joint_limits([0.4], ([0.1], [9]), ([0.15], [9]), tests=2)
    assert (more[0][0], more[1][0]) == pytest.approx((low, high))


def scored_years(rng, tables, n, lines=8):
    """Points of leaves and their sum (tables, lines + 1), of two groups of n and 10 n people with equal weights, with
    their errors as pages take them; who is content with one leaf is so with the others."""
    moments = []
    for size in (n, 10 * n):
        mood = 0.6 * rng.standard_normal((tables, size, 1)) + 0.8 * rng.standard_normal((tables, size, lines))
        values = np.array([1, 0.75, 0.5, 0.25])[np.searchsorted(stats.norm.ppf([0.3, 0.7, 0.9]), mood)]
        values = np.concatenate([values, values.mean(axis=2, keepdims=True)], axis=2)
        moments.append((values.mean(axis=1), values.std(axis=1, ddof=1) / 2 / size**0.5))
    points = (moments[0][0] + moments[1][0]) / 2
    (first, other) = (se.ravel() for _mean, se in moments)
    df = welch_df((first, np.full(len(first), n - 1)), (other, np.full(len(other), 10 * n - 1))).reshape(points.shape)
    se = np.hypot(first, other).reshape(points.shape)
    low, high = score_limits(points, se, np.full(points.shape, 11.0 * n), 11 * n - 2)
    return points, np.maximum(se, (high - low) / (2 * 1.959964)), df


def wrong_tables(n, quantile=joint_limits, tables=2000):
    """Share of tables in which something changed, though nothing did."""
    rng = np.random.default_rng(20261124)
    before, now = scored_years(rng, tables, n), scored_years(rng, tables, n)
    wrong = 0
    for old, old_se, old_df, new, new_se, new_df in zip(*before, *now, strict=True):
        low, high = quantile(new - old, (new_se, new_df), (old_se, old_df))
        wrong += bool(((low > 0) | (high < 0)).any())
    return wrong / tables


@pytest.mark.parametrize(("n", "tables"), [(10, 2000), (30, 2000), (100, 600)])
def test_where_nothing_changed_a_change_is_found_in_one_table_of_twenty_at_most(n, tables):
    assert wrong_tables(n, tables=tables) <= 0.05 + 2 * (0.05 * 0.95 / tables) ** 0.5


def test_the_normal_quantile_would_find_changes_too_often_with_five_people():
    def normal(change, one, other):
        width = stats.norm.ppf(1 - 0.025 / len(change)) * np.hypot(one[0], other[0])
        return change - width, change + width

    assert wrong_tables(5, normal) > 0.06
    assert wrong_tables(5) <= 0.06
