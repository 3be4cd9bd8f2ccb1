"""How somebody comes in: sign-in with password, first use of a one-time code, the first administrator.

Tries are limited per account and per address: a few are free, then each must wait longer, never for ever. What is
said and how long it takes does not tell whether an account exists.
"""

import hashlib
import hmac
import os
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ..access import Role
from ..attempts import Attempt, address_key, attempts_within, count_attempt, forget_attempts
from ..audit import Action, record
from ..config import Settings
from ..db import now
from ..errors import Invalid, Missing
from ..text import N_, clean, order_key, person_order_key, search_key
from . import one_time
from .models import StaffSession, User
from .passwords import hash_password, needs_new_hash, password_fault, password_fits
from .rules import check_login, login_fault
from .sessions import end_sessions, start_session

# Free tries and the time in which they are counted. A success forgets those of an account; an office shares an address.
FREE_OF_ACCOUNT = (5, timedelta(hours=24))
FREE_OF_ADDRESS = (20, timedelta(minutes=15))
LONGEST_WAIT = 15  # minutes
WRONG = N_("Tên đăng nhập hoặc mật khẩu chưa đúng.")
WRONG_CODE = N_("Tên đăng nhập hoặc mã dùng một lần chưa đúng, hoặc mã đã hết hạn. Xin mã mới ở nơi cấp phiếu.")
SETUP_LOGIN = "quan-tri-dau-tien"
SETUP_FILE = "first-administrator.txt"


@dataclass(frozen=True)
class Tries:
    """The two keys under which the tries of one person at one door are counted."""

    account: str
    address: str


def tries_of(login: str, address: str, pepper: bytes) -> Tries:
    """Keys for counting. The login is kept as a keyed hash: people type passwords into the wrong field."""
    digest = hmac.new(pepper, b"login:" + normal_login(login).encode(), hashlib.sha256).hexdigest()
    return Tries(f"account:{digest[:32]}", f"address:{address_key(address)}")


def normal_login(login: str) -> str:
    return clean(login)[:100].lower()


def admit(session: Session, tries: Tries) -> int:
    """Count a try; 0 when it may go on, else the minutes to wait. A refused try is not counted."""
    wait = max(
        _minutes_to_wait(session, tries.account, *FREE_OF_ACCOUNT),
        _minutes_to_wait(session, tries.address, *FREE_OF_ADDRESS),
    )
    if not wait:
        count_attempt(session, tries.account)
    return wait


