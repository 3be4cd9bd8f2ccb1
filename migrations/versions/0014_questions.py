"""Reason of a typing correction; test scenarios of questionnaires."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("questionnaire_version", schema=None) as batch_op:
        batch_op.add_column(sa.Column("reason", sa.String(), nullable=False, server_default=""))
    with op.batch_alter_table("questionnaire_version", schema=None) as batch_op:
        batch_op.alter_column("reason", existing_type=sa.String(), existing_nullable=False, server_default=None)
    op.create_table(
        "questionnaire_scenario",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("path", sa.JSON(), nullable=False),
        sa.Column("levels", sa.JSON(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"], ["respondent_group.id"], name=op.f("fk_questionnaire_scenario_group_id_respondent_group")
        ),
        sa.ForeignKeyConstraint(
            ["made_by_id"], ["user_account.id"], name=op.f("fk_questionnaire_scenario_made_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_questionnaire_scenario")),
        sa.UniqueConstraint("group_id", "name", name=op.f("uq_questionnaire_scenario_group_id")),
    )
    with op.batch_alter_table("questionnaire_scenario", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_questionnaire_scenario_group_id"), ["group_id"], unique=False)


def downgrade() -> None:
    op.drop_table("questionnaire_scenario")
    with op.batch_alter_table("questionnaire_version", schema=None) as batch_op:
        batch_op.drop_column("reason")
