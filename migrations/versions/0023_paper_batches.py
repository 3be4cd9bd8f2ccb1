"""Batches of paper forms: their number, how they were keyed, by whom; who gave a form back."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_STATES = "state IN ('unused', 'received', 'refused', 'unreachable', 'replaced', 'drew_slip'{})"
_COUNTS = ("second_share", "keyed_twice", "compared", "differed")


def upgrade() -> None:
    op.create_table(
        "batch_worker",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("part IN ('ticked', 'keyed', 'keyed_again')", name=op.f("ck_batch_worker_part_known")),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_batch_worker_batch_id_batch")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_batch_worker_user_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch_worker")),
        sa.UniqueConstraint("batch_id", "part", "name", name=op.f("uq_batch_worker_batch_id")),
    )
    with op.batch_alter_table("batch", schema=None) as batch_op:
        batch_op.add_column(sa.Column("number", sa.Integer(), nullable=True))
        for name in _COUNTS:
            batch_op.add_column(sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("destroyed", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.create_check_constraint(batch_op.f("ck_batch_twice_within_keyed"), "keyed_twice <= keyed")
        batch_op.create_check_constraint(batch_op.f("ck_batch_differed_within_compared"), "differed <= compared")
        batch_op.create_unique_constraint(batch_op.f("uq_batch_round_id"), ["round_id", "number"])
    with op.batch_alter_table("batch", schema=None) as batch_op:
        for name in _COUNTS:
            batch_op.alter_column(name, existing_type=sa.Integer(), existing_nullable=False, server_default=None)
        batch_op.alter_column("destroyed", existing_type=sa.Boolean(), existing_nullable=False, server_default=None)
    _change_states(", 'returned_paper'")


def downgrade() -> None:
    # To the program before, who gave a form back has drawn a slip: the own code stays void, the form counts by batch.
    op.execute("UPDATE invitation SET state = 'drew_slip' WHERE state = 'returned_paper'")
    _change_states("")
    with op.batch_alter_table("batch", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_batch_round_id"), type_="unique")
        batch_op.drop_constraint(batch_op.f("ck_batch_differed_within_compared"), type_="check")
        batch_op.drop_constraint(batch_op.f("ck_batch_twice_within_keyed"), type_="check")
        batch_op.drop_column("destroyed")
        for name in reversed(_COUNTS):
            batch_op.drop_column(name)
        batch_op.drop_column("number")
    op.drop_table("batch_worker")


def _change_states(further: str) -> None:
    """A trigger of another table looks into this one, which SQLite copies: it is taken away meanwhile."""
    connection = op.get_bind()
    trigger = ""
    if connection.dialect.name == "sqlite":
        trigger = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name = 'mode_is_final'").scalar_one()
        op.execute("DROP TRIGGER mode_is_final")
    with op.batch_alter_table("invitation", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_invitation_state_known"), type_="check")
        batch_op.create_check_constraint(batch_op.f("ck_invitation_state_known"), _STATES.format(further))
    if trigger:
        connection.exec_driver_sql(trigger)
