"""A backup is no new way to link: its rows stand in no order of arrival, and it holds no answer before opening."""

import io
import json
import sqlite3
from pathlib import Path
from zipfile import ZipFile

import pytest
from sqlalchemy import select, text

from survey_app.answers.models import Envelope
from survey_app.backups.copies import write_copy
from survey_app.backups.rules import make_backup
from survey_app.backups.sealed_file import read_sealed
from survey_app.data_key import check_data_key
from survey_app.db import now
from tests.conftest import ENGINES
from tests.forensics.conftest import MakeApp
from tests.forensics.matcher import Trace, compare, pair_share, worst
from tests.forensics.place import Place, answer_all, ballot_numbers, close_and_open, make_place, positions, text_numbers
from tests.personal_data.byte_search import forms

PERSONS = 200  # by chance the share of pairs in order lies within 0.12 of one half, but for once in a million


def contents(place: Place, folder: Path) -> dict[str, bytes]:
    """What the product copies, member by member."""
    folder.mkdir(exist_ok=True)
    archive = io.BytesIO()
    with ZipFile(archive, "w") as target:
        write_copy(place.database, target, folder, now())
    with ZipFile(archive) as source:
        return {name: source.read(name) for name in source.namelist()}


def marks_of(place: Place) -> dict[int, bytes]:
    """Person → a piece of the own envelope, as it stands in a copy."""
    with place.database.reading() as session:
        found = session.execute(select(Envelope.invitation_id, Envelope.id))
        return {person: str(one).encode() for person, one in found if person in place.said}


def first_places(copied: dict[str, bytes], marks: dict[int, bytes]) -> Trace:
    """Where each mark first stands in the copy."""
    return positions(b"".join(copied[name] for name in sorted(copied)), marks)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_backup_tells_no_order_of_arrival_and_links_nobody(make_app: MakeApp, tmp_path: Path, engine: str) -> None:
    place = make_place(make_app(engine, tmp_path), tmp_path, PERSONS)
    with place.database.writing() as session:
        check_data_key(session)
    answer_all(place)
    before = contents(place, tmp_path / "work")
    itself = {person: person for person in place.said}
    share = pair_share(place.arrival, first_places(before, marks_of(place)), itself)
    assert 0.38 <= share <= 0.62
    # Control: rows as they lie in PostgreSQL, or by a rowid in SQLite, stand in the very order of arrival.
    assert pair_share(place.arrival, naive_places(place), itself) > 0.8
    persons = {"place of the envelope in the backup": first_places(before, marks_of(place)), "arrival": place.arrival}
    assert not [word for word in place.words.values() if any(f in one for f in forms(word) for one in before.values())]
    close_and_open(place)
    after = contents(place, tmp_path / "work")
    ballots = {number: key.encode() for key, number in ballot_numbers(place).items()}
    texts = {number: key.encode() for key, number in text_numbers(place).items()}
    answers = {"ballots": first_places(after, ballots), "texts": first_places(after, texts)}
    assert worst(compare(persons, answers, place.said)).linked <= 10
    assert all(0.38 <= one.pair_share <= 0.62 for one in compare(persons, answers, place.said))
    settings = place.app.extensions["survey_settings"]
    made, tried = make_backup(place.database, settings, tmp_path / "a.bak", None)
    assert tried.holds
    sealed = Path(made.path).read_bytes()
    assert not [word for word in place.words.values() if word.encode() in sealed]
    plain = b"".join(read_sealed(io.BytesIO(sealed), settings.keys.data_keys, settings.keys_file))
    with ZipFile(io.BytesIO(plain)) as archive:  # control: with the key file the same words are all there
        opened = b"".join(archive.read(name) for name in archive.namelist())
    assert all(word.encode() in opened or json.dumps(word).encode() in opened for word in place.words.values())


def naive_places(place: Place) -> Trace:
    """Person → place in a copy that keeps the order in which rows lie."""
    with place.database.reading() as session:
        if place.database.is_sqlite:
            order = [person for person, _rank in sorted(place.arrival.items(), key=lambda one: one[1])]
            return dict(zip(order, naive_rowids(order), strict=True))
        rows = session.execute(text("SELECT invitation_id FROM envelope ORDER BY ctid")).scalars()
        return {person: rank for rank, person in enumerate(rows) if person in place.said}


def naive_rowids(order: list[int]) -> list[int]:
    """The rowids of a table with a random key, after VACUUM INTO."""
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE answer (id TEXT PRIMARY KEY, person INT)")
    connection.executemany("INSERT INTO answer VALUES (hex(randomblob(16)), ?)", [(person,) for person in order])
    connection.commit()
    connection.execute("VACUUM")
    found = dict(connection.execute("SELECT person, rowid FROM answer"))
    connection.close()
    return [found[person] for person in order]
