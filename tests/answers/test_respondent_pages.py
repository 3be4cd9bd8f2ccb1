"""A person answers without script: page by page, no cookie, nothing on the server before the sending."""

import html
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from survey_app.access_codes.codes import printed
from survey_app.access_codes.models import Invitation
from survey_app.answers.envelope import open_envelope
from survey_app.answers.models import Envelope
from survey_app.answers.payload import read_payload
from survey_app.db import Database, now
from tests.answers.make import OpenRound, make_open_round


@pytest.fixture
def made(app: Flask, database: Database) -> OpenRound:
    with database.writing() as session:
        return make_open_round(session, app.extensions["survey_settings"].keys.pepper)


def text_of(answer: TestResponse) -> str:
    return html.unescape(answer.get_data(as_text=True))


def state_of(answer: TestResponse) -> str:
    found = re.search(r'name="state" value="([^"]+)"', answer.get_data(as_text=True))
    assert found, text_of(answer)
    return found[1]


def enter(client: FlaskClient, code: str) -> TestResponse:
    return client.post("/phieu/rieng-tu", data={"code": code})


def go(client: FlaskClient, before: TestResponse, to: str, **fields: object) -> TestResponse:
    return client.post(to, data={"state": state_of(before), **{k.rstrip("_"): v for k, v in fields.items()}})


def answer_all(client: FlaskClient, code: str) -> TestResponse:
    """From the code to the review, every question answered; the page of the review."""
    page = go(client, enter(client, code), "/phieu/cau/1")
    page = go(client, page, "/phieu/cau/2", from_=1, b_lam_tt="co")
    page = go(client, page, "/phieu/cau/3", from_=2, q_5_6_3="4")
    page = go(client, page, "/phieu/cau/4", from_=3, q_5_6_2="KB")
    page = go(client, page, "/phieu/cau/5", from_=4, b_so_lan="2")
    page = go(client, page, "/phieu/cau/6", from_=5, b_kenh=["mang", "bang"])
    return go(client, page, "/phieu/cau/7", from_=6, y_kien="Thêm ghế")


def test_the_whole_way_from_code_to_thanks(client: FlaskClient, database: Database, made: OpenRound) -> None:
    page = enter(client, printed(made.codes[0]).lower())
    assert "Khoảng" in text_of(page)
    assert "niêm phong ngay khi gửi" in text_of(page)
    page = go(client, page, "/phieu/cau/1")
    assert "Trong năm 2021, ông/bà có làm thủ tục ở Huyện Tuần Giáo không?" in text_of(page)
    review = answer_all(client, made.codes[0])
    assert "Xem lại trước khi gửi" in text_of(review)
    assert "Trên mạng; Bảng niêm yết" in text_of(review)
    sent = go(client, review, "/phieu/cam-on")
    assert sent.status_code == 200
    assert "Phiếu của ông/bà đã được niêm phong" in text_of(sent)
    assert "Thêm ghế" not in text_of(sent)
    with database.reading() as session:
        envelope = session.scalars(select(Envelope)).one()
        content = read_payload(open_envelope(envelope.sealed, made.private_keys[:1], made.round.code))
    assert content.ratings[0].answers == {
        "b_lam_tt": "co",
        "q_5_6_3": "4",
        "q_5_6_2": "KB",
        "b_so_lan": 2,
        "b_kenh": ["mang", "bang"],
        "y_kien": "Thêm ghế",
    }


def test_no_page_sets_a_cookie_or_may_be_stored(client: FlaskClient, made: OpenRound) -> None:
    review = answer_all(client, made.codes[0])
    pages = [client.get("/"), client.get("/p"), review, go(client, review, "/phieu/cam-on"), client.get("/cam-ket")]
    pages += [enter(client, "AAAA"), enter(client, made.codes[0]), client.get(f"/bien-ban-mo/{made.round.code}")]
    for page in pages:
        assert "Set-Cookie" not in page.headers
        assert page.headers["Cache-Control"] == "no-store"
        assert page.headers["Referrer-Policy"] == "no-referrer"


def test_sending_the_same_page_twice_is_thanked_twice_and_stored_once(
    client: FlaskClient, database: Database, made: OpenRound
) -> None:
    review = answer_all(client, made.codes[0])
    for _ in range(2):
        sent = go(client, review, "/phieu/cam-on")
        assert (sent.status_code, "Đã gửi" in text_of(sent)) == (200, True)
    with database.reading() as session:
        assert len(session.scalars(select(Envelope)).all()) == 1


def test_another_answer_with_the_same_code_is_not_taken(client: FlaskClient, made: OpenRound) -> None:
    first, second = answer_all(client, made.codes[0]), answer_all(client, made.codes[0])
    go(client, first, "/phieu/cam-on")
    late = go(client, second, "/phieu/cam-on")
    assert late.status_code == 409
    assert "Một phiếu khác với mã này đã gửi trước" in text_of(late)


