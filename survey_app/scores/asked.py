"""Which groups were asked about a rated unit? A group that does not rate a unit is neither missing nor too small."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from ..questionnaires.matrix import cut_out
from ..rounds.models import Cell, RatedUnit, RespondentGroup, Round
from ..rounds.rating_rules import chosen_units, own_unit, rated_in_order
from ..units.models import Unit
from .inputs import Counted, Leaf
from .queries import published_definitions


def groups_asked(
    session: Session, survey_round: Round, leaves: Sequence[Leaf], counts: Mapping[str, Counted]
) -> dict[str, dict[str, tuple[str, ...]]]:
    """Rated unit -> leaf -> the groups that were asked about it, for every leaf that not all of its groups were asked.

    A group is asked when it rates the unit and its questionnaire has a question for the leaf on units of that kind; one
    that answered was asked, whatever the lists say. Empty for a round of one rated unit: there all groups rate it.
    """
    rated = rated_in_order(session, survey_round.id)
    if len(rated) < 2:
        return {}
    raters = _raters(session, survey_round.id, rated)
    definitions = published_definitions(session, survey_round.id)
    about = {
        (group, kind): {question.criterion for question in cut_out(definition, kind).questions()}
        for group, definition in definitions.items()
        for kind in {one.unit.kind for one in rated}
    }
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for one in rated:
        answered = {(group, item) for (group, item, _level), count in counts[one.unit.code].items() if count}
        for leaf in leaves:
            code, groups = leaf.criterion.code, leaf.criterion.groups
            asked = tuple(
                group
                for group in groups
                if (group in raters[one.id] and code in about.get((group, one.unit.kind), ()))
                or any((group, item) in answered for item in leaf.criterion.items)
            )
            if asked != groups:
                found.setdefault(one.unit.code, {})[code] = asked
    return found


def _raters(session: Session, round_id: int, rated: Sequence[RatedUnit]) -> dict[int, set[str]]:
    """Rated unit -> codes of the groups that rate it: by choice on matrix pages, else those with people of the unit."""
    chosen = chosen_units(session, round_id)
    found: dict[int, set[str]] = {one.id: set() for one in rated}
    rows = session.execute(
        select(RespondentGroup.id, RespondentGroup.code, Unit.path)
        .join(Cell, Cell.group_id == RespondentGroup.id)
        .outerjoin(Unit, Unit.id == Cell.unit_id)
        .where(RespondentGroup.round_id == round_id)
    )
    for group_id, code, path in set(rows.all()):
        for unit_id in chosen.get(group_id, ()):
            found[unit_id].add(code)
        own = own_unit(rated, path) if path and group_id not in chosen else None
        if own:
            found[own.id].add(code)
    return found
