"""The unit's head (thủ trưởng đơn vị) between officer and office: passes a list on, or sends it back to the officer."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from ..access import Actor, Role
from ..audit import Action, record
from ..errors import Invalid, Refused
from ..rounds.models import Round
from ..units.models import Unit
from ..users.models import User
from .models import HEAD_RETURNED, ListState, UnitList
from .rules import add_event, hand_to_office, refuse_bad_reason, refuse_if_not_as_seen


def lists_awaiting_head(session: Session, survey_round: Round, unit: Unit) -> list[UnitList]:
    """Lists of a unit that wait for its head, by group."""
    query = (
        select(UnitList)
        .where(
            UnitList.round_id == survey_round.id, UnitList.unit_id == unit.id,
            UnitList.state == ListState.AWAITING_HEAD,
        )
        .options(joinedload(UnitList.group), selectinload(UnitList.persons))
    )  # fmt: skip
    return sorted(session.scalars(query), key=lambda one: one.group.code)


def heads_of(session: Session, unit_id: int) -> int:
    """How many accounts of a unit's head can sign in."""
    query = select(func.count()).where(User.unit_id == unit_id, User.role == Role.UNIT_HEAD, User.active)
    return session.scalar(query) or 0


def pass_on(
    session: Session, unit_list: UnitList, by: Actor, declared: bool, seen_version: int | None = None
) -> None:  # fmt: skip
    """The head confirms the list and hands it to the office.

    Raises Refused for another role or state, Invalid without the declaration, Conflict when it is not what was seen.
    """
    _refuse_unless_waiting(session, unit_list, seen_version)
    if by.role != Role.UNIT_HEAD:
        raise Refused("Chỉ thủ trưởng đơn vị xác nhận và trình được danh sách này.")
    if not declared:
        raise Invalid({"declared": "Đánh dấu vào ô này để xác nhận danh sách."})
    hand_to_office(session, unit_list, by, unit_list.short_reason)


def send_to_officer(
    session: Session, unit_list: UnitList, by: Actor, reason: str, seen_version: int | None = None
) -> None:  # fmt: skip
    """Back to the officer with a reason: by the head, or by the officer who wants to correct it.

    Raises what `pass_on` raises, Invalid without a reason.
    """
    _refuse_unless_waiting(session, unit_list, seen_version)
    refuse_bad_reason(reason, "Ghi lý do để cán bộ lập danh sách biết cần sửa gì.")
    unit_list.state = ListState.DRAFT
    add_event(session, unit_list, by, reason.strip(), HEAD_RETURNED)
    record(
        session, Action.LIST_FROM_HEAD, by, round=unit_list.round.code, unit=unit_list.unit.name,
        group=unit_list.group.code,
    )  # fmt: skip


def _refuse_unless_waiting(session: Session, unit_list: UnitList, seen_version: int | None) -> None:
    refuse_if_not_as_seen(session, unit_list, seen_version)
    if unit_list.state != ListState.AWAITING_HEAD:
        raise Refused("Danh sách này không chờ thủ trưởng xác nhận.")
