"""Builders with sensible defaults: each makes one real row and what it needs."""

from datetime import date
from decimal import Decimal
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from survey_app.access import Role
from survey_app.db import now
from survey_app.roster.models import ListState, Person, UnitList
from survey_app.rounds.models import (
    Area,
    Criterion,
    CriterionSet,
    ListType,
    Quota,
    RatedUnit,
    RespondentGroup,
    Round,
    ScoredBy,
)
from survey_app.text import order_key, person_order_key, search_key
from survey_app.units.models import Unit, UnitKind
from survey_app.users.models import User
from survey_app.users.sessions import start_session


def _next(session: Session, model: Any) -> int:
    return (session.scalar(select(func.max(model.id))) or 0) + 1


def make_unit(
    session: Session,
    name: str = "Xã Quài Cang",
    parent: Unit | None = None,
    kind: UnitKind = UnitKind.COMMUNE,
    **facts: Any,
) -> Unit:
    """A unit valid from 2020; below `parent` when given."""
    number = _next(session, Unit)
    unit = Unit(
        code=facts.pop("code", f"T{number:03}"),
        name=name,
        kind=kind,
        parent_id=parent.id if parent else None,
        valid_from=facts.pop("valid_from", date(2020, 1, 1)),
        search_key=search_key(name),
        order_key=order_key(name),
        aliases=[],
        **facts,
    )
    session.add(unit)
    session.flush()
    unit.path = f"{parent.path if parent else '/'}{unit.id}/"
    session.flush()
    return unit


def make_district(session: Session) -> Unit:
    """Huyện Tuần Giáo, the root of a small tree."""
    return make_unit(session, "Huyện Tuần Giáo", kind=UnitKind.DISTRICT, code="099")


def make_user(session: Session, role: Role = Role.OPERATOR, unit: Unit | None = None, **facts: Any) -> User:
    """An active account without password (tests sign in by a session of their own)."""
    number = _next(session, User)
    name = facts.pop("full_name", f"Lò Thị Minh {number}")
    user = User(
        login=facts.pop("login", f"user{number}"),
        full_name=name,
        role=role,
        unit_id=unit.id if unit else None,
        created_at=now(),
        search_key=search_key(name),
        order_key=person_order_key(name),
        **facts,
    )
    session.add(user)
    session.flush()
    session.refresh(user)
    return user


def sign_in_client(app: Flask, user: User) -> FlaskClient:
    """A test browser that holds a living session of `user`."""
    with app.extensions["survey_database"].writing() as session:
        token = start_session(session, user, "test", app.extensions["survey_settings"].keys.pepper)
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = token
        cookie["_fresh"] = True
    return client


def csrf_token(client: FlaskClient) -> str:
    """The form token of this browser: needed in the data of every POST of an office page."""
    from flask_wtf.csrf import generate_csrf

    with client.session_transaction() as cookie, client.application.test_request_context():
        from flask import g
        from flask import session as flask_session

        token = generate_csrf()
        cookie["csrf_token"] = flask_session["csrf_token"]
        g.pop("csrf_token", None)
    return token


def make_round(session: Session, operator_unit: Unit | None = None, **facts: Any) -> Round:
    """A round of 2021 in preparation, rating its operator's district."""
    number = _next(session, Round)
    unit = operator_unit or make_district(session)
    survey_round = Round(
        code=facts.pop("code", f"r{number}"),
        title=facts.pop("title", "Điều tra xã hội học xác định Chỉ số CCHC năm 2021"),
        year=facts.pop("year", 2021),
        level=UnitKind.DISTRICT,
        as_of=date(2021, 12, 1),
        operator_unit_id=unit.id,
        lists_due_on=date(2021, 12, 14),
        opens_on=facts.pop("opens_on", date(2021, 12, 20)),
        closes_on=facts.pop("closes_on", date(2099, 1, 7)),
        period_from=date(2021, 1, 1),
        period_to=date(2021, 11, 30),
        age_on=date(2021, 12, 1),
        help_phone="0215 3862 000",
        help_hours="7:30–17:00",
        rules=facts.pop("rules", {}),
        created_at=now(),
        **facts,
    )
    session.add(survey_round)
    session.flush()
    session.add(RatedUnit(round_id=survey_round.id, unit_id=unit.id))
    session.flush()
    return survey_round


def make_group(
    session: Session, survey_round: Round, code: str = "E", list_type: ListType = ListType.CITIZENS, **facts: Any
) -> RespondentGroup:
    """A respondent group of a round."""
    group = RespondentGroup(
        round_id=survey_round.id, code=code, name=facts.pop("name", "Người dân"), list_type=list_type, **facts
    )
    session.add(group)
    session.flush()
    return group


def make_quota(session: Session, group: RespondentGroup, unit: Unit, target: int = 20) -> Quota:
    quota = Quota(group_id=group.id, unit_id=unit.id, target=target)
    session.add(quota)
    session.flush()
    return quota


def make_criteria(session: Session, survey_round: Round, leaves: list[tuple[str, str, str, list[str]]]) -> CriterionSet:
    """A criterion set of one area; `leaves`: (code, points, scored_by, group codes)."""
    criteria = CriterionSet(round_id=survey_round.id, title="Bộ tiêu chí thử")
    area = Area(code="I", name="Chỉ đạo, điều hành", position=1)
    for position, (code, points, scored_by, groups) in enumerate(leaves, 1):
        area.leaves.append(
            Criterion(
                code=code,
                title=f"Tiêu chí {code}",
                max_points=Decimal(points),
                scored_by=ScoredBy(scored_by),
                group_codes=groups,
                position=position,
            )
        )
    criteria.areas.append(area)
    session.add(criteria)
    session.flush()
    return criteria


def make_list(
    session: Session, group: RespondentGroup, unit: Unit, persons: int = 0, state: ListState = ListState.APPROVED
) -> UnitList:
    """A unit's list for a group, with `persons` persons in it."""
    unit_list = UnitList(round_id=group.round_id, unit_id=unit.id, group_id=group.id, state=state)
    session.add(unit_list)
    session.flush()
    for position in range(1, persons + 1):
        make_person(session, unit_list, position=position)
    return unit_list


def make_person(session: Session, unit_list: UnitList, position: int = 1, **facts: Any) -> Person:
    """A person of a list, with a valid phone number of an invented shape."""
    name = facts.pop("name", f"Lò Văn Thử {unit_list.id}-{position}")
    person = Person(
        list_id=unit_list.id,
        position=position,
        name=name,
        birth_year=facts.pop("birth_year", 1980),
        gender=facts.pop("gender", "Nam"),
        phone=facts.pop("phone", f"03{unit_list.id % 10000:04}{position % 10000:04}"),
        search_key=search_key(name),
        order_key=person_order_key(name),
        **facts,
    )
    session.add(person)
    session.flush()
    return person
