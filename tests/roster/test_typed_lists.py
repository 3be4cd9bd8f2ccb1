"""Lists without a file: typed into the table, or begun from the list of an earlier year."""

import re

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from survey_app.access import Role
from survey_app.errors import Missing, Refused
from survey_app.roster.drafts import draft_from_json
from survey_app.roster.models import ListState, Person, Upload
from survey_app.roster.rules import check_upload
from survey_app.roster.typed_lists import MOST_ROWS, Source, add_rows, start_typed_list, typed_columns
from tests.browser_fixtures import OFFICE, PHONE, check_axe, open_page
from tests.make import csrf_token, make_group, make_list, make_quota, make_user, sign_in_client
from tests.roster.asked_round import make_asked_round
from tests.roster.test_duplicates import earlier_round
from tests.roster.test_rules import hand_in, officer

ROW = {
    "name": "Lò Văn Ánh", "birth": "1980", "gender": "Nam", "ban": "Bản Xá Cọ", "phone": "0912345678",
    "procedure": "Đăng ký khai sinh", "receipt": "05/03/2021", "return": "06/03/2021",
}  # fmt: skip


def send(client, url, **data):
    return client.post(url, data={"csrf_token": csrf_token(client), **data})


def new(number: int, **texts: str) -> dict[str, str]:
    return {f"new-{number}-{field}": text for field, text in texts.items()}


@pytest.fixture
def clerk(app, database):
    """An officer's browser and the address of an empty table of citizens."""
    with database.writing() as session:
        asked = make_asked_round(session)
        users = [make_user(session, Role.UNIT_OFFICER, unit) for unit in (asked.commune, asked.other)]
    client, stranger = (sign_in_client(app, user) for user in users)
    where = send(client, "/rounds/tg-2021/lists/typed", group="E").headers["Location"]
    return client, stranger, where


def test_every_column_of_every_group_has_a_field_and_the_required_ones_are_there(database):
    with database.writing() as session:
        asked = make_asked_round(session)
        for code in "ABDFG":
            group = make_group(session, asked.round, code)
            make_quota(session, group, asked.commune, 1)
        for code in "ABCDEFG":
            upload = start_typed_list(session, asked.round, asked.commune, code, officer(session, asked))
            session.flush()
            draft = draft_from_json(upload.reading)
            assert all(column.field for column in draft.tables[0].columns), code
            add_rows(draft, 0, {0: {"phone": "0912345678"}})
            kinds = {problem.kind for problem in check_upload(session, upload, draft).blocking}
            assert "missing_column" not in kinds
            assert kinds & {"missing_value", "missing_name"}


def test_a_list_is_typed_checked_corrected_and_handed_in_without_a_file(clerk, database):
    client, stranger, where = clerk
    assert stranger.get(where).status_code == 404
    text = client.get(where).text
    assert text.count('name="new-0-') == 11
    assert "<span data-kept>0</span>/2 người" in text
    send(
        client, where, **new(0, **ROW), **new(1, **(ROW | {"name": "Cà Thị Hoa", "phone": "0912"})), **new(7, name=" ")
    )
    text = client.get(where).text
    assert "<span data-kept>2</span>/2 người" in text
    assert "Số điện thoại: có 4 chữ số, cần đúng 10 chữ số." in text
    fix = {"was-cell-0-2-phone": "0912", "cell-0-2-phone": "0987654321", "go": "yes"}
    check = send(client, where, **fix).headers["Location"]
    assert "Không có lỗi. 2 dòng sẵn sàng để nộp." in client.get(check).text
    confirm = client.get(f"{check}/confirm").text
    assert "Nhập trực tiếp, nhóm E" in confirm
    version = re.search(r'name="version" value="(\d+)"', confirm).group(1)
    assert send(client, f"{check}/confirm", declared="yes", version=version).status_code == 303
    with database.writing() as session:
        stored = session.scalars(select(Person).order_by(Person.position)).all()
        assert [(one.name, one.phone, one.ban_code) for one in stored] == [
            ("Lò Văn Ánh", "0912345678", "03289-01"),
            ("Cà Thị Hoa", "0987654321", "03289-01"),
        ]


def test_rows_are_added_dropped_and_two_clerks_meet_in_a_cell(clerk):
    client, _stranger, where = clerk
    send(client, where, **new(0, **ROW))
    assert send(client, where, add="yes").headers["Location"].endswith("/grid?more=5")
    assert client.get(f"{where}?more=5").text.count("data-new>") == 6
    old = {"was-cell-0-1-name": "Lò Văn Cũ", "cell-0-1-name": "Lò Văn Mới", **new(0, name="Vừ A Dia")}
    answer = send(client, where, **old)
    assert answer.status_code == 409
    assert f'action="{where}"' in answer.text
    assert 'name="new-0-name" value="Vừ A Dia"' in answer.text  # the typed row goes on with the form
    send(client, where, drop="0-1")
    assert "Đã bỏ 1 dòng" in client.get(where).text


