"""Binds the office session cookie to the accounts: Flask-Login asks here who a cookie belongs to."""

from typing import Any

from flask import Flask, flash, g, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import LoginManager

from .errors_pages import page_above
from .users.models import User
from .users.sessions import find_session, is_due_to_be_seen, mark_seen
from .web import database, reading, settings


class SignedIn:
    """What the cookie identifies: an account together with its session. Flask-Login keeps only the token."""

    is_authenticated = True
    is_active = True
    is_anonymous = False

    def __init__(self, user: User, session_id: int, token: str) -> None:
        self.user, self.session_id, self._token = user, session_id, token

    def __getattr__(self, name: str) -> Any:
        return getattr(self.user, name)

    def get_id(self) -> str:
        return self._token


def set_up_sign_in(app: Flask) -> None:
    """Tell Flask-Login how to find an account and where to send who is not signed in."""
    manager = LoginManager(app)

    @manager.user_loader  # type: ignore[untyped-decorator]
    def load(token: str) -> SignedIn | None:
        found = find_session(reading(), token, settings().keys.pepper)
        if found is None:
            g.session_over = True
            return None
        if is_due_to_be_seen(found):
            with database().writing() as session:
                mark_seen(session, found.id)
        return SignedIn(found.user, found.id, token)

    @manager.unauthorized_handler  # type: ignore[untyped-decorator]
    def send_to_sign_in() -> Any:
        if g.get("session_over"):
            flash(_("Phiên làm việc đã hết. Đăng nhập lại; bản nháp còn nguyên."), "warn")
        target = request.full_path.rstrip("?") if request.method == "GET" else page_above()
        return redirect(url_for("users.sign_in", next=target))
