"""The guard at the door: headers, host names, and that no request reaches a view without its declared right."""

from typing import Any

from flask import Flask, Response, abort, current_app, request
from flask_babel import gettext as _
from flask_login import current_user

from .access import RIGHTS, ROLE_NAMES, declared_rights, has_right, is_open
from .config import Settings
from .errors import NoRight

STATIC_ENDPOINTS = ("static", "bootstrap.static")

_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors {ancestors}"
)


def close_by_default(app: Flask) -> None:
    """Let no request reach a view without its declared right."""

    @app.before_request
    def check_right() -> Any:
        if request.endpoint is None or request.endpoint in ("static", "bootstrap.static"):
            return None  # an unknown address becomes 404
        view = app.view_functions[request.endpoint]
        if is_open(view):
            return None
        if not current_user.is_authenticated:
            return current_app.login_manager.unauthorized()  # type: ignore[attr-defined]
        rights = declared_rights(view)
        if rights is None or not any(has_right(current_user, right) for right in rights):
            roles = sorted({_(ROLE_NAMES[role]) for right in rights or () for role in RIGHTS[right]})
            raise NoRight(_("Việc này cần quyền: %(roles)s.", roles=", ".join(roles) or _("không ai")))
        return None


def add_headers(app: Flask, settings: Settings) -> None:
    """Fixed security headers on every answer, errors included; only declared host names are answered."""

    @app.before_request
    def check_host() -> None:
        if request.host.rsplit(":", 1)[0] not in settings.allowed_hosts:
            abort(421)

    @app.after_request
    def set_headers(response: Response) -> Response:
        framed = getattr(app.view_functions.get(request.endpoint or ""), "survey_framed", False)
        ancestors, frame = ("'self'", "SAMEORIGIN") if framed else ("'none'", "DENY")
        headers = response.headers
        headers["Content-Security-Policy"] = _POLICY.format(ancestors=ancestors)
        headers["X-Frame-Options"] = frame
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Referrer-Policy"] = "no-referrer"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        headers["Permissions-Policy"] = "geolocation=(), microphone=(), payment=()"
        if request.endpoint not in STATIC_ENDPOINTS:
            headers.setdefault("Cache-Control", "no-store")
        if settings.https:
            headers["Strict-Transport-Security"] = "max-age=31536000"
        return response


def may_be_framed(view: Any) -> Any:
    """The page may stand in a frame of our own pages (phone preview)."""
    view.survey_framed = True
    return view
