"""What the page of a unit's lists shows of steps that the roster may not import: they register it here."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from ..access import Actor
from ..rounds.models import Round


@dataclass(frozen=True)
class OwnListPart:
    """A line on the page: what it is, how it stands, and where it leads."""

    heading: str
    detail: str
    url: str = ""
    link: str = ""


OwnListFunction = Callable[[Session, Round, Actor], list[OwnListPart]]
_parts: list[OwnListFunction] = []


def register_own_list_part(function: OwnListFunction) -> None:
    """Let `function(session, round, account)` add lines to the page of the account's lists."""
    _parts.append(function)


def own_list_parts(session: Session, survey_round: Round, by: Actor) -> list[OwnListPart]:
    """All registered lines."""
    return [part for function in _parts for part in function(session, survey_round, by)]
