"""Last year's persons: each is confirmed, changed or gone before the list can be handed in."""

import re
from datetime import date

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from survey_app.access import Role
from survey_app.db import now
from survey_app.roster.drafts import Edit, apply_edits, draft_as_json, draft_from_json
from survey_app.roster.last_year import Standing, ask_again, counts, not_confirmed, standings, still_there
from survey_app.roster.models import ListState, Person, UnitList, Upload
from survey_app.roster.rules import check_upload
from survey_app.roster.typed_lists import Source, start_typed_list
from survey_app.rounds.models import ListType, Round
from tests.browser_fixtures import OFFICE, PHONE, check_axe, open_page
from tests.make import csrf_token, make_group, make_list, make_person, make_round, make_user, sign_in_client
from tests.roster.asked_round import make_asked_round

NAMES = ("Lò Văn Anh", "Cà Thị Bình", "Vừ A Dia")


def make_years(session, erased=False):
    """A commune with three leaders on its list of 2020, asked for three in 2021; (asked, its officer)."""
    asked = make_asked_round(session)
    before = make_round(session, asked.district, code="tg-2020", lists_started_at=now())
    before.year = 2020
    before.personal_data_erased_at = now() if erased else None
    group = make_group(session, before, "C", ListType.OFFICIALS)
    unit_list = make_list(session, group, asked.commune, state=ListState.LOCKED)
    for position, name in enumerate(NAMES, 1):
        make_person(
            session, unit_list, position, name=name, phone=f"091234567{position}", job_title="Chủ tịch UBND",
            workplace=asked.commune.name,
        )  # fmt: skip
    session.scalars(select(UnitList).where(UnitList.id == unit_list.id)).one()
    for quota in asked.leaders.quotas:
        quota.target = 3
    session.flush()
    return asked, make_user(session, Role.UNIT_OFFICER, asked.commune)


@pytest.fixture
def begun(database):
    """A draft that was begun from last year's list."""
    with database.writing() as session:
        asked, officer = make_years(session)
        upload = start_typed_list(session, asked.round, asked.commune, "C", officer, Source.EARLIER)
        session.flush()
        return upload


def stand(draft):
    return [str(one) for one in standings(draft).values()]


def test_a_person_is_open_until_somebody_says_or_writes_something(database, begun):
    draft = draft_from_json(begun.reading)
    assert stand(draft) == ["open", "open", "open"]
    still_there(draft, [(0, 1), (0, 99)])
    apply_edits(draft, [Edit(0, 2, "position", "Phó Chủ tịch UBND")])
    draft.dropped.add((0, 3))
    assert stand(draft) == ["still", "changed", "gone"]
    assert not_confirmed(draft) == []
    assert counts(standings(draft))[Standing.CHANGED] == 1
    again = draft_from_json(draft_as_json(draft))
    assert stand(again) == stand(draft)
    ask_again(draft, [(0, 1)])
    apply_edits(draft, [Edit(0, 2, "position", "Chủ tịch UBND")])  # set back: nobody has said anything
    draft.dropped.discard((0, 3))
    assert stand(draft) == ["open", "open", "open"]


def test_a_dossier_of_this_year_confirms_the_person_and_is_no_change(database):
    with database.writing() as session:
        asked, officer = make_years(session)
        before = session.scalars(select(Round).where(Round.code == "tg-2020")).one()
        citizens = make_list(session, make_group(session, before, "E"), asked.commune, state=ListState.LOCKED)
        make_person(session, citizens, name="Lò Văn Hai", procedure="Chứng thực", receipt_date=date(2020, 3, 5))
        upload = start_typed_list(session, asked.round, asked.commune, "E", officer, Source.EARLIER)
        session.flush()
        draft = draft_from_json(upload.reading)
    assert "Chứng thực" not in str(draft_as_json(draft))
    assert "2020" not in str(draft_as_json(draft)["tables"])
    apply_edits(draft, [Edit(0, 1, "procedure", "Đăng ký khai sinh")])
    assert stand(draft) == ["still"]


def test_the_list_cannot_be_handed_in_while_one_is_open(database, begun):
    with database.writing() as session:
        upload = session.get_one(Upload, begun.id)
        kinds = [one.kind for one in check_upload(session, upload).blocking]
        assert kinds == ["not_confirmed"] * 3
        draft = draft_from_json(upload.reading)
        still_there(draft, standings(draft))
        assert check_upload(session, upload, draft).blocking == []


def send(client, url, **data):
    return client.post(url, data={"csrf_token": csrf_token(client), **data})


