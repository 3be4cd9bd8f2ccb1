"""Cutting groups into publication cells."""

from hypothesis import given
from hypothesis import strategies as st

from survey_app.access_codes.cell_plan import plan_cells

counts_of_units = st.dictionaries(st.integers(1, 30), st.integers(1, 25), min_size=1, max_size=15)


def test_a_group_without_unit_cells_is_one_cell():
    plan = plan_cells({1: 3, 2: 4}, 5, by_unit=False)
    assert (plan.in_group_cell, plan.total, plan.by_unit) == (7, 7, False)


def test_cells_under_k_go_into_the_groups_cell():
    plan = plan_cells({1: 20, 2: 3, 3: 4, 4: 5}, 5, by_unit=True)
    assert plan.merged == {2, 3}
    assert plan.in_group_cell == 7


def test_a_small_remainder_takes_the_smallest_other_cell_with_it():
    plan = plan_cells({1: 20, 2: 3, 3: 6}, 5, by_unit=True)
    assert plan.merged == {2, 3}
    assert plan.in_group_cell == 9


def test_large_cells_leave_the_groups_cell_empty():
    assert plan_cells({1: 20, 2: 20}, 5, by_unit=True).in_group_cell == 0


@given(counts_of_units, st.integers(2, 10))
def test_nobody_is_lost_and_no_cell_is_small_unless_the_group_is(counts, k_min):
    plan = plan_cells(counts, k_min, by_unit=True)
    standing = {unit: persons for unit, persons in counts.items() if unit not in plan.merged}
    assert sum(standing.values()) + plan.in_group_cell == sum(counts.values())
    assert all(persons >= k_min for persons in standing.values())
    if sum(counts.values()) >= k_min:
        assert plan.in_group_cell == 0 or plan.in_group_cell >= k_min
