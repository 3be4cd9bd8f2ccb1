"""Which types and appearances of XLSForm are taken, which only change the look, and why are the rest refused?"""

import re
from itertools import product
from typing import Final

from .definition import (
    ACKNOWLEDGE,
    CALCULATE,
    DATE,
    DECIMAL,
    HIDDEN,
    INTEGER,
    NOTE,
    RANGE,
    RANK,
    SELECT_MULTIPLE,
    SELECT_ONE,
    TEXT,
)

PLAIN_TYPES: Final = {
    "text": TEXT,
    "string": TEXT,
    "integer": INTEGER,
    "int": INTEGER,
    "decimal": DECIMAL,
    "date": DATE,
    "note": NOTE,
    "range": RANGE,
    "acknowledge": ACKNOWLEDGE,
    "trigger": ACKNOWLEDGE,
    "calculate": CALCULATE,
    "hidden": HIDDEN,
}
LIST_TYPES: Final = {"select_one": SELECT_ONE, "select_multiple": SELECT_MULTIPLE, "rank": RANK}
_ENDS: Final = ("begin", "end")
_BRACKETS: Final = ("group", "repeat", "loop")
_SPELLINGS: Final = (  # of the same types in files of other tools
    *((re.compile(rf"^{end}[ _]{kind}\b", re.I), f"{end}_{kind}") for end, kind in product(_ENDS, _BRACKETS)),
    (re.compile(r"^(?:add )?select[ _]?(?:one|1)(?: prompt using| from)? ", re.I), "select_one "),
    (re.compile(r"^(?:add )?select[ _](?:multiple|all that apply)(?: prompt using| from)? ", re.I), "select_multiple "),
)
OR_OTHER: Final = " or_other"
_OR_OTHER_SPELLINGS: Final = re.compile(r" or (specify )?other$", re.IGNORECASE)

_WHO_ANSWERS: Final = "phiếu không được ghi giờ, máy, nơi hay người trả lời. Bỏ dòng này"
_NO_FILES: Final = "phong bì niêm phong có cỡ cố định, không chứa được tệp. Bỏ dòng này"
_OTHER_FILES: Final = "phiếu không mang theo tệp dữ liệu khác. Đưa các lựa chọn vào trang choices"
_NO_LOOP: Final = "chưa dùng được begin_loop. Dùng begin_repeat với repeat_count"
_TYPE_REASONS: Final = {
    **dict.fromkeys(
        ("start", "end", "today", "deviceid", "subscriberid", "simserial", "phonenumber", "username", "email"),
        _WHO_ANSWERS,
    ),
    **dict.fromkeys(
        ("audit", "start-geopoint", "background-geopoint", "geopoint", "geotrace", "geoshape"), _WHO_ANSWERS
    ),
    **dict.fromkeys(("image", "photo", "audio", "background-audio", "video", "file"), _NO_FILES),
    **dict.fromkeys(("select_one_from_file", "select_multiple_from_file", "select_one_external"), _OTHER_FILES),
    **dict.fromkeys(("xml-external", "csv-external", "csv", "osm", "entity"), _OTHER_FILES),
    **dict.fromkeys(("begin_loop", "end_loop"), _NO_LOOP),
    **dict.fromkeys(("time", "datetime"), "chưa hỏi được giờ. Hỏi bằng select_one (buổi sáng, buổi chiều) hoặc text"),
    "phone": "hỏi số điện thoại thì biết ai trả lời. Bỏ câu này",
    "barcode": "trang trả lời không mở máy ảnh. Dùng text",
    "include": "phiếu không mang theo tệp khác. Chép các câu hỏi vào trang survey",
}
TAKEN: Final = f"{', '.join(sorted({*PLAIN_TYPES.values(), *LIST_TYPES}))} begin_group và begin_repeat"

_WIDTHS: Final = frozenset(f"w{width}" for width in range(1, 11))
_LIST_LOOKS: Final = frozenset(
    {
        *("minimal", "quick", "quickcompact", "compact", "horizontal", "horizontal-compact", "no-buttons"),
        *("autocomplete", "list", "columns", "columns-pack", "columns-flex"),
        *(f"columns-{count}" for count in range(1, 9)),
    }
)
# Those that do something here; all other known ones only change the look in ODK or Enketo.
APPEARANCES: Final = {
    SELECT_ONE: frozenset({"likert", "label", "list-nolabel"}),
    SELECT_MULTIPLE: frozenset({"label", "list-nolabel"}),
    TEXT: frozenset({"multiline"}),
}
LOOKS: Final = {
    SELECT_ONE: _LIST_LOOKS | _WIDTHS,
    SELECT_MULTIPLE: _LIST_LOOKS | _WIDTHS,
    RANK: _WIDTHS,
    TEXT: _WIDTHS,
    INTEGER: _WIDTHS | {"thousands-sep"},
    DECIMAL: _WIDTHS | {"thousands-sep"},
    DATE: _WIDTHS | {"no-calendar"},
    RANGE: _WIDTHS | {"vertical", "no-ticks", "picker", "rating"},
    NOTE: _WIDTHS,
    ACKNOWLEDGE: _WIDTHS,
}
GROUP_APPEARANCES: Final = frozenset({"field-list", "table-list"})
GROUP_LOOKS: Final = _WIDTHS | {"compact"}


def usual_type(text: str) -> str:
    """The cell `type` in its usual spelling: «select one from x» is select_one x; the name of a list as written."""
    word, blank, rest = text.partition(" ")
    text = word.lower() + blank + rest
    for spelling, usual in _SPELLINGS:
        text = spelling.sub(usual, text)
    return " ".join(_OR_OTHER_SPELLINGS.sub(OR_OTHER, text).split())


def why_refused(type_text: str) -> str:
    """The reason why a type is not taken, in Vietnamese, without a full stop."""
    word = type_text.split(" ")[0]
    known = type_text if word in _ENDS else word  # «end something» is not the time at which somebody ended
    return _TYPE_REASONS.get(known, f"chỉ có {TAKEN}")
