"""What is said of changes between two years: real, not told, not tested."""

from decimal import Decimal
from types import SimpleNamespace

import pytest

from analysis.component_score import SURVEY, Criterion
from analysis.scoring_rules import Settings
from survey_app.scores.inputs import Leaf, ScoreInputs, compute
from survey_app.scores.publication import published
from survey_app.scores.year_comparison import (
    Change,
    Untested,
    Year,
    YearLine,
    compare_unit,
    compare_units,
)


@pytest.mark.parametrize(
    ("low", "high", "says"),
    [(0.01, 0.2, Change.UP), (-0.2, -0.01, Change.DOWN), (-0.1, 0.1, Change.UNCLEAR), (None, None, Change.UNCLEAR)],
)
def test_a_change_is_real_only_when_its_interval_leaves_out_zero(low, high, says):
    assert YearLine("1.1", "Tiêu chí", 1, 1.1, low, high).says is says


LEAF = Leaf(Criterion("1.1", Decimal(10), SURVEY, ("A",), ("q",)), "Chỉ đạo", "I", "Chỉ đạo, điều hành")


def year(low, high, settings=Settings(), classes=None, asked=None, df=98.0):  # noqa: B008
    """A scored round of two units: how many chose the lowest and the highest level."""
    counts = {
        unit: {("A", "q", "1"): one, ("A", "q", "5"): five}
        for unit, one, five in zip(("001", "002"), low, high, strict=True)
    }
    scores = compute(ScoreInputs(settings, (LEAF,), counts, {"A": 300}, 5, classes=classes or {}, asked=asked or {}))
    units = {}
    for unit, (leaf,) in scores.units.items():
        points = float(leaf.points or 0)
        found = [points, 0.3, points - 0.6, points + 0.6, 100, *([] if df is None else [df])]
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
    assert [line.says for line in compare_unit(now, now, "001").leaves.lines] == [Change.UNCLEAR]


def test_the_total_and_the_areas_of_a_unit_are_compared_like_its_leaves():
    now, before = year([20, 50], [80, 50]), year([50, 49], [50, 51])
    found = compare_unit(now, before, "001")
    assert found.total
    assert [(line.now, line.before, line.says) for line in (found.total, *found.areas.lines, *found.leaves.lines)] == [
        (Decimal("8.00"), Decimal("5.00"), Change.UP)
    ] * 3
    assert found.areas.lines[0].title == "Chỉ đạo, điều hành"
    # Three lines of one table, by hand: t(1 - 0,025/3; 196) = 2,414 times √(2·0,3²), a little more for the spread.
    assert found.areas.lines[0].low == pytest.approx(3 - 2.414 * 2**0.5 * 0.3061, abs=0.002)
    # The total says the same as in the list of the two units: t(1 - 0,025/2; 196) = 2,259.
    assert found.total.low == pytest.approx(3 - 2.259 * 2**0.5 * 0.3061, abs=0.002)
    ((_class, units),) = compare_units(now, before, {})
    assert (found.total.low, found.total.high) == next((one.low, one.high) for one in units.lines if one.code == "001")


def test_few_people_need_a_larger_change_and_runs_without_degrees_of_freedom_say_nothing():
    now, before = year([20, 50], [80, 50], df=8.0), year([31, 49], [69, 51], df=8.0)
    assert [line.says for line in compare_unit(now, before, "001").leaves.lines] == [Change.UNCLEAR]
    now, before = year([20, 50], [80, 50]), year([31, 49], [69, 51])
    assert [line.says for line in compare_unit(now, before, "001").leaves.lines] == [Change.UP]
    old = year([33, 49], [67, 51], df=None)
    assert {line.untested for line in compare_unit(now, old, "001").leaves.lines} == {Untested.EARLIER_PROGRAM}


def test_the_change_of_a_total_is_that_of_the_official_points_where_a_leaf_is_kept_back():
    """The digits behind the rounded points would tell the leaf."""
    other = Leaf(Criterion("1.2", Decimal(10), SURVEY, ("A", "E"), ("p",)), "Kế hoạch", "I", "Chỉ đạo, điều hành")
    counts = {("A", "q", "2"): 3, ("A", "q", "5"): 4, ("A", "p", "3"): 3, ("A", "p", "5"): 4, ("E", "p", "4"): 50,
              ("E", "p", "2"): 40}  # fmt: skip

    def of(estimate):
        found = published(compute(ScoreInputs(Settings(), (LEAF, other), {"001": counts}, {"A": 7, "E": 90}, 5)))
        figures = [estimate, 0.3, estimate - 0.6, estimate + 0.6, 90, 50.0]
        return Year(SimpleNamespace(precision={"all": {"total": figures, "areas": {}, "leaves": {}}}), found)

    total = compare_unit(of(11.237), of(11.0)).total
    assert total
    assert not total.untested
    assert total.low + total.high == pytest.approx(0), "the official points of both years are the same"
