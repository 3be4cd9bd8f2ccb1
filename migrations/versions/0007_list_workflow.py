"""Confirmation by the unit's head, what happens off quota, comments on rows, extended deadlines."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_FLAGS = {"head_confirms": sa.false(), "blocks_short": sa.false(), "blocks_over": sa.true()}


def _add(table: str, column: "sa.Column[object]") -> None:
    """A column that rows of before get a value for; new rows must name theirs."""
    with op.batch_alter_table(table, schema=None) as batch_op:
        batch_op.add_column(column)
    with op.batch_alter_table(table, schema=None) as batch_op:
        batch_op.alter_column(column.name, existing_type=column.type, existing_nullable=False, server_default=None)


def upgrade() -> None:
    for name, usual in _FLAGS.items():
        _add("round", sa.Column(name, sa.Boolean(), nullable=False, server_default=usual))
    _add("unit_list", sa.Column("removed", sa.Integer(), nullable=False, server_default="0"))
    _add("person", sa.Column("is_changed", sa.Boolean(), nullable=False, server_default=sa.false()))

    op.create_table(
        "row_comment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("list_id", sa.Integer(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("by_name", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["by_id"], ["user_account.id"], name=op.f("fk_row_comment_by_id_user_account")),
        sa.ForeignKeyConstraint(["list_id"], ["unit_list.id"], name=op.f("fk_row_comment_list_id_unit_list")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_row_comment")),
    )
    op.create_index(op.f("ix_row_comment_list_id"), "row_comment", ["list_id"], unique=False)

    op.create_table(
        "deadline_extension",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("by_name", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_deadline_extension_round_id_round")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_deadline_extension_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deadline_extension")),
        sa.UniqueConstraint("round_id", "unit_id", name=op.f("uq_deadline_extension_round_id")),
    )
    op.create_index(op.f("ix_deadline_extension_round_id"), "deadline_extension", ["round_id"], unique=False)
    op.create_index(op.f("ix_deadline_extension_unit_id"), "deadline_extension", ["unit_id"], unique=False)


def downgrade() -> None:
    op.drop_table("deadline_extension")
    op.drop_table("row_comment")
    for table, names in (("person", ["is_changed"]), ("unit_list", ["removed"]), ("round", list(_FLAGS))):
        with op.batch_alter_table(table, schema=None) as batch_op:
            for name in names:
                batch_op.drop_column(name)
