"""What follows from a change of the roster in the steps to the right of it.

Invitations and codes are made from the roster, but a step may not import those after it; each registers here what it
does when persons join or leave, and what somebody who decides should know of a person.
"""

from collections.abc import Callable, Sequence

from sqlalchemy.orm import Session

from ..roster.models import Person
from ..rounds.models import Round

Follow = Callable[[Session, Round, Sequence[Person], Sequence[Person]], None]
Tell = Callable[[Session, Person], str]

_follow: list[Follow] = []
_tell: list[Tell] = []


def register_effect(follow: Follow, tell: Tell) -> None:
    """`follow(session, round, joined, left)` runs with the new version; `tell(session, person)` says why it matters."""
    _follow.append(follow)
    _tell.append(tell)


def run_effects(session: Session, survey_round: Round, joined: Sequence[Person], left: Sequence[Person]) -> None:
    """Let every later step follow, in the transaction of the change."""
    for follow in _follow:
        follow(session, survey_round, joined, left)


def told_about(session: Session, person: Person) -> list[str]:
    """Sentences on what it means to take this person off the roster."""
    return [sentence for tell in _tell if (sentence := tell(session, person))]
