"""Page of a round: how long its personal data are kept, what erasing would take away, and the erasing itself."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from ..access import requires
from ..errors import Invalid, Refused
from ..rounds.personal_data import erase_day
from ..rounds.queries import find_round
from ..web import close_reading, database, me, reading, writing
from .erasure import TABLE_WORDS, erase_round, forget_files, preview, refusal
from .pages import bp


@bp.get("/rounds/<code>/personal-data")
@requires("personal_data.manage")
def retention(code: str) -> ResponseReturnValue:
    return _page(code, {})


def _page(code: str, faults: dict[str, str]) -> ResponseReturnValue:
    session = reading()
    survey_round = find_round(session, code, me())
    page = render_template(
        "personal_data/retention.html",
        survey_round=survey_round,
        erase_on=erase_day(survey_round),
        found=preview(session, survey_round),
        table_words=TABLE_WORDS,
        refusal=refusal(session, survey_round),
        form=request.form,
        faults=faults,
        fault_lines=[(sentence, name) for name, sentence in faults.items()],
    )
    return page, 422 if faults else 200


@bp.post("/rounds/<code>/personal-data/erase")
@requires("personal_data.manage")
def erase(code: str) -> ResponseReturnValue:
    form = request.form
    try:
        with writing() as session:
            survey_round = find_round(session, code, me(), even_cancelled=True)
            erase_round(session, survey_round, me(), form.get("reason", ""), form.get("typed_code", ""))
    except Invalid as fault:
        return _page(code, fault.faults)
    _forget()
    return redirect(url_for(".retention", code=code), 303)


@bp.post("/rounds/<code>/personal-data/clean")
@requires("personal_data.manage")
def clean_again(code: str) -> ResponseReturnValue:
    """Goes on with the cleaning of the files after it was broken off."""
    if find_round(reading(), code, me()).personal_data_erased_at is None:
        raise Refused(_("Đợt này chưa xóa dữ liệu cá nhân."))
    close_reading()  # a reader of our own would keep the log from being cut
    _forget()
    return redirect(url_for(".retention", code=code), 303)


def _forget() -> None:
    try:
        everywhere = forget_files(database())
    except Refused as fault:
        flash(fault.message, "warn")
        return
    flash(_("Đã xóa dữ liệu cá nhân và dọn sạch kho."), "ok")
    if not everywhere:
        flash(
            _(
                "PostgreSQL còn giữ bản cũ trong các tệp WAL cho đến khi ghi đè. Nhờ người quản trị máy chủ chạy "
                "CHECKPOINT, rồi bấm «Dọn sạch kho»."
            ),
            "warn",
        )
