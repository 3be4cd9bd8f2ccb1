"""Batches of paper forms: numbered, for one unit and group, ticked by name by somebody who does not key them."""

import pytest
from sqlalchemy import select

from survey_app.access import Role
from survey_app.access_codes import paper_rules, queries, rules, slip_rules
from survey_app.access_codes.models import AccessCode, Batch, Invitation, InvitationState, WorkPart
from survey_app.db import now
from survey_app.errors import Conflict, Missing, Refused
from survey_app.text import today
from tests.access_codes.place import make_place
from tests.make import make_user

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


def start(session, place, forms=5, share=10):
    return paper_rules.start_batch(session, place.round, place.office, place.officials, forms, share, place.operator)


def ids_of(session, batch):
    session.expire_all()
    return [one.id for one in queries.paper_persons(session, batch)]


def test_batches_are_numbered_in_their_round_and_figures_must_fit(session, place):
    assert [start(session, place).number, start(session, place).number] == [1, 2]
    for forms, share in ((0, 10), (paper_rules.MOST_FORMS + 1, 10), (5, 9), (5, 101)):
        with pytest.raises(Refused):
            start(session, place, forms, share)
    assert [one.number for one in queries.paper_batches(session, place.round)] == [1, 2]


def test_who_gave_a_form_back_counts_there_only_and_has_no_code_any_more(session, place):
    rules.issue_codes(session, place.round, place.operator, PEPPER, group=place.officials)
    first, second = start(session, place), start(session, place)
    people = ids_of(session, first)
    assert len(people) == 5
    assert paper_rules.tick_returned(session, first, people[:2], [], place.operator) == 2
    living = select(AccessCode.invitation_id).where(~AccessCode.void)
    assert not set(people[:2]) & set(session.scalars(living))
    assert ids_of(session, second) == people[2:]
    with pytest.raises(Missing):
        paper_rules.tick_returned(session, second, people[:1], [], place.operator)
    waiting = slip_rules.persons_for_slips(session, place.round, place.office, place.officials)
    assert [one.id for one in waiting] == people[2:]
    assert paper_rules.tick_returned(session, first, [], people[:1], place.operator) == 1
    back = session.get_one(Invitation, people[0])
    session.refresh(back)
    assert (back.state, back.batch_id) == (InvitationState.UNUSED, None)


def test_never_fewer_ticked_than_keyed_nor_more_than_handed_out(session, place):
    batch = start(session, place, forms=2)
    people = ids_of(session, batch)
    with pytest.raises(Refused, match="đã phát 2 phiếu"):
        paper_rules.tick_returned(session, batch, people[:3], [], place.operator)
    paper_rules.hand_out_more(session, batch, 1, place.operator)
    paper_rules.tick_returned(session, batch, people[:3], [], place.operator)
    batch.keyed = 2
    session.flush()
    assert queries.unkeyed_batches(session, place.round.id) == 1
    with pytest.raises(Refused, match="Đã nhập 2 phiếu của lô"):
        paper_rules.tick_returned(session, batch, [], people[:2], place.operator)


def test_who_answered_otherwise_is_not_ticked(session, place):
    batch = start(session, place)
    people = ids_of(session, batch)
    session.get_one(Invitation, people[0]).state = InvitationState.RECEIVED
    session.flush()
    with pytest.raises(Conflict, match="vừa trả lời"):
        paper_rules.tick_returned(session, batch, people[:1], [], place.operator)


def test_who_keys_does_not_tick_and_names_are_kept_once(session, place):
    batch = start(session, place)
    people = ids_of(session, batch)
    for count in (1, 2):
        paper_rules.tick_returned(session, batch, people[:count], [], place.operator)
    clerk = make_user(session, Role.CLERK, place.district)
    paper_rules.add_worker(session, batch, WorkPart.KEYED, clerk.full_name, clerk.id)
    session.expire_all()
    assert [(one.part, one.user_id) for one in session.get_one(Batch, batch.id).workers] == [
        (WorkPart.TICKED, place.operator.id),
        (WorkPart.KEYED, clerk.id),
    ]
    with pytest.raises(Refused, match="Nhờ người khác"):
        paper_rules.tick_returned(session, batch, people[2:3], [], clerk)


def test_nothing_changes_after_closing_and_forms_are_destroyed_after_the_opening(session, place):
    batch = start(session, place)
    place.round.opened_at = place.round.closed_at = now()
    session.flush()
    with pytest.raises(Refused, match="đóng thu phiếu"):
        paper_rules.tick_returned(session, batch, ids_of(session, batch)[:1], [], place.operator)
    with pytest.raises(Refused, match="đóng thu phiếu"):
        start(session, place)
    with pytest.raises(Refused, match="mở niêm phong"):
        paper_rules.note_destroyed(session, batch, place.operator)
    session.refresh(place.round)
    place.round.envelopes_opened_on = today()
    paper_rules.note_destroyed(session, batch, place.operator)
    with pytest.raises(Conflict):
        paper_rules.note_destroyed(session, batch, place.operator)
