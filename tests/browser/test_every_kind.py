"""Every kind of question is answered with script and without, is checked, and arrives after opening."""

from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from survey_app.answers.models import AnswerCount, Ballot, FreeText
from survey_app.answers.opening import open_envelopes
from survey_app.db import now
from survey_app.questionnaires.xlsform import read_xlsform
from survey_app.rounds.models import Round
from tests.answers.make import make_open_round
from tests.browser.test_respondent import fits, posted
from tests.browser_fixtures import PHONE

FORM = Path(__file__).parents[1] / "answers" / "every-kind.md"


@pytest.fixture
def made(server):
    definition = read_xlsform(FORM.read_bytes(), FORM.name)
    with server.database.writing() as session:
        pepper = server.app.extensions["survey_settings"].keys.pepper
        return make_open_round(session, pepper, persons=(6,), definition=definition)


def turn(page: Page) -> None:
    """The main button, and whatever it leads to: another page, or another screen of the same one."""
    page.evaluate("document.querySelector('main').firstElementChild.setAttribute('data-old', '')")
    page.locator("button.main").last.click()
    page.locator("main > [data-old]:first-child").wait_for(state="detached")


@pytest.mark.parametrize("way", ["on the phone", "posted with script", "posted without script"])
def test_every_kind_is_answered_and_arrives(server, made, new_context, way):
    script = way != "posted without script"
    context = new_context(viewport=PHONE, java_script_enabled=script)
    if way == "on the phone":  # its clock is eight years slow: the day is that of the server
        context.clock.set_fixed_time(now() - timedelta(days=3000))
    page = (posted(context) if way == "posted with script" else context).new_page()
    page.goto(f"{server.url}/")
    page.fill("#code", made.codes[0])
    turn(page)
    turn(page)
    # What is filled in and seen on each screen, in order; a function may stay on the page for a fault first.
    steps = (
        lambda: page.check("#q-da_doc"),
        lambda: page.check("#q-o_huyen-tuan_giao"),
        lambda: filtered(page),
        lambda: date_with_fault(page),
        lambda: page.fill("#q-gio_cho", "2,5"),
        lambda: page.check("#q-diem-8"),
        lambda: range_with_fault(page),
        lambda: rank_with_fault(page),
        lambda: page.check("#q-viec_khac-other"),
        lambda: page.fill("#q-viec_khac_other", "Đăng ký xe"),
        lambda: label_shows_answers(page),
        lambda: table(page),
        lambda: page.fill("#q-so_lan", "3"),
        lambda: computed_is_shown(page),
    )
    for step in steps:
        step()
        if script:
            fits(page)
        turn(page)
    expect(page.locator("h1")).to_have_text("Xem lại trước khi gửi")
    review = page.locator("main").inner_text()
    for words in (
        "Đã xác nhận",
        "Xã Quài Tở",
        "05/01/2021",
        "2,5",
        "1. Thuế; 2. Đất đai; 3. Hộ tịch Tuần Giáo",
        "Khác",
    ):
        assert words in review
    turn(page)
    expect(page.locator("h1")).to_have_text("Đã gửi")
    scores, counted, written = what_was_opened(server, made)
    assert scores == {"b_1": "2", "b_2": "KB"}
    assert counted == scores | {
        "da_doc": "OK",
        "o_huyen": "tuan_giao",
        "o_xa": "quai_to",
        "ngay_tra": "2021-01-05",
        "gio_cho": "2.5",
        "diem": "8",
        "phi": "120",
        "thu_tu": "thue dat hotich",
        "viec_khac": "other",
        "so_lan": "3",
    }
    assert written == {"viec_khac_other": "Đăng ký xe", "vi_sao": "Thiếu giấy"}


def filtered(page):
    expect(page.locator("input[name=o_xa]")).to_have_count(2)
    page.check("#q-o_xa-quai_to")


def date_with_fault(page):
    page.fill("#q-ngay_tra", "2099-01-01")
    turn(page)
    expect(page.locator("[role=alert]")).to_contain_text("Ngày này chưa tới.")
    page.fill("#q-ngay_tra", "2021-01-05")


def range_with_fault(page):
    page.fill("#q-phi", "123")
    turn(page)
    expect(page.locator("[role=alert]")).to_contain_text("Điền một số từ 0 đến 500. Chỉ nhận các số 0; 5; 10…")
    expect(page.locator("#q-phi")).to_have_value("123")
    page.fill("#q-phi", "120")


def rank_with_fault(page):
    page.select_option("#q-thu_tu-thue", label="1")
    page.select_option("#q-thu_tu-dat", label="1")
    turn(page)
    expect(page.locator("[role=alert]")).to_contain_text("mỗi mục một thứ tự khác nhau")
    expect(page.locator("#q-thu_tu-dat")).to_have_value("1:dat")  # nothing chosen is lost
    page.select_option("#q-thu_tu-dat", label="2")
    page.select_option("#q-thu_tu-hotich", label="3")


def label_shows_answers(page):
    expect(page.locator("h1")).to_have_text("Vì sao phải chờ 2,5 giờ ở Xã Quài Tở?")
    page.fill("#q-vi_sao", "Thiếu giấy")


def table(page):
    expect(page.locator("main")).to_contain_text("Đánh giá thế nào ở Xã Quài Tở?")
    page.check("#q-b_1-2")
    page.check("#q-b_2-KB")


def computed_is_shown(page):
    expect(page.locator("output")).to_have_text("6")


def what_was_opened(server, made):
    """Answers on the one ballot, levels counted by item, and own words."""
    with server.database.writing() as session:
        survey_round = session.get_one(Round, made.round.id)
        survey_round.closed_at = now()
        open_envelopes(session, survey_round, made.private_keys[:1], None)
        written = dict(session.execute(select(FreeText.question, FreeText.text)).all())
        counted = dict(session.execute(select(AnswerCount.item, AnswerCount.level)).all())
        return session.scalars(select(Ballot)).one().answers, counted, written
