"""Without network, with a broken one, with several tabs, phones and persons: no finished answer is lost or doubled."""

import random
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import select, update

from survey_app.access_codes.models import AccessCode, Invitation
from survey_app.answers.identified import read_identified
from survey_app.answers.models import IdentifiedAnswer
from survey_app.db import now
from survey_app.rounds.models import Mode, Round
from survey_app.text import today
from tests.answers.make import OpenRound, make_open_round
from tests.browser.killing import answer_killed
from tests.browser.phone import (
    ANSWERED,
    NOTHING,
    STEPS,
    Line,
    answer,
    forward,
    heading,
    keep_offline,
    left_on_device,
    open_link,
    received,
)
from tests.browser_fixtures import PHONE, Server, check_axe

NewContext = Callable[..., BrowserContext]
WAITING = "Đã lưu trên máy, chưa gửi"
SENT = """async () => {
  while ((await surveyDevice.allSealed()).length) await new Promise((resolve) => setTimeout(resolve, 50));
}"""


def opened(context: BrowserContext, url: str, code: str) -> Page:
    """A page with the opened questionnaire, kept for times without network."""
    page = context.new_page()
    open_link(page, url, code)
    keep_offline(page)
    return page


def finish(page: Page) -> None:
    answer(page)
    forward(page)


def test_in_flight_mode_from_the_link_to_the_sealed_answer(
    server: Server, line: Line, made: OpenRound, new_context: NewContext
) -> None:
    with server.database.writing() as session:
        session.merge(made.round).purge_on = today() + timedelta(days=30)
    context = new_context(viewport=PHONE)
    opened(context, line.url, made.codes[0]).close()
    line.cut()
    page = context.new_page()
    open_link(page, line.url, made.codes[0])
    forward(page)
    for field, _text in STEPS[:3]:
        page.check(field)
        forward(page)
    page.locator("#q-b_so_lan").wait_for()
    page.close()  # the phone is put away
    page = context.new_page()
    page.goto(f"{line.url}/")
    page.fill("#code", made.codes[0].lower())
    page.click("button.main")
    page.locator("#q-b_so_lan").wait_for()
    for field, text in STEPS[3:]:
        page.check(field) if text is None else page.fill(field, text)
        forward(page)
    page.locator("dl[data-rest]").wait_for()
    forward(page)
    heading(page, WAITING)
    check_axe(page)
    assert left_on_device(page) == {"drafts": 0, "forms": 0, "outbox": 1}
    page.close()
    page = context.new_page()
    page.goto(f"{line.url}/p#{made.codes[0]}")
    heading(page, WAITING)
    expect(page.locator("header .demo")).to_have_text(re.compile("ĐỢT TẬP HUẤN: để làm thử"))
    assert "Thêm ghế" not in page.content()
    page.close()
    assert received(server, made) == []
    line.mend()
    page = context.new_page()
    page.goto(f"{line.url}/cam-ket")  # any page of the site
    page.evaluate(SENT)
    assert received(server, made) == [ANSWERED]
    page.goto(f"{line.url}/p#{made.codes[0]}")
    heading(page, "Phiếu này đã nhận rồi")  # told once, of the own answer
    check_axe(page)
    assert left_on_device(page) == NOTHING
    page.goto(f"{line.url}/cam-ket")
    page.goto(f"{line.url}/p#{made.codes[0]}")
    heading(page, "Mã này đã dùng")


def test_the_network_comes_back_while_the_page_is_open(
    server: Server, made: OpenRound, new_context: NewContext
) -> None:
    context = new_context(viewport=PHONE)
    page = opened(context, server.url, made.codes[0])
    context.set_offline(True)
    page.get_by_text("Không có mạng. Ông/bà cứ trả lời tiếp").wait_for()
    check_axe(page)
    finish(page)
    heading(page, WAITING)
    page.get_by_role("button", name="Thử gửi lại").click()
    page.get_by_text("Chưa có mạng. Máy sẽ gửi lại.").wait_for()
    context.set_offline(False)
    heading(page, "Đã gửi")
    assert received(server, made) == [ANSWERED]
    assert left_on_device(page) == NOTHING


def test_the_receipt_is_lost_after_the_answer_was_stored(
    server: Server, line: Line, made: OpenRound, new_context: NewContext
) -> None:
    page = opened(new_context(viewport=PHONE), line.url, made.codes[0])
    answer(page)
    line.loses_answers = True
    forward(page)
    heading(page, WAITING)
    assert received(server, made) == [ANSWERED]
    line.mend()
    page.get_by_role("button", name="Thử gửi lại").click()
    heading(page, "Đã gửi")
    assert received(server, made) == [ANSWERED]
    assert left_on_device(page) == NOTHING


