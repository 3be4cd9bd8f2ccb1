"""Many posts of one code at the same moment, against the real server: exactly one is stored."""

import http.client
import json
import secrets
import threading
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import event, func, select

from survey_app.access_codes.codes import hash_of
from survey_app.access_codes.models import Invitation, InvitationState
from survey_app.answers.models import Envelope
from survey_app.answers.rules import Receipt, Sending, receive_all
from survey_app.db import Database
from survey_app.errors import Conflict
from tests.answers.make import ANSWERS, OpenRound, make_open_round

AT_ONCE = 20


def post_together(port: int, bodies: list[dict[str, object]]) -> Counter[int]:
    """Statuses of all bodies posted at one moment, each over its own connection."""
    start = threading.Barrier(len(bodies))

    def post(body: dict[str, object]) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.connect()
        start.wait()
        connection.request("POST", "/p/answers", json.dumps(body), {"Content-Type": "application/json"})
        status = connection.getresponse().status
        connection.close()
        return status

    with ThreadPoolExecutor(len(bodies)) as pool:
        return Counter(pool.map(post, bodies))


def stored(database: Database) -> tuple[int, int]:
    with database.reading() as session:
        envelopes = session.scalar(select(func.count()).select_from(Envelope)) or 0
        received = session.scalar(
            select(func.count()).select_from(Invitation).where(Invitation.state == InvitationState.RECEIVED)
        )
        return envelopes, received or 0


@pytest.fixture
def made(app: Flask, database: Database) -> OpenRound:
    with database.writing() as session:
        return make_open_round(session, app.extensions["survey_settings"].keys.pepper, persons=(5,))


def test_of_twenty_different_submissions_of_one_code_one_is_stored(
    port: int, database: Database, made: OpenRound
) -> None:
    for number, code in enumerate(made.codes, 1):
        bodies = [{"code": code, "submission": secrets.token_hex(16), "answers": ANSWERS} for _ in range(AT_ONCE)]
        assert post_together(port, bodies) == {200: 1, 409: AT_ONCE - 1}
        assert stored(database) == (number, number)


def test_twenty_repetitions_of_one_submission_all_succeed_and_one_is_stored(
    port: int, database: Database, made: OpenRound
) -> None:
    body = {"code": made.codes[0], "submission": secrets.token_hex(16), "answers": ANSWERS}
    assert post_together(port, [body] * AT_ONCE) == {200: AT_ONCE}
    assert stored(database) == (1, 1)


def test_the_five_persons_sending_among_the_twenty_are_all_stored(
    port: int, database: Database, made: OpenRound
) -> None:
    bodies = [
        {"code": code, "submission": secrets.token_hex(16), "answers": ANSWERS} for code in made.codes for _ in range(4)
    ]
    assert post_together(port, bodies) == {200: 5, 409: 15}
    assert stored(database) == (5, 5)


def sendings_of(app: Flask, codes: Sequence[str]) -> list[Sending]:
    pepper = app.extensions["survey_settings"].keys.pepper
    return [Sending(hash_of(code, pepper), secrets.token_hex(32), b"sealed") for code in codes]


def test_five_sendings_of_one_moment_cost_three_statements(app: Flask, database: Database, made: OpenRound) -> None:
    statements: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *facts: statements.append(facts[2]))
    with database.writing() as session:
        receipts = receive_all(session, sendings_of(app, made.codes))
    assert receipts == [Receipt.STORED] * 5
    assert [statement.split()[0] for statement in statements][-3:] == ["SELECT", "UPDATE", "INSERT"]
    assert stored(database) == (5, 5)


def test_a_repetition_among_others_changes_nothing(app: Flask, database: Database, made: OpenRound) -> None:
    first, second, third = sendings_of(app, made.codes[:3])
    with database.writing() as session:
        receive_all(session, [first])
    with database.writing() as session:
        assert receive_all(session, [second, first, third]) == [Receipt.STORED, Receipt.REPEATED, Receipt.STORED]
    assert stored(database) == (3, 3)


def test_two_sendings_of_one_code_do_not_go_together(app: Flask, database: Database, made: OpenRound) -> None:
    both = sendings_of(app, [made.codes[0], made.codes[0]])
    with pytest.raises(Conflict), database.writing() as session:
        receive_all(session, both)
    assert stored(database) == (0, 0)
