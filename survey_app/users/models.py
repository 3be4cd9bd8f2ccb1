"""Tables of accounts and of what lets a person in."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..access import Role
from ..db import Base, one_of
from ..units.models import Unit


class User(Base):
    """A staff account; its scope is the subtree of `unit`. The administrator stands at the root."""

    __tablename__ = "user_account"  # «user» is a reserved word of PostgreSQL
    __table_args__ = (CheckConstraint(one_of("role", Role), name="role_known"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(unique=True)  # lower case
    full_name: Mapped[str]
    position: Mapped[str] = mapped_column(default="")  # chức vụ, shown beside the name
    role: Mapped[str]
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"), index=True)
    password_hash: Mapped[str | None]  # argon2id; none until the one-time code has been used
    active: Mapped[bool] = mapped_column(default=True)
    sees_ethnicity: Mapped[bool] = mapped_column(default=False)  # may see and export dân tộc (sensitive data)
    dense_tables: Mapped[bool] = mapped_column(default=False)
    language: Mapped[str] = mapped_column(default="vi")
    theme: Mapped[str] = mapped_column(default="auto")
    created_at: Mapped[datetime]
    search_key: Mapped[str]
    order_key: Mapped[str]

    unit: Mapped[Unit | None] = relationship(lazy="joined")

    @property
    def scope_path(self) -> str | None:
        """Path of the subtree this account may see; «/» sees all, None sees nothing."""
        if self.unit is not None:
            return self.unit.path
        return "/" if self.role == Role.ADMINISTRATOR else None


class OneTimeCode(Base):
    """A code that lets its holder choose a password once: first sign-in or reset. Stored as keyed HMAC."""

    __tablename__ = "one_time_code"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    code_hash: Mapped[str]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class StaffSession(Base):
    """One signed-in browser of a staff account (idle 30 minutes, 12 hours in all)."""

    __tablename__ = "staff_session"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    browser: Mapped[str] = mapped_column(default="")  # for the person's own list of sessions
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    user: Mapped[User] = relationship(lazy="joined")
