"""The thread that makes a set: nobody's browser waits for it, and every page can read how far it is."""

import logging
import threading
from dataclasses import dataclass, field

from sqlalchemy.exc import SQLAlchemyError

from ..db import Database
from ..errors import SurveyError
from ..rounds.models import Round
from ..users.models import User
from .making import end_making, fail_making, give_sign
from .sets import SetWishes, prepare_set

_SECONDS_BETWEEN_SIGNS = 2.0
_log = logging.getLogger("survey_app")


@dataclass
class MakingJob:
    """One making from the first file to the set that is kept, or to the words why there is none."""

    database: Database
    making_id: str
    round_id: int
    by_id: int
    wishes: SetWishes
    done: int = 0
    _over: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        """Begins; returns at once."""
        threading.Thread(target=self._run, name="set-making", daemon=True).start()

    def wait(self, seconds: float) -> None:
        """Until it has ended, well or not, but no longer than so many seconds."""
        self._over.wait(seconds)

    def _run(self) -> None:
        ready = threading.Event()
        signs = threading.Thread(target=self._give_signs, args=(ready,), name="set-making-signs", daemon=True)
        signs.start()
        try:
            self._make()
        except Exception as fault:
            if not isinstance(fault, SurveyError):
                _log.error("the making of a set stopped", exc_info=fault)
            self._fail(fault)
        finally:
            ready.set()
            signs.join()
            self._over.set()

    def _make(self) -> None:
        # Papers take their time: they are made before the transaction that keeps everybody else from writing.
        with self.database.reading() as session:
            survey_round = session.get_one(Round, self.round_id)
            by = session.get_one(User, self.by_id)
            ready = prepare_set(session, survey_round, self.wishes, by, self._count)
        with self.database.writing() as session:
            end_making(session, self.making_id, ready, session.get_one(User, self.by_id))

    def _fail(self, fault: Exception) -> None:
        try:
            with self.database.writing() as session:
                fail_making(session, self.making_id, fault)
        except SQLAlchemyError as away:  # without further signs the pages say that it has stopped
            _log.error("why the making of a set stopped could not be kept", exc_info=away)

    def _count(self) -> None:
        self.done += 1

    def _give_signs(self, ready: threading.Event) -> None:
        while not ready.wait(_SECONDS_BETWEEN_SIGNS):
            try:
                with self.database.writing() as session:
                    give_sign(session, self.making_id, self.done)
            except SQLAlchemyError:
                _log.warning("a sign of the making of a set could not be kept")
