"""Which passwords are accepted, and how they are kept: argon2id, no forced rotation, any characters."""

import secrets
import unicodedata
from functools import cache
from typing import TYPE_CHECKING

from ..text import search_key

if TYPE_CHECKING:
    from argon2 import PasswordHasher

MINIMUM_LENGTH = 12
MAXIMUM_LENGTH = 128
# What must be left of a password once the words below are taken out of it.
_OWN_PART = 6
# Runs of keys, then the words that stand in the lists of the most used passwords, then those of this place and
# trade. Compared without marks and in small letters.
_WELL_KNOWN = (
    *("0123456789", "9876543210", "abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "asdfghjkl", "zxcvbnm", "1qaz2wsx3edc"),
    *("password", "passw0rd", "p@ssword", "p@ssw0rd", "matkhau", "m@tkhau", "iloveyou", "letmein", "welcome"),
    *("administrator", "admin", "login", "dangnhap", "taikhoan", "changeme", "default", "secret", "master"),
    *("monkey", "dragon", "football", "baseball", "sunshine", "princess", "superman", "computer", "internet"),
    *("anhyeuem", "emyeuanh", "yeuanh", "yeuem", "khongbiet", "khongco", "conyeu", "vietnam", "hanoi", "nguyen"),
    *("tuangiao", "dienbien", "dienbienphu", "phongnoivu", "noivu", "ubnd", "uybannhandan", "huyen", "tinh"),
    *("caicachhanhchinh", "cchc", "dieutra", "xahoihoc", "khaosat", "parindex", "sipas"),
)
_SHORTEST_RUN = 4


def password_fault(password: str, login: str = "") -> str | None:
    """Why `password` is not accepted, as a sentence that says what to do; None when it is.

    Asked for are 12 to 128 characters of any kind that are not made of well-known words, runs of keys, repetitions
    or the own login.
    """
    password = _normal(password)
    if len(password) < MINIMUM_LENGTH:
        return f"Mật khẩu có {len(password)} ký tự, cần ít nhất {MINIMUM_LENGTH}. Có thể ghép bốn từ bất kỳ."
    if len(password) > MAXIMUM_LENGTH:
        return f"Mật khẩu có {len(password)} ký tự, nhiều nhất {MAXIMUM_LENGTH}. Chọn mật khẩu ngắn hơn."
    if _repeats(password):
        return "Mật khẩu lặp lại một cụm ký tự nên dễ đoán. Chọn mật khẩu khác."
    if len(_own_part(password, login)) < _OWN_PART:
        return "Mật khẩu ghép từ các từ hay dùng hoặc tên đăng nhập nên dễ đoán. Chọn mật khẩu khác."
    return None


def _normal(password: str) -> str:
    """One writing of what different keyboards send for the same letters (a Mac sends ế in three pieces)."""
    return unicodedata.normalize("NFKC", password)


def _repeats(password: str) -> bool:
    """Whether a piece of at most a third of the password makes up all of it."""
    for size in range(1, len(password) // 3 + 1):
        piece = password[:size]
        if (piece * (len(password) // size + 1))[: len(password)] == password:
            return True
    return len(set(password)) < 4


def _own_part(password: str, login: str) -> str:
    """What is left without well-known words, the login, runs of keys, and the digits and signs people add."""
    left = search_key(password).replace(" ", "")
    logins = [part for part in (search_key(login), *search_key(login).split("-")) if len(part) >= _SHORTEST_RUN]
    for word in sorted((*_WELL_KNOWN, *logins), key=len, reverse=True):
        left = left.replace(word, "")
    for run in (text for text in _WELL_KNOWN if len(text) > 8):
        for size in range(len(run), _SHORTEST_RUN - 1, -1):
            for start in range(len(run) - size + 1):
                left = left.replace(run[start : start + size], "")
    letters = "".join(char for char in left if char.isalpha())
    # Signs and digits count where they are many; a year or «123» and «!» at the end do not make a password.
    return letters if len(left) - len(letters) <= _OWN_PART else left


@cache
def _hasher() -> "PasswordHasher":
    from argon2 import PasswordHasher

    return PasswordHasher()  # argon2id, 64 MiB, 3 rounds: about 0.1 s, the library's own choice


def hash_password(password: str) -> str:
    """The argon2id hash to store, with its parameters and salt."""
    return _hasher().hash(_normal(password))


def password_fits(stored: str | None, password: str) -> bool:
    """Whether `password` is the one behind `stored`.

    Without a stored hash (unknown or unused account) the same work is done on a hash nobody knows, so that the time
    of an answer does not tell which accounts exist.
    """
    from argon2.exceptions import InvalidHashError, VerificationError

    password = _normal(password)
    if len(password) > MAXIMUM_LENGTH:
        password = password[:MAXIMUM_LENGTH] + "\0"  # never equal to an accepted one, and never long work
    try:
        return _hasher().verify(stored or _nobodys_hash(), password) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobodys_hash() -> str:
    return hash_password(secrets.token_hex(32))


def needs_new_hash(stored: str) -> bool:
    """Whether the parameters of `stored` are weaker than today's; the next sign-in then hashes anew."""
    return _hasher().check_needs_rehash(stored)
