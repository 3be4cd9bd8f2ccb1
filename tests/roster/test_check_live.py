"""The check page in a browser: what is typed is saved by itself, and comes back where it could not be."""

import re

from playwright.sync_api import expect
from sqlalchemy import select

from survey_app.access import Role
from survey_app.roster.drafts import correct, draft_as_json, draft_from_json
from survey_app.roster.models import Upload
from survey_app.roster.rules import receive_upload
from tests.browser_fixtures import OFFICE, PHONE, check_axe, open_page
from tests.make import make_user
from tests.roster.asked_round import LEADER, make_asked_round, make_citizen, make_file

CHECK = "/rounds/tg-2021/lists/uploads/1"


def open_check(server, new_context, viewport=OFFICE):
    with server.database.writing() as session:
        asked = make_asked_round(session)
        user = make_user(session, Role.UNIT_OFFICER, asked.commune)
        content = make_file([make_citizen(1, phone="0912"), make_citizen(2)], [LEADER])
        receive_upload(session, asked.round, asked.commune, content, "ds.xlsx", user)
    return open_page(server, new_context, user, CHECK, viewport=viewport)


def phone_of(server) -> str:
    with server.database.reading() as session:
        draft = draft_from_json(session.scalars(select(Upload.reading)).one())
    return str(draft.tables[0].rows[0].cells["phone"])


def test_a_typed_cell_is_saved_by_itself_and_leaving_asks_nothing(server, new_context):
    page = open_check(server, new_context)
    page.fill("#cell-0-4-phone", "0912345671")
    page.get_by_text(re.compile("Bản nháp đã lưu lúc .*")).wait_for()
    expect(page.locator("#cell-0-4-phone")).to_have_js_property("defaultValue", "0912345671")
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.goto(f"{server.url}/rounds/tg-2021/lists/mine")
    assert asked == []
    assert phone_of(server) == "0912345671"


def test_without_a_network_the_cell_waits_in_the_browser_and_is_sent_later(server, new_context):
    page = open_check(server, new_context)
    page.context.set_offline(True)
    page.fill("#cell-0-4-phone", "0912345672")
    page.get_by_text("Chưa lưu được, mất mạng.").wait_for()
    assert phone_of(server) == "0912"
    page.context.set_offline(False)
    page.get_by_text(re.compile("Bản nháp đã lưu lúc .*")).wait_for()
    assert phone_of(server) == "0912345672"


def test_when_the_session_is_over_what_was_typed_is_kept_for_after_signing_in(server, new_context):
    page = open_check(server, new_context)
    kept = page.context.cookies()
    page.context.clear_cookies()
    page.fill("#cell-0-4-phone", "0912345673")
    page.get_by_text("phiên làm việc đã hết").wait_for()
    page.context.add_cookies(kept)
    page.goto(server.url + CHECK)
    expect(page.locator("#cell-0-4-phone")).to_have_js_property("defaultValue", "0912345673")
    assert phone_of(server) == "0912345673"


def test_a_tab_is_a_button_that_saves_and_the_pages_are_accessible(server, new_context):
    for viewport in (OFFICE, PHONE):
        if viewport == OFFICE:
            page = open_check(server, new_context)
        page.set_viewport_size(viewport)
        for tab in ("Tất cả", "Các cột đã nhận", "Cần xem"):
            page.locator(".chips").get_by_text(re.compile(tab)).click()
            page.wait_for_load_state()
            check_axe(page)


def test_what_waited_does_not_write_over_what_another_stored_meanwhile(server, new_context):
    page = open_check(server, new_context)
    context = page.context
    context.set_offline(True)
    page.fill("#cell-0-4-phone", "0912345674")
    page.get_by_text("Chưa lưu được, mất mạng.").wait_for()
    with server.database.writing() as session:
        upload = session.scalars(select(Upload)).one()
        draft = draft_from_json(upload.reading)
        correct(draft, 0, 4, "phone", "0999")
        upload.reading = draft_as_json(draft)
    page.close()
    context.set_offline(False)
    page = context.new_page()
    page.goto(server.url + CHECK)
    page.get_by_role("heading", name="Hai người cùng sửa bản nháp").wait_for()
    assert page.get_by_text("0912345674").count()
    assert phone_of(server) == "0999"
