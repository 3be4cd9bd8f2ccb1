"""Requests after locking: what is refused, who decides, how versions follow each other."""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from survey_app.access import Role
from survey_app.audit import AuditEntry
from survey_app.db import now
from survey_app.errors import Conflict, Invalid, Refused
from survey_app.roster.handover import HandoverOptions, export_roster, handover_workbook
from survey_app.roster.models import ChangeKind, ChangeRequest, ChangeState, Person, RosterVersion
from survey_app.roster.queries import cards, catalogue_of, handed_in, latest_version
from survey_app.roster.typed_lists import texts_of
from survey_app.roster_changes import rules
from survey_app.roster_changes.queries import find_requests, requests_of
from tests.make import make_user
from tests.roster_changes.locked_round import CITIZEN, Locked, make_locked


def propose(session, locked: Locked, kind: ChangeKind, person=None, texts=None, reason="Đã chuyển đi.", by=None):
    group = person.unit_list.group.code if person else "E"
    return rules.propose(
        session, locked.list_of(session, group), kind, by or locked.officer, reason, person, texts
    )  # fmt: skip


def corrected(session, locked: Locked, person: Person, **cells: str) -> dict[str, str]:
    texts = {name: text for name, text in texts_of(person, catalogue_of(session, locked.round)).items() if text}
    return texts | cells


def names(session, locked: Locked, number: int | None = None) -> list[str]:
    version = latest_version(session, locked.round)
    if number is not None:
        version = session.scalars(select(RosterVersion).where(RosterVersion.number == number)).one()
    return [one["name"] for one in json.loads(version.content)["persons"]]


def test_a_request_changes_nothing_until_another_person_approves_it(database):
    with database.writing() as session:
        locked = make_locked(session)
        before = names(session, locked)
        change = propose(session, locked, ChangeKind.ADD, texts=CITIZEN, by=locked.operator)
        assert (change.state, names(session, locked)) == (ChangeState.PENDING, before)
        with pytest.raises(Refused, match="Người khác phải duyệt"):
            rules.approve(session, locked.round, [change], locked.operator)
        version = rules.approve(session, locked.round, [change], locked.second)
        assert (version.number, version.persons, change.state) == (2, 4, ChangeState.APPROVED)
        assert names(session, locked) == [*before, "Vàng Thị Mai"]
        assert version.counts == {"03289": {"C": 1, "E": 3}}
        assert version.sha256 == hashlib.sha256(version.content).hexdigest()


def test_replacing_keeps_who_left_for_earlier_versions_and_counts(database):
    with database.writing() as session:
        locked = make_locked(session)
        old = locked.person(session, "Lò Văn Bình")
        change = propose(session, locked, ChangeKind.REPLACE, old, CITIZEN)
        rules.approve(session, locked.round, [change], locked.operator)
        assert (old.left_in_version, locked.person(session, "Vàng Thị Mai").joined_in_version) == (2, 2)
        assert "Lò Văn Bình" not in names(session, locked)
        assert "Lò Văn Bình" in names(session, locked, 1)
        assert {card.group.code: card.persons for card in cards(session, locked.round, locked.asked.commune)} == {
            "C": 1,
            "E": 2,
        }
        assert "Lò Văn Bình" not in [one.person.name for one in handed_in(session, locked.round)]


def test_several_requests_make_one_version(database):
    with database.writing() as session:
        locked = make_locked(session)
        first, second = locked.person(session, "Lò Văn Bình"), locked.person(session, "Lò Văn Chung")
        leaves = propose(session, locked, ChangeKind.REMOVE, first)
        texts = corrected(session, locked, second, phone="0912000222")
        fixed = propose(session, locked, ChangeKind.CORRECT, second, texts, reason="Gõ nhầm số.")
        version = rules.approve(session, locked.round, [leaves, fixed], locked.operator)
        assert (version.number, version.persons, version.reason) == (2, 2, "Đã chuyển đi.; Gõ nhầm số.")
        assert second.phone == "0912000222"
        assert {one.version_id for one in (leaves, fixed)} == {version.id}


