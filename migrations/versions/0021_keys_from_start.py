"""Which key holders were there when the round began: every envelope is sealed to all of them."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

# When earlier holders were tested stands nowhere: the first two of a round count, since none begins with fewer.
_FIRST_TWO = (
    "UPDATE round_key SET from_start = tested_before_start AND "
    "(SELECT count(*) FROM round_key AS earlier WHERE earlier.round_id = round_key.round_id "
    "AND earlier.id < round_key.id AND earlier.tested_before_start) < 2"
)


def upgrade() -> None:
    with op.batch_alter_table("round_key", schema=None) as batch_op:
        batch_op.add_column(sa.Column("from_start", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute(_FIRST_TWO)
    with op.batch_alter_table("round_key", schema=None) as batch_op:
        batch_op.alter_column("from_start", existing_type=sa.Boolean(), server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("round_key", schema=None) as batch_op:
        batch_op.drop_column("from_start")
