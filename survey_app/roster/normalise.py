"""How the cells of a list become values: names, phones, dates, years and genders as people in offices write them."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from ..text import clean, search_key
from ..workbook import Cell
from .columns import text_of

# Mobile numbers lost their eleventh digit in September 2018 (Quyết định 798/QĐ-BTTTT).
_OLD_PREFIXES = {
    "0120": "070", "0121": "079", "0122": "077", "0126": "076", "0128": "078",
    "0123": "083", "0124": "084", "0125": "085", "0127": "081", "0129": "082",
    "0162": "032", "0163": "033", "0164": "034", "0165": "035", "0166": "036", "0167": "037", "0168": "038",
    "0169": "039", "0186": "056", "0188": "058", "0199": "059",
}  # fmt: skip
_MOBILE = re.compile(r"^0[35789]\d{8}$")
_PHONE_TEXT = re.compile(r"^[0-9\s+().,\-–/]+$")
_PHONE_FLOAT = re.compile(r"^([0-9]{8,14})\.0+$")
# «9.12345678E+08» keeps all nine digits; in «9.12E+08» Excel has lost them, and no number may be made up.
_PHONE_POWER = re.compile(r"^([0-9])[.,]([0-9]{7,10})E\+?0?([0-9]{1,2})$", re.IGNORECASE)
_DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2014\u2212", "-"))
_EXCEL_EPOCH = date(1899, 12, 30)
_OLDEST_YEARS = 120
_TIME_OF_DAY = re.compile(r"[ T]+\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?( ?(SA|CH))?$")
_NUMERIC_DATE = re.compile(r"^(\d{1,2})\s*[/.\-\s]\s*(\d{1,2})\s*[/.\-\s]\s*(\d{4}|\d{2})$")
_ISO_DATE = re.compile(r"^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ].*)?$")
_WORD_DATE = re.compile(r"^(?:ngay )?(\d{1,2}) thang (\d{1,2}) nam (\d{4})$")
_YEAR = re.compile(r"^(?:sinh )?(?:nam )?(\d{4})$")
# «03/1980», «tháng 3 năm 1980»; «00/00/1980» in papers of persons whose day is not known.
_MONTH_YEAR = re.compile(r"^(?:(?:00\s*[/.\-]\s*)?\d{1,2}\s*[/.\-]\s*|thang \d{1,2} nam )(\d{4})$")


@dataclass(frozen=True)
class Phone:
    """A phone cell: ten digits in `number` or the reason in `fault` (short, long, landline, other)."""

    number: str | None
    old: bool = False
    fault: str | None = None
    digits: int = 0


@dataclass(frozen=True)
class Birth:
    """A birth cell: a year, a day where the cell has one; `readable` False when it is neither."""

    year: int | None
    day: date | None
    readable: bool


def person_name(text: str) -> str:
    """NFC, one blank between words; a name in capitals becomes title case. Tone marks stay where they were put."""
    name = clean(text)
    if name.isupper() and len(name) > 1:
        return unicodedata.normalize("NFC", " ".join(_title(word) for word in name.split(" ")))
    return name


def _title(word: str) -> str:
    return re.sub(r"[^\W\d_]+", lambda part: part.group(0)[0] + part.group(0)[1:].lower(), word)


def phone_number(cell: Cell) -> Phone:
    """Read a phone cell: +84, blanks, dots, a zero lost to Excel and prefixes of before 2018 are understood."""
    text = _phone_text(cell)
    if not _PHONE_TEXT.match(text):
        return Phone(None, fault="other")
    digits = re.sub(r"\D", "", text)
    if digits.startswith("0084"):
        digits = digits[2:]
    if digits.startswith("840") and len(digits) in (12, 13):
        digits = digits[2:]
    elif digits.startswith("84") and (text.startswith(("+", "(+")) or len(digits) in (11, 12)):
        digits = "0" + digits[2:]
    elif (len(digits) == 9 and digits[0] in "35789") or (len(digits) == 10 and digits[0] == "1"):
        digits = "0" + digits  # Excel took the number for a figure and dropped the zero
    if len(digits) == 11 and digits[:4] in _OLD_PREFIXES:
        return Phone(_OLD_PREFIXES[digits[:4]] + digits[4:], old=True)
    if _MOBILE.match(digits):
        return Phone(digits)
    if digits.startswith("02") and len(digits) in (10, 11):
        return Phone(None, fault="landline", digits=len(digits))
    fault = "short" if len(digits) < 10 else "long" if len(digits) > 10 else "other"
    return Phone(None, fault=fault, digits=len(digits))


def _phone_text(cell: Cell) -> str:
    """The cell with plain digits and hyphens, a figure without its decimals or its power of ten."""
    # Some write an apostrophe to keep Excel from dropping the zero, and it ends up in the text.
    text = unicodedata.normalize("NFKC", text_of(cell)).translate(_DASHES).lstrip("'’`").rstrip(" ,;")
    if whole := _PHONE_FLOAT.match(text):
        return whole.group(1)
    power = _PHONE_POWER.match(text)
    if power and len(power.group(2)) <= int(power.group(3)):
        return power.group(1) + power.group(2).ljust(int(power.group(3)), "0")
    return text


def tax_code(text: str | None) -> str | None:
    """A tax code (mã số thuế, Thông tư 105/2020/TT-BTC) as ten digits, or ten and three of a branch: «0312345678-001».

    Blanks, dots and words around it go, a zero lost to Excel comes back; the twelve digits of a household (số định
    danh cá nhân) stay. A text without digits is no code; other counts of digits stay as they were written.
    """
    written = clean(unicodedata.normalize("NFKC", text or ""))
    digits = re.sub(r"[^0-9]", "", written)
    if not digits:
        return None
    if len(digits) in (9, 11) or (len(digits) == 12 and digits[0] != "0"):
        digits = "0" + digits
    if len(digits) == 13:
        return f"{digits[:10]}-{digits[10:]}"
    return digits if len(digits) in (10, 12) else written


def calendar_day(cell: Cell, newest: int) -> date | None:
    """A date cell as a day: Excel date or serial number, d/m/y with any separator, ISO, «ngày … tháng … năm …».

    A time of day after it, or «ngày» before it, changes nothing. None when it is no day of the calendar. Years of two
    digits up to `newest` belong to this century.
    """
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    text = _TIME_OF_DAY.sub("", text_of(cell)).rstrip(" .,;")
    if search_key(text[:4]) == "ngay" and text[5:6].isdigit():
        text = text[5:]
    if re.fullmatch(r"\d{5}(\.\d+)?", text):
        return _EXCEL_EPOCH + timedelta(days=int(float(text)))
    match = _NUMERIC_DATE.match(text) or _WORD_DATE.match(re.sub(r"[,.]", "", search_key(text)))
    if match:
        day, month, year = (int(part) for part in match.groups())
        if len(match.group(3)) == 2:
            year += 2000 if year <= newest % 100 else 1900
        return _day(year, month, day)
    if iso := _ISO_DATE.match(text):
        return _day(int(iso.group(1)), int(iso.group(2)), int(iso.group(3)))
    return None


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def birth_value(cell: Cell, on: date) -> Birth:
    """A year or date of birth of a person living on that day."""
    text = text_of(cell)
    key = search_key(text)
    if found := _YEAR.match(key) or _MONTH_YEAR.match(key):
        year = int(found.group(1))
        return Birth(year, None, True) if _lives(year, on) else Birth(None, None, False)
    # A person on a list of adults was born in this century only if the two digits allow eighteen years.
    day = calendar_day(cell, on.year - 1)
    if day is not None and _lives(day.year, on):
        return Birth(day.year, day, True)
    return Birth(None, None, False)


def _lives(year: int, on: date) -> bool:
    return on.year - _OLDEST_YEARS <= year <= on.year


def age_on(year: int | None, day: date | None, on: date) -> int | None:
    """Age on a day; where only the year is known, the difference of the years."""
    if day is not None:
        return on.year - day.year - ((on.month, on.day) < (day.month, day.day))
    return on.year - year if year is not None else None


def gender_value(cell: Cell) -> str | None:
    """«Nam» or «Nữ», None for anything else."""
    key = search_key(unicodedata.normalize("NFKC", text_of(cell))).strip(". ")
    if key in ("nam", "nam gioi", "trai", "m", "male", "ong"):
        return "Nam"
    return "Nữ" if key in ("nu", "nu gioi", "gai", "f", "female", "ba") else None


def is_marked(cell: Cell) -> bool:
    """Whether a cell holds a mark: x, v, 1, ✓; a dash or a zero is no mark."""
    return text_of(cell) not in ("", "-", "0", "–")


def formula_like(text: str) -> bool:
    """Text that a spreadsheet could take for a formula: = + - @ at the start, also after blanks or a tab."""
    start = text.lstrip(" \t\r\n\u00a0")
    return bool(start) and start[0] in "=+-@＝＋－＠" and len(start.strip("-–—=+ ")) > 0
