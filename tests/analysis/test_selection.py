"""Selection: the same seed gives the same sample in any order of the rows, and the probabilities are kept."""

import itertools
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.selection import (
    PPS_METHODS,
    SelectionError,
    inclusion_probabilities,
    pps,
    random_number,
    simple_random,
    stratified,
    systematic,
)
from analysis.two_stage import joined_clusters, two_stage

KEYS = [f"row-{number}" for number in range(24)]
STRATA = ["Bản Xá Cọ"] * 12 + ["Bản Cuông"] * 8 + ["Bản Phung"] * 4
SIZES = [1 + number % 5 for number in range(24)]
PLACES = [(stratum, f"{size:03}") for stratum, size in zip(STRATA, SIZES, strict=True)]
ALLOCATION = {"Bản Xá Cọ": 3, "Bản Cuông": 2, "Bản Phung": 1}

DESIGNS = {
    "simple": lambda keys, strata, sizes, places, seed: simple_random(keys, 6, seed),
    "systematic": lambda keys, strata, sizes, places, seed: systematic(keys, 5, seed, places),
    "systematic in random order": lambda keys, strata, sizes, places, seed: systematic(keys, 5, seed),
    "stratified": lambda keys, strata, sizes, places, seed: stratified(keys, strata, ALLOCATION, seed),
    "stratified systematic": lambda keys, strata, sizes, places, seed: stratified(
        keys, strata, ALLOCATION, seed, places, is_systematic=True
    ),
    "two-stage": lambda keys, strata, sizes, places, seed: two_stage(keys, strata, 2, 5, seed),
    "two-stage sampford": lambda keys, strata, sizes, places, seed: two_stage(keys, strata, 2, 4, seed, "sampford"),
} | {
    f"pps {method}": lambda keys, strata, sizes, places, seed, method=method: pps(keys, sizes, 6, seed, method)
    for method in PPS_METHODS
}


def draw(design, seed="1", order=range(24)):
    """(keys selected, keys in reserve, selection) of a design on the rows in this order."""
    keys, strata, sizes, places = ([one[at] for at in order] for one in (KEYS, STRATA, SIZES, PLACES))
    selection = DESIGNS[design](keys, strata, sizes, places, seed)
    return [keys[at] for at in selection.chosen], [keys[at] for at in selection.reserve], selection


@pytest.mark.parametrize("design", DESIGNS)
@settings(deadline=None)  # the machine may be busy with something else
@given(order=st.permutations(range(24)), seed=st.text(max_size=8))
def test_the_order_of_the_file_does_not_matter(design, order, seed):
    chosen, reserve, _ = draw(design, seed)
    again, reserve_again, _ = draw(design, seed, order)
    assert set(again) == set(chosen)
    assert reserve_again == reserve


@pytest.mark.parametrize("design", DESIGNS)
@settings(deadline=None)  # the machine may be busy with something else
@given(seed=st.text(max_size=8))
def test_the_probabilities_add_up_to_the_size_and_nobody_is_taken_twice(design, seed):
    chosen, reserve, selection = draw(design, seed)
    assert selection.probabilities.sum() == pytest.approx(len(chosen))
    assert len(set(chosen)) == len(chosen)
    assert not set(chosen) & set(reserve)
    assert (selection.probabilities[selection.chosen] > 0).all()
    assert selection.weights == pytest.approx(1 / selection.probabilities[selection.chosen])


@pytest.mark.parametrize("design", DESIGNS)
def test_over_many_seeds_each_row_is_taken_as_often_as_its_probability_says(design):
    rounds = 3000
    taken = Counter(key for seed in range(rounds) for key in draw(design, str(seed))[0])
    _, _, selection = draw(design)
    shares = np.array([taken[key] / rounds for key in KEYS])
    pi = selection.probabilities
    # 4.5 standard deviations of a binomial share: one false alarm in some hundred thousand runs of 240 rows.
    assert (np.abs(shares - pi) <= 4.5 * np.sqrt(pi * (1 - pi) / rounds) + 1e-9).all(), np.round(shares - pi, 3)


def test_the_first_numbers_of_the_algorithm_are_fixed():
    """Whoever changes these changes the meaning of every stored seed: the algorithm then needs a new name."""
    assert random_number("2021", "row", "a") == pytest.approx(0.58223509535055, abs=1e-15)
    assert [KEYS.index(key) for key in draw("simple", "2021")[0]] == [6, 19, 4, 18, 17, 8]


