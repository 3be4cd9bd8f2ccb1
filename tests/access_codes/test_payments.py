"""The list of payments: only of whom the office knows that they answered, sums in words, a place to sign."""

from io import BytesIO

import openpyxl
from pypdf import PdfReader
from sqlalchemy import select

from survey_app.access_codes.models import Invitation, InvitationState
from survey_app.audit import AuditEntry
from tests.access_codes.test_pages import make_ready, post

ADDRESS = "/rounds/tg-2021/payments"


def answered(database, count):
    with database.writing() as session:
        for one in session.scalars(select(Invitation).order_by(Invitation.id).limit(count)):
            one.state = InvitationState.RECEIVED


def test_who_answered_is_paid_the_rate_of_the_group(database, app):
    _place, client = make_ready(database, app)
    assert "Chưa có ai trả lời" in client.get(ADDRESS).text
    answered(database, 3)
    assert post(client, ADDRESS, A="30.000", E="20000").status_code == 303
    page = client.get(ADDRESS).text
    assert "3 người được chi trả" in page
    assert "Bằng chữ: Chín mươi nghìn đồng." in page
    sheet = openpyxl.load_workbook(BytesIO(post(client, f"{ADDRESS}.xlsx").data)).active
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert sum(row[6] or 0 for row in rows if isinstance(row[0], int)) == 90_000
    assert any("Chín mươi nghìn đồng" in str(row[0]) for row in rows)
    pdf = " ".join(
        " ".join(page.extract_text() for page in PdfReader(BytesIO(post(client, f"{ADDRESS}.pdf").data)).pages).split()
    )
    assert "Ký nhận" in pdf
    assert "90.000" in pdf
    with database.reading() as session:
        last = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
        assert (last.action, last.fields["amount"]) == ("round.payments_exported", "90000")


def test_a_group_without_a_rate_is_not_paid_and_nobody_is_a_refusal(database, app):
    _place, client = make_ready(database, app)
    answered(database, 3)
    assert post(client, f"{ADDRESS}.xlsx").status_code == 403


def test_a_rate_that_is_no_sum_stands_beside_its_field(database, app):
    _place, client = make_ready(database, app)
    answer = post(client, ADDRESS, A="ba mươi nghìn", E="20000000")
    assert answer.status_code == 422
    assert answer.text.count("ghi số tiền bằng chữ số") >= 2
    assert 'value="ba mươi nghìn"' in answer.text
