"""What a change of the locked roster does to invitations, codes and cells."""

import pytest
from sqlalchemy import func, select

from survey_app.access_codes import queries, rules
from survey_app.access_codes.models import AccessCode, Invitation, InvitationState
from survey_app.access_codes.roster_effects import follow, tell
from survey_app.roster.models import ListState, Person
from tests.access_codes.place import make_place
from tests.make import make_group, make_list, make_person

PEPPER = b"p" * 32


@pytest.fixture
def session(database):
    with database.writing() as session:
        yield session


@pytest.fixture
def place(session):
    place = make_place(session, citizens=(7, 6), officials=5)
    rules.build_cells(session, place.round, place.operator)
    rules.issue_codes(session, place.round, place.operator, PEPPER)
    return place


def leave(session, place, person: Person) -> None:
    person.left_in_version = 2
    session.flush()
    follow(session, place.round, [], [person])


def join(session, place, like: Person) -> Person:
    person = make_person(session, like.unit_list, position=50, joined_in_version=2)
    follow(session, place.round, [person], [])
    return person


def invitation_of(session, person: Person) -> Invitation:
    session.expire_all()
    return session.scalars(select(Invitation).where(Invitation.person_id == person.id)).one()


def living_codes(session, person: Person) -> int:
    found = select(func.count()).select_from(AccessCode).join(Invitation).where(Invitation.person_id == person.id)
    return session.scalar(found.where(~AccessCode.void))


def invited(session, place) -> dict[str, int]:
    session.expire_all()
    return {cell.label: cell.invited for cell in queries.cells_of(session, place.round)}


def first_citizen(session, place) -> Person:
    return session.scalars(queries.roster_persons(place.round)).first()


def test_who_leaves_without_an_answer_is_invited_no_more(session, place):
    person = first_citizen(session, place)
    before = invited(session, place)
    leave(session, place, person)
    assert invitation_of(session, person).state == InvitationState.REPLACED
    assert living_codes(session, person) == 0
    after = invited(session, place)
    assert sum(before.values()) - sum(after.values()) == 1
    assert queries.code_totals(session, place.round).persons == 17


def test_an_answer_that_came_stays_and_its_person_goes_on_counting(session, place):
    person = first_citizen(session, place)
    invitation_of(session, person).state = InvitationState.RECEIVED
    session.flush()
    before = invited(session, place)
    assert "đã trả lời" in tell(session, person)
    leave(session, place, person)
    assert invitation_of(session, person).state == InvitationState.RECEIVED
    assert invited(session, place) == before


def test_who_joins_is_invited_into_the_cell_of_the_own_unit_and_gets_a_code(session, place):
    person = first_citizen(session, place)
    newcomer = join(session, place, person)
    assert invitation_of(session, newcomer).cell_id == invitation_of(session, person).cell_id
    issued = rules.draw_codes(session, place.round, unit=person.unit_list.unit)
    assert newcomer.id in {one.person.id for one in issued}
    assert tell(session, newcomer) == ""


def test_numbers_on_letters_stay_when_people_come_and_go(session, place):
    before = queries.person_numbers(session, place.round)
    person = first_citizen(session, place)
    leave(session, place, person)
    newcomer = join(session, place, person)
    after = queries.person_numbers(session, place.round)
    assert {one: after[one] for one in before} == before
    assert after[newcomer.id] == len(before) + 1


def test_who_joins_a_group_that_had_nobody_gets_a_cell_of_the_group(session, place):
    before = invited(session, place)
    person = first_citizen(session, place)
    group = make_group(session, place.round, "G")
    late = make_list(session, group, person.unit_list.unit, state=ListState.LOCKED)
    newcomer = make_person(session, late, joined_in_version=2)
    follow(session, place.round, [newcomer], [])
    after = invited(session, place)
    assert {label: after[label] for label in before} == before
    assert [count for label, count in after.items() if label not in before] == [1]
    assert invitation_of(session, newcomer).state == InvitationState.UNUSED


def test_before_the_cells_are_fixed_nothing_follows(session):
    place = make_place(session)
    person = first_citizen(session, place)
    leave(session, place, person)
    assert session.scalar(select(func.count()).select_from(Invitation)) == 0
    rules.build_cells(session, place.round, place.operator, accept_small=True)
    assert session.scalar(select(func.count()).select_from(Invitation)) == 15
