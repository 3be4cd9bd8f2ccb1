"""How many answers a second are taken, durably, beside a bare SQLite loop of the same minute?"""

import json
import secrets
import sqlite3
import statistics
import tempfile
import threading
import time
from http.client import HTTPConnection
from pathlib import Path

from .running import Running, running_round

CLIENTS = 32
PERSONS = 2000


def throughput() -> None:
    """32 clients post complete answers of 30 questions; prints rate, delays and the ratio to a bare loop."""
    with running_round(PERSONS) as server:
        bodies = _bodies(server)
        delays: list[float] = []
        lock = threading.Lock()
        waiting = iter(bodies)

        def client() -> None:
            connection = HTTPConnection("127.0.0.1", server.port, timeout=30)
            while True:
                with lock:
                    body = next(waiting, None)
                if body is None:
                    return
                begin = time.perf_counter()
                connection.request("POST", "/p/answers", body, {"Content-Type": "application/json"})
                answer = connection.getresponse()
                answer.read()
                assert answer.status == 200, answer.status
                delays.append(time.perf_counter() - begin)

        begin = time.perf_counter()
        threads = [threading.Thread(target=client) for _ in range(CLIENTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        rate = len(bodies) / (time.perf_counter() - begin)
        bare = _bare_rate()
        delays.sort()
        print(f"answers/s {rate:.0f}   bare SQLite loop/s {bare:.0f}   ratio {rate / bare:.2f}")
        print(f"median {1000 * statistics.median(delays):.0f} ms   p99 {1000 * delays[int(0.99 * len(delays))]:.0f} ms")


def _bodies(server: Running) -> list[str]:
    """One complete answer for each person of the round, by the questionnaire that the server hands out."""
    connection = HTTPConnection("127.0.0.1", server.port, timeout=30)
    answers: dict[str, dict[str, str]] = {}
    bodies = []
    for row in server.codes:
        if row["group"] not in answers:
            connection.request(
                "POST", "/p/open", json.dumps({"code": row["code"]}), {"Content-Type": "application/json"}
            )
            opened = json.loads(connection.getresponse().read())
            answers[row["group"]] = _answers(opened["questionnaire"])
        sending = {"code": row["code"], "submission": secrets.token_hex(16), "answers": answers[row["group"]]}
        bodies.append(json.dumps(sending))
    return bodies


def _answers(questionnaire: dict) -> dict[str, str]:  # type: ignore[type-arg]
    chosen = {}

    def walk(items: list[dict]) -> None:  # type: ignore[type-arg]
        for item in items:
            walk(item.get("items", []))
            if item["kind"] == "select_one":
                chosen[item["name"]] = questionnaire["lists"][item["list"]][0]["name"]

    walk(questionnaire["items"])
    return chosen


def _bare_rate(rounds: int = 1500) -> float:
    """The same kind of transaction (look up, update, insert 8 kB), one thread, no program around it."""
    with tempfile.TemporaryDirectory() as name:
        connection = sqlite3.connect(Path(name) / "bare.sqlite", isolation_level=None)
        connection.executescript(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON;"
            "CREATE TABLE code (hash TEXT PRIMARY KEY, person INTEGER) WITHOUT ROWID;"
            "CREATE TABLE person (id INTEGER PRIMARY KEY, state TEXT);"
            "CREATE TABLE envelope (id TEXT PRIMARY KEY, person INTEGER UNIQUE, sealed BLOB) WITHOUT ROWID;"
        )
        connection.execute("BEGIN")
        for number in range(rounds):
            connection.execute("INSERT INTO code VALUES (?, ?)", (str(number), number))
            connection.execute("INSERT INTO person VALUES (?, 'unused')", (number,))
        connection.execute("COMMIT")
        sealed = secrets.token_bytes(8192)
        begin = time.perf_counter()
        for number in range(rounds):
            connection.execute("BEGIN IMMEDIATE")
            person = connection.execute("SELECT person FROM code WHERE hash = ?", (str(number),)).fetchone()[0]
            connection.execute("UPDATE person SET state = 'received' WHERE id = ? AND state = 'unused'", (person,))
            connection.execute("INSERT INTO envelope VALUES (?, ?, ?)", (secrets.token_hex(16), person, sealed))
            connection.execute("COMMIT")
        return rounds / (time.perf_counter() - begin)
