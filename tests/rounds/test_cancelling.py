"""A round is given up: who may, when, what it keeps; a round that asked nobody is deleted."""

import html

import pytest
from sqlalchemy import select

from survey_app.access import Role
from survey_app.audit import AuditEntry
from survey_app.db import now
from survey_app.errors import Invalid, Refused
from survey_app.rounds.cancelling import cancel_round, remove_round
from survey_app.rounds.models import Round, RoundState
from survey_app.rounds.queries import find_round
from survey_app.rounds.rules import refuse_if_frozen, refuse_if_locked
from survey_app.text import today
from survey_app.units.models import Unit
from tests.make import (
    csrf_token,
    make_district,
    make_group,
    make_quota,
    make_round,
    make_unit,
    make_user,
    sign_in_client,
)

REASON = "Tỉnh hoãn điều tra năm nay"


@pytest.fixture
def office(app, database):
    """A round that collects lists, its operator, and a browser of the operator."""
    with database.writing() as session:
        district = make_district(session)
        operator = make_user(session, Role.OPERATOR, district)
        survey_round = make_round(session, district, code="tg-2021", lists_started_at=now())
        make_quota(session, make_group(session, survey_round), make_unit(session, parent=district))
    return survey_round, operator, sign_in_client(app, operator)


def test_a_cancelled_round_stays_readable_and_refuses_every_change(database, office):
    survey_round, operator, _browser = office
    with database.writing() as session:
        cancel_round(session, session.get_one(Round, survey_round.id), operator, REASON, "tg-2021")
    with database.reading() as session:
        found = find_round(session, "tg-2021", operator)
        assert found.state is RoundState.CANCELLED
        assert found.cancel_reason == REASON
        assert not found.takes_answers()
        for rule in (refuse_if_frozen, refuse_if_locked):
            with pytest.raises(Refused, match="đã hủy ngày"):
                rule(found)
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "round.cancelled")).one()
        assert entry.sentence == f"Hủy đợt tg-2021: {REASON}"
    with database.writing() as session:
        with pytest.raises(Refused, match="đã hủy ngày"):
            find_round(session, "tg-2021", operator)
        with pytest.raises(Refused, match="đã hủy ngày"):
            cancel_round(session, session.get_one(Round, survey_round.id), operator, REASON, "tg-2021")


@pytest.mark.parametrize(
    ("reason", "typed", "field"),
    [("", "tg-2021", "reason"), ("x" * 301, "tg-2021", "reason"), (REASON, "tg", "typed_code")],
)
def test_a_reason_and_the_code_of_the_round_are_needed(database, office, reason, typed, field):
    survey_round, operator, _browser = office
    with database.writing() as session:
        found = session.get_one(Round, survey_round.id)
        with pytest.raises(Invalid) as caught:
            cancel_round(session, found, operator, reason, typed)
        assert set(caught.value.faults) == {field}
        assert found.cancelled_at is None


def test_what_was_opened_is_not_cancelled(database, office):
    survey_round, operator, browser = office
    with database.writing() as session:
        found = session.get_one(Round, survey_round.id)
        found.roster_locked_at = found.opened_at = found.closed_at = now()
        found.envelopes_opened_on = today()
        session.flush()
        with pytest.raises(Refused, match="đã mở niêm phong ngày"):
            cancel_round(session, found, operator, REASON, "tg-2021")
    page = html.unescape(browser.get("/rounds/tg-2021/cancel").text)
    assert "đã mở niêm phong ngày" in page
    assert "<textarea" not in page
    assert "/cancel" not in browser.get("/rounds/tg-2021").text


def test_the_page_tells_what_happens_and_cancels(database, office):
    _round, _operator, browser = office
    assert "/rounds/tg-2021/cancel" in browser.get("/rounds/tg-2021").text
    page = html.unescape(browser.get("/rounds/tg-2021/cancel").text)
    assert "ai mở sẽ thấy «Đợt điều tra đã hủy»" in page
    form = {"csrf_token": csrf_token(browser), "reason": REASON, "typed_code": "sai"}
    refused = browser.post("/rounds/tg-2021/cancel", data=form)
    assert refused.status_code == 422
    assert REASON in html.unescape(refused.text)
    assert "Gõ đúng mã đợt «tg-2021»" in html.unescape(refused.text)
    form["typed_code"] = "tg-2021"
    assert browser.post("/rounds/tg-2021/cancel", data=form).status_code == 303
    shown = html.unescape(browser.get("/rounds/tg-2021").text)
    assert "ĐỢT ĐÃ HỦY" in shown
    assert f"Lý do: {REASON}" in shown
    settings = html.unescape(browser.get("/rounds/tg-2021/settings/dates").text)
    assert "không làm gì thêm trong đợt này được" in settings
    assert "Đã hủy" in html.unescape(browser.get("/rounds").text)


def test_a_round_that_asked_nobody_is_deleted_and_one_that_asked_is_not(app, database, office):
    survey_round, operator, browser = office
    with database.writing() as session:
        with pytest.raises(Refused, match="Hủy đợt nếu cần dừng lại"):
            remove_round(session, session.get_one(Round, survey_round.id), operator, "tg-2021")
        draft = make_round(session, session.get_one(Unit, survey_round.operator_unit_id), code="nhap")
        make_quota(session, make_group(session, draft), make_unit(session))
    token = csrf_token(browser)
    page = html.unescape(browser.get("/rounds/nhap/cancel").text)
    assert "chưa đề nghị đơn vị nào" in page
    assert browser.post("/rounds/nhap/delete", data={"csrf_token": token, "typed_code": "x"}).status_code == 422
    done = browser.post("/rounds/nhap/delete", data={"csrf_token": token, "typed_code": "nhap"})
    assert (done.status_code, done.location) == (303, "/rounds")
    assert browser.get("/rounds/nhap").status_code == 404
    with database.reading() as session:
        assert session.scalars(select(Round.code)).all() == ["tg-2021"]
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "round.deleted")).one()
        assert entry.fields == {"round": "nhap", "rows": "4"}


def test_only_the_operator_cancels(app, database, office):
    survey_round, _operator, _browser = office
    with database.writing() as session:
        leader = make_user(session, Role.LEADER, session.get_one(Unit, survey_round.operator_unit_id))
    browser = sign_in_client(app, leader)
    assert browser.get("/rounds/tg-2021/cancel").status_code == 403
    assert "/cancel" not in browser.get("/rounds/tg-2021").text
