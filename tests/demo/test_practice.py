"""Invented persons for training: lists of the office, the file of a unit."""

import io

import openpyxl
import pytest
from sqlalchemy import select

from survey_app.access import Role
from survey_app.demo.practice import empty_lists, fill_lists, practice_file
from survey_app.errors import Refused
from survey_app.roster.models import ListState, UnitList, Upload
from survey_app.roster.rules import check_upload, receive_upload
from survey_app.rounds.models import Round
from survey_app.text import today
from survey_app.units.models import Unit
from tests.make import csrf_token, make_user, sign_in_client
from tests.roster.asked_round import make_asked_round


@pytest.fixture
def practice(app, database):
    """A training round that asks for lists; browsers of its operator and of a commune's officer."""
    with database.writing() as session:
        asked = make_asked_round(session, citizens=4)
        asked.round.purge_on = today()
        operator = make_user(session, Role.OPERATOR, asked.district)
        officer = make_user(session, Role.UNIT_OFFICER, asked.commune)
    return asked, sign_in_client(app, operator), sign_in_client(app, officer)


def test_every_empty_list_is_filled_and_handed_in_and_those_begun_stay(database, practice):
    asked, operator, _officer = practice
    with database.writing() as session:
        survey_round, other = session.get_one(Round, asked.round.id), session.get_one(Unit, asked.other.id)
        officer = make_user(session, Role.UNIT_OFFICER, other)
        content = practice_file(session, survey_round, other)
        receive_upload(session, survey_round, other, content, "thu.xlsx", officer)
        assert {card.unit.name for card in empty_lists(session, survey_round)} == {"Xã Quài Cang"}
    assert "Còn 2 danh sách trống." in operator.get("/rounds/tg-2021/training").text
    assert operator.post("/rounds/tg-2021/training", data={"csrf_token": csrf_token(operator)}).status_code == 303
    with database.reading() as session:
        lists = {(one.unit.name, one.group.code): one for one in session.scalars(select(UnitList))}
        assert lists["Xã Quài Cang", "E"].state == ListState.SUBMITTED
        assert len(lists["Xã Quài Cang", "E"].persons) == 4
        assert len(lists["Xã Quài Cang", "C"].persons) == 1
        assert lists["Xã Quài Nưa", "E"].state == ListState.DRAFT
        people = lists["Xã Quài Cang", "E"].persons
        assert {one.ban_code for one in people} == {"03289-01"}
        assert len({one.phone for one in people}) == 4
        assert all(asked.round.period_from <= one.return_date <= asked.round.period_to for one in people)
    assert "Mọi danh sách đã có người." in operator.get("/rounds/tg-2021/training").text


def test_the_file_of_a_unit_is_read_and_only_the_spoilt_number_is_a_fault(database, practice):
    _asked, _operator, officer = practice
    assert "Tải tệp người mẫu" in officer.get("/rounds/tg-2021/lists/mine").text
    content = officer.get("/rounds/tg-2021/lists/practice.xlsx").data
    book = openpyxl.load_workbook(io.BytesIO(content))
    assert [sheet["A1"].value for sheet in book] == ["TẬP HUẤN – KHÔNG CÓ GIÁ TRỊ"] * 2
    data = {"csrf_token": csrf_token(officer), "file": (io.BytesIO(content), "nguoi-mau.xlsx")}
    assert officer.post("/rounds/tg-2021/lists/uploads", data=data).status_code in (302, 303)
    with database.reading() as session:
        checked = check_upload(session, session.scalars(select(Upload)).one())
        assert [person.group for person in checked.reading.persons].count("E") == 4
        assert [person.group for person in checked.reading.persons].count("C") == 1
        errors = [(one.kind, one.row) for one in checked.reading.problems if one.severity == "error"]
        assert len(errors) == 1, errors


def test_a_real_round_takes_no_invented_person(app, database):
    with database.writing() as session:
        asked = make_asked_round(session)
        operator = make_user(session, Role.OPERATOR, asked.district)
        officer = make_user(session, Role.UNIT_OFFICER, asked.commune)
        for rule in (
            lambda: fill_lists(session, asked.round, operator),
            lambda: practice_file(session, asked.round, asked.commune),
        ):
            with pytest.raises(Refused, match="Chỉ đợt tập huấn"):
                rule()
    office, unit = sign_in_client(app, operator), sign_in_client(app, officer)
    assert office.get("/rounds/tg-2021/training").status_code == 403
    assert unit.get("/rounds/tg-2021/lists/practice.xlsx").status_code == 403
    assert "/training" not in office.get("/rounds/tg-2021").text
    assert "người mẫu" not in unit.get("/rounds/tg-2021/lists/mine").text
