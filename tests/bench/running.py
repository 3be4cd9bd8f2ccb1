"""A server of its own for a bench: a fresh data folder, an open round, a free port."""

import csv
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

PROJECT = Path(__file__).parent.parent.parent
FLASK = [sys.executable, "-m", "flask", "--app", "wsgi"]


@dataclass(frozen=True)
class Running:
    """A running server with an open round."""

    port: int
    folder: Path
    codes: list[dict[str, str]]
    started_after: float  # seconds until the first page


@contextmanager
def running_round(persons: int) -> Iterator[Running]:
    """An open round of `persons` persons behind a server in a process of its own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        port = _free_port()
        environment = os.environ | {"SURVEY_DATA": name, "PORT": str(port)}
        make = [*FLASK, "demo", "open-round", "--persons", str(persons), "--out", str(folder / "round")]
        subprocess.run(make, env=environment, cwd=PROJECT, check=True, stderr=subprocess.DEVNULL)
        begin = time.perf_counter()
        server = subprocess.Popen([*FLASK, "serve"], env=environment, cwd=PROJECT, stderr=subprocess.DEVNULL)
        try:
            _wait_for(port)
            started_after = time.perf_counter() - begin
            with (folder / "round" / "codes.csv").open(encoding="utf-8-sig") as file:
                yield Running(port, folder, list(csv.DictReader(file)), started_after)
        finally:
            server.terminate()
            server.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int) -> None:
    for _ in range(200):
        try:
            connection = HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/p")
            connection.getresponse().read()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("the server did not start")
