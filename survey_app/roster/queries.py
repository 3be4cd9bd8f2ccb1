"""What may be asked of lists, drafts and the roster."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import cast

from sqlalchemy import func, select
from sqlalchemy.orm import Session, contains_eager, defer, joinedload, selectinload

from ..access import Actor, in_scope
from ..errors import Conflict, Missing, Refused
from ..rounds.models import Quota, RespondentGroup, Round
from ..rounds.queries import find_round
from ..text import moment_text, search_key
from ..units.models import Ban, Unit
from . import catalogue
from .catalogue import BanEntry, Catalogue, UnitEntry
from .checks import Sender
from .models import (
    ASKED,
    HEAD_RETURNED,
    ROW_REMOVED,
    ListEvent,
    ListState,
    Person,
    RosterVersion,
    RowComment,
    UnitList,
    Upload,
)
from .normalise import tax_code
from .persons import PersonRow, Terms

WITH_THE_OFFICE = frozenset({ListState.SUBMITTED, ListState.APPROVED, ListState.LOCKED})
CLOSED_TO_OFFICERS = WITH_THE_OFFICE | {ListState.AWAITING_HEAD}  # what the officer no longer changes
SEEN_BY_THE_OFFICE = WITH_THE_OFFICE | {ListState.RETURNED}  # what has been handed in once, and not changed since


@dataclass(frozen=True)
class ListCard:
    """One list that a unit is asked for: quota, the list so far (None before the first upload), persons in it."""

    group: RespondentGroup
    unit: Unit
    target: int
    unit_list: UnitList | None
    persons: int
    least: int
    most: int

    @property
    def state(self) -> ListState:
        return ListState(self.unit_list.state) if self.unit_list else ListState.NONE

    @property
    def takes_upload(self) -> bool:
        return self.state not in CLOSED_TO_OFFICERS

    @property
    def handed_in(self) -> int:
        """Persons on the list that the office has; what waits for the unit's head is not with the office yet."""
        return self.persons if self.state in WITH_THE_OFFICE else 0

    @property
    def on_roster(self) -> int:
        """Persons who are in the roster, or will be when it is locked: a list that was missing at the lock is not."""
        locked = self.group.round.roster_locked_at is not None
        return 0 if locked and self.state != ListState.LOCKED else self.handed_in

    @property
    def row_comments(self) -> list[RowComment]:
        """What the office still wants corrected in single rows."""
        return [one for one in self.unit_list.comments if one.settled_at is None] if self.unit_list else []

    @property
    def within_quota(self) -> bool:
        """Neither too few nor too many persons."""
        return self.least <= self.persons <= self.most

    @property
    def comment(self) -> str:
        """Why the list came back, all reasons since it was handed in, while the list is with the unit's officer."""
        return "\n".join(self._reasons(ListState.RETURNED))

    @property
    def head_comment(self) -> str:
        """Why the unit's head sent the list back to the officer."""
        return "\n".join(self._reasons(HEAD_RETURNED)[-1:])

    @property
    def sent_back(self) -> str:
        """Why the officer has the list again, whoever sent it back: the office or the unit's head."""
        return self.comment or self.head_comment

    def _reasons(self, step: str) -> list[str]:
        if self.state not in (ListState.RETURNED, ListState.DRAFT):
            return []
        return [event.comment for event in self._since_handed_in() if event.state == step]

    @property
    def questions(self) -> list[str]:
        """What the office asks of rows, or says of rows it took off, since the list was handed in."""
        return [event.comment for event in self._since_handed_in() if event.state in (ASKED, ROW_REMOVED)]

    def _since_handed_in(self) -> list[ListEvent]:
        events = self.unit_list.events if self.unit_list else []
        last = max((at for at, event in enumerate(events) if event.state == ListState.SUBMITTED), default=-1)
        return events[last + 1 :]


