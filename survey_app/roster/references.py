"""How does the audit log name a person without saying who it is?"""

from sqlalchemy.orm import Session

from ..sealed_columns import keys_of
from ..text import fold
from .models import Person

_LENGTH = 12


def reference_of(session: Session, person: Person) -> str:
    """A short keyed hash of list, name and birth year: one sign for one person, until one of these is corrected.

    Not of the row's number: a list that is handed in anew has new rows.
    """
    facts = f"{person.list_id}|{fold(person.name)}|{person.birth_year or ''}"
    return keys_of(session.get_bind().dialect).hash_of("person", facts)[:_LENGTH]


def reference_of_search(session: Session, text: str) -> str:
    """The sign of what was searched for: one search made twice has one sign, and the sign tells nobody the name."""
    return keys_of(session.get_bind().dialect).hash_of("search", fold(text))[:_LENGTH]
