"""Opening a round for answers, closing collection, opening the envelopes: what must be true, and one button each."""

import unicodedata
from datetime import datetime
from http import HTTPStatus
from typing import Any

from flask import current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from ..access import requires
from ..access_codes.queries import unkeyed_batches
from ..backup_register import backups, fresh_backup, old_backups
from ..db import now
from ..errors import Refused
from ..rounds.group_rules import set_help_line
from ..rounds.models import Mode, Round
from ..rounds.queries import find_round
from ..web import close_reading, database, me, reading, writing
from .blueprint import bp
from .identified import count_identified, modes_in_force, readers_of
from .joint import agree_to_open, agreements_to_open
from .keys import MAX_FILE, read_key_file
from .opening import PrivateKey, clean_up
from .opening_job import OpeningJob
from .queries import count_envelopes, invitations_by_group, opening_of, round_keys, window_of
from .rules import (
    Check,
    checks_before_closing,
    checks_before_opening,
    close_round,
    end_of_collection,
    needs_holders,
    open_round,
    refuse_unless_closable,
)

WORDS = "MỞ NIÊM PHONG"
WORDS_WITHOUT_SEALED = "CHỐT PHIẾU"
_SECONDS_TO_WAIT = 3.0  # a small round is opened before its page is answered
_PLACES = {
    "roster": "roster.roster",
    "cells": "access_codes.cells",
    "questionnaires": "questionnaires.questionnaires",
    "keys": "answers.keys",
    "settings": "rounds.settings",
    "paper": "access_codes.paper",
}


@bp.get("/rounds/<code>/collection")
@requires("collection.manage", "rounds.read")
def collection(code: str) -> Any:
    """Step 4: open the round, watch the counts, close collection."""
    survey_round = find_round(reading(), code, me())
    session = reading()
    invited = invitations_by_group(session, survey_round.id)
    checks: list[Check] = []
    goes_on = survey_round.cancelled_at is None
    if goes_on and survey_round.opened_at is None:
        checks = checks_before_opening(session, survey_round)
    elif goes_on and survey_round.closed_at is None:
        checks = checks_before_closing(session, survey_round)
    return render_template(
        "answers/collection.html",
        survey_round=survey_round,
        checks=[(check, _place(check, code)) for check in checks],
        ready=all(check.holds for check in checks if check.blocks),
        counts=[(group, *invited[group.id]) for group in survey_round.groups if group.id in invited],
        **_in_hand(session, survey_round),
    )


def _in_hand(session: Session, survey_round: Round) -> dict[str, Any]:
    """What has come, and which modes are in force: the words of the pages follow from it."""
    modes = modes_in_force(session, survey_round.id)
    return {
        "envelopes": count_envelopes(session, survey_round.id),
        "identified": count_identified(session, survey_round.id),
        "unkeyed": unkeyed_batches(session, survey_round.id),
        "has_sealed": needs_holders(modes),
        "confidential": modes.get(Mode.CONFIDENTIAL, []),
        "readers": readers_of(session, survey_round) if Mode.CONFIDENTIAL in modes else [],
    }


def _place(check: Check, code: str) -> str:
    """Address of the page where a condition is mended; empty where it holds."""
    endpoint = _PLACES.get(check.step, "")
    if check.holds or endpoint not in current_app.view_functions:
        return ""
    return url_for(endpoint, code=code)


@bp.post("/rounds/<code>/collection/open")
@requires("collection.manage")
def start(code: str) -> Any:
    """Opens the round for answers."""
    with writing() as session:
        open_round(session, find_round(session, code, me()), me())
    flash(_("Đã mở đợt. Bộ tiêu chí, phiếu, quy tắc tính điểm và chế độ phiếu không đổi được nữa."), "ok")
    return redirect(url_for("answers.collection", code=code))