def test_any_version_is_exported_again_with_the_same_bytes(database):
    with database.writing() as session:
        locked = make_locked(session)
        one = export_roster(session, locked.round, HandoverOptions(), locked.operator)
        person = locked.person(session, "Lò Văn Bình")
        texts = corrected(session, locked, person, name="Lò Văn Bính")
        change = propose(session, locked, ChangeKind.CORRECT, person, texts)
        rules.approve(session, locked.round, [change], locked.operator)
        assert export_roster(session, locked.round, HandoverOptions(), locked.operator, 1) == one
        assert export_roster(session, locked.round, HandoverOptions(), locked.operator)[1] != one[1]


def test_of_an_erased_version_hash_and_counts_remain(database):
    with database.writing() as session:
        locked = make_locked(session)
        version = latest_version(session, locked.round)
        sha256, version.content = version.sha256, None
        session.flush()
        assert (version.sha256, version.counts) == (sha256, {"03289": {"C": 1, "E": 2}})
        with pytest.raises(Refused, match="đã được xóa"):
            handover_workbook(version, HandoverOptions())


@pytest.mark.parametrize(
    ("cells", "field", "words"),
    [
        ({"phone": "0912"}, "phone", "chữ số"),
        ({"birth": "2010"}, "birth", "18 tuổi"),
        ({"ban": "Bản Không Có"}, "ban", "không có"),
        ({"return": "02/06/2020"}, "return", "02/06/2020"),
        ({"name": ""}, "name", ""),
    ],
)
def test_a_row_is_checked_like_a_row_of_a_list(database, cells, field, words):
    with database.writing() as session:
        locked = make_locked(session)
        with pytest.raises(Invalid) as fault:
            propose(session, locked, ChangeKind.ADD, texts=CITIZEN | cells)
        assert words in fault.value.faults[field]
        assert session.scalar(select(ChangeRequest.id)) is None


def test_who_is_on_the_roster_already_is_not_added_again(database):
    with database.writing() as session:
        locked = make_locked(session)
        twin = CITIZEN | {"name": "Lò Văn Bình", "birth": "1971", "phone": "0912345671"}
        with pytest.raises(Invalid):
            propose(session, locked, ChangeKind.ADD, texts=twin)


def test_more_than_the_quota_and_a_shared_number_are_told_to_who_decides(database):
    with database.writing() as session:
        locked = make_locked(session)
        change = propose(session, locked, ChangeKind.ADD, texts=CITIZEN | {"phone": "0912345671"})
        told = " ".join(rules.warnings_of(session, change))
        assert "nhiều nhất 2" in told
        assert "Số điện thoại" in told


def test_more_than_the_most_is_refused_where_the_round_says_so(database):
    with database.writing() as session:
        locked = make_locked(session)
        locked.round.blocks_over = True
        with pytest.raises(Invalid, match="nhiều nhất 2"):
            propose(session, locked, ChangeKind.ADD, texts=CITIZEN)


def test_a_correction_without_a_change_or_a_reason_is_refused(database):
    with database.writing() as session:
        locked = make_locked(session)
        person = locked.person(session, "Lò Văn Bình")
        with pytest.raises(Invalid, match="Chưa sửa ô nào"):
            propose(session, locked, ChangeKind.CORRECT, person, corrected(session, locked, person))
        with pytest.raises(Invalid, match="Ghi lý do"):
            propose(session, locked, ChangeKind.REMOVE, person, reason=" ")


def test_an_old_fault_does_not_stand_in_the_way_of_a_correction(database):
    with database.writing() as session:
        locked = make_locked(session)
        person = locked.person(session, "Lò Văn Bình")
        person.return_date = person.return_date.replace(year=2020)  # was approved with a reason
        session.flush()
        texts = corrected(session, locked, person, phone="0912000222")
        assert propose(session, locked, ChangeKind.CORRECT, person, texts).id


def test_one_request_on_a_person_at_a_time(database):
    with database.writing() as session:
        locked = make_locked(session)
        person = locked.person(session, "Lò Văn Bình")
        first = propose(session, locked, ChangeKind.REMOVE, person)
        with pytest.raises(Conflict, match="đang chờ duyệt"):
            propose(session, locked, ChangeKind.REPLACE, person, CITIZEN)
        rules.withdraw(session, first, locked.officer)
        assert propose(session, locked, ChangeKind.REPLACE, person, CITIZEN).id


