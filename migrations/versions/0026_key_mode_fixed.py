"""How many keys open is final once the round is open or an envelope came: the envelopes are sealed for it."""

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_SEALED = "(OLD.opened_at IS NOT NULL OR EXISTS (SELECT 1 FROM envelope WHERE envelope.round_id = OLD.id))"
_CHANGED = f"OLD.key_mode <> NEW.key_mode AND {_SEALED}"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE TRIGGER key_mode_is_final BEFORE UPDATE OF key_mode ON round "
            f"WHEN {_CHANGED} BEGIN SELECT RAISE(ABORT, 'the key mode is final'); END"
        )
        return
    op.execute(
        "CREATE FUNCTION refuse_change_of_key_mode() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF {_CHANGED} THEN RAISE EXCEPTION 'the key mode is final'; END IF; RETURN NEW; END $$"
    )
    op.execute(
        "CREATE TRIGGER key_mode_is_final BEFORE UPDATE ON round "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change_of_key_mode()"
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER IF EXISTS key_mode_is_final")
    else:
        op.execute("DROP TRIGGER key_mode_is_final ON round")
        op.execute("DROP FUNCTION refuse_change_of_key_mode")
