"""Which units a group rates on matrix pages."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "group_rating",
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("rated_unit_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"], ["respondent_group.id"], name=op.f("fk_group_rating_group_id_respondent_group")
        ),
        sa.ForeignKeyConstraint(
            ["rated_unit_id"], ["rated_unit.id"], name=op.f("fk_group_rating_rated_unit_id_rated_unit")
        ),
        sa.PrimaryKeyConstraint("group_id", "rated_unit_id", name=op.f("pk_group_rating")),
    )
    op.create_index(op.f("ix_group_rating_rated_unit_id"), "group_rating", ["rated_unit_id"])


def downgrade() -> None:
    op.drop_table("group_rating")
