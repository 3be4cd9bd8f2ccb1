"""Batches of paper forms (*lô phiếu giấy*): forms with the number of their batch and nobody's name.

Who received a form back is ticked by name, on a list; what stands on the forms is typed in by somebody else
(`answers/keying.py`). So each invited person counts once, and nobody who reads a form knows who is on the list.
"""

from collections.abc import Collection

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ..access import Actor
from ..audit import Action
from ..errors import Conflict, Refused
from ..rounds.cancelling import hold_round
from ..rounds.models import Mode, RespondentGroup, Round
from ..units.models import Unit
from . import slip_rules
from .models import Batch, BatchKind, BatchWorker, Invitation, InvitationState, WorkPart
from .queries import invitations

MOST_FORMS = 2000
LEAST_SECOND_SHARE = 10  # per cent


def start_batch(
    session: Session,
    survey_round: Round,
    unit: Unit,
    group: RespondentGroup,
    forms: int,
    second_share: int,
    by: Actor | None,
) -> Batch:
    """A batch of paper forms for persons of one unit and group, with the next number of the round.

    `forms` are handed out, `second_share` per cent of those that come back are keyed twice. Raises Refused when
    collection is over, the group's answers carry names, or a figure is out of range.
    """
    hold_round(session, survey_round)
    slip_rules.refuse_unless_collecting(session, survey_round)
    if group.mode == Mode.CONFIDENTIAL:  # a batch is nobody's, an identified answer somebody's
        raise Refused(f"Nhóm {group.code} dùng phiếu có danh tính: nhập phiếu giấy bằng mã của từng người.")
    _check_forms(forms)
    if not LEAST_SECOND_SHARE <= second_share <= 100:
        raise Refused(f"Tỷ lệ nhập hai lần phải từ {LEAST_SECOND_SHARE} đến 100 %.")
    asked = invitations(survey_round, unit, group).where(Invitation.state != InvitationState.REPLACED)
    first = session.scalars(asked).first()
    if first is None:
        raise Refused("Nhóm này của đơn vị chưa có ai được mời.")
    last = session.scalar(select(func.max(Batch.number)).where(Batch.round_id == survey_round.id)) or 0
    batch = Batch(
        round_id=survey_round.id,
        cell_id=first.cell_id,
        unit_id=unit.id,
        kind=BatchKind.PAPER,
        number=last + 1,
        printed=forms,
        ticked=0,
        keyed=0,
        second_share=second_share,
    )
    session.add(batch)
    session.flush()
    slip_rules.record_of(session, Action.PAPER_BATCH_MADE, by, batch, number=last + 1, count=forms)
    return batch


def _check_forms(forms: int) -> None:
    if not 1 <= forms <= MOST_FORMS:
        raise Refused(f"Số phiếu phát ra mỗi lần phải từ 1 đến {MOST_FORMS}.")


def hand_out_more(session: Session, batch: Batch, forms: int, by: Actor | None) -> None:
    """Further forms of the batch were handed out. Raises Refused when collection is over or the figure is wrong."""
    slip_rules.refuse_unless_collecting(session, batch.round)
    _check_forms(forms)
    slip_rules.hold_batch(session, batch)
    batch.printed += forms
    slip_rules.record_of(session, Action.PAPER_BATCH_MADE, by, batch, number=batch.number or 0, count=batch.printed)


def tick_returned(
    session: Session, batch: Batch, returned: Collection[int], not_returned: Collection[int], by: Actor
) -> int:
    """Write down who gave a form back, and who after all did not (ids of invitations); returns how many have.

    Their personal codes stop working. Raises Refused when `by` keyed forms of this batch, when collection is over, when
    more would be ticked than forms were handed out, or fewer than are keyed; Missing for a person of another list;
    Conflict when somebody answered meanwhile.
    """
    if worked_on(session, batch, by, WorkPart.KEYED):
        raise Refused("Anh/chị đã nhập phiếu của lô này. Nhờ người khác ghi phiếu nộp lại.")
    if slip_rules.change_ticks(session, batch, returned, not_returned):
        add_worker(session, batch, WorkPart.TICKED, by.full_name, by.id)
        slip_rules.record_of(session, Action.PAPER_RETURNED, by, batch, number=batch.number or 0, returned=batch.ticked)
    return batch.ticked


def note_destroyed(session: Session, batch: Batch, by: Actor | None) -> None:
    """The forms themselves were destroyed. Raises Refused before the envelopes are opened, Conflict the second time."""
    if batch.round.envelopes_opened_on is None:
        raise Refused("Giữ phiếu gốc đến khi mở niêm phong xong, rồi mới hủy.")
    if batch.destroyed:
        raise Conflict("Đã ghi việc hủy phiếu gốc của lô này.")
    batch.destroyed = True
    slip_rules.record_of(session, Action.PAPER_DESTROYED, by, batch, number=batch.number or 0)


def worked_on(session: Session, batch: Batch, by: Actor, part: WorkPart) -> bool:
    """Whether this account did that part of the work on the batch."""
    found = select(BatchWorker.id).where(
        BatchWorker.batch_id == batch.id, BatchWorker.part == part, BatchWorker.user_id == by.id
    )
    return session.scalar(found.limit(1)) is not None


def add_worker(session: Session, batch: Batch, part: WorkPart, name: str, user_id: int | None) -> None:
    """Somebody did that part of the work; once is enough, so nothing tells how often. The batch must be held."""
    known = select(BatchWorker.id).where(
        BatchWorker.batch_id == batch.id, BatchWorker.part == part, BatchWorker.name == name
    )
    if session.scalar(known) is None:
        session.add(BatchWorker(batch_id=batch.id, part=part, name=name, user_id=user_id))
        session.flush()
