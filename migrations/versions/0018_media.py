"""Pictures and recordings of questionnaires."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "questionnaire_medium",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"], ["respondent_group.id"], name=op.f("fk_questionnaire_medium_group_id_respondent_group")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_questionnaire_medium")),
        sa.UniqueConstraint("group_id", "digest", name=op.f("uq_questionnaire_medium_group_id")),
    )
    with op.batch_alter_table("questionnaire_medium", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_questionnaire_medium_digest"), ["digest"], unique=False)
        batch_op.create_index(batch_op.f("ix_questionnaire_medium_group_id"), ["group_id"], unique=False)


def downgrade() -> None:
    op.drop_table("questionnaire_medium")
