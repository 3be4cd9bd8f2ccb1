"""Reads a SQLite file and its write-ahead log byte by byte, as somebody does who looks for what queries do not tell.

Format: https://www.sqlite.org/fileformat2.html
"""

import sqlite3
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_INTERIOR_INDEX, _INTERIOR_TABLE, _LEAF_INDEX, _LEAF_TABLE = 2, 5, 10, 13
_WAL_HEADER, _FRAME_HEADER = 32, 24


@dataclass(frozen=True)
class Row:
    """Where a row lies: its rank in the tree, its page, the place in the page, and its first column or rowid."""

    rank: int
    page: int
    offset: int
    key: str | int


def page_size(data: bytes) -> int:
    """Bytes of a page."""
    size = struct.unpack(">H", data[16:18])[0]
    return 65536 if size == 1 else int(size)


def rows(data: bytes, table: str) -> list[Row]:
    """All rows of a table with their places."""
    size = page_size(data)
    found = [(page, offset, key) for page, offset, key in _walk(data, size, _root_page(data, table))]
    return [Row(rank, *place) for rank, place in enumerate(found)]


def _root_page(data: bytes, table: str) -> int:
    connection = sqlite3.connect(":memory:")
    # The journal mode in the header is set back to rollback: an image in memory has no write-ahead log.
    connection.deserialize(data[:18] + b"\x01\x01" + data[20:])
    row = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ? AND type = 'table'", (table,))
    return int(row.fetchone()[0])


def _walk(data: bytes, size: int, number: int) -> Iterator[tuple[int, int, str | int]]:
    start = (number - 1) * size
    head = start + (100 if number == 1 else 0)
    kind = data[head]
    count = struct.unpack(">H", data[head + 3 : head + 5])[0]
    interior = kind in (_INTERIOR_INDEX, _INTERIOR_TABLE)
    pointers = head + (12 if interior else 8)
    for place in range(count):
        offset = struct.unpack(">H", data[pointers + 2 * place : pointers + 2 * place + 2])[0]
        at = start + offset
        if interior:
            yield from _walk(data, size, struct.unpack(">I", data[at : at + 4])[0])
            at += 4
        if kind == _INTERIOR_TABLE:
            continue
        yield number, offset, _key(data, at, kind)
    if interior:
        yield from _walk(data, size, struct.unpack(">I", data[head + 8 : head + 12])[0])


def _key(data: bytes, at: int, kind: int) -> str | int:
    _length, at = _varint(data, at)
    if kind == _LEAF_TABLE:
        return _varint(data, at)[0]
    header_length, place = _varint(data, at)
    kind_of_first, _ = _varint(data, place)
    body = at + header_length
    return data[body : body + (kind_of_first - 13) // 2].decode()


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for _ in range(8):
        byte = data[at]
        at += 1
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at
    return value << 8 | data[at], at + 1


def transactions(database: Path) -> Iterator[bytes]:
    """The whole database after each transaction that the write-ahead log holds, in the order of committing."""
    image = bytearray(database.read_bytes())
    log = database.with_name(database.name + "-wal").read_bytes()
    size = struct.unpack(">I", log[8:12])[0]
    salts = log[16:24]
    at = _WAL_HEADER
    while at + _FRAME_HEADER + size <= len(log) and log[at + 8 : at + 16] == salts:
        number, pages_after_commit = struct.unpack(">II", log[at : at + 8])
        end = number * size
        image.extend(bytes(max(0, end - len(image))))
        image[end - size : end] = log[at + _FRAME_HEADER : at + _FRAME_HEADER + size]
        at += _FRAME_HEADER + size
        if pages_after_commit:
            yield bytes(image)
