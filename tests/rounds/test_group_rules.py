"""Criterion sets, groups and quotas of a round: imported, replaced, copied, refused."""

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from survey_app.audit import AuditEntry
from survey_app.db import Database, now
from survey_app.errors import Invalid, Refused
from survey_app.roster.models import ListState
from survey_app.rounds.group_rules import (
    SHIPPED_CRITERIA,
    SHIPPED_QUOTAS,
    GroupEntry,
    ListRules,
    RoomRule,
    copy_quotas,
    import_criteria,
    import_quotas,
    set_groups,
    set_list_rules,
    set_modes,
    set_quotas,
    set_room_of_group,
)
from survey_app.rounds.models import Area, Criterion, CriterionSet, Quota, Round
from survey_app.rounds.queries import criteria_of, groups_of, sizes, surveyed_group_codes
from survey_app.rounds.quota_file import Room
from survey_app.rounds.rules import set_scoring
from survey_app.units.models import Unit
from survey_app.units.rules import seed_units
from survey_app.users.models import User
from survey_app.workbook import Rejected
from tests.make import make_criteria, make_district, make_group, make_list, make_quota, make_round, make_unit, make_user


def make_seeded_round(session: Session) -> tuple[Round, User]:
    """A round of the real district with its 71 submitting units."""
    seed_units(session)
    district = session.scalars(select(Unit).where(Unit.code == "099")).one()
    return make_round(session, district), make_user(session, unit=district)


def small_criteria(total: str = "3") -> bytes:
    rows = ["Mã,Nội dung,Điểm tối đa,Phương pháp đánh giá,Nhóm", "I,Chỉ đạo,,,", "1.1,Kế hoạch,1,TĐG,"]
    return "\n".join([*rows, '1.2,Năng động,2,ĐTXHH,"A,H"', f"Tổng cộng,,{total},,"]).encode()


def test_the_printed_set_is_stored_with_exact_points_and_its_groups(database: Database, samples: Path) -> None:
    with database.writing() as session:
        survey_round, by = make_round(session), make_user(session)
        content = (samples / "criteria-district-2021.xlsx").read_bytes()
        read = import_criteria(session, survey_round, content, "criteria-district-2021.xlsx", by)
        assert read.faults == ()
        stored = criteria_of(session, survey_round)
        assert stored is not None
        assert [(leaf.code, leaf.max_points) for leaf in stored.leaves] == [
            (leaf.code, leaf.max_points) for leaf in read.leaves
        ]
        assert [group.code for group in groups_of(session, survey_round)] == list("ABCDEFG")
        assert surveyed_group_codes(session, survey_round) == list("ABCDEFG")
        entry = session.scalars(select(AuditEntry)).one()
        assert entry.sentence == f"Nạp bộ tiêu chí đợt {survey_round.code}: 82 tiêu chí, 100,00 điểm"


def test_a_file_with_a_fault_stores_nothing(database: Database) -> None:
    with database.writing() as session:
        survey_round, by = make_round(session), make_user(session)
        read = import_criteria(session, survey_round, small_criteria(total="4"), "tieu-chi.csv", by)
        assert len(read.faults) == 1
        assert session.scalar(select(func.count()).select_from(CriterionSet)) == 0
        assert groups_of(session, survey_round) == []


def test_a_new_set_takes_the_place_of_the_old_one(database: Database) -> None:
    with database.writing() as session:
        survey_round, by = make_round(session), make_user(session)
        import_criteria(session, survey_round, SHIPPED_CRITERIA.read_bytes(), SHIPPED_CRITERIA.name, by)
        import_criteria(session, survey_round, small_criteria(), "tieu-chi.csv", by)
        assert session.scalar(select(func.count()).select_from(Area)) == 1
        assert session.scalar(select(func.count()).select_from(Criterion)) == 2
        names = {group.code: group.name for group in groups_of(session, survey_round)}
        assert names["H"] == "Nhóm H"


def test_a_file_that_is_no_workbook_is_refused_in_words(database: Database) -> None:
    with database.writing() as session:
        survey_round, by = make_round(session), make_user(session)
        with pytest.raises(Rejected) as caught:
            import_criteria(session, survey_round, b"%PDF-1.7 ...", "bo-tieu-chi.xlsx", by)
        assert "không phải bảng tính" in caught.value.message


def test_the_criteria_are_frozen_when_the_round_opens(database: Database) -> None:
    with database.writing() as session:
        survey_round, by = make_round(session, opened_at=now()), make_user(session)
        with pytest.raises(Refused):
            import_criteria(session, survey_round, small_criteria(), "tieu-chi.csv", by)
        with pytest.raises(Refused):
            set_groups(session, survey_round, [], by)
        with pytest.raises(Refused):
            set_quotas(session, survey_round, {}, by)
        with pytest.raises(Refused):
            set_modes(session, survey_round, {}, 5, "strict", "0215 3862 000", "", by)


