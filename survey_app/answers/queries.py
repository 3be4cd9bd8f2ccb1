"""What is asked of the tables when a respondent comes, and about the keys and envelopes of a round."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import bindparam, case, func, select
from sqlalchemy.orm import Session

from ..access_codes.models import AccessCode, Invitation, InvitationState
from ..questionnaires.models import QuestionnaireVersion
from ..questionnaires.queries import definition_of, published_version
from ..rounds.models import Cell, RatedUnit, RespondentGroup, Round
from .models import Envelope, Opening, RoundKey

__all__ = [
    "Access",
    "Window",
    "count_envelopes",
    "definition_of",
    "find_access",
    "invitations_by_group",
    "opening_of",
    "published_version",
    "rated_units",
    "round_keys",
    "sealing_keys",
    "versions_of_round",
]


@dataclass(frozen=True)
class Window:
    """When a round takes answers."""

    opened_at: datetime | None
    closed_at: datetime | None
    opens_on: date | None
    closes_on: date | None
    grace_hours: int


@dataclass(frozen=True)
class Access:
    """What a personal code leads to, as it is at this moment."""

    round_id: int
    group_id: int
    invitation_id: int
    state: InvitationState
    replay_digest: str | None
    void: bool
    help_phone: str
    window: Window
    keys: int  # holders who have proved that they can open


# Built once: this is asked for every page of every respondent.
_ACCESS = (
    select(
        AccessCode.void,
        Invitation.id,
        Invitation.state,
        Invitation.replay_digest,
        Cell.group_id,
        Round.id,
        Round.help_phone,
        Round.opened_at,
        Round.closed_at,
        Round.opens_on,
        Round.closes_on,
        Round.grace_hours,
        select(func.count())
        .where(RoundKey.round_id == Round.id, RoundKey.tested_before_start)
        .correlate(Round)
        .scalar_subquery(),
    )
    .join(Invitation, AccessCode.invitation_id == Invitation.id)
    .join(Cell, Invitation.cell_id == Cell.id)
    .join(Round, Invitation.round_id == Round.id)
    .where(AccessCode.code_hash == bindparam("code_hash"))
)
_ACCESS_AND_LOCK = _ACCESS.with_for_update(read=True, of=Round)


def find_access(session: Session, code_hash: str, lock_round: bool = False) -> Access | None:
    """Where the code leads, or none. `lock_round` keeps the round from being closed until the transaction ends."""
    query = _ACCESS_AND_LOCK if lock_round else _ACCESS
    row = session.connection().execute(query, {"code_hash": code_hash}).one_or_none()
    if row is None:
        return None
    void, invitation_id, state, digest, group_id, round_id, phone, *window, keys = row
    return Access(round_id, group_id, invitation_id, InvitationState(state), digest, void, phone, Window(*window), keys)


def versions_of_round(session: Session, round_id: int) -> dict[int, QuestionnaireVersion]:
    """All published versions of all groups of a round, by id."""
    rows = session.scalars(
        select(QuestionnaireVersion)
        .join(RespondentGroup)
        .where(RespondentGroup.round_id == round_id, QuestionnaireVersion.published_at.is_not(None))
    )
    return {version.id: version for version in rows}


def rated_units(session: Session, round_id: int) -> list[RatedUnit]:
    """The rated units of a round."""
    return list(session.scalars(select(RatedUnit).where(RatedUnit.round_id == round_id).order_by(RatedUnit.id)))


def round_keys(session: Session, round_id: int) -> list[RoundKey]:
    """All key holders of a round, in the order of their invitation."""
    return list(session.scalars(select(RoundKey).where(RoundKey.round_id == round_id).order_by(RoundKey.id)))


def sealing_keys(session: Session, round_id: int) -> list[RoundKey]:
    """The holders to whom answers are sealed: those who have proved once that they can open."""
    return [key for key in round_keys(session, round_id) if key.public_key and key.tested_before_start]


def count_envelopes(session: Session, round_id: int) -> int:
    """How many sealed answers of a round lie unopened."""
    return session.scalar(select(func.count()).select_from(Envelope).where(Envelope.round_id == round_id)) or 0


def opening_of(session: Session, round_id: int) -> Opening | None:
    """The record of the opening of a round's envelopes, or none."""
    return session.scalar(select(Opening).where(Opening.round_id == round_id))


def invitations_by_group(session: Session, round_id: int) -> dict[int, tuple[int, int]]:
    """Group -> (persons invited, persons who have answered)."""
    answered = func.sum(case((Invitation.state == InvitationState.RECEIVED, 1), else_=0))
    rows = session.execute(
        select(Cell.group_id, func.count(), answered)
        .join(Invitation, Invitation.cell_id == Cell.id)
        .where(Invitation.round_id == round_id)
        .group_by(Cell.group_id)
    )
    return {group_id: (invited, int(received or 0)) for group_id, invited, received in rows}
