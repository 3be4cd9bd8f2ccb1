"""What is said of ranks and of changes between years."""

import itertools
from types import SimpleNamespace

import pytest

from survey_app.scores.comparison import (
    Band,
    Change,
    Limits,
    Row,
    YearLine,
    band_of,
    compare_rows,
    limits_of,
    places_of,
    round_ticks,
    told_apart,
    units_of,
)
from survey_app.scores.figures import Overview


@pytest.mark.parametrize(
    ("ranks", "count", "band"),
    [
        ((1, 1), 2, Band.UPPER), ((2, 2), 2, Band.LOWER), ((1, 2), 2, Band.UNCLEAR), ((1, 10), 20, Band.UPPER),
        ((11, 20), 20, Band.LOWER), ((10, 20), 20, Band.UNCLEAR), ((1, 11), 20, Band.UNCLEAR), ((1, 2), 3, Band.UPPER),
        ((2, 3), 3, Band.LOWER), ((1, 1), 1, Band.UPPER),
    ],
)  # fmt: skip
def test_a_band_is_sure_only_when_every_possible_rank_is_in_its_half(ranks, count, band):
    assert band_of(*ranks, count) is band


def row(name, figure, best, worst):
    return Row(name, Limits(figure, figure - 5, figure + 5, 20, 2.5), best, worst)


def test_rows_are_sorted_into_bands_best_first_and_empty_bands_left_out():
    found = compare_rows([row("B", 60, 3, 4), row("A", 90, 1, 2), row("C", 55, 3, 4), row("D", 80, 1, 3)], ["E"])
    assert [(band, [one.name for one in rows]) for band, rows in found.bands] == [
        (Band.UPPER, ["A"]), (Band.UNCLEAR, ["D"]), (Band.LOWER, ["B", "C"]),
    ]  # fmt: skip
    assert (found.count, found.told_apart, found.kept_back) == (4, 3, ("E",))
    assert found.ticks[0] <= 50
    assert found.ticks[-1] >= 95


@pytest.mark.parametrize("span", [(37.1, 98.2), (0, 100), (21.3, 22.4), (0.5, 0.5), (0, 0.0001), (99.99, 100)])
def test_an_axis_has_round_figures_and_room(span):
    ticks = round_ticks(*span)
    assert ticks[0] <= span[0]
    assert ticks[-1] >= span[1]
    assert 2 <= len(ticks) <= 10
    assert len({round(b - a, 6) for a, b in itertools.pairwise(ticks)}) == 1


def test_a_run_of_an_earlier_program_has_nothing_to_compare():
    run = SimpleNamespace(precision=None)
    assert (limits_of(run, Overview((), ())), places_of(run), units_of(run, {}), told_apart(run)) == (
        (None, {}, {}),
        {},
        None,
        None,
    )


@pytest.mark.parametrize(
    ("low", "high", "says"),
    [(0.01, 0.2, Change.UP), (-0.2, -0.01, Change.DOWN), (-0.1, 0.1, Change.UNCLEAR), (None, None, Change.UNCLEAR)],
)
def test_a_change_is_real_only_when_its_interval_leaves_out_zero(low, high, says):
    assert YearLine("1.1", "Tiêu chí", 1, 1.1, low, high).says is says
