"""Pages of the roster: matrix and locking."""

from collections.abc import Callable

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from ..access import requires
from ..errors import Invalid
from ..rounds.queries import find_round, groups_of
from ..web import me, reading, writing
from .lock_rules import lock_roster, readiness
from .models import ListState
from .pages import bp
from .queries import ListCard, cards, latest_version, narrowed, unit_rows

_FILTERS: dict[str, Callable[[ListCard], bool]] = {
    "short": lambda card: 0 < card.on_roster < card.least,
    "over": lambda card: card.on_roster > card.most,
    "absent": lambda card: card.on_roster == 0 and card.least > 0,
}


@bp.get("/rounds/<code>/roster")
@requires("roster.read")
def roster(code: str) -> ResponseReturnValue:
    """Matrix unit x group, totals, versions."""
    session = reading()
    survey_round = find_round(session, code, me())
    found = cards(session, survey_round)
    text, wanted = request.args.get("q", ""), request.args.get("only", "")
    rows = narrowed(unit_rows(found), text, "")
    if wanted in _FILTERS:
        rows = [row for row in rows if any(_FILTERS[wanted](card) for card in row.cards.values())]
    totals = {
        group.code: (
            sum(card.on_roster for card in found if card.group.code == group.code),
            sum(card.target for card in found if card.group.code == group.code),
        )
        for group in groups_of(session, survey_round)
    }
    return render_template(
        "roster/roster.html",
        survey_round=survey_round,
        rows=rows,
        totals=totals,
        filter_counts={name: sum(1 for card in found if rule(card)) for name, rule in _FILTERS.items()},
        only=wanted,
        text=text,
        state=readiness(session, survey_round),
        version=latest_version(session, survey_round),
    )


@bp.get("/rounds/<code>/roster/lock")
@requires("roster.lock")
def lock_page(code: str) -> ResponseReturnValue:
    return _lock_page(code, {})


def _lock_page(code: str, faults: dict[str, str]) -> ResponseReturnValue:
    session = reading()
    survey_round = find_round(session, code, me())
    if latest_version(session, survey_round) is not None:
        return redirect(url_for(".roster", code=code))
    found = cards(session, survey_round)
    page = render_template(
        "roster/lock.html",
        survey_round=survey_round,
        state=readiness(session, survey_round),
        missing=[card for card in found if card.state != ListState.APPROVED],
        short=[card for card in found if card.state == ListState.APPROVED and card.persons < card.least],
        faults=faults,
        reason=request.form.get("reason", ""),
    )
    return page, 422 if faults else 200


@bp.post("/rounds/<code>/roster/lock")
@requires("roster.lock")
def lock(code: str) -> ResponseReturnValue:
    try:
        with writing() as session:
            version = lock_roster(session, find_round(session, code, me()), me(), request.form.get("reason", ""))
            words = _("Đã khóa danh sách, bản %(number)d: %(n)d người.", number=version.number, n=version.persons)
    except Invalid as fault:
        return _lock_page(code, fault.faults)
    flash(words, "ok")
    return redirect(url_for(".roster", code=code), 303)