def test_the_worker_sends_when_the_phone_is_back_and_no_page_is_open(
    server: Server, line: Line, made: OpenRound, new_context: NewContext
) -> None:
    context = new_context(viewport=PHONE)
    page = opened(context, line.url, made.codes[0])
    line.cut()
    finish(page)
    heading(page, WAITING)
    worker = context.service_workers[0]
    page.close()
    line.mend()
    assert worker.evaluate("self.surveyDevice.sendAll()") == 0  # what «sync» calls
    assert received(server, made) == [ANSWERED]


def test_two_phones_on_one_code_say_which_answer_counts(
    server: Server, line: Line, made: OpenRound, new_context: NewContext
) -> None:
    late = opened(new_context(viewport=PHONE), line.url, made.codes[0])
    line.cut()
    first = opened(new_context(viewport=PHONE), server.url, made.codes[0])
    answer(first, steps=(("#q-b_lam_tt-khong", None), ("#q-y_kien", "Trước")))
    forward(first)
    heading(first, "Đã gửi")
    finish(late)
    heading(late, WAITING)
    line.mend()
    late.get_by_role("button", name="Thử gửi lại").click()
    heading(late, "Phiếu chưa được nhận")
    expect(late.locator("main")).to_contain_text("Một phiếu khác với mã này đã gửi trước", use_inner_text=True)
    check_axe(late)
    late.locator(".languages summary").click()
    late.locator(".languages").get_by_role("button", name="English").click()  # which had never come
    heading(late, "Your answers have not been accepted")
    expect(late.get_by_role("button", name="Erase")).to_be_visible()
    late.locator(".languages summary").click()
    late.get_by_role("link", name="Tiếng Việt").click()
    late.reload()
    heading(late, "Phiếu chưa được nhận")  # kept until its owner decides
    late.get_by_role("button", name="Xóa phiếu khỏi máy này").click()
    check_axe(late)
    late.get_by_role("button", name="Xóa phiếu", exact=True).click()
    heading(late, "Đã xóa")
    assert left_on_device(late) == NOTHING
    assert received(server, made) == [{"b_lam_tt": "khong", "y_kien": "Trước"}]


def test_a_code_voided_meanwhile_is_said_and_the_answer_is_kept(
    server: Server, line: Line, made: OpenRound, new_context: NewContext
) -> None:
    page = opened(new_context(viewport=PHONE), line.url, made.codes[0])
    line.cut()
    finish(page)
    heading(page, WAITING)
    with server.database.writing() as session:
        session.execute(update(AccessCode).values(void=True))
    line.mend()
    page.get_by_role("button", name="Thử gửi lại").click()
    heading(page, "Phiếu chưa được nhận")
    expect(page.locator("main")).to_contain_text("Mã này đã bị hủy", use_inner_text=True)
    with server.database.writing() as session:
        session.execute(update(AccessCode).values(void=False))
    page.get_by_role("button", name="Thử gửi lại").click()
    heading(page, "Đã gửi")


@pytest.mark.parametrize(("hours_of_grace", "ends_as"), [(100, "Đã gửi"), (0, "Phiếu chưa được nhận")])
def test_an_answer_finished_in_time_arrives_after_the_last_day(
    server: Server, line: Line, made: OpenRound, new_context: NewContext, hours_of_grace: int, ends_as: str
) -> None:
    page = opened(new_context(viewport=PHONE), line.url, made.codes[0])
    line.cut()
    finish(page)
    heading(page, WAITING)
    with server.database.writing() as session:
        survey_round = session.get_one(Round, made.round.id)
        survey_round.closes_on, survey_round.grace_hours = today() - timedelta(days=1), hours_of_grace
    line.mend()
    page.get_by_role("button", name="Thử gửi lại").click()
    heading(page, ends_as)


def test_two_tabs_of_one_code_are_one_answer(server: Server, made: OpenRound, new_context: NewContext) -> None:
    context = new_context(viewport=PHONE)
    left, right = (opened(context, server.url, made.codes[0]) for _ in range(2))
    forward(left)
    left.check("#q-b_lam_tt-co")
    forward(left)
    left.check("#q-q_5_6_3-4")
    left.get_by_text("Đã lưu trên máy này, chưa gửi").wait_for()
    right.reload()
    right.locator("#q-q_5_6_3-4:checked").wait_for()
    finish_from(right, 1)
    heading(right, "Đã gửi")
    heading(left, "Đã gửi")
    expect(left.locator("input[name=q_5_6_3]")).to_have_count(0)
    assert received(server, made) == [ANSWERED]
    assert left_on_device(left) == NOTHING


def finish_from(page: Page, step: int) -> None:
    """Answers what is left from this step on, and sends."""
    for field, text in STEPS[step:]:
        page.locator(field).wait_for()
        page.check(field) if text is None else page.fill(field, text)
        forward(page)
    page.locator("dl[data-rest]").wait_for()
    forward(page)


