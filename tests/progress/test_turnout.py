"""Turnout counts, and ranges where exact figures would tell who answered."""

from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog

from survey_app.progress.turnout import Cell, turnout

UNITS = [
    (1, "03253", "Xã Quài Cang", 2, 2, 1),
    (2, "03256", "Xã Nà Sáy", 2, 1, 0),
    (3, "TG-NV", "Phòng Nội vụ", 2, 0, 0),
]


def make_turnout(counts, k_min=5, groups=("A", "B", "C", "E")):
    return turnout(UNITS, counts, groups, k_min)


def test_a_cell_with_fewer_than_k_persons_is_a_range():
    unit = make_turnout({(1, "C"): (3, 3), (1, "E"): (20, 12)}).units[0]
    assert unit.groups["C"] == Cell(3, 0, 3)
    assert unit.groups["C"].answered_text == "0–3"
    assert unit.groups["E"].answered_text == "12"


def test_a_total_does_not_give_the_only_small_cell_away():
    unit = make_turnout({(1, "C"): (3, 3), (1, "E"): (20, 12)}).units[0]
    assert unit.total == Cell(23, 12, 15)
    assert unit.total.percent is None


def test_a_total_is_exact_where_two_small_cells_hold_k_persons():
    units = make_turnout({(3, "A"): (3, 2), (3, "B"): (3, 3), (1, "A"): (2, 1), (1, "B"): (2, 1)}).units
    assert units[2].total == Cell(6, 5, 5)
    assert units[0].total == Cell(4, 0, 4)


def test_totals_of_groups_are_exact_over_many_units():
    found = make_turnout({(1, "C"): (3, 3), (2, "C"): (3, 1), (1, "E"): (20, 12), (2, "E"): (20, 7)})
    assert found.groups["C"] == Cell(6, 4, 4)
    assert found.groups["E"] == Cell(40, 19, 19)
    assert found.total == Cell(46, 23, 23)
    assert found.total.percent == 50
    assert found.has_ranges


def test_the_grand_total_hides_what_the_total_of_a_group_hides():
    found = make_turnout({(1, "C"): (3, 3), (1, "E"): (20, 12), (2, "E"): (20, 7)})
    assert found.groups["C"] == Cell(3, 0, 3)
    assert found.total == Cell(43, 19, 22)


def test_units_without_invitations_keep_their_lists():
    found = make_turnout({})
    assert [(unit.lists_due, unit.lists_submitted, unit.lists_approved) for unit in found.units] == [
        (2, 2, 1),
        (2, 1, 0),
        (2, 0, 0),
    ]
    assert (found.groups, found.total) == ({}, Cell(0, 0, 0))
    assert not found.has_ranges


@given(
    st.dictionaries(
        st.tuples(st.integers(1, 3), st.sampled_from("ABCE")),
        st.integers(1, 12).flatmap(lambda asked: st.tuples(st.just(asked), st.integers(0, asked))),
    )
)
def test_ranges_hold_the_truth_and_no_small_cell_can_be_computed_from_its_unit(counts):
    found = make_turnout(counts)
    for unit in found.units:
        own = {group: pair for (unit_id, group), pair in counts.items() if unit_id == unit.unit_id}
        for group, cell in unit.groups.items():
            assert cell.low <= own[group][1] <= cell.high
            assert cell.exact == (own[group][0] >= 5)
        assert unit.total.low <= sum(pair[1] for pair in own.values()) <= unit.total.high
        small = [pair for pair in own.values() if pair[0] < 5]
        if len(small) == 1:
            assert not unit.total.exact
    assert found.total.low <= sum(pair[1] for pair in counts.values()) <= found.total.high


small_or_large = st.tuples(st.integers(0, 12), st.integers(0, 12)).map(lambda pair: (max(pair), min(pair)))


@given(st.fixed_dictionaries(dict.fromkeys("ABCE", small_or_large)))
def test_a_solver_cannot_compute_a_hidden_cell_of_a_unit_from_its_row(row):
    """Linear programming over all that a unit sees of itself: no hidden cell has one possible value only."""
    counts = {(1, group): pair for group, pair in row.items()}
    unit = make_turnout(counts).units[0]
    groups = list(unit.groups)
    bounds = [(unit.groups[group].low, unit.groups[group].high) for group in groups]
    sums = [[1.0] * len(groups), [-1.0] * len(groups)]
    limits = [unit.total.high, -unit.total.low]
    for place, group in enumerate(groups):
        if unit.groups[group].exact:
            continue
        aim = [float(other == place) for other in range(len(groups))]
        least = linprog(aim, A_ub=sums, b_ub=limits, bounds=bounds)
        most = linprog([-value for value in aim], A_ub=sums, b_ub=limits, bounds=bounds)
        assert -most.fun - least.fun >= 1
