"""The page of the organisation: who is there on a day, in Vietnamese order, found without marks."""

from flask import Blueprint, render_template, request

from ..access import Role, requires
from ..web import me, reading
from . import queries
from .forms import read_day

bp = Blueprint("units", __name__, template_folder="templates")


@bp.get("/units")
@requires("units.read")
def units():
    by = me()
    typed = request.args.get("day", "")
    day = read_day(typed) or queries.day_to_look_at(by.unit)
    text, kind = request.args.get("q", "")[:100], request.args.get("kind", "")
    kind = kind if kind in queries.KIND_NAMES else ""
    scope = "/" if by.role == Role.ADMINISTRATOR else by.scope_path or "nowhere"
    found = queries.find_units(reading(), day, text=text, kind=kind, scope_path=scope)
    return render_template(
        "units/units.html",
        units=found,
        day=day,
        bad_day=bool(typed) and read_day(typed) is None,
        text=text,
        kind=kind,
        kinds=queries.KIND_NAMES,
        parents=queries.parents(reading(), found),
        successors=queries.successors(reading(), found),
        changes=queries.days_of_change(reading())[:4],
        per_kind=queries.count_by_kind(found),
    )
