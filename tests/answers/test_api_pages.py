"""The HTTP contract for answers: statuses, repetition, limits."""

import secrets
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from survey_app.access_codes.codes import hash_of, new_code
from survey_app.access_codes.models import AccessCode, Invitation
from survey_app.answers.envelope import open_envelope, seal
from survey_app.answers.keys import from_text, to_text
from survey_app.answers.models import Envelope
from survey_app.answers.payload import Rating, read_payload, write_payload
from survey_app.answers.rules import Cancelled, Sending, receive
from survey_app.attempts import Attempt
from survey_app.db import Database, now
from survey_app.rounds.models import Round
from survey_app.text import today
from tests.answers.make import ANSWERS, OpenRound, make_key, make_open_round, make_version
from tests.make import make_group


@pytest.fixture
def made(app: Flask, database: Database) -> OpenRound:
    with database.writing() as session:
        return make_open_round(session, app.extensions["survey_settings"].keys.pepper)


def post(client: FlaskClient, code: str, submission: str = "a" * 32, **content: Any) -> Any:
    return client.post("/p/answers", json={"code": code, "submission": submission, **(content or {"answers": ANSWERS})})


def count_envelopes(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(Envelope)) or 0


def test_open_gives_questionnaire_and_public_keys_and_marks_nothing(
    client: FlaskClient, database: Database, made: OpenRound
) -> None:
    for _ in range(3):
        opened = client.post("/p/open", json={"code": made.codes[0]})
    assert opened.status_code == 200
    content = opened.get_json()
    assert content["questionnaire"]["form_id"] == "group-e"
    assert len(content["keys"]) == 2
    assert content["envelope_size"] == 8192
    assert "Set-Cookie" not in opened.headers
    with database.reading() as session:
        assert {i.state for i in session.scalars(select(Invitation))} == {"unused"}


def test_answers_are_stored_once_and_a_repetition_succeeds(
    client: FlaskClient, database: Database, made: OpenRound
) -> None:
    assert post(client, made.codes[0]).get_json() == {"status": "stored"}
    again = post(client, made.codes[0])
    assert (again.status_code, again.get_json()) == (200, {"status": "repeated"})
    assert count_envelopes(database) == 1


def test_the_same_submission_with_changed_answers_is_a_conflict_and_the_first_is_kept(
    client: FlaskClient, database: Database, made: OpenRound
) -> None:
    post(client, made.codes[0])
    changed = post(client, made.codes[0], answers=ANSWERS | {"q_5_6_3": "1"})
    other = post(client, made.codes[0], submission="b" * 32)
    assert [changed.status_code, other.status_code] == [409, 409]
    assert changed.get_json()["error"] == "answered"
    with database.reading() as session:
        kept = session.scalars(select(Envelope)).one()
    content = read_payload(open_envelope(kept.sealed, made.private_keys[:1], made.round.code))
    assert content.ratings[0].answers["q_5_6_3"] == "4"


def test_the_order_of_the_answers_does_not_matter_for_a_repetition(client: FlaskClient, made: OpenRound) -> None:
    post(client, made.codes[0])
    turned = dict(reversed(ANSWERS.items()))
    assert post(client, made.codes[0], answers=turned).get_json() == {"status": "repeated"}


def test_an_envelope_sealed_on_a_phone_is_stored_as_it_came(
    client: FlaskClient, database: Database, made: OpenRound
) -> None:
    opened = client.post("/p/open", json={"code": made.codes[0]}).get_json()
    payload = write_payload(opened["questionnaire_version"], [Rating(opened["rated_units"][0]["id"], dict(ANSWERS))])
    keys = [from_text(key["public_key"]) for key in opened["keys"]]
    sealed = seal(payload, keys, opened["round"]["code"], size=opened["envelope_size"])
    with database.writing() as session:
        group = make_group(session, session.get_one(Round, made.round.id), "F")
        foreign = make_version(session, group).id
    for version in (foreign, "1", None):  # a device without network took the code for one of another group
        answer = post(client, made.codes[0], envelope=to_text(sealed), questionnaire=version)
        assert (answer.status_code, answer.get_json()["field"]) == (422, "questionnaire")
    assert count_envelopes(database) == 0
    for expected in ("stored", "repeated"):
        answer = post(client, made.codes[0], envelope=to_text(sealed), questionnaire=made.version.id)
        assert answer.get_json() == {"status": expected}
    with database.reading() as session:
        assert session.scalars(select(Envelope)).one().sealed == sealed


