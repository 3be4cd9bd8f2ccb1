"""What may be asked of requests and versions."""

from collections.abc import Sequence

from sqlalchemy import Select, case, select
from sqlalchemy.orm import Session, joinedload, selectinload

from ..access import Actor, has_right, in_scope
from ..errors import Missing
from ..roster.models import ChangeRequest, ChangeState, ListState, Person, UnitList
from ..roster.queries import ListCard, cards, own_unit
from ..rounds.models import RespondentGroup, Round
from ..rounds.queries import find_round
from ..units.models import Unit


def find_list_to_change(session: Session, code: str, list_id: int, by: Actor) -> UnitList:
    """A list of a round with a locked roster that `by` may ask changes for: the own unit's, or any of the office's.

    One that was missing at the lock is found too. Raises Missing for another's, and before locking.
    """
    survey_round = find_round(session, code, by)
    if survey_round.roster_locked_at is None:
        raise Missing
    found = session.scalar(
        select(UnitList)
        .where(UnitList.id == list_id, UnitList.round_id == survey_round.id)
        .options(
            joinedload(UnitList.unit), joinedload(UnitList.group), joinedload(UnitList.round),
            selectinload(UnitList.persons),
        )
    )  # fmt: skip
    if found is None or not _may_see(by, survey_round, found.unit):
        raise Missing
    return found


def _may_see(by: Actor, survey_round: Round, unit: Unit) -> bool:
    """The office sees the lists of its round; a unit account those of the own unit alone."""
    if has_right(by, "changes.decide"):
        return in_scope(by, survey_round.operator_unit.path)
    return getattr(by, "unit_id", None) == unit.id


def find_person(unit_list: UnitList, person_id: int | None) -> Person:
    """A person who is on the list now. Raises Missing for another."""
    for person in unit_list.persons:
        if person.id == person_id:
            return person
    raise Missing


def locked_lists(session: Session, survey_round: Round, by: Actor) -> Sequence[UnitList]:
    """The lists of the locked roster that `by` may ask changes for, units in Vietnamese order."""
    query = (
        select(UnitList)
        .join(Unit, UnitList.unit_id == Unit.id)
        .join(RespondentGroup, UnitList.group_id == RespondentGroup.id)
        .where(UnitList.round_id == survey_round.id, UnitList.state == ListState.LOCKED)
        .options(joinedload(UnitList.unit), joinedload(UnitList.group))
        .order_by(Unit.order_key, Unit.id, RespondentGroup.code)
    )
    if not has_right(by, "changes.decide"):
        query = query.where(UnitList.unit_id == getattr(by, "unit_id", None))
    return session.scalars(query).all()


def missing_lists(session: Session, survey_round: Round, by: Actor) -> list[ListCard]:
    """The lists of the plan that are not in the locked roster, of the own unit or of all; empty before locking."""
    if survey_round.roster_locked_at is None:
        return []
    unit = None if has_right(by, "changes.decide") else own_unit(by)
    return [card for card in cards(session, survey_round, unit) if card.state != ListState.LOCKED]


def find_missing_list(session: Session, survey_round: Round, unit_id: int, group_code: str, by: Actor) -> ListCard:
    """One of `missing_lists`. Raises Missing for another."""
    for card in missing_lists(session, survey_round, by):
        if (card.unit.id, card.group.code) == (unit_id, group_code):
            return card
    raise Missing


def _requests(survey_round: Round, by: Actor) -> Select[ChangeRequest]:
    """Requests of a round that `by` may see: those waiting first, then the newest."""
    waits = case((ChangeRequest.state == ChangeState.PENDING, 0), else_=1)
    query = (
        select(ChangeRequest)
        .join(UnitList, ChangeRequest.list_id == UnitList.id)
        .where(ChangeRequest.round_id == survey_round.id)
        .options(
            joinedload(ChangeRequest.person), joinedload(ChangeRequest.version),
            joinedload(ChangeRequest.unit_list).joinedload(UnitList.unit),
            joinedload(ChangeRequest.unit_list).joinedload(UnitList.group),
            joinedload(ChangeRequest.unit_list).joinedload(UnitList.round),
        )
        .order_by(waits, ChangeRequest.id.desc())
    )  # fmt: skip
    if has_right(by, "changes.decide"):
        return query
    return query.where(UnitList.unit_id == getattr(by, "unit_id", None))


def requests_of(session: Session, survey_round: Round, by: Actor) -> Sequence[ChangeRequest]:
    """All requests of a round that `by` may see."""
    return session.scalars(_requests(survey_round, by)).all()


def find_requests(session: Session, code: str, ids: Sequence[int], by: Actor) -> list[ChangeRequest]:
    """Requests by id, in the order in which they were written. Raises Missing when one is not to be seen."""
    survey_round = find_round(session, code, by)
    if has_right(by, "changes.decide") and not in_scope(by, survey_round.operator_unit.path):
        raise Missing
    found = session.scalars(_requests(survey_round, by).where(ChangeRequest.id.in_(ids))).all()
    if len(found) != len(set(ids)):
        raise Missing
    return sorted(found, key=lambda one: one.id)
