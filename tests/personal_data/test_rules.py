from datetime import date

import pytest
from sqlalchemy import func, select

from survey_app.access import Role
from survey_app.access_codes.models import AccessCode, Invitation
from survey_app.access_codes.rules import build_cells, issue_codes
from survey_app.audit import AuditEntry
from survey_app.db import now
from survey_app.errors import Conflict, Invalid, Missing, Refused
from survey_app.personal_data.models import RequestKind
from survey_app.personal_data.queries import find_person, find_persons, find_request, requests
from survey_app.personal_data.rules import close, correct, last_day, record_request, remove
from survey_app.roster.models import ChangeRequest, ListState, Person, Upload
from survey_app.roster_changes.rules import refuse
from survey_app.text import search_key
from tests.make import make_group, make_list, make_person, make_quota, make_round, make_unit, make_user


def make_place(session, state=ListState.SUBMITTED, **facts):
    """A round with one list of two persons; returns the operator and the first person."""
    district = make_unit(session, "Huyện Tuần Giáo", code="099")
    by = make_user(session, Role.OPERATOR, district)
    survey_round = make_round(session, district, code="tg-2021", lists_started_at=now(), **facts)
    group = make_group(session, survey_round)
    make_quota(session, group, district, 2)
    unit_list = make_list(session, group, district, state=state)
    person = make_person(
        session, unit_list, name="Quàng Thị Ún", phone="0912345678", email="Un@tuangiao.vn", birth_year=1971
    )
    make_person(session, unit_list, 2, name="Lò Văn Bình")
    session.flush()
    return by, person


def make_request(session, kind=RequestKind.CORRECT, state=ListState.SUBMITTED, **facts):
    by, person = make_place(session, state, **facts)
    return by, person, record_request(session, person, kind, "Chính người đó, đến tận nơi", "Đổi số điện thoại", by)


@pytest.mark.parametrize(
    ("received", "due"),
    [
        (date(2026, 11, 23), date(2026, 11, 25)),  # Monday
        (date(2026, 11, 26), date(2026, 11, 30)),  # Thursday: Friday and Monday
        (date(2026, 11, 27), date(2026, 12, 1)),
        (date(2026, 11, 28), date(2026, 12, 1)),  # Saturday
    ],
)
def test_an_answer_is_due_within_two_working_days(received, due):
    assert last_day(received) == due


@pytest.mark.parametrize(
    "text", ["0912345678", "+84 912 345 678", "912345678", "quang thi un", "THỊ ÚN", "un@TuanGiao.vn"]
)
def test_a_person_is_found_across_rounds_by_number_name_or_mail(database, text):
    with database.writing() as session:
        by, person = make_place(session)
        later = make_round(session, person.unit_list.round.operator_unit, code="tg-2022")
        other = make_list(session, make_group(session, later), later.operator_unit)
        again = make_person(session, other, name="Quàng Thị Ún", phone="0912345678", email="un@tuangiao.vn")
        found = find_persons(session, by, text)
        assert {one.id for one in found} == {person.id, again.id}


@pytest.mark.parametrize("text", ["", "un", "0912", "091234567", "%%%%", "0987654321"])
def test_little_or_other_text_finds_nobody(database, text):
    with database.writing() as session:
        by, _person = make_place(session)
        assert find_persons(session, by, text) == []


def test_another_office_finds_nobody_and_meets_no_request(database):
    with database.writing() as session:
        _by, person, request = make_request(session)
        stranger = make_user(session, Role.OPERATOR, make_unit(session, "Huyện Khác", code="100"))
        assert find_persons(session, stranger, "0912345678") == []
        for missing in (lambda: find_person(session, person.id, stranger), lambda: find_request(session, 1, stranger)):
            with pytest.raises(Missing):
                missing()
        assert requests(session, stranger, 1, 50) == ([], 0, 0)
        assert request.id


