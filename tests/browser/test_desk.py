"""One device, many persons: no answer is seen again, what is sealed waits as a number, the first page comes back."""

import shutil
from collections.abc import Callable

from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.answers.make import OpenRound
from tests.browser.phone import ANSWERED, STEPS, Line, answer, forward, heading, left_on_device, received
from tests.browser_fixtures import FLAGS, OFFICE, PHONE, Server, check_axe

NewContext = Callable[..., BrowserContext]
FIRST = "Mời ông/bà cho ý kiến về việc phục vụ của cơ quan hành chính"
PIN = "2468"
KEPT = """async () => {
  const { formId } = document.getElementById("code-form").dataset;
  const script = document.querySelector("script[src*='desk.js']").src;
  for (;;) {
    const files = [script, location.href].map((address) => caches.match(address));
    const kept = await Promise.all([surveyDevice.loadForm(formId), ...files]);
    if (kept.every(Boolean)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}"""


def set_up(context: BrowserContext, url: str, made: OpenRound, kind: str = "quay") -> Page:
    """A device in use: set up by staff, with everything it keeps for times without network."""
    page = context.new_page()
    page.goto(f"{url}/quay?dot={made.round.code}&may=Quầy+1&kieu={kind}&nhom=E")
    expect(page.get_by_role("heading", name="Chuẩn bị máy «Quầy 1»")).to_be_visible()
    page.fill("#new-pin", PIN)
    page.get_by_role("button", name="Bắt đầu dùng máy").click()
    expect(page.locator("#code")).to_be_focused()
    page.evaluate("navigator.serviceWorker.ready")
    page.evaluate(KEPT)
    page.reload()
    page.wait_for_function("() => navigator.serviceWorker.controller")
    expect(page.locator("#code")).to_be_focused()
    return page


def enter(page: Page, code: str) -> None:
    page.fill("#code", code)
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Bắt đầu trả lời").wait_for()


def test_no_way_leads_back_to_answers(server: Server, made: OpenRound, new_context: NewContext) -> None:
    page = set_up(new_context(viewport=OFFICE), server.url, made)
    check_axe(page)
    enter(page, f"{server.url}/p#{made.codes[0]}")  # a hand-held scanner types the whole link
    forward(page)
    for field, _text in STEPS[:3]:
        page.check(field)
        forward(page)
    page.fill("#q-b_so_lan", "7")
    expect(page.get_by_role("button", name="Làm tiếp trên máy khác")).to_have_count(0)
    assert left_on_device(page) == {"drafts": 0, "forms": 1, "outbox": 0}  # the form of the group
    kept = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, history.state])")
    assert made.codes[0] not in kept
    page.go_back()  # the button of the browser goes one question back, and no further than the first page
    page.locator("#q-q_5_6_2").wait_for()
    page.goto(f"{server.url}/cam-ket")
    page.go_back()
    expect(page.locator("#code")).to_have_value("")
    expect(page.get_by_role("heading", name=FIRST)).to_be_visible()
    enter(page, made.codes[0])
    forward(page)
    page.locator("#q-b_lam_tt").wait_for()
    assert page.locator("input:checked").all() == []
    page.get_by_role("button", name="Cỡ chữ").click()
    expect(page.locator("html")).to_have_attribute("data-size", "2")
    page.reload()
    expect(page.locator("#code")).to_have_value("")
    expect(page.locator("html")).to_have_attribute("data-size", "1")  # the usual size for whoever comes next
    enter(page, made.codes[0])
    answer(page)
    forward(page)
    heading(page, "Đã gửi")
    check_axe(page)
    page.go_back()
    heading(page, "Đã gửi")
    page.get_by_role("button", name="Xong, về trang đầu").click()
    expect(page.locator("#code")).to_be_focused()
    page.fill("#code", made.codes[0])
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Mã này đã được dùng để gửi phiếu.")
    assert received(server, made) == [ANSWERED]


def test_who_goes_away_leaves_the_first_page(server: Server, made: OpenRound, new_context: NewContext) -> None:
    context = new_context(viewport=PHONE)
    page = set_up(context, server.url, made)
    page.clock.install()
    page.goto(page.url)
    enter(page, made.codes[0])
    forward(page)
    page.check("#q-b_lam_tt-co")
    page.clock.fast_forward(46_000)
    question = page.get_by_role("dialog", name="Ông/bà còn ở đây không?")
    expect(question).to_contain_text("Sau 14 giây")
    check_axe(page)
    page.get_by_role("button", name="Tôi trả lời tiếp").click()
    expect(question).to_be_hidden()
    page.clock.fast_forward(40_000)
    expect(page.locator("#q-b_lam_tt-co")).to_be_checked()
    page.clock.fast_forward(6_000)
    expect(question).to_be_visible()
    page.clock.fast_forward(15_000)
    expect(page.get_by_role("heading", name=FIRST)).to_be_visible()
    expect(page.locator("#code")).to_have_value("")
    enter(page, made.codes[0])
    answer(page)
    forward(page)
    heading(page, "Đã gửi")
    page.clock.fast_forward(9_000)
    expect(page.get_by_role("heading", name=FIRST)).to_be_visible()


