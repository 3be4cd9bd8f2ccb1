"""How does nothing deleted or overwritten stay behind in the files of the database?

SQLite copies the whole file anew (VACUUM, with secure_delete) and cuts the write-ahead log to nothing. PostgreSQL
rewrites the tables, since dead rows and their hidden transaction numbers would otherwise stay for an unknown time.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from .db import Database
from .errors import Refused


def rewrite(database: Database, tables: Sequence[str], in_order: Sequence[str] = ()) -> None:
    """Rewrite `tables`, and those `in_order` by their primary key; on SQLite always the whole file.

    Raises Refused when somebody reads for so long that the write-ahead log cannot be cut.
    """
    if database.is_sqlite:
        with database.write_lock:
            _run_outside_transactions(
                database, ["PRAGMA wal_checkpoint(TRUNCATE)", "VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"]
            )
    else:
        statements = [f"VACUUM FULL {name}" for name in tables]
        statements += [f"CLUSTER {name} USING pk_{name}" for name in in_order]
        _run_outside_transactions(database, statements)


def forget(database: Database, tables: Sequence[str]) -> bool:
    """After values were erased from `tables`: rewrite them, and clear the copies that PostgreSQL keeps beside.

    Those are the samples for its planner (pg_statistic) and the write-ahead log. Returns False when the account of
    the program may not write a checkpoint: old log files then hold the values until PostgreSQL overwrites them.
    """
    rewrite(database, tables)
    if database.is_sqlite:
        return True
    _run_outside_transactions(database, [*(f"ANALYZE {name}" for name in tables), "VACUUM FULL pg_statistic"])
    return let_log_go(database)


def let_log_go(database: Database) -> bool:
    """Has PostgreSQL give up the write-ahead log so far; SQLite's was cut when the file was rewritten.

    Returns False as `forget`.
    """
    if database.is_sqlite:
        return True
    from psycopg.errors import InsufficientPrivilege

    try:
        for _ in range(2):  # a log file may go after the checkpoint that follows the next one's beginning
            _run_outside_transactions(database, ["SELECT pg_switch_wal()", "CHECKPOINT"])
    except InsufficientPrivilege:
        return False
    return True


def log_outlives(session: Session) -> bool:
    """Whether deleted values stay readable in the log files that PostgreSQL keeps for reuse (`wal_recycle`)."""
    if session.get_bind().dialect.name != "postgresql":
        return False
    return bool(session.execute(text("SHOW wal_recycle")).scalar_one() == "on")


def _run_outside_transactions(database: Database, statements: Sequence[str]) -> None:
    """VACUUM refuses to run inside a transaction, so the driver's own connection is used."""
    raw = database.engine.raw_connection()
    driver: Any = raw.driver_connection
    try:
        if not database.is_sqlite:
            driver.autocommit = True
        cursor = raw.cursor()
        for statement in statements:
            cursor.execute(statement)
            busy = cursor.fetchone() if statement.startswith("PRAGMA") else None
            if busy and busy[0]:  # a reader kept the log from being cut
                raise Refused("Kho đang có người đọc nên chưa dọn sạch được. Bấm «Dọn sạch kho» lần nữa.")
        cursor.close()
    finally:
        if not database.is_sqlite:
            driver.autocommit = False
        raw.close()
