"""Many people send at once, every acknowledgement is written down, and afterwards the database is asked what it has."""

import json
import secrets
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import psycopg

from survey_app.access_codes.codes import hash_of, normalise
from survey_app.answers.envelope import seal
from survey_app.answers.keys import from_text, to_text
from survey_app.answers.payload import Rating, write_payload
from survey_app.config import read_keys

from .running import Program

JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Sheet:
    """One person's complete sending."""

    code: str
    body: str


@dataclass(frozen=True)
class Reply:
    """What one sending met: a status, or 0 for a connection that broke; when, by the monotonic clock."""

    sheet: Sheet
    status: int
    at: int
    seconds: float = 0.0
    retry_after: str | None = None


def fill_sheets(port: int, codes: Sequence[dict[str, str]], sealed: bool = False) -> list[Sheet]:
    """A complete answer for each code, by the questionnaire that the server hands out; `sealed` as a phone does it."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    opened: dict[str, dict[str, Any]] = {}
    sheets = []
    for row in codes:
        if row["group"] not in opened:
            connection.request("POST", "/p/open", json.dumps({"code": row["code"]}), JSON)
            opened[row["group"]] = json.loads(connection.getresponse().read())
        form = opened[row["group"]]
        answers = _complete(form["questionnaire"])
        answered = {"envelope": _sealed(form, answers)} if sealed else {"answers": answers}
        content = {"code": row["code"], "submission": secrets.token_hex(16)} | answered
        sheets.append(Sheet(row["code"], json.dumps(content)))
    connection.close()
    return sheets


def _sealed(form: dict[str, Any], answers: dict[str, str]) -> str:
    """The answers as the envelope that a phone makes of them."""
    payload = write_payload(form["questionnaire_version"], [Rating(form["rated_units"][0]["id"], answers)])
    keys = [from_text(key["public_key"]) for key in form["keys"]]
    return to_text(seal(payload, keys, form["round"]["code"], form["key_mode"], form["envelope_size"]))


def _complete(questionnaire: dict[str, Any]) -> dict[str, str]:
    chosen: dict[str, str] = {}

    def walk(items: list[dict[str, Any]]) -> None:
        for item in items:
            walk(item.get("items", []))
            if item["kind"] == "select_one":
                chosen[item["name"]] = questionnaire["lists"][item["list"]][0]["name"]

    walk(questionnaire["items"])
    return chosen


def send(port: int, sheet: Sheet, body: str | None = None) -> Reply:
    """One sending over a connection of its own."""
    begin = time.perf_counter()
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("POST", "/p/answers", body or sheet.body, JSON)
        answer = connection.getresponse()
        answer.read()
        retry = answer.getheader("Retry-After")
        return Reply(sheet, answer.status, time.monotonic_ns(), time.perf_counter() - begin, retry)
    except (OSError, HTTPException):
        return Reply(sheet, 0, time.monotonic_ns(), time.perf_counter() - begin)
    finally:
        connection.close()


@dataclass
class Senders:
    """So many clients that send one sheet after another until all are sent, `stop` is called or the server is gone."""

    ports: Sequence[int]
    sheets: Sequence[Sheet]
    clients: int = 16
    give_up: bool = True  # a client whose connection breaks stops; else it goes on with the next sheet
    replies: list[Reply] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)
    _ended: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        waiting = iter(self.sheets)
        lock = threading.Lock()

        def work(port: int) -> None:
            connection = HTTPConnection("127.0.0.1", port, timeout=30)
            while not self._ended.is_set():
                with lock:
                    sheet = next(waiting, None)
                if sheet is None:
                    break
                begin = time.perf_counter()
                try:
                    connection.request("POST", "/p/answers", sheet.body, JSON)
                    answer = connection.getresponse()
                    answer.read()
                    status, retry = answer.status, answer.getheader("Retry-After")
                except (OSError, HTTPException):
                    connection.close()
                    status, retry = 0, None
                self.replies.append(Reply(sheet, status, time.monotonic_ns(), time.perf_counter() - begin, retry))
                if status == 0 and self.give_up:
                    break
            connection.close()

        ports = [self.ports[number % len(self.ports)] for number in range(self.clients)]
        self._threads = [threading.Thread(target=work, args=(port,)) for port in ports]
        for thread in self._threads:
            thread.start()

    def join(self) -> list[Reply]:
        for thread in self._threads:
            thread.join()
        return self.replies

    def stop(self) -> list[Reply]:
        self._ended.set()
        return self.join()


def acknowledged(replies: Sequence[Reply]) -> Counter[str]:
    """Code → how often its holder was told «received»."""
    return Counter(reply.sheet.code for reply in replies if reply.status == 200)


@contextmanager
def sql(program: Program, file: Path | None = None) -> Iterator[Any]:
    """A cursor beside the program; `file` is another SQLite file than that of the program."""
    connection: Any
    if program.database_url:
        connection = psycopg.connect(program.database_url)
    else:
        connection = sqlite3.connect(file or program.folder / "survey.sqlite")
    try:
        yield connection.cursor()
        connection.commit()
    finally:
        connection.close()


def envelopes_by_code(program: Program, codes: Sequence[str], file: Path | None = None) -> Counter[str]:
    """Code → number of envelopes that lie under its invitation."""
    pepper = read_keys(program.folder / "keys.json").pepper
    with sql(program, file) as cursor:
        cursor.execute(
            "SELECT code_hash FROM access_code JOIN envelope ON envelope.invitation_id = access_code.invitation_id"
        )
        stored = Counter(row[0] for row in cursor.fetchall())
    return Counter({code: stored[hash_of(str(normalise(code)), pepper)] for code in codes})


def is_whole(program: Program, file: Path | None = None) -> bool:
    """The file is sound, and as many invitations are received as envelopes lie there."""
    with sql(program, file) as cursor:
        if not program.database_url:
            cursor.execute("PRAGMA integrity_check")
            if cursor.fetchall() != [("ok",)]:
                return False
        cursor.execute("SELECT count(*) FROM envelope")
        envelopes = cursor.fetchone()[0]
        cursor.execute("SELECT count(*) FROM invitation WHERE state = 'received'")
        return bool(envelopes == cursor.fetchone()[0])


def forget_answers(program: Program) -> None:
    """As before the first answer, so that the same codes serve again."""
    with sql(program) as cursor:
        cursor.execute("DELETE FROM envelope")
        cursor.execute("UPDATE invitation SET state = 'unused', replay_digest = NULL")
