"""SQLite: from file, write-ahead log and free pages nobody can tell who said what; a naive store is found out."""

import json
import secrets
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import select

from survey_app.access_codes.models import AccessCode
from survey_app.answers.models import Envelope
from tests.conftest import ENGINES
from tests.forensics.conftest import MakeApp
from tests.forensics.matcher import Trace, compare, worst
from tests.forensics.place import (
    Place,
    answer_all,
    ballot_numbers,
    close_and_open,
    make_place,
    positions,
    text_numbers,
)
from tests.forensics.sqlite_pages import page_size, rows, transactions

pytestmark = pytest.mark.skipif("sqlite" not in ENGINES, reason="SQLite is not among the engines of this run")

PERSONS = 1000
NAMED = 200
FEW = 60


def person_traces(place: Place, when: str) -> dict[str, Trace]:
    """What the files tell of persons: their rows, and before opening those of their envelopes."""
    data = _content(place.file)
    size = page_size(data)
    at = {row.key: row.page * size + row.offset for row in rows(data, "invitation")}
    codes = {row.key: row.page * size + row.offset for row in rows(data, "access_code")}
    envelopes = {row.key: row for row in rows(data, "envelope")}
    with place.database.reading() as session:
        owners = {code.invitation_id: code.code_hash for code in session.scalars(select(AccessCode))}
        sealed = {one.invitation_id: one.id for one in session.scalars(select(Envelope))}
    traces: dict[str, Trace] = {
        f"place of the invitation, {when}": {person: at[person] for person in place.said},
        f"place of the code, {when}": {person: codes[owners[person]] for person in place.said},
    }
    if envelopes:
        traces["id of the envelope"] = {person: sealed[person] for person in place.said}
        traces["place of the envelope"] = {
            person: envelopes[sealed[person]].page * size + envelopes[sealed[person]].offset for person in place.said
        }
    return traces


def answer_traces(place: Place) -> dict[str, Trace]:
    """What the files tell of opened answers."""
    data = _content(place.file)
    size = page_size(data)
    ballots, texts = ballot_numbers(place), text_numbers(place)
    marks = {number: json.dumps(word).encode() for number, word in place.words.items()}
    ballot_rows = [row for row in rows(data, "ballot") if str(row.key) in ballots]
    text_rows = [row for row in rows(data, "free_text") if str(row.key) in texts]
    traces: dict[str, Trace] = {
        "rank of the ballot": {ballots[str(row.key)]: row.rank for row in ballot_rows},
        "place of the ballot": {ballots[str(row.key)]: row.page * size + row.offset for row in ballot_rows},
        "id of the ballot": {number: key for key, number in ballots.items()},
        "place of the words": {texts[str(row.key)]: row.page * size + row.offset for row in text_rows},
        "id of the words": {number: key for key, number in texts.items()},
        "first byte of the words in the file": positions(data, {n: mark.strip(b'"') for n, mark in marks.items()}),
    }
    return traces


def _content(file: Path) -> bytes:
    """The file as it is after everything in the log has reached it."""
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA wal_checkpoint(FULL)")
    connection.close()
    return file.read_bytes()


def test_nothing_in_the_files_links_a_person_to_an_answer(make_app: MakeApp, tmp_path: Path) -> None:
    """Nor does it help that a confidential group of the same round, whose answers lie beside, sent in between."""
    place = make_place(make_app("sqlite", tmp_path), tmp_path, PERSONS, named=NAMED)
    answer_all(place)
    persons = person_traces(place, "before opening") | {"order of sending": dict(place.arrival)}
    close_and_open(place)
    log = (tmp_path / "survey.sqlite-wal").read_bytes()  # cut to nothing, then the record of the cleaning
    assert not [word for word in place.words.values() if word.encode() in log]
    persons |= person_traces(place, "after opening")
    findings = compare(persons, answer_traces(place), place.said)
    assert len(findings) >= 40
    assert [one for one in findings if not one.at_chance()] == []


def test_control_row_numbers_give_the_whole_order_away(tmp_path: Path) -> None:
    file = tmp_path / "naive.sqlite"
    said = _naive_store(file, "CREATE TABLE answer (id TEXT PRIMARY KEY, n INT)", 200)
    numbers = dict(sqlite3.connect(file).execute("SELECT rowid, n FROM answer"))
    kept = {numbers[row.key]: row.key for row in rows(_content(file), "answer")}
    assert _found_by_order(said, kept) == (1.0, 200)


def test_control_without_row_numbers_the_places_in_a_page_give_the_order_away(tmp_path: Path) -> None:
    file = tmp_path / "naive.sqlite"
    said = _naive_store(file, "CREATE TABLE answer (id TEXT PRIMARY KEY, n INT) WITHOUT ROWID", 20)
    numbers = dict(sqlite3.connect(file).execute("SELECT id, n FROM answer"))
    kept = {numbers[row.key]: -row.offset for row in rows(_content(file), "answer")}  # a page fills from its end
    assert _found_by_order(said, kept) == (1.0, 20)


def _found_by_order(said: dict[int, int], kept: Trace) -> tuple[float, int]:
    ranks = {person: rank for rank, person in enumerate(said)}
    found = worst(compare({"order of sending": ranks}, {"place in the file": kept}, said))
    return found.pair_share, found.linked


