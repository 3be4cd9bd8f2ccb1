"""What goes wrong by small things: a slip of the hand, half an answer of the server, another tab, an odd browser."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Route, expect

from tests.answers.make import OpenRound
from tests.browser.phone import (
    ANSWERED,
    NOTHING,
    answer,
    forward,
    heading,
    keep_ahead,
    keep_offline,
    left_on_device,
    open_link,
    received,
)
from tests.browser.test_matrix import KEY_OF_DRAFT
from tests.browser_fixtures import PHONE, Server, check_axe

NewContext = Callable[..., BrowserContext]


def half_of_it(route: Route) -> None:
    """The answer of the server, broken off in the middle."""
    answer = route.fetch()
    route.fulfill(status=answer.status, content_type="application/json", body=answer.text()[:5000])


def test_links_within_a_page_and_double_taps_leave_the_person_where_they_are(
    server: Server, made: OpenRound, new_context: NewContext
) -> None:
    page = new_context(viewport=PHONE).new_page()
    page.goto(f"{server.url}/p#{made.codes[0][:-1]}")
    page.locator(".panel.err a").click()
    expect(page.locator("#code")).to_be_focused()
    expect(page.locator("#code")).to_have_value(made.codes[0][:-1])
    page.fill("#code", f"«{made.codes[0]}»,")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Bắt đầu trả lời").wait_for()
    page.goto(f"{server.url}/")
    page.goto(f"{server.url}/p#{made.codes[0]}%E1")  # cut in the middle of a letter by whoever passed it on
    page.get_by_role("button", name="Bắt đầu trả lời").dblclick()
    expect(page.locator("[data-count]")).to_have_text("Câu 1 / 6")
    page.check("#q-b_lam_tt-khong")
    page.locator("a.skip").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    expect(page.locator("#q-b_lam_tt-khong")).to_be_checked()
    page.go_back()
    heading(page, "Trước khi bắt đầu")  # the link was no step
    page.get_by_role("button", name="Không đồng ý trả lời").click()
    heading(page, "Không trả lời nữa?")
    check_axe(page)
    page.get_by_role("button", name="Giữ lại").click()
    forward(page)
    expect(page.locator("#q-b_lam_tt-khong")).to_be_checked()


def test_half_a_questionnaire_is_never_kept(server: Server, made: OpenRound, new_context: NewContext) -> None:
    page = new_context(viewport=PHONE).new_page()
    page.route("**/p/form", half_of_it)
    page.goto(f"{server.url}/p#{made.codes[0]}")
    expect(page.locator(".panel.err")).to_contain_text("Không có mạng và máy này chưa có phiếu của mã đó")
    page.unroute("**/p/form")
    page.get_by_role("button", name="Tiếp tục").click()
    answer(page)
    page.evaluate("""async () => {  // as an earlier version of the page could leave it
      const form = await surveyDevice.loadForm(await surveyDevice.idOf(sessionStorage.code));
      form.pages.vi.etag = "older";
      form.pages.en = {};
      await surveyDevice.saveForm(form);
    }""")
    page.route("**/p/form", half_of_it)
    page.reload()
    heading(page, "Xem lại trước khi gửi")
    page.get_by_role("group").locator("summary").click()
    page.get_by_role("button", name="English").click()
    expect(page.locator("#state")).to_contain_text("Chưa tải được ngôn ngữ này")
    forward(page)
    heading(page, "Đã gửi")
    assert received(server, made) == [ANSWERED]
    assert left_on_device(page) == NOTHING


def test_the_page_of_the_qr_code_loses_no_answer_and_its_key_waits_for_the_network(
    server: Server, made: OpenRound, new_context: NewContext
) -> None:
    page = new_context(viewport=PHONE).new_page()
    open_link(page, server.url, made.codes[0])
    forward(page)
    page.check("#q-b_lam_tt-khong")
    forward(page)
    page.fill("#q-y_kien", "Thêm ghế")
    page.get_by_role("button", name="Làm tiếp trên máy khác").click()
    heading(page, "Làm tiếp trên máy khác")
    key = page.evaluate(KEY_OF_DRAFT, made.codes[0])
    page.go_back()
    expect(page.locator("#q-y_kien")).to_have_value("Thêm ghế")
    page.go_forward()
    expect(page.locator("#q-y_kien")).to_have_value("Thêm ghế")
    other = new_context(viewport=PHONE).new_page()
    other.route("**/p/resume/fetch", lambda route: route.fulfill(status=503, body="busy"))
    other.goto(f"{server.url}/p#{made.codes[0]}~{key}")
    expect(other.locator(".panel.err")).to_contain_text("Chưa lấy được phần đã trả lời trên máy kia")
    check_axe(other)
    other.reload()  # neither the code nor the key is lost by that
    expect(other.locator(".panel.err")).to_contain_text("Chưa lấy được phần đã trả lời trên máy kia")
    other.route("**/p/resume/fetch", lambda route: route.fulfill(status=429, body="<h1>slow down</h1>"))
    other.get_by_role("button", name="Tiếp tục").click()
    expect(other.locator("[data-say]")).to_have_text("")
    expect(other.locator(".panel.err")).to_contain_text("Chưa lấy được phần đã trả lời trên máy kia")
    other.unroute("**/p/resume/fetch")
    other.get_by_role("button", name="Tiếp tục").click()
    expect(other.locator("#q-y_kien")).to_have_value("Thêm ghế")
    page.go_back()
    page.go_back()
    page.check("#q-b_lam_tt-co")  # opens questions that have no answer yet
    page.get_by_role("button", name="Làm tiếp trên máy khác").click()
    heading(page, "Làm tiếp trên máy khác")
    third = new_context(viewport=PHONE).new_page()
    third.goto(f"{server.url}/p#{made.codes[0]}~{key}")
    expect(third.locator("#q-q_5_6_3-4")).to_be_visible()  # the first without an answer, not the place that was left


def test_a_tab_that_was_left_alone_does_not_undo_the_other(
    server: Server, made: OpenRound, new_context: NewContext
) -> None:
    context = new_context(viewport=PHONE)
    left, right = (context.new_page() for _ in range(2))
    open_link(left, server.url, made.codes[0])
    forward(left)
    left.check("#q-b_lam_tt-khong")
    forward(left)
    left.fill("#q-y_kien", "Cũ")
    expect(left.locator("#state")).to_contain_text("Đã lưu trên máy này")
    left.wait_for_timeout(300)
    right.goto(f"{server.url}/p#{made.codes[0]}")
    expect(right.locator("#q-y_kien")).to_have_value("Cũ")
    right.fill("#q-y_kien", "Mới")
    right.wait_for_timeout(300)
    forward(left)
    heading(left, "Xem lại trước khi gửi")
    left.wait_for_timeout(300)
    left.reload()
    heading(left, "Xem lại trước khi gửi")
    forward(left)
    heading(left, "Đã gửi")
    assert [one["y_kien"] for one in received(server, made)] == ["Mới"]


def test_a_draft_whose_code_was_used_elsewhere_can_be_erased(
    server: Server, made: OpenRound, new_context: NewContext
) -> None:
    late, first = (new_context(viewport=PHONE).new_page() for _ in range(2))
    first.route("**/p/form", lambda route: route.fallback() if "vi" in route.request.post_data else route.abort())
    open_link(late, server.url, made.codes[0])
    forward(late)
    late.check("#q-b_lam_tt-co")
    late.wait_for_timeout(300)
    open_link(first, server.url, made.codes[0])
    answer(first)
    forward(first)
    heading(first, "Đã gửi")
    first.locator(".languages summary").click()
    first.locator(".languages").get_by_role("button", name="English").click()
    heading(first, "Sent")  # though this language had never come
    expect(first.locator("main")).to_contain_text("sealed")
    late.route("**/p/form", lambda route: route.fallback() if "vi" in route.request.post_data else route.abort())
    late.reload()
    heading(late, "Mã này không gửi phiếu được nữa")
    expect(late.locator("main")).to_contain_text("Nếu không phải ông/bà gửi, gọi 0215")
    check_axe(late)
    late.locator(".languages summary").click()
    late.locator(".languages").get_by_role("button", name="English").click()
    heading(late, "This code has been used")
    late.goto(f"{server.url}/p#{made.codes[0]}")
    heading(late, "Mã này không gửi phiếu được nữa")
    late.get_by_role("button", name="Xóa phiếu khỏi máy này").click()
    late.get_by_role("button", name="Xóa phiếu", exact=True).click()
    heading(late, "Đã xóa")
    assert left_on_device(late) == NOTHING
    late.get_by_role("link", name="Nhập mã khác").click()
    expect(late.locator("#code")).to_have_value("")


def test_a_store_that_never_answers_counts_as_none(server: Server, made: OpenRound, new_context: NewContext) -> None:
    context = new_context(viewport=PHONE)
    context.add_init_script("IDBFactory.prototype.open = () => ({});")
    page = context.new_page()
    open_link(page, server.url, made.codes[0])
    page.get_by_text("Máy này không giữ được phiếu khi mất mạng").wait_for()


def test_the_promise_is_there_without_network(server: Server, made: OpenRound, new_context: NewContext) -> None:
    context = new_context(viewport=PHONE)
    page = context.new_page()
    open_link(page, server.url, made.codes[0])
    keep_offline(page)
    context.set_offline(True)
    page.goto(f"{server.url}/cam-ket")
    heading(page, "Trước khi bắt đầu")  # of who only looked the phone has the questionnaire, and the promise in it
    context.set_offline(False)
    forward(page)
    page.check("#q-b_lam_tt-khong")
    forward(page)
    keep_ahead(page)
    context.set_offline(True)
    page.goto(f"{server.url}/cam-ket?lang=en")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.goto(f"{server.url}/cam-ket/{made.round.code}")
    heading(page, "Cam kết với người trả lời")
    page.goto(f"{server.url}/phieu/cau/3")
    expect(page.locator("#q-y_kien")).to_be_visible()  # the way back leads to the questionnaire in hand


@pytest.mark.parametrize("width", [320, 360])
def test_the_menu_of_languages_stays_on_the_screen(
    server: Server, made: OpenRound, new_context: NewContext, width: int
) -> None:
    page = new_context(viewport={"width": width, "height": 640}).new_page()
    page.goto(server.url)
    for _ in range(3):
        page.locator(".languages summary").click()
        box = page.locator(".languages ul").bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        page.keyboard.press("Escape")
        expect(page.locator(".languages ul")).to_be_hidden()
        page.get_by_role("button", name="Cỡ chữ").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
