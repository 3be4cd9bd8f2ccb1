"""Recipes of weighting: the totals are met, the recipe is data, and the error that belongs to it."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import weighting
from analysis.design import Design
from analysis.taylor import DesignError

SEX, AGE = {"F": 520.0, "M": 480.0}, {"old": 300.0, "young": 700.0}


def frame_of(seed: int, n: int = 240) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    sex = random.choice(["F", "M"], n, p=[0.6, 0.4])
    frame = pd.DataFrame({
        "stratum": np.repeat(np.arange(4), n // 4), "village": np.repeat(np.arange(24), n // 24),
        "w": random.uniform(2, 6, n), "sex": sex, "age": random.choice(["old", "young"], n),
        "years": random.integers(18, 80, n).astype(float), "answered": random.uniform(size=n) < 0.8,
    })  # fmt: skip
    return frame.assign(y=5 + 2 * (sex == "F") + random.normal(0, 1, n))


def design_of(frame: pd.DataFrame) -> Design:
    return Design(frame, strata="stratum", psu="village", weights="w")


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10_000))
def test_raking_meets_every_margin_in_the_sample_and_in_each_replicate(seed: int) -> None:
    frame = frame_of(seed)
    raked = weighting.rake(design_of(frame).jackknife(), {"sex": SEX, "age": AGE})
    for column, totals in (("sex", SEX), ("age", AGE)):
        for label, total in totals.items():
            inside = (frame[column] == label).to_numpy()
            assert raked.weights[inside].sum() == pytest.approx(total, rel=1e-8)
            sums = (raked.replicates.factors * raked.weights[:, None])[inside].sum(axis=0)
            np.testing.assert_allclose(sums, total, rtol=1e-8)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10_000), st.sampled_from(["linear", "raking", "logit", "sinh"]))
def test_calibration_meets_its_totals_within_the_bounds(seed: int, function: str) -> None:
    frame = frame_of(seed)
    design = design_of(frame)
    n, years = design.weights.sum(), design.weights @ frame["years"]
    totals = {"(Intercept)": n * 1.05, "years": years * 1.06}
    bounds = (0.5, 2.0)
    calibrated = weighting.calibrate(design, "1 + years", totals, function, bounds)
    assert calibrated.weights.sum() == pytest.approx(totals["(Intercept)"])
    assert calibrated.weights @ frame["years"] == pytest.approx(totals["years"])
    g = calibrated.weights / design.weights
    assert (g >= 0.5 - 1e-9).all()
    assert (g <= 2 + 1e-9).all()


def test_what_calibration_fixes_no_longer_varies() -> None:
    frame = frame_of(1).assign(woman=lambda table: (table["sex"] == "F").astype(float))
    design = weighting.post_stratify(design_of(frame), "sex", SEX)
    row = design.total("woman").iloc[0]
    assert row["estimate"] == pytest.approx(520)
    assert row["se"] == pytest.approx(0, abs=1e-9)


def test_an_auxiliary_that_explains_the_answer_makes_the_error_smaller() -> None:
    frame = frame_of(2)
    plain, adjusted = design_of(frame), weighting.post_stratify(design_of(frame), "sex", SEX)
    assert adjusted.total("y")["se"][0] < 0.7 * plain.total("y")["se"][0]
    again = weighting.post_stratify(design_of(frame).jackknife(), "sex", SEX)
    assert again.total("y")["se"][0] == pytest.approx(adjusted.total("y")["se"][0], rel=0.1)


def test_a_recipe_is_data_and_gives_the_same_weights_again() -> None:
    recipe = [
        {"step": "nonresponse", "by": ["stratum"], "responded": "answered"},
        {"step": "rake", "margins": {"sex": SEX, "age": AGE}},
        {"step": "trim", "lower": 1, "upper": 12},
    ]
    frame = frame_of(3)
    once = weighting.weighted(design_of(frame), recipe)
    again = weighting.weighted(design_of(frame), json.loads(json.dumps(recipe)))
    np.testing.assert_array_equal(once.weights, again.weights)
    assert once.weights[~frame["answered"]].sum() == 0
    assert once.weights.sum() == pytest.approx(1000)


def test_non_response_and_raking_are_redone_in_every_replicate() -> None:
    recipe = [
        {"step": "nonresponse", "by": ["sex"], "responded": "answered"},
        {"step": "rake", "margins": {"sex": SEX}},
    ]
    frame = frame_of(4)
    design = weighting.weighted(design_of(frame).bootstrap(60, seed=1), recipe)
    sums = (design.replicates.factors * design.weights[:, None]).sum(axis=0)
    np.testing.assert_allclose(sums, 1000)
    assert design.mean("y")["se"][0] > 0


def test_classes_of_equal_propensity_carry_the_weight_of_those_who_did_not_answer() -> None:
    frame = frame_of(9)
    recipe = [{"step": "nonresponse", "formula": "answered ~ sex + years", "classes": 4}]
    design = weighting.weighted(design_of(frame).bootstrap(40, seed=2), recipe)
    assert design.weights.sum() == pytest.approx(frame["w"].sum())
    assert design.weights[~frame["answered"]].sum() == 0
    assert design.mean("y")["se"][0] > 0
    frame.loc[0, "years"] = np.nan
    with pytest.raises(DesignError, match="missing values"):
        weighting.weighted(design_of(frame), recipe)


def test_two_columns_can_be_one_set_of_cells() -> None:
    totals = {"F.old": 150.0, "F.young": 370.0, "M.old": 150.0, "M.young": 330.0}
    frame = frame_of(5)
    design = weighting.post_stratify(design_of(frame), ["sex", "age"], totals)
    inside = ((frame["sex"] == "M") & (frame["age"] == "old")).to_numpy()
    assert design.weights[inside].sum() == pytest.approx(150)


def test_strict_trimming_stays_within_its_bounds_and_keeps_the_sum() -> None:
    design = design_of(frame_of(6))
    trimmed = weighting.trim(design, 3, 5, strict=True)
    assert trimmed.weights.min() >= 3 - 1e-9
    assert trimmed.weights.max() <= 5 + 1e-9
    assert trimmed.weights.sum() == pytest.approx(design.weights.sum())
    # R: trimWeights(svydesign(~1, weights=~w), lower=2.5, upper=8, strict=TRUE)
    few = Design(pd.DataFrame({"w": [1, 2, 3, 7.9, 9, 12, 7, 2.5]}), weights="w")
    expected = [2.63, 2.63, 3.88, 8, 8, 8, 7.88, 3.38]
    assert weighting.trim(few, 2.5, 8, strict=True).weights == pytest.approx(expected, rel=1e-9)


def test_degrees_of_freedom_are_those_of_the_weights_of_the_replicates_after_each_step() -> None:
    design = design_of(frame_of(7)).jackknife()
    assert design.df == 20, "24 villages in 4 strata"
    assert weighting.post_stratify(design, "sex", SEX).df == 23, "as R: the strata hold no longer"
    rounded = replace(design.replicates, factors=design.replicates.factors.round(6))
    assert Design(design.frame, weights="w", replicates=rounded).df == 20, "rounding adds none"


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ({"step": "smooth"}, "use one of"),
        ({"step": "rake", "margins": {"sex": {"F": 1.0}}}, "without a total"),
        ({"step": "rake", "margins": {"sex": SEX | {"X": 5.0}}}, "without an answer"),
        ({"step": "rake", "margins": {"sex": SEX, "age": {"old": 1.0, "young": 1.0}}}, "do their sums agree"),
        ({"step": "calibrate", "formula": "1 + years", "totals": {"years": 1.0}}, "needs totals for"),
        ({"step": "calibrate", "formula": "1", "totals": {"(Intercept)": 9e5}, "function": "logit", "bounds": [0.5, 2]},
         "does not meet"),
        ({"step": "calibrate", "formula": "1", "totals": {"(Intercept)": 900}, "function": "logit"}, "needs bounds"),
        ({"step": "trim", "lower": 100}, "cannot hold"),
        ({"step": "trim", "upr": 2}, "trim does not know upr: use lower, upper, strict"),
        ({"step": "trim", "lower": 5, "upper": 2}, "lower is above upper"),
        ({"step": "trim", "strict": "no"}, "strict 'no': give true or false"),
        ({"step": "trim", "upper": "45"}, "upper is '45': give a number"),
        ({"step": "rake", "margin": {}}, "rake does not know margin"),
        ({"step": "rake"}, "rake needs margins"),
        ({"step": "rake", "margins": {"sex": {"F": -520.0, "M": 480.0}}}, "sex below 0: F -520"),
        ({"step": "rake", "margins": {"sex": {"F": 0, "M": 480.0}}}, "sex are 0 for F"),
        ({"step": "post_stratify", "by": "sex", "totals": {"F": float("nan"), "M": 1}}, "total of sex F is nan"),
        ({"step": "calibrate", "formula": "1 + years", "totals": {"(Intercept)": 1000, "years": 20000}}, "negative"),
        ({"step": "nonresponse", "by": "sex", "responded": "age"}, "age holds text such as"),
        ({"step": "nonresponse", "formula": "answered ~ sex", "classes": 2.5}, "whole number of classes"),
        ({"step": "rake", "margins": {"religion": {"x": 1.0}}}, "religion, which is no column"),
        ({"step": "nonresponse", "by": "nobody", "responded": "silent"}, "Nobody answered"),
    ],
)  # fmt: skip
def test_a_recipe_that_cannot_be_followed_is_refused(step: dict, words: str) -> None:
    frame = frame_of(7).assign(nobody="all", silent=False)
    with pytest.raises(DesignError, match=words):
        weighting.weighted(design_of(frame), [step])


def test_one_step_alone_is_no_recipe() -> None:
    with pytest.raises(DesignError, match="list of steps"):
        weighting.weighted(design_of(frame_of(7)), {"step": "trim", "upper": 9})


def test_missing_auxiliaries_are_refused_and_named() -> None:
    frame = frame_of(8)
    frame.loc[0, "sex"] = None
    with pytest.raises(DesignError, match="sex has missing values"):
        weighting.post_stratify(design_of(frame), "sex", SEX)