def test_two_persons_on_one_phone_are_kept_apart(server: Server, made: OpenRound, new_context: NewContext) -> None:
    context = new_context(viewport=PHONE)
    page = opened(context, server.url, made.codes[0])
    forward(page)
    page.check("#q-b_lam_tt-khong")
    forward(page)
    page.fill("#q-y_kien", "Của người thứ nhất")
    page.wait_for_timeout(300)
    page.close()
    page = context.new_page()
    page.goto(f"{server.url}/")
    assert "thứ nhất" not in page.content()  # without the code nothing is shown
    second = opened(context, server.url, made.codes[1])
    finish(second)
    heading(second, "Đã gửi")
    assert left_on_device(second) == {"drafts": 1, "forms": 1, "outbox": 0}
    again = context.new_page()
    again.goto(f"{server.url}/p#{made.codes[0]}")
    again.locator("#q-y_kien").wait_for()
    expect(again.locator("#q-y_kien")).to_have_value("Của người thứ nhất")


def test_a_draft_cannot_be_read_without_the_code(server: Server, made: OpenRound, new_context: NewContext) -> None:
    page = opened(new_context(viewport=PHONE), server.url, made.codes[0])
    forward(page)
    page.check("#q-b_lam_tt-khong")
    forward(page)
    page.fill("#q-y_kien", "Cán bộ nhận tiền")
    page.wait_for_timeout(300)
    kept = page.evaluate("""async () => {
      const request = indexedDB.open("survey");
      await new Promise((resolve) => { request.onsuccess = resolve; });
      const all = request.result.transaction("drafts").objectStore("drafts").getAll();
      await new Promise((resolve) => { all.onsuccess = resolve; });
      const [row] = all.result;
      return [Object.keys(row).sort().join(), new TextDecoder().decode(row.sealed), row.id];
    }""")
    assert kept[0] == "id,nonce,sealed,turn"
    assert "nhận tiền" not in kept[1]
    assert made.codes[0] not in kept[2]


def test_storage_cleared_under_way_loses_nothing_on_the_open_page(
    server: Server, made: OpenRound, new_context: NewContext
) -> None:
    context = new_context(viewport=PHONE)
    page = opened(context, server.url, made.codes[0])
    forward(page)
    page.check("#q-b_lam_tt-co")
    forward(page)
    wire = context.new_cdp_session(page)
    wire.send("Storage.clearDataForOrigin", {"origin": server.url, "storageTypes": "all"})
    finish_from(page, 1)
    heading(page, "Đã gửi")
    assert received(server, made) == [ANSWERED]


@pytest.mark.parametrize("days", [-366, 366])
def test_a_clock_that_is_a_year_wrong_changes_nothing(
    server: Server, made: OpenRound, new_context: NewContext, days: int
) -> None:
    context = new_context(viewport=PHONE)
    context.clock.set_fixed_time(now() + timedelta(days=days))
    page = opened(context, server.url, made.codes[0])
    finish(page)
    heading(page, "Đã gửi")
    assert received(server, made) == [ANSWERED]


def test_a_browser_that_keeps_nothing_says_so_and_sends(
    server: Server, made: OpenRound, new_context: NewContext
) -> None:
    context = new_context(viewport=PHONE)
    context.add_init_script("IDBFactory.prototype.open = () => { throw new DOMException('no', 'SecurityError'); }")
    page = context.new_page()
    open_link(page, server.url, made.codes[0])
    page.get_by_text("Máy này không giữ được phiếu khi mất mạng").wait_for()
    check_axe(page)
    answer(page)
    context.set_offline(True)
    forward(page)
    heading(page, "Chưa gửi được, đừng đóng trang này")
    check_axe(page)
    context.set_offline(False)
    heading(page, "Đã gửi")
    assert received(server, made) == [ANSWERED]


def test_a_browser_that_cannot_seal_leaves_it_to_the_server(
    server: Server, made: OpenRound, new_context: NewContext
) -> None:
    context = new_context(viewport=PHONE)
    broken = "SubtleCrypto.prototype.deriveBits = async () => { throw new DOMException('no', 'NotSupportedError'); }"
    context.add_init_script(f"if (self.SubtleCrypto) {broken}")
    page = context.new_page()
    open_link(page, server.url, made.codes[0])
    answer(page)
    context.set_offline(True)
    forward(page)
    page.get_by_text("Việc này cần có mạng.").wait_for()
    context.set_offline(False)
    forward(page)
    heading(page, "Đã gửi")
    assert received(server, made) == [ANSWERED]
    assert left_on_device(page) == NOTHING


ZALO = {
    "android": "Mozilla/5.0 (Linux; Android 11) AppleWebKit/537.36 Chrome/104.0 Mobile Zalo android/12081",
    "iphone": "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Zalo iOS/592",
}


