from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, make_url, select, text

from survey_app import migrate
from survey_app.answers.models import AnswerCount, Ballot, Envelope
from survey_app.db import Database
from survey_app.roster.models import ChangeRequest, Person, RosterVersion, Upload
from survey_app.sealed_columns import keys_of
from survey_app.tables import metadata
from tests.answers.make import ANSWERS, make_open_round

pytestmark = pytest.mark.fresh_database

# What a respondent's row may never hold: columns of these kinds would tell when, in which order or from where.
RESPONDENT_TABLES = (
    "invitation",
    "access_code",
    "batch",
    "batch_worker",
    "envelope",
    "ballot",
    "free_text",
    "answer_count",
    "identified_answer",
)


def test_the_models_and_the_migrations_describe_the_same_tables(database_url):
    database = Database(database_url)
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    database.close()


def test_all_migrations_go_down_and_up_again(database_url):
    database = Database(database_url)
    migrate.downgrade(database, "base")
    assert [name for name in inspect(database.engine).get_table_names() if name != "alembic_version"] == []
    assert not migrate.is_current(database)
    migrate.upgrade(database)
    assert migrate.is_current(database)
    assert set(inspect(database.engine).get_table_names()) >= set(metadata.tables)
    database.close()


def test_a_database_with_rows_is_brought_to_the_newest_version(database_url):
    """Tables are changed by copying on SQLite; rows that point to each other must not stand in the way."""
    database = Database(database_url, b"p" * 32, (b"k" * 32,))
    with database.writing() as session:
        made = make_open_round(session, b"p" * 32, persons=(3,))
        session.add(Envelope(id="0" * 32, round_id=made.round.id, invitation_id=1, sealed=b"x"))
    counted = (
        "SELECT (SELECT count(*) FROM invitation), (SELECT count(*) FROM access_code), (SELECT count(*) FROM envelope)"
    )
    migrate.downgrade(database, "0002")
    migrate.upgrade(database)
    with database.engine.connect() as connection:
        assert connection.execute(text(counted)).one() == (3, 3, 1)
    database.close()


def test_ballots_opened_by_an_older_program_lose_the_background_which_is_counted_before(database_url):
    database = Database(database_url, b"p" * 32, (b"k" * 32,))
    with database.writing() as session:
        made = make_open_round(session, b"p" * 32, persons=(3,))
        place = {"round_id": made.round.id, "cell_id": made.cells[1].id, "rated_unit_id": made.round_unit(session)}
        session.add_all(Ballot(id=str(number) * 32, answers=ANSWERS, **place) for number in range(2))
        count = {"answers": 2, "weight_sum": 3.0, "weight_square_sum": 4.5}
        session.add(AnswerCount(item="q_5_6_3", level="4", **place, **count))
    migrate.downgrade(database, "0024")
    migrate.upgrade(database)
    with database.reading() as session:
        assert session.scalars(select(Ballot.answers)).all() == [{"q_5_6_2": "5", "q_5_6_3": "4"}] * 2
        figures = session.scalars(select(AnswerCount).where(AnswerCount.item == "b_so_lan")).one()
        assert (figures.level, figures.answers, figures.weight_sum, figures.weight_square_sum) == ("2", 2, 3.0, 4.5)
    database.close()


def test_what_was_stored_in_clear_is_sealed_and_found_again_and_nothing_stays_readable(database_url):
    database = Database(database_url, b"p" * 32, (b"k" * 32,))
    migrate.downgrade(database, "0005")
    with database.writing() as session:
        make_old_rows(session)
    migrate.upgrade(database)
    hashes = keys_of(database.engine.dialect)
    with database.reading() as session:
        person = session.scalars(select(Person)).one()
        assert (person.phone, person.email, person.address) == ("0912345678", "Canary@tg.vn", "Bản Chim Vàng")
        assert person.phone_key == hashes.hash_of("phone", "0912345678")
        assert person.email_key == hashes.hash_of("email", "canary@tg.vn")
        upload = session.scalars(select(Upload)).one()
        assert (upload.content, upload.reading) == (b"canary file", {"rows": ["Bản Chim Vàng"]})
        assert session.scalars(select(RosterVersion.content)).one() == b"canary version"
        assert session.scalars(select(ChangeRequest.values)).one() == {"phone": "0912345678"}
        raw = session.execute(text("SELECT phone, email, address FROM person")).one()
        assert not any(word in bytes(value) for value in raw for word in (b"0912345678", b"anary", "Bản".encode()))
    if database.is_sqlite:
        folder = Path(make_url(database_url).database).parent
        files = b"".join(path.read_bytes() for path in folder.glob("survey.sqlite*"))
        assert not any(word in files for word in (b"0912345678", b"Canary@tg.vn", b"canary file", b"canary version"))
    migrate.downgrade(database, "0005")
    with database.reading() as session:
        assert session.execute(text("SELECT phone, email, address FROM person")).one() == (
            "0912345678", "Canary@tg.vn", "Bản Chim Vàng",
        )  # fmt: skip
        assert bytes(session.execute(text("SELECT content FROM upload")).scalar_one()) == b"canary file"
    database.close()


