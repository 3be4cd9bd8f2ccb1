"""What is said of ranks and of changes between years."""

import itertools
from decimal import Decimal
from types import SimpleNamespace

import pytest

from analysis.component_score import SURVEY, Criterion
from analysis.scoring_rules import Settings
from survey_app.scores.comparison import (
    Band,
    Beside,
    Change,
    Limits,
    Row,
    Untested,
    Year,
    YearLine,
    band_of,
    compare_leaves,
    compare_rows,
    compare_units,
    limits_of,
    places_of,
    round_ticks,
    told_apart,
    units_of,
)
from survey_app.scores.figures import Overview
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


@pytest.mark.parametrize(
    ("low", "high", "says"),
    [(0.01, 0.2, Change.UP), (-0.2, -0.01, Change.DOWN), (-0.1, 0.1, Change.UNCLEAR), (None, None, Change.UNCLEAR)],
)
def test_a_change_is_real_only_when_its_interval_leaves_out_zero(low, high, says):
    assert YearLine("1.1", "Tiêu chí", 1, 1.1, low, high).says is says


LEAF = Leaf(Criterion("1.1", Decimal(10), SURVEY, ("A",), ("q",)), "Chỉ đạo", "I", "Chỉ đạo, điều hành")


def year(low, high, settings=Settings(), classes=None, asked=None):  # noqa: B008
    """A scored round of two units: how many chose the lowest and the highest level."""
    counts = {
        unit: {("A", "q", "1"): one, ("A", "q", "5"): five}
        for unit, one, five in zip(("001", "002"), low, high, strict=True)
    }
    scores = compute(ScoreInputs(settings, (LEAF,), counts, {"A": 300}, 5, classes=classes or {}, asked=asked or {}))
    units = {}
    for unit, (leaf,) in scores.units.items():
        found = [float(leaf.points or 0), 0.3, float(leaf.points or 0) - 0.6, float(leaf.points or 0) + 0.6, 100]
        units[unit] = {"total": found, "leaves": {"1.1": found}, "areas": {"I": found}}
    run = SimpleNamespace(precision={"all": {}, "units": units}, inputs={"classes": classes or {}})
    return Year(run, published(scores))


def test_units_are_compared_with_the_year_before_among_their_like():
    classes = {"001": "offices", "002": "communes"}
    now, before = (year(low, high, classes=classes) for low, high in (([20, 50], [80, 50]), ([50, 49], [50, 51])))
    (communes, found), (offices, other) = compare_units(now, before, {"001": "Sở Nội vụ", "002": "Xã Nà Tấu"})
    assert (communes, offices) == ("Xã, phường, thị trấn", "Sở, ngành")
    assert [(line.title, line.before, line.now, line.says) for line in found.lines + other.lines] == [
        ("Xã Nà Tấu", Decimal("5.10"), Decimal("5.00"), Change.UNCLEAR),
        ("Sở Nội vụ", Decimal("5.00"), Decimal("8.00"), Change.UP),
    ]
    assert (found.count(Change.UNCLEAR), other.count(Change.UP), other.tested) == (1, 1, 1)


def test_no_verdict_where_the_rules_or_the_questions_of_the_years_differ():
    now = year([20, 50], [80, 50])
    ((_name, rules),) = compare_units(now, year([50, 49], [50, 51], Settings(dont_know="zero")), {})
    assert {line.untested for line in rules.lines} == {Untested.RULES}
    assert {line.low for line in rules.lines} == {None}
    other = year([50, 49], [50, 51], asked={"001": {"1.1": ()}})
    ((_name, asked),) = compare_units(now, other, {"001": "Sở Nội vụ"})
    assert asked.not_comparable == ("Sở Nội vụ",)
    assert [line.code for line in asked.lines] == ["002"]
    assert [line.says for line in compare_leaves(now, now, "001").lines] == [Change.UNCLEAR]
