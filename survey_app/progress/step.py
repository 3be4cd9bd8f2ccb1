"""How far is the step «theo dõi và nhắc trả lời» of a round?"""

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from ..rounds.models import Round
from ..steps import StepAction, StepState, StepStatus
from ..text import number_text, today
from .queries import answered_in_all


def step_state(session: Session, survey_round: Round) -> StepState:
    """Blocked until the round is open, under way while it takes answers, done when it is closed."""
    url = url_for("progress.show", code=survey_round.code)
    if survey_round.opened_at is None:
        lists = url if survey_round.lists_started_at else None
        return StepState(StepStatus.BLOCKED, _("Tỷ lệ trả lời theo đơn vị và nhóm, sau khi mở đợt"), lists)
    asked, answered = answered_in_all(session, survey_round.id)
    left = (survey_round.closes_on - today()).days if survey_round.closes_on else 0
    detail = _("%(answered)s/%(asked)s đã trả lời", answered=number_text(answered), asked=number_text(asked))
    if survey_round.closed_at is None and left > 0:
        detail = _("%(detail)s, còn %(n)d ngày", detail=detail, n=left)
    status = StepStatus.DOING if survey_round.closed_at is None else StepStatus.DONE
    action = None
    if status is StepStatus.DOING:
        action = StepAction(_("Theo dõi thu phiếu"), _("Xem tiến độ"), url, detail)
    return StepState(status, detail, url, progress=(answered, asked), progress_unit=_("người"), action=action)
