"""Tables of sampling frames and of the samples drawn from them."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Double, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, deferred, mapped_column, relationship

from ..db import Base, one_of
from ..rounds.models import RespondentGroup, Round
from ..sealed_columns import SealedBytes, SealedJson, SealedText
from ..units.models import Unit


class Standing(StrEnum):
    """How a row of the frame came into a sample: được chọn, dự bị."""

    SELECTED = "selected"
    RESERVE = "reserve"


class Outcome(StrEnum):
    """Why a selected person cannot be asked (mã kết quả), after the standard definitions of AAPOR."""

    NOT_REACHED = "not_reached"  # không liên lạc được (2.20)
    REFUSED = "refused"  # từ chối (2.10)
    UNABLE = "unable"  # ốm đau, không trả lời được (2.32)
    MOVED = "moved"  # chuyển đi nơi khác (2.30)
    DECEASED = "deceased"  # đã mất (2.31)
    OUT_OF_SCOPE = "out_of_scope"  # ngoài phạm vi (4.10)
    TWICE = "twice"  # đã có trong danh sách khác (4.90)


class SamplingFrame(Base):
    """Khung mẫu: all persons of a unit for one group, frozen; `content` is the canonical JSON the SHA-256 is over."""

    __tablename__ = "sampling_frame"

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"), index=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("respondent_group.id"))
    file_name: Mapped[str]
    file_sha256: Mapped[str]
    content: Mapped[bytes | None] = deferred(
        mapped_column(SealedBytes("sampling_frame.content"))
    )  # none after personal data were erased
    set_aside: Mapped[list[Any] | None] = deferred(
        mapped_column(SealedJson("sampling_frame.set_aside"))
    )  # [sheet, row of the file, sentence] of each fault that kept a row out
    faults: Mapped[dict[str, Any]] = mapped_column(default=dict)  # kind of fault -> how often
    rows_set_aside: Mapped[int]
    sha256: Mapped[str]
    persons: Mapped[int]
    made_at: Mapped[datetime]
    made_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    made_by_name: Mapped[str]

    round: Mapped[Round] = relationship()
    unit: Mapped[Unit] = relationship()
    group: Mapped[RespondentGroup] = relationship()
    samples: Mapped[list["Sample"]] = relationship(back_populates="frame", order_by="Sample.number")


class Sample(Base):
    """Mẫu: what was drawn from a frame, with all that is needed to draw it again."""

    __tablename__ = "sample"
    __table_args__ = (UniqueConstraint("frame_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    frame_id: Mapped[int] = mapped_column(ForeignKey("sampling_frame.id"), index=True)
    number: Mapped[int]  # the first drawing of a frame is 1
    design: Mapped[dict[str, Any]]
    seed: Mapped[str]
    algorithm: Mapped[str]  # «sha256-1»
    size: Mapped[int]
    sha256: Mapped[str]  # over design, seed, algorithm, frame hash and result
    reason: Mapped[str] = mapped_column(default="")  # why it was drawn again
    upload_id: Mapped[int | None]  # the draft of the unit it was put in; the draft may be gone
    drawn_at: Mapped[datetime]
    drawn_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    drawn_by_name: Mapped[str]

    frame: Mapped[SamplingFrame] = relationship(back_populates="samples")
    members: Mapped[list["SampleMember"]] = relationship(
        order_by="SampleMember.standing.desc(), SampleMember.position", cascade="all, delete-orphan"
    )


class SampleMember(Base):
    """A row of the frame in a sample: selected, or in reserve. One that was replaced stays, with its outcome."""

    __tablename__ = "sample_member"
    __table_args__ = (
        UniqueConstraint("sample_id", "frame_row"),
        UniqueConstraint("replaces_id"),
        CheckConstraint(one_of("standing", Standing), name="standing_known"),
        CheckConstraint(f"outcome IS NULL OR {one_of('outcome', Outcome)}", name="outcome_known"),
        CheckConstraint("probability > 0 AND probability <= 1", name="probability_in_range"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    sample_id: Mapped[int] = mapped_column(ForeignKey("sample.id"), index=True)
    frame_row: Mapped[int]  # from 1, in the order of the content
    standing: Mapped[str]
    stratum: Mapped[str] = mapped_column(default="")  # a reserve stands in within its stratum only
    position: Mapped[int]  # order of selection; order of the reserves
    probability: Mapped[float] = mapped_column(Double)
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("sample_member.id"))
    outcome: Mapped[str | None]  # why this one was replaced
    outcome_words: Mapped[str | None] = mapped_column(SealedText("sample_member.outcome_words"))
    replaced_at: Mapped[datetime | None]
    replaced_by_name: Mapped[str | None]

    @property
    def weight(self) -> float:
        """Trọng số thiết kế: 1 / π."""
        return 1 / self.probability

    @property
    def is_current(self) -> bool:
        """In the sample now: selected or called in, and not replaced."""
        return self.outcome is None and (self.standing == Standing.SELECTED or self.replaces_id is not None)
