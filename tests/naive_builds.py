"""The program with one flaw on purpose: controls, which the fault tests and forensics must find out.

`flask --app 'tests.naive_builds:NAME()' serve` runs a build beside the real one.
"""

import contextlib
import random
import secrets
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from flask import Flask, request
from sqlalchemy import event, select, text
from sqlalchemy.orm import Session

from survey_app import create_app
from survey_app.answers import commands as answer_commands
from survey_app.answers.models import Envelope
from survey_app.answers.queries import find_access
from survey_app.answers.rules import AlreadyAnswered, Receipt, Sending, receive_all
from survey_app.answers.writer import AnswerWriter
from survey_app.rounds.models import Round

COMMIT_FAULTS = 10  # one commit of so many fails


class _TalksFirst(AnswerWriter):
    """Says «received» before anything is written."""

    def store(self, answer: Any, patience: float = 0) -> Any:
        def write() -> None:
            with contextlib.suppress(Exception):
                super(_TalksFirst, self).store(answer)

        threading.Thread(target=write, daemon=True).start()
        return Receipt.STORED


def talks_first() -> Flask:
    """Acknowledges before the commit."""
    app = create_app()
    app.extensions["survey_answer_writer"] = _TalksFirst(app.extensions["survey_database"], receive_all)
    return app


def lazy_disk() -> Flask:
    """SQLite with synchronous=NORMAL."""
    app = create_app()
    event.listen(
        app.extensions["survey_database"].engine, "connect", lambda c, _: c.execute("PRAGMA synchronous = NORMAL")
    )
    return app


def failing_commits() -> Flask:
    """The real program on a disk where one commit of ten fails."""
    return _with_failing_commits(create_app())


def failing_commits_talks_first() -> Flask:
    """The same disk under a program that acknowledges before the commit."""
    return _with_failing_commits(talks_first())


def _with_failing_commits(app: Flask) -> Flask:
    serving = threading.Event()  # a program that cannot even start is another matter

    @app.before_request
    def begin() -> None:
        serving.set()

    def fail(session: Session) -> None:
        if serving.is_set() and session.info.get("writes") and random.randrange(COMMIT_FAULTS) == 0:
            raise OSError("disk fault made for the test")

    event.listen(Session, "before_commit", fail)
    return app


def stores_always() -> Flask:
    """Stores whatever comes with a known code: without the condition «not used yet» in the statement."""
    app = create_app()
    with app.extensions["survey_database"].writing() as session:
        session.execute(text("CREATE TABLE IF NOT EXISTS naive_answer (id text PRIMARY KEY, invitation_id int)"))

    def store(session: Session, sending: Sending) -> None:
        access = find_access(session, sending.code_hash)
        row = {"id": secrets.token_hex(16), "owner": access.invitation_id if access else None}
        session.execute(text("INSERT INTO naive_answer VALUES (:id, :owner)"), row)
        session.execute(text("UPDATE invitation SET state = 'received' WHERE id = :owner"), row)

    def store_all(session: Session, sendings: Sequence[Sending]) -> list[Receipt]:
        for sending in sendings:
            store(session, sending)
        return [Receipt.STORED] * len(sendings)

    return _storing_with(app, store_all)


def forgets_submissions() -> Flask:
    """Does not know a repeated sending again."""

    def store_all(session: Session, sendings: Sequence[Sending]) -> list[Receipt]:
        receipts = receive_all(session, sendings)
        if any(receipt is not Receipt.STORED for receipt in receipts):
            raise AlreadyAnswered("Mã này đã được dùng để gửi phiếu.")
        return receipts

    return _storing_with(create_app(), store_all)


def _storing_with(app: Flask, store_all: Callable[[Session, Sequence[Sending]], list[Receipt]]) -> Flask:
    app.extensions["survey_answer_writer"] = AnswerWriter(app.extensions["survey_database"], store_all)
    return app


def talks_to_the_log() -> Flask:
    """Writes every request to the log: address, path, body."""
    app = create_app()

    @app.before_request
    def note() -> None:
        sys.stderr.write(f"{request.remote_addr} {request.full_path} {request.get_data(as_text=True)}\n")

    return app


def opens_in_portions() -> Flask:
    """Opens envelopes in many small transactions."""
    app = create_app()

    def open_envelopes(session: Session, survey_round: Round, *_: Any) -> None:
        connection = session.connection()
        ids = session.scalars(select(Envelope.id).where(Envelope.round_id == survey_round.id)).all()
        columns = "id, round_id, cell_id, rated_unit_id, answers"
        known = "(SELECT min(id) FROM cell), (SELECT min(id) FROM rated_unit)"
        for number, envelope in enumerate(ids):
            values = f"SELECT id, round_id, {known}, '{{}}' FROM envelope WHERE id = :id"
            connection.execute(text(f"INSERT INTO ballot ({columns}) {values}"), {"id": envelope})
            connection.execute(text("DELETE FROM envelope WHERE id = :id"), {"id": envelope})
            time.sleep(0.005)  # wide enough to be hit
            if number % 2 == 0:
                connection.exec_driver_sql("COMMIT")
                connection.exec_driver_sql("BEGIN IMMEDIATE")

    answer_commands.open_envelopes = open_envelopes  # type: ignore[assignment]
    return app
