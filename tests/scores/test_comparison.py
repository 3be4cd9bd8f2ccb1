"""What is said of ranks, and when limits of a total may be printed."""

import itertools
from decimal import Decimal
from types import SimpleNamespace

import pytest

from analysis.component_score import SURVEY, Criterion
from analysis.scoring_rules import Settings
from survey_app.scores.comparison import (
    Band,
    Beside,
    Limits,
    Row,
    band_of,
    compare_rows,
    limits_of,
    places_of,
    round_ticks,
    spread_of_total_shown,
    told_apart,
    units_of,
)
from survey_app.scores.figures import Overview, overview
from survey_app.scores.inputs import Leaf, ScoreInputs, compute
from survey_app.scores.publication import published


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


def test_beside_a_chosen_row_the_others_are_surely_above_below_or_not_told_apart():
    above = {"A": (), "B": ("A",), "C": ("A", "B"), "D": ("A",)}
    rows = [Row(key, Limits(50, 45, 55, 20, 2.5), 1, 4, key, frozenset(higher)) for key, higher in above.items()]
    found = compare_rows(rows)
    assert found.beside("B") == {
        "A": Beside.ABOVE, "B": Beside.SELF, "C": Beside.BELOW, "D": Beside.UNCLEAR,
    }  # fmt: skip
    assert found.beside("none") == {}
    assert not compare_rows([row("A", 90, 1, 2), row("B", 60, 1, 2)]).has_pairs, "runs of earlier programs have none"


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


def leaf(code, groups):
    return Leaf(Criterion(code, Decimal(10), SURVEY, groups, (f"q{code}",)), "Chỉ đạo", "I", "Chỉ đạo, điều hành")


@pytest.mark.parametrize(
    ("leaves", "shown"),
    [
        ([leaf("1.1", ("A",))], False),  # the total is the leaf
        ([leaf("1.1", ("A",)), leaf("1.2", ("E",))], False),  # its variance less that of the other one
        ([leaf("1.1", ("A",)), leaf("1.2", ("A", "E"))], True),  # A answered both: covariances are printed nowhere
        ([leaf("1.2", ("E",))], True),
    ],
)
def test_limits_of_a_total_tell_no_leaf_that_is_kept_back(leaves, shown):
    """Seven of A answered: their mean is shown, how they spread is not."""
    answers = {"A": (0, 1, 2, 3, 1), "E": (10, 20, 30, 30, 10)}
    counts = {
        (group, item, str(level)): count
        for one in leaves for group in one.criterion.groups for item in one.criterion.items
        for level, count in enumerate(answers[group], 1)
    }  # fmt: skip
    found = published(compute(ScoreInputs(Settings(), tuple(leaves), {"001": counts}, {"A": 7, "E": 100}, 5)))
    printed = overview(found)
    assert spread_of_total_shown(printed) is shown
    figures = [5.0, 0.3, 4.4, 5.6, 100, 60.0]
    run = SimpleNamespace(precision={"all": {"total": figures, "areas": {}, "leaves": {}}})
    assert (limits_of(run, printed)[0] is not None) is shown
