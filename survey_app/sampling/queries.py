"""What may be asked of frames and samples."""

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, contains_eager, joinedload, selectinload, undefer

from ..access import Actor, Role, in_scope
from ..errors import Missing, Refused
from ..roster.models import Person, UnitList
from ..roster.queries import catalogue_of, own_unit
from ..rounds.models import Quota, RespondentGroup, Round
from ..rounds.queries import find_round
from ..units.models import Unit
from .frames import FrameRow, frame_rows
from .models import Sample, SampleMember, SamplingFrame

_UNIT_ROLES = (Role.UNIT_OFFICER, Role.UNIT_HEAD)


def frames_of(session: Session, survey_round: Round, unit: Unit | None = None) -> list[SamplingFrame]:
    """Frames of a round (of one unit, if given) with their samples, units in Vietnamese order."""
    query = (
        select(SamplingFrame)
        .join(Unit, SamplingFrame.unit_id == Unit.id)
        .where(SamplingFrame.round_id == survey_round.id)
        .options(
            joinedload(SamplingFrame.unit), joinedload(SamplingFrame.group), selectinload(SamplingFrame.samples)
        )
        .order_by(Unit.order_key, Unit.id, SamplingFrame.id)
    )  # fmt: skip
    if unit is not None:
        query = query.where(SamplingFrame.unit_id == unit.id)
    return list(session.scalars(query))


def find_frame(session: Session, code: str, frame_id: int, by: Actor) -> SamplingFrame:
    """A frame with its content. Raises Missing outside the scope of `by`; a unit account sees its own only."""
    survey_round = find_round(session, code, by)
    found = session.scalar(
        select(SamplingFrame)
        .where(SamplingFrame.id == frame_id, SamplingFrame.round_id == survey_round.id)
        .options(
            joinedload(SamplingFrame.unit), joinedload(SamplingFrame.group), joinedload(SamplingFrame.round),
            selectinload(SamplingFrame.samples), undefer(SamplingFrame.content), undefer(SamplingFrame.set_aside),
        )
    )  # fmt: skip
    if found is None or not _may_see(found, by):
        raise Missing
    return found


def find_sample(session: Session, code: str, sample_id: int, by: Actor) -> Sample:
    """A sample with its members and its frame; scope as `find_frame`."""
    survey_round = find_round(session, code, by)
    found = session.scalar(
        select(Sample)
        .join(SamplingFrame, Sample.frame_id == SamplingFrame.id)
        .where(Sample.id == sample_id, SamplingFrame.round_id == survey_round.id)
        .options(
            contains_eager(Sample.frame).options(
                joinedload(SamplingFrame.unit), joinedload(SamplingFrame.group), joinedload(SamplingFrame.round),
                undefer(SamplingFrame.content),
            ),
            selectinload(Sample.members),
        )
    )  # fmt: skip
    if found is None or not _may_see(found.frame, by):
        raise Missing
    return found


def _may_see(frame: SamplingFrame, by: Actor) -> bool:
    if by.role in _UNIT_ROLES:
        return frame.unit_id == getattr(by, "unit_id", None)
    return in_scope(by, frame.round.operator_unit.path)


def own_frames(session: Session, survey_round: Round, by: Actor) -> list[SamplingFrame]:
    """Frames of the unit of `by`."""
    return frames_of(session, survey_round, own_unit(by))


def rows_of(frame: SamplingFrame) -> list[FrameRow]:
    """The rows of a frame. Raises Refused after the personal data were erased."""
    if frame.content is None:
        raise Refused("Dữ liệu cá nhân của khung mẫu này đã xóa theo thời hạn. Mã băm và số người vẫn còn.")
    return frame_rows(frame.content)


def quota_of(session: Session, frame: SamplingFrame) -> Quota:
    """How many persons the unit is asked for in the group of the frame; nobody when the quota was taken back."""
    query = select(Quota).where(Quota.group_id == frame.group_id, Quota.unit_id == frame.unit_id)
    return session.scalar(query) or Quota(target=0)


def commune_names(session: Session, survey_round: Round) -> dict[str, str]:
    """Names of communes by code, as valid in the round."""
    catalogue = catalogue_of(session, survey_round)
    return {unit.code: unit.name for unit in catalogue.units if catalogue.is_commune(unit.code)}


@dataclass(frozen=True)
class Counts:
    """Selected, replaced (by outcome), called in from the reserve, reserves left: nobody leaves the denominators."""

    selected: int
    replaced: int
    outcomes: dict[str, int]
    called: int
    reserves_left: int

    @property
    def current(self) -> int:
        return self.selected + self.called - self.replaced


def counts_of(members: list[SampleMember]) -> Counts:
    """The sample in figures."""
    outcomes = Counter(one.outcome for one in members if one.outcome)
    reserves = [one for one in members if one.standing == "reserve"]
    called = sum(1 for one in reserves if one.replaces_id is not None)
    return Counts(
        len(members) - len(reserves), sum(outcomes.values()), dict(sorted(outcomes.items())), called,
        len(reserves) - called,
    )  # fmt: skip


def unit_list_of(session: Session, frame: SamplingFrame) -> UnitList | None:
    """The list that a sample of this frame is for; None before the unit has one."""
    return session.scalar(
        select(UnitList)
        .where(UnitList.group_id == frame.group_id, UnitList.unit_id == frame.unit_id)
        .options(selectinload(UnitList.persons), joinedload(UnitList.group), joinedload(UnitList.unit))
    )


def keys_on_list(session: Session, frame: SamplingFrame) -> set[str]:
    """Keys of the rows of the frame whose persons are on the unit's list now."""
    query = (
        select(Person.frame_key)
        .join(UnitList, Person.list_id == UnitList.id)
        .where(
            UnitList.group_id == frame.group_id, UnitList.unit_id == frame.unit_id, Person.left_in_version.is_(None),
            Person.frame_key.is_not(None),
        )
    )  # fmt: skip
    return {key for key in session.scalars(query) if key}


def asked_places(session: Session, survey_round: Round) -> list[tuple[Unit, RespondentGroup, int]]:
    """(unit, group, quota) of the round: what a frame can be for, the largest quota first."""
    query = (
        select(Unit, RespondentGroup, Quota.target)
        .select_from(Quota)
        .join(Unit, Quota.unit_id == Unit.id)
        .join(RespondentGroup, Quota.group_id == RespondentGroup.id)
        .where(RespondentGroup.round_id == survey_round.id, Quota.target > 0)
        .order_by(Quota.target.desc(), RespondentGroup.code.desc(), Unit.order_key)
    )
    return [(unit, group, target) for unit, group, target in session.execute(query)]
