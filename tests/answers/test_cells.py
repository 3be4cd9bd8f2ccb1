"""Cells with fewer than k answers merge along the announced tree, and none that is shown stays below k."""

from hypothesis import given
from hypothesis import strategies as st

from survey_app.answers.cells import merge_small_cells

ROOT = 0


def make_tree(leaves: int) -> dict[int, int | None]:
    return {ROOT: None} | dict.fromkeys(range(1, leaves + 1), ROOT)


def test_a_cell_with_enough_answers_stands_alone() -> None:
    assert merge_small_cells({1: 5, 2: 9}, make_tree(2), k=5) == {ROOT: ROOT, 1: 1, 2: 2}


def test_small_cells_go_to_the_parent() -> None:
    homes = merge_small_cells({1: 3, 2: 2, 3: 20}, make_tree(3), k=5)
    assert homes == {ROOT: ROOT, 1: ROOT, 2: ROOT, 3: 3}


def test_a_parent_that_is_still_too_small_takes_its_smallest_child() -> None:
    homes = merge_small_cells({1: 3, 2: 7, 3: 20}, make_tree(3), k=5)
    assert homes == {ROOT: ROOT, 1: ROOT, 2: ROOT, 3: 3}


def test_a_cell_without_answers_merges_and_draws_nobody_with_it() -> None:
    assert merge_small_cells({2: 7}, make_tree(2), k=5) == {ROOT: ROOT, 1: ROOT, 2: 2}


def test_a_group_with_too_few_answers_in_all_is_one_cell() -> None:
    assert set(merge_small_cells({1: 1, 2: 2}, make_tree(2), k=5).values()) == {ROOT}


def test_a_tree_of_three_levels_merges_step_by_step() -> None:
    parents: dict[int, int | None] = {0: None, 1: 0, 2: 1, 3: 1, 4: 0}
    assert merge_small_cells({2: 2, 3: 2, 4: 9}, parents, k=5) == {0: 0, 1: 0, 2: 0, 3: 0, 4: 0}
    assert merge_small_cells({2: 3, 3: 2, 4: 9}, parents, k=5) == {0: 0, 1: 1, 2: 1, 3: 1, 4: 4}


@given(st.lists(st.integers(0, 12), min_size=1, max_size=12), st.integers(2, 10))
def test_every_cell_shown_has_k_answers_or_the_whole_group_is_one(counts: list[int], k: int) -> None:
    received = dict(enumerate(counts, 1))
    homes = merge_small_cells(received, make_tree(len(counts)), k)
    sums: dict[int, int] = {}
    for cell, count in received.items():
        sums[homes[cell]] = sums.get(homes[cell], 0) + count
    assert sum(sums.values()) == sum(counts)
    filled = [total for total in sums.values() if total]
    assert all(total >= k for total in filled) or len(filled) == 1
