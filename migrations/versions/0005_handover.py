"""Sets of hand-over files, column plans for the software that imports them, the office's own Word templates."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "handover_set",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("dated", sa.Date(), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=False),
        sa.Column("made_by_name", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_by_name", sa.String(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_note", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["made_by_id"], ["user_account.id"], name=op.f("fk_handover_set_made_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_handover_set_round_id_round")),
        sa.ForeignKeyConstraint(
            ["version_id"], ["roster_version.id"], name=op.f("fk_handover_set_version_id_roster_version")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handover_set")),
    )
    with op.batch_alter_table("handover_set", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_handover_set_round_id"), ["round_id"], unique=False)

    op.create_table(
        "column_template",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("operator_unit_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("titles", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["operator_unit_id"], ["unit.id"], name=op.f("fk_column_template_operator_unit_id_unit")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_column_template")),
        sa.UniqueConstraint("operator_unit_id", "name", name=op.f("uq_column_template_operator_unit_id")),
    )
    with op.batch_alter_table("column_template", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_column_template_operator_unit_id"), ["operator_unit_id"], unique=False)

    op.create_table(
        "word_template",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("operator_unit_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("file_name", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("uploaded_by_name", sa.String(), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('cong-van', 'to-trinh', 'bao-cao', 'phu-luc')", name=op.f("ck_word_template_kind_known")
        ),
        sa.ForeignKeyConstraint(["operator_unit_id"], ["unit.id"], name=op.f("fk_word_template_operator_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_word_template")),
        sa.UniqueConstraint("operator_unit_id", "kind", name=op.f("uq_word_template_operator_unit_id")),
    )
    with op.batch_alter_table("word_template", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_word_template_operator_unit_id"), ["operator_unit_id"], unique=False)

    with op.batch_alter_table("respondent_group", schema=None) as batch_op:
        batch_op.add_column(sa.Column("payment", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("respondent_group", schema=None) as batch_op:
        batch_op.alter_column("payment", existing_type=sa.Integer(), existing_nullable=False, server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("respondent_group", schema=None) as batch_op:
        batch_op.drop_column("payment")
    for table, column in (
        ("word_template", "operator_unit_id"),
        ("column_template", "operator_unit_id"),
        ("handover_set", "round_id"),
    ):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_index(batch_op.f(f"ix_{table}_{column}"))
        op.drop_table(table)
