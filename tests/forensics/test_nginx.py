"""The real nginx with the configuration that ships writes down nothing of a respondent; a usual one links everybody."""

import http.client
import os
import random
import shutil
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.bench.running import PROJECT, Program, free_port
from tests.bench.sending import Sheet, fill_sheets
from tests.personal_data.byte_search import forms

NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx-light is not installed")

WORDS = "chimvangkhuyenhotrongvuon"
PERSONS = 12
USED = PERSONS + 2  # and two more for what goes wrong
ADDRESS = "127.77.1."  # each person sends from an address of the own

# What Debian's own nginx.conf has around a site: both logs on.
AROUND = """
daemon off; {user} pid {folder}/nginx.pid; error_log {folder}/error.log info;
events {{ worker_connections 256; }}
http {{
  access_log {folder}/access.log combined;
  client_body_temp_path {folder}/temp-body; proxy_temp_path {folder}/temp-proxy;
  fastcgi_temp_path {folder}/temp-f; uwsgi_temp_path {folder}/temp-u; scgi_temp_path {folder}/temp-s;
  {site}
}}
"""
NAIVE = """
server {
  listen 127.0.0.1:443 ssl; server_name khaosat.example;
  ssl_certificate /etc/ssl/khaosat/fullchain.pem; ssl_certificate_key /etc/ssl/khaosat/privkey.pem;
  client_max_body_size 6m;
  location / { proxy_pass http://127.0.0.1:8000; proxy_set_header Host $host; }
}
"""


@dataclass
class Front:
    """A running nginx before a running program."""

    folder: Path
    port: int
    program: Program
    server: subprocess.Popen[bytes] | None = None

    def ask(self, method: str, path: str, body: bytes = b"", person: int = 1, **headers: str) -> tuple[int, str]:
        """Status and content of one request from the address of a person; referrers and cookies as given."""
        context = ssl._create_unverified_context()  # noqa: S323 - our own certificate on our own machine
        connection = http.client.HTTPSConnection(
            "localhost", self.port, timeout=30, context=context, source_address=(f"{ADDRESS}{person}", 0)
        )
        headers = {"Content-Type": "application/json", "Host": "localhost"} | headers
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode("utf-8", "replace")
        except (
            ConnectionResetError,
            BrokenPipeError,
            ssl.SSLEOFError,
        ):  # refused in the middle of a body that is too large
            return 413, ""
        finally:
            connection.close()

    def written(self) -> bytes:
        """Every byte in logs and temporary folders."""
        return b"".join(path.read_bytes() for path in sorted(self.folder.rglob("*")) if self._is_own(path))

    def spooled(self) -> list[str]:
        """Temporary files that nginx has open now; it takes their names away at once, not their bytes on the disk."""
        assert self.server is not None
        workers = Path(f"/proc/{self.server.pid}/task/{self.server.pid}/children").read_text().split()
        opened = [os.readlink(link) for worker in workers for link in Path(f"/proc/{worker}/fd").iterdir()]
        return [name for name in opened if "/temp-" in name]

    @staticmethod
    def _is_own(path: Path) -> bool:
        return path.is_file() and path.suffix not in (".pem", ".conf")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Program, list[dict[str, str]]]]:
    """The program with an open round, and its codes; each test uses those that are left."""
    program = Program(tmp_path_factory.mktemp("data"), more={"TRUSTED_PROXIES": "1"})
    codes = program.make_round(2 * USED)
    yield program, codes
    program.kill()


@pytest.fixture
def start(
    program: tuple[Program, list[dict[str, str]]], tmp_path: Path
) -> Iterator[Callable[[str], tuple[Front, list[Sheet]]]]:
    """`start(site)`: the program behind nginx with that site, and complete sendings of persons."""
    running: list[subprocess.Popen[bytes]] = []

    def run(site: str) -> tuple[Front, list[Sheet]]:
        behind, codes = program
        behind.start()
        sheets = fill_sheets(behind.port, [codes.pop() for _ in range(USED)])
        front = Front(tmp_path / "nginx", free_port(), behind)
        for name in ("temp-body", "temp-proxy"):
            (front.folder / name).mkdir(parents=True)
        front.server = start_nginx(front, site)
        running.append(front.server)
        return front, sheets

    yield run
    for server in running:
        server.terminate()
        server.wait(20)


def start_nginx(front: Front, site: str) -> subprocess.Popen[bytes]:
    """nginx as the user who tests, with `site` on free ports and a certificate made for it."""
    make_certificate(front.folder)
    changes = {
        "khaosat.example": "localhost",
        "/etc/ssl/khaosat": str(front.folder),
        "127.0.0.1:8000": f"127.0.0.1:{front.program.port}",
        "listen [::]:": "# listen ",
        "listen 443": f"listen 127.0.0.1:{front.port}",
        "listen 127.0.0.1:443": f"listen 127.0.0.1:{front.port}",
        "listen 80": f"listen 127.0.0.1:{free_port()}",
    }
    for old, new in changes.items():
        site = site.replace(old, new)
    file = front.folder / "nginx.conf"
    user = "user root;" if os.geteuid() == 0 else ""
    file.write_text(AROUND.format(folder=front.folder, site=site, user=user), "utf-8")
    assert NGINX is not None
    server = subprocess.Popen([NGINX, "-c", str(file), "-p", str(front.folder), "-e", str(front.folder / "error.log")])
    for _ in range(200):
        assert server.poll() is None, (front.folder / "error.log").read_text()
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", front.port)) == 0:
                return server
        time.sleep(0.05)
    raise RuntimeError("nginx did not start")


