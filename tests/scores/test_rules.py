"""Scoring of a round: the same points as from files, repeatable, stored with inputs, refused before the opening."""

import json

import pytest
from sqlalchemy import select

from analysis.scoring_rules import Settings
from survey_app.access import Role
from survey_app.answers.models import AnswerCount
from survey_app.audit import AuditEntry
from survey_app.errors import Refused
from survey_app.questionnaires.models import QuestionnaireVersion
from survey_app.rounds.models import Criterion
from survey_app.scores.inputs import ScoreInputs, compute
from survey_app.scores.models import LeafScore
from survey_app.scores.publication import published
from survey_app.scores.queries import find_run, latest_run
from survey_app.scores.rules import compare_run, compute_round, store_run
from tests.make import make_criteria, make_round, make_user
from tests.scores.opened_round import make_opened_round, rate_second_unit, read_csv


@pytest.mark.parametrize(
    ("answers", "expected"),
    [("answers-simulated.csv", "answers-expected.json"), ("answers-edge.csv", "answers-edge-expected.json")],
)
def test_a_round_gives_the_points_of_the_sample_answers(database, samples, answers, expected):
    wanted = json.loads((samples / expected).read_text("utf-8"))
    with database.writing() as session:
        survey_round = make_opened_round(session, samples, answers)
        document = published(compute_round(session, survey_round)).document()
    assert document["survey_total"] == wanted["survey_total"]
    assert document["by_group"] == wanted["by_group"]
    assert document["settings"] == wanted["settings"]
    for code, leaf in wanted["leaves"].items():
        shown = document["leaves"][code]
        assert (shown["score"], shown["max"]) == (leaf["score"], leaf["max"])
        for group, figure in leaf["groups"].items():
            if not isinstance(figure, dict) or figure["n"] >= 10:
                assert shown["groups"][group] == figure
            else:  # too few for the levels, and so for a mean with six decimals
                assert shown["groups"][group]["mean"] is None
            if isinstance(figure, dict) and 0 < figure["n"] < survey_round.k_min:
                assert shown["groups"][group]["n"] is None
        parts = [figure for figure in leaf["groups"].values() if isinstance(figure, dict) and figure["used"]]
        assert shown["exact"] == (None if any(figure["n"] < 10 for figure in parts) else leaf["exact"])
    assert "units" not in document


def test_rules_of_the_round_are_used(database, samples):
    wanted = json.loads((samples / "answers-expected.json").read_text("utf-8"))["alternatives"]["groups_pooled"]
    with database.writing() as session:
        survey_round = make_opened_round(session, samples, rules={"group_combination": "pooled"})
        assert compute_round(session, survey_round).document()["survey_total"] == wanted["survey_total"]


def test_nothing_is_computed_before_the_envelopes_are_opened(database, samples):
    with database.writing() as session:
        survey_round = make_opened_round(session, samples, envelopes_opened_on=None)
        with pytest.raises(Refused, match="Tính được sau khi mở niêm phong"):
            compute_round(session, survey_round)


def test_a_round_without_criteria_for_the_survey_is_refused(database, samples):
    with database.writing() as session:
        survey_round = make_opened_round(session, samples)
        for leaf in session.scalars(select(Criterion).where(Criterion.scored_by != "self_assessment")):
            session.delete(leaf)
        session.flush()
        session.expire_all()
        with pytest.raises(Refused, match="không có tiêu chí nào do điều tra chấm"):
            compute_round(session, survey_round)


def test_rules_that_do_not_fit_the_scale_of_the_questions_are_refused(database, samples):
    rules = Settings.from_json({"coefficients": {"1": "0", "2": "0.5", "3": "1"}}).to_json()
    with database.writing() as session:
        survey_round = make_opened_round(session, samples, rules=rules)
        with pytest.raises(Refused, match="không có trong thang 3 mức"):
            compute_round(session, survey_round)


def test_a_run_stores_points_inputs_and_an_audit_entry(database, samples):
    with database.writing() as session:
        survey_round = make_opened_round(session, samples)
        by = make_user(session, Role.OPERATOR, survey_round.operator_unit)
        run = store_run(session, survey_round, by)
    with database.reading() as session:
        stored = find_run(session, survey_round.id, 1)
        assert (stored.made_by_name, len(stored.inputs_sha256)) == (by.full_name, 64)
        rows = session.execute(
            select(Criterion.code, LeafScore.points, LeafScore.exact)
            .join(LeafScore, LeafScore.criterion_id == Criterion.id)
            .where(LeafScore.run_id == run.id)
        ).all()
        assert {code: f"{points:.2f}" for code, points, _ in rows} == {
            code: leaf["score"] for code, leaf in stored.result["leaves"].items()
        }
        assert next(exact for code, _, exact in rows if code == "5.6.3") == "13575/17437"
        entry = session.scalars(select(AuditEntry)).one()
        assert entry.sentence == f"Tính điểm đợt {survey_round.code}, lần 1: 21.86"


