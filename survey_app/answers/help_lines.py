"""Whom may a respondent call whose page belongs to no round: the page of the code, a wrong code, an error?"""

from dataclasses import dataclass
from time import monotonic

from flask import current_app
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from ..rounds.models import Round
from ..web import reading
from .blueprint import bp

_KEPT_SECONDS = 30.0
_MOST = 3  # more would help nobody: then the letter is named, which has the right one


@dataclass(frozen=True)
class HelpLine:
    """The help telephone of one organiser and its hours."""

    organisation: str
    phone: str
    hours: str


@bp.app_template_global("help_lines")
def help_lines() -> tuple[HelpLine, ...]:
    """The telephones of the rounds that take answers now; none when they are many, or the database is away."""
    kept: tuple[float, tuple[HelpLine, ...]] | None = current_app.extensions.get("survey_help_lines")
    if kept is not None and monotonic() - kept[0] < _KEPT_SECONDS:
        return kept[1]
    try:
        found = _open_lines(reading())
    except SQLAlchemyError:  # the page of an error must not fail itself
        return ()
    current_app.extensions["survey_help_lines"] = (monotonic(), found)
    return found


def _open_lines(session: Session) -> tuple[HelpLine, ...]:
    open_now = session.scalars(
        select(Round)
        .where(Round.opened_at.is_not(None), Round.closed_at.is_(None), Round.cancelled_at.is_(None))
        .where(Round.help_phone != "")
        .order_by(Round.id)
    )
    lines = dict.fromkeys(HelpLine(one.operator_unit.name, one.help_phone, one.help_hours) for one in open_now)
    return tuple(lines) if len(lines) <= _MOST else ()
