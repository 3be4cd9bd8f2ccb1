"""The program in a process of its own for benches and fault tests: a fresh data folder, an open round, a free port."""

import csv
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path

PROJECT = Path(__file__).parent.parent.parent
_PROGRAM = [sys.executable, "-m", "flask", "--app"]
FLASK = [*_PROGRAM, "wsgi"]


@dataclass
class Program:
    """A server that can be killed and started again; what it says on standard error is kept in `log`.

    `build` names the application; those of tests/naive_builds.py each have one flaw on purpose.
    """

    folder: Path
    database_url: str = ""
    build: str = "wsgi"
    arguments: Sequence[str] = ("serve",)
    more: Mapping[str, str] = field(default_factory=dict)  # further environment of the server, not of commands
    port: int = 0
    process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        self.port = self.port or free_port()

    @property
    def log(self) -> Path:
        return self.folder / "standard-error.log"

    def command(self, *arguments: str) -> None:
        """Run a command of the program on the same data."""
        subprocess.run([*FLASK, *arguments], env=self.environment(), cwd=PROJECT, check=True, stderr=subprocess.DEVNULL)

    def make_round(self, persons: int) -> list[dict[str, str]]:
        """An open round; returns the rows of its codes."""
        self.command("demo", "open-round", "--persons", str(persons), "--out", str(self.folder / "round"))
        with (self.folder / "round" / "codes.csv").open(encoding="utf-8-sig") as file:
            return list(csv.DictReader(file))

    def start(self) -> float:
        """Start and wait for the first page; returns the seconds that took."""
        begin = time.perf_counter()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*_PROGRAM, self.build, *(word.format(port=self.port) for word in self.arguments)],
                env=self.environment() | self.more,
                cwd=PROJECT,
                stderr=log,
                start_new_session=True,
            )
        for _ in range(400):
            if self.process.poll() is not None:
                raise RuntimeError(self.log.read_text("utf-8", "replace")[-2000:])
            connection = HTTPConnection("127.0.0.1", self.port, timeout=5)
            try:
                connection.request("GET", "/p")
                connection.getresponse().read()
                return time.perf_counter() - begin
            except (OSError, HTTPException):
                time.sleep(0.05)
            finally:
                connection.close()
        raise RuntimeError("the server did not start")

    def kill(self) -> None:
        """End the process at once, as a power cut does for the program (not for the disk)."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def environment(self) -> dict[str, str]:
        """What the program is started with."""
        given = {"SURVEY_DATA": str(self.folder), "PORT": str(self.port)}
        return os.environ | given | ({"DATABASE_URL": self.database_url} if self.database_url else {})


@dataclass(frozen=True)
class Running:
    """A running server with an open round."""

    port: int
    folder: Path
    codes: list[dict[str, str]]
    started_after: float  # seconds until the first page


@contextmanager
def running_round(persons: int, database_url: str = "", more: Mapping[str, str] | None = None) -> Iterator[Running]:
    """An open round of `persons` persons behind a server in a process of its own."""
    with tempfile.TemporaryDirectory() as name:
        program = Program(Path(name), database_url, more=more or {})
        codes = program.make_round(persons)
        try:
            yield Running(program.port, program.folder, codes, program.start())
        finally:
            program.kill()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
