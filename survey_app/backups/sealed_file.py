"""How is a backup file encrypted, so that it cannot be read without the key file, nor altered or cut unseen?

    «KSXHH-BACKUP-1\n» | id of the data key (8 bytes) | salt (32 bytes) | pieces

The key of a file is HKDF-SHA256 of the data key and the salt, so no two files share one. A piece is 1 MiB of content
(the last one less) under AES-256-GCM; its nonce is its number (11 bytes) and whether it is the last (1 byte), the head
of the file is authenticated with each. What is left out, moved or added makes a piece fail or the last one be missing.
"""

import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ..errors import Refused

MAGIC = b"KSXHH-BACKUP-1\n"
_ID_LENGTH = 8
_SALT_LENGTH = 32
_PIECE = 1024 * 1024
_TAG = 16

_DAMAGED = "Bản sao lưu bị hỏng hoặc bị cắt cụt. Chép lại tệp từ nơi cất, hoặc dùng bản sao lưu khác."


def _key_id(data_key: bytes) -> bytes:
    return hashlib.sha256(b"backup key id:" + data_key).digest()[:_ID_LENGTH]


def _cipher(data_key: bytes, salt: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, salt, b"survey: backup 1").derive(data_key))


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


class SealedWriter:
    """A file to write into, without going back; `close` must be called, or the file is worth nothing."""

    def __init__(self, target: BinaryIO, data_key: bytes) -> None:
        self._target = target
        salt = os.urandom(_SALT_LENGTH)
        self._head = MAGIC + _key_id(data_key) + salt
        self._cipher = _cipher(data_key, salt)
        self._waiting = bytearray()
        self._number = 0
        target.write(self._head)

    def write(self, content: bytes) -> int:
        """Takes bytes; whole pieces go to the file."""
        self._waiting += content
        while len(self._waiting) > _PIECE:
            self._put(bytes(self._waiting[:_PIECE]), last=False)
            del self._waiting[:_PIECE]
        return len(content)

    def flush(self) -> None:
        """Nothing: a piece is written when it is whole."""

    def close(self) -> None:
        """Writes the last piece, and waits until all lies on the disk."""
        self._put(bytes(self._waiting), last=True)
        self._target.flush()
        os.fsync(self._target.fileno())

    def _put(self, piece: bytes, last: bool) -> None:
        self._target.write(self._cipher.encrypt(_nonce(self._number, last), piece, self._head))
        self._number += 1


def read_sealed(source: BinaryIO, data_keys: Sequence[bytes], keys_file: Path) -> Iterator[bytes]:
    """The content, piece by piece. Raises Refused for another kind of file, another key file, a damaged file.

    `keys_file` is where the key file should lie. Whoever reads must read to the end: only there is it known that
    nothing was cut off.
    """
    head = source.read(len(MAGIC) + _ID_LENGTH + _SALT_LENGTH)
    if not head.startswith(MAGIC):
        raise Refused("Tệp này không phải bản sao lưu của chương trình. Chọn tệp có tên dạng ksxhh-….bak.")
    if len(head) < len(MAGIC) + _ID_LENGTH + _SALT_LENGTH:
        raise Refused(_DAMAGED)
    wanted, salt = head[len(MAGIC) : -_SALT_LENGTH], head[-_SALT_LENGTH:]
    fitting = [key for key in data_keys if _key_id(key) == wanted]
    if not fitting:
        raise Refused(
            "Bản sao lưu này được khóa bằng một tệp khóa khác. "
            f"Chép tệp khóa đã cất (keys.json) thay cho {keys_file}, rồi chạy lại."
        )
    cipher, number, piece = _cipher(fitting[0], salt), 0, source.read(_PIECE + _TAG)
    while piece:
        following = source.read(_PIECE + _TAG)
        try:
            yield cipher.decrypt(_nonce(number, not following), piece, head)
        except InvalidTag as fault:
            raise Refused(_DAMAGED) from fault
        number, piece = number + 1, following
    if not number:
        raise Refused(_DAMAGED)
