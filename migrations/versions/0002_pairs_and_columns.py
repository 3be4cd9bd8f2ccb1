"""Decisions on persons that look alike, remembered columns, and drafts that two people may edit."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pair_decision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("operator_unit_id", sa.Integer(), nullable=False),
        sa.Column("first_key", sa.String(), nullable=False),
        sa.Column("second_key", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("kept", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("round_code", sa.String(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by_name", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("verdict IN ('same', 'different', 'unclear')", name=op.f("ck_pair_decision_verdict_known")),
        sa.CheckConstraint("first_key <= second_key", name=op.f("ck_pair_decision_keys_in_order")),
        sa.ForeignKeyConstraint(["operator_unit_id"], ["unit.id"], name=op.f("fk_pair_decision_operator_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pair_decision")),
        sa.UniqueConstraint(
            "operator_unit_id", "first_key", "second_key", name=op.f("uq_pair_decision_operator_unit_id")
        ),
    )
    with op.batch_alter_table("pair_decision", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_pair_decision_operator_unit_id"), ["operator_unit_id"], unique=False)

    op.create_table(
        "column_choice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("heading", sa.String(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_column_choice_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_column_choice")),
        sa.UniqueConstraint("unit_id", "heading", name=op.f("uq_column_choice_unit_id")),
    )
    with op.batch_alter_table("column_choice", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_column_choice_unit_id"), ["unit_id"], unique=False)

    with op.batch_alter_table("upload", schema=None) as batch_op:
        batch_op.add_column(sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
        batch_op.add_column(sa.Column("changed_by_name", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("upload", schema=None) as batch_op:
        batch_op.alter_column("version", existing_type=sa.Integer(), existing_nullable=False, server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("upload", schema=None) as batch_op:
        batch_op.drop_column("changed_at")
        batch_op.drop_column("changed_by_name")
        batch_op.drop_column("version")
    with op.batch_alter_table("column_choice", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_column_choice_unit_id"))

    op.drop_table("column_choice")
    with op.batch_alter_table("pair_decision", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_pair_decision_operator_unit_id"))

    op.drop_table("pair_decision")
