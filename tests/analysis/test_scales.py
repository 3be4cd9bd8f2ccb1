"""Scales of questions: known matrices, missing answers, turned questions, and flags that never delete."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import response_quality, scales
from analysis.taylor import DesignError


def items_of(seed: int, loadings: list[float], n: int = 4000) -> np.ndarray:
    random = np.random.default_rng(seed)
    common = random.normal(0, 1, n)
    return np.stack([load * common + np.sqrt(1 - load**2) * random.normal(0, 1, n) for load in loadings], axis=1)


def test_equal_correlations_give_spearman_browns_alpha() -> None:
    covariance = np.full((4, 4), 0.5) + 0.5 * np.eye(4)
    assert scales.alpha_of(covariance) == pytest.approx(4 * 0.5 / (1 + 3 * 0.5))


def test_alpha_covers_the_true_one_and_names_the_question_that_does_not_belong() -> None:
    items = items_of(1, [0.7, 0.7, 0.7, 0.7])
    found = scales.cronbach_alpha(items)
    assert found.low < 4 * 0.49 / (1 + 3 * 0.49) < found.high
    stray = np.column_stack([items, np.random.default_rng(2).normal(0, 1, len(items))])
    worse = scales.cronbach_alpha(stray)
    assert worse.alpha_if_deleted.argmax() == 4
    assert worse.alpha_if_deleted[4] == pytest.approx(found.raw)
    assert worse.item_rest.argmin() == 4


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 1000), st.floats(0.1, 9), st.floats(-5, 5))
def test_alpha_does_not_depend_on_the_unit_of_the_scale(seed: int, times: float, plus: float) -> None:
    items = items_of(seed, [0.6, 0.5, 0.7], n=80)
    assert scales.cronbach_alpha(items * times + plus).raw == pytest.approx(scales.cronbach_alpha(items).raw)


def test_equal_weights_give_the_plain_alpha() -> None:
    items = items_of(3, [0.6, 0.5, 0.7], n=200)
    assert scales.weighted_alpha(items, np.full(200, 2.5)) == pytest.approx(scales.cronbach_alpha(items).raw)


def test_one_factor_finds_its_loadings() -> None:
    loadings = [0.8, 0.7, 0.6, 0.5]
    omega = scales.one_factor_omega(items_of(4, loadings, n=20_000))
    np.testing.assert_allclose(omega.loadings, loadings, atol=0.03)
    common = sum(loadings) ** 2
    assert omega.total == pytest.approx(common / (common + sum(1 - load**2 for load in loadings)), abs=0.01)
    wide = scales.one_factor_omega(items_of(4, loadings, n=20_000) * [1, 2, 3, 4], standardised=False)
    np.testing.assert_allclose(wide.loadings, omega.loadings * [1, 2, 3, 4], rtol=0.02)


def test_missing_answers_are_left_out_pair_by_pair() -> None:
    items = items_of(5, [0.6, 0.6, 0.6], n=400)
    holes = items.copy()
    holes[np.random.default_rng(6).uniform(size=items.shape) < 0.1] = np.nan
    assert scales.cronbach_alpha(holes).raw == pytest.approx(scales.cronbach_alpha(items).raw, abs=0.05)
    both = ~np.isnan(holes[:, [0, 1]]).any(axis=1)
    assert scales.pairwise_covariance(holes)[0, 1] == pytest.approx(np.cov(holes[both, 0], holes[both, 1])[0, 1])


def test_a_question_asked_the_other_way_round_is_turned() -> None:
    items = np.clip(np.round(items_of(7, [0.8, 0.8, 0.8], n=500) + 3), 1, 5)
    turned = items.copy()
    turned[:, 1] = 6 - turned[:, 1]
    assert scales.cronbach_alpha(turned).raw < 0.4
    np.testing.assert_array_equal(scales.reversed_items(turned, [1], 1, 5), items)
    r, stepped = scales.split_half(items, [0])
    assert stepped == pytest.approx(2 * r / (1 + r))


@pytest.mark.parametrize("items", [np.ones((20, 3)), np.ones((20, 1)), np.ones((2, 3))])
def test_what_is_no_scale_is_refused(items: np.ndarray) -> None:
    with pytest.raises(DesignError):
        scales.cronbach_alpha(items)
    with pytest.raises(DesignError):
        scales.one_factor_omega(items)


FORMS = np.array([
    [4, 4, 4, 4, 4, 4, 4, 4],
    [1, 3, 2, 4, 3, 2, 1, 4],
    [1, 3, 2, 4, 3, 2, 1, 4],
    [2, 2, 3, 3, np.nan, 3, 4, 4],
    [np.nan] * 8,
], dtype=float)  # fmt: skip


def test_runs_and_spread_of_each_form() -> None:
    longest, average = response_quality.run_lengths(FORMS)
    assert longest.tolist() == [8, 1, 1, 3, 0]
    assert average[:2].tolist() == [8, 1]
    share = response_quality.straight_lining(FORMS)
    assert share[:2].tolist() == [1, 1 / 8]
    spread = response_quality.intra_individual_variability(FORMS)
    assert spread[0] == 0
    assert spread[1] == pytest.approx(np.std(FORMS[1], ddof=1))
    assert np.isnan(spread[4])
    assert response_quality.split_variability(FORMS, 2).shape == (5, 2)


def test_flags_name_forms_and_delete_none() -> None:
    units = np.array([0, 1, 1, 1, 1])
    unknown = np.zeros(FORMS.shape, dtype=bool)
    unknown[3, :6] = True
    seconds = np.array([300.0, 20, 280, 310, np.nan])
    flags = response_quality.flags(FORMS, units, unknown=unknown, seconds=seconds)
    assert len(flags) == len(FORMS)
    assert flags["straight_line"].tolist() == [True, False, False, False, False]
    assert flags["duplicate"].tolist() == [False, True, True, False, False]
    assert flags["fast"].tolist() == [False, True, False, False, False]
    assert flags["mostly_unknown"].tolist() == [False, False, False, True, False]
    assert flags["number"].tolist() == [1, 2, 1, 1, 0]


def test_the_same_answers_in_another_unit_are_no_duplicate() -> None:
    assert response_quality.duplicates(FORMS, np.arange(5)).tolist() == [0] * 5
    assert response_quality.duplicates(FORMS, np.array([0, 1, 1, 1, 1])).tolist() == [0, 1, 1, 0, 0]


def test_distance_from_the_others_has_the_mean_of_the_number_of_questions() -> None:
    items = items_of(8, [0.5, 0.5, 0.5], n=300)
    distance = response_quality.mahalanobis(np.vstack([items, [np.nan, 1, 1]]))
    assert np.nanmean(distance) == pytest.approx(3 * 299 / 300)
    assert np.isnan(distance[-1])


def test_halves_of_scales_agree_for_the_careful() -> None:
    random = np.random.default_rng(9)
    traits = np.repeat(random.normal(0, 1, (200, 5)), 4, axis=1)
    careful = traits + random.normal(0, 0.3, traits.shape)
    careless = random.normal(0, 1, traits.shape)
    sizes = [4] * 5
    assert np.median(response_quality.even_odd(careful, sizes)) > 0.9
    assert np.median(response_quality.even_odd(careless, sizes)) < 0.5


def test_a_table_of_named_questions_is_read_and_given_back_by_name() -> None:
    items = items_of(5, [0.7, 0.6, 0.5], n=60)
    found = scales.cronbach_alpha(pd.DataFrame(items, columns=["q1", "q2", "q3"]))
    assert found.raw == scales.cronbach_alpha(items.tolist()).raw
    assert found.table["item"].tolist() == ["q1", "q2", "q3"]
    assert found.table["alpha_if_deleted"].tolist() == found.alpha_if_deleted.tolist()
    named = pd.DataFrame(items, columns=["q1", "q2", "q3"])
    assert scales.split_half(named) == scales.split_half(items)
    assert scales.one_factor_omega(named).total == scales.one_factor_omega(items).total


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda: scales.cronbach_alpha(pd.DataFrame({"q1": ["tốt"] * 4, "q2": [1, 2, 3, 4]})), "items: q1 holds text"),
        (lambda: scales.cronbach_alpha([1, 2, 3]), "items has 1 dimensions"),
        (lambda: scales.weighted_alpha(np.eye(3), [1, np.nan, 1]), "weights is missing in 1 of 3 rows"),
        (lambda: scales.weighted_alpha(np.eye(3), [1, -1, 1]), "weights is negative in 1 of 3 rows"),
        (lambda: scales.weighted_alpha(np.full((3, 2), np.nan), [1, 1, 1]), "two persons who answered all"),
    ],
)
def test_items_that_are_no_numbers_are_refused(ask, words: str) -> None:
    with pytest.raises(DesignError) as fault:
        ask()
    assert words in str(fault.value)
