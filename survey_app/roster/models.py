"""Tables of the units' lists and of the roster made from them."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Connection, ForeignKey, UniqueConstraint, event
from sqlalchemy.orm import Mapped, Mapper, mapped_column, relationship

from ..db import Base, one_of
from ..rounds.models import RespondentGroup, Round
from ..sealed_columns import SealedBytes, SealedJson, SealedText, keys_of
from ..units.models import Unit


class ListState(StrEnum):
    """State of a unit's list: chưa nộp, nháp, chờ thủ trưởng, đã trình, trả lại, đã duyệt, đã khóa."""

    NONE = "none"
    DRAFT = "draft"
    AWAITING_HEAD = "awaiting_head"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    APPROVED = "approved"
    LOCKED = "locked"


# Steps in the life of a list that leave its state as it is.
ASKED = "asked"  # the office asks the unit about a row
ROW_REMOVED = "row_removed"  # the office took a row off
HEAD_RETURNED = "head_returned"  # the unit's head sent the list back to its officer


class Verdict(StrEnum):
    """What the office decided of two rows that look alike."""

    SAME = "same"
    DIFFERENT = "different"
    UNCLEAR = "unclear"


class UnitList(Base):
    """The list of one submitting unit for one group of a round. `version` counts changes, for conflict detection."""

    __tablename__ = "unit_list"
    __table_args__ = (
        UniqueConstraint("group_id", "unit_id"),
        CheckConstraint(one_of("state", ListState), name="state_known"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"), index=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("respondent_group.id"), index=True)
    state: Mapped[str] = mapped_column(default=ListState.NONE)
    version: Mapped[int] = mapped_column(default=0)
    short_reason: Mapped[str] = mapped_column(default="")  # why there are fewer or more persons than the quota
    submitted_at: Mapped[datetime | None]
    removed: Mapped[int] = mapped_column(default=0)  # persons of the version before that are not on it any more

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - a stale save raises instead of overwriting

    round: Mapped[Round] = relationship()
    unit: Mapped[Unit] = relationship()
    group: Mapped[RespondentGroup] = relationship()
    persons: Mapped[list["Person"]] = relationship(  # those who are on the list now
        primaryjoin="and_(UnitList.id == Person.list_id, Person.left_in_version.is_(None))",
        back_populates="unit_list", order_by="Person.position", cascade="all, delete-orphan",
    )  # fmt: skip
    events: Mapped[list["ListEvent"]] = relationship(order_by="ListEvent.id")
    comments: Mapped[list["RowComment"]] = relationship(order_by="RowComment.id", cascade="all, delete-orphan")


class ListEvent(Base):
    """One step in the life of a list: who did what, with which words."""

    __tablename__ = "list_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    list_id: Mapped[int] = mapped_column(ForeignKey("unit_list.id"), index=True)
    at: Mapped[datetime]
    by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    by_name: Mapped[str]
    state: Mapped[str]  # the state reached, or ASKED, ROW_REMOVED, HEAD_RETURNED
    comment: Mapped[str] = mapped_column(default="")


class RowComment(Base):
    """Góp ý của cơ quan tổ chức for one row of a list, beside the row until the list is approved.

    It outlives the row: the unit's correction puts a new person in its place.
    """

    __tablename__ = "row_comment"

    id: Mapped[int] = mapped_column(primary_key=True)
    list_id: Mapped[int] = mapped_column(ForeignKey("unit_list.id"), index=True)
    row: Mapped[int]  # position in the list, and
    name: Mapped[str]  # the person there, when the comment was written
    words: Mapped[str]
    by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    by_name: Mapped[str]
    at: Mapped[datetime]
    settled_at: Mapped[datetime | None]  # the list was approved


class DeadlineExtension(Base):
    """Gia hạn: a unit of a round has a later day for its lists than the others."""

    __tablename__ = "deadline_extension"
    __table_args__ = (UniqueConstraint("round_id", "unit_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"), index=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    due_on: Mapped[date]
    reason: Mapped[str]
    by_name: Mapped[str]
    at: Mapped[datetime]


class Upload(Base):
    """A file as a unit sent it, read into rows: a private draft of the unit, erased after 30 days."""

    __tablename__ = "upload"
    # A stale page of a draft that is gone must not meet another draft under its number.
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"), index=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    group_code: Mapped[str | None]  # the group it was uploaded for; rows may name their own
    file_name: Mapped[str]
    content: Mapped[bytes | None] = mapped_column(SealedBytes("upload.content"))
    sha256: Mapped[str]
    reading: Mapped[dict[str, Any]] = mapped_column(
        SealedJson("upload.reading"), default=dict
    )  # sheets, columns, rows of cell texts
    uploaded_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    uploaded_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=0)  # counts changes, for conflict detection
    changed_by_name: Mapped[str | None]  # who changed the draft last
    changed_at: Mapped[datetime | None]

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - a stale save raises instead of overwriting

    unit: Mapped[Unit] = relationship()
    round: Mapped[Round] = relationship()


class Person(Base):
    """Người được hỏi: one person of a list (for a business: its representative).

    Who is taken off a locked roster keeps the row, since invitations and earlier versions rest on it.
    """

    __tablename__ = "person"

    id: Mapped[int] = mapped_column(primary_key=True)
    list_id: Mapped[int] = mapped_column(ForeignKey("unit_list.id"), index=True)
    position: Mapped[int]  # order in the list
    name: Mapped[str]
    birth_year: Mapped[int | None]
    birth_date: Mapped[date | None]
    gender: Mapped[str | None]
    ethnicity: Mapped[str | None]  # dân tộc: sensitive, optional, exported only by a right of its own
    job_title: Mapped[str | None]  # chức vụ
    workplace: Mapped[str | None]  # đơn vị công tác, as written
    ban: Mapped[str | None]
    ban_code: Mapped[str | None]
    phone: Mapped[str | None] = mapped_column(SealedText("person.phone"))  # ten digits
    phone_key: Mapped[str | None] = mapped_column(index=True)  # keyed hash, by which a number is found
    email: Mapped[str | None] = mapped_column(SealedText("person.email"))
    email_key: Mapped[str | None] = mapped_column(index=True)
    business: Mapped[str | None]
    tax_code: Mapped[str | None]
    address: Mapped[str | None] = mapped_column(SealedText("person.address"))
    procedure: Mapped[str | None]
    dossier: Mapped[str | None]  # mã hồ sơ
    receipt_date: Mapped[date | None]
    return_date: Mapped[date | None]
    language: Mapped[str | None]
    note: Mapped[str | None]
    frame_key: Mapped[str | None]  # row of the sampling frame the person was drawn from: «3-217»
    search_key: Mapped[str]
    order_key: Mapped[str]
    joined_in_version: Mapped[int | None]  # of the roster; none: on the list when it was locked
    left_in_version: Mapped[int | None]  # the first version without this person
    is_changed: Mapped[bool] = mapped_column(default=False)  # new or corrected since the list was handed in before

    unit_list: Mapped[UnitList] = relationship(back_populates="persons")


def email_form(email: str) -> str:
    """The form under which an address of mail is hashed and found."""
    return "".join(email.split()).casefold()


@event.listens_for(Person, "before_insert")
@event.listens_for(Person, "before_update")
def _set_keys(_mapper: Mapper[Person], connection: Connection, person: Person) -> None:
    """The keyed hashes follow what they are of; no caller can forget them."""
    keys = keys_of(connection.dialect)
    person.phone_key = keys.hash_of("phone", person.phone) if person.phone else None
    person.email_key = keys.hash_of("email", email_form(person.email)) if person.email else None


class RosterVersion(Base):
    """Danh sách chung, one locked version. `content` is the canonical JSON that the SHA-256 is over."""

    __tablename__ = "roster_version"
    __table_args__ = (UniqueConstraint("round_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"), index=True)
    number: Mapped[int]
    content: Mapped[bytes | None] = mapped_column(
        SealedBytes("roster_version.content")
    )  # none after personal data were erased
    sha256: Mapped[str]
    persons: Mapped[int]
    counts: Mapped[dict[str, Any]] = mapped_column(default=dict)  # unit code -> group -> persons
    reason: Mapped[str] = mapped_column(default="")  # why it was locked incomplete, or why it was changed
    locked_at: Mapped[datetime]
    locked_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    locked_by_name: Mapped[str]

    changes: Mapped[list["ChangeRequest"]] = relationship(order_by="ChangeRequest.id", viewonly=True)


class ChangeKind(StrEnum):
    """Kind of a change after locking: bổ sung, bổ sung cả danh sách, thay thế, đưa ra, đính chính."""

    ADD = "add"
    ADD_LIST = "add_list"
    REPLACE = "replace"
    REMOVE = "remove"
    CORRECT = "correct"


class ChangeState(StrEnum):
    """State of a request: chờ duyệt, đã duyệt, không duyệt, đã rút."""

    PENDING = "pending"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class ChangeRequest(Base):
    """Đề nghị thay đổi sau khi khóa: approved by another person than its author, each approval a new version.

    `values` are the texts as typed, by field of the list (of a whole list {"rows": [such texts, …]}); `before` what a
    correction found there.
    """

    __tablename__ = "change_request"
    __table_args__ = (
        CheckConstraint(one_of("kind", ChangeKind), name="kind_known"),
        CheckConstraint(one_of("state", ChangeState), name="state_known"),
        CheckConstraint("decided_by_id IS NULL OR decided_by_id <> author_id", name="decided_by_another"),
        CheckConstraint("(version_id IS NOT NULL) = (state = 'approved')", name="approved_in_a_version"),
        CheckConstraint("(person_id IS NULL) = (kind IN ('add', 'add_list'))", name="about_a_person"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"), index=True)
    list_id: Mapped[int] = mapped_column(ForeignKey("unit_list.id"), index=True)
    kind: Mapped[str]
    state: Mapped[str] = mapped_column(default=ChangeState.PENDING)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    values: Mapped[dict[str, Any]] = mapped_column(SealedJson("change_request.values"), default=dict)
    before: Mapped[dict[str, Any]] = mapped_column(SealedJson("change_request.before"), default=dict)
    reason: Mapped[str]
    author_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    author_name: Mapped[str]
    created_at: Mapped[datetime]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    decided_by_name: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    decision_note: Mapped[str] = mapped_column(default="")  # why it was not approved
    version_id: Mapped[int | None] = mapped_column(ForeignKey("roster_version.id"))

    unit_list: Mapped[UnitList] = relationship()
    person: Mapped[Person | None] = relationship()
    version: Mapped[RosterVersion | None] = relationship()


class PairDecision(Base):
    """What an operator decided of two persons that look alike. Keyed by the persons, so that it holds in later years.

    The keys are keyed hashes of name, birth year, phone, bản and tax code: when one of these changes, the office is
    asked again. `kept` says where one person stays: «unit code/group code», «both» or «earlier» (not asked again).
    """

    __tablename__ = "pair_decision"
    __table_args__ = (
        UniqueConstraint("operator_unit_id", "first_key", "second_key"),
        CheckConstraint(one_of("verdict", Verdict), name="verdict_known"),
        CheckConstraint("first_key <= second_key", name="keys_in_order"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    operator_unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    first_key: Mapped[str]
    second_key: Mapped[str]
    verdict: Mapped[str]
    kept: Mapped[str] = mapped_column(default="")
    note: Mapped[str] = mapped_column(default="")
    round_code: Mapped[str]  # the round in which it was decided
    decided_at: Mapped[datetime]
    decided_by_name: Mapped[str]
    version: Mapped[int] = mapped_column(default=0)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class ColumnChoice(Base):
    """«Cột này là …»: what a unit said a heading of its files means; an empty field is a column to pass over."""

    __tablename__ = "column_choice"
    __table_args__ = (UniqueConstraint("unit_id", "heading"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    heading: Mapped[str]  # without marks and punctuation
    field: Mapped[str]
