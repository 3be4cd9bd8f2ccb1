"""Page of the plan matrix and its table for Excel."""

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from ..access import requires
from ..roster.queries import cards
from ..rounds.queries import find_round, groups_of
from ..text import search_key, today
from ..web import me, reading, xlsx_file
from .pages import PER_PAGE, bp, turnout_for
from .plan import group_totals, plan_rows, plan_workbook, whole_total


@bp.get("/rounds/<code>/plan")
@requires("turnout.read")
def plan(code: str) -> ResponseReturnValue:
    """?group= one group, ?q= part of a unit's name."""
    survey_round = find_round(reading(), code, me())
    found = turnout_for(survey_round)
    rows = plan_rows(cards(reading(), survey_round), found)
    group, text = request.args.get("group", ""), request.args.get("q", "")
    key = search_key(text)
    wanted = [row for row in rows if group in ("", row.group) and key in search_key(row.unit_name)]
    pages = max(1, -(-len(wanted) // PER_PAGE))
    page = min(max(1, request.args.get("page", 1, type=int)), pages)
    return render_template(
        "progress/plan.html",
        survey_round=survey_round,
        rows=wanted[(page - 1) * PER_PAGE : page * PER_PAGE],
        count=len(wanted),
        page=page,
        pages=pages,
        per_page=PER_PAGE,
        page_url=lambda number: url_for(".plan", code=code, group=group or None, q=text or None, page=number),
        totals=group_totals(rows, found),
        whole=whole_total(rows, found),
        groups=groups_of(reading(), survey_round),
        group=group,
        text=text,
        has_ranges=found.has_ranges,
    )


@bp.get("/rounds/<code>/plan.xlsx")
@requires("turnout.read")
def plan_file(code: str) -> ResponseReturnValue:
    survey_round = find_round(reading(), code, me())
    found = turnout_for(survey_round)
    rows = plan_rows(cards(reading(), survey_round), found)
    content = plan_workbook(survey_round, rows, [*group_totals(rows, found), whole_total(rows, found)])
    return xlsx_file(content, f"chi-tieu-tien-do-{code}-{today():%Y%m%d}.xlsx")
