"""Quantiles by every rule, and limits that hold them."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.design import Design
from analysis.quantiles import INTERVALS, RULES, quantile, quantile_of
from analysis.taylor import DesignError

SAME_AS_NUMPY = {"hf4": "interpolated_inverted_cdf", "hf5": "hazen", "hf6": "weibull", "hf7": "linear",
                 "hf8": "median_unbiased", "hf9": "normal_unbiased", "math": "inverted_cdf",
                 "school": "averaged_inverted_cdf"}  # fmt: skip


@pytest.mark.parametrize(("rule", "method"), SAME_AS_NUMPY.items())
@pytest.mark.parametrize("p", [0.1, 0.37, 0.5, 0.9])
def test_equal_weights_give_the_rules_of_hyndman_and_fan(rule: str, method: str, p: float) -> None:
    values = np.random.default_rng(2).normal(0, 1, 41)
    assert quantile_of(values, np.full(41, 3.0), p, rule) == pytest.approx(np.quantile(values, p, method=method))


@settings(deadline=None)
@given(st.lists(st.integers(0, 9), min_size=2, max_size=20), st.floats(0, 1), st.sampled_from(RULES))
def test_every_rule_stays_within_the_answers(values: list[int], p: float, rule: str) -> None:
    weights = np.linspace(1, 3, len(values))
    assert min(values) - 1e-9 <= quantile_of(np.array(values, dtype=float), weights, p, rule) <= max(values) + 1e-9


@pytest.mark.parametrize("interval", INTERVALS)
def test_limits_hold_the_estimate(interval: str) -> None:
    random = np.random.default_rng(3)
    frame = pd.DataFrame({"village": np.repeat(np.arange(30), 6), "y": random.normal(50, 10, 180)})
    design = Design(frame, psu="village")
    if interval == "quantile":
        design = design.bootstrap(100, seed=1)
    found = quantile(design, "y", [0.25, 0.5], interval=interval)
    assert (found["ci_low"] <= found["estimate"]).all()
    assert (found["estimate"] <= found["ci_high"]).all()
    assert found["se"].between(0.3, 5).all()


def test_a_median_covers_the_true_one_as_often_as_it_says() -> None:
    random = np.random.default_rng(4)
    held = 0
    for _ in range(200):
        frame = pd.DataFrame({"y": random.exponential(10, 60)})
        row = quantile(Design(frame), "y", [0.5]).iloc[0]
        held += row["ci_low"] <= 10 * np.log(2) <= row["ci_high"]
    assert held / 200 >= 0.92


@pytest.mark.parametrize(("options", "words"), [({"rule": "sas"}, "use one of"), ({"interval": "wald"}, "use one of"),
                                                ({"where": np.zeros(4, dtype=bool)}, "No row")])  # fmt: skip
def test_what_is_not_a_rule_is_refused(options: dict, words: str) -> None:
    with pytest.raises(DesignError, match=words):
        quantile(Design(pd.DataFrame({"y": [1.0, 2, 3, 4]})), "y", **options)
