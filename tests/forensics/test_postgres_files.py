"""PostgreSQL: hidden columns, dead rows, files and write-ahead log link nobody; a naive store is found out."""

import random
import secrets
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy import select, text

from survey_app.answers.models import Envelope
from survey_app.db import Database
from tests.conftest import ENGINES
from tests.forensics.conftest import MakeApp
from tests.forensics.matcher import Trace, compare, worst
from tests.forensics.place import (
    Place,
    answer_all,
    ballot_numbers,
    close_and_open,
    hidden_columns,
    make_place,
    place_of,
    positions,
    text_numbers,
)

pytestmark = pytest.mark.skipif("postgresql" not in ENGINES, reason="PostgreSQL is not among the engines of this run")

PERSONS = 1000
NAMED = 200
NAIVE = 300


@pytest.fixture
def answered(make_app: MakeApp, tmp_path: Path) -> Iterator[Place]:
    """A round in which all have answered, on a server that keeps no old log files, as its keeper was asked."""
    place = make_place(make_app("postgresql", tmp_path), tmp_path, 30)
    _run(place.database, "ALTER SYSTEM SET wal_recycle = off", "SELECT pg_reload_conf()")
    answer_all(place)
    yield place
    _run(place.database, "ALTER SYSTEM RESET wal_recycle", "SELECT pg_reload_conf()")


def person_traces(place: Place, when: str) -> dict[str, Trace]:
    """Hidden columns of the rows of persons, and before opening those of their envelopes and of the long values."""
    found: dict[str, Trace] = {}
    for table in ("invitation", "envelope"):
        key = "id" if table == "invitation" else "invitation_id"
        hidden = hidden_columns(place, table, key)
        if hidden:
            found[f"xmin of {table}, {when}"] = {person: hidden[person][0] for person in place.said}
            found[f"ctid of {table}, {when}"] = {person: hidden[person][1] for person in place.said}
    hidden = hidden_columns(place, "access_code", "invitation_id")
    found[f"ctid of access_code, {when}"] = {person: hidden[person][1] for person in place.said}
    return found


def answer_traces(place: Place) -> dict[str, Trace]:
    """Hidden columns of opened answers, and where they first stand in their file and in the write-ahead log."""
    found: dict[str, Trace] = {}
    for table, numbers in (("ballot", ballot_numbers(place)), ("free_text", text_numbers(place))):
        hidden = hidden_columns(place, table, "id")
        found[f"id of {table}"] = {number: key for key, number in numbers.items()}
        found[f"xmin of {table}"] = {number: hidden[key][0] for key, number in numbers.items()}
        found[f"ctid of {table}"] = {number: hidden[key][1] for key, number in numbers.items()}
    marks = {number: word.encode() for number, word in place.words.items()}
    found["first byte of the words in their file"] = positions(_file_of(place.database, "free_text"), marks)
    found["first byte of the words in the log"] = positions(b"".join(_log(place.database)), marks)
    return {name: trace for name, trace in found.items() if len(trace) == len(place.words)}


def _directory(database: Database) -> Path:
    with database.reading() as session:
        return Path(session.execute(text("SHOW data_directory")).scalar_one())


def _file_of(database: Database, table: str) -> bytes:
    """A table as it lies on the disk."""
    _checkpoint(database)
    with database.reading() as session:
        path = session.execute(text("SELECT pg_relation_filepath(:name)"), {"name": table}).scalar_one()
    return (_directory(database) / path).read_bytes()


def _log(database: Database) -> Iterator[bytes]:
    for path in sorted(path for path in (_directory(database) / "pg_wal").iterdir() if len(path.name) == 24):
        yield path.read_bytes()


def _checkpoint(database: Database) -> None:
    _run(database, "CHECKPOINT")


def _run(database: Database, *statements: str) -> None:
    raw = database.engine.raw_connection()
    raw.driver_connection.autocommit = True
    for statement in statements:
        raw.cursor().execute(statement)
    raw.driver_connection.autocommit = False
    raw.close()


def _base_files(database: Database) -> bytes:
    """Every file of this database, dead rows and long values included."""
    _checkpoint(database)
    with database.reading() as session:
        own = session.execute(text("SELECT oid FROM pg_database WHERE datname = current_database()")).scalar_one()
    folder = _directory(database) / "base" / str(own)
    return b"".join(path.read_bytes() for path in sorted(folder.iterdir()))


