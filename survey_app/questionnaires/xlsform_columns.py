"""Which column of an XLSForm sheet is which? Own names, common other names, and one column per language of a text."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from .definition import Language
from .message import Message, Severity
from .xlsform_tables import Row, Table

_LANGUAGE = re.compile(r"(?P<name>.+?)\s*\((?P<code>[a-z]{2,3}(-[A-Za-z0-9]+)*)\)")
_BARE_CODE = re.compile(r"[a-z]{2,3}")
_KNOWN_NAMES: Final = {"vi": "Tiếng Việt", "en": "English"}
_MEDIA: Final = ("image", "audio")  # a column of files without a language is for all languages
_CODES: Final = {  # of languages that files of other tools name without a code
    "tiếng việt": "vi",
    "vietnamese": "vi",
    "english": "en",
    "french": "fr",
    "français": "fr",
    "spanish": "es",
    "español": "es",
    "khmer": "km",
    "lao": "lo",
    "chinese": "zh",
    "thai": "th",
}


@dataclass(frozen=True, slots=True)
class SheetColumns:
    """What a sheet may hold: plain columns, columns once per language, other names in use, and what is needed."""

    sheet: str
    plain: set[str]
    translated: set[str]
    other_names: dict[str, str]
    needed: set[str]
    reasons: Mapping[str, str] = field(default_factory=dict)  # why known columns of XLSForm are refused
    extra: frozenset[str] = frozenset()  # further columns, named exactly so


@dataclass(slots=True)
class Headings:
    """The headings of one sheet, understood: heading -> plain column, and heading -> (text, language)."""

    plain: dict[str, str] = field(default_factory=dict)
    translated: dict[str, tuple[str, Language]] = field(default_factory=dict)
    faults: list[Message] = field(default_factory=list)
    extra: frozenset[str] = frozenset()  # the columns of the sheet that a choice_filter may look at

    @property
    def languages(self) -> list[Language]:
        """The languages of the sheet in the order of its columns."""
        return list(dict.fromkeys(language for name, language in self.translated.values() if name not in _MEDIA))

    def named(self, row: Row) -> dict[str, str]:
        """The plain cells of a row by our name of the column."""
        return {self.plain[heading]: value for heading, value in row.cells.items() if heading in self.plain}

    def texts(self, row: Row, column: str) -> dict[str, str]:
        """The texts of a row by language code, for example of `label`."""
        found = {}
        for heading, value in row.cells.items():
            name, language = self.translated.get(heading, ("", None))
            if language and name == column:
                found[language.code] = value
        return found


def read_headings(table: Table | None, columns: SheetColumns) -> Headings:
    """The headings of a sheet, with a fault for each column that is missing, doubled or not supported but filled in."""
    headings = Headings(extra=columns.extra)
    if table is None:
        return headings
    for heading in table.headings:
        _understand(heading, table, columns, headings)
    for missing in sorted(columns.needed - set(headings.plain.values())):
        headings.faults.append(_fault("missing_column", f"thiếu cột «{missing}». Thêm cột này.", columns.sheet))
    return headings


def _understand(heading: str, table: Table, columns: SheetColumns, headings: Headings) -> None:
    if heading in columns.extra:
        headings.plain[heading] = heading
        return
    base, colons, language_text = (part.strip() for part in heading.partition("::"))
    if not colons and base.partition(":")[0].strip().lower() in columns.translated:
        base, colons, language_text = (part.strip() for part in heading.partition(":"))  # as in older files
    if base.lower() == "media":
        base, colons, language_text = (part.strip() for part in language_text.partition("::"))
    base = base.lower()
    name = columns.other_names.get(base, base)
    if not colons and name in columns.plain:
        if name in headings.plain.values():
            headings.faults.append(_fault("duplicate_column", f"có hai cột «{name}».", columns.sheet, 1, heading))
        headings.plain[heading] = name
    elif name in columns.translated:
        language = language_named(language_text) if colons else Language("vi", _KNOWN_NAMES["vi"])
        if language is None:
            text = "không rõ ngôn ngữ. Ghi tên và mã, ví dụ label::Tiếng Việt (vi)."
            headings.faults.append(_fault("unknown_language", text, columns.sheet, 1, heading))
            return
        if (name, language.code) in {(other, known.code) for other, known in headings.translated.values()}:
            text = f"có hai cột «{name}» cho ngôn ngữ {language.code}."
            headings.faults.append(_fault("duplicate_column", text, columns.sheet, 1, heading))
        headings.translated[heading] = (name, language)
    else:
        _refuse_column(heading, table, columns, headings)


def language_named(text: str) -> Language | None:
    """The language that a heading or a setting names: «Tiếng Việt (vi)», a bare code, or a well-known name."""
    if match := _LANGUAGE.fullmatch(text):
        return Language(match["code"], match["name"])
    if _BARE_CODE.fullmatch(text.lower()):
        return Language(text.lower(), _KNOWN_NAMES.get(text.lower(), text))
    if code := _CODES.get(text.lower()):
        return Language(code, text)
    return None


def _refuse_column(heading: str, table: Table, columns: SheetColumns, headings: Headings) -> None:
    """A column that we cannot honour is refused once, at its first filled cell; an empty one does no harm."""
    filled = [row.number for row in table.rows if heading in row.cells]
    if not filled:
        return
    more = f" (và {len(filled) - 1} dòng nữa)" if len(filled) > 1 else ""
    usable = ", ".join(sorted(columns.plain | columns.translated))
    base = heading.partition("::")[0].strip().lower()
    reason = columns.reasons.get(base, f"bỏ nội dung của cột. Các cột được dùng: {usable}")
    text = f"cột này không dùng được{more}: {reason}."
    headings.faults.append(_fault("unsupported_column", text, columns.sheet, filled[0], heading))


def _fault(kind: str, text: str, sheet: str, row: int = 0, column: str = "") -> Message:
    return Message(Severity.ERROR, kind, text, sheet, row, column)