def test_the_same_answers_and_rules_give_the_same_hash_and_result(database, samples):
    with database.writing() as session:
        survey_round = make_opened_round(session, samples)
        by = make_user(session, Role.OPERATOR, survey_round.operator_unit)
        first, second = store_run(session, survey_round, by), store_run(session, survey_round, by)
    assert (first.number, second.number) == (1, 2)
    assert (first.inputs_sha256, first.result) == (second.inputs_sha256, second.result)
    with database.reading() as session:
        assert latest_run(session, survey_round.id).number == 2


def test_a_run_can_be_computed_again_from_what_it_stores(database, samples):
    with database.writing() as session:
        survey_round = make_opened_round(session, samples)
        store_run(session, survey_round, make_user(session, Role.OPERATOR, survey_round.operator_unit))
    with database.reading() as session:
        run = find_run(session, survey_round.id, 1)
        assert published(compute(ScoreInputs.from_json(run.inputs))).document() == run.result
        same = compare_run(session, survey_round, run)
        assert (same.same_result, same.same_inputs) == (True, True)


def test_changed_answers_and_a_changed_run_are_found_out(database, samples):
    with database.writing() as session:
        survey_round = make_opened_round(session, samples)
        run = store_run(session, survey_round, make_user(session, Role.OPERATOR, survey_round.operator_unit))
        count = session.scalars(select(AnswerCount).where(AnswerCount.item == "q_5_6_3")).first()
        count.answers += 1
        session.flush()
        found = compare_run(session, survey_round, run)
        assert (found.same_result, found.same_inputs) == (True, False)
        run.result = run.result | {"survey_total": "25.00"}
        assert compare_run(session, survey_round, run).same_result is False


def test_a_run_that_differs_by_a_few_answers_only_is_not_stored(database, samples):
    with database.writing() as session:
        survey_round = make_opened_round(session, samples)
        by = make_user(session, Role.OPERATOR, survey_round.operator_unit)
        store_run(session, survey_round, by)
        count = session.scalars(select(AnswerCount).where(AnswerCount.item == "q_5_6_3")).first()
        count.answers += 4
        session.flush()
        with pytest.raises(Refused, match="chỉ khác lần tính 1 ở ít hơn 5 câu trả lời"):
            store_run(session, survey_round, by)
        count.answers += 1
        session.flush()
        assert store_run(session, survey_round, by).number == 2


def test_a_run_of_an_earlier_program_is_compared_by_its_points(database, samples):
    with database.writing() as session:
        survey_round = make_opened_round(session, samples, "answers-edge.csv")
        run = store_run(session, survey_round, make_user(session, Role.OPERATOR, survey_round.operator_unit))
        run.publication, run.result = None, compute(ScoreInputs.from_json(run.inputs)).document()
        assert compare_run(session, survey_round, run).same_result
        run.result = run.result | {"survey_total": "25.00"}
        assert not compare_run(session, survey_round, run).same_result


def test_several_rated_units_have_points_and_ranks_of_their_own(database, samples):
    rows = [row | {"q_1_7_1": "5"} for row in read_csv(samples / "answers-simulated.csv") if row["group"] in "ACD"]
    with database.writing() as session:
        survey_round = make_opened_round(session, samples)
        other = rate_second_unit(session, survey_round, rows)
        run = store_run(session, survey_round, make_user(session, Role.OPERATOR, survey_round.operator_unit))
        units = run.result["units"]
        assert units["099"]["total"] == "21.86"
        assert units[other.code]["leaves"]["1.7.1"]["score"] == "1.00"
        assert (units["099"]["rank"], units[other.code]["rank"]) == (1, 2)
        assert len(run.leaves) == 44


def test_a_name_used_for_two_criteria_in_two_groups_is_kept_apart(database, samples):
    with database.writing() as session:
        survey_round = make_opened_round(session, samples)
        version = session.scalars(
            select(QuestionnaireVersion).where(QuestionnaireVersion.definition["group"].as_string() == "A")
        ).one()
        definition = json.loads(json.dumps(version.definition))
        for item in definition["items"]:
            if item["name"] in ("q_1_7_1", "q_1_7_2"):
                item["criterion"] = {"1.7.1": "1.7.2", "1.7.2": "1.7.1"}[item["criterion"]]
        version.definition = definition
        session.flush()
        leaves = compute_round(session, survey_round).document()["leaves"]
        assert leaves["1.7.1"]["groups"]["A"]["mean"] == "0.797619"
        assert leaves["1.7.2"]["groups"]["A"]["mean"] == "0.666667"
        assert leaves["1.7.1"]["groups"]["C"]["mean"] == "0.695652"


def test_make_criteria_of_another_kind_is_scored_too(database, samples):
    with database.writing() as session:
        survey_round = make_round(session)
        make_criteria(session, survey_round, [("1.1", "2.5", "survey", ["A"])])
        survey_round.envelopes_opened_on = survey_round.closes_on
        survey_round.opened_at = survey_round.closed_at = survey_round.created_at
        document = compute_round(session, survey_round).document()
        assert document["leaves"]["1.1"]["score"] is None
        assert document["survey_max"] == "2.50"
