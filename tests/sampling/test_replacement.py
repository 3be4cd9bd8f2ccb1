"""A person who cannot be asked gives way to the next reserve of the same stratum: never to another, never twice."""

import threading

import pytest
from sqlalchemy import select

from survey_app.audit import Action, AuditEntry
from survey_app.errors import Conflict, Invalid, Refused
from survey_app.roster.drafts import draft_from_json
from survey_app.roster.lock_rules import lock_roster
from survey_app.roster.models import ChangeRequest, ListState, Person, UnitList, Upload
from survey_app.roster.rules import approve_list, check_upload, submit_list
from survey_app.roster_changes.rules import approve, refuse
from survey_app.sampling.models import Sample, SampleMember, Standing
from survey_app.sampling.queries import counts_of
from survey_app.sampling.replacement import (
    Reason,
    call_reserve,
    next_reserve,
    propose_replacement,
    replace_before_lock,
    sample_of,
    take_back,
)
from survey_app.sampling.rules import draw_sample, hand_to_unit
from survey_app.users.models import User
from tests.make import make_list, make_person, make_user
from tests.sampling.place import STRATIFIED, make_place

REFUSED = Reason("refused", "Đã hỏi hai lần")


def make_sample(session, handed=True):
    """A sample of six of thirty in three bản, handed to the unit as a draft."""
    place = make_place(session, 30)
    sample = draw_sample(session, place.frame, STRATIFIED, place.operator, "5")
    if handed:
        hand_to_unit(session, sample, place.operator)
    return place, sample


def make_submitted(session):
    place, sample = make_sample(session)
    upload = session.get_one(Upload, sample.upload_id)
    unit_list = submit_list(session, upload, place.officer, declared=True)[0]
    session.flush()
    return place, sample, unit_list


def reserves(sample, stratum):
    found = [one for one in sample.members if one.standing == Standing.RESERVE and one.stratum == stratum]
    return sorted(found, key=lambda one: one.position)


def test_the_next_reserve_of_the_stratum_comes_in_and_the_person_stays_in_the_denominator(database):
    with database.writing() as session:
        place, sample = make_sample(session, handed=False)
        member = sample.members[0]
        waiting = reserves(sample, member.stratum)
        called = call_reserve(session, sample, member, REFUSED, place.operator)
        assert called.member is waiting[0]
        assert called.person.frame_key == f"{place.frame.id}-{waiting[0].frame_row}"
        counts = counts_of(sample.members)
        assert (counts.selected, counts.replaced, counts.called, counts.current) == (6, 1, 1, 6)
        assert counts.outcomes == {"refused": 1}
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == Action.SAMPLE_REPLACED.value.code)).one()
        assert entry.fields["new"] == str(waiting[0].frame_row)
        assert entry.fields["outcome"] == "từ chối"
        assert called.person.name not in str(entry.fields)


def test_a_reserve_that_came_in_may_be_replaced_too_until_nobody_is_left(database):
    with database.writing() as session:
        place, sample = make_sample(session, handed=False)
        member = sample.members[0]
        expected = [one.frame_row for one in reserves(sample, member.stratum)]
        came = []
        for _ in expected:
            member = call_reserve(session, sample, member, REFUSED, place.operator).member
            came.append(member.frame_row)
        assert came == expected
        with pytest.raises(Refused, match="Không còn người dự bị"):
            call_reserve(session, sample, member, REFUSED, place.operator)
        others = [one for one in sample.members if one.stratum != member.stratum]
        assert all(one.replaces_id is None for one in others)


def test_a_reason_is_needed_and_nobody_is_replaced_twice(database):
    with database.writing() as session:
        place, sample = make_sample(session, handed=False)
        member = sample.members[0]
        with pytest.raises(Invalid, match="mã kết quả"):
            call_reserve(session, sample, member, Reason("không thích"), place.operator)
        call_reserve(session, sample, member, REFUSED, place.operator)
        with pytest.raises(Conflict, match="vừa thay người này"):
            call_reserve(session, sample, member, REFUSED, place.operator)


def test_a_reserve_takes_the_place_in_the_draft(database):
    with database.writing() as session:
        place, sample = make_sample(session)
        called = replace_before_lock(session, sample, sample.members[0], REFUSED, place.operator)
        upload = session.get_one(Upload, sample.upload_id)
        checked = check_upload(session, upload)
        keys = {person.frame_key for person in checked.reading.persons}
        assert called.person.frame_key in keys
        assert f"{place.frame.id}-{sample.members[0].frame_row}" not in keys
        assert len(keys) == 6
        assert checked.reading.problems == []
        assert len(draft_from_json(upload.reading).dropped) == 1


def test_a_reserve_takes_the_place_on_the_list_which_is_looked_at_again(database):
    with database.writing() as session:
        place, sample, unit_list = make_submitted(session)
        approve_list(session, unit_list, place.operator)
        person = unit_list.persons[2]
        member = next(one for one in sample.members if f"{place.frame.id}-{one.frame_row}" == person.frame_key)
        called = replace_before_lock(session, sample, member, REFUSED, place.operator)
        session.expire(unit_list, ["persons", "events"])
        assert unit_list.state == ListState.SUBMITTED
        assert [one.position for one in unit_list.persons] == [1, 2, 3, 4, 5, 6]
        assert unit_list.persons[2].frame_key == called.person.frame_key
        assert "dự bị" in unit_list.events[-1].comment


