"""What may be asked of persons across rounds, and of their requests."""

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session, joinedload

from ..access import Actor
from ..access_codes.models import Invitation
from ..errors import Missing
from ..roster.models import Person, UnitList, email_form
from ..roster.normalise import phone_number
from ..rounds.models import Round
from ..rounds.queries import visible_rounds
from ..sealed_columns import keys_of
from ..text import search_key
from .models import PrivacyRequest, RequestState

MOST_FOUND = 30
FEWEST_LETTERS = 4


def _persons(session: Session, by: Actor) -> Select[Person]:
    """Persons of all rounds that `by` may see, with list, unit, group and round; erased ones are nobody."""
    rounds = [one.id for one in visible_rounds(session, by)]
    return (
        select(Person)
        .join(UnitList, Person.list_id == UnitList.id)
        .join(Round, UnitList.round_id == Round.id)
        .where(UnitList.round_id.in_(rounds), Round.personal_data_erased_at.is_(None))
        .options(
            joinedload(Person.unit_list).options(
                joinedload(UnitList.unit), joinedload(UnitList.group), joinedload(UnitList.round)
            )
        )
        .order_by(Round.purge_on.is_not(None), Round.year.desc(), Person.order_key, Person.id)
    )


def find_persons(session: Session, by: Actor, text: str) -> list[Person]:
    """Persons with this telephone number or address of mail, or whose name holds the text; marks do not matter."""
    wanted = search_key(text)
    if len(wanted) < FEWEST_LETTERS:
        return []
    hash_of = keys_of(session.get_bind().dialect).hash_of
    fits = [Person.search_key.contains(wanted, autoescape=True)]
    if number := phone_number(text).number:
        fits.append(Person.phone_key == hash_of("phone", number))
    if "@" in text:
        fits.append(Person.email_key == hash_of("email", email_form(text)))
    return list(session.scalars(_persons(session, by).where(or_(*fits)).limit(MOST_FOUND)))


def find_person(session: Session, person_id: int, by: Actor) -> Person:
    """One person of a round that `by` may see. Raises Missing for others."""
    found = session.scalar(_persons(session, by).where(Person.id == person_id))
    if found is None:
        raise Missing
    return found


def requests(session: Session, by: Actor, page: int, per_page: int) -> tuple[list[PrivacyRequest], int, int]:
    """(one page, how many in all, how many of them open): those to be answered first, by their last day."""
    rounds = [one.id for one in visible_rounds(session, by)]
    query = select(PrivacyRequest).where(PrivacyRequest.round_id.in_(rounds)).options(joinedload(PrivacyRequest.round))
    found = list(session.scalars(query))  # a register of a district has some dozens of rows in a year
    waiting = (RequestState.OPEN, RequestState.WAITING)
    found.sort(key=lambda one: (one.state not in waiting, one.due_on if one.state in waiting else one.id, one.id))
    is_open = sum(1 for one in found if one.state in waiting)
    return found[(page - 1) * per_page : page * per_page], len(found), is_open


def find_request(session: Session, request_id: int, by: Actor) -> PrivacyRequest:
    """One request of a round that `by` may see, with its person. Raises Missing for others."""
    found = session.scalar(
        select(PrivacyRequest)
        .where(
            PrivacyRequest.id == request_id,
            PrivacyRequest.round_id.in_([one.id for one in visible_rounds(session, by)]),
        )
        .options(joinedload(PrivacyRequest.round))
    )
    if found is None:
        raise Missing
    return found


def invitation_of(session: Session, person: Person) -> Invitation | None:
    """The invitation of a person; None before the cells are fixed."""
    return session.scalar(select(Invitation).where(Invitation.person_id == person.id))
