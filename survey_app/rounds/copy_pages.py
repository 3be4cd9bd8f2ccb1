"""Page on which the round of this year is made from that of another."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from ..access import requires
from ..errors import Invalid
from ..text import date_text
from ..units.forms import read_day
from ..web import me, reading, settings, writing
from .blueprint import bp
from .copying import Copied, copy_round
from .queries import find_round
from .training import purge_day

_MOST_NAMED = 10


@bp.get("/rounds/<code>/copy")
@requires("rounds.manage")
def copy_form(code: str) -> ResponseReturnValue:
    return _page(code, {})


def _page(code: str, faults: dict[str, str]) -> ResponseReturnValue:
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
        training_days=settings().training_days,
        faults=faults,
        fault_lines=[(words, name if name in usual else "") for name, words in faults.items()],
    )
    return page, 422 if faults else 200


@bp.post("/rounds/<code>/copy")
@requires("rounds.manage")
def copy(code: str) -> ResponseReturnValue:
    year, as_of = request.form.get("year", type=int), read_day(request.form.get("as_of"))
    faults = {}
    if year is None:
        faults["year"] = _("Điền năm, ví dụ 2022.")
    if as_of is None:
        faults["as_of"] = _("Không đọc được ngày. Ghi dạng ngày/tháng/năm, ví dụ 17/12/2021.")
    if year is None or as_of is None:
        return _page(code, faults)
    try:
        with writing() as session:
            source = find_round(session, code, me(), even_cancelled=True)
            purge_on = purge_day(settings().training_days) if "training" in request.form else None
            copied = copy_round(session, source, request.form.get("code", ""), year, as_of, me(), purge_on=purge_on)
            new_code = copied.round.code
            _tell(copied)
    except Invalid as fault:
        return _page(code, fault.faults)
    return redirect(url_for(".settings", code=new_code), 303)


def _tell(copied: Copied) -> None:
    """What came over, and the units that are no more."""
    words = _(
        "Đã chép sang đợt %(code)s: %(groups)d nhóm, %(quotas)d chỉ tiêu, %(criteria)d tiêu chí, %(forms)d phiếu hỏi "
        "(bản nháp). Tài khoản của đơn vị dùng tiếp. Người trong danh sách không được chép.",
        code=copied.round.code,
        groups=copied.groups,
        quotas=copied.quotas,
        criteria=copied.criteria,
        forms=copied.questionnaires,
    )
    flash(words, "ok")
    if copied.gone:
        named = "; ".join(f"{old} → {new}" if new else old for old, new in copied.gone[:_MOST_NAMED])
        more = len(copied.gone) - _MOST_NAMED
        rest = _(" và %(n)d đơn vị khác", n=more) if more > 0 else ""
        gone = _("Không chép chỉ tiêu của %(n)d đơn vị không còn vào ngày đã chọn: ", n=len(copied.gone))
        flash(gone + named + rest, "warn")
