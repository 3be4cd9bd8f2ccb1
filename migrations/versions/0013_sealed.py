"""Two officers for opening and discarding; a final mode of groups in which people are invited; opinions reviewed."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_INVITED = "EXISTS (SELECT 1 FROM invitation JOIN cell ON cell.id = invitation.cell_id WHERE cell.group_id = OLD.id)"


def upgrade() -> None:
    op.create_table(
        "joint_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("invitation_id", sa.Integer(), nullable=True),
        sa.Column("asked_by_id", sa.Integer(), nullable=False),
        sa.Column("agreed_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("act IN ('open', 'discard')", name=op.f("ck_joint_request_act_known")),
        sa.CheckConstraint(
            "agreed_by_id IS NULL OR agreed_by_id <> asked_by_id", name=op.f("ck_joint_request_two_officers")
        ),
        sa.CheckConstraint(
            "(act = 'discard') = (invitation_id IS NOT NULL)", name=op.f("ck_joint_request_envelope_named")
        ),
        sa.ForeignKeyConstraint(
            ["agreed_by_id"], ["user_account.id"], name=op.f("fk_joint_request_agreed_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["asked_by_id"], ["user_account.id"], name=op.f("fk_joint_request_asked_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["invitation_id"], ["invitation.id"], name=op.f("fk_joint_request_invitation_id_invitation")
        ),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_joint_request_round_id_round")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_joint_request")),
    )
    op.create_index(op.f("ix_joint_request_invitation_id"), "joint_request", ["invitation_id"])
    op.create_index(op.f("ix_joint_request_round_id"), "joint_request", ["round_id"])
    with op.batch_alter_table("opening", schema=None) as batch_op:
        batch_op.add_column(sa.Column("discarded", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("opening", schema=None) as batch_op:
        batch_op.alter_column("discarded", server_default=None)
    with op.batch_alter_table("free_text", schema=None, recreate="never") as batch_op:
        batch_op.add_column(sa.Column("shown", sa.Boolean(), nullable=True))
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE TRIGGER mode_is_final BEFORE UPDATE OF mode ON respondent_group "
            f"WHEN OLD.mode <> NEW.mode AND {_INVITED} BEGIN SELECT RAISE(ABORT, 'the mode is final'); END"
        )
        return
    op.execute(
        "CREATE FUNCTION refuse_change_of_mode() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF OLD.mode <> NEW.mode AND {_INVITED} THEN RAISE EXCEPTION 'the mode is final'; END IF; RETURN NEW; END $$"
    )
    op.execute(
        "CREATE TRIGGER mode_is_final BEFORE UPDATE ON respondent_group "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change_of_mode()"
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER IF EXISTS mode_is_final")
    else:
        op.execute("DROP TRIGGER mode_is_final ON respondent_group")
        op.execute("DROP FUNCTION refuse_change_of_mode")
    op.drop_column("free_text", "shown")
    with op.batch_alter_table("opening", schema=None) as batch_op:
        batch_op.drop_column("discarded")
    op.drop_table("joint_request")