def test_the_quotas_of_2021_fit_the_catalogue(database: Database) -> None:
    with database.writing() as session:
        survey_round, by = make_seeded_round(session)
        import_criteria(session, survey_round, SHIPPED_CRITERIA.read_bytes(), SHIPPED_CRITERIA.name, by)
        read = import_quotas(session, survey_round, SHIPPED_QUOTAS.read_bytes(), SHIPPED_QUOTAS.name, by)
        assert read.faults == []
        size = sizes(session, [survey_round])[survey_round.id]
        assert (size.units, size.persons, size.groups) == (71, 763, 7)


def test_quotas_for_units_that_are_not_valid_on_the_day_are_refused(database: Database) -> None:
    with database.writing() as session:
        survey_round, by = make_seeded_round(session)
        make_group(session, survey_round, "A")
        read = import_quotas(session, survey_round, b"unit_code,group,quota\nTG-YT,A,2\n", "chi-tieu.csv", by)
        assert [fault.text for fault in read.faults] == [
            "Dòng 2, cột A: không tìm thấy đơn vị «TG-YT» trong danh mục của đợt. Sửa mã đơn vị."
        ]


def test_quotas_are_replaced_changed_and_zeros_left_out(database: Database) -> None:
    with database.writing() as session:
        district = make_district(session)
        first, second = make_unit(session, "Xã A", district), make_unit(session, "Xã B", district)
        survey_round, by = make_round(session, district), make_user(session)
        make_group(session, survey_round, "E")
        set_quotas(session, survey_round, {(first.id, "E"): 20, (second.id, "E"): 5}, by)
        kept = session.scalars(select(Quota.id).where(Quota.unit_id == first.id)).one()
        set_quotas(session, survey_round, {(first.id, "E"): 30, (second.id, "E"): 0}, by)
        found = [(q.id, q.target) for group in groups_of(session, survey_round) for q in group.quotas]
        assert found == [(kept, 30)]
        with pytest.raises(Invalid):
            set_quotas(session, survey_round, {(first.id, "Z"): 1}, by)


def test_least_and_most_are_kept_copied_and_checked_against_the_target(database: Database) -> None:
    with database.writing() as session:
        district = make_district(session)
        unit = make_unit(session, "Xã A", district)
        survey_round, by = make_round(session, district), make_user(session, unit=district)
        make_group(session, survey_round, "E")
        for room in (Room(21, None), Room(None, 19)):
            with pytest.raises(Invalid) as fault:
                set_quotas(session, survey_round, {(unit.id, "E"): 20}, by, {(unit.id, "E"): room})
            assert list(fault.value.faults) == [f"q_{unit.id}_E"]
        set_quotas(session, survey_round, {(unit.id, "E"): 20}, by, {(unit.id, "E"): Room(15, 22)})
        later = make_round(session, district)
        make_group(session, later, "E")
        copy_quotas(session, later, survey_round, by)
        found = [(q.least, q.target, q.most) for group in groups_of(session, later) for q in group.quotas]
        assert found == [(15, 20, 22)]
        set_quotas(session, later, {(unit.id, "E"): 10}, by)
        assert [(q.minimum, q.maximum) for group in groups_of(session, later) for q in group.quotas] == [(None, None)]


def test_the_room_of_a_group_is_a_share_of_each_target_in_whole_persons(database: Database) -> None:
    with database.writing() as session:
        district = make_district(session)
        units = [make_unit(session, f"Xã {name}", district) for name in "ABC"]
        survey_round, by = make_round(session, district), make_user(session, unit=district)
        group = make_group(session, survey_round, "E")
        targets = dict(zip(units, (1, 3, 20), strict=True))
        set_quotas(session, survey_round, {(unit.id, "E"): n for unit, n in targets.items()}, by)
        assert set_room_of_group(session, survey_round, "E", RoomRule(70, 110), by) == 3
        rooms = {q.target: (q.minimum, q.maximum) for q in group.quotas}
        assert rooms == {1: (None, None), 3: (None, None), 20: (14, 22)}
        for code, rule in (("Z", RoomRule()), ("E", RoomRule(101, 100)), ("E", RoomRule(50, 99))):
            with pytest.raises(Invalid):
                set_room_of_group(session, survey_round, code, rule, by)
        survey_round.roster_locked_at = now()
        with pytest.raises(Refused):
            set_room_of_group(session, survey_round, "E", RoomRule(), by)
        with pytest.raises(Refused):
            set_list_rules(session, survey_round, ListRules(True, True, True), by)


