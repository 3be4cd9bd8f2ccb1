"""What a personal code (*mã cá nhân*) looks like, how it is read when typed, and how it is stored.

A code has twelve random letters of Crockford's base32 (60 bits from the operating system) and one check letter of the
same alphabet, written ABCD-EFGH-JKMN-P. Only a keyed hash of it is stored, under a pepper kept outside the database.
"""

import hashlib
import hmac
import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
RANDOM_LETTERS = 12
CODE_LENGTH = RANDOM_LETTERS + 1

_VALUE = {letter: value for value, letter in enumerate(ALPHABET)}
# What people type for what is printed. U has no place in the alphabet and no twin: it is refused.
_LOOK_ALIKES = str.maketrans({"O": "0", "I": "1", "L": "1"})
# Blanks of every kind and what keyboards and messengers make of a hyphen.
_SEPARATORS = str.maketrans("", "", " \t\r\n\u00a0\u200b\ufeff-\u2010\u2011\u2012\u2013\u2014\u2212_.")


def new_code() -> str:
    """A fresh code of thirteen letters without hyphens."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(RANDOM_LETTERS))
    return body + check_letter(body)


def check_letter(body: str) -> str:
    """The letter that closes `body`.

    Letters are elements of the field of 32 elements (x^5 + x^2 + 1); letter i weighs x^i, the check letter 1, and a
    true code sums to zero. As the weights of all places differ and none is zero, the check finds EVERY single wrong
    letter, EVERY exchange of two letters (neighbours or not), and every doubled letter read as another double
    (AA for BB). Of other mistakes it lets one in 32 pass; those meet the keyed hash, where a chance hit needs one of
    the round's live codes among 2^60.
    """
    total = 0
    for letter in body:
        total = _times_x(total ^ _VALUE[letter])
    return ALPHABET[total]


def _times_x(element: int) -> int:
    """`element` times x in the field of 32 elements."""
    doubled = element << 1
    return doubled ^ 0b100101 if doubled & 0b100000 else doubled


def normalise(typed: str) -> str | None:
    """The code that was meant by `typed`, or None when it cannot be one.

    Small letters, blanks and hyphens do not matter; O counts as 0, I and L as 1. None for another length, a letter
    outside the alphabet (U among them) and a check letter that does not fit.
    """
    code = typed.translate(_SEPARATORS).upper().translate(_LOOK_ALIKES)
    if len(code) != CODE_LENGTH or any(letter not in _VALUE for letter in code):
        return None
    return code if check_letter(code[:-1]) == code[-1] else None


def printed(code: str) -> str:
    """The code as it stands on paper: ABCD-EFGH-JKMN-P."""
    return "-".join((code[:4], code[4:8], code[8:12], code[12:]))


def hash_of(code: str, pepper: bytes) -> str:
    """HMAC-SHA256 of a normalised code: what the database holds. Without the pepper 2^60 codes cannot be tried."""
    return hmac.new(pepper, b"code:" + code.encode("ascii"), hashlib.sha256).hexdigest()


def link(survey_url: str, code: str) -> str:
    """The personal link. The code stands in the fragment, which browsers neither send nor log."""
    return f"{survey_url.rstrip('/')}/p#{code}"
