"""Pages of turnout: the office sees all units, a unit its own counts, nobody sees who."""

import re

import pytest
from sqlalchemy import select

from survey_app.access import Role
from survey_app.access_codes.models import Invitation, InvitationState
from survey_app.db import now
from survey_app.progress.pages import turnout_csv
from survey_app.progress.queries import answered_by_unit, answered_in_all
from survey_app.progress.step import step_state
from survey_app.progress.turnout import turnout
from survey_app.roster.models import ListState
from survey_app.rounds.models import Cell, ListType, Round
from survey_app.steps import StepStatus
from survey_app.units.models import Unit
from tests.make import make_district, make_group, make_list, make_quota, make_round, make_unit


@pytest.fixture
def collecting(database):
    """A round under way: two communes with C (3 persons) and E (20 persons), the second has not handed in C."""

    def make(**facts):
        with database.writing() as session:
            district = make_district(session)
            survey_round = make_round(session, district, **facts)
            groups = [
                make_group(session, survey_round, "C", ListType.OFFICIALS, name="Lãnh đạo UBND xã"),
                make_group(session, survey_round, "E"),
            ]
            for number, name in enumerate(("Xã Quài Cang", "Xã Nà Sáy")):
                unit = make_unit(session, name, district, code=f"032{number}")
                for group, persons in zip(groups, (3, 20), strict=True):
                    make_quota(session, group, unit, persons)
                    if (number, group.code) != (1, "C"):
                        fill_list(session, survey_round, group, unit, persons, answered=persons - 2 - number)
            session.flush()
            return survey_round.code, district

    return make


def fill_list(session, survey_round, group, unit, persons, answered):
    unit_list = make_list(session, group, unit, persons, ListState.LOCKED)
    cell = Cell(round_id=survey_round.id, group_id=group.id, unit_id=unit.id, label=unit.name, invited=persons)
    session.add(cell)
    session.flush()
    session.refresh(unit_list)
    for number, person in enumerate(unit_list.persons):
        state = InvitationState.RECEIVED if number < answered else InvitationState.UNUSED
        session.add(Invitation(round_id=survey_round.id, person_id=person.id, cell_id=cell.id, state=state))


def text_of(response) -> str:
    assert response.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.get_data(as_text=True))).replace(" /", "/")


def test_the_office_sees_lists_and_answers_of_all_units(collecting, signed_in):
    code, district = collecting(opened_at=now())
    page = text_of(signed_in(Role.LEADER, unit=district).get(f"/rounds/{code}/turnout"))
    assert "Xã Nà Sáy 2 1 1 17/20 17/20 85 %" in page
    assert "Xã Quài Cang 2 2 2 0–3/3 18/20 18–21/23" in page
    assert "E. Người dân 35/40" in page
    assert "Ô dưới 5 người hiện theo khoảng." in page
    assert "Lò Văn Thử" not in page


def test_units_without_a_list_can_be_picked_out(collecting, signed_in):
    code, district = collecting()
    page = text_of(signed_in(Role.OPERATOR, unit=district).get(f"/rounds/{code}/turnout?lists=late"))
    assert "Xã Nà Sáy" in page
    assert "Xã Quài Cang" not in page


def test_a_unit_sees_its_own_counts_only(collecting, database, signed_in):
    code, _ = collecting(opened_at=now())
    with database.reading() as session:
        unit = session.scalars(select(Unit).where(Unit.name == "Xã Quài Cang")).one()
    page = text_of(signed_in(Role.UNIT_OFFICER, unit=unit).get(f"/rounds/{code}/turnout"))
    assert "Xã Quài Cang 2 2 2 0–3/3 18/20 18–21/23" in page
    assert "Xã Nà Sáy" not in page
    assert "Theo nhóm" not in page


def test_a_unit_outside_the_round_and_other_roles_see_nothing(collecting, database, signed_in):
    code, _ = collecting()
    with database.writing() as session:
        stranger = make_unit(session, "Xã Mường Đăng", code="0999")
    for path in ("turnout", "turnout.csv"):
        assert signed_in(Role.UNIT_OFFICER, unit=stranger).get(f"/rounds/{code}/{path}").status_code == 404
        assert signed_in(Role.LEADER, unit=stranger).get(f"/rounds/{code}/{path}").status_code == 404
        assert signed_in(Role.INTERVIEWER, unit=stranger).get(f"/rounds/{code}/{path}").status_code == 403


