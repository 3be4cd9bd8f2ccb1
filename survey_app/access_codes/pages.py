"""Pages of step 3, for the operator only: publication cells, codes and letters, the desk for one person."""

import io
import zipfile

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from wtforms.fields.choices import SelectChoice

from ..access import requires
from ..audit import Action
from ..errors import Refused
from ..paper import qr_svg, require_pango
from ..roster.references import reference_of, reference_of_search
from ..roster_changes.effects import register_effect
from ..rounds.models import Round
from ..rounds.queries import find_round
from ..steps import register_step
from ..view_log import log_view
from ..web import me, reading, settings, writing
from . import codes, queries, roster_effects, rules
from .blueprint import bp
from .codes_file import codes_csv
from .forms import IssueForm
from .letter_words import LetterWishes, make_letters
from .letters import letters_pdf
from .models import InvitationState
from .step import step_state

# A letter takes about 60 ms; a unit seldom has more persons than this, and nobody waits longer for a page.
MOST_LETTERS = 250


@bp.get("/rounds/<code>/cells")
@requires("cells.manage")
def cells(code: str):
    survey_round = find_round(reading(), code, me())
    locked = survey_round.roster_locked_at is not None
    planned = queries.planned_cells(reading(), survey_round) if locked else []
    return render_template(
        "access_codes/cells.html",
        survey_round=survey_round,
        locked=locked,
        fixed=queries.cells_are_fixed(reading(), survey_round),
        branches=queries.cell_tree(reading(), survey_round) if locked else [],
        small=rules.groups_too_small(planned, survey_round.k_min),
    )


@bp.post("/rounds/<code>/cells")
@requires("cells.manage")
def fix_cells(code: str):
    with writing() as session:
        survey_round = find_round(session, code, me())
        rules.build_cells(session, survey_round, me(), accept_small=bool(request.form.get("accept_small")))
    flash(_("Đã chốt ô công bố và ghi lời mời cho mọi người trong danh sách. Tiếp theo, cấp mã và in giấy mời."), "ok")
    return redirect(url_for(".code_page", code=code))


@bp.get("/rounds/<code>/codes")
@requires("codes.manage")
def code_page(code: str):
    survey_round = find_round(reading(), code, me())
    return _code_page(survey_round, _issue_form(survey_round))


def _code_page(survey_round: Round, form: IssueForm, status: int = 200):
    text = request.args.get("q", "")[:100]
    found = queries.find_invited(reading(), survey_round, text) if text else []
    page = render_template(
        "access_codes/codes.html",
        survey_round=survey_round,
        fixed=queries.cells_are_fixed(reading(), survey_round),
        rows=queries.code_table(reading(), survey_round),
        totals=queries.code_totals(reading(), survey_round),
        form=form,
        text=text,
        found=found,
        faults=form.errors,
        most=MOST_LETTERS,
    )
    if found:
        log_view(Action.PERSONS_SEARCHED, wanted=reference_of_search(reading(), text), persons=len(found))
    return page, status


def _issue_form(survey_round: Round) -> IssueForm:
    form = IssueForm(help_place="gần nhất")
    rows = queries.code_table(reading(), survey_round)
    units = {row.unit.id: row.unit.name for row in rows}
    form.unit.choices = [
        SelectChoice("", _("Mọi đơn vị")),
        *(SelectChoice(str(unit_id), name) for unit_id, name in units.items()),
    ]
    form.group.choices = [
        SelectChoice("", _("Mọi nhóm")),
        *(SelectChoice(g.code, f"{g.code} – {g.name}") for g in survey_round.groups),
    ]
    return form


@bp.post("/rounds/<code>/codes")
@requires("codes.manage")
def issue(code: str):
    """Draws codes, prints them, then stores them: what is stored has been printed, and it is shown this once."""
    survey_round = find_round(reading(), code, me())
    form = _issue_form(survey_round)
    if not form.validate_on_submit():
        return _code_page(survey_round, form, 422)
    rows = queries.code_table(reading(), survey_round)
    unit = next((row.unit for row in rows if str(row.unit.id) == form.unit.data), None)
    group = next((one for one in survey_round.groups if one.code == form.group.data), None)
    issued = rules.draw_codes(reading(), survey_round, group=group, unit=unit)
    answer = _file_of(survey_round, issued, form.output.data, form.wishes(), unit.code if unit else "tat-ca")
    scope = " · ".join((unit.name if unit else "mọi đơn vị", f"nhóm {group.code}" if group else "mọi nhóm"))
    with writing() as session:
        survey_round = find_round(session, code, me())
        rules.store_codes(session, survey_round, issued, me(), settings().keys.pepper, scope)
    return answer


