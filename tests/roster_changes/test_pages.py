"""Clicking through: a unit asks, the office decides, versions are compared and taken home; commands."""

import json
from io import BytesIO

import openpyxl
import pytest
from sqlalchemy import select

from survey_app.access import Role
from survey_app.roster.models import ChangeRequest, Person, RosterVersion
from survey_app.rounds.models import Round
from tests.browser_fixtures import check_axe
from tests.make import csrf_token, make_user, sign_in_client
from tests.roster_changes.locked_round import CITIZEN, make_locked

ROUND = "/rounds/tg-2021"


@pytest.fixture
def locked(database):
    with database.writing() as session:
        found = make_locked(session)
        found.list_ids = {group: found.list_of(session, group).id for group in "CE"}
        found.person_ids = {name: found.person(session, name).id for name in ("Lò Văn Bình", "Lò Văn Chung")}
        return found


def post(client, address, **data):
    return client.post(address, data={"csrf_token": csrf_token(client), **data})


def ask(client, locked, kind, person="", **cells):
    data = {"reason": "Đã chuyển đi.", **cells}
    if person:
        data["person"] = locked.person_ids[person]
    return post(client, f"{ROUND}/changes/lists/{locked.list_ids['E']}/{kind}", **data)


def the_change(database) -> ChangeRequest:
    with database.reading() as session:
        return session.scalars(select(ChangeRequest).order_by(ChangeRequest.id.desc())).first()


def test_a_unit_asks_and_another_decides(app, database, locked):
    officer = sign_in_client(app, locked.officer)
    assert "Đề nghị thay đổi" in officer.get(f"{ROUND}/lists/mine").text
    people = officer.get(f"{ROUND}/changes/lists/{locked.list_ids['E']}").text
    assert people.count("Thay thế<span") == 2
    answer = ask(officer, locked, "replace", "Lò Văn Bình", **CITIZEN)
    change = the_change(database)
    assert answer.location == f"{ROUND}/changes/{change.id}"
    page = officer.get(answer.location).text
    assert "Lò Văn Bình → Vàng Thị Mai" in page
    assert "Duyệt thay đổi" not in page

    operator = sign_in_client(app, locked.operator)
    assert "Lò Văn Bình → Vàng Thị Mai" in operator.get(f"{ROUND}/changes").text
    assert post(operator, f"{ROUND}/changes/approve", change=change.id).status_code == 303
    versions = operator.get(f"{ROUND}/versions").text
    assert "Bản 2" in versions
    assert "Thay thế" in versions


def test_faults_stand_beside_their_cells_and_nothing_typed_is_lost(app, locked):
    officer = sign_in_client(app, locked.officer)
    answer = ask(officer, locked, "add", **CITIZEN | {"phone": "0912"})
    assert answer.status_code == 422
    assert 'value="Vàng Thị Mai"' in answer.text
    assert "có 4 chữ số, cần đúng 10 chữ số" in answer.text


def test_ones_own_request_and_nothing_chosen_are_refused_in_words(app, database, locked):
    operator = sign_in_client(app, locked.operator)
    ask(operator, locked, "remove", "Lò Văn Bình")
    change = the_change(database)
    own = post(operator, f"{ROUND}/changes/approve", change=change.id)
    assert (own.status_code, "Người khác phải duyệt" in own.text) == (403, True)
    assert "Rút đề nghị" in operator.get(f"{ROUND}/changes/{change.id}").text
    none = post(operator, f"{ROUND}/changes/approve")
    assert (none.status_code, "Chưa chọn đề nghị nào." in none.text) == (422, True)


def test_refusing_and_withdrawing_leave_the_list_as_it_is(app, database, locked):
    officer, operator = sign_in_client(app, locked.officer), sign_in_client(app, locked.operator)
    ask(officer, locked, "remove", "Lò Văn Bình")
    address = f"{ROUND}/changes/{the_change(database).id}"
    assert post(operator, f"{address}/refuse", note="").status_code == 422
    assert post(operator, f"{address}/refuse", note="Chưa có giấy tờ.").status_code == 303
    assert "Chưa có giấy tờ." in officer.get(address).text
    ask(officer, locked, "remove", "Lò Văn Bình")
    assert post(officer, f"{ROUND}/changes/{the_change(database).id}/withdraw").status_code == 303
    with database.reading() as session:
        assert session.scalars(select(RosterVersion.number)).all() == [1]


def test_other_units_see_nothing_of_it(app, database, locked):
    officer = sign_in_client(app, locked.officer)
    ask(officer, locked, "remove", "Lò Văn Bình")
    with database.writing() as session:
        stranger = make_user(session, Role.UNIT_OFFICER, locked.asked.other)
    client = sign_in_client(app, stranger)
    change = the_change(database).id
    for address in (f"changes/{change}", f"changes/lists/{locked.list_ids['E']}"):
        assert client.get(f"{ROUND}/{address}").status_code == 404
    assert post(client, f"{ROUND}/changes/{change}/withdraw").status_code == 404
    assert ask(client, locked, "remove", "Lò Văn Chung").status_code == 404
    assert "Lò Văn Bình" not in client.get(f"{ROUND}/changes").text


