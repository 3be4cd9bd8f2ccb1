"""What is asked of the tables when a respondent comes, and about the keys and envelopes of a round."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, case, false, func, null, select
from sqlalchemy.orm import Session

from ..access_codes.models import AccessCode, Batch, BatchKind, Invitation, InvitationState
from ..access_codes.queries import answered_by_batches
from ..questionnaires.models import QuestionnaireVersion
from ..questionnaires.queries import definition_of, published_version
from ..rounds.models import Cell, RatedUnit, RespondentGroup, Round
from .models import Envelope, Opening, RoundKey

__all__ = [
    "Access",
    "Window",
    "access_of_nobody",
    "count_envelopes",
    "definition_of",
    "find_access",
    "find_accesses",
    "invitations_by_group",
    "is_version_of",
    "opening_of",
    "published_version",
    "rated_units",
    "round_keys",
    "sealing_keys",
    "versions_of_round",
    "window_of",
]


@dataclass(frozen=True)
class Window:
    """When a round takes answers."""

    opened_at: datetime | None
    closed_at: datetime | None
    opens_on: date | None
    closes_on: date | None
    grace_hours: int
    cancelled_at: datetime | None = None


def window_of(survey_round: Round) -> Window:
    """When this round takes answers."""
    return Window(
        survey_round.opened_at,
        survey_round.closed_at,
        survey_round.opens_on,
        survey_round.closes_on,
        survey_round.grace_hours,
        survey_round.cancelled_at,
    )


@dataclass(frozen=True)
class Access:
    """What a code leads to, as it is at this moment: to an invitation, or for a slip to its batch.

    `state` of a slip tells of the slip alone: received once it was used.
    """

    round_id: int
    group_id: int
    invitation_id: int | None
    batch_id: int | None
    state: InvitationState
    replay_digest: str | None
    void: bool
    help_phone: str
    window: Window
    keys: int  # holders who have proved that they can open
    mode: str  # of the group
    on_paper: bool = False  # the code keys one form of a batch of paper forms


def access_of_nobody(survey_round: Round, group: RespondentGroup, keys: int) -> Access:
    """What a code of this group would lead to, for a device that has none yet. It can be answered with by nobody."""
    window = window_of(survey_round)
    unused = InvitationState.UNUSED
    return Access(
        survey_round.id, group.id, None, None, unused, None, True, survey_round.help_phone, window, keys, group.mode
    )


_ROUND_FACTS = (
    Cell.group_id,
    Round.id,
    Round.help_phone,
    Round.opened_at,
    Round.closed_at,
    Round.opens_on,
    Round.closes_on,
    Round.grace_hours,
    Round.cancelled_at,
    select(func.count())
    .where(RoundKey.round_id == Round.id, RoundKey.tested_before_start)
    .correlate(Round)
    .scalar_subquery(),
    select(RespondentGroup.mode).where(RespondentGroup.id == Cell.group_id).correlate(Cell).scalar_subquery(),
)
# Built once: these are asked for every page of every respondent.
_BY_INVITATION = (
    select(
        AccessCode.code_hash,
        AccessCode.void,
        Invitation.id,
        null(),
        Invitation.state,
        Invitation.replay_digest,
        false(),
        *_ROUND_FACTS,
    )
    .join(Invitation, AccessCode.invitation_id == Invitation.id)
    .join(Cell, Invitation.cell_id == Cell.id)
    .join(Round, Invitation.round_id == Round.id)
    .where(AccessCode.code_hash.in_(bindparam("code_hashes", expanding=True)))
)
_BY_SLIP = (
    select(
        AccessCode.code_hash,
        AccessCode.void,
        null(),
        Batch.id,
        case((AccessCode.spent, InvitationState.RECEIVED), else_=InvitationState.UNUSED),
        AccessCode.replay_digest,
        Batch.kind == BatchKind.PAPER,
        *_ROUND_FACTS,
    )
    .join(Batch, AccessCode.batch_id == Batch.id)
    .join(Cell, Batch.cell_id == Cell.id)
    .join(Round, Batch.round_id == Round.id)
    .where(AccessCode.code_hash.in_(bindparam("code_hashes", expanding=True)))
)
_PLAIN = (_BY_INVITATION, _BY_SLIP)
_LOCKING = tuple(query.with_for_update(read=True, of=Round) for query in _PLAIN)


def find_access(session: Session, code_hash: str, lock_round: bool = False) -> Access | None:
    """Where the code leads, or none. `lock_round` keeps the round from being closed until the transaction ends."""
    return find_accesses(session, [code_hash], lock_round).get(code_hash)


def find_accesses(session: Session, code_hashes: Sequence[str], lock_round: bool = False) -> dict[str, Access]:
    """Where each of the codes leads, as `find_access`; a code that leads nowhere is missing."""
    found: dict[str, Access] = {}
    for query in _LOCKING if lock_round else _PLAIN:
        wanted = [code_hash for code_hash in code_hashes if code_hash not in found]
        if wanted:
            rows = session.connection().execute(query, {"code_hashes": wanted})
            found.update((code_hash, _access(*facts)) for code_hash, *facts in rows)
    return found


def _access(
    void: bool,
    invitation_id: int | None,
    batch_id: int | None,
    state: str,
    digest: str | None,
    on_paper: bool,
    group_id: int,
    round_id: int,
    phone: str,
    *others: Any,
) -> Access:
    *window, keys, mode = others
    return Access(
        round_id, group_id, invitation_id, batch_id, InvitationState(state), digest, void, phone,
        Window(*window), keys, mode, bool(on_paper),
    )  # fmt: skip


def groups_by_place(session: Session, round_id: int) -> set[int]:
    """Groups whose opened ballots also tell a place, since their publication cells are communes."""
    cells = select(Cell.group_id).where(Cell.round_id == round_id, Cell.unit_id.is_not(None))
    return set(session.scalars(cells.where(Cell.merged_into_id.is_(None)).distinct()))


def versions_of_round(session: Session, round_id: int) -> dict[int, QuestionnaireVersion]:
    """All published versions of all groups of a round, by id."""
    rows = session.scalars(
        select(QuestionnaireVersion)
        .join(RespondentGroup)
        .where(RespondentGroup.round_id == round_id, QuestionnaireVersion.published_at.is_not(None))
    )
    return {version.id: version for version in rows}


def is_version_of(session: Session, version_id: object, group_id: int) -> bool:
    """The published version with this id belongs to the group."""
    if not isinstance(version_id, int):
        return False
    version = session.get(QuestionnaireVersion, version_id)
    return version is not None and version.group_id == group_id and version.published_at is not None


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


def answers_of_group(session: Session, round_id: int, group_id: int) -> int:
    """How many persons of a group have answered."""
    return invitations_by_group(session, round_id).get(group_id, (0, 0))[1]


def invitations_by_group(session: Session, round_id: int) -> dict[int, tuple[int, int]]:
    """Group -> (persons invited, persons who have answered, with their own code, a slip or on paper)."""
    answered = func.sum(case((Invitation.state == InvitationState.RECEIVED, 1), else_=0))
    rows = session.execute(
        select(Cell.group_id, func.count(), answered)
        .join(Invitation, Invitation.cell_id == Cell.id)
        .where(Invitation.round_id == round_id)
        .group_by(Cell.group_id)
    )
    by_batches: Counter[int] = Counter()
    for _unit, group_id, answers in answered_by_batches(session, round_id):
        by_batches[group_id] += answers
    return {group_id: (invited, int(received or 0) + by_batches[group_id]) for group_id, invited, received in rows}
