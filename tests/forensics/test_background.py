"""What the roster knows of a person (sex, age, trade …) does not find the ballot of that person."""

import secrets
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from survey_app.answers import opening
from survey_app.answers.models import Ballot
from survey_app.db import Database
from tests.answers.make import ANSWERS, OpenRound, make_open_round
from tests.forensics.place import Place, close_and_open, invitation_codes

PERSONS = 40

Known = dict[str, Any]


@pytest.fixture
def known(app: Flask, database: Database, tmp_path: Path) -> tuple[Place, dict[int, Known]]:
    """A round in which everybody answered, and of each person the answers to all unscored questions: more than any
    roster tells."""
    with database.writing() as session:
        made: OpenRound = make_open_round(session, app.extensions["survey_settings"].keys.pepper, (PERSONS,))
    place = Place(app, database, made, tmp_path)
    facts: dict[int, Known] = {}
    for number, (invitation, code) in enumerate(invitation_codes(place).items()):
        facts[invitation] = {"b_lam_tt": "co", "b_so_lan": number, "b_kenh": [("mang", "bang")[number % 2]]}
        answers = ANSWERS | facts[invitation] | {"q_5_6_3": str(1 + number % 5)}
        body = {"code": code, "submission": secrets.token_hex(16), "answers": answers}
        assert app.test_client().post("/p/answers", json=body).status_code == 200
    return place, facts


def found_by(place: Place, facts: dict[int, Known]) -> int:
    """Persons to whom a single ballot fits, by whatever it tells of what is known of them."""
    with place.database.reading() as session:
        ballots = [ballot.answers for ballot in session.scalars(select(Ballot))]
    fitting = [
        sum(all(ballot.get(name, value) == value for name, value in known.items()) for ballot in ballots)
        for known in facts.values()
    ]
    return fitting.count(1)


def test_nobody_is_found_by_what_the_roster_knows(known: tuple[Place, dict[int, Known]]) -> None:
    close_and_open(known[0])
    assert found_by(*known) == 0


def test_control_ballots_with_the_background_name_everybody(
    known: tuple[Place, dict[int, Known]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "split_answers", lambda _definition, answers: (answers, {}))
    close_and_open(known[0])
    assert found_by(*known) == PERSONS
