"""Looks for words in the raw bytes of a database, in every form in which they could lie there."""

import base64
from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import make_url, text

from survey_app.db import Database


def forms(word: str) -> set[bytes]:
    """UTF-8, UTF-16 (both orders), hexadecimal, base64 (at the three possible alignments)."""
    plain = word.encode("utf-8")
    found = {plain, word.encode("utf-16-le"), word.encode("utf-16-be")}
    found |= {plain.hex().encode(), plain.hex().upper().encode()}
    for shift in range(3):
        padded = base64.b64encode(b"\0" * shift + plain)
        start = (shift * 8 + 5) // 6  # letters that hold bits of what stands before
        end = len(padded) - 4 if padded.endswith(b"=") else len(padded)
        found.add(padded[start:end])
    return {form for form in found if len(form) >= 8}


def database_files(database: Database, folder: Path) -> list[Path]:
    """SQLite: the data folder with the file, -wal, -shm. PostgreSQL: the data directory, its log included.

    Of the folders of single databases only that of this one: tests share a server, and the others hold other tests.
    """
    if database.is_sqlite:
        place = Path(make_url(str(database.engine.url)).database or "")
        return sorted({*place.parent.glob(f"{place.name}*"), *(path for path in folder.rglob("*") if path.is_file())})
    with database.reading() as session:
        place = Path(session.execute(text("SHOW data_directory")).scalar_one())
        own = str(session.execute(text("SELECT oid FROM pg_database WHERE datname = current_database()")).scalar_one())
    others = {one for one in (place / "base").iterdir() if one.name.isdigit() and one.name != own}
    return sorted(path for path in place.rglob("*") if path.is_file() and not others & set(path.parents))


def settle(database: Database) -> None:
    """Let everything that lies in memory reach the files, so that the search sees what is really stored."""
    raw = database.engine.raw_connection()
    if not database.is_sqlite:
        raw.driver_connection.autocommit = True
        raw.cursor().execute("CHECKPOINT")
        raw.driver_connection.autocommit = False
    raw.close()


def words_found(database: Database, folder: Path, words: Iterable[str]) -> dict[str, set[str]]:
    """For each word the names of the files that hold it in some form; words that are nowhere are left out."""
    settle(database)
    wanted = {word: forms(word) for word in words}
    found: dict[str, set[str]] = {}
    for path in database_files(database, folder):
        try:
            content = path.read_bytes()
        except FileNotFoundError:  # a temporary file of the server
            continue
        for word, shapes in wanted.items():
            if any(shape in content for shape in shapes):
                found.setdefault(word, set()).add(path.name)
    return found
