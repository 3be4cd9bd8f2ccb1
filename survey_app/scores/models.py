"""Tables of score runs: stored with all inputs, never changed, repeatable."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ForeignKey, Numeric, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..db import Base
from ..rounds.models import Round


class ScoreRun(Base):
    """Lần tính điểm."""

    __tablename__ = "score_run"
    __table_args__ = (UniqueConstraint("round_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"), index=True)
    number: Mapped[int]
    rules: Mapped[dict[str, Any]]
    inputs: Mapped[dict[str, Any]]  # criteria and counts as they were
    inputs_sha256: Mapped[str]
    result: Mapped[dict[str, Any]]
    precision: Mapped[dict[str, Any] | None]  # standard errors and limits; none: a run of an earlier program
    publication: Mapped[dict[str, Any] | None]  # what is kept back; none: a run of an earlier program
    program_version: Mapped[str]
    made_at: Mapped[datetime]
    made_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    made_by_name: Mapped[str]

    round: Mapped[Round] = relationship()
    leaves: Mapped[list["LeafScore"]] = relationship(back_populates="run", cascade="all, delete-orphan")


class LeafScore(Base):
    """Points of one leaf criterion in one run; `points` is none where no group has enough answers."""

    __tablename__ = "leaf_score"
    __table_args__ = (UniqueConstraint("run_id", "criterion_id", "rated_unit_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("score_run.id"), index=True)
    criterion_id: Mapped[int] = mapped_column(ForeignKey("criterion.id"))
    rated_unit_id: Mapped[int] = mapped_column(ForeignKey("rated_unit.id"))
    points: Mapped[Decimal | None] = mapped_column(Numeric(8, 4))
    exact: Mapped[str | None]  # the unrounded points as a fraction

    run: Mapped[ScoreRun] = relationship(back_populates="leaves")