def test_after_sending_no_earlier_page_shows_the_answers_again(client: FlaskClient, made: OpenRound) -> None:
    review = answer_all(client, made.codes[0])
    go(client, review, "/phieu/cam-on")
    for address in ("/phieu/kiem-tra", "/phieu/cau/2", "/phieu/rieng-tu"):
        page = go(client, review, address)
        assert page.status_code == 409
        assert "Mã này đã được dùng để gửi phiếu" in text_of(page)
        assert "Thêm ghế" not in text_of(page)


def test_an_unanswered_question_keeps_the_person_there_with_the_sentence(client: FlaskClient, made: OpenRound) -> None:
    page = go(client, enter(client, made.codes[0]), "/phieu/cau/1")
    page = go(client, page, "/phieu/cau/2", from_=1, b_lam_tt="co")
    page = go(client, page, "/phieu/cau/3", from_=2)
    assert page.status_code == 422
    assert "Còn 1 câu cần trả lời" in text_of(page)
    assert "Không rõ thì chọn «Không biết / không có ý kiến»" in text_of(page)
    assert "<title>Lỗi: " in text_of(page)


def test_going_back_keeps_what_was_chosen(client: FlaskClient, made: OpenRound) -> None:
    page = go(client, enter(client, made.codes[0]), "/phieu/cau/1")
    page = go(client, page, "/phieu/cau/2", from_=1, b_lam_tt="co")
    page = go(client, page, "/phieu/cau/1", from_=2, q_5_6_3="2", back="1")
    assert re.search(r'value="co"[^>]* checked', text_of(page))
    page = go(client, page, "/phieu/cau/2", from_=1, b_lam_tt="co")
    assert re.search(r'value="2"[^>]* checked', text_of(page))


def test_going_back_from_an_unanswered_question_is_no_fault(client: FlaskClient, made: OpenRound) -> None:
    page = go(client, enter(client, made.codes[0]), "/phieu/cau/1")
    page = go(client, page, "/phieu/rieng-tu", from_=1, back="1")
    assert page.status_code == 200
    assert "Trước khi bắt đầu" in text_of(page)


def test_switching_the_language_keeps_the_answer_of_the_page(client: FlaskClient, made: OpenRound) -> None:
    page = go(client, enter(client, made.codes[0]), "/phieu/cau/1")
    page = go(client, page, "/phieu/cau/1", from_=1, b_lam_tt="co", switch="en")
    assert '<html lang="en">' in text_of(page)
    assert "Did you file with Huyện Tuần Giáo in 2021?" in text_of(page)
    assert re.search(r'value="co"[^>]* checked', text_of(page))


def test_who_did_nothing_here_skips_the_questions_about_it(client: FlaskClient, made: OpenRound) -> None:
    page = go(client, enter(client, made.codes[0]), "/phieu/cau/1")
    page = go(client, page, "/phieu/cau/2", from_=1, b_lam_tt="khong")
    assert "Ông/bà muốn cơ quan làm tốt hơn điều gì?" in text_of(page)
    page = go(client, page, "/phieu/cau/3", from_=2, y_kien="")
    assert "Xem lại trước khi gửi" in text_of(page)
    assert go(client, page, "/phieu/cam-on").status_code == 200


def test_an_answer_changed_from_the_review_leads_back_to_the_review(client: FlaskClient, made: OpenRound) -> None:
    review = answer_all(client, made.codes[0])
    question = go(client, review, "/phieu/cau/2", review="1")
    assert 'action="/phieu/kiem-tra#cau-2"' in question.get_data(as_text=True)  # back in the line that was changed
    assert '<div id="cau-2">' in review.get_data(as_text=True)
    review = go(client, question, "/phieu/kiem-tra", from_=2, review="1", q_5_6_3="1")
    assert "Rất không hài lòng" in text_of(review)


def test_a_branch_opened_from_the_review_must_be_answered_before_sending(client: FlaskClient, made: OpenRound) -> None:
    page = go(client, enter(client, made.codes[0]), "/phieu/cau/1")
    review = go(client, page, "/phieu/kiem-tra", from_=1, b_lam_tt="khong")
    question = go(client, review, "/phieu/cau/1", review="1")
    question = go(client, question, "/phieu/kiem-tra", from_=1, review="1", b_lam_tt="co")
    assert 'name="q_5_6_3"' in text_of(question)  # what the change has opened comes next
    review = go(client, question, "/phieu/cam-on")
    assert review.status_code == 422
    assert "Còn 2 câu cần trả lời" in text_of(review)
    question = go(client, question, "/phieu/kiem-tra", from_=2, review="1", q_5_6_3="4")
    review = go(client, question, "/phieu/kiem-tra", from_=3, review="1", q_5_6_2="KB")
    assert "Xem lại trước khi gửi" in text_of(review)
    assert go(client, review, "/phieu/cam-on").status_code == 200


def test_the_last_page_is_the_same_in_another_language(client: FlaskClient, made: OpenRound) -> None:
    page = go(client, enter(client, made.codes[0]), "/phieu/tu-choi")
    for language, words in (("en", "We will not remind you again."), ("vi", "Chúng tôi sẽ không nhắc nữa.")):
        action = re.search(rf'name="switch" value="{language}" formaction="([^"]+)"', text_of(page))
        fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', text_of(page)))
        page = client.post(action[1], data=fields | {"switch": language})
        assert words in text_of(page)


