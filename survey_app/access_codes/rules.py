"""What may be done to cells, invitations and codes.

Codes exist in clear only in the answer to the request that makes them; the database keeps their keyed hash. A further
set lives beside the earlier ones until these are voided: an invitation is spent as a whole, whichever code is used.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from ..access import Actor
from ..audit import Action, record
from ..errors import Conflict, Refused
from ..roster.models import Person, UnitList
from ..roster.references import reference_of
from ..rounds.cancelling import hold_round, refuse_if_cancelled
from ..rounds.models import Cell, RespondentGroup, Round
from ..units.models import Unit
from . import codes
from .cell_plan import PlannedCells
from .models import AccessCode, Invitation, InvitationState
from .queries import cells_are_fixed, invitations, planned_cells, roster_persons, units_by_id

# Who declined, could not be reached or was replaced gets no letter; at the desk a person may still ask for a code.
_GETS_CODES = (InvitationState.UNUSED,)
_GETS_CODE_AT_DESK = (InvitationState.UNUSED, InvitationState.REFUSED, InvitationState.UNREACHABLE)


@dataclass(frozen=True)
class IssuedCode:
    """A code in clear with the person it is for. Lives for one request."""

    invitation_id: int
    person: Person
    code: str


def groups_too_small(planned: Sequence[tuple[RespondentGroup, PlannedCells]], k_min: int) -> list[RespondentGroup]:
    """Groups with fewer than k persons in all: their cell has no parent, so their results will be withheld."""
    return [group for group, plan in planned if plan.total < k_min]


def build_cells(session: Session, survey_round: Round, by: Actor | None, *, accept_small: bool = False) -> list[Cell]:
    """Fix the publication cells of a round and invite every person of the locked roster into one of them.

    Raises Refused while the roster is not locked or is empty, and, unless `accept_small`, for a group with fewer than
    k persons; Conflict when the cells are fixed already: they never change once announced.
    """
    if survey_round.roster_locked_at is None:
        raise Refused("Khóa danh sách trước khi chia ô.")
    # Two operators pressing at once must not cut two sets.
    hold_round(session, survey_round)
    if cells_are_fixed(session, survey_round):
        raise Conflict("Ô công bố đã chốt rồi và không đổi được nữa. Tải lại trang.")
    planned = planned_cells(session, survey_round)
    if not planned:
        raise Refused("Danh sách đã khóa không có người nào. Kiểm tra lại danh sách chung.")
    small = groups_too_small(planned, survey_round.k_min)
    if small and not accept_small:
        letters = ", ".join(group.code for group in small)
        raise Refused(
            f"Nhóm {letters} có dưới {survey_round.k_min} người và không có ô nào để gộp, nên kết quả của nhóm sẽ được "
            "giữ kín. Đánh dấu «Tôi đã biết» để chốt ô, hoặc bổ sung người vào danh sách."
        )
    cells = [cell for group, plan in planned for cell in _add_cells(session, survey_round, group, plan)]
    make_invitations(session, survey_round, cells)
    standing = sum(cell.merged_into_id is None and cell.invited > 0 for cell in cells)
    record(session, Action.CELLS_FIXED, by, round=survey_round.code, count=standing)
    return cells


def _add_cells(session: Session, survey_round: Round, group: RespondentGroup, plan: PlannedCells) -> list[Cell]:
    """The cell of a group and those of its units. A merged cell invites nobody: its persons count in the parent."""
    own = Cell(
        round_id=survey_round.id,
        group_id=group.id,
        label=f"Nhóm {group.code} – {group.name}",
        invited=plan.in_group_cell,
    )
    session.add(own)
    session.flush()
    cells = [own]
    if not plan.by_unit:
        return cells
    for unit_id, unit in units_by_id(session, set(plan.counts)).items():
        merged = unit_id in plan.merged
        cells.append(
            Cell(
                round_id=survey_round.id,
                group_id=group.id,
                unit_id=unit_id,
                label=f"Nhóm {group.code} – {unit.name}",
                parent_id=own.id,
                merged_into_id=own.id if merged else None,
                invited=0 if merged else plan.counts[unit_id],
            )
        )
    session.add_all(cells)
    session.flush()
    return cells


def make_invitations(session: Session, survey_round: Round, cells: Sequence[Cell]) -> int:
    """One invitation for each person of the locked roster that has none yet, in the cell where the person counts."""
    by_unit = {(cell.group_id, cell.unit_id): cell.merged_into_id or cell.id for cell in cells}
    invited = select(Invitation.person_id).where(Invitation.round_id == survey_round.id)
    rows = [
        {
            "round_id": survey_round.id,
            "person_id": person.id,
            "cell_id": by_unit.get((group_id, unit_id)) or by_unit[group_id, None],
            "state": InvitationState.UNUSED,
        }
        for person, group_id, unit_id in session.execute(
            roster_persons(survey_round)
            .where(Person.id.not_in(invited))
            .add_columns(UnitList.group_id, UnitList.unit_id)
        )
    ]
    if rows:
        session.execute(insert(Invitation), rows)
    return len(rows)


def draw_codes(
    session: Session, survey_round: Round, *, group: RespondentGroup | None = None, unit: Unit | None = None
) -> list[IssuedCode]:
    """Fresh codes in clear for all who have not answered, of one group or unit where given. Nothing is stored yet.

    Raises Refused before the cells are fixed, after closing, and when nobody is left to invite.
    """
    _refuse_unless_codes_live(session, survey_round)
    found = session.scalars(invitations(survey_round, unit, group).where(Invitation.state.in_(_GETS_CODES)))
    issued = [IssuedCode(invitation.id, invitation.person, codes.new_code()) for invitation in found]
    if not issued:
        raise Refused("Không còn ai chưa trả lời trong phần đã chọn, nên không cấp mã.")
    return issued


def store_codes(
    session: Session, survey_round: Round, issued: Sequence[IssuedCode], by: Actor | None, pepper: bytes, scope: str
) -> None:
    """Let the drawn codes work from now on. `scope` says in the log for whom they are; the codes are not logged."""
    _refuse_unless_codes_live(session, survey_round)
    rows = [
        {
            "code_hash": codes.hash_of(one.code, pepper),
            "invitation_id": one.invitation_id,
            "void": False,
            "spent": False,
        }
        for one in issued
    ]
    session.execute(insert(AccessCode), sorted(rows, key=lambda row: str(row["code_hash"])))
    record(session, Action.CODES_ISSUED, by, round=survey_round.code, count=len(rows), scope=scope)


def issue_codes(
    session: Session, survey_round: Round, by: Actor | None, pepper: bytes, *, group: RespondentGroup | None = None
) -> list[IssuedCode]:
    """Draw and store a further set of codes for all who have not answered, of one group where given."""
    issued = draw_codes(session, survey_round, group=group)
    scope = f"nhóm {group.code}" if group else "mọi nhóm"
    store_codes(session, survey_round, issued, by, pepper, scope)
    return issued


def may_get_code(invitation: Invitation) -> bool:
    """Whether a person may be given a code at the desk: also who declined before, not who answered or was replaced."""
    return invitation.state in _GETS_CODE_AT_DESK


def draw_further_code(invitation: Invitation) -> IssuedCode:
    """One further code in clear for one person at the desk. Raises Refused when the person may not get one."""
    if not may_get_code(invitation):
        raise Refused(
            "Người này đã trả lời, đã bốc thăm mã, đã nộp phiếu giấy hoặc đã được thay thế, nên không cấp thêm mã."
        )
    return IssuedCode(invitation.id, invitation.person, codes.new_code())


def store_further_code(
    session: Session, survey_round: Round, invitation: Invitation, issued: IssuedCode, by: Actor | None, pepper: bytes
) -> None:
    """Let a drawn further code work; earlier ones live on. Raises Refused when the person answered meanwhile."""
    if not may_get_code(invitation):
        raise Refused("Người này vừa trả lời, nên mã mới không được dùng.")
    store_codes(
        session,
        survey_round,
        [issued],
        by,
        pepper,
        f"thêm cho người có ký hiệu {reference_of(session, invitation.person)}",
    )


def void_codes(session: Session, survey_round: Round, invitation: Invitation, by: Actor) -> int:
    """Void all living codes of one person; returns how many. Raises Refused when there is none."""
    living = AccessCode.invitation_id == invitation.id, ~AccessCode.void
    count = session.scalar(select(func.count()).select_from(AccessCode).where(*living)) or 0
    if not count:
        raise Refused("Người này không có mã nào đang dùng được.")
    session.execute(update(AccessCode).where(*living).values(void=True))
    person = reference_of(session, invitation.person)
    record(session, Action.CODES_VOIDED, by, round=survey_round.code, count=count, person=person)
    return count


def _refuse_unless_codes_live(session: Session, survey_round: Round) -> None:
    refuse_if_cancelled(survey_round)
    if not cells_are_fixed(session, survey_round):
        raise Refused("Cấp mã sau khi khóa danh sách và chốt ô công bố.")
    if survey_round.closed_at is not None:
        raise Refused("Đợt đã đóng thu phiếu nên không cấp mã nữa.")
