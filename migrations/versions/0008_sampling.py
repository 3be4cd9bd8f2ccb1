"""Sampling frames, samples and their members; the row of the frame a person of a list was drawn from."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sampling_frame",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("file_name", sa.String(), nullable=False),
        sa.Column("file_sha256", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("set_aside", sa.LargeBinary(), nullable=True),
        sa.Column("faults", sa.JSON(), nullable=False),
        sa.Column("rows_set_aside", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("persons", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=False),
        sa.Column("made_by_name", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"], ["respondent_group.id"], name=op.f("fk_sampling_frame_group_id_respondent_group")
        ),
        sa.ForeignKeyConstraint(
            ["made_by_id"], ["user_account.id"], name=op.f("fk_sampling_frame_made_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_sampling_frame_round_id_round")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_sampling_frame_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sampling_frame")),
    )
    with op.batch_alter_table("sampling_frame", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sampling_frame_round_id"), ["round_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_sampling_frame_unit_id"), ["unit_id"], unique=False)

    op.create_table(
        "sample",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("frame_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("design", sa.JSON(), nullable=False),
        sa.Column("seed", sa.String(), nullable=False),
        sa.Column("algorithm", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("upload_id", sa.Integer(), nullable=True),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("drawn_by_id", sa.Integer(), nullable=False),
        sa.Column("drawn_by_name", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["drawn_by_id"], ["user_account.id"], name=op.f("fk_sample_drawn_by_id_user_account")),
        sa.ForeignKeyConstraint(["frame_id"], ["sampling_frame.id"], name=op.f("fk_sample_frame_id_sampling_frame")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sample")),
        sa.UniqueConstraint("frame_id", "number", name=op.f("uq_sample_frame_id")),
    )
    with op.batch_alter_table("sample", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sample_frame_id"), ["frame_id"], unique=False)

    op.create_table(
        "sample_member",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sample_id", sa.Integer(), nullable=False),
        sa.Column("frame_row", sa.Integer(), nullable=False),
        sa.Column("standing", sa.String(), nullable=False),
        sa.Column("stratum", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("probability", sa.Double(), nullable=False),
        sa.Column("replaces_id", sa.Integer(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("outcome_words", sa.LargeBinary(), nullable=True),
        sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("replaced_by_name", sa.String(), nullable=True),
        sa.CheckConstraint("standing IN ('selected', 'reserve')", name=op.f("ck_sample_member_standing_known")),
        sa.CheckConstraint(
            "outcome IS NULL OR outcome IN ('not_reached', 'refused', 'unable', 'moved', 'deceased', 'out_of_scope', 'twice')",
            name=op.f("ck_sample_member_outcome_known"),
        ),
        sa.CheckConstraint("probability > 0 AND probability <= 1", name=op.f("ck_sample_member_probability_in_range")),
        sa.ForeignKeyConstraint(
            ["replaces_id"], ["sample_member.id"], name=op.f("fk_sample_member_replaces_id_sample_member")
        ),
        sa.ForeignKeyConstraint(["sample_id"], ["sample.id"], name=op.f("fk_sample_member_sample_id_sample")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sample_member")),
        sa.UniqueConstraint("replaces_id", name=op.f("uq_sample_member_replaces_id")),
        sa.UniqueConstraint("sample_id", "frame_row", name=op.f("uq_sample_member_sample_id")),
    )
    with op.batch_alter_table("sample_member", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sample_member_sample_id"), ["sample_id"], unique=False)

    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.add_column(sa.Column("frame_key", sa.String(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.drop_column("frame_key")
    with op.batch_alter_table("sample_member", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sample_member_sample_id"))

    op.drop_table("sample_member")
    with op.batch_alter_table("sample", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sample_frame_id"))

    op.drop_table("sample")
    with op.batch_alter_table("sampling_frame", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sampling_frame_unit_id"))
        batch_op.drop_index(batch_op.f("ix_sampling_frame_round_id"))

    op.drop_table("sampling_frame")
