"""The round of this year from that of another: rules, criteria, groups, quotas and days; persons never.

What lies to the right of a round is copied by who owns it: a subject registers here what it takes over.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from ..access import Actor
from ..audit import Action, record
from ..units.models import Unit
from .models import Area, Criterion, CriterionSet, Quota, RespondentGroup, Round
from .rules import Basics, create_round, title_for_year

Copier = Callable[[Session, Round, Round, Actor], int]
_copiers: list[Copier] = []

# Settings that are no days and nothing that happened: they hold until somebody changes them.
_KEPT = (
    "grace_hours", "collects_ethnicity", "purpose", "legal_basis", "rules", "k_min", "head_confirms", "blocks_short",
    "blocks_over", "key_mode", "help_phone", "help_hours",
)  # fmt: skip
_OFFICE_DAYS = ("lists_open_on", "lists_due_on", "handover_due_on", "opens_on", "closes_on")
_OTHER_DAYS = ("period_from", "period_to", "age_on", "erase_personal_data_on")
_SATURDAY = 5


@dataclass
class Copied:
    """What came over: the new round, how much of each, and units that are no more, with what follows them."""

    round: Round
    groups: int = 0
    quotas: int = 0
    criteria: int = 0
    questionnaires: int = 0
    gone: list[tuple[str, str]] = field(default_factory=list)  # (unit, its successor or nothing)


def register_copier(function: Copier) -> None:
    """`function(session, source, target, by)` takes its part over and says how many pieces."""
    _copiers.append(function)


def copy_round(
    session: Session, source: Round, code: str, year: int, as_of: date, by: Actor, *, purge_on: date | None = None
) -> Copied:
    """A new round in preparation with the settings of `source`, its days moved by the years between.

    With `purge_on` it is a training round.
    Days of office work that fall on a weekend go to the Monday after. A quota of a unit that is not valid on `as_of` is
    left out and named. Raises Invalid as `create_round`.
    """
    basics = Basics(title_for_year(source.title, year), year, source.level, as_of, source.operator_unit_id)
    made = create_round(session, code, basics, by, purge_on=purge_on)
    for name in _KEPT:
        setattr(made, name, getattr(source, name))
    for name in (*_OFFICE_DAYS, *_OTHER_DAYS):
        moved = _moved(getattr(source, name), year - source.year)
        setattr(made, name, _office_day(moved) if name in _OFFICE_DAYS else moved)
    copied = Copied(made)
    copied.criteria = _copy_criteria(session, source, made)
    _copy_groups(session, source, copied, as_of)
    session.flush()
    session.refresh(made)
    copied.questionnaires = sum(copier(session, source, made, by) for copier in _copiers)
    record(session, Action.ROUND_COPIED, by, round=made.code, source=source.code)
    return copied


def _moved(day: date | None, years: int) -> date | None:
    """The same day of another year; 29 February becomes the 28th where there is none."""
    if day is None:
        return None
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def _office_day(day: date | None) -> date | None:
    if day is None or day.weekday() < _SATURDAY:
        return day
    return day + timedelta(days=7 - day.weekday())


def _copy_criteria(session: Session, source: Round, made: Round) -> int:
    before = source.criterion_set
    if before is None:
        return 0
    criteria = CriterionSet(
        round_id=made.id, title=before.title, source_name=before.source_name, source_sha256=before.source_sha256
    )
    for area in before.areas:
        leaves = [
            Criterion(
                code=leaf.code, title=leaf.title, max_points=leaf.max_points, scored_by=leaf.scored_by,
                group_codes=list(leaf.group_codes), position=leaf.position,
            )
            for leaf in area.leaves
        ]  # fmt: skip
        criteria.areas.append(Area(code=area.code, name=area.name, position=area.position, leaves=leaves))
    session.add(criteria)
    return len(before.leaves)


def _copy_groups(session: Session, source: Round, copied: Copied, as_of: date) -> None:
    quotas = session.scalars(
        select(Quota)
        .join(RespondentGroup)
        .where(RespondentGroup.round_id == source.id)
        .options(joinedload(Quota.unit))
        .order_by(Quota.id)
    ).all()
    gone: dict[str, str] = {}
    for group in source.groups:
        twin = RespondentGroup(
            round_id=copied.round.id, code=group.code, name=group.name, list_type=group.list_type, mode=group.mode,
            self_rating=group.self_rating, payment=group.payment,
        )  # fmt: skip
        copied.groups += 1
        for quota in (one for one in quotas if one.group_id == group.id):
            if not quota.unit.is_valid_on(as_of):
                gone[quota.unit.name] = _successor_name(session, quota.unit, as_of)
                continue
            limits = {"target": quota.target, "minimum": quota.minimum, "maximum": quota.maximum}
            twin.quotas.append(Quota(unit_id=quota.unit_id, **limits))
            copied.quotas += 1
        session.add(twin)
    copied.gone = list(gone.items())


def _successor_name(session: Session, unit: Unit, as_of: date) -> str:
    followers: Sequence[Unit] = session.scalars(select(Unit).where(Unit.code == unit.successor_code)).all()
    return next((one.name for one in followers if one.is_valid_on(as_of)), "")
