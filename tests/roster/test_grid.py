"""The table to type into: live checks, autosave, nothing lost, two clerks, pasted blocks, keys, a phone."""

import json

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from survey_app.access import Role
from survey_app.roster.drafts import draft_from_json
from survey_app.roster.models import Upload
from survey_app.roster.typed_lists import start_typed_list
from tests.browser_fixtures import OFFICE, PHONE, check_axe, open_page
from tests.make import csrf_token, make_user, sign_in_client
from tests.roster.asked_round import make_asked_round

ROW = {
    "name": "Lò Văn Ánh", "birth": "1980", "gender": "Nam", "ban": "Bản Xá Cọ", "phone": "0912345678",
    "procedure": "Chứng thực", "receipt": "05/03/2021", "return": "06/03/2021",
}  # fmt: skip
GRID = "/rounds/tg-2021/lists/uploads/1/grid"
PASTE = """([name, text]) => {
    const field = document.getElementById(name), data = new DataTransfer();
    data.setData("text/plain", text);
    field.focus();
    field.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
}"""


def make_draft(database):
    """An empty typed list of citizens; returns its two officers."""
    with database.writing() as session:
        asked = make_asked_round(session)
        users = [make_user(session, Role.UNIT_OFFICER, asked.commune) for _ in range(2)]
        start_typed_list(session, asked.round, asked.commune, "E", users[0])
        return users


def stored(database) -> list[list[str | None]]:
    """Cells of the rows that count, as stored."""
    with database.reading() as session:
        draft = draft_from_json(session.scalars(select(Upload.reading)).one())
    return [row.raw for row in draft.tables[0].rows if (0, row.row) not in draft.dropped]


def new(number, **cells):
    return {f"new-{number}-{name}": value for name, value in cells.items()}


def send(client, **fields):
    return client.post(f"{GRID}.json", data={"csrf_token": csrf_token(client), **fields})


@pytest.fixture
def client(app, database):
    return sign_in_client(app, make_draft(database)[0])


def test_what_was_typed_is_stored_and_judged_by_the_checks_of_a_file(client, database):
    answer = send(client, known="0", **new(4, **(ROW | {"phone": "01642631583", "ban": "Bản Xá Cọc"}))).json
    assert (answer["placed"], answer["kept"], answer["known"]) == ({"4": 1}, 1, 1)
    row = answer["rows"]["1"]
    assert row["state"] == "error"
    told = {one["field"]: one for one in row["told"]}
    assert told["phone"]["offer"] == {"text": "0342631583", "words": "Dùng số mới"}
    assert told["ban"]["offer"]["text"] == "Bản Xá Cọ"
    assert told["ban"]["blocks"]
    fixed = send(client, **{"cell-0-1-ban": "Bản Xá Cọ", "was-cell-0-1-ban": "Bản Xá Cọc"}).json
    assert fixed["rows"]["1"]["state"] == "warning"


def test_the_same_row_sent_again_after_a_lost_answer_is_stored_once(client, database):
    for _ in range(3):
        answer = send(client, known="0", **new(0, **ROW)).json
        assert answer["placed"] == {"0": 1}
    assert len(stored(database)) == 1
    twin = send(client, known="1", **new(1, **ROW)).json  # typed a second time on purpose
    assert twin["placed"] == {"1": 2}


def test_a_cell_that_another_changed_is_not_written_and_both_values_are_told(client, database):
    send(client, known="0", **new(0, **ROW))
    clash = send(client, **{"cell-0-1-name": "Lò Văn Mới", "was-cell-0-1-name": "Lò Văn Cũ"})
    assert clash.status_code == 409
    assert clash.json["clashes"] == [{"name": "cell-0-1-name", "theirs": "Lò Văn Ánh"}]
    assert stored(database)[0][0] == "Lò Văn Ánh"


def test_rows_are_taken_off_and_put_back(client, database):
    send(client, known="0", **new(0, **ROW))
    assert send(client, drop="0-1").json["kept"] == 0
    assert stored(database) == []
    assert send(client, restore="0-1").json["kept"] == 1