@dataclass
class UnitRow:
    """All lists of one unit in a round, by group code."""

    unit: Unit
    cards: dict[str, ListCard] = field(default_factory=dict)

    @property
    def state(self) -> ListState:
        """The state that still needs a hand most: returned, then not handed in, then handed in, then approved."""
        order = (
            ListState.RETURNED, ListState.NONE, ListState.DRAFT, ListState.AWAITING_HEAD, ListState.SUBMITTED,
            ListState.APPROVED, ListState.LOCKED,
        )  # fmt: skip
        states = {card.state for card in self.cards.values()}
        return next((state for state in order if state in states), ListState.NONE)


def own_unit(by: Actor) -> Unit:
    """The unit of a unit account. Raises Refused when the account has none."""
    unit = cast(Unit | None, getattr(by, "unit", None))
    if unit is None:
        raise Refused("Tài khoản này chưa gắn với đơn vị nào. Liên hệ cơ quan tổ chức.")
    return unit


def rounds_of_unit(session: Session, unit: Unit) -> list[Round]:
    """Rounds that ask this unit for lists, the newest first."""
    asked = (
        select(RespondentGroup.round_id)
        .join(Quota, Quota.group_id == RespondentGroup.id)
        .where(Quota.unit_id == unit.id, Quota.target > 0)
    )
    query = select(Round).where(Round.id.in_(asked), Round.lists_started_at.is_not(None))
    return list(session.scalars(query.order_by(Round.year.desc(), Round.id.desc())))


def cards(session: Session, survey_round: Round, unit: Unit | None = None) -> list[ListCard]:
    """Every list the round asks for (of one unit, if given), units in Vietnamese order, groups by letter."""
    persons = (
        select(Person.list_id, func.count().label("count"))
        .where(Person.left_in_version.is_(None))
        .group_by(Person.list_id)
        .subquery()
    )
    query = (
        select(Quota, UnitList, persons.c.count)
        .join(RespondentGroup, Quota.group_id == RespondentGroup.id)
        .join(Unit, Quota.unit_id == Unit.id)
        .outerjoin(UnitList, (UnitList.group_id == Quota.group_id) & (UnitList.unit_id == Quota.unit_id))
        .outerjoin(persons, persons.c.list_id == UnitList.id)
        .options(
            contains_eager(Quota.group),
            contains_eager(Quota.unit),
            selectinload(UnitList.events),
            selectinload(UnitList.comments),
        )
        .where(RespondentGroup.round_id == survey_round.id, Quota.target > 0)
        .order_by(Unit.order_key, Unit.id, RespondentGroup.code)
    )
    if unit is not None:
        query = query.where(Quota.unit_id == unit.id)
    return [
        ListCard(quota.group, quota.unit, quota.target, unit_list, count or 0, quota.least, quota.most)
        for quota, unit_list, count in session.execute(query)
    ]


def unit_rows(all_cards: Sequence[ListCard]) -> list[UnitRow]:
    """Cards gathered by unit, order kept."""
    rows: dict[int, UnitRow] = {}
    for card in all_cards:
        rows.setdefault(card.unit.id, UnitRow(card.unit)).cards[card.group.code] = card
    return list(rows.values())


def narrowed(rows: Sequence[UnitRow], text: str, state: str) -> list[UnitRow]:
    """Rows whose unit has `text` in its name (marks do not matter) and, if given, a list in `state`."""
    key = search_key(text)
    return [
        row
        for row in rows
        if key in row.unit.search_key and (not state or any(card.state == state for card in row.cards.values()))
    ]


def state_counts(all_cards: Sequence[ListCard]) -> Counter[ListState]:
    """How many lists are in each state."""
    return Counter(card.state for card in all_cards)