def _file_of(
    survey_round: Round, issued: list[rules.IssuedCode], output: str, wishes: LetterWishes, name: str
) -> Response:
    """The letters, the code file or both, of one set of codes."""
    if survey_round.is_training:
        name = f"tap-huan-{name}"
    numbers = queries.person_numbers(reading(), survey_round)
    table = "\ufeff" + codes_csv(issued, numbers, settings().public_url, with_person=True)
    if output == "csv":
        return _download(table.encode("utf-8"), "text/csv; charset=utf-8", f"ma-{name}.csv")
    if len(issued) > MOST_LETTERS:
        raise Refused(
            _(
                "Phần đã chọn có %(n)d người; mỗi lần in nhiều nhất %(most)d. Chọn một đơn vị.",
                n=len(issued),
                most=MOST_LETTERS,
            )
        )
    require_pango()
    pdf = letters_pdf(make_letters(reading(), survey_round, issued, wishes, settings()))
    if output == "letters":
        return _download(pdf, "application/pdf", f"giay-moi-{name}.pdf")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"giay-moi-{name}.pdf", pdf)
        archive.writestr(f"ma-{name}.csv", table.encode("utf-8"))
    return _download(packed.getvalue(), "application/zip", f"giay-moi-va-ma-{name}.zip")


def _download(content: bytes, mimetype: str, name: str) -> Response:
    return Response(content, mimetype=mimetype, headers={"Content-Disposition": f'attachment; filename="{name}"'})


@bp.get("/rounds/<code>/codes/<int:invitation_id>")
@requires("codes.manage")
def person(code: str, invitation_id: int):
    return _person_page(code, invitation_id)


def _person_page(code: str, invitation_id: int, fresh: str = ""):
    """The desk for one person; a fresh code stands on it once, in the answer to the post that made it."""
    survey_round = find_round(reading(), code, me())
    invitation = queries.find_invitation(reading(), survey_round, invitation_id)
    living, voided = queries.code_counts(reading(), invitation)
    link = codes.link(settings().public_url, fresh) if fresh else ""
    page = render_template(
        "access_codes/person.html",
        survey_round=survey_round,
        invitation=invitation,
        number=queries.person_numbers(reading(), survey_round).get(invitation.person_id),
        living=living,
        voided=voided,
        fresh=codes.printed(fresh) if fresh else "",
        link=link,
        qr=qr_svg(link, 40, _("Mã QR mở phiếu khảo sát")) if fresh else "",
        may_issue=rules.may_get_code(invitation) and survey_round.closed_at is None,
    )
    log_view(Action.PERSON_VIEWED, round=code, person=reference_of(reading(), invitation.person))
    return page


@bp.post("/rounds/<code>/codes/<int:invitation_id>/further")
@requires("codes.manage")
def further(code: str, invitation_id: int):
    as_letter = request.form.get("as") == "letter"
    survey_round = find_round(reading(), code, me())
    invitation = queries.find_invitation(reading(), survey_round, invitation_id)
    one = rules.draw_further_code(invitation)
    answer = _file_of(survey_round, [one], "letters", LetterWishes(), f"them-{invitation_id}") if as_letter else None
    with writing() as session:
        survey_round = find_round(session, code, me())
        invitation = queries.find_invitation(session, survey_round, invitation_id)
        rules.store_further_code(session, survey_round, invitation, one, me(), settings().keys.pepper)
    return answer or _person_page(code, invitation_id, one.code)


@bp.post("/rounds/<code>/codes/<int:invitation_id>/void")
@requires("codes.manage")
def void(code: str, invitation_id: int):
    with writing() as session:
        survey_round = find_round(session, code, me())
        invitation = queries.find_invitation(session, survey_round, invitation_id)
        count = rules.void_codes(session, survey_round, invitation, me())
        answered = invitation.state == InvitationState.RECEIVED
    if answered:
        flash(_("Đã hủy %(n)d mã. Người này đã trả lời; phiếu đã gửi không thay đổi.", n=count), "ok")
    else:
        flash(_("Đã hủy %(n)d mã. Người này chỉ trả lời được bằng mã cấp sau đây.", n=count), "ok")
    return redirect(url_for(".person", code=code, invitation_id=invitation_id))


register_step(3, step_state)
register_effect(roster_effects.follow, roster_effects.tell)

from . import paper_pages, payment_pages, slip_pages  # noqa: E402, F401 - they add their routes to `bp`