def test_a_row_that_was_emptied_is_no_person_until_somebody_writes_there_again(client, database):
    send(client, known="0", **new(0, **ROW), **new(1, **(ROW | {"name": "Cà Thị Hoa", "phone": "0987654321"})))
    emptied = {f"cell-0-2-{name}": "" for name in ROW}
    answer = send(client, **emptied).json
    assert (answer["kept"], list(answer["rows"])) == (1, ["1"])
    assert [row[0] for row in stored(database)] == ["Lò Văn Ánh"]
    assert "khôi phục ở trang kiểm tra" not in client.get(GRID).text
    assert send(client, **{"cell-0-2-name": "Cà Thị Hoa", "was-cell-0-2-name": ""}).json["kept"] == 2
    assert send(client, drop="0-2", **{"cell-0-2-phone": "0987654321"}).json["kept"] == 1


def test_headings_of_a_block_are_recognised_as_those_of_a_file(client):
    data = {"csrf_token": csrf_token(client), "heading": ["Họ tên", "ĐT", "Sở thích"]}
    assert client.post("/rounds/tg-2021/lists/headings.json", data=data).json == {"fields": ["name", "phone", ""]}


def test_other_units_reach_nothing(app, database):
    make_draft(database)
    with database.writing() as session:
        other = session.scalars(select(Upload)).one().round.groups[1].quotas[1].unit
        stranger = make_user(session, Role.UNIT_OFFICER, other)
    assert send(sign_in_client(app, stranger), **new(0, **ROW)).status_code == 404


def open_grid(server, new_context, user, viewport=OFFICE):
    return open_page(server, new_context, user, GRID, viewport=viewport)


def two_clerks_on_one_cell(server, new_context):
    """The page of the second clerk, who typed a name over the one that the first had stored meanwhile, and is told."""
    first_user, second_user = make_draft(server.database)
    first = open_grid(server, new_context, first_user)
    first.locator("#new-0-name").fill("Lò Văn Ánh")
    wait_saved(first)
    second = open_grid(server, new_context, second_user)
    first.locator("#cell-0-1-name").fill("Lò Văn Một")
    first.get_by_text("Đang nhập").wait_for()
    wait_saved(first)
    second.locator("#cell-0-1-name").fill("Lò Văn Hai")
    second.get_by_text("đã ghi: Lò Văn Một").wait_for()
    return second


def wait_saved(page):
    page.get_by_text("Đã lưu lúc").wait_for()


def test_faults_appear_while_typing_and_one_press_takes_the_better_value(server, new_context):
    page = open_grid(server, new_context, make_draft(server.database)[0])
    for name, text in (ROW | {"phone": "01642631583"}).items():
        page.locator(f"#new-0-{name}").fill(text)
    wait_saved(page)
    page.get_by_text("đầu số cũ, nay là").wait_for()
    page.get_by_role("button", name="Dùng số mới").click()
    page.get_by_text("đầu số cũ").wait_for(state="detached")
    page.locator("#row-0-1").get_by_text("Đạt").wait_for()
    page.locator("#cell-0-1-birth").fill("2015")
    page.get_by_text("chưa đủ 18 tuổi").wait_for()
    expect(page.locator("#cell-0-1-birth")).to_have_attribute("aria-invalid", "true")
    check_axe(page)
    assert stored(server.database)[0][1] == "2015"


def test_an_empty_cell_of_the_row_in_hand_is_told_when_the_row_is_left(server, new_context):
    page = open_grid(server, new_context, make_draft(server.database)[0])
    page.locator("#new-0-name").fill("Lò Văn Ánh")
    page.keyboard.press("Tab")
    page.locator("#cell-0-1-birth:focus").wait_for()
    expect(page.get_by_text("còn trống")).to_have_count(0)
    page.locator("#new-1-name").focus()
    page.get_by_text("Năm sinh: còn trống").wait_for()
    expect(page.locator("#cell-0-1-birth")).to_have_attribute("aria-invalid", "true")


def test_without_a_network_nothing_is_lost_and_it_is_sent_when_it_is_back(server, new_context):
    page = open_grid(server, new_context, make_draft(server.database)[0])
    page.context.set_offline(True)
    page.locator("#new-0-name").fill("Lò Văn Xa")
    page.get_by_text("Chưa lưu được, mất mạng").wait_for()
    assert "Lò Văn Xa" in page.evaluate("JSON.stringify(localStorage)")
    page.context.set_offline(False)
    wait_saved(page)
    assert stored(server.database)[0][0] == "Lò Văn Xa"
    assert page.evaluate("localStorage.length") == 0