def find_list(session: Session, code: str, list_id: int, by: Actor) -> UnitList:
    """A list of a round with unit, group, persons and events. Raises Missing outside the scope of `by`."""
    survey_round = find_round(session, code, by)
    found = session.scalar(
        select(UnitList)
        .where(UnitList.id == list_id, UnitList.round_id == survey_round.id)
        .options(
            joinedload(UnitList.unit), joinedload(UnitList.group), joinedload(UnitList.round),
            selectinload(UnitList.persons), selectinload(UnitList.events), selectinload(UnitList.comments),
        )
    )  # fmt: skip
    # An operator stands in a department below the district: its lists are those of the whole district of the round.
    if found is None or not in_scope(by, survey_round.operator_unit.path) or found.state not in SEEN_BY_THE_OFFICE:
        raise Missing
    return found


def own_list(session: Session, code: str, list_id: int, by: Actor) -> UnitList:
    """A list of the unit of `by` with group, persons and events. Raises Missing for another unit's."""
    survey_round = find_round(session, code, by)
    found = session.scalar(
        select(UnitList)
        .where(
            UnitList.id == list_id, UnitList.round_id == survey_round.id, UnitList.unit_id == own_unit(by).id
        )
        .options(
            joinedload(UnitList.unit), joinedload(UnitList.group), joinedload(UnitList.round),
            selectinload(UnitList.persons), selectinload(UnitList.events), selectinload(UnitList.comments),
        )
    )  # fmt: skip
    if found is None:
        raise Missing
    return found


def quota_of(session: Session, unit_list: UnitList) -> Quota:
    """How many persons the list is asked for; nobody when the quota was taken back."""
    query = select(Quota).where(Quota.group_id == unit_list.group_id, Quota.unit_id == unit_list.unit_id)
    return session.scalar(query) or Quota(target=0)


def next_submitted(session: Session, survey_round: Round, after: int = 0) -> UnitList | None:
    """The list that has waited longest for the office, the one after list `after` if there is one."""
    query = (
        select(UnitList)
        .where(UnitList.round_id == survey_round.id, UnitList.state == ListState.SUBMITTED, UnitList.id != after)
        .order_by(UnitList.submitted_at, UnitList.id)
    )
    return session.scalar(query.limit(1))


def find_upload(session: Session, code: str, upload_id: int, by: Actor, to_change: bool = False) -> Upload:
    """A draft of the unit of `by`. Raises Missing for other units' drafts, Conflict when it was handed in meanwhile.

    `to_change` holds it: a second writer waits and then sees what the first one wrote.
    """
    survey_round = find_round(session, code, by)
    query = (
        select(Upload)
        .where(Upload.id == upload_id, Upload.round_id == survey_round.id, Upload.unit_id == own_unit(by).id)
        .options(selectinload(Upload.unit), selectinload(Upload.round), defer(Upload.content))
    )
    found = session.scalar(query.with_for_update() if to_change else query)
    if found is None:
        raise Missing
    if found.confirmed_at is not None:
        raise Conflict(
            f"Bản nháp này đã được nộp lúc {moment_text(found.confirmed_at)}. Chưa ghi gì. "
            "Cần sửa thì đề nghị cơ quan tổ chức trả lại."
        )
    return found


def open_drafts(session: Session, survey_round: Round, unit: Unit) -> list[Upload]:
    """Drafts of a unit in a round that are not confirmed, the newest first."""
    query = (
        select(Upload)
        .where(Upload.round_id == survey_round.id, Upload.unit_id == unit.id, Upload.confirmed_at.is_(None))
        .options(defer(Upload.content), defer(Upload.reading))
        .order_by(Upload.id.desc())
    )
    return list(session.scalars(query))


def sender_of(session: Session, survey_round: Round, unit: Unit, group_code: str | None = None) -> Sender:
    """The unit as sender of a list: the groups it is asked for, or the one group chosen."""
    codes = tuple(card.group.code for card in cards(session, survey_round, unit))
    return Sender(unit.code, (group_code,) if group_code in codes and group_code else codes)


def terms_of(survey_round: Round) -> Terms:
    """What the rows of this round are judged by; a day that is not set does not limit."""
    return Terms(
        survey_round.period_from or date.min,
        survey_round.period_to or date.max,
        survey_round.age_on or survey_round.as_of,
    )