def test_quotas_of_an_earlier_round_are_taken_by_unit_code(database: Database) -> None:
    with database.writing() as session:
        district = make_district(session)
        kept = make_unit(session, "Xã Còn", district)
        gone = make_unit(session, "Xã Đã hết", district, valid_to=date(2021, 6, 30))
        earlier, by = make_round(session, district), make_user(session)
        group = make_group(session, earlier, "E")
        make_quota(session, group, kept, 20)
        make_quota(session, group, gone, 15)
        survey_round = make_round(session, district)
        make_group(session, survey_round, "E")
        assert copy_quotas(session, survey_round, earlier, by) == ["Xã Đã hết"]
        found = [(q.unit_id, q.target) for g in groups_of(session, survey_round) for q in g.quotas]
        assert found == [(kept.id, 20)]


def test_groups_are_named_added_and_removed(database: Database) -> None:
    with database.writing() as session:
        survey_round, by = make_round(session), make_user(session)
        make_quota(session, make_group(session, survey_round, "E"), survey_round.operator_unit)
        entries = [GroupEntry("A", " Lãnh đạo  phòng ", "officials"), GroupEntry("F", "Doanh nghiệp", "business", True)]
        set_groups(session, survey_round, entries, by)
        found = [(g.code, g.name, g.list_type, g.self_rating) for g in groups_of(session, survey_round)]
        assert found == [("A", "Lãnh đạo phòng", "officials", False), ("F", "Doanh nghiệp", "business", True)]


@pytest.mark.parametrize(
    ("entries", "field"),
    [
        ([GroupEntry("", "Người dân", "citizens")], "code_0"),
        ([GroupEntry("nhóm", "Người dân", "citizens")], "code_0"),
        ([GroupEntry("E", "", "citizens")], "name_0"),
        ([GroupEntry("E", "Người dân", "khác")], "list_type_0"),
        ([GroupEntry("E", "Người dân", "citizens"), GroupEntry("E", "Dân", "citizens")], "code_1"),
    ],
)
def test_a_faulty_group_is_named(database: Database, entries: list[GroupEntry], field: str) -> None:
    with database.writing() as session:
        survey_round, by = make_round(session), make_user(session)
        with pytest.raises(Invalid) as caught:
            set_groups(session, survey_round, entries, by)
        assert list(caught.value.faults) == [field]


def test_a_group_that_the_criteria_ask_or_that_has_work_in_it_stays(database: Database) -> None:
    with database.writing() as session:
        survey_round, by = make_round(session), make_user(session)
        make_criteria(session, survey_round, [("1.1", "1", "survey", ["A"])])
        make_group(session, survey_round, "A")
        held = make_group(session, survey_round, "B")
        make_list(session, held, survey_round.operator_unit, state=ListState.DRAFT)
        with pytest.raises(Invalid, match="có hỏi nhóm A"):
            set_groups(session, survey_round, [GroupEntry("B", "Công chức", "officials")], by)
        with pytest.raises(Invalid, match="Nhóm B đã có danh sách hoặc phiếu hỏi"):
            set_groups(session, survey_round, [GroupEntry("A", "Lãnh đạo", "officials")], by)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        (({"E": "khác"}, 5, "strict", "0215 3862 000"), "mode_E"),
        (({}, 2, "strict", "0215 3862 000"), "k_min"),
        (({}, 5, "một", "0215 3862 000"), "key_mode"),
        (({}, 5, "strict", "113"), "help_phone"),
    ],
)
def test_a_faulty_mode_is_named(database: Database, values: tuple[dict[str, str], int, str, str], field: str) -> None:
    modes, k_min, key_mode, phone = values
    with database.writing() as session:
        survey_round, by = make_round(session), make_user(session)
        make_group(session, survey_round, "E")
        with pytest.raises(Invalid) as caught:
            set_modes(session, survey_round, modes, k_min, key_mode, phone, "", by)
        assert list(caught.value.faults) == [field]


def test_points_may_not_use_groups_that_publication_withholds(database: Database) -> None:
    with database.writing() as session:
        survey_round, operator = make_seeded_round(session)
        survey_round.rules = {"n_min": 5}
        with pytest.raises(Invalid) as too_strict:
            set_modes(session, survey_round, {}, 10, "availability", "0215 3862 000", "", operator)
        with pytest.raises(Invalid) as too_loose:
            set_scoring(session, survey_round, {"n_min": 4}, operator)
        set_scoring(session, survey_round, {"n_min": 10}, operator)
        set_modes(session, survey_round, {}, 10, "availability", "0215 3862 000", "", operator)
        assert (list(too_strict.value.faults), list(too_loose.value.faults)) == (["k_min"], ["n_min"])
        assert survey_round.k_min == 10
