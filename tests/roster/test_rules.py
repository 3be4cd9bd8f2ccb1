"""The life of a list: draft, submitted, returned, approved, locked; what is refused on the way."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from survey_app.access import Role
from survey_app.audit import AuditEntry
from survey_app.db import now
from survey_app.errors import Conflict, Invalid, Missing, Refused
from survey_app.roster.drafts import draft_from_json
from survey_app.roster.lock_rules import lock_roster
from survey_app.roster.models import ListState, Person, UnitList, Upload
from survey_app.roster.problems import message
from survey_app.roster.queries import find_list, find_upload
from survey_app.roster.rules import (
    approve_faultless,
    approve_list,
    check_upload,
    discard_upload,
    list_problems,
    receive_upload,
    return_list,
    save_draft,
    submit_list,
)
from survey_app.rounds.models import Quota
from survey_app.workbook import Rejected
from tests.make import make_user
from tests.roster.asked_round import LEADER, LEADER_HEADER, Asked, make_asked_round, make_citizen, make_file

GOOD = make_file([make_citizen(1), make_citizen(2)], [LEADER])
LEADERS_ONLY = make_file([], [LEADER])


def officer(session, asked: Asked, unit=None):
    return make_user(session, Role.UNIT_OFFICER, unit or asked.commune)


def operator(session, asked: Asked):
    return make_user(session, Role.OPERATOR, asked.district)


def hand_in(session, asked: Asked, content: bytes = GOOD, unit=None, reason: str = "") -> list[UnitList]:
    by = officer(session, asked, unit)
    upload = receive_upload(session, asked.round, unit or asked.commune, content, "ds.xlsx", by)
    return submit_list(session, upload, by, declared=True, short_reason=reason)


def actions(session) -> list[str]:
    return list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


def test_an_upload_is_a_private_draft_and_counts_only_after_confirmation(database):
    with database.writing() as session:
        asked = make_asked_round(session)
        by = officer(session, asked)
        upload = receive_upload(session, asked.round, asked.commune, GOOD, "ds.xlsx", by)
        assert session.scalar(select(Person.id)) is None
        assert {one.state for one in session.scalars(select(UnitList))} == {ListState.DRAFT}
        lists = submit_list(session, upload, by, declared=True)
        assert [(one.group.code, one.state, len(one.persons)) for one in lists] == [
            ("C", ListState.SUBMITTED, 1),
            ("E", ListState.SUBMITTED, 2),
        ]
        assert actions(session) == ["round.list_uploaded", "round.list_submitted", "round.list_submitted"]


def test_stored_persons_are_normalised(database):
    with database.writing() as session:
        asked = make_asked_round(session)
        rows = [make_citizen(1, name="LÒ VĂN ÁNH", phone=1642631583), make_citizen(2)]
        hand_in(session, asked, make_file(rows, [LEADER]))
        person = session.scalars(select(Person).where(Person.ban_code.is_not(None)).order_by(Person.position)).first()
        assert (person.name, person.phone, person.ban_code) == ("Lò Văn Ánh", "0342631583", "03289-01")
        assert person.search_key == "lo van anh"


def test_errors_a_missing_declaration_and_a_missing_reason_stop_the_confirmation(database):
    with database.writing() as session:
        asked = make_asked_round(session)
        by = officer(session, asked)
        bad = make_file([make_citizen(1, phone="0912")], [LEADER])
        upload = receive_upload(session, asked.round, asked.commune, bad, "ds.xlsx", by)
        with pytest.raises(Invalid) as caught:
            submit_list(session, upload, by, declared=False)
        assert set(caught.value.faults) == {"", "declared", "short_reason"}  # the row with the fault counts too
        draft = draft_from_json(upload.reading)
        draft.dropped.add((0, 4))
        save_draft(upload, draft, by)
        assert check_upload(session, upload).blocking == []


def test_fewer_persons_need_only_a_reason(database):
    with database.writing() as session:
        asked = make_asked_round(session)
        lists = hand_in(session, asked, make_file([make_citizen(1)], [LEADER]), reason="Chỉ có một hồ sơ trong kỳ.")
        assert {one.group.code: one.short_reason for one in lists} == {"C": "", "E": "Chỉ có một hồ sơ trong kỳ."}


def test_a_list_that_was_handed_in_takes_no_other_file_until_it_is_returned(database):
    with database.writing() as session:
        asked = make_asked_round(session)
        lists = hand_in(session, asked)
        with pytest.raises(Refused, match="đã trình"):
            receive_upload(session, asked.round, asked.commune, GOOD, "ds.xlsx", officer(session, asked))
        for one in lists:
            return_list(session, one, operator(session, asked), "Thiếu người ở bản Xá Cọ.")
        again = hand_in(session, asked)
        assert {one.state for one in again} == {ListState.SUBMITTED}
        assert session.scalars(select(Person)).all() == [p for one in again for p in one.persons]


def test_a_return_needs_a_reason_and_a_list_that_was_handed_in(database):
    with database.writing() as session:
        asked = make_asked_round(session)
        one = hand_in(session, asked)[0]
        by = operator(session, asked)
        with pytest.raises(Invalid, match="lý do"):
            return_list(session, one, by, "  ")
        return_list(session, one, by, "Sai nhóm.")
        with pytest.raises(Refused):
            return_list(session, one, by, "Lần nữa.")
        session.refresh(one, ["events"])
        assert (one.state, one.events[-1].comment) == (ListState.RETURNED, "Sai nhóm.")
        assert actions(session)[-1] == "round.list_returned"


def test_who_looks_at_an_old_version_overwrites_nothing(database):
    with database.writing() as session:
        asked = make_asked_round(session)
        one = hand_in(session, asked)[0]
        session.flush()
        seen = one.version
        approve_list(session, one, operator(session, asked), seen_version=seen)
        session.flush()
        with pytest.raises(Conflict):
            return_list(session, one, operator(session, asked), "Chậm hơn.", seen_version=seen)


def test_a_person_on_two_lists_is_told_to_the_unit_without_names_and_to_the_office_with(database):
    with database.writing() as session:
        asked = make_asked_round(session)
        hand_in(session, asked)
        by = officer(session, asked, asked.other)
        upload = receive_upload(session, asked.round, asked.other, GOOD_OTHER, "ds.xlsx", by)
        told = [p for p in check_upload(session, upload).reading.problems if p.row]
        assert [(p.kind, p.blocks) for p in told] == [("duplicate_across_files", False)]
        assert "other_unit" not in told[0].details
        lists = submit_list(session, upload, by, declared=True)
        seen = list_problems(session, lists[0])
        assert [p.details["other_unit"] for p in seen] == ["Xã Quài Cang"]


def test_a_person_on_another_list_of_the_unit_itself_is_told_with_list_row_and_name(database):
    with database.writing() as session:
        asked = make_asked_round(session)
        hand_in(session, asked, LEADERS_ONLY)
        by = officer(session, asked)
        rows = [
            make_citizen(1, name=LEADER[1], birth=LEADER[2], gender=LEADER[3], phone=LEADER[5]),
            make_citizen(2, phone=LEADER[5]),
        ]
        upload = receive_upload(session, asked.round, asked.commune, make_file(rows), "ds.xlsx", by)
        told = [one for one in check_upload(session, upload).reading.problems if one.row and one.kind != "shared_phone"]
        assert [(one.kind, one.blocks) for one in told] == [("person_in_two_groups", False)]
        assert "danh sách nhóm C mà đơn vị đã nộp, dòng 1 (Cà Thị Hoa). Bỏ dòng này" in message(told[0])
        others = [one for one in check_upload(session, upload).reading.problems if "other_file" in one.details]
        assert any("số này đã có trong danh sách nhóm C mà đơn vị đã nộp, dòng 1" in message(one) for one in others)


GOOD_OTHER = make_file([make_citizen(1), make_citizen(3)])


def test_a_person_in_another_group_needs_a_reason_of_the_office(database):
    with database.writing() as session:
        asked = make_asked_round(session)
        hand_in(session, asked)
        rows = [make_citizen(1, name="Cà Thị Hoa", birth=1975, gender="Nữ", phone="0987654321"), make_citizen(3)]
        one = hand_in(session, asked, make_file(rows), asked.other)[0]
        by = operator(session, asked)
        with pytest.raises(Invalid, match="lý do"):
            approve_list(session, one, by)
        approve_list(session, one, by, "Chủ tịch xã này cũng là người dân có hồ sơ.")
        assert one.state == ListState.APPROVED


def test_faultless_lists_are_approved_together_and_doubtful_ones_wait(database):
    with database.writing() as session:
        asked = make_asked_round(session)
        leaders, citizens = hand_in(session, asked)
        other = hand_in(session, asked, GOOD_OTHER, asked.other)[0]
        assert approve_faultless(session, asked.round, operator(session, asked)) == 1
        assert [one.state for one in (leaders, citizens, other)] == [
            ListState.APPROVED,
            ListState.SUBMITTED,
            ListState.SUBMITTED,
        ]


def test_other_units_see_neither_draft_nor_list(database):
    with database.writing() as session:
        asked = make_asked_round(session)
        by = officer(session, asked)
        upload = receive_upload(session, asked.round, asked.commune, GOOD, "ds.xlsx", by)
        stranger = officer(session, asked, asked.other)
        with pytest.raises(Missing):
            find_upload(session, "tg-2021", upload.id, stranger)
        one = submit_list(session, upload, by, declared=True)[0]
        with pytest.raises(Missing):
            find_list(session, "tg-2021", one.id, stranger)


def test_a_discarded_draft_leaves_nothing(database):
    with database.writing() as session:
        asked = make_asked_round(session)
        upload = receive_upload(session, asked.round, asked.commune, GOOD, "ds.xlsx", officer(session, asked))
        discard_upload(session, upload)
        session.flush()
        assert {one.state for one in session.scalars(select(UnitList))} == {ListState.NONE}


def test_a_file_that_cannot_be_read_leaves_nothing(database):
    with database.writing() as session:
        asked = make_asked_round(session)
        with pytest.raises(Rejected):
            receive_upload(session, asked.round, asked.commune, GOOD[:300], "ds.xlsx", officer(session, asked))
        assert session.scalar(select(UnitList.id)) is None


def test_locking_stores_the_approved_lists_and_closes_everything(database):
    with database.writing() as session:
        asked = make_asked_round(session)
        by = operator(session, asked)
        lists = hand_in(session, asked)
        with pytest.raises(Refused, match="Chưa có danh sách nào"):
            lock_roster(session, asked.round, by)
        for one in lists:
            approve_list(session, one, by)
        with pytest.raises(Invalid, match="lý do"):
            lock_roster(session, asked.round, by)
        version = lock_roster(session, asked.round, by, "Xã Quài Nưa nộp chậm.")
        assert (version.number, version.persons, len(version.sha256)) == (1, 3, 64)
        assert {one.state for one in lists} == {ListState.LOCKED}
        with pytest.raises(Refused, match="khóa"):
            lock_roster(session, asked.round, by, "Lần nữa.")
        with pytest.raises(Refused, match="khóa"):
            return_list(session, lists[0], by, "Muộn.")
        with pytest.raises(Refused, match="khóa"):
            receive_upload(
                session, asked.round, asked.other, GOOD_OTHER, "ds.xlsx", officer(session, asked, asked.other)
            )


def test_a_file_with_a_group_that_was_handed_in_changes_only_the_other_group(database):
    with database.writing() as session:
        asked = make_asked_round(session)
        leaders, citizens = hand_in(session, asked)
        before = [person.id for person in leaders.persons]
        return_list(session, citizens, operator(session, asked), "Sai bản.")
        again = hand_in(session, asked)
        assert [one.group.code for one in again] == ["E"]
        assert [one.state for one in (leaders, *again)] == [ListState.SUBMITTED, ListState.SUBMITTED]
        assert [person.id for person in leaders.persons] == before
        upload = session.scalars(select(Upload).order_by(Upload.id.desc())).first()
        assert any("Nhóm C đã trình" in note for note in draft_from_json(upload.reading).notes)


def test_a_file_with_nothing_but_handed_in_groups_is_refused(database):
    with database.writing() as session:
        asked = make_asked_round(session)
        _leaders, citizens = hand_in(session, asked)
        return_list(session, citizens, operator(session, asked), "Sai bản.")
        with pytest.raises(Refused, match="nhóm C"):
            hand_in(session, asked, LEADERS_ONLY)


def test_only_the_groups_that_a_file_holds_become_drafts(database):
    with database.writing() as session:
        asked = make_asked_round(session)
        by = officer(session, asked)
        receive_upload(session, asked.round, asked.commune, make_file([make_citizen(1)]), "ds.xlsx", by)
        assert [(one.group.code, one.state) for one in session.scalars(select(UnitList))] == [("E", ListState.DRAFT)]


def test_drafts_are_erased_after_thirty_days(database):
    with database.writing() as session:
        asked = make_asked_round(session)
        by = officer(session, asked)
        old = receive_upload(session, asked.round, asked.commune, GOOD, "cu.xlsx", by)
        old.uploaded_at = now() - timedelta(days=31)
        receive_upload(session, asked.round, asked.commune, GOOD, "moi.xlsx", by)
        assert list(session.scalars(select(Upload.file_name))) == ["moi.xlsx"]


def test_a_list_whose_people_all_work_at_another_unit_is_told_and_not_approved_in_bulk(database):
    with database.writing() as session:
        asked = make_asked_round(session)
        by = officer(session, asked)
        stranger = [*LEADER, f"UBND {asked.other.name}"]
        content = make_file([], [stranger], leader_header=[*LEADER_HEADER, "Đơn vị công tác"])
        upload = receive_upload(session, asked.round, asked.commune, content, "ds.xlsx", by)
        found = [one for one in check_upload(session, upload).reading.problems if one.kind == "other_workplace"]
        assert [one.details["value"] for one in found] == [asked.other.name]
        (unit_list,) = submit_list(session, upload, by, declared=True)
        assert [one.kind for one in list_problems(session, unit_list)] == ["other_workplace"]
        assert approve_faultless(session, asked.round, operator(session, asked)) == 0


def test_a_reason_that_nobody_could_read_is_refused(database):
    with database.writing() as session:
        asked = make_asked_round(session)
        _leaders, citizens = hand_in(session, asked)
        with pytest.raises(Invalid, match="500"):
            return_list(session, citizens, operator(session, asked), "x" * 501)


def test_between_the_least_and_the_most_a_list_needs_no_reason_and_is_approved_in_bulk(database):
    with database.writing() as session:
        asked = make_asked_round(session, citizens=3)
        quota = session.scalars(select(Quota).where(Quota.unit_id == asked.commune.id)).all()[1]
        quota.minimum, quota.maximum = 2, 4
        content = make_file([make_citizen(1), make_citizen(2)], [LEADER])
        hand_in(session, asked, content)
        assert approve_faultless(session, asked.round, operator(session, asked)) == 2


@pytest.mark.parametrize(("persons", "kind"), [(1, "quota_short"), (4, "quota_exceeded")])
@pytest.mark.parametrize("blocks", [True, False])
def test_off_quota_is_refused_or_taken_with_a_reason_as_the_round_says(database, persons: int, kind: str, blocks: bool):
    with database.writing() as session:
        asked = make_asked_round(session, citizens=2)
        asked.round.blocks_short = asked.round.blocks_over = blocks
        quota = session.scalars(select(Quota).where(Quota.unit_id == asked.other.id)).one()
        quota.maximum = 3
        content = make_file([make_citizen(number) for number in range(1, persons + 1)])
        by = officer(session, asked, asked.other)
        upload = receive_upload(session, asked.round, asked.other, content, "ds.xlsx", by)
        (problem,) = check_upload(session, upload).reading.problems
        assert (problem.kind, problem.blocks) == (kind, blocks)
        with pytest.raises(Invalid) as fault:
            submit_list(session, upload, by, declared=True)
        assert list(fault.value.faults) == ([""] if blocks else ["short_reason"])
        if blocks:
            with pytest.raises(Invalid):
                submit_list(session, upload, by, declared=True, short_reason="Bản nhỏ.")
        else:
            (unit_list,) = submit_list(session, upload, by, declared=True, short_reason="Bản nhỏ.")
            assert (unit_list.state, unit_list.short_reason) == (ListState.SUBMITTED, "Bản nhỏ.")
