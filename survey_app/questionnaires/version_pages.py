"""What happens to the versions of a questionnaire: a draft is thrown away, a typing error is corrected while open."""

from typing import Any

from flask import flash, redirect, url_for
from flask_babel import gettext as _

from ..access import requires
from ..web import me, reading, writing
from .forms import CorrectionForm, UploadForm
from .pages import bp, find_pair, show_group
from .rules import correct as correct_typing
from .rules import discard_draft
from .xlsform import XlsformError


@bp.post("/rounds/<code>/questionnaires/<group_code>/discard")
@requires("questionnaires.manage")
def discard(code: str, group_code: str) -> Any:
    """Throws the draft away; what is published stays."""
    with writing() as session:
        survey_round, group = find_pair(session, code, group_code)
        number = discard_draft(session, survey_round, group, me())
    flash(_("Đã bỏ bản nháp %(number)d.", number=number), "ok")
    return redirect(url_for(".questionnaire", code=code, group_code=group_code))


@bp.post("/rounds/<code>/questionnaires/<group_code>/correct")
@requires("questionnaires.manage")
def correct(code: str, group_code: str) -> Any:
    """Takes a file that only corrects typing errors, while the round is open."""
    form = CorrectionForm()
    survey_round, group = find_pair(reading(), code, group_code)
    if not form.validate_on_submit():
        return show_group(survey_round, group, UploadForm(), correction=form), 422
    data, file_name = form.corrected.data.read(), form.corrected.data.filename
    try:
        with writing() as session:
            survey_round, group = find_pair(session, code, group_code)
            version = correct_typing(session, survey_round, group, data, file_name, me(), form.reason.data or "")
            number, published = version.number, version.published_at is not None
    except XlsformError as fault:
        survey_round, group = find_pair(reading(), code, group_code)
        return show_group(survey_round, group, UploadForm(), fault.messages, file_name, correction=form), 422
    if not published:
        flash(_("Đã nhận bản sửa."), "ok")
        return redirect(url_for(".questionnaire", code=code, group_code=group_code))
    flash(_("Đã sửa lỗi chữ trong phiếu nhóm %(group)s, nay là bản %(number)d.", group=group_code, number=number), "ok")
    return redirect(url_for(".questionnaire", code=code, group_code=group_code))
