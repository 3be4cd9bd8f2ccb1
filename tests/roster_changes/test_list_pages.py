"""A list that was missing when the roster was locked comes in: person by person, or whole, approved by another."""

from io import BytesIO

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from survey_app.access import Role
from survey_app.db import now
from survey_app.errors import Invalid, Refused
from survey_app.roster.models import ChangeKind, ChangeRequest, ListState, UnitList
from survey_app.roster.queries import cards, latest_version
from survey_app.roster.rules import list_for
from survey_app.roster_changes import rules
from survey_app.rounds.models import Round
from survey_app.units.models import Unit
from tests.browser_fixtures import check_axe
from tests.make import csrf_token, make_person, make_user, sign_in_client
from tests.roster.asked_round import LEADER, make_citizen, make_file
from tests.roster_changes.locked_round import CITIZEN, make_locked
from tests.roster_changes.test_pages import signed_in_page

ROUND = "/rounds/tg-2021"
SECOND = CITIZEN | {"name": "Giàng A Sử", "phone": "0977000222", "birth": "1979", "gender": "Nam"}


@pytest.fixture
def locked(database):
    with database.writing() as session:
        found = make_locked(session)
        found.late = make_user(session, Role.UNIT_OFFICER, found.asked.other)
        return found


def post(client, address, **data):
    return client.post(address, data={"csrf_token": csrf_token(client), **data})


def missing_list(session, locked) -> UnitList:
    return list_for(session, locked.round, locked.asked.other, locked.asked.citizens)


def opened(client, locked) -> str:
    """The address of the list that was missing, as the button of the page leads to it."""
    return post(client, f"{ROUND}/changes/missing", unit=locked.asked.other.id, group="E").location


def cells(*people) -> dict[str, str]:
    return {f"r{row}-{name}": text for row, one in enumerate(people, 1) for name, text in one.items()}


def test_a_missing_list_is_offered_to_its_unit_and_to_the_office_alone(app, locked):
    for user in (locked.operator, locked.late):
        page = sign_in_client(app, user).get(f"{ROUND}/changes").text
        assert "Danh sách chưa có trong bản đã khóa" in page
        assert "Xã Quài Nưa" in page
    other = sign_in_client(app, locked.officer)
    assert "Danh sách chưa có trong bản đã khóa" not in other.get(f"{ROUND}/changes").text
    answer = post(other, f"{ROUND}/changes/missing", unit=locked.asked.other.id, group="E")
    assert answer.status_code == 404


def test_a_list_that_was_not_approved_is_not_counted_after_the_lock(app, database, locked):
    with database.writing() as session:
        other = session.get_one(Unit, locked.asked.other.id)
        late = UnitList(
            round_id=locked.round.id, unit_id=other.id, group_id=locked.asked.citizens.id, state=ListState.SUBMITTED,
            submitted_at=now(),
        )  # fmt: skip
        session.add(late)
        session.flush()
        session.add(make_person(session, late, position=1))
        officer = make_user(session, Role.UNIT_OFFICER, other)
        (card,) = cards(session, session.get_one(Round, locked.round.id), other)
        assert (card.handed_in, card.on_roster) == (1, 0)
    operator = sign_in_client(app, locked.operator)
    assert "Không có trong bản (" in operator.get("/rounds/tg-2021/roster").text
    assert "Xã Quài Nưa" in operator.get("/rounds/tg-2021/roster?only=absent").text
    assert "chưa có trong bản đã khóa" in sign_in_client(app, officer).get("/rounds/tg-2021/lists/mine").text


def test_a_whole_list_is_typed_shown_approved_by_another_and_in_the_next_version(app, database, locked):
    officer = sign_in_client(app, locked.late)
    people = opened(officer, locked)
    assert "chưa có trong bản đã khóa" in officer.get(people).text
    answer = post(officer, f"{people}/whole", reason="Xã nộp chậm.", **cells(CITIZEN, SECOND))
    assert answer.status_code == 303
    shown = officer.get(answer.location).text
    assert "Người sẽ vào danh sách" in shown
    assert "Giàng A Sử" in shown
    assert "Bổ sung cả danh sách" in officer.get(people).text
    with database.reading() as session:
        change = session.scalars(select(ChangeRequest)).one()
        assert len(change.values["rows"]) == 2
        change_id = change.id
    operator = sign_in_client(app, locked.operator)
    assert "2 người" in operator.get(f"{ROUND}/changes").text
    assert post(operator, f"{ROUND}/changes/approve", change=change_id).status_code == 303
    with database.reading() as session:
        version = latest_version(session, locked.round)
        assert (version.number, version.persons) == (2, 5)
        assert version.counts["03274"] == {"E": 2}
        assert [one.state for one in session.scalars(select(UnitList))] == [ListState.LOCKED] * 3
    assert "Danh sách chưa có trong bản đã khóa" not in operator.get(f"{ROUND}/changes").text
    assert "Giàng A Sử" in operator.get(people).text


