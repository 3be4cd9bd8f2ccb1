"""Damaged files through the real page: read or refused, never a fault of the program, never half of a list."""

import io
import time

import pytest
from sqlalchemy import func, select

from survey_app.access import Role
from survey_app.roster.models import Upload
from tests.make import csrf_token, make_user, sign_in_client
from tests.roster.asked_round import CITIZEN_HEADER, make_asked_round, make_citizen
from tests.roster.damage import damaged_files
from tests.roster.raw_files import Page, xlsx


@pytest.fixture
def client(app, database):
    """The browser of the commune's officer."""
    with database.writing() as session:
        officer = make_user(session, Role.UNIT_OFFICER, make_asked_round(session).commune)
    return sign_in_client(app, officer)


@pytest.mark.parametrize("seed", [1, 2])
def test_damaged_uploads_are_read_or_refused_and_nothing_is_half_stored(client, database, samples, seed):
    token = csrf_token(client)
    stored = 0
    for number, (name, content) in enumerate(damaged_files(samples, seed, 60)):
        started = time.monotonic()
        data = {"csrf_token": token, "file": (io.BytesIO(content), f"{number}-{name}")}
        answer = client.post("/rounds/tg-2021/lists/uploads", data=data)
        answer.request.environ["wsgi.input"].close()  # a large body lies in a file of its own
        assert answer.status_code in (303, 422), name
        if answer.status_code == 303:
            stored += 1
            assert client.get(answer.headers["Location"]).status_code == 200, name
        else:
            assert "Traceback" not in answer.text
        assert time.monotonic() - started < 20
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Upload)) == stored
    assert 0 < stored < 60


SCRIPT = "<script>alert(1)</script>"


@pytest.mark.parametrize(
    ("cells", "name"),
    [
        ({"name": SCRIPT, "procedure": '"><img src=x onerror=alert(1)>'}, "a.xlsx"),
        ({"name": "=cmd|' /C calc'!A0", "procedure": "@SUM(1)"}, "a.xlsx"),
        ({"name": "Lò_x0000_ Văn", "procedure": "a_x0001_b"}, "a.xlsx"),
        ({"order": 1e308, "birth": 1e308, "phone": 1e308, "receipt": 1e308}, "a.xlsx"),
        ({"name": "Ă" * 30_000, "phone": "9" * 4000}, "a.xlsx"),
        ({}, "<img src=x onerror=alert(1)>.xlsx"),
        ({}, "../../../etc/passwd"),
        ({}, "a\u202exslx.exe" + "x" * 3000),
    ],
)
def test_hostile_cells_and_names_are_text_on_every_page_of_the_draft(client, cells, name):
    content = xlsx([Page("S", [CITIZEN_HEADER, make_citizen(1, **cells)])])
    data = {"csrf_token": csrf_token(client), "file": (io.BytesIO(content), name)}
    answer = client.post("/rounds/tg-2021/lists/uploads", data=data)
    assert answer.status_code == 303
    where = answer.headers["Location"]
    for page in ("", "?show=all", "?show=columns"):
        shown = client.get(where + page)
        assert shown.status_code == 200
        assert SCRIPT not in shown.text
        assert "<img src=x" not in shown.text
    for page in ("/confirm", "/faults.xlsx", "/original"):
        assert client.get(where + page).status_code in (200, 302)
