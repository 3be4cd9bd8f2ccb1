"""What do the operators and functions of expressions compute? Every one total: no argument makes it raise.

Each has its twin of the same name in `static/expression.js`; whoever changes one changes the other.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final, TypeAlias

from .expression_matching import matches

Value: TypeAlias = str | float | bool

MOST_MATCHED: Final = 250  # characters; a longer text matches no pattern, which keeps every condition quick
_MOST_POWER: Final = 64
_MANY: Final = 50
_NUMBER = re.compile(r"[ \t\r\n]*-?([0-9]+(\.[0-9]*)?|\.[0-9]+)[ \t\r\n]*")
_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_EPOCH: Final = date(1970, 1, 1).toordinal()
DATE_CODES: Final = ("%Y", "%y", "%m", "%n", "%d", "%e")
_DATE_CODE = re.compile("|".join(DATE_CODES))


@dataclass(frozen=True, slots=True)
class Function:
    """An operator or function: how many arguments it takes, and what it computes of them."""

    least: int
    most: int
    compute: Callable[..., Value]

    def takes(self, count: int) -> bool:
        return self.least <= count <= self.most


def as_number(value: Value) -> float:
    """The value as a number, NaN for a text that is neither a number nor a date."""
    if not isinstance(value, str):
        return float(value)
    if _NUMBER.fullmatch(value):
        return float(value)
    return _days(value)


def as_text(value: Value) -> str:
    """The value as text: `true`, `false`, or a number without exponent."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else number_text(value)


def as_truth(value: Value) -> bool:
    """Whether the value counts as true: not the empty text, not zero, not NaN."""
    return value == value and bool(value)  # NaN, which is not itself, is false in XPath


