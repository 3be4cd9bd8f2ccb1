"""Seconds that a list of 5 000 rows and a roster of 10 000 persons take."""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from io import BytesIO
from pathlib import Path

from flask import Flask

from survey_app import create_app, migrate
from survey_app.config import read_settings
from survey_app.db import Database, now
from survey_app.roster.handover import HandoverOptions, export_roster
from survey_app.roster.lock_rules import lock_roster
from survey_app.roster.models import ListState, Upload
from survey_app.roster.persons import PersonRow
from survey_app.roster.rules import replace_persons
from survey_app.sheets import SheetColumn, SheetPlan, workbook_bytes
from survey_app.users.models import User
from tests.make import csrf_token, make_list, sign_in_client
from tests.roster.asked_round import CITIZEN_HEADER
from tests.sampling.place import make_place, make_rows

ROWS, PERSONS = 5000, 10_000
READ_BUDGET, EXPORT_BUDGET = 3, 5


@contextmanager
def program() -> Iterator[tuple[Flask, Database]]:
    """The program on a new SQLite database in a folder of its own."""
    with tempfile.TemporaryDirectory() as name:
        url = f"sqlite:///{Path(name) / 'survey.sqlite'}"
        app = create_app(read_settings({"SURVEY_DATA": name, "DATABASE_URL": url, "SURVEY_URL": "http://localhost"}))
        database = app.extensions["survey_database"]
        migrate.upgrade(database)
        yield app, database
        database.close()


def _seconds(act: Callable[[], None]) -> float:
    begin = time.perf_counter()
    act()
    return time.perf_counter() - begin


def large_lists() -> None:
    """A register of 5 000 rows through the real pages, and the hand-over of 10 000 persons."""
    with program() as (app, database):
        _read_and_show(app, database)
    with program() as (_app, database):
        _export(database)


def _read_and_show(app: Flask, database: Database) -> None:
    with database.writing() as session:
        officer = make_place(session).officer
    client = sign_in_client(app, officer)
    columns = tuple(SheetColumn(title) for title in CITIZEN_HEADER)
    rows = make_rows(ROWS)
    rows[10][5] = "12"  # one fault, so that the page has something to show
    content = workbook_bytes([SheetPlan("DS", columns, [[str(cell) for cell in row] for row in rows])])
    data = {"csrf_token": csrf_token(client), "file": (BytesIO(content), "sổ một cửa.xlsx"), "group": "E"}

    def read() -> None:
        assert client.post("/rounds/tg-2021/lists/uploads", data=data).status_code == 303

    reading = _seconds(read)
    with database.reading() as session:
        upload_id = session.query(Upload.id).scalar()

    def show() -> None:
        assert client.get(f"/rounds/tg-2021/lists/uploads/{upload_id}?show=all").status_code == 200

    showing = _seconds(show)
    whole = reading + showing
    print(
        f"{ROWS} rows read, checked and shown {whole:.2f} s (at most {READ_BUDGET}): read {reading:.2f}, "
        f"shown {showing:.2f}"
    )


def _person(number: int) -> PersonRow:
    return PersonRow(
        None, number, "E", name=f"Lò Văn Thử {number}", birth_year=1950 + number % 50, gender="Nam",
        phone=f"0912{number:06}", ban="Bản Xá Cọ", ban_code="03289-01", procedure="Đăng ký khai sinh",
        receipt_date=date(2021, 3, 5), return_date=date(2021, 3, 6),
    )  # fmt: skip


def _export(database: Database) -> None:
    with database.writing() as session:
        place = make_place(session, quota=PERSONS)
        asked, operator = place.asked, place.operator
        unit_list = make_list(session, asked.citizens, asked.commune, state=ListState.APPROVED)
        replace_persons(session, unit_list, [_person(number) for number in range(1, PERSONS + 1)])
        lock_roster(session, asked.round, operator, f"Bản đo lúc {now():%H:%M}")
        operator_id = operator.id

    def export() -> None:
        with database.writing() as session:
            export_roster(session, "tg-2021", HandoverOptions(), session.get_one(User, operator_id))

    print(f"{PERSONS} persons exported {_seconds(export):.2f} s (at most {EXPORT_BUDGET})")
