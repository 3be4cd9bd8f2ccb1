"""One-time codes (*mã dùng một lần*): how they look, how they are kept, how long they live.

Units have no e-mail: a code travels on a printed slip or by word of mouth and lets its holder choose a password once.
"""

import hashlib
import hmac
import secrets
from datetime import timedelta

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from ..db import now
from .models import OneTimeCode, User

# No letter that looks like another (I, L, O, U and the digits 0, 1 are missing): 30^12 is 2^58.
_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH = 12
SLIP_LIFETIME = timedelta(days=30)
RESET_LIFETIME = timedelta(days=3)
SETUP_LIFETIME = timedelta(hours=24)


def issue_code(session: Session, user: User, lifetime: timedelta, pepper: bytes) -> str:
    """A fresh code of `user` in its printed form, ABCD-EFGH-JKMN. Earlier ones stop working."""
    spend_codes(session, user)
    body = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
    session.add(OneTimeCode(user_id=user.id, code_hash=_hash(body, pepper), expires_at=now() + lifetime))
    session.flush()
    return "-".join(body[start : start + 4] for start in range(0, _LENGTH, 4))


def fits(session: Session, user: User, typed: str, pepper: bytes) -> bool:
    """Whether `typed` is the living code of `user`; blanks, hyphens and small letters do not matter."""
    body = "".join(char for char in typed.upper() if char in _LETTERS)
    return session.scalar(_living(user).where(OneTimeCode.code_hash == _hash(body, pepper))) is not None


def has_living_code(session: Session, user: User) -> bool:
    """Whether a code of `user` waits to be used."""
    return session.scalar(_living(user)) is not None


def spend_codes(session: Session, user: User) -> None:
    """Let no code of `user` work any more."""
    session.execute(
        update(OneTimeCode).where(OneTimeCode.user_id == user.id, OneTimeCode.used_at.is_(None)).values(used_at=now())
    )


def _living(user: User) -> Select[int]:
    return (
        select(OneTimeCode.id)
        .where(OneTimeCode.user_id == user.id, OneTimeCode.used_at.is_(None), OneTimeCode.expires_at > now())
        .limit(1)
    )


def _hash(body: str, pepper: bytes) -> str:
    return hmac.new(pepper, b"once:" + body.encode(), hashlib.sha256).hexdigest()
