"""Deleting a round leaves no row of it in any table of any subject, and every row of other rounds."""

from sqlalchemy import MetaData

from survey_app.db import now
from survey_app.roster.models import PairDecision
from survey_app.round_contents import delete_round, tables_of_round
from tests.make import make_district, make_round, make_user
from tests.one_of_each import count, one_of_each


def reaches_round(table, seen=()) -> bool:
    """A path of foreign keys leads from the table to `round`; found here in another way than the program does."""
    targets = {key.column.table for key in table.foreign_keys} - {table}
    return any(
        target.name == "round" or (target not in seen and reaches_round(target, (*seen, table))) for target in targets
    )


def test_every_table_with_a_way_to_a_round_is_known():
    from survey_app.tables import metadata

    assert isinstance(metadata, MetaData)
    expected = {table.name for table in metadata.tables.values() if reaches_round(table)} | {"round"}
    assert {table.name for table in tables_of_round()} == expected
    assert {"person", "ballot", "leaf_score", "sample_member", "access_code", "round"} <= expected
    assert not {"unit", "user_account", "audit_entry", "column_template"} & expected


def test_no_table_keeps_a_row_of_a_deleted_round_and_other_rounds_keep_all(database):
    with database.writing() as session:
        district = make_district(session)
        user = make_user(session, unit=district)
        gone, kept = make_round(session, district, code="tap-huan"), make_round(session, district, code="tg-2021")
        for survey_round in (gone, kept):
            tables = one_of_each(session, survey_round, user)
            session.add(
                PairDecision(
                    operator_unit_id=district.id, first_key=survey_round.code, second_key="z", verdict="different",
                    round_code=survey_round.code, decided_at=now(), decided_by_name="Lò Thị Minh",
                )
            )  # fmt: skip
        session.flush()
        before = {table.name: count(session, table) for table in tables}
        assert all(rows >= 2 for rows in before.values()), before
        delete_round(session, gone.id, "tap-huan")
    with database.reading() as session:
        after = {table.name: count(session, table) for table in tables}
        assert after == {name: rows // 2 for name, rows in before.items()}
        decisions = session.query(PairDecision).all()
        assert [one.round_code for one in decisions] == ["tg-2021"]
