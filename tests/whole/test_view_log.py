"""No page or file shows persons without an entry in the audit log; no entry names a person."""

import io
import zipfile

import pytest
from sqlalchemy import func, select, text

from survey_app.access import Role, declared_rights
from survey_app.access_codes.models import Invitation
from survey_app.access_codes.queries import invitations
from survey_app.access_codes.rules import build_cells
from survey_app.access_codes.slip_rules import draw_slips, start_slip_list
from survey_app.audit import AuditEntry
from survey_app.db import now
from survey_app.guard import STATIC_ENDPOINTS
from survey_app.personal_data.rules import record_request
from survey_app.roster.models import ChangeKind, ListState, Person, UnitList, Upload
from survey_app.roster.rules import receive_upload
from survey_app.roster_changes.rules import propose
from survey_app.sampling.designs import Design, SizeRule
from survey_app.sampling.rules import draw_sample, receive_frame
from survey_app.users.models import User
from tests.make import csrf_token, make_list, make_person, make_user, sign_in_client
from tests.roster.asked_round import make_asked_round, make_citizen, make_file

CANARIES = ("Chim Vàng Anh", "0912345671", "0912 345 671", "kim.tuoc@tuangiao.vn")


@pytest.fixture
def looked_at(app, database):
    """A locked round with an invited person, a round that still collects with a pair and a draft; three browsers."""
    with database.writing() as session:
        asked = make_asked_round(session)
        operator = make_user(session, Role.OPERATOR, asked.district)
        officer = make_user(session, Role.UNIT_OFFICER, asked.commune)
        leader = make_user(session, Role.LEADER, asked.district)
        for unit in (asked.commune, asked.other):
            unit_list = make_list(session, asked.citizens, unit, state=ListState.SUBMITTED)
            unit_list.submitted_at = now()
            make_person(
                session, unit_list, name="Chim Vàng Anh", phone="0912345671", email="kim.tuoc@tuangiao.vn",
                ethnicity="Hà Nhì",
            )  # fmt: skip
        row = make_citizen(1, name="Chim Vàng Anh", phone="0912345671")
        make_list(session, asked.leaders, asked.commune, state=ListState.NONE)
        content = make_file([row], [[1, "Chim Vàng Anh", 1975, "Nữ", "Chủ tịch UBND", "0912345671"]])
        upload = receive_upload(session, asked.round, asked.commune, content, "danh sách.xlsx", officer)
        person = session.scalars(select(Person)).first()
        frame = receive_frame(
            session, asked.round, asked.commune, asked.citizens, make_file([row, make_citizen(2, phone="1")]),
            "sổ.xlsx", operator,
        )  # fmt: skip
        sample = draw_sample(session, frame, Design(size_rule=SizeRule.GIVEN, given_size=1), operator, "1")
        asked_for = record_request(session, person, "access", "Chính người đó", "", operator)
        facts = {"code": "tg-2021", "upload_id": upload.id, "list_id": person.list_id, "person_id": person.id}
        facts["request_id"] = asked_for.id
        facts |= {"frame_id": frame.id, "sample_id": sample.id, "member_id": sample.members[0].id}
    browsers = [sign_in_client(app, user) for user in (operator, officer, leader)]
    return browsers, facts


