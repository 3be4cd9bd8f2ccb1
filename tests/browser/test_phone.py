"""A respondent answers on the phone itself: the whole questionnaire in one piece, sealed there, nothing left behind."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, Request, expect

from survey_app.answers.models import Envelope
from tests.answers.make import OpenRound
from tests.browser.phone import (
    ANSWERED,
    Line,
    answer,
    forward,
    heading,
    keep_ahead,
    keep_offline,
    left_on_device,
    open_link,
    received,
)
from tests.browser_fixtures import PHONE, Server, check_axe

NewContext = Callable[..., BrowserContext]


# What leaves the screen at the left cannot be scrolled to, so the width of the page alone tells nothing.
OUTSIDE = """() => [...document.querySelectorAll("body *:not(template)")].filter((one) => {
  const box = one.getBoundingClientRect();
  const card = one.parentElement.closest(".card");
  const frame = card ? card.getBoundingClientRect() : { left: 0, right: innerWidth };
  const isSeen = box.width > 1 && box.height > 1 && !one.closest(".unseen, .skip");
  return isSeen && (box.left < frame.left - 1 || box.right > frame.right + 1);
}).map((one) => one.outerHTML.slice(0, 120))"""


# What a thumb presses; of a choice it is the whole card.
TOO_SMALL = """() => [...document.querySelectorAll(
  "a[href], button, summary, select, textarea, input:not([type=hidden])"
)].filter((one) => {
  const box = (one.closest(".card") || one).getBoundingClientRect();
  return one.checkVisibility() && !one.closest(".unseen, .skip") && (box.width < 47.5 || box.height < 47.5);
}).map((one) => one.outerHTML.slice(0, 120))"""


def fits(page: Page) -> None:
    """No accessibility fault, everything on the screen, nothing to press smaller than 48 pixels."""
    check_axe(page)
    stays_inside(page)
    assert page.evaluate(TOO_SMALL) == []


def double_text(page: Page) -> None:
    """The browser's own setting: text at 200 %, on top of the size chosen on the page."""
    page.evaluate("document.documentElement.style.fontSize = 'calc(200% * var(--size))'")


def stays_inside(page: Page) -> None:
    """No sideways scroll, nothing outside the screen or outside its card."""
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.inner_text("body")
    assert page.evaluate(OUTSIDE) == []


@pytest.mark.parametrize(
    ("width", "scheme", "language"),
    [(320, "light", "vi"), (320, "dark", "en"), (390, "dark", "vi"), (640, "light", "en"), (1280, "light", "vi")],
)
def test_the_link_leads_to_thanks_and_leaves_nothing(
    server: Server, made: OpenRound, new_context: NewContext, width: int, scheme: str, language: str
) -> None:
    # 640 at a scale of two is a page of 1280 at 200 %
    context = new_context(viewport={"width": width, "height": 800}, color_scheme=scheme, device_scale_factor=2)
    page = context.new_page()
    open_link(page, server.url, made.codes[0])
    expect(page).to_have_url(f"{server.url}/p")
    if language == "en":
        page.get_by_role("button", name="English").first.click()
        page.locator("html[lang=en]").wait_for()
    fits(page)
    answer(page, fits)
    fits(page)
    forward(page)
    heading(page, "Đã gửi" if language == "vi" else "Sent")
    fits(page)
    assert received(server, made) == [ANSWERED]
    assert left_on_device(page) == {"drafts": 0, "forms": 0, "outbox": 0}
    assert context.cookies() == []


def test_answers_leave_the_phone_sealed_only(server: Server, made: OpenRound, new_context: NewContext) -> None:
    page = new_context(viewport=PHONE).new_page()
    sent: list[Request] = []
    page.on("request", lambda request: sent.append(request) if request.method == "POST" else None)
    open_link(page, server.url, made.codes[0])
    answer(page)
    forward(page)
    heading(page, "Đã gửi")
    assert {request.url.removeprefix(server.url) for request in sent} == {"/p/form", "/p/answers"}
    last = sent[-1].post_data_json
    assert set(last) == {"code", "submission", "envelope"}
    assert len(last["envelope"]) == (8192 * 4 + 2) // 3