def test_what_the_unit_had_handed_in_gives_way_and_can_be_taken_over(app, database, locked):
    with database.writing() as session:
        found = missing_list(session, locked)
        found.state = ListState.RETURNED
        held = locked.person(session, "Lò Văn Bình")
        copy = type(held)(
            list_id=found.id, position=1, name="Sùng A Chống", birth_year=1970, gender="Nam", ban="Bản Xá Cọ",
            ban_code="03274-01", phone="0966000111", procedure="Đăng ký khai sinh", receipt_date=held.receipt_date,
            return_date=held.return_date, search_key="sung a chong", order_key="chong",
        )  # fmt: skip
        session.add(copy)
    operator = sign_in_client(app, locked.operator)
    people = opened(operator, locked)
    assert "Sùng A Chống" not in operator.get(people).text
    assert "Lấy 1 người đơn vị đã lập" in operator.get(f"{people}/whole").text
    table = operator.get(f"{people}/whole?from=unit").text
    assert 'value="Sùng A Chống"' in table
    with database.writing() as session:
        found = missing_list(session, locked)
        change = rules.propose_list(session, found, locked.late, "Nộp chậm.", [CITIZEN])
        version = rules.approve(session, found.round, [change], locked.operator)
        session.refresh(found)
        assert [one.name for one in found.persons] == ["Vàng Thị Mai"]
        assert version.persons == 4


def test_one_person_can_be_added_to_a_missing_list_but_nothing_else_be_asked(database, locked):
    with database.writing() as session:
        found = missing_list(session, locked)
        change = rules.propose(session, found, ChangeKind.ADD, locked.late, "Nộp chậm.", None, CITIZEN)
        rules.approve(session, found.round, [change], locked.operator)
        assert found.state == ListState.LOCKED
        assert [one.name for one in found.persons] == ["Vàng Thị Mai"]
    with database.writing() as session:
        again = session.scalars(select(UnitList).where(UnitList.unit_id == locked.asked.other.id)).one()
        again.state = ListState.RETURNED
        person = again.persons[0]
        with pytest.raises(Refused, match="chỉ bổ sung"):
            rules.propose(session, again, ChangeKind.REMOVE, locked.late, "Đi xa.", person)
        session.rollback()


def test_more_than_the_quota_and_one_person_twice_are_refused(database, locked):
    with database.writing() as session:
        locked.round = session.merge(locked.round)
        locked.round.blocks_over = True
        found = missing_list(session, locked)
        third = CITIZEN | {"name": "Hạng A Páo", "phone": "0977000333", "birth": "1969", "gender": "Nam"}
        with pytest.raises(Invalid, match="Danh sách sẽ có 3 người, nhiều nhất 2"):
            rules.propose_list(session, found, locked.late, "Nộp chậm.", [CITIZEN, SECOND, third])
        with pytest.raises(Invalid, match="Dòng 2"):
            rules.propose_list(session, found, locked.late, "Nộp chậm.", [CITIZEN, CITIZEN])
        with pytest.raises(Invalid, match="Chưa có người nào"):
            rules.propose_list(session, found, locked.late, "Nộp chậm.", [{"name": " "}])


def test_a_file_fills_the_table_with_its_faults_and_sends_nothing(app, database, locked):
    operator = sign_in_client(app, locked.operator)
    people = opened(operator, locked)
    content = make_file([make_citizen(3), make_citizen(4, phone="0912")], [LEADER])
    answer = post(operator, f"{people}/whole", read="yes", file=(BytesIO(content), "ds.xlsx"))
    assert answer.status_code == 422
    assert 'value="Lò Văn Dũng"' in answer.text
    assert "Dòng 2: " in answer.text
    assert "có 4 chữ số, cần đúng 10 chữ số" in answer.text
    assert LEADER[1] not in answer.text
    bad = post(operator, f"{people}/whole", read="yes", file=(BytesIO(b"x"), "ds.xlsx"))
    assert (bad.status_code, "không phải bảng tính" in bad.text) == (422, True)
    with database.reading() as session:
        assert session.scalars(select(ChangeRequest)).all() == []


def test_nothing_typed_is_lost_without_a_reason_or_with_more_rows(app, locked):
    officer = sign_in_client(app, locked.late)
    people = opened(officer, locked)
    answer = post(officer, f"{people}/whole", reason="", **cells(CITIZEN))
    assert (answer.status_code, 'value="Vàng Thị Mai"' in answer.text) == (422, True)
    assert "Ghi lý do thay đổi." in answer.text
    more = post(officer, f"{people}/whole", reason="Chậm.", more="yes", **cells(CITIZEN))
    assert (more.status_code, 'value="Vàng Thị Mai"' in more.text, "Chậm." in more.text) == (200, True, True)
    assert officer.get(f"{people}/template.xlsx").data[:2] == b"PK"


def test_the_table_is_usable_on_a_phone(server, new_context):
    with server.database.writing() as session:
        found = make_locked(session)
        operator = found.operator
    page = signed_in_page(server, new_context, operator)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{server.url}{ROUND}/changes")
    page.get_by_role("button", name="Bổ sung", exact=True).first.click()
    check_axe(page)
    page.get_by_role("link", name="Bổ sung cả danh sách").click()
    for name, text in CITIZEN.items():
        page.locator(f"#r1-{name}").fill(text)
    page.locator("#f-reason").fill("Xã nộp chậm.")
    check_axe(page)
    page.get_by_role("button", name="Gửi đề nghị").click()
    expect(page.get_by_text("Vàng Thị Mai")).to_have_count(1)
    check_axe(page)
