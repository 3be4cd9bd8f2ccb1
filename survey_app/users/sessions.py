"""Signed-in browsers of staff: started, found, ended. Idle 30 minutes, 12 hours in all."""

import hashlib
import hmac
import secrets
from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ..db import now
from .models import StaffSession, User

IDLE = timedelta(minutes=30)
ABSOLUTE = timedelta(hours=12)
_SEEN_STEP = timedelta(minutes=1)  # «seen» is written at most once a minute


def hash_token(token: str, pepper: bytes) -> str:
    """How a session token is stored."""
    return hmac.new(pepper, b"session:" + token.encode(), hashlib.sha256).hexdigest()


def start_session(session: Session, user: User, browser: str, pepper: bytes) -> str:
    """Start a session of `user`; returns its token (256 random bits), which only the cookie holds."""
    token = secrets.token_urlsafe(32)
    moment = now()
    session.add(
        StaffSession(
            token_hash=hash_token(token, pepper),
            user_id=user.id,
            browser=browser[:200],
            started_at=moment,
            seen_at=moment,
        )
    )
    session.flush()
    return token


def find_session(session: Session, token: str, pepper: bytes) -> StaffSession | None:
    """The living session with this token, of an active account; None when ended, idle too long or too old."""
    found = session.scalar(select(StaffSession).where(StaffSession.token_hash == hash_token(token, pepper)))
    moment = now()
    if found is None or found.ended_at is not None or not found.user.active:
        return None
    if moment - found.seen_at > IDLE or moment - found.started_at > ABSOLUTE:
        return None
    return found


def is_due_to_be_seen(found: StaffSession) -> bool:
    """Its «seen» moment is old enough to be written again."""
    return now() - found.seen_at > _SEEN_STEP


def mark_seen(session: Session, session_id: int) -> None:
    session.execute(update(StaffSession).where(StaffSession.id == session_id).values(seen_at=now()))


def end_sessions(session: Session, user_id: int, except_id: int | None = None) -> None:
    """End all living sessions of an account (but one)."""
    statement = update(StaffSession).where(StaffSession.user_id == user_id, StaffSession.ended_at.is_(None))
    if except_id is not None:
        statement = statement.where(StaffSession.id != except_id)
    session.execute(statement.values(ended_at=now()))
