"""Estimates that borrow strength: nearer to the truth than direct ones, with errors that are honest about it."""

import numpy as np
import pytest

from analysis import small_areas
from analysis.small_areas import METHODS, fay_herriot
from analysis.taylor import DesignError


def areas(seed: int, m: int = 100, spread: float = 0.04) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    truth = 0.7 + random.normal(0, spread, m)
    variances = 0.05 / random.integers(4, 31, m)
    return truth, truth + random.normal(0, np.sqrt(variances)), variances


@pytest.mark.parametrize("method", METHODS)
def test_estimates_are_nearer_to_the_truth_and_their_error_is_named(method: str) -> None:
    gains, said, real = [], [], []
    for seed in range(30):
        truth, direct, variances = areas(seed)
        fitted = fay_herriot(direct, variances, np.ones((100, 1)), method)
        gains.append(np.mean((fitted.estimates - truth) ** 2) / np.mean((direct - truth) ** 2))
        said.append(fitted.mse.mean())
        real.append(np.mean((fitted.estimates - truth) ** 2))
    assert np.mean(gains) < 0.6
    assert np.mean(said) == pytest.approx(np.mean(real), rel=0.25)


def test_units_with_few_answers_are_drawn_further_to_the_model() -> None:
    _, direct, variances = areas(1)
    fitted = fay_herriot(direct, variances, np.ones((100, 1)))
    assert (np.diff(fitted.shrinkage[np.argsort(variances)]) <= 1e-12).all()
    assert fitted.label == "model-assisted (Fay-Herriot)"


def test_units_that_do_not_differ_all_get_the_model_value_but_for_the_adjusted_method() -> None:
    variances = np.full(20, 0.01)
    direct = 0.5 + np.tile([0.001, -0.001], 10)
    fitted = fay_herriot(direct, variances, np.ones((20, 1)), "REML")
    assert fitted.variance == 0
    np.testing.assert_allclose(fitted.estimates, 0.5)
    assert fay_herriot(direct, variances, np.ones((20, 1)), "adjusted-ML").variance > 0


def test_the_whole_keeps_its_published_figure() -> None:
    _, direct, variances = areas(2)
    weights = np.arange(1.0, 101)
    moved = small_areas.benchmarked(fay_herriot(direct, variances, np.ones((100, 1))).estimates, weights, 0.71)
    assert weights @ moved / weights.sum() == pytest.approx(0.71)


def test_variances_of_a_handful_are_pooled() -> None:
    smoothed = small_areas.smoothed_variances(np.array([5.0, 10, 1]), np.array([0.0, 0.09, np.nan]))
    pooled = 9 * 0.09 / 13
    np.testing.assert_allclose(smoothed, [pooled / 5, pooled / 10, pooled])


@pytest.mark.parametrize(("variances", "method"), [(np.zeros(5), "REML"), (np.ones(5), "MM")])
def test_what_the_model_cannot_take_is_refused(variances: np.ndarray, method: str) -> None:
    with pytest.raises(DesignError):
        fay_herriot(np.arange(5.0), variances, np.ones((5, 1)), method)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"values": [0.7, np.nan, *[0.8] * 8]}, "values is missing in 1 of 10 rows, first in row 1"),
        ({"variances": [0.0, *[0.01] * 9]}, "variances is 0 or less in 1 of 10 rows"),
        ({"variances": [0.01] * 9}, "variances has 9 values, not 10"),
        ({"auxiliaries": np.ones(10)}, "a column of ones"),
        ({"auxiliaries": np.ones((10, 2))}, "a column follows from the others"),
        ({"auxiliaries": np.eye(10)}, "more units than columns"),
        ({"auxiliaries": np.full((10, 1), np.nan)}, "auxiliaries is missing in 10 of 10 rows"),
        ({"method": "EB"}, "method='EB'"),
    ],
)
def test_a_model_that_cannot_be_fitted_is_refused(changes: dict, words: str) -> None:
    usual = {"values": [0.7] * 5 + [0.8] * 5, "variances": [0.01] * 10, "auxiliaries": np.ones((10, 1))}
    with pytest.raises(DesignError) as fault:
        fay_herriot(**usual | changes)
    assert words in str(fault.value)