def test_from_last_years_list_to_the_office_without_script(app, database):
    with database.writing() as session:
        _asked, officer = make_years(session)
    client = sign_in_client(app, officer)
    where = send(client, "/rounds/tg-2021/lists/typed", group="C", source="earlier").location
    page = client.get(where).text
    assert page.count('name="confirm"') == 3
    assert page.count("Chưa xác nhận") == 3
    assert "vẫn còn 0, đã đổi 0, không còn 0, chưa xác nhận 3" in page
    assert "Dữ liệu" not in page.split("<main")[1].split("data-general")[0]
    check = send(client, where, go="yes").location
    assert "chưa xác nhận người của năm trước" in client.get(check).text
    send(client, check, confirm="0-1")
    send(client, where, drop="0-3")
    send(client, where, **{"was-cell-0-2-phone": "0912345672", "cell-0-2-phone": "0987654321"})
    page = client.get(where).text
    assert "vẫn còn 1, đã đổi 1, không còn 1, chưa xác nhận 0" in page
    assert 'name="confirm"' not in page
    assert re.search(r'name="confirm_all"[^>]* hidden', page)
    send(client, where, **{"new-0-name": "Giàng A Sình", "new-0-birth": "1975", "new-0-gender": "Nam"})
    send(client, where, **{"cell-0-4-position": "Phó Chủ tịch UBND", "cell-0-4-phone": "0977777777"})
    confirm = client.get(f"{check}/confirm").text
    version = re.search(r'name="version" value="(\d+)"', confirm).group(1)
    assert send(client, f"{check}/confirm", declared="yes", version=version).status_code == 303
    with database.reading() as session:
        new = session.scalars(select(UnitList).join(Round).where(Round.code == "tg-2021")).one()
        assert [(one.name, one.phone) for one in new.persons] == [
            ("Lò Văn Anh", "0912345671"), ("Cà Thị Bình", "0987654321"), ("Giàng A Sình", "0977777777"),
        ]  # fmt: skip
        assert session.scalars(select(Person).where(Person.name == "Vừ A Dia")).one().list_id != new.id


@pytest.mark.parametrize("address", ["", "/grid"])
def test_all_that_are_left_are_confirmed_at_once(app, database, begun, address):
    with database.writing() as session:
        officer = make_user(session, Role.UNIT_OFFICER, session.get_one(Upload, begun.id).unit)
    client = sign_in_client(app, officer)
    draft_page = f"/rounds/tg-2021/lists/uploads/{begun.id}"
    send(client, f"{draft_page}/grid", drop="0-2")
    send(client, draft_page + address, confirm_all="yes")
    with database.reading() as session:
        draft = draft_from_json(session.get_one(Upload, begun.id).reading)
    assert stand(draft) == ["still", "gone", "still"]
    draft.dropped.clear()
    assert stand(draft) == ["still", "open", "still"]  # who was gone was not meant


def test_erased_persons_are_not_offered_and_the_page_says_so(app, database):
    with database.writing() as session:
        _asked, officer = make_years(session, erased=True)
    client = sign_in_client(app, officer)
    page = client.get("/rounds/tg-2021/lists/mine").text
    assert "Danh sách năm 2020 đã xóa dữ liệu cá nhân theo thời hạn lưu nên không dùng lại được." in page
    assert 'value="earlier"' not in page
    assert send(client, "/rounds/tg-2021/lists/typed", group="C", source="earlier").status_code == 404


@pytest.mark.parametrize("viewport", [OFFICE, PHONE])
def test_the_whole_list_is_confirmed_with_the_keyboard_alone(server, new_context, viewport):
    with server.database.writing() as session:
        _asked, officer = make_years(session)
    page = open_page(server, new_context, officer, "/rounds/tg-2021/lists/mine", viewport=viewport)
    page.get_by_role("button", name="Danh sách năm 2020 (3 người)").press("Enter")
    page.locator("[data-standing]").wait_for()
    check_axe(page)
    page.locator("#cell-0-1-name").focus()
    page.keyboard.press("Control+Enter")
    assert page.evaluate("document.activeElement.id") == "cell-0-2-name"
    page.get_by_text("vẫn còn 1, đã đổi 0, không còn 0, chưa xác nhận 2").wait_for()
    assert page.evaluate("document.activeElement.id") == "cell-0-2-name"
    page.keyboard.press("Control+A")
    page.keyboard.type("Cà Thị Bích")
    page.get_by_text("vẫn còn 1, đã đổi 1, không còn 0, chưa xác nhận 1").wait_for()
    page.keyboard.press("Control+Enter")  # a row that was changed needs no further word: on to the next
    assert page.evaluate("document.activeElement.id") == "cell-0-3-name"
    page.keyboard.press("Control+Shift+Delete")
    page.get_by_text("vẫn còn 1, đã đổi 1, không còn 1, chưa xác nhận 0").wait_for()
    page.keyboard.press("Control+z")
    page.get_by_text("vẫn còn 1, đã đổi 1, không còn 0, chưa xác nhận 1").wait_for()
    page.get_by_role("button", name="Tất cả vẫn còn").press("Enter")
    page.get_by_text("vẫn còn 2, đã đổi 1, không còn 0, chưa xác nhận 0").wait_for()
    check_axe(page)
    page.get_by_role("button", name="Kiểm tra và nộp").press("Enter")
    page.get_by_text("Không có lỗi. 3 dòng sẵn sàng để nộp.").wait_for()


