"""Who rates whom: the own unit, or many units but the own one."""

import pytest

from survey_app.access import Role
from survey_app.db import Database, now
from survey_app.errors import Invalid, Refused
from survey_app.rounds.copying import copy_round
from survey_app.rounds.models import RatedUnit
from survey_app.rounds.rating_rules import chosen_units, own_unit, rated_in_order, set_ratings, units_to_rate
from survey_app.rounds.rules import Basics, change_basics, create_round
from survey_app.units.models import UnitKind
from tests.make import csrf_token, make_group, make_unit, make_user


def province(session, with_school: bool = False):
    """A province with two sở and three communes, all rated, and its operator."""
    top = make_unit(session, "Tỉnh Điện Biên", kind=UnitKind.PROVINCE)
    for name in ("Sở Nội vụ", "Sở Tài chính"):
        make_unit(session, name, top, UnitKind.PROVINCIAL_OFFICE)
    communes = [make_unit(session, f"Xã {name}", top) for name in ("Chiềng Sinh", "Quài Tở", "Pú Nhung")]
    school = make_unit(session, "Trường THCS Pú Nhung", communes[2], UnitKind.SERVICE_UNIT)
    by = make_user(session, Role.OPERATOR, top)
    basics = Basics("Điều tra", 2026, "so_xa", now().date(), top.id)
    return create_round(session, "db-2026", basics, by), by, school


def names(units) -> list[str]:
    return [one.unit.name for one in units]


def test_both_levels_are_rated_in_one_round(database: Database) -> None:
    with database.writing() as session:
        survey_round, _by, _school = province(session)
        rated = names(rated_in_order(session, survey_round.id))
        assert rated == ["Sở Nội vụ", "Sở Tài chính", "Xã Chiềng Sinh", "Xã Pú Nhung", "Xã Quài Tở"]


def test_nobody_rates_the_own_unit_but_a_self_rating_group(database: Database) -> None:
    with database.writing() as session:
        survey_round, _by, school = province(session)
        rated = rated_in_order(session, survey_round.id)
        every = {one.id for one in rated}
        commune = next(one for one in rated if one.unit.name == "Xã Pú Nhung")
        assert own_unit(rated, school.path) is commune
        assert commune not in units_to_rate(rated, every, False, school.path)
        assert len(units_to_rate(rated, every, False, school.path)) == 4
        assert commune in units_to_rate(rated, every, True, school.path)
        # A citizen rates the commune; whoever belongs to no rated unit has nothing to rate.
        assert units_to_rate(rated, (), False, school.path) == (commune,)
        assert units_to_rate(rated, (), False, survey_round.operator_unit.path) == ()
        # A district round rates one unit: everybody answers about it.
        assert units_to_rate(rated[:1], (), False, school.path) == (rated[0],)


def test_ratings_are_set_copied_and_go_with_their_unit(database: Database) -> None:
    with database.writing() as session:
        survey_round, by, _school = province(session)
        group = make_group(session, survey_round, "A")
        make_group(session, survey_round, "E")
        every = [one.id for one in rated_in_order(session, survey_round.id)]
        set_ratings(session, survey_round, {"A": every}, by)
        assert chosen_units(session, survey_round.id) == {group.id: frozenset(every)}
        with pytest.raises(Invalid) as refused:
            set_ratings(session, survey_round, {"A": every[:1], "E": [0, *every]}, by)
        assert set(refused.value.faults) == {"rates_A", "rates_E"}
        copied = copy_round(session, survey_round, "db-2027", 2027, survey_round.as_of, by).round
        again = chosen_units(session, copied.id)
        assert [len(units) for units in again.values()] == [5]
        basics = Basics("Điều tra", 2026, "so_xa", survey_round.as_of, survey_round.operator_unit_id)
        kept = [session.get_one(RatedUnit, one).unit_id for one in every[:3]]
        change_basics(session, survey_round, basics, kept, by)
        assert chosen_units(session, survey_round.id) == {group.id: frozenset(every[:3])}
        set_ratings(session, survey_round, {}, by)
        assert chosen_units(session, survey_round.id) == {}
        survey_round.opened_at = now()
        with pytest.raises(Refused):
            set_ratings(session, survey_round, {"A": every}, by)


def test_the_page_offers_the_usual_sets_and_single_units(database: Database, signed_in) -> None:
    with database.writing() as session:
        survey_round, _by, _school = province(session)
        group = make_group(session, survey_round, "A", name="Lãnh đạo sở")
        rated = [one.id for one in rated_in_order(session, survey_round.id)]
        code, group_id, top = survey_round.code, group.id, survey_round.operator_unit
    client = signed_in(Role.OPERATOR, unit=top)
    page = client.get(f"/rounds/{code}/settings/ratings").text
    assert "Các xã, phường, thị trấn (3)" in page
    assert "Các sở, ngành (2)" in page

    def save(**form):
        return client.post(
            f"/rounds/{code}/settings/ratings", data={"csrf_token": csrf_token(client), **form}, follow_redirects=False
        )

    def stored():
        with database.reading() as session:
            return chosen_units(session, survey_round_id).get(group_id, frozenset())

    with database.reading() as session:
        survey_round_id = rated and session.get_one(RatedUnit, rated[0]).round_id
    assert save(rates_A="communes").status_code == 303
    assert stored() == frozenset(rated[2:])
    faulty = save(rates_A="picked", units_A=str(rated[0]))
    assert faulty.status_code == 422
    assert "đánh dấu từ 2 đơn vị" in faulty.text
    assert save(rates_A="picked", units_A=[str(rated[0]), str(rated[4])]).status_code == 303
    assert stored() == {rated[0], rated[4]}
    assert f'id="units_A-{rated[4]}" value="{rated[4]}" checked' in client.get(f"/rounds/{code}/settings/ratings").text
    assert save(rates_A="one").status_code == 303
    assert stored() == frozenset()
