"""Every setting, its default and its environment name; nothing else reads the environment.

SURVEY_DATA      data folder (database, keys, notes for the first administrator); default `instance/`
DATABASE_URL     default: SQLite file `survey.sqlite` in the data folder
PORT             port of the built-in server; default 8000
SURVEY_URL       public address, printed in links and QR codes; default http://127.0.0.1:PORT
SURVEY_KEYS      file of pepper and keys of cookie, data, answers; default `keys.json` in the data folder, made at first
TRUSTED_PROXIES  number of reverse proxies whose X-Forwarded-* headers are believed; default 0
SURVEY_TRAINING_DAYS  days after which a training round deletes itself; default 30
ALLOWED_HOSTS    host names answered, separated by commas; default: that of SURVEY_URL, localhost, 127.0.0.1
"""

import fcntl
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PROJECT = Path(__file__).resolve().parent.parent
MINIMUM_SECRET_LENGTH = 32


class BadSetting(Exception):
    """A setting with which the program must not start; the message names it and says what to do."""


@dataclass(frozen=True)
class Keys:
    """Secrets that never lie in the database nor in its backup."""

    cookie_key: str  # signs the office session cookie and form tokens
    pepper: bytes  # HMAC key of personal codes, one-time codes, session tokens and keys of persons
    data_key: bytes  # AES-256 key of the sealed columns, and of the hidden field of the pages without script
    old_data_keys: tuple[bytes, ...] = ()  # only while a new data key takes the place of an old one
    answer_key: bytes = b""  # the private key of identified answers is derived from it

    @property
    def data_keys(self) -> tuple[bytes, ...]:
        """The data key in use, then those that may still have sealed something."""
        return (self.data_key, *self.old_data_keys)


@dataclass(frozen=True)
class Settings:
    data_folder: Path
    database_url: str
    port: int
    public_url: str
    keys: Keys
    keys_file: Path
    trusted_proxies: int
    allowed_hosts: tuple[str, ...]
    training_days: int

    @property
    def https(self) -> bool:
        return self.public_url.startswith("https://")

    @property
    def only_this_machine(self) -> bool:
        """The public address cannot be opened from a phone: SURVEY_URL has not been set."""
        return urlsplit(self.public_url).hostname in ("localhost", "127.0.0.1", "::1")

    @property
    def host(self) -> str:
        """Host (with port where it is not the usual one) as printed on letters."""
        return urlsplit(self.public_url).netloc


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Settings from the environment. Makes the data folder and the key file when they are missing.

    Raises BadSetting for a value that cannot be used or a key file that is too open or too weak.
    """
    env = os.environ if environment is None else environment
    folder = Path(env.get("SURVEY_DATA") or PROJECT / "instance").resolve()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    port = _whole_number(env, "PORT", 8000)
    public_url = (env.get("SURVEY_URL") or f"http://127.0.0.1:{port}").rstrip("/")
    parts = urlsplit(public_url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path:
        raise BadSetting(f"SURVEY_URL phải có dạng https://tên-miền, không có đường dẫn; đang là «{public_url}».")
    keys_file = Path(env.get("SURVEY_KEYS") or folder / "keys.json")
    hosts = [h.strip() for h in env.get("ALLOWED_HOSTS", "").split(",") if h.strip()]
    training_days = _whole_number(env, "SURVEY_TRAINING_DAYS", 30)
    if training_days < 1:
        raise BadSetting("SURVEY_TRAINING_DAYS phải từ 1 ngày trở lên.")
    return Settings(
        data_folder=folder,
        database_url=env.get("DATABASE_URL") or f"sqlite:///{folder / 'survey.sqlite'}",
        port=port,
        public_url=public_url,
        keys=read_keys(keys_file),
        keys_file=keys_file,
        trusted_proxies=_whole_number(env, "TRUSTED_PROXIES", 0),
        training_days=training_days,
        allowed_hosts=tuple(hosts or [parts.hostname, "localhost", "127.0.0.1"]),
    )


def _whole_number(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name) or str(default)
    if not text.isdigit():
        raise BadSetting(f"{name} phải là số nguyên; đang là «{text}».")
    return int(text)


def read_keys(path: Path) -> Keys:
    """The keys of a file, which is made when it is missing. Raises BadSetting when it is too open or damaged."""
    if not path.exists():
        _write_new_keys(path)
    if path.stat().st_mode & 0o077:
        raise BadSetting(f"Tệp khóa {path} đang mở cho người khác đọc. Chạy: chmod 600 {path}")
    try:
        stored = json.loads(path.read_text("utf-8"))
        old = tuple(bytes.fromhex(key) for key in stored.get("old_data_keys", []))
        if "answer_key" not in stored:  # a key file of an earlier program
            stored = _add_answer_key(path)
        keys = Keys(
            str(stored["cookie_key"]), bytes.fromhex(stored["pepper"]), bytes.fromhex(stored["data_key"]), old,
            bytes.fromhex(stored["answer_key"]),
        )  # fmt: skip
    except (ValueError, KeyError, TypeError) as fault:
        raise BadSetting(f"Tệp khóa {path} bị hỏng; phục hồi từ bản sao lưu của tệp này.") from fault
    lengths = (len(keys.pepper) >= 32, len(keys.data_key) == 32, len(keys.answer_key) == 32)
    if len(keys.cookie_key) < MINIMUM_SECRET_LENGTH or not all(lengths):
        raise BadSetting(f"Khóa trong {path} quá ngắn; phục hồi từ bản sao lưu của tệp này.")
    return keys


def _write_new_keys(path: Path) -> None:
    fresh = {name: secrets.token_hex(32) for name in ("cookie_key", "pepper", "data_key", "answer_key")}
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _write(path, fresh)


def _write(path: Path, stored: Mapping[str, object]) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(stored, file)
        file.flush()
        os.fsync(file.fileno())


def _add_answer_key(path: Path) -> dict[str, Any]:
    """The stored keys with one for identified answers; of several programs that start at once, the first adds it."""
    with path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        stored: dict[str, Any] = json.loads(path.read_text("utf-8"))
        if "answer_key" not in stored:
            stored["answer_key"] = secrets.token_hex(32)
            _replace(path, stored)
    return stored


def add_data_key(path: Path) -> Path | None:
    """A new data key in the key file, the one before kept beside it; returns the copy of the file as it was.

    None, and nothing changed, when an earlier change of the key was broken off: it is to be finished first.
    """
    stored = json.loads(path.read_text("utf-8"))
    if stored.get("old_data_keys"):
        return None
    copy = path.with_name(f"{path.stem}-{datetime.now(UTC):%Y%m%d-%H%M%S}{path.suffix}")
    _write(copy, stored)
    _replace(path, {**stored, "data_key": secrets.token_hex(32), "old_data_keys": [stored["data_key"]]})
    return copy


def drop_old_data_keys(path: Path) -> None:
    """Take the data keys out of the key file that seal nothing any more."""
    stored = json.loads(path.read_text("utf-8"))
    stored.pop("old_data_keys", None)
    _replace(path, stored)


def _replace(path: Path, stored: Mapping[str, object]) -> None:
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    _write(fresh, stored)
    fresh.replace(path)