def open_citizens(server, new_context, viewport):
    """The table of a list of citizens that was begun from last year's."""
    with server.database.writing() as session:
        asked, officer = make_years(session)
        before = session.scalars(select(Round).where(Round.code == "tg-2020")).one()
        citizens = make_list(session, make_group(session, before, "E"), asked.commune, state=ListState.LOCKED)
        for position, name in enumerate(NAMES, 1):
            make_person(session, citizens, position, name=name, ban="Bản Xá Cọ", ban_code="03289-01")
        start_typed_list(session, asked.round, asked.commune, "E", officer, Source.EARLIER)
    return open_page(server, new_context, officer, "/rounds/tg-2021/lists/uploads/1/grid", viewport=viewport)


def test_nothing_is_red_before_this_years_dossier_is_begun_and_all_columns_to_fill_are_in_sight(server, new_context):
    page = open_citizens(server, new_context, OFFICE)
    expect(page.locator(".told p.error, .is-invalid")).to_have_count(0)
    expect(page.locator("#row-0-1").get_by_text("chưa đủ")).to_be_visible()
    expect(page.locator("#cell-0-1-return")).to_have_attribute("placeholder", "cần điền")
    assert page.evaluate("document.querySelector('.box').scrollWidth <= document.querySelector('.box').clientWidth")
    expect(page.locator("#cell-0-1-dossier")).to_be_hidden()
    check_axe(page)
    page.get_by_role("button", name="cột không bắt buộc").click()
    expect(page.locator("#cell-0-1-dossier")).to_be_visible()
    page.locator("#cell-0-1-dossier").fill("H11.05")
    page.get_by_role("button", name="Ẩn cột không bắt buộc còn trống").click()
    expect(page.locator("#cell-0-1-dossier")).to_be_visible()  # it is not empty any more
    page.locator("#cell-0-2-procedure").focus()
    page.get_by_text("Ngày trả kết quả: còn trống").wait_for()
    expect(page.locator("#told-1 p.error")).to_have_count(3)
    expect(page.locator("#row-0-2").get_by_text("chưa đủ")).to_be_visible()


def test_a_phone_marks_what_must_be_filled_and_keeps_the_bar_low(server, new_context):
    page = open_citizens(server, new_context, PHONE)
    label = "getComputedStyle(document.querySelector('#cell-0-1-phone').parentElement, '::before').content"
    assert page.evaluate(label) == '"Số điện thoại *"'
    expect(page.get_by_text("Ctrl+").first).to_be_hidden()
    expect(page.locator("#cell-0-1-note")).to_be_hidden()
    assert page.evaluate("document.querySelector('.stay').offsetHeight") < 110
    page.locator("#row-0-1 button[name=drop]").click()
    page.get_by_text("Đã bỏ dòng 1. Bấm «Hoàn tác» để lấy lại.").wait_for()
    page.get_by_role("button", name="Hoàn tác").click()
    page.get_by_text("chưa xác nhận 3").wait_for()
    check_axe(page)


def test_the_buttons_follow_one_another_by_the_keyboard(server, new_context):
    with server.database.writing() as session:
        _asked, officer = make_years(session)
    page = open_page(server, new_context, officer, "/rounds/tg-2021/lists/mine", viewport=OFFICE)
    page.get_by_role("button", name="Danh sách năm 2020 (3 người)").click()
    page.get_by_role("button", name=re.compile("Vẫn còn.*dòng 1")).focus()
    for left in (2, 1, 0):
        page.keyboard.press("Enter")
        page.get_by_text(f"chưa xác nhận {left}").wait_for()
        if left:
            assert page.evaluate("document.activeElement.value") == f"0-{4 - left}"
