"""Pages of progress (*tiến độ*): lists due, submitted, approved and answers per unit and group; counts only."""

import csv
import io

from flask import Blueprint, Response, render_template, request, url_for
from flask_babel import gettext as _

from ..access import has_right, requires
from ..errors import Missing
from ..rounds.models import Mode, Round
from ..rounds.queries import find_round
from ..steps import register_step
from ..text import today
from ..web import me, reading
from .queries import answered_by_unit, groups_of, lists_by_unit
from .step import step_state
from .turnout import Turnout, UnitTurnout, turnout

bp = Blueprint("progress", __name__, template_folder="templates")
PER_PAGE = 50


@bp.get("/rounds/<code>/turnout")
@requires("turnout.read", "turnout.own")
def show(code: str):
    survey_round = find_round(reading(), code, me())
    found = turnout_for(survey_round)
    only_late = request.args.get("lists") == "late"
    units = [unit for unit in found.units if unit.lists_submitted < unit.lists_due] if only_late else [*found.units]
    page, pages = _page(len(units))
    return render_template(
        "progress/turnout.html",
        survey_round=survey_round,
        turnout=found,
        groups=groups_of(reading(), survey_round.id),
        confidential=any(group.mode == Mode.CONFIDENTIAL for group in groups_of(reading(), survey_round.id)),
        units=units[(page - 1) * PER_PAGE : page * PER_PAGE],
        count=len(units),
        page=page,
        pages=pages,
        per_page=PER_PAGE,
        only_late=only_late,
        late=sum(unit.lists_submitted < unit.lists_due for unit in found.units),
        whole=has_right(me(), "turnout.read"),
        day=_day_of_collection(survey_round),
        page_url=lambda number: url_for("progress.show", code=code, page=number, lists=request.args.get("lists")),
    )


@bp.get("/rounds/<code>/turnout.csv")
@requires("turnout.read", "turnout.own")
def table(code: str):
    survey_round = find_round(reading(), code, me())
    text = turnout_csv(turnout_for(survey_round), survey_round.mark)
    name = f"tien-do-{code}-{today():%Y%m%d}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text.encode("utf-8-sig"), mimetype="text/csv", headers=headers)


def turnout_csv(found: Turnout, mark: str = "") -> str:
    """The table for a spreadsheet: one column per figure, no cell that a spreadsheet takes for a formula."""
    groups = list(found.groups)
    head = [_("Mã đơn vị"), _("Đơn vị"), _("Danh sách cần nộp"), _("Đã trình"), _("Đã duyệt")]
    for group in [*groups, _("Tổng")]:
        head += [_("%(group)s được hỏi", group=group), _("%(group)s đã trả lời", group=group)]
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\r\n")
    if mark:
        writer.writerow([mark])
    writer.writerow(head)
    writer.writerows(_csv_row(unit, groups) for unit in found.units)
    return target.getvalue()


def _csv_row(unit: UnitTurnout, groups: list[str]) -> list[str]:
    row = [unit.code, unit.name, str(unit.lists_due), str(unit.lists_submitted), str(unit.lists_approved)]
    for cell in [*(unit.groups.get(group) for group in groups), unit.total]:
        row += ["", ""] if cell is None else [str(cell.asked), cell.answered_text]
    return [_safe(text) for text in row]


def _safe(text: str) -> str:
    """Text that no spreadsheet runs as a formula: an apostrophe before = + - @ and before control characters."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def turnout_for(survey_round: Round) -> Turnout:
    """What this account may see: the office all units, a unit account its own."""
    session, account = reading(), me()
    scope = survey_round.operator_unit.path if account.scope_path is None else account.scope_path
    if has_right(account, "turnout.read"):
        scope = "/"  # the round itself lies in the account's subtree; the units it asks may lie beside the operator
    lists = [
        (unit.id, unit.code, unit.name, due, submitted, approved)
        for unit, due, submitted, approved in lists_by_unit(session, survey_round.id, scope)
    ]
    counts = {
        (unit, group): (asked, answered)
        for unit, group, asked, answered in answered_by_unit(session, survey_round.id, scope)
    }
    codes = [group.code for group in groups_of(session, survey_round.id)]
    return turnout(lists, counts, codes, survey_round.k_min)


def _page(count: int) -> tuple[int, int]:
    pages = max(1, -(-count // PER_PAGE))
    text = request.args.get("page", "1")
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:6]) <= pages:
        raise Missing
    return int(text), pages


def _day_of_collection(survey_round: Round) -> tuple[int, int] | None:
    """(day now, days in all) while the round takes answers."""
    first, last = survey_round.opens_on, survey_round.closes_on
    if first is None or last is None or not survey_round.takes_answers():
        return None
    return (today() - first).days + 1, (last - first).days + 1


register_step(5, step_state)

from . import plan_pages  # noqa: E402, F401 - it adds its routes to `bp`
