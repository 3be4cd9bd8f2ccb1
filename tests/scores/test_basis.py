"""Totals stand beside each other only where they rest on the same criteria, groups and questions."""

from decimal import Decimal
from types import SimpleNamespace

from analysis.component_score import SURVEY, Criterion
from analysis.scoring_rules import Settings
from survey_app.scores.basis import basis_of, common_basis, on_other_basis
from survey_app.scores.commands import _ranked
from survey_app.scores.comparison import remarks_of, unit_lists_of
from survey_app.scores.figures import areas_of_units, overview
from survey_app.scores.inputs import Leaf, ScoreInputs, compute
from survey_app.scores.publication import Published, published

ALL_ANSWERED = {"A": (4, 8, 12, 10, 6), "E": (5, 10, 15, 20, 10)}
FEW = (1, 1, 1, 0, 1)


def leaf(code, groups, points):
    return Leaf(Criterion(code, Decimal(points), SURVEY, groups, (f"q{code}",)), "Chỉ đạo", "I", "Chỉ đạo, điều hành")


LEAVES = (leaf("1.1", ("A",), 2), leaf("1.2", ("A", "E"), 3))


def scored(**units: dict[tuple[str, str], tuple[int, ...]]) -> Published:
    """Rated units in which everybody answered, but for these (group, leaf): answers by level."""
    counts = {}
    for unit, changed in units.items():
        cells = {(group, one.criterion.code): ALL_ANSWERED[group] for one in LEAVES for group in one.criterion.groups}
        counts[unit] = {
            (group, f"q{code}", str(level)): count
            for (group, code), row in (cells | changed).items()
            for level, count in enumerate(row, 1)
        }
    return published(compute(ScoreInputs(Settings(), LEAVES, counts, {"A": 99, "E": 99}, 5)))


def test_a_unit_with_a_criterion_without_points_or_without_a_group_rests_on_another_basis():
    found = scored(x1={}, x2={}, x3={("A", "1.1"): FEW}, x4={("E", "1.2"): FEW})
    bases = {unit: basis_of(leaves, found.inputs.settings) for unit, leaves in found.units.items()}
    assert common_basis(bases.values()) == bases["x1"] == bases["x2"]
    assert on_other_basis(bases) == {"x3": ["1.1"], "x4": ["1.2"]}
    assert on_other_basis({unit: bases[unit] for unit in ("x3", "x4")}) == {"x3": [], "x4": []}, "nothing in common"
    assert on_other_basis({"x3": bases["x3"]}) == {}, "one alone is not compared"


def test_areas_and_totals_say_which_maximum_they_rest_on():
    found = scored(x1={}, x2={}, x3={("A", "1.1"): FEW}, x4={("E", "1.2"): FEW})
    shown = overview(found, "x3")
    assert (shown.max_points, shown.max_scored, shown.areas[0].max_scored) == (5, 3, 3)
    assert shown.areas[0].percent == shown.leaves[1].percent, "of the criteria that have points"
    assert [(one.n, one.codes) for one in remarks_of(shown)] == [(1, ("1.1",))]
    ((_class, (area,)),) = areas_of_units(found)
    full = overview(found, "x1").areas[0].points
    assert (area.lowest, area.highest, area.units, area.left_out) == (full, full, 2, 2), "not the 0 of a missing one"
    ((_class, (area,)),) = areas_of_units(scored(x1={}, x3={("A", "1.1"): FEW}))
    assert (area.mean, area.lowest, area.units, area.left_out) == (None, None, 0, 2)


def test_lists_and_terminal_name_such_units_without_a_rank():
    found = scored(x1={}, x2={}, x3={("A", "1.1"): FEW})
    total = [3.0, 0.2, 2.6, 3.4, 99, 50.0]
    units = {unit: {"total": total, "ranks": [1, 2], "above": []} for unit in ("x1", "x2")}
    units["x3"] = {"total": total, "apart": ["1.1"]}
    run = SimpleNamespace(inputs=found.inputs.to_json(), result=found.document(), precision={"units": units})
    lists = unit_lists_of(run, {}, {unit: overview(found, unit) for unit in units})
    ((_heading, one),) = lists
    assert (one.count, [row.unit for row in one.rows], [row.unit for row in one.apart]) == (2, ["x1", "x2"], ["x3"])
    line = next(text for text in _ranked(lists) if "x3" in text)
    assert line.startswith("–")
    assert "không xếp hạng (1 tiêu chí chưa có điểm; tối đa của các tiêu chí có điểm: 3,00)" in line
