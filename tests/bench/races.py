"""Does every code count once, whatever is sent twice, cut off or half sent? RE-04, RE-05, RE-06, RE-21 of the bars."""

import random
import secrets
import socket
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from .outcome import Outcome
from .running import Program
from .sending import Sheet, envelopes_by_code, fill_sheets, is_whole, send, sql

AT_ONCE = 20
HALF_OPEN = 64


@contextmanager
def _running(persons: int, address: str, build: str) -> Iterator[tuple[Program, list[Sheet]]]:
    with tempfile.TemporaryDirectory() as name:
        program = Program(Path(name), address, build)
        codes = program.make_round(persons)
        program.start()
        try:
            yield program, fill_sheets(program.port, codes)
        finally:
            program.kill()


def posts_at_once(tokens: int, address: str = "", build: str = "wsgi", processes: int = 1) -> Outcome:
    """RE-04: twenty different sendings of one code at the same moment, for each code; exactly one is taken."""
    where = f"PostgreSQL, {processes} processes" if address else "SQLite"
    outcome = Outcome("RE-04", f"{AT_ONCE} posts of one code at once, {where}")
    with _running(tokens, address, build) as (program, sheets):
        more = [Program(program.folder, address, build) for _ in range(processes - 1)]
        for one in more:
            one.start()
        ports = [program.port, *(one.port for one in more)]
        barrier = threading.Barrier(AT_ONCE)

        def post(place: int, sheet: Sheet) -> int:
            body = sheet.body.replace('"submission": "', f'"submission": "{secrets.token_hex(4)}')
            barrier.wait()
            return send(ports[place % len(ports)], sheet, body).status

        with ThreadPoolExecutor(AT_ONCE) as pool:
            for sheet in sheets:
                found = Counter(pool.map(post, range(AT_ONCE), [sheet] * AT_ONCE))
                outcome.runs += 1
                outcome.acknowledged += found[200]
                outcome.refused += abs(found[409] - (AT_ONCE - 1))
        for one in more:
            one.kill()
        outcome.doubled += outcome.acknowledged - len(sheets)
        outcome.lost += sum(count != 1 for count in envelopes_by_code(program, [s.code for s in sheets]).values())
    return outcome


def cut_connections(cuts: int, address: str = "", build: str = "wsgi") -> Outcome:
    """RE-05: the connection is cut at a random place, the same sending follows: always a success, stored once."""
    outcome = Outcome("RE-05", f"connection cut, then the same again, {'PostgreSQL' if address else 'SQLite'}")
    places: Counter[str] = Counter()
    with _running(cuts, address, build) as (program, sheets):
        for sheet in sheets:
            place = random.choice(list(CUTS))
            places[place] += 1
            CUTS[place](program.port, sheet)
            again = send(program.port, sheet)
            outcome.runs += 1
            outcome.acknowledged += again.status == 200
            outcome.refused += again.status != 200
        stored = envelopes_by_code(program, [sheet.code for sheet in sheets])
        outcome.lost += sum(stored[sheet.code] == 0 for sheet in sheets)
        outcome.doubled += sum(stored[sheet.code] > 1 for sheet in sheets)
        outcome.unsound += not is_whole(program)
    outcome.note = ", ".join(f"{place} {count}" for place, count in sorted(places.items()))
    return outcome


def _request(sheet: Sheet) -> tuple[bytes, bytes]:
    body = sheet.body.encode()
    head = (
        "POST /p/answers HTTP/1.1",
        "Host: 127.0.0.1",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        "",
        "",
    )
    return "\r\n".join(head).encode(), body


