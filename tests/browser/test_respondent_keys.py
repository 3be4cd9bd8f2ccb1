"""A key holder in a real browser: the key is made, stored and tested there, and the server's own code can read it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import select

from survey_app.access import Role
from survey_app.answers.envelope import open_envelope, seal
from survey_app.answers.holders import invite_holder
from survey_app.answers.keys import from_text, make_key_file, read_key_file
from survey_app.answers.models import RoundKey
from tests.browser_fixtures import OFFICE, PHONE, Server, check_axe
from tests.make import make_round, make_user

PASSPHRASE = "suối cá nương lúa sương"


@pytest.fixture
def address(server: Server) -> str:
    """The page of an invited holder."""
    with server.database.writing() as session:
        survey_round = make_round(session, code="tg-2021")
        operator = make_user(session, Role.OPERATOR)
        token = invite_holder(session, survey_round, "Vừ A Dia", "MTTQ huyện", operator)
    return f"{server.url}/keys/{token}"


def make_key(page: Page, folder: Path) -> Path:
    """Walks through the steps up to the test opening; the downloaded file."""
    page.click("main a.btn-primary")
    page.fill("#passphrase", PASSPHRASE)
    page.fill("#again", PASSPHRASE)
    page.click("[data-make] .btn-primary")
    page.wait_for_selector("[data-store]:not([hidden])")
    check_axe(page)
    with page.expect_download() as download:
        page.click("[data-download]")
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    page.check("#kept-file")
    page.check("#kept-paper")
    page.click("[data-store] .btn-primary")
    page.wait_for_selector("[data-test]")
    return path


def test_a_key_made_in_the_browser_is_tested_there_and_read_by_the_server(
    server: Server, address: str, new_context: Callable[..., BrowserContext], tmp_path: Path
) -> None:
    page = new_context(viewport=PHONE).new_page()
    page.goto(address)
    check_axe(page)
    path = make_key(page, tmp_path)
    check_axe(page)
    page.set_input_files("#file", path)
    page.fill("#test-passphrase", "sai mật khẩu của khóa")
    page.click("[data-test] .btn-primary")
    expect(page.locator(".note-err")).to_contain_text("chưa đúng")
    page.fill("#test-passphrase", PASSPHRASE)
    page.click("[data-test] .btn-primary")
    page.wait_for_selector("text=Mở được. Cảm ơn.")
    with server.database.reading() as session:
        key = session.scalars(select(RoundKey)).one()
    assert key.tested_before_start
    assert key.public_key
    private = read_key_file(path.read_bytes(), PASSPHRASE)
    assert open_envelope(seal(b"thu", [from_text(key.public_key)], "tg-2021"), [private], "tg-2021") == b"thu"


def test_a_key_made_by_command_is_tested_in_the_browser(
    server: Server, address: str, new_context: Callable[..., BrowserContext], tmp_path: Path
) -> None:
    made = make_key_file(PASSPHRASE, "tg-2021", "Vừ A Dia")
    (tmp_path / "khoa.json").write_text(made.content, "utf-8")
    page = new_context(viewport=OFFICE).new_page()
    page.goto(f"{address}?step=2")
    page.click("summary")
    page.fill("#pasted", made.public_key)
    page.click("details button")
    page.set_input_files("#file", tmp_path / "khoa.json")
    page.fill("#test-passphrase", PASSPHRASE)
    page.click("[data-test] .btn-primary")
    page.wait_for_selector("text=Mở được. Cảm ơn.")


def test_the_private_key_and_the_passphrase_never_travel(
    server: Server, address: str, new_context: Callable[..., BrowserContext], tmp_path: Path
) -> None:
    page = new_context(viewport=OFFICE).new_page()
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.post_data or ""))
    page.goto(address)
    path = make_key(page, tmp_path)
    page.set_input_files("#file", path)
    page.fill("#test-passphrase", PASSPHRASE)
    page.click("[data-test] .btn-primary")
    page.wait_for_selector("text=Mở được. Cảm ơn.")
    assert any("public_key=" in body for body in sent)
    assert not any("private_key" in body or "passphrase" in body for body in sent)


def test_a_key_on_paper_is_a_code_that_a_phone_reads_and_opens_like_the_file(
    server: Server, address: str, new_context: Callable[..., BrowserContext], tmp_path: Path
) -> None:
    page = new_context(viewport=OFFICE).new_page()
    page.goto(address)
    page.click("main a.btn-primary")
    page.fill("#passphrase", PASSPHRASE)
    page.fill("#again", PASSPHRASE)
    page.click("[data-make] .btn-primary")
    page.wait_for_selector("[data-store]:not([hidden])")
    text = page.locator("[data-print-key]").text_content() or ""
    page.emulate_media(media="print")
    assert page.locator("[data-print-qr] svg").bounding_box()["width"] > 150  # type: ignore[index]
    modules = page.evaluate("document.querySelector('[data-print-qr] path').getAttribute('d').split('z').length - 1")
    assert modules == page.evaluate("text => surveyQr(text).flat().filter(Boolean).length", text)
    page.emulate_media(media="screen")
    page.check("#kept-file")
    page.check("#kept-paper")
    page.click("[data-store] .btn-primary")
    page.wait_for_selector("[data-test]")
    page.click("text=Chỉ có bản giấy?")
    page.fill("#paper", text)
    page.fill("#test-passphrase", PASSPHRASE)
    check_axe(page)
    page.click("[data-test] .btn-primary")
    page.wait_for_selector("text=Mở được. Cảm ơn.")