def test_a_wrong_code_is_said_in_words_and_kept_in_the_field(client: FlaskClient, made: OpenRound) -> None:
    page = enter(client, "ABCD-EFGH")
    assert page.status_code == 404
    assert "Mã chưa đúng. Xem lại giấy mời" in text_of(page)
    assert 'value="ABCD-EFGH"' in text_of(page)


def test_refusing_ends_reminders_and_can_be_taken_back(
    client: FlaskClient, database: Database, made: OpenRound
) -> None:
    page = go(client, enter(client, made.codes[0]), "/phieu/tu-choi")
    assert "Chúng tôi sẽ không nhắc nữa" in text_of(page)
    with database.reading() as session:
        assert session.scalars(select(Invitation).order_by(Invitation.id)).first().state == "refused"
    assert go(client, answer_all(client, made.codes[0]), "/phieu/cam-on").status_code == 200


def test_looking_at_pages_spends_nothing(client: FlaskClient, database: Database, made: OpenRound) -> None:
    for _ in range(20):
        client.get("/p")
        client.head("/p")
        enter(client, made.codes[0])
    with database.reading() as session:
        assert {i.state for i in session.scalars(select(Invitation))} == {"unused"}


@pytest.mark.parametrize("address", ["/phieu/cau/3", "/phieu/kiem-tra", "/phieu/cam-on", "/phieu/khong-co"])
def test_an_address_of_the_form_without_its_field_leads_to_the_code(client: FlaskClient, address: str) -> None:
    assert client.get(address).headers["Location"] == "/"


def test_a_foreign_field_is_refused_in_words(client: FlaskClient, made: OpenRound) -> None:
    page = client.post("/phieu/cau/1", data={"state": "AAAA"})
    assert page.status_code == 400
    assert "Nhập lại mã trên giấy mời" in text_of(page)


def test_a_closed_round_says_when_it_ended(client: FlaskClient, database: Database, made: OpenRound) -> None:
    review = answer_all(client, made.codes[0])
    with database.writing() as session:
        session.merge(made.round).closed_at = now()
    for page in (enter(client, made.codes[1]), go(client, review, "/phieu/cam-on")):
        assert page.status_code == 410
        assert "Khảo sát đã kết thúc ngày" in text_of(page)


def test_a_page_of_another_site_cannot_send(client: FlaskClient, made: OpenRound) -> None:
    data = {"code": made.codes[0]}
    cross = client.post("/phieu/rieng-tu", data=data, headers={"Sec-Fetch-Site": "cross-site"})
    origin = client.post("/phieu/rieng-tu", data=data, headers={"Origin": "https://evil.example"})
    own = client.post("/phieu/rieng-tu", data=data, headers={"Origin": "http://localhost"})
    hidden = client.post("/phieu/rieng-tu", data=data, headers={"Origin": "null"})
    assert [page.status_code for page in (cross, origin, own, hidden)] == [403, 403, 200, 200]


def test_every_page_ends_with_the_help_phone(client: FlaskClient, made: OpenRound) -> None:
    review = answer_all(client, made.codes[0])
    for page in (enter(client, made.codes[0]), review, go(client, review, "/phieu/cam-on")):
        assert "0215 3862 000" in text_of(page)


def test_pages_of_no_round_name_the_phone_of_the_one_that_is_open(
    client: FlaskClient, database: Database, made: OpenRound
) -> None:
    """Whoever has a wrong code or meets a fault needs it most."""
    pages = [client.get("/"), client.get("/p"), client.get("/cam-ket"), enter(client, "ABCD-EFGH-JKMN-P")]
    pages.append(client.get("/bien-ban-mo/khong-co"))
    pages.append(client.post("/phieu/cau/1", data={"state": "x"}))
    pages.append(client.post("/phieu/cau/1", data={}, headers={"Sec-Fetch-Site": "cross-site"}))
    pages.append(client.get("/p/khong-co"))
    assert [page.status_code for page in pages] == [200, 200, 200, 404, 404, 400, 403, 404]
    for page in pages:
        assert 'href="tel:02153862000"' in text_of(page), page.request.path


def test_without_an_open_round_the_page_of_the_code_names_the_letter(client: FlaskClient) -> None:
    assert "gọi số điện thoại ghi trên giấy mời" in text_of(client.get("/"))


def test_markup_in_an_opinion_is_shown_as_text(client: FlaskClient, made: OpenRound) -> None:
    page = go(client, enter(client, made.codes[0]), "/phieu/cau/1")
    page = go(client, page, "/phieu/cau/2", from_=1, b_lam_tt="khong")
    review = go(client, page, "/phieu/kiem-tra", from_=2, y_kien="<script>alert(1)</script>")
    assert "<script>alert" not in review.get_data(as_text=True)
    assert "&lt;script&gt;" in review.get_data(as_text=True)
