"""The tables of respondents hold no time, no order, no address: looked up in the schema, not promised."""

import pytest
from sqlalchemy import Date, DateTime, Integer, Table, inspect

from survey_app.access_codes.models import AccessCode, Batch, BatchWorker, Invitation
from survey_app.answers.models import AnswerCount, Ballot, Envelope, FreeText, IdentifiedAnswer, ResumeDraft
from survey_app.db import Database

ZONE: list[Table] = [
    model.__table__  # type: ignore[misc]
    for model in (
        Invitation,
        AccessCode,
        Batch,
        BatchWorker,
        Envelope,
        ResumeDraft,
        IdentifiedAnswer,
        Ballot,
        FreeText,
        AnswerCount,
    )
]
FORBIDDEN = {"time", "date", "at", "on", "order", "sequence", "serial", "address", "ip", "agent", "browser", "session"}


@pytest.mark.parametrize("table", ZONE, ids=lambda table: table.name)
def test_no_column_holds_a_time_or_names_one(database: Database, table: Table) -> None:
    for column in inspect(database.engine).get_columns(table.name):
        assert not isinstance(column["type"], Date | DateTime), column["name"]
        assert not FORBIDDEN & set(column["name"].split("_")), column["name"]


@pytest.mark.parametrize(
    "table",
    [Ballot.__table__, FreeText.__table__, Envelope.__table__, ResumeDraft.__table__],
    ids=lambda table: table.name,
)
def test_what_holds_answers_has_a_random_key_and_no_row_number(database: Database, table: Table) -> None:
    key = inspect(database.engine).get_pk_constraint(table.name)["constrained_columns"]
    columns = {column["name"]: column for column in inspect(database.engine).get_columns(table.name)}
    assert not any(isinstance(columns[name]["type"], Integer) for name in key)
    if database.is_sqlite:
        with database.engine.connect() as connection:
            sql = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name = ?", (table.name,)).scalar_one()
        assert "WITHOUT ROWID" in sql


@pytest.mark.parametrize(
    "table", [Ballot.__table__, FreeText.__table__, AnswerCount.__table__, ResumeDraft.__table__], ids=lambda t: t.name
)
def test_nothing_opened_points_to_a_person(database: Database, table: Table) -> None:
    targets = {key["referred_table"] for key in inspect(database.engine).get_foreign_keys(table.name)}
    assert not targets & {"invitation", "person", "access_code", "envelope", "batch"}
