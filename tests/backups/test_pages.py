"""The administrator's page: red until a backup was made, a file to take along, old ones to be destroyed."""

import shutil

import pytest
from sqlalchemy import select

from survey_app.access import Role
from survey_app.answers.models import Opening
from survey_app.backup_register import Backup
from survey_app.backups.sealed_file import MAGIC
from survey_app.text import today
from tests.make import csrf_token, make_district, make_round

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def post(client, url, **fields):
    return client.post(url, data={"csrf_token": csrf_token(client), **fields}, follow_redirects=True)


@on_sqlite
def test_a_friday_of_the_administrator(database, settings, signed_in):
    client = signed_in(Role.ADMINISTRATOR)
    assert "Chưa có bản sao lưu nào. Máy hỏng lúc này" in client.get("/backups").text
    page = post(client, "/backups")
    assert "Đã sao lưu và phục hồi thử được" in page.text
    assert "Máy hỏng lúc này" not in page.text
    with database.reading() as session:
        one = session.scalars(select(Backup)).one()
    file = client.get(f"/backups/{one.id}/file")
    assert file.data.startswith(MAGIC)
    assert one.name in file.headers["Content-Disposition"]
    file.close()
    assert (settings.data_folder / "backups" / one.name).stat().st_mode & 0o077 == 0
    post(client, "/backups")
    assert "tích ô xác nhận" in post(client, f"/backups/{one.id}/destroy").text
    assert "Đã xóa tệp trên máy chủ" in post(client, f"/backups/{one.id}/destroy", all_copies="1").text
    assert client.get(f"/backups/{one.id}/file").status_code == 404
    shutil.rmtree(settings.data_folder / "backups")
    assert "không còn trên máy chủ" in client.get("/backups").text


@on_sqlite
def test_after_an_opening_page_and_steps_name_what_must_be_destroyed(database, signed_in):
    with database.writing() as session:
        district = make_district(session)
        survey_round = make_round(session, district)
    admin, operator = signed_in(Role.ADMINISTRATOR), signed_in(Role.OPERATOR, unit=district)
    post(admin, "/backups")
    facts = {"holder": "", "envelopes": 0, "ballots": 0, "faulty": 0, "digest": "x", "program_version": "1"}
    with database.writing() as session:
        session.add(Opening(round_id=survey_round.id, opened_on=today(), stage="cleaned", **facts))
    assert "các bản sao lưu cũ còn giữ phong bì" in admin.get("/backups").text
    page = operator.get(f"/rounds/{survey_round.code}/opening").text
    assert "Các bản này còn giữ phong bì" in page
    assert "bấm «Sao lưu ngay» ở trang Sao lưu" in page
    post(admin, "/backups")
    with database.reading() as session:
        old = session.scalars(select(Backup).order_by(Backup.id)).first()
    post(admin, f"/backups/{old.id}/destroy", all_copies="1")
    assert "các bản sao lưu cũ còn giữ phong bì" not in admin.get("/backups").text
    assert "còn giữ phong bì" not in operator.get(f"/rounds/{survey_round.code}/opening").text
