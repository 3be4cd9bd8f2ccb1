"""A draft of a questionnaire knows all accounts that worked on it, and what it was before its last change."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("questionnaire_version", schema=None) as batch_op:
        batch_op.add_column(sa.Column("author_ids", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("earlier", sa.JSON(), nullable=True))
    version = sa.table(
        "questionnaire_version", *map(sa.column, ("id", "loaded_by_id")), sa.column("author_ids", sa.JSON())
    )
    connection = op.get_bind()
    for row in connection.execute(sa.select(version.c.id, version.c.loaded_by_id)).all():
        connection.execute(sa.update(version).where(version.c.id == row.id).values(author_ids=[row.loaded_by_id]))
    with op.batch_alter_table("questionnaire_version", schema=None) as batch_op:
        batch_op.alter_column("author_ids", existing_type=sa.JSON(), nullable=False)


def downgrade() -> None:
    with op.batch_alter_table("questionnaire_version", schema=None) as batch_op:
        batch_op.drop_column("earlier")
        batch_op.drop_column("author_ids")
