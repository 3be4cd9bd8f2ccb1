"""Brings a database to the newest numbered migration."""

import re
from typing import Any

from sqlalchemy import inspect, text

from .config import PROJECT
from .db import Database
from .rewriting import rewrite

VERSIONS = PROJECT / "migrations" / "versions"


def newest_version() -> str:
    """Number of the newest migration, read from the file names («0001»)."""
    numbers = [match[0] for path in VERSIONS.glob("*.py") if (match := re.match(r"\d{4}", path.name))]
    return max(numbers)


def is_current(database: Database) -> bool:
    """The database stands at the newest migration. Cheap: reads one row, loads no migration."""
    with database.engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return False
        version: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
        return version == newest_version()


def upgrade(database: Database, to: str = "head") -> None:
    """Run the missing migrations, one process at a time, each in its own transaction.

    A database that held something is rewritten afterwards: what a migration dropped or sealed must not stay readable
    in its free pages.
    """
    from alembic import command

    held = inspect(database.engine).get_table_names()
    command.upgrade(alembic_config(database), to)
    rewrite(database, [name for name in held if name in inspect(database.engine).get_table_names()])


def downgrade(database: Database, to: str) -> None:
    """Go back to migration `to` («base» is the empty database)."""
    from alembic import command

    command.downgrade(alembic_config(database), to)


def alembic_config(database: Database) -> Any:
    """Configuration for Alembic's own commands, with our engine."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(PROJECT / "migrations"))
    config.attributes["database"] = database
    return config
