"""Cells, invitations and codes in the database."""

import pytest
from sqlalchemy import func, select

from survey_app.access_codes import codes, queries, rules
from survey_app.access_codes.models import AccessCode, Invitation, InvitationState
from survey_app.audit import AuditEntry
from survey_app.db import now
from survey_app.errors import Conflict, Missing, Refused
from survey_app.roster.models import ListState, UnitList
from survey_app.roster.references import reference_of
from survey_app.rounds.models import Cell
from tests.access_codes.place import make_place
from tests.make import make_round

PEPPER = b"p" * 32


@pytest.fixture
def session(database):
    with database.writing() as session:
        yield session


def make_invited(session, **facts):
    place = make_place(session, **facts)
    rules.build_cells(session, place.round, place.operator)
    return place


def issue(session, place, **facts):
    return rules.issue_codes(session, place.round, place.operator, PEPPER, **facts)


def count(session, model, *where):
    return session.scalar(select(func.count()).select_from(model).where(*where))


def test_cells_invite_every_person_of_the_locked_roster(session):
    place = make_invited(session)
    cells = {cell.label: cell for cell in queries.cells_of(session, place.round)}
    assert {label: cell.invited for label, cell in cells.items()} == {
        "Nhóm A – Lãnh đạo phòng": 5,
        "Nhóm E – Người dân": 5,
        "Nhóm E – Xã Quài Cang": 6,
        "Nhóm E – Xã Nà Sáy": 0,
        "Nhóm E – Xã Ta Ma": 0,
    }
    group_cell = cells["Nhóm E – Người dân"]
    assert cells["Nhóm E – Xã Nà Sáy"].merged_into_id == group_cell.id
    assert cells["Nhóm E – Xã Quài Cang"].parent_id == group_cell.id
    assert cells["Nhóm E – Xã Quài Cang"].merged_into_id is None
    for cell in cells.values():
        assert count(session, Invitation, Invitation.cell_id == cell.id) == cell.invited
    assert count(session, Invitation) == 16
    assert session.scalar(select(AuditEntry)).fields == {"round": "tg-2021", "count": "3"}


def test_cells_wait_for_the_locked_roster_and_are_fixed_once(session):
    place = make_place(session, locked=False)
    with pytest.raises(Refused, match="Khóa danh sách trước khi chia ô"):
        rules.build_cells(session, place.round, place.operator)
    place.round.roster_locked_at = now()
    with pytest.raises(Refused, match="không có người nào"):
        rules.build_cells(session, place.round, place.operator)


def test_cells_are_fixed_once(session):
    place = make_invited(session)
    with pytest.raises(Conflict):
        rules.build_cells(session, place.round, place.operator)
    assert count(session, Cell) == 5


def test_a_group_under_k_needs_a_word_that_its_results_will_be_withheld(session):
    place = make_place(session, officials=4)
    with pytest.raises(Refused, match="Nhóm A có dưới 5 người"):
        rules.build_cells(session, place.round, place.operator)
    rules.build_cells(session, place.round, place.operator, accept_small=True)
    assert count(session, Invitation) == 15


def test_lists_that_are_not_locked_are_not_invited(session):
    place = make_place(session)
    late = session.scalar(select(UnitList).where(UnitList.unit_id == place.communes[2].id))
    late.state = ListState.SUBMITTED
    rules.build_cells(session, place.round, place.operator)
    assert count(session, Invitation) == 14


def test_issued_codes_open_and_only_their_hash_is_kept(session):
    place = make_invited(session)
    issued = issue(session, place)
    assert len({one.code for one in issued}) == 16
    stored = {row.code_hash: row.invitation_id for row in session.scalars(select(AccessCode))}
    assert stored == {codes.hash_of(one.code, PEPPER): one.invitation_id for one in issued}
    assert not any(one.code in str(stored) for one in issued)
    log = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert log.fields == {"round": "tg-2021", "count": "16", "scope": "mọi nhóm"}


def test_a_further_set_lives_beside_the_first(session):
    place = make_invited(session)
    issue(session, place)
    issued = issue(session, place, group=place.officials)
    assert {one.person.unit_list.group_id for one in issued} == {place.officials.id}
    assert count(session, AccessCode, ~AccessCode.void) == 21
    totals = queries.code_totals(session, place.round)
    assert (totals.persons, totals.with_code, totals.living_codes) == (16, 16, 21)


def test_who_answered_or_declined_gets_no_further_letter(session):
    place = make_invited(session)
    first, second, *_ = session.scalars(queries.invitations(place.round))
    first.state, second.state = InvitationState.RECEIVED, InvitationState.REFUSED
    assert len(issue(session, place)) == 14
    with pytest.raises(Refused, match="đã trả lời"):
        rules.draw_further_code(first)
    rules.store_further_code(session, place.round, second, rules.draw_further_code(second), place.operator, PEPPER)
    assert queries.code_counts(session, second) == (1, 0)


def test_codes_wait_for_the_cells_and_end_with_the_collection(session):
    place = make_place(session)
    with pytest.raises(Refused, match="Cấp mã sau khi khóa danh sách và chốt ô công bố"):
        issue(session, place)
    rules.build_cells(session, place.round, place.operator)
    place.round.opened_at = place.round.closed_at = now()
    with pytest.raises(Refused, match="đã đóng thu phiếu"):
        issue(session, place)


def test_voiding_touches_one_person_and_is_logged_without_a_code(session):
    place = make_invited(session)
    issue(session, place)
    issue(session, place)
    one, other, *_ = session.scalars(queries.invitations(place.round))
    assert rules.void_codes(session, place.round, one, place.operator) == 2
    assert queries.code_counts(session, one) == (0, 2)
    assert queries.code_counts(session, other) == (2, 0)
    log = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert log.fields == {"round": "tg-2021", "count": "2", "person": reference_of(session, one.person)}
    assert one.person.name not in log.sentence
    with pytest.raises(Refused, match="không có mã nào"):
        rules.void_codes(session, place.round, one, place.operator)


def test_the_table_counts_by_unit_and_group_in_vietnamese_order(session):
    place = make_invited(session)
    issue(session, place, group=place.citizens)
    table = [
        (row.unit.name, row.group.code, row.persons, row.with_code, row.waiting)
        for row in queries.code_table(session, place.round)
    ]
    assert table == [
        ("Phòng Nội vụ", "A", 5, 0, 5),
        ("Xã Nà Sáy", "E", 3, 3, 3),
        ("Xã Quài Cang", "E", 6, 6, 6),
        ("Xã Ta Ma", "E", 2, 2, 2),
    ]


def test_persons_have_running_numbers_in_the_order_of_the_letters(session):
    place = make_invited(session)
    numbers = queries.person_numbers(session, place.round)
    ordered = [invitation.person_id for invitation in session.scalars(queries.invitations(place.round))]
    assert [numbers[person_id] for person_id in ordered] == list(range(1, 17))


def test_a_person_is_found_without_marks_or_by_telephone_in_this_round_only(session):
    place = make_invited(session)
    person = next(iter(session.scalars(queries.invitations(place.round)))).person
    assert person.id in [one.person_id for one in queries.find_invited(session, place.round, person.name.upper())]
    assert [one.person_id for one in queries.find_invited(session, place.round, person.phone)] == [person.id]
    assert queries.find_invited(session, place.round, "%") == []
    other = make_round(session, place.district)
    assert queries.find_invited(session, other, person.name) == []
    with pytest.raises(Missing):
        queries.find_invitation(session, other, 1)
