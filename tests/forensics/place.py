"""A whole round as the office runs it: sent one after another in a known order, closed, opened, cleaned."""

import random
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import make_url, select, text

from survey_app.access_codes.codes import hash_of
from survey_app.access_codes.models import AccessCode
from survey_app.answers.models import Ballot, FreeText
from survey_app.answers.opening import clean_up, open_envelopes
from survey_app.db import Database, now
from survey_app.questionnaires.definition import Definition
from survey_app.questionnaires.definition_json import from_json, to_json
from survey_app.rounds.models import Cell, Round
from tests.answers.make import ANSWERS, OpenRound, add_confidential_group, make_definition, make_open_round

WORD_LETTERS = "bcdghklmnpqrstvx"


@dataclass
class Place:
    """The round, what each person said, and in which order the answers came."""

    app: Flask
    database: Database
    made: OpenRound
    folder: Path
    named: OpenRound | None = None  # another group of the round, whose answers carry a name
    said: dict[int, int] = field(default_factory=dict)  # invitation → the number in the answers
    words: dict[int, str] = field(default_factory=dict)  # number in the answers → the opinion in own words
    arrival: dict[int, int] = field(default_factory=dict)  # invitation → place in the order of sending

    @property
    def file(self) -> Path:
        """The file of the SQLite database."""
        return Path(make_url(str(self.database.engine.url)).database or "")


def make_place(app: Flask, folder: Path, persons: int, named: int = 0) -> Place:
    """An open round in which nobody has answered yet; `named` persons are in a confidential group."""
    database: Database = app.extensions["survey_database"]
    pepper = app.extensions["survey_settings"].keys.pepper
    with database.writing() as session:
        made = make_open_round(session, pepper, (persons,), _marked_questionnaire())
        more = add_confidential_group(session, made, named, pepper) if named else None
    return Place(app, database, made, folder, more)


def _marked_questionnaire() -> Definition:
    """The number that each person sends counts as an opinion, so that it stays on the ballot: the attack is told more
    than the product ever keeps."""
    content = to_json(make_definition())
    for item in content["items"]:
        for question in item.get("items", []):
            if question["name"] == "b_so_lan":
                question["criterion"] = "5.6.2"
    return from_json(content)


def invitation_codes(place: Place) -> dict[int, str]:
    """Invitation → its code."""
    pepper = place.app.extensions["survey_settings"].keys.pepper
    with place.database.reading() as session:
        known = {code.code_hash: code.invitation_id for code in session.scalars(select(AccessCode))}
    return {known[hash_of(code, pepper)]: code for code in place.made.codes}  # type: ignore[misc]


def answer_all(place: Place, persons: Iterable[int] | None = None) -> None:
    """Persons send in an order that has nothing to do with who they are or what they say.

    Those of the confidential group send in between.
    """
    codes = invitation_codes(place)
    order = list(codes if persons is None else persons)
    random.shuffle(order)
    free = set(range(1000, 10_000)) - set(place.said.values())
    numbers = random.sample(sorted(free), len(order))
    client = place.app.test_client()
    named = iter(place.named.codes if place.named else ())
    for rank, (invitation, number) in enumerate(zip(order, numbers, strict=True), len(place.arrival)):
        word = "".join(secrets.choice(WORD_LETTERS) for _ in range(24))
        answers = ANSWERS | {"b_so_lan": number, "q_5_6_3": str(1 + number % 5), "y_kien": word}
        body = {"code": codes[invitation], "submission": secrets.token_hex(16), "answers": answers}
        assert client.post("/p/answers", json=body).status_code == 200
        place.said[invitation], place.words[number], place.arrival[invitation] = number, word, rank
        if rank % 5 == 0 and (code := next(named, None)):
            body = {"code": code, "submission": secrets.token_hex(16), "answers": ANSWERS}
            assert client.post("/p/answers", json=body).status_code == 200


def close_and_open(place: Place) -> None:
    """What the office does after the last day, cleaning included."""
    with place.database.writing() as session:
        session.get_one(Round, place.made.round.id).closed_at = now()
    with place.database.writing() as session:
        open_envelopes(session, session.get_one(Round, place.made.round.id), place.made.private_keys[:1], None)
    clean_up(place.database, place.made.round.id, None)


def ballot_numbers(place: Place) -> dict[str, int]:
    """Id of a ballot of the sealed group → the number that its person said."""
    sealed = select(Ballot).join(Cell, Cell.id == Ballot.cell_id).where(Cell.group_id == place.made.group.id)
    with place.database.reading() as session:
        return {ballot.id: ballot.answers["b_so_lan"] for ballot in session.scalars(sealed)}


def text_numbers(place: Place) -> dict[str, int]:
    """Id of an opinion → the number that the same person said."""
    number_of = {word: number for number, word in place.words.items()}
    with place.database.reading() as session:
        texts = session.scalars(select(FreeText).where(FreeText.group_id == place.made.group.id))
        return {one.id: number_of[one.text] for one in texts}


def hidden_columns(place: Place, table: str, key: str) -> dict[Any, tuple[int, int]]:
    """PostgreSQL: key → (xmin, place in the file) of every row of a table."""
    with place.database.reading() as session:
        found = session.execute(text(f"SELECT {key}, xmin::text::bigint, ctid::text FROM {table}")).all()
    return {row[0]: (row[1], place_of(row[2])) for row in found}


def place_of(ctid: str) -> int:
    """`(page, line)` as one number that keeps the order."""
    page, line = ctid.strip("()").split(",")
    return int(page) * 100_000 + int(line)


def positions(content: bytes, marks: dict[int, bytes]) -> dict[int, int]:
    """Where each mark first stands in the bytes; what is not there is left out."""
    found = {number: content.find(mark) for number, mark in marks.items()}
    return {number: position for number, position in found.items() if position >= 0}
