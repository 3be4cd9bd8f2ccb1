"""Own words: nobody reads fewer than ten, an officer hides what tells a person, the rest stand together."""

import random
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from survey_app.access import Role
from survey_app.answers.models import FreeText
from survey_app.answers.opinions import opinion_sets, review
from survey_app.db import Database
from survey_app.errors import Missing
from survey_app.rounds.models import Round
from survey_app.units.models import Unit
from tests.answers.make import ANSWERS, OpenRound
from tests.answers.test_opening import make_answered, open_all
from tests.make import csrf_token, make_user


def make_opened(app: Flask, database: Database, written: int) -> OpenRound:
    sent = [ANSWERS | {"y_kien": f"Ý kiến số {n:02}"} for n in range(written)]
    made = make_answered(app, database, sent, persons=(20,))
    open_all(database, made)
    return made


def sign_in(signed_in: Callable[..., FlaskClient], database: Database, made: OpenRound, role: Role) -> FlaskClient:
    with database.reading() as session:
        return signed_in(role, unit=session.get_one(Unit, made.round.operator_unit_id))


def address(made: OpenRound, rest: str = "") -> str:
    return f"/rounds/{made.round.code}/opinions{rest}"


def ids(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(FreeText.id)))


def test_fewer_than_ten_are_read_by_nobody(
    app: Flask, database: Database, signed_in: Callable[..., FlaskClient]
) -> None:
    made = make_opened(app, database, 9)
    operator = sign_in(signed_in, database, made, Role.OPERATOR)
    page = operator.get(address(made)).get_data(as_text=True)
    assert "dưới 10 ý kiến" in page
    assert "Ý kiến số" not in page
    assert operator.get(address(made, "/E/y_kien")).status_code == 403
    read = {"csrf_token": csrf_token(operator), "read": ids(database)}
    assert operator.post(address(made, "/E/y_kien"), data=read).status_code == 403


def test_ten_are_read_by_an_officer_first_and_then_shown_together(
    app: Flask, database: Database, signed_in: Callable[..., FlaskClient]
) -> None:
    made = make_opened(app, database, 12)
    operator = sign_in(signed_in, database, made, Role.OPERATOR)
    leader = sign_in(signed_in, database, made, Role.LEADER)
    assert "Ý kiến số" not in leader.get(address(made)).get_data(as_text=True)
    assert leader.get(address(made, "/E/y_kien")).status_code == 403
    assert operator.get(address(made, "/E/y_kien")).get_data(as_text=True).count("Ý kiến số") == 12
    every = ids(database)
    fields = {"csrf_token": csrf_token(operator), "read": every, "hide": every[:2]}
    assert operator.post(address(made, "/E/y_kien"), data=fields).status_code == 302
    with database.reading() as session:
        hidden = set(session.scalars(select(FreeText.text).where(FreeText.id.in_(every[:2]))))
    page = leader.get(address(made)).get_data(as_text=True)
    assert page.count("Ý kiến số") == 10
    assert not [text for text in hidden if text in page]


def test_when_fewer_than_ten_are_left_after_review_none_is_shown(
    app: Flask, database: Database, signed_in: Callable[..., FlaskClient]
) -> None:
    made = make_opened(app, database, 10)
    operator = sign_in(signed_in, database, made, Role.OPERATOR)
    every = ids(database)
    fields = {"csrf_token": csrf_token(operator), "read": every, "hide": random.sample(every, 1)}
    operator.post(address(made, "/E/y_kien"), data=fields)
    page = operator.get(address(made)).get_data(as_text=True)
    assert "Ý kiến số" not in page
    assert "Sau khi đọc soát còn dưới 10" in page


def test_only_opinions_of_this_question_can_be_decided(app: Flask, database: Database) -> None:
    made = make_opened(app, database, 10)
    with database.writing() as session:
        survey_round = session.get_one(Round, made.round.id)
        (found,) = opinion_sets(session, survey_round)
        with pytest.raises(Missing):
            review(session, survey_round, found, ["f" * 32], [], make_user(session))
        with pytest.raises(Missing):
            review(session, survey_round, found, ids(database)[:3], ids(database)[3:4], make_user(session))
