"""How Vietnamese text is normalised, compared, ordered and printed.

One answer for every engine: the keys are stored in columns, so SQLite and PostgreSQL search and sort alike without
extensions or collations.
"""

import re
import unicodedata
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

LOCAL_ZONE = ZoneInfo("Asia/Ho_Chi_Minh")

# The 29 letters in dictionary order; f, j, w, z stand where a Vietnamese index puts foreign words.
_ALPHABET = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
_LETTER_RANK = {letter: chr(ord("A") + rank) for rank, letter in enumerate(_ALPHABET)}
# ngang, huyền, hỏi, ngã, sắc, nặng: the order of tones in Vietnamese dictionaries.
_TONE_RANK = {"\u0300": "1", "\u0309": "2", "\u0303": "3", "\u0301": "4", "\u0323": "5"}
_SHAPE_MARKS = {"\u0306", "\u0302", "\u031b"}  # breve, circumflex, horn: part of the letter, not a tone
_BLANKS = re.compile(r"[\s\u00a0]+")
# Signs without width (joiners, soft hyphen, marks of direction): nobody sees them, so two equal names would differ.
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")

_LOOK_ALIKES = str.maketrans("\u00d0\u00f0\u0189\u0256", "ĐđĐđ")


def N_(text: str) -> str:  # noqa: N802 - the name that Babel looks for
    """`text` as it is, marked for translation: the page that shows it passes it through gettext."""
    return text


def clean(text: str) -> str:
    """Text in NFC with single blanks and none at the ends, without signs that have no width.

    NBSP, tabs and line ends count as blanks; the Icelandic and African «Ð», «Ɖ» of old keyboards become «Đ».
    """
    return _BLANKS.sub(" ", unicodedata.normalize("NFC", _UNSEEN.sub("", text)).translate(_LOOK_ALIKES)).strip()


def search_key(text: str) -> str:
    """Lower-case text without marks, đ as d: «Tỏa Tình» and «TOA TINH» have one key."""
    decomposed = unicodedata.normalize("NFD", clean(text).casefold().replace("đ", "d"))
    return "".join(char for char in decomposed if not unicodedata.combining(char))


@lru_cache(maxsize=20_000)  # a name is compared with many
def fold(text: str) -> str:
    """The key under which two spellings of one name are equal: as `search_key`, with y as i («Pú Xy» = «Pú Xi»).

    A stop at the end does not count.
    """
    return search_key(text).rstrip(" .,;").replace("y", "i")


def order_key(text: str) -> str:
    """A plain ASCII key that sorts in Vietnamese dictionary order: letters first, tones decide only between equals."""
    letters: list[str] = []
    tones: list[str] = []
    for word in clean(text).casefold().split(" "):
        for syllable_char in unicodedata.normalize("NFC", word):
            parts = unicodedata.normalize("NFD", syllable_char)
            base = unicodedata.normalize("NFC", parts[0] + "".join(m for m in parts[1:] if m in _SHAPE_MARKS))
            letters.append(_LETTER_RANK.get(base, base if base.isascii() else "~"))
            tones.append(next((_TONE_RANK[m] for m in parts[1:] if m in _TONE_RANK), "0"))
        letters.append(" ")
        tones.append(" ")
    return "".join(letters).strip() + "!" + "".join(tones).strip()


def person_order_key(name: str) -> str:
    """Order of persons: by given name (*tên*, the last word), then by the whole name."""
    words = clean(name).split(" ")
    return order_key(" ".join([words[-1], *words[:-1]]))


def phone_text(phone: str) -> str:
    """A ten-digit number as read aloud: 0342 631 583."""
    return f"{phone[:4]} {phone[4:7]} {phone[7:]}" if len(phone) == 10 else phone


def number_text(value: Decimal | int | float, decimals: int | None = None) -> str:
    """A number in Vietnamese writing: 1.250.000 and 21,86. `decimals` None keeps the digits of the value."""
    text = f"{value:,}" if decimals is None else f"{value:,.{decimals}f}"
    return text.translate(str.maketrans(",.", ".,"))


def date_text(day: date | None) -> str:
    """dd/mm/yyyy, empty for no date."""
    return day.strftime("%d/%m/%Y") if day else ""


def moment_text(moment: datetime | None) -> str:
    """Local time of Việt Nam, dd/mm/yyyy HH:MM, empty for none. `moment` carries its zone."""
    return moment.astimezone(LOCAL_ZONE).strftime("%d/%m/%Y %H:%M") if moment else ""


def local_day(moment: datetime) -> date:
    """The day in Việt Nam at a moment, which carries its zone."""
    return moment.astimezone(LOCAL_ZONE).date()


def today() -> date:
    """The day in Việt Nam: deadlines are local days, their end inclusive."""
    return datetime.now(LOCAL_ZONE).date()