def number_text(value: float) -> str:
    """A number as XPath writes it: no exponent, no point after a whole number."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0:
        return "0"
    text = format(Decimal(repr(value)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _days(text: str) -> float:
    """Days from 1970-01-01 to a date YYYY-MM-DD, NaN for what is none."""
    match = _DATE.fullmatch(text)
    if match is None:
        return math.nan
    try:
        return float(date(int(match[1]), int(match[2]), int(match[3])).toordinal() - _EPOCH)
    except ValueError:
        return math.nan


def _date_of(value: Value) -> date | None:
    ordinal = _whole(as_number(value), math.floor) + _EPOCH
    return date.fromordinal(int(ordinal)) if 1 <= ordinal <= date.max.toordinal() else None


def _whole(value: float, rounded: Callable[[float], int]) -> float:
    return float(rounded(value)) if math.isfinite(value) else value


def _equal(left: Value, right: Value) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return as_truth(left) == as_truth(right)
    if isinstance(left, str) and isinstance(right, str):
        return left == right
    return as_number(left) == as_number(right)


def _divide(left: Value, right: Value) -> float:
    above, below = as_number(left), as_number(right)
    if below:
        return above / below
    if math.isnan(above) or math.isnan(below) or above == 0:
        return math.nan
    return math.copysign(math.inf, above) * math.copysign(1, below)


def _remainder(left: Value, right: Value) -> float:
    above, below = as_number(left), as_number(right)
    if math.isnan(below) or below == 0 or not math.isfinite(above):
        return math.nan
    return math.fmod(above, below)


def _power(base: Value, exponent: Value) -> float:
    """Powers with a whole exponent from -64 to 64, multiplied out so that every machine gets the same digits."""
    factor, count = as_number(base), as_number(exponent)
    if not math.isfinite(count) or count != math.floor(count) or abs(count) > _MOST_POWER:
        return math.nan
    product = 1.0
    for _time in range(int(abs(count))):
        product *= factor
    return product if count >= 0 else _divide(1.0, product)


def _round(value: Value, places: Value = 0.0) -> float:
    """Half up, as XPath rounds: -2.5 becomes -2. From 9 places before to 9 behind the point."""
    number, count = as_number(value), as_number(places)
    if count not in range(-9, 10):
        return math.nan
    scale = float(10 ** abs(int(count)))
    if count < 0:
        return _whole(number / scale + 0.5, math.floor) * scale
    return _whole(number * scale + 0.5, math.floor) / scale


def _extreme(values: tuple[Value, ...], wins: Callable[[float, float], bool]) -> float:
    numbers = [as_number(value) for value in values]
    if any(math.isnan(number) for number in numbers):
        return math.nan
    best = numbers[0]
    for number in numbers[1:]:
        best = number if wins(number, best) else best
    return best


def _chosen(value: Value) -> list[str]:
    return [name for name in as_text(value).split(" ") if name]


def _selected_at(value: Value, place: Value) -> str:
    chosen, number = _chosen(value), as_number(place)
    return chosen[int(number)] if 0 <= number < len(chosen) else ""


def _substr(text: Value, start: Value, end: Value = math.inf) -> str:
    """Characters from `start` (0 is the first) to before `end`; negative places count from the end, as in ODK."""
    whole = as_text(text)
    first, last = (_place(as_number(value), len(whole)) for value in (start, end))
    return whole[first:last] if first < last else ""


def _place(number: float, length: int) -> int:
    if math.isnan(number):
        return 0
    place = number + length if number < 0 else number
    return int(min(max(place, 0), length))


def _matches(text: Value, pattern: Value) -> bool:
    """Whether the whole text matches a pattern that the parser has brought to the common form."""
    subject = as_text(text)
    return len(subject) <= MOST_MATCHED and matches(as_text(pattern), subject)


def _squeezed(text: Value) -> str:
    return " ".join(part for part in re.split("[ \t\r\n]+", as_text(text)) if part)


def _translated(text: Value, old: Value, new: Value) -> str:
    after = as_text(new)
    table: dict[str, str] = {}
    for place, letter in enumerate(as_text(old)):
        table.setdefault(letter, after[place] if place < len(after) else "")
    return "".join(table.get(letter, letter) for letter in as_text(text))


def _date(value: Value) -> str:
    found = _date_of(value)
    return found.isoformat() if found else ""


def _format_date(value: Value, form: Value) -> str:
    found = _date_of(value)
    if found is None:
        return ""
    codes = {
        "%Y": f"{found.year:04}",
        "%y": f"{found.year % 100:02}",
        "%m": f"{found.month:02}",
        "%n": str(found.month),
        "%d": f"{found.day:02}",
        "%e": str(found.day),
    }
    return _DATE_CODE.sub(lambda match: codes[match[0]], as_text(form))


def _coalesce(first: Value, second: Value) -> Value:
    return first if as_text(first) else second


FUNCTIONS: Final[dict[str, Function]] = {
    "or": Function(2, 1000, lambda *values: any(as_truth(value) for value in values)),
    "and": Function(2, 1000, lambda *values: all(as_truth(value) for value in values)),
    "=": Function(2, 2, _equal),
    "!=": Function(2, 2, lambda left, right: not _equal(left, right)),
    "<": Function(2, 2, lambda left, right: as_number(left) < as_number(right)),
    "<=": Function(2, 2, lambda left, right: as_number(left) <= as_number(right)),
    ">": Function(2, 2, lambda left, right: as_number(left) > as_number(right)),
    ">=": Function(2, 2, lambda left, right: as_number(left) >= as_number(right)),
    "+": Function(2, 2, lambda left, right: as_number(left) + as_number(right)),
    "-": Function(2, 2, lambda left, right: as_number(left) - as_number(right)),
    "*": Function(2, 2, lambda left, right: as_number(left) * as_number(right)),
    "div": Function(2, 2, _divide),
    "mod": Function(2, 2, _remainder),
    "negative": Function(1, 1, lambda value: -as_number(value)),
    "not": Function(1, 1, lambda value: not as_truth(value)),
    "true": Function(0, 0, lambda: True),
    "false": Function(0, 0, lambda: False),
    "boolean": Function(1, 1, as_truth),
    "if": Function(3, 3, lambda truth, yes, no: yes if as_truth(truth) else no),
    "coalesce": Function(2, 2, _coalesce),
    "number": Function(1, 1, as_number),
    "int": Function(1, 1, lambda value: _whole(as_number(value), math.trunc)),
    "round": Function(1, 2, _round),
    "abs": Function(1, 1, lambda value: abs(as_number(value))),
    "pow": Function(2, 2, _power),
    "min": Function(1, _MANY, lambda *values: _extreme(values, lambda number, best: number < best)),
    "max": Function(1, _MANY, lambda *values: _extreme(values, lambda number, best: number > best)),
    "string": Function(1, 1, as_text),
    "string-length": Function(1, 1, lambda value: float(len(as_text(value)))),
    "concat": Function(1, _MANY, lambda *values: "".join(as_text(value) for value in values)),
    "contains": Function(2, 2, lambda text, part: as_text(part) in as_text(text)),
    "starts-with": Function(2, 2, lambda text, part: as_text(text).startswith(as_text(part))),
    "ends-with": Function(2, 2, lambda text, part: as_text(text).endswith(as_text(part))),
    "substr": Function(2, 3, _substr),
    "normalize-space": Function(1, 1, _squeezed),
    "translate": Function(3, 3, _translated),
    "regex": Function(2, 2, _matches),
    "selected": Function(2, 2, lambda value, name: as_text(name) in as_text(value).split(" ")),
    "selected-at": Function(2, 2, _selected_at),
    "count-selected": Function(1, 1, lambda value: float(len(_chosen(value)))),
    "date": Function(1, 1, _date),
    "format-date": Function(2, 2, _format_date),
    "decimal-date-time": Function(1, 1, lambda value: as_number(_date(value))),
}
