"""Variances under unequal probabilities: right on average over the samples that could be drawn."""

import numpy as np
import pandas as pd
import pytest

from analysis import joint_probabilities, selection, weight_diagnostics
from analysis.design import Design
from analysis.pps_variance import quadratic_form
from analysis.taylor import DesignError

SIZES = np.array([12.0, 30, 45, 20, 60, 25, 18, 50, 33, 40, 15, 52])


def true_and_estimated(method: str, yates_grundy: bool = False) -> tuple[float, float]:
    """Variance of the estimated total over 800 Sampford samples of 5, and the mean of the estimated variances."""
    random = np.random.default_rng(1)
    y = SIZES * 2 + random.normal(0, 25, len(SIZES))
    pi = selection.inclusion_probabilities(SIZES, 5)
    joint = joint_probabilities.pps_sampford(pi)
    totals, variances = [], []
    for run in range(800):
        drawn = selection.pps([str(i) for i in range(12)], SIZES, 5, str(run), method="sampford").chosen
        frame = pd.DataFrame({"y": y[drawn], "pi": pi[drawn]})
        extra = {"joint": joint[np.ix_(drawn, drawn)]} if method == "joint" else {}
        design = Design(frame, fpc="pi", pps=method, yates_grundy=yates_grundy, **extra)
        totals.append(design.total("y")["estimate"][0])
        variances.append(design.total("y")["se"][0] ** 2)
    return float(np.var(totals)), float(np.mean(variances))


@pytest.mark.parametrize(
    ("method", "yates_grundy", "near"),
    [("brewer", False, 0.15), ("hartley-rao", True, 0.15), ("overton", True, 0.25), ("joint", True, 0.15)],
)
def test_the_estimated_variance_is_right_on_average(method: str, yates_grundy: bool, near: float) -> None:
    true, estimated = true_and_estimated(method, yates_grundy)
    assert estimated == pytest.approx(true, rel=near)


def test_equal_probabilities_give_simple_random_sampling() -> None:
    pi = np.full(6, 0.3)
    y = np.array([3.0, 7, 1, 9, 4, 4]) / 0.3
    expected = 0.7 * 6 * np.var(y, ddof=1)
    brewer = Design(pd.DataFrame({"y": y * 0.3, "pi": pi}), fpc="pi", pps="brewer").total("y")
    assert brewer["se"][0] ** 2 == pytest.approx(expected)
    joint = np.full((6, 6), 6 * 5 / (20 * 19))
    np.fill_diagonal(joint, 0.3)
    assert y @ quadratic_form(pi, "joint", joint=joint, yates_grundy=True) @ y == pytest.approx(expected)


def test_strata_stand_apart() -> None:
    pi, y = np.array([0.2, 0.4, 0.5, 0.3]), np.array([10.0, 12, 30, 31])
    strata = np.array([0, 0, 1, 1])
    whole = y @ quadratic_form(pi, "overton", strata=strata) @ y
    parts = sum(y[rows] @ quadratic_form(pi[rows], "overton") @ y[rows] for rows in (slice(0, 2), slice(2, 4)))
    assert whole == pytest.approx(parts)


def test_pairs_that_cannot_be_drawn_together_have_no_unbiased_variance() -> None:
    joint = joint_probabilities.pps_systematic([0.2, 0.7, 0.8, 0.5, 0.4, 0.4])
    with pytest.raises(DesignError, match="never be in the sample together"):
        quadratic_form(np.diag(joint), "joint", joint=joint)
    with pytest.raises(DesignError, match="needs the matrix"):
        quadratic_form(np.diag(joint), "joint")
    with pytest.raises(DesignError, match="use one of"):
        quadratic_form(np.diag(joint), "sunter")
    with pytest.raises(DesignError, match="above 0 and at most 1"):
        Design(pd.DataFrame({"y": [1.0, 2], "pi": [0.5, 1.5]}), fpc="pi", pps="brewer")


def test_shares_drawn_can_stand_for_counts_of_the_population() -> None:
    frame = pd.DataFrame({"y": [1.0, 5, 2, 8], "N": 20, "f": 0.2})
    shares, counts = Design(frame, fpc="f").mean("y"), Design(frame, fpc="N").mean("y")
    np.testing.assert_allclose(shares[["estimate", "se"]], counts[["estimate", "se"]])


def test_what_weights_cost() -> None:
    even, uneven = np.full(50, 3.0), np.tile([1.0, 5.0], 25)
    assert weight_diagnostics.kish_design_effect(even) == pytest.approx(1)
    assert weight_diagnostics.effective_size(uneven) == pytest.approx(
        50 / weight_diagnostics.kish_design_effect(uneven)
    )
    found = weight_diagnostics.summary(np.append(uneven, 0.0))
    assert (found["n"], found["min"], found["max"]) == (50, 1, 5)
    y = np.random.default_rng(2).normal(0, 1, 50)
    assert weight_diagnostics.henry_design_effect(even, y, y**3) < 1
    chances = 1 / uneven
    assert weight_diagnostics.spencer_design_effect(chances, uneven, y) == pytest.approx(
        weight_diagnostics.kish_design_effect(uneven), rel=0.4
    )


def test_the_design_effect_is_the_product_of_its_reasons() -> None:
    random = np.random.default_rng(3)
    villages = np.repeat(np.arange(20), 5)
    frame = pd.DataFrame({
        "y": np.repeat(random.normal(0, 1, 20), 5) + random.normal(0, 1, 100), "w": random.uniform(1, 4, 100),
        "village": villages, "stratum": villages // 10,
    })  # fmt: skip
    arrays = frame["w"].to_numpy(), frame["y"].to_numpy()
    clustered = weight_diagnostics.chen_rust_design_effect(*arrays, clusters=villages)
    assert clustered == pytest.approx(Design(frame, psu="village", weights="w").mean("y")["deff"][0])
    assert weight_diagnostics.chen_rust_design_effect(*arrays) == pytest.approx(
        weight_diagnostics.kish_design_effect(arrays[0])
    )
    both = weight_diagnostics.chen_rust_design_effect(*arrays, frame["stratum"].to_numpy(), villages)
    stratified = Design(frame, strata="stratum", psu="village", weights="w").mean("y")["deff"][0]
    assert both == pytest.approx(stratified, rel=0.2)


def test_brewers_variance_has_a_part_for_every_stage() -> None:
    frame = pd.DataFrame({
        "village": [1, 1, 2, 2, 3, 3], "person": [1, 2, 3, 4, 5, 6], "y": [4.0, 7, 9, 3, 5, 8],
        "p1": [0.4, 0.4, 0.5, 0.5, 0.6, 0.6], "p2": [0.1, 0.2, 0.3, 0.2, 0.1, 0.5],
    })  # fmt: skip
    found = Design(frame, psu=["village", "person"], fpc=["p1", "p2"], pps="brewer").total("y")
    w = 1 / (frame["p1"] * frame["p2"])
    z = (w * frame["y"]).to_numpy()
    villages = z.reshape(3, 2).sum(axis=1)
    first = 3 / 2 * ((1 - np.array([0.4, 0.5, 0.6])) * (villages - villages.mean()) ** 2).sum()
    inside = (z.reshape(3, 2) - z.reshape(3, 2).mean(axis=1, keepdims=True)) ** 2
    second = (frame["p1"].to_numpy() * (1 - frame["p2"].to_numpy()) * 2 * inside.ravel()).sum()
    assert found["estimate"][0] == pytest.approx(z.sum())
    assert found["se"][0] ** 2 == pytest.approx(first + second)
