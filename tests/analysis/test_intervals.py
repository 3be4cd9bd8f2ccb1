"""Limits of scores hold what they promise where samples are small and answers alike."""

import numpy as np
import pytest

from analysis.intervals import score_limits
from analysis.proportion import METHODS, interval
from analysis.taylor import DesignError

LEVELS = np.array([1, 0.75, 0.5, 0.25])


def coverage(shares: list[float], n: int, runs: int = 2000) -> tuple[float, float]:
    """Share of samples whose beta limits, and whose estimate ± t se, hold the true mean."""
    random = np.random.default_rng(11)
    truth = float(LEVELS @ shares)
    draws = random.choice(LEVELS, (runs, n), p=shares)
    means, se = draws.mean(axis=1), draws.std(axis=1, ddof=1) / np.sqrt(n)
    low, high = score_limits(means, se, np.full(runs, float(n)), n - 1)
    plain = np.abs(means - truth) <= 2.4 * se
    return float(((low <= truth) & (truth <= high)).mean()), float(plain.mean())


@pytest.mark.parametrize("n", [5, 8, 15, 30])
def test_limits_cover_where_nearly_everybody_says_good(n: int) -> None:
    beta, plain = coverage([0.85, 0.10, 0.05, 0.0], n)
    assert beta >= 0.94
    if n <= 8:
        assert plain < 0.8  # why the plain limits are not printed


@pytest.mark.parametrize("n", [5, 15, 40])
def test_limits_cover_where_answers_are_spread(n: int) -> None:
    assert coverage([0.3, 0.4, 0.2, 0.1], n)[0] >= 0.93


def test_equal_answers_have_the_limits_of_a_share_of_one() -> None:
    low, high = score_limits(np.array([1.0, 0.0]), np.zeros(2), np.array([10.0, 10.0]), 9)
    assert low == pytest.approx([0.025 ** (1 / 10), 0])
    assert high == pytest.approx([1, 1 - 0.025 ** (1 / 10)])


def test_a_unit_without_answers_has_no_limits() -> None:
    low, high = score_limits(np.array([np.nan]), np.array([np.nan]), np.zeros(1), 9)
    assert np.isnan([low[0], high[0]]).all()


@pytest.mark.parametrize("p", [0.03, 0.2, 0.5, 0.9])
def test_the_limits_of_a_share_are_those_of_the_single_function(p: float) -> None:
    low, high = score_limits(np.array([p]), np.array([0.05]), np.array([40.0]), 12)
    assert (low[0], high[0]) == pytest.approx(interval(p, 0.05, 40, 12, "beta"))


def test_equal_answers_in_the_middle_of_the_scale_have_a_width_too() -> None:
    low, high = score_limits(np.array([0.75]), np.array([1e-17]), np.array([12.0]), 11)
    assert high[0] - low[0] > 0.3
    assert (low[0], high[0]) == pytest.approx(interval(0.75, 1e-17, 12, 11, "beta"))


def test_a_share_of_one_has_no_width_by_the_rules_that_say_so_in_r() -> None:
    assert [interval(1, 0, 30, 20, method) for method in ("mean", "asin")] == [(1, 1), (1, 1)]
    assert interval(1, 0, 30, 20, "logit")[0] == pytest.approx(0.025 ** (1 / 30))


@pytest.mark.parametrize("method", METHODS)
def test_every_method_holds_the_estimate_and_none_is_unknown(method: str) -> None:
    low, high = interval(0.3, 0.06, 80, 20, method)
    assert 0 < low < 0.3 < high < 1
    with pytest.raises(DesignError, match="use one of"):
        interval(0.3, 0.06, 80, 20, "exact")