def test_after_one_request_questions_need_no_other(server: Server, made: OpenRound, new_context: NewContext) -> None:
    page = new_context(viewport=PHONE).new_page()
    open_link(page, server.url, made.codes[0])
    page.wait_for_load_state("networkidle")
    page.route("**/*", lambda route: route.abort())
    answer(page)
    expect(page.locator("dl[data-rest] dd")).to_have_count(6)


def test_a_fault_is_focused_and_its_link_leads_to_the_question(
    server: Server, made: OpenRound, new_context: NewContext
) -> None:
    page = new_context(viewport=PHONE).new_page()
    open_link(page, server.url, made.codes[0])
    forward(page)
    forward(page)
    page.locator(".panel.err").wait_for()
    assert page.title().startswith("Lỗi: Câu 1 / ")
    assert page.evaluate("document.activeElement.getAttribute('role')") == "alert"
    fits(page)
    page.click(".panel a")
    page.keyboard.press("Space")
    expect(page.locator("#q-b_lam_tt-co")).to_be_checked()


def test_back_and_forward_of_the_browser_keep_every_answer(
    server: Server, made: OpenRound, new_context: NewContext
) -> None:
    page = new_context(viewport=PHONE).new_page()
    open_link(page, server.url, made.codes[0])
    answer(page)
    for _ in range(6):
        page.go_back()
    expect(page.locator("#q-b_lam_tt-co")).to_be_checked()
    page.check("#q-b_lam_tt-khong")
    page.go_forward()
    expect(page.locator("#q-y_kien")).to_have_value("Thêm ghế ngồi chờ")  # questions in between are skipped now
    forward(page)
    expect(page.locator("dl[data-rest] dd")).to_have_count(2)
    forward(page)
    heading(page, "Đã gửi")
    assert received(server, made) == [{"b_lam_tt": "khong", "y_kien": "Thêm ghế ngồi chờ"}]
    page.go_back()
    heading(page, "Đã gửi")


def test_changing_from_the_review_leads_back_to_it(server: Server, made: OpenRound, new_context: NewContext) -> None:
    page = new_context(viewport=PHONE).new_page()
    open_link(page, server.url, made.codes[0])
    answer(page)
    page.locator("dl[data-rest] button").nth(1).click()
    page.check("#q-q_5_6_3-1")
    forward(page)
    heading(page, "Xem lại trước khi gửi")
    expect(page.locator("main")).to_contain_text("Rất không hài lòng", use_inner_text=True)
    expect(page.locator("dl[data-rest] button").nth(1)).to_be_focused()  # on the line just changed
    page.set_viewport_size({"width": 320, "height": 240})  # where not even six lines fit
    page.locator("dl[data-rest] button").nth(4).click()
    page.get_by_role("button", name="Quay lại").click()
    expect(page.locator("dl[data-rest] button").nth(4)).to_be_focused()
    expect(page.locator("dl[data-rest] button").nth(4)).to_be_in_viewport()


def test_a_branch_opened_late_must_be_answered_before_sending(
    server: Server, made: OpenRound, new_context: NewContext
) -> None:
    page = new_context(viewport=PHONE).new_page()
    open_link(page, server.url, made.codes[0])
    answer(page, steps=(("#q-b_lam_tt-khong", None), ("#q-y_kien", "")))
    page.locator("dl[data-rest] button").first.click()
    page.check("#q-b_lam_tt-co")
    page.go_back()
    heading(page, "Xem lại trước khi gửi")
    expect(page.locator("main")).to_contain_text("Còn 2 câu cần trả lời", use_inner_text=True)
    fits(page)
    forward(page)
    expect(page).to_have_title(re.compile("^Lỗi: "))
    assert page.evaluate("document.activeElement.getAttribute('role')") == "alert"
    assert received(server, made) == []
    page.locator("dl[data-rest] button").first.click()
    forward(page)
    page.check("#q-q_5_6_3-4")  # from one open question to the next, and then back to the review
    forward(page)
    page.check("#q-q_5_6_2-KB")
    forward(page)
    heading(page, "Xem lại trước khi gửi")
    expect(page.locator("[data-missing]")).to_be_hidden()