def make_old_rows(session):
    """One row of everything that held personal data in clear, as 0005 had it."""
    for statement in (
        "INSERT INTO unit (id, code, name, kind, path, search_key, order_key, aliases, valid_from, address_place)"
        " VALUES (1, 'T1', 'Xã', 'xa', '/1/', 'xa', 'xa', '[]', '2020-01-01', '')",
        "INSERT INTO user_account (id, login, full_name, position, role, unit_id, active, dense_tables, language,"
        " theme, created_at, search_key, order_key)"
        " VALUES (1, 'a', 'A', '', 'operator', 1, true, false, 'vi', 'auto', '2021-01-01', '', '')",
        "INSERT INTO round (id, code, title, year, level, as_of, operator_unit_id, grace_hours, rules, k_min, key_mode,"
        " help_phone, help_hours, demo, created_at)"
        " VALUES (1, 'r', 'R', 2021, 'huyen', '2021-12-01', 1, 0, '{}', 5, 'availability', '', '', false,"
        " '2021-01-01')",
        "INSERT INTO respondent_group (id, round_id, code, name, list_type, mode, self_rating, payment)"
        " VALUES (1, 1, 'E', 'E', 'citizens', 'sealed', false, 0)",
        "INSERT INTO unit_list (id, round_id, unit_id, group_id, state, version, short_reason)"
        " VALUES (1, 1, 1, 1, 'locked', 1, '')",
        "INSERT INTO person (id, list_id, position, name, phone, email, address, search_key, order_key)"
        " VALUES (1, 1, 1, 'A', '0912345678', 'Canary@tg.vn', 'Bản Chim Vàng', '', '')",
        "INSERT INTO roster_version (id, round_id, number, content, sha256, persons, counts, reason, locked_at,"
        " locked_by_id, locked_by_name) VALUES (1, 1, 1, :version, '', 1, '{}', '', '2021-01-01', 1, 'A')",
        "INSERT INTO upload (id, round_id, unit_id, file_name, content, sha256, reading, uploaded_by_id, uploaded_at,"
        " version) VALUES (1, 1, 1, 'a', :file, '', :reading, 1, '2021-01-01', 1)",
        'INSERT INTO change_request (id, round_id, list_id, kind, state, person_id, "values", before, reason,'
        " author_id, author_name, created_at, decision_note)"
        " VALUES (1, 1, 1, 'correct', 'pending', 1, :values, '{}', '', 1, 'A', '2021-01-01', '')",
    ):
        values = {
            "version": b"canary version", "file": b"canary file", "reading": '{"rows": ["Bản Chim Vàng"]}',
            "values": '{"phone": "0912345678"}',
        }  # fmt: skip
        session.execute(text(statement), {name: value for name, value in values.items() if f":{name}" in statement})


def test_migrations_are_numbered_without_gap():
    numbers = sorted(path.name[:4] for path in migrate.VERSIONS.glob("0*.py"))
    assert numbers == [f"{number:04}" for number in range(1, len(numbers) + 1)]


def test_no_table_of_the_respondent_zone_holds_a_time_an_order_or_an_origin(database_url):
    database = Database(database_url)
    inspector = inspect(database.engine)
    for table in RESPONDENT_TABLES:
        for column in inspector.get_columns(table):
            kind = str(column["type"]).upper()
            assert not any(word in kind for word in ("DATE", "TIME", "INTERVAL")), f"{table}.{column['name']}"
            words = set(column["name"].split("_"))
            assert not words & {
                "at",
                "on",
                "ip",
                "address",
                "agent",
                "session",
                "request",
                "seq",
                "order",
                "browser",
            }, f"{table}.{column['name']}"
    for table in ("access_code", "envelope", "ballot", "free_text", "answer_count"):
        if database.is_sqlite:
            with database.engine.connect() as connection:
                sql = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name = ?", (table,)).scalar()
            assert "WITHOUT ROWID" in sql, f"{table} has a rowid, which tells the order of arrival"
    database.close()
