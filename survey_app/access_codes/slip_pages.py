"""Pages of the codes drawn from a box: print slips with a list of attendance, then write down who drew one."""

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from ..access import requires
from ..audit import Action
from ..errors import Invalid, Missing, Refused
from ..paper import require_pango
from ..rounds.models import Mode, RespondentGroup, Round
from ..rounds.queries import find_round
from ..units.models import Unit
from ..view_log import log_view
from ..web import me, reading, settings, writing
from . import queries, slip_rules
from .blueprint import bp
from .letter_words import LetterWishes, address_of, letter_frame
from .models import Batch, InvitationState
from .slips import Attendant, Meeting, slips_pdf


@bp.get("/rounds/<code>/slips")
@requires("codes.manage")
def slips(code: str) -> ResponseReturnValue:
    return _slips_page(code, {})


def _slips_page(code: str, faults: dict[str, str]) -> ResponseReturnValue:
    survey_round = find_round(reading(), code, me())
    rows = queries.code_table(reading(), survey_round)
    page = render_template(
        "access_codes/slips.html",
        survey_round=survey_round,
        fixed=queries.cells_are_fixed(reading(), survey_round),
        lists=queries.slip_lists(reading(), survey_round),
        choices=[(people_value(row), row) for row in rows if row.waiting and row.group.mode == Mode.SEALED],
        chosen=request.form.get("people", ""),
        faults=faults,
    )
    return page, 422 if faults else 200


@bp.post("/rounds/<code>/slips")
@requires("codes.manage")
def print_slips(code: str) -> ResponseReturnValue:
    """Draws slips, prints them, then stores them, as with letters: what is stored has been printed."""
    survey_round = find_round(reading(), code, me())
    try:
        unit, group = _chosen_people(survey_round)
    except Invalid as fault:
        return _slips_page(code, fault.faults)
    persons = slip_rules.persons_for_slips(reading(), survey_round, unit, group)
    fresh = slip_rules.draw_slips(len(persons))
    attendants = [Attendant(one.person.name, address_of(one.person)) for one in persons]
    answer = _printed(survey_round, unit, group, attendants, fresh)
    with writing() as session:
        survey_round = find_round(session, code, me())
        again = slip_rules.persons_for_slips(session, survey_round, unit, group)
        if [one.id for one in again] != [one.id for one in persons]:
            raise Refused(_("Danh sách vừa thay đổi trong lúc in. Chưa ghi gì; bấm in lại."))
        slip_rules.start_slip_list(session, survey_round, again, fresh, me(), settings().keys.pepper)
    return answer


def _chosen_people(survey_round: Round) -> tuple[Unit, RespondentGroup]:
    row = chosen_row(survey_round)
    if row is None:
        raise Invalid({"people": _("Chọn đơn vị và nhóm dự họp.")})
    return row.unit, row.group


def chosen_row(survey_round: Round) -> queries.CodeRow | None:
    """The row of the code table that the form chose as «id:code», or none."""
    for row in queries.code_table(reading(), survey_round):
        if request.form.get("people") == people_value(row):
            return row
    return None


def people_value(row: queries.CodeRow) -> str:
    """How a form names the persons of a unit and group."""
    return f"{row.unit.id}:{row.group.code}"


def _printed(
    survey_round: Round, unit: Unit, group: RespondentGroup, attendants: list[Attendant], fresh: list[str]
) -> Response:
    require_pango()
    frame = letter_frame(reading(), survey_round, group, LetterWishes(), settings())
    meeting = Meeting(frame, unit.name, f"Nhóm {group.code} – {group.name}")
    content = slips_pdf(meeting, attendants, fresh)
    name = f"ma-boc-tham-{survey_round.code}-{unit.code}-{group.code}.pdf"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, mimetype="application/pdf", headers=headers)


@bp.get("/rounds/<code>/slips/<int:batch_id>")
@requires("codes.manage")
def attendance(code: str, batch_id: int) -> ResponseReturnValue:
    survey_round = find_round(reading(), code, me())
    batch = queries.find_slip_list(reading(), survey_round, batch_id)
    persons = queries.slip_persons(reading(), batch)
    page = render_template(
        "access_codes/attendance.html",
        survey_round=survey_round,
        batch=batch,
        persons=persons,
        numbers={one.person_id: number for number, one in enumerate(persons, 1)},  # as on the list that was signed
        place_of=address_of,
        drew=InvitationState.DREW_SLIP,
        may_draw=slip_rules.MAY_DRAW,
    )
    unit, group = _unit_of(batch).name, batch.cell.group.code
    log_view(Action.LIST_VIEWED, round=code, unit=unit, group=group, persons=len(persons))
    return page


@bp.post("/rounds/<code>/slips/<int:batch_id>")
@requires("codes.manage")
def tick(code: str, batch_id: int) -> ResponseReturnValue:
    """Changes only what this page changed: a colleague may tick others on the same list meanwhile."""
    before, now = (ids_of(request.form.getlist(name)) for name in ("was", "drew"))
    with writing() as session:
        batch = queries.find_slip_list(session, find_round(session, code, me()), batch_id)
        taken = slip_rules.tick_attendance(session, batch, now - before, before - now, me())
        words = _("Đã ghi: %(n)d/%(all)d người đã bốc thăm mã.", n=taken, all=batch.printed)
    flash(words, "ok")
    return redirect(url_for(".attendance", code=code, batch_id=batch_id), 303)


def ids_of(texts: list[str]) -> set[int]:
    """The ids that a form with ticks brings; what is none is left out."""
    return {int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 12}


@bp.post("/rounds/<code>/slips/<int:batch_id>/more")
@requires("codes.manage")
def more(code: str, batch_id: int) -> ResponseReturnValue:
    """Further slips for those that were torn or lost."""
    count = number_of(request.form.get("count", ""))
    survey_round = find_round(reading(), code, me())
    batch = queries.find_slip_list(reading(), survey_round, batch_id)
    fresh = slip_rules.draw_slips(count)
    answer = _printed(survey_round, _unit_of(batch), batch.cell.group, [], fresh)
    with writing() as session:
        batch = queries.find_slip_list(session, find_round(session, code, me()), batch_id)
        slip_rules.add_slips(session, batch, fresh, me(), settings().keys.pepper)
    return answer


def number_of(text: str) -> int:
    """The whole number in a field, 0 for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 5 else 0


def _unit_of(batch: Batch) -> Unit:
    if batch.unit is None:  # a batch of paper forms; a list of slips names its unit
        raise Missing
    return batch.unit


@bp.post("/rounds/<code>/slips/<int:batch_id>/withdraw")
@requires("codes.manage")
def withdraw(code: str, batch_id: int) -> ResponseReturnValue:
    with writing() as session:
        batch = queries.find_slip_list(session, find_round(session, code, me()), batch_id)
        slip_rules.withdraw_slip_list(session, batch, me())
    flash(_("Đã hủy danh sách bốc thăm. Mọi mã đã in hết tác dụng; mã cá nhân dùng lại bình thường."), "ok")
    return redirect(url_for(".slips", code=code), 303)
