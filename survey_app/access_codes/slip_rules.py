"""Codes drawn from a box (*bốc thăm*): nameless slips and a list of attendance.

For a meeting or an office where people fear that a personal code tells on them. The list says who drew a slip; which
slip, nobody knows, the program neither. Who drew one has no personal code any more, and no more answers are taken from
the slips of a list than persons are ticked on it: so each person still counts once.
"""

from collections.abc import Collection, Sequence

from sqlalchemy import insert, or_, select, update
from sqlalchemy.orm import Session

from ..access import Actor
from ..audit import Action, record
from ..errors import Conflict, Missing, Refused
from ..rounds.cancelling import refuse_if_cancelled
from ..rounds.models import Mode, RespondentGroup, Round
from ..units.models import Unit
from . import codes
from .models import AccessCode, Batch, BatchKind, Invitation, InvitationState
from .queries import cells_are_fixed, invitations, paper_persons, slip_persons

# Who has not answered may come to the meeting, also who declined before.
MAY_DRAW = (InvitationState.UNUSED, InvitationState.REFUSED, InvitationState.UNREACHABLE)
MOST_SLIPS = 400
_TICKED = {BatchKind.SLIP: InvitationState.DREW_SLIP, BatchKind.PAPER: InvitationState.RETURNED_PAPER}


def persons_for_slips(
    session: Session, survey_round: Round, unit: Unit, group: RespondentGroup
) -> Sequence[Invitation]:
    """Who could be put on a list of attendance: has not answered and stands on no other list."""
    return session.scalars(
        invitations(survey_round, unit, group).where(Invitation.state.in_(MAY_DRAW), Invitation.batch_id.is_(None))
    ).all()


def draw_slips(count: int) -> list[str]:
    """`count` fresh codes in clear that belong to nobody. Nothing is stored yet.

    Raises Refused for none, or for more than one print may hold.
    """
    if not 1 <= count <= MOST_SLIPS:
        raise Refused(f"Mỗi lần in từ 1 đến {MOST_SLIPS} mã bốc thăm.")
    return [codes.new_code() for _ in range(count)]


def start_slip_list(
    session: Session,
    survey_round: Round,
    persons: Sequence[Invitation],
    slips: Sequence[str],
    by: Actor | None,
    pepper: bytes,
) -> Batch:
    """A list of attendance of these persons of one unit and group, with one printed slip for each.

    The slips take no answer before somebody is ticked. Raises Refused when collection is over, the cells are not fixed
    or the persons do not count in one cell; Conflict when one of them answered or came on another list meanwhile.
    """
    refuse_unless_collecting(session, survey_round)
    cells = {invitation.cell_id for invitation in persons}
    if len(cells) != 1 or len(slips) != len(persons):
        raise Refused("Danh sách bốc thăm phải gồm người của một đơn vị và một nhóm.")
    unit_list = persons[0].person.unit_list
    if unit_list.group.mode == Mode.CONFIDENTIAL:  # a slip is nobody's, an identified answer somebody's
        raise Refused(f"Nhóm {unit_list.group.code} dùng phiếu có danh tính nên không bốc thăm mã được.")
    batch = Batch(
        round_id=survey_round.id,
        cell_id=cells.pop(),
        unit_id=unit_list.unit_id,
        kind=BatchKind.SLIP,
        printed=0,
        ticked=0,
        keyed=0,
    )
    session.add(batch)
    session.flush()
    taken = session.execute(
        update(Invitation)
        .where(
            Invitation.id.in_([invitation.id for invitation in persons]),
            Invitation.state.in_(MAY_DRAW),
            Invitation.batch_id.is_(None),
        )
        .values(batch_id=batch.id)
        .execution_options(synchronize_session=False)
    )
    if taken.rowcount != len(persons):  # type: ignore[attr-defined]
        raise Conflict("Có người vừa trả lời hoặc vừa vào danh sách bốc thăm khác. Chưa ghi gì. Làm lại từ đầu.")
    _store_slips(session, batch, slips, pepper)
    record_of(session, Action.SLIPS_PRINTED, by, batch, count=len(slips))
    return batch


def add_slips(session: Session, batch: Batch, slips: Sequence[str], by: Actor | None, pepper: bytes) -> None:
    """Further slips of a list, for those that were torn or lost. Raises Refused when collection is over."""
    refuse_unless_collecting(session, batch.round)
    _store_slips(session, batch, slips, pepper)
    record_of(session, Action.SLIPS_PRINTED, by, batch, count=len(slips))


def tick_attendance(
    session: Session, batch: Batch, drew: Collection[int], did_not: Collection[int], by: Actor | None
) -> int:
    """Write down who drew a slip, and who after all did not (ids of invitations); returns how many have drawn.

    The personal codes of those who drew stop working. Raises Refused when collection is over or when fewer would be
    ticked than answers came; Missing for a person who is not on this list; Conflict when somebody answered meanwhile.
    """
    changed = change_ticks(session, batch, drew, did_not)
    if changed:
        record_of(session, Action.SLIPS_DRAWN, by, batch, taken=batch.ticked)
    return batch.ticked


