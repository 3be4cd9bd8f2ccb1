"""What may be asked of cells, invitations and codes. Nothing here tells what or when somebody answered."""

from dataclasses import dataclass

from sqlalchemy import Integer, Select, case, cast, exists, func, or_, select
from sqlalchemy.orm import Session, contains_eager, joinedload, selectinload

from ..errors import Missing
from ..roster.models import ListState, Person, UnitList
from ..roster.normalise import phone_number
from ..rounds.models import Cell, ListType, RespondentGroup, Round
from ..sealed_columns import keys_of
from ..text import search_key
from ..units.models import Unit
from .cell_plan import PlannedCells, plan_cells
from .models import AccessCode, Batch, BatchKind, Invitation, InvitationState


def roster_persons(survey_round: Round) -> Select[Person]:
    """The persons of the locked roster, in the order in which letters are handed out: unit, group, place in list."""
    return (
        _ever_on_roster(survey_round)
        .where(Person.left_in_version.is_(None))
        .options(
            contains_eager(Person.unit_list).contains_eager(UnitList.unit),
            contains_eager(Person.unit_list).contains_eager(UnitList.group),
        )
        .order_by(*_PLACE)
    )


_PLACE = (Unit.order_key, Unit.id, RespondentGroup.code, Person.position, Person.id)


def _ever_on_roster(survey_round: Round) -> Select[Person]:
    return (
        select(Person)
        .join(UnitList, UnitList.id == Person.list_id)
        .join(RespondentGroup, RespondentGroup.id == UnitList.group_id)
        .join(Unit, Unit.id == UnitList.unit_id)
        .where(UnitList.round_id == survey_round.id, UnitList.state == ListState.LOCKED)
    )


def person_numbers(session: Session, survey_round: Round) -> dict[int, int]:
    """Running number of each person of the locked roster, by person id: the number on letters and in code files.

    Numbers stay when the roster changes: who left keeps the number, who came later is counted after the others.
    """
    by_coming = func.coalesce(Person.joined_in_version, 0)
    ids = session.scalars(_ever_on_roster(survey_round).order_by(by_coming, *_PLACE).with_only_columns(Person.id))
    return {person_id: number for number, person_id in enumerate(ids, 1)}


def planned_cells(session: Session, survey_round: Round) -> list[tuple[RespondentGroup, PlannedCells]]:
    """For each group with persons in the locked roster, how its cells would be cut now."""
    rows = session.execute(
        select(UnitList.group_id, UnitList.unit_id, func.count(Person.id))
        .join(Person, Person.list_id == UnitList.id)
        .where(UnitList.round_id == survey_round.id, UnitList.state == ListState.LOCKED)
        .where(Person.left_in_version.is_(None))
        .group_by(UnitList.group_id, UnitList.unit_id)
    )
    counts: dict[int, dict[int, int]] = {}
    for group_id, unit_id, persons in rows:
        counts.setdefault(group_id, {})[unit_id] = persons
    return [
        (
            group,
            plan_cells(counts[group.id], survey_round.k_min, by_unit=group.list_type == ListType.CITIZENS),
        )
        for group in survey_round.groups
        if group.id in counts
    ]


def units_by_id(session: Session, ids: set[int]) -> dict[int, Unit]:
    """Units with these ids, in Vietnamese order."""
    return {unit.id: unit for unit in session.scalars(select(Unit).where(Unit.id.in_(ids)).order_by(Unit.order_key))}


def cells_of(session: Session, survey_round: Round) -> list[Cell]:
    """All cells of a round: by group, its own cell first, then those of units in Vietnamese order."""
    return list(
        session.scalars(
            select(Cell)
            .join(RespondentGroup, RespondentGroup.id == Cell.group_id)
            .outerjoin(Unit, Unit.id == Cell.unit_id)
            .where(Cell.round_id == survey_round.id)
            .options(joinedload(Cell.group), joinedload(Cell.unit))
            .order_by(RespondentGroup.code, Cell.unit_id.is_not(None), Unit.order_key, Cell.id)
        )
    )


def cells_are_fixed(session: Session, survey_round: Round) -> bool:
    """Whether the cells of a round were announced; they never change afterwards."""
    return session.scalar(select(exists().where(Cell.round_id == survey_round.id))) or False


@dataclass(frozen=True)
class CodeRow:
    """Invitations of one unit and group: how many persons, how many have a living code, how many answered."""

    unit: Unit
    group: RespondentGroup
    persons: int
    with_code: int
    living_codes: int
    waiting: int  # not answered, not declined


