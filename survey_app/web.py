"""What every page needs of the program: its settings, its database, the session of the request."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any, cast

from flask import Response, current_app, g, send_file
from flask_login import current_user
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from .config import Settings
from .db import Database

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def settings() -> Settings:
    """The settings of the running program."""
    return cast(Settings, current_app.extensions["survey_settings"])


def database() -> Database:
    """The database of the running program."""
    return cast(Database, current_app.extensions["survey_database"])


def reading(alone: bool = False) -> Session:
    """The reading session of this request; closed at its end. Who reads first says whether `alone`."""
    if "reading_session" not in g:
        g.reading_session = database().reading(alone)
    return cast(Session, g.reading_session)


@contextmanager
def writing() -> Iterator[Session]:
    """A session that commits once at the end of the block. Pages commit nowhere else."""
    close_reading()  # a page that writes reads what it wrote afterwards
    with database().writing() as session:
        yield session


def xlsx_file(content: bytes, name: str) -> Response:
    """An Excel workbook to be kept under `name`."""
    return send_file(BytesIO(content), mimetype=_XLSX, as_attachment=True, download_name=name)


def close_reading(_error: BaseException | None = None) -> None:
    session = g.pop("reading_session", None)
    if session is None:
        return
    try:
        session.close()
    except DBAPIError:  # the database went away meanwhile; the answer that is ready must not turn into a fault
        session.invalidate()


def me() -> Any:
    """The signed-in account, as a plain object for rules (`by=me()`)."""
    return current_user._get_current_object()