def test_a_stratum_gives_what_it_was_allotted_and_reserves_of_its_own():
    chosen, reserve, selection = draw("stratified")
    stratum = dict(zip(KEYS, STRATA, strict=True))
    assert Counter(stratum[key] for key in chosen) == ALLOCATION
    assert Counter(stratum[key] for key in reserve) == {"Bản Xá Cọ": 9, "Bản Cuông": 6, "Bản Phung": 3}
    assert selection.strata == tuple(STRATA)


def test_a_systematic_sample_spreads_over_the_sort_order():
    places = [(f"{number:02}",) for number in range(24)]
    for seed in range(50):
        rows = sorted(systematic(KEYS, 5, str(seed), places).chosen.tolist())
        assert all(gap in (4, 5) for gap in np.diff(rows))


def test_units_larger_than_the_step_are_certain_and_the_rest_is_scaled_again():
    assert inclusion_probabilities([100, 50, 1, 1, 1, 1], 3).tolist() == pytest.approx([1, 1, 0.25, 0.25, 0.25, 0.25])
    assert inclusion_probabilities([1, 0, 1], 2).tolist() == [1, 0, 1]
    sizes = [100.0, 50, 1, 1, 1, 1]
    for seed in range(20):
        assert {0, 1} <= set(pps(KEYS[:6], sizes, 3, str(seed)).chosen.tolist())


@settings(deadline=None)  # the machine may be busy with something else
@given(sizes=st.lists(st.floats(0.01, 1e6), min_size=2, max_size=60), share=st.floats(0.02, 1), seed=st.integers(0, 99))
def test_pps_works_for_any_sizes(sizes, share, seed):
    n = max(1, round(share * len(sizes)))
    keys = [str(number) for number in range(len(sizes))]
    pi = inclusion_probabilities(sizes, n)
    assert pi.sum() == pytest.approx(n)
    assert (pi <= 1).all()
    assert len(set(pps(keys, sizes, n, str(seed)).chosen.tolist())) == n
    assert len(set(pps(keys, sizes, n, str(seed), "tille").chosen.tolist())) == n


def test_two_stages_weigh_everybody_alike():
    clusters = ["a"] * 10 + ["b"] * 8 + ["c"] * 6
    assert two_stage(KEYS, clusters, 2, 5, "1").probabilities == pytest.approx(np.full(24, 5 / 24))
    certain = two_stage([str(n) for n in range(40)], ["a"] * 30 + ["b"] * 5 + ["c"] * 5, 2, 8, "1")
    assert certain.probabilities == pytest.approx(np.full(40, 8 / 40))
    assert Counter(certain.strata[at] for at in certain.chosen)["a"] == 6


def test_reserves_of_two_stages_come_from_the_selected_clusters_only():
    chosen, reserve, _ = draw("two-stage")
    stratum = dict(zip(KEYS, STRATA, strict=True))
    assert {stratum[key] for key in reserve} <= {stratum[key] for key in chosen}


def test_small_clusters_are_joined_to_the_next():
    assert joined_clusters(["a", "b", "b", "c", "c", "c", "d"], 3) == ["a + b"] * 3 + ["c + d"] * 4
    assert joined_clusters(["a", "b"], 5) == ["a + b", "a + b"]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: simple_random(KEYS, 25, "1"), "chỉ có 24 dòng"),
        (lambda: simple_random(KEYS, 0, "1"), "từ 1 người"),
        (lambda: simple_random(["a", "a"], 1, "1"), "khóa riêng"),
        (lambda: stratified(KEYS, STRATA, {}, "1"), "Chưa tầng nào"),
        (lambda: inclusion_probabilities([1, 0], 2), "Chỉ 1 đơn vị"),
        (lambda: inclusion_probabilities([-1, 2], 1), "không được âm"),
        (lambda: two_stage(KEYS, STRATA, 4, 8, "1"), "3 cụm"),
        (lambda: two_stage(KEYS, STRATA, 3, 2, "1"), "ít nhất 3 người"),
        (lambda: two_stage(["1", "2", "3", "4"], ["a", "b", "c", "d"], 2, 4, "1"), "gộp cụm nhỏ"),
        (lambda: pps([str(n) for n in range(100)], [1.0] * 100, 90, "1", "sampford"), "Sampford"),
    ],
)
def test_designs_that_the_frame_cannot_carry_are_refused_in_words(call, words):
    with pytest.raises(SelectionError, match=words):
        call()


def test_every_subset_of_a_simple_sample_is_as_likely():
    rounds = 4000
    seen = Counter(
        frozenset(simple_random(["a", "b", "c", "d"], 2, str(seed)).chosen.tolist()) for seed in range(rounds)
    )
    assert set(seen) == {frozenset(pair) for pair in itertools.combinations(range(4), 2)}
    assert all(abs(count / rounds - 1 / 6) < 4.5 * np.sqrt(5 / 36 / rounds) for count in seen.values())