def code_table(session: Session, survey_round: Round) -> list[CodeRow]:
    """The table unit x group of the code page, in Vietnamese order of the units."""
    living = (
        select(AccessCode.invitation_id, func.count().label("codes"))
        .where(~AccessCode.void, AccessCode.invitation_id.is_not(None))
        .group_by(AccessCode.invitation_id)
        .subquery()
    )
    rows = session.execute(
        select(
            UnitList.unit_id,
            UnitList.group_id,
            func.count(Invitation.id),
            func.sum(case((living.c.codes > 0, 1), else_=0)),
            func.sum(func.coalesce(living.c.codes, 0)),
            func.sum(cast(Invitation.state == InvitationState.UNUSED, Integer)),
        )
        .select_from(Invitation)
        .join(Person, Person.id == Invitation.person_id)
        .join(UnitList, UnitList.id == Person.list_id)
        .outerjoin(living, living.c.invitation_id == Invitation.id)
        .where(Invitation.round_id == survey_round.id, Invitation.state != InvitationState.REPLACED)
        .group_by(UnitList.unit_id, UnitList.group_id)
    ).all()
    units = units_by_id(session, {row[0] for row in rows})
    groups = {group.id: group for group in survey_round.groups}
    table = [
        CodeRow(units[unit_id], groups[group_id], int(persons), int(have), int(living_codes), int(waiting))
        for unit_id, group_id, persons, have, living_codes, waiting in rows
    ]
    return sorted(table, key=lambda row: (row.unit.order_key, row.unit.id, row.group.code))


def invitations(
    survey_round: Round, unit: Unit | None = None, group: RespondentGroup | None = None
) -> Select[Invitation]:
    """The invitations of a round (of one unit or group) with person, list, unit and group, in the order of letters."""
    query = (
        select(Invitation)
        .join(Person, Person.id == Invitation.person_id)
        .join(UnitList, UnitList.id == Person.list_id)
        .join(Unit, Unit.id == UnitList.unit_id)
        .join(RespondentGroup, RespondentGroup.id == UnitList.group_id)
        .where(Invitation.round_id == survey_round.id)
        .options(
            contains_eager(Invitation.person).contains_eager(Person.unit_list).contains_eager(UnitList.unit),
            contains_eager(Invitation.person).contains_eager(Person.unit_list).contains_eager(UnitList.group),
        )
        .order_by(Unit.order_key, Unit.id, RespondentGroup.code, Person.position, Person.id)
    )
    if unit is not None:
        query = query.where(UnitList.unit_id == unit.id)
    return query if group is None else query.where(UnitList.group_id == group.id)


def find_invited(session: Session, survey_round: Round, text: str, limit: int = 20) -> list[Invitation]:
    """Invited persons whose name holds `text` without regard to marks, or whose whole telephone number it is."""
    wanted = search_key(text)
    if not wanted:
        return []
    fits = [Person.search_key.contains(wanted, autoescape=True)]
    if number := phone_number(text).number:
        fits.append(Person.phone_key == keys_of(session.get_bind().dialect).hash_of("phone", number))
    return list(session.scalars(invitations(survey_round).where(or_(*fits)).limit(limit)))


def find_invitation(session: Session, survey_round: Round, invitation_id: int) -> Invitation:
    """One invitation of this round. Raises Missing for one of another."""
    found = session.scalar(invitations(survey_round).where(Invitation.id == invitation_id))
    if found is None:
        raise Missing
    return found


def code_counts(session: Session, invitation: Invitation) -> tuple[int, int]:
    """How many codes of an invitation live, and how many were voided."""
    rows = session.execute(
        select(AccessCode.void, func.count()).where(AccessCode.invitation_id == invitation.id).group_by(AccessCode.void)
    )
    counts = {bool(void): count for void, count in rows}
    return counts.get(False, 0), counts.get(True, 0)


def slip_lists(session: Session, survey_round: Round) -> list[Batch]:
    """The lists of attendance of a round with unit and cell, in Vietnamese order of the units."""
    return list(session.scalars(_slip_lists(survey_round).order_by(Unit.order_key, Batch.id)))


def _slip_lists(survey_round: Round) -> Select[Batch]:
    """Lists that were not withdrawn: a withdrawn one has no persons."""
    return _batches(survey_round, BatchKind.SLIP).where(exists().where(Invitation.batch_id == Batch.id))


def _batches(survey_round: Round, kind: BatchKind) -> Select[Batch]:
    return (
        select(Batch)
        .join(Unit, Unit.id == Batch.unit_id)
        .where(Batch.round_id == survey_round.id, Batch.kind == kind)
        .options(joinedload(Batch.round), joinedload(Batch.unit), joinedload(Batch.cell).joinedload(Cell.group))
    )


