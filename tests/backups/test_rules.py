"""A backup holds everything, opens only with the key file, comes back whole, and never lies over something else."""

import json
import re
import shutil
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import select, text

from survey_app import create_app
from survey_app.access import Role
from survey_app.access_codes.models import Invitation
from survey_app.answers.models import Envelope
from survey_app.audit import Action, record
from survey_app.backup_register import Backup, backups, fresh_backup, is_overdue, old_backups
from survey_app.backups import copies
from survey_app.backups.rules import destroy_backup, make_backup, restore, running, try_backup
from survey_app.backups.verification import verify
from survey_app.config import Settings, read_settings
from survey_app.data_key import check_data_key
from survey_app.errors import Refused
from survey_app.units.models import Unit
from tests.answers.make import ANSWERS
from tests.forensics.place import answer_all, close_and_open, invitation_codes, make_place
from tests.make import make_user
from tests.personal_data.byte_search import forms

pytestmark = pytest.mark.fresh_database
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # the same code on both engines


@pytest.fixture
def place(app, database, tmp_path):
    """A round in which thirty of forty persons have answered, ten more in confidence."""
    with database.writing() as session:
        check_data_key(session)
    made = make_place(app, tmp_path, 40, named=6)
    answer_all(made, list(invitation_codes(made))[:30])
    return made