def test_the_keyboard_alone_is_enough(server: Server, made: OpenRound, new_context: NewContext) -> None:
    page = new_context(viewport=PHONE).new_page()
    page.goto(server.url)
    page.focus("#code")
    page.keyboard.type(made.codes[0].lower())
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Bắt đầu trả lời").wait_for()
    tab_to(page, "#actions .button.main")
    page.keyboard.press("Enter")
    for field, keys in (
        ("input[name=b_lam_tt]", ["Space", "Enter"]),
        ("input[name=q_5_6_3]", ["ArrowDown", "Enter"]),
        ("input[name=q_5_6_2]", ["ArrowUp", "Enter"]),
        ("#q-b_so_lan", ["2", "Enter"]),
        ("#q-b_kenh-mang", ["Space", "Enter"]),
    ):
        tab_to(page, field)
        for key in keys:
            page.keyboard.press(key)
    tab_to(page, "#actions .button.main")
    page.keyboard.press("Enter")
    heading(page, "Xem lại trước khi gửi")
    tab_to(page, "#actions .button.main")
    page.keyboard.press("Enter")
    heading(page, "Đã gửi")
    found = received(server, made)
    assert [found[0][name] for name in ("b_lam_tt", "b_so_lan", "b_kenh")] == ["co", 2, ["mang"]]


def tab_to(page: Page, field: str) -> None:
    """Presses Tab until the field has the focus, as somebody without a mouse does."""
    page.locator(field).first.wait_for()
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("(field) => document.activeElement.matches(field)", field):
            return
    raise AssertionError(f"{field} is not reached by the keyboard")


def test_refusing_is_written_down_and_can_be_taken_back(
    server: Server, made: OpenRound, new_context: NewContext
) -> None:
    page = new_context(viewport=PHONE).new_page()
    open_link(page, server.url, made.codes[0])
    page.get_by_role("button", name="Không đồng ý trả lời").click()
    heading(page, "Cảm ơn ông/bà")
    fits(page)
    open_link(page, server.url, made.codes[0])
    answer(page)
    forward(page)
    heading(page, "Đã gửi")


def test_a_wrong_code_is_said_beside_the_field(server: Server, made: OpenRound, new_context: NewContext) -> None:
    page = new_context(viewport=PHONE).new_page()
    page.goto(server.url)
    for typed in ("ABCD", "ABCD-EFGH-JKMN-P"):
        page.fill("#code", typed)
        page.click("button.main")
        page.locator(".panel.err").wait_for()
        expect(page.locator(".panel.err")).to_contain_text("Mã chưa đúng", use_inner_text=True)
        expect(page.locator("#code")).to_have_value(typed)
        fits(page)


def test_a_code_that_was_used_ends_on_the_page_of_the_server(
    server: Server, made: OpenRound, new_context: NewContext
) -> None:
    first, second = (new_context(viewport=PHONE).new_page() for _ in range(2))
    open_link(first, server.url, made.codes[0])
    answer(first)
    forward(first)
    heading(first, "Đã gửi")
    second.goto(f"{server.url}/p#{made.codes[0]}")
    heading(second, "Mã này đã dùng")


def test_the_first_visit_stays_within_the_budget_and_the_rest_comes_with_the_first_answer(
    server: Server, line: Line, made: OpenRound, new_context: NewContext
) -> None:
    context = new_context(viewport=PHONE)
    page = context.new_page()
    open_link(page, line.url, made.codes[0])
    forward(page)
    page.locator("fieldset").wait_for()
    keep_offline(page)
    page.wait_for_timeout(4_000)  # nothing is fetched for later while a person only looks
    first = [address.split("?")[0] for address in line.requests]
    assert sorted(first) == ["/p", "/p", "/p/form", "/p/script.js", "/static/respondent.css", "/worker.js"]
    assert line.received <= 50_000
    page.check("#q-b_lam_tt-co")
    forward(page)
    keep_ahead(page)
    assert line.requests[6:] == ["/p/form", "/p?lang=en", "/cam-ket", "/cam-ket?lang=en"]
    assert line.received <= 75_000
    line.cut()
    page.locator(".languages summary").click()
    page.get_by_role("button", name="English").click()
    page.locator("html[lang=en]").wait_for()
    expect(page.locator("#q-q_5_6_3-4")).to_be_visible()
    assert len(line.requests) == 10