@pytest.mark.parametrize("envelope", ["", "AAAA", "*", 5, None, "A" * 10923])
def test_what_is_no_envelope_to_the_holders_is_refused(client: FlaskClient, made: OpenRound, envelope: object) -> None:
    answer = post(client, made.codes[0], envelope=envelope)
    assert answer.status_code == 422
    assert answer.get_json()["field"] == "envelope"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b"[" * 100_000,
        b'{"code": 5}',
        b'{"code": "A", "submission": "short"}',
        b'{"code": "A", "submission": 7, "answers": {}}',
    ],
)
def test_a_malformed_body_is_refused_in_words(client: FlaskClient, body: bytes) -> None:
    answer = client.post("/p/answers", data=body, content_type="application/json")
    assert answer.status_code == 422
    assert answer.get_json()["message"]


@pytest.mark.parametrize(
    ("answers", "wrong"),
    [
        ({}, {"b_lam_tt": "required"}),
        (ANSWERS | {"q_5_6_3": "9"}, {"q_5_6_3": "not_a_choice"}),
        (ANSWERS | {"q_9": "1"}, {"q_9": "unknown"}),
        (ANSWERS | {"q_5_6_3": ["4"]}, {"q_5_6_3": "wrong_shape"}),
        (ANSWERS | {"y_kien": "x" * 2001}, {"y_kien": "too_long"}),
    ],
)
def test_answers_that_break_the_questionnaire_are_named(
    client: FlaskClient, database: Database, made: OpenRound, answers: dict[str, Any], wrong: dict[str, str]
) -> None:
    answer = post(client, made.codes[0], answers=answers)
    assert answer.status_code == 422
    assert wrong.items() <= answer.get_json()["faults"].items()
    assert count_envelopes(database) == 0


def test_the_longest_opinion_still_fits(client: FlaskClient, made: OpenRound) -> None:
    assert post(client, made.codes[0], answers=ANSWERS | {"y_kien": "ữ" * 2000}).status_code == 200


def test_an_unknown_code_is_404(client: FlaskClient, made: OpenRound) -> None:
    assert post(client, new_code()).status_code == 404
    assert client.post("/p/open", json={"code": "not a code"}).status_code == 404


def test_unknown_codes_are_limited_and_true_codes_never_are(
    client: FlaskClient, database: Database, made: OpenRound
) -> None:
    tried = [client.post("/p/open", json={"code": new_code()}) for _ in range(80)]
    # The window is counted in whole minutes: a test that crosses one may see up to twice the limit pass.
    assert 30 <= sum(one.status_code == 404 for one in tried) <= 61
    limited = [one for one in tried if one.status_code != 404]
    assert {one.status_code for one in limited} == {429}
    assert int(limited[0].headers["Retry-After"]) > 0
    assert post(client, made.codes[0]).status_code == 200
    with database.reading() as session:
        assert all("127.0.0.1" not in row.key for row in session.scalars(select(Attempt)))


def test_a_voided_code_is_gone_but_another_of_the_same_person_lives(
    client: FlaskClient, app: Flask, database: Database, made: OpenRound
) -> None:
    with database.writing() as session:
        session.scalars(select(AccessCode)).first().void = True  # type: ignore[union-attr]
    statuses = sorted(post(client, code).status_code for code in made.codes)
    assert statuses == [200, 200, 410]


def test_a_closed_round_answers_410_and_still_confirms_a_repetition(
    client: FlaskClient, database: Database, made: OpenRound
) -> None:
    post(client, made.codes[0])
    with database.writing() as session:
        session.merge(made.round).closed_at = now()
    assert post(client, made.codes[0]).get_json() == {"status": "repeated"}
    for late in (post(client, made.codes[1]), post(client, made.codes[1], answers={"q_9": "1"})):
        assert (late.status_code, late.get_json()["error"]) == (410, "closed")


