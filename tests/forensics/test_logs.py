"""No log holds a code, an answer, a name or a number, whatever goes wrong; a build that logs requests is found out."""

import http.client
import json
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from tests.bench.running import Program
from tests.conftest import ENGINES
from tests.personal_data.byte_search import forms

WORDS = "chimvangkhuyenhotrongvuon"
PHONE = "0912000777"


@pytest.fixture(params=ENGINES)
def address(request: pytest.FixtureRequest) -> str:
    """Address of a fresh database; empty for SQLite in the data folder."""
    return "" if request.param == "sqlite" else str(request.getfixturevalue("postgres")())


@pytest.fixture
def start(tmp_path: Path, address: str) -> Iterator[Callable[[str], tuple[Program, list[str]]]]:
    programs = []

    def run(build: str) -> tuple[Program, list[str]]:
        program = Program(tmp_path, address, build)
        programs.append(program)
        codes = [row["code"] for row in program.make_round(12)]
        program.start()
        return program, codes

    yield run
    for program in programs:
        program.kill()


def ask(program: Program, method: str, path: str, body: str = "", **headers: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", program.port, timeout=30)
    connection.request(method, path, body.encode(), {"Content-Type": "application/json", **headers})
    status = connection.getresponse().status
    connection.close()
    return status


def run_sql(program: Program, statement: str) -> None:
    if program.database_url:
        with psycopg.connect(program.database_url, autocommit=True) as connection:
            connection.execute(statement)
    else:
        with sqlite3.connect(program.folder / "survey.sqlite") as connection:
            connection.executescript(statement)


def break_storing(program: Program) -> None:
    """From now on no envelope can be stored, and the database says why."""
    if program.database_url:
        run_sql(
            program,
            "CREATE FUNCTION broken() RETURNS trigger AS $$ BEGIN RAISE 'broken for the test %', NEW; END $$ "
            "LANGUAGE plpgsql; CREATE TRIGGER broken BEFORE INSERT ON envelope FOR EACH ROW EXECUTE FUNCTION broken()",
        )
    else:
        run_sql(program, "CREATE TRIGGER broken BEFORE INSERT ON envelope BEGIN SELECT RAISE(ABORT, 'broken'); END")


def take_away(program: Program) -> None:
    """The database is gone, with everything that was connected to it."""
    if not program.database_url:
        return run_sql(program, "ALTER TABLE access_code RENAME TO gone")
    url = make_url(program.database_url)
    with psycopg.connect(
        url.set(database="postgres").render_as_string(hide_password=False), autocommit=True
    ) as connection:
        connection.execute(f"ALTER DATABASE {url.database} ALLOW_CONNECTIONS false")
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [url.database])
    return None


def everything_that_goes_wrong(program: Program, codes: list[str]) -> list[int]:
    """Every kind of request that a code or an answer can be part of; returns the statuses."""
    opened = json.dumps({"code": codes[0]})
    answers = {"code": codes[0], "submission": secrets.token_hex(16), "answers": {"y_kien": WORDS, "phone": PHONE}}
    statuses = [
        ask(program, "POST", "/p/open", opened),
        ask(program, "POST", "/p/answers", json.dumps(answers)),
        ask(program, "POST", "/p/answers", json.dumps(answers | {"answers": WORDS})),
        ask(program, "POST", "/p/answers", json.dumps(answers | {"envelope": WORDS})),
        ask(program, "POST", "/p/answers", json.dumps(answers)[:-9]),
        ask(program, "POST", "/p/answers", json.dumps(answers), Origin="https://elsewhere.example"),
        ask(program, "GET", f"/p/{codes[0]}?code={codes[0]}"),
        ask(program, "POST", f"/phieu/{codes[0]}", f"code={codes[0]}&y_kien={WORDS}"),
        ask(program, "BREW", f"/p?code={codes[0]}", WORDS),
        ask(program, "POST", "/p/answers", WORDS * 300_000),
    ]
    whole = json.dumps(
        {"code": codes[1], "submission": secrets.token_hex(16), "answers": whole_answers(program, codes)}
    )
    break_storing(program)
    statuses.append(ask(program, "POST", "/p/answers", whole))
    take_away(program)
    statuses.append(ask(program, "POST", "/p/answers", whole))
    statuses.append(ask(program, "POST", "/p/open", opened))
    return statuses


def whole_answers(program: Program, codes: list[str]) -> dict[str, str]:
    """Answers that pass every check, with the canary in the free text."""
    connection = http.client.HTTPConnection("127.0.0.1", program.port, timeout=30)
    connection.request("POST", "/p/open", json.dumps({"code": codes[1]}), {"Content-Type": "application/json"})
    questionnaire = json.loads(connection.getresponse().read())["questionnaire"]
    connection.close()
    answers: dict[str, str] = {}

    def walk(items: list[dict[str, object]]) -> None:
        for item in items:
            walk(item.get("items", []))  # type: ignore[arg-type]
            if item["kind"] == "select_one":
                answers[str(item["name"])] = questionnaire["lists"][item["list"]][0]["name"]
            elif item["kind"] == "text":
                answers[str(item["name"])] = WORDS

    walk(questionnaire["items"])
    return answers


def log_files(program: Program) -> list[Path]:
    """What the program and the database server wrote down."""
    if not program.database_url:
        return [program.log]
    with psycopg.connect(make_url(program.database_url).set(database="postgres").render_as_string(False)) as connection:
        row = connection.execute("SHOW data_directory").fetchone()
    assert row is not None
    return [program.log, *(path for path in Path(row[0]).glob("log*") if path.is_file())]


def found_in_logs(program: Program, codes: list[str]) -> set[str]:
    """The canaries that stand in a log in some form."""
    content = b"".join(path.read_bytes() for path in log_files(program))
    canaries = {WORDS, PHONE, codes[0], codes[1], "-".join((codes[0][:4], codes[0][4:8], codes[0][8:12]))}
    return {canary for canary in canaries if any(form in content for form in forms(canary))}


def test_logs_hold_no_code_and_no_answer_whatever_goes_wrong(start: Callable[[str], tuple[Program, list[str]]]) -> None:
    program, codes = start("wsgi")
    statuses = everything_that_goes_wrong(program, codes)
    assert statuses[:6] == [200, 422, 422, 422, 422, 403]
    assert min(statuses[10:]) >= 500
    assert "fault" in program.log.read_text("utf-8")  # the log did speak of what went wrong
    assert found_in_logs(program, codes) == set()


def test_control_a_build_that_logs_requests_is_found_out(start: Callable[[str], tuple[Program, list[str]]]) -> None:
    program, codes = start("tests.naive_builds:talks_to_the_log()")
    everything_that_goes_wrong(program, codes)
    assert {WORDS, PHONE, codes[0], codes[1]} <= found_in_logs(program, codes)