@bp.post("/rounds/<code>/collection/help")
@requires("collection.manage")
def change_help(code: str) -> Any:
    """Another telephone number of help, seen by respondents within half a minute."""
    phone, hours = (request.form.get(name, "")[:100] for name in ("help_phone", "help_hours"))
    with writing() as session:
        set_help_line(session, find_round(session, code, me()), phone, hours, me())
    flash(_("Đã đổi điện thoại trợ giúp trên mọi trang phiếu. Giấy mời đã in vẫn ghi số cũ."), "ok")
    return redirect(url_for("answers.collection", code=code))


@bp.get("/rounds/<code>/collection/close")
@requires("collection.manage")
def ask_to_close(code: str) -> Any:
    """The page behind «Đóng thu phiếu»: closing cannot be undone."""
    survey_round = find_round(reading(), code, me())
    refuse_unless_closable(reading(), survey_round)
    return _show_closing(survey_round)


def _show_closing(survey_round: Round, status: int = 200) -> Any:
    page = render_template(
        "answers/close.html",
        survey_round=survey_round,
        last_moment=_still_to_come(survey_round),
        unticked=status != HTTPStatus.OK,
        **_in_hand(reading(), survey_round),
    )
    return page, status


def _still_to_come(survey_round: Round) -> datetime | None:
    """Until when phones without network may still bring answers; none when that moment has passed."""
    last = end_of_collection(window_of(survey_round), grace=True)
    return last if last is not None and now() < last else None


@bp.post("/rounds/<code>/collection/close")
@requires("collection.manage")
def finish(code: str) -> Any:
    """Ends collection for good; before the promised moment only when somebody has said so."""
    survey_round = find_round(reading(), code, me())
    refuse_unless_closable(reading(), survey_round)
    if _still_to_come(survey_round) and "early" not in request.form:
        return _show_closing(survey_round, 422)
    with writing() as session:
        close_round(session, find_round(session, code, me()), me())
    flash(_("Đã đóng thu phiếu. Không nhận thêm phiếu nào nữa."), "ok")
    return redirect(url_for("answers.opening", code=code))


def _show_opening(survey_round: Round, faults: list[tuple[str, str]], status: int = 200) -> Any:
    session = reading()
    known = backups(session)
    page = render_template(
        "answers/opening.html",
        survey_round=survey_round,
        opening=opening_of(session, survey_round.id),
        **(hand := _in_hand(session, survey_round)),
        keys=[key for key in round_keys(session, survey_round.id) if key.tested_before_start],
        needed=(2 if survey_round.key_mode == "strict" else 1) if hand["has_sealed"] else 0,
        agreements=agreements_to_open(session, survey_round),
        job=_running_job(survey_round.id),
        fresh_backup=fresh_backup(known, survey_round.code),
        old_backups=old_backups(known, survey_round.code),
        faults=faults,
        words=(words := _words_to_type(hand["has_sealed"])),
        pattern=_in_any_spelling(words),
    )
    return page, status


@bp.get("/rounds/<code>/opening")
@requires("envelopes.open", "rounds.read")
def opening(code: str) -> Any:
    """Step 6, first half: the state of the opening, and the form for the key."""
    survey_round = find_round(reading(), code, me())
    return _show_opening(survey_round, _faults_of_last_job(survey_round.id))


@bp.post("/rounds/<code>/opening")
@requires("envelopes.open")
def open_all(code: str) -> Any:
    """Opens all envelopes with the uploaded key; the key lives in memory until the answer is sent."""
    survey_round = find_round(reading(), code, me())
    typed = unicodedata.normalize("NFC", " ".join(request.form.get("words", "").split()))
    has_sealed = needs_holders(modes_in_force(reading(), survey_round.id))
    words = _words_to_type(has_sealed)
    if typed.upper() != words:
        return _show_opening(survey_round, [(_("Gõ đúng «%(words)s» để tiếp tục.", words=words), "words")], 422)
    try:
        job = _start_job(survey_round.id, _private_keys() if has_sealed else [])
        if job.wait(_SECONDS_TO_WAIT) and job.fault is not None:
            raise job.fault
    except Refused as fault:
        place = "key-1" if has_sealed else "words"
        return _show_opening(find_round(reading(), code, me()), [(fault.message, place)], 422)
    if not job.is_running:
        flash(_("Đã mở niêm phong và dọn sạch kho.") if has_sealed else _("Đã chốt phiếu và dọn sạch kho."), "ok")
    return redirect(url_for("answers.opening", code=code))