def test_the_day_after_the_last_day_is_closed_but_the_hours_of_grace_count_for_sending(
    client: FlaskClient, database: Database, made: OpenRound
) -> None:
    with database.writing() as session:
        survey_round = session.merge(made.round)
        survey_round.closes_on = today() - timedelta(days=1)
        survey_round.grace_hours = 48
    assert client.post("/p/open", json={"code": made.codes[0]}).status_code == 410
    assert post(client, made.codes[0]).status_code == 200


def test_a_round_not_yet_open_is_said_so(client: FlaskClient, database: Database, made: OpenRound) -> None:
    with database.writing() as session:
        session.merge(made.round).opened_at = None
    answer = post(client, made.codes[0])
    assert (answer.status_code, answer.get_json()["error"]) == (403, "not_open")


def test_after_the_opening_a_repetition_is_received(client: FlaskClient, database: Database, made: OpenRound) -> None:
    post(client, made.codes[0])
    with database.writing() as session:
        session.merge(made.round).closed_at = now()
        for invitation in session.scalars(select(Invitation)):
            invitation.replay_digest = None
    assert post(client, made.codes[0]).get_json() == {"status": "received"}


def test_a_key_added_in_mid_round_is_used_and_older_phones_may_still_send(
    client: FlaskClient, database: Database, made: OpenRound
) -> None:
    opened = client.post("/p/open", json={"code": made.codes[0]}).get_json()
    with database.writing() as session:
        _key, private = make_key(session, made.round, "Sở Nội vụ")
    payload = write_payload(opened["questionnaire_version"], [Rating(opened["rated_units"][0]["id"], dict(ANSWERS))])
    keys = [from_text(key["public_key"]) for key in opened["keys"]]
    assert post(client, made.codes[0], envelope=to_text(seal(payload, keys, made.round.code))).status_code == 200
    assert post(client, made.codes[1]).status_code == 200
    with database.reading() as session:
        sealed = [envelope.sealed for envelope in session.scalars(select(Envelope))]
    readable = 0
    for one in sealed:
        try:
            open_envelope(one, [private], made.round.code)
            readable += 1
        except ValueError:
            continue
    assert readable == 1


def test_every_stored_envelope_has_the_same_size_and_shows_no_answer(
    client: FlaskClient, database: Database, made: OpenRound
) -> None:
    canary = "con-chim-" + secrets.token_hex(8)
    post(client, made.codes[0], answers={"b_lam_tt": "khong"})
    post(client, made.codes[1], answers=ANSWERS | {"y_kien": canary})
    with database.reading() as session:
        sealed = [envelope.sealed for envelope in session.scalars(select(Envelope))]
    assert {len(one) for one in sealed} == {8192}
    assert not any(canary.encode() in one for one in sealed)


def test_a_cancelled_round_takes_nothing_and_says_so_whatever_the_code(
    client: FlaskClient, database: Database, made: OpenRound
) -> None:
    assert post(client, made.codes[0]).status_code == 200
    with database.writing() as session:
        session.get_one(Round, made.round.id).cancelled_at = now()
    for number, code in enumerate(made.codes):
        assert client.post("/p/open", json={"code": code}).get_json()["error"] == "cancelled"
        answer = post(client, code, f"{number}" * 32)
        assert answer.get_json()["error"] in ("cancelled", "answered")
        page = client.post("/phieu/rieng-tu", data={"code": code})
        assert page.status_code == 410
        assert "Đợt điều tra đã hủy" in page.text
    assert count_envelopes(database) == 1
    with database.writing() as session, pytest.raises(Cancelled):
        receive(session, Sending(hash_of(made.codes[1], session.info["pepper"]), "d", b"x"))


def test_the_last_page_of_a_cancelled_round_is_shown_in_english_too(client: FlaskClient, made: OpenRound) -> None:
    page = client.post("/phieu/ket-thuc", data={"ending": "cancelled", "switch": "vi", "round": made.round.code})
    assert "Đợt điều tra đã hủy" in page.text
