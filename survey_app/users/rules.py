"""What may be done to accounts: create, change, reset, close; accounts for all units in one step."""

import re
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from ..access import RIGHTS, Actor, Role, in_scope
from ..audit import Action, record
from ..db import now
from ..errors import Conflict, Invalid, Missing, Refused
from ..text import clean, person_order_key, search_key
from ..units.models import Unit
from ..units.queries import submitting_units
from . import one_time
from .models import StaffSession, User
from .queries import OPERATORS_ROLES
from .sessions import end_sessions

# These act for a unit, so they need one; the others may stand at the top.
_NEEDS_UNIT = frozenset(Role) - {Role.ADMINISTRATOR}
_LOGIN = re.compile(r"[a-z0-9](?:[a-z0-9._-]{1,38})[a-z0-9]")
_TAKEN = "Tên đăng nhập này đã có người dùng. Chọn tên khác."


@dataclass(frozen=True)
class Slip:
    """What is printed for one account: shown once, kept nowhere."""

    unit_name: str
    full_name: str
    login: str
    code: str


def roles_to_give(by: Actor) -> tuple[Role, ...]:
    """The roles that `by` may give to an account."""
    return tuple(Role) if by.role == Role.ADMINISTRATOR else OPERATORS_ROLES if by.role == Role.OPERATOR else ()


def may_manage(by: Actor, user: User) -> bool:
    """Whether `by` may see and change the account `user`: an administrator all, an operator those of the own units."""
    if by.role == Role.ADMINISTRATOR:
        return True
    return user.role in roles_to_give(by) and user.unit is not None and in_scope(by, user.unit.path)


def find_user(session: Session, user_id: int, by: Actor) -> User:
    """The account with this id. Raises Missing when it is not there or not for `by` to manage."""
    user = session.get(User, user_id)
    if user is None or not may_manage(by, user):
        raise Missing
    return user


def login_fault(login: str) -> str | None:
    """Why a login cannot be used, None when it can."""
    if _LOGIN.fullmatch(clean(login).lower()):
        return None
    return "Tên đăng nhập gồm 3–40 chữ cái không dấu, chữ số, dấu gạch nối hoặc dấu chấm, ví dụ xa-quai-cang."


def check_login(session: Session, login: str, user_id: int | None = None) -> str:
    """The login in its stored form. Raises Invalid when it is of a wrong shape or taken by another."""
    fault = login_fault(login)
    normal = clean(login).lower()
    if fault is None and session.scalar(select(User.id).where(User.login == normal, User.id != (user_id or 0))):
        fault = _TAKEN
    if fault:
        raise Invalid({"login": fault})
    return normal


def create_user(
    session: Session, *, login: str, full_name: str, position: str, role: str, unit: Unit | None, by: Actor
) -> User:
    """A new account without password. Raises Invalid for its fields, Refused for a role or unit not `by`'s to give."""
    if role not in roles_to_give(by):
        raise Refused("Tài khoản này không cấp được vai trò đó.")
    if not clean(full_name):
        raise Invalid({"full_name": "Điền họ và tên."})
    if unit is None and Role(role) in _NEEDS_UNIT:
        raise Invalid({"unit": "Chọn đơn vị của tài khoản này."})
    if unit is not None and not (by.role == Role.ADMINISTRATOR or in_scope(by, unit.path)):
        raise Missing
    user = _add(session, check_login(session, login), clean(full_name), clean(position), Role(role), unit)
    record(session, Action.USER_CREATED, by, login=user.login, role=user.role)
    return user


def _add(session: Session, login: str, full_name: str, position: str, role: Role, unit: Unit | None) -> User:
    user = User(
        login=login,
        full_name=full_name,
        position=position,
        role=role,
        unit_id=unit.id if unit else None,
        created_at=now(),
        search_key=search_key(f"{full_name} {login}"),
        order_key=person_order_key(full_name),
    )
    session.add(user)
    session.flush()
    return user


def reset_user(session: Session, user: User, by: Actor, pepper: bytes) -> str:
    """A new one-time code for `user`, shown once; the password is gone and all sessions end.

    Raises Refused for the own account (its password is changed on the own page) and for one that is closed.
    """
    if user.id == by.id:
        raise Refused("Mật khẩu của chính mình đổi ở trang «Tài khoản của tôi».")
    if not user.active:
        raise Refused("Tài khoản đang bị khóa. Mở khóa trước khi cấp lại mã.")
    _refuse_without_administrator(session, user, "cấp lại mã cho")
    user.password_hash = None
    end_sessions(session, user.id)
    code = one_time.issue_code(session, user, one_time.RESET_LIFETIME, pepper)
    record(session, Action.USER_RESET, by, login=user.login)
    return code


def set_active(session: Session, user: User, active: bool, by: Actor) -> None:
    """Close or open an account; closing ends its sessions and codes at once.

    Raises Refused for the own account and for the last administrator, Conflict when it is so already.
    """
    if user.active == active:
        raise Conflict("Tài khoản đã ở trạng thái này. Tải lại trang.")
    if not active:
        if user.id == by.id:
            raise Refused("Không tự khóa tài khoản của mình được.")
        _refuse_without_administrator(session, user, "khóa")
        end_sessions(session, user.id)
        one_time.spend_codes(session, user)
    user.active = active
    record(session, Action.USER_ACTIVE, by, login=user.login, active="đang dùng" if active else "đã khóa")


