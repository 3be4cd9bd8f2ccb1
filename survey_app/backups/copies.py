"""How is a live database copied whole while others write, and put back?

SQLite: `VACUUM INTO` (a copy of the file would lack what is still in the write-ahead log). PostgreSQL: every table by
COPY in one transaction that sees one moment, put back into tables that the migrations made. Both write rows in the
order of the primary key: how they lie in the files of the database, which tells in which order persons answered, is
not taken along.
"""

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from sqlalchemy import MetaData, Table, inspect, make_url, text
from sqlalchemy.engine import Connection

from .. import migrate
from ..db import Database
from ..errors import Refused
from ..version import VERSION

_SQLITE_NAME = "survey.sqlite"
_MANIFEST = "manifest.json"
_CHUNK = 1024 * 1024


@dataclass(frozen=True)
class Manifest:
    """What is in a copy; the last member of the archive."""

    engine: str
    made_at: str  # ISO, UTC
    schema: str  # number of the newest migration in it
    program_version: str
    rows: Mapping[str, int]  # by table
    sha256: Mapping[str, str]  # by member
    sequences: Mapping[str, int]  # PostgreSQL: the last number given out


def sqlite_file(database: Database) -> Path:
    """The file of an SQLite database."""
    return Path(make_url(str(database.engine.url)).database or "")


def row_counts(database: Database) -> dict[str, int]:
    """Table → rows, of every table there is."""
    with database.engine.connect() as connection:
        names = sorted(inspect(connection).get_table_names())
        return {name: _count(connection, name) for name in names}


def _count(connection: Connection, name: str) -> int:
    return int(connection.scalar(text(f'SELECT count(*) FROM "{name}"')) or 0)  # noqa: S608 - a table of our own


def write_copy(database: Database, archive: ZipFile, folder: Path, moment: datetime) -> Manifest:
    """A copy of `database` into `archive`; `folder` is for what has to lie on the disk meanwhile."""
    copied = _copy_sqlite(database, archive, folder) if database.is_sqlite else _copy_postgres(database, archive)
    manifest = Manifest("sqlite" if database.is_sqlite else "postgresql", moment.isoformat(), **copied)
    archive.writestr(_MANIFEST, json.dumps(asdict(manifest), ensure_ascii=False, sort_keys=True))
    return manifest


class _Member:
    """A member of the archive that is being written, and its sum."""

    def __init__(self, archive: ZipFile, name: str) -> None:
        self._file = archive.open(name, "w", force_zip64=True)
        self._sum = hashlib.sha256()

    def write(self, content: bytes) -> None:
        self._sum.update(content)
        self._file.write(content)

    def close(self) -> str:
        self._file.close()
        return self._sum.hexdigest()


def _copy_sqlite(database: Database, archive: ZipFile, folder: Path) -> dict[str, Any]:
    copy = folder / _SQLITE_NAME
    connection = sqlite3.connect(sqlite_file(database), timeout=60)
    try:
        connection.execute("VACUUM INTO ?", (str(copy),))
    finally:
        connection.close()
    member = _Member(archive, _SQLITE_NAME)
    with copy.open("rb") as file:
        while content := file.read(_CHUNK):
            member.write(content)
    copied = Database(f"sqlite:///{copy}")
    rows, schema = row_counts(copied), _schema_of(copied)
    copied.close()
    for left in folder.glob(f"{_SQLITE_NAME}*"):
        left.unlink()
    return _facts(schema, rows, {_SQLITE_NAME: member.close()}, {})


def _facts(schema: str, rows: dict[str, int], sums: dict[str, str], sequences: dict[str, int]) -> dict[str, Any]:
    return {"schema": schema, "program_version": VERSION, "rows": rows, "sha256": sums, "sequences": sequences}


def _schema_of(database: Database) -> str:
    with database.engine.connect() as connection:
        return str(connection.scalar(text("SELECT version_num FROM alembic_version")))


def _tables(connection: Connection) -> list[Table]:
    """The tables as they are in the database, which may be older than the models."""
    found = MetaData()
    found.reflect(connection)
    return sorted(found.tables.values(), key=lambda table: table.name)


def _columns(table: Table) -> str:
    return ", ".join(f'"{column.name}"' for column in table.columns)


