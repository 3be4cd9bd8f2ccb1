"""What belongs to a round, across all subjects, and how it is deleted.

Rows that point to the round, directly or through others, are found by walking the foreign keys: a table that is added
tomorrow cannot be forgotten. A subject registers only what belongs to a round without pointing to it.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, Delete, Table, delete, or_, select
from sqlalchemy.orm import Session

from .db import Base

_ROUND = "round"
Deletion = Callable[[int, str], Delete]
_unlinked: list[Deletion] = []


def register_unlinked(deletion: Deletion) -> None:
    """Let `deletion(round_id, round_code)` say how rows go that belong to a round without a foreign key."""
    _unlinked.append(deletion)


@lru_cache(maxsize=1)
def tables_of_round() -> tuple[Table, ...]:
    """Every table with a path of foreign keys to `round`, what is pointed to later; `round` is the last."""
    reaching = {_ROUND}
    ordered = [Base.metadata.tables[name] for name in (table.name for table in Base.metadata.sorted_tables)]
    for table in ordered:  # what a table points to stands before it
        if any(target.name in reaching for _column, target in _parents(table)):
            reaching.add(table.name)
    return tuple(table for table in reversed(ordered) if table.name in reaching)


def delete_round(session: Session, round_id: int, code: str) -> int:
    """Delete the round with all that belongs to it, in the caller's transaction; returns how many rows went."""
    session.flush()
    statements = [deletion(round_id, code) for deletion in _unlinked]
    statements += [delete(table).where(belongs_to(table, round_id)) for table in tables_of_round()]
    gone = 0
    for statement in statements:
        result = session.execute(statement, execution_options={"synchronize_session": False})
        gone += cast("CursorResult[Any]", result).rowcount
    session.expire_all()
    return gone


def belongs_to(table: Table, round_id: int) -> ColumnElement[bool]:
    """The condition under which a row of `table` belongs to the round."""
    if table.name == _ROUND:
        return table.c.id == round_id
    names = {one.name for one in tables_of_round()}
    ways = [(column, target) for column, target in _parents(table) if target.name in names]
    direct = [column for column, target in ways if target.name == _ROUND and not column.nullable]
    if direct:
        return cast("ColumnElement[bool]", direct[0] == round_id)
    return or_(*(column.in_(select(target.c.id).where(belongs_to(target, round_id))) for column, target in ways))


def _parents(table: Table) -> list[tuple[Any, Table]]:
    """(column, table it points to) of every foreign key but those to the table itself."""
    return [
        (key.parent, key.column.table) for key in sorted(table.foreign_keys, key=lambda key: key.parent.name)
        if key.column.table is not table
    ]  # fmt: skip