def set_sees_ethnicity(session: Session, user: User, allowed: bool, by: Actor) -> None:
    """Let an account see and export dân tộc (sensitive data), or no longer.

    Raises Refused for the own account and for a role that never sees persons, Conflict when it is so already.
    """
    if user.id == by.id:
        raise Refused("Không tự cấp quyền xem dân tộc cho mình được. Nhờ người quản trị khác.")
    if Role(user.role) not in RIGHTS["roster.ethnicity"]:
        raise Refused("Vai trò này không xem danh sách chung nên không cấp quyền xem dân tộc được.")
    if user.sees_ethnicity == allowed:
        raise Conflict("Quyền của tài khoản đã như vậy. Tải lại trang.")
    user.sees_ethnicity = allowed
    record(session, Action.USER_SEES_ETHNICITY, by, login=user.login, allowed="có" if allowed else "không")


def _refuse_without_administrator(session: Session, user: User, act: str) -> None:
    """Somebody else must be able to sign in as administrator before one is taken out."""
    if user.role != Role.ADMINISTRATOR:
        return
    query = select(User.id).where(
        User.role == Role.ADMINISTRATOR, User.active, User.password_hash.is_not(None), User.id != user.id
    )
    # Two administrators who close each other at the same moment must meet here.
    if not session.scalars(query.with_for_update()).first():
        raise Refused(f"Không {act} người quản trị cuối cùng được. Tạo thêm một người quản trị trước.")


def end_session(session: Session, session_id: int, by: Actor) -> None:
    """End one signed-in browser of `by`. Raises Missing when it is another's or ended already."""
    found = session.get(StaffSession, session_id)
    if found is None or found.user_id != by.id or found.ended_at is not None:
        raise Missing
    found.ended_at = now()
    record(session, Action.USER_SESSION_ENDED, by, login=found.user.login)


def units_without_account(session: Session, day: date, by: Actor) -> list[Unit]:
    """Submitting units of `day` in the scope of `by` for which no active officer's account exists."""
    served = select(User.unit_id).where(User.role == Role.UNIT_OFFICER, User.active, User.unit_id.is_not(None))
    taken = set(session.scalars(served))
    return [unit for unit in submitting_units(session, day, _scope(by)) if unit.id not in taken]


def accounts_waiting(session: Session, day: date, by: Actor) -> list[User]:
    """Officers' accounts of the submitting units of `day` that have not chosen a password yet, in unit order."""
    units = {unit.id: place for place, unit in enumerate(submitting_units(session, day, _scope(by)))}
    query = select(User).where(User.role == Role.UNIT_OFFICER, User.active, User.password_hash.is_(None))
    return sorted(
        (user for user in session.scalars(query) if user.unit_id in units), key=lambda u: units[u.unit_id or 0]
    )


def create_unit_accounts(session: Session, day: date, by: Actor, pepper: bytes) -> list[Slip]:
    """An officer's account for every submitting unit of `day` that has none, each with a one-time code to print.

    Raises Refused when every unit has its account already.
    """
    units = units_without_account(session, day, by)
    if not units:
        raise Refused("Mọi đơn vị đã có tài khoản. Cần phiếu mới thì bấm «In lại phiếu».")
    taken = set(session.scalars(select(User.login)))
    users = []
    for unit in units:
        login = _login_of(unit, taken)
        taken.add(login)
        users.append(_add(session, login, f"Cán bộ lập danh sách, {unit.name}", "", Role.UNIT_OFFICER, unit))
    record(session, Action.UNIT_ACCOUNTS, by, count=len(users))
    return [_slip(session, user, unit, pepper) for user, unit in zip(users, units, strict=True)]


def renew_slips(session: Session, day: date, by: Actor, pepper: bytes) -> list[Slip]:
    """New one-time codes for all units' accounts that still wait for their first sign-in; earlier slips are void.

    Raises Refused when none waits.
    """
    users = accounts_waiting(session, day, by)
    if not users:
        raise Refused("Không có tài khoản đơn vị nào chờ đặt mật khẩu.")
    slips = []
    for user in users:
        if user.unit is not None:
            slips.append(_slip(session, user, user.unit, pepper))
            record(session, Action.USER_RESET, by, login=user.login)
    return slips


def _slip(session: Session, user: User, unit: Unit, pepper: bytes) -> Slip:
    code = one_time.issue_code(session, user, one_time.SLIP_LIFETIME, pepper)
    return Slip(unit.name, user.full_name, user.login, code)


def _login_of(unit: Unit, taken: set[str]) -> str:
    """The unit's code where it has letters; else its name, since codes of communes are bare and used again."""
    code = unit.code.lower()
    name = re.sub(r"[^a-z0-9]+", "-", search_key(unit.name)).strip("-")[:34].strip("-")
    wish = code if re.search("[a-z]", code) and _LOGIN.fullmatch(code) else name
    candidates = (wish, f"{wish}-{unit.valid_from.year}", *(f"{wish}-{unit.id}-{number}" for number in range(1, 100)))
    return next(login for login in candidates if login not in taken)


def _scope(by: Actor) -> str:
    if by.scope_path is None:
        raise Refused("Tài khoản này chưa gắn với đơn vị nào.")
    return by.scope_path
