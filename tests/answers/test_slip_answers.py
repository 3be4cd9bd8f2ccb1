"""Answers with a slip: taken once, never more than persons ticked, opened like any other."""

import secrets
from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from survey_app.access_codes import queries, slip_rules
from survey_app.access_codes.codes import hash_of
from survey_app.access_codes.models import AccessCode, Batch, Invitation
from survey_app.answers.models import AnswerCount, Ballot, Envelope
from survey_app.answers.opening import open_envelopes
from survey_app.answers.queries import find_access, invitations_by_group
from survey_app.answers.rules import CodeVoid, check_access
from survey_app.db import Database, now
from survey_app.progress.queries import answered_by_unit, answered_in_all
from tests.answers.make import ANSWERS, OpenRound, make_open_round
from tests.answers.test_receiving_together import post_together
from tests.answers.test_respondent_pages import answer_all, go
from tests.make import make_user


@dataclass
class Meeting:
    made: OpenRound
    batch_id: int
    slips: list[str]
    people: list[int]


@pytest.fixture
def meeting(app: Flask, database: Database) -> Meeting:
    """Six persons of one commune on a list of attendance; nobody is ticked yet."""
    pepper = app.extensions["survey_settings"].keys.pepper
    with database.writing() as session:
        made = make_open_round(session, pepper, persons=(6, 5))
        unit = made.cells[1].unit
        assert unit is not None
        persons = slip_rules.persons_for_slips(session, made.round, unit, made.group)
        slips = slip_rules.draw_slips(len(persons))
        batch = slip_rules.start_slip_list(session, made.round, persons, slips, make_user(session), pepper)
        return Meeting(made, batch.id, slips, [one.id for one in persons])


def tick(database: Database, meeting: Meeting, count: int) -> None:
    with database.writing() as session:
        batch = queries.find_slip_list(session, meeting.made.round, meeting.batch_id)
        slip_rules.tick_attendance(session, batch, meeting.people[:count], set(), make_user(session))


def body(code: str, **facts: object) -> dict[str, object]:
    return {"code": code, "submission": secrets.token_hex(16), "answers": ANSWERS, **facts}


def counts(session: Session, meeting: Meeting) -> tuple[int, int]:
    """(answers counted on the list, envelopes of the batch)"""
    keyed = session.scalars(select(Batch.keyed).where(Batch.id == meeting.batch_id)).one()
    stored = session.scalar(select(func.count()).select_from(Envelope).where(Envelope.batch_id == meeting.batch_id))
    return keyed, stored or 0


def test_a_slip_waits_for_the_tick_then_counts_once(client: FlaskClient, database: Database, meeting: Meeting) -> None:
    sent = body(meeting.slips[0])
    early = client.post("/p/answers", json=sent)
    assert (early.status_code, early.json["error"]) == (503, "slip_not_ticked")
    assert early.headers["Retry-After"]
    tick(database, meeting, 2)
    assert client.post("/p/answers", json=sent).json == {"status": "stored"}
    assert client.post("/p/answers", json=sent).json == {"status": "repeated"}
    assert client.post("/p/answers", json=body(meeting.slips[0])).status_code == 409
    with database.reading() as session:
        assert counts(session, meeting) == (1, 1)
        assert session.scalar(select(func.count()).where(AccessCode.spent)) == 1


def test_the_page_keeps_the_answers_until_the_list_is_written(
    client: FlaskClient, database: Database, meeting: Meeting
) -> None:
    refused = go(client, answer_all(client, meeting.slips[0]), "/phieu/cam-on")
    assert refused.status_code == 503
    assert "chưa ghi đủ người" in refused.text
    tick(database, meeting, 1)
    assert "Đã gửi" in go(client, refused, "/phieu/cam-on").text


def test_no_more_answers_than_ticks_whatever_slips_are_used(port: int, database: Database, meeting: Meeting) -> None:
    tick(database, meeting, 3)
    answers = post_together(port, [body(code) for code in meeting.slips * 3])
    assert answers[200] == 3
    assert set(answers) <= {200, 409, 503}
    with database.reading() as session:
        assert counts(session, meeting) == (3, 3)


def test_the_personal_code_of_who_drew_a_slip_is_void(app: Flask, database: Database, meeting: Meeting) -> None:
    tick(database, meeting, 1)
    pepper = app.extensions["survey_settings"].keys.pepper
    with database.reading() as session:
        with pytest.raises(CodeVoid):
            check_access(find_access(session, hash_of(meeting.made.codes[0], pepper)))
        assert check_access(find_access(session, hash_of(meeting.made.codes[1], pepper))).batch_id is None


def test_answers_with_slips_count_in_turnout_as_those_of_the_unit(
    client: FlaskClient, database: Database, meeting: Meeting
) -> None:
    tick(database, meeting, 6)
    for code in meeting.slips[:4]:
        assert client.post("/p/answers", json=body(code)).status_code == 200
    assert client.post("/p/answers", json=body(meeting.made.codes[6])).status_code == 200
    round_id, group_id = meeting.made.round.id, meeting.made.group.id
    with database.reading() as session:
        assert answered_in_all(session, round_id) == (11, 5)
        by_unit = [(asked, answered) for _unit, _code, asked, answered in answered_by_unit(session, round_id, "/")]
        assert sorted(by_unit) == [(5, 1), (6, 4)]
        assert invitations_by_group(session, round_id) == {group_id: (11, 5)}


def test_a_slip_says_what_is_known_of_its_holder(client: FlaskClient, meeting: Meeting) -> None:
    slip = client.post("/phieu/rieng-tu", data={"code": meeting.slips[0]}).text
    assert "không biết mã nào, đã gửi phiếu hay chưa" in slip
    assert "biết ông/bà đã trả lời hay chưa để nhắc" not in slip
    personal = client.post("/phieu/rieng-tu", data={"code": meeting.made.codes[0]}).text
    assert "biết ông/bà đã trả lời hay chưa để nhắc" in personal
    assert "bốc thăm" not in personal
    assert client.post("/p/open", json={"code": meeting.slips[0]}).json["slip"] is True


def test_slips_are_opened_with_the_others_and_their_digests_erased(
    client: FlaskClient, database: Database, meeting: Meeting
) -> None:
    tick(database, meeting, 6)
    for code in [*meeting.slips[:5], *meeting.made.codes[6:]]:
        assert client.post("/p/answers", json=body(code)).status_code == 200
    with database.writing() as session:
        survey_round = session.merge(meeting.made.round)
        survey_round.closed_at = now()
        session.flush()
        opening = open_envelopes(session, survey_round, meeting.made.private_keys[:1], None)
        assert (opening.envelopes, opening.ballots, opening.faulty) == (10, 10, 0)
    with database.reading() as session:
        assert session.scalar(select(func.count()).where(AccessCode.replay_digest.is_not(None))) == 0
        cell = meeting.made.cells[1].id
        assert session.scalar(select(func.count()).select_from(Ballot).where(Ballot.cell_id == cell)) == 5
        weights = select(AnswerCount.weight_sum, AnswerCount.answers).where(AnswerCount.cell_id == cell)
        assert {round(total / answers, 9) for total, answers in session.execute(weights)} == {6 / 5}
        assert session.scalar(select(func.count()).select_from(Invitation)) == 11
