"""The unit's head between officer and office."""

import pytest
from sqlalchemy import select

from survey_app.access import Role
from survey_app.audit import AuditEntry
from survey_app.errors import Conflict, Invalid, Missing, Refused
from survey_app.roster.head_rules import lists_awaiting_head, pass_on, send_to_officer
from survey_app.roster.lock_rules import readiness
from survey_app.roster.models import ListState, UnitList
from survey_app.roster.queries import cards, find_list, handed_in, next_submitted, own_list
from survey_app.roster.rules import receive_upload, return_list, submit_list
from survey_app.roster.typed_lists import Source, start_typed_list
from tests.make import csrf_token, make_user, sign_in_client
from tests.roster.asked_round import LEADER, Asked, make_asked_round, make_citizen, make_file
from tests.roster.test_rules import hand_in, officer, operator


def asked_with_head(session) -> Asked:
    asked = make_asked_round(session)
    asked.round.head_confirms = True
    return asked


def head_of(session, asked: Asked, unit=None):
    return make_user(session, Role.UNIT_HEAD, unit or asked.commune)


def test_a_list_reaches_the_office_only_when_the_head_confirms(database):
    with database.writing() as session:
        asked = asked_with_head(session)
        leaders, citizens = hand_in(session, asked)
        assert {leaders.state, citizens.state} == {ListState.AWAITING_HEAD}
        assert citizens.submitted_at is None
        assert handed_in(session, asked.round) == []
        assert next_submitted(session, asked.round) is None
        assert readiness(session, asked.round).waiting == 0
        assert [card.handed_in for card in cards(session, asked.round, asked.commune)] == [0, 0]
        with pytest.raises(Missing):
            find_list(session, "tg-2021", citizens.id, operator(session, asked))

        head = head_of(session, asked)
        assert lists_awaiting_head(session, asked.round, asked.commune) == [leaders, citizens]
        pass_on(session, citizens, head, declared=True, seen_version=citizens.version)
        assert citizens.state == ListState.SUBMITTED
        assert citizens.submitted_at is not None
        assert len(handed_in(session, asked.round)) == 2
        assert find_list(session, "tg-2021", citizens.id, operator(session, asked)) is citizens
        actions = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
        assert actions == ["round.list_uploaded", "round.list_to_head", "round.list_to_head", "round.list_submitted"]


def test_a_list_that_the_head_sent_back_is_what_the_officer_does_now(app, database):
    with database.writing() as session:
        asked = asked_with_head(session)
        _leaders, citizens = hand_in(session, asked)
        send_to_officer(session, citizens, head_of(session, asked), "Sai chức vụ dòng 2.", citizens.version)
        by = officer(session, asked)
    text = sign_in_client(app, by).get("/rounds/tg-2021/lists/mine").text
    assert "Danh sách nhóm E bị trả lại để sửa" in text[text.index("Việc cần làm bây giờ") :]
    assert "Sai chức vụ dòng 2." in text


def test_what_the_head_hands_in_needs_no_second_confirmation(database):
    with database.writing() as session:
        asked = asked_with_head(session)
        head = head_of(session, asked)
        content = make_file([make_citizen(1), make_citizen(2)])
        upload = receive_upload(session, asked.round, asked.commune, content, "ds.xlsx", head, "E")
        (citizens,) = submit_list(session, upload, head, declared=True)
        assert citizens.state == ListState.SUBMITTED


def test_only_the_head_confirms_and_only_with_the_declaration_and_as_seen(database):
    with database.writing() as session:
        asked = asked_with_head(session)
        _leaders, citizens = hand_in(session, asked)
        head = head_of(session, asked)
        with pytest.raises(Refused):
            pass_on(session, citizens, officer(session, asked), declared=True)
        with pytest.raises(Invalid):
            pass_on(session, citizens, head, declared=False)
        with pytest.raises(Conflict):
            pass_on(session, citizens, head, declared=True, seen_version=citizens.version - 1)
        assert citizens.state == ListState.AWAITING_HEAD
        with pytest.raises(Missing):
            own_list(session, "tg-2021", citizens.id, head_of(session, asked, asked.other))


