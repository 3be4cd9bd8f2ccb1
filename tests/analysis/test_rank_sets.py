"""Sets of ranks hold all true ranks at their level, narrow where units differ, and say nothing where they do not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from analysis import rank_sets, ranks
from analysis.taylor import DesignError


def held(kind: object, runs: int = 150, units: int = 8, **options: object) -> tuple[float, float]:
    """Share of samples in which all sets hold the true ranks, and in which that of one unit does."""
    random = np.random.default_rng(21)
    truth, se = np.linspace(0, 6, units), random.uniform(0.6, 1.4, units)
    rank = np.arange(1, units + 1)
    every = one = 0
    for run in range(runs):
        low, high = kind(truth + random.normal(0, se), se, **options | ({"seed": run} if options else {}))
        inside = (low <= rank) & (rank <= high)
        every += inside.all()
        one += inside[3]
    return every / runs, one / runs


def test_joint_sets_hold_all_ranks_at_their_level() -> None:
    every, _ = held(rank_sets.joint_rank_sets, level=0.9, draws=400)
    assert every >= 0.88


def test_marginal_sets_hold_the_rank_of_one_unit_at_their_level() -> None:
    _, one = held(rank_sets.marginal_rank_sets, level=0.9, draws=400)
    assert one >= 0.88


def test_the_rule_that_can_be_explained_holds_too_and_is_wider() -> None:
    every, _ = held(lambda values, se: ranks.joint_rank_sets(values, se, 0.9))
    assert every >= 0.9
    values, se = np.linspace(0, 12, 10), np.ones(10)
    plain = np.subtract(*ranks.joint_rank_sets(values, se, 0.9)[::-1]).sum()
    sharper = np.subtract(*rank_sets.joint_rank_sets(values, se, 0.9, seed=1)[::-1]).sum()
    assert sharper <= plain


@pytest.mark.parametrize("rule", ["tukey", "holm"])
def test_all_pairs_at_once_hold_and_tell_apart_what_is_far(rule: str) -> None:
    every, _ = held(lambda values, se: ranks.pairwise_rank_sets(values, se, 0.9, rule))
    assert every >= 0.9
    low, high = ranks.pairwise_rank_sets(np.array([0.0, 0.1, 20]), np.ones(3), 0.95, rule)
    assert (low.tolist(), high.tolist()) == ([1, 1, 3], [2, 2, 3])


@settings(deadline=None, max_examples=20)
@given(st.lists(st.floats(-3, 3), min_size=3, max_size=8), st.integers(0, 100))
def test_the_rank_of_the_estimate_is_always_in_its_set(values: list[float], seed: int) -> None:
    estimates = np.array(values)
    se = np.linspace(0.5, 1, len(values))
    low, high = rank_sets.joint_rank_sets(estimates, se, 0.9, seed=seed, draws=200)
    smaller = (estimates[None, :] < estimates[:, None]).sum(axis=1)
    larger = (estimates[None, :] > estimates[:, None]).sum(axis=1)
    assert (low <= smaller + 1).all()
    assert (high >= len(values) - larger).all()


def test_units_that_do_not_differ_cannot_be_told_apart() -> None:
    low, high = rank_sets.joint_rank_sets(np.full(6, 50.0), np.ones(6), 0.95, seed=3)
    assert set(low) == {1}
    assert set(high) == {6}
    assert set(rank_sets.bands(low, high)) == {"not told apart"}


def test_bands_name_only_what_is_sure() -> None:
    values = np.array([0.0, 0.1, 5, 5.1, 10, 10.1])
    low, high = rank_sets.mirrored(*rank_sets.joint_rank_sets(values, np.full(6, 0.5), 0.9, seed=4))
    assert rank_sets.bands(low, high) == ["bottom", "bottom", "not told apart", "not told apart", "top", "top"]


def test_a_common_error_makes_differences_sharper() -> None:
    values = np.linspace(0, 4, 5)
    shared = np.full((5, 5), 0.9) + 0.1 * np.eye(5)
    wide = np.subtract(*rank_sets.joint_rank_sets(values, np.eye(5), 0.9, seed=5)[::-1]).sum()
    narrow = np.subtract(*rank_sets.joint_rank_sets(values, shared, 0.9, seed=5)[::-1]).sum()
    assert narrow < wide


def test_the_same_seed_gives_the_same_sets() -> None:
    values, se = np.linspace(0, 3, 12), np.full(12, 0.7)
    for kind in (rank_sets.joint_rank_sets, rank_sets.marginal_rank_sets):
        first, again = (np.stack(kind(values, se, 0.95, seed=9, draws=300)) for _ in range(2))
        np.testing.assert_array_equal(first, again)


def test_chances_to_be_among_the_best_add_up() -> None:
    chances = rank_sets.top_probabilities(np.array([1.0, 2, 3, 9]), np.ones(4), 2, seed=6)
    assert chances.sum() == pytest.approx(2)
    assert chances[3] > 0.99


def test_adjusted_p_values_are_those_of_the_textbook() -> None:
    p = np.array([0.01, 0.04, 0.03, 0.005])
    assert ranks.holm(p) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert ranks.benjamini_hochberg(p) == pytest.approx([0.02, 0.04, 0.04, 0.02])


def test_a_test_that_could_not_be_made_is_none() -> None:
    p = [0.04, np.nan, 0.01]
    np.testing.assert_allclose(ranks.holm(p), [0.04, np.nan, 0.02])
    np.testing.assert_allclose(ranks.benjamini_hochberg(p), [0.04, np.nan, 0.02])


THREE, GAP, SE = [1.0, 2.0, 3.0], [1.0, np.nan, 3.0], [0.5, 0.5, 0.5]


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda: ranks.joint_rank_sets(THREE, SE, rule="zz"), "rule='zz': use one of sidak, bonferroni"),
        (lambda: ranks.pairwise_rank_sets(THREE, SE, rule="zz"), "rule='zz': use one of tukey, holm"),
        (lambda: ranks.pairwise_rank_sets(THREE, [0.0, 0.0, 1.0]), "difference without variance"),
        (lambda: ranks.pairwise_rank_sets(THREE, [-0.5, 0.5, 0.5]), "se is negative in 1 of 3 rows"),
        (lambda: ranks.pairwise_rank_sets(GAP, SE), "values is missing in 1 of 3 rows, first in row 1"),
        (lambda: ranks.joint_rank_sets(THREE, SE[:2]), "se has 2 values, not 3"),
        (lambda: ranks.joint_rank_sets(THREE, SE, level=95), "level=95"),
        (lambda: ranks.expected_ranks(THREE, [0.0, 0.0, 0.0]), "difference without variance"),
        (lambda: ranks.comparison_multiplier([0.0, 0.0]), "difference without variance"),
        (lambda: ranks.holm([0.5, 2]), "p_values is outside 0 and 1 in 1 of 2 rows"),
        (lambda: rank_sets.joint_rank_sets(GAP, SE, seed=1), "values is missing in 1 of 3 rows"),
        (lambda: rank_sets.joint_rank_sets(THREE, GAP, seed=1), "standard errors, is missing"),
        (lambda: rank_sets.joint_rank_sets(THREE, np.eye(2), seed=1), "give 3 rows and columns"),
        (lambda: rank_sets.joint_rank_sets(THREE, np.triu(np.ones((3, 3))), seed=1), "symmetric"),
        (lambda: rank_sets.top_probabilities(THREE, SE, 4, seed=1), "between 1 and 3"),
    ],
)
def test_estimates_that_cannot_be_ranked_are_refused(ask, words: str) -> None:
    with pytest.raises(DesignError) as fault:
        ask()
    assert words in str(fault.value)


def test_lists_are_read_like_arrays() -> None:
    for kind in (ranks.joint_rank_sets, ranks.pairwise_rank_sets):
        np.testing.assert_array_equal(kind(THREE, SE), kind(np.array(THREE), np.array(SE)))
    listed = rank_sets.joint_rank_sets(THREE, SE, seed=1)
    np.testing.assert_array_equal(listed, rank_sets.joint_rank_sets(np.array(THREE), np.array(SE), seed=1))


def test_a_difference_without_variance_is_refused() -> None:
    with pytest.raises(DesignError, match="without variance"):
        rank_sets.joint_rank_sets(np.array([1.0, 2]), np.zeros(2), 0.9, seed=1)


@pytest.mark.parametrize("joint", [False, True])
def test_twenty_places_of_ten_answers_are_told_apart_by_chance_in_one_of_twenty_rounds_at_most(joint):
    """All places alike. With the normal quantile one round in five says that some place is surely better."""
    random, rounds, places, n = np.random.default_rng(9), 150, 20, 10
    wrong = {True: 0, False: 0}
    for number in range(rounds):
        mood = 0.6 * random.standard_normal((places, n, 1)) + 0.8 * random.standard_normal((places, n, 10))
        given = np.array([1, 0.75, 0.5, 0.25])[np.searchsorted(stats.norm.ppf([0.3, 0.7, 0.9]), mood)].mean(axis=2)
        mean, se = given.mean(axis=1), given.std(axis=1, ddof=1) / n**0.5
        for known, df in ((True, np.full(places, n - 1.0)), (False, None)):
            found = (
                rank_sets.surely_smaller(mean, se, 0.95, seed=number, draws=400, df=df)
                if joint
                else ranks.surely_smaller(mean, se, 0.95, df=df)
            )
            wrong[known] += bool(found.any())
    assert wrong[True] / rounds <= 0.05 + 2 * (0.05 * 0.95 / rounds) ** 0.5
    assert wrong[False] / rounds > 0.15


def test_the_normal_value_of_a_t_statistic_has_its_tail():
    """R: qnorm(pt(c(-2.262157, 2.262157, 3), 9))."""
    assert ranks.normal_equivalents([-2.262157, 2.262157], [9, 9]) == pytest.approx([-1.959964, 1.959964], abs=1e-5)
    assert ranks.normal_equivalents([3.0], [1e9]) == pytest.approx([3.0])
