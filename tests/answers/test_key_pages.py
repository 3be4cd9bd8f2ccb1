"""Holders: invited by the operator, key made elsewhere, proved by a test opening."""

import html
import re
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from survey_app.access import Role
from survey_app.answers.envelope import open_envelope, public_bytes
from survey_app.answers.holders import invite_again
from survey_app.answers.keys import from_text, to_text
from survey_app.answers.models import RoundKey
from survey_app.answers.opening import clean_up, open_envelopes
from survey_app.answers.queries import round_keys
from survey_app.audit import AuditEntry
from survey_app.db import Database, now
from survey_app.rounds.models import Round
from survey_app.units.models import Unit
from tests.answers.make import make_open_round
from tests.make import csrf_token, make_round, make_user


@pytest.fixture
def survey_round(database: Database) -> Round:
    with database.writing() as session:
        return make_round(session)


@pytest.fixture
def operator(signed_in: Callable[..., FlaskClient], database: Database, survey_round: Round) -> FlaskClient:
    with database.reading() as session:
        unit = session.get_one(Unit, survey_round.operator_unit_id)
    return signed_in(Role.OPERATOR, unit=unit)


def text_of(answer: TestResponse) -> str:
    return html.unescape(answer.get_data(as_text=True))


def post(client: FlaskClient, address: str, **fields: object) -> TestResponse:
    return client.post(address, data={"csrf_token": csrf_token(client), **fields})


def invite(operator: FlaskClient, survey_round: Round, body: str = "Phòng Nội vụ") -> str:
    """Address of the holder's page."""
    answer = post(operator, f"/rounds/{survey_round.code}/keys", name="Lò Văn Khóa", body=body)
    found = re.search(r"http://localhost(/keys/[\w-]+)", text_of(answer))
    assert found, text_of(answer)
    return found[1]


def bring_key(client: FlaskClient, address: str) -> ec.EllipticCurvePrivateKey:
    private = ec.generate_private_key(ec.SECP256R1())
    public = to_text(public_bytes(private.public_key()))
    assert post(client, f"{address}/public-key", public_key=public).status_code == 302
    return private


def prove(client: FlaskClient, address: str, private: ec.EllipticCurvePrivateKey, survey_round: Round) -> TestResponse:
    sample = from_text(client.get(f"{address}/sample").get_data(as_text=True).strip())
    proof = open_envelope(sample, [private], survey_round.code).decode()
    return post(client, f"{address}/proof", proof=proof)


def stored_key(database: Database) -> RoundKey:
    with database.reading() as session:
        return session.scalars(select(RoundKey)).one()


def test_the_link_is_shown_once_and_stored_only_as_a_hash(
    operator: FlaskClient, database: Database, survey_round: Round
) -> None:
    address = invite(operator, survey_round)
    token = address.rsplit("/", 1)[1]
    assert token not in text_of(operator.get(f"/rounds/{survey_round.code}/keys"))
    assert token not in stored_key(database).invite_hash


def test_a_holder_makes_and_tests_a_key_before_the_start_and_again_before_closing(
    operator: FlaskClient, client: FlaskClient, database: Database, survey_round: Round
) -> None:
    address = invite(operator, survey_round)
    assert "Vì sao anh/chị giữ khóa?" in text_of(client.get(address))
    private = bring_key(client, address)
    assert "Mở thử phong bì mẫu" in text_of(client.get(address))
    prove(client, address, private, survey_round)
    assert (stored_key(database).tested_before_start, stored_key(database).tested_before_closing) == (True, False)
    with database.writing() as session:
        session.merge(survey_round).opened_at = now()
    prove(client, address, private, survey_round)
    assert stored_key(database).tested_before_closing


def test_a_wrong_proof_is_refused(
    operator: FlaskClient, client: FlaskClient, database: Database, survey_round: Round
) -> None:
    address = invite(operator, survey_round)
    bring_key(client, address)
    answer = post(client, f"{address}/proof", proof="0" * 64)
    assert answer.status_code == 403
    assert "Phong bì mẫu chưa mở được" in text_of(answer)
    assert not stored_key(database).tested_before_start


def test_the_proof_before_the_start_does_not_count_again_before_closing(
    operator: FlaskClient, client: FlaskClient, database: Database, survey_round: Round
) -> None:
    address = invite(operator, survey_round)
    private = bring_key(client, address)
    sample = from_text(client.get(f"{address}/sample").get_data(as_text=True).strip())
    old_proof = open_envelope(sample, [private], survey_round.code).decode()
    post(client, f"{address}/proof", proof=old_proof)
    with database.writing() as session:
        session.merge(survey_round).opened_at = now()
    assert post(client, f"{address}/proof", proof=old_proof).status_code == 403


