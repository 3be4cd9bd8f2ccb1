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
    published_at: Mapped[datetime | None]
    published_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))

    group: Mapped[RespondentGroup] = relationship()
