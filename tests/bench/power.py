"""What would be on the disk if the power had gone at this moment? Built from the journal of shims/journal.c."""

import random
import shutil
import struct
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

SHIMS = Path(__file__).parent / "shims"
SECTOR = 512
_HEAD = struct.Struct("=5Q")


def build_shim(name: str, folder: Path) -> Path:
    """The shared object that is preloaded into the server; needs the C compiler of the system."""
    target = folder / f"{name}.so"
    subprocess.run(
        ["cc", "-shared", "-fPIC", "-O2", "-o", str(target), str(SHIMS / f"{name}.c"), "-ldl", "-lpthread"], check=True
    )
    return target


@dataclass(frozen=True)
class Entry:
    """One write, cut or sync of a file, in the order in which they happened."""

    kind: str  # «w» write, «t» cut to a length, «s» sync
    path: str
    offset: int
    data: bytes
    at: int


def read_journal(journal: Path) -> list[Entry]:
    """All whole entries; the last one may have been cut by the end of the process."""
    return list(_entries(journal.read_bytes()))


def _entries(content: bytes) -> Iterator[Entry]:
    place = 0
    while place + _HEAD.size <= len(content):
        kind, path_length, offset, length, at = _HEAD.unpack_from(content, place)
        place += _HEAD.size
        end = place + path_length + length
        if end > len(content):
            return
        path = content[place : place + path_length].decode()
        yield Entry(chr(kind), path, offset, content[place + path_length : end], at)
        place = end


def disk_after(entries: Sequence[Entry], before: Path, moment: int, torn: bool, target: Path) -> None:
    """Writes into `target` the files as a power cut at `moment` leaves them.

    `before` holds the files as they were when the journal began. What was not synced is lost; with `torn` a part of
    it, in any order, has reached the disk, the last write only up to some sector.
    """
    target.mkdir()
    for path in {entry.path for entry in entries}:
        name = Path(path).name
        first = before / name
        content = bytearray(first.read_bytes() if first.exists() else b"")
        done = [entry for entry in entries if entry.path == path and entry.at <= moment]
        synced = max((number for number, entry in enumerate(done) if entry.kind == "s"), default=-1) + 1
        for entry in done[:synced]:
            _apply(content, entry)
        if torn:
            for entry in done[synced:]:
                if random.random() < 0.5:
                    _apply(content, _torn(entry))
        (target / name).write_bytes(content)
    for path in before.iterdir():
        if not (target / path.name).exists() and path.is_file():
            shutil.copy(path, target / path.name)


def _torn(entry: Entry) -> Entry:
    sectors = len(entry.data) // SECTOR
    kept = entry.data[: SECTOR * random.randint(0, sectors)] if random.random() < 0.5 else entry.data
    return Entry(entry.kind, entry.path, entry.offset, kept, entry.at)


def _apply(content: bytearray, entry: Entry) -> None:
    if entry.kind == "w":
        end = entry.offset + len(entry.data)
        content.extend(bytes(max(0, end - len(content))))
        content[entry.offset : end] = entry.data
    elif entry.kind == "t":
        del content[entry.offset :]
        content.extend(bytes(entry.offset - len(content)))
