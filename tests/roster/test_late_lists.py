"""Units that owe lists: who, since when, what to write, and a later day."""

import io
from datetime import date, datetime, timedelta

import openpyxl
import pytest
from sqlalchemy import select

from survey_app.audit import AuditEntry
from survey_app.errors import Invalid, Missing, Refused
from survey_app.roster.late_lists import due_on, extend_deadline, late_units, late_workbook, reminder
from survey_app.roster.lock_rules import lock_roster
from survey_app.roster.rules import approve_list, return_list
from survey_app.text import LOCAL_ZONE, date_text, today
from tests.make import csrf_token, sign_in_client
from tests.roster.asked_round import make_asked_round
from tests.roster.test_rules import hand_in, officer, operator


def make_late(session, due: date):
    asked = make_asked_round(session)
    asked.round.lists_due_on, asked.round.opens_on = due, today() + timedelta(days=30)
    return asked


def test_units_that_owe_a_list_are_told_with_contacts_and_days(database):
    with database.writing() as session:
        asked = make_late(session, today() - timedelta(days=3))
        _leaders, citizens = hand_in(session, asked)
        (late,) = late_units(session, asked.round)
        assert (late.unit, late.days, late.is_late) == (asked.other, 3, True)
        assert late.owed_words == "nhóm E: chưa nộp"
        assert late.contacts == ()

        return_list(session, citizens, operator(session, asked), "Sửa.")
        contact = officer(session, asked)
        found = {one.unit: one for one in late_units(session, asked.round, only_late=True)}
        assert found[asked.commune].owed_words == "nhóm E: trả lại, chưa nộp lại"
        assert contact.full_name in found[asked.commune].contact_words


def test_on_the_due_day_nobody_is_late_yet(database):
    with database.writing() as session:
        asked = make_late(session, today())
        assert len(late_units(session, asked.round)) == 2
        assert late_units(session, asked.round, only_late=True) == []


def test_the_letter_says_who_asks_what_is_missing_by_when_and_where(database):
    with database.writing() as session:
        asked = make_late(session, date(2021, 12, 14))
        late = next(one for one in late_units(session, asked.round) if one.unit == asked.commune)
        words = reminder(asked.round, late, "https://x.vn/l", datetime(2021, 12, 15, 8, 5, tzinfo=LOCAL_ZONE))
        assert words == (
            "Kính gửi Xã Quài Cang. Đến 08:05 ngày 15/12/2021, Huyện Tuần Giáo chưa nhận được danh sách đối tượng "
            "điều tra xã hội học của quý đơn vị (hạn 14/12/2021): nhóm C: chưa nộp; nhóm E: chưa nộp. Đề nghị quý đơn "
            "vị nộp tại https://x.vn/l. Đầu mối: 0215 3862 000."
        )
        book = openpyxl.load_workbook(io.BytesIO(late_workbook(asked.round, [late], "https://x.vn/l")))
        cells = [cell for row in book.active.iter_rows(values_only=True) for cell in row if cell is not None]
        assert "Xã Quài Cang" in cells
        assert any(str(cell).startswith("Kính gửi Xã Quài Cang.") for cell in cells)


def test_a_unit_may_get_a_later_day_with_a_reason_in_the_log(database):
    with database.writing() as session:
        asked = make_late(session, today() - timedelta(days=3))
        by, day = operator(session, asked), today() + timedelta(days=2)
        for wrong, reason in ((None, "lũ"), (today() - timedelta(days=1), "lũ"), (day, " ")):
            with pytest.raises(Invalid):
                extend_deadline(session, asked.round, asked.other.id, wrong, reason, by)
        with pytest.raises(Invalid):
            extend_deadline(session, asked.round, asked.other.id, asked.round.opens_on + timedelta(days=1), "lũ", by)
        with pytest.raises(Missing):
            extend_deadline(session, asked.round, asked.district.id, day, "lũ", by)
        extend_deadline(session, asked.round, asked.other.id, day - timedelta(days=1), "Mưa lũ.", by)
        extend_deadline(session, asked.round, asked.other.id, day, "Mưa lũ, đường tắc.", by)
        assert due_on(session, asked.round, asked.other) == day
        assert due_on(session, asked.round, asked.commune) == asked.round.lists_due_on
        assert [one.unit for one in late_units(session, asked.round, only_late=True)] == [asked.commune]
        entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
        assert entry.sentence == f"Gia hạn nộp danh sách cho Xã Quài Nưa đến {date_text(day)}: Mưa lũ, đường tắc."


def test_after_locking_no_day_is_extended(database):
    with database.writing() as session:
        asked = make_late(session, today())
        for unit_list in hand_in(session, asked):
            approve_list(session, unit_list, operator(session, asked))
        lock_roster(session, asked.round, operator(session, asked), "đủ")
        day, by = today() + timedelta(days=1), operator(session, asked)
        with pytest.raises(Refused):
            extend_deadline(session, asked.round, asked.other.id, day, "lũ", by)


def test_the_page_lists_extends_and_gives_the_table(app, database):
    with database.writing() as session:
        asked = make_late(session, today() - timedelta(days=1))
        office, worker = operator(session, asked), officer(session, asked, asked.other)
    client, at_unit = sign_in_client(app, office), sign_in_client(app, worker)
    page = "/rounds/tg-2021/lists/late"
    assert at_unit.get(page).status_code == 403
    assert "Kính gửi Xã Quài Nưa." in client.get(page).text
    token = {"csrf_token": csrf_token(client)}
    wrong = client.post(f"{page}/{asked.other.id}", data=token | {"due_on": "hôm nào", "reason": "lũ"})
    assert wrong.status_code == 422
    assert "hôm nào" in wrong.text
    day = date_text(today() + timedelta(days=5))
    answer = client.post(f"{page}/{asked.other.id}", data=token | {"due_on": day, "reason": "lũ"})
    assert answer.status_code == 303
    assert day in at_unit.get("/rounds/tg-2021/lists/mine").text
    file = client.get(f"{page.replace('/late', '/late.xlsx')}?late=1")
    assert openpyxl.load_workbook(io.BytesIO(file.data)).active.title == "Chưa nộp"
