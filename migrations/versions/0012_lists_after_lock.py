"""Requests that add a whole list to the locked roster."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_KINDS = "kind IN ({}'replace', 'remove', 'correct')"
_ABOUT = "(person_id IS NULL) = ({})"


def _constrain(kinds: str, about: str) -> None:
    with op.batch_alter_table("change_request", schema=None) as batch_op:
        for name, text in (("kind_known", _KINDS.format(kinds)), ("about_a_person", _ABOUT.format(about))):
            batch_op.drop_constraint(batch_op.f(f"ck_change_request_{name}"), type_="check")
            batch_op.create_check_constraint(batch_op.f(f"ck_change_request_{name}"), text)


def upgrade() -> None:
    _constrain("'add', 'add_list', ", "kind IN ('add', 'add_list')")


def downgrade() -> None:
    op.execute("DELETE FROM change_request WHERE kind = 'add_list'")
    _constrain("'add', ", "kind = 'add'")
