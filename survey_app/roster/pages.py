"""Pages of lists and roster: units' pages in own_list_pages.py, the office's in the others."""

from flask import Blueprint, url_for
from flask_babel import gettext as _

from ..steps import StepAction, StepState, StepStatus, register_step
from ..text import date_text, today
from .models import ListState
from .queries import cards, latest_version, state_counts

bp = Blueprint("roster", __name__, template_folder="templates")


def list_step(session, survey_round) -> StepState:
    """How far step 1 is: lists approved of those asked for."""
    if survey_round.lists_started_at is None:
        return StepState(StepStatus.BLOCKED, _("Làm được sau khi tạo xong đợt"))
    url = url_for("roster.lists", code=survey_round.code)
    version = latest_version(session, survey_round)
    if version is not None:
        detail = _("Đã khóa bản %(number)d, %(persons)d người", number=version.number, persons=version.persons)
        return StepState(StepStatus.DONE, detail, url_for("roster.roster", code=survey_round.code))
    found = cards(session, survey_round)
    counts = state_counts(found)
    approved, waiting = counts[ListState.APPROVED], counts[ListState.SUBMITTED]
    detail = _("%(done)d/%(all)d danh sách đã duyệt", done=approved, all=len(found))
    due = survey_round.lists_due_on
    if waiting:
        action = StepAction(
            _("Kiểm tra %(n)d danh sách mới nộp", n=waiting), _("Kiểm tra danh sách"), url, _due_words(due)
        )
        status = StepStatus.TODO
    elif found and approved == len(found):
        action = StepAction(
            _("Mọi danh sách đã duyệt"), _("Khóa danh sách"), url_for("roster.lock_page", code=survey_round.code)
        )
        status = StepStatus.TODO
    else:
        late = due is not None and due < today()
        action = StepAction(
            _("Còn %(n)d danh sách chưa nộp", n=len(found) - approved), _("Xem các danh sách"), url, _due_words(due)
        )
        status = StepStatus.OVERDUE if late else StepStatus.DOING
    return StepState(status, detail, url, (approved, len(found)), _("danh sách"), action)


def _due_words(due) -> str:
    return _("Hạn nộp %(day)s.", day=date_text(due)) if due else ""


register_step(1, list_step)

from . import (  # noqa: E402, F401 - they add their routes to `bp`
    draft_pages,
    duplicate_pages,
    head_pages,
    late_pages,
    lock_pages,
    own_list_pages,
    review_pages,
    typed_pages,
)
