"""Regression: exact fits, the same answer in other words, and what the formula means."""

import numpy as np
import pandas as pd
import pytest

from analysis import nonresponse
from analysis.design import Design
from analysis.model_matrix import model_matrix
from analysis.regression import LINKS, fit
from analysis.replicates import Replicates
from analysis.taylor import DesignError


def frame_of(seed: int, n: int = 300) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    frame = pd.DataFrame({
        "village": np.repeat(np.arange(30), n // 30), "w": random.uniform(1, 4, n), "x": random.normal(0, 1, n),
        "sex": random.choice(["F", "M"], n), "district": random.integers(1, 4, n),
    })  # fmt: skip
    chance = 1 / (1 + np.exp(-(0.4 + 0.8 * frame["x"] - 0.5 * (frame["sex"] == "M"))))
    return frame.assign(answered=(random.uniform(size=n) < chance).astype(float), line=2 + 3 * frame["x"])


def design_of(frame: pd.DataFrame) -> Design:
    return Design(frame, psu="village", weights="w")


def test_a_formula_names_its_columns_as_r_does() -> None:
    names, matrix = model_matrix(frame_of(1), "y ~ x + sex + factor(district)")
    assert names == ["(Intercept)", "x", "sexM", "factor(district)2", "factor(district)3"]
    assert matrix[:, 0].tolist() == [1.0] * 300
    assert model_matrix(frame_of(1), "0 + sex + x")[0] == ["sexF", "sexM", "x"]
    assert model_matrix(frame_of(1), "x + sex:x")[0][-1] == "sexM:x"
    with pytest.raises(DesignError, match="no column"):
        model_matrix(frame_of(1), "age")


def test_an_exact_line_is_found_without_error() -> None:
    table = fit(design_of(frame_of(2)), "line ~ x").table
    assert table["estimate"].tolist() == pytest.approx([2, 3])
    assert table["se"].max() < 1e-12


def test_a_constant_alone_is_the_mean() -> None:
    design = design_of(frame_of(3))
    table, mean = fit(design, "answered ~ 1").table, design.mean("answered")
    np.testing.assert_allclose(table[["estimate", "se"]], mean[["estimate", "se"]], rtol=1e-9)
    share = fit(design, "answered ~ 1", "logit").table["estimate"][0]
    assert 1 / (1 + np.exp(-share)) == pytest.approx(mean["estimate"][0])


@pytest.mark.parametrize("link", LINKS)
def test_every_link_finds_the_direction_and_replicates_agree(link: str) -> None:
    frame = frame_of(4)
    linear = fit(design_of(frame), "answered ~ x + sex", link)
    again = fit(design_of(frame).jackknife(), "answered ~ x + sex", link)
    np.testing.assert_allclose(again.table["estimate"], linear.table["estimate"])
    np.testing.assert_allclose(again.table["se"], linear.table["se"], rtol=0.15)
    assert linear.table["estimate"][1] > 2 * linear.table["se"][1]
    assert linear.table["df"][0] == 29 - 3 + 1


def test_missing_rows_are_outside_and_have_no_fitted_value() -> None:
    frame = frame_of(5)
    frame.loc[:9, "x"] = np.nan
    fitted = fit(design_of(frame), "answered ~ x", "logit").fitted
    assert np.isnan(fitted[:10]).all()
    assert ((fitted[10:] > 0) & (fitted[10:] < 1)).all()


def test_a_class_that_always_answers_has_no_finite_fit() -> None:
    frame = frame_of(6)
    frame.loc[frame["sex"] == "M", "answered"] = 1.0
    with pytest.raises(DesignError, match="does not converge"):
        fit(design_of(frame), "answered ~ sex", "logit")
    with pytest.raises(DesignError, match="between 0 and 1"):
        fit(design_of(frame), "line ~ x", "logit")
    with pytest.raises(DesignError, match="use one of"):
        fit(design_of(frame), "line ~ x", "log")


def test_weights_of_those_who_answered_carry_all_and_classes_are_equal_in_size() -> None:
    frame = frame_of(7)
    weights, answered = frame["w"].to_numpy(), frame["answered"].to_numpy(dtype=bool)
    propensities = fit(design_of(frame), "answered ~ x + sex", "logit").fitted
    classes = nonresponse.propensity_classes(propensities, 5)
    assert np.bincount(classes).tolist() == [60] * 5
    assert (np.diff([propensities[classes == each].mean() for each in range(5)]) > 0).all()
    adjusted = nonresponse.class_adjusted(weights, classes, answered)
    np.testing.assert_allclose(np.bincount(classes, adjusted), np.bincount(classes, weights))
    assert adjusted[~answered].sum() == 0
    rates = nonresponse.response_rate(weights, classes, answered)
    means = nonresponse.class_propensities(propensities, classes, answered, weights, "weighted mean")
    np.testing.assert_allclose(rates, means, atol=0.12)
    with pytest.raises(DesignError, match="Nobody answered in class 0"):
        nonresponse.class_factors(weights, classes, answered & (classes > 0))


def test_a_product_of_factors_stands_for_its_parts_and_comes_last() -> None:
    frame = pd.DataFrame({"sex": ["f", "m"] * 6, "age": list("abcabcabcabc"), "x": range(12)})
    names, matrix = model_matrix(frame, "ok ~ sex*age + x")
    # R: colnames(model.matrix(~ sex*age + x))
    assert names == ["(Intercept)", "sexm", "ageb", "agec", "x", "sexm:ageb", "sexm:agec"]
    assert (matrix[:, 5] == matrix[:, 1] * matrix[:, 2]).all()


def test_a_replicate_factor_below_zero_stays_in() -> None:
    """`svyglm` would leave the row out of the replicate (glm.fit: weights > 0)."""
    y, x = np.array([1.0, 3.0, 2.0, 6.0, 4.0]), np.array([0.0, 1.0, 2.0, 3.0, 4.0])
    factors = np.array([[-0.4, 1.2], [1.1, 0.7], [1.6, 0.9], [1.0, -0.2], [1.3, 1.5]])
    replicates = Replicates(factors, 0.5, np.ones(2))
    design = Design(pd.DataFrame({"x": x, "y": y}), replicates=replicates)
    matrix = np.column_stack([np.ones(5), x])
    by_hand = [np.linalg.solve(matrix.T @ (matrix * w[:, None]), matrix.T @ (w * y)) for w in factors.T]
    spread = np.array(by_hand) - np.mean(by_hand, axis=0)
    assert np.allclose(fit(design, "y ~ x").covariance, 0.5 * spread.T @ spread)