@pytest.fixture
def elsewhere(settings, tmp_path, request):
    """Settings of an empty place of the same engine, to which the key file was carried."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    shutil.copy(settings.keys_file, folder / "keys.json")
    environment = {"SURVEY_DATA": str(folder), "SURVEY_URL": "http://localhost"}
    if not settings.database_url.startswith("sqlite"):
        environment["DATABASE_URL"] = request.getfixturevalue("postgres")()
    return read_settings(environment)


def opened(settings: Settings):
    app = create_app(settings)
    return app, app.extensions["survey_database"]


def test_a_backup_comes_back_whole_on_another_machine(place, database, settings, elsewhere, tmp_path):
    with database.writing() as session:
        make_user(session, role=Role.ADMINISTRATOR, login="quan-tri")
    made, tried = make_backup(database, settings, tmp_path / "thu-sau.bak", None)
    assert tried.holds, [check for check in tried.checks if not check.holds]
    assert (tmp_path / "thu-sau.bak").stat().st_mode & 0o077 == 0
    before = copies.row_counts(database)
    assert try_backup(Path(made.path), database, settings).holds
    assert copies.row_counts(database) == before
    assert not (settings.data_folder / "backup-work").exists()
    if not database.is_sqlite:
        with database.reading() as session:
            assert not session.execute(text("SELECT 1 FROM pg_namespace WHERE nspname LIKE 'backup_try%'")).all()
    app, there = opened(elsewhere)
    restore(Path(made.path), there, elsewhere)
    after = copies.row_counts(there)
    assert before == after | {"audit_entry": after["audit_entry"]}  # «made» here, «restored» there
    assert all(check.holds for check in verify(there))
    with database.reading() as here, there.reading() as session:
        for model in (Envelope, Invitation, Unit):
            rows = [[getattr(one, column.key) for column in model.__table__.columns] for one in rows_of(here, model)]
            assert rows == [[getattr(one, c.key) for c in model.__table__.columns] for one in rows_of(session, model)]
        assert [one.name for one in backups(session)] == ["thu-sau.bak"]
    # Codes that were printed before still open the questionnaire, and a person who has not answered can.
    client = app.test_client()
    unused = next(code for invitation, code in invitation_codes(place).items() if invitation not in place.said)
    body = {"code": unused, "submission": "ab" * 16, "answers": ANSWERS}
    assert client.post("/p/answers", json=body).status_code == 200
    with there.writing() as session:
        make_user(session, login="moi")  # new numbers go on after the old ones
    there.close()


def rows_of(session, model):
    return session.scalars(select(model).order_by(*model.__table__.primary_key.columns)).all()


def test_a_backup_while_people_answer_is_of_one_moment(place, database, settings, tmp_path):
    place.named = None  # they have answered
    rest = [person for person in invitation_codes(place) if person not in place.said]
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(answer_all, place, rest)
        _made, tried = make_backup(database, settings, tmp_path / "a.bak", None)
        sending.result()
    assert tried.holds, [check for check in tried.checks if not check.holds]
    assert tried.manifest.rows["envelope"] >= 30
    assert copies.row_counts(database)["envelope"] == 40


@on_sqlite
def test_without_the_key_file_nothing_can_be_read(place, database, settings, elsewhere, tmp_path):
    made, _tried = make_backup(database, settings, tmp_path / "a.bak", None)
    content = Path(made.path).read_bytes()
    for word in (settings.keys.pepper.hex(), settings.keys.cookie_key, "Quài Cang"):
        assert not [form for form in forms(word) if form in content]
    (elsewhere.data_folder / "keys.json").unlink()
    stranger = read_settings({"SURVEY_DATA": str(elsewhere.data_folder), "DATABASE_URL": elsewhere.database_url})
    _app, there = opened(stranger)
    with pytest.raises(Refused, match="tệp khóa khác"):
        restore(Path(made.path), there, stranger)
    there.close()


@on_sqlite
def test_nothing_is_written_over(place, database, settings, tmp_path):
    with database.writing() as session:
        make_user(session).password_hash = "x"
    made, _tried = make_backup(database, settings, tmp_path / "a.bak", None)
    with pytest.raises(Refused, match="không ghi đè"):
        make_backup(database, settings, tmp_path / "a.bak", None)
    with pytest.raises(Refused, match="không ghi đè"):
        restore(Path(made.path), database, settings)
    with pytest.raises(Refused, match="USB"):
        make_backup(database, settings, tmp_path / "khong-co" / "a.bak", None)
    folder = tmp_path / "usb"
    folder.mkdir()
    names = [make_backup(database, settings, folder, None)[0].name for _ in range(2)]  # of one day, perhaps one minute
    assert sorted(path.name for path in folder.iterdir()) == sorted(names)
    assert all(re.fullmatch(r"ksxhh-\d{8}-\d{4}(-2)?\.bak", name) for name in names)


def test_nothing_is_restored_under_a_running_program(place, database, settings, elsewhere, tmp_path):
    made, _tried = make_backup(database, settings, tmp_path / "a.bak", None)
    _app, there = opened(elsewhere)
    with running(elsewhere), pytest.raises(Refused, match="đang chạy"):
        restore(Path(made.path), there, elsewhere)
    if not there.is_sqlite:  # on another machine of the same database
        _other, connected = opened(elsewhere)
        with connected.reading() as session:
            session.execute(text("SELECT 1"))
            with pytest.raises(Refused, match="đang chạy"):
                restore(Path(made.path), there, elsewhere)
        connected.close()
    assert restore(Path(made.path), there, elsewhere).holds
    there.close()


@on_sqlite
def test_a_damaged_file_leaves_the_place_as_it_was(place, database, settings, elsewhere, tmp_path):
    made, _tried = make_backup(database, settings, tmp_path / "a.bak", None)
    content = bytearray(Path(made.path).read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / "b.bak").write_bytes(content)
    _app, there = opened(elsewhere)
    with pytest.raises(Refused, match="hỏng"):
        restore(tmp_path / "b.bak", there, elsewhere)
    assert copies.row_counts(there) == {}
    there.close()


@on_sqlite
def test_control_a_copy_that_lacks_what_is_in_the_log_is_refused(place, database, settings, monkeypatch, tmp_path):
    """`cp` of a live SQLite file passes every check of the file."""
    real, before = copies.write_copy, tmp_path / "before.sqlite"
    connection = sqlite3.connect(place.file)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    shutil.copy(place.file, before)
    place.named = None  # they have answered
    answer_all(place, [person for person in invitation_codes(place) if person not in place.said])

    def naive(_database, archive, folder, moment):
        earlier = copies.Database(f"sqlite:///{before}")
        manifest = real(earlier, archive, folder, moment)
        earlier.close()
        return manifest

    monkeypatch.setattr(copies, "write_copy", naive)
    with pytest.raises(Refused, match="thiếu dữ liệu"):
        make_backup(database, settings, tmp_path / "a.bak", None)
    assert not (tmp_path / "a.bak").exists()


@on_sqlite
def test_after_an_opening_old_backups_are_to_be_destroyed(place, database, settings, tmp_path):
    with database.writing() as session:
        admin = make_user(session, role=Role.ADMINISTRATOR)
    old, _tried = make_backup(database, settings, tmp_path / "old.bak", None)
    close_and_open(place)
    code = place.made.round.code
    with database.reading() as session:
        assert fresh_backup(backups(session), code) is None
        assert [one.id for one in old_backups(backups(session), code)] == [old.id]
        assert not is_overdue(backups(session))
    with database.writing() as session, pytest.raises(Refused, match="duy nhất"):
        destroy_backup(session, old.id, admin)
    new, tried = make_backup(database, settings, tmp_path / "new.bak", admin)
    assert tried.holds, [check for check in tried.checks if not check.holds]
    with database.writing() as session:
        assert destroy_backup(session, old.id, admin)
    assert not (tmp_path / "old.bak").exists()
    with database.reading() as session:
        assert fresh_backup(backups(session), code).id == new.id
        assert old_backups(backups(session), code) == []
    with database.writing() as session:  # the path in the register leads to another file: it is left alone
        session.get(Backup, new.id).path = str(settings.keys_file)
        session.add(Backup(made_at=new.made_at, name="c", path="", size=1, sha256="c", cleaned_rounds=[]))
        session.flush()
        assert not destroy_backup(session, new.id, admin)
    assert settings.keys_file.exists()


def test_verifying_finds_what_is_missing_or_altered(place, database):
    with database.writing() as session:
        record(session, Action.USER_ACTIVE, None, login="thu", active=True)
    assert all(one.holds for one in verify(database))
    one = "SELECT min(invitation_id) FROM envelope"
    for damage, undo, check in (
        ("UPDATE audit_entry SET by_name = 'ai khác'", "UPDATE audit_entry SET by_name = 'Chương trình'", "audit"),
        (
            f"UPDATE invitation SET state = 'unused' WHERE id = ({one})",
            f"UPDATE invitation SET state = 'received' WHERE id = ({one})",
            "round:r1",
        ),
        (f"DELETE FROM envelope WHERE invitation_id = ({one})", "", "round:r1"),
    ):
        for statement in (damage, undo):
            broken = [found.name for found in verify(database) if not found.holds]
            assert broken == ([] if statement == damage else [check])
            if statement:
                with database.writing() as session:
                    session.execute(text(statement))


@on_sqlite
def test_the_commands_speak_json_and_leave_standard_output_to_it(app, place, tmp_path):
    def run(*arguments):
        with app.app_context():
            return app.test_cli_runner().invoke(args=[str(word) for word in arguments])

    file = tmp_path / "c.bak"
    for arguments in (("backup", file), ("verify",), ("verify", file)):
        answer = run(*arguments, "--json")
        assert (answer.exit_code, json.loads(answer.stdout)["ok"]) == (0, True), answer.stderr
    refused = run("backup", file, "--json")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "không ghi đè" in refused.stderr
    assert run("restore", tmp_path / "khong-co.bak").exit_code == 2
    assert "Mọi kiểm tra đều đạt." in run("verify").stdout
