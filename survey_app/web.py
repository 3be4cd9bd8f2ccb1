"""What every page needs of the program: its settings, its database, the session of the request."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from flask import current_app, g
from flask_login import current_user
from sqlalchemy.orm import Session

from .config import Settings
from .db import Database


def settings() -> Settings:
    """The settings of the running program."""
    return cast(Settings, current_app.extensions["survey_settings"])


def database() -> Database:
    """The database of the running program."""
    return cast(Database, current_app.extensions["survey_database"])


def reading() -> Session:
    """The reading session of this request; closed at its end."""
    if "reading_session" not in g:
        g.reading_session = database().reading()
    return cast(Session, g.reading_session)


@contextmanager
def writing() -> Iterator[Session]:
    """A session that commits once at the end of the block. Pages commit nowhere else."""
    close_reading()  # a page that writes reads what it wrote afterwards
    with database().writing() as session:
        yield session


def close_reading(_error: BaseException | None = None) -> None:
    session = g.pop("reading_session", None)
    if session is not None:
        session.close()


def me() -> Any:
    """The signed-in account, as a plain object for rules (`by=me()`)."""
    return current_user._get_current_object()
