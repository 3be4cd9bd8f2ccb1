"""Pages on which the round of this year is made from that of another, and what came over is told."""

from collections.abc import Sequence

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from ..access import requires
from ..errors import Invalid, Missing
from ..text import date_text
from ..units.forms import read_day
from ..web import me, reading, settings, writing
from .blueprint import bp
from .copying import GoneUnit, copy_round, gone_units, source_of
from .models import Round
from .queries import find_round, groups_of, may_see
from .rules import DATE_NAMES
from .training import persons_stay_behind, purge_day


@bp.get("/rounds/<code>/copy")
@requires("rounds.manage")
def copy_form(code: str) -> ResponseReturnValue:
    return _page(code, {})


def _page(code: str, faults: dict[str, str], gone: Sequence[GoneUnit] = ()) -> ResponseReturnValue:
    source = find_round(reading(), code, me())
    year = source.year + 1
    usual = {
        "code": f"{code.removesuffix(str(source.year))}{year}" if code.endswith(str(source.year)) else f"{code}-{year}",
        "year": str(year),
        "as_of": date_text(source.as_of.replace(year=source.as_of.year + 1, day=min(source.as_of.day, 28))),
    }
    page = render_template(
        "rounds/copy.html",
        survey_round=source,
        values={name: request.form.get(name, value) for name, value in usual.items()},
        training="training" in request.form,
        criteria=request.form.get("criteria", "copy"),
        training_days=settings().training_days,
        stay_behind=persons_stay_behind(source),
        gone=gone,
        shown=_shown(gone),
        inherited=request.form.getlist("inherit") if request.form.get("shown") else None,
        faults=faults,
        fault_lines=[(words, name if name in usual else "") for name, words in faults.items()],
    )
    return page, 422 if faults else 200


def _shown(gone: Sequence[GoneUnit]) -> str:
    """Which units the page asked about: another day may end other units, and then it asks again."""
    return "-".join(str(one.unit.id) for one in gone)


@bp.post("/rounds/<code>/copy")
@requires("rounds.manage")
def copy(code: str) -> ResponseReturnValue:
    """Makes the round; where units are no more, asks first what becomes of their quotas."""
    year, as_of = request.form.get("year", type=int), read_day(request.form.get("as_of"))
    faults = {}
    if year is None:
        faults["year"] = _("Điền năm, ví dụ 2022.")
    if as_of is None:
        faults["as_of"] = _("Không đọc được ngày. Ghi dạng ngày/tháng/năm, ví dụ 17/12/2021.")
    if year is None or as_of is None:
        return _page(code, faults)
    gone = gone_units(reading(), find_round(reading(), code, me()), as_of)
    if gone and request.form.get("shown") != _shown(gone):
        return _page(code, {}, gone)
    try:
        with writing() as session:
            source = find_round(session, code, me(), even_cancelled=True)
            copied = copy_round(
                session, source, request.form.get("code", ""), year, as_of, me(),
                purge_on=purge_day(settings().training_days) if "training" in request.form else None,
                with_criteria=request.form.get("criteria") != "anew",
                inherited=[int(text) for text in request.form.getlist("inherit") if text.isdecimal()],
            )  # fmt: skip
            new_code = copied.round.code
    except Invalid as fault:
        return _page(code, fault.faults, gone)
    return redirect(url_for(".copied", code=new_code), 303)


@bp.get("/rounds/<code>/copied")
@requires("rounds.manage")
def copied(code: str) -> ResponseReturnValue:
    """What came over from which round, what did not and why."""
    session = reading()
    survey_round = find_round(session, code, me())
    entry = source_of(session, survey_round)
    source = session.scalar(select(Round).where(Round.code == entry.fields["source"])) if entry else None
    if entry is None or source is None or not may_see(session, source, me()):
        raise Missing(_("Đợt này không được tạo từ đợt khác, hoặc đợt đó không còn."))
    groups, before = groups_of(session, survey_round), groups_of(session, source)
    return render_template(
        "rounds/copied.html",
        survey_round=survey_round,
        source=source,
        entry=entry,
        stay_behind=persons_stay_behind(source, survey_round),
        groups=groups,
        persons=sum(quota.target for group in groups for quota in group.quotas),
        persons_before=sum(quota.target for group in before for quota in group.quotas),
        days=[(words, getattr(source, name), getattr(survey_round, name)) for name, words in DATE_NAMES.items()],
        gone=gone_units(session, source, survey_round.as_of),
        asked={(quota.unit_id, group.code): quota.target for group in groups for quota in group.quotas},
    )
