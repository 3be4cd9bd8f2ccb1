"""From the office's comment through correction and confirmation by the head to approval, clicked in a browser."""

import pytest
from playwright.sync_api import expect

from survey_app.access import Role
from survey_app.roster.models import ListState, UnitList
from tests.browser_fixtures import OFFICE, PHONE, check_axe, signed_in_context
from tests.make import make_user
from tests.roster.asked_round import make_asked_round
from tests.roster.test_rules import hand_in


@pytest.mark.parametrize("viewport", [OFFICE, PHONE])
def test_a_commented_list_is_corrected_confirmed_and_approved(server, new_context, viewport):
    with server.database.writing() as session:
        asked = make_asked_round(session)
        _leaders, citizens = hand_in(session, asked)
        asked.round.head_confirms = True
        list_id = citizens.id
        users = [
            make_user(session, Role.OPERATOR, asked.district),
            make_user(session, Role.UNIT_OFFICER, asked.commune),
            make_user(session, Role.UNIT_HEAD, asked.commune),
        ]
    pages = []
    for user in users:
        pages.append(signed_in_context(server, new_context, user, viewport=viewport).new_page())
    office, worker, head = pages
    base = f"{server.url}/rounds/tg-2021"

    office.goto(f"{base}/lists/{list_id}")
    office.locator("details.comment").nth(1).locator("summary").click()
    office.get_by_label("Góp ý dòng 2").fill("Xem lại năm sinh.")
    check_axe(office)
    office.get_by_role("button", name="Trả lại").click()
    expect(office.get_by_text("Đã trả lại").first).to_be_visible()

    worker.goto(f"{base}/lists/mine")
    check_axe(worker)
    worker.get_by_role("button", name="Sửa danh sách đã nộp").click()
    expect(worker.get_by_text("Xem lại năm sinh.")).to_be_visible()
    check_axe(worker)
    worker.locator("[name='cell-0-2-birth']").fill("1969")
    worker.get_by_role("button", name="Kiểm tra và nộp").click()
    expect(worker.get_by_text("Xem lại năm sinh.")).to_be_visible()
    check_axe(worker)
    worker.get_by_role("button", name="Tiếp tục").click()
    worker.get_by_label("Tôi đã đối chiếu").check()
    worker.get_by_role("button", name="Gửi thủ trưởng xác nhận").click()

    head.goto(f"{base}/lists/mine")
    head.get_by_role("link", name="Xem và xác nhận").click()
    expect(head.get_by_text("1 dòng mới hoặc đã sửa")).to_be_visible()
    check_axe(head)
    head.get_by_label("Tôi xác nhận danh sách này").check()
    head.get_by_role("button", name="Xác nhận và trình").click()

    office.goto(f"{base}/lists/{list_id}")
    expect(office.get_by_text("Xem lại năm sinh.")).to_be_visible()
    office.get_by_role("button", name="Duyệt", exact=True).click()
    with server.database.reading() as session:
        assert session.get_one(UnitList, list_id).state == ListState.APPROVED
    for address in ("lists/late", "plan", "settings/quotas"):
        office.goto(f"{base}/{address}")
        check_axe(office)
