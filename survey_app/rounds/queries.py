"""What may be asked of the rounds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import and_, exists, func, select
from sqlalchemy.orm import Session, selectinload

from ..access import Actor, Role, in_scope
from ..audit import AuditEntry
from ..errors import Missing
from ..units.models import Unit
from ..units.queries import units_on
from .cancelling import refuse_if_cancelled
from .levels import LEVELS, OPERATING_KINDS, is_territory
from .models import Area, Cell, Criterion, CriterionSet, Quota, RatedUnit, RespondentGroup, Round

_UNIT_ROLES = (Role.UNIT_OFFICER, Role.UNIT_HEAD)


def find_round(session: Session, code: str, by: Actor, *, even_cancelled: bool = False) -> Round:
    """The round with this code, if `by` may see it; raises Missing otherwise.

    Office accounts see the rounds whose operator lies in their subtree, unit accounts those that ask their unit.
    A writing session gets a cancelled round only with `even_cancelled` (to copy or erase it, to give out what it has),
    else Refused.
    """
    found = session.scalar(select(Round).where(Round.code == code))
    if found is None or not may_see(session, found, by):
        raise Missing
    if session.info.get("writes") and not even_cancelled:
        refuse_if_cancelled(found)
    return found


def may_see(session: Session, survey_round: Round, by: Actor) -> bool:
    """`by` may see this round."""
    if by.role in _UNIT_ROLES:
        asked = exists().where(
            Quota.group_id == RespondentGroup.id,
            RespondentGroup.round_id == survey_round.id,
            Quota.unit_id == getattr(by, "unit_id", None),
        )
        return bool(session.scalar(select(asked)))
    return in_scope(by, survey_round.operator_unit.path)


def visible_rounds(session: Session, by: Actor) -> list[Round]:
    """Rounds whose operator lies in the subtree of `by`, the newest year first."""
    if by.scope_path is None:
        return []
    rounds = session.scalars(
        select(Round)
        .join(Unit, Unit.id == Round.operator_unit_id)
        .where(Unit.path.startswith(by.scope_path, autoescape=True))
        .order_by(Round.year.desc(), Round.id.desc())
    )
    return list(rounds)


@dataclass(frozen=True)
class Size:
    """How large a round is: units that hand in lists, persons asked for, groups."""

    units: int = 0
    persons: int = 0
    groups: int = 0


def sizes(session: Session, rounds: Sequence[Round]) -> dict[int, Size]:
    """The size of each round by its id, in one query."""
    rows = session.execute(
        select(
            RespondentGroup.round_id,
            func.count(func.distinct(Quota.unit_id)),
            func.coalesce(func.sum(Quota.target), 0),
            func.count(func.distinct(RespondentGroup.id)),
        )
        .outerjoin(Quota, and_(Quota.group_id == RespondentGroup.id, Quota.target > 0))
        .where(RespondentGroup.round_id.in_([r.id for r in rounds]))
        .group_by(RespondentGroup.round_id)
    )
    return {round_id: Size(units, int(persons), groups) for round_id, units, persons, groups in rows}


def groups_of(session: Session, survey_round: Round) -> list[RespondentGroup]:
    """Groups of a round in the order of their letters, with quotas and units loaded."""
    return list(
        session.scalars(
            select(RespondentGroup)
            .where(RespondentGroup.round_id == survey_round.id)
            .order_by(RespondentGroup.code)
            .options(selectinload(RespondentGroup.quotas).joinedload(Quota.unit), selectinload(RespondentGroup.ratings))
        )
    )


def criteria_of(session: Session, survey_round: Round) -> CriterionSet | None:
    """The criterion set of a round with areas and leaves loaded; None before one was imported."""
    return session.scalar(
        select(CriterionSet)
        .where(CriterionSet.round_id == survey_round.id)
        .options(selectinload(CriterionSet.areas).selectinload(Area.leaves))
    )


def surveyed_group_codes(session: Session, survey_round: Round) -> list[str]:
    """Letters of the groups that some leaf criterion of the round asks."""
    leaves = session.scalars(
        select(Criterion).join(Area).join(CriterionSet).where(CriterionSet.round_id == survey_round.id)
    )
    return sorted({code for leaf in leaves for code in leaf.group_codes})


def rated_units(session: Session, survey_round: Round) -> list[Unit]:
    """Units rated in a round, in Vietnamese order."""
    return list(
        session.scalars(
            select(Unit)
            .join(RatedUnit, RatedUnit.unit_id == Unit.id)
            .where(RatedUnit.round_id == survey_round.id)
            .order_by(Unit.order_key)
        )
    )


def operating_units(session: Session, by: Actor) -> list[Unit]:
    """Bodies in the subtree of `by` that may run a round, whatever their time of validity."""
    if by.scope_path is None:
        return []
    return list(
        session.scalars(
            select(Unit)
            .where(Unit.path.startswith(by.scope_path, autoescape=True), Unit.kind.in_(OPERATING_KINDS))
            .order_by(func.length(Unit.path) - func.length(func.replace(Unit.path, "/", "")), Unit.order_key)
        )
    )


def units_of_territory(session: Session, operator_unit: Unit, day: date) -> list[Unit]:
    """Units valid on `day` in the area where the operator works: they may hand in lists or be rated."""
    root = operator_unit
    if not is_territory(operator_unit) and operator_unit.parent_id is not None:
        root = session.get_one(Unit, operator_unit.parent_id)
    return list(session.scalars(units_on(day, root.path)))


def candidates_to_rate(session: Session, operator_unit: Unit, level: str, day: date) -> list[Unit]:
    """Units of a level that a round of this operator may rate."""
    return [u for u in units_of_territory(session, operator_unit, day) if u.kind in LEVELS[level][1]]


def has_cells(session: Session, survey_round: Round) -> bool:
    """Publication cells are fixed: mode and threshold are told to people from here on and no longer change."""
    return bool(session.scalar(select(exists().where(Cell.round_id == survey_round.id))))


def earlier_rounds_with_quotas(session: Session, survey_round: Round, by: Actor) -> list[Round]:
    """Other real rounds visible to `by` that have quotas, the newest first."""
    others = [r for r in visible_rounds(session, by) if r.id != survey_round.id and not r.is_training]
    found = sizes(session, others)
    return [r for r in others if found.get(r.id, Size()).persons]


def latest_entries(session: Session, survey_round: Round, limit: int = 5) -> list[AuditEntry]:
    """The newest audit entries of a round."""
    return list(
        session.scalars(
            select(AuditEntry)
            .where(AuditEntry.action.startswith("round."), AuditEntry.fields["round"].as_string() == survey_round.code)
            .order_by(AuditEntry.id.desc())
            .limit(limit)
        )
    )
