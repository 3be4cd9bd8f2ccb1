"""The days of a round as the home page lists them, with today in its place."""

from dataclasses import dataclass
from datetime import date

from ..text import N_
from .models import Round, RoundState

_NAMES = (
    ("lists_open_on", N_("Bắt đầu nhận danh sách")),
    ("lists_due_on", N_("Hạn nộp danh sách")),
    ("handover_due_on", N_("Bàn giao cho Sở Nội vụ")),
    ("opens_on", N_("Bắt đầu thu phiếu")),
    ("closes_on", N_("Đóng thu phiếu")),
)
_NOW = {
    RoundState.PREPARING: N_("Đang chuẩn bị đợt"),
    RoundState.COLLECTING_LISTS: N_("Đang nhận danh sách"),
    RoundState.NOT_OPEN: N_("Đã khóa danh sách, chưa mở đợt"),
    RoundState.OPEN: N_("Đang thu phiếu"),
    RoundState.CLOSED: N_("Đã đóng thu phiếu"),
    RoundState.OPENED: N_("Đã mở niêm phong"),
    RoundState.PUBLISHED: N_("Đã công bố kết quả"),
    RoundState.CANCELLED: N_("Đã hủy đợt"),
}


@dataclass(frozen=True)
class Milestone:
    """One line: a day and what happens on it; `is_today` for the line that says where the round stands now."""

    day: date
    words: str
    is_today: bool = False


def milestones(survey_round: Round, today: date) -> list[Milestone]:
    """The known days of the round in order; today stands after the days that have come."""
    days = [Milestone(day, words) for name, words in _NAMES if (day := getattr(survey_round, name)) is not None]
    days.append(Milestone(today, _NOW[survey_round.state], is_today=True))
    return sorted(days, key=lambda line: (line.day, line.is_today))
