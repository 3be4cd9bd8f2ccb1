"""What a change of the locked roster means for invitations, codes and cells.

Cells were announced before the first code and never change; only who counts in them does. Who joins counts in the cell
of the own unit or, where that was merged, of the group. Who leaves without having answered is invited no more and all
codes are void; an answer that has come cannot be taken back, nobody knows which it is, and so its person goes on
counting among the invited: the weights stay right.
"""

from collections.abc import Sequence

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from ..roster.models import Person
from ..rounds.models import Cell, Round
from .models import AccessCode, Invitation, InvitationState
from .queries import cells_of
from .rules import make_invitations

_NOT_ANSWERED = (InvitationState.UNUSED, InvitationState.REFUSED, InvitationState.UNREACHABLE)


def follow(session: Session, survey_round: Round, joined: Sequence[Person], left: Sequence[Person]) -> None:
    """Invite who joined, withdraw who left, and count the cells again. Nothing before the cells are fixed."""
    cells = cells_of(session, survey_round)
    if not cells:
        return
    if joined:
        cells += _cells_of_new_groups(session, survey_round, cells, joined)
        make_invitations(session, survey_round, cells)
    gone = select(Invitation.id).where(
        Invitation.person_id.in_([person.id for person in left]), Invitation.state.in_(_NOT_ANSWERED)
    )
    ids = session.scalars(gone.with_for_update()).all()
    session.execute(
        update(AccessCode)
        .where(AccessCode.invitation_id.in_(ids))
        .values(void=True)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(Invitation)
        .where(Invitation.id.in_(ids), Invitation.state.in_(_NOT_ANSWERED))
        .values(state=InvitationState.REPLACED)
        .execution_options(synchronize_session=False)
    )
    rows = session.execute(
        select(Invitation.cell_id, func.count())
        .where(Invitation.round_id == survey_round.id, Invitation.state != InvitationState.REPLACED)
        .group_by(Invitation.cell_id)
    )
    counts: dict[int, int] = {cell_id: count for cell_id, count in rows}  # noqa: C416 - typed rows
    for cell in cells:
        cell.invited = counts.get(cell.id, 0)
    session.flush()


def _cells_of_new_groups(
    session: Session, survey_round: Round, cells: Sequence[Cell], joined: Sequence[Person]
) -> list[Cell]:
    """A cell for each group that had nobody when the cells were fixed: it takes nothing from the announced ones."""
    wanted = {person.unit_list.group for person in joined} - {cell.group for cell in cells}
    made = [
        Cell(round_id=survey_round.id, group=group, label=f"Nhóm {group.code} – {group.name}", invited=0)
        for group in sorted(wanted, key=lambda one: one.code)
    ]
    session.add_all(made)
    session.flush()
    return made


def tell(session: Session, person: Person) -> str:
    """Whether this person has answered, which the office knows, and what then stays."""
    state = session.scalar(select(Invitation.state).where(Invitation.person_id == person.id))
    if state == InvitationState.RECEIVED:
        return f"{person.name} đã trả lời. Phiếu đã gửi không rút ra được, nên vẫn được tính."
    if state == InvitationState.DREW_SLIP:
        return (
            f"{person.name} đã nhận một mã bốc thăm. Không biết mã nào nên không hủy được; vẫn tính là người được mời."
        )
    if state == InvitationState.RETURNED_PAPER:
        return f"{person.name} đã nộp phiếu giấy. Không biết phiếu nào nên không rút ra được; vẫn được tính."
    return ""
