"""Counting tries per key and time: sign-in, one-time codes, unknown personal codes.

A key is a plain word («login:abc») or an HMAC of an address under a key that lives only in memory and changes daily,
so that no address can be read or recomputed from the table.
"""

import hashlib
import hmac
import secrets
from datetime import date, datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from .db import Base, now
from .text import today

_address_key: tuple[date, bytes] = (date.min, b"")


class Attempt(Base):
    """Tries counted for one key in one minute."""

    __tablename__ = "attempt"

    key: Mapped[str] = mapped_column(primary_key=True)
    minute: Mapped[datetime] = mapped_column(primary_key=True)
    tries: Mapped[int]


def address_key(address: str) -> str:
    """A key for a network address, the same all day, that cannot be turned back into the address."""
    global _address_key
    if _address_key[0] != today():
        _address_key = (today(), secrets.token_bytes(32))
    return hmac.new(_address_key[1], address.encode(), hashlib.sha256).hexdigest()[:32]


def count_attempt(session: Session, key: str, keep: timedelta = timedelta(hours=24)) -> None:
    """Add one try for `key`; counts older than `keep` are dropped."""
    minute = now().replace(second=0, microsecond=0)
    session.execute(delete(Attempt).where(Attempt.minute < minute - keep))
    row = session.get(Attempt, (key, minute), with_for_update=True)
    if row is None:
        session.add(Attempt(key=key, minute=minute, tries=1))
    else:
        row.tries += 1
    session.flush()


def attempts_within(session: Session, key: str, window: timedelta) -> int:
    """Tries counted for `key` during the last `window`."""
    since = now() - window
    return (
        session.scalar(
            select(func.coalesce(func.sum(Attempt.tries), 0)).where(Attempt.key == key, Attempt.minute > since)
        )
        or 0
    )


def forget_attempts(session: Session, key: str) -> None:
    """Drop the tries of `key`, after it succeeded."""
    session.execute(delete(Attempt).where(Attempt.key == key))
