"""Rounds that are cancelled; training rounds with the day on which they delete themselves."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("round", schema=None) as batch_op:
        batch_op.add_column(sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("cancel_reason", sa.String(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("purge_on", sa.Date(), nullable=True))
    with op.batch_alter_table("round", schema=None) as batch_op:
        batch_op.alter_column("cancel_reason", existing_type=sa.String(), existing_nullable=False, server_default=None)
        batch_op.create_check_constraint("cancelled_unopened", "cancelled_at IS NULL OR envelopes_opened_on IS NULL")


def downgrade() -> None:
    with op.batch_alter_table("round", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_round_cancelled_unopened"), type_="check")
        for name in ("purge_on", "cancel_reason", "cancelled_at"):
            batch_op.drop_column(name)
