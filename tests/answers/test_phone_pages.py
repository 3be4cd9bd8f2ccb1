"""What a phone fetches: the questionnaire in one piece, the script, the worker; nothing of it spends a code."""

import gzip
import json
import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from survey_app.access_codes.models import AccessCode, Invitation
from survey_app.answers.models import Envelope
from survey_app.answers.phone_content import rules_of, script
from survey_app.db import Database, now
from survey_app.questionnaires.definition_json import to_json
from survey_app.rounds.models import Round
from survey_app.text import today
from tests.answers.make import OpenRound, make_definition, make_open_round


@pytest.fixture
def made(app: Flask, database: Database) -> OpenRound:
    with database.writing() as session:
        return make_open_round(session, app.extensions["survey_settings"].keys.pepper)


def test_the_form_holds_all_that_a_phone_needs_and_marks_nothing(
    client: FlaskClient, database: Database, made: OpenRound
) -> None:
    for _ in range(3):
        answer = client.post("/p/form", json={"code": made.codes[0].lower(), "language": "vi"})
    form = answer.get_json()
    assert (form["round"], form["version"], form["size"], len(form["keys"])) == (
        made.round.code,
        made.version.id,
        8192,
        2,
    )
    assert "Trong năm 2021, ông/bà có làm thủ tục ở Huyện Tuần Giáo không?" in form["html"]
    assert set(re.findall(r'<template id="q/(\w+)">', form["html"])) == {q.name for q in make_definition().questions()}
    assert made.codes[0] not in answer.get_data(as_text=True)
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"
    with database.reading() as session:
        assert {one.state for one in session.scalars(select(Invitation))} == {"unused"}


def test_what_the_phone_holds_already_is_not_sent_again(client: FlaskClient, made: OpenRound) -> None:
    first = client.post("/p/form", json={"code": made.codes[0], "language": "vi"})
    form = first.get_json()
    assert first.headers["ETag"] == f'"{form["etag"]}"'
    again = client.post("/p/form", json={"code": made.codes[1], "language": "vi", "have": form["etag"]})
    assert again.get_json() == {"unchanged": True, "etag": form["etag"], "day": today().isoformat()}
    other = client.post("/p/form", json={"code": made.codes[0], "language": "en", "have": form["etag"]})
    assert "Did you file with Huyện Tuần Giáo in 2021?" in other.get_json()["html"]


def test_another_help_phone_is_another_form(client: FlaskClient, app: Flask, made: OpenRound) -> None:
    before = client.post("/p/form", json={"code": made.codes[0]}).get_json()
    with app.extensions["survey_database"].writing() as session:
        session.get_one(Round, made.round.id).help_phone = "0215 3862 999"
    app.extensions["survey_settings_of_groups"].clear()  # half a minute later
    after = client.post("/p/form", json={"code": made.codes[0], "have": before["etag"]}).get_json()
    assert after["facts"]["phone"] == "0215 3862 999"


def test_rules_carry_no_text(made: OpenRound) -> None:
    rules = rules_of(to_json(make_definition()))
    text = json.dumps(rules, ensure_ascii=False)
    assert "ông/bà" not in text
    assert "label" not in text
    assert [item["name"] for item in rules["items"]] == ["chung", "phuc_vu", "y_kien"]
    assert rules["items"][1]["relevant"][0] == "!="


@pytest.mark.parametrize(
    ("body", "status"), [({}, 422), ({"code": 7}, 422), ({"code": "ABCD-EFGH-JKMN-P"}, 404), ([], 422)]
)
def test_a_wrong_body_is_refused(client: FlaskClient, made: OpenRound, body: object, status: int) -> None:
    assert client.post("/p/form", json=body).status_code == status
    assert client.post("/p/refuse", json=body).status_code == status


