"""Locking the roster: how complete it is, and the step after which only an approved change request alters it."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from ..access import Actor
from ..audit import Action, record
from ..errors import Invalid, Refused
from ..rounds.cancelling import hold_round
from ..rounds.models import Round
from .content import make_version
from .models import ListState, RosterVersion, UnitList
from .pairs import open_pairs_among
from .queries import cards, latest_version, state_counts
from .rules import add_event


@dataclass(frozen=True)
class Readiness:
    """What locking would leave out: lists asked for, lists approved, those that are neither, pairs not decided."""

    asked: int
    approved: int
    waiting: int
    absent: int
    persons: int
    target: int
    least: int
    open_pairs: int

    @property
    def complete(self) -> bool:
        return self.approved == self.asked and self.persons >= self.least

    @property
    def needs_reason(self) -> bool:
        return not self.complete or self.open_pairs > 0


def readiness(session: Session, survey_round: Round) -> Readiness:
    """How complete the roster would be if it were locked now."""
    found = cards(session, survey_round)
    counts = state_counts(found)
    approved = counts[ListState.APPROVED] + counts[ListState.LOCKED]
    waiting = counts[ListState.SUBMITTED]
    persons = sum(card.persons for card in found if card.state in (ListState.APPROVED, ListState.LOCKED))
    return Readiness(
        len(found), approved, waiting, len(found) - approved - waiting, persons, sum(card.target for card in found),
        sum(card.least for card in found), open_pairs_among(session, survey_round, frozenset({ListState.APPROVED})),
    )  # fmt: skip


def lock_roster(session: Session, survey_round: Round, by: Actor, reason: str = "") -> RosterVersion:
    """Lock the approved lists as version 1 of the roster and store its canonical content with the SHA-256.

    Raises Refused when it is locked already or nothing is approved, Invalid when it is incomplete or
    pairs are not decided without a reason.
    """
    hold_round(session, survey_round)
    if survey_round.roster_locked_at is not None or latest_version(session, survey_round) is not None:
        raise Refused("Danh sách chung của đợt này đã khóa rồi.")
    state = readiness(session, survey_round)
    if state.approved == 0:
        raise Refused("Chưa có danh sách nào được duyệt nên chưa khóa được.")
    if not state.complete and not reason.strip():
        raise Invalid({"reason": "Danh sách còn thiếu. Ghi lý do khóa khi chưa đủ."})
    if state.needs_reason and not reason.strip():
        raise Invalid({"reason": f"Còn {state.open_pairs} cặp có thể trùng. Xem các cặp, hoặc ghi lý do vẫn khóa."})
    lists = session.scalars(
        select(UnitList)
        .where(UnitList.round_id == survey_round.id, UnitList.state == ListState.APPROVED)
        .options(selectinload(UnitList.persons), selectinload(UnitList.unit), selectinload(UnitList.group))
    ).all()
    version = make_version(session, survey_round, 1, lists, by, reason.strip())
    for unit_list in lists:
        unit_list.state = ListState.LOCKED
        add_event(session, unit_list, by)
    survey_round.roster_locked_at = version.locked_at
    record(
        session,
        Action.ROSTER_LOCKED,
        by,
        round=survey_round.code,
        number=1,
        persons=version.persons,
        sha256=version.sha256,
    )
    return version