def test_only_the_author_withdraws_and_a_refusal_needs_a_reason(database):
    with database.writing() as session:
        locked = make_locked(session)
        change = propose(session, locked, ChangeKind.ADD, texts=CITIZEN)
        with pytest.raises(Refused, match="Chỉ người lập"):
            rules.withdraw(session, change, locked.operator)
        with pytest.raises(Invalid, match="lý do không duyệt"):
            rules.refuse(session, change, locked.operator, " ")
        rules.refuse(session, change, locked.operator, "Chưa có giấy tờ.")
        assert (change.state, change.decision_note) == (ChangeState.REFUSED, "Chưa có giấy tờ.")
        with pytest.raises(Conflict, match="vừa xử lý"):
            rules.approve(session, locked.round, [change], locked.second)


def test_a_person_who_changed_since_the_request_is_not_changed_blindly(database):
    with database.writing() as session:
        locked = make_locked(session)
        person = locked.person(session, "Lò Văn Bình")
        change = propose(
            session, locked, ChangeKind.CORRECT, person, corrected(session, locked, person, phone="0912000222")
        )
        person.phone = "0912000333"
        session.flush()
        with pytest.raises(Conflict, match="đã thay đổi sau khi lập"):
            rules.approve(session, locked.round, [change], locked.operator)


def test_after_closing_only_corrections_are_taken(database):
    with database.writing() as session:
        locked = make_locked(session)
        person = locked.person(session, "Lò Văn Bình")
        removal = propose(session, locked, ChangeKind.REMOVE, person)
        locked.round.opened_at = locked.round.closed_at = now()
        session.flush()
        with pytest.raises(Refused, match="chỉ còn đính chính"):
            rules.approve(session, locked.round, [removal], locked.operator)
        rules.withdraw(session, removal, locked.officer)
        texts = corrected(session, locked, person, phone="0912000222")
        change = propose(session, locked, ChangeKind.CORRECT, person, texts)
        assert rules.approve(session, locked.round, [change], locked.operator).number == 2


def test_an_unlocked_list_takes_no_request(database):
    with database.writing() as session:
        locked = make_locked(session)
        locked.round.roster_locked_at = None
        with pytest.raises(Refused, match="Danh sách chưa khóa"):
            propose(session, locked, ChangeKind.ADD, texts=CITIZEN)


def test_the_log_names_unit_and_kind_but_no_person(database):
    with database.writing() as session:
        locked = make_locked(session)
        change = propose(session, locked, ChangeKind.ADD, texts=CITIZEN)
        rules.approve(session, locked.round, [change], locked.operator)
        entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(3)).all()
        assert [one.action for one in reversed(entries)] == [
            "round.change_proposed",
            "round.change_decided",
            "round.roster_changed",
        ]
        assert "Vàng Thị Mai" not in " ".join(str(one.fields) for one in entries)


def test_a_unit_sees_its_own_requests_only(database):
    with database.writing() as session:
        locked = make_locked(session)
        propose(session, locked, ChangeKind.ADD, texts=CITIZEN)
        stranger = make_user(session, Role.UNIT_OFFICER, locked.asked.other)
        assert requests_of(session, locked.round, stranger) == []
        assert len(requests_of(session, locked.round, locked.officer)) == 1


def test_of_two_who_decide_at_once_one_wins(database):
    with database.writing() as session:
        locked = make_locked(session)
        change_id = propose(session, locked, ChangeKind.ADD, texts=CITIZEN).id
        code = locked.round.code

    def approve(by) -> str:
        try:
            with database.writing() as session:
                found = find_requests(session, code, [change_id], by)
                rules.approve(session, found[0].unit_list.round, found, by)
                return "approved"
        except Conflict:
            return "conflict"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(approve, (locked.operator, locked.second))) == ["approved", "conflict"]
    with database.reading() as session:
        assert session.scalars(select(RosterVersion.number).order_by(RosterVersion.number)).all() == [1, 2]
