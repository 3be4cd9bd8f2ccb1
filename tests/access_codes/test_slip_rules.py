"""Nameless codes drawn from a box: who is on the list, who drew one, and what that does to personal codes."""

import pytest
from sqlalchemy import func, select

from survey_app.access_codes import codes, queries, rules, slip_rules
from survey_app.access_codes.models import AccessCode, Batch, Invitation, InvitationState
from survey_app.db import now
from survey_app.errors import Conflict, Missing, Refused
from tests.access_codes.place import make_place

PEPPER = b"p" * 32


@pytest.fixture
def session(database):
    with database.writing() as session:
        yield session


@pytest.fixture
def place(session):
    place = make_place(session)
    rules.build_cells(session, place.round, place.operator)
    return place


def start(session, place):
    """A list of attendance of the five officials; returns it with the slips in clear."""
    persons = slip_rules.persons_for_slips(session, place.round, place.office, place.officials)
    slips = slip_rules.draw_slips(len(persons))
    return slip_rules.start_slip_list(session, place.round, persons, slips, place.operator, PEPPER), slips


def ids_on(session, batch):
    return [one.id for one in queries.slip_persons(session, batch)]


def states(session, batch):
    session.expire_all()
    return [one.state for one in queries.slip_persons(session, batch)]


def test_a_list_has_one_slip_for_each_person_of_the_unit_and_group_who_has_not_answered(session, place):
    persons = slip_rules.persons_for_slips(session, place.round, place.office, place.officials)
    persons[0].state = InvitationState.RECEIVED
    session.flush()
    batch, slips = start(session, place)
    assert len(slips) == batch.printed == 4
    assert (batch.ticked, batch.keyed, batch.unit_id) == (0, 0, place.office.id)
    assert persons[0].id not in ids_on(session, batch)
    stored = session.scalars(select(AccessCode).where(AccessCode.batch_id == batch.id)).all()
    assert {one.code_hash for one in stored} == {codes.hash_of(code, PEPPER) for code in slips}
    assert {one.invitation_id for one in stored} == {None}


def test_nothing_stored_joins_a_slip_to_a_person(session, place):
    start(session, place)
    columns = {column.name for column in AccessCode.__table__.columns}
    assert columns == {"code_hash", "invitation_id", "batch_id", "void", "spent", "replay_digest"}
    assert session.scalar(select(func.count()).where(AccessCode.invitation_id.is_not(None))) == 0


def test_a_person_stands_on_one_list_only(session, place):
    start(session, place)
    assert slip_rules.persons_for_slips(session, place.round, place.office, place.officials) == []


def test_a_list_is_refused_when_somebody_answered_while_it_was_printed(session, place):
    persons = slip_rules.persons_for_slips(session, place.round, place.office, place.officials)
    slips = slip_rules.draw_slips(len(persons))
    session.get_one(Invitation, persons[0].id).state = InvitationState.RECEIVED
    session.flush()
    with pytest.raises(Conflict):
        slip_rules.start_slip_list(session, place.round, persons, slips, place.operator, PEPPER)


def test_who_drew_a_slip_has_no_personal_code_any_more(session, place):
    rules.issue_codes(session, place.round, place.operator, PEPPER, group=place.officials)
    batch, _slips = start(session, place)
    first, second, *_rest = ids_on(session, batch)
    assert slip_rules.tick_attendance(session, batch, {first, second}, set(), place.operator) == 2
    assert states(session, batch)[:3] == ["drew_slip", "drew_slip", "unused"]
    living = select(AccessCode.invitation_id).where(AccessCode.invitation_id.is_not(None), ~AccessCode.void)
    assert not {first, second} & set(session.scalars(living))
    assert not rules.may_get_code(session.get_one(Invitation, first))
    assert session.get_one(Batch, batch.id).ticked == 2


def test_a_tick_is_taken_back_but_never_below_the_answers_that_came(session, place):
    batch, _slips = start(session, place)
    people = ids_on(session, batch)
    slip_rules.tick_attendance(session, batch, people, set(), place.operator)
    batch.keyed = 4
    session.flush()
    assert slip_rules.tick_attendance(session, batch, set(), {people[0]}, place.operator) == 4
    with pytest.raises(Refused, match="Đã có 4 phiếu"):
        slip_rules.tick_attendance(session, batch, set(), {people[1]}, place.operator)
    assert states(session, batch) == ["unused"] + ["drew_slip"] * 4


def test_two_officers_may_tick_the_same_person_and_others(session, place):
    batch, _slips = start(session, place)
    people = ids_on(session, batch)
    slip_rules.tick_attendance(session, batch, people[:2], set(), place.operator)
    assert slip_rules.tick_attendance(session, batch, people[1:3], set(), place.operator) == 3
    assert slip_rules.tick_attendance(session, batch, set(), {people[4]}, place.operator) == 3


def test_a_person_who_answered_with_the_own_code_cannot_be_ticked(session, place):
    batch, _slips = start(session, place)
    people = ids_on(session, batch)
    session.get_one(Invitation, people[0]).state = InvitationState.RECEIVED
    session.flush()
    with pytest.raises(Conflict, match="vừa trả lời"):
        slip_rules.tick_attendance(session, batch, people, set(), place.operator)


def test_somebody_of_another_list_is_not_ticked(session, place):
    batch, _slips = start(session, place)
    other = session.scalars(select(Invitation.id).where(Invitation.batch_id.is_(None))).first()
    with pytest.raises(Missing):
        slip_rules.tick_attendance(session, batch, {other}, set(), place.operator)


def test_a_list_is_withdrawn_until_somebody_drew(session, place):
    batch, slips = start(session, place)
    people = ids_on(session, batch)
    slip_rules.tick_attendance(session, batch, {people[0]}, set(), place.operator)
    with pytest.raises(Refused, match="Đã có người bốc thăm"):
        slip_rules.withdraw_slip_list(session, batch, place.operator)
    slip_rules.tick_attendance(session, batch, set(), {people[0]}, place.operator)
    slip_rules.withdraw_slip_list(session, batch, place.operator)
    assert queries.slip_lists(session, place.round) == []
    with pytest.raises(Missing):
        queries.find_slip_list(session, place.round, batch.id)
    assert session.scalar(select(func.count()).where(AccessCode.void)) == len(slips)
    assert len(slip_rules.persons_for_slips(session, place.round, place.office, place.officials)) == 5


def test_further_slips_are_counted(session, place):
    batch, _slips = start(session, place)
    slip_rules.add_slips(session, batch, slip_rules.draw_slips(2), place.operator, PEPPER)
    assert batch.printed == 7
    for wrong in (0, slip_rules.MOST_SLIPS + 1):
        with pytest.raises(Refused):
            slip_rules.draw_slips(wrong)


def test_nothing_changes_after_closing_or_before_the_cells_are_fixed(session, place):
    batch, _slips = start(session, place)
    place.round.opened_at = place.round.closed_at = now()
    session.flush()
    with pytest.raises(Refused, match="đóng thu phiếu"):
        slip_rules.tick_attendance(session, batch, ids_on(session, batch), set(), place.operator)
    with pytest.raises(Refused, match="đóng thu phiếu"):
        slip_rules.add_slips(session, batch, slip_rules.draw_slips(1), place.operator, PEPPER)
