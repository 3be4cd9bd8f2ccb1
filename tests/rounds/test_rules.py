"""Creating a round and setting its parts, on both engines."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from survey_app.access import Role
from survey_app.audit import AuditEntry
from survey_app.db import Database, now
from survey_app.errors import Invalid, Refused
from survey_app.rounds.models import Cell, Mode, Round, RoundState
from survey_app.rounds.queries import rated_units
from survey_app.rounds.rules import (
    Basics,
    Dates,
    change_basics,
    create_round,
    date_faults,
    refuse_if_frozen,
    refuse_if_locked,
    set_dates,
    set_scoring,
    title_for_year,
    usual_title,
)
from survey_app.rounds.scoring_rules import default_rules
from survey_app.units.models import Unit, UnitKind
from survey_app.users.models import User
from tests.make import make_district, make_group, make_quota, make_round, make_unit, make_user

DATES = Dates(
    lists_open_on=date(2021, 12, 1),
    lists_due_on=date(2021, 12, 14),
    handover_due_on=date(2021, 12, 17),
    opens_on=date(2021, 12, 20),
    closes_on=date(2022, 1, 7),
    period_from=date(2021, 1, 1),
    period_to=date(2021, 11, 30),
    age_on=date(2021, 12, 1),
    grace_hours=6,
)


def make_basics(unit: Unit, **facts: object) -> Basics:
    """A district round of 2021."""
    return replace(
        Basics(
            title="Điều tra năm 2021",
            year=2021,
            level=UnitKind.DISTRICT,
            as_of=date(2021, 12, 1),
            operator_unit_id=unit.id,
        ),
        **facts,
    )


def make_operator(session: Session) -> tuple[User, Unit]:
    """An operator of a district with two communes, one of them ended in 2020."""
    district = make_district(session)
    make_unit(session, "Xã Quài Cang", district, code="03289")
    make_unit(session, "Xã Cũ", district, code="03000", valid_to=date(2020, 6, 30))
    return make_user(session, Role.OPERATOR, district), district


def test_a_new_round_is_in_preparation_rates_its_level_and_is_logged(database: Database) -> None:
    with database.writing() as session:
        by, district = make_operator(session)
        survey_round = create_round(session, "TG-2021", make_basics(district), by)
        assert survey_round.code == "tg-2021"
        assert survey_round.state is RoundState.PREPARING
        assert survey_round.rules == default_rules()
        assert [unit.id for unit in rated_units(session, survey_round)] == [district.id]
        entry = session.scalars(select(AuditEntry)).one()
        assert entry.sentence == "Tạo đợt tg-2021"


def test_only_units_valid_on_the_day_are_rated(database: Database) -> None:
    with database.writing() as session:
        by, district = make_operator(session)
        survey_round = create_round(session, "tg-2021", make_basics(district, level=UnitKind.COMMUNE), by)
        assert [unit.name for unit in rated_units(session, survey_round)] == ["Xã Quài Cang"]


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"title": " "}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"year": 21}, "year"),
        ({"level": "quan"}, "level"),
        ({"level": UnitKind.PROVINCIAL_OFFICE}, "level"),
        ({"as_of": date(2019, 1, 1)}, "as_of"),
        ({"operator_unit_id": 999_999}, "operator_unit_id"),
    ],
)
def test_a_faulty_field_of_a_new_round_is_named(database: Database, facts: dict[str, object], field: str) -> None:
    with database.writing() as session:
        by, district = make_operator(session)
        with pytest.raises(Invalid) as caught:
            create_round(session, "tg-2021", make_basics(district, **facts), by)
        assert list(caught.value.faults) == [field]


def test_a_code_is_short_plain_and_used_once(database: Database) -> None:
    with database.writing() as session:
        by, district = make_operator(session)
        create_round(session, "tg-2021", make_basics(district), by)
        for code in ("tg-2021", "Tuần Giáo", "", "a", "x" * 31, "-tg", "new"):
            with pytest.raises(Invalid) as caught:
                create_round(session, code, make_basics(district), by)
            assert list(caught.value.faults) == ["code"]


def test_a_round_cannot_be_run_for_a_body_outside_the_own_subtree(database: Database) -> None:
    with database.writing() as session:
        by, _district = make_operator(session)
        other = make_unit(session, "Huyện Mường Ảng", kind=UnitKind.DISTRICT)
        with pytest.raises(Invalid) as caught:
            create_round(session, "ma-2021", make_basics(other), by)
        assert list(caught.value.faults) == ["operator_unit_id"]


def test_rated_units_must_be_of_the_level(database: Database) -> None:
    with database.writing() as session:
        by, district = make_operator(session)
        survey_round = create_round(session, "tg-2021", make_basics(district, level=UnitKind.COMMUNE), by)
        for wrong in ([], [district.id]):
            with pytest.raises(Invalid) as caught:
                change_basics(session, survey_round, make_basics(district, level=UnitKind.COMMUNE), wrong, by)
            assert list(caught.value.faults) == ["rated"]


def test_changing_the_level_rates_all_units_of_the_new_one(database: Database) -> None:
    with database.writing() as session:
        by, district = make_operator(session)
        survey_round = create_round(session, "tg-2021", make_basics(district), by)
        change_basics(session, survey_round, make_basics(district, level=UnitKind.COMMUNE), [district.id], by)
        assert [unit.name for unit in rated_units(session, survey_round)] == ["Xã Quài Cang"]


def test_the_day_of_the_catalogue_cannot_leave_a_unit_with_a_quota_behind(database: Database) -> None:
    with database.writing() as session:
        by, district = make_operator(session)
        survey_round = create_round(session, "tg-2021", make_basics(district), by)
        commune = make_unit(session, "Xã Mới", district, valid_from=date(2021, 6, 1))
        make_quota(session, make_group(session, survey_round), commune)
        with pytest.raises(Invalid, match="Xã Mới"):
            change_basics(session, survey_round, make_basics(district, as_of=date(2021, 5, 1)), None, by)


def test_days_are_kept_in_order(database: Database) -> None:
    with database.writing() as session:
        survey_round = make_round(session)
        by = make_user(session)
        set_dates(session, survey_round, DATES, by)
        assert (survey_round.closes_on, survey_round.grace_hours) == (date(2022, 1, 7), 6)


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"lists_due_on": None}, "lists_due_on"),
        ({"age_on": None}, "age_on"),
        ({"lists_due_on": date(2021, 11, 30)}, "lists_due_on"),
        ({"handover_due_on": date(2021, 12, 13)}, "handover_due_on"),
        ({"opens_on": date(2021, 12, 13)}, "opens_on"),
        ({"closes_on": date(2021, 12, 19)}, "closes_on"),
        ({"period_to": date(2020, 12, 31)}, "period_to"),
        ({"erase_personal_data_on": date(2022, 1, 6)}, "erase_personal_data_on"),
        ({"grace_hours": 169}, "grace_hours"),
    ],
)
def test_a_day_that_is_missing_or_out_of_order_is_named(facts: dict[str, object], field: str) -> None:
    assert list(date_faults(replace(DATES, **facts))) == [field]


def test_nothing_of_the_settings_changes_once_the_round_is_open(database: Database) -> None:
    with database.writing() as session:
        by, district = make_operator(session)
        survey_round = create_round(session, "tg-2021", make_basics(district), by)
        survey_round.opened_at = now()
        with pytest.raises(Refused):
            change_basics(session, survey_round, make_basics(district), None, by)
        with pytest.raises(Refused):
            set_dates(session, survey_round, DATES, by)
        with pytest.raises(Refused, match="được giữ nguyên"):
            set_scoring(session, survey_round, default_rules(), by)


def test_a_locked_roster_settles_groups_but_not_the_scoring_rules(database: Database) -> None:
    with database.writing() as session:
        survey_round = make_round(session, roster_locked_at=now())
        refuse_if_frozen(survey_round)
        with pytest.raises(Refused, match="Danh sách đã khóa"):
            refuse_if_locked(survey_round)


def test_the_state_of_a_round_follows_from_its_facts() -> None:
    survey_round = Round()
    states = [survey_round.state]
    for fact in (
        "lists_started_at",
        "roster_locked_at",
        "opened_at",
        "closed_at",
        "envelopes_opened_on",
        "published_at",
        "cancelled_at",
    ):
        setattr(survey_round, fact, now())
        states.append(survey_round.state)
    assert states == list(RoundState)


def test_cells_of_a_round_are_a_fact_that_settles_the_mode(database: Database) -> None:
    from survey_app.rounds.group_rules import set_modes

    with database.writing() as session:
        survey_round = make_round(session)
        group = make_group(session, survey_round)
        by = make_user(session)
        set_modes(session, survey_round, {"E": Mode.CONFIDENTIAL}, 5, "strict", "0215 3862 000", "", by)
        assert (group.mode, survey_round.key_mode) == (Mode.CONFIDENTIAL, "strict")
        session.add(Cell(round_id=survey_round.id, group_id=group.id, label="E"))
        session.flush()
        set_modes(session, survey_round, {"E": Mode.CONFIDENTIAL}, 5, "strict", "0215 3862 111", "", by)
        with pytest.raises(Refused, match="Ô công bố đã chốt"):
            set_modes(session, survey_round, {"E": Mode.SEALED}, 5, "strict", "0215 3862 000", "", by)
        with pytest.raises(Refused):
            set_modes(session, survey_round, {}, 6, "strict", "0215 3862 000", "", by)


def test_the_usual_title_follows_the_year_and_an_own_title_stays() -> None:
    assert title_for_year(usual_title(2025), 2021) == usual_title(2021)
    assert title_for_year("Khảo sát của chúng tôi năm 2025", 2021) == "Khảo sát của chúng tôi năm 2025"
