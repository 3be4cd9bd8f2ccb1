"""The round of this year from that of another: rules, criteria, groups, quotas and days; persons never.

What lies to the right of a round is copied by who owns it: a subject registers here what it takes over.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from ..access import Actor
from ..audit import Action, AuditEntry, record
from ..text import today
from ..units.models import Unit
from .models import Area, Criterion, CriterionSet, GroupRating, Quota, RatedUnit, RespondentGroup, Round
from .rules import Basics, create_round, title_for_year

Copier = Callable[[Session, Round, Round, Actor], int]
_copiers: list[Copier] = []

# Settings that are no days and nothing that happened: they hold until somebody changes them.
_KEPT = (
    "grace_hours", "collects_ethnicity", "purpose", "legal_basis", "rules", "k_min", "head_confirms", "blocks_short",
    "blocks_over", "key_mode", "reading_purpose", "help_phone", "help_hours",
)  # fmt: skip
_OFFICE_DAYS = ("lists_open_on", "lists_due_on", "handover_due_on", "opens_on", "closes_on")
_OTHER_DAYS = ("period_from", "period_to", "age_on", "erase_personal_data_on")
_SATURDAY = 5


@dataclass(frozen=True)
class GoneUnit:
    """A unit with quotas that is not valid on the day of the new round: what it was asked for, and who follows it."""

    unit: Unit
    targets: dict[str, int]  # by group letter
    successor: Unit | None


@dataclass
class Copied:
    """What came over: the new round, how much of each, and the units that are no more."""

    round: Round
    groups: int = 0
    quotas: int = 0
    criteria: int = 0
    questionnaires: int = 0
    gone: list[GoneUnit] = field(default_factory=list)


def register_copier(function: Copier) -> None:
    """`function(session, source, target, by)` takes its part over and says how many pieces."""
    _copiers.append(function)


def copy_round(
    session: Session, source: Round, code: str, year: int, as_of: date, by: Actor, *,
    purge_on: date | None = None, with_criteria: bool = True, inherited: Collection[int] = (),
) -> Copied:  # fmt: skip
    """A new round in preparation with the settings of `source`, its days moved by the years between.

    With `purge_on` it is a training round, whose work begins today and ends before that day; without `with_criteria` a
    new criterion set is to be loaded. Days of office work that fall on a weekend go to the Monday after. The quotas of
    a unit that is not valid on `as_of` go to its successor when the unit's id is in `inherited`, else they are left
    out. Raises Invalid as `create_round`.
    """
    basics = Basics(title_for_year(source.title, year), year, source.level, as_of, source.operator_unit_id)
    made = create_round(session, code, basics, by, purge_on=purge_on)
    for name in _KEPT:
        setattr(made, name, getattr(source, name))
    for name in (*_OFFICE_DAYS, *_OTHER_DAYS):
        moved = _moved(getattr(source, name), year - source.year)
        setattr(made, name, _office_day(moved) if name in _OFFICE_DAYS else moved)
    if purge_on is not None:
        _fit_before(made, purge_on)
    copied = Copied(made, gone=gone_units(session, source, as_of))
    copied.criteria = _copy_criteria(session, source, made) if with_criteria else 0
    heirs = {one.unit.id: one.successor for one in copied.gone if one.unit.id in inherited and one.successor}
    _copy_groups(session, source, copied, as_of, heirs)
    session.flush()
    session.refresh(made)
    copied.questionnaires = sum(copier(session, source, made, by) for copier in _copiers)
    record(
        session, Action.ROUND_COPIED, by, round=made.code, source=source.code, criteria=copied.criteria,
        questionnaires=copied.questionnaires,
    )  # fmt: skip
    return copied


def gone_units(session: Session, source: Round, as_of: date) -> list[GoneUnit]:
    """Units with quotas in `source` that are not valid on `as_of`, in Vietnamese order."""
    targets: dict[Unit, dict[str, int]] = {}
    for quota in _quotas(session, source):
        if _same_unit(session, quota.unit, as_of) is None:
            targets.setdefault(quota.unit, {})[quota.group.code] = quota.target
    return [
        GoneUnit(unit, dict(sorted(groups.items())), _successor(session, unit, as_of))
        for unit, groups in sorted(targets.items(), key=lambda one: one[0].order_key)
    ]


def source_of(session: Session, survey_round: Round) -> AuditEntry | None:
    """The entry of the log that tells from which round this one was made; none for one that was made anew."""
    code = AuditEntry.fields["round"].as_string()
    query = select(AuditEntry).where(AuditEntry.action == Action.ROUND_COPIED.value.code, code == survey_round.code)
    return session.scalar(query.order_by(AuditEntry.id.desc()).limit(1))


def _moved(day: date | None, years: int) -> date | None:
    """The same day of another year; 29 February becomes the 28th where there is none."""
    if day is None:
        return None
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def _fit_before(made: Round, purge_on: date) -> None:
    """Days of office work from today on, close enough together that all can be practised before the round is gone."""
    days = {name: day for name in _OFFICE_DAYS if (day := getattr(made, name)) is not None}
    if not days:
        return
    first, start = min(days.values()), today()
    span = (max(days.values()) - first).days
    room = max((purge_on - start).days - 1, 0)
    for name, day in days.items():
        after = (day - first).days
        setattr(made, name, start + timedelta(days=after if span <= room else after * room // span))


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


def _copy_groups(session: Session, source: Round, copied: Copied, as_of: date, heirs: Mapping[int, Unit]) -> None:
    quotas = _quotas(session, source)
    rated = _rated_again(session, source, copied.round, as_of)
    for group in source.groups:
        twin = RespondentGroup(
            round_id=copied.round.id, code=group.code, name=group.name, list_type=group.list_type, mode=group.mode,
            self_rating=group.self_rating, payment=group.payment,
        )  # fmt: skip
        copied.groups += 1
        asked: dict[int, Quota] = {}
        for quota in (one for one in quotas if one.group_id == group.id):
            unit = _same_unit(session, quota.unit, as_of) or heirs.get(quota.unit_id)
            if unit is not None:
                _ask_for(asked, unit, quota)
        twin.quotas.extend(asked.values())
        again = dict.fromkeys(rated[one.rated_unit_id] for one in group.ratings if one.rated_unit_id in rated)
        twin.ratings.extend(GroupRating(rated_unit_id=unit) for unit in again)
        copied.quotas += len(asked)
        session.add(twin)


def _rated_again(session: Session, source: Round, made: Round, as_of: date) -> dict[int, int]:
    """Rated unit of the source -> that of the new round, where the unit is rated there too."""
    new = {one.unit_id: one.id for one in session.scalars(select(RatedUnit).where(RatedUnit.round_id == made.id))}
    found = {}
    for rated in session.scalars(select(RatedUnit).where(RatedUnit.round_id == source.id)):
        unit = _same_unit(session, rated.unit, as_of)
        if unit is not None and unit.id in new:
            found[rated.id] = new[unit.id]
    return found


def _ask_for(asked: dict[int, Quota], unit: Unit, quota: Quota) -> None:
    """The unit is asked for these persons too; one that takes another's place is asked for both."""
    before = asked.get(unit.id)
    if before is None:
        asked[unit.id] = Quota(
            unit_id=unit.id, target=quota.target, minimum=quota.minimum, maximum=quota.maximum
        )  # fmt: skip
        return
    if before.minimum is not None or quota.minimum is not None:
        before.minimum = before.least + quota.least
    if before.maximum is not None or quota.maximum is not None:
        before.maximum = before.most + quota.most
    before.target += quota.target


