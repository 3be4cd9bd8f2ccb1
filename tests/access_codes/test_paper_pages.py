"""Clicking through the batches of paper forms: faults of the form, further forms, and the end of the originals."""

import re

from sqlalchemy import select

from survey_app.access_codes import queries
from survey_app.access_codes.models import Batch, BatchKind
from survey_app.audit import AuditEntry
from survey_app.db import now
from survey_app.rounds.models import Round
from survey_app.text import today
from tests.access_codes.test_pages import make_ready, post

ADDRESS = "/rounds/tg-2021/paper"


def only_batch(database, kind=BatchKind.PAPER):
    with database.reading() as session:
        return session.scalars(select(Batch).where(Batch.kind == kind)).one()


def test_a_batch_is_made_for_those_who_wait_and_grows(database, app):
    place, client = make_ready(database, app)
    people = f"{place.office.id}:A"
    for fields, words in (
        ({"people": "7:Z", "share": "10"}, "Chọn đơn vị và nhóm được phát phiếu."),
        ({"people": people, "share": "5"}, "từ 10 đến 100 %"),
        ({"people": people, "share": "10", "forms": "0"}, "Số phiếu phát ra"),
    ):
        answer = post(client, ADDRESS, **fields)
        assert answer.status_code == 422
        assert words in answer.text
    assert post(client, ADDRESS, people=people, share="10", forms="").status_code == 303
    batch = only_batch(database)
    assert (batch.number, batch.printed, batch.second_share) == (1, 5, 10)
    post(client, f"/rounds/tg-2021/batches/{batch.id}/more", count="3")
    assert only_batch(database).printed == 8
    assert "8 phiếu phát ra" in client.get(f"/rounds/tg-2021/batches/{batch.id}").text


def test_of_namesakes_the_lists_to_tick_say_who_is_who(database, app):
    place, client = make_ready(database, app)
    facts = ((1975, "Trưởng phòng", None), (1982, "Phó Trưởng phòng", "Bộ phận một cửa"))
    with database.writing() as session:
        invited = list(session.scalars(queries.invitations(place.round, place.office, place.officials)))
        for one, (year, title, workplace) in zip(invited[1:3], facts, strict=True):
            one.person.name, one.person.birth_year = "Bạc Văn Pâng", year
            one.person.job_title, one.person.workplace = title, workplace
        numbers = queries.person_numbers(session, place.round)
        first, second = (numbers[one.person_id] for one in invited[1:3])
    post(client, ADDRESS, people=f"{place.office.id}:A", share="10")
    page = client.get(f"/rounds/tg-2021/batches/{only_batch(database).id}").text
    told = ("Bạc Văn Pâng, 1975 Trưởng phòng, Phòng Nội vụ", "Bạc Văn Pâng, 1982 Phó Trưởng phòng, Bộ phận một cửa")
    assert namesakes(page) == [f"{first} {told[0]} Chưa trả lời", f"{second} {told[1]} Chưa trả lời"]
    post(client, "/rounds/tg-2021/slips", people=f"{place.office.id}:A")
    page = client.get(f"/rounds/tg-2021/slips/{only_batch(database, BatchKind.SLIP).id}").text
    assert namesakes(page) == [
        f"2 {told[0]} Chưa trả lời",
        f"3 {told[1]} Chưa trả lời",
    ]  # as on the signed list


def namesakes(page):
    """What the list to tick says of everybody who is called Bạc Văn Pâng."""
    rows = [" ".join(re.sub(r"<[^>]*>", " ", row).split()) for row in re.findall("<tr>.*?</tr>", page, re.DOTALL)]
    return [row for row in rows if "Bạc Văn Pâng" in row]


def test_the_end_of_the_originals_stands_in_the_log(database, app):
    place, client = make_ready(database, app)
    post(client, ADDRESS, people=f"{place.office.id}:A", share="10")
    address = f"/rounds/tg-2021/batches/{only_batch(database).id}"
    assert post(client, f"{address}/destroyed").status_code == 403
    with database.writing() as session:
        survey_round = session.get_one(Round, place.round.id)
        survey_round.opened_at = survey_round.closed_at = now()
        survey_round.envelopes_opened_on = today()
    assert "Hủy phiếu gốc trước mặt hai người" in client.get(address).text
    assert post(client, f"{address}/destroyed").status_code == 303
    assert "Ngày và người ghi có trong nhật ký" in client.get(address).text
    with database.reading() as session:
        last = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
        assert last.sentence == f"Đã hủy phiếu gốc của lô 1 đợt tg-2021: {place.office.name}, nhóm A"
