"""A picture and a recording beside a question on a phone: seen, listened to by keyboard, there without network."""

import io
import re
import wave
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, expect

from survey_app.answers.queries import definition_of
from survey_app.questionnaires.definition_json import canonical_sha256, to_json
from survey_app.questionnaires.media import Medium, with_references
from survey_app.questionnaires.models import QuestionnaireMedium
from survey_app.questionnaires.xlsform import read_xlsform
from tests.answers.make import OpenRound, make_open_round
from tests.browser.phone import Line, forward, keep_offline, open_link
from tests.browser_fixtures import PHONE, Server, check_axe
from tests.questionnaires.make import make_source
from tests.questionnaires.test_media import MEDIA, SCALE_SEEN, Q, png

FETCHED = """async () => {
  const count = async () => (await (await caches.open("media-1")).keys()).length;
  while ((await count()) < 2) await new Promise((resolve) => setTimeout(resolve, 50));
}"""
NewContext = Callable[..., BrowserContext]


def sound() -> bytes:
    """Half a second of silence (WAV, which Chromium plays whatever the address is called)."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as film:
        film.setnchannels(1)
        film.setsampwidth(1)
        film.setframerate(8000)
        film.writeframes(b"\x80" * 4000)
    return buffer.getvalue()


@pytest.fixture
def made(server: Server) -> OpenRound:
    """An open round whose first question has a picture and a recording."""
    files = [Medium("cua.png", "image/png", png()), Medium("hoi.mp3", "audio/mpeg", sound())]
    files.append(Medium("ask.mp3", "audio/mpeg", sound() + b"\0"))
    form = read_xlsform(make_source(Q, headings=MEDIA, choices=SCALE_SEEN), "phieu.md")
    with server.database.writing() as session:
        pepper = server.app.extensions["survey_settings"].keys.pepper
        opened = make_open_round(session, pepper, definition=with_references(form, {}, files))
        for one in files:
            kind = "audio/wav" if one.kind == "audio/mpeg" else one.kind
            session.add(
                QuestionnaireMedium(group_id=opened.group.id, digest=one.digest, kind=kind, content=one.content)
            )
        assert opened.version.sha256 == canonical_sha256(to_json(definition_of(opened.version)))
        return opened


@pytest.fixture
def line(server: Server) -> Iterator[Line]:
    line = Line(server.url)
    yield line
    line.close()


def test_seen_and_heard_with_and_without_network(
    server: Server, line: Line, made: OpenRound, new_context: NewContext
) -> None:
    page = new_context(viewport=PHONE).new_page()
    open_link(page, line.url, made.codes[0])
    keep_offline(page)
    page.reload()
    page.get_by_role("button", name="Bắt đầu trả lời").wait_for()
    page.evaluate(FETCHED)
    line.cut()
    forward(page)
    expect(page.locator(".picture img")).to_be_visible()
    for image in page.locator("main img").all():
        expect(image).to_have_js_property("naturalWidth", 40)
    check_axe(page)
    player = page.get_by_label("Nghe đọc câu hỏi")
    player.focus()
    page.keyboard.press("Space")
    expect(player).to_have_js_property("ended", True)
    line.mend()
    page.locator(".languages summary").click()
    page.get_by_role("button", name="English").click()
    expect(page.locator("main audio")).to_have_attribute("src", re.compile(r"ask\.mp3$"))  # the language comes now


def test_without_script_the_same_picture_and_recording(
    server: Server, made: OpenRound, new_context: NewContext
) -> None:
    page = new_context(viewport=PHONE, java_script_enabled=False).new_page()
    page.goto(f"{server.url}/p")
    page.fill("#code", made.codes[0])
    page.click("button.main")
    page.get_by_role("button", name="Bắt đầu trả lời").click()
    expect(page.locator(".picture img")).to_be_visible()
    expect(page.get_by_label("Nghe đọc câu hỏi")).to_be_visible()
