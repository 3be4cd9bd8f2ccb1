"""Pages of sampling: frames, design with preview, the sample, replacement, files."""

from io import BytesIO
from pathlib import PurePath

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from ..access import requires
from ..audit import Action
from ..errors import Conflict, Invalid, Missing, Refused
from ..roster.own_list_parts import OwnListPart, register_own_list_part
from ..roster.queries import catalogue_of, find_upload
from ..rounds.queries import find_round
from ..view_log import log_view
from ..web import me, reading, writing
from ..workbook import Rejected
from .design_form import DEVIATION, choices_from_form, design_from_form
from .design_words import ALLOCATION_WORDS, METHOD_WORDS, design_lines
from .designs import plan
from .documents import current_members, minutes_workbook, sample_workbook, standing_words
from .frames import frame_key
from .models import Sample, Standing
from .outcomes import OUTCOME_WORDS
from .queries import (
    asked_places,
    commune_names,
    counts_of,
    find_frame,
    find_sample,
    frames_of,
    keys_on_list,
    own_frames,
    quota_of,
    rows_of,
    unit_list_of,
)
from .replacement import Reason, can_be_taken_back, propose_replacement, replace_before_lock, take_back
from .rules import (
    discard_frame,
    draw_sample,
    frame_from_upload,
    hand_to_unit,
    is_repeatable,
    place_of,
    receive_frame,
)

bp = Blueprint("sampling", __name__, template_folder="templates")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PER_PAGE = 50


@bp.get("/rounds/<code>/sampling")
@requires("sampling.manage")
def sampling(code: str) -> ResponseReturnValue:
    """Frames of the round, and a file to make a further one."""
    return _sampling_page(code)


def _sampling_page(code: str, fault: str = "", status: int = 200) -> ResponseReturnValue:
    survey_round = find_round(reading(), code, me())
    page = render_template(
        "sampling/sampling.html",
        survey_round=survey_round,
        frames=frames_of(reading(), survey_round),
        places=asked_places(reading(), survey_round),
        place=request.form.get("place", ""),
        fault=fault,
    )
    return page, status


@bp.post("/rounds/<code>/sampling")
@requires("sampling.manage")
def make_frame(code: str) -> ResponseReturnValue:
    """A file of a unit becomes a frame."""
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        return _sampling_page(code, _("Chưa chọn tệp. Chọn tệp danh sách rồi tải lên."), 422)
    name = PurePath(sent.filename.replace("\\", "/")).name
    unit_code, _dash, group_code = request.form.get("place", "").partition("/")
    try:
        with writing() as session:
            survey_round = find_round(session, code, me())
            unit, group = place_of(session, survey_round, unit_code, group_code)
            frame_id = receive_frame(session, survey_round, unit, group, sent.read(), name, me()).id
    except (Rejected, Refused) as fault:
        return _sampling_page(code, f"{name}: {fault.message}", 422)
    flash(_("Đã lập khung mẫu và chốt nội dung. Chọn cách chọn mẫu ở dưới."), "ok")
    return redirect(url_for(".frame", code=code, frame_id=frame_id), 303)


@bp.post("/rounds/<code>/lists/uploads/<int:upload_id>/frame")
@requires("sampling.own")
def frame_of_draft(code: str, upload_id: int) -> ResponseReturnValue:
    """A unit's draft with more persons than asked for becomes a frame."""
    with writing() as session:
        upload = find_upload(session, code, upload_id, me(), to_change=True)
        frame = frame_from_upload(session, upload, me(), request.form.get("version", type=int))
        persons = frame.persons
    words = _(
        "Đã lập khung mẫu %(n)d người. Cơ quan tổ chức sẽ chọn mẫu; người được chọn sẽ thành bản nháp ở trang này.",
        n=persons,
    )
    flash(words, "ok")
    return redirect(url_for("roster.mine", code=code), 303)


@bp.get("/rounds/<code>/frames/<int:frame_id>")
@requires("sampling.manage")
def frame(code: str, frame_id: int) -> ResponseReturnValue:
    """The design of a sample, with what it means for this frame."""
    return _frame_page(code, frame_id, {})


def _frame_page(code: str, frame_id: int, faults: dict[str, str], status: int = 200) -> ResponseReturnValue:
    found = find_frame(reading(), code, frame_id, me())
    rows = rows_of(found)
    form = {name: ",".join(request.values.getlist(name)) for name in request.values}
    form.pop("csrf_token", None)
    quota = quota_of(reading(), found)
    design, preview = choices_from_form(form), None
    try:
        design = design_from_form(form)
        preview = plan(rows, design, quota.target, commune_names(reading(), found.round))
    except Invalid as fault:
        faults = fault.faults | faults
    page = render_template(
        "sampling/frame.html",
        survey_round=found.round,
        frame=found,
        quota=quota,
        form=form,
        design=design,
        preview=preview,
        measures=[(name, name) for name in sorted(rows[0].measures)],
        methods=METHOD_WORDS,
        allocations=ALLOCATION_WORDS,
        deviation=DEVIATION,
        faults=faults,
        set_aside=_set_aside(found),
    )
    if found.set_aside:
        log_view(
            Action.FRAME_VIEWED, round=code, unit=found.unit.name, group=found.group.code, frame=found.id
        )  # fmt: skip
    return page, status


