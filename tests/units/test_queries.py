"""Asking for units by day, place and name."""

from datetime import date, timedelta

import pytest

from survey_app.text import today
from survey_app.units import queries
from survey_app.units.models import Unit, UnitKind
from survey_app.units.rules import seed_units

IN_2021 = date(2021, 12, 1)
AFTER_REFORM = date(2025, 7, 1)


@pytest.fixture
def session(database):
    with database.writing() as session:
        seed_units(session)
        yield session


def test_the_district_of_2021_asks_71_units_for_lists(session):
    district = queries.unit_by_code(session, "099", IN_2021)
    assert len(queries.submitting_units(session, IN_2021, district.path)) == 71
    assert queries.submitting_units(session, AFTER_REFORM, district.path) == []


def test_a_code_means_another_unit_after_the_reform(session):
    assert queries.unit_by_code(session, "03253", IN_2021).name == "Thị trấn Tuần Giáo"
    assert queries.unit_by_code(session, "03253", date(2025, 6, 30)).name == "Thị trấn Tuần Giáo"
    assert queries.unit_by_code(session, "03253", AFTER_REFORM).name == "Xã Tuần Giáo"
    assert queries.unit_by_code(session, "099", AFTER_REFORM) is None


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("toa tinh", "Xã Tỏa Tình"),
        ("TỎA TÌNH", "Xã Tỏa Tình"),
        ("tt tuan giao", "Thị trấn Tuần Giáo"),
        ("tg-nv", "Phòng Nội vụ"),
    ],
)
def test_units_are_found_without_marks_by_other_spellings_and_by_code(session, text, name):
    assert name in [unit.name for unit in queries.find_units(session, IN_2021, text=text)]


def test_signs_of_patterns_are_plain_signs(session):
    assert queries.find_units(session, IN_2021, text="%") == []
    assert queries.find_units(session, IN_2021, text="_") == []


def test_units_come_in_vietnamese_order(session):
    communes = queries.find_units(session, IN_2021, kind=UnitKind.COMMUNE)
    names = [unit.name for unit in communes]
    assert len(names) == 18
    assert names.index("Xã Chiềng Đông") < names.index("Xã Chiềng Sinh") < names.index("Xã Mùn Chung")
    assert names.index("Xã Mùn Chung") < names.index("Xã Mường Khong") < names.index("Xã Nà Sáy")


def test_the_successor_is_who_bore_the_code_on_the_next_day(session):
    old = queries.unit_by_code(session, "03253", IN_2021)
    health = queries.unit_by_code(session, "TG-YT", date(2020, 1, 15))
    found = queries.successors(session, [old, health])
    assert found[old.id].name == "Xã Tuần Giáo"
    assert found[health.id].name == "Văn phòng HĐND và UBND huyện"


def test_parents_and_kinds_are_told(session):
    office = queries.unit_by_code(session, "TG-NV", IN_2021)
    assert queries.parents(session, [office])[office.id].name == "Huyện Tuần Giáo"
    assert dict(queries.count_by_kind([office])) == {"Phòng chuyên môn": 1}


def test_ban_of_a_commune_on_a_day(session):
    codes = {ban.code for ban in queries.ban_on(session, "03262", IN_2021)}
    assert "03262-01" in codes
    assert "03262-90" not in codes
    assert "03262-90" in {ban.code for ban in queries.ban_on(session, "03262", date(2019, 1, 1))}


def test_an_ended_unit_looks_at_its_last_day():
    ended = Unit(valid_from=date(2020, 1, 1), valid_to=date(2025, 6, 30))
    living = Unit(valid_from=date(2020, 1, 1), valid_to=today() + timedelta(days=400))
    assert queries.day_to_look_at(ended) == date(2025, 6, 30)
    assert queries.day_to_look_at(living) == queries.day_to_look_at(None) == today()


def test_a_unit_is_found_by_its_name_even_after_its_end_unless_two_bear_it(session):
    everything = queries.units_of_all_times(session, "/")
    district = queries.unit_named("huyện tuần giáo", everything)
    assert queries.labelled(district) == "099 · Huyện Tuần Giáo (đến 30/06/2025)"
    assert queries.unit_named("03260", everything).name == "Xã Pú Nhung"  # the code's present holder
    assert queries.unit_named("Xã Quài Cang", everything).valid_to is not None
    assert queries.unit_named("không có", everything) is None
