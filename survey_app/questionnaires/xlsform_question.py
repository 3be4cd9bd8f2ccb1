"""How does a row of the sheet `survey` become a question? Cells that its kind has no use for are refused."""

import re
from collections.abc import Mapping
from typing import Final

from .answer_values import fault_of, read_field
from .definition import (
    CALCULATE,
    DATE,
    DECIMAL,
    HIDDEN,
    INTEGER,
    LISTED_KINDS,
    NOTE,
    RANGE,
    RANGE_DEFAULTS,
    SELECT_MULTIPLE,
    SELECT_ONE,
    TEXT,
    Choice,
    Question,
)
from .xlsform_kinds import APPEARANCES, LIST_TYPES, LOOKS, PLAIN_TYPES, why_refused
from .xlsform_reading import NO, Reading
from .xlsform_tables import Row

_CRITERION = re.compile(r"\d+(\.\d+)*")
_READ_ONLY_KINDS: Final = frozenset({TEXT, INTEGER, DECIMAL, DATE})
_ON_ANSWERS: Final = ("required", "constraint", "default")
_PARAMETERS: Final = {
    RANGE: {"start", "end", "step"},
    SELECT_ONE: {"randomize", "seed"},
    SELECT_MULTIPLE: {"randomize", "seed"},
    "rank": {"randomize", "seed"},
}
_NUMBER = re.compile(r"-?(\d+(\.\d+)?|\.\d+)")

Lists = dict[str, tuple[Choice, ...]]


def read_question(row: Row, type_text: str, lists: Lists, reading: Reading) -> Question | None:
    """The question of a row, none where its type is refused; every fault is noted."""
    kind, list_name = _kind(row, type_text, lists, reading)
    cells = reading.survey.named(row)
    if not kind:
        return None
    name = reading.name(cells, row.number)
    read_only = reading.truth(cells, "read_only", row.number)
    question = Question(
        name=name,
        kind=kind,
        label=reading.survey.texts(row, "label"),
        hint=reading.survey.texts(row, "hint"),
        required=reading.truth(cells, "required", row.number) and kind != NOTE and not read_only,
        required_message=reading.survey.texts(row, "required_message"),
        list_name=list_name,
        choices=lists.get(list_name, ()),
        criterion=cells.get("criterion", ""),
        appearance=cells.get("appearance", ""),
        relevant=reading.expression(cells, "relevant", row.number),
        row=row.number,
        guidance=reading.survey.texts(row, "guidance_hint"),
        constraint=reading.expression(cells, "constraint", row.number),
        constraint_message=reading.survey.texts(row, "constraint_message"),
        calculation=reading.expression(cells, "calculation", row.number),
        choice_filter=reading.expression(cells, "choice_filter", row.number),
        default=cells.get("default", ""),
        read_only=read_only and kind != NOTE,
        parameters=_parameters(kind, cells.get("parameters", ""), row.number, reading),
        image=reading.survey.texts(row, "image"),
        audio=reading.survey.texts(row, "audio"),
    )
    if question.is_shown and not (question.is_heading or question.label or question.hint or question.image):
        text = "câu này chưa có lời hỏi. Điền ô label; giá trị không cho ai thấy thì dùng calculate hoặc hidden."
        reading.fault("missing_label", text, "survey", row.number, "label")
    _check_cells(question, cells, reading)
    _check_appearance(question, reading)
    _check_criterion(question, reading)
    _check_default(question, reading)
    return question


def _kind(row: Row, type_text: str, lists: Lists, reading: Reading) -> tuple[str, str]:
    """Kind and list name of a question, "" for a type that is refused."""
    word, _, list_name = type_text.partition(" ")
    if not list_name and word in PLAIN_TYPES:
        return PLAIN_TYPES[word], ""
    if word in LIST_TYPES and list_name:
        if list_name not in lists:
            text = f"trang choices không có danh sách «{list_name}»."
            reading.fault("missing_list", text, "survey", row.number, "type")
        return LIST_TYPES[word], list_name
    text = (
        f"không dùng được «{type_text}»: {why_refused(type_text)}." if type_text else "dòng này chưa có loại câu hỏi."
    )
    reading.fault("unsupported_type", text, "survey", row.number, "type")
    return "", ""