def test_a_person_is_traced_to_the_sample_and_a_stranger_is_not(database):
    with database.writing() as session:
        place, sample, unit_list = make_submitted(session)
        assert sample_of(session, unit_list.persons[0]) is sample
        called = next_reserve(session, sample, unit_list.persons[0], REFUSED, place.operator)
        assert called.member.replaces_id is not None
        stranger = make_person(session, make_list(session, place.asked.citizens, place.asked.other))
        assert sample_of(session, stranger) is None
        with pytest.raises(Refused, match="không thuộc mẫu"):
            next_reserve(session, sample, stranger, REFUSED, place.operator)


def test_after_the_lock_a_replacement_is_a_change_request_that_carries_the_reserve(database):
    with database.writing() as session:
        place, sample, unit_list = make_submitted(session)
        approve_list(session, unit_list, place.operator)
        lock_roster(session, place.asked.round, place.operator, "Các đơn vị khác chưa nộp")
        person = unit_list.persons[0]
        member = next(one for one in sample.members if f"{place.frame.id}-{one.frame_row}" == person.frame_key)
        with pytest.raises(Refused, match="Danh sách đã khóa"):
            replace_before_lock(session, sample, member, REFUSED, place.operator)
        called = propose_replacement(session, sample, member, REFUSED, place.operator)
        request = session.scalars(select(ChangeRequest)).one()
        assert request.person_id == person.id
        approve(session, place.asked.round, [request], make_user(session, unit=place.asked.district))
        keys = set(session.scalars(select(Person.frame_key).where(Person.left_in_version.is_(None))))
        assert called.person.frame_key in keys
        assert person.frame_key not in keys
        assert person.left_in_version == 2


def test_when_the_request_is_refused_the_person_stays_and_the_reserve_waits_again(database):
    with database.writing() as session:
        place, sample, unit_list = make_submitted(session)
        approve_list(session, unit_list, place.operator)
        lock_roster(session, place.asked.round, place.operator, "Các đơn vị khác chưa nộp")
        key = unit_list.persons[0].frame_key
        member = next(one for one in sample.members if f"{place.frame.id}-{one.frame_row}" == key)
        called = propose_replacement(session, sample, member, REFUSED, place.operator)
        with pytest.raises(Refused, match="đang chờ duyệt"):
            take_back(session, sample, member, place.operator)
        request = session.scalars(select(ChangeRequest)).one()
        refuse(session, request, make_user(session, unit=place.asked.district), "Hỏi lại lần nữa")
        take_back(session, sample, member, place.operator)
        assert member.is_current
        again = propose_replacement(session, sample, member, REFUSED, place.operator)
        assert again.member.id == called.member.id


def test_two_at_once_get_a_reserve_each_and_never_the_same(database):
    with database.writing() as session:
        place, sample = make_sample(session, handed=False)
        stratum = next(one.stratum for one in sample.members if len(reserves(sample, one.stratum)) >= 1)
        chosen = [one.id for one in sample.members if one.standing == Standing.SELECTED and one.stratum == stratum]
        sample_id, operator_id = sample.id, place.operator.id
    assert len(chosen) == 2
    outcomes = run_together(database, sample_id, operator_id, chosen)
    came = [one for one in outcomes if isinstance(one, int)]
    assert len(came) == len(set(came)) == 1
    assert [type(one) for one in outcomes if not isinstance(one, int)] == [Refused]
    with database.reading() as session:
        called = session.scalars(select(SampleMember).where(SampleMember.replaces_id.is_not(None))).all()
        assert len(called) == 1


def test_two_at_once_on_one_person_take_one_reserve(database):
    with database.writing() as session:
        place, sample = make_sample(session, handed=False)
        sample_id, operator_id, member = sample.id, place.operator.id, sample.members[0].id
    outcomes = run_together(database, sample_id, operator_id, [member, member, member])
    assert sorted(type(one).__name__ for one in outcomes) == ["Conflict", "Conflict", "int"]


def run_together(database, sample_id, operator_id, member_ids):
    """Replace these members at the same moment; the reserve (its row of the frame) or what was raised, of each."""
    barrier = threading.Barrier(len(member_ids))
    outcomes = []

    def run(member_id):
        barrier.wait()
        try:
            with database.writing() as session:
                sample = session.get_one(Sample, sample_id)
                member = next(one for one in sample.members if one.id == member_id)
                called = call_reserve(session, sample, member, REFUSED, session.get_one(User, operator_id))
                outcomes.append(called.member.frame_row)
        except (Conflict, Refused) as fault:
            outcomes.append(fault)

    threads = [threading.Thread(target=run, args=(one,)) for one in member_ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def test_a_list_without_the_person_is_left_alone(database):
    with database.writing() as session:
        place, sample, unit_list = make_submitted(session)
        keys = {person.frame_key for person in unit_list.persons}
        unit_list.persons.remove(unit_list.persons[0])
        session.flush()
        gone = next(iter(keys - {person.frame_key for person in unit_list.persons}))
        member = next(one for one in sample.members if f"{place.frame.id}-{one.frame_row}" == gone)
        replace_before_lock(session, sample, member, REFUSED, place.operator)
        assert len(session.get_one(UnitList, unit_list.id).persons) == 5
