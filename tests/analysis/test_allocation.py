"""Division of a sample among strata: totals kept, bounds kept, the named rounding."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.allocation import (
    AllocationError,
    bounded,
    cluster_design_effect,
    clusters_for_budget,
    equal,
    neyman,
    optimal_for_cost,
    optimal_for_variance,
    proportional,
    standard_deviations,
    two_stage_optimum,
    whole_numbers,
)

SIZES = st.lists(st.integers(1, 5000), min_size=1, max_size=30)


@settings(deadline=None)
@given(sizes=SIZES, share=st.floats(0.001, 1), minimum=st.integers(0, 3), deviations=st.data())
def test_whole_numbers_keep_the_total_and_the_bounds(sizes, share, minimum, deviations):
    low = sum(min(minimum, size) for size in sizes)
    n = max(1, low, round(share * sum(sizes)))
    spread = deviations.draw(st.lists(st.floats(0, 100), min_size=len(sizes), max_size=len(sizes)))
    wanted = neyman(n, sizes, spread) if any(spread) else equal(n, sizes)
    given_out = whole_numbers(wanted, sizes, minimum)
    assert given_out.sum() == n
    assert (given_out <= sizes).all()
    assert (given_out >= np.minimum(minimum, sizes)).all()


@settings(deadline=None)
@given(sizes=SIZES, share=st.floats(0.01, 1))
def test_without_bounds_that_bind_the_rounding_stays_within_one(sizes, share):
    n = max(1, round(share * sum(sizes)))
    exact = proportional(n, sizes)
    assert (np.abs(whole_numbers(exact, sizes) - exact) < 1).all()


def test_equal_remainders_go_to_the_larger_stratum_then_to_the_earlier():
    assert whole_numbers([2.5, 2.5], [10, 20]).tolist() == [2, 3]
    assert whole_numbers([2.5, 2.5], [10, 10]).tolist() == [3, 2]


def test_what_a_full_stratum_cannot_give_goes_to_the_others_in_proportion():
    assert bounded([80, 10, 10], [20, 100, 100]).tolist() == pytest.approx([20, 40, 40])
    assert whole_numbers([80, 10, 10], [20, 100, 100]).tolist() == [20, 40, 40]


def test_a_minimum_is_kept_and_the_remainder_shared():
    assert whole_numbers(proportional(20, [900, 90, 10]), [900, 90, 10], minimum=3).tolist() == [14, 3, 3]
    assert whole_numbers(proportional(20, [900, 90, 1]), [900, 90, 1], minimum=3).tolist() == [16, 3, 1]


def test_a_stratum_of_even_answers_gets_only_what_the_others_cannot_give():
    assert whole_numbers(neyman(12, [10, 10], [1, 0]), [10, 10]).tolist() == [10, 2]


def test_neyman_is_the_cost_optimum_at_equal_costs():
    sizes, deviations = [100, 300, 50], [1.0, 2.0, 5.0]
    cost = optimal_for_cost(60 * 7, sizes, deviations, [7, 7, 7])
    assert cost.tolist() == pytest.approx(neyman(60, sizes, deviations).tolist())


def test_cheap_persons_make_large_clusters_and_alike_ones_small():
    assert two_stage_optimum(750, 100, 0.05) == pytest.approx(11.937, abs=1e-3)
    assert two_stage_optimum(750, 100, 0.2) < two_stage_optimum(750, 100, 0.05) < two_stage_optimum(750, 50, 0.05)
    assert cluster_design_effect(11, 0.05) == pytest.approx(1.5)


def test_deviations_are_those_of_the_sample_and_zero_for_one():
    assert standard_deviations([1, 3, 8], ["a", "a", "b"]) == pytest.approx({"a": np.sqrt(2), "b": 0.0})


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: whole_numbers([5, 6], [5, 5]), "không chọn được 11 người"),
        (lambda: whole_numbers([1, 1], [5, 5], minimum=2), "Tăng cỡ mẫu"),
        (lambda: neyman(5, [5, 5], [0, 0]), "độ lệch chuẩn"),
        (lambda: proportional(5, []), "số người"),
        (lambda: two_stage_optimum(1, 1, 0), "hệ số tương quan"),
        (lambda: optimal_for_cost(5, [5, 5], [1, 1], [1, 0]), "Chi phí"),
    ],
)
def test_what_cannot_be_divided_is_refused_in_words(call, words):
    with pytest.raises(AllocationError, match=words):
        call()


def test_the_cheapest_sample_for_a_variance_has_that_variance() -> None:
    sizes, deviations, costs = np.array([4000, 1500, 500]), np.array([0.2, 0.3, 0.5]), np.array([50, 80, 65])
    n = optimal_for_variance(1e-4, sizes, deviations, costs)
    shares = sizes / sizes.sum()
    variance = (shares**2 * deviations**2 * (1 / n - 1 / sizes)).sum()
    assert variance == pytest.approx(1e-4)
    same = optimal_for_cost(float(n @ costs), sizes, deviations, costs)
    np.testing.assert_allclose(n, same)


def test_a_budget_buys_clusters() -> None:
    assert clusters_for_budget(10_000, 750, 100, 10) == pytest.approx(10_000 / 1750)
    with pytest.raises(AllocationError):
        clusters_for_budget(0, 750, 100, 10)
