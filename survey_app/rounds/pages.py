"""Pages of rounds: the way in, the list, the home page of a round. The settings pages stand in settings_pages.py."""

from dataclasses import replace
from urllib.parse import urlsplit

from flask import current_app, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.exceptions import HTTPException

from ..access import declared_rights, has_right, is_open, requires
from ..steps import StepAction, StepState, StepStatus, next_action, step_states
from ..text import today
from ..web import me, reading
from . import cancel_pages, copy_pages, group_pages, personal_data_pages, rating_pages, settings_pages  # noqa: F401 - add their routes to `bp`
from .blueprint import bp
from .cancelling import is_deletable
from .home_parts import key_holders
from .levels import level_name
from .milestones import milestones
from .models import Round, RoundState
from .personal_data import erase_day
from .queries import Size, find_round, groups_of, latest_entries, sizes, visible_rounds
from .readiness import lacks

_FINISHED = (RoundState.OPENED, RoundState.PUBLISHED, RoundState.CANCELLED)


@bp.get("/home")
@requires("account.own")
def home():
    """Sends a signed-in person to where the work is."""
    by = me()
    if has_right(by, "lists.own"):
        return redirect(url_for("roster.my_lists"))
    if has_right(by, "handover.receive"):
        return redirect(url_for("handover.received"))
    if has_right(by, "interviews.run"):
        return redirect(url_for("answers.interviews"))
    if has_right(by, "paper.key"):
        return redirect(url_for("access_codes.paper_rounds"))
    if has_right(by, "identified.read"):
        return redirect(url_for("answers.identified_rounds"))
    if not has_right(by, "rounds.read"):
        return redirect(url_for("users.accounts" if has_right(by, "users.manage") else "users.account"))
    current = [r for r in visible_rounds(reading(), by) if r.state not in _FINISHED]
    if len(current) == 1:
        return redirect(url_for(".show", code=current[0].code))
    return redirect(url_for(".rounds"))


@bp.get("/rounds")
@requires("rounds.read")
def rounds():
    found = visible_rounds(reading(), me())
    return render_template(
        "rounds/rounds.html", rounds=found, sizes=sizes(reading(), found), no_size=Size(), level_name=level_name
    )


@bp.get("/rounds/<code>")
@requires("rounds.read")
def show(code: str):
    session = reading()
    survey_round = find_round(session, code, me())
    states = step_states(session, survey_round)
    if survey_round.cancelled_at is not None:
        states = [(step, _at_rest(state)) for step, state in states]
    return render_template(
        "rounds/show.html",
        survey_round=survey_round,
        size=sizes(session, [survey_round]).get(survey_round.id, Size()),
        modes=sorted({group.mode for group in groups_of(session, survey_round)}),
        steps=states,
        action=_setup_action(survey_round) or next_action(states),
        now_step=next((step.number for step, state in states if state.status in _IN_HAND), None),
        done=sum(state.status is StepStatus.DONE for _step, state in states),
        milestones=milestones(survey_round, today()),
        holders=key_holders(session, survey_round),
        entries=latest_entries(session, survey_round),
        erase_on=erase_day(survey_round),
        may_open=_may_open,
        deletable=is_deletable(survey_round),
    )


def _at_rest(state: StepState) -> StepState:
    """A step of a cancelled round: what was done stays, nothing else is waited for."""
    if state.status is StepStatus.DONE:
        return replace(state, action=None)
    return replace(state, status=StepStatus.BLOCKED, detail=_("Không làm nữa: đợt đã hủy"), action=None)


_IN_HAND = (StepStatus.TROUBLE, StepStatus.OVERDUE, StepStatus.TODO, StepStatus.DOING)


def _setup_action(survey_round: Round) -> StepAction | None:
    """What to do while the round is still being made: its first page with something missing, or the last one."""
    if survey_round.state is not RoundState.PREPARING:
        return None
    missing = lacks(reading(), survey_round)
    page = missing[0].page if missing else "review"
    return StepAction(
        heading=_("Hoàn tất cài đặt đợt") if missing else _("Kiểm tra lại và tạo đợt"),
        button=_("Tiếp tục cài đặt") if missing else _("Kiểm tra lại"),
        url=url_for(f".{page}", code=survey_round.code),
        detail=" ".join(lack.sentence_in(_) for lack in missing) or _("Đã đủ thông tin; các đơn vị chưa thấy đợt này."),
    )


def _may_open(url: str | None) -> bool:
    """The signed-in account may open this address of ours: the right its page declares."""
    if not url:
        return False
    try:
        endpoint, _values = current_app.url_map.bind("").match(urlsplit(url).path, method="GET")
    except HTTPException:
        return False
    view = current_app.view_functions[endpoint]
    return is_open(view) or any(has_right(me(), right) for right in declared_rights(view) or ())
