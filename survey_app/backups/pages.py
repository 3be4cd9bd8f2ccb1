"""Page of backups, for the administrator: make one, take it along, see which must be destroyed."""

from pathlib import Path

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from ..access import requires
from ..answers.models import Opening
from ..backup_register import Backup, backups, is_overdue, old_backups
from ..errors import Missing, Refused
from ..rounds.models import Round
from ..web import close_reading, database, me, reading, settings, writing
from .rules import destroy_backup, make_backup, new_file

bp = Blueprint("backups", __name__, template_folder="templates")


@bp.get("/backups", endpoint="backups")
@requires("backups.manage")
def show() -> ResponseReturnValue:
    session = reading()
    known = backups(session)
    cleaned = select(Round).join(Opening, Opening.round_id == Round.id).where(Opening.stage == "cleaned")
    old = {survey_round: old_backups(known, survey_round.code) for survey_round in session.scalars(cleaned)}
    return render_template(
        "backups/backups.html",
        known=known,
        overdue=is_overdue(known),
        to_destroy={one.id for found in old.values() for one in found},
        rounds_with_old=[survey_round for survey_round, found in old.items() if found],
        on_this_machine={one.id for one in known if one.is_kept and Path(one.path).is_file()},
        keys_file=settings().keys_file,
    )


@bp.post("/backups")
@requires("backups.manage")
def make() -> ResponseReturnValue:
    close_reading()
    _made, tried = make_backup(database(), settings(), new_file(settings()), me())
    if tried.holds:
        flash(_("Đã sao lưu và phục hồi thử được. Bấm «Tải về» để chép vào USB."), "ok")
    else:
        faults = "; ".join(fault for check in tried.checks for fault in check.faults)
        flash(_("Đã sao lưu, nhưng kiểm tra dữ liệu thấy có chỗ hỏng: %(faults)s", faults=faults), "err")
    return redirect(url_for(".backups"), 303)


@bp.get("/backups/<int:backup_id>/file")
@requires("backups.manage")
def download(backup_id: int) -> ResponseReturnValue:
    one = reading().get(Backup, backup_id)
    if one is None or not one.is_kept:
        raise Missing
    file = Path(one.path)
    if not file.is_file() or file.stat().st_size != one.size:
        raise Missing(_("Tệp này không còn trên máy chủ; lấy ở USB đã cất."))
    return send_file(file, mimetype="application/octet-stream", as_attachment=True, download_name=one.name)


@bp.post("/backups/<int:backup_id>/destroy")
@requires("backups.manage")
def destroy(backup_id: int) -> ResponseReturnValue:
    if "all_copies" not in request.form:
        raise Refused(_("Chưa ghi là đã hủy: tích ô xác nhận mọi bản chép đã hủy, rồi bấm lại."))
    with writing() as session:
        deleted = destroy_backup(session, backup_id, me())
    flash(
        _("Đã xóa tệp trên máy chủ và ghi là đã hủy.") if deleted else _("Đã ghi là đã hủy."),
        "ok",
    )
    return redirect(url_for(".backups"), 303)
