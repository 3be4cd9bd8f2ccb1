"""Page of units that owe lists: contacts, reminder, extended deadline, table."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from ..access import requires
from ..errors import Invalid
from ..rounds.queries import find_round
from ..text import date_text, today
from ..web import me, reading, writing, xlsx_file
from .forms import ExtensionForm
from .late_lists import extend_deadline, late_units, late_workbook, reminder
from .pages import bp


@bp.get("/rounds/<code>/lists/late")
@requires("lists.review")
def late(code: str) -> ResponseReturnValue:
    return _page(code)


def _page(code: str, unit_id: int = 0, faults: dict[str, Any] | None = None) -> ResponseReturnValue:
    survey_round = find_round(reading(), code, me())
    found, only = late_units(reading(), survey_round), bool(request.args.get("late"))
    link = _link(code)
    page = render_template(
        "roster/late.html",
        survey_round=survey_round,
        units=[(one, reminder(survey_round, one, link)) for one in found if one.is_late or not only],
        owing=len(found),
        late=sum(one.is_late for one in found),
        only=only,
        at_unit=unit_id,
        faults=faults or {},
        fault_lines=[(sentence, f"{name}-{unit_id}") for name, sentence in (faults or {}).items()],
        form=request.form,
    )
    return page, 422 if faults else 200


def _link(code: str) -> str:
    return url_for(".mine", code=code, _external=True)


@bp.get("/rounds/<code>/lists/late.xlsx")
@requires("lists.review")
def late_file(code: str) -> ResponseReturnValue:
    survey_round = find_round(reading(), code, me())
    units = late_units(reading(), survey_round, bool(request.args.get("late")))
    return xlsx_file(
        late_workbook(survey_round, units, _link(code)), f"chua-nop-danh-sach-{code}-{today():%Y%m%d}.xlsx"
    )


@bp.post("/rounds/<code>/lists/late/<int:unit_id>")
@requires("lists.review")
def extend(code: str, unit_id: int) -> ResponseReturnValue:
    form = ExtensionForm()
    if not form.validate():
        return _page(code, unit_id, {name: errors[0] for name, errors in form.errors.items() if name})
    try:
        with writing() as session:
            survey_round = find_round(session, code, me())
            given = extend_deadline(session, survey_round, unit_id, form.due_on.data, form.reason.data or "", me())
            words = _("Đã gia hạn đến ngày %(day)s.", day=date_text(given.due_on))
    except Invalid as fault:
        return _page(code, unit_id, fault.faults)
    flash(words, "ok")
    return redirect(url_for(".late", code=code), 303)