def everything(answer) -> str:
    """Text of an answer; of a workbook all its parts."""
    if answer.data[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
            return "".join(archive.read(name).decode("utf-8", "replace") for name in archive.namelist())
    return answer.data.decode("utf-8", "replace")


def entries(database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(AuditEntry)) or 0


def walk(app, database, browsers, facts, more=""):
    """(endpoint, shows a person, entries it made) of every page that one of the browsers may open."""
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        if "GET" not in rule.methods or rule.endpoint in STATIC_ENDPOINTS or not declared_rights(view):
            continue
        values = {name: facts.get(name, facts.get("invitation_id", 1)) for name in rule.arguments}
        address = rule.build(values, append_unknown=False)[1]
        for browser in browsers:
            with database.writing() as session:  # views of an hour ago: each page must speak for itself
                session.execute(text("DELETE FROM audit_entry"))
            answer = browser.get(address + "?show=all&q=Chim" + more)
            if answer.status_code == 200:
                yield rule.endpoint, any(word in everything(answer) for word in CANARIES), entries(database)


def test_every_page_that_shows_a_person_is_in_the_log_and_no_other_page_writes(app, database, looked_at):
    browsers, facts = looked_at
    shown = set()
    for endpoint, shows, made in walk(app, database, browsers, facts):
        assert not shows or made == 1, f"{endpoint} shows a person and made {made} entries"
        if shows:
            shown.add(endpoint)
        elif made:
            names_none = {"roster.grid", "roster.confirm", "sampling.frame"}
            assert endpoint in names_none, f"{endpoint} wrote to the log and shows nobody"
    assert shown >= {"roster.one_list", "roster.duplicates", "roster.check", "roster.faults_file", "roster.original"}
    assert {name for name in shown if name.startswith("sampling.")} == {
        "sampling.sample", "sampling.sample_file", "sampling.minutes", "sampling.replacing",
    }  # fmt: skip
    assert {name for name in shown if name.startswith("personal_data.")} == {
        "personal_data.register", "personal_data.new", "personal_data.show", "personal_data.held",
    }  # fmt: skip


def test_pages_of_codes_and_of_changes_after_locking_are_in_the_log(app, database, looked_at):
    browsers, facts = looked_at
    with database.writing() as session:
        session.execute(text("UPDATE unit_list SET state = 'locked'"))
        survey_round = session.scalars(select(Upload)).one().round
        survey_round.roster_locked_at = now()
        build_cells(session, survey_round, None, accept_small=True)
        facts["invitation_id"] = session.scalars(select(Invitation.id)).first()
        unit_list = session.get_one(UnitList, facts["list_id"])
        operator = session.scalars(select(User).where(User.role == Role.OPERATOR)).one()
        person = unit_list.persons[0]
        change = propose(session, unit_list, ChangeKind.REMOVE, operator, "Đã chuyển đi", person)
        # About the person of the request no second one is made: the form is looked at with another.
        other = make_person(session, unit_list, position=9, name=person.name)
        found = session.scalars(invitations(survey_round, unit_list.unit, unit_list.group)).all()
        slips = start_slip_list(session, survey_round, found, draw_slips(len(found)), operator, b"p" * 32)
        facts |= {"change_id": change.id, "kind": "remove", "batch_id": slips.id}
    shown = set()
    for endpoint, shows, made in walk(app, database, browsers, facts, f"&person={other.id}"):
        assert not shows or made == 1, f"{endpoint} shows a person and made {made} entries"
        if shows:
            shown.add(endpoint)
    assert shown >= {
        "access_codes.code_page", "access_codes.person", "access_codes.attendance", "roster_changes.changes",
        "roster_changes.people", "roster_changes.form", "roster_changes.show",
    }  # fmt: skip


def test_a_view_that_is_repeated_within_an_hour_is_one_entry(database, looked_at):
    (operator, _officer, _leader), facts = looked_at
    before = entries(database)
    address = f"/rounds/tg-2021/duplicates?x={facts['list_id']}"
    for _ in range(3):
        assert operator.get(address).status_code == 200
    assert entries(database) == before + 1
    with database.writing() as session:
        session.execute(text("UPDATE audit_entry SET at = '2021-01-01 00:00:00'"))
    operator.get(address)
    assert entries(database) == before + 2


@pytest.mark.fresh_database
def test_nobody_sees_what_cannot_be_logged(app, database, looked_at):
    (operator, officer, _leader), facts = looked_at
    with database.writing() as session:
        session.execute(text("ALTER TABLE audit_entry RENAME COLUMN by_name TO gone"))
    for browser, address in (
        (operator, "/rounds/tg-2021/duplicates"),
        (officer, f"/rounds/tg-2021/lists/uploads/{facts['upload_id']}"),
        (officer, f"/rounds/tg-2021/lists/uploads/{facts['upload_id']}/original"),
    ):
        answer = browser.get(address)
        assert answer.status_code in (500, 503), address
        assert not any(word in everything(answer) for word in CANARIES)


def test_the_log_names_no_person(app, database, looked_at):
    (operator, _officer, _leader), _facts = looked_at
    with database.reading() as session:
        list_id = session.scalars(select(Person.list_id)).first()
        version = session.execute(text("SELECT version FROM unit_list WHERE id = :id"), {"id": list_id}).scalar()
    operator.get(f"/rounds/tg-2021/lists/{list_id}")
    data = {"csrf_token": csrf_token(operator), "reason": "Chim Vàng Anh đã chuyển đi", "version": version}
    assert operator.post(f"/rounds/tg-2021/lists/{list_id}/return", data=data).status_code == 303
    pair = {"csrf_token": csrf_token(operator)}
    assert operator.post("/rounds/tg-2021/duplicates", data=pair).status_code in (409, 422)
    with database.reading() as session:
        log = "".join(f"{entry.sentence} {entry.fields}" for entry in session.scalars(select(AuditEntry)))
    assert "Trả lại danh sách" in log
    assert not any(word in log for word in CANARIES)