def test_what_was_typed_before_the_browser_closed_is_there_again(server, new_context):
    page = open_grid(server, new_context, make_draft(server.database)[0])
    page.route("**/grid.json", lambda route: route.abort())
    page.locator("#new-0-name").fill("Lò Văn Vội")
    second = page.context.new_page()
    page.close()
    second.goto(server.url + GRID)
    second.get_by_text("Lấy lại những gì lần trước").wait_for()
    wait_saved(second)
    assert stored(server.database)[0][0] == "Lò Văn Vội"


def test_two_clerks_on_one_cell_see_both_values_and_choose(server, new_context):
    second = two_clerks_on_one_cell(server, new_context)
    assert stored(server.database)[0][0] == "Lò Văn Một"
    second.get_by_role("button", name="Giữ của tôi").click()
    wait_saved(second)
    assert stored(server.database)[0][0] == "Lò Văn Hai"


def test_a_reload_does_not_write_over_what_another_stored_in_the_same_cell(server, new_context):
    second = two_clerks_on_one_cell(server, new_context)
    second.reload()
    second.get_by_text("đã ghi: Lò Văn Một").wait_for()
    expect(second.locator("#cell-0-1-name")).to_have_value("Lò Văn Hai")
    assert stored(server.database)[0][0] == "Lò Văn Một"
    second.get_by_role("button", name="Lấy giá trị đó").click()
    second.reload()
    expect(second.locator("#cell-0-1-name")).to_have_value("Lò Văn Một")
    assert second.evaluate("localStorage.length") == 0


def test_what_was_typed_offline_asks_when_another_changed_the_cell_meanwhile(server, new_context):
    users = make_draft(server.database)
    first = open_grid(server, new_context, users[0])
    first.locator("#new-0-name").fill("Lò Văn Ánh")
    wait_saved(first)
    second = open_grid(server, new_context, users[1])
    second.route("**/grid.json", lambda route: route.abort())
    second.locator("#cell-0-1-name").fill("Lò Văn Hai")
    second.get_by_text("Chưa lưu được, mất mạng").wait_for()
    first.locator("#cell-0-1-name").fill("Lò Văn Một")
    first.get_by_text("Đang nhập").wait_for()
    wait_saved(first)
    again = second.context.new_page()
    second.close()
    again.goto(server.url + GRID)
    again.get_by_text("đã ghi: Lò Văn Một").wait_for()
    assert stored(server.database)[0][0] == "Lò Văn Một"


def test_a_block_with_its_heading_row_finds_its_columns(server, new_context):
    page = open_grid(server, new_context, make_draft(server.database)[0])
    block = 'Điện thoại\tHọ và tên\n0912345678\tLò Văn Ánh\n0987654321\t"Cà Thị\nHoa"\n'
    page.evaluate(PASTE, ["new-0-name", block])
    page.get_by_text("Đã dán 4 ô.").wait_for()
    wait_saved(page)
    assert [(row[0], row[4]) for row in stored(server.database)] == [
        ("Lò Văn Ánh", "0912345678"),
        ("Cà Thị Hoa", "0987654321"),
    ]


def test_a_block_wider_than_the_table_asks_which_column_is_which(server, new_context):
    page = open_grid(server, new_context, make_draft(server.database)[0])
    wide = "\t".join(str(number) for number in range(1, 15))
    page.evaluate(PASTE, ["new-0-name", f"{wide}\n{wide}"])
    dialog = page.get_by_role("dialog")
    dialog.wait_for()
    check_axe(page)
    for number in range(1, 15):
        dialog.get_by_label(f"Cột {number}", exact=True).select_option("")
    dialog.get_by_label("Cột 14", exact=True).select_option(label="Họ và tên")
    dialog.get_by_role("button", name="Dán").click()
    page.get_by_text("Đã dán 2 ô.").wait_for()
    expect(page.locator("#new-1-name, #cell-0-2-name").first).to_have_value("14")