def _naive_store(file: Path, table: str, persons: int) -> dict[int, int]:
    """Marks a person and stores the answer readable, in one transaction; returns who said what, in order of sending."""
    connection = sqlite3.connect(file, isolation_level=None)
    connection.executescript(
        f"PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; {table};"
        "CREATE TABLE invitation (id INTEGER PRIMARY KEY, state TEXT);"
    )
    connection.executemany("INSERT INTO invitation VALUES (?, 'unused')", [(n,) for n in range(persons)])
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    said = {
        person: 5000 + (person * 7919) % 9973 for person in sorted(range(persons), key=lambda _: secrets.token_hex(4))
    }
    for person, number in said.items():
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("UPDATE invitation SET state = 'received' WHERE id = ?", (person,))
        connection.execute("INSERT INTO answer VALUES (?, ?)", (secrets.token_hex(16), number))
        connection.execute("COMMIT")
    # Left open on purpose by a copy of the files: closing would empty the log.
    _copy(file, file.with_name("copy.sqlite"))
    connection.close()
    return said


def _copy(file: Path, target: Path) -> None:
    for ending in ("", "-wal"):
        target.with_name(target.name + ending).write_bytes(file.with_name(file.name + ending).read_bytes())


def _pairs_in_log(file: Path, changed: str, added: str) -> dict[int, list[object]]:
    """From each transaction of the log: the person who was marked → what was added together with the mark."""
    pairs: dict[int, list[object]] = {}
    before: tuple[set[int], set[object]] = (set(), set())
    for image in transactions(file):
        connection = sqlite3.connect(":memory:")
        connection.deserialize(image[:18] + b"\x01\x01" + image[20:])
        marked = {row[0] for row in connection.execute(changed)}
        stored = {row[0] for row in connection.execute(added)}
        connection.close()
        if len(marked - before[0]) == 1:
            pairs[next(iter(marked - before[0]))] = list(stored - before[1])
        before = (marked, stored)
    return pairs


MARKED = "SELECT id FROM invitation WHERE state = 'received'"


def test_the_log_tells_which_envelope_is_whose_and_no_more(make_app: MakeApp, tmp_path: Path) -> None:
    place = make_place(make_app("sqlite", tmp_path), tmp_path, FEW)
    with sqlite3.connect(place.file) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    answer_all(place)
    _copy(place.file, tmp_path / "copy.sqlite")
    pairs = _pairs_in_log(tmp_path / "copy.sqlite", MARKED, "SELECT id FROM envelope")
    log = (tmp_path / "copy.sqlite-wal").read_bytes()
    assert not [word for word in place.words.values() if word.encode() in log]
    assert all(len(found) == 1 for found in pairs.values())
    with place.database.reading() as session:
        sealed = dict(session.execute(select(Envelope.id, Envelope.sealed)).all())
    close_and_open(place)
    persons = {
        "rank in the log": {person: rank for rank, person in enumerate(pairs)},
        "id of the envelope": {person: str(found[0]) for person, found in pairs.items()},
        "bytes of the envelope": {person: sealed[found[0]] for person, found in pairs.items()},
        "length of the envelope": {person: len(sealed[found[0]]) for person, found in pairs.items()},
    }
    findings = compare(persons, answer_traces(place), {person: place.said[person] for person in pairs})
    assert len(pairs) >= FEW // 2  # the log holds the last part; older frames were overwritten
    # Of so few persons orders swing widely; what counts is how many are paired rightly.
    assert worst(findings).linked <= 8


def test_control_the_log_of_a_store_without_envelopes_links_everybody(tmp_path: Path) -> None:
    said = _naive_store(tmp_path / "naive.sqlite", "CREATE TABLE answer (id TEXT PRIMARY KEY, n INT)", FEW)
    pairs = _pairs_in_log(tmp_path / "copy.sqlite", MARKED, "SELECT n FROM answer")
    assert pairs == {person: [number] for person, number in said.items()}


def test_no_deleted_envelope_stays_in_a_free_page(make_app: MakeApp, tmp_path: Path) -> None:
    place = make_place(make_app("sqlite", tmp_path), tmp_path, FEW)
    answer_all(place)
    with place.database.reading() as session:
        pieces = [sealed[4000:4032] for sealed in session.scalars(select(Envelope.sealed))]
    held = b"".join(path.read_bytes() for path in tmp_path.glob("survey.sqlite*"))
    assert all(piece in held for piece in pieces)
    close_and_open(place)
    left = b"".join(path.read_bytes() for path in tmp_path.glob("survey.sqlite*"))
    assert not [piece for piece in pieces if piece in left]


def test_control_a_store_that_only_deletes_keeps_every_envelope_readable(tmp_path: Path) -> None:
    file = tmp_path / "naive.sqlite"
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA secure_delete = OFF")
    connection.execute("CREATE TABLE envelope (id TEXT PRIMARY KEY, sealed BLOB)")
    envelopes = [secrets.token_bytes(8192) for _ in range(FEW)]
    connection.executemany("INSERT INTO envelope VALUES (?, ?)", [(str(n), one) for n, one in enumerate(envelopes)])
    connection.commit()
    connection.execute("DELETE FROM envelope")
    connection.commit()
    connection.close()
    left = file.read_bytes()
    assert all(one[4000:4032] in left for one in envelopes)
