"""Who rates whom: a group rates one unit, that of each person, or many units on matrix pages.

Nobody rates the own unit beside others, except in a self-rating group.
"""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from ..access import Actor
from ..audit import Action, record
from ..errors import Invalid
from .models import GroupRating, RatedUnit, RespondentGroup, Round
from .queries import groups_of
from .rules import refuse_if_frozen

FEWEST_UNITS = 2


def own_unit(rated: Sequence[RatedUnit], path: str) -> RatedUnit | None:
    """The rated unit in which somebody of the unit with this path serves or lives: the nearest one above; or none."""
    above = [one for one in rated if path.startswith(one.unit.path)]
    return max(above, key=lambda one: len(one.unit.path), default=None)


def units_to_rate(
    rated: Sequence[RatedUnit], chosen: Collection[int], self_rating: bool, path: str
) -> tuple[RatedUnit, ...]:
    """What a person of the unit with this path rates, in the order of `rated`.

    `rated` are the units of the round, `chosen` the ids of those that the group rates on matrix pages: then all of them
    but the own one. Without any: the own unit; where the round rates one unit only, that one.
    """
    own = own_unit(rated, path)
    if chosen:
        return tuple(one for one in rated if one.id in chosen and (self_rating or one is not own))
    if len(rated) == 1:
        return tuple(rated)
    return () if own is None else (own,)


def rated_in_order(session: Session, round_id: int) -> list[RatedUnit]:
    """The rated units of a round in Vietnamese order, as pages and questionnaires list them."""
    found = session.scalars(select(RatedUnit).where(RatedUnit.round_id == round_id))
    return sorted(found, key=lambda one: (one.unit.order_key, one.id))


def chosen_units(session: Session, round_id: int) -> dict[int, frozenset[int]]:
    """Group -> ids of the rated units that it rates on matrix pages; groups that rate one unit are left out."""
    rows = session.execute(
        select(GroupRating.group_id, GroupRating.rated_unit_id)
        .join(RespondentGroup, RespondentGroup.id == GroupRating.group_id)
        .where(RespondentGroup.round_id == round_id)
    )
    found: dict[int, set[int]] = {}
    for group_id, rated_unit_id in rows:
        found.setdefault(group_id, set()).add(rated_unit_id)
    return {group: frozenset(units) for group, units in found.items()}


def set_ratings(session: Session, survey_round: Round, chosen: Mapping[str, Collection[int]], by: Actor) -> None:
    """Sets which units each group rates on matrix pages: group code -> ids of rated units.

    A group that is left out rates the own unit only. Raises Refused once the round is open, Invalid (field `rates_A` …)
    for fewer than two units or one not of the round.
    """
    refuse_if_frozen(survey_round)
    known = {one.id for one in rated_in_order(session, survey_round.id)}
    faults: dict[str, str] = {}
    for code, units in chosen.items():
        if not set(units) <= known:
            faults[f"rates_{code}"] = "Có đơn vị không thuộc đợt này. Tải lại trang rồi chọn lại."
        elif len(set(units)) < FEWEST_UNITS:
            faults[f"rates_{code}"] = f"Nhóm {code}: đánh dấu từ {FEWEST_UNITS} đơn vị trở lên, hoặc chọn «Một đơn vị»."
    if faults:
        raise Invalid(faults)
    for group in groups_of(session, survey_round):
        wanted = set(chosen.get(group.code, ()))
        kept = [one for one in group.ratings if one.rated_unit_id in wanted]
        new = wanted - {one.rated_unit_id for one in kept}
        group.ratings = [*kept, *(GroupRating(rated_unit_id=unit) for unit in sorted(new))]
    session.flush()
    record(session, Action.ROUND_CHANGED, by, round=survey_round.code, part="ai đánh giá đơn vị nào")
