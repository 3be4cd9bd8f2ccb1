"""Answers under way on another device: kept without a name, in one length, and gone with the answers or the round."""

import pytest
from flask import Flask
from sqlalchemy import select

from survey_app.answers import resume
from survey_app.answers.envelope import SMALL
from survey_app.answers.keys import to_text
from survey_app.answers.models import ResumeDraft
from survey_app.answers.rules import close_round
from survey_app.db import Database
from survey_app.rounds.models import Round
from tests.answers.make import ANSWERS, OpenRound, make_open_round

KEY = "ab" * 16


@pytest.fixture
def made(app: Flask, database: Database) -> OpenRound:
    with database.writing() as session:
        return make_open_round(session, app.extensions["survey_settings"].keys.pepper, persons=(6,))


def post(app: Flask, address: str, **content):
    return app.test_client().post(address, json=content)


def sealed(fill: bytes = b"x", length: int = SMALL + resume.OVERHEAD) -> str:
    return to_text(fill * length)


def kept(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(ResumeDraft.id)))


def test_what_is_kept_comes_back_until_it_is_sent(app: Flask, database: Database, made: OpenRound) -> None:
    code = made.codes[0]
    assert post(app, "/p/resume/fetch", code=code, resume=KEY).status_code == 404
    assert post(app, "/p/resume/keep", code=code, resume=KEY, sealed=sealed()).json == {"status": "kept"}
    assert post(app, "/p/resume/keep", code=code, resume=KEY, sealed=sealed(b"y")).status_code == 200
    assert post(app, "/p/resume/fetch", code=code, resume=KEY).json == {"sealed": sealed(b"y")}
    assert kept(database) == [KEY]
    # Another person's answers leave it where it is; a wrong hash is no fault of the answers.
    assert (
        post(app, "/p/answers", code=made.codes[1], submission="s" * 32, answers=ANSWERS, resume=7).status_code == 200
    )
    assert kept(database) == [KEY]
    assert post(app, "/p/answers", code=code, submission="s" * 32, answers=ANSWERS, resume=KEY).status_code == 200
    assert kept(database) == []
    assert post(app, "/p/resume/fetch", code=code, resume=KEY).status_code == 409  # the code is spent


@pytest.mark.parametrize(
    ("content", "status"),
    [
        ({"resume": "short", "sealed": sealed()}, 422),
        ({"resume": KEY, "sealed": sealed(length=SMALL)}, 422),
        ({"resume": KEY, "sealed": "§"}, 422),
        ({"resume": KEY}, 422),
        ({"resume": KEY, "sealed": sealed(), "code": "0000000000000"}, 404),
        ({"resume": KEY, "sealed": sealed(), "code": 5}, 422),
    ],
)
def test_nothing_else_is_kept(app: Flask, database: Database, made: OpenRound, content, status) -> None:
    assert post(app, "/p/resume/keep", **{"code": made.codes[0]} | content).status_code == status
    assert kept(database) == []


def test_closing_forgets_all_and_the_room_is_limited(
    app: Flask, database: Database, made: OpenRound, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resume, "MOST_OF_A_ROUND", 1)
    assert post(app, "/p/resume/keep", code=made.codes[0], resume=KEY, sealed=sealed()).status_code == 200
    full = post(app, "/p/resume/keep", code=made.codes[1], resume="cd" * 16, sealed=sealed())
    assert (full.status_code, full.json["error"]) == (409, "full")
    with database.writing() as session:
        close_round(session, session.get_one(Round, made.round.id), None)
    assert kept(database) == []
