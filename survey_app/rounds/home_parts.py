"""What the home page of a round shows of later steps, which a round may not import: they register it here."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from .models import Round


@dataclass(frozen=True)
class KeyHolderLine:
    """A key holder as the home page names him: the body, and the state of the key (a badge of kind «key»)."""

    body: str
    state: str


KeyHolderFunction = Callable[[Session, Round], list[KeyHolderLine]]
_key_holders: list[KeyHolderFunction] = []


def register_key_holders(function: KeyHolderFunction) -> None:
    """Let `function(session, round)` name the key holders of a round."""
    _key_holders[:] = [function]


def key_holders(session: Session, survey_round: Round) -> list[KeyHolderLine]:
    """The key holders of a round; empty while nobody is named."""
    return [line for function in _key_holders for line in function(session, survey_round)]
