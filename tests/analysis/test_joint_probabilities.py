"""Joint inclusion probabilities: against enumeration, and their sums."""

import itertools

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from analysis import joint_probabilities as joint
from analysis.selection import inclusion_probabilities, pps

PI = np.array([0.2, 0.7, 0.8, 0.5, 0.4, 0.4])


def test_sampford_is_its_own_definition_enumerated():
    n, total = 3, 0.0
    expected = np.zeros((6, 6))
    for units in map(list, itertools.combinations(range(6), n)):
        chance = np.prod(PI[units] / (1 - PI[units])) * (n - PI[units].sum())
        total += chance
        expected[np.ix_(units, units)] += chance
    assert joint.pps_sampford(PI) == pytest.approx(expected / total)


@pytest.mark.parametrize("method", ["systematic", "sampford", "tille"])
def test_pairs_are_drawn_as_often_as_said(method):
    rounds = 4000
    sizes = PI  # π = x here: they add up to 3
    together = np.zeros((6, 6))
    for seed in range(rounds):
        units = pps(list("abcdef"), sizes, 3, str(seed), method).chosen
        together[np.ix_(units, units)] += 1 / rounds
    expected = getattr(joint, f"pps_{method}")(PI)
    assert (np.abs(together - expected) < 4.5 * np.sqrt(expected * (1 - expected) / rounds) + 1e-9).all()


@settings(deadline=None)
@given(sizes=st.lists(st.floats(0.5, 50), min_size=3, max_size=15), share=st.floats(0.2, 0.8))
@example(sizes=[1, 11, 21, 21, 7.5, 8.5, 9.5, 9.5, 16.5, 35.5, 38.5, 42.5, 44.375], share=0.5)  # the last: π = 0.9995
def test_rows_add_up_to_n_times_the_first_order(sizes, share):
    n = max(2, round(share * len(sizes)))
    pi = inclusion_probabilities(sizes, n)
    for matrix in (joint.pps_systematic(pi), joint.pps_sampford(pi), joint.pps_tille(pi)):
        assert matrix.sum(axis=1) == pytest.approx(n * pi, rel=1e-9, abs=1e-9)
        assert matrix == pytest.approx(matrix.T)


def test_strata_are_independent_of_each_other():
    matrix = joint.stratified(["a", "a", "a", "b", "b"], {"a": 2, "b": 1})
    assert matrix[0, 1] == pytest.approx(1 / 3)
    assert matrix[0, 3] == pytest.approx(1 / 3)
    assert matrix[3, 4] == 0
    assert matrix.sum() == pytest.approx(9)
