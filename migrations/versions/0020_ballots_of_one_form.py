"""Ballots no longer tell which version of the questionnaire they answered: a correction in mid-round parted them."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_NEWEST_OF_THE_GROUP = (
    "UPDATE ballot SET version_id = (SELECT max(questionnaire_version.id) FROM questionnaire_version "
    "JOIN cell ON cell.group_id = questionnaire_version.group_id "
    "WHERE cell.id = ballot.cell_id AND questionnaire_version.published_at IS NOT NULL)"
)


def upgrade() -> None:
    with op.batch_alter_table("ballot", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_ballot_version_id_questionnaire_version"), type_="foreignkey")
        batch_op.drop_column("version_id")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CLUSTER ballot USING pk_ballot")  # dropped values stay in the rows until these are written anew


def downgrade() -> None:
    with op.batch_alter_table("ballot", schema=None) as batch_op:
        batch_op.add_column(sa.Column("version_id", sa.Integer(), nullable=True))
    op.execute(_NEWEST_OF_THE_GROUP)
    with op.batch_alter_table("ballot", schema=None) as batch_op:
        batch_op.alter_column("version_id", existing_type=sa.Integer(), nullable=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_ballot_version_id_questionnaire_version"), "questionnaire_version", ["version_id"], ["id"]
        )
