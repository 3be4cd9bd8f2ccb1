"""How far is the step «mở niêm phong và tính điểm điều tra» of a round?"""

from flask import url_for
from sqlalchemy.orm import Session

from ..rounds.models import Round
from ..steps import StepAction, StepState, StepStatus
from ..text import date_text, number_text
from .queries import latest_run


def step_state(session: Session, survey_round: Round) -> StepState:
    """Blocked until collection is closed; then the envelopes are to be opened, then points to be computed."""
    if survey_round.closed_at is None:
        return StepState(StepStatus.BLOCKED, "Một lần, sau khi đóng thu phiếu")
    if survey_round.envelopes_opened_on is None:
        opening = url_for("answers.opening", code=survey_round.code)
        heading, detail = "Mở niêm phong", "Đã đóng thu phiếu. Cần tệp khóa của người giữ khóa."
        return StepState(StepStatus.TODO, detail, opening, action=StepAction(heading, "Mở niêm phong", opening, detail))
    url = url_for("scores.scores", code=survey_round.code)
    run = latest_run(session, survey_round.id)
    if run is None:
        detail = f"Đã mở niêm phong ngày {date_text(survey_round.envelopes_opened_on)}, chưa tính điểm"
        return StepState(
            StepStatus.TODO, detail, url, action=StepAction("Tính điểm điều tra", "Tính điểm", url, detail)
        )
    total, maximum = (_comma(run.result[key]) for key in ("survey_total", "survey_max"))
    return StepState(StepStatus.DONE, f"{total} / {maximum} điểm, lần tính {number_text(run.number)}", url)


def _comma(figure: str) -> str:
    return figure.replace(".", ",")
