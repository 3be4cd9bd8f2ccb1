"""A running server and a real Chromium, for the tests that click."""

import contextlib
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import waitress
from axe_playwright_python.sync_playwright import Axe
from playwright._impl._driver import compute_driver_executable
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from survey_app import create_app
from survey_app.config import read_settings
from survey_app.static_files import with_static_files
from survey_app.users.models import User
from tests.make import sign_in_client

expect.set_options(timeout=15_000)  # a page may be late on a busy machine
NODE = compute_driver_executable()[0]  # Playwright brings its own
PHONE = {"width": 390, "height": 844}
OFFICE = {"width": 1280, "height": 800}
# Chromium as root needs no-sandbox; the rest keeps it from calling home.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def run_until_closed(server: Any) -> None:
    """Serve until somebody closes the sockets: the loop may stand in `select` on them at that moment."""
    with contextlib.suppress(OSError, ValueError):
        server.run()


class Server:
    """The program as `./run` serves it, on a free port."""

    def __init__(self, folder: Path) -> None:
        probe = waitress.create_server(lambda *_: [], host="127.0.0.1", port=0)
        port = probe.effective_port
        probe.close()
        self.url = f"http://127.0.0.1:{port}"
        self.folder = folder
        self.app = create_app(read_settings({"SURVEY_DATA": str(folder), "SURVEY_URL": self.url, "PORT": str(port)}))
        self.database = self.app.extensions["survey_database"]
        self._server = waitress.create_server(
            with_static_files(self.app, folder), host="127.0.0.1", port=port, threads=16
        )
        self._thread = threading.Thread(target=run_until_closed, args=(self._server,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._server.close()
        self._thread.join(timeout=5)
        self._server.task_dispatcher.shutdown()
        self.database.close()


@pytest.fixture
def server(tmp_path: Path, migrated_sqlite: Path) -> Iterator[Server]:
    """A running server on a fresh SQLite database with all tables."""
    shutil.copy(migrated_sqlite, tmp_path / "survey.sqlite")
    running = Server(tmp_path)
    yield running
    running.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(FLAGS))
        yield chromium
        chromium.close()


@pytest.fixture
def new_context(browser: Browser, tmp_path: Path) -> Iterator[Callable[..., BrowserContext]]:
    """A new profile: `new_context(viewport=PHONE, java_script_enabled=False)`. Faults of scripts fail the test.

    The last picture of each page stays in the temporary folder of the test.
    """
    pictures = tmp_path / "pictures"
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def make(**options: Any) -> BrowserContext:
        options.setdefault("viewport", OFFICE)
        context = browser.new_context(locale="vi-VN", **options)
        context.set_default_timeout(15_000)
        context.on("weberror", lambda error: faults.append(str(error.error)))
        contexts.append(context)
        return context

    yield make
    _keep_pictures(contexts, pictures)
    for context in contexts:
        context.close()
    assert faults == []


def signed_in_context(
    server: Server, new_context: Callable[..., BrowserContext], user: User, **options: Any
) -> BrowserContext:
    """A profile of its own in which `user` is signed in."""
    context = new_context(**options)
    cookie = sign_in_client(server.app, user).get_cookie("survey")
    context.add_cookies([{"name": "survey", "value": cookie.value, "url": server.url}])
    return context


def open_page(
    server: Server, new_context: Callable[..., BrowserContext], user: User, path: str, **options: Any
) -> Page:
    """A page of the office as `user` sees it."""
    page = signed_in_context(server, new_context, user, **options).new_page()
    page.goto(server.url + path)
    return page


def _keep_pictures(contexts: list[BrowserContext], folder: Path) -> None:
    for number, context in enumerate(contexts):
        for page in context.pages:
            page.screenshot(path=folder / f"{number}.png", full_page=True)


def check_axe(page: Page) -> None:
    """The page has no violation of an accessibility rule."""
    found = Axe().run(page).response["violations"]
    assert [(rule["id"], [node["html"][:120] for node in rule["nodes"][:3]]) for rule in found] == [], page.url
