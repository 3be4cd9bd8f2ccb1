"""Confidential mode: who reads identified answers and why; what is stored of them is final."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_ROLES = (
    "role IN ('operator', 'unit_officer', 'unit_head', 'interviewer', 'clerk', 'appraiser', 'leader', 'receiver', {}"
    "'administrator')"
)


def upgrade() -> None:
    _change_roles("'answer_reader', ")
    with op.batch_alter_table("round", schema=None) as batch_op:
        batch_op.add_column(sa.Column("reading_purpose", sa.String(), nullable=False, server_default=""))
    with op.batch_alter_table("round", schema=None) as batch_op:
        batch_op.alter_column("reading_purpose", existing_type=sa.String(), server_default=None)
    with op.batch_alter_table("opening", schema=None) as batch_op:
        batch_op.add_column(sa.Column("identified", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("opening", schema=None) as batch_op:
        batch_op.alter_column("identified", existing_type=sa.Integer(), server_default=None)
    with op.batch_alter_table("data_key_check", schema=None) as batch_op:
        batch_op.add_column(sa.Column("answer_key_id", sa.String(), nullable=True))
    # The version stands inside the envelope. No program before this one could store a row here.
    with op.batch_alter_table("identified_answer", schema=None) as batch_op:
        batch_op.drop_constraint(
            batch_op.f("fk_identified_answer_version_id_questionnaire_version"), type_="foreignkey"
        )
        batch_op.drop_column("version_id")
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE TRIGGER identified_answer_is_final BEFORE UPDATE ON identified_answer "
            "BEGIN SELECT RAISE(ABORT, 'an identified answer is final'); END"
        )
        return
    op.execute(
        "CREATE FUNCTION refuse_change_of_answer() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION 'an identified answer is final'; END $$"
    )
    op.execute(
        "CREATE TRIGGER identified_answer_is_final BEFORE UPDATE ON identified_answer "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change_of_answer()"
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER IF EXISTS identified_answer_is_final")
    else:
        op.execute("DROP TRIGGER identified_answer_is_final ON identified_answer")
        op.execute("DROP FUNCTION refuse_change_of_answer")
    op.execute("DELETE FROM identified_answer")  # the program before cannot read them
    with op.batch_alter_table("identified_answer", schema=None) as batch_op:
        batch_op.add_column(sa.Column("version_id", sa.Integer(), nullable=False))
        batch_op.create_foreign_key(
            batch_op.f("fk_identified_answer_version_id_questionnaire_version"),
            "questionnaire_version",
            ["version_id"],
            ["id"],
        )
    with op.batch_alter_table("data_key_check", schema=None) as batch_op:
        batch_op.drop_column("answer_key_id")
    with op.batch_alter_table("opening", schema=None) as batch_op:
        batch_op.drop_column("identified")
    with op.batch_alter_table("round", schema=None) as batch_op:
        batch_op.drop_column("reading_purpose")
    op.execute("UPDATE user_account SET role = 'appraiser', active = false WHERE role = 'answer_reader'")
    _change_roles("")


def _change_roles(further: str) -> None:
    with op.batch_alter_table("user_account", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_user_account_role_known"), type_="check")
        batch_op.create_check_constraint(batch_op.f("ck_user_account_role_known"), _ROLES.format(further))
