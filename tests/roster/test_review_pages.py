"""Two people of the office on one list: rows apart do not meet, on one row both are shown, a late decision is told."""

import re

import pytest

from survey_app.access import Role
from tests.make import csrf_token, make_user, sign_in_client
from tests.roster.asked_round import make_asked_round
from tests.roster.test_rules import hand_in

LISTS = "/rounds/tg-2021/lists"


@pytest.fixture
def two(app, database):
    """The clients of two operators who both look at the list of citizens."""
    with database.writing() as session:
        asked = make_asked_round(session)
        _leaders, citizens = hand_in(session, asked)
        names = ("Lò Thị Minh", "Quàng Văn Sơn")
        users = [make_user(session, Role.OPERATOR, asked.district, full_name=name) for name in names]
        address = f"{LISTS}/{citizens.id}"
    clients = [sign_in_client(app, user) for user in users]
    return address, [(client, seen(client, address)) for client in clients]


def seen(client, address) -> dict[str, str]:
    text = client.get(address).text
    fields = dict(re.findall(r'name="(version|seen-event|seen-comment)" value="(\d+)"', text))
    return fields | {"csrf_token": csrf_token(client)}


def test_comments_on_two_rows_do_not_clash(two):
    address, [(minh, page_1), (son, page_2)] = two
    assert minh.post(f"{address}/comments", data=page_1 | {"comment-1": "Số sai."}).status_code == 303
    assert son.post(f"{address}/comments", data=page_2 | {"comment-2": "Thiếu ngày trả."}).status_code == 303
    text = son.get(address).text
    assert "Số sai." in text
    assert "Thiếu ngày trả." in text


def test_on_one_row_both_are_shown_and_pressing_again_keeps_both(two):
    address, [(minh, page_1), (son, page_2)] = two
    minh.post(f"{address}/comments", data=page_1 | {"comment-1": "Số sai."})
    typed = {"comment-1": "Sai năm sinh.", "comment-2": "Thiếu ngày trả.", "reason": "Thiếu 3 người."}
    answer = son.post(f"{address}/return", data=page_2 | typed)
    assert answer.status_code == 409
    assert "Lò Thị Minh đã góp ý dòng 1 lúc" in answer.text
    assert "«Số sai.»" in answer.text
    for words in ('value="Sai năm sinh."', 'value="Thiếu ngày trả."', ">Thiếu 3 người.</textarea>"):
        assert words in answer.text
    again = dict(re.findall(r'name="(version|seen-event|seen-comment)" value="(\d+)"', answer.text))
    assert son.post(f"{address}/return", data=page_2 | again | typed).status_code == 303
    assert all(words in son.get(address).text for words in ("Số sai.", "Sai năm sinh.", "Thiếu 3 người."))


def test_a_late_decision_says_who_did_what_and_when_and_keeps_the_reason(two):
    address, [(minh, page_1), (son, page_2)] = two
    assert minh.post(f"{address}/approve", data=page_1).status_code == 303
    for act, data in (("approve", {}), ("return", {"reason": "Thiếu 3 người."})):
        answer = son.post(f"{address}/{act}", data=page_2 | data)
        assert answer.status_code == 409
        assert re.search(r"Lò Thị Minh đã duyệt danh sách này lúc \d", answer.text)
    assert "Thiếu 3 người." in answer.text
    assert "Đã duyệt" in answer.text


def test_what_has_no_field_any_more_is_still_shown(two):
    address, [(minh, page_1), (son, page_2)] = two
    minh.post(f"{address}/return", data=page_1 | {"reason": "Làm lại."})
    answer = son.post(f"{address}/comments", data=page_2 | {"comment-2": "Thiếu ngày trả.", "reason": "Chậm."})
    assert answer.status_code == 409
    assert "Lò Thị Minh đã trả lại danh sách này lúc" in answer.text
    assert "Những gì vừa gõ, chưa ghi" in answer.text
    assert "Thiếu ngày trả." in answer.text
    assert "Chậm." in answer.text


def test_who_approves_must_have_seen_the_comments(two):
    address, [(minh, page_1), (son, page_2)] = two
    minh.post(f"{address}/comments", data=page_1 | {"comment-1": "Số sai."})
    answer = son.post(f"{address}/approve", data=page_2)
    assert answer.status_code == 409
    assert "Lò Thị Minh đã góp ý dòng 1: «Số sai.»" in answer.text
