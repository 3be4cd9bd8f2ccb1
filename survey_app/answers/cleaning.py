"""How does nothing deleted, and no order of arrival, stay behind in the files of the database?

SQLite copies the whole file anew (VACUUM, with secure_delete) and cuts the write-ahead log to nothing. PostgreSQL
rewrites the tables, since dead rows and their hidden transaction numbers would otherwise stay for an unknown time.
"""

from ..access_codes.models import AccessCode, Invitation
from ..db import Database
from ..errors import Refused
from .models import AnswerCount, Ballot, Envelope, FreeText


def rewrite(database: Database) -> None:
    """Rewrites every table that held or holds answers, and those of invitations and codes.

    Raises Refused when somebody reads for so long that the write-ahead log cannot be cut.
    """
    tables = [model.__tablename__ for model in (Envelope, Ballot, FreeText, AnswerCount)]
    if database.is_sqlite:
        statements = ["PRAGMA wal_checkpoint(TRUNCATE)", "VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"]
    else:
        statements = [f"VACUUM FULL {name}" for name in tables]
        # By the order of persons and of random codes, not of answering.
        by_key = [model.__tablename__ for model in (Invitation, AccessCode)]
        statements += [f"CLUSTER {name} USING pk_{name}" for name in by_key]
    if database.is_sqlite:
        with database.write_lock:
            _run_outside_transactions(database, statements)
    else:
        _run_outside_transactions(database, statements)


def _run_outside_transactions(database: Database, statements: list[str]) -> None:
    """VACUUM refuses to run inside a transaction, so the driver's own connection is used."""
    raw = database.engine.raw_connection()
    try:
        if not database.is_sqlite:
            raw.driver_connection.autocommit = True  # type: ignore[union-attr]
        cursor = raw.cursor()
        for statement in statements:
            cursor.execute(statement)
            busy = cursor.fetchone() if statement.startswith("PRAGMA") else None
            if busy and busy[0]:  # a reader kept the log from being cut
                raise Refused("Kho đang có người đọc nên chưa dọn sạch được. Bấm «Dọn sạch kho» lần nữa.")
        cursor.close()
    finally:
        if not database.is_sqlite:
            raw.driver_connection.autocommit = False  # type: ignore[union-attr]
        raw.close()
