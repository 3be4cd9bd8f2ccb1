"""How many answers a second are taken, durably, beside a bare SQLite loop of the same minute?"""

import secrets
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from .postgres import OwnPostgres
from .power import build_shim
from .running import Program
from .sending import Reply, Senders, fill_sheets

CLIENTS = 32
PERSONS = 2000
SLOW_MS = "8"


def submissions() -> None:
    """32 clients post complete answers: SQLite, an emulated fsync of 8 ms, PostgreSQL with one and two processes.

    The server checks and seals these, as for phones without WebCrypto; in the last two lines the phone has sealed.
    """
    bare = _bare_rate()
    print(f"bare SQLite loop of this minute: {bare:.0f}/s")
    print(f"{'setting':34} {'answers/s':>10} {'ratio':>6} {'median ms':>10} {'p99 ms':>8} {'errors':>7}   budget")
    with tempfile.TemporaryDirectory() as name, OwnPostgres(Path(name) / "server") as server:
        slow = {"LD_PRELOAD": str(build_shim("slow_disk", Path(name))), "SLOW_DISK_MS": SLOW_MS}
        _measure("SQLite", bare, "500/s, p99 250 ms")
        _measure(f"SQLite, fsync {SLOW_MS} ms longer", bare, "300/s", more=slow)
        _measure("PostgreSQL", bare, "500/s, p99 250 ms", server.new_database())
        _measure("PostgreSQL, 2 processes", bare, "500/s, p99 250 ms", server.new_database(), processes=2)
        _measure("SQLite, sealed by the phone", bare, "500/s, p99 250 ms", sealed=True)
        _measure("PostgreSQL, sealed by the phone", bare, "500/s, p99 250 ms", server.new_database(), sealed=True)


def _measure(
    what: str,
    bare: float,
    budget: str,
    address: str = "",
    more: Mapping[str, str] | None = None,
    processes: int = 1,
    sealed: bool = False,
) -> None:
    with tempfile.TemporaryDirectory() as name:
        first = Program(Path(name), address, more=more or {})
        codes = first.make_round(PERSONS)
        programs = [first, *(Program(Path(name), address, more=more or {}) for _ in range(processes - 1))]
        for program in programs:
            program.start()
        sheets = fill_sheets(first.port, codes, sealed)
        senders = Senders([program.port for program in programs], sheets, CLIENTS)
        begin = time.perf_counter()
        senders.start()
        replies = senders.join()
        seconds = time.perf_counter() - begin
        for program in programs:
            program.kill()
    _print(what, replies, seconds, bare, budget)


def _print(what: str, replies: list[Reply], seconds: float, bare: float, budget: str) -> None:
    delays = sorted(1000 * reply.seconds for reply in replies if reply.status == 200)
    rate = len(delays) / seconds
    p99 = delays[int(0.99 * len(delays))]
    figures = f"{rate:>10.0f} {rate / bare:>6.2f} {statistics.median(delays):>10.0f} {p99:>8.0f}"
    print(f"{what:34} {figures} {len(replies) - len(delays):>7}   {budget}", flush=True)


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
