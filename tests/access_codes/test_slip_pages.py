"""Clicking through: print slips, tick attendance, print more, withdraw."""

import re
from io import BytesIO

from pypdf import PdfReader
from sqlalchemy import func, select

from survey_app.access_codes.models import AccessCode, Batch
from tests.access_codes.test_pages import make_ready, post

ADDRESS = "/rounds/tg-2021/slips"


def print_for_officials(client, place):
    return post(client, ADDRESS, people=f"{place.office.id}:A")


def only_list(database):
    with database.reading() as session:
        return session.scalars(select(Batch)).one()


def test_slips_are_printed_once_and_the_list_waits_for_ticks(database, app):
    place, client = make_ready(database, app)
    assert "Chưa in mã bốc thăm" in client.get(ADDRESS).text
    answer = print_for_officials(client, place)
    assert answer.mimetype == "application/pdf"
    text = "".join(page.extract_text() for page in PdfReader(BytesIO(answer.data)).pages)
    assert len(set(re.findall(r"\w{4}-\w{4}-\w{4}-\w", text))) == 5
    page = client.get(ADDRESS).text
    batch = only_list(database)
    assert f"{ADDRESS}/{batch.id}" in page
    attendance = client.get(f"{ADDRESS}/{batch.id}").text
    assert attendance.count('name="drew"') == 5
    assert re.search(r"\w{4}-\w{4}-\w{4}-\w\b", attendance) is None  # no code in clear any more


def test_ticking_through_the_page_changes_only_what_the_page_changed(database, app):
    place, client = make_ready(database, app)
    print_for_officials(client, place)
    batch = only_list(database)
    ids = [int(text) for text in re.findall(r'name="drew" value="(\d+)"', client.get(f"{ADDRESS}/{batch.id}").text)]
    post(client, f"{ADDRESS}/{batch.id}", drew=ids[:2])
    post(client, f"{ADDRESS}/{batch.id}", drew=ids[3:4])  # a page that was open before the first two were ticked
    assert only_list(database).ticked == 3
    post(client, f"{ADDRESS}/{batch.id}", was=ids[:2], drew=ids[:1])
    assert only_list(database).ticked == 2
    assert "Đã bốc thăm mã" in client.get(f"{ADDRESS}/{batch.id}").text


def test_a_choice_that_is_not_offered_is_a_sentence_beside_the_field(database, app):
    _place, client = make_ready(database, app)
    answer = post(client, ADDRESS, people="7:Z")
    assert answer.status_code == 422
    assert "Chọn đơn vị và nhóm dự họp." in answer.text


def test_more_slips_and_withdrawal(database, app):
    place, client = make_ready(database, app)
    print_for_officials(client, place)
    batch = only_list(database)
    assert post(client, f"{ADDRESS}/{batch.id}/more", count="2").mimetype == "application/pdf"
    assert only_list(database).printed == 7
    assert post(client, f"{ADDRESS}/{batch.id}/more", count="x").status_code == 403
    assert post(client, f"{ADDRESS}/{batch.id}/withdraw").status_code == 303
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(AccessCode).where(~AccessCode.void)) == 0
    assert client.get(f"{ADDRESS}/{batch.id}").status_code == 404
    assert "Chưa in mã bốc thăm" in client.get(ADDRESS).text
