"""Tables of the questionnaires of a round."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..db import Base
from ..rounds.models import RespondentGroup


class QuestionnaireVersion(Base):
    """One version of the questionnaire of a group: a draft until `published_at`, immutable afterwards."""

    __tablename__ = "questionnaire_version"
    __table_args__ = (
        UniqueConstraint("group_id", "number"),
        CheckConstraint("number > 0", name="number_positive"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("respondent_group.id"), index=True)
    number: Mapped[int]
    source_name: Mapped[str]
    source: Mapped[bytes] = mapped_column(LargeBinary)  # the XLSForm as it was loaded
    definition: Mapped[dict[str, Any]]
    sha256: Mapped[str]  # of the canonical JSON of `definition`
    loaded_at: Mapped[datetime]
    loaded_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    author_ids: Mapped[list[Any]] = mapped_column(default=list)  # all accounts that worked on this draft
    published_at: Mapped[datetime | None]
    published_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    reason: Mapped[str] = mapped_column(default="")  # of a typing correction after the opening
    earlier: Mapped[dict[str, Any] | None]  # the states of a draft before and after, as `draft_steps.Steps`

    group: Mapped[RespondentGroup] = relationship()


class QuestionnaireMedium(Base):
    """Ảnh, âm thanh của phiếu: a file that some version of the group's questionnaire shows, known by its content."""

    __tablename__ = "questionnaire_medium"
    __table_args__ = (UniqueConstraint("group_id", "digest"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("respondent_group.id"), index=True)
    digest: Mapped[str] = mapped_column(index=True)  # `Medium.digest`; stands in the address
    kind: Mapped[str]  # media type
    content: Mapped[bytes] = mapped_column(LargeBinary)


class QuestionnaireScenario(Base):
    """Kịch bản thử: answers of one person, and what they must lead to in every later version."""

    __tablename__ = "questionnaire_scenario"
    __table_args__ = (UniqueConstraint("group_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("respondent_group.id"), index=True)
    name: Mapped[str]
    answers: Mapped[dict[str, Any]]
    path: Mapped[list[Any]]  # names of the screens, in order
    levels: Mapped[dict[str, Any]]  # scored question -> level, «KB» for don't know
    made_at: Mapped[datetime]
    made_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
