"""Tables of a round: criterion set, groups, quotas, rated units, publication cells."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Numeric, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..db import Base, one_of
from ..text import today
from ..units.models import Unit


class RoundState(StrEnum):
    """State of a round, derived from its facts; never stored."""

    PREPARING = "preparing"
    COLLECTING_LISTS = "collecting_lists"
    NOT_OPEN = "not_open"
    OPEN = "open"
    CLOSED = "closed"
    OPENED = "opened"
    PUBLISHED = "published"
    CANCELLED = "cancelled"


class Mode(StrEnum):
    """How answers are kept: sealed (nobody can link) or confidential (identified); fixed once people are invited."""

    SEALED = "sealed"
    CONFIDENTIAL = "confidential"


class ListType(StrEnum):
    """Which columns the list of a group has."""

    OFFICIALS = "officials"
    CITIZENS = "citizens"
    BUSINESS = "business"


class ScoredBy(StrEnum):
    """Who gives the points of a leaf criterion: TĐG, ĐTXHH, SIPAS."""

    SELF_ASSESSMENT = "self_assessment"
    SURVEY = "survey"
    SIPAS = "sipas"


class Round(Base):
    """Đợt điều tra."""

    __tablename__ = "round"
    __table_args__ = (
        CheckConstraint("k_min >= 2", name="k_min_protects"),
        CheckConstraint("closes_on IS NULL OR opens_on IS NULL OR closes_on >= opens_on", name="dates_in_order"),
        CheckConstraint("closed_at IS NULL OR opened_at IS NOT NULL", name="closed_after_opened"),
        CheckConstraint("envelopes_opened_on IS NULL OR closed_at IS NOT NULL", name="envelopes_after_closing"),
        CheckConstraint("cancelled_at IS NULL OR envelopes_opened_on IS NULL", name="cancelled_unopened"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)  # short, stable, in addresses and commands: «tg-2021»
    title: Mapped[str]
    year: Mapped[int]
    level: Mapped[str]  # kind of the rated units (a UnitKind)
    as_of: Mapped[date]  # units valid on this day take part
    operator_unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))  # cơ quan tổ chức
    lists_open_on: Mapped[date | None]
    lists_due_on: Mapped[date | None]
    handover_due_on: Mapped[date | None]
    opens_on: Mapped[date | None]
    closes_on: Mapped[date | None]
    grace_hours: Mapped[int] = mapped_column(default=0)
    period_from: Mapped[date | None]  # results of procedures returned between these days count
    period_to: Mapped[date | None]
    age_on: Mapped[date | None]  # age reference date; 18 years are needed
    erase_personal_data_on: Mapped[date | None]
    collects_ethnicity: Mapped[bool] = mapped_column(default=False)  # lists have the column dân tộc
    purpose: Mapped[str] = mapped_column(default="")  # why personal data are held; empty: the usual words
    legal_basis: Mapped[str] = mapped_column(default="")
    rules: Mapped[dict[str, Any]] = mapped_column(default=dict)  # scoring settings, printed with every result
    k_min: Mapped[int] = mapped_column(default=5)  # ngưỡng giữ kín
    head_confirms: Mapped[bool] = mapped_column(default=False)  # the unit's head passes a list on to the office
    blocks_short: Mapped[bool] = mapped_column(default=False)  # fewer persons than the minimum: refused, else a reason
    blocks_over: Mapped[bool] = mapped_column(default=True)  # more persons than the maximum: refused, else a reason
    key_mode: Mapped[str] = mapped_column(default="availability")  # or «strict»: two keys needed
    reading_purpose: Mapped[str] = mapped_column(default="")  # why identified answers are read; empty: the usual words
    help_phone: Mapped[str] = mapped_column(default="")
    help_hours: Mapped[str] = mapped_column(default="")
    demo: Mapped[bool] = mapped_column(default=False)  # keys of a demonstration round lie in the data folder
    created_at: Mapped[datetime]
    lists_started_at: Mapped[datetime | None]  # the operator asked the units for their lists
    roster_locked_at: Mapped[datetime | None]
    opened_at: Mapped[datetime | None]  # open for answers: criteria, questionnaires, rules and mode are frozen
    closed_at: Mapped[datetime | None]
    envelopes_opened_on: Mapped[date | None]
    published_at: Mapped[datetime | None]
    personal_data_erased_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]  # given up: readable, takes nothing more
    cancel_reason: Mapped[str] = mapped_column(default="")
    purge_on: Mapped[date | None]  # đợt tập huấn: deletes itself on this day; none: a real round

    operator_unit: Mapped[Unit] = relationship(lazy="joined")
    groups: Mapped[list["RespondentGroup"]] = relationship(back_populates="round", order_by="RespondentGroup.code")
    criterion_set: Mapped["CriterionSet | None"] = relationship(back_populates="round", uselist=False)

    @property
    def is_training(self) -> bool:
        """Đợt tập huấn: its persons and papers are for practice, and it deletes itself."""
        return self.purge_on is not None

    @property
    def mark(self) -> str:
        """What stands across every paper and file of the round; empty for a real round."""
        return "TẬP HUẤN – KHÔNG CÓ GIÁ TRỊ" if self.is_training else ""

    @property
    def is_frozen(self) -> bool:
        """Criteria, questionnaires, rules and mode can no longer change."""
        return self.opened_at is not None

    @property
    def state(self) -> RoundState:
        facts = (
            (self.cancelled_at, RoundState.CANCELLED),
            (self.published_at, RoundState.PUBLISHED),
            (self.envelopes_opened_on, RoundState.OPENED),
            (self.closed_at, RoundState.CLOSED),
            (self.opened_at, RoundState.OPEN),
            (self.roster_locked_at, RoundState.NOT_OPEN),
            (self.lists_started_at, RoundState.COLLECTING_LISTS),
        )
        return next((state for fact, state in facts if fact is not None), RoundState.PREPARING)

    def takes_answers(self, day: date | None = None) -> bool:
        """Open, and `day` (today in Việt Nam) lies between the first and the last day of collection, both inclusive."""
        day = day or today()
        if self.opened_at is None or self.closed_at is not None or self.cancelled_at is not None:
            return False
        return (self.opens_on is None or self.opens_on <= day) and (self.closes_on is None or day <= self.closes_on)


class RatedUnit(Base):
    """Đơn vị được đánh giá in a round."""

    __tablename__ = "rated_unit"
    __table_args__ = (UniqueConstraint("round_id", "unit_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"), index=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))

    unit: Mapped[Unit] = relationship(lazy="joined")


class GroupRating(Base):
    """A group rates this unit beside others, on matrix pages. A group without any rates its own unit only."""

    __tablename__ = "group_rating"

    group_id: Mapped[int] = mapped_column(ForeignKey("respondent_group.id"), primary_key=True)
    rated_unit_id: Mapped[int] = mapped_column(ForeignKey("rated_unit.id"), primary_key=True, index=True)

    rated_unit: Mapped[RatedUnit] = relationship(lazy="joined")


class CriterionSet(Base):
    """Bộ tiêu chí of one round, as imported."""

    __tablename__ = "criterion_set"

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"), unique=True)
    title: Mapped[str]
    source_name: Mapped[str] = mapped_column(default="")
    source_sha256: Mapped[str] = mapped_column(default="")

    round: Mapped[Round] = relationship(back_populates="criterion_set")
    areas: Mapped[list["Area"]] = relationship(order_by="Area.position", cascade="all, delete-orphan")

    @property
    def leaves(self) -> list["Criterion"]:
        """All leaf criteria in printed order."""
        return [leaf for area in self.areas for leaf in area.leaves]


class Area(Base):
    """Lĩnh vực."""

    __tablename__ = "area"
    __table_args__ = (UniqueConstraint("criterion_set_id", "code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    criterion_set_id: Mapped[int] = mapped_column(ForeignKey("criterion_set.id"), index=True)
    code: Mapped[str]  # I, II, …
    name: Mapped[str]
    position: Mapped[int]

    leaves: Mapped[list["Criterion"]] = relationship(order_by="Criterion.position", cascade="all, delete-orphan")


class Criterion(Base):
    """Tiêu chí thành phần: a leaf of the criterion tree, with its maximum points."""

    __tablename__ = "criterion"
    __table_args__ = (
        CheckConstraint(one_of("scored_by", ScoredBy), name="scored_by_known"),
        CheckConstraint("max_points > 0", name="max_points_positive"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"), index=True)
    code: Mapped[str]  # 1.7.1
    title: Mapped[str]
    max_points: Mapped[Decimal] = mapped_column(Numeric(8, 4))
    scored_by: Mapped[str]
    group_codes: Mapped[list[Any]] = mapped_column(default=list)  # ["A", "C", "D"]
    position: Mapped[int]


class RespondentGroup(Base):
    """Nhóm đối tượng of a round."""

    __tablename__ = "respondent_group"
    __table_args__ = (
        UniqueConstraint("round_id", "code"),
        CheckConstraint(one_of("mode", Mode), name="mode_known"),
        CheckConstraint(one_of("list_type", ListType), name="list_type_known"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"), index=True)
    code: Mapped[str]  # A … G
    name: Mapped[str]
    list_type: Mapped[str]
    mode: Mapped[str] = mapped_column(default=Mode.SEALED)
    self_rating: Mapped[bool] = mapped_column(default=False)
    payment: Mapped[int] = mapped_column(default=0)  # đồng for one answered form; 0: nothing is paid

    round: Mapped[Round] = relationship(back_populates="groups")
    quotas: Mapped[list["Quota"]] = relationship(back_populates="group", cascade="all, delete-orphan")
    ratings: Mapped[list[GroupRating]] = relationship(cascade="all, delete-orphan")


class Quota(Base):
    """Chỉ tiêu: how many persons of a group a submitting unit is asked for."""

    __tablename__ = "quota"
    __table_args__ = (
        UniqueConstraint("group_id", "unit_id"),
        CheckConstraint("target >= 0", name="target_not_negative"),
        CheckConstraint("minimum IS NULL OR minimum <= target", name="minimum_below_target"),
        CheckConstraint("maximum IS NULL OR maximum >= target", name="maximum_above_target"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("respondent_group.id"), index=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    target: Mapped[int]
    minimum: Mapped[int | None]  # none: the target
    maximum: Mapped[int | None]  # none: the target

    group: Mapped[RespondentGroup] = relationship(back_populates="quotas")
    unit: Mapped[Unit] = relationship()

    @property
    def least(self) -> int:
        """Fewer persons than this are too few."""
        return self.target if self.minimum is None else self.minimum

    @property
    def most(self) -> int:
        """More persons than this are too many."""
        return self.target if self.maximum is None else self.maximum


class Cell(Base):
    """Ô công bố: the publication cell of invited persons, fixed before codes exist; small ones merge upward."""

    __tablename__ = "cell"
    __table_args__ = (UniqueConstraint("group_id", "unit_id", "weight_class"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"), index=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("respondent_group.id"), index=True)
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))  # commune or submitting unit; none: whole group
    weight_class: Mapped[str] = mapped_column(default="")
    label: Mapped[str]
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("cell.id"))
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("cell.id"))
    invited: Mapped[int] = mapped_column(default=0)

    group: Mapped[RespondentGroup] = relationship()
    unit: Mapped[Unit | None] = relationship()
