"""The whole job of a sociological survey (điều tra xã hội học) for the public administrative reform index."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from .config import Settings

# Every subject in the order of the job, the demonstration last; each has `pages.bp`, some have `commands.commands`.
SUBJECTS = (
    "units",
    "users",
    "rounds",
    "roster",
    "roster_changes",
    "sampling",
    "handover",
    "questionnaires",
    "access_codes",
    "personal_data",
    "answers",
    "progress",
    "scores",
    "backups",
    "demo",
)


def create_app(settings: "Settings | None" = None) -> "Flask":
    """The program as a WSGI application; `settings` None reads the environment."""
    from flask import Flask

    from .config import read_settings

    settings = settings or read_settings()
    app = Flask(__name__)
    _configure(app, settings)
    _open_database(app, settings)
    _set_up_requests(app, settings)
    _register_subjects(app)
    return app


def _configure(app: "Flask", settings: "Settings") -> None:
    app.config.update(
        SECRET_KEY=settings.keys.cookie_key,
        SESSION_COOKIE_NAME="__Host-survey" if settings.https else "survey",
        SESSION_COOKIE_SECURE=settings.https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        MAX_CONTENT_LENGTH=6 * 1024 * 1024,
        MAX_FORM_MEMORY_SIZE=2 * 1024 * 1024,
        MAX_FORM_PARTS=20_000,
        WTF_CSRF_TIME_LIMIT=None,  # a form left open overnight is lost by the session, not by its token
        WTF_I18N_ENABLED=False,  # WTForms has no Vietnamese; every validator carries our own words
        BOOTSTRAP_SERVE_LOCAL=True,
        BABEL_DEFAULT_LOCALE="vi",
        BABEL_DEFAULT_TIMEZONE="Asia/Ho_Chi_Minh",
        PROPAGATE_EXCEPTIONS=False,
        SEND_FILE_MAX_AGE_DEFAULT=31_536_000,  # addresses of static files carry their content hash
    )
    app.extensions["survey_settings"] = settings


def _open_database(app: "Flask", settings: "Settings") -> None:
    from .db import Database
    from .web import close_reading

    keys = settings.keys
    app.extensions["survey_database"] = Database(settings.database_url, keys.pepper, keys.data_keys, keys.answer_key)
    app.teardown_request(close_reading)


def _set_up_requests(app: "Flask", settings: "Settings") -> None:
    from flask_babel import Babel
    from flask_bootstrap import Bootstrap5
    from flask_wtf import CSRFProtect
    from werkzeug.middleware.proxy_fix import ProxyFix

    from . import errors_pages, guard, look
    from .sign_in import set_up_sign_in

    Bootstrap5(app)
    CSRFProtect(app)
    Babel(app, locale_selector=look.page_language)
    set_up_sign_in(app)
    guard.add_headers(app, settings)
    guard.close_by_default(app)
    errors_pages.register(app)
    look.register(app)
    hops = settings.trusted_proxies
    if hops:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]


def _register_subjects(app: "Flask") -> None:
    from . import commands

    for subject in SUBJECTS:
        app.register_blueprint(import_module(f".{subject}.pages", __name__).bp)
    commands.register(app)