def change_ticks(session: Session, batch: Batch, ticked: Collection[int], unticked: Collection[int]) -> bool:
    """What a list of slips and one of paper forms have in common: who is ticked counts there and nowhere else.

    Returns whether anything changed. Raises as `tick_attendance`.
    """
    refuse_unless_collecting(session, batch.round)
    hold_batch(session, batch)
    mark = _TICKED[BatchKind(batch.kind)]
    on_paper = batch.kind == BatchKind.PAPER
    persons = paper_persons(session, batch) if on_paper else slip_persons(session, batch)
    states = {invitation.id: invitation.state for invitation in persons}
    if not set(ticked) | set(unticked) <= set(states):
        raise Missing
    new = [one for one in ticked if states[one] != mark]
    back = [one for one in unticked if states[one] == mark]
    count = batch.ticked + len(new) - len(back)
    if count < batch.keyed:
        came = f"nhập {batch.keyed} phiếu của lô" if on_paper else f"có {batch.keyed} phiếu gửi bằng mã của danh sách"
        raise Refused(f"Đã {came} này, nên không bỏ dấu xuống dưới {batch.keyed} người.")
    if count > batch.printed:
        raise Refused(
            f"Lô này đã phát {batch.printed} phiếu nên không ghi {count} phiếu nộp lại. Ghi số phiếu phát thêm trước."
        )
    _change_state(session, new, MAY_DRAW, mark, batch, batch.id)
    # A list of slips is made for its persons; paper comes back from whoever filled it in.
    _change_state(session, back, (mark,), InvitationState.UNUSED, batch, None if on_paper else batch.id)
    session.execute(
        update(AccessCode)
        .where(AccessCode.invitation_id.in_(new), ~AccessCode.void)
        .values(void=True)
        .execution_options(synchronize_session=False)
    )
    batch.ticked = count
    return bool(new or back)


def _change_state(
    session: Session,
    ids: Sequence[int],
    before: Sequence[InvitationState],
    after: InvitationState,
    batch: Batch,
    batch_id: int | None,
) -> None:
    on_no_other_list = or_(Invitation.batch_id.is_(None), Invitation.batch_id == batch.id)
    changed = session.execute(
        update(Invitation)
        .where(Invitation.id.in_(ids), Invitation.state.in_(before), on_no_other_list)
        .values(state=after, batch_id=batch_id)
        .execution_options(synchronize_session=False)
    )
    if changed.rowcount != len(ids):  # type: ignore[attr-defined]
        raise Conflict("Có người trong danh sách vừa trả lời bằng mã cá nhân. Chưa ghi gì. Tải lại trang.")


def withdraw_slip_list(session: Session, batch: Batch, by: Actor | None) -> None:
    """Give a list up: its slips stop working, its persons keep their personal codes.

    Raises Refused once somebody has drawn a slip.
    """
    hold_batch(session, batch)
    if batch.ticked:
        raise Refused("Đã có người bốc thăm nên không hủy danh sách này được. Bỏ dấu những người chưa nhận mã trước.")
    session.execute(
        update(AccessCode)
        .where(AccessCode.batch_id == batch.id)
        .values(void=True)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(Invitation)
        .where(Invitation.batch_id == batch.id)
        .values(batch_id=None)
        .execution_options(synchronize_session=False)
    )
    record_of(session, Action.SLIPS_WITHDRAWN, by, batch, count=batch.printed)


def hold_batch(session: Session, batch: Batch) -> None:
    """Answers of this batch, and a colleague who ticks, wait until the figures are right."""
    session.execute(select(Batch.id).where(Batch.id == batch.id).with_for_update())
    session.refresh(batch)


def _store_slips(session: Session, batch: Batch, slips: Sequence[str], pepper: bytes) -> None:
    store_nameless_codes(session, batch, slips, pepper)
    batch.printed += len(slips)


def store_nameless_codes(session: Session, batch: Batch, fresh: Sequence[str], pepper: bytes) -> None:
    """Lets these codes (in clear) bring answers of the batch; they are nobody's."""
    rows = [
        {"code_hash": codes.hash_of(code, pepper), "batch_id": batch.id, "void": False, "spent": False}
        for code in fresh
    ]
    session.execute(insert(AccessCode), sorted(rows, key=lambda row: str(row["code_hash"])))


def record_of(session: Session, action: Action, by: Actor | None, batch: Batch, **figures: int) -> None:
    """An entry of the log about a batch: its round, unit and group, and figures."""
    group = session.get_one(RespondentGroup, batch.cell.group_id)
    unit = batch.unit.name if batch.unit else ""
    record(session, action, by, round=batch.round.code, unit=unit, group=group.code, **figures)


def refuse_unless_collecting(session: Session, survey_round: Round) -> None:
    """Raises Refused before the cells are fixed, after closing, and in a cancelled round."""
    refuse_if_cancelled(survey_round)
    if not cells_are_fixed(session, survey_round):
        raise Refused("Làm việc này sau khi khóa danh sách và chốt ô công bố.")
    if survey_round.closed_at is not None:
        raise Refused("Đợt đã đóng thu phiếu nên không in hay ghi gì thêm nữa.")
