"""Tables of the hand-over: sets of files as they were made or are being made, column plans, own Word templates."""

from datetime import date, datetime
from enum import StrEnum
from functools import partial
from secrets import token_hex
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..db import Base, one_of
from ..roster.models import RosterVersion
from ..rounds.models import Round
from ..sealed_columns import SealedBytes


class PaperKind(StrEnum):
    """Kind of paper: công văn, tờ trình, báo cáo, phụ lục."""

    LETTER = "cong-van"
    PROPOSAL = "to-trinh"
    REPORT = "bao-cao"
    ANNEX = "phu-luc"


class HandoverSet(Base):
    """Bộ bàn giao: one set of files made from a version of the roster; `content` is the .zip as it was given out."""

    __tablename__ = "handover_set"

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"), index=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("roster_version.id"))
    number: Mapped[str]  # số, ký hiệu of the letter
    dated: Mapped[date]
    options: Mapped[dict[str, Any]] = mapped_column(default=dict)
    files: Mapped[dict[str, Any]] = mapped_column(default=dict)  # name -> SHA-256
    content: Mapped[bytes | None] = mapped_column(SealedBytes("handover_set.content"))  # none after erasure
    sha256: Mapped[str]
    made_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    made_by_name: Mapped[str]
    made_at: Mapped[datetime]
    received_by_name: Mapped[str | None]
    received_at: Mapped[datetime | None]
    received_note: Mapped[str] = mapped_column(default="")

    round: Mapped[Round] = relationship()
    version: Mapped[RosterVersion] = relationship()


class SetMaking(Base):
    """Việc lập bộ bàn giao: a set that is being made, or that could not be made; at most one of a round."""

    __tablename__ = "set_making"

    # By chance, since SQLite gives a number a second time: a making that was given up must not end the next one.
    id: Mapped[str] = mapped_column(primary_key=True, default=partial(token_hex, 8))
    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"), unique=True)
    by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    by_name: Mapped[str]
    begun_at: Mapped[datetime]
    sign_at: Mapped[datetime]  # when the making last gave a sign of life
    done: Mapped[int] = mapped_column(default=0)  # files
    of: Mapped[int] = mapped_column(default=0)
    typed: Mapped[dict[str, Any]] = mapped_column(default=dict)  # field of the form -> what was sent
    faults: Mapped[dict[str, Any]] = mapped_column(default=dict)  # field -> sentence; none while it goes on


class ColumnTemplate(Base):
    """Mẫu cột: which columns the list has, in which order, under which headings, for the software that imports it."""

    __tablename__ = "column_template"
    __table_args__ = (UniqueConstraint("operator_unit_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    operator_unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    name: Mapped[str]
    columns: Mapped[list[Any]] = mapped_column(default=list)  # [[field, heading], …]; constant words are a third part
    titles: Mapped[bool] = mapped_column(default=False)  # title lines over the table
    version: Mapped[int] = mapped_column(default=0)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - a stale save raises instead of overwriting


class WordTemplate(Base):
    """The office's own Word template of one kind of paper; without one the shipped template is used."""

    __tablename__ = "word_template"
    __table_args__ = (
        UniqueConstraint("operator_unit_id", "kind"),
        CheckConstraint(one_of("kind", PaperKind), name="kind_known"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    operator_unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    kind: Mapped[str]
    file_name: Mapped[str]
    content: Mapped[bytes] = mapped_column(LargeBinary)
    uploaded_by_name: Mapped[str]
    uploaded_at: Mapped[datetime]
