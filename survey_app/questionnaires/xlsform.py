"""How does an XLSForm become a questionnaire? What is not supported is refused with its place, all faults at once."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from .check_structure import check_structure
from .definition import Definition, Language
from .message import Message, Severity
from .xlsform_columns import SheetColumns, read_headings
from .xlsform_matrix import matrix_messages
from .xlsform_pyxform import refusal_of_pyxform
from .xlsform_reading import Reading
from .xlsform_rows import read_choices, read_survey
from .xlsform_tables import Table, UnreadableFileError, read_tables, unread_cells

_SETTINGS: Final = {"form_title", "form_id", "version", "default_language", "group"}
_SETTING_NAMES: Final = {"id_string": "form_id", "title": "form_title"}
_SETTING_REASONS: Final = {
    "public_key": "phiếu được niêm phong bằng khóa của đợt, không bằng khóa trong tệp",
    "submission_url": "phiếu chỉ gửi về chương trình này",
    "auto_send": "phiếu chỉ gửi về chương trình này",
    "auto_delete": "phiếu chỉ gửi về chương trình này",
    "instance_name": "phiếu không được mang tên người trả lời",
    "allow_choice_duplicates": "hai lựa chọn cùng tên thì không biết người trả lời chọn cái nào",
    "clean_text_values": "chữ trong tệp luôn được bỏ khoảng trắng thừa",
    "style": "phiếu luôn hiện từng màn hình một",
}
_NO_MEDIA: Final = "chỉ dùng được ảnh (media::image) và âm thanh (media::audio); phim và tự phát thì không"
_MEDIA: Final = dict.fromkeys(("media", "big-image", "video", "autoplay"), _NO_MEDIA)
_NO_AUDIO: Final = "đọc các lựa chọn trong âm thanh của câu hỏi (media::audio ở trang survey)"
_SURVEY: Final = SheetColumns(
    sheet="survey",
    plain={"type", "name", "required", "relevant", "appearance", "criterion", "constraint", "calculation"}
    | {"choice_filter", "default", "read_only", "parameters", "repeat_count", "rates"},
    translated={"label", "hint", "guidance_hint", "required_message", "constraint_message", "image", "audio"},
    other_names={
        "relevance": "relevant",
        "jr:count": "repeat_count",
        "readonly": "read_only",
        "read only": "read_only",
        "calculate": "calculation",
        "required message": "required_message",
        "constraint message": "constraint_message",
        "constraining message": "constraint_message",
        "choice filter": "choice_filter",
        "caption": "label",
        "guidance hint": "guidance_hint",
    },
    needed={"type", "name"},
    reasons=_MEDIA
    | {
        "trigger": "giá trị được tính lại sau mỗi màn hình, không theo một câu riêng",
        "bind": "viết bằng các cột thường của XLSForm",
        "body": "viết bằng các cột thường của XLSForm",
        "instance": "viết bằng các cột thường của XLSForm",
        "save_to": "phiếu không ghi vào danh sách nào khác",
    },
)
_CHOICES: Final = SheetColumns(
    sheet="choices",
    plain={"list_name", "name", "level"},
    translated={"label", "image"},
    other_names={"list name": "list_name", "value": "name", "score": "level", "caption": "label"},
    needed={"list_name", "name"},
    reasons={**_MEDIA, "audio": _NO_AUDIO},
)
_QUOTED_NAME = re.compile(r"«(\w+)»")
_WORD = re.compile(r"[A-Za-z_][\w-]*", re.ASCII)


class XlsformError(ValueError):
    """The file cannot become a questionnaire; `messages` holds every reason with its place."""

    def __init__(self, messages: list[Message]) -> None:
        super().__init__("\n".join(message.line for message in messages))
        self.messages = messages


def read_xlsform(data: bytes, file_name: str) -> Definition:
    """The questionnaire in a .md or .xlsx file. Raises XlsformError with all faults.

    What is accepted here is accepted by pyxform too, and so opens in ODK and Kobo.
    """
    try:
        tables, book = read_tables(data, file_name)
    except UnreadableFileError as fault:
        raise XlsformError([Message(Severity.ERROR, fault.kind, str(fault))]) from fault
    if file_name.lower().endswith(".xlsx") and (unread := unread_cells(data)):
        raise XlsformError([_unread(*cell) for cell in unread])
    survey = read_headings(tables.get("survey"), _SURVEY)
    choice_columns = replace(_CHOICES, extra=_further_columns(tables))
    reading = Reading(survey, read_headings(tables.get("choices"), choice_columns))
    for headings in (reading.survey, reading.choices):
        reading.faults.extend(headings.faults)
    _refuse_other_sheets(book, reading)
    settings = _read_settings(tables.get("settings"), reading)
    lists = read_choices(tables.get("choices"), reading)
    items = read_survey(tables["survey"], lists, reading)
    definition = Definition(
        form_id=settings.get("form_id") or file_name.rsplit(".", 1)[0],
        title=settings.get("form_title") or file_name.rsplit(".", 1)[0],
        version=settings.get("version", ""),
        group=settings.get("group", ""),
        languages=_languages(reading, settings.get("default_language", "")),
        items=items,
    )
    errors = [*check_structure(definition), *matrix_messages(definition)]
    if reading.faults:
        raise XlsformError([*reading.faults, *_apart_from(reading, tables["survey"], errors)])
    if errors:
        raise XlsformError(errors)
    if refusal := refusal_of_pyxform(book, definition, _SURVEY.plain | _SURVEY.translated):
        raise XlsformError([refusal])
    return definition


def _apart_from(reading: Reading, survey: Table, errors: list[Message]) -> Iterator[Message]:
    """The errors that do not follow from rows that could not be read: all that is to mend is told at once."""
    written = {reading.survey.named(row).get("name", "") for row in survey.rows}
    faulty = {(fault.sheet, fault.row) for fault in reading.faults}
    for error in errors:
        named = _QUOTED_NAME.search(error.text)
        name = named[1] if named and error.kind in {"missing_reference", "outside_matrix"} else ""
        unread = name and (name in written or name.rpartition("_")[0] in written)  # or a time of an unread repeat
        if not unread and (error.sheet, error.row) not in faulty:
            yield error


def _unread(sheet: str, row: int, column: str, error: str) -> Message:
    what = f"công thức trong ô này ra lỗi {error}" if error else "ô này là công thức chưa được tính nên đọc ra trống"
    text = f"{what}. Mở tệp bằng Excel, sửa nếu cần, lưu rồi tải lên lại; hoặc dán ô dưới dạng giá trị (Paste Values)."
    return Message(Severity.ERROR, "unread_formula", text, sheet, row, column)


def _further_columns(tables: dict[str, Table]) -> frozenset[str]:
    """The columns of `choices` that are none of ours: a choice_filter may look at them."""
    headings = tables["choices"].headings if "choices" in tables else ()
    known = _CHOICES.plain | _CHOICES.translated | set(_CHOICES.other_names) | set(_CHOICES.reasons)
    return frozenset(one for one in headings if one.lower() not in known and _WORD.fullmatch(one))


def _refuse_other_sheets(book: dict[str, Any], reading: Reading) -> None:
    for sheet in ("external_choices", "osm", "entities"):
        if book.get(sheet):
            text = "trang này không dùng được. Bỏ trang, chỉ giữ survey, choices, settings."
            reading.fault("unsupported_sheet", text, sheet)


def _read_settings(table: Table | None, reading: Reading) -> dict[str, str]:
    if table is None or not table.rows:
        return {}
    if len(table.rows) > 1:
        reading.fault("extra_row", "chỉ được có một dòng. Bỏ dòng này.", "settings", table.rows[1].number)
    cells = {heading.lower().replace(" ", "_"): value for heading, value in table.rows[0].cells.items()}
    cells = {_SETTING_NAMES.get(heading, heading): value for heading, value in cells.items()}
    for heading in sorted(cells.keys() - _SETTINGS):
        reason = _SETTING_REASONS.get(heading, f"chỉ có {', '.join(sorted(_SETTINGS))}")
        text = f"cột này không dùng được: {reason}."
        reading.fault("unsupported_column", text, "settings", table.rows[0].number, heading)
    return cells


def _languages(reading: Reading, default: str) -> tuple[Language, ...]:
    """All languages of the file: the default one first, else in the order of the columns."""
    found = {
        language.code: language for headings in (reading.survey, reading.choices) for language in headings.languages
    }
    first = [
        language for language in found.values() if default in {language.code, f"{language.name} ({language.code})"}
    ]
    return tuple(dict.fromkeys([*first, *found.values()])) or (Language("vi", "Tiếng Việt"),)
