"""What may be asked of the tables about how far lists and answers are: counts only, never who."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session

from ..access_codes.models import Invitation, InvitationState
from ..access_codes.queries import answered_by_batches
from ..roster.models import ListState, Person, UnitList
from ..rounds.models import Quota, RespondentGroup
from ..units.models import Unit

SUBMITTED = (ListState.SUBMITTED, ListState.APPROVED, ListState.LOCKED)
APPROVED = (ListState.APPROVED, ListState.LOCKED)


def groups_of(session: Session, round_id: int) -> Sequence[RespondentGroup]:
    """The respondent groups of a round by code."""
    return session.scalars(
        select(RespondentGroup).where(RespondentGroup.round_id == round_id).order_by(RespondentGroup.code)
    ).all()


def lists_by_unit(session: Session, round_id: int, scope_path: str) -> list[tuple[Unit, int, int, int]]:
    """Rows (unit, lists due, submitted, approved) of the units in the subtree, in Vietnamese order.

    A list is due for each group of which the unit is asked for persons.
    """
    rows = session.execute(
        select(
            Unit,
            func.count(),
            _sum(UnitList.state.in_(SUBMITTED)),
            _sum(UnitList.state.in_(APPROVED)),
        )
        .join(Quota, Quota.unit_id == Unit.id)
        .join(RespondentGroup, RespondentGroup.id == Quota.group_id)
        .outerjoin(UnitList, (UnitList.group_id == Quota.group_id) & (UnitList.unit_id == Quota.unit_id))
        .where(
            RespondentGroup.round_id == round_id, Quota.target > 0, Unit.path.startswith(scope_path, autoescape=True)
        )
        .group_by(Unit.id)
        .order_by(Unit.order_key, Unit.code)
    )
    return [(unit, due, int(submitted), int(approved)) for unit, due, submitted, approved in rows]


def answered_by_unit(session: Session, round_id: int, scope_path: str) -> list[tuple[int, str, int, int]]:
    """Rows (unit id, group code, persons asked, answers of them); replaced persons are not asked.

    Of those who drew a slip the number of answers is known, not who gave them.
    """
    by_batches = {(unit, group): answers for unit, group, answers in answered_by_batches(session, round_id)}
    rows = session.execute(
        select(
            UnitList.unit_id,
            RespondentGroup.id,
            RespondentGroup.code,
            func.count(),
            _sum(Invitation.state == InvitationState.RECEIVED),
        )
        .select_from(Invitation)
        .join(Person, Person.id == Invitation.person_id)
        .join(UnitList, UnitList.id == Person.list_id)
        .join(RespondentGroup, RespondentGroup.id == UnitList.group_id)
        .join(Unit, Unit.id == UnitList.unit_id)
        .where(
            Invitation.round_id == round_id,
            Invitation.state != InvitationState.REPLACED,
            Unit.path.startswith(scope_path, autoescape=True),
        )
        .group_by(UnitList.unit_id, RespondentGroup.id, RespondentGroup.code)
    )
    return [
        (unit, code, asked, int(answered) + by_batches.get((unit, group), 0))
        for unit, group, code, asked, answered in rows
    ]


def answered_in_all(session: Session, round_id: int) -> tuple[int, int]:
    """(persons asked, answers of them) of the whole round."""
    asked, answered = session.execute(
        select(func.count(), _sum(Invitation.state == InvitationState.RECEIVED)).where(
            Invitation.round_id == round_id, Invitation.state != InvitationState.REPLACED
        )
    ).one()
    return asked, int(answered) + sum(answers for _unit, _group, answers in answered_by_batches(session, round_id))


def _sum(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)
