"""What all settings pages of a round share: their order, the frame they stand in, the view that cannot be changed."""

from dataclasses import dataclass

from flask import g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from ..access import has_right
from ..errors import Invalid
from ..web import me, reading
from .levels import LIST_TYPE_NAMES, level_name
from .models import Round
from .personal_data import erase_day, legal_basis_of, purpose_of
from .queries import criteria_of, find_round, groups_of, rated_units
from .readiness import lacks
from .rules import frozen_reason
from .scoring_rules import chosen_labels
from .seen_settings import GUARDED, changed_since, seen_mark


@dataclass(frozen=True)
class SettingsPage:
    """One page of the row; `part_of` is the page whose place in the trail it shares."""

    name: str
    title: str
    part_of: str = ""


PAGES = (
    SettingsPage("basics", _l("Năm và cấp")),
    SettingsPage("criteria", _l("Bộ tiêu chí")),
    SettingsPage("groups", _l("Nhóm và chỉ tiêu")),
    SettingsPage("quotas", _l("Chỉ tiêu của từng đơn vị"), part_of="groups"),
    SettingsPage("ratings", _l("Ai đánh giá đơn vị nào"), part_of="groups"),
    SettingsPage("dates", _l("Ngày")),
    SettingsPage("personal_data", _l("Dữ liệu cá nhân")),
    SettingsPage("scoring", _l("Quy tắc tính điểm")),
    SettingsPage("modes", _l("Chế độ phiếu theo nhóm")),
    SettingsPage("review", _l("Kiểm tra lại")),
)
TRAIL = [page for page in PAGES if not page.part_of]


def to_next(survey_round: Round, page: str) -> ResponseReturnValue:
    """On to the page after `page`; back to the review when the round has been made already."""
    names = [p.name for p in PAGES]
    if len(rated_units(reading(), survey_round)) < 2 and page != "ratings":
        names.remove("ratings")  # one unit is rated: there is nothing to choose
    following = "review" if survey_round.lists_started_at else names[min(names.index(page) + 1, len(names) - 1)]
    return redirect(url_for(f".{following}", code=survey_round.code), 303)


def frame(survey_round: Round, page: str, template: str, status: int = 200, **values: object) -> ResponseReturnValue:
    """A settings page in its frame: trail of all pages, which of them still lack something."""
    session = reading()
    this = next(p for p in PAGES if p.name == page)
    lacking = {lack.page for lack in lacks(session, survey_round)}
    if "criteria" in lacking:
        lacking.add("groups")  # the groups follow from the criteria
    body = render_template(
        template,
        survey_round=survey_round,
        page=this,
        trail=TRAIL,
        trail_name=this.part_of or this.name,
        lacking=lacking,
        seen=_seen(session, survey_round, page),
        **values,
    )
    return body, status


def _seen(session: Session, survey_round: Round, page: str) -> str:
    """The mark of the form; one that comes back with other faults keeps the mark it was sent with."""
    if page not in GUARDED:
        return ""
    if "seen" in request.form and not g.get("told_of_change"):
        return request.form["seen"]
    return seen_mark(session, survey_round, page)


def settings_to_change(session: Session, code: str, page: str) -> Round:
    """The round whose settings `page` is being saved. Raises Invalid when somebody else saved it in between."""
    survey_round = find_round(session, code, me())
    if words := changed_since(session, survey_round, page, request.form.get("seen", "")):
        g.told_of_change = True
        raise Invalid({"": words})
    return survey_round


def read_only(survey_round: Round) -> ResponseReturnValue | None:
    """The settings as text with the reason, when the round is open or the account only reads; None when changeable."""
    if not has_right(me(), "rounds.manage"):
        return summary(survey_round, _("Cán bộ phụ trách đợt sửa được cài đặt này."))
    if reason := frozen_reason(survey_round, _):
        return summary(survey_round, reason)
    return None


def summary(survey_round: Round, reason: str = "", faults: tuple[str, ...] = ()) -> ResponseReturnValue:
    """All settings on one page; with links to change them unless `reason` says why not."""
    session = reading()
    values = {
        "criteria": criteria_of(session, survey_round),
        "groups": groups_of(session, survey_round),
        "rated": rated_units(session, survey_round),
        "purpose": purpose_of(survey_round),
        "legal_basis": legal_basis_of(survey_round),
        "erase_on": erase_day(survey_round),
        "rules": chosen_labels(survey_round.rules),
        "level_name": level_name,
        "list_type_names": LIST_TYPE_NAMES,
        "lacks": lacks(session, survey_round),
        "in_language": _,
        "faults": faults,
        "reason": reason,
    }
    return frame(survey_round, "review", "rounds/review.html", 422 if faults else 200, **values)
