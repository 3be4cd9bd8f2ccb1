from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from survey_app import migrate
from survey_app.answers.models import Envelope
from survey_app.db import Database
from survey_app.tables import metadata
from tests.answers.make import make_open_round

# What a respondent's row may never hold: columns of these kinds would tell when, in which order or from where.
RESPONDENT_TABLES = (
    "invitation",
    "access_code",
    "batch",
    "envelope",
    "ballot",
    "free_text",
    "answer_count",
    "identified_answer",
)


def test_the_models_and_the_migrations_describe_the_same_tables(database_url):
    database = Database(database_url)
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    database.close()


def test_all_migrations_go_down_and_up_again(database_url):
    database = Database(database_url)
    migrate.downgrade(database, "base")
    assert [name for name in inspect(database.engine).get_table_names() if name != "alembic_version"] == []
    assert not migrate.is_current(database)
    migrate.upgrade(database)
    assert migrate.is_current(database)
    assert set(inspect(database.engine).get_table_names()) >= set(metadata.tables)
    database.close()


def test_a_database_with_rows_is_brought_to_the_newest_version(database_url):
    """Tables are changed by copying on SQLite; rows that point to each other must not stand in the way."""
    database = Database(database_url, b"p" * 32)
    with database.writing() as session:
        made = make_open_round(session, b"p" * 32, persons=(3,))
        session.add(Envelope(id="0" * 32, round_id=made.round.id, invitation_id=1, sealed=b"x"))
    counted = (
        "SELECT (SELECT count(*) FROM invitation), (SELECT count(*) FROM access_code), (SELECT count(*) FROM envelope)"
    )
    migrate.downgrade(database, "0002")
    migrate.upgrade(database)
    with database.engine.connect() as connection:
        assert connection.execute(text(counted)).one() == (3, 3, 1)
    database.close()


def test_migrations_are_numbered_without_gap():
    numbers = sorted(path.name[:4] for path in migrate.VERSIONS.glob("0*.py"))
    assert numbers == [f"{number:04}" for number in range(1, len(numbers) + 1)]


def test_no_table_of_the_respondent_zone_holds_a_time_an_order_or_an_origin(database_url):
    database = Database(database_url)
    inspector = inspect(database.engine)
    for table in RESPONDENT_TABLES:
        for column in inspector.get_columns(table):
            kind = str(column["type"]).upper()
            assert not any(word in kind for word in ("DATE", "TIME", "INTERVAL")), f"{table}.{column['name']}"
            words = set(column["name"].split("_"))
            assert not words & {
                "at",
                "on",
                "ip",
                "address",
                "agent",
                "session",
                "request",
                "seq",
                "order",
                "browser",
            }, f"{table}.{column['name']}"
    for table in ("access_code", "envelope", "ballot", "free_text", "answer_count"):
        if database.is_sqlite:
            with database.engine.connect() as connection:
                sql = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name = ?", (table,)).scalar()
            assert "WITHOUT ROWID" in sql, f"{table} has a rowid, which tells the order of arrival"
    database.close()
