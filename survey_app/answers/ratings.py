"""Which units does a person rate, and what does that make of the questionnaire and of the answers?

The unit of a person is that of the own list (of a slip or paper form: of its batch). Phones, pages without script,
checks before storing and the opening all ask here, so that nobody can rate what the round does not let them rate.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ..access_codes.models import Batch, Invitation, InvitationState
from ..questionnaires.definition import Definition
from ..questionnaires.matrix import Body, by_unit, cut_out, has_matrix, joined, written_out
from ..questionnaires.models import QuestionnaireVersion
from ..questionnaires.queries import bodies_of
from ..roster.models import Person, UnitList
from ..rounds.models import Cell, RatedUnit, RespondentGroup, Round
from ..rounds.rating_rules import chosen_units, rated_in_order, units_to_rate
from ..units.models import Unit
from .payload import Payload, Rating
from .queries import Access, definition_of

_MOST_KEPT = 500
_kept: dict[tuple[str, tuple[Body, ...] | str], Definition] = {}


@dataclass(frozen=True)
class Rated:
    """Who rates whom in a round, read once."""

    units: Sequence[RatedUnit]  # of the round, in order
    chosen: Mapping[int, frozenset[int]]  # group -> what it rates on matrix pages
    self_rating: frozenset[int]  # groups

    def of(self, group_id: int, path: str) -> tuple[RatedUnit, ...]:
        """What somebody of this group and of the unit with this path rates."""
        return units_to_rate(self.units, self.chosen.get(group_id, ()), group_id in self.self_rating, path)

    def most(self, group_id: int) -> tuple[RatedUnit, ...]:
        """What somebody of this group rates at most; of one unit, whichever: it settles the size of the envelope."""
        chosen = self.chosen.get(group_id)
        return tuple(unit for unit in self.units if unit.id in chosen) if chosen else tuple(self.units[:1])


def rated_of(session: Session, round_id: int) -> Rated:
    """Who rates whom in a round."""
    groups = select(RespondentGroup.id).where(RespondentGroup.round_id == round_id, RespondentGroup.self_rating)
    units = rated_in_order(session, round_id)
    return Rated(units, chosen_units(session, round_id), frozenset(session.scalars(groups)))


def path_of(session: Session, access: Access) -> str:
    """The path of the unit whose list the holder of a code stands on; empty where no unit is known."""
    if access.invitation_id is not None:
        query = (
            select(Unit.path)
            .join(UnitList, UnitList.unit_id == Unit.id)
            .join(Person, Person.list_id == UnitList.id)
            .join(Invitation, Invitation.person_id == Person.id)
            .where(Invitation.id == access.invitation_id)
        )
    else:
        unit = func.coalesce(Batch.unit_id, Cell.unit_id)
        query = select(Unit.path).join(Cell, Unit.id == unit).join(Batch, Batch.cell_id == Cell.id)
        query = query.where(Batch.id == access.batch_id)
    return session.scalar(query) or ""


def form_of(version: QuestionnaireVersion, units: Sequence[RatedUnit]) -> Definition:
    """The questionnaire of somebody who rates these units, kept in memory."""
    bodies = bodies_of(units)
    return _from_memory((version.sha256, bodies), lambda: written_out(definition_of(version), bodies))


def part_about(version: QuestionnaireVersion, kind: str) -> Definition:
    """What the questionnaire asks about one unit of this kind, kept in memory."""
    return _from_memory((version.sha256, kind), lambda: cut_out(definition_of(version), kind))


def _from_memory(key: tuple[str, tuple[Body, ...] | str], make: Callable[[], Definition]) -> Definition:
    """What was made for this key before, the same object each time; versions never change, so it never grows old."""
    found = _kept.get(key)
    if found is None:
        if len(_kept) >= _MOST_KEPT:
            _kept.clear()
        found = _kept[key] = make()
    return found


def payload_of(version: QuestionnaireVersion, units: Sequence[RatedUnit], answers: Mapping[str, Any]) -> Payload:
    """Sound answers to the questionnaire of these units, parted by unit. Every unit is there, answered or not."""
    if not has_matrix(definition_of(version)):
        return Payload(version.id, (Rating(units[0].id, dict(answers)),))
    parts = by_unit(form_of(version, units), answers)
    return Payload(version.id, tuple(Rating(one.id, parts.get(one.id, {})) for one in units), parts.get(0, {}))


def answers_of(payload: Payload, version: QuestionnaireVersion, units: Sequence[RatedUnit]) -> dict[str, Any] | None:
    """The answers of an opened envelope to the questionnaire of these units; none unless it rates just these."""
    if {rating.rated_unit_id for rating in payload.ratings} != {one.id for one in units}:
        return None
    if not has_matrix(definition_of(version)):
        return None if payload.apart or len(units) > 1 else payload.ratings[0].answers
    return joined({0: payload.apart} | {rating.rated_unit_id: rating.answers for rating in payload.ratings})


def invited_by_unit(session: Session, survey_round: Round, rated: Rated) -> dict[tuple[int, int], int]:
    """(cell as announced, rated unit) -> invited persons of the cell who rate that unit."""
    rows = session.execute(
        select(Invitation.cell_id, Cell.group_id, Unit.path, func.count())
        .join(Cell, Cell.id == Invitation.cell_id)
        .join(Person, Person.id == Invitation.person_id)
        .join(UnitList, UnitList.id == Person.list_id)
        .join(Unit, Unit.id == UnitList.unit_id)
        .where(Invitation.round_id == survey_round.id, Invitation.state != InvitationState.REPLACED)
        .group_by(Invitation.cell_id, Cell.group_id, Unit.path)
    )
    found: dict[tuple[int, int], int] = {}
    for cell_id, group_id, path, count in rows:
        for unit in rated.of(group_id, path):
            found[cell_id, unit.id] = found.get((cell_id, unit.id), 0) + count
    return found


def without_unit(session: Session, survey_round: Round, rated: Rated) -> dict[int, int]:
    """Group -> invited persons who have no unit to rate: they stand on the list of a unit that is not rated."""
    rows = session.execute(
        select(UnitList.group_id, Unit.path, func.count())
        .join(Person, Person.list_id == UnitList.id)
        .join(Invitation, Invitation.person_id == Person.id)
        .join(Unit, Unit.id == UnitList.unit_id)
        .where(Invitation.round_id == survey_round.id)
        .group_by(UnitList.group_id, Unit.path)
    )
    found: dict[int, int] = {}
    for group_id, path, count in rows:
        if not rated.of(group_id, path):
            found[group_id] = found.get(group_id, 0) + count
    return found
