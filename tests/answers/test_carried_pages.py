"""Delivering a file of saved answers: each counts once, and every refusal is said with what to do."""

import secrets
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from survey_app.access_codes.codes import hash_of, new_code
from survey_app.access_codes.models import AccessCode
from survey_app.answers.envelope import seal
from survey_app.answers.keys import from_text, to_text
from survey_app.answers.models import Envelope, RoundKey
from survey_app.answers.payload import Rating, write_payload
from survey_app.db import Database, now
from survey_app.rounds.models import Round
from survey_app.text import today
from tests.answers.make import ANSWERS, OpenRound, carried_file, carried_form, make_open_round
from tests.make import make_unit


@pytest.fixture
def made(app: Flask, database: Database) -> OpenRound:
    with database.writing() as session:
        return make_open_round(session, app.extensions["survey_settings"].keys.pepper)


def form_of(database: Database, made: OpenRound, code: str, **more: Any) -> tuple[str, dict[str, Any]]:
    """A saved answer of this code, and what its phone would send."""
    with database.reading() as session:
        holders = select(RoundKey.public_key).where(RoundKey.round_id == made.round.id)
        keys = [from_text(key) for key in session.scalars(holders) if key]
        payload = write_payload(made.version.id, [Rating(made.round_unit(session), ANSWERS)])
        envelope = seal(payload, keys, made.round.code)
        head = {"code": code, "submission": secrets.token_hex(16), **more}
        return carried_form(session, head, envelope), head | {"envelope": to_text(envelope)}


def deliver(client: FlaskClient, *contents: bytes, lang: str = "vi", **headers: str) -> tuple[int, str]:
    files = [(BytesIO(content), f"phieu-khao-sat-{number}.txt") for number, content in enumerate(contents)]
    answer = client.post(f"/gui-tep?lang={lang}", data={"file": files}, headers=headers)
    assert "Set-Cookie" not in answer.headers
    return answer.status_code, answer.get_data(as_text=True)


def stored(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(Envelope)) or 0


def test_a_file_and_its_phone_are_one_answer_whoever_comes_first(
    client: FlaskClient, database: Database, made: OpenRound
) -> None:
    first, first_body = form_of(database, made, made.codes[0])
    second, second_body = form_of(database, made, made.codes[1])
    assert client.post("/p/answers", json=second_body).get_json() == {"status": "stored"}
    status, page = deliver(client, carried_file(first, second))
    assert status == 200
    assert "Số phiếu đã nhận: 2" in page
    assert "Trong đó đã nhận từ trước: 1" in page
    assert client.post("/p/answers", json=first_body).get_json() == {"status": "repeated"}
    assert stored(database) == 2
    with database.writing() as session:  # as the opening leaves it
        session.execute(Envelope.__table__.delete())
        for code in session.scalars(select(AccessCode)):
            code.invitation.replay_digest = None
    assert "Trong đó đã nhận từ trước: 1" in deliver(client, carried_file(first))[1]
    assert stored(database) == 0


def test_one_file_may_hold_answers_of_several_rounds(
    client: FlaskClient, app: Flask, database: Database, made: OpenRound
) -> None:
    with database.writing() as session:
        pepper = app.extensions["survey_settings"].keys.pepper
        other = make_open_round(session, pepper, code="khac-2022", operator_unit=make_unit(session, "Huyện khác"))
    here, there = form_of(database, made, made.codes[0])[0], form_of(database, other, other.codes[0])[0]
    mixed, _ = form_of(database, made, other.codes[1])  # sealed to the holders of one, with a code of the other
    status, page = deliver(client, carried_file(here, there, mixed))
    assert status == 422
    assert "Số phiếu đã nhận: 2" in page
    assert "Số phiếu chưa nhận: 1 – phiếu không hợp với mã" in page
    assert stored(database) == 2


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"closes_on": today() - timedelta(days=9)}, 422, "khảo sát đã kết thúc"),
        ({"opened_at": None}, 503, "khảo sát đang tạm dừng"),
        ({"cancelled_at": now()}, 422, "đợt điều tra đã hủy"),
    ],
)
def test_a_round_that_takes_nothing_is_said(
    client: FlaskClient, database: Database, made: OpenRound, change: dict[str, Any], status: int, words: str
) -> None:
    form, _ = form_of(database, made, made.codes[0])
    with database.writing() as session:
        survey_round = session.get_one(Round, made.round.id)
        for name, value in change.items():
            setattr(survey_round, name, value)
    found, page = deliver(client, carried_file(form))
    assert (found, words in page) == (status, True)
    assert stored(database) == 0


def test_refusals_are_counted_by_their_reason(
    client: FlaskClient, app: Flask, database: Database, made: OpenRound
) -> None:
    with database.writing() as session:
        pepper = app.extensions["survey_settings"].keys.pepper
        void = session.scalars(select(AccessCode).where(AccessCode.code_hash == hash_of(made.codes[1], pepper))).one()
        void.void = True
    taken, _ = form_of(database, made, made.codes[0])
    late, _ = form_of(database, made, made.codes[0])
    forms = [
        taken,
        late,
        form_of(database, made, made.codes[1])[0],
        form_of(database, made, new_code())[0],
        form_of(database, made, made.codes[2], questionnaire=made.version.id + 1)[0],
        taken[:300] + ("A" if taken[300] != "A" else "B") + taken[301:],
    ]
    status, page = deliver(client, carried_file(*forms))
    assert status == 422
    assert "Số phiếu đã nhận: 1" in page
    assert "Nên xóa tệp" not in page
    for words in (
        "mã đã gửi một phiếu khác trước",
        "mã đã bị hủy",
        "không có mã của phiếu",
        "không hợp với mã",
        "tệp bị hỏng",
    ):
        assert f"Số phiếu chưa nhận: 1 – {words}" in page.replace("hệ thống này ", "").replace("phiếu không", "không")
    assert stored(database) == 1


def test_other_files_no_file_and_too_much_are_said(client: FlaskClient, app: Flask, made: OpenRound) -> None:
    assert "không phải tệp phiếu đã lưu" in deliver(client, b"hello")[1]
    assert deliver(client)[0] == 422
    assert "Chưa chọn tệp." in deliver(client)[1]
    app.config["MAX_CONTENT_LENGTH"] = 1000
    assert "lớn quá 6 MB" in deliver(client, b"x" * 1001)[1]
    assert '<html lang="en">' in deliver(client, b"x" * 1001, lang="en")[1]


def test_pages_of_other_sites_and_unknown_codes_get_nowhere(
    client: FlaskClient, database: Database, made: OpenRound
) -> None:
    form, _ = form_of(database, made, made.codes[0])
    assert deliver(client, carried_file(form), **{"Sec-Fetch-Site": "cross-site"})[0] == 403
    unknown = [form_of(database, made, new_code())[0] for _ in range(31)]
    status, page = deliver(client, carried_file(*unknown, form))
    assert status == 422
    assert "Số phiếu chưa nhận: 30" in page  # as when somebody types codes by chance
    assert "Số phiếu chưa nhận: 1 – máy chủ đang bận" in page
    assert "Số phiếu đã nhận: 1" in page  # true codes are never held up
    assert stored(database) == 1
