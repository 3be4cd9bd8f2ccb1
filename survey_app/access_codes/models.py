"""Tables of the respondent zone that know a person: whether invited and whether answered, never when or what.

A slip (*mã bốc thăm*) belongs to a batch and to nobody: the list of attendance says who drew one, never which.

No column here holds a time, a sequence, an address, a browser, a session or a request id.
"""

from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..db import Base, one_of
from ..roster.models import Person
from ..rounds.models import Cell, Round
from ..units.models import Unit
from ..users.models import User


class InvitationState(StrEnum):
    """Chưa trả lời, đã trả lời, từ chối, không liên lạc được, đã thay thế, đã bốc thăm mã, đã nộp phiếu giấy."""

    UNUSED = "unused"
    RECEIVED = "received"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    REPLACED = "replaced"
    DREW_SLIP = "drew_slip"  # answers with a nameless code from now on; whether it was used is not known
    RETURNED_PAPER = "returned_paper"  # a paper form came back; it is nobody's, like a slip


class BatchKind(StrEnum):
    """Lô phiếu: paper forms, lottery slips (bốc thăm), assisted answers."""

    PAPER = "paper"
    SLIP = "slip"
    ASSISTED = "assisted"


class Invitation(Base):
    """One invited person of a locked roster. `replay_digest` lets a repeated post succeed; erased at opening."""

    __tablename__ = "invitation"
    __table_args__ = (CheckConstraint(one_of("state", InvitationState), name="state_known"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), unique=True)
    cell_id: Mapped[int] = mapped_column(ForeignKey("cell.id"), index=True)
    state: Mapped[str] = mapped_column(default=InvitationState.UNUSED)
    replay_digest: Mapped[str | None]
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("batch.id"), index=True)  # whose list the person stands on

    round: Mapped[Round] = relationship()
    person: Mapped[Person] = relationship()
    cell: Mapped[Cell] = relationship()


class Batch(Base):
    """A batch of nameless answers of one cell; never more keyed than ticked on the list.

    Of slips: `printed` were made, `ticked` persons drew one, `keyed` answers came. Of paper forms: `printed` were given
    out, `ticked` came back, `keyed` were typed in, `keyed_twice` of them by two persons; `compared` answers of theirs
    were compared, of which `differed` were not alike.
    """

    __tablename__ = "batch"
    __table_args__ = (
        CheckConstraint(one_of("kind", BatchKind), name="kind_known"),
        CheckConstraint("keyed <= ticked", name="keyed_within_ticked"),
        CheckConstraint("keyed_twice <= keyed", name="twice_within_keyed"),
        CheckConstraint("differed <= compared", name="differed_within_compared"),
        UniqueConstraint("round_id", "number"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"), index=True)
    cell_id: Mapped[int] = mapped_column(ForeignKey("cell.id"))
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))  # whose persons are on the list
    kind: Mapped[str]
    printed: Mapped[int] = mapped_column(default=0)
    ticked: Mapped[int] = mapped_column(default=0)
    keyed: Mapped[int] = mapped_column(default=0)
    number: Mapped[int | None]  # of paper forms, printed on them
    second_share: Mapped[int] = mapped_column(default=0)  # of paper forms: per cent that are keyed twice
    keyed_twice: Mapped[int] = mapped_column(default=0)
    compared: Mapped[int] = mapped_column(default=0)
    differed: Mapped[int] = mapped_column(default=0)
    destroyed: Mapped[bool] = mapped_column(default=False)  # the forms themselves; the log knows the day

    round: Mapped[Round] = relationship()
    cell: Mapped[Cell] = relationship()
    unit: Mapped[Unit | None] = relationship()
    workers: Mapped[list["BatchWorker"]] = relationship(order_by="BatchWorker.name")


class WorkPart(StrEnum):
    """Ghi phiếu nộp lại, nhập lần một, nhập lần hai."""

    TICKED = "ticked"
    KEYED = "keyed"
    KEYED_AGAIN = "keyed_again"


class BatchWorker(Base):
    """Who worked on a batch of paper forms: known of the batch as a whole, never when nor which form."""

    __tablename__ = "batch_worker"
    __table_args__ = (
        CheckConstraint(one_of("part", WorkPart), name="part_known"),
        UniqueConstraint("batch_id", "part", "name"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("batch.id"))
    part: Mapped[str]
    name: Mapped[str]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))  # the second person needs no account

    user: Mapped[User | None] = relationship()


class AccessCode(Base):
    """Mã cá nhân, stored as keyed HMAC only. Several codes of one invitation may live; a slip belongs to a batch."""

    __tablename__ = "access_code"
    __table_args__ = (
        CheckConstraint("(invitation_id IS NULL) <> (batch_id IS NULL)", name="one_owner"),
        {"sqlite_with_rowid": False},  # a rowid would tell the order of making
    )

    code_hash: Mapped[str] = mapped_column(primary_key=True)
    invitation_id: Mapped[int | None] = mapped_column(ForeignKey("invitation.id"), index=True)
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("batch.id"), index=True)
    void: Mapped[bool] = mapped_column(default=False)
    spent: Mapped[bool] = mapped_column(default=False)  # of a slip only: an invitation is spent as a whole
    replay_digest: Mapped[str | None]  # of a slip only; erased at opening

    invitation: Mapped[Invitation | None] = relationship()
