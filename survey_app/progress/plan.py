"""Plan matrix (bảng kế hoạch): per unit and group persons asked for, on lists, approved, invited, answered.

Who answered comes from the turnout as it is published, with its ranges: this table tells nothing that it does not.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..roster.models import ListState
from ..roster.queries import ListCard
from ..rounds.models import Round
from ..sheets import SheetColumn, SheetPlan, Value, workbook_bytes
from ..text import date_text, today
from .turnout import Cell, Turnout

_APPROVED = (ListState.APPROVED, ListState.LOCKED)


@dataclass(frozen=True)
class PlanRow:
    """One unit and group, or a total: `answers` is none before anybody is invited."""

    unit_code: str
    unit_name: str
    group: str
    least: int
    target: int
    most: int
    submitted: int
    approved: int
    answers: Cell | None
    state: ListState | None = None


def plan_rows(cards: Iterable[ListCard], turnout: Turnout) -> list[PlanRow]:
    """A row for every list that is asked for, in the order of the cards."""
    answers = {(unit.unit_id, group): cell for unit in turnout.units for group, cell in unit.groups.items()}
    return [
        PlanRow(
            card.unit.code, card.unit.name, card.group.code, card.least, card.target, card.most, card.handed_in,
            card.persons if card.state in _APPROVED else 0, answers.get((card.unit.id, card.group.code)), card.state,
        )
        for card in cards
    ]  # fmt: skip


def group_totals(rows: Sequence[PlanRow], turnout: Turnout) -> list[PlanRow]:
    """The sums of each group; answers as the turnout totals them."""
    return [
        _sum([row for row in rows if row.group == group], group, turnout.groups.get(group))
        for group in sorted({row.group for row in rows})
    ]


def whole_total(rows: Sequence[PlanRow], turnout: Turnout) -> PlanRow:
    """The sums of all."""
    return _sum(rows, "", turnout.total if turnout.total.asked else None)


def _sum(rows: Sequence[PlanRow], group: str, answers: Cell | None) -> PlanRow:
    return PlanRow(
        "", "", group, sum(row.least for row in rows), sum(row.target for row in rows), sum(row.most for row in rows),
        sum(row.submitted for row in rows), sum(row.approved for row in rows), answers,
    )  # fmt: skip


def plan_workbook(survey_round: Round, rows: Sequence[PlanRow], totals: Sequence[PlanRow]) -> bytes:
    """The table as .xlsx: a sheet of groups, a sheet of units and groups."""
    figures = (
        SheetColumn("Ít nhất", 9, "number"), SheetColumn("Chỉ tiêu", 9, "number"),
        SheetColumn("Nhiều nhất", 9, "number"), SheetColumn("Đã trình", 9, "number"),
        SheetColumn("Đã duyệt", 9, "number"), SheetColumn("Được hỏi", 9, "number"), SheetColumn("Đã trả lời", 10),
    )  # fmt: skip
    notes = (f"Tính đến ngày {date_text(today())}. Ô dưới {survey_round.k_min} người được hỏi hiện theo khoảng.",)
    by_group = SheetPlan(
        "Theo nhóm", (SheetColumn("Nhóm", 9), *figures), [(row.group or "Tổng", *_figures(row)) for row in totals],
        titles=("CHỈ TIÊU VÀ TIẾN ĐỘ THEO NHÓM", survey_round.title), notes=notes,
    )  # fmt: skip
    by_unit = SheetPlan(
        "Theo đơn vị", (SheetColumn("Mã đơn vị", 11), SheetColumn("Đơn vị", 28), SheetColumn("Nhóm", 7), *figures),
        [(row.unit_code, row.unit_name, row.group, *_figures(row)) for row in rows],
        titles=("CHỈ TIÊU VÀ TIẾN ĐỘ THEO ĐƠN VỊ VÀ NHÓM", survey_round.title), notes=notes,
    )  # fmt: skip
    return workbook_bytes([by_unit, by_group], "Chỉ tiêu và tiến độ", survey_round.mark)


def _figures(row: PlanRow) -> tuple[Value, ...]:
    asked, answered = (row.answers.asked, row.answers.answered_text) if row.answers else (None, None)
    return (row.least, row.target, row.most, row.submitted, row.approved, asked, answered)