def test_the_officer_cannot_change_what_waits_for_the_head_until_it_comes_back(database):
    with database.writing() as session:
        asked = asked_with_head(session)
        _leaders, citizens = hand_in(session, asked)
        by = officer(session, asked)
        with pytest.raises(Refused):
            receive_upload(session, asked.round, asked.commune, make_file([make_citizen(3)]), "b.xlsx", by, "E")
        with pytest.raises(Invalid):
            send_to_officer(session, citizens, head_of(session, asked), " ")
        send_to_officer(session, citizens, head_of(session, asked), "Dòng 2 đã chuyển đi.")
        assert citizens.state == ListState.DRAFT
        session.expire(citizens, ["events"])
        card = next(one for one in cards(session, asked.round, asked.commune) if one.group.code == "E")
        assert (card.head_comment, card.handed_in, card.takes_upload) == ("Dòng 2 đã chuyển đi.", 0, True)

        upload = start_typed_list(session, asked.round, asked.commune, "E", by, Source.RETURNED)
        submit_list(session, upload, by, declared=True)
        assert citizens.state == ListState.AWAITING_HEAD
        assert not any(person.is_changed for person in citizens.persons)


def test_the_head_sees_what_changed_since_the_list_was_handed_in_before(database):
    with database.writing() as session:
        asked = make_asked_round(session)
        _leaders, citizens = hand_in(session, asked)
        assert not any(person.is_changed for person in citizens.persons)
        return_list(session, citizens, operator(session, asked), "Sửa dòng 2.")
        asked.round.head_confirms = True
        by = officer(session, asked)
        content = make_file([make_citizen(1), make_citizen(4)])
        upload = receive_upload(session, asked.round, asked.commune, content, "b.xlsx", by, "E")
        submit_list(session, upload, by, declared=True)
        assert [person.is_changed for person in citizens.persons] == [False, True]
        assert citizens.removed == 1


def test_the_pages_lead_from_officer_to_head_to_office(app, database):
    with database.writing() as session:
        asked = asked_with_head(session)
        worker, head, boss = officer(session, asked), head_of(session, asked), operator(session, asked)
        content = make_file([make_citizen(1), make_citizen(2)], [LEADER])
        upload_id = receive_upload(session, asked.round, asked.commune, content, "ds.xlsx", worker).id
    at_unit, at_head, at_office = (sign_in_client(app, one) for one in (worker, head, boss))
    base = "/rounds/tg-2021/lists"
    assert "Gửi thủ trưởng xác nhận" in at_unit.get(f"{base}/uploads/{upload_id}/confirm").text
    token = {"csrf_token": csrf_token(at_unit)}
    at_unit.post(f"{base}/uploads/{upload_id}/confirm", data=token | {"declared": "yes"})
    with database.reading() as session:
        unit_list = session.scalar(select(UnitList).where(UnitList.group_id == asked.citizens.id))
        list_id, version = unit_list.id, unit_list.version
        assert unit_list.state == ListState.AWAITING_HEAD
    assert at_office.get(f"{base}/{list_id}").status_code == 404
    page = f"{base}/mine/{list_id}"
    assert at_unit.post(f"{page}/confirm", data=token | {"declared": "yes"}).status_code == 403
    assert "Lấy lại để sửa" in at_unit.get(page).text
    assert "Xem và xác nhận" in at_head.get(f"{base}/mine").text
    token = {"csrf_token": csrf_token(at_head), "version": version}
    assert at_head.post(f"{page}/confirm", data=token).status_code == 422
    assert at_head.post(f"{page}/confirm", data=token | {"declared": "yes"}).status_code == 303
    assert at_office.get(f"{base}/{list_id}").status_code == 200
    assert at_head.post(f"{page}/back", data=token | {"reason": "muộn"}).status_code == 409
