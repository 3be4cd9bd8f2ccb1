"""A set of hand-over files that is being made, or whose making failed."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "set_making",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("by_name", sa.String(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sign_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("of", sa.Integer(), nullable=False),
        sa.Column("typed", sa.JSON(), nullable=False),
        sa.Column("faults", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["user_account.id"], name=op.f("fk_set_making_by_id_user_account")),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_set_making_round_id_round")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_set_making")),
        sa.UniqueConstraint("round_id", name=op.f("uq_set_making_round_id")),
    )


def downgrade() -> None:
    op.drop_table("set_making")
