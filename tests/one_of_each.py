"""A round with a row in every table that belongs to rounds, also in tables that are added later."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Column, Table, insert, select
from sqlalchemy.orm import Session

from survey_app import tables
from survey_app.db import UtcMoment
from survey_app.round_contents import belongs_to, tables_of_round
from survey_app.rounds.models import Round
from survey_app.users.models import User

assert tables.metadata  # every model is known
# What the checks of the tables want; everything else is made from the type of the column.
_FITTING: dict[str, dict[str, Any]] = {
    "criterion": {"scored_by": "survey"},
    "respondent_group": {"list_type": "citizens"},
    "batch": {"kind": "slip", "ticked": 1},
    "batch_worker": {"part": "ticked"},
    "access_code": {"batch_id": None},
    "envelope": {"batch_id": None},
    "sample_member": {"standing": "selected"},
    "change_request": {"kind": "replace", "state": "pending", "version_id": None, "decided_by_id": None},
    "privacy_request": {"kind": "access"},
    "joint_request": {"act": "discard", "agreed_by_id": None},
}


def one_of_each(session: Session, survey_round: Round, user: User) -> list[Table]:
    """Adds one row to every table of the round that has none yet; returns the tables, `round` included."""
    made: dict[str, Any] = {"round": survey_round.id, "unit": survey_round.operator_unit_id, "user_account": user.id}
    for table in reversed(tables_of_round()):
        if table.name == "round":
            continue
        own = table.c[table.primary_key.columns.keys()[0]]
        found = session.scalar(select(own).where(belongs_to(table, survey_round.id)).limit(1))
        if found is not None:
            made[table.name] = found
            continue
        values = {column.name: _value(column, made) for column in table.columns if _must_be_given(column)}
        result = session.execute(insert(table).values(values | _FITTING.get(table.name, {})))
        made[table.name] = result.inserted_primary_key[0]
    return list(tables_of_round())


def _must_be_given(column: Column[Any]) -> bool:
    points_out = any(key.column.table is not column.table for key in column.foreign_keys)
    if column.primary_key and not points_out:
        return not (column.autoincrement and column.type.python_type is int)
    return points_out or (not column.nullable and column.default is None)


def _value(column: Column[Any], made: dict[str, Any]) -> Any:
    for key in column.foreign_keys:
        return made[key.column.table.name]
    if isinstance(column.type, UtcMoment):
        return datetime(2021, 12, 1, tzinfo=UTC)
    kind = column.type.python_type
    usual = {
        int: 1,
        float: 1.0,
        Decimal: Decimal(1),
        bool: False,
        bytes: b"x",
        date: date(2021, 12, 1),
        dict: {},
        list: [],
    }
    return usual.get(kind, f"x-{made['round']}")


def count(session: Session, table: Table) -> int:
    return len(session.execute(select(table.c[table.primary_key.columns.keys()[0]])).all())
