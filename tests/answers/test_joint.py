"""Two officers: neither opens nor discards alone; a discarded envelope is counted, and its person may answer anew."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import DBAPIError
from werkzeug.test import TestResponse

from survey_app.access import Role
from survey_app.access_codes.models import AccessCode, Invitation, InvitationState
from survey_app.answers.joint import agree_to_open, use_agreement
from survey_app.answers.models import Envelope, Opening
from survey_app.answers.opening import open_envelopes
from survey_app.db import Database, now
from survey_app.errors import Refused
from survey_app.rounds.models import RespondentGroup, Round
from survey_app.units.models import Unit
from tests.answers.make import ANSWERS, OpenRound, make_open_round
from tests.make import csrf_token, make_user


@pytest.fixture
def made(app: Flask, database: Database) -> OpenRound:
    with database.writing() as session:
        return make_open_round(session, app.extensions["survey_settings"].keys.pepper, persons=(6,))


@pytest.fixture
def officers(
    signed_in: Callable[..., FlaskClient], database: Database, made: OpenRound
) -> tuple[FlaskClient, FlaskClient]:
    """The operator, and a leader as second officer."""
    with database.reading() as session:
        unit = session.get_one(Unit, made.round.operator_unit_id)
    return signed_in(Role.OPERATOR, unit=unit), signed_in(Role.LEADER, unit=unit)


def answer(client: FlaskClient, code: str, letter: str) -> int:
    body = {"code": code, "submission": letter * 32, "answers": ANSWERS}
    return client.post("/p/answers", json=body).status_code


def received(database: Database) -> Invitation:
    with database.reading() as session:
        return session.scalars(select(Invitation).where(Invitation.state == InvitationState.RECEIVED)).one()


def post(client: FlaskClient, made: OpenRound, rest: str) -> TestResponse:
    return client.post(f"/rounds/{made.round.code}/{rest}", data={"csrf_token": csrf_token(client)})


def envelopes(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(Envelope)) or 0


def test_two_officers_discard_and_the_person_answers_anew(
    client: FlaskClient, database: Database, made: OpenRound, officers: tuple[FlaskClient, FlaskClient]
) -> None:
    operator, leader = officers
    assert answer(client, made.codes[0], "a") == 200
    invitation = received(database)
    page = f"discards/{invitation.id}"
    assert post(leader, made, f"{page}/ask").status_code == 403
    assert post(operator, made, f"{page}/ask").status_code == 302
    assert post(operator, made, f"{page}/ask").status_code == 409
    assert post(operator, made, f"{page}/agree").status_code == 403  # not alone
    assert envelopes(database) == 1
    assert post(leader, made, f"{page}/agree").status_code == 302
    assert envelopes(database) == 0
    with database.reading() as session:
        assert set(session.scalars(select(AccessCode.void).where(AccessCode.invitation_id == invitation.id))) == {True}
    assert answer(client, made.codes[0], "a") == 410
    fresh = post(operator, made, f"codes/{invitation.id}/further")
    assert fresh.status_code == 200
    with database.writing() as session:
        session.execute(
            update(AccessCode).where(AccessCode.invitation_id == invitation.id).values(void=False)
        )  # the new code is known to its person only: the old one stands for it here
    assert answer(client, made.codes[0], "b") == 200
    with database.writing() as session:
        survey_round = session.get_one(Round, made.round.id)
        survey_round.closed_at = now()
        record = open_envelopes(session, survey_round, made.private_keys[:1], None)
    assert (record.envelopes, record.discarded) == (1, 1)
    assert "hai cán bộ" in client.get(f"/bien-ban-mo/{made.round.code}").get_data(as_text=True)


def test_a_request_can_be_taken_back_and_needs_an_envelope(
    client: FlaskClient, database: Database, made: OpenRound, officers: tuple[FlaskClient, FlaskClient]
) -> None:
    operator, leader = officers
    answer(client, made.codes[0], "a")
    invitation = received(database)
    with database.reading() as session:
        other = session.scalars(select(Invitation.id).where(Invitation.id != invitation.id)).first()
    assert post(operator, made, f"discards/{other}/ask").status_code == 403
    post(operator, made, f"discards/{invitation.id}/ask")
    assert "Đang chờ" in leader.get(f"/rounds/{made.round.code}/discards").get_data(as_text=True)
    assert post(operator, made, f"discards/{invitation.id}/withdraw").status_code == 302
    assert post(leader, made, f"discards/{invitation.id}/agree").status_code == 403
    assert envelopes(database) == 1


def test_after_closing_nothing_is_discarded(
    client: FlaskClient, database: Database, made: OpenRound, officers: tuple[FlaskClient, FlaskClient]
) -> None:
    operator, leader = officers
    answer(client, made.codes[0], "a")
    invitation = received(database)
    post(operator, made, f"discards/{invitation.id}/ask")
    with database.writing() as session:
        session.get_one(Round, made.round.id).closed_at = now()
    assert post(leader, made, f"discards/{invitation.id}/agree").status_code == 403
    assert envelopes(database) == 1


def test_one_officer_cannot_open_alone_whoever_asks(app: Flask, database: Database, made: OpenRound) -> None:
    with database.writing() as session:
        first, second = make_user(session), make_user(session)
        survey_round = session.get_one(Round, made.round.id)
        with pytest.raises(Refused, match="sau khi đóng"):
            agree_to_open(session, survey_round, first)
        survey_round.closed_at = now()
        agree_to_open(session, survey_round, first)
        agree_to_open(session, survey_round, first)
        with pytest.raises(Refused, match="cán bộ thứ hai"):
            open_envelopes(session, survey_round, made.private_keys[:1], first)
        use_agreement(session, survey_round, second)
        assert open_envelopes(session, survey_round, made.private_keys[:1], second).envelopes == 0
        assert session.scalars(select(Opening.discarded)).one() == 0


@pytest.mark.parametrize("mode", ["confidential", "sealed"])
def test_the_mode_of_a_group_with_invited_people_is_final_in_the_database(
    database: Database, made: OpenRound, mode: str
) -> None:
    change = update(RespondentGroup).where(RespondentGroup.id == made.group.id).values(mode=mode)
    if mode == "sealed":  # what it is already: nothing changes
        with database.writing() as session:
            session.execute(change)
        return
    with pytest.raises(DBAPIError, match="the mode is final"), database.writing() as session:
        session.execute(change)


def test_how_many_keys_open_is_final_in_the_database_once_the_round_is_open_or_an_envelope_came(
    app: Flask, database: Database, client: FlaskClient, made: OpenRound
) -> None:
    this = update(Round).where(Round.id == made.round.id)
    assert answer(client, made.codes[0], "a") == 200

    def refuses_strict() -> None:
        with pytest.raises(DBAPIError, match="the key mode is final"), database.writing() as session:
            session.execute(this.values(key_mode="strict"))

    refuses_strict()
    with database.writing() as session:
        session.execute(this.values(key_mode="availability", title="Đợt khác"))  # the mode stays as it is
        session.execute(this.values(opened_at=None))
    refuses_strict()
    with database.writing() as session:
        session.execute(delete(Envelope))
        session.execute(this.values(key_mode="strict"))
    with database.reading() as session:
        survey_round = session.get_one(Round, made.round.id)
        assert (survey_round.title, survey_round.key_mode) == ("Đợt khác", "strict")