def _quotas(session: Session, survey_round: Round) -> Sequence[Quota]:
    query = (
        select(Quota)
        .join(RespondentGroup)
        .where(RespondentGroup.round_id == survey_round.id, Quota.target > 0)
        .options(joinedload(Quota.unit), joinedload(Quota.group))
    )
    return session.scalars(query.order_by(Quota.id)).all()


def _same_unit(session: Session, unit: Unit, day: date) -> Unit | None:
    """The unit as it is on the day: itself, or the entry that goes on with its code."""
    return unit if unit.is_valid_on(day) else _valid(session, unit.code, day)


def _valid(session: Session, code: str | None, day: date) -> Unit | None:
    entries: Sequence[Unit] = session.scalars(select(Unit).where(Unit.code == code)).all() if code else []
    return next((one for one in entries if one.is_valid_on(day)), None)


def _successor(session: Session, unit: Unit, day: date) -> Unit | None:
    """Who follows the unit on the day, over several mergers if need be."""
    code, seen = unit.successor_code, {unit.code}
    while code and code not in seen:
        if (found := _valid(session, code, day)) is not None:
            return found
        seen.add(code)
        code = session.scalar(
            select(Unit.successor_code).where(Unit.code == code, Unit.successor_code.is_not(None)).limit(1)
        )
    return None
