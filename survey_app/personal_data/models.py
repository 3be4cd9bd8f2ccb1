"""Table of what people ask of the data held on them (yêu cầu của chủ thể dữ liệu)."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..db import Base, one_of
from ..roster.models import Person
from ..rounds.models import Round
from ..sealed_columns import SealedText


class RequestKind(StrEnum):
    """Xem, sửa, xóa, phản đối."""

    ACCESS = "access"
    CORRECT = "correct"
    REMOVE = "remove"
    OBJECT = "object"


class RequestState(StrEnum):
    """Chưa trả lời, chờ duyệt thay đổi sau khi khóa, đã làm, từ chối."""

    OPEN = "open"
    WAITING = "waiting"
    DONE = "done"
    REFUSED = "refused"


class PrivacyRequest(Base):
    """One request of one person; answered within two working days (Nghị định 356/2025/NĐ-CP)."""

    __tablename__ = "privacy_request"
    __table_args__ = (
        CheckConstraint(one_of("kind", RequestKind), name="kind_known"),
        CheckConstraint(one_of("state", RequestState), name="state_known"),
        CheckConstraint("(state IN ('done', 'refused')) = (closed_at IS NOT NULL)", name="closed_when_answered"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    operator_unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"), index=True)
    # A unit may hand its list in anew, with new rows: the request then keeps only what `about` says.
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"), index=True)
    about: Mapped[str] = mapped_column(SealedText("privacy_request.about"))  # name, unit, group, row
    kind: Mapped[str]
    requester: Mapped[str] = mapped_column(SealedText("privacy_request.requester"))  # who asked, how identified
    wish: Mapped[str] = mapped_column(SealedText("privacy_request.wish"))
    received_on: Mapped[date]
    due_on: Mapped[date]
    received_by_name: Mapped[str]
    state: Mapped[str] = mapped_column(default=RequestState.OPEN)
    outcome: Mapped[str] = mapped_column(SealedText("privacy_request.outcome"), default="")
    closed_at: Mapped[datetime | None]
    closed_by_name: Mapped[str | None]
    version: Mapped[int] = mapped_column(default=0)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    round: Mapped[Round] = relationship()
    person: Mapped[Person | None] = relationship()
