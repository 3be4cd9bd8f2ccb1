"""How is a backup made, tried and put back? «Sao lưu», «thử phục hồi», «phục hồi», «hủy bản sao lưu cũ»."""

import contextlib
import fcntl
import hashlib
import os
import secrets
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from pathlib import Path
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile

from sqlalchemy import func, inspect, make_url, select, text
from sqlalchemy.orm import Session

from .. import migrate
from ..access import Actor
from ..access_codes.models import Invitation, InvitationState
from ..answers.models import Opening
from ..audit import Action, AuditEntry, record
from ..backup_register import Backup
from ..config import Settings
from ..db import Database, now
from ..errors import Missing, Refused
from ..rounds.models import Round
from ..text import LOCAL_ZONE
from ..users.models import User
from . import copies
from .copies import Manifest
from .sealed_file import MAGIC, SealedWriter, read_sealed
from .verification import Check, verify

_WORK = "backup-work"
_RUNNING = "running.lock"
_PIECE = 1024 * 1024


@dataclass(frozen=True)
class Tried:
    """A backup file that was put back in a place apart and looked at."""

    manifest: Manifest
    checks: list[Check]

    @property
    def holds(self) -> bool:
        return all(check.holds for check in self.checks)


# --- places ---------------------------------------------------------------------------------------------------------


@contextmanager
def work_folder(settings: Settings) -> Iterator[Path]:
    """A folder of the data folder for what lies on the disk while a backup is made or tried; one act at a time.

    Readable by nobody else, emptied before and after: a copy that a power cut left behind goes with the next start.
    """
    folder = settings.data_folder / _WORK
    with _locked(settings.data_folder / f"{_WORK}.lock", fcntl.LOCK_EX, _OTHER_BACKUP):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


_OTHER_BACKUP = "Đang có một lần sao lưu hoặc phục hồi khác chạy. Chờ xong rồi làm lại."


@contextmanager
def _locked(file: Path, kind: int, refusal: str) -> Iterator[None]:
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError as fault:
            raise Refused(refusal) from fault
        yield
    finally:
        os.close(descriptor)


@contextmanager
def running(settings: Settings) -> Iterator[None]:
    """While the program serves: nothing is restored under its feet. Takes away what a broken-off backup left."""
    with contextlib.suppress(Refused), work_folder(settings):  # a backup that is being made keeps its copy
        pass
    with _locked(settings.data_folder / _RUNNING, fcntl.LOCK_SH, _BEING_RESTORED):
        yield


_BEING_RESTORED = "Dữ liệu ở đây đang được phục hồi. Chờ xong rồi chạy lại."
_STILL_RUNNING = "Chương trình đang chạy với dữ liệu này nên không phục hồi được. Dừng chương trình rồi làm lại."


def new_file(settings: Settings) -> Path:
    """Where the page of backups writes the next one: a name of its own in the folder of backups."""
    folder = settings.data_folder / "backups"
    folder.mkdir(mode=0o700, exist_ok=True)
    return _free_name(folder, now())


def _free_name(folder: Path, moment: datetime) -> Path:
    """A file named after day, hour and minute; with a number behind it where this minute has one already."""
    name = f"ksxhh-{moment.astimezone(LOCAL_ZONE):%Y%m%d-%H%M}"
    files = (folder / (f"{name}.bak" if number == 1 else f"{name}-{number}.bak") for number in count(1))
    return next(file for file in files if not file.exists())


def _file_for(out: Path, moment: datetime) -> Path:
    """The file itself, or a new one in the folder. Raises Refused when it is there already."""
    file = _free_name(out, moment) if out.is_dir() else out
    if file.exists():
        raise Refused(f"Đã có tệp {file}; chương trình không ghi đè bản sao lưu. Chọn tên khác.")
    if not file.parent.is_dir():
        raise Refused(f"Không có thư mục {file.parent}. Kiểm tra USB đã cắm chưa, rồi làm lại.")
    return file


# --- making and trying ----------------------------------------------------------------------------------------------


def make_backup(database: Database, settings: Settings, out: Path, by: Actor | None) -> tuple[Backup, Tried]:
    """A backup at `out` (a file, or a folder that gets one), tried at once, and noted in register and log.

    The file is kept only when it could be restored and held everything. Raises Refused otherwise, when the place is
    taken, and when there is nothing to back up.
    """
    if not migrate.is_current(database):
        raise Refused("Chưa có dữ liệu để sao lưu, hoặc kho chưa được nâng cấp. Chạy ./run một lần rồi làm lại.")
    moment = now()
    file = _file_for(out.absolute(), moment)
    with database.reading() as session:
        cleaned = _cleaned_rounds(session)
        least = _least(session)
    with work_folder(settings) as folder:
        part = file.with_name(f"{file.name}.part")
        try:
            manifest = _write(database, settings, part, folder, moment)
            tried = _try(part, database, settings, folder, least)
            if manifest != tried.manifest:
                raise Refused("Bản sao lưu đọc lại khác lúc ghi. Thử ghi vào ổ khác.")
            if file.exists():
                raise Refused(f"Đã có tệp {file}; chương trình không ghi đè bản sao lưu. Chọn tên khác.")
            part.rename(file)
        except OSError as fault:
            raise Refused(f"Không ghi được {file}: {fault.strerror}. Kiểm tra chỗ trống và quyền ghi.") from fault
        finally:
            part.unlink(missing_ok=True)
    with database.writing() as session:
        made = _note(session, file, moment, cleaned)
        record(session, Action.BACKUP_MADE, by, file=made.name, size=made.size, sha256=made.sha256)
    return made, tried


