"""Pages of a unit's own lists: cards, template, upload."""

from pathlib import PurePath

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from ..access import requires
from ..errors import Missing, Refused
from ..rounds.models import Round
from ..rounds.personal_data import erase_day, legal_basis_of, purpose_of
from ..rounds.queries import find_round
from ..web import me, reading, writing, xlsx_file
from ..workbook import Rejected
from .draft_rules import add_file
from .late_lists import due_on
from .own_list_parts import own_list_parts
from .pages import bp
from .queries import cards, catalogue_of, find_upload, open_drafts, own_unit, rounds_of_unit
from .rules import discard_untouched, receive_upload
from .template_file import template_workbook
from .typed_lists import earlier_lists, erased_years


@bp.get("/lists")
@requires("lists.own")
def my_lists() -> ResponseReturnValue:
    """To the lists of the one round that asks, or a choice of rounds."""
    rounds = rounds_of_unit(reading(), own_unit(me()))
    if len(rounds) == 1:
        return redirect(url_for(".mine", code=rounds[0].code))
    return render_template("roster/my_rounds.html", rounds=rounds)


@bp.get("/rounds/<code>/lists/mine")
@requires("lists.own")
def mine(code: str) -> ResponseReturnValue:
    return _mine_page(find_round(reading(), code, me()))


def _mine_page(survey_round: Round, fault: str = "", status: int = 200) -> ResponseReturnValue:
    unit = own_unit(me())
    found = cards(reading(), survey_round, unit)
    page = render_template(
        "roster/mine.html",
        survey_round=survey_round,
        unit=unit,
        cards=found,
        due_on=due_on(reading(), survey_round, unit),
        earlier=earlier_lists(reading(), survey_round, unit),
        erased=erased_years(reading(), survey_round, unit),
        drafts=open_drafts(reading(), survey_round, unit),
        purpose=purpose_of(survey_round),
        legal_basis=legal_basis_of(survey_round),
        erase_on=erase_day(survey_round),
        fault=fault,
        into=request.values.get("into", type=int),
        parts=own_list_parts(reading(), survey_round, me()),
    )
    return page, status


@bp.get("/rounds/<code>/lists/template.xlsx")
@requires("lists.own")
def template(code: str) -> ResponseReturnValue:
    """The template of one group (?group=E) or of all groups of the unit."""
    survey_round, unit = find_round(reading(), code, me()), own_unit(me())
    group = request.args.get("group")
    asked = [card for card in cards(reading(), survey_round, unit) if group in (None, card.group.code)]
    if not asked:
        raise Missing
    content = template_workbook(survey_round, unit, asked, catalogue_of(reading(), survey_round))
    return xlsx_file(content, f"mau-danh-sach-{unit.code}{f'-{group}' if group else ''}.xlsx")


@bp.get("/rounds/<code>/lists/uploads")
@requires("lists.own")
def uploads(code: str) -> ResponseReturnValue:
    """The address of the form, loaded again."""
    return redirect(url_for(".mine", code=code))


@bp.post("/rounds/<code>/lists/uploads")
@requires("lists.own")
def upload(code: str) -> ResponseReturnValue:
    """A file as a new draft, or into the draft named by `into`."""
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        return _mine_page(find_round(reading(), code, me()), _("Chưa chọn tệp. Chọn tệp danh sách rồi tải lên."), 422)
    name = PurePath(sent.filename.replace("\\", "/")).name
    try:
        with writing() as session:
            upload_id = _receive(session, code, sent.read(), name)
    except (Rejected, Refused) as fault:
        return _mine_page(find_round(reading(), code, me()), f"{name}: {fault.message}", 422)
    return redirect(url_for(".check", code=code, upload_id=upload_id), 303)


def _receive(session: Session, code: str, content: bytes, name: str) -> int:
    into = request.form.get("into", type=int)
    if into is None:
        survey_round, group = find_round(session, code, me()), request.form.get("group") or None
        received = receive_upload(session, survey_round, own_unit(me()), content, name, me(), group)
        if discard_untouched(session, received):
            flash(_("Bản nháp trước của tệp «%(file)s», chưa sửa gì, đã được thay bằng tệp này.", file=name), "info")
        return received.id
    found = find_upload(session, code, into, me(), to_change=True)
    add_file(session, found, content, name, me())
    return found.id
