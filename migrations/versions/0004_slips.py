"""Nameless codes drawn from a box: whose list, how many printed, and who drew one."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_STATES = "state IN ('unused', 'received', 'refused', 'unreachable', 'replaced'{})"


def upgrade() -> None:
    with op.batch_alter_table("batch", schema=None) as batch_op:
        batch_op.add_column(sa.Column("unit_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("printed", sa.Integer(), nullable=False, server_default="0"))
        batch_op.create_foreign_key(batch_op.f("fk_batch_unit_id_unit"), "unit", ["unit_id"], ["id"])
    with op.batch_alter_table("batch", schema=None) as batch_op:
        batch_op.alter_column("printed", existing_type=sa.Integer(), existing_nullable=False, server_default=None)

    with op.batch_alter_table("invitation", schema=None) as batch_op:
        batch_op.add_column(sa.Column("batch_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(batch_op.f("fk_invitation_batch_id_batch"), "batch", ["batch_id"], ["id"])
        batch_op.create_index(batch_op.f("ix_invitation_batch_id"), ["batch_id"], unique=False)
        batch_op.drop_constraint(batch_op.f("ck_invitation_state_known"), type_="check")
        batch_op.create_check_constraint(batch_op.f("ck_invitation_state_known"), _STATES.format(", 'drew_slip'"))

    with op.batch_alter_table("access_code", schema=None) as batch_op:
        batch_op.add_column(sa.Column("replay_digest", sa.String(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("access_code", schema=None) as batch_op:
        batch_op.drop_column("replay_digest")

    with op.batch_alter_table("invitation", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_invitation_state_known"), type_="check")
        batch_op.create_check_constraint(batch_op.f("ck_invitation_state_known"), _STATES.format(""))
        batch_op.drop_index(batch_op.f("ix_invitation_batch_id"))
        batch_op.drop_constraint(batch_op.f("fk_invitation_batch_id_batch"), type_="foreignkey")
        batch_op.drop_column("batch_id")

    with op.batch_alter_table("batch", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_batch_unit_id_unit"), type_="foreignkey")
        batch_op.drop_column("printed")
        batch_op.drop_column("unit_id")
