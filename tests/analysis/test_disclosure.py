"""No hidden figure comes out of the published ones, and no more is hidden than that needs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import disclosure
from analysis.disclosure import CellTable, cross_table, exposed, feasible_ranges, protected, table_of_sums, too_few
from analysis.taylor import DesignError


def table(rows: list[list[int]]) -> CellTable:
    return cross_table({(f"r{i}", f"c{j}"): n for i, row in enumerate(rows) for j, n in enumerate(row)})


def mask(cells: CellTable, *labels: tuple[str, ...]) -> np.ndarray:
    return np.array([label in labels for label in cells.labels])


def test_a_table_holds_every_sum() -> None:
    cells = table([[3, 20], [15, 30]])
    counts = dict(zip(cells.labels, cells.counts, strict=True))
    assert len(counts) == 9
    assert counts["r0", "total"] == 23
    assert counts["total", "c1"] == 50
    assert counts["total", "total"] == 68


def test_a_small_cell_hidden_alone_is_found_by_subtraction() -> None:
    cells = table([[3, 20], [15, 30]])
    primary = too_few(cells.counts, 5)
    assert [label for label, few in zip(cells.labels, primary, strict=True) if few] == [("r0", "c0")]
    low, high = feasible_ranges(cells, primary)
    assert low[primary] == pytest.approx([3])
    assert high[primary] == pytest.approx([3])
    assert exposed(cells, primary, primary).any()


def test_cells_more_are_hidden_until_the_small_one_has_a_range() -> None:
    cells = table([[3, 20, 40], [15, 30, 25], [60, 70, 80]])
    primary = too_few(cells.counts, 5)
    hidden = protected(cells, primary, width=5)
    assert hidden[primary].all()
    assert not exposed(cells, primary, hidden, 5).any()
    assert hidden.sum() == 4  # a rectangle, of the small rows and columns
    assert not hidden[mask(cells, ("r2", "c2"), ("total", "total"))].any()


def test_one_of_two_parts_hides_the_other_or_the_sum() -> None:
    cells = table_of_sums({("a",): 4, ("b",): 30}, [("a",), ("b",), ("total",)])
    hidden = protected(cells, too_few(cells.counts, 5))
    assert hidden.sum() == 2


def test_what_is_published_already_stays_and_may_make_it_impossible() -> None:
    cells = table_of_sums({("a",): 4, ("b",): 30}, [("a",), ("b",), ("total",)])
    primary = too_few(cells.counts, 5)
    hidden = protected(cells, primary, fixed=mask(cells, ("total",)))
    assert hidden[mask(cells, ("b",))].all()
    with pytest.raises(DesignError, match="published already"):
        protected(cells, primary, fixed=mask(cells, ("total",), ("b",)))
    with pytest.raises(DesignError, match="rests on too few"):
        protected(cells, primary, fixed=primary)


def test_two_publications_are_judged_together() -> None:
    atoms = {("2021", "a"): 30, ("2021", "b"): 3, ("2022", "a"): 30, ("2022", "b"): 25}
    first = [("2021", "total"), ("2022", "total"), ("2022", "b")]
    cells = table_of_sums(atoms, [*first, ("total", "b"), ("2021", "b")])
    primary = too_few(cells.counts, 5)
    low, high = feasible_ranges(cells, primary)
    assert (low[primary], high[primary]) == (pytest.approx([3]), pytest.approx([3]))
    hidden = protected(cells, primary)
    assert not exposed(cells, primary, hidden).any()


@settings(deadline=None, max_examples=25)
@given(st.lists(st.lists(st.integers(0, 40), min_size=3, max_size=3), min_size=2, max_size=4))
def test_no_table_gives_a_hidden_figure_away(rows: list[list[int]]) -> None:
    cells = table(rows)
    primary = too_few(cells.counts, 5)
    fixed = np.zeros(len(primary), dtype=bool)
    hidden = protected(cells, primary, width=5, fixed=fixed)
    assert hidden[primary].all()
    low, high = feasible_ranges(cells, hidden, primary)
    assert (high[primary] - low[primary] >= 5 - 1e-6).all()
    truth = cells.counts[primary]
    assert ((low[primary] <= truth + 1e-6) & (truth - 1e-6 <= high[primary])).all()


def test_three_dimensions_are_protected_too() -> None:
    random = np.random.default_rng(3)
    cells = cross_table({
        (unit, group, sex): int(random.integers(2, 30)) for unit in "abc" for group in "xy" for sex in "mf"
    })  # fmt: skip
    primary = too_few(cells.counts, 5)
    assert 0 < primary.sum() < 6
    hidden = protected(cells, primary, width=5)
    assert not exposed(cells, primary, hidden, 5).any()
    assert hidden.mean() < 0.6


def test_few_sampling_units_hide_a_figure_and_no_answers_hide_nothing() -> None:
    counts, units = np.array([0.0, 4, 12, 12]), np.array([0.0, 4, 2, 3])
    assert too_few(counts, 5, units).tolist() == [False, True, True, False]


def test_answers_of_one_mind_show_only_the_half_of_the_scale() -> None:
    levels = np.array([[9.0, 1, 0, 0], [8, 2, 0, 0], [30, 0, 0, 0], [0, 0, 0, 7], [0, 0, 0, 0]])
    assert disclosure.unanimous(levels).tolist() == [True, False, False, True, False]
    assert disclosure.broad_band(levels, 2) == ["upper", "upper", "upper", "lower", "even"]


def test_all_but_one_are_of_one_mind_in_a_small_group() -> None:
    levels = np.array([[0.0, 0, 0, 1, 4], [1, 0, 0, 1, 3], [1, 0, 0, 0, 18], [2, 0, 0, 0, 17]])
    assert disclosure.unanimous(levels).tolist() == [True, False, True, False]


@pytest.mark.parametrize(
    ("levels", "values", "told"),
    [
        ([0, 0, 0, 1, 4], [0, 0.25, 0.5, 0.75, 1], True),  # 95 % of five: four and one
        ([0, 0, 1, 0, 4], [0, 0.25, 0.5, 0.75, 1], False),  # or two beside the top
        ([1, 1, 1, 1, 1], [0, 0.25, 0.5, 0.75, 1], False),
        ([5, 0, 0, 0, 0], [0, 0.25, 0.5, 0.75, 1], True),
        ([2, 3, 0, 0, 0], [0, 0, 0, 1, 1], False),  # all below: which of the three?
        ([0, 4, 1], [0, 0.5, 1], False),
        ([0, 0, 1, 5], [0, 0.33, 0.67, 1], True),
        ([0, 0, 2, 3], [0, 0.33, 0.67, 1], False),  # 87 %, as (0, 1, 0, 4)
    ],
)
def test_a_mean_of_few_answers_may_tell_the_levels(levels: list[int], values: list[float], told: bool) -> None:
    assert disclosure.told_by_mean(np.array(levels, dtype=float), np.array(values)) is told


@pytest.mark.parametrize(("share", "n", "shown"), [(0.125, 49, 13), (0.125, 50, 12.5), (0.3333, 200, 33.3)])
def test_percentages_of_few_answers_are_whole(share: float, n: int, shown: float) -> None:
    assert disclosure.percent(share, n) == shown


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (
            lambda: cross_table({("A", "x"): -3, ("A", "y"): 9}),
            "counts of 2 cells is below 0 in 1 of 2 rows, first in row 0",
        ),
        (lambda: cross_table({("A", "x"): float("nan")}), "counts of 1 cells is missing in 1 of 1 rows"),
        (lambda: too_few(np.array([3.0, 9.0]), k=0), "k=0: no figure rests on fewer answers"),
        (lambda: too_few([3, -1]), "counts is below 0 in 1 of 2 rows"),
        (lambda: too_few([3, 9], units=[1]), "units has 1 values, not 2"),
    ],
)
def test_counts_that_cannot_be_are_refused(ask, words: str) -> None:
    with pytest.raises(DesignError) as fault:
        ask()
    assert words in str(fault.value)
    assert too_few([0, 1, 2], k=2).tolist() == [False, True, False]
