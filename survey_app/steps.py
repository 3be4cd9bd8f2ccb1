"""The eight steps of a round, as the round's home page shows them.

A round may not import the subjects to its right; each subject registers here how far its step is.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from flask_babel import gettext
from sqlalchemy.orm import Session

from .text import N_


class StepStatus(StrEnum):
    """How a step stands."""

    BLOCKED = "blocked"  # chưa làm được
    TODO = "todo"  # cần làm
    DOING = "doing"  # đang làm
    DONE = "done"  # đã xong
    TROUBLE = "trouble"  # có vướng mắc
    OVERDUE = "overdue"  # quá hạn


# Order of urgency for «việc cần làm bây giờ».
URGENCY = (StepStatus.TROUBLE, StepStatus.OVERDUE, StepStatus.TODO, StepStatus.DOING)


@dataclass(frozen=True)
class StepAction:
    """What to do next: a heading, the words of the button, its address."""

    heading: str
    button: str
    url: str
    detail: str = ""


@dataclass(frozen=True)
class StepState:
    """How far a step is. `progress` is (done, of all) with its unit word; `url` None: cannot be opened yet."""

    status: StepStatus
    detail: str  # one line below the title: the figures, or what opens the step
    url: str | None = None
    progress: tuple[int, int] | None = None
    progress_unit: str = ""
    action: StepAction | None = None


@dataclass(frozen=True)
class Step:
    number: int
    title: str
    icon: str  # bootstrap-icons name
    opened_by: str  # why it cannot start, when nothing is registered or it is blocked


STEPS = (
    Step(1, N_("Lập danh sách người được hỏi"), "people", N_("Làm được sau khi tạo xong đợt")),
    Step(2, N_("Chuẩn bị phiếu hỏi"), "ui-checks", N_("Làm được sau khi có bộ tiêu chí và nhóm")),
    Step(3, N_("Cấp mã cá nhân và in giấy mời"), "qr-code", N_("Làm được sau khi khóa danh sách (bước 1)")),
    Step(4, N_("Thu phiếu"), "inbox", N_("Làm được khi đã khóa danh sách, công bố phiếu và mở thử khóa")),
    Step(5, N_("Theo dõi và nhắc trả lời"), "graph-up", N_("Tỷ lệ trả lời theo đơn vị và nhóm, sau khi mở đợt")),
    Step(6, N_("Mở niêm phong và tính điểm điều tra"), "calculator", N_("Một lần, sau khi đóng thu phiếu")),
    Step(7, N_("Tự đánh giá, thẩm định và xếp hạng"), "trophy", N_("Chưa có trong bản này")),
    Step(
        8,
        N_("Bàn giao danh sách và báo cáo"),
        "file-earmark-text",
        N_("Danh sách gửi Sở Nội vụ, sau khi khóa (bước 1)"),
    ),
)

StepFunction = Callable[[Session, Any], StepState]
_registry: dict[int, StepFunction] = {}


def register_step(number: int, function: StepFunction) -> None:
    """Let `function(session, round)` tell how far step `number` is."""
    _registry[number] = function


def step_states(session: Session, survey_round: Any) -> list[tuple[Step, StepState]]:
    """All eight steps of a round with their state, in order."""
    states = []
    for step in STEPS:
        function = _registry.get(step.number)
        state = function(session, survey_round) if function else StepState(StepStatus.BLOCKED, gettext(step.opened_by))
        states.append((step, state))
    return states


def next_action(states: list[tuple[Step, StepState]]) -> StepAction | None:
    """The most urgent thing to do now: by urgency, then by the order of the steps."""
    for status in URGENCY:
        for _step, state in states:
            if state.status is status and state.action is not None:
                return state.action
    return None
