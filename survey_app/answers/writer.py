"""How do hundreds of people send at the same minute to one database, durably?

One thread of a process writes for all: it takes up to 32 waiting pieces of work and commits them together, so one
fsync serves all (group commit); answers among them are stored by one call, so that they share its statements too.
When a piece fails, all run once more with a SAVEPOINT each, so it leaves its neighbours alone; a piece must therefore
do nothing but change the session it is given. Nobody is told «received» before the commit. On PostgreSQL several
processes have a writer each; where two of them wait for each other's rows, the server ends one of the transactions,
and its senders are told to come again.
"""

import contextlib
import queue
import secrets
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from ..db import Database

T = TypeVar("T")

GROUP = 32
WAITING = 256
PATIENCE = 8.0
_IDLE_SECONDS = 2.0


class BusyError(Exception):
    """The answer could not be written in time; it may be stored all the same, and sending it again is safe (503)."""


class _PieceFailedError(Exception):
    """One piece of a group raised."""


_Outcome = tuple[Any, Exception | None]
_Store = Callable[[Session, Sequence[Any]], Sequence[Any]]


@dataclass
class _Piece:
    work: Callable[[Session], Any]
    outcome: Future[Any] = field(default_factory=Future)
    answer: Any = None  # what `work` stores, when it does nothing else


class AnswerWriter:
    """Runs pieces of writing durably; one for each database and process. `store_all` stores several answers at once."""

    def __init__(self, database: Database, store_all: _Store) -> None:
        self._database = database
        self._store_all = store_all
        self._waiting: queue.Queue[_Piece] = queue.Queue(WAITING)
        self._thread: threading.Thread | None = None
        self._start_lock = threading.Lock()

    def run(self, work: Callable[[Session], T], patience: float = PATIENCE) -> T:
        """What `work` returned, after its changes are durable; raises what `work` raised.

        Raises BusyError when too many wait or the wait is longer than `patience` seconds.
        """
        return self._wait_for(_Piece(work), patience)  # type: ignore[no-any-return]

    def store(self, answer: Any, patience: float = PATIENCE) -> Any:
        """What `store_all` returned for this answer; it is durable then. Raises as `run`."""

        def store_alone(session: Session) -> Any:
            return self._store_all(session, [answer])[0]

        return self._wait_for(_Piece(store_alone, answer=answer), patience)

    def _wait_for(self, piece: _Piece, patience: float) -> Any:
        try:
            self._waiting.put_nowait(piece)
        except queue.Full:
            raise BusyError from None
        self._ensure_thread()
        try:
            return piece.outcome.result(timeout=patience)
        except TimeoutError:
            raise BusyError from None

    def _ensure_thread(self) -> None:
        # Started late, so that it also lives in a process that was forked after the application was made.
        with self._start_lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._write_groups, name="answer-writer", daemon=True)
                self._thread.start()

    def _write_groups(self) -> None:
        while True:
            try:
                group = [self._waiting.get(timeout=_IDLE_SECONDS)]
            except queue.Empty:
                with self._start_lock:
                    if self._waiting.empty():
                        self._thread = None
                        return
                continue
            with self._database.write_lock:
                # Those who queued up while an office writer had the lock go into the same group.
                self._take_more(group)
                secrets.SystemRandom().shuffle(group)  # the file must not keep the order of arrival
                self._write(group)

    def _take_more(self, group: list[_Piece]) -> None:
        with contextlib.suppress(queue.Empty):
            while len(group) < GROUP:
                group.append(self._waiting.get_nowait())

    def _write(self, group: list[_Piece]) -> None:
        try:
            try:
                with self._database.writing() as session:
                    outcomes = self._run_together(session, group)
            except _PieceFailedError:  # rare: once more, each piece with a savepoint of its own
                with self._database.writing() as session:
                    outcomes = [_run_within_savepoint(session, piece) for piece in group]
        except Exception as fault:  # the commit failed: nobody of this group is stored
            outcomes = [(None, fault)] * len(group)
        for piece, (result, failure) in zip(group, outcomes, strict=True):
            if failure is None:
                piece.outcome.set_result(result)
            else:
                piece.outcome.set_exception(BusyError() if isinstance(failure, OperationalError) else failure)

    def _run_together(self, session: Session, group: Sequence[_Piece]) -> list[_Outcome]:
        """The pieces without savepoints: an answer costs two statements less, several together far fewer."""
        answers = [piece for piece in group if piece.answer is not None]
        try:
            stored = iter(self._store_all(session, [piece.answer for piece in answers]) if answers else ())
            results = [piece.work(session) if piece.answer is None else next(stored) for piece in group]
            session.flush()
        except Exception as failure:
            raise _PieceFailedError from failure
        return [(result, None) for result in results]


def _run_within_savepoint(session: Session, piece: _Piece) -> _Outcome:
    """Result or failure of the piece; a failure undoes the piece alone."""
    savepoint = session.connection().begin_nested()
    try:
        result = piece.work(session)
        session.flush()
        savepoint.commit()
    except Exception as failure:
        session.expunge_all()  # what the piece had in hand is not in the database
        savepoint.rollback()
        return None, failure
    return result, None
