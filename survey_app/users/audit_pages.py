"""The audit log (nhật ký) as a page: filter, sentences, and whether the chain is whole."""

from typing import Any

from flask import render_template, request, url_for

from ..access import requires
from ..units.forms import read_day
from ..web import me, reading
from . import queries
from .blueprint import bp


@bp.get("/audit")
@requires("audit.read")
def audit() -> Any:
    arguments = request.args
    wanted = queries.AuditFilter(
        kind=arguments.get("kind", "") if arguments.get("kind") in queries.AUDIT_KINDS else "",
        text=arguments.get("q", "")[:100],
        first=read_day(arguments.get("first")),
        last=read_day(arguments.get("last")),
    )
    page = max(1, arguments.get("page", 1, type=int))
    entries, total = queries.audit_entries(reading(), me(), wanted, page)
    bad_days = [name for name in ("first", "last") if arguments.get(name) and read_day(arguments[name]) is None]
    return render_template(
        "users/audit.html",
        entries=entries,
        total=total,
        page=page,
        pages=-(-total // queries.PER_PAGE),
        per_page=queries.PER_PAGE,
        page_url=lambda number: url_for(".audit", **{**arguments.to_dict(), "page": number}),
        wanted=wanted,
        kinds=queries.AUDIT_KINDS,
        bad_days=bad_days,
        arguments=arguments,
        broken=queries.broken_audit_entry(reading()),
        newest=queries.newest_audit_entry(reading()),
    )
