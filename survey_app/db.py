"""The database: one declarative base, one engine per program, sessions for reading and for writing.

SQLite runs in WAL with full durability; a writing session takes the program's one write lock and begins IMMEDIATE, so
no writer ever starts as a reader and meets «database is locked». PostgreSQL needs neither.
"""

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

from sqlalchemy import Dialect, Engine, MetaData, create_engine, event, make_url
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import JSON, DateTime, TypeDecorator

from .sealed_columns import ColumnKeys, attach_keys

_IDLE_SECONDS = 1.0
NAMING_RULE = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcMoment(TypeDecorator[datetime]):
    """A moment in UTC, read back with its zone on every engine."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs a zone")
        return value.astimezone(UTC).replace(tzinfo=None) if dialect.name == "sqlite" else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Base of all tables. Enumerations are text with a named check constraint."""

    metadata = MetaData(naming_convention=NAMING_RULE)
    type_annotation_map = {datetime: UtcMoment, dict[str, Any]: JSON, list[Any]: JSON}  # noqa: RUF012

    def __repr__(self) -> str:
        key = ", ".join(f"{column.name}={getattr(self, str(column.key))!r}" for column in self.__mapper__.primary_key)
        return f"<{type(self).__name__} {key}>"


def one_of(column: str, values: type) -> str:
    """SQL of the check that `column` holds a member of the StrEnum `values`."""
    return f"{column} IN ({', '.join(repr(str(v)) for v in values)})"  # type: ignore[attr-defined]


def now() -> datetime:
    """The present moment in UTC."""
    return datetime.now(UTC)


class Database:
    """An engine with its two kinds of session. Sessions carry the pepper, for keyed hashes of what they store.

    The first of `data_keys` seals the sealed columns, all of them open what they once sealed; `answer_key` is that of
    identified answers.
    """

    def __init__(self, url: str, pepper: bytes = b"", data_keys: Sequence[bytes] = (), answer_key: bytes = b"") -> None:
        self.engine = _make_engine(url)
        attach_keys(self.engine, ColumnKeys(pepper, data_keys, answer_key))
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        self._writers = self.engine.execution_options(survey_write=True)
        self._lone_readers = (
            self.engine if self.is_sqlite else self.engine.execution_options(isolation_level="AUTOCOMMIT")
        )
        self._facts: dict[str, Any] = {"pepper": pepper}
        self.write_lock = threading.RLock()  # taken by every writer on SQLite, the answer writer included

    def reading(self, alone: bool = False) -> Session:
        """A session for reading; the caller closes it. What it loads stays readable afterwards.

        `alone`: no transaction around its statements, which saves PostgreSQL two of three round trips where one
        statement is all; no rows can be streamed in it.
        """
        return Session(self._lone_readers if alone else self.engine, expire_on_commit=False, info=self._facts)

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session that commits once at the end of the block, or rolls all back when the block raises."""
        if self.is_sqlite:
            with self.write_lock, self._write_session() as session:
                yield session
        else:
            with self._write_session() as session:
                yield session

    @contextmanager
    def _write_session(self) -> Iterator[Session]:
        facts = self._facts | {"writes": True}
        with Session(self._writers, expire_on_commit=False, info=facts) as session, session.begin():
            yield session

    def close(self) -> None:
        self.engine.dispose()


def _make_engine(url: str) -> Engine:
    settings: dict[str, Any] = {
        "hide_parameters": True,  # no answer, name or code in any log
        "json_serializer": lambda value: json.dumps(value, ensure_ascii=False, sort_keys=True),
        "pool_size": 40,
        "max_overflow": 40,
    }
    if url.startswith("postgresql://"):
        url = url.replace("postgresql://", "postgresql+psycopg://", 1)
    if not url.startswith("sqlite"):
        engine = create_engine(url, **settings)
        _ask_after_idling(engine)
        return engine
    _make_private(url)
    engine = create_engine(url, connect_args={"check_same_thread": False}, **settings)
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _make_private(url: str) -> None:
    """A new SQLite file is for the account of the program alone; the files that SQLite puts beside it follow."""
    path = Path(make_url(url).database or ":memory:")
    if path.name != ":memory:" and path.parent.is_dir():
        path.touch(0o600)


def _ask_after_idling(engine: Engine) -> None:
    """Has a connection that lay idle asked whether its server is still there; if not, the pool opens another one.

    SQLAlchemy's own `pool_pre_ping` asks each time, which costs an answer a tenth of its time.
    """

    @event.listens_for(engine, "checkin")
    def note(_connection: Any, record: Any) -> None:
        record.info["returned"] = monotonic()

    @event.listens_for(engine, "checkout")
    def ask(connection: Any, record: Any, _proxy: Any) -> None:
        if monotonic() - record.info.get("returned", monotonic()) < _IDLE_SECONDS:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as fault:
            raise DisconnectionError from fault


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver must not begin transactions of its own
    for pragma in (
        "busy_timeout = 10000",
        "journal_mode = WAL",
        "synchronous = FULL",  # NORMAL loses acknowledged answers on a power cut
        "foreign_keys = ON",
        "secure_delete = ON",  # deleted envelopes must not stay readable in free pages
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("survey_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
