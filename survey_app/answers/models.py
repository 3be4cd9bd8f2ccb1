"""Tables of sealed answers and of what comes out of them.

An envelope exists until opening and belongs to one invitation or one batch; a ballot holds cell, rated unit and
answers, nothing else. No column holds a time, a sequence, an address, a browser, a session or a request id.
"""

from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, PrimaryKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..access_codes.models import Invitation
from ..db import Base, one_of
from ..rounds.models import Cell, Round
from ..users.models import User


class RoundKey(Base):
    """A key holder of a round and the public half of the key. The private half is never on the server."""

    __tablename__ = "round_key"

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"), index=True)
    holder_name: Mapped[str]
    holder_body: Mapped[str]  # the body the holder belongs to; holders are of different bodies
    invite_hash: Mapped[str] = mapped_column(unique=True)
    public_key: Mapped[str | None]  # base64url of the uncompressed P-256 point
    fingerprint: Mapped[str | None]
    tested_before_start: Mapped[bool] = mapped_column(default=False)
    from_start: Mapped[bool] = mapped_column(default=False)  # every envelope is sealed to this holder
    tested_before_closing: Mapped[bool] = mapped_column(default=False)
    destroyed: Mapped[bool] = mapped_column(default=False)  # the holder confirms

    round: Mapped[Round] = relationship()


class Envelope(Base):
    """Phong bì: answers encrypted to all key holders, of a fixed size. Random id, so that no order is kept."""

    __tablename__ = "envelope"
    __table_args__ = (
        CheckConstraint("(invitation_id IS NULL) <> (batch_id IS NULL)", name="one_owner"),
        {"sqlite_with_rowid": False},
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"), index=True)
    invitation_id: Mapped[int | None] = mapped_column(ForeignKey("invitation.id"), unique=True)
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("batch.id"), index=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class IdentifiedAnswer(Base):
    """Phiếu bảo mật, có danh tính: the answer of one invitation, an envelope to the server's answer key.

    Readable by a restricted role. Never updated (a trigger); deleted with the personal data of its round.
    """

    __tablename__ = "identified_answer"

    invitation_id: Mapped[int] = mapped_column(ForeignKey("invitation.id"), primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class ResumeDraft(Base):
    """Phần đang trả lời, to go on elsewhere: encrypted on the phone under a random key that only its QR code holds.

    Nothing says whose it is. `id` is a hash of that key; all of a round have the sizes of its envelopes.
    """

    __tablename__ = "resume_draft"
    __table_args__ = ({"sqlite_with_rowid": False},)

    id: Mapped[str] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"), index=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class Ballot(Base):
    """Lá phiếu đã mở: what one respondent said about one rated unit. Joined to nobody.

    Only answers to scored questions stand on it: sex, age or trade would find the person on the roster. Those are
    counted in `AnswerCount` and nowhere joined.

    It does not tell the version of the questionnaire either: that would tell whether it came before or after a typing
    error was corrected, and after the start of a round versions differ in nothing but wording.
    """

    __tablename__ = "ballot"
    __table_args__ = (Index("ix_ballot_round_id_cell_id", "round_id", "cell_id"), {"sqlite_with_rowid": False})

    id: Mapped[str] = mapped_column(primary_key=True)  # 128 random bits
    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"))
    cell_id: Mapped[int] = mapped_column(ForeignKey("cell.id"))
    rated_unit_id: Mapped[int] = mapped_column(ForeignKey("rated_unit.id"))
    answers: Mapped[dict[str, Any]]

    cell: Mapped[Cell] = relationship()


class FreeText(Base):
    """An opinion in own words, apart from ballots: style and scores together would profile a person."""

    __tablename__ = "free_text"
    __table_args__ = ({"sqlite_with_rowid": False},)

    id: Mapped[str] = mapped_column(primary_key=True)  # 128 random bits
    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"), index=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("respondent_group.id"))
    question: Mapped[str]
    text: Mapped[str]
    shown: Mapped[bool | None]  # what the review decided; none: nobody has read it yet


class AnswerCount(Base):
    """The summary table, written at opening: answers counted by cell (stratum and PSU), rated unit, item and level.

    `level` is the name of the choice («1» … «5», «KB»), the answer itself where the question has no choices, or empty
    for not answered. Scores read only this.
    """

    __tablename__ = "answer_count"
    __table_args__ = (
        PrimaryKeyConstraint("round_id", "cell_id", "rated_unit_id", "item", "level"),
        {"sqlite_with_rowid": False},
    )

    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"))
    cell_id: Mapped[int] = mapped_column(ForeignKey("cell.id"))
    rated_unit_id: Mapped[int] = mapped_column(ForeignKey("rated_unit.id"))
    item: Mapped[str]
    level: Mapped[str]
    answers: Mapped[int]
    weight_sum: Mapped[float]
    weight_square_sum: Mapped[float]


class JointAct(StrEnum):
    """What two officers do together: mở niêm phong, bỏ phong bì."""

    OPEN = "open"
    DISCARD = "discard"


class JointRequest(Base):
    """Việc cần hai cán bộ: one officer asks, another agrees; never the same account."""

    __tablename__ = "joint_request"
    __table_args__ = (
        CheckConstraint(one_of("act", JointAct), name="act_known"),
        CheckConstraint("agreed_by_id IS NULL OR agreed_by_id <> asked_by_id", name="two_officers"),
        CheckConstraint("(act = 'discard') = (invitation_id IS NOT NULL)", name="envelope_named"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"), index=True)
    act: Mapped[str]
    invitation_id: Mapped[int | None] = mapped_column(ForeignKey("invitation.id"), index=True)
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    agreed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))

    invitation: Mapped[Invitation | None] = relationship()
    asked_by: Mapped[User] = relationship(foreign_keys=[asked_by_id])
    agreed_by: Mapped[User | None] = relationship(foreign_keys=[agreed_by_id])


class Opening(Base):
    """Biên bản mở: the public record of the opening of a round's envelopes."""

    __tablename__ = "opening"
    __table_args__ = (CheckConstraint("stage IN ('opened', 'cleaned')", name="stage_known"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"), unique=True)
    opened_on: Mapped[date]
    holder: Mapped[str]  # whose key opened
    envelopes: Mapped[int]
    ballots: Mapped[int]  # that came out of envelopes
    identified: Mapped[int] = mapped_column(default=0)  # identified answers counted with them
    faulty: Mapped[int]  # envelopes that could not be read or broke the questionnaire
    discarded: Mapped[int] = mapped_column(default=0)  # envelopes that two officers discarded before
    merged_cells: Mapped[list[Any]] = mapped_column(default=list)  # labels of cells that merged, with their parent
    digest: Mapped[str]  # SHA-256 over the sorted hashes of all envelopes: mã biên bản
    program_version: Mapped[str]
    stage: Mapped[str] = mapped_column(default="opened")