def test_a_key_may_be_made_anew_until_it_was_tested(
    operator: FlaskClient, client: FlaskClient, database: Database, survey_round: Round
) -> None:
    address = invite(operator, survey_round)
    bring_key(client, address)
    private = bring_key(client, address)
    prove(client, address, private, survey_round)
    other = to_text(public_bytes(ec.generate_private_key(ec.SECP256R1()).public_key()))
    assert post(client, f"{address}/public-key", public_key=other).status_code == 403


def test_two_holders_cannot_have_one_key_nor_one_body(
    operator: FlaskClient, client: FlaskClient, survey_round: Round
) -> None:
    first = invite(operator, survey_round)
    private = bring_key(client, first)
    second = invite(operator, survey_round, body="MTTQ huyện")
    same = to_text(public_bytes(private.public_key()))
    assert post(client, f"{second}/public-key", public_key=same).status_code == 403
    again = post(operator, f"/rounds/{survey_round.code}/keys", name="Người khác", body="phòng nội vụ")
    assert again.status_code == 422
    assert "đã có người giữ khóa" in text_of(again)


def test_a_new_link_ends_the_old_one(
    operator: FlaskClient, client: FlaskClient, database: Database, survey_round: Round
) -> None:
    old = invite(operator, survey_round)
    answer = post(operator, f"/rounds/{survey_round.code}/keys/{stored_key(database).id}/link")
    assert "/keys/" in text_of(answer)
    assert client.get(old).status_code == 404


def test_an_invitation_nobody_followed_can_be_withdrawn_and_a_made_key_cannot(
    operator: FlaskClient, client: FlaskClient, database: Database, survey_round: Round
) -> None:
    bring_key(client, invite(operator, survey_round))
    address = f"/rounds/{survey_round.code}/keys/{stored_key(database).id}/withdraw"
    assert post(operator, address).status_code == 403
    invite(operator, survey_round, body="MTTQ huyện")
    with database.reading() as session:
        last = session.scalars(select(RoundKey).order_by(RoundKey.id.desc())).first()
    assert last is not None
    assert post(operator, f"/rounds/{survey_round.code}/keys/{last.id}/withdraw").status_code == 302
    assert stored_key(database).holder_body == "Phòng Nội vụ"


def test_an_unknown_link_is_not_found(client: FlaskClient) -> None:
    assert client.get("/keys/khong-co").status_code == 404


def test_no_private_key_can_be_found_in_the_tables(
    operator: FlaskClient, client: FlaskClient, app: Flask, database: Database, survey_round: Round
) -> None:
    private = bring_key(client, invite(operator, survey_round))
    scalar = private.private_numbers().private_value
    key = stored_key(database)
    values = [str(getattr(key, column.key)) for column in RoundKey.__table__.columns]
    assert not any(str(scalar) in value or f"{scalar:x}" in value for value in values)


def test_a_holder_confirms_that_the_key_is_destroyed_once_the_envelopes_are_gone(
    app: Flask, database: Database, client: FlaskClient
) -> None:
    pepper = app.extensions["survey_settings"].keys.pepper
    with database.writing() as session:
        made = make_open_round(session, pepper, persons=(3,))
        made.round.closed_at = now()
        token = invite_again(session, round_keys(session, made.round.id)[0], make_user(session))
    address = f"/keys/{token}"
    both = {"gone": ["file", "paper"]}
    assert post(client, f"{address}/destroyed", **both).status_code == 403  # the key is still needed
    with database.writing() as session:
        open_envelopes(session, session.get_one(Round, made.round.id), made.private_keys[:1], None)
    clean_up(database, made.round.id, None)
    assert "Việc cuối cùng: hủy khóa" in text_of(client.get(address))
    assert post(client, f"{address}/destroyed", gone=["file"]).status_code == 403
    with database.reading() as session:
        assert not round_keys(session, made.round.id)[0].destroyed
    assert post(client, f"{address}/destroyed", **both).status_code == 302
    assert "Anh/chị đã xác nhận hủy khóa" in text_of(client.get(address))
    with database.reading() as session:
        first, second = round_keys(session, made.round.id)
        assert (first.destroyed, second.destroyed) == (True, False)
        entries = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
        assert entries[-1] == "round.key_destroyed"
