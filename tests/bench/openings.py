"""Kills during the opening, a clock that is wrong, a disk that fails: RE-22, RE-09, RE-24 of the bars."""

import random
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

import psycopg
from flask import Flask
from sqlalchemy import make_url, select

from survey_app import create_app, migrate
from survey_app.access_codes.codes import hash_of
from survey_app.answers.keys import make_key_file
from survey_app.answers.models import RoundKey
from survey_app.answers.payload import Rating, digest_of
from survey_app.answers.queries import sealing_keys
from survey_app.answers.rules import Sending, receive, seal_answers
from survey_app.config import read_settings
from survey_app.db import Database, now
from tests.answers.make import ANSWERS, make_definition, make_open_round
from tests.answers.test_opening import multiply_persons

from .crashes import CLIENTS, count_stored
from .outcome import Outcome
from .power import build_shim
from .running import PROJECT, Program
from .sending import Senders, acknowledged, fill_sheets, send, sql

PASSPHRASE = "năm từ dễ nhớ này"
A_YEAR = 366 * 86_400
SECONDS_FOR_TWENTY_THOUSAND = 60


def killed_openings(kills: int, envelopes: int, address: str = "", build: str = "wsgi") -> Outcome:
    """RE-22: the command that opens is killed at random moments; afterwards there are all envelopes or all ballots."""
    outcome = Outcome("RE-22", f"opening of {envelopes} envelopes killed, {'PostgreSQL' if address else 'SQLite'}")
    with tempfile.TemporaryDirectory() as name:
        program = Program(Path(name) / "data", address, build)
        code = _closed_round(program, envelopes)
        _keep(program)
        begin = time.monotonic()
        _open(program, code).wait()
        seconds = time.monotonic() - begin
        outcome.acknowledged = _counts(program)[1]
        outcome.lost = envelopes - outcome.acknowledged
        outcome.unsound += seconds > SECONDS_FOR_TWENTY_THOUSAND
        for _ in range(kills):
            _put_back(program)
            opening = _open(program, code)
            time.sleep(random.uniform(0.55, 1) * seconds)  # before that the program only starts
            opening.kill()
            opening.wait()
            outcome.runs += 1
            outcome.unsound += _counts(program) not in ((envelopes, 0), (0, envelopes))
            _open(program, code).wait()  # goes on, or begins anew
            outcome.lost += envelopes - _counts(program)[1]
    outcome.note = f"undisturbed {seconds:.1f} s, start of the program included"
    return outcome


def _open(program: Program, code: str) -> subprocess.Popen[bytes]:
    """The command of the holder, in a process of its own."""
    files = ["--key", str(program.folder / "key.json"), "--passphrase-file", str(program.folder / "passphrase")]
    command = [sys.executable, "-m", "flask", "--app", program.build, "envelopes", "open", code, *files]
    silent = subprocess.DEVNULL
    return subprocess.Popen(command, env=program.environment(), cwd=PROJECT, stdout=silent, stderr=silent)


def _counts(program: Program) -> tuple[int, int]:
    with sql(program) as cursor:
        found = []
        for table in ("envelope", "ballot"):
            cursor.execute(f"SELECT count(*) FROM {table}")
            found.append(int(cursor.fetchone()[0]))
    return found[0], found[1]


def _closed_round(program: Program, envelopes: int) -> str:
    """A closed round of answered invitations; the key of its first holder lies in a file. Returns its code."""
    program.folder.mkdir()
    given = {"SURVEY_DATA": str(program.folder), "SURVEY_URL": "http://localhost"}
    app = create_app(read_settings(given | ({"DATABASE_URL": program.database_url} if program.database_url else {})))
    database: Database = app.extensions["survey_database"]
    with closing(database):
        migrate.upgrade(database)
        return _fill(app, database, program.folder, envelopes)


def _fill(app: Flask, database: Database, folder: Path, envelopes: int) -> str:
    pepper = app.extensions["survey_settings"].keys.pepper
    with database.writing() as session:
        made = make_open_round(session, pepper, (20,))
        key = make_key_file(PASSPHRASE, made.round.code, "")
        first = session.scalars(
            select(RoundKey).where(RoundKey.round_id == made.round.id).order_by(RoundKey.id)
        ).first()
        assert first is not None
        first.public_key = key.public_key
        keys = sealing_keys(session, made.round.id)
        rating = Rating(made.round_unit(session), ANSWERS)
        sealed = seal_answers(made.round, keys, made.version.id, make_definition(), [rating])
        receive(session, Sending(hash_of(made.codes[0], pepper), digest_of("s" * 32, ANSWERS), sealed))
        made.round.closed_at = now()
        multiply_persons(session, made, envelopes)
    (folder / "key.json").write_text(key.content, "utf-8")
    (folder / "passphrase").write_text(PASSPHRASE, "utf-8")
    return made.round.code