def _minutes_to_wait(session: Session, key: str, free: int, window: timedelta) -> int:
    """Counted from the last try: 1, 2, 4, 8, 15 minutes, longer with every `free` tries of the day."""
    if attempts_within(session, key, window) < free:
        return 0
    of_the_day = attempts_within(session, key, timedelta(hours=24))
    delay = timedelta(minutes=min(LONGEST_WAIT, 2 ** min(of_the_day // free - 1, 10)))
    last = session.scalar(select(func.max(Attempt.minute)).where(Attempt.key == key))
    if last is None:
        return 0
    left = last + delay - now().replace(second=0, microsecond=0)
    return max(0, int(left.total_seconds() // 60))


def find_by_login(session: Session, login: str) -> User | None:
    return session.scalar(select(User).where(User.login == normal_login(login)))


def password_opens(user: User | None, password: str) -> bool:
    """Whether `password` lets `user` in. Takes as long for unknown accounts; call it outside writing."""
    usable = user.password_hash if user is not None and user.active else None
    return password_fits(usable, password)


def let_in(session: Session, user_id: int, browser: str, pepper: bytes, tries: Tries, password: str) -> str:
    """Start a session after a right password; returns the token for the cookie."""
    user = session.get_one(User, user_id)
    if user.password_hash and needs_new_hash(user.password_hash):
        user.password_hash = hash_password(password)
    forget_attempts(session, tries.account)
    record(session, Action.USER_SIGNED_IN, user, login=user.login)
    return start_session(session, user, browser, pepper)


def forget(session: Session, tries: Tries) -> None:
    """Drop the tries of an account that has shown its password."""
    forget_attempts(session, tries.account)


def end(found: StaffSession) -> None:
    """End one session: the way out."""
    found.ended_at = now()


def count_failure(session: Session, tries: Tries) -> None:
    """A wrong password or code also counts against the address."""
    count_attempt(session, tries.address)


def code_opens(session: Session, user: User | None, code: str, pepper: bytes) -> bool:
    """Whether a one-time code lets `user` choose a password. The setup account has a page of its own."""
    if user is None or not user.active or user.login == SETUP_LOGIN:
        return False
    return one_time.fits(session, user, code, pepper)


def use_code(session: Session, user_id: int, code: str, password: str, again: str, pepper: bytes) -> None:
    """Choose a password by a one-time code. Raises Invalid for the new password, or when the code went meanwhile."""
    # One code sets one password, also when it is sent twice at the same moment.
    user = session.scalars(select(User).where(User.id == user_id).with_for_update(of=User)).one()
    if not code_opens(session, user, code, pepper):
        raise Invalid({"code": WRONG_CODE})
    choose_password(session, user, password, again)


def choose_password(
    session: Session, user: User, password: str, again: str, kept_session_id: int | None = None
) -> None:
    """Set the password of `user`; end codes and sessions but the kept one. Raises Invalid with the fault's field."""
    fault = password_fault(password, user.login)
    if fault:
        raise Invalid({"password": fault})
    if password != again:
        raise Invalid({"again": "Hai lần gõ mật khẩu khác nhau. Gõ lại cả hai ô."})
    user.password_hash = hash_password(password)
    one_time.spend_codes(session, user)
    end_sessions(session, user.id, except_id=kept_session_id)
    record(session, Action.USER_PASSWORD, user, login=user.login)


def has_administrator(session: Session) -> bool:
    """Whether an administrator can sign in."""
    query = select(User.id).where(User.role == Role.ADMINISTRATOR, User.active, User.password_hash.is_not(None))
    return session.scalar(query.limit(1)) is not None


def invite_first_administrator(session: Session, settings: Settings) -> str | None:
    """When no administrator exists: make sure a one-time code for /setup lies in a file of the data folder.

    Returns what to tell at the terminal, None when an administrator exists. The code lives for a day; a start after
    that makes a new one. There is no default account: the prepared one cannot sign in.
    """
    if has_administrator(session):
        return None
    file = settings.data_folder / SETUP_FILE
    account = session.scalar(select(User).where(User.login == SETUP_LOGIN)) or _setup_account(session)
    if not (file.exists() and one_time.has_living_code(session, account)):
        code = one_time.issue_code(session, account, one_time.SETUP_LIFETIME, settings.keys.pepper)
        _write_private(file, f"{settings.public_url}/setup\n{code}\n")
    address, code = file.read_text("utf-8").split()
    return (
        f"Chưa có người quản trị. Mở {address} và nhập mã dùng một lần: {code}\n"
        f"(mã có hạn 24 giờ, cũng nằm trong tệp {file})"
    )


def _setup_account(session: Session) -> User:
    account = User(
        login=SETUP_LOGIN,
        full_name="Quản trị đầu tiên",
        role=Role.ADMINISTRATOR,
        created_at=now(),
        search_key=SETUP_LOGIN,
        order_key=order_key("Quản trị đầu tiên"),
    )
    session.add(account)
    session.flush()
    return account


def _write_private(file: Path, text: str) -> None:
    file.unlink(missing_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        opened.write(text)


def require_setup(session: Session) -> User:
    """The prepared account of the first administrator. Raises Missing once an administrator exists."""
    account = session.scalar(select(User).where(User.login == SETUP_LOGIN))
    if account is None or has_administrator(session):
        raise Missing
    return account


def set_up_administrator(
    session: Session, code: str, login: str, full_name: str, password: str, again: str, pepper: bytes
) -> User:
    """Make the prepared account the first administrator's. Raises Missing when there is one, Invalid."""
    account = require_setup(session)
    if not one_time.fits(session, account, code, pepper):
        raise Invalid({"code": "Mã chưa đúng hoặc đã hết hạn. Xem tệp ở máy chủ; khởi động lại để có mã mới."})
    fault = login_fault(login)
    if fault or normal_login(login) == SETUP_LOGIN:
        raise Invalid({"login": fault or "Chọn tên đăng nhập khác, ví dụ quantri."})
    if not clean(full_name):
        raise Invalid({"full_name": "Điền họ và tên."})
    account.login = check_login(session, login)
    account.full_name = clean(full_name)
    account.search_key = search_key(f"{account.full_name} {account.login}")
    account.order_key = person_order_key(account.full_name)
    choose_password(session, account, password, again)
    record(session, Action.USER_CREATED, account, login=account.login, role=account.role)
    return account
