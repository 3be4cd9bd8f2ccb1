"""How far step 3 of a round is: cells fixed, codes issued."""

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from ..rounds.models import Round
from ..steps import STEPS, StepAction, StepState, StepStatus
from .queries import cells_are_fixed, code_totals


def step_state(session: Session, survey_round: Round) -> StepState:
    """Step 3: blocked until the roster is locked, then cells, then codes for every invited person."""
    cells_url, codes_url = f"/rounds/{survey_round.code}/cells", f"/rounds/{survey_round.code}/codes"
    if survey_round.roster_locked_at is None:
        return StepState(StepStatus.BLOCKED, _(STEPS[2].opened_by))
    if not cells_are_fixed(session, survey_round):
        return StepState(
            StepStatus.TODO,
            _("Chốt ô công bố, rồi cấp mã"),
            cells_url,
            action=StepAction(
                _("Chốt ô công bố"), _("Chốt ô công bố"), cells_url, _("Ô công bố được chốt trước khi có mã cá nhân.")
            ),
        )
    totals = code_totals(session, survey_round)
    done = totals.with_code >= totals.persons
    if done or survey_round.closed_at is not None:
        detail = _(
            "%(codes)d mã đang dùng được cho %(persons)d người", codes=totals.living_codes, persons=totals.persons
        )
        progress = (totals.with_code, totals.persons)
        return StepState(StepStatus.DONE, detail, codes_url, progress, _("người có mã"))
    return StepState(
        StepStatus.DOING if totals.with_code else StepStatus.TODO,
        _("%(n)d người chưa có mã", n=totals.persons - totals.with_code),
        codes_url,
        (totals.with_code, totals.persons),
        _("người có mã"),
        StepAction(
            _("Cấp mã và in giấy mời"),
            _("In giấy mời"),
            codes_url,
            _("Mã chỉ hiện lúc cấp; giấy mời in theo từng đơn vị."),
        ),
    )
