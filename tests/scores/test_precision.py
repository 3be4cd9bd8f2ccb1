"""Standard errors and limits of a run: from the opened forms, stored, the same again, small places kept back."""

import pytest
from sqlalchemy import select

from survey_app.access import Role
from survey_app.answers.models import Ballot
from survey_app.rounds.models import Cell
from survey_app.scores.models import ScoreRun
from survey_app.scores.publication import Why, published_run
from survey_app.scores.rules import compare_run, intervals_of, store_run
from tests.make import make_user
from tests.scores.opened_round import in_places, make_opened_round, rate_second_unit, read_csv, write_csv


def test_a_run_stores_limits_of_total_areas_and_leaves_that_hold_the_points(database, samples):
    with database.writing() as session:
        survey_round = make_opened_round(session, samples)
        run = store_run(session, survey_round, make_user(session, Role.OPERATOR, survey_round.operator_unit))
        found = run.precision["all"]
        total, se, low, high, n, df = found["total"]
        assert total == pytest.approx(21.86, abs=0.06)  # leaves are rounded before they are added
        assert 0.1 < se < 0.5
        assert low < total < high
        assert n == 645, "four of the 649 chose no level"
        assert 100 < df < 640, "groups of a few dozen make most of the variance"
        assert set(found["areas"]) == {"I", "II", "III", "IV", "V", "VI", "VII", "VIII"}
        assert set(found["leaves"]) == set(run.result["leaves"])
        for code, (estimate, _se, least, most, _n, _df) in found["leaves"].items():
            assert estimate == pytest.approx(float(run.result["leaves"][code]["unrounded"]), abs=1e-6)
            assert least <= estimate <= most
        assert "units" not in run.precision
        assert run.precision["places"] == {}


def test_the_same_forms_give_the_same_limits_bit_for_bit_and_others_are_noticed(database, samples):
    with database.writing() as session:
        survey_round = make_opened_round(session, samples)
        run = store_run(session, survey_round, make_user(session, Role.OPERATOR, survey_round.operator_unit))
    with database.reading() as session:
        run = session.scalars(select(ScoreRun)).one()
        found = compare_run(session, run.round, run)
        assert (found.same_result, found.same_inputs, found.same_precision) == (True, True, True)
    with database.writing() as session:
        form = session.scalars(select(Ballot).order_by(Ballot.id)).first()
        form.answers = dict.fromkeys(form.answers, "1")
        session.flush()
        run = session.scalars(select(ScoreRun)).one()
        assert not compare_run(session, run.round, run).same_precision


def test_places_are_compared_with_ranks_and_small_ones_kept_back(database, samples):
    with database.writing() as session:
        survey_round = make_opened_round(session, samples)
        in_places(session, survey_round, [4, 30, 60])
        run = store_run(session, survey_round, make_user(session, Role.OPERATOR, survey_round.operator_unit))
        places = {row["name"]: row for row in run.precision["places"]["E"]}
    assert places["Xã số 1"]["found"] is None, "four forms are fewer than k"
    assert places["Xã số 2"]["found"] is None, "else the one kept back follows from the whole"
    assert places["Xã số 3"]["found"][4] == 60
    assert 50 < places["Xã số 3"]["found"][0] < 95
    assert places["Xã số 3"]["ranks"] == [1, 2], "two halves of one sample differ by chance only"


def test_a_small_place_of_one_mind_is_kept_back_with_another_one(database, samples):
    with database.writing() as session:
        survey_round = make_opened_round(session, samples)
        in_places(session, survey_round, [12, 60, 80])
        place = select(Cell.id).where(Cell.label == "Xã số 1").scalar_subquery()
        for form in session.scalars(select(Ballot).where(Ballot.cell_id == place)):
            form.answers = dict.fromkeys(form.answers, "5")
        session.flush()
        run = store_run(session, survey_round, make_user(session, Role.OPERATOR, survey_round.operator_unit))
        shown = {one["name"]: one["found"] is not None for one in run.precision["places"]["E"]}
    assert (shown["Xã số 1"], shown["Xã số 2"], shown["Xã số 3"]) == (False, False, True)


def test_rated_units_get_limits_and_ranks_of_their_own(database, samples):
    with database.writing() as session:
        survey_round = make_opened_round(session, samples)
        rows = [{**row, **{name: "1" for name in row if name[:2] in ("q_", "s_") and row[name] not in ("na", "")}}
                for row in read_csv(samples / "answers-simulated.csv")[:300]]  # fmt: skip
        unit = rate_second_unit(session, survey_round, rows)
        run = store_run(session, survey_round, make_user(session, Role.OPERATOR, survey_round.operator_unit))
        units = run.precision["units"]
        worst, best = units[unit.code], next(found for code, found in units.items() if code != unit.code)
    assert worst["total"][0] == 0
    assert worst["total"][3] > 0, "certainty is never claimed"
    assert (best["ranks"], worst["ranks"]) == ([1, 1], [2, 2])


def test_places_leave_out_what_a_small_group_shares(database, samples):
    """Places of E with the common SIPAS lines would give E's part of them, and so what the few of F said."""
    with database.writing() as session:
        survey_round = make_opened_round(session, samples)
        in_places(session, survey_round, [40, 50, 60])
        operator = make_user(session, Role.OPERATOR, survey_round.operator_unit)
        whole = store_run(session, survey_round, operator).precision["places"]["E"]
        few = [one for one in session.scalars(select(Ballot)) if one.cell.label == "F"]
        few.sort(key=lambda one: (list(one.answers.values()).count("KB"), -len(one.answers)))  # each question answered
        for ballot in few[4:]:
            session.delete(ballot)
        session.flush()
        with_few = store_run(session, survey_round, operator).precision["places"]["E"]
    assert [one["found"][0] for one in whole] != [one["found"][0] for one in with_few]
    assert [one["found"][4] for one in whole] == [one["found"][4] for one in with_few]  # the same forms


def test_places_leave_out_every_question_of_which_the_line_of_the_group_is_kept_back(database, samples, tmp_path):
    """The places of E together less its lines that are shown would be the line of E that hides the eight of F."""
    rows = read_csv(samples / "answers-simulated.csv")
    few = [{**row, "q_5_6_4": "5"} for row in rows if row["group"] == "F"][:8]
    answers = write_csv(tmp_path / "answers.csv", [*(row for row in rows if row["group"] != "F"), *few])

    def places(session, run, **changed):
        for ballot in session.scalars(select(Ballot)):
            if ballot.cell.label.startswith("Xã"):
                ballot.answers = ballot.answers | changed
        session.flush()
        return intervals_of(session, run.round, published_run(run))["places"]["E"]

    with database.writing() as session:
        survey_round = make_opened_round(session, samples, answers)
        in_places(session, survey_round, [40, 50, 60])
        run = store_run(session, survey_round, make_user(session, Role.OPERATOR, survey_round.operator_unit))
        found = published_run(run)
        assert (found.why(None, "F", "q_5_6_4"), found.why(None, "E", "q_5_6_4")) == (Why.HIGH, Why.BESIDE)
        assert "5.6.4" in run.precision["not_in_places"]["E"]
        stored = run.precision["places"]["E"]
        assert places(session, run, q_5_6_4="1") == stored, "whatever E said there, its places are the same"
        asked = {item for _group, item, _level in next(iter(found.inputs.counts.values())) if _group == "E"}
        shown = next(item for item in sorted(asked) if item[0] == "q" and found.why(None, "E", item) is None)
        assert places(session, run, **{shown: "1"}) != stored