def test_an_open_table_is_gone_on_with_and_a_list_handed_in_takes_none(database):
    with database.writing() as session:
        asked = make_asked_round(session)
        by = officer(session, asked)
        one = start_typed_list(session, asked.round, asked.commune, "E", by)
        session.flush()
        assert start_typed_list(session, asked.round, asked.commune, "E", by) is one
        with pytest.raises(Missing):
            start_typed_list(session, asked.round, asked.commune, "A", by)
        with pytest.raises(Missing):
            start_typed_list(session, asked.round, asked.commune, "E", by, Source.EARLIER)
        hand_in(session, asked)
        with pytest.raises(Refused):
            start_typed_list(session, asked.round, asked.commune, "E", by)


def test_last_years_persons_are_offered_without_what_belongs_to_that_year(app, database):
    with database.writing() as session:
        asked = make_asked_round(session)
        asked.round.collects_ethnicity = True
        before, _person = earlier_round(
            session, asked, name="Lò Văn Bình", birth_year=1971, phone="0912345671", ban="Bản Xá Cọ",
            ban_code="03289-01", procedure="Chứng thực", ethnicity="Thái",
        )  # fmt: skip
        hidden = make_list(session, make_group(session, before, "C"), asked.commune, 2, ListState.RETURNED)
        users = [make_user(session, Role.UNIT_OFFICER, unit) for unit in (asked.commune, asked.other)]
    client, stranger = (sign_in_client(app, user) for user in users)
    text = client.get("/rounds/tg-2021/lists/mine").text
    assert "Danh sách năm 2020 (1 người)" in text
    assert text.count("Danh sách năm") == 1, hidden.state
    assert "Danh sách năm" not in stranger.get("/rounds/tg-2021/lists/mine").text
    assert send(stranger, "/rounds/tg-2021/lists/typed", group="E", source="earlier").status_code == 404
    where = send(client, "/rounds/tg-2021/lists/typed", group="E", source="earlier").headers["Location"]
    text = client.get(where).text
    for value in ("Lò Văn Bình", "1971", "Bản Xá Cọ", "0912345671", "Thái"):
        assert f'value="{value}"' in text
    assert "Chứng thực" not in text
    assert "Thủ tục hành chính: còn trống." not in text  # nobody has begun this year's dossier
    assert "cần điền" in text


def test_a_table_takes_no_more_rows_than_a_page_can_hold(database):
    with database.writing() as session:
        asked = make_asked_round(session)
        upload = start_typed_list(session, asked.round, asked.commune, "E", officer(session, asked))
        session.flush()
        draft = draft_from_json(session.get_one(Upload, upload.id).reading)
        assert len(add_rows(draft, 0, {n: {"name": f"Lò Văn {n}"} for n in range(MOST_ROWS + 20)})) == MOST_ROWS


def test_the_columns_offer_the_bans_of_the_commune(database):
    from survey_app.roster.queries import catalogue_of

    with database.writing() as session:
        asked = make_asked_round(session)
        columns = typed_columns("E", asked.commune, catalogue_of(session, asked.round))
        assert columns["ban"].choices == ("Bản Xá Cọ",)


@pytest.mark.parametrize("viewport", [OFFICE, PHONE])
def test_a_block_from_excel_is_pasted_undone_and_saved_in_a_browser(server, new_context, viewport):
    with server.database.writing() as session:
        asked = make_asked_round(session)
        user = make_user(session, Role.UNIT_OFFICER, asked.commune)
    page = open_page(server, new_context, user, "/rounds/tg-2021/lists/mine", viewport=viewport)
    page.get_by_role("button", name="Nhập trực tiếp").last.click()
    check_axe(page)
    block = "Lò Văn Ánh\t1980\tNam\r\nCà Thị Hoa\t1975\tNữ\r\nVừ A Dia\t1990\tNam\r\n"
    paste = """([name, text]) => {
        const field = document.getElementById(name), data = new DataTransfer();
        data.setData("text/plain", text);
        field.focus();
        field.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
    }"""
    page.evaluate(paste, ["new-0-name", block])
    page.get_by_text("Đã dán 9 ô.").wait_for()
    expect(page.locator("#new-2-name")).to_have_value("Vừ A Dia")  # a row that was not there before
    page.locator("#new-0-name").press("Control+z")
    expect(page.locator("#new-1-name")).to_have_value("")
    page.evaluate(paste, ["new-0-name", block])
    page.locator("#new-0-phone").fill("0912345678")
    page.locator("#new-0-phone").press("Enter")
    assert page.evaluate("document.activeElement.id") == "new-1-phone"
    page.get_by_role("button", name="Lưu nháp").last.click()
    page.get_by_text("3/2 người").wait_for()
    expect(page.locator("#cell-0-3-birth")).to_have_value("1990")
    check_axe(page)
