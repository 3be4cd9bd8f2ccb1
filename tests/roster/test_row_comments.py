"""Comments on rows: written in review, beside the row of the unit's draft, kept until the list is approved."""

import pytest
from sqlalchemy import select

from survey_app.errors import Invalid, Refused
from survey_app.roster.drafts import draft_from_json
from survey_app.roster.models import ListState, Upload
from survey_app.roster.queries import cards
from survey_app.roster.row_comments import delete_comment, open_comments, place_comments, write_comments
from survey_app.roster.rules import approve_list, return_list, save_draft, submit_list
from survey_app.roster.typed_lists import Source, start_typed_list
from tests.make import csrf_token, sign_in_client
from tests.roster.asked_round import make_asked_round
from tests.roster.test_rules import hand_in, officer, operator


def rows_of(unit_list) -> list[tuple[int, str]]:
    return [(person.position, person.name) for person in unit_list.persons]


def test_comments_stay_beside_their_rows_through_return_and_correction_until_approval(database):
    with database.writing() as session:
        asked = make_asked_round(session)
        _leaders, citizens = hand_in(session, asked)
        office, by = operator(session, asked), officer(session, asked)
        before = citizens.version
        assert write_comments(session, citizens, {1: " ", 2: "Kiểm tra năm sinh."}, office) == 1
        assert citizens.version > before
        return_list(session, citizens, office, "Sửa 1 dòng có góp ý.")

        upload = start_typed_list(session, asked.round, asked.commune, "E", by, Source.RETURNED)
        draft = draft_from_json(upload.reading)
        table = draft.tables[0]
        kept = [(row.row, str(row.cells["name"])) for row in table.rows]
        assert kept == rows_of(citizens)
        assert [str(row.cells["return"]) for row in table.rows] == ["06/03/2021"] * 2
        placed = place_comments(open_comments(citizens), [(1, "Tên khác"), (2, "Tên mới")], same_numbers=True)
        assert [one.words for one in placed.by_row[2]] == ["Kiểm tra năm sinh."]
        assert placed.loose == []

        save_draft(upload, draft, by)
        submit_list(session, upload, by, declared=True)
        assert citizens.state == ListState.SUBMITTED
        assert list(place_comments(open_comments(citizens), rows_of(citizens)).by_row) == [2]
        approve_list(session, citizens, office)
        assert open_comments(citizens) == []
        assert len(citizens.comments) == 1


def test_a_comment_follows_its_person_and_one_whose_person_left_is_told_apart(database):
    with database.writing() as session:
        asked = make_asked_round(session)
        _leaders, citizens = hand_in(session, asked)
        first, second = (name for _row, name in rows_of(citizens))
        write_comments(session, citizens, {1: "một", 2: "hai"}, operator(session, asked))
        placed = place_comments(open_comments(citizens), [(1, "Người mới"), (7, first.upper())])
        assert [(row, one.words) for row, found in placed.by_row.items() for one in found] == [(7, "một")]
        assert [(one.row, one.name) for one in placed.loose] == [(2, second)]


def test_comments_are_refused_where_nobody_reviews_and_for_rows_that_are_not_there(database):
    with database.writing() as session:
        asked = make_asked_round(session)
        _leaders, citizens = hand_in(session, asked)
        office = operator(session, asked)
        with pytest.raises(Invalid):
            write_comments(session, citizens, {3: "không có dòng này"}, office)
        with pytest.raises(Invalid) as fault:
            write_comments(session, citizens, {1: "dài" * 200}, office)
        assert list(fault.value.faults) == ["comment-1"]
        write_comments(session, citizens, {1: "nhầm"}, office)
        delete_comment(session, citizens, citizens.comments[0].id)
        assert citizens.comments == []
        return_list(session, citizens, office, "Xem lại.")
        with pytest.raises(Refused):
            write_comments(session, citizens, {1: "muộn"}, office)


def test_the_office_comments_on_the_page_and_the_unit_corrects_without_a_new_file(app, database):
    with database.writing() as session:
        asked = make_asked_round(session)
        _leaders, citizens = hand_in(session, asked)
        worker = officer(session, asked)
        office = operator(session, asked)
        list_id, version = citizens.id, citizens.version
    at_office, at_unit = sign_in_client(app, office), sign_in_client(app, worker)
    base = "/rounds/tg-2021/lists"
    token = {"csrf_token": csrf_token(at_office)}
    stale = token | {"version": version - 1, "comment-1": "cũ"}
    assert at_office.post(f"{base}/{list_id}/comments", data=stale).status_code == 409
    saved = token | {"version": version, "comment-1": "Số này của người khác."}
    assert at_office.post(f"{base}/{list_id}/comments", data=saved).status_code == 303
    assert "Số này của người khác." in at_office.get(f"{base}/{list_id}").text
    assert "Số này của người khác." not in at_unit.get(f"{base}/mine").text
    with database.reading() as session:
        version = session.get(type(citizens), list_id).version
    assert at_office.post(f"{base}/{list_id}/return", data=token | {"version": version}).status_code == 303
    mine = at_unit.get(f"{base}/mine").text
    assert "Sửa 1 dòng có góp ý." in mine
    assert "Sửa danh sách đã nộp" in mine
    data = {"csrf_token": csrf_token(at_unit), "group": "E", "source": "returned"}
    answer = at_unit.post(f"{base}/typed", data=data)
    assert "Số này của người khác." in at_unit.get(answer.location).text
    assert "Số này của người khác." in at_unit.get(answer.location.removesuffix("/grid")).text
    with database.reading() as session:
        upload = session.scalar(select(Upload).where(Upload.confirmed_at.is_(None)))
        assert upload.file_name == "Danh sách được trả lại, nhóm E"
        card = next(one for one in cards(session, upload.round, upload.unit) if one.group.code == "E")
        assert card.state == ListState.RETURNED


def test_a_unit_cannot_start_from_a_list_that_lies_with_the_office(database):
    with database.writing() as session:
        asked = make_asked_round(session)
        hand_in(session, asked)
        with pytest.raises(Refused):
            start_typed_list(session, asked.round, asked.commune, "E", officer(session, asked), Source.RETURNED)
