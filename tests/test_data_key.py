import json

import pytest
from sqlalchemy import select, text

from survey_app import create_app
from survey_app.commands import prepare_tables
from survey_app.config import read_settings
from survey_app.data_key import check_data_key
from survey_app.roster.models import Person
from survey_app.sealed_columns import WrongKey
from survey_app.units.models import Unit, UnitKind
from tests.make import make_group, make_list, make_person, make_round


def test_the_first_start_seals_a_word_and_later_starts_open_it(database):
    for _ in range(2):
        with database.writing() as session:
            check_data_key(session)
    with database.reading() as session:
        assert session.execute(text("SELECT count(*) FROM data_key_check")).scalar() == 1


def test_a_start_with_another_key_file_is_refused_with_a_sentence_and_no_traceback(app, settings, tmp_path):
    prepare_tables(app.extensions["survey_database"])
    other = {"DATABASE_URL": settings.database_url, "SURVEY_DATA": str(tmp_path), "SURVEY_KEYS": str(tmp_path / "k2")}
    strange = create_app(read_settings(other))
    with strange.app_context():
        result = strange.test_cli_runner().invoke(args=["setup"])
    strange.extensions["survey_database"].close()
    assert result.exit_code == 1
    assert "Chép lại tệp keys.json từ bản sao lưu" in result.output
    assert "Traceback" not in result.output


def test_a_new_data_key_seals_everything_anew_and_the_old_file_is_kept(app, database, settings):
    prepare_tables(database)
    with database.writing() as session:
        district = session.scalars(select(Unit).where(Unit.kind == UnitKind.DISTRICT)).first()
        unit_list = make_list(session, make_group(session, make_round(session, district)), district)
        make_person(session, unit_list, phone="0912345678", address="Bản Co Cài")
    before = json.loads(settings.keys_file.read_text())
    with app.app_context():
        result = app.test_cli_runner().invoke(args=["new-data-key"])
    assert result.exit_code == 0, result.output
    after = json.loads(settings.keys_file.read_text())
    assert after["data_key"] != before["data_key"]
    assert set(after) == set(before)
    copies = list(settings.keys_file.parent.glob("keys-*.json"))
    assert [json.loads(copy.read_text()) for copy in copies] == [before]
    assert all(path.stat().st_mode & 0o077 == 0 for path in (settings.keys_file, *copies))

    with database.reading() as session, pytest.raises(WrongKey):  # the program still has the old key
        session.scalars(select(Person.phone)).all()
    fresh = create_app(read_settings({"SURVEY_DATA": str(settings.data_folder), "DATABASE_URL": settings.database_url}))
    with fresh.extensions["survey_database"].writing() as session:
        check_data_key(session)
        person = session.scalars(select(Person)).one()
        assert (person.phone, person.address) == ("0912345678", "Bản Co Cài")
    fresh.extensions["survey_database"].close()


def test_a_change_of_the_key_that_was_broken_off_is_finished(app, database, settings):
    prepare_tables(database)
    stored = json.loads(settings.keys_file.read_text())
    half = {**stored, "data_key": "ab" * 32, "old_data_keys": [stored["data_key"]]}
    settings.keys_file.write_text(json.dumps(half))
    with app.app_context():
        result = app.test_cli_runner().invoke(args=["new-data-key"])
    assert result.exit_code == 0, result.output
    assert json.loads(settings.keys_file.read_text())["data_key"] == "ab" * 32
    assert "old_data_keys" not in json.loads(settings.keys_file.read_text())


def test_a_key_file_of_an_earlier_program_gets_the_key_of_identified_answers_once(tmp_path):
    first = read_settings({"SURVEY_DATA": str(tmp_path)}).keys
    file = tmp_path / "keys.json"
    stored = json.loads(file.read_text("utf-8"))
    del stored["answer_key"]
    file.write_text(json.dumps(stored), "utf-8")
    found = [read_settings({"SURVEY_DATA": str(tmp_path)}).keys for _ in range(2)]
    assert found[0] == found[1]
    assert (found[0].data_key, len(found[0].answer_key)) == (first.data_key, 32)
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_start_with_another_key_of_identified_answers_is_refused(app, database, settings, tmp_path):
    """Else answers would be sealed to a key that the next restoring of the key file takes away."""
    prepare_tables(database)
    stored = json.loads(settings.keys_file.read_text("utf-8"))
    del stored["answer_key"]
    settings.keys_file.write_text(json.dumps(stored), "utf-8")
    strange = create_app(read_settings({"DATABASE_URL": settings.database_url, "SURVEY_DATA": str(tmp_path)}))
    with pytest.raises(WrongKey, match="answer_key"), strange.extensions["survey_database"].writing() as session:
        check_data_key(session)
    strange.extensions["survey_database"].close()
