"""One person answers in a browser that is killed at a random moment; the answer must arrive once, whatever happens."""

import contextlib
import os
import random
import shutil
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import BrowserContext, BrowserType, Error, Page

from survey_app.access_codes.codes import hash_of
from survey_app.answers.queries import find_access
from tests.answers.make import OpenRound
from tests.browser.phone import ANSWERED, STEPS, Line, forward, left_on_device, open_link, received
from tests.browser_fixtures import FLAGS, PHONE, Server

_LAST_STEPS = ("review", "sending")
_SETTLED = """async () => {
  while ((await surveyDevice.allSealed()).length) await new Promise((resolve) => setTimeout(resolve, 50));
}"""


@contextlib.contextmanager
def phone(chromium: BrowserType, profile: Path) -> Iterator[BrowserContext]:
    """A browser with a profile on disk, as a phone has; started again, it has what was kept."""
    context = chromium.launch_persistent_context(
        profile, executable_path=shutil.which("chromium"), args=list(FLAGS), viewport=PHONE, locale="vi-VN"
    )
    context.set_default_timeout(20_000)
    try:
        yield context
    finally:
        with contextlib.suppress(Error):
            context.close()


def _kill(profile: Path) -> None:
    """SIGKILL to the browser of this profile; its helpers end with it."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):
                words = (entry / "cmdline").read_bytes().split(b"\0")
                ours = f"--user-data-dir={profile}".encode() in words
                if ours and not any(word.startswith(b"--type=") for word in words):
                    os.kill(int(entry.name), signal.SIGKILL)


def answer_killed(
    chromium: BrowserType, server: Server, line: Line, made: OpenRound, number: int, folder: Path, chance: random.Random
) -> str:
    """Person `number` of the round answers, is cut off, and comes back. What had been said before; asserts the rest."""
    code, profile, before = made.codes[number], folder / f"phone-{number}", len(received(server, made))
    step = chance.choice([*range(len(STEPS)), *_LAST_STEPS])
    with phone(chromium, profile) as context:
        said = _until_killed(context, line, code, step, profile, chance)
    line.mend()
    with phone(chromium, profile) as context:
        page = context.new_page()
        if said == "not finished":
            _go_on(page, line.url, code)
        else:  # whoever has read «saved» or «sent» does nothing any more: any page of the site sends
            page.goto(f"{line.url}/cam-ket")
        page.evaluate(_SETTLED)
        page.goto(f"{line.url}/cam-ket")
        page.goto(f"{line.url}/p#{code}")  # the mark «sent» goes when it is told
        page.locator("main .panel h1").wait_for()
        assert left_on_device(page) == {"drafts": 0, "forms": 0, "outbox": 0}
    arrived = received(server, made)
    assert len(arrived) == before + 1, f"{said}: {len(arrived) - before} answers of one person"
    assert ANSWERED in arrived
    assert all(one == ANSWERED for one in arrived)
    with server.database.reading() as session:
        pepper = server.app.extensions["survey_settings"].keys.pepper
        access = find_access(session, hash_of(code, pepper))
    assert access is not None
    assert access.state == "received"
    return f"killed at {step}, {said}"


def _until_killed(
    context: BrowserContext, line: Line, code: str, step: object, profile: Path, chance: random.Random
) -> str:
    """Answers until the browser is gone. What the person had read by then: «not finished», «saved» or «sent»."""
    said = "not finished"
    timer = threading.Timer(chance.random() * 0.4, _kill, (profile,))
    try:
        page = context.new_page()
        open_link(page, line.url, code)
        page.evaluate("navigator.serviceWorker.ready")
        if chance.random() < 0.5:
            line.cut()
        forward(page)
        for place, (field, text) in enumerate(STEPS):
            if place == step:
                timer.start()
            page.locator(field).wait_for()
            page.check(field) if text is None else page.fill(field, text)
            forward(page)
        page.locator("dl[data-rest]").wait_for()
        if step == "review":
            timer.start()
        forward(page)
        if step == "sending":
            timer.start()
        page.locator("main .panel h1").wait_for()
        said = "sent" if "Đã gửi" in page.inner_text("h1") else "saved"
        timer.join()
        page.wait_for_timeout(500)
    except Error:
        timer.join()
    return said


def _go_on(page: Page, url: str, code: str) -> None:
    """The link once more, and whatever is left to do."""
    page.goto(f"{url}/p#{code}")
    while True:
        page.locator("#actions .button.main, main .panel h1").first.wait_for()
        at_review = page.locator("dl[data-rest]").count() == 1
        if page.locator("#actions .button.main").count() == 0:
            return
        for field, text in STEPS:
            if page.locator(field).count():
                page.check(field) if text is None else page.fill(field, text)
        forward(page)
        if at_review:
            page.locator("main .panel h1").wait_for()
            return
