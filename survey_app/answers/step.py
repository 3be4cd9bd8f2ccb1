"""How far is step 4, collection, for the home page of a round?"""

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from ..rounds.home_parts import KeyHolderLine
from ..rounds.models import Round
from ..steps import StepAction, StepState, StepStatus
from ..text import date_text, today
from .identified import modes_in_force
from .models import RoundKey
from .queries import invitations_by_group, opening_of, round_keys
from .rules import checks_before_closing, checks_before_opening, needs_holders


def key_state(key: RoundKey) -> str:
    """The state of a key, as `badge('key', …)` names it."""
    if key.destroyed:
        return "destroyed"
    if key.public_key is None:
        return "none"
    return "tested" if key.tested_before_start else "untested"


def key_holder_lines(session: Session, survey_round: Round) -> list[KeyHolderLine]:
    """The key holders of a round, as its home page names them."""
    return [KeyHolderLine(key.holder_body, key_state(key)) for key in round_keys(session, survey_round.id)]


def step_state(session: Session, survey_round: Round) -> StepState:
    """The state of collection: keys, open round, answers received, closing."""
    code = survey_round.code
    url = url_for("answers.collection", code=code)
    counts = invitations_by_group(session, survey_round.id).values()
    progress = (sum(received for _invited, received in counts), sum(invited for invited, _received in counts))
    if survey_round.opened_at is None:
        return _before_opening(session, survey_round, url)
    if survey_round.closed_at is None:
        return _while_open(session, survey_round, url, progress)
    has_sealed = needs_holders(modes_in_force(session, survey_round.id))
    if opening_of(session, survey_round.id) is None and not has_sealed:
        action = StepAction(_("Chốt phiếu đợt này"), _("Chốt phiếu"), url_for("answers.opening", code=code))
        return StepState(StepStatus.TODO, _("Đã đóng thu phiếu, chưa chốt phiếu"), url, progress, _("phiếu"), action)
    if opening_of(session, survey_round.id) is None:
        action = StepAction(
            _("Mở niêm phong đợt này"),
            _("Mở niêm phong"),
            url_for("answers.opening", code=code),
            _("Cần người giữ khóa."),
        )
        return StepState(StepStatus.TODO, _("Đã đóng thu phiếu, chưa mở niêm phong"), url, progress, _("phiếu"), action)
    done = _("Đã mở niêm phong") if has_sealed else _("Đã chốt phiếu")
    return StepState(StepStatus.DONE, done, url, progress, _("phiếu"))


def _before_opening(session: Session, survey_round: Round, url: str) -> StepState:
    checks = [check for check in checks_before_opening(session, survey_round) if check.blocks]
    missing = [check for check in checks if not check.holds]
    if not missing:
        action = StepAction(_("Đủ điều kiện để thu phiếu"), _("Mở đợt"), url)
        return StepState(StepStatus.TODO, _("Đủ điều kiện, chưa mở"), url, action=action)
    if survey_round.roster_locked_at is None:
        return StepState(StepStatus.BLOCKED, _("Làm được khi đã khóa danh sách, công bố phiếu và mở thử khóa"), url)
    if all(check.step == "keys" for check in missing):
        action = StepAction(
            _("Mời người giữ khóa và chờ mở thử"), _("Người giữ khóa"), url_for("answers.keys", code=survey_round.code)
        )
        return StepState(StepStatus.TODO, missing[0].text, url, action=action)
    return StepState(StepStatus.BLOCKED, _("Còn thiếu: %(what)s", what=missing[0].text), url)


def _while_open(session: Session, survey_round: Round, url: str, progress: tuple[int, int]) -> StepState:
    closes_on = survey_round.closes_on
    detail = _("Thu phiếu đến hết ngày %(date)s", date=date_text(closes_on)) if closes_on else _("Đang thu phiếu")
    if closes_on is None or today() <= closes_on:
        return StepState(StepStatus.DOING, detail, url, progress, _("phiếu"))
    ready = all(check.holds for check in checks_before_closing(session, survey_round) if check.blocks)
    words = _("Đóng thu phiếu") if ready else _("Xem điều kiện đóng")
    action = StepAction(_("Đã qua ngày cuối thu phiếu"), words, url)
    return StepState(StepStatus.TODO, _("Đã qua ngày cuối, chưa đóng"), url, progress, _("phiếu"), action)
