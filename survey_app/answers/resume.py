"""What somebody has answered so far, carried to another device. The server keeps what it cannot read.

The phone makes a random key, shows it as a QR code and sends the answers encrypted under it. The row is found by a hash
of the key, so it is joined to no code and no person; it goes when the answers are sent, and all go when the round is
closed.
"""

import re

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from ..errors import Conflict, Missing
from .models import ResumeDraft

OVERHEAD = 28  # bytes of nonce and tag around what was encrypted
MOST_OF_A_ROUND = 5_000
_DRAFT_ID = re.compile(r"[0-9a-f]{32}")


def is_draft_id(value: object) -> bool:
    """Whether it looks like the hash of a key."""
    return isinstance(value, str) and _DRAFT_ID.fullmatch(value) is not None


def keep_draft(session: Session, round_id: int, draft_id: str, sealed: bytes) -> None:
    """Keeps the encrypted answers in place of those that the same key had. Raises Conflict when the room is used up."""
    erase_draft(session, draft_id)
    kept = select(func.count()).select_from(ResumeDraft).where(ResumeDraft.round_id == round_id)
    if (session.scalar(kept) or 0) >= MOST_OF_A_ROUND:
        raise Conflict("Hiện chưa chuyển sang máy khác được. Hãy trả lời tiếp trên máy này.")
    session.execute(insert(ResumeDraft), {"id": draft_id, "round_id": round_id, "sealed": sealed})


def kept_draft(session: Session, round_id: int, draft_id: str) -> bytes:
    """The encrypted answers. Raises Missing when they were sent, or never came."""
    query = select(ResumeDraft.sealed).where(ResumeDraft.id == draft_id, ResumeDraft.round_id == round_id)
    found = session.scalar(query)
    if found is None:
        raise Missing
    return found


def erase_draft(session: Session, draft_id: str) -> None:
    """Forgets what was kept under this key, if anything."""
    session.execute(delete(ResumeDraft).where(ResumeDraft.id == draft_id))


def erase_all_drafts(session: Session, round_id: int) -> None:
    """Forgets everything that was kept of a round: nobody can go on any more."""
    session.execute(delete(ResumeDraft).where(ResumeDraft.round_id == round_id))
