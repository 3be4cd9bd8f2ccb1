"""Tests of two groups and of two tables: they are the textbook ones in a plain sample, and keep their level."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis import comparisons, contingency, quadratic_forms
from analysis.design import Design
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
