"""The opening of a round while somebody watches: a thread of this process, whose progress every page can read.

The private keys live in the memory of the thread and nowhere else. When the process stops, the one transaction of the
opening is undone and the holder comes once more; a cleaning that was cut off is finished at the next start.
"""

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from ..access import Actor
from ..db import Database
from ..errors import SurveyError
from ..rounds.models import Round
from .opening import PrivateKey, clean_up, open_envelopes

OPENING, CLEANING, DONE = "opening", "cleaning", "done"
_log = logging.getLogger("survey_app")


@dataclass
class OpeningJob:
    """One opening from the first envelope to the cleaned file."""

    database: Database
    round_id: int
    by: Actor
    stage: str = OPENING
    done: int = 0
    of: int = 0
    fault: Exception | None = None
    _thread: threading.Thread = field(init=False)

    def start(self, private_keys: Sequence[PrivateKey]) -> None:
        """Begins; returns at once."""
        self._thread = threading.Thread(target=self._run, args=(list(private_keys),), name="opening", daemon=True)
        self._thread.start()

    def wait(self, seconds: float) -> bool:
        """Whether it ended within so many seconds, well or not."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    @property
    def is_running(self) -> bool:
        return self._thread.is_alive()

    def _run(self, private_keys: list[PrivateKey]) -> None:
        try:
            with self.database.writing() as session:
                open_envelopes(session, session.get_one(Round, self.round_id), private_keys, self.by, self._note)
            private_keys.clear()
            self.stage = CLEANING
            clean_up(self.database, self.round_id, self.by)
            self.stage = DONE
        except Exception as fault:
            self.fault = fault
            if not isinstance(fault, SurveyError):
                _log.error("the opening of a round stopped", exc_info=fault)

    def _note(self, done: int, of: int) -> None:
        self.done, self.of = done, of