def test_nothing_in_the_database_links_a_person_to_an_answer(make_app: MakeApp, tmp_path: Path) -> None:
    """Nor does it help that a confidential group of the same round, whose answers lie beside, sent in between."""
    place = make_place(make_app("postgresql", tmp_path), tmp_path, PERSONS, named=NAMED)
    answer_all(place)
    persons = person_traces(place, "before opening") | {"order of sending": dict(place.arrival)}
    with place.database.reading() as session:
        persons["id of the envelope"] = dict(session.execute(select(Envelope.invitation_id, Envelope.id)).all())  # type: ignore[arg-type]
    close_and_open(place)
    persons |= person_traces(place, "after opening")
    assert len(set(persons["xmin of invitation, before opening"].values())) == PERSONS  # the order is there to be seen
    assert len(set(persons["xmin of invitation, after opening"].values())) == 1  # and then gone
    answers = answer_traces(place)
    assert len(answers) >= 7
    findings = compare(persons, answers, place.said)
    assert [one for one in findings if not one.at_chance()] == []


def test_after_cleaning_no_envelope_lies_in_the_log(answered: Place) -> None:
    with answered.database.reading() as session:
        envelopes = session.scalars(select(Envelope.sealed)).all()
    assert _in_log(answered.database, envelopes) == 30  # control: before, in the order of arrival
    close_and_open(answered)
    assert _in_log(answered.database, envelopes) == 0


def _in_log(database: Database, envelopes: Sequence[bytes]) -> int:
    log = b"".join(_log(database))
    return sum(sealed[200:232] in log for sealed in envelopes)


@pytest.mark.parametrize("transactions", [1, 2])
def test_control_marking_and_storing_apart_is_joined_by_xmin(
    make_app: MakeApp, tmp_path: Path, transactions: int
) -> None:
    """Two tables without a common key, written in one transaction or in two that follow each other."""
    place = make_place(make_app("postgresql", tmp_path), tmp_path, 2)
    database = place.database
    with database.writing() as session:
        session.execute(text("CREATE TABLE naive_person (id int PRIMARY KEY, state text)"))
        session.execute(text("CREATE TABLE naive_answer (id text PRIMARY KEY, n int)"))
        session.execute(text(f"INSERT INTO naive_person SELECT n, 'unused' FROM generate_series(1, {NAIVE}) n"))
    said = {person: 5000 + (person * 7919) % 9973 for person in random.sample(range(1, NAIVE + 1), NAIVE)}
    for person, number in said.items():
        mark = text("UPDATE naive_person SET state = 'received' WHERE id = :id")
        store = text("INSERT INTO naive_answer VALUES (:id, :n)")
        with database.writing() as session:
            session.execute(mark, {"id": person})
            if transactions == 1:
                session.execute(store, {"id": secrets.token_hex(16), "n": number})
        if transactions == 2:
            with database.writing() as session:
                session.execute(store, {"id": secrets.token_hex(16), "n": number})
    with database.reading() as session:
        persons = dict(session.execute(text("SELECT id, xmin::text::bigint FROM naive_person")).all())  # type: ignore[arg-type]
        rows = session.execute(text("SELECT n, xmin::text::bigint, ctid::text FROM naive_answer")).all()
    answers = {"xmin": {row[0]: row[1] for row in rows}, "ctid": {row[0]: place_of(row[2]) for row in rows}}
    found = worst(compare({"xmin": persons}, answers, said))
    assert (found.linked, found.pair_share) == (NAIVE, 1.0)


def test_no_dead_row_of_an_envelope_stays_in_the_files(make_app: MakeApp, tmp_path: Path) -> None:
    place = make_place(make_app("postgresql", tmp_path), tmp_path, 60)
    answer_all(place)
    with place.database.reading() as session:
        pieces = [sealed[600:632] for sealed in session.scalars(select(Envelope.sealed))]
    held = _base_files(place.database)
    assert all(piece in held for piece in pieces)
    with place.database.writing() as session:
        session.execute(text("CREATE TABLE naive_envelope AS SELECT id, sealed FROM envelope"))
    close_and_open(place)
    with place.database.writing() as session:
        session.execute(text("DELETE FROM naive_envelope"))
    left = _base_files(place.database)
    assert all(piece in left for piece in pieces)  # control: rows that were only deleted are all still there
    with place.database.writing() as session:
        session.execute(text("DROP TABLE naive_envelope"))
    left = _base_files(place.database)
    assert not [piece for piece in pieces if piece in left]
