"""What may be asked of accounts, sessions and the audit log."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from ..access import Actor, Role
from ..audit import AuditEntry, first_broken_entry
from ..db import now
from ..text import LOCAL_ZONE, N_, search_key
from ..units.models import Unit
from .models import StaffSession, User
from .sessions import ABSOLUTE, IDLE

PER_PAGE = 50
# An operator looks after the people who work for the units; all others are the administrator's.
OPERATORS_ROLES = (Role.UNIT_OFFICER, Role.UNIT_HEAD, Role.INTERVIEWER, Role.CLERK)


def accounts(session: Session, by: Actor, *, text: str = "", role: str = "", page: int = 1) -> tuple[list[User], int]:
    """One page of the accounts that `by` manages, and how many there are; by unit, then by name."""
    query = select(User).outerjoin(Unit, Unit.id == User.unit_id)
    if by.role != Role.ADMINISTRATOR:
        query = query.where(
            User.role.in_(OPERATORS_ROLES), Unit.path.startswith(by.scope_path or "nowhere", autoescape=True)
        )
    if role:
        query = query.where(User.role == role)
    if wanted := search_key(text):
        query = query.where(
            or_(User.search_key.contains(wanted, autoescape=True), Unit.search_key.contains(wanted, autoescape=True))
        )
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    ordered = query.order_by(Unit.order_key, User.order_key, User.id).offset((page - 1) * PER_PAGE).limit(PER_PAGE)
    return list(session.scalars(ordered)), total


def account_state(user: User) -> str:
    """«active», «waiting» for the first password, or «inactive»."""
    if not user.active:
        return "inactive"
    return "active" if user.password_hash else "waiting"


def living_sessions(session: Session, user_id: int) -> list[StaffSession]:
    """The browsers in which an account is signed in, the latest first."""
    moment = now()
    return list(
        session.scalars(
            select(StaffSession)
            .where(StaffSession.user_id == user_id, StaffSession.ended_at.is_(None))
            .where(StaffSession.seen_at > moment - IDLE, StaffSession.started_at > moment - ABSOLUTE)
            .order_by(StaffSession.seen_at.desc())
        )
    )


def last_seen(session: Session, user_id: int) -> datetime | None:
    """When the account was last at work, None if never."""
    return session.scalar(select(func.max(StaffSession.seen_at)).where(StaffSession.user_id == user_id))


@dataclass(frozen=True)
class AuditFilter:
    """What of the log is wanted; an empty field wants all."""

    kind: str = ""  # beginning of the action code, «round.» or «user.»
    text: str = ""  # part of the name of who acted, or of a field
    first: date | None = None
    last: date | None = None


def audit_entries(session: Session, by: Actor, wanted: AuditFilter, page: int = 1) -> tuple[list[AuditEntry], int]:
    """One page of the log, the latest first, and how many entries fit.

    An administrator reads all; an operator what was done by accounts of the own units and, without account, in rounds.
    """
    query = _audit_scope(by)
    if wanted.kind:
        query = query.where(AuditEntry.action.startswith(wanted.kind, autoescape=True))
    if wanted.first:
        query = query.where(AuditEntry.at >= datetime.combine(wanted.first, time.min, LOCAL_ZONE))
    if wanted.last:
        query = query.where(AuditEntry.at < datetime.combine(wanted.last + timedelta(days=1), time.min, LOCAL_ZONE))
    query = query.order_by(AuditEntry.id.desc())
    start = (page - 1) * PER_PAGE
    if key := search_key(wanted.text):
        # Sentences are made from the fields, so what is read is what is searched; a log of a survey year is short.
        fitting = [entry for entry in session.scalars(query) if key in search_key(f"{entry.by_name} {entry.sentence}")]
        return fitting[start : start + PER_PAGE], len(fitting)
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    return list(session.scalars(query.offset(start).limit(PER_PAGE))), total


def _audit_scope(by: Actor) -> Select[AuditEntry]:
    query = select(AuditEntry)
    if by.role == Role.ADMINISTRATOR:
        return query
    own = (
        select(User.id)
        .join(Unit, Unit.id == User.unit_id)
        .where(Unit.path.startswith(by.scope_path or "nowhere", autoescape=True))
    )
    without_account = AuditEntry.by_id.is_(None) & AuditEntry.action.startswith("round.")
    return query.where(or_(AuditEntry.by_id.in_(own), without_account))


def broken_audit_entry(session: Session) -> AuditEntry | None:
    """The first entry of the whole log that was altered or after which one was taken out; None when it is sound."""
    entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id).execution_options(yield_per=500))
    try:
        return first_broken_entry(entries)
    finally:
        entries.close()  # it stops at a broken entry, with more to come


def newest_audit_entry(session: Session) -> AuditEntry | None:
    """The last entry of the log: its hash vouches for all before it."""
    return session.scalar(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1))


AUDIT_KINDS = {
    "": N_("Mọi việc"),
    "round.": N_("Việc của đợt điều tra"),
    "personal.": N_("Xem và tải dữ liệu cá nhân"),
    "user.": N_("Tài khoản và đăng nhập"),
    "units.": N_("Danh mục đơn vị"),
    "backup.": N_("Sao lưu và phục hồi"),
}