@pytest.mark.parametrize("phone", list(ZALO))
def test_inside_zalo_the_code_and_the_way_out_are_shown(
    server: Server, made: OpenRound, new_context: NewContext, phone: str
) -> None:
    context = new_context(viewport=PHONE, user_agent=ZALO[phone], permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    code = made.codes[0]
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    open_link(page, server.url, code)
    panel = page.locator(".panel.warn")
    shown = f"{code[:4]}-{code[4:8]}-{code[8:12]}-{code[12:]}"
    expect(panel).to_contain_text(shown, use_inner_text=True)
    check_axe(page)
    page.get_by_role("button", name="Chép đường dẫn").click()
    page.get_by_text("Đã chép.").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == f"{server.url}/p#{code}"
    way = page.get_by_role("link", name="Mở bằng Chrome")
    if phone == "android":
        # Android's Intent.parseUri splits at the last «#»: what stands before it is the address for the browser.
        address, _, intent = way.get_attribute("href").rpartition("#")
        assert address.replace("intent:", "http:") == f"{server.url}/p#{code}"
        parts = dict(part.split("=", 1) for part in intent.removeprefix("Intent;").removesuffix(";end").split(";"))
        assert parts == {
            "scheme": "http",
            "package": "com.android.chrome",
            "S.browser_fallback_url": quote(f"{server.url}/p", safe=""),
        }
        pressed = context.new_page()  # this browser has no such apps: nothing happens, and no server hears of it
        pressed.on("request", lambda request: asked.append(request.url))
        open_link(pressed, server.url, code)
        pressed.get_by_role("link", name="Mở bằng Chrome").click()
        expect(pressed.locator(".panel.warn")).to_contain_text(shown, use_inner_text=True)
        pressed.close()
    else:
        expect(way).to_have_count(0)
        expect(panel).to_contain_text("Mở bằng Safari")
    assert not [url for url in asked if code in url.split("#")[0]]
    context.set_offline(True)
    finish(page)
    heading(page, WAITING)
    expect(page.locator("main")).to_contain_text("đừng trả lời lại ở trình duyệt khác")
    expect(way).to_have_count(0)  # another browser would ask everything anew


def test_a_code_that_the_phone_does_not_hold_says_so_without_network(
    server: Server, line: Line, made: OpenRound, new_context: NewContext
) -> None:
    context = new_context(viewport=PHONE)
    opened(context, line.url, made.codes[0]).close()
    line.cut()
    page = context.new_page()
    page.goto(f"{line.url}/p#{made.codes[1]}")
    page.get_by_text("Không có mạng và máy này chưa có phiếu của mã đó").first.wait_for()
    check_axe(page)
    page.reload()
    page.get_by_text("Không có mạng và máy này chưa có phiếu của mã đó").first.wait_for()
    expect(page.locator("#code")).to_have_value(made.codes[1])
    line.mend()
    page.reload()
    page.get_by_role("button", name="Bắt đầu trả lời").wait_for()
    with server.database.reading() as session:
        assert {one.state for one in session.scalars(select(Invitation))} == {"unused"}


def test_a_browser_killed_at_any_moment_loses_and_doubles_nothing(
    server: Server, line: Line, made: OpenRound, browser: Browser, tmp_path: Path
) -> None:
    chance = random.Random("killed")
    for number in range(3):
        answer_killed(browser.browser_type, server, line, made, number, tmp_path, chance)


def test_an_answer_with_a_name_waits_locked_on_the_phone_and_no_word_calls_it_nameless(
    server: Server, new_context: NewContext
) -> None:
    """Confidential mode: the phone seals to the server's own key; the way is the same."""
    with server.database.writing() as session:
        pepper = server.app.extensions["survey_settings"].keys.pepper
        named = make_open_round(session, pepper, persons=(2,), mode=Mode.CONFIDENTIAL)
    context = new_context(viewport=PHONE)
    page = opened(context, server.url, named.codes[0])
    context.set_offline(True)
    finish(page)
    heading(page, WAITING)
    expect(page.locator("main")).to_contain_text("khóa kín")
    expect(page.locator("main")).not_to_contain_text("niêm phong")
    assert left_on_device(page) == {"drafts": 0, "forms": 0, "outbox": 1}
    context.set_offline(False)
    heading(page, "Đã gửi")
    expect(page.locator("main")).to_contain_text("Cơ quan tổ chức đã nhận phiếu")
    expect(page.locator("main")).not_to_contain_text("niêm phong")
    check_axe(page)
    with server.database.reading() as session:
        sealed = session.scalars(select(IdentifiedAnswer.sealed)).one()
        assert read_identified(session, named.round, sealed).ratings[0].answers == ANSWERED
