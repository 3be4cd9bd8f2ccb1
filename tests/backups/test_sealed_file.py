import io
import os
from pathlib import Path

import pytest

from survey_app.backups.sealed_file import MAGIC, SealedWriter, read_sealed
from survey_app.errors import Refused

KEY = bytes(range(32))
PIECE = 1024 * 1024


@pytest.fixture
def sealed(tmp_path):
    """Contents → the bytes of a backup file."""

    def make(content: bytes) -> bytes:
        with (tmp_path / "x.bak").open("wb") as file:
            writer = SealedWriter(file, KEY)
            for start in range(0, len(content), 700_000):
                writer.write(content[start : start + 700_000])
            writer.close()
        return (tmp_path / "x.bak").read_bytes()

    return make


def read(content: bytes, *keys: bytes) -> bytes:
    return b"".join(read_sealed(io.BytesIO(content), keys or (KEY,), Path("keys.json")))


@pytest.mark.parametrize("length", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE])
def test_what_was_written_is_read_whatever_its_length(sealed, length):
    content = os.urandom(length)
    assert read(sealed(content), bytes(32), KEY) == content


def test_equal_contents_are_never_equal_files_and_hold_no_plain_bytes(sealed):
    content = b"Phong Noi vu huyen Tuan Giao" * 100
    first, second = sealed(content), sealed(content)
    assert first != second
    assert b"Tuan Giao" not in first


def test_a_file_that_was_cut_at_any_piece_or_byte_is_refused(sealed):
    content = sealed(os.urandom(3 * PIECE))
    head = len(content) - 3 * (PIECE + 16)
    for length in (head - 1, head, head + PIECE + 16, head + 2 * (PIECE + 16), len(content) - 1):
        with pytest.raises(Refused, match=r"hỏng|không phải"):
            read(content[:length])


def test_altered_moved_and_added_pieces_are_refused(sealed):
    content = sealed(os.urandom(2 * PIECE))
    head = len(content) - 2 * (PIECE + 16)
    altered = bytearray(content)
    altered[head + 99] ^= 1
    first, second = content[head : head + PIECE + 16], content[head + PIECE + 16 :]
    for damaged in (
        bytes(altered),
        content[:head] + second + first,
        content + second,
        content[: head - 1] + b"\0" + first,
    ):
        with pytest.raises(Refused, match="hỏng"):
            read(damaged)


def test_another_key_file_is_named_as_the_reason(sealed):
    with pytest.raises(Refused, match="tệp khóa khác"):
        read(sealed(b"x"), bytes(32))


def test_another_kind_of_file_is_named_as_the_reason():
    for content in (b"", b"SQLite format 3\0" + bytes(100), MAGIC[:5]):
        with pytest.raises(Refused, match="không phải bản sao lưu"):
            read(content)
