"""One device for many persons: the screen at the one-stop desk (máy tại quầy) and the tablet of an interviewer.

Staff name the device and its round; the page itself knows no account. Every person brings the code of the own letter:
nobody here is handed a code, so neither a unit nor an interviewer has one. The device keeps sealed answers only, and
tells their number.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlencode

from flask import g, redirect, render_template, request, url_for
from flask_babel import force_locale
from flask_babel import gettext as _
from flask_login import logout_user
from markupsafe import Markup
from sqlalchemy import select

from ..access import requires
from ..audit import Action, record
from ..errors import Missing
from ..paper import qr_svg
from ..rounds.models import RespondentGroup, Round
from ..rounds.queries import find_round, visible_rounds
from ..web import me, reading, settings, writing
from .api_pages import body_of_request
from .blueprint import bp, for_respondents
from .forms import DeskForm
from .phone_pages import form_given_out
from .queries import window_of
from .rules import check_open
from .visit import UI_LANGUAGES, refuse_foreign_pages, show, visit_without_code

KIOSK = "quay"
INTERVIEW = "phong-van"


@dataclass(frozen=True)
class Desk:
    """What staff decided about a device; it stands in the address of its page, for none of it is secret."""

    survey_round: Round
    device: str
    kind: str
    group: RespondentGroup | None  # whose questionnaire the device holds for times without network

    @property
    def path(self) -> str:
        """Address of the device's page on this site."""
        facts = {"dot": self.survey_round.code, "may": self.device, "kieu": self.kind}
        if self.group:
            facts["nhom"] = self.group.code
        return f"{url_for('answers.desk')}?{urlencode(facts)}"


def _desk_of_address() -> Desk:
    """The device that this address describes. Raises Missing when it names no round that was opened."""
    code = request.args.get("dot", "")
    survey_round = reading().scalar(select(Round).where(Round.code == code, Round.opened_at.is_not(None)))
    if survey_round is None:
        raise Missing
    kind = INTERVIEW if request.args.get("kieu") == INTERVIEW else KIOSK
    group = _group_named(survey_round, request.args.get("nhom", ""))
    return Desk(survey_round, request.args.get("may", "")[:40], kind, group)


def _group_named(survey_round: Round, code: str) -> RespondentGroup | None:
    return next((group for group in survey_round.groups if group.code == code), None)


@bp.get("/quay")
@for_respondents
def desk() -> Any:
    """The page of the device: the code of the next person, and how many sealed answers wait to be sent."""
    device = _desk_of_address()
    g.survey_round = device.survey_round
    check_open(window_of(device.survey_round), sending=True)
    asked = visit_without_code(device.survey_round, device.group) if device.group else None
    return show(
        "respondent/desk.html",
        desk=device,
        query=urlencode({name: value for name, value in request.args.items() if name != "lang"}),
        form_languages=[one.code for one in asked.definition.languages] if asked else [],
        outcomes=[_outcomes(one) for one in UI_LANGUAGES],
    )


def _outcomes(ui_language: str) -> Markup:
    """The last screens of a person in one language; which one is needed is known only when the person has chosen."""
    with force_locale(ui_language):
        return Markup(render_template("respondent/_desk_outcomes.html", ui_language=ui_language))  # noqa: S704 - a template of ours


@bp.post("/quay/phieu")
@for_respondents
def desk_form() -> Any:
    """The questionnaire of a group while its round takes answers, so that a device has it where there is no network."""
    refuse_foreign_pages()
    body = body_of_request()
    code = str(body.get("round", ""))
    survey_round = reading().scalar(select(Round).where(Round.code == code))
    group = _group_named(survey_round, str(body.get("group", ""))) if survey_round else None
    if survey_round is None or group is None:
        return {"error": "unknown"}, 404
    g.survey_round = survey_round
    check_open(window_of(survey_round))
    visit = visit_without_code(survey_round, group)
    if visit is None:
        return {"error": "unknown"}, 404
    return form_given_out(visit, str(body.get("language", "vi")), body.get("have"))


@bp.get("/interviews")
@requires("interviews.run")
def interviews() -> Any:
    """The rounds in which an interviewer may ask people now."""
    found = [one for one in visible_rounds(reading(), me()) if one.state == "open"]
    return render_template("answers/interviews.html", rounds=found)


@bp.route("/rounds/<code>/desks", methods=["GET", "POST"])
@requires("collection.manage", "interviews.run")
def desks(code: str) -> Any:
    """Set up a device: here, or on another machine by its link."""
    survey_round = find_round(reading(), code, me())
    form = DeskForm(groups=_groups_to_keep(survey_round))
    if not form.validate_on_submit():
        return _show_desks(survey_round, form, None, 422 if form.is_submitted() else 200)
    device = Desk(survey_round, form.device.data, form.kind.data, _group_named(survey_round, form.group.data))
    check_open(window_of(survey_round))
    with writing() as session:
        record(session, Action.DESK_SET_UP, me(), round=code, device=device.device)
    if form.elsewhere.data:
        return _show_desks(find_round(reading(), code, me()), form, device)
    address = device.path
    logout_user()  # strangers will use this browser
    return redirect(address, 303)


def _show_desks(survey_round: Round, form: DeskForm, device: Desk | None, status: int = 200) -> Any:
    address = settings().public_url + device.path if device else ""
    page = render_template(
        "answers/desks.html",
        survey_round=survey_round,
        form=form,
        address=address,
        readable=unquote(address),
        picture=qr_svg(address, 45, _("Mã QR mở trang của máy")) if address else "",
        secure=settings().https,
    )
    return page, status


def _groups_to_keep(survey_round: Round) -> list[RespondentGroup]:
    """Those whose questionnaire is the same for everybody, so that a device can have it before it knows a code."""
    return [group for group in survey_round.groups if visit_without_code(survey_round, group)]