def test_erased_rounds_hold_nobody(database):
    with database.writing() as session:
        by, person = make_place(session, personal_data_erased_at=now())
        assert find_persons(session, by, person.name) == []


def test_a_request_has_a_last_day_and_an_entry_that_names_nobody(database):
    with database.writing() as session:
        _by, person, request = make_request(session)
        assert request.due_on == last_day(request.received_on)
        assert "Quàng Thị Ún" in request.about
        entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
        assert entry.action == "personal.requested"
        assert not any(word in str(entry.fields) for word in (person.name, person.phone))


@pytest.mark.parametrize(
    ("kind", "requester", "wish", "field"),
    [
        ("", "x", "x", "kind"),
        ("access", " ", "", "requester"),
        ("correct", "x", "", "wish"),
        ("access", "x" * 1001, "", "requester"),
    ],
)
def test_a_request_says_what_who_and_how(database, kind, requester, wish, field):
    with database.writing() as session:
        by, person = make_place(session)
        with pytest.raises(Invalid) as fault:
            record_request(session, person, kind, requester, wish, by)
        assert set(fault.value.faults) == {field}


def test_a_correction_before_locking_changes_the_list_and_tells_the_unit(database):
    with database.writing() as session:
        by, person, request = make_request(session)
        version = person.unit_list.version
        assert correct(session, request, {"name": "QUÀNG THỊ  ỨNG", "phone": "0987 654 321", "email": ""}, by)
        session.flush()
        assert (person.name, person.phone, person.email) == ("Quàng Thị Ứng", "0987654321", None)
        assert person.search_key == search_key("Quàng Thị Ứng")
        assert person.unit_list.version == version + 1
        event = person.unit_list.events[-1]
        assert event.comment == "Dòng 1: sửa họ và tên, số điện thoại, thư điện tử theo yêu cầu của người này."
        assert (request.state, request.closed_by_name) == ("done", by.full_name)


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"name": ""}, "name"),
        ({"phone": "0215 3862 000"}, "phone"),
        ({"birth_year": "2020"}, "birth_year"),
        ({"email": "không có"}, "email"),
        ({"phone": "0912345678"}, "name"),
    ],
)
def test_a_correction_that_cannot_stand_changes_nothing(database, typed, field):
    with database.writing() as session:
        by, person, request = make_request(session)
        with pytest.raises(Invalid) as fault:
            correct(session, request, typed, by)
        assert set(fault.value.faults) == {field}
        assert (person.phone, request.state) == ("0912345678", "open")


def test_after_locking_a_correction_waits_for_another_person(database):
    with database.writing() as session:
        by, person, request = make_request(session, state=ListState.LOCKED, roster_locked_at=now())
        assert not correct(session, request, {"phone": "0987654321"}, by)
        session.flush()
        change = session.scalars(select(ChangeRequest)).one()
        assert (change.kind, change.person_id, change.values["phone"]) == ("correct", person.id, "0987654321")
        assert (change.author_id, change.state) == (by.id, "pending")
        assert (person.phone, request.state) == ("0912345678", "waiting")
        with pytest.raises(Invalid, match="còn chờ người khác duyệt"):
            close(session, request, "Đã sửa.", by)


@pytest.mark.parametrize("kind", [RequestKind.REMOVE, RequestKind.OBJECT])
def test_before_locking_a_person_is_taken_off_with_the_file_that_named_him(database, kind):
    with database.writing() as session:
        by, person, request = make_request(session, kind)
        unit_list = person.unit_list
        session.add(
            Upload(
                round_id=unit_list.round_id, unit_id=unit_list.unit_id, file_name="a.xlsx", content=b"x", sha256="",
                reading={"rows": [person.name]}, uploaded_by_id=by.id, uploaded_at=now(), confirmed_at=now(),
            )
        )  # fmt: skip
        number, name = person.id, person.name
        assert remove(session, request, by)
        session.flush()
        session.expire_all()
        assert session.get(Person, number) is None
        upload = session.scalars(select(Upload)).one()
        assert (upload.content, upload.reading) == (None, {})
        assert name not in unit_list.events[-1].comment
        assert (request.state, request.person_id) == ("done", None)


