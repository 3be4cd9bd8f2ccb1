"""The register of backups (sổ bản sao lưu): which were made and tried, which still hold unopened envelopes."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from .db import Base, now

LONGEST_WITHOUT = timedelta(hours=48)  # then the page of backups turns red


class Backup(Base):
    """One backup file. The register of a restored database knows the backups made before it, and itself."""

    __tablename__ = "backup"

    id: Mapped[int] = mapped_column(primary_key=True)
    made_at: Mapped[datetime]
    name: Mapped[str]
    path: Mapped[str]  # where it was written on this machine
    size: Mapped[int] = mapped_column(BigInteger)  # bytes
    sha256: Mapped[str] = mapped_column(unique=True)
    cleaned_rounds: Mapped[list[Any]]  # codes of rounds that were opened and cleaned before it was made
    destroyed_at: Mapped[datetime | None]
    destroyed_by_name: Mapped[str | None]

    @property
    def is_kept(self) -> bool:
        """Nobody has said that it is destroyed."""
        return self.destroyed_at is None


def backups(session: Session) -> list[Backup]:
    """All of them, the newest first."""
    return list(session.scalars(select(Backup).order_by(Backup.id.desc())))


def is_overdue(known: list[Backup]) -> bool:
    """The last tried backup is older than 48 hours, or there is none."""
    newest = max((one.made_at for one in known if one.is_kept), default=None)
    return newest is None or now() - newest > LONGEST_WITHOUT


def fresh_backup(known: list[Backup], round_code: str) -> Backup | None:
    """The first tried backup after the opening of a round was cleaned; it holds no envelope of that round."""
    fitting = [one for one in known if one.is_kept and round_code in one.cleaned_rounds]
    return fitting[-1] if fitting else None


def old_backups(known: list[Backup], round_code: str) -> list[Backup]:
    """Backups from before a round was opened and cleaned that nobody has destroyed: they hold its envelopes."""
    return [one for one in known if one.is_kept and round_code not in one.cleaned_rounds]
