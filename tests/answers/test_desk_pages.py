"""The device for many persons: who may set it up, what its page and its questionnaire are given without a code."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from survey_app.access import Role
from survey_app.audit import AuditEntry
from survey_app.db import Database, now
from survey_app.rounds.models import Round
from survey_app.text import today
from survey_app.units.models import Unit
from tests.answers.make import OpenRound, make_open_round
from tests.make import csrf_token, make_unit

SignIn = Callable[..., FlaskClient]


@pytest.fixture
def made(app: Flask, database: Database) -> OpenRound:
    with database.writing() as session:
        return make_open_round(session, app.extensions["survey_settings"].keys.pepper)


@pytest.fixture
def operator(signed_in: SignIn, database: Database, made: OpenRound) -> FlaskClient:
    return signed_in(Role.OPERATOR, unit=operator_unit(database, made))


def operator_unit(database: Database, made: OpenRound) -> Unit:
    with database.reading() as session:
        return session.get_one(Round, made.round.id).operator_unit


def set_up(staff: FlaskClient, made: OpenRound, **fields: str):
    content = {"device": "Quầy 1", "kind": "quay", "group": "E", "csrf_token": csrf_token(staff)} | fields
    return staff.post(f"/rounds/{made.round.code}/desks", data=content)


def test_a_device_set_up_here_signs_the_officer_out(operator: FlaskClient, made: OpenRound, database: Database) -> None:
    answer = set_up(operator, made, here="1")
    assert answer.status_code == 303
    assert operator.get("/home").status_code == 302
    assert "/sign-in" in operator.get("/home").location
    page = operator.get(answer.location).get_data(as_text=True)
    assert "Quầy 1" in page
    assert 'data-group="E"' in page
    with database.reading() as session:
        assert (
            session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()))
            .first()
            .sentence.startswith("Mở máy «Quầy 1» để nhiều người trả lời")
        )


def test_another_device_gets_link_and_picture(operator: FlaskClient, made: OpenRound) -> None:
    page = set_up(operator, made, kind="phong-van", elsewhere="1").get_data(as_text=True)
    assert f"/quay?dot={made.round.code}&amp;may=Qu%E1%BA%A7y+1&amp;kieu=phong-van&amp;nhom=E" in page
    assert "<svg" in page
    assert operator.get("/home").location == "/rounds/" + made.round.code


def test_a_device_needs_a_name(operator: FlaskClient, made: OpenRound) -> None:
    answer = set_up(operator, made, device=" ", here="1")
    assert answer.status_code == 422
    assert "Điền tên máy." in answer.get_data(as_text=True)


def test_an_interviewer_sets_up_a_device_of_the_own_office_and_is_given_no_code(
    signed_in: SignIn, database: Database, made: OpenRound
) -> None:
    interviewer = signed_in(Role.INTERVIEWER, unit=operator_unit(database, made))
    assert made.round.title in interviewer.get("/interviews").get_data(as_text=True)
    assert set_up(interviewer, made, kind="phong-van", here="1").status_code == 303
    for path in ("codes", "slips"):
        again = signed_in(Role.INTERVIEWER, unit=operator_unit(database, made))
        assert again.get(f"/rounds/{made.round.code}/{path}").status_code == 403


def test_an_interviewer_of_a_unit_that_is_asked_sees_no_round(
    signed_in: SignIn, database: Database, made: OpenRound
) -> None:
    with database.writing() as session:
        unit = make_unit(session, "Xã được hỏi")
    interviewer = signed_in(Role.INTERVIEWER, unit=unit)
    assert "Chưa có đợt nào đang thu phiếu" in interviewer.get("/interviews").get_data(as_text=True)
    assert interviewer.get(f"/rounds/{made.round.code}/desks").status_code == 404


def test_the_page_sets_no_cookie_and_is_not_kept(client: FlaskClient, made: OpenRound) -> None:
    answer = client.get(f"/quay?dot={made.round.code}&may=Q1&kieu=quay")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers
    assert f"lang=en&amp;dot={made.round.code}" in answer.get_data(as_text=True)
    assert client.get("/quay").status_code == 404


def test_a_device_has_no_questionnaire_after_the_end(client: FlaskClient, made: OpenRound, database: Database) -> None:
    wish = {"round": made.round.code, "group": "E", "language": "vi"}
    first = client.post("/quay/phieu", json=wish).get_json()
    assert re.search(r'<template id="q/q_5_6_3">', first["html"])
    assert client.post("/quay/phieu", json=wish | {"have": first["etag"]}).get_json()["unchanged"] is True
    assert client.post("/quay/phieu", json=wish | {"group": "Z"}).status_code == 404
    with database.writing() as session:
        session.get_one(Round, made.round.id).closes_on = today() - timedelta(days=1)
        session.get_one(Round, made.round.id).closed_at = now()
    assert client.post("/quay/phieu", json=wish).status_code == 410
    assert client.get(f"/quay?dot={made.round.code}").status_code == 410


def test_who_asks_first_does_not_change_what_phones_are_promised(
    client: FlaskClient, app: Flask, made: OpenRound
) -> None:
    wishes = {
        "/quay/phieu": {"round": made.round.code, "group": "E", "language": "vi"},
        "/p/form": {"code": made.codes[0], "language": "vi"},
    }
    given = []
    for address, wish in wishes.items():
        app.extensions.pop("survey_phone_forms", None)  # each comes first
        given.append(client.post(address, json=wish).get_json())
    assert given[0] == given[1]
    assert "Câu trả lời được niêm phong, không kèm tên" in given[0]["html"]
    assert "Phiếu của ông/bà đã được niêm phong" in given[0]["html"]
    assert "gắn với tên ông/bà" not in given[0]["html"]