def test_looking_spends_nothing(server: Server, made: OpenRound, new_context: NewContext) -> None:
    for _ in range(3):
        open_link(new_context(viewport=PHONE).new_page(), server.url, made.codes[0])
    with server.database.reading() as session:
        assert session.query(Envelope).count() == 0


def test_the_largest_text_on_the_narrowest_screen_fits(
    server: Server, made: OpenRound, new_context: NewContext
) -> None:
    context = new_context(viewport={"width": 320, "height": 800})
    page = context.new_page()
    open_link(page, server.url, made.codes[0])
    small = page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)")
    page.get_by_role("button", name="Cỡ chữ").click()
    page.get_by_role("button", name="Cỡ chữ").click()
    answer(page, fits)
    fits(page)
    page.close()
    page = context.new_page()  # who needs large letters chooses them once
    page.goto(f"{server.url}/p#{made.codes[0]}")
    heading(page, "Xem lại trước khi gửi")
    large = page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)")
    assert large == pytest.approx(small * 1.4)
    double_text(page)
    stays_inside(page)
    page.locator(".languages summary").click()
    stays_inside(page)


def test_the_browser_is_asked_to_keep_the_answers_after_the_first_one(
    server: Server, made: OpenRound, new_context: NewContext
) -> None:
    context = new_context(viewport=PHONE)
    asking = "navigator.storage.persist = async () => { self.asked = (self.asked || 0) + 1; return true; };"
    context.add_init_script(f"if (isSecureContext && navigator.storage) {{ {asking} }}")
    page = context.new_page()
    open_link(page, server.url, made.codes[0])
    forward(page)
    assert page.evaluate("self.asked") is None
    page.check("#q-b_lam_tt-co")
    page.check("#q-b_lam_tt-khong")
    assert page.evaluate("self.asked") == 1


def test_markup_in_an_opinion_is_shown_as_text(server: Server, made: OpenRound, new_context: NewContext) -> None:
    page = new_context(viewport=PHONE).new_page()
    alerts: list[str] = []
    page.on("dialog", lambda dialog: (alerts.append(dialog.message), dialog.dismiss()))
    written = "<img src=x onerror=alert(1)> ${b_lam_tt} {phone}"
    open_link(page, server.url, made.codes[0])
    answer(page, steps=(("#q-b_lam_tt-khong", None), ("#q-y_kien", written)))
    expect(page.locator("main")).to_contain_text(written, use_inner_text=True)
    forward(page)
    heading(page, "Đã gửi")
    assert alerts == []
    assert received(server, made) == [{"b_lam_tt": "khong", "y_kien": written}]


def test_erasing_takes_everything_from_the_phone(server: Server, made: OpenRound, new_context: NewContext) -> None:
    page = new_context(viewport=PHONE).new_page()
    open_link(page, server.url, made.codes[0])
    answer(page)
    page.get_by_role("button", name="Xóa phiếu khỏi máy này").click()
    fits(page)
    page.get_by_role("button", name="Giữ lại").click()
    heading(page, "Xem lại trước khi gửi")
    page.get_by_role("button", name="Xóa phiếu khỏi máy này").click()
    page.get_by_role("button", name="Xóa phiếu", exact=True).click()
    heading(page, "Đã xóa")
    fits(page)
    assert left_on_device(page) == {"drafts": 0, "forms": 0, "outbox": 0}
    page.reload()
    expect(page.locator("#code")).to_have_value("")
    open_link(page, server.url, made.codes[0])  # the code itself is not spent
