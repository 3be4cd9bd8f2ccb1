"""In which language the program speaks."""

from collections.abc import Callable

from flask import Flask
from flask.testing import FlaskClient

from survey_app.look import BADGES, badge
from tests.make import csrf_token

WRONG_CODE = {"code": "AAAA-AAAA-AAAA-A"}


def test_a_wrong_code_is_told_in_the_language_of_the_page(client: FlaskClient) -> None:
    assert "Code not right." in client.post("/phieu/rieng-tu", data={**WRONG_CODE, "language": "en"}).text
    assert "Mã chưa đúng." in client.post("/phieu/rieng-tu", data=WRONG_CODE).text


def test_an_unknown_language_is_answered_in_vietnamese(client: FlaskClient) -> None:
    assert "Nhập mã trên giấy mời" in client.get("/?lang=xx").text
    assert client.get("/sign-in?lang=../en").status_code == 200


def test_a_form_too_large_to_read_is_told_and_is_no_fault(client: FlaskClient) -> None:
    answer = client.post("/phieu/rieng-tu", data={"code": "A" * 7_000_000})
    assert answer.status_code == 413


def test_an_account_reads_in_its_own_language(signed_in: Callable[..., FlaskClient]) -> None:
    browser = signed_in()
    assert "Đợt điều tra" in browser.get("/rounds").text
    chosen = {"csrf_token": csrf_token(browser), "language": "en", "theme": "auto", "look": "1"}
    assert browser.post("/account/look", data=chosen).status_code in (302, 303)
    page = browser.get("/rounds").text
    assert "Survey rounds" in page
    assert "Đợt điều tra" not in page
    assert '<html lang="en"' in page


def test_every_badge_has_an_english_word(app: Flask) -> None:
    with app.test_request_context("/?lang=en"):
        for kind, states in BADGES.items():
            for state, (word, _tone, _icon) in states.items():
                assert word not in badge(kind, state)
