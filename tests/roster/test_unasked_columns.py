"""Columns that nobody asked for are not kept, whatever their heading says."""

import pytest
from sqlalchemy import select

from survey_app.access import Role
from survey_app.roster.draft_rules import add_file
from survey_app.roster.models import Person, Upload
from survey_app.roster.rules import receive_upload, submit_list
from tests.make import make_user, sign_in_client
from tests.roster.asked_round import CITIZEN_HEADER, make_asked_round, make_citizen, make_file

SECRET = "011234567890"


def file_with(heading, value, rows=2):
    book = make_file([[*make_citizen(number), value] for number in range(1, rows + 1)])
    return with_heading(book, heading)


def with_heading(content, heading):
    import io

    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(content))
    book.worksheets[0].cell(3, len(CITIZEN_HEADER) + 1, heading)
    memory = io.BytesIO()
    book.save(memory)
    return memory.getvalue()


def received(session, heading, value, collects=False):
    asked = make_asked_round(session)
    asked.round.collects_ethnicity = collects
    officer = make_user(session, Role.UNIT_OFFICER, asked.commune)
    upload = receive_upload(session, asked.round, asked.commune, file_with(heading, value), "ds.xlsx", officer)
    return asked, officer, upload


@pytest.mark.parametrize(
    ("heading", "value"),
    [
        ("Số CCCD", SECRET),
        ("Số CMND/CCCD", SECRET),
        ("Ngày cấp", "canary"),
        ("Tôn giáo", "canary"),
        ("Số tài khoản ngân hàng", "canary"),
        ("Thông tin khác", SECRET),
        ("Dân tộc", "Hà Nhì"),
    ],
)
def test_a_column_that_is_not_asked_for_is_not_stored_and_the_unit_is_told(database, heading, value):
    with database.writing() as session:
        upload_id = received(session, heading, value)[2].id
    with database.reading() as session:
        upload = session.get_one(Upload, upload_id)
        assert value not in str(upload.reading)
        assert upload.content is None
        assert any(f"«{heading}»" in note and "không lưu" in note for note in upload.reading["notes"])


@pytest.mark.parametrize(("heading", "value"), [("Ghi chú", "nhà xa"), ("Mã HS khác", "000.00.11.H18-210305-0001")])
def test_other_columns_and_the_file_itself_are_kept(database, heading, value):
    with database.writing() as session:
        upload = received(session, heading, value)[2]
        assert upload.content is not None
        assert value in str(upload.reading)
        assert upload.reading["notes"] == []


def test_ethnicity_is_kept_where_the_round_asks_for_it(database):
    with database.writing() as session:
        _asked, officer, upload = received(session, "Dân tộc", "Hà Nhì", collects=True)
        assert upload.content is not None
        submit_list(session, upload, officer, declared=True)
        assert session.scalars(select(Person.ethnicity)).all() == ["Hà Nhì", "Hà Nhì"]


def test_a_column_named_ethnicity_by_hand_is_not_kept_where_the_round_does_not_ask(database):
    with database.writing() as session:
        _asked, officer, upload = received(session, "Nhóm người", "Hà Nhì")
        reading = dict(upload.reading)
        reading["tables"][0]["columns"][-1][2] = "ethnic"
        upload.reading = dict(reading)
        submit_list(session, upload, officer, declared=True)
        assert session.scalars(select(Person.ethnicity)).all() == [None, None]


def test_a_second_file_is_treated_the_same(database):
    with database.writing() as session:
        _asked, officer, upload = received(session, "Ghi chú", "nhà xa")
        add_file(session, upload, file_with("Số CCCD", SECRET, rows=3), "ds2.xlsx", officer)
        assert SECRET not in str(upload.reading)
        assert any("«Số CCCD»" in note for note in upload.reading["notes"])


def test_the_page_says_so_and_offers_no_original(app, database):
    with database.writing() as session:
        _asked, officer, upload = received(session, "Số CCCD", SECRET)
        address = f"/rounds/tg-2021/lists/uploads/{upload.id}"
    browser = sign_in_client(app, officer)
    page = browser.get(address).text
    assert "không hỏi cột «Số CCCD»" in page
    assert SECRET not in page
    assert browser.get(f"{address}/original").status_code == 404
    assert "không giữ, vì có cột không được hỏi" in browser.get(f"{address}/confirm").text
