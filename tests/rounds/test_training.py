"""A training round: apart from real years, and gone with everything on its day."""

import html
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from survey_app.access import Role
from survey_app.audit import AuditEntry, first_broken_entry
from survey_app.commands import sweep
from survey_app.config import BadSetting, read_settings
from survey_app.roster.models import ListState, Person
from survey_app.roster.pairs import pairs_of
from survey_app.roster.typed_lists import earlier_lists
from survey_app.rounds.models import Round
from survey_app.rounds.queries import earlier_rounds_with_quotas
from survey_app.rounds.training import purge_day, purge_training_rounds
from survey_app.text import date_text, today
from survey_app.units.models import Unit
from tests.make import (
    csrf_token,
    make_district,
    make_group,
    make_list,
    make_person,
    make_quota,
    make_round,
    make_unit,
    make_user,
    sign_in_client,
)
from tests.one_of_each import count, one_of_each


def test_on_its_day_nothing_is_left_but_one_entry_and_other_rounds_stay(database):
    with database.writing() as session:
        district = make_district(session)
        user = make_user(session, unit=district)
        practice = make_round(session, district, code="tap-huan", purge_on=today())
        real, later = make_round(session, district, code="tg-2021"), make_round(session, district, code="mai")
        later.purge_on = today() + timedelta(days=1)
        tables = one_of_each(session, practice, user)
        one_of_each(session, real, user)
        session.flush()
        assert all(count(session, table) >= 2 for table in tables)
        sweep(session)
    with database.reading() as session:
        assert set(session.scalars(select(Round.code))) == {"tg-2021", "mai"}
        for table in tables:
            expected = {"round": 2, "rated_unit": 2, "upload": 0}  # the sweep takes old drafts too
            assert count(session, table) == expected.get(table.name, 1), table.name
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "round.purged")).one()
        assert entry.fields["round"] == "tap-huan"
        assert int(entry.fields["rows"]) >= len(tables) - 1
        assert entry.by_name == "Chương trình"
        assert first_broken_entry(session.scalars(select(AuditEntry).order_by(AuditEntry.id))) is None


def test_the_day_before_nothing_goes(database):
    with database.writing() as session:
        make_round(session, code="tap-huan", purge_on=today())
        assert purge_training_rounds(session, today() - timedelta(days=1)) == []
        assert purge_training_rounds(session, today() + timedelta(days=400)) == ["tap-huan"]


def test_the_number_of_days_is_a_setting(tmp_path):
    assert purge_day(30, date(2021, 12, 1)) == date(2021, 12, 31)
    assert read_settings({"SURVEY_DATA": str(tmp_path)}).training_days == 30
    assert read_settings({"SURVEY_DATA": str(tmp_path), "SURVEY_TRAINING_DAYS": "7"}).training_days == 7
    with pytest.raises(BadSetting, match="SURVEY_TRAINING_DAYS"):
        read_settings({"SURVEY_DATA": str(tmp_path), "SURVEY_TRAINING_DAYS": "0"})


@pytest.mark.parametrize(
    ("before", "now", "seen"), [(False, False, 1), (True, False, 0), (False, True, 0), (True, True, 0)]
)
def test_practice_and_real_years_do_not_see_each_other(database, before, now, seen):
    with database.writing() as session:
        district = make_district(session)
        commune = make_unit(session, parent=district)
        for year, training in ((2020, before), (2021, now)):
            made = make_round(session, district, code=f"r-{year}", purge_on=today() if training else None)
            made.year = year
            group = make_group(session, made)
            make_quota(session, group, commune, 1)
            unit_list = make_list(session, group, commune, state=ListState.SUBMITTED)
            make_person(session, unit_list, name="Lò Văn Hai", phone="0912345678")
        assert len(pairs_of(session, made)) == seen
        assert len(earlier_lists(session, made, commune)) == seen
        operator = make_user(session, Role.OPERATOR, district)
        assert len(earlier_rounds_with_quotas(session, made, operator)) == (0 if before else 1)


@pytest.fixture
def office(app, database):
    with database.writing() as session:
        district = make_district(session)
        user = make_user(session, Role.OPERATOR, district)
    return sign_in_client(app, user)


def create(browser, **more):
    form = {
        "csrf_token": csrf_token(browser), "title": "Tập huấn năm 2021", "year": "2021", "level": "huyen",
        "operator_unit_id": "1", "as_of": "01/12/2021", "code": "tap-huan",
    }  # fmt: skip
    return browser.post("/rounds/new", data=form | more)


def test_the_flag_is_set_when_the_round_is_made_and_every_page_says_so(database, office):
    assert "tự xóa hết sau 30 ngày" in html.unescape(office.get("/rounds/new").text)
    assert create(office, training="y").status_code == 303
    with database.reading() as session:
        assert session.scalars(select(Round)).one().purge_on == purge_day(30)
    page = html.unescape(office.get("/rounds/tap-huan").text)
    assert "ĐỢT TẬP HUẤN" in page
    assert date_text(purge_day(30)) in page
    assert "Tập huấn" in html.unescape(office.get("/rounds").text)


def test_a_round_is_real_unless_it_is_marked(database, office):
    assert create(office).status_code == 303
    with database.reading() as session:
        assert session.scalars(select(Round)).one().purge_on is None
    assert "ĐỢT TẬP HUẤN" not in office.get("/rounds/tap-huan").text


def test_a_copy_of_last_year_may_be_for_training(database, office):
    create(office, code="tg-2021")
    form = {"csrf_token": csrf_token(office), "code": "thu", "year": "2022", "as_of": "01/12/2022", "training": "on"}
    assert office.post("/rounds/tg-2021/copy", data=form).status_code == 303
    with database.reading() as session:
        days = {one.code: one.purge_on for one in session.scalars(select(Round))}
    assert days == {"tg-2021": None, "thu": purge_day(30)}


def test_the_days_of_a_copied_training_round_can_be_practised_before_it_is_gone(database, office):
    create(office, code="tg-2021")
    with database.writing() as session:
        source = session.scalars(select(Round)).one()
        source.lists_open_on, source.lists_due_on = date(2021, 9, 1), date(2021, 9, 30)
        source.opens_on, source.closes_on = date(2021, 10, 15), date(2021, 12, 1)
    form = {"csrf_token": csrf_token(office), "code": "thu", "year": "2022", "as_of": "01/12/2022", "training": "on"}
    assert office.post("/rounds/tg-2021/copy", data=form).status_code == 303
    with database.reading() as session:
        made = session.scalars(select(Round).where(Round.code == "thu")).one()
        days = [made.lists_open_on, made.lists_due_on, made.opens_on, made.closes_on]
    assert days[0] == today()
    assert days == sorted(set(days))
    assert days[-1] < purge_day(30)


def test_a_training_round_is_deleted_at_any_time(database, office):
    create(office, training="y")
    with database.writing() as session:
        made = session.scalars(select(Round)).one()
        group = make_group(session, made)
        make_list(session, group, session.scalars(select(Unit)).one(), 3)
        made.lists_started_at = made.created_at
    page = html.unescape(office.get("/rounds/tap-huan/cancel").text)
    assert "Đợt tập huấn xóa được lúc nào cũng được" in page
    token = csrf_token(office)
    assert (
        office.post("/rounds/tap-huan/delete", data={"csrf_token": token, "typed_code": "tap-huan"}).status_code == 303
    )
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Person)) == 0