def make_certificate(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    (folder / "fullchain.pem").write_bytes(made.public_bytes(Encoding.PEM))
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "privkey.pem").write_bytes(private)


def everybody_answers(front: Front, sheets: list[Sheet]) -> list[str]:
    """Persons open a link that a messenger has rewritten (the code in it) and send; returns codes in that order."""
    order = random.sample(range(PERSONS), PERSONS)
    for person in order:
        code = sheets[person].code
        front.ask("GET", f"/p?code={code}", person=person + 1)
        referrer = f"https://localhost/p?code={code}"
        status, _words = front.ask("POST", "/p/answers", sheets[person].body.encode(), person + 1, Referer=referrer)
        assert status == 200
    return [sheets[person].code for person in order]


def everything_goes_wrong(front: Front, code: str) -> list[int]:
    """What is refused, too large, malformed, cut off, and met while the program is down; statuses of the last three."""
    front.ask("GET", f"/p/{code}", person=40, Referer=f"https://localhost/p#{code}", Cookie=f"code={code}")
    front.ask("POST", f"/phieu/{code}", f"code={code}&y_kien={WORDS}".encode(), 40)
    front.ask("BREW", f"/p?code={code}", WORDS.encode(), 40)
    front.ask("GET", "/p?" + f"code={code}&" * 2000, person=40)
    half = ssl._create_unverified_context().wrap_socket(socket.create_connection(("127.0.0.1", front.port)))  # noqa: S323
    half.sendall(f"POST /p/{code} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999\r\n\r\n{WORDS}".encode())
    half.close()
    large = front.ask("POST", f"/p/answers?code={code}", WORDS.encode() * 300_000, 40)
    front.program.kill()
    down = front.ask("POST", f"/p/answers?code={code}", WORDS.encode() * 4000, 40, Referer=f"https://x/p?code={code}")
    link = front.ask("GET", f"/p?code={code}", person=40)
    return [large[0], down[0], link[0]]


def canaries(codes: list[str]) -> dict[str, set[bytes]]:
    """What must not be found: codes, own words, addresses."""
    return {word: forms(word) for word in [*codes, WORDS, ADDRESS]}


def test_with_the_site_that_ships_nothing_of_a_respondent_is_written(
    start: Callable[[str], tuple[Front, list[Sheet]]],
) -> None:
    front, sheets = start((PROJECT / "docs" / "nginx.conf").read_text("utf-8"))
    before = front.written()
    codes = everybody_answers(front, sheets)
    assert in_flight(front, sheets[PERSONS]) == []
    large, down, link = everything_goes_wrong(front, sheets[PERSONS + 1].code)
    assert (large, down, link) == (413, 503, 503)
    assert "Máy chủ đang tạm nghỉ" in front.ask("GET", "/p")[1]
    written = front.written()
    searched = canaries([*codes, sheets[PERSONS].code, sheets[PERSONS + 1].code])
    assert [word for word, shapes in searched.items() if any(shape in written for shape in shapes)] == []
    assert len(written) == len(before)  # no line at all, so that no time and no count is told either
    assert found_in_program_log(front, codes) == []


def found_in_program_log(front: Front, codes: list[str]) -> list[str]:
    """The program behind, which is given the address by nginx, does not write it down either."""
    content = front.program.log.read_bytes()
    return [word for word, shapes in canaries(codes).items() if any(shape in content for shape in shapes)]


def posts_in(log: Path, count: int) -> list[str]:
    """The lines of that many answers in a log; nginx writes a line a moment after the answer has gone out."""
    for _ in range(100):
        sent = [line for line in log.read_text("utf-8").splitlines() if "POST /p/answers" in line]
        if len(sent) >= count:
            break
        time.sleep(0.05)
    return sent


def in_flight(front: Front, sheet: Sheet) -> list[str]:
    """Temporary files while a body of 40 kB waits for a program that does not read."""
    assert front.program.process is not None
    os.killpg(front.program.process.pid, signal.SIGSTOP)
    try:
        context = ssl._create_unverified_context()  # noqa: S323
        client = context.wrap_socket(socket.create_connection(("127.0.0.1", front.port)))
        body = sheet.body.encode() + WORDS.encode() * 1600
        head = f"POST /p/answers HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
        client.sendall(head.encode() + body)
        time.sleep(0.7)
        found = front.spooled()
        client.close()
    finally:
        os.killpg(front.program.process.pid, signal.SIGCONT)
    return found


def test_control_a_usual_site_tells_who_answered_in_which_order(
    start: Callable[[str], tuple[Front, list[Sheet]]],
) -> None:
    front, sheets = start(NAIVE)
    codes = everybody_answers(front, sheets)
    sent = posts_in(front.folder / "access.log", len(codes))
    assert [next(code for code in codes if code in line) for line in sent] == codes  # every pair, in order
    spooled = in_flight(front, sheets[PERSONS])
    assert spooled
    code = sheets[PERSONS + 1].code
    everything_goes_wrong(front, code)
    assert code in (front.folder / "error.log").read_text("utf-8")
