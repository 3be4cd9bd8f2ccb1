"""Giving up a round: cancelled, it stays readable and takes nothing more; one that asked nobody yet is deleted."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ..access import Actor
from ..audit import Action, record
from ..db import now
from ..errors import Invalid, Refused
from ..round_contents import delete_round
from ..text import N_, clean, date_text, local_day
from .models import Round

SHORTEST_REASON = 5
LONGEST_REASON = 300
_CANCELLED = N_("Đợt điều tra đã hủy ngày {day}: không làm gì thêm trong đợt này được. Những gì đã có vẫn xem được.")


def cancelled_words(cancelled_at: datetime, translate: Callable[[str], str] = str) -> str:
    """Why nothing can be done in a cancelled round, in the language of `translate`."""
    return translate(_CANCELLED).format(day=date_text(local_day(cancelled_at)))


def refuse_if_cancelled(survey_round: Round) -> None:
    """Raises Refused when the round has been cancelled."""
    if survey_round.cancelled_at is not None:
        raise Refused(cancelled_words(survey_round.cancelled_at))


def hold_round(session: Session, survey_round: Round) -> None:
    """Keeps others from changing the round until the transaction ends, and reads it anew.

    Raises Refused when it has been cancelled meanwhile.
    """
    session.execute(select(Round.id).where(Round.id == survey_round.id).with_for_update())
    session.refresh(survey_round)
    refuse_if_cancelled(survey_round)


def refusal_to_cancel(survey_round: Round) -> str:
    """Why the round cannot be cancelled; empty when it can."""
    if survey_round.cancelled_at is not None:
        return cancelled_words(survey_round.cancelled_at)
    if survey_round.envelopes_opened_on is not None:
        day = date_text(survey_round.envelopes_opened_on)
        return f"Đợt đã mở niêm phong ngày {day} nên không hủy được nữa: kết quả đã có."
    return ""


def cancel_round(session: Session, survey_round: Round, by: Actor, reason: str, typed_code: str) -> None:
    """Give up the round for good: no code opens anything, nothing is computed, what exists stays readable.

    Raises Refused once envelopes were opened, Invalid without a reason or with another code than the round's.
    """
    session.execute(select(Round.id).where(Round.id == survey_round.id).with_for_update())
    session.refresh(survey_round)
    if words := refusal_to_cancel(survey_round):
        raise Refused(words)
    faults = {}
    if not SHORTEST_REASON <= len(clean(reason)) <= LONGEST_REASON:
        faults["reason"] = f"Ghi lý do hủy, từ {SHORTEST_REASON} đến {LONGEST_REASON} ký tự. Không ghi tên người."
    if faults | _code_fault(survey_round, typed_code):
        raise Invalid(faults | _code_fault(survey_round, typed_code))
    survey_round.cancelled_at, survey_round.cancel_reason = now(), clean(reason)
    record(session, Action.ROUND_CANCELLED, by, round=survey_round.code, reason=clean(reason))


def is_deletable(survey_round: Round) -> bool:
    """Nobody has been asked for anything yet, or all of it is practice."""
    return survey_round.is_training or survey_round.lists_started_at is None


def remove_round(session: Session, survey_round: Round, by: Actor, typed_code: str) -> None:
    """Delete a round that asked nobody yet, or a training round, with all that belongs to it.

    Raises Refused for any other round, Invalid when the typed code is not the round's.
    """
    session.execute(select(Round.id).where(Round.id == survey_round.id).with_for_update())
    session.refresh(survey_round)
    if not is_deletable(survey_round):
        raise Refused("Các đơn vị đã được đề nghị lập danh sách nên không xóa đợt này được. Hủy đợt nếu cần dừng lại.")
    if fault := _code_fault(survey_round, typed_code):
        raise Invalid(fault)
    code = survey_round.code
    rows = delete_round(session, survey_round.id, code)
    record(session, Action.ROUND_DELETED, by, round=code, rows=rows)


def _code_fault(survey_round: Round, typed_code: str) -> dict[str, str]:
    if typed_code.strip() == survey_round.code:
        return {}
    return {"typed_code": f"Gõ đúng mã đợt «{survey_round.code}» để xác nhận."}
