"""Page of the list of payments: rates by group, who is paid, the list to sign."""

from collections import Counter
from io import BytesIO

from flask import flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from ..access import requires
from ..errors import Invalid
from ..handover.money import dong_in_words
from ..rounds.queries import find_round
from ..web import me, reading, writing
from . import payments
from .blueprint import bp

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@bp.get("/rounds/<code>/payments")
@requires("payments.export")
def payment_list(code: str) -> ResponseReturnValue:
    return _page(code, {})


def _page(code: str, faults: dict[str, str]) -> ResponseReturnValue:
    session = reading()
    survey_round = find_round(session, code, me())
    found = payments.payments_of(session, survey_round)
    by_unit: dict[tuple[str, str], int] = Counter((one.unit_name, one.group) for one in found)
    total = payments.total_of(found)
    page = render_template(
        "access_codes/payments.html",
        survey_round=survey_round,
        found=found,
        by_unit=by_unit,
        rates={group.code: group.payment for group in survey_round.groups},
        total=total,
        words=dong_in_words(total) if total else "",
        typed=request.form,
        faults=faults,
        fault_lines=[(words, f"rate-{letter}") for letter, words in faults.items()],
    )
    return page, 422 if faults else 200


@bp.post("/rounds/<code>/payments")
@requires("payments.export")
def save_rates(code: str) -> ResponseReturnValue:
    try:
        with writing() as session:
            survey_round = find_round(session, code, me())
            payments.save_rates(session, survey_round, request.form, me())
    except Invalid as fault:
        return _page(code, fault.faults)
    flash(_("Đã lưu mức chi trả."), "ok")
    return redirect(url_for(".payment_list", code=code), 303)


@bp.post("/rounds/<code>/payments.xlsx")
@requires("payments.export")
def payment_workbook(code: str) -> ResponseReturnValue:
    return _file(code, "xlsx")


@bp.post("/rounds/<code>/payments.pdf")
@requires("payments.export")
def payment_paper(code: str) -> ResponseReturnValue:
    return _file(code, "pdf")


def _file(code: str, kind: str) -> ResponseReturnValue:
    """The list; making it is logged, since it names who answered."""
    with writing() as session:
        survey_round = find_round(session, code, me(), even_cancelled=True)
        found = payments.payments_of(session, survey_round)
        payments.log_export(session, survey_round, found, me())
        if kind == "xlsx":
            content = payments.payments_workbook(survey_round, found)
        else:
            content = payments.payments_pdf(session, survey_round, found)
    mimetype = _XLSX if kind == "xlsx" else "application/pdf"
    return send_file(BytesIO(content), mimetype=mimetype, as_attachment=True, download_name=f"chi-tra-{code}.{kind}")
