"""Pages of the batches of paper forms: make one, tick who gave a form back, see how it was keyed.

The office sees names and figures, the key-entry clerk figures only; the forms themselves are keyed in `answers`.
"""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from ..access import has_right, requires
from ..audit import Action
from ..errors import Invalid, Refused
from ..rounds.models import Mode
from ..rounds.queries import find_round, visible_rounds
from ..view_log import log_view
from ..web import me, reading, writing
from . import paper_rules, queries
from .blueprint import bp
from .letter_words import address_of
from .models import Batch, InvitationState, WorkPart
from .slip_pages import chosen_row, ids_of, number_of, people_value
from .slip_rules import MAY_DRAW


@bp.get("/paper")
@requires("paper.key")
def paper_rounds() -> ResponseReturnValue:
    """The rounds in which a clerk may key forms now."""
    found = [one for one in visible_rounds(reading(), me()) if one.state == "open"]
    waiting = {one.id: queries.unkeyed_batches(reading(), one.id) for one in found}
    return render_template("access_codes/paper_rounds.html", rounds=found, waiting=waiting)


@bp.get("/rounds/<code>/paper")
@requires("codes.manage", "paper.key")
def paper(code: str) -> ResponseReturnValue:
    return _paper_page(code, {})


def _paper_page(code: str, faults: dict[str, str]) -> ResponseReturnValue:
    survey_round = find_round(reading(), code, me())
    batches = queries.paper_batches(reading(), survey_round)
    choices = []
    if has_right(me(), "codes.manage"):
        rows = queries.code_table(reading(), survey_round)
        choices = [(people_value(row), row) for row in rows if row.group.mode == Mode.SEALED]
    page = render_template(
        "access_codes/paper.html",
        survey_round=survey_round,
        fixed=queries.cells_are_fixed(reading(), survey_round),
        batches=batches,
        following=next((one for one in batches if one.keyed < one.ticked and not _ticked_by_me(one)), None),
        choices=choices,
        typed=request.form,
        least=paper_rules.LEAST_SECOND_SHARE,
        faults=faults,
    )
    return page, 422 if faults else 200


def _ticked_by_me(batch: Batch) -> bool:
    return any(one.part == WorkPart.TICKED and one.user_id == me().id for one in batch.workers)


@bp.post("/rounds/<code>/paper")
@requires("codes.manage")
def make_batch(code: str) -> ResponseReturnValue:
    """A new batch of forms; the page that follows has the form to print."""
    survey_round = find_round(reading(), code, me())
    try:
        row = chosen_row(survey_round)
        if row is None:
            raise Invalid({"people": _("Chọn đơn vị và nhóm được phát phiếu.")})
        text = request.form.get("forms", "").strip()
        forms = number_of(text) if text else row.waiting
        share = number_of(request.form.get("share", "").strip())
        with writing() as session:
            there = find_round(session, code, me())
            batch = paper_rules.start_batch(session, there, row.unit, row.group, forms, share, me())
            batch_id, number = batch.id, batch.number
    except Invalid as fault:
        return _paper_page(code, fault.faults)
    except Refused as fault:
        return _paper_page(code, {"": fault.message})
    flash(_("Đã tạo lô %(number)d. In phiếu của lô, phát đi; phiếu về thì ghi ở trang này.", number=number), "ok")
    return redirect(url_for(".paper_batch", code=code, batch_id=batch_id), 303)


@bp.get("/rounds/<code>/batches/<int:batch_id>")
@requires("codes.manage", "paper.key")
def paper_batch(code: str, batch_id: int) -> ResponseReturnValue:
    survey_round = find_round(reading(), code, me())
    batch = queries.find_paper_batch(reading(), survey_round, batch_id)
    manages = has_right(me(), "codes.manage")
    persons = queries.paper_persons(reading(), batch) if manages else []
    page = render_template(
        "access_codes/paper_batch.html",
        survey_round=survey_round,
        batch=batch,
        persons=persons,
        numbers=queries.person_numbers(reading(), survey_round) if manages else {},
        place_of=address_of,
        returned=InvitationState.RETURNED_PAPER,
        may_return=MAY_DRAW,
        ticked_here=paper_rules.worked_on(reading(), batch, me(), WorkPart.TICKED),
        keyed_here=paper_rules.worked_on(reading(), batch, me(), WorkPart.KEYED),
        parts=WorkPart,
    )
    if manages:
        unit = batch.unit.name if batch.unit else ""
        log_view(Action.LIST_VIEWED, round=code, unit=unit, group=batch.cell.group.code, persons=len(persons))
    return page


@bp.post("/rounds/<code>/batches/<int:batch_id>")
@requires("codes.manage")
def tick_returned(code: str, batch_id: int) -> ResponseReturnValue:
    """Changes only what this page changed: a colleague may tick others on the same list meanwhile."""
    before, now = (ids_of(request.form.getlist(name)) for name in ("was", "returned"))
    with writing() as session:
        batch = queries.find_paper_batch(session, find_round(session, code, me()), batch_id)
        count = paper_rules.tick_returned(session, batch, now - before, before - now, me())
        words = _("Đã ghi: %(n)d/%(all)d phiếu đã nộp lại.", n=count, all=batch.printed)
    flash(words, "ok")
    return redirect(url_for(".paper_batch", code=code, batch_id=batch_id), 303)


@bp.post("/rounds/<code>/batches/<int:batch_id>/more")
@requires("codes.manage")
def more_forms(code: str, batch_id: int) -> ResponseReturnValue:
    """Further forms of the batch were handed out."""
    with writing() as session:
        batch = queries.find_paper_batch(session, find_round(session, code, me()), batch_id)
        paper_rules.hand_out_more(session, batch, number_of(request.form.get("count", "")), me())
    flash(_("Đã ghi số phiếu phát thêm."), "ok")
    return redirect(url_for(".paper_batch", code=code, batch_id=batch_id), 303)


@bp.post("/rounds/<code>/batches/<int:batch_id>/destroyed")
@requires("codes.manage")
def note_destroyed(code: str, batch_id: int) -> ResponseReturnValue:
    """The forms themselves were destroyed."""
    with writing() as session:
        batch = queries.find_paper_batch(session, find_round(session, code, me()), batch_id)
        paper_rules.note_destroyed(session, batch, me())
    flash(_("Đã ghi vào nhật ký: phiếu gốc đã hủy."), "ok")
    return redirect(url_for(".paper_batch", code=code, batch_id=batch_id), 303)
