"""Who may do what: roles, rights, scope, and the rule that a route without a declared right is closed.

`can(user, right, unit_path)` is a plain function over a role and a subtree of units; pages state their right in a
decorator on the line above the function.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Any, Protocol, TypeVar

from .errors import Missing
from .text import N_


class Role(StrEnum):
    """Role of a staff account."""

    OPERATOR = "operator"  # cán bộ phụ trách đợt (Phòng Nội vụ)
    UNIT_OFFICER = "unit_officer"  # cán bộ lập danh sách của đơn vị
    UNIT_HEAD = "unit_head"  # thủ trưởng đơn vị
    INTERVIEWER = "interviewer"  # điều tra viên
    CLERK = "clerk"  # người nhập phiếu
    APPRAISER = "appraiser"  # người thẩm định
    LEADER = "leader"  # lãnh đạo
    RECEIVER = "receiver"  # Sở Nội vụ, receives and verifies
    ANSWER_READER = "answer_reader"  # người đọc phiếu có danh tính: answers of confidential groups, nothing else
    ADMINISTRATOR = "administrator"  # quản trị: users, no answers


ROLE_NAMES = {
    Role.OPERATOR: N_("Cán bộ phụ trách đợt"),
    Role.UNIT_OFFICER: N_("Cán bộ lập danh sách của đơn vị"),
    Role.UNIT_HEAD: N_("Thủ trưởng đơn vị"),
    Role.INTERVIEWER: N_("Điều tra viên"),
    Role.CLERK: N_("Người nhập phiếu"),
    Role.APPRAISER: N_("Người thẩm định"),
    Role.LEADER: N_("Lãnh đạo"),
    Role.RECEIVER: N_("Sở Nội vụ nhận bàn giao"),
    Role.ANSWER_READER: N_("Người đọc phiếu có danh tính"),
    Role.ADMINISTRATOR: N_("Quản trị"),
}

_STAFF = frozenset(Role)
_OPERATOR = frozenset({Role.OPERATOR})
_OVERSIGHT = frozenset({Role.OPERATOR, Role.LEADER})
_UNIT = frozenset({Role.UNIT_OFFICER, Role.UNIT_HEAD})

# right -> roles that hold it. The page of refusal names these roles.
RIGHTS: dict[str, frozenset[Role]] = {
    "account.own": _STAFF,
    "help.read": _STAFF,
    "users.manage": frozenset({Role.ADMINISTRATOR, Role.OPERATOR}),
    "units.read": frozenset({Role.ADMINISTRATOR, Role.OPERATOR, Role.LEADER}),
    "backups.manage": frozenset({Role.ADMINISTRATOR}),
    "audit.read": frozenset({Role.ADMINISTRATOR, Role.OPERATOR}),
    "rounds.read": _OVERSIGHT,
    "rounds.manage": _OPERATOR,
    "lists.own": _UNIT,
    "lists.confirm": frozenset({Role.UNIT_HEAD}),
    "lists.review": _OPERATOR,
    "sampling.manage": _OPERATOR,
    "sampling.own": _UNIT,
    "roster.read": _OVERSIGHT,
    "roster.lock": _OPERATOR,
    "roster.export": _OPERATOR,
    "handover.verify": frozenset({Role.OPERATOR, Role.RECEIVER, Role.LEADER}),
    "handover.receive": frozenset({Role.RECEIVER}),
    "payments.export": _OPERATOR,
    "changes.propose": _UNIT | _OPERATOR,
    "changes.decide": _OVERSIGHT,
    "roster.ethnicity": _OPERATOR,
    "personal_data.manage": _OPERATOR,
    "questionnaires.read": _OVERSIGHT,
    "questionnaires.manage": _OPERATOR,
    "cells.manage": _OPERATOR,
    "codes.manage": _OPERATOR,
    "keys.manage": _OPERATOR,
    "collection.manage": _OPERATOR,
    "paper.key": frozenset({Role.CLERK}),
    "interviews.run": frozenset({Role.INTERVIEWER}),
    "envelopes.open": _OPERATOR,
    "envelopes.agree": _OVERSIGHT,
    "opinions.review": _OPERATOR,
    "identified.read": frozenset({Role.ANSWER_READER}),
    "turnout.read": _OVERSIGHT,
    "turnout.own": _UNIT,
    "scores.read": _OVERSIGHT,
    "scores.compute": _OPERATOR,
}

# Rights over sensitive data: a role is not enough, the account itself must hold them (the attribute says whether).
GRANTED_RIGHTS = {"roster.ethnicity": "sees_ethnicity"}


class Actor(Protocol):
    """What the access rule needs to know of a user."""

    id: int
    role: str
    full_name: str

    @property
    def scope_path(self) -> str | None: ...


def has_right(user: Actor, right: str) -> bool:
    """The role of `user` holds `right`, and the account where one must be granted it.

    An unknown right is a fault of the program and raises KeyError.
    """
    granted = right not in GRANTED_RIGHTS or bool(getattr(user, GRANTED_RIGHTS[right], False))
    return Role(user.role) in RIGHTS[right] and granted


def in_scope(user: Actor, unit_path: str) -> bool:
    """The unit with this path lies in the subtree of `user`."""
    return user.scope_path is not None and unit_path.startswith(user.scope_path)


def can(user: Actor, right: str, unit_path: str | None = None) -> bool:
    """`user` may do `right`, for the unit with `unit_path` where one is named."""
    return has_right(user, right) and (unit_path is None or in_scope(user, unit_path))


def require_scope(user: Actor, unit_path: str) -> None:
    """Raise Missing (404, as if it were not there) when the unit lies outside the subtree of `user`."""
    if not in_scope(user, unit_path):
        raise Missing


View = TypeVar("View", bound=Callable[..., Any])


def requires(*rights: str) -> Callable[[View], View]:
    """The page needs a signed-in account that holds at least one of `rights`."""
    unknown = [right for right in rights if right not in RIGHTS]
    if unknown or not rights:
        raise KeyError(f"unknown right {unknown}")

    def mark(view: View) -> View:
        view.survey_rights = rights  # type: ignore[attr-defined]
        return view

    return mark


def open_to_all(reason: str) -> Callable[[View], View]:
    """The page needs no account; `reason` says why and is listed by a test."""

    def mark(view: View) -> View:
        view.survey_open_reason = reason  # type: ignore[attr-defined]
        return view

    return mark


def declared_rights(view: Callable[..., Any]) -> tuple[str, ...] | None:
    """The rights a view function declares; None when it declares none."""
    return getattr(view, "survey_rights", None)


def is_open(view: Callable[..., Any]) -> bool:
    return hasattr(view, "survey_open_reason")