def test_two_versions_are_compared_on_the_page_and_as_a_workbook(app, database, locked):
    officer, operator = sign_in_client(app, locked.officer), sign_in_client(app, locked.operator)
    ask(officer, locked, "replace", "Lò Văn Bình", **CITIZEN)
    first = the_change(database).id
    cells = CITIZEN | {"name": "Lò Văn Chung", "gender": "Nam", "birth": "1972", "phone": "0912000222"}
    cells |= {"procedure": "Đăng ký khai sinh", "receipt": "05/03/2021", "return": "06/03/2021"}
    ask(officer, locked, "correct", "Lò Văn Chung", **cells)
    post(operator, f"{ROUND}/changes/approve", change=[first, the_change(database).id])
    page = operator.get(f"{ROUND}/versions/compare?from=1&to=2").text
    for words in ("1 bổ sung", "1 đưa ra", "1 đính chính", "0912345672", "0912000222"):
        assert words in page, words
    book = openpyxl.load_workbook(BytesIO(post(operator, f"{ROUND}/versions/compare.xlsx?from=1&to=2").data))
    assert book.sheetnames == ["Bổ sung", "Đưa ra", "Đính chính"]
    assert "Vàng Thị Mai" in [cell.value for row in book["Bổ sung"].iter_rows() for cell in row]
    again = post(operator, f"{ROUND}/versions/1.xlsx")
    assert again.headers["Content-Disposition"].endswith("danh-sach-tg-2021-ban-1.xlsx")
    assert post(operator, f"{ROUND}/versions/1.xlsx").data == again.data


def test_the_command_lists_versions_and_exports_any(app, database, locked, tmp_path):
    runner = app.test_cli_runner()
    told = json.loads(runner.invoke(args=["roster", "versions", "tg-2021", "--json"]).stdout)
    assert [one["number"] for one in told["versions"]] == [1]
    assert told["versions"][0]["counts"] == {"03289": {"C": 1, "E": 2}}
    done = runner.invoke(args=["roster", "export", "tg-2021", "--version", "1", "--out", str(tmp_path / "out")])
    assert done.exit_code == 0
    assert [one.name for one in (tmp_path / "out").iterdir()] == ["danh-sach-tg-2021-ban-1.xlsx"]
    missing = runner.invoke(args=["roster", "export", "tg-2021", "--version", "9", "--out", str(tmp_path)])
    assert (missing.exit_code, "Không có bản 9" in missing.stderr) == (2, True)


def test_who_may_not_see_dan_toc_is_told_that_it_changes(app, database, locked):
    with database.writing() as session:
        session.get(Round, locked.round.id).collects_ethnicity = True
        session.get(Person, locked.person_ids["Lò Văn Bình"]).ethnicity = "Thái"
    ask(sign_in_client(app, locked.officer), locked, "correct", "Lò Văn Bình", **CITIZEN | {"ethnic": "Mông"})
    with database.reading() as session:
        change = session.scalars(select(ChangeRequest)).one()
        assert (change.before["ethnic"], change.values["ethnic"]) == ("Thái", "Mông")
        address = f"{ROUND}/changes/{change.id}"
    operator = sign_in_client(app, locked.operator).get(address).text
    assert "Dân tộc" in operator
    assert operator.count("cần quyền riêng để xem") == 2
    assert "Mông" not in operator
    assert "Mông" in sign_in_client(app, locked.officer).get(address).text


def signed_in_page(server, new_context, user):
    """A page of a browser that holds the session of `user`."""
    name = server.app.config["SESSION_COOKIE_NAME"]
    value = sign_in_client(server.app, user).get_cookie(name).value
    context = new_context()
    context.add_cookies([{"name": name, "value": value, "url": server.url}])
    return context.new_page()


def test_every_page_is_accessible(server, new_context):
    with server.database.writing() as session:
        found = make_locked(session)
        found.list_ids = {"E": found.list_of(session, "E").id}
        found.person_ids = {"Lò Văn Bình": found.person(session, "Lò Văn Bình").id}
        officer, operator = found.officer, found.operator
    for user, addresses in (
        (officer, ["changes", f"changes/lists/{found.list_ids['E']}", f"changes/lists/{found.list_ids['E']}/add"]),
        (operator, ["changes", "changes/1", "versions", "versions/compare?from=1&to=1"]),
    ):
        if user is operator:
            ask(sign_in_client(server.app, officer), found, "remove", "Lò Văn Bình")
        page = signed_in_page(server, new_context, user)
        for address in addresses:
            page.goto(f"{server.url}{ROUND}/{address}")
            check_axe(page)
