"""Which values may answer a question of each kind, and how is a posted field read as one?

Texts are NFC; whole and decimal numbers are numbers, dates are written YYYY-MM-DD; several choices are a list, for
`rank` in the order of preference; `acknowledge` is "OK", as in ODK. None is the empty text or the empty list.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Final, TypeAlias

from .definition import (
    ACKNOWLEDGE,
    DATE,
    DECIMAL,
    INTEGER,
    RANGE,
    RANK,
    SELECT_MULTIPLE,
    SELECT_ONE,
    TEXT,
    Question,
    plain_number,
)
from .expression import Answer

MAX_TEXT: Final = 2000  # characters
MAX_TEXT_BYTES: Final = 6000  # in UTF-8, so that the answers fit an envelope of fixed size
MAX_INTEGER: Final = 10**9
ACKNOWLEDGED: Final = "OK"
_FIRST_YEAR, _LAST_YEAR = 1900, 2100

# Kinds of fault, the same for one screen and for a whole submission.
_OF_CHOICES: Final = frozenset({SELECT_ONE, SELECT_MULTIPLE, RANK})
REQUIRED: Final = "required"
NOT_A_CHOICE: Final = "not_a_choice"
NOT_AN_INTEGER: Final = "not_an_integer"
NOT_A_NUMBER: Final = "not_a_number"
NOT_A_DATE: Final = "not_a_date"
NOT_IN_RANGE: Final = "not_in_range"
NOT_ALL_RANKED: Final = "not_all_ranked"
TOO_LONG: Final = "too_long"
WRONG_SHAPE: Final = "wrong_shape"
CONSTRAINT: Final = "constraint"
UNKNOWN: Final = "unknown"

RawAnswers: TypeAlias = Mapping[str, str | Sequence[str]]
_NUMERIC: Final = frozenset({INTEGER, DECIMAL, RANGE})
_LISTS: Final = frozenset({SELECT_MULTIPLE, RANK})
_LOCAL_DATE = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})")


def is_given(answer: object) -> bool:
    """Whether there is an answer at all."""
    return answer not in ("", [])


def clean_text(value: str) -> str:
    """A written answer in NFC, without control characters and outer blanks; line ends are kept as \\n."""
    if value.isascii() and value.isprintable():  # most are names of choices
        return value.strip()
    text = unicodedata.normalize("NFC", value.replace("\r\n", "\n").replace("\r", "\n"))
    return "".join(char for char in text if char == "\n" or unicodedata.category(char) not in {"Cc", "Cs"}).strip()


def read_field(question: Question, raw: str | Sequence[str]) -> Answer:
    """A posted field as an answer; what cannot be read stays text and is a fault afterwards."""
    parts = [raw] if isinstance(raw, str) else list(raw)
    if question.kind == RANK:
        return _read_places(parts)
    if question.kind == SELECT_MULTIPLE:
        return list(dict.fromkeys(part for part in parts if part))
    value = clean_text(parts[-1]) if parts else ""
    if question.kind in _NUMERIC and value:
        return _read_number(value, question.kind)
    if question.kind == DATE and (match := _LOCAL_DATE.fullmatch(value)):
        day, month, year = match.groups()
        return f"{year}-{month:>02}-{day:>02}"
    return value


def _read_number(text: str, kind: str) -> Answer:
    """A typed number; with a comma or a point before the decimals, as people write here."""
    if len(text) > 15:
        return text
    try:
        if kind == INTEGER:
            return int(text)
        number = Decimal(text.replace(",", "."))
    except (ValueError, InvalidOperation):
        return text
    return plain_number(number) if number.is_finite() else text


def _read_places(parts: Sequence[str]) -> list[str]:
    """The choices in the order of the places given to them («2:choice»); a place given twice leaves a gap."""
    placed: dict[int, str] = {}
    for part in parts:
        place, colon, name = part.partition(":")
        if colon and place.isdecimal() and len(place) < 4:
            placed.setdefault(int(place), name)
    return [placed[place] for place in sorted(placed)]


def has_shape(question: Question, value: object) -> bool:
    """Whether a JSON value is of the type that the kind of question takes; none is the empty text or the empty list."""
    if value == "":
        return True
    if question.kind in _LISTS:
        return isinstance(value, list) and all(isinstance(part, str) for part in value)
    if question.kind in _NUMERIC:
        whole = isinstance(value, int) and not isinstance(value, bool)
        return whole or (question.kind != INTEGER and isinstance(value, float))
    return isinstance(value, str)


def fault_of(question: Question, value: Answer, required: bool = True) -> str:
    """Kind of the fault of one answer, "" for none."""
    if not is_given(value):
        nothing_left = question.kind in _OF_CHOICES and not question.choices  # a choice_filter has taken away all
        return REQUIRED if required and question.required and not nothing_left else ""
    if question.kind in _OF_CHOICES:
        return _fault_of_choices(question, value)
    if question.kind == INTEGER:
        return "" if isinstance(value, int) and abs(value) <= MAX_INTEGER else NOT_AN_INTEGER
    if question.kind == DECIMAL:
        return "" if isinstance(value, int | float) and abs(value) <= MAX_INTEGER else NOT_A_NUMBER
    if question.kind == RANGE:
        return "" if value in question.steps else NOT_IN_RANGE
    if question.kind == DATE:
        return "" if _is_date(str(value)) else NOT_A_DATE
    if question.kind == ACKNOWLEDGE:
        return "" if value == ACKNOWLEDGED else WRONG_SHAPE
    if question.kind == TEXT:
        text = str(value)
        return TOO_LONG if len(text) > MAX_TEXT or len(text.encode("utf-8", "replace")) > MAX_TEXT_BYTES else ""
    return ""


def _fault_of_choices(question: Question, value: Answer) -> str:
    chosen = value if isinstance(value, list) else [str(value)]
    if not all(question.choice(name) for name in chosen) or len(set(chosen)) != len(chosen):
        return NOT_A_CHOICE
    return NOT_ALL_RANKED if question.kind == RANK and len(chosen) != len(question.choices) else ""


def _is_date(text: str) -> bool:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return False
    return found.isoformat() == text and _FIRST_YEAR <= found.year <= _LAST_YEAR
