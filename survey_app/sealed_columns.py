"""How do personal data stay unreadable in the files of the database, and how are they found again?

A sealed column holds AES-256-GCM of its value: version, id of the key, random nonce, sealed bytes. The name of the
column is authenticated with it, so that a value cannot be moved to another column. Equal values look different; what
must be found by its value has a keyed hash (HMAC-SHA-256) in a column beside.

The keys come from SURVEY_KEYS, never from the database. They hang on the dialect of the engine, which every type is
given when it reads or writes: two programs in one process, each with its own engine, have each their own keys.
"""

import hashlib
import hmac
import json
import os
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from sqlalchemy import Dialect, Engine, LargeBinary
from sqlalchemy.sql import operators
from sqlalchemy.types import TypeDecorator

from .config import BadSetting

_VERSION = 1
_KEY_ID_LENGTH = 4
_NONCE_LENGTH = 12
_HEAD = 1 + _KEY_ID_LENGTH + _NONCE_LENGTH


class WrongKey(BadSetting):
    """What is stored was sealed with a key that the key file does not hold."""


_WRONG_KEY = (
    "Tệp khóa (SURVEY_KEYS) không phải là tệp đã niêm phong dữ liệu trong cơ sở dữ liệu này, nên không đọc được số "
    "điện thoại, thư điện tử, địa chỉ và tệp danh sách. Chép lại tệp keys.json từ bản sao lưu rồi chạy lại."
)


class ColumnKeys:
    """The keys of sealed columns and of the hashes beside them; the first data key seals, all open.

    `answer_key` is no key of a column: the private key of identified answers is derived from it (`answers.identified`).
    """

    def __init__(self, pepper: bytes, data_keys: Sequence[bytes], answer_key: bytes = b"") -> None:
        self._pepper = pepper
        self._data_keys = tuple(data_keys)
        self.answer_key = answer_key

    @property
    def answer_key_id(self) -> str:
        """By what the database knows the answer key, without knowing it."""
        return hashlib.sha256(b"answer key id:" + self.answer_key).hexdigest()[:16]

    @cached_property
    def _ciphers(self) -> dict[bytes, Any]:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        derived = [HKDF(SHA256(), 32, None, b"survey: sealed columns 1").derive(key) for key in self._data_keys]
        return {hashlib.sha256(b"id:" + key).digest()[:_KEY_ID_LENGTH]: AESGCM(key) for key in derived}

    @property
    def _current(self) -> tuple[bytes, Any]:
        if not self._ciphers:
            raise WrongKey("Chưa có khóa dữ liệu: cơ sở dữ liệu được mở mà không có tệp khóa (SURVEY_KEYS).")
        return next(iter(self._ciphers.items()))

    def seal(self, place: str, plain: bytes) -> bytes:
        """`plain` sealed for the column `place` («table.column»)."""
        key_id, cipher = self._current
        nonce = os.urandom(_NONCE_LENGTH)
        return bytes([_VERSION]) + key_id + nonce + cipher.encrypt(nonce, plain, place.encode())  # type: ignore[no-any-return]

    def open(self, place: str, stored: bytes) -> bytes:
        """What was sealed for `place`. Raises WrongKey when no key fits or the bytes were altered or moved."""
        from cryptography.exceptions import InvalidTag

        cipher = self._ciphers.get(stored[1 : 1 + _KEY_ID_LENGTH])
        if stored[:1] != bytes([_VERSION]) or cipher is None:
            raise WrongKey(_WRONG_KEY)
        try:
            plain: bytes = cipher.decrypt(stored[1 + _KEY_ID_LENGTH : _HEAD], stored[_HEAD:], place.encode())
        except InvalidTag as fault:
            raise WrongKey(f"Dữ liệu niêm phong ở {place} đã bị thay đổi. Phục hồi từ bản sao lưu.") from fault
        return plain

    def is_current(self, stored: bytes) -> bool:
        """Sealed with the newest key, or still with an old one."""
        return stored[1 : 1 + _KEY_ID_LENGTH] == self._current[0]

    def hash_of(self, kind: str, value: str) -> str:
        """Keyed hash of a value of one kind («phone», «email»): equal values have equal hashes, nothing else is told.

        The telephone numbers of a country can be tried one by one: without the pepper that tells nothing either.
        """
        return hmac.new(self._pepper, f"{kind}:{value}".encode(), hashlib.sha256).hexdigest()


def attach_keys(engine: Engine, keys: ColumnKeys) -> None:
    """Give the sealed columns of this engine their keys."""
    engine.dialect.survey_keys = keys  # type: ignore[attr-defined]


def keys_of(dialect: Dialect) -> ColumnKeys:
    """The keys of the engine that this dialect belongs to."""
    keys: ColumnKeys = dialect.survey_keys  # type: ignore[attr-defined]
    return keys


class _Sealed(TypeDecorator[Any]):
    """Base of the sealed columns; `place` is «table.column». Only «is (not) NULL» can be asked of one in SQL."""

    impl = LargeBinary
    cache_ok = True

    class Comparator(TypeDecorator.Comparator[Any]):
        def operate(self, op: Any, *other: Any, **kwargs: Any) -> Any:
            if op not in (operators.is_, operators.is_not):
                raise TypeError("a sealed column is found by the keyed hash beside it, not by its value")
            return super().operate(op, *other, **kwargs)

    comparator_factory = Comparator

    def __init__(self, place: str) -> None:
        super().__init__()
        self.place = place

    def _as_bytes(self, value: Any) -> bytes:
        raise NotImplementedError

    def _as_value(self, plain: bytes) -> Any:
        raise NotImplementedError

    def process_bind_param(self, value: Any, dialect: Dialect) -> bytes | None:
        return None if value is None else keys_of(dialect).seal(self.place, self._as_bytes(value))

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Any:
        return None if value is None else self._as_value(keys_of(dialect).open(self.place, bytes(value)))


class SealedText(_Sealed):
    """Sealed text."""

    cache_ok = True

    def _as_bytes(self, value: str) -> bytes:
        return value.encode("utf-8")

    def _as_value(self, plain: bytes) -> str:
        return plain.decode("utf-8")


class SealedBytes(_Sealed):
    """Sealed bytes."""

    cache_ok = True

    def _as_bytes(self, value: bytes) -> bytes:
        return value

    def _as_value(self, plain: bytes) -> bytes:
        return plain


class SealedJson(_Sealed):
    """Sealed JSON."""

    cache_ok = True

    def _as_bytes(self, value: Any) -> bytes:
        return json.dumps(value, ensure_ascii=False, sort_keys=True).encode("utf-8")

    def _as_value(self, plain: bytes) -> Any:
        return json.loads(plain)