def invited(session, kind):
    by, person, request = make_request(session, kind, ListState.LOCKED, roster_locked_at=now())
    build_cells(session, person.unit_list.round, by, accept_small=True)
    issue_codes(session, person.unit_list.round, by, b"p" * 32)
    return by, person, request


def codes_alive(session, person):
    query = select(func.count()).select_from(AccessCode).join(Invitation)
    return session.scalar(query.where(Invitation.person_id == person.id, ~AccessCode.void))


def test_who_objects_after_locking_is_invited_no_more_at_once(database):
    with database.writing() as session:
        by, person, request = invited(session, RequestKind.OBJECT)
        assert codes_alive(session, person) == 1
        assert remove(session, request, by)
        session.flush()
        assert codes_alive(session, person) == 0
        assert session.scalars(select(Invitation.state).where(Invitation.person_id == person.id)).one() == "refused"
        assert session.scalar(select(func.count(ChangeRequest.id))) == 0
        assert request.state == "done"


def test_removal_after_locking_waits_for_another_person(database):
    with database.writing() as session:
        by, person, request = invited(session, RequestKind.REMOVE)
        assert not remove(session, request, by)
        session.flush()
        assert session.scalars(select(ChangeRequest.kind)).all() == ["remove"]
        assert codes_alive(session, person) == 0
        assert request.state == "waiting"


def test_a_request_is_not_said_to_be_done_before_another_has_decided(database):
    with database.writing() as session:
        by, _person, request = invited(session, RequestKind.REMOVE)
        remove(session, request, by)
        for granted in (True, False):
            with pytest.raises(Invalid, match="còn chờ người khác duyệt"):
                close(session, request, "Đã xóa.", by, granted=granted)
        change = session.scalars(select(ChangeRequest)).one()
        refuse(session, change, make_user(session, Role.OPERATOR, by.unit), "Chưa rõ người nào.")
        with pytest.raises(Invalid, match="không được duyệt"):
            close(session, request, "Đã xóa.", by)
        close(session, request, "Chưa xóa được.", by, granted=False)
        assert request.state == "refused"


def test_an_answered_request_is_not_answered_twice(database):
    with database.writing() as session:
        by, _person, request = make_request(session, RequestKind.REMOVE)
        with pytest.raises(Invalid):
            close(session, request, " ", by)
        with pytest.raises(Conflict):
            close(session, request, "Đã in.", by, seen_version=99)
        close(session, request, "Không đúng người.", by, granted=False)
        assert request.state == "refused"
        with pytest.raises(Conflict):
            remove(session, request, by)


def test_only_who_asks_for_removal_is_removed(database):
    with database.writing() as session:
        by, _person, request = make_request(session, RequestKind.ACCESS)
        with pytest.raises(Refused):
            remove(session, request, by)


def test_a_list_handed_in_anew_leaves_the_request_with_its_words(database):
    with database.writing() as session:
        by, person, request = make_request(session)
        unit_list = person.unit_list
        session.flush()
        unit_list.persons.clear()
        session.flush()
        session.expire_all()
        assert request.person_id is None
        with pytest.raises(Missing):
            correct(session, request, {"phone": "0987654321"}, by)
        close(session, request, "Đơn vị đã nộp lại danh sách.", by)


def test_requests_to_be_answered_stand_first(database):
    with database.writing() as session:
        by, person, first = make_request(session)
        second = record_request(session, person, "access", "x", "", by)
        third = record_request(session, person, "object", "x", "", by)
        third.due_on = date(2021, 1, 1)
        close(session, first, "Xong.", by)
        session.flush()
        found, total, is_open = requests(session, by, 1, 50)
        assert ([one.id for one in found], total, is_open) == ([third.id, second.id, first.id], 3, 2)