def test_before_the_start_the_page_names_the_day(database, signed_in):
    with database.writing() as session:
        district = make_district(session)
        survey_round = make_round(session, district)
        empty = make_round(session, district)
        make_quota(session, make_group(session, survey_round), make_unit(session, "Xã Pú Nhung", district))
    client = signed_in(Role.OPERATOR, unit=district)
    page = text_of(client.get(f"/rounds/{survey_round.code}/turnout"))
    assert "Đợt thu phiếu bắt đầu ngày 20/12/2021." in page
    assert "Xã Pú Nhung 1 0 0" in page
    assert "Chưa có đơn vị nào được giao chỉ tiêu" in text_of(client.get(f"/rounds/{empty.code}/turnout"))


@pytest.mark.parametrize("page", ["0", "3", "x", "-1", "²"])
def test_a_page_that_is_not_there_is_not_found(collecting, signed_in, page):
    code, district = collecting()
    assert signed_in(Role.OPERATOR, unit=district).get(f"/rounds/{code}/turnout?page={page}").status_code == 404


def test_many_units_are_paged(database, signed_in):
    with database.writing() as session:
        district = make_district(session)
        survey_round = make_round(session, district)
        group = make_group(session, survey_round)
        for number in range(53):
            make_quota(session, group, make_unit(session, f"Xã số {number:02}", district, code=f"x{number}"))
    client = signed_in(Role.OPERATOR, unit=district)
    assert "1–50 trên 53" in text_of(client.get(f"/rounds/{survey_round.code}/turnout"))
    assert "Xã số 52" in text_of(client.get(f"/rounds/{survey_round.code}/turnout?page=2"))


def test_the_table_is_handed_out_for_spreadsheets(collecting, signed_in):
    code, district = collecting(opened_at=now())
    answer = signed_in(Role.OPERATOR, unit=district).get(f"/rounds/{code}/turnout.csv")
    assert answer.data.startswith(b"\xef\xbb\xbf")
    lines = answer.data.decode("utf-8-sig").split("\r\n")
    assert lines[0].startswith("Mã đơn vị,Đơn vị,Danh sách cần nộp,Đã trình,Đã duyệt,C được hỏi,C đã trả lời")
    assert "0320,Xã Quài Cang,2,2,2,3,0–3,20,18,23,18–21" in lines


def test_no_cell_is_a_formula(app):
    found = turnout([(1, "=1", "@cmd|' /C calc'!A0", 1, 0, 0)], {(1, "E"): (20, 3)}, ["E"], 5)
    with app.test_request_context():
        row = turnout_csv(found).split("\r\n")[1]
    assert row == "'=1,'@cmd|' /C calc'!A0,1,0,0,20,3,20,3"


def test_replaced_persons_are_not_asked(collecting, database):
    collecting()
    with database.writing() as session:
        replaced = session.query(Invitation).filter_by(state=InvitationState.RECEIVED).first()
        replaced.state = InvitationState.REPLACED
        session.flush()
        assert answered_in_all(session, replaced.round_id) == (42, 35)
        assert sum(row[2] for row in answered_by_unit(session, replaced.round_id, "/")) == 42


def test_the_step_counts_answers_while_the_round_is_open(collecting, database, app):
    code, _ = collecting(opened_at=now())
    with database.writing() as session, app.test_request_context():
        survey_round = session.scalars(select(Round).where(Round.code == code)).one()
        state = step_state(session, survey_round)
        assert (state.status, state.progress) == (StepStatus.DOING, (36, 43))
        assert state.detail.startswith("36/43 đã trả lời, còn ")
        survey_round.closed_at = now()
        assert step_state(session, survey_round).status is StepStatus.DONE
        survey_round.opened_at = survey_round.closed_at = None
        assert step_state(session, survey_round).status is StepStatus.BLOCKED
