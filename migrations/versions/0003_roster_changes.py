"""Changes after locking: requests with their decision, who came and left with which version, counts of a version."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.add_column(sa.Column("joined_in_version", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("left_in_version", sa.Integer(), nullable=True))
    with op.batch_alter_table("roster_version", schema=None) as batch_op:
        batch_op.add_column(sa.Column("counts", sa.JSON(), nullable=False, server_default="{}"))
    _count_versions()
    with op.batch_alter_table("roster_version", schema=None) as batch_op:
        batch_op.alter_column("counts", existing_type=sa.JSON(), existing_nullable=False, server_default=None)
    # No program has written requests so far: the table is made anew.
    op.drop_table("change_request")
    op.create_table(
        "change_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("list_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("author_name", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_by_name", sa.String(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision_note", sa.String(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('add', 'replace', 'remove', 'correct')", name=op.f("ck_change_request_kind_known")
        ),
        sa.CheckConstraint(
            "state IN ('pending', 'approved', 'refused', 'withdrawn')", name=op.f("ck_change_request_state_known")
        ),
        sa.CheckConstraint(
            "decided_by_id IS NULL OR decided_by_id <> author_id", name=op.f("ck_change_request_decided_by_another")
        ),
        sa.CheckConstraint(
            "(version_id IS NOT NULL) = (state = 'approved')", name=op.f("ck_change_request_approved_in_a_version")
        ),
        sa.CheckConstraint("(person_id IS NULL) = (kind = 'add')", name=op.f("ck_change_request_about_a_person")),
        *_foreign_keys(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change_request")),
    )
    with op.batch_alter_table("change_request", schema=None) as batch_op:
        for column in ("round_id", "list_id", "person_id"):
            batch_op.create_index(batch_op.f(f"ix_change_request_{column}"), [column], unique=False)


def _foreign_keys() -> list[sa.ForeignKeyConstraint]:
    targets = {
        "author_id": "user_account",
        "decided_by_id": "user_account",
        "list_id": "unit_list",
        "person_id": "person",
        "round_id": "round",
        "version_id": "roster_version",
    }
    return [
        sa.ForeignKeyConstraint([column], [f"{table}.id"], name=op.f(f"fk_change_request_{column}_{table}"))
        for column, table in targets.items()
    ]


def _count_versions() -> None:
    """Versions that were locked before counts were kept: count the persons of their content."""
    table = sa.table(
        "roster_version",
        sa.column("id", sa.Integer),
        sa.column("content", sa.LargeBinary),
        sa.column("counts", sa.JSON),
    )
    connection = op.get_bind()
    for version_id, content in connection.execute(sa.select(table.c.id, table.c.content)).all():
        counts: dict[str, dict[str, int]] = {}
        for person in json.loads(content)["persons"] if content else ():
            groups = counts.setdefault(person["unit_code"], {})
            groups[person["group"]] = groups.get(person["group"], 0) + 1
        connection.execute(table.update().where(table.c.id == version_id).values(counts=counts))


def downgrade() -> None:
    op.drop_table("change_request")
    op.create_table(
        "change_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("list_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved", sa.Boolean(), nullable=True),
        sa.Column("version_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('add', 'replace', 'remove', 'correct')", name=op.f("ck_change_request_kind_known")
        ),
        sa.CheckConstraint(
            "decided_by_id IS NULL OR decided_by_id <> author_id", name=op.f("ck_change_request_decided_by_another")
        ),
        *_foreign_keys(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change_request")),
    )
    with op.batch_alter_table("change_request", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_change_request_round_id"), ["round_id"], unique=False)
    with op.batch_alter_table("roster_version", schema=None) as batch_op:
        batch_op.drop_column("counts")
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.drop_column("left_in_version")
        batch_op.drop_column("joined_in_version")
