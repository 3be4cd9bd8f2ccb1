"""Points of a round in which many units are rated: ranks among their like, ratings of the own unit apart."""

import io
import random
from collections import Counter
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from flask import Flask
from openpyxl import load_workbook

from analysis.component_score import half_up
from survey_app.access import Role
from survey_app.db import Database
from survey_app.rounds.models import Round
from survey_app.scores.comparison import unit_lists_of
from survey_app.scores.figures import overview
from survey_app.scores.inputs import ScoreInputs, compute
from survey_app.scores.models import ScoreRun
from survey_app.scores.publication import published_run
from survey_app.scores.rules import compare_run, store_run
from survey_app.text import number_text
from tests.province import Size, answer_all, make_province, open_all


def own_of(run: ScoreRun, most: int = 99, level: str = "") -> dict[str, object]:
    """The self-ratings of the run, had at most so many answered each question, or all chosen this level."""
    inputs = ScoreInputs.from_json(run.inputs)
    counts: dict[str, Counter[tuple[str, str, str]]] = {}
    for unit, counted in inputs.counts.items():
        counts[unit], room = Counter(), Counter[str]()
        for (group, item, one), count in sorted(counted.items()):
            taken = min(count, most - room[item]) if group == "B" else count
            room[item] += taken * (group == "B")
            counts[unit][group, item, level if level and group == "B" else one] += taken
    return compute(replace(inputs, counts=counts)).document().get("self_rating", {})


SIZE = Size(4, 3, {"A": 4, "B": 18, "C": 4, "D": 9, "E": 9})


def test_units_are_scored_and_ranked_among_their_like(app: Flask, database: Database, signed_in) -> None:
    pepper = app.extensions["survey_settings"].keys.pepper
    with database.writing() as session:
        made = make_province(session, pepper, SIZE)
        codes = [code for group in "ABCDE" for code in made.codes_of(group)]
        answer_all(session, made, pepper, codes, random.Random(1))
        opening = open_all(session, made)
        assert (opening.envelopes, opening.faulty) == (len(codes), 0)
        # Of sở each about four communes, of communes about three sở, deputies about all, everybody else about one unit.
        assert opening.ballots == 12 * 4 + 16 * 3 + 9 * 7 + 126 + 36
        survey_round = session.get_one(Round, made.round.id)
        run = store_run(session, survey_round, made.by)
        units, own = run.result["units"], run.result["self_rating"]
        names = {one.unit.code: one.unit.name for one in made.rated}
        offices = {code for code, name in names.items() if name.startswith("Sở")}
        for members, criteria in ((offices, 10), (names.keys() - offices, 18)):
            ranks = sorted(units[code]["rank"] for code in members)
            assert ranks[0] == 1
            assert ranks[-1] <= len(members)
            for code in members:
                scored = [leaf for leaf, found in units[code]["leaves"].items() if found["score"] is not None]
                assert len(scored) == criteria, (names[code], scored)
        # What eighteen people say of the own unit is beside the points, not in them.
        assert set(own) == set(names)
        assert {one["max"] for one in own.values()} == {"12.50"}
        for found in units.values():
            assert "B" not in {group for leaf in found["leaves"].values() for group in leaf["groups"]}
        assert [(name, one.count) for name, one in unit_lists_of(run, names)] == [
            ("Xã, phường, thị trấn", 4),
            ("Sở, ngành", 3),
        ]
        inputs = ScoreInputs.from_json(run.inputs)
        strict = compute(replace(inputs, settings=replace(inputs.settings, missing_group="zero")))
        for code, leaves in strict.units.items():
            is_office = code in offices
            asked = [leaf for leaf in leaves if leaf.criterion.groups]
            assert len(asked) == (10 if is_office else 18)
            assert {group for leaf in asked for group in leaf.groups} == ({"C", "D"} if is_office else {"A", "D", "E"})
            # A group that does not rate the unit is not missing: no rule takes points for it.
            assert all(leaf.points for leaf in asked if leaf.enough)
            assert sum(leaf.enough for leaf in asked) > 5
        shown = overview(published_run(run), next(iter(offices)))
        assert shown.max_points == Decimal("12.50")
        assert len(shown.not_asked) == 8
        interval = run.precision["units"][next(iter(offices))]["total"]
        assert interval[3] <= 12.5
        assert own_of(run) == own
        assert own_of(run, most=9) == {}  # under ten nothing is said of what colleagues think
        assert own_of(run, level="5") == {}  # nor where everybody chose the best
        again = compare_run(session, survey_round, run)
        assert again.same_result
        assert again.same_inputs
        assert again.same_precision
        code, top = survey_round.code, survey_round.operator_unit
        shown_lists = unit_lists_of(run, names)
    printed = app.test_cli_runner().invoke(args=["scores", "compute", code]).stdout
    assert "mỗi đơn vị một tổng" in printed
    assert "Điểm điều tra: " not in printed, "no total of sở and communes in common"
    lists = printed[printed.index("Xã, phường, thị trấn (4):") :].split("\n\n")
    assert lists[1].startswith("Sở, ngành (3):")
    for text, (_name, units) in zip(lists, shown_lists, strict=False):
        rows = [line.split() for line in text.splitlines()[2:]]
        ranks = [str(one.best) if one.best == one.worst else f"{one.best}–{one.worst}" for one in units.ordered]
        assert [row[0] for row in rows] == ranks
        assert [row[5] for row in rows] == [one.unit for one in units.ordered]
    assert "hạng thật có thể là bất kỳ số nào" in lists[2]
    operator = signed_in(Role.OPERATOR, unit=top)
    sheet = load_workbook(io.BytesIO(operator.get(f"/rounds/{code}/scores.xlsx").data))["Tự đánh giá"]
    rows = {row[0]: row[1:] for row in sheet.iter_rows(min_row=6, values_only=True) if row[1]}
    assert {unit: row[:3] for unit, row in rows.items()} == {
        unit: (names[unit], float(one["total"]), float(one["max"])) for unit, one in own.items()
    }
    unit, one = next(iter(own.items()))
    percent = half_up(100 * Fraction(one["total"]) / Fraction(one["max"]), 1)
    assert rows[unit][3] == float(percent)
    page = operator.get(f"/rounds/{code}/scores/places").text
    assert "Điểm của các đơn vị được đánh giá: Sở, ngành" in page
    assert "Công chức chấm chính đơn vị mình" in page
    assert "Không so sánh các đơn vị với nhau theo bảng này" in page
    assert f"<b>{number_text(percent)}</b>" in page
    both = operator.get(f"/rounds/{code}/scores/1.7.1").text
    assert "Chọn một đơn vị ở ô trên" in both
    assert "Cách ra điểm" not in both, "sở and communes together are nobody's points"
    assert "Cách ra điểm" in operator.get(f"/rounds/{code}/scores/1.7.1?unit={min(offices)}").text
    for unit, own, others in (
        (min(offices), "từng sở", "từng xã"),
        (min(names.keys() - offices), "từng xã", "từng sở"),
    ):
        for path in ("scores/1.7.1", "scores/questions"):
            asked = operator.get(f"/rounds/{code}/{path}?unit={unit}").text
            assert own in asked, "in the words of the group that rates it"
            assert others not in asked
    one = operator.get(f"/rounds/{code}/scores/8.1").text
    assert "Số liệu chung của 4 đơn vị loại xã, phường, thị trấn" in one
    assert "Lĩnh vực VIII" not in one
    assert "gộp cả hai loại" in operator.get(f"/rounds/{code}/scores/questions").text
