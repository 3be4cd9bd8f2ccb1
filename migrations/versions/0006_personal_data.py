"""Sealed columns, keyed hashes to find persons by, requests of persons, retention, the permission for dân tộc."""

import json

import sqlalchemy as sa
from alembic import op

from survey_app.sealed_columns import keys_of

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_PERSON = ("phone", "email", "address")


def upgrade() -> None:
    op.create_table(
        "data_key_check",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("word", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_key_check")),
    )
    _seal_persons()
    _seal_bytes("upload", "content")
    _seal_json("upload", "reading")
    _seal_bytes("roster_version", "content")
    _seal_json("change_request", "values")
    _seal_json("change_request", "before")

    op.add_column("user_account", sa.Column("sees_ethnicity", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("round", sa.Column("collects_ethnicity", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("round", sa.Column("purpose", sa.String(), nullable=False, server_default=""))
    op.add_column("round", sa.Column("legal_basis", sa.String(), nullable=False, server_default=""))
    op.add_column("round", sa.Column("personal_data_erased_at", sa.DateTime(timezone=True), nullable=True))

    op.create_table(
        "privacy_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("operator_unit_id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("about", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("requester", sa.LargeBinary(), nullable=False),
        sa.Column("wish", sa.LargeBinary(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("received_by_name", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("outcome", sa.LargeBinary(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by_name", sa.String(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('access', 'correct', 'remove', 'object')", name=op.f("ck_privacy_request_kind_known")
        ),
        sa.CheckConstraint(
            "state IN ('open', 'waiting', 'done', 'refused')", name=op.f("ck_privacy_request_state_known")
        ),
        sa.CheckConstraint(
            "(state IN ('done', 'refused')) = (closed_at IS NOT NULL)",
            name=op.f("ck_privacy_request_closed_when_answered"),
        ),
        sa.ForeignKeyConstraint(
            ["operator_unit_id"], ["unit.id"], name=op.f("fk_privacy_request_operator_unit_id_unit")
        ),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_privacy_request_round_id_round")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_privacy_request_person_id_person"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_privacy_request")),
    )
    for name in ("operator_unit_id", "round_id", "person_id"):
        op.create_index(op.f(f"ix_privacy_request_{name}"), "privacy_request", [name])


def downgrade() -> None:
    op.drop_table("privacy_request")
    for name in ("personal_data_erased_at", "legal_basis", "purpose", "collects_ethnicity"):
        op.drop_column("round", name)
    op.drop_column("user_account", "sees_ethnicity")
    _open_json("change_request", "before")
    _open_json("change_request", "values")
    _open_bytes("roster_version", "content")
    _open_json("upload", "reading")
    _open_bytes("upload", "content")
    _open_persons()
    op.drop_table("data_key_check")


# Columns are added, dropped and renamed one by one: SQLite can do that in place, whereas building `person` anew would
# need the foreign keys that point at it switched off.


def _seal_persons() -> None:
    for name in _PERSON:
        op.add_column("person", sa.Column(f"sealed_{name}", sa.LargeBinary(), nullable=True))
    for name in ("phone_key", "email_key"):
        op.add_column("person", sa.Column(name, sa.String(), nullable=True))
    bind = op.get_bind()
    keys = keys_of(bind.dialect)
    columns = [sa.column("id"), *(sa.column(name, sa.String()) for name in _PERSON)]
    sealed = sa.table(
        "person", sa.column("id"), sa.column("phone_key"), sa.column("email_key"),
        *(sa.column(f"sealed_{name}", sa.LargeBinary()) for name in _PERSON),
    )  # fmt: skip
    for row in bind.execute(sa.select(*columns).select_from(sa.table("person", *columns))).mappings().all():
        values = {
            f"sealed_{name}": keys.seal(f"person.{name}", row[name].encode())
            for name in _PERSON
            if row[name] is not None
        }
        if row["phone"]:
            values["phone_key"] = keys.hash_of("phone", row["phone"])
        if row["email"]:
            values["email_key"] = keys.hash_of("email", "".join(row["email"].split()).casefold())
        if values:
            bind.execute(sa.update(sealed).where(sealed.c.id == row["id"]).values(values))
    _swap("person", _PERSON)
    op.create_index(op.f("ix_person_phone_key"), "person", ["phone_key"])
    op.create_index(op.f("ix_person_email_key"), "person", ["email_key"])


def _open_persons() -> None:
    for name in ("phone_key", "email_key"):
        op.drop_index(op.f(f"ix_person_{name}"), "person")
        op.drop_column("person", name)
    for name in _PERSON:
        op.add_column("person", sa.Column(f"sealed_{name}", sa.String(), nullable=True))
        _change("person", name, f"sealed_{name}", lambda keys, place, value: keys.open(place, value).decode())
    _swap("person", _PERSON)


def _swap(table: str, names: tuple[str, ...]) -> None:
    for name in names:
        op.drop_column(table, name)
        op.execute(sa.text(f'ALTER TABLE {table} RENAME COLUMN sealed_{name} TO "{name}"'))


def _seal_bytes(table: str, name: str) -> None:
    _change(table, name, name, lambda keys, place, value: keys.seal(place, value))


def _open_bytes(table: str, name: str) -> None:
    _change(table, name, name, lambda keys, place, value: keys.open(place, value))


def _seal_json(table: str, name: str) -> None:
    _other_type(
        table, name, sa.JSON(), sa.LargeBinary(),
        lambda keys, place, value: keys.seal(
            place, json.dumps(value, ensure_ascii=False, sort_keys=True).encode("utf-8")
        ),
    )  # fmt: skip


def _open_json(table: str, name: str) -> None:
    _other_type(
        table, name, sa.LargeBinary(), sa.JSON(), lambda keys, place, value: json.loads(keys.open(place, value))
    )


def _other_type(table: str, name: str, before: sa.types.TypeEngine, after: sa.types.TypeEngine, change) -> None:
    """No other table points at these, so they may be built anew for the sake of «not null»."""
    op.add_column(table, sa.Column(f"sealed_{name}", after, nullable=True))
    _change(table, name, f"sealed_{name}", change, before, after)
    with op.batch_alter_table(table) as batch:
        batch.drop_column(name)
    with op.batch_alter_table(table) as batch:
        batch.alter_column(f"sealed_{name}", new_column_name=name, existing_type=after, nullable=False)


def _change(table: str, name: str, target: str, change, before=None, after=None) -> None:
    bind = op.get_bind()
    keys, place = keys_of(bind.dialect), f"{table}.{name}"
    number, value = sa.column("id"), sa.column(name, before or sa.LargeBinary())
    result = value if target == name else sa.column(target, after or sa.String())
    rows = sa.table(table, number, *dict.fromkeys((value, result)))
    for row_id in bind.scalars(sa.select(number).select_from(rows)).all():  # a file may have five megabytes
        old = bind.scalar(sa.select(value).select_from(rows).where(number == row_id))
        if old is not None:
            bind.execute(sa.update(rows).where(number == row_id).values({target: change(keys, place, old)}))
