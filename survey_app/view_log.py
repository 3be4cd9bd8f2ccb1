"""Who looked at data of persons: every page and file that shows them says so to the audit log before it is given out.

Reading changes nothing else. The entry is written in a transaction of its own once the answer is ready; when it cannot
be written, the exception makes an error page of the answer, so that nobody sees what is not in the log. The same view
(account, action, fields) within an hour is one entry.
"""

from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from .access import Actor
from .audit import Action, AuditEntry, as_stored, record
from .db import now
from .web import me, reading, writing

ONE_VIEW = timedelta(hours=1)


def log_view(action: Action, **fields: Any) -> None:
    """Call it after rendering, before returning: it ends the reading session of the request."""
    if not _seen_lately(reading(), action, me(), as_stored(fields)):
        log_each_view(action, **fields)


def log_each_view(action: Action, **fields: Any) -> None:
    """As `log_view`, with no view left out: for what people were promised that each reading is written down."""
    by = me()
    with writing() as session:
        record(session, action, by, **fields)


def _seen_lately(session: Session, action: Action, by: Actor, fields: dict[str, str]) -> bool:
    lately = select(AuditEntry.fields).where(
        AuditEntry.action == action.value.code, AuditEntry.by_id == by.id, AuditEntry.at > now() - ONE_VIEW
    )
    return fields in session.scalars(lately).all()