def test_rows_are_deleted_and_brought_back_by_keys_alone(server, new_context):
    page = open_grid(server, new_context, make_draft(server.database)[0])
    page.locator("#new-0-name").fill("Lò Văn Ánh")
    page.keyboard.press("Enter")
    page.keyboard.type("Cà Thị Hoa")
    wait_saved(page)
    page.locator("#cell-0-1-name").press("Control+Shift+Delete")
    page.get_by_text("Đã bỏ dòng 1").wait_for()
    wait_saved(page)
    assert [row[0] for row in stored(server.database)] == ["Cà Thị Hoa"]
    page.keyboard.press("Control+z")
    wait_saved(page)
    page.wait_for_function("() => document.querySelector('[data-kept]').textContent === '2'")
    assert [row[0] for row in stored(server.database)] == ["Lò Văn Ánh", "Cà Thị Hoa"]
    page.locator("#cell-0-1-name").press("Tab")
    assert page.evaluate("document.activeElement.id") == "cell-0-1-birth"


def test_a_paste_taken_back_leaves_no_persons_and_comes_again(server, new_context):
    page = open_grid(server, new_context, make_draft(server.database)[0])
    page.evaluate(PASTE, ["new-0-name", "Lò Văn Ánh\t1980\nCà Thị Hoa\t1990\n"])
    page.wait_for_function("() => document.querySelector('[data-kept]').textContent === '2'")
    page.keyboard.press("Control+z")
    page.wait_for_function("() => document.querySelector('[data-kept]').textContent === '0'")
    expect(page.get_by_text("chưa có họ và tên")).to_have_count(0)
    expect(page.locator("#row-0-1").get_by_text("trống")).to_be_visible()
    assert stored(server.database) == []
    page.keyboard.press("Control+y")
    page.wait_for_function("() => document.querySelector('[data-kept]').textContent === '2'")
    assert [row[:2] for row in stored(server.database)] == [["Lò Văn Ánh", "1980"], ["Cà Thị Hoa", "1990"]]
    page.keyboard.press("Control+z")
    page.wait_for_function("() => document.querySelector('[data-kept]').textContent === '0'")
    page.reload()
    expect(page.locator("[data-kept]")).to_have_text("0")
    expect(page.locator("tr[id^=row-]")).to_have_count(0)


def test_what_was_typed_into_a_cell_is_taken_back_as_a_whole(server, new_context):
    page = open_grid(server, new_context, make_draft(server.database)[0])
    page.locator("#new-0-name").click()
    page.keyboard.type("Lò Văn Ánh")
    page.keyboard.press("Tab")
    page.keyboard.type("1980")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    page.wait_for_function(
        "() => document.activeElement.dataset.field === 'name' && document.activeElement.value === ''"
    )
    page.keyboard.press("Control+y")
    assert page.evaluate("document.activeElement.value") == "Lò Văn Ánh"
    page.keyboard.press("Control+Shift+z")
    assert page.evaluate("[document.activeElement.dataset.field, document.activeElement.value]") == ["birth", "1980"]


def test_a_phone_shows_one_person_and_goes_to_the_next(server, new_context):
    page = open_grid(server, new_context, make_draft(server.database)[0], PHONE)
    expect(page.locator("#new-0-name")).to_be_visible()
    expect(page.locator("#new-1-name")).to_be_hidden()
    page.locator("#new-0-name").fill("Lò Văn Ánh")
    page.get_by_role("button", name="Người kế tiếp").click()
    assert page.evaluate("document.activeElement.id") == "new-1-name"
    expect(page.locator("#new-0-name, #cell-0-1-name").first).to_be_hidden()
    page.get_by_text("Người 2 trên 2").wait_for()
    wait_saved(page)
    check_axe(page)
    assert json.loads(page.evaluate("JSON.stringify(localStorage)")) == {}


def test_a_row_that_a_colleague_dropped_comes_back_when_somebody_types_into_it(app, database):
    first, second = (sign_in_client(app, user) for user in make_draft(database))
    send(first, known="0", **new(1, **ROW))
    send(second, drop="0-1")
    assert stored(database) == []
    answer = send(first, **{"cell-0-1-name": "Lò Văn Mới", "was-cell-0-1-name": ROW["name"]}).json
    assert answer["general"][0].startswith("Dòng 1 vừa được người khác bỏ.")
    assert [row[0] for row in stored(database)] == ["Lò Văn Mới"]
    send(first, drop="0-1")
    assert stored(database) == []
