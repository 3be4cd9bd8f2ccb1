"""A round with a locked roster, for the tests of cells and codes."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from survey_app.access import Role
from survey_app.db import now
from survey_app.roster.models import ListState
from survey_app.rounds.models import ListType, RespondentGroup, Round
from survey_app.units.models import Unit, UnitKind
from survey_app.users.models import User
from tests.make import make_district, make_group, make_list, make_round, make_unit, make_user


@dataclass(frozen=True)
class Place:
    district: Unit
    communes: list[Unit]
    office: Unit
    operator: User
    round: Round
    citizens: RespondentGroup
    officials: RespondentGroup


def make_place(session: Session, citizens=(6, 3, 2), officials=5, locked=True, **facts) -> Place:
    """Group E with `citizens` persons of each commune, group A with `officials` persons of one office."""
    district = make_district(session)
    names = ("Xã Quài Cang", "Xã Nà Sáy", "Xã Ta Ma", "Xã Pú Xi")
    communes = [
        make_unit(session, name, district, code=f"0{number}") for number, name in enumerate(names[: len(citizens)], 1)
    ]
    office = make_unit(session, "Phòng Nội vụ", district, UnitKind.DISTRICT_OFFICE, code="TG-NV")
    survey_round = make_round(session, district, code="tg-2021", roster_locked_at=now() if locked else None, **facts)
    group_e = make_group(session, survey_round, "E", ListType.CITIZENS)
    group_a = make_group(session, survey_round, "A", ListType.OFFICIALS, name="Lãnh đạo phòng")
    state = ListState.LOCKED if locked else ListState.APPROVED
    for commune, persons in zip(communes, citizens, strict=True):
        make_list(session, group_e, commune, persons, state)
    make_list(session, group_a, office, officials, state)
    session.expire(survey_round)
    operator = make_user(session, Role.OPERATOR, district)
    return Place(district, communes, office, operator, survey_round, group_e, group_a)