def _cleaned_rounds(session: Session) -> list[str]:
    cleaned = select(Round.code).join(Opening, Opening.round_id == Round.id).where(Opening.stage == "cleaned")
    return sorted(session.scalars(cleaned))


def _least(session: Session) -> tuple[int, int]:
    """What a copy that is made from now on must hold: entries of the log, persons who answered."""
    entries = session.scalar(select(func.count(AuditEntry.id))) or 0
    received = select(func.count(Invitation.id)).where(Invitation.state == InvitationState.RECEIVED)
    return entries, session.scalar(received) or 0


def _write(database: Database, settings: Settings, part: Path, folder: Path, moment: datetime) -> Manifest:
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        sealed = SealedWriter(file, settings.keys.data_key)
        with ZipFile(sealed, "w", ZIP_DEFLATED, compresslevel=3) as archive:
            manifest = copies.write_copy(database, archive, folder, moment)
        sealed.close()
    return manifest


def _note(session: Session, file: Path, moment: datetime, cleaned: Sequence[str]) -> Backup:
    size, sha256 = _sum_of(file)
    known = session.scalar(select(Backup).where(Backup.sha256 == sha256))
    if known is None:
        known = Backup(
            made_at=moment, name=file.name, path=str(file), size=size, sha256=sha256, cleaned_rounds=list(cleaned)
        )
        session.add(known)
        session.flush()
    return known


def _sum_of(file: Path) -> tuple[int, str]:
    """Size and SHA-256 of a file."""
    with file.open("rb") as content:
        found = hashlib.file_digest(content, "sha256")
        return content.tell(), found.hexdigest()


@contextmanager
def _opened(file: Path, settings: Settings, folder: Path) -> Iterator[tuple[ZipFile, Manifest]]:
    """The archive in a backup file, read and authenticated to its end before anything is taken from it."""
    plain = folder / "archive.zip"
    try:
        with file.open("rb") as source, plain.open("wb") as target:
            for piece in read_sealed(source, settings.keys.data_keys, settings.keys_file):
                target.write(piece)
        with ZipFile(plain) as archive:
            yield archive, copies.read_manifest(archive)
    except OSError as fault:
        raise Refused(f"Không đọc được {file}: {fault.strerror}.") from fault
    except BadZipFile as fault:
        raise Refused("Bản sao lưu này không đọc được. Dùng bản sao lưu khác.") from fault
    finally:
        plain.unlink(missing_ok=True)


def try_backup(file: Path, database: Database, settings: Settings) -> Tried:
    """Thử phục hồi: the file is put back in a place apart, looked at and taken away again; nothing else changes.

    Raises Refused for a file that cannot be restored.
    """
    with work_folder(settings) as folder:
        return _try(file, database, settings, folder)


def _try(
    file: Path, database: Database, settings: Settings, folder: Path, least: tuple[int, int] | None = None
) -> Tried:
    with _opened(file, settings, folder) as (archive, manifest):
        _refuse_other_engine(manifest, database)
        with _place_apart(archive, manifest, database, settings, folder) as restored:
            if copies.row_counts(restored) != dict(manifest.rows):
                raise Refused("Phục hồi thử không đủ số dòng. Bản sao lưu này không dùng được; sao lưu lại.")
            if not migrate.is_current(restored):
                migrate.upgrade(restored)
            with restored.reading() as session:
                found = _least(session)
            if least is not None and (found[0] < least[0] or found[1] < least[1]):
                raise Refused("Bản sao lưu thiếu dữ liệu đã có trước khi sao lưu. Sao lưu lại.")
            return Tried(manifest, verify(restored))


@contextmanager
def _place_apart(
    archive: ZipFile, manifest: Manifest, database: Database, settings: Settings, folder: Path
) -> Iterator[Database]:
    """The copy, restored beside: a file in the working folder, or a schema of its own in the same PostgreSQL."""
    keys = settings.keys
    if database.is_sqlite:
        file = folder / "tried.sqlite"
        copies.put_sqlite(archive, manifest, file)
        restored = Database(f"sqlite:///{file}", keys.pepper, keys.data_keys, keys.answer_key)
        try:
            yield restored
        finally:
            restored.close()
        return
    schema = f"backup_try_{secrets.token_hex(4)}"
    address = make_url(settings.database_url)
    given = str(address.query.get("options", ""))
    apart = address.update_query_dict({"options": f"{given} -csearch_path={schema}".strip()})
    with database.engine.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    restored = Database(apart.render_as_string(hide_password=False), keys.pepper, keys.data_keys, keys.answer_key)
    try:
        copies.put_postgres(archive, manifest, restored)
        yield restored
    finally:
        restored.close()
        with database.engine.begin() as connection:
            connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))


