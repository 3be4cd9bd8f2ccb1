"""The making of a set as everybody sees it: one for each round, how far it is, and why it came to nothing.

A making that goes on gives a sign every few seconds. Without one it has stopped, whatever stopped it: nothing has to be
tidied up after a power cut or a restart.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ..access import Actor
from ..db import now
from ..errors import Conflict, Invalid, SurveyError
from ..rounds.cancelling import hold_round
from ..rounds.models import Round
from ..text import moment_text
from .models import HandoverSet, SetMaking
from .sets import ReadySet, SetWishes, files_of_set, keep_set, version_for_set

SILENCE = timedelta(seconds=60)  # a sign comes every few seconds; a busy disk may hold one up
_CUT_OFF = (
    "Việc lập bộ dừng giữa chừng vì chương trình hoặc máy chủ đã khởi động lại. Chưa ghi gì. "
    "Bấm «Tạo bộ bàn giao» để lập lại."
)
_UNKNOWN = "Việc lập bộ dừng vì sự cố. Chưa ghi gì. Bấm «Tạo bộ bàn giao» để lập lại; nếu còn lỗi, báo quản trị."

Typed = Mapping[str, Sequence[str]]  # a form: field -> the values sent


def making_of(session: Session, survey_round: Round) -> SetMaking | None:
    """The making of a round that goes on or failed last; none after a set was made."""
    return session.scalar(select(SetMaking).where(SetMaking.round_id == survey_round.id))


def goes_on(making: SetMaking | None) -> bool:
    """Whether a set is being made at this moment."""
    return making is not None and not making.faults and now() - making.sign_at < SILENCE


def faults_of(making: SetMaking | None) -> dict[str, str]:
    """Why a making came to nothing, by field; empty when there is none or it goes on."""
    if making is None or goes_on(making):
        return {}
    return dict(making.faults) or {"": _CUT_OFF}


def begin_making(session: Session, survey_round: Round, wishes: SetWishes, typed: Typed, by: Actor) -> SetMaking:
    """Say that a set is being made; one that failed gives way.

    Raises Conflict while another is being made, and all that can be refused before a file is made.
    """
    hold_round(session, survey_round)
    version = version_for_set(session, survey_round, wishes, by)
    last = making_of(session, survey_round)
    if last is not None:
        if goes_on(last):
            raise Conflict(
                f"{last.by_name} đang lập một bộ bàn giao của đợt này, từ {moment_text(last.begun_at)}. "
                "Chưa lập thêm bộ nào. Chờ bộ đó xong rồi lập bộ mới nếu cần."
            )
        session.delete(last)
        session.flush()
    moment = now()
    making = SetMaking(
        round_id=survey_round.id, by_id=by.id, by_name=by.full_name, begun_at=moment, sign_at=moment,
        of=files_of_set(wishes, version.persons), typed={name: list(values) for name, values in typed.items()},
    )  # fmt: skip
    session.add(making)
    session.flush()
    return making


def give_sign(session: Session, making_id: str, done: int) -> None:
    """The making goes on and has so many files."""
    session.execute(update(SetMaking).where(SetMaking.id == making_id).values(sign_at=now(), done=done))


def end_making(session: Session, making_id: str, ready: ReadySet, by: Actor) -> HandoverSet | None:
    """Keep the set and forget its making. None when the making was given up: the round is gone, or another began.

    Raises as `keep_set`, and Refused when the round has been cancelled meanwhile.
    """
    survey_round = session.scalar(select(Round).join(SetMaking).where(SetMaking.id == making_id))
    if survey_round is None:
        return None
    hold_round(session, survey_round)  # before the making, as whoever begins one
    making = session.get(SetMaking, making_id)
    if making is None:
        return None
    session.delete(making)
    return keep_set(session, survey_round, ready, by)


def fail_making(session: Session, making_id: str, fault: Exception) -> None:
    """The making came to nothing; what was typed stays."""
    if isinstance(fault, Invalid):
        faults = fault.faults
    else:
        faults = {"": fault.message if isinstance(fault, SurveyError) else _UNKNOWN}
    session.execute(update(SetMaking).where(SetMaking.id == making_id).values(faults=faults))
