"""A respondent whose pages are posted one by one: without script, or with script where nothing can be sealed."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import func, select

from survey_app.answers.models import Envelope
from tests.answers.make import OpenRound
from tests.browser_fixtures import PHONE, Server, check_axe

NewContext = Callable[..., BrowserContext]


def posted(context: BrowserContext) -> BrowserContext:
    """The profile of a browser that is not served by https: it has no WebCrypto, so the pages are posted."""
    context.add_init_script("Object.defineProperty(self, 'isSecureContext', {value: false})")
    return context


def next_page(page: Page) -> None:
    with page.expect_navigation():
        page.click("button.main")


def fits(page: Page) -> None:
    """No accessibility fault, no sideways scroll."""
    check_axe(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url


def answer(page: Page, check: Callable[[Page], None]) -> None:
    """From the privacy page to the thanks; every page is checked."""
    check(page)
    next_page(page)
    for choose in (
        lambda: page.check("#q-b_lam_tt-co"),
        lambda: page.check("#q-q_5_6_3-4"),
        lambda: page.check("#q-q_5_6_2-KB"),
        lambda: page.fill("#q-b_so_lan", "2"),
        lambda: page.check("#q-b_kenh-mang"),
        lambda: page.fill("#q-y_kien", "Thêm ghế ngồi chờ"),
    ):
        choose()
        check(page)
        next_page(page)
    expect(page.locator("h1")).to_have_text("Xem lại trước khi gửi")
    check(page)
    next_page(page)
    expect(page.locator("h1")).to_have_text("Đã gửi")
    check(page)


def stored(server: Server) -> int:
    with server.database.reading() as session:
        return session.scalar(select(func.count()).select_from(Envelope)) or 0


@pytest.mark.parametrize(
    ("width", "scheme"), [(320, "light"), (320, "dark"), (390, "light"), (390, "dark"), (1280, "light")]
)
def test_the_link_leads_to_thanks(
    server: Server, made: OpenRound, new_context: NewContext, width: int, scheme: str
) -> None:
    context = posted(new_context(viewport={"width": width, "height": 800}, color_scheme=scheme))
    page = context.new_page()
    page.goto(f"{server.url}/p#{made.codes[0]}")
    expect(page).to_have_url(f"{server.url}/p")
    expect(page.locator("#code")).to_have_value(made.codes[0])
    fits(page)
    next_page(page)
    answer(page, fits)
    assert context.cookies() == []
    assert stored(server) == 1


def test_another_language_keeps_the_code_of_the_link(server: Server, made: OpenRound, new_context: NewContext) -> None:
    page = posted(new_context(viewport=PHONE)).new_page()
    page.goto(f"{server.url}/p#{made.codes[0]}")
    page.locator("details.languages summary").click()
    page.get_by_role("link", name="English").click()
    page.wait_for_url("**/p?lang=en")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("#code")).to_have_value(made.codes[0])


def test_the_whole_way_works_without_script(server: Server, made: OpenRound, new_context: NewContext) -> None:
    page = new_context(viewport=PHONE, java_script_enabled=False).new_page()
    page.goto(server.url)
    page.fill("#code", made.codes[0].lower())
    next_page(page)
    answer(page, lambda _page: None)
    assert stored(server) == 1


def test_no_control_without_script_is_dead(server: Server, made: OpenRound, new_context: NewContext) -> None:
    page = new_context(viewport=PHONE, java_script_enabled=False).new_page()
    page.goto(server.url)
    expect(page.locator("button")).to_have_count(1)
    page.click(".languages summary")
    page.click("text=English")
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_a_fault_is_focused_and_its_link_leads_to_the_question(
    server: Server, made: OpenRound, new_context: NewContext
) -> None:
    page = posted(new_context(viewport=PHONE)).new_page()
    page.goto(f"{server.url}/p#{made.codes[0]}")
    next_page(page)
    next_page(page)
    next_page(page)
    assert page.title().startswith("Lỗi: ")
    assert page.evaluate("document.activeElement.getAttribute('role')") == "alert"
    fits(page)
    page.click(".panel a")
    page.keyboard.press("Space")
    expect(page.locator("#q-b_lam_tt-co")).to_be_checked()


def test_the_keyboard_alone_is_enough(server: Server, made: OpenRound, new_context: NewContext) -> None:
    page = posted(new_context(viewport=PHONE)).new_page()
    page.goto(f"{server.url}/p#{made.codes[0]}")
    page.focus("#code")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    next_page(page)
    page.focus("#q-b_lam_tt-co")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#q-b_lam_tt-khong")).to_be_checked()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.locator("textarea")).to_have_count(1)


def test_the_text_size_grows_and_is_kept_on_the_next_page(
    server: Server, made: OpenRound, new_context: NewContext
) -> None:
    page = posted(new_context(viewport={"width": 320, "height": 800})).new_page()
    page.goto(f"{server.url}/p#{made.codes[0]}")
    small = page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)")
    page.click("button.tool")
    page.click("button.tool")
    next_page(page)
    large = page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)")
    assert large == pytest.approx(small * 1.4)
    fits(page)