def _check_cells(question: Question, cells: Mapping[str, str], reading: Reading) -> None:
    """Refuses what the kind has no use for, so that nothing written is silently without effect."""

    def refuse(column: str, text: str) -> None:
        reading.fault("not_on_kind", text, "survey", question.row, column)

    if cells.get("repeat_count"):
        refuse("repeat_count", "ô này chỉ dành cho begin_repeat. Để trống.")
    if cells.get("rates"):
        refuse("rates", "ô này chỉ dành cho begin_group: cả phần ấy là một bảng. Để trống.")
    unanswered = question.kind == NOTE or question.kind == CALCULATE
    for column in _ON_ANSWERS:
        if unanswered and cells.get(column, "").lower() not in NO:
            refuse(column, f"câu {question.kind} không có câu trả lời nên ô này không có tác dụng. Để trống.")
    if question.is_computed and (question.constraint or (question.calculation and question.default)):
        refuse("constraint" if question.constraint else "default", "giá trị này do máy tính ra. Để trống ô này.")
    if question.kind == CALCULATE and question.calculation is None and "calculation" not in cells:
        refuse("calculation", "câu calculate phải có phép tính ở cột calculation.")
    if question.kind == HIDDEN and not question.default:
        refuse("default", "câu hidden phải có giá trị ở cột default.")
    if question.calculation and not question.is_computed:
        refuse(
            "calculation",
            "người trả lời sửa được ô này nên phép tính sẽ ghi đè. Ghi read_only = yes, hoặc dùng calculate.",
        )
    if question.calculation and question.kind == HIDDEN:
        refuse("calculation", "câu hidden chỉ có giá trị cố định ở cột default. Dùng loại calculate.")
    if question.read_only and question.kind not in _READ_ONLY_KINDS:
        refuse("read_only", f"câu {question.kind} không để chỉ đọc được; muốn hiện lời thì dùng note.")
    if question.read_only and not question.calculation and not question.default:
        refuse("read_only", "câu chỉ đọc phải có giá trị ở cột default hoặc phép tính ở cột calculation.")
    for column, files in (("media::image", question.image), ("media::audio", question.audio)):
        if files and not question.is_shown:
            refuse(column, f"câu {question.kind} không hiện ra nên không ai thấy tệp này. Để trống.")
    if question.choice_filter and question.kind not in LISTED_KINDS:
        refuse("choice_filter", "chỉ câu có danh sách lựa chọn mới lọc được.")


def _parameters(kind: str, text: str, row: int, reading: Reading) -> dict[str, str]:
    """The cell `parameters`: name=value, parted by blanks, commas or semicolons."""
    found = dict(RANGE_DEFAULTS) if kind == RANGE else {}
    for part in re.split(r"[\s,;]+", re.sub(r"\s*=\s*", "=", text.strip())):
        name, equals, value = part.partition("=")
        name, known = name.lower(), _PARAMETERS.get(kind, set())
        if not part:
            continue
        if not equals or name not in known:
            usable = ", ".join(sorted(known)) or "để trống"
            reading.fault("bad_parameter", f"«{part}» không dùng được (dùng: {usable}).", "survey", row, "parameters")
        elif name == "randomize":
            _check_randomize(value, row, reading)
            found[name] = value.lower()
        elif not _NUMBER.fullmatch(value):
            text = f"«{part}» phải là một số cố định, để ai cũng được hỏi như nhau."
            reading.fault("bad_parameter", text, "survey", row, "parameters")
        else:
            found[name] = value
    return found


def _check_randomize(value: str, row: int, reading: Reading) -> None:
    if value.lower() not in {"true", "false"}:
        reading.fault("bad_parameter", "randomize chỉ là true hoặc false.", "survey", row, "parameters")


def _check_appearance(question: Question, reading: Reading) -> None:
    usable = APPEARANCES.get(question.kind, frozenset())
    for word in question.appearance.split():
        if word not in usable | LOOKS.get(question.kind, frozenset()):
            known = ", ".join(sorted(usable)) or "để trống"
            text = f"«{word}» không dùng được cho câu {question.kind} (dùng: {known})."
            reading.fault("unsupported_appearance", text, "survey", question.row, "appearance")


def _check_criterion(question: Question, reading: Reading) -> None:
    if not question.criterion:
        return
    if not _CRITERION.fullmatch(question.criterion):
        text = f"«{question.criterion}» không phải mã tiêu chí, ví dụ 5.6.3."
        reading.fault("bad_criterion", text, "survey", question.row, "criterion")
    if question.kind != SELECT_ONE:
        text = "chỉ câu select_one mới chấm điểm được."
        reading.fault("not_scorable", text, "survey", question.row, "criterion")
    if question.default:
        text = "câu chấm điểm không được chọn sẵn câu trả lời: người vội sẽ để nguyên. Để trống ô này."
        reading.fault("default_of_scored", text, "survey", question.row, "default")


def _check_default(question: Question, reading: Reading) -> None:
    if question.kind == RANGE:
        try:
            _steps = question.steps
        except ValueError:
            text = "start, end, step không thành một dãy số (tối đa 1000 số)."
            reading.fault("bad_parameter", text, "survey", question.row, "parameters")
            return
    if not question.default or question.kind in {NOTE, CALCULATE}:
        return
    if "${" in question.default or re.search(r"[a-z]\(", question.default):
        text = "giá trị có sẵn phải cố định. Muốn tính từ câu khác thì dùng calculation với read_only = yes."
        reading.fault("dynamic_default", text, "survey", question.row, "default")
        return
    parts = question.default.split() if question.kind in {SELECT_MULTIPLE, "rank"} else [question.default]
    if question.kind == "rank":
        parts = [f"{place}:{name}" for place, name in enumerate(parts, start=1)]
    if question.kind != HIDDEN and fault_of(question, read_field(question, parts)):
        text = f"«{question.default}» không phải câu trả lời của câu {question.kind} này."
        reading.fault("bad_default", text, "survey", question.row, "default")
