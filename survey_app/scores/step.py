"""How far is the step «mở niêm phong và tính điểm điều tra» of a round?"""

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from ..answers.identified import modes_in_force
from ..answers.rules import needs_holders
from ..rounds.models import Round
from ..steps import StepAction, StepState, StepStatus
from ..text import date_text, number_text
from .queries import latest_run


def step_state(session: Session, survey_round: Round) -> StepState:
    """Blocked until collection is closed; then the envelopes are to be opened, then points to be computed."""
    if survey_round.closed_at is None:
        return StepState(StepStatus.BLOCKED, _("Một lần, sau khi đóng thu phiếu"))
    if survey_round.envelopes_opened_on is None:
        opening = url_for("answers.opening", code=survey_round.code)
        words, detail = _("Mở niêm phong"), _("Đã đóng thu phiếu. Cần tệp khóa của người giữ khóa.")
        if not needs_holders(modes_in_force(session, survey_round.id)):
            words, detail = _("Chốt phiếu"), _("Đã đóng thu phiếu. Cần hai cán bộ.")
        return StepState(StepStatus.TODO, detail, opening, action=StepAction(words, words, opening, detail))
    url = url_for("scores.scores", code=survey_round.code)
    run = latest_run(session, survey_round.id)
    if run is None:
        opened_on = date_text(survey_round.envelopes_opened_on)
        detail = _("Đã mở niêm phong ngày %(day)s, chưa tính điểm", day=opened_on)
        return StepState(
            StepStatus.TODO, detail, url, action=StepAction(_("Tính điểm điều tra"), _("Tính điểm"), url, detail)
        )
    if run.result["survey_total"] is None:
        return StepState(StepStatus.DONE, _("Đã tính điểm, lần tính %(number)s", number=number_text(run.number)), url)
    total, maximum = (_comma(run.result[key]) for key in ("survey_total", "survey_max"))
    words = _(
        "%(total)s / %(maximum)s điểm, lần tính %(number)s",
        total=total,
        maximum=maximum,
        number=number_text(run.number),
    )
    return StepState(StepStatus.DONE, words, url)


def _comma(figure: str) -> str:
    return figure.replace(".", ",")
