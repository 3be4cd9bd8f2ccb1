"""Training rounds (*đợt tập huấn*): kept apart from real years, deleted with all they hold when their day comes."""

from datetime import date, timedelta

from sqlalchemy import ColumnElement, false, select
from sqlalchemy.orm import Session

from ..audit import Action, record
from ..round_contents import delete_round
from ..text import N_, today
from .models import Round


def purge_day(days: int, day: date | None = None) -> date:
    """The day on which a training round made on `day` (today) deletes itself."""
    return (day or today()) + timedelta(days=days)


def real_rounds(survey_round: Round) -> list[ColumnElement[bool]]:
    """When another round counts as an earlier year of this one: practice never mixes with real years."""
    return [false()] if survey_round.is_training else [Round.purge_on.is_(None)]


def persons_stay_behind(source: Round, survey_round: Round | None = None) -> str:
    """Why units are not offered the persons of `source` in a round made from it; empty when they are.

    Invented persons of the demonstration or of a training are never offered for a real round, nor those that were
    erased; a training round fills its own lists.
    """
    if source.is_training or (survey_round is not None and survey_round.is_training):
        return N_("Đợt tập huấn không lấy danh sách từ đợt khác và không đưa danh sách sang đợt khác.")
    if source.demo and not (survey_round is not None and survey_round.demo):
        return N_("Đợt mẫu chỉ có tên người bịa, nên không đưa sang đợt mới; đơn vị lập danh sách từ đầu.")
    if source.personal_data_erased_at is not None:
        return N_("Danh sách năm trước đã xóa theo thời hạn; đơn vị lập danh sách từ đầu.")
    return ""


def purge_training_rounds(session: Session, day: date | None = None) -> list[str]:
    """Delete every training round whose day has come, with the rows of all subjects; returns their codes.

    One entry of the log stays of each.
    """
    due = select(Round.id, Round.code).where(Round.purge_on <= (day or today())).order_by(Round.id).with_for_update()
    gone = [(round_id, code) for round_id, code in session.execute(due)]
    for round_id, code in gone:
        rows = delete_round(session, round_id, code)
        record(session, Action.ROUND_PURGED, None, round=code, rows=rows)
    return [code for _round_id, code in gone]