def _refuse_other_engine(manifest: Manifest, database: Database) -> None:
    here = "sqlite" if database.is_sqlite else "postgresql"
    if manifest.engine != here:
        names = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
        raise Refused(
            f"Đây là bản sao lưu của {names[manifest.engine]}, còn chương trình đang đặt dùng {names[here]}. "
            "Đặt DATABASE_URL cho đúng loại rồi làm lại."
        )


# --- putting back ---------------------------------------------------------------------------------------------------


def restore(file: Path, database: Database, settings: Settings) -> Tried:
    """Phục hồi: the backup becomes the database of this place, which must hold nothing of anybody yet.

    Raises Refused while the program runs here, over existing data, and for a file that cannot be restored; then
    everything is as it was.
    """
    with _locked(settings.data_folder / _RUNNING, fcntl.LOCK_EX, _STILL_RUNNING), work_folder(settings) as folder:
        _refuse_while_connected(database)
        _refuse_over_data(database)
        tried = _try(file, database, settings, folder)
        with _opened(file, settings, folder) as (archive, manifest):
            _put(archive, manifest, database)
    if not migrate.is_current(database):
        migrate.upgrade(database)
    with database.writing() as session:
        made_at = datetime.fromisoformat(tried.manifest.made_at)
        known = _note(session, file.absolute(), made_at, _cleaned_rounds(session))
        record(session, Action.BACKUP_RESTORED, None, file=known.name, sha256=known.sha256)
    return tried


def _put(archive: ZipFile, manifest: Manifest, database: Database) -> None:
    if not database.is_sqlite:
        if inspect(database.engine).has_table("alembic_version"):
            migrate.downgrade(database, "base")
        return copies.put_postgres(archive, manifest, database)
    target = copies.sqlite_file(database)
    beside = target.with_name(f"{target.name}.restoring")
    beside.unlink(missing_ok=True)
    copies.put_sqlite(archive, manifest, beside)
    database.close()
    for name in (f"{target.name}-wal", f"{target.name}-shm"):
        target.with_name(name).unlink(missing_ok=True)
    beside.replace(target)
    return None


def _refuse_while_connected(database: Database) -> None:
    if database.is_sqlite:
        return
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    for _ in range(10):  # a program that has just ended is still there for a moment
        database.close()
        with database.engine.connect() as connection:
            if not connection.scalar(text(others)):
                return
        time.sleep(0.2)
    raise Refused(_STILL_RUNNING)


def _refuse_over_data(database: Database) -> None:
    if database.is_sqlite and not copies.sqlite_file(database).exists():
        return
    names = inspect(database.engine).get_table_names()
    if not names:
        return
    if User.__tablename__ in names and Round.__tablename__ in names:
        with database.reading() as session:
            used = session.scalar(select(func.count(User.id)).where(User.password_hash.is_not(None)))
            rounds = session.scalar(select(func.count(Round.id)))
        if not used and not rounds:  # a start to try whether the program runs
            return
    place = f"tệp {copies.sqlite_file(database)}" if database.is_sqlite else "cơ sở dữ liệu trong DATABASE_URL"
    raise Refused(
        f"Đã có dữ liệu ở đây ({place}); chương trình không ghi đè. "
        "Chuyển dữ liệu cũ sang chỗ khác, hoặc đặt SURVEY_DATA (DATABASE_URL) là nơi còn trống, rồi phục hồi."
    )


# --- destroying -----------------------------------------------------------------------------------------------------


def destroy_backup(session: Session, backup_id: int, by: Actor) -> bool:
    """Hủy bản sao lưu: deletes the file where it was written, when it is still there, and notes that `by` destroyed it.

    Returns whether a file was deleted; copies on other disks only `by` can know. Raises Missing for an unknown one,
    Refused for one that is noted as destroyed or is the only one left.
    """
    one = session.get(Backup, backup_id)
    if one is None:
        raise Missing
    if not one.is_kept:
        raise Refused("Bản sao lưu này đã được ghi là đã hủy.")
    kept = session.scalar(select(func.count(Backup.id)).where(Backup.destroyed_at.is_(None)))
    if kept == 1:
        raise Refused("Đây là bản sao lưu duy nhất còn lại. Sao lưu mới trước, rồi mới hủy bản này.")
    deleted = _delete_own(Path(one.path), one.sha256)
    one.destroyed_at, one.destroyed_by_name = now(), by.full_name
    record(session, Action.BACKUP_DESTROYED, by, file=one.name, sha256=one.sha256)
    return deleted


def _delete_own(file: Path, sha256: str) -> bool:
    """Deletes the file only when it is that very backup: the path stands in the database, which others may write."""
    try:
        with file.open("rb") as content:
            if content.read(len(MAGIC)) != MAGIC:
                return False
        if _sum_of(file)[1] != sha256:
            return False
        file.unlink()
    except FileNotFoundError:
        return False
    except OSError as fault:
        raise Refused(f"Không xóa được {file}: {fault.strerror}. Xóa tệp bằng tay rồi bấm lại.") from fault
    return True
