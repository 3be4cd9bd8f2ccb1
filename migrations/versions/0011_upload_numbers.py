"""Numbers of drafts are never given twice: on SQLite a thrown-away draft's number came back with the next one."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def _rebuild(autoincrement: bool) -> None:
    # PostgreSQL's sequences never go back.
    if op.get_bind().dialect.name == "sqlite":
        with op.batch_alter_table(
            "upload", schema=None, recreate="always", table_kwargs={"sqlite_autoincrement": autoincrement}
        ):
            pass


def upgrade() -> None:
    _rebuild(True)


def downgrade() -> None:
    _rebuild(False)
