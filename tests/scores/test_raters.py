"""Many units rated by one person: taken together where the answer carries a name, never where it is sealed."""

import json
import random

import pytest
from flask import Flask
from sqlalchemy import select

from survey_app.access import Role
from survey_app.access_codes.models import Invitation
from survey_app.answers.identified import delete_answer_of, read_identified
from survey_app.answers.models import Ballot, IdentifiedAnswer
from survey_app.db import Database
from survey_app.personal_data.erasure import erase_round
from survey_app.rounds.models import Round
from survey_app.scores.comparison import rater_lines
from survey_app.scores.precision import RATED, answers_frame
from survey_app.scores.rules import compare_run, questions_of, store_run
from tests.province import Province, Size, answer_all, make_province, open_all

SIZE = Size(4, 3, {"A": 4, "B": 1, "C": 4, "D": 12, "E": 9})


@pytest.fixture
def made(app: Flask, database: Database) -> Province:
    """Opened: deputies rated all seven units under their name, leaders of sở and communes their units sealed."""
    pepper = app.extensions["survey_settings"].keys.pepper
    with database.writing() as session:
        made = make_province(session, pepper, SIZE, confidential="DE")
        answer_all(session, made, pepper, [code for group in "ACDE" for code in made.codes_of(group)], random.Random(3))
        open_all(session, made)
    return made


def test_forms_of_one_person_have_one_rater_only_where_they_carry_a_name(database: Database, made: Province) -> None:
    with database.reading() as session:
        survey_round = session.get_one(Round, made.round.id)
        answers = answers_frame(session, survey_round, questions_of(session, survey_round))
        forms = answers.groupby("rater").size()
        several = answers[answers["rater"].isin(forms[forms > 1].index)]
        assert set(several["group"]) == {"D"}
        assert several.groupby("rater").agg({RATED: "nunique", "cell": "nunique"}).to_numpy().tolist() == [[7, 1]] * 12
        codes = {one.id: one.unit.code for one in made.rated}
        named = set()
        for sealed in session.scalars(select(IdentifiedAnswer.sealed)):
            ratings = read_identified(session, survey_round, sealed).ratings
            levels = [(codes[one.rated_unit_id], one.answers.get("q_1_7_1")) for one in ratings]
            named |= {tuple(sorted(levels))} if len(levels) > 1 else set()
        joined = several.groupby("rater")[[RATED, "q_1_7_1"]].apply(lambda one: tuple(sorted(one.to_numpy().tolist())))
        assert {tuple(map(tuple, one)) for one in joined} == named
    columns = set(Ballot.__table__.columns.keys())
    assert columns == {"id", "round_id", "cell_id", "rated_unit_id", "answers"}, "nothing joins ballots"


def test_ranks_and_errors_of_a_run_know_it_say_it_and_outlive_the_names(
    app: Flask, database: Database, made: Province, signed_in
) -> None:
    with database.writing() as session:
        survey_round = session.get_one(Round, made.round.id)
        run = store_run(session, survey_round, made.by)
        assert run.precision["raters"] == {"A": None, "C": None, "D": 12}
        assert compare_run(session, survey_round, run).same_precision is True
        first = run.precision
        assert [sorted(line.facts.values()) for line in rater_lines(run)] == [["D"], ["A, C"]]
        code, top = survey_round.code, survey_round.operator_unit
        ballots = set(session.scalars(select(Ballot.id)))
        stored = json.dumps([run.inputs, run.result, run.precision, run.publication])
        assert not [one for one in ballots if one in stored]
    operator = signed_in(Role.OPERATOR, unit=top)
    for page in ("places", "method"):
        text = operator.get(f"/rounds/{code}/scores/{page}").text
        assert "Nhóm D chấm nhiều đơn vị bằng phiếu có danh tính" in text
        assert "Nhóm A, C chấm nhiều đơn vị bằng phiếu niêm phong" in text
    with database.writing() as session:
        survey_round = session.get_one(Round, made.round.id)
        rated_all = next(one for one in session.scalars(select(Invitation)) if one.person.unit_list.group.code == "D")
        assert delete_answer_of(session, survey_round, rated_all.person, made.by)
        found = compare_run(session, survey_round, run := session.merge(run))
        assert (found.same_result, found.same_inputs, found.same_precision) == (True, True, None)
        erase_round(session, survey_round, None, "Hết thời hạn lưu", survey_round.code)
        assert store_run(session, survey_round, made.by).precision == first
