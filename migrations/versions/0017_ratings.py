"""Which units a group rates on matrix pages; answers under way that go on on another device."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "group_rating",
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("rated_unit_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"], ["respondent_group.id"], name=op.f("fk_group_rating_group_id_respondent_group")
        ),
        sa.ForeignKeyConstraint(
            ["rated_unit_id"], ["rated_unit.id"], name=op.f("fk_group_rating_rated_unit_id_rated_unit")
        ),
        sa.PrimaryKeyConstraint("group_id", "rated_unit_id", name=op.f("pk_group_rating")),
    )
    op.create_index(op.f("ix_group_rating_rated_unit_id"), "group_rating", ["rated_unit_id"])
    op.create_table(
        "resume_draft",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_resume_draft_round_id_round")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_resume_draft")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_resume_draft_round_id"), "resume_draft", ["round_id"])


def downgrade() -> None:
    op.drop_table("resume_draft")
    op.drop_table("group_rating")
