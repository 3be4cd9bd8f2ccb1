"""What a personal code (*mã cá nhân*) looks like, how it is read when typed, and how it is stored.

A code has twelve random letters of Crockford's base32 (60 bits from the operating system) and one check letter of the
same alphabet, written ABCD-EFGH-JKMN-P. Only a keyed hash of it is stored, under a pepper kept outside the database.
"""

import hashlib
import hmac
import secrets
import unicodedata

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
RANDOM_LETTERS = 12
CODE_LENGTH = RANDOM_LETTERS + 1

_VALUE = {letter: value for value, letter in enumerate(ALPHABET)}
# What people type for what is printed. U has no place in the alphabet and no twin: it is refused.
_LOOK_ALIKES = str.maketrans({"O": "0", "I": "1", "L": "1"})
# What a Vietnamese keyboard made of the letters, taken back: as typed in Telex (a lone W is «ư»), and as typed in VNI.
_TELEX = {
    "Đ": "DD",
    "U\u031b": "W",
    "A\u0302": "AA",
    "E\u0302": "EE",
    "O\u0302": "OO",
    "\u031b": "W",
    "\u0306": "W",
    "\u0301": "S",
    "\u0300": "F",
    "\u0309": "R",
    "\u0303": "X",
    "\u0323": "J",
}
_VNI = {
    "Đ": "D9",
    "\u0301": "1",
    "\u0300": "2",
    "\u0309": "3",
    "\u0303": "4",
    "\u0323": "5",
    "\u0302": "6",
    "\u031b": "7",
    "\u0306": "8",
}


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

    A whole link, small letters, blanks, hyphens and other marks do not matter; O counts as 0, I and L as 1; the marks
    that a Vietnamese keyboard puts on letters are taken back. None for another length, a letter outside the alphabet
    (U among them) and a check letter that does not fit. `static/code.js` is its twin in the browser.
    """
    text = unicodedata.normalize("NFKD", typed).upper()
    written = text.rpartition("#")[2].rpartition(":")[2].partition("~")[0]
    for keys in (_TELEX, _VNI):
        letters = written
        for made, meant in keys.items():
            letters = letters.replace(made, meant)
        code = "".join(letter for letter in letters if letter.isalnum()).translate(_LOOK_ALIKES)
        if _is_true(code):
            return code
        if letters == written:
            break
    return None


def _is_true(code: str) -> bool:
    """Whether length, alphabet and check letter are those of a code."""
    known = len(code) == CODE_LENGTH and all(letter in _VALUE for letter in code)
    return known and check_letter(code[:-1]) == code[-1]


def printed(code: str) -> str:
    """The code as it stands on paper: ABCD-EFGH-JKMN-P."""
    return "-".join((code[:4], code[4:8], code[8:12], code[12:]))


def hash_of(code: str, pepper: bytes) -> str:
    """HMAC-SHA256 of a normalised code: what the database holds. Without the pepper 2^60 codes cannot be tried."""
    return hmac.new(pepper, b"code:" + code.encode("ascii"), hashlib.sha256).hexdigest()


def link(survey_url: str, code: str) -> str:
    """The personal link. The code stands in the fragment, which browsers neither send nor log."""
    return f"{survey_url.rstrip('/')}/p#{code}"
