"""Accounts of the demonstration, with random passwords written to one file that only its owner may read."""

import csv
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from ..access import Role
from ..db import now
from ..text import person_order_key, search_key
from ..units.models import Unit
from ..users.models import User
from ..users.passwords import hash_password

# Letters and figures that are not mistaken for one another.
_LETTERS = "abcdefghkmnpqrstuvwxyz23456789"
_PEOPLE = (
    ("quantri", "Cà Văn Thành", "Quản trị hệ thống", Role.ADMINISTRATOR, None),
    ("noivu", "Lò Thị Minh", "Phòng Nội vụ, phụ trách đợt", Role.OPERATOR, "099"),
    ("nhapphieu", "Quàng Thị Dung", "Người nhập phiếu giấy", Role.CLERK, "099"),
    ("lanhdao", "Giàng A Sình", "Phó Chủ tịch UBND huyện", Role.LEADER, "099"),
    ("quaicang", "Vì Thị Xuân", "Văn phòng UBND xã Quài Cang", Role.UNIT_OFFICER, "03289"),
    ("tuphap", "Tòng Văn Hặc", "Chuyên viên Phòng Tư pháp", Role.UNIT_OFFICER, "TG-TP"),
)


@dataclass(frozen=True)
class Account:
    """One account as written to the file."""

    login: str
    password: str
    full_name: str
    role: str
    unit: str


def make_accounts(session: Session) -> list[Account]:
    """The accounts of the demonstration that are not there yet, with fresh passwords."""
    made = []
    for login, full_name, position, role, unit_code in _PEOPLE:
        if session.scalar(select(User.id).where(User.login == login)) is not None:
            continue
        unit = session.scalar(select(Unit).where(Unit.code == unit_code, Unit.valid_to.is_not(None)))
        password = "-".join("".join(secrets.choice(_LETTERS) for _ in range(5)) for _ in range(3))
        session.add(
            User(
                login=login,
                full_name=full_name,
                position=position,
                role=role,
                unit_id=unit.id if unit else None,
                password_hash=hash_password(password),
                created_at=now(),
                search_key=search_key(f"{full_name} {login}"),
                order_key=person_order_key(full_name),
            )
        )
        made.append(Account(login, password, full_name, role, unit.name if unit else ""))
    session.flush()
    return made


def demo_operator(session: Session) -> User:
    """The account in whose name the demonstration rounds are made."""
    return session.execute(select(User).where(User.login == "noivu")).scalar_one()


def write_accounts(path: Path, accounts: list[Account]) -> None:
    """Append the accounts to a file of mode 0600, with a header when it is new."""
    if not accounts:
        return
    is_new = not path.exists()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        if is_new:
            writer.writerow(["login", "password", "full_name", "role", "unit"])
        writer.writerows((a.login, a.password, a.full_name, a.role, a.unit) for a in accounts)