def _words_to_type(has_sealed: bool) -> str:
    return WORDS if has_sealed else WORDS_WITHOUT_SEALED


def _in_any_spelling(words: str) -> str:
    """What the browser lets pass of the words: small or capital, marks joined to their letters or apart."""

    def spellings(letter: str) -> str:
        found = {unicodedata.normalize(form, one) for form in ("NFC", "NFD") for one in (letter, letter.lower())}
        return "(?:" + "|".join(sorted(found)) + ")"

    return r"\s*" + r"\s+".join("".join(map(spellings, word)) for word in words.split()) + r"\s*"


def _jobs() -> dict[int, OpeningJob]:
    """The openings of this process, by round."""
    found: dict[int, OpeningJob] = current_app.extensions.setdefault("survey_opening_jobs", {})
    return found


def _running_job(round_id: int) -> OpeningJob | None:
    job = _jobs().get(round_id)
    return job if job is not None and job.is_running else None


def _faults_of_last_job(round_id: int) -> list[tuple[str, str]]:
    """What stopped an opening that nobody waited for."""
    job = _jobs().get(round_id)
    if job is None or job.is_running or job.fault is None:
        return []
    unknown = _("Việc mở dừng giữa chừng vì sự cố; xem nhật ký của máy chủ. Làm lại được, không mất gì.")
    return [(job.fault.message if isinstance(job.fault, Refused) else unknown, "main")]


def _start_job(round_id: int, private_keys: list[PrivateKey]) -> OpeningJob:
    """Begins the opening. Raises Refused while one is running."""
    if _running_job(round_id) is not None:
        raise Refused(_("Đợt này đang được mở niêm phong. Chờ trang tự tải lại."))
    close_reading()  # a reader of our own would keep the log from being cut
    job = _jobs()[round_id] = OpeningJob(database(), round_id, me())
    job.start(private_keys)
    return job


@bp.post("/rounds/<code>/opening/agree")
@requires("envelopes.agree")
def agree_to_opening(code: str) -> Any:
    """The first of the two officers agrees."""
    with writing() as session:
        agree_to_open(session, find_round(session, code, me()), me())
    flash(_("Đã ghi đồng ý mở niêm phong. Một cán bộ khác cùng người giữ khóa mở."), "ok")
    return redirect(url_for("answers.opening", code=code))


def _private_keys() -> list[PrivateKey]:
    """The keys of the form. Raises Refused for a missing file, another file or a wrong passphrase."""
    found = []
    for number in ("1", "2"):
        file = request.files.get(f"key-{number}")
        data = file.read(MAX_FILE + 1) if file else b""
        data = data or request.form.get(f"paper-{number}", "").strip().encode()
        if data:
            found.append(read_key_file(data, request.form.get(f"passphrase-{number}", "")))
    if not found:
        raise Refused(_("Chọn tệp khóa."))
    return found


@bp.post("/rounds/<code>/opening/clean")
@requires("envelopes.open")
def clean_again(code: str) -> Any:
    """Goes on with the cleaning after the program was stopped in between."""
    survey_round = find_round(reading(), code, me())
    if opening_of(reading(), survey_round.id) is None:
        raise Refused(_("Đợt này chưa mở niêm phong."))
    round_id = survey_round.id
    close_reading()  # a reader of our own would keep the log from being cut
    clean_up(database(), round_id, me())
    flash(_("Đã dọn sạch kho."), "ok")
    return redirect(url_for("answers.opening", code=code))