def _keep(program: Program) -> None:
    """A copy of the database as it is before the opening."""
    if program.database_url:
        name = make_url(program.database_url).database
        _administrate(program, f"CREATE DATABASE {name}_kept TEMPLATE {name} STRATEGY FILE_COPY")
    else:
        shutil.copytree(program.folder, program.folder.with_name("kept"))


def _put_back(program: Program) -> None:
    if program.database_url:
        name = make_url(program.database_url).database
        _administrate(program, f"DROP DATABASE {name} WITH (FORCE)")
        _administrate(program, f"CREATE DATABASE {name} TEMPLATE {name}_kept STRATEGY FILE_COPY")
    else:
        shutil.rmtree(program.folder)
        shutil.copytree(program.folder.with_name("kept"), program.folder)


def _administrate(program: Program, statement: str) -> None:
    address = make_url(program.database_url).set(database="postgres").render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(statement)


def wrong_clock(runs: int) -> Outcome:
    """RE-09: the clock jumps by a year, back, and by an hour, under load: nothing acknowledged is lost.

    A year ahead the round is over, a year back it has not begun: the person is told so and may send later.
    """
    outcome = Outcome("RE-09", "clock a year ahead, a year back, an hour back, under load")
    with tempfile.TemporaryDirectory() as name:
        shift = Path(name) / "shift"
        shift.write_text("0")
        more = {"LD_PRELOAD": str(build_shim("clock", Path(name))), "CLOCK_SHIFT": str(shift), "TZ": "UTC"}
        program = Program(Path(name), more=more)
        codes = program.make_round(runs * 200 + 60)
        program.start()
        sheets = fill_sheets(program.port, codes)
        odd: list[int] = []
        for number in range(runs):
            senders = Senders([program.port], sheets[number * 200 : (number + 1) * 200], CLIENTS)
            senders.start()
            for seconds in random.sample([A_YEAR, -A_YEAR, -3600, 3600], 4):
                time.sleep(0.05)
                shift.write_text(str(seconds))
            time.sleep(0.05)
            shift.write_text("0")
            replies = senders.join()
            # 0: the server let idle connections go when they seemed a year old; the person sends again
            odd += [reply.status for reply in replies if reply.status not in (200, 403, 410, 0)]
            count_stored(outcome, program, acknowledged(replies))
            odd += [send(program.port, reply.sheet).status for reply in replies if reply.status != 200]
        for seconds, status in ((A_YEAR, 410), (-A_YEAR, 403), (-3600, 200)):
            shift.write_text(str(seconds))
            outcome.refused += send(program.port, sheets[-1]).status != status
        program.kill()
    odd = [status for status in odd if status != 200]
    outcome.refused += len(odd)
    outcome.note = f"other statuses: {odd}" if odd else ""
    return outcome


def failing_commits(runs: int, address: str = "", build: str = "tests.naive_builds:failing_commits()") -> Outcome:
    """RE-24: one commit of ten fails; nobody is told «received» whose answer is not stored."""
    outcome = Outcome("RE-24", f"one commit of ten fails, {'PostgreSQL' if address else 'SQLite'}")
    told_to_wait = 0
    with tempfile.TemporaryDirectory() as name:
        program = Program(Path(name), address, build)
        codes = program.make_round(runs * 200)
        program.start()
        sheets = fill_sheets(program.port, codes)
        for number in range(runs):
            senders = Senders([program.port], sheets[number * 200 : (number + 1) * 200], CLIENTS)
            senders.start()
            replies = senders.join()
            told_to_wait += sum(reply.status >= 500 for reply in replies)
            time.sleep(0.5)  # what was acknowledged too early has had its time to arrive
            count_stored(outcome, program, acknowledged(replies))
        program.kill()
    outcome.unsound += told_to_wait == 0 and build.endswith("failing_commits()")  # then the disk never failed
    outcome.note = f"{told_to_wait} told to send again"
    return outcome