def _order(table: Table) -> str:
    return ", ".join(f'"{column.name}"' for column in table.primary_key.columns or table.columns)


def _copy_postgres(database: Database, archive: ZipFile) -> dict[str, Any]:
    rows: dict[str, int] = {}
    sums: dict[str, str] = {}
    # Of one moment: what is stored while the copy is made is in none of the tables.
    engine = database.engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    with engine.connect() as connection:
        cursor: Any = connection.connection.cursor()
        for table in _tables(connection):
            rows[table.name] = _count(connection, table.name)
            member = _Member(archive, f"{table.name}.copy")
            wanted = f'SELECT {_columns(table)} FROM "{table.name}" ORDER BY {_order(table)}'  # noqa: S608
            with cursor.copy(f"COPY ({wanted}) TO STDOUT") as copy:
                for content in copy:
                    member.write(bytes(content))
            sums[f"{table.name}.copy"] = member.close()
        found = connection.execute(
            text("SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = current_schema()")
        )
        sequences = {name: value for name, value in found if value is not None}
        schema = str(connection.scalar(text("SELECT version_num FROM alembic_version")))
    return _facts(schema, rows, sums, sequences)


def read_manifest(archive: ZipFile) -> Manifest:
    """What the copy says of itself. Raises Refused when a newer program made it."""
    manifest = Manifest(**json.loads(archive.read(_MANIFEST)))
    if manifest.schema > migrate.newest_version():
        raise Refused(
            f"Bản sao lưu này do chương trình bản mới hơn ({manifest.program_version}) tạo. "
            "Cập nhật chương trình rồi phục hồi."
        )
    return manifest


def put_sqlite(archive: ZipFile, manifest: Manifest, target: Path) -> None:
    """The copied file at `target`, which is not there yet. Raises Refused when its sum is another one."""
    found = hashlib.sha256()
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with archive.open(_SQLITE_NAME) as source, os.fdopen(descriptor, "wb") as file:
        while content := source.read(_CHUNK):
            found.update(content)
            file.write(content)
        file.flush()
        os.fsync(file.fileno())
    _check_sum(manifest, _SQLITE_NAME, found.hexdigest())


def _check_sum(manifest: Manifest, member: str, found: str) -> None:
    if manifest.sha256[member] != found:
        raise Refused("Nội dung bản sao lưu không khớp mã kiểm tra của chính nó. Dùng bản sao lưu khác.")


def put_postgres(archive: ZipFile, manifest: Manifest, database: Database) -> None:
    """The copied rows in a database without tables, in one transaction. Raises Refused when a sum is another one."""
    migrate.upgrade(database, manifest.schema)
    with database.engine.begin() as connection:
        cursor: Any = connection.connection.cursor()
        tables = [table for table in _tables(connection) if f"{table.name}.copy" in manifest.sha256]
        with _foreign_keys_at_the_end(connection):
            cursor.execute("TRUNCATE " + ", ".join(f'"{table.name}"' for table in tables))
            for table in tables:
                found = hashlib.sha256()
                with (
                    archive.open(f"{table.name}.copy") as source,
                    cursor.copy(f'COPY "{table.name}" ({_columns(table)}) FROM STDIN') as copy,
                ):
                    while content := source.read(_CHUNK):
                        found.update(content)
                        copy.write(content)
                _check_sum(manifest, f"{table.name}.copy", found.hexdigest())
        for name, value in manifest.sequences.items():
            connection.execute(text("SELECT setval(quote_ident(:name), :value)"), {"name": name, "value": value})


@contextmanager
def _foreign_keys_at_the_end(connection: Connection) -> Iterator[None]:
    """Rows may come before those they point to; all is checked at the end of the block."""
    found: Sequence[Any] = connection.execute(
        text(
            "SELECT conrelid::regclass::text, quote_ident(conname) FROM pg_constraint "
            "WHERE contype = 'f' AND connamespace = current_schema()::regnamespace"
        )
    ).all()
    for table, name in found:
        connection.execute(text(f"ALTER TABLE {table} ALTER CONSTRAINT {name} DEFERRABLE INITIALLY DEFERRED"))
    yield
    connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    for table, name in found:
        connection.execute(text(f"ALTER TABLE {table} ALTER CONSTRAINT {name} NOT DEFERRABLE"))
