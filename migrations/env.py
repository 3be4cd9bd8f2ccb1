"""Runs numbered migrations on the program's own engine: one history for SQLite and PostgreSQL."""

from alembic import context
from sqlalchemy import text

from survey_app.tables import metadata

_MIGRATION_LOCK = 20_210_002  # two programs that start together must not migrate together


def run() -> None:
    database = context.config.attributes["database"]
    engine = database.engine.execution_options(survey_write=True)
    with engine.connect() as connection:
        if database.is_sqlite:
            # A table is changed by copying it and dropping the old one, which rows that point to it would forbid.
            connection.connection.dbapi_connection.execute("PRAGMA foreign_keys = OFF")
        else:
            connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _MIGRATION_LOCK})
            connection.commit()
        context.configure(
            connection=connection,
            target_metadata=metadata,
            render_as_batch=True,
            transaction_per_migration=True,
            compare_type=True,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()
        if database.is_sqlite:
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
            connection.rollback()
            connection.connection.dbapi_connection.execute("PRAGMA foreign_keys = ON")
            if broken:
                raise RuntimeError(f"rows without what they point to: {broken[:5]}")
        else:
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _MIGRATION_LOCK})


run()
