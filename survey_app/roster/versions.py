"""The locked versions of a roster: all of them, and one by its number."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from ..errors import Missing
from ..rounds.models import Round
from .models import ChangeRequest, RosterVersion, UnitList


def find_by_code(session: Session, code: str) -> Round:
    """The round with this code, for commands. Raises Missing when there is none."""
    found = session.scalar(select(Round).where(Round.code == code))
    if found is None:
        raise Missing(f"Không có đợt «{code}».")
    return found


def versions_of(session: Session, survey_round: Round) -> Sequence[RosterVersion]:
    """All locked versions of the roster, the newest first, with the requests that made them."""
    return session.scalars(
        select(RosterVersion)
        .where(RosterVersion.round_id == survey_round.id)
        .options(selectinload(RosterVersion.changes).joinedload(ChangeRequest.unit_list).joinedload(UnitList.unit))
        .order_by(RosterVersion.number.desc())
    ).all()


def find_version(session: Session, survey_round: Round, number: int | None) -> RosterVersion:
    """One version by its number. Raises Missing when there is none."""
    found = session.scalar(
        select(RosterVersion).where(RosterVersion.round_id == survey_round.id, RosterVersion.number == number)
    )
    if found is None:
        raise Missing(f"Không có bản {number} của danh sách.")
    return found