def _set_aside(found) -> list[str]:
    return [sentence for _sheet, _row, sentence in (found.set_aside or [])]


@bp.post("/rounds/<code>/frames/<int:frame_id>")
@requires("sampling.manage")
def draw(code: str, frame_id: int) -> ResponseReturnValue:
    """«Chọn mẫu»: draw, and put the sample into a draft of the unit where its list may still change."""
    form = {name: ",".join(request.form.getlist(name)) for name in request.form}
    try:
        with writing() as session:
            found = find_frame(session, code, frame_id, me())
            sample = draw_sample(
                session, found, design_from_form(form), me(), form.get("seed", ""), form.get("reason", ""),
                request.form.get("samples", type=int),
            )  # fmt: skip
            sample_id = sample.id
    except Invalid as fault:
        return _frame_page(code, frame_id, fault.faults, 422)
    flash(_("Đã chọn mẫu. Hạt giống, khung mẫu và kết quả đã được ghi lại."), "ok")
    return redirect(url_for(".sample", code=code, sample_id=sample_id), 303)


@bp.post("/rounds/<code>/frames/<int:frame_id>/discard")
@requires("sampling.manage")
def discard(code: str, frame_id: int) -> ResponseReturnValue:
    with writing() as session:
        discard_frame(session, find_frame(session, code, frame_id, me()), me())
    flash(_("Đã bỏ khung mẫu."), "ok")
    return redirect(url_for(".sampling", code=code), 303)