def _cut_after(port: int, data: bytes, wait_for: int | None) -> None:
    """Sends the bytes, reads so many of the answer (none: does not wait for one), and breaks the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        # Closing with unsent or unread data and no lingering resets the connection, as a lost network does.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        connection.sendall(data)
        if wait_for is not None:
            connection.recv(wait_for)


def _before_headers(port: int, sheet: Sheet) -> None:
    head, _ = _request(sheet)
    _cut_after(port, head[: random.randrange(len(head))], None)


def _mid_body(port: int, sheet: Sheet) -> None:
    head, body = _request(sheet)
    _cut_after(port, head + body[: random.randrange(1, len(body))], None)


def _before_answer(port: int, sheet: Sheet) -> None:
    head, body = _request(sheet)
    _cut_after(port, head + body, None)


def _after_commit(port: int, sheet: Sheet) -> None:
    """Stored for certain (the first byte of the answer came), and the person never sees the answer."""
    head, body = _request(sheet)
    _cut_after(port, head + body, 1)


def _mid_answer(port: int, sheet: Sheet) -> None:
    head, body = _request(sheet)
    _cut_after(port, head + body, 40)


CUTS: dict[str, Callable[[int, Sheet], None]] = {
    "headers": _before_headers,
    "body": _mid_body,
    "no answer": _before_answer,
    "after commit": _after_commit,
    "mid-answer": _mid_answer,
}


def changed_answers(runs: int, address: str = "", build: str = "wsgi") -> Outcome:
    """RE-06: the same submission with other answers is refused, and the first ones stay."""
    outcome = Outcome("RE-06", f"same submission, changed answers, {'PostgreSQL' if address else 'SQLite'}")
    with _running(runs, address, build) as (program, sheets):
        for sheet in sheets:
            outcome.runs += 1
            outcome.acknowledged += send(program.port, sheet).status == 200
            with sql(program) as cursor:
                cursor.execute("SELECT count(*), sum(length(sealed)) FROM envelope")
                before = cursor.fetchone()
            changed = sheet.body.replace(_first_answer(sheet), _other_answer(sheet))
            outcome.refused += send(program.port, sheet, changed).status != 409
            outcome.refused += send(program.port, sheet).status != 200
            with sql(program) as cursor:
                cursor.execute("SELECT count(*), sum(length(sealed)) FROM envelope")
                outcome.doubled += cursor.fetchone() != before
    return outcome


def _first_answer(sheet: Sheet) -> str:
    """The first answer that has a neighbour on a scale of five, as it stands in the body."""
    return next(pair for pair in sheet.body.split(", ") if pair.endswith(('": "1"', '": "5"')))


def _other_answer(sheet: Sheet) -> str:
    return _first_answer(sheet)[:-2] + '3"'


def half_open(runs: int, arguments: Sequence[str] = ("serve",)) -> Outcome:
    """RE-21: 64 connections that never finish their headers or bodies; somebody else is served within a second."""
    outcome = Outcome("RE-21", f"{HALF_OPEN} half-open connections, another person served in 1 s")
    slowest = 0.0
    with tempfile.TemporaryDirectory() as name:
        program = Program(Path(name), arguments=arguments)
        program.command("setup")
        program.start()
        for number in range(runs):
            held = [socket.create_connection(("127.0.0.1", program.port)) for _ in range(HALF_OPEN)]
            for place, connection in enumerate(held):
                unfinished_body = b"Content-Type: application/json\r\nContent-Length: 5000\r\n\r\n{"
                connection.sendall(b"POST /p/answers HTTP/1.1\r\nHost: 127.0.0.1\r\n")
                if (place + number) % 2:
                    connection.sendall(unfinished_body)
            time.sleep(0.2)
            seconds = _seconds_for_a_page(program.port)
            slowest = max(slowest, seconds)
            outcome.runs += 1
            outcome.acknowledged += seconds < 1
            outcome.refused += seconds >= 1
            for connection in held:
                connection.close()
        program.kill()
    outcome.note = f"slowest {slowest:.2f} s"
    return outcome


def _seconds_for_a_page(port: int) -> float:
    begin = time.perf_counter()
    connection = HTTPConnection("127.0.0.1", port, timeout=3)
    try:
        connection.request("GET", "/p")
        connection.getresponse().read()
    except (OSError, HTTPException):
        return 3.0
    finally:
        connection.close()
    return time.perf_counter() - begin
