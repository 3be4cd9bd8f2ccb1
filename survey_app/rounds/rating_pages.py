"""Settings page «Ai đánh giá đơn vị nào»: which units each group rates."""

from collections.abc import Collection, Mapping, Sequence

from flask import request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from ..access import requires
from ..errors import Invalid
from ..units.models import UnitKind
from ..web import me, reading, writing
from .blueprint import bp
from .models import RatedUnit, Round
from .queries import find_round, groups_of
from .rating_rules import rated_in_order, set_ratings
from .settings_frame import frame, read_only, settings_to_change, to_next

_PICKED = "picked"
Choice = tuple[str, str, frozenset[int]]  # value, words, ids of the rated units


@bp.get("/rounds/<code>/settings/ratings")
@requires("rounds.read")
def ratings(code: str) -> ResponseReturnValue:
    survey_round = find_round(reading(), code, me())
    if (answer := read_only(survey_round)) is not None:
        return answer
    chosen = {g.code: {one.rated_unit_id for one in g.ratings} for g in groups_of(reading(), survey_round) if g.ratings}
    return _page(survey_round, chosen, {})


def _page(survey_round: Round, chosen: Mapping[str, Collection[int]], faults: dict[str, str]) -> ResponseReturnValue:
    rated = rated_in_order(reading(), survey_round.id)
    choices = _choices(rated)
    groups = groups_of(reading(), survey_round)
    return frame(
        survey_round,
        "ratings",
        "rounds/ratings.html",
        422 if faults else 200,
        groups=groups,
        rated=rated,
        choices=choices,
        chosen=chosen,
        wish={group.code: _wish(group.code, chosen, choices) for group in groups},
        fault_of=faults,
        faults=[(sentence, name) for name, sentence in faults.items()],
    )


def _choices(rated: Sequence[RatedUnit]) -> list[Choice]:
    """The usual sets of units, so that nobody has to tick dozens of boxes: all, all sở, all communes."""
    offices = frozenset(one.id for one in rated if one.unit.kind == UnitKind.PROVINCIAL_OFFICE)
    others = frozenset(one.id for one in rated) - offices
    found: list[Choice] = [("all", _("Mọi đơn vị được đánh giá (%(n)d)", n=len(rated)), offices | others)]
    if offices and others:
        found.append(("offices", _("Các sở, ngành (%(n)d)", n=len(offices)), offices))
        found.append(("communes", _("Các xã, phường, thị trấn (%(n)d)", n=len(others)), others))
    return found


def _wish(group: str, chosen: Mapping[str, Collection[int]], choices: Sequence[Choice]) -> str:
    """Which choice of the group is marked: as sent with faults, else the one that has these units."""
    if sent := request.form.get(f"rates_{group}"):
        return sent
    if group not in chosen:
        return "one"
    return next((value for value, _words, units in choices if units == set(chosen[group])), _PICKED)


@bp.post("/rounds/<code>/settings/ratings")
@requires("rounds.manage")
def save_ratings(code: str) -> ResponseReturnValue:
    found = find_round(reading(), code, me())
    sets = {value: units for value, _words, units in _choices(rated_in_order(reading(), found.id))}
    wishes = {g.code: request.form.get(f"rates_{g.code}", "one") for g in groups_of(reading(), found)}
    chosen = {
        group: sets.get(wish, _ticked(group)) for group, wish in wishes.items() if wish in sets or wish == _PICKED
    }
    try:
        with writing() as session:
            survey_round = settings_to_change(session, code, "ratings")
            set_ratings(session, survey_round, chosen, me())
    except Invalid as fault:
        return _page(find_round(reading(), code, me()), chosen, fault.faults)
    return to_next(survey_round, "ratings")


def _ticked(group: str) -> frozenset[int]:
    values = request.form.getlist(f"units_{group}")
    return frozenset(int(value) for value in values if value.isascii() and value.isdigit() and len(value) < 10)