def test_who_has_begun_may_look_in_the_hours_of_grace_and_nobody_else(
    client: FlaskClient, database: Database, made: OpenRound
) -> None:
    form = client.post("/p/form", json={"code": made.codes[0]}).get_json()
    with database.writing() as session:
        survey_round = session.get_one(Round, made.round.id)
        survey_round.closes_on, survey_round.grace_hours = today() - timedelta(days=1), 100
    assert client.post("/p/form", json={"code": made.codes[0], "have": form["etag"]}).status_code == 200
    assert client.post("/p/form", json={"code": made.codes[0]}).status_code == 410


def test_void_closed_and_answered_codes_are_told_apart(
    client: FlaskClient, database: Database, made: OpenRound
) -> None:
    def error() -> str:
        return client.post("/p/form", json={"code": made.codes[0], "have": "x"}).get_json()["error"]

    with database.writing() as session:
        session.execute(update(AccessCode).values(void=True))
    assert error() == "void"
    with database.writing() as session:
        session.execute(update(AccessCode).values(void=False))
        session.execute(update(Invitation).values(state="received"))
    assert error() == "answered"
    with database.writing() as session:
        session.execute(update(Invitation).values(state="unused"))
        session.get_one(Round, made.round.id).closed_at = now()
    assert error() == "closed"


def test_a_refusal_is_written_down_and_stores_no_answer(
    client: FlaskClient, database: Database, made: OpenRound
) -> None:
    assert client.post("/p/refuse", json={"code": made.codes[0]}).get_json() == {"status": "refused"}
    with database.reading() as session:
        assert session.scalars(select(Invitation.state).order_by(Invitation.id)).first() == "refused"
        assert session.scalars(select(Envelope)).all() == []
    cross = {"Sec-Fetch-Site": "cross-site"}
    for address in ("/p/refuse", "/p/form"):
        assert client.post(address, json={"code": made.codes[1]}, headers=cross).status_code == 403


def test_the_script_is_one_file_kept_for_a_year_and_compressed(client: FlaskClient) -> None:
    address = re.search(r'src="(/p/script\.js\?v=\w+)"', client.get("/p").get_data(as_text=True))
    assert address is not None
    plain = client.get(address[1])
    small = client.get(address[1], headers={"Accept-Encoding": "br, gzip"})
    assert plain.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "Content-Encoding" not in plain.headers
    assert gzip.decompress(small.data) == plain.data
    assert "Accept-Encoding" in small.headers["Vary"]
    assert len(small.data) <= 25_000


def test_the_worker_names_the_pages_and_files_that_it_keeps(client: FlaskClient) -> None:
    worker = client.get("/worker.js")
    shell = json.loads(worker.get_data(as_text=True).split("self.surveyShell = ")[1].split(";\n")[0])
    assert worker.headers["Cache-Control"] == "no-cache"
    for address in [*shell["addresses"], *shell["ahead"], *shell["desk"]]:
        with client.get(address) as kept:
            assert kept.status_code == 200
    page = client.get("/p").get_data(as_text=True)
    assert all(address in page for address in shell["addresses"][1:])


def test_the_promise_goes_out_compressed(client: FlaskClient, made: OpenRound) -> None:
    for address in ("/cam-ket", f"/cam-ket/{made.round.code}"):
        plain = client.get(address)
        small = client.get(address, headers={"Accept-Encoding": "gzip"})
        assert gzip.decompress(small.data) == plain.data
        assert len(small.data) < len(plain.data) * 0.6


def test_the_page_of_the_code_is_the_same_for_everybody_in_each_language(client: FlaskClient) -> None:
    pages = {client.get(address).data for address in ("/p", "/p", "/p?lang=vi", "/p?lang=xx")}
    assert len(pages) == 1
    english = client.get("/p?lang=en")
    assert '<html lang="en">' in english.get_data(as_text=True)
    assert english.headers["Content-Type"] == "text/html; charset=utf-8"


def test_the_script_can_be_read_by_old_browsers() -> None:
    """One sign too new, and such a browser reads nothing of it: not even the code of the link gets into the field."""
    assert re.findall(r"\?\?|\?\.(?!\d)|\|\|=|&&=", script().decode()) == []
