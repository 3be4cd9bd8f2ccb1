"""Group commit: durable before the answer, one bad piece harms no neighbour, the wait is bounded."""

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from survey_app.answers import writer as writing
from survey_app.answers.writer import AnswerWriter, BusyError
from survey_app.attempts import Attempt
from survey_app.db import Database, now

# On PostgreSQL an office writer keeps nobody waiting.
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def add(key: str) -> object:
    def work(session: Session) -> str:
        session.add(Attempt(key=key, minute=now(), tries=1))
        session.flush()
        if key.startswith("bad"):
            raise ValueError(key)
        return key

    return work


def add_all(session: Session, names: Sequence[str]) -> list[str]:
    """Stores answers together; the receipt tells how many there were."""
    for name in names:
        add(name)(session)  # type: ignore[operator]
    return [f"{name} of {len(names)}" for name in names]


def keys(database: Database) -> set[str]:
    with database.reading() as session:
        return set(session.scalars(select(Attempt.key)))


def test_what_was_run_is_durable_when_run_returns(database: Database) -> None:
    writer = AnswerWriter(database, add_all)
    assert writer.run(add("one")) == "one"
    assert keys(database) == {"one"}


def test_a_bad_piece_is_undone_alone(database: Database) -> None:
    writer = AnswerWriter(database, add_all)

    def run(key: str) -> str:
        try:
            return writer.run(add(key))
        except ValueError as failure:
            return f"failed {failure}"

    names = [f"good-{n}" for n in range(20)] + [f"bad-{n}" for n in range(20)]
    with ThreadPoolExecutor(40) as pool:
        outcomes = set(pool.map(run, names))
    assert keys(database) == {f"good-{n}" for n in range(20)}
    assert {f"failed bad-{n}" for n in range(20)} <= outcomes


@on_sqlite
def test_answers_that_wait_together_are_stored_by_one_call(database: Database) -> None:
    writer = AnswerWriter(database, add_all)
    with ThreadPoolExecutor(6) as pool:
        with database.writing():
            others = [pool.submit(writer.store, f"a-{n}") for n in range(5)] + [pool.submit(writer.run, add("else"))]
            while writer._waiting.qsize() < 5:  # the sixth is in the hands of the thread, which waits for the lock
                time.sleep(0.01)
        receipts = {one.result() for one in others}
    assert receipts == {f"a-{n} of 5" for n in range(5)} | {"else"}


def test_a_bad_answer_is_refused_alone(database: Database) -> None:
    writer = AnswerWriter(database, add_all)

    def store(name: str) -> str:
        try:
            return str(writer.store(name))
        except ValueError as failure:
            return f"failed {failure}"

    with ThreadPoolExecutor(20) as pool:
        outcomes = set(pool.map(store, [f"good-{n}" for n in range(10)] + [f"bad-{n}" for n in range(10)]))
    assert keys(database) == {f"good-{n}" for n in range(10)}
    assert {f"failed bad-{n}" for n in range(10)} <= outcomes


def test_an_office_writer_makes_the_answers_wait_and_loses_none(database: Database) -> None:
    writer = AnswerWriter(database, add_all)
    with ThreadPoolExecutor(10) as pool:
        with database.writing() as session:
            session.add(Attempt(key="office", minute=now(), tries=1))
            session.flush()
            pending = [pool.submit(writer.run, add(f"p-{n}")) for n in range(10)]
        assert {one.result() for one in pending} == {f"p-{n}" for n in range(10)}
    assert len(keys(database)) == 11


@on_sqlite
def test_a_wait_that_is_too_long_ends_in_busy(database: Database) -> None:
    writer = AnswerWriter(database, add_all)
    with database.writing(), pytest.raises(BusyError):
        writer.run(add("late"), patience=0.05)


@on_sqlite
def test_too_many_waiting_are_turned_away_at_once(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "WAITING", 3)
    writer = AnswerWriter(database, add_all)
    turned_away = 0
    with database.writing():
        for number in range(10):
            try:
                writer.run(add(f"q-{number}"), patience=0.02)
            except BusyError:
                turned_away += 1
    assert turned_away == 10
    assert len(keys(database)) <= 5


def test_the_thread_ends_when_idle_and_starts_again(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "_IDLE_SECONDS", 0.05)
    writer = AnswerWriter(database, add_all)
    writer.run(add("first"))
    for thread in threading.enumerate():
        if thread.name == "answer-writer":
            thread.join(timeout=2)
    writer.run(add("second"))
    assert keys(database) == {"first", "second"}


def test_a_commit_that_fails_tells_nobody_received(database: Database) -> None:
    writer = AnswerWriter(database, add_all)

    def fail(_session: Session) -> None:
        raise OSError("disk full")

    from sqlalchemy import event

    event.listen(Session, "before_commit", fail)
    try:
        with pytest.raises(OSError, match="disk full"):
            writer.run(add("lost"))
    finally:
        event.remove(Session, "before_commit", fail)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Attempt)) == 0
