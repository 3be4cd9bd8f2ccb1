"""What the tests of the phone share: a line that can be cut, and the way through the short questionnaire."""

import contextlib
import re
import socket
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Page
from sqlalchemy import select

from survey_app.answers.envelope import open_envelope
from survey_app.answers.models import Envelope
from survey_app.answers.payload import read_payload
from tests.answers.make import OpenRound
from tests.browser_fixtures import Server

ANSWERED = {
    "b_lam_tt": "co",
    "q_5_6_3": "4",
    "q_5_6_2": "KB",
    "b_so_lan": 2,
    "b_kenh": ["mang"],
    "y_kien": "Thêm ghế ngồi chờ",
}
STEPS = (
    ("#q-b_lam_tt-co", None),
    ("#q-q_5_6_3-4", None),
    ("#q-q_5_6_2-KB", None),
    ("#q-b_so_lan", "2"),
    ("#q-b_kenh-mang", None),
    ("#q-y_kien", "Thêm ghế ngồi chờ"),
)
_REQUEST = re.compile(rb"^(?:GET|POST) (\S+) HTTP/1", re.MULTILINE)
NOTHING = {"drafts": 0, "forms": 0, "outbox": 0}  # what `left_on_device` tells of an empty phone


class Line:
    """The network between a phone and the server, on a port of its own: it can be cut, or lose answers.

    It counts what passes, whoever on the phone asks for it: the page, its worker or another tab.
    """

    def __init__(self, server_url: str) -> None:
        self.is_cut = False
        self.loses_answers = False  # the server gets what is sent, the phone hears nothing
        self.requests: list[str] = []  # paths, in the order of asking
        self.received = 0  # bytes that came to the phone, heads included
        self._target = (urlsplit(server_url).hostname, urlsplit(server_url).port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: set[socket.socket] = set()
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._threads: list[threading.Thread] = []
        self._start(self._listen)

    def cut(self) -> None:
        """No network from now on; what is under way breaks off."""
        self.is_cut = True
        for end in list(self._open):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        """The network is back."""
        self.is_cut = self.loses_answers = False

    def close(self) -> None:
        """Ends every connection and listens no longer."""
        self.cut()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(timeout=5)
        self._listener.close()

    def _start(self, work: Callable[..., None], *values: Any) -> threading.Thread:
        thread = threading.Thread(target=work, args=values, daemon=True)
        self._threads.append(thread)
        thread.start()
        return thread

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                phone, _address = self._listener.accept()
                if self.is_cut:
                    phone.close()
                else:
                    self._start(self._connect, phone)

    def _connect(self, phone: socket.socket) -> None:
        with phone, socket.create_connection(self._target) as server:
            self._open |= {phone, server}
            back = self._start(self._carry, server, phone, True)
            self._carry(phone, server, False)
            back.join()
            self._open -= {phone, server}

    def _carry(self, source: socket.socket, target: socket.socket, is_answer: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if is_answer and self.loses_answers:
                    break
                if is_answer:
                    self.received += len(data)
                else:
                    self.requests += [path.decode() for path in _REQUEST.findall(data)]
                target.sendall(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


def open_link(page: Page, url: str, code: str) -> None:
    """The personal link, until the page before the first question."""
    page.goto(f"{url}/p#{code}")
    page.get_by_role("button", name="Bắt đầu trả lời").wait_for()


def keep_offline(page: Page) -> None:
    """Waits until the service worker holds the shell."""
    page.evaluate("navigator.serviceWorker.ready")
    page.wait_for_function("() => navigator.serviceWorker.controller")


def keep_ahead(page: Page) -> None:
    """Waits until the worker holds the promise and the pages of the other language, some seconds after an answer."""
    page.evaluate("""async () => {
      while (!(await caches.match("/cam-ket?lang=en"))) await new Promise((resolve) => setTimeout(resolve, 50));
    }""")


def forward(page: Page) -> None:
    """The main button of the page."""
    page.click("#actions .button.main")


def answer(page: Page, check: Any = None, steps: Any = STEPS) -> None:
    """From the page before the first question to the review; `check` looks at every screen."""
    forward(page)
    for field, text in steps:
        page.locator(field).wait_for()
        page.check(field) if text is None else page.fill(field, text)
        if check:
            check(page)
        forward(page)
    page.locator("dl[data-rest]").wait_for()


def heading(page: Page, text: str) -> None:
    """Waits until the page has this heading."""
    page.get_by_role("heading", level=1, name=text, exact=True).wait_for()


def left_on_device(page: Page) -> dict[str, int]:
    """How many rows each store of the phone holds."""
    return page.evaluate("""async () => {
      const request = indexedDB.open("survey");
      await new Promise((resolve) => { request.onsuccess = resolve; });
      const counts = {};
      for (const name of request.result.objectStoreNames) {
        const all = request.result.transaction(name).objectStore(name).count();
        await new Promise((resolve) => { all.onsuccess = resolve; });
        counts[name] = all.result;
      }
      request.result.close();
      return counts;
    }""")


def received(server: Server, made: OpenRound) -> list[dict[str, Any]]:
    """The answers that have arrived, opened."""
    with server.database.reading() as session:
        sealed = session.scalars(select(Envelope.sealed)).all()
    payloads = [read_payload(open_envelope(one, made.private_keys[:1], made.round.code)) for one in sealed]
    return [payload.ratings[0].answers for payload in payloads]