def paper_batches(session: Session, survey_round: Round) -> list[Batch]:
    """The batches of paper forms of a round with unit, cell and who worked on them, by number."""
    found = _batches(survey_round, BatchKind.PAPER).options(selectinload(Batch.workers)).order_by(Batch.number)
    return list(session.scalars(found))


def find_paper_batch(session: Session, survey_round: Round, batch_id: int) -> Batch:
    """One batch of paper forms of this round. Raises Missing for one of another, or of slips."""
    found = session.scalar(_batches(survey_round, BatchKind.PAPER).where(Batch.id == batch_id))
    if found is None:
        raise Missing
    return found


def unkeyed_batches(session: Session, round_id: int) -> int:
    """How many batches of a round have paper forms that came back and are not keyed."""
    waiting = (Batch.round_id == round_id, Batch.kind == BatchKind.PAPER, Batch.keyed < Batch.ticked)
    return session.scalar(select(func.count(Batch.id)).where(*waiting)) or 0


def find_slip_list(session: Session, survey_round: Round, batch_id: int) -> Batch:
    """One list of attendance of this round. Raises Missing for one of another, withdrawn, or of paper forms."""
    found = session.scalar(_slip_lists(survey_round).where(Batch.id == batch_id))
    if found is None:
        raise Missing
    return found


def slip_persons(session: Session, batch: Batch) -> list[Invitation]:
    """The persons of a list of attendance, in the order of the letters."""
    return list(session.scalars(invitations(batch.round).where(Invitation.batch_id == batch.id)))


def paper_persons(session: Session, batch: Batch) -> list[Invitation]:
    """Who may have filled in a form of this batch: all of its unit, group and cell who stand on no other list."""
    asked = invitations(batch.round, batch.unit, batch.cell.group).where(
        Invitation.cell_id == batch.cell_id,
        Invitation.state != InvitationState.REPLACED,
        or_(Invitation.batch_id.is_(None), Invitation.batch_id == batch.id),
    )
    return list(session.scalars(asked))


@dataclass(frozen=True)
class CodeTotals:
    """Figures of a whole round."""

    persons: int
    with_code: int
    living_codes: int


def code_totals(session: Session, survey_round: Round) -> CodeTotals:
    """How many persons are invited, how many of them have a living code, how many codes live."""
    asked = Invitation.round_id == survey_round.id, Invitation.state != InvitationState.REPLACED
    persons = session.scalar(select(func.count(Invitation.id)).where(*asked)) or 0
    row = session.execute(
        select(func.count(func.distinct(AccessCode.invitation_id)), func.count())
        .join(Invitation, Invitation.id == AccessCode.invitation_id)
        .where(*asked, ~AccessCode.void)
    ).one()
    return CodeTotals(persons, row[0], row[1])


@dataclass(frozen=True)
class CellBranch:
    """A group's cells for the page: the group's own cell and, below it, those of units."""

    group: RespondentGroup
    total: int
    in_group_cell: int
    units: tuple[tuple[Unit, int, bool], ...]  # unit, invited, merged into the group's cell


def cell_tree(session: Session, survey_round: Round) -> list[CellBranch]:
    """The tree of cells: as fixed, or as it would be fixed now."""
    planned = planned_cells(session, survey_round)
    units = units_by_id(session, {unit_id for _, plan in planned for unit_id in plan.counts})
    fixed = {(cell.group_id, cell.unit_id): cell for cell in cells_of(session, survey_round)}
    branches = []
    for group, plan in planned:
        own = fixed.get((group.id, None))
        rows = []
        for unit_id, unit in units.items():
            if plan.by_unit and unit_id in plan.counts:
                cell = fixed.get((group.id, unit_id))
                merged = cell.merged_into_id is not None if cell else unit_id in plan.merged
                rows.append((unit, plan.counts[unit_id], merged))
        branches.append(CellBranch(group, plan.total, own.invited if own else plan.in_group_cell, tuple(rows)))
    return branches


def answered_by_batches(session: Session, round_id: int) -> list[tuple[int, int, int]]:
    """Rows (unit id, group id, answers of the unit that came with slips, or on paper and are keyed)."""
    rows = session.execute(
        select(Batch.unit_id, Cell.group_id, func.sum(Batch.keyed))
        .join(Cell, Cell.id == Batch.cell_id)
        .where(Batch.round_id == round_id)
        .group_by(Batch.unit_id, Cell.group_id)
    )
    return [(unit_id, group_id, int(answers)) for unit_id, group_id, answers in rows if unit_id is not None]
