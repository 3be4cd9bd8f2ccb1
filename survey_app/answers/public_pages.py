"""Pages for everybody: what we promise to respondents, and the record of the opening."""

from collections.abc import Sequence
from typing import Any

from flask import Response, redirect, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from ..rounds.models import Mode, RespondentGroup, Round
from ..rounds.personal_data import erase_day, legal_basis_of, purpose_of, reading_purpose_of
from ..web import reading
from .blueprint import bp, for_respondents
from .identified import modes_in_force, readers_of
from .queries import groups_by_place, opening_of, sealing_keys
from .visit import Setting, given_out, show


@bp.get("/cam-ket")
@for_respondents
def promise() -> Any:
    """What we promise to every respondent, whether asked or not."""
    return _promise_page([])


@bp.get("/cam-ket/<code>")
@for_respondents
def promise_of_round(code: str) -> Any:
    """The promise of one round, with its holders and dates."""
    survey_round = reading().scalar(select(Round).where(Round.code == code, Round.opened_at.is_not(None)))
    if survey_round is None:
        return redirect(url_for("answers.promise"))
    placed = groups_by_place(reading(), survey_round.id)

    def cell_of(groups: Sequence[RespondentGroup]) -> str:
        by_place = any(group.id in placed for group in groups)
        return str(_("của người được hỏi (người dân: cả xã)") if by_place else _("của người được hỏi"))

    parts = [
        (mode, "; ".join(group.name for group in groups), facts_of(survey_round, cell_of(groups), mode))
        for mode, groups in sorted(modes_in_force(reading(), survey_round.id).items(), reverse=True)
    ]
    return _promise_page(parts, survey_round=survey_round)


def _promise_page(parts: list[tuple[str, str, dict[str, Any]]], **values: Any) -> Response:
    page, _status = show("respondent/promise.html", parts=parts, **values)
    return given_out(page.encode(), "text/html", {})


@bp.get("/bien-ban-mo/<code>")
@for_respondents
def opening_record(code: str) -> Any:
    """The public record of the opening: counts and digest."""
    survey_round = reading().scalar(select(Round).where(Round.code == code, Round.opened_at.is_not(None)))
    if survey_round is None:
        return show("respondent/ending.html", 404, ending="stale")
    opening = opening_of(reading(), survey_round.id)
    named = Mode.CONFIDENTIAL in modes_in_force(reading(), survey_round.id)
    return show("respondent/opening_record.html", survey_round=survey_round, opening=opening, named=named)


def cell_words(setting: Setting) -> str:
    """What of a person stays beside the opened answers: the group, of some groups the commune too."""
    name = setting.group.name
    return str(_("%(group)s, xã của ông/bà", group=name)) if setting.by_place else name


def facts_of(survey_round: Round, cell: str, mode: str) -> dict[str, Any]:
    """What the privacy texts of a mode name."""
    readers = readers_of(reading(), survey_round) if mode == Mode.CONFIDENTIAL else []
    keys = sealing_keys(reading(), survey_round.id)
    holders = [f"{key.holder_name} ({key.holder_body})" for key in keys]
    contact = survey_round.operator_unit.name
    if survey_round.help_phone:
        contact += f", {survey_round.help_phone}"
    return {
        "organisation": survey_round.operator_unit.name,
        "year": survey_round.year,
        "mode": mode,
        "readers": [f"{user.full_name} ({user.position})" if user.position else user.full_name for user in readers],
        "reading_purpose": reading_purpose_of(survey_round),
        "holders": holders,
        "prints": [(key.holder_name, key.fingerprint) for key in keys],
        "closes_on": survey_round.closes_on,
        "strict": survey_round.key_mode == "strict",
        "cell": cell,
        "erase_on": erase_day(survey_round),
        "purpose": purpose_of(survey_round),
        "legal_basis": legal_basis_of(survey_round),
        "contact": contact,
        "demo": survey_round.demo,
    }