@bp.get("/rounds/<code>/samples/<int:sample_id>")
@requires("sampling.manage", "sampling.own")
def sample(code: str, sample_id: int) -> ResponseReturnValue:
    """Who was drawn, with probability and weight, the reserves in order, and all that is needed to draw again."""
    found = find_sample(reading(), code, sample_id, me())
    rows = {row.number: row for row in rows_of(found.frame)}
    show = "reserve" if request.args.get("show") == "reserve" else "selected"
    wanted = current_members(found) + [one for one in found.members if one.outcome] if show == "selected" else None
    if wanted is None:
        wanted = [one for one in found.members if one.standing == Standing.RESERVE and one.replaces_id is None]
    pages = max(1, -(-len(wanted) // PER_PAGE))
    number = min(max(1, request.args.get("page", 1, type=int)), pages)
    unit_list = unit_list_of(reading(), found.frame)
    listed = keys_on_list(reading(), found.frame)
    page = render_template(
        "sampling/sample.html",
        survey_round=found.frame.round,
        sample=found,
        members=wanted[(number - 1) * PER_PAGE : number * PER_PAGE],
        total=len(wanted),
        page=number,
        pages=pages,
        per_page=PER_PAGE,
        page_url=lambda n: url_for(".sample", code=code, sample_id=sample_id, show=show, page=n),
        rows=rows,
        show=show,
        counts=counts_of(found.members),
        outcomes=OUTCOME_WORDS,
        lines=design_lines(found.design),
        words=lambda member: standing_words(member, found),
        key=lambda member: frame_key(found.frame_id, member.frame_row),
        listed=listed,
        returning=can_be_taken_back(reading(), found, listed),
        unit_list=unit_list,
        repeated=is_repeatable(reading(), found) if request.args.get("again") else None,
    )
    _log(Action.SAMPLE_VIEWED, found)
    return page


def _log(action: Action, found: Sample, **more: str) -> None:
    frame_ = found.frame
    log_view(
        action, round=frame_.round.code, unit=frame_.unit.name, group=frame_.group.code, number=found.number, **more
    )


@bp.get("/rounds/<code>/samples/<int:sample_id>/minutes.xlsx")
@requires("sampling.manage", "sampling.own")
def minutes(code: str, sample_id: int) -> ResponseReturnValue:
    """Biên bản chọn mẫu."""
    found = find_sample(reading(), code, sample_id, me())
    content = minutes_workbook(found, rows_of(found.frame))
    name = f"bien-ban-chon-mau-{found.frame.unit.code}-{found.frame.group.code}-lan-{found.number}.xlsx"
    _log(Action.SAMPLE_EXPORTED, found, document="biên bản")
    return send_file(BytesIO(content), mimetype=XLSX, as_attachment=True, download_name=name)


@bp.get("/rounds/<code>/samples/<int:sample_id>/sample.xlsx")
@requires("sampling.manage", "sampling.own")
def sample_file(code: str, sample_id: int) -> ResponseReturnValue:
    """The persons now in the sample, as a list."""
    found = find_sample(reading(), code, sample_id, me())
    content = sample_workbook(found, rows_of(found.frame), catalogue_of(reading(), found.frame.round))
    name = f"mau-{found.frame.unit.code}-{found.frame.group.code}-lan-{found.number}.xlsx"
    _log(Action.SAMPLE_EXPORTED, found, document="danh sách mẫu")
    return send_file(BytesIO(content), mimetype=XLSX, as_attachment=True, download_name=name)


@bp.post("/rounds/<code>/samples/<int:sample_id>/hand")
@requires("sampling.manage", "sampling.own")
def hand(code: str, sample_id: int) -> ResponseReturnValue:
    """Put the sample into a draft of the unit."""
    with writing() as session:
        found = find_sample(session, code, sample_id, me())
        unit = found.frame.unit.name
        hand_to_unit(session, found, me())
    flash(
        _("Mẫu đã thành bản nháp của %(unit)s. Đơn vị kiểm tra, xác nhận và nộp như danh sách khác.", unit=unit), "ok"
    )
    return redirect(url_for(".sample", code=code, sample_id=sample_id), 303)


@bp.get("/rounds/<code>/samples/<int:sample_id>/members/<int:member_id>")
@requires("sampling.manage")
def replacing(code: str, sample_id: int, member_id: int) -> ResponseReturnValue:
    """Ask for the result code before the next reserve is called."""
    return _replacing_page(code, sample_id, member_id, {})


def _member(found: Sample, member_id: int):
    member = next((one for one in found.members if one.id == member_id), None)
    if member is None or not member.is_current:
        raise Conflict(_("Người này không còn trong mẫu. Tải lại trang mẫu để xem ai đã vào thay."))
    return member


def _replacing_page(code: str, sample_id: int, member_id: int, faults: dict[str, str]) -> ResponseReturnValue:
    found = find_sample(reading(), code, sample_id, me())
    member = _member(found, member_id)
    row = next(one for one in rows_of(found.frame) if one.number == member.frame_row)
    left = [
        one
        for one in found.members
        if one.standing == Standing.RESERVE and one.replaces_id is None and one.stratum == member.stratum
    ]
    page = render_template(
        "sampling/replacing.html",
        survey_round=found.frame.round,
        sample=found,
        member=member,
        row=row,
        left=len(left),
        outcomes=OUTCOME_WORDS,
        form=request.form,
        faults=faults,
        fault_lines=[(sentence, name) for name, sentence in faults.items()],
    )
    _log(Action.SAMPLE_VIEWED, found)
    return page, 422 if faults else 200


@bp.post("/rounds/<code>/samples/<int:sample_id>/members/<int:member_id>")
@requires("sampling.manage")
def replace(code: str, sample_id: int, member_id: int) -> ResponseReturnValue:
    """«Lấy người dự bị kế tiếp»: at once before the lock, as a change request afterwards."""
    reason = Reason(request.form.get("outcome", ""), request.form.get("words", ""))
    try:
        with writing() as session:
            found = find_sample(session, code, sample_id, me())
            member = _member(found, member_id)
            locked = found.frame.round.roster_locked_at is not None
            act = propose_replacement if locked else replace_before_lock
            called = act(session, found, member, reason, me())
            words = {"key": called.person.frame_key, "n": called.member.position}
    except Invalid as fault:
        return _replacing_page(code, sample_id, member_id, fault.faults)
    if locked:
        flash(_("Đã lập đề nghị thay bằng dự bị thứ %(n)d (mã %(key)s). Người khác phải duyệt.", **words), "ok")
    else:
        flash(_("Dự bị thứ %(n)d (mã %(key)s) đã vào thay.", **words), "ok")
    return redirect(url_for(".sample", code=code, sample_id=sample_id), 303)


@bp.post("/rounds/<code>/samples/<int:sample_id>/members/<int:member_id>/restore")
@requires("sampling.manage")
def restore(code: str, sample_id: int, member_id: int) -> ResponseReturnValue:
    """After a refused request: the person stays, the reserve waits again."""
    with writing() as session:
        found = find_sample(session, code, sample_id, me())
        member = next((one for one in found.members if one.id == member_id), None)
        if member is None:
            raise Missing
        take_back(session, found, member, me())
    flash(_("Đã hoàn lại: người này ở lại trong mẫu, người dự bị chờ lại."), "ok")
    return redirect(url_for(".sample", code=code, sample_id=sample_id), 303)


def _own_parts(session, survey_round, by) -> list[OwnListPart]:
    """What the page of a unit's lists says of its frames."""
    parts = []
    for one in own_frames(session, survey_round, by):
        words = _("Khung mẫu nhóm %(group)s: %(n)d người", group=one.group.code, n=one.persons)
        if one.rows_set_aside:
            words += " · " + _("%(n)d dòng để riêng vì có lỗi", n=one.rows_set_aside)
        # The unit is told of the sample it was given; a later draw of the office is a trial until then.
        given = [sample for sample in one.samples if sample.upload_id is not None]
        known = given or one.samples
        latest = known[-1] if known else None
        if latest is None:
            parts.append(OwnListPart(words, _("Cơ quan tổ chức chưa chọn mẫu.")))
        else:
            told = _("Đã chọn %(n)d người, lần %(number)d.", n=latest.size, number=latest.number)
            url = url_for("sampling.sample", code=survey_round.code, sample_id=latest.id)
            parts.append(OwnListPart(words, told, url, _("Xem mẫu đã chọn")))
    return parts


register_own_list_part(_own_parts)