def catalogue_of(session: Session, survey_round: Round) -> Catalogue:
    """Units and bản of the province of the round's operator, and the quotas of the round."""
    top = survey_round.operator_unit.path.split("/")[1]
    units = list(session.scalars(select(Unit).where(Unit.path.startswith(f"/{top}/")).options(joinedload(Unit.parent))))
    codes = {unit.code for unit in units}
    entries = [
        UnitEntry(
            unit.code, unit.name, unit.kind, unit.parent.code if unit.parent else None, unit.valid_from, unit.valid_to,
            unit.successor_code, tuple(unit.aliases),
        )
        for unit in units
    ]  # fmt: skip
    bans = [
        BanEntry(ban.code, ban.name, ban.commune_code, ban.valid_from, ban.valid_to, ban.successor_code)
        for ban in session.scalars(select(Ban).where(Ban.commune_code.in_(codes)).order_by(Ban.order_key))
    ]
    rows = session.execute(
        select(Unit.code, RespondentGroup.code, Quota)
        .select_from(Quota)
        .join(Unit, Quota.unit_id == Unit.id)
        .join(RespondentGroup, Quota.group_id == RespondentGroup.id)
        .where(RespondentGroup.round_id == survey_round.id)
    )
    quotas = {
        (unit_code, group): catalogue.Quota(
            quota.target, quota.least, quota.most, survey_round.blocks_short, survey_round.blocks_over
        )
        for unit_code, group, quota in rows
    }
    return Catalogue(entries, bans, quotas, [], terms_of(survey_round).age_on)


@dataclass(frozen=True)
class HandedIn:
    """A person on a list that was handed in, ready to be compared, with the name of the unit."""

    person: PersonRow
    list_id: int
    unit_code: str
    unit_name: str

    @property
    def place(self) -> str:
        """How a decision on a pair names the list: «unit code/group code»."""
        return f"{self.unit_code}/{self.person.group}"


def handed_in(session: Session, survey_round: Round, without: Sequence[int] = ()) -> list[HandedIn]:
    """Persons on lists that were handed in (submitted, approved, locked), but those of the lists `without`."""
    query = (
        select(
            Person.list_id, Person.position, RespondentGroup.code, Unit.code, Unit.name, Person.name, Person.birth_year,
            Person.phone, Person.ban_code, Person.tax_code,
        )
        .join(UnitList, Person.list_id == UnitList.id)
        .join(RespondentGroup, UnitList.group_id == RespondentGroup.id)
        .join(Unit, UnitList.unit_id == Unit.id)
        .where(UnitList.round_id == survey_round.id, UnitList.state.in_(WITH_THE_OFFICE))
        .where(UnitList.id.not_in(without), Person.left_in_version.is_(None))
        .order_by(Person.list_id, Person.position)
    )  # fmt: skip
    return [
        HandedIn(
            PersonRow(
                None, position, group, name=name, birth_year=year, phone=phone, ban_code=ban, tax_code=tax_code(tax)
            ),
            list_id,
            unit_code,
            unit_name,
        )
        for list_id, position, group, unit_code, unit_name, name, year, phone, ban, tax in session.execute(query)
    ]


def as_person_rows(unit_list: UnitList) -> list[PersonRow]:
    """The persons of a stored list in the shape that the checks compare."""
    return [
        PersonRow(
            None, person.position, unit_list.group.code, name=person.name, birth_year=person.birth_year,
            phone=person.phone, ban_code=person.ban_code, tax_code=tax_code(person.tax_code),
        )
        for person in unit_list.persons
    ]  # fmt: skip


def latest_version(session: Session, survey_round: Round) -> RosterVersion | None:
    """The newest locked version of the roster; None before locking."""
    return session.scalar(
        select(RosterVersion)
        .where(RosterVersion.round_id == survey_round.id)
        .order_by(RosterVersion.number.desc())
        .limit(1)
    )