def test_an_interviewer_without_network_sees_a_number_only(
    server: Server, line: Line, made: OpenRound, new_context: NewContext
) -> None:
    page = set_up(new_context(viewport=PHONE), line.url, made, "phong-van")
    expect(page.get_by_role("heading", name="Phỏng vấn người tiếp theo")).to_be_visible()
    expect(page.locator("#kept")).to_have_text("Máy đã giữ sẵn phiếu của nhóm E: dùng được khi mất mạng.")
    line.cut()
    page.fill("#code", f"{made.codes[0][:-1]}U")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Mã chưa đúng")  # the check letter needs no network
    for code in made.codes[:2]:
        enter(page, code)
        expect(page.locator("main .panel.warn")).to_contain_text("Phiếu này hỏi: Người dân")
        answer(page)
        forward(page)
        heading(page, "Đã lưu, chờ gửi")
        page.get_by_role("button", name="Xong, về trang đầu").click()
        expect(page.locator("#code")).to_be_focused()
    expect(page.locator("#queue")).to_have_text("Chờ gửi: 2 phiếu")
    check_axe(page)
    page.fill("#code", made.codes[0])
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("đang chờ gửi")
    page.get_by_role("button", name="Dành cho cán bộ").click()
    page.fill("#pin", "0000")
    page.keyboard.press("Enter")
    expect(page.locator("#pin-fault")).to_be_visible()
    page.fill("#pin", PIN)
    page.keyboard.press("Enter")
    expect(page.locator("[data-waiting]")).to_have_text("2")
    page.get_by_role("button", name="Thôi dùng máy này").click()
    expect(page.locator("[data-not-empty]")).to_be_visible()
    check_axe(page)
    line.mend()
    page.get_by_role("button", name="Gửi ngay").click()
    expect(page.locator("[data-waiting]")).to_have_text("0")
    page.get_by_role("button", name="Thôi dùng máy này").click()
    heading(page, "Nhập mã trên giấy mời")
    assert received(server, made) == [ANSWERED, ANSWERED]
    assert left_on_device(page) == {"drafts": 0, "forms": 0, "outbox": 0}


# Debian's Chromium has no reader of QR codes: this one stands where Android's is, and sees the letter in every picture.
READER = """globalThis.BarcodeDetector = class {{
  static async getSupportedFormats() {{ return ["qr_code"]; }}
  async detect() {{ return [{{ rawValue: {text!r} }}]; }}
}};"""


def test_the_camera_reads_the_letter_where_the_browser_has_a_reader(
    server: Server, made: OpenRound, browser: Browser
) -> None:
    flags = [*FLAGS, "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
    with browser.browser_type.launch(executable_path=shutil.which("chromium"), args=flags) as chromium:
        context = chromium.new_context(viewport=PHONE, locale="vi-VN")
        context.add_init_script(READER.format(text=f"{server.url}/p#{made.codes[0]}"))
        page = set_up(context, server.url, made)
        page.get_by_role("button", name="Quét mã QR").click()
        page.get_by_role("button", name="Bắt đầu trả lời").wait_for()


def test_a_device_without_camera_says_so(server: Server, made: OpenRound, new_context: NewContext) -> None:
    context = new_context(viewport=PHONE)
    context.add_init_script(READER.format(text=""))
    page = set_up(context, server.url, made)
    page.get_by_role("button", name="Quét mã QR").click()
    expect(page.locator("#scanner [role=status]")).to_have_text("Máy này không mở được máy quay. Nhập mã bằng tay.")
    check_axe(page)
    page.get_by_role("button", name="Đóng, nhập mã bằng tay").click()
    expect(page.locator("#code")).to_be_focused()


def test_without_a_reader_the_code_is_typed(server: Server, made: OpenRound, new_context: NewContext) -> None:
    page = set_up(new_context(viewport=PHONE), server.url, made)
    expect(page.get_by_role("button", name="Tiếp tục")).to_be_visible()
    expect(page.get_by_role("button", name="Quét mã QR")).to_be_hidden()
