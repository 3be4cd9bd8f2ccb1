"""One official rates many units: cards on a phone, a table on a wide screen, kept for later, sealed unit by unit."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import select

from survey_app.answers.envelope import LARGE, open_envelope
from survey_app.answers.models import Envelope, ResumeDraft
from survey_app.answers.payload import read_payload
from survey_app.answers.resume import OVERHEAD
from tests.browser.phone import forward, heading, left_on_device, open_link
from tests.browser.test_phone import double_text, fits, stays_inside
from tests.browser_fixtures import OFFICE, PHONE, Server
from tests.province import Province, make_province

NewContext = Callable[..., BrowserContext]
KEY_OF_DRAFT = "async (code) => (await surveyDevice.loadDraft(await surveyDevice.idOf(code), code)).resume"


@pytest.fixture
def province(server: Server) -> Province:
    """An open round of three sở and four communes."""
    with server.database.writing() as session:
        return make_province(session, server.app.extensions["survey_settings"].keys.pepper)


def rows(page: Page):
    return page.locator(".matrix .row")


def test_a_leader_of_a_commune_rates_the_departments(
    server: Server, province: Province, new_context: NewContext
) -> None:
    context = new_context(viewport={"width": 320, "height": 700})
    page = context.new_page()
    code = province.codes["C", "Xã Quài Tở"][0]
    open_link(page, server.url, code)
    forward(page)
    heading(page, "Mỗi câu hỏi có một bảng. Mỗi dòng là một sở, ngành. Chọn một mức ở mỗi dòng.")
    forward(page)
    expect(rows(page)).to_have_count(3)
    fits(page)
    row = page.get_by_role("radiogroup", name="Sở Nội vụ")
    row.get_by_role("radio", name="Tốt", exact=True).check(force=True)
    forward(page)
    expect(page.locator(".panel.err h2")).to_have_text("Còn 2 đơn vị chưa có câu trả lời")
    fits(page)
    # The page is closed and opened again on a wide screen of the same device: what was chosen is still there.
    page.close()
    page = context.new_page()
    page.set_viewport_size(OFFICE)
    page.goto(f"{server.url}/p#{code}")
    expect(rows(page)).to_have_count(3)
    expect(
        page.get_by_role("radiogroup", name="Sở Nội vụ").get_by_role("radio", name="Tốt", exact=True)
    ).to_be_checked()
    first, second = (rows(page).first.locator(".dot").nth(place).bounding_box() for place in (0, 5))
    assert first["y"] == second["y"]  # a table: all levels beside each other
    fits(page)
    for number in range(1, 10):
        page.get_by_role("button", name="Chọn «Không biết» cho các đơn vị còn trống").click()
        expect(page.locator(".matrix input:checked")).to_have_count(3)
        forward(page)
        if number < 9:
            expect(page.locator("#place")).to_contain_text(f"Câu {number + 1} / 10")
    page.locator("textarea").fill("Trả lời văn bản sớm hơn")
    forward(page)
    expect(page.locator("dl[data-rest] dd").first).to_contain_text("3/3 đơn vị đã có câu trả lời")
    fits(page)
    forward(page)
    heading(page, "Đã gửi")
    assert left_on_device(page) == {"drafts": 0, "forms": 0, "outbox": 0}
    with server.database.reading() as session:
        sealed = session.scalars(select(Envelope.sealed)).one()
    payload = read_payload(open_envelope(sealed, province.private_keys[:1], province.round.code))
    by_id = {one.id: one.unit.name for one in province.rated}
    levels = {by_id[one.rated_unit_id]: one.answers["q_1_7_1"] for one in payload.ratings}
    assert levels == {"Sở Nội vụ": "4", "Sở Tài chính": "KB", "Sở Xây dựng": "KB"}
    assert payload.apart == {"y_kien": "Trả lời văn bản sớm hơn"}


def test_at_every_size_of_text_the_matrix_stays_on_the_screen(
    server: Server, province: Province, new_context: NewContext
) -> None:
    page = new_context(viewport={"width": 320, "height": 700}).new_page()
    open_link(page, server.url, province.codes["A", "Sở Nội vụ"][0])
    forward(page)
    heading(page, "Mỗi câu hỏi có một bảng. Mỗi dòng là một xã, phường. Chọn một mức ở mỗi dòng.")
    forward(page)
    expect(rows(page)).to_have_count(4)
    look_at_every_size(page, 320, 360, 390, 920, 1280)
    page.set_viewport_size({"width": 1280, "height": 240})
    page.evaluate("scrollBy(0, document.querySelector('.matrix .row').getBoundingClientRect().top - 4)")
    rows(page).first.locator("input").first.focus()
    head = page.locator(".levels").bounding_box()
    assert rows(page).first.bounding_box()["y"] >= head["y"] + head["height"] - 1  # not under the words of the levels
    double_text(page)
    look_at_every_size(page, 320, 390, 1280)


def look_at_every_size(page: Page, *widths: int) -> None:
    """Nothing leaves the screen, and no level stands apart from the others."""
    for width in widths:
        page.set_viewport_size({"width": width, "height": 700})
        for _ in range(3):
            page.get_by_role("button", name="Cỡ chữ").click()
            stays_inside(page)
            tops = [dot.bounding_box()["y"] for dot in rows(page).first.locator(".dot:not(.apart)").all()]
            assert len(tops) == 5
            assert len(set(tops)) == 1


def test_without_script_the_same_tables_are_posted(server: Server, province: Province, new_context: NewContext) -> None:
    page = new_context(viewport=PHONE, java_script_enabled=False).new_page()
    page.goto(server.url)
    page.fill("#code", province.codes["C", "Xã Quài Tở"][0])
    page.get_by_role("button", name="Tiếp tục").click()
    page.get_by_role("button", name="Bắt đầu trả lời").click()
    page.get_by_role("button", name="Tiếp tục").click()
    expect(rows(page)).to_have_count(3)
    page.get_by_role("radiogroup", name="Sở Tài chính").get_by_role("radio", name="Kém", exact=True).check(force=True)
    page.get_by_role("button", name="Chọn «Không biết» cho các đơn vị còn trống").click()
    expect(page.locator(".matrix input:checked")).to_have_count(3)
    page.get_by_role("button", name="Tiếp tục").click()
    expect(page.locator(".place")).to_contain_text("Câu 2 / 10")


def test_a_qr_code_carries_the_answers_to_another_device(
    server: Server, province: Province, new_context: NewContext
) -> None:
    code = province.codes["C", "Xã Quài Tở"][0]
    phone = new_context(viewport=PHONE).new_page()
    open_link(phone, server.url, code)
    forward(phone)
    forward(phone)
    chosen = phone.get_by_role("radiogroup", name="Sở Nội vụ").get_by_role("radio", name="Rất tốt", exact=True)
    chosen.check(force=True)
    sent: list[str] = []
    phone.on("request", lambda request: sent.append(request.post_data or ""))
    phone.get_by_role("button", name="Làm tiếp trên máy khác").click()
    heading(phone, "Làm tiếp trên máy khác")
    expect(phone.get_by_role("img", name="Mã QR để làm tiếp trên máy khác")).to_be_visible()
    fits(phone)
    key = phone.evaluate(KEY_OF_DRAFT, code)
    assert len(key) == 32
    assert not any(key in body for body in sent)  # the key never leaves the phone but in the picture
    with server.database.reading() as session:
        kept = session.scalars(select(ResumeDraft)).one()
    assert len(kept.sealed) == LARGE + OVERHEAD
    # The code alone opens nothing on another device; with the key of the picture the answers are there.
    stranger = new_context(viewport=OFFICE).new_page()
    open_link(stranger, server.url, code)
    forward(stranger)
    forward(stranger)
    expect(stranger.locator(".matrix .row")).to_have_count(3)
    expect(stranger.locator(".matrix input:checked")).to_have_count(0)
    wrong = new_context(viewport=OFFICE).new_page()
    wrong.goto(f"{server.url}/p#{code}~{'0' * 32}")
    expect(wrong.locator("#state")).to_contain_text("Mã QR này không còn phần đã trả lời")
    desk = new_context(viewport=OFFICE).new_page()
    desk.goto(f"{server.url}/p#{code}~{key}")
    row = desk.get_by_role("radiogroup", name="Sở Nội vụ")
    expect(row.get_by_role("radio", name="Rất tốt", exact=True)).to_be_checked()
    for number in range(1, 10):
        desk.get_by_role("button", name="Chọn «Không biết» cho các đơn vị còn trống").click()
        forward(desk)
        expect(desk.locator("#place")).to_contain_text(f"Câu {number + 1} / 10")
    forward(desk)
    expect(desk.locator("dl[data-rest] dd").first).to_contain_text("3/3 đơn vị đã có câu trả lời")
    forward(desk)
    heading(desk, "Đã gửi")
    with server.database.reading() as session:
        assert session.scalars(select(ResumeDraft)).all() == []
        assert len(session.scalars(select(Envelope)).all()) == 1
    phone.get_by_role("button", name="Làm tiếp trên máy này").click()
    expect(chosen).to_be_checked()
