"""How do the rows of the sheets `choices` and `survey` become questions? Every fault is noted with its place."""

import re
from dataclasses import dataclass, field
from typing import Final

from .definition import INTEGER, NOTE, SELECT_MULTIPLE, SELECT_ONE, TEXT, Choice, Condition, Group, Item, Question
from .expression_parser import ExpressionError, parse
from .message import Message, Severity
from .xlsform_columns import Headings
from .xlsform_tables import Row, Table

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,31}")
_CHOICE_NAME = re.compile(r"[A-Za-z0-9_-]{1,32}")
_CRITERION = re.compile(r"\d+(\.\d+)*")
_YES: Final = {"yes", "true", "true()", "1"}
_NO: Final = {"", "no", "false", "false()", "0"}
_PLAIN_TYPES: Final = {"text": TEXT, "integer": INTEGER, "int": INTEGER, "note": NOTE}
_SELECTS: Final = {"select_one": SELECT_ONE, "select_multiple": SELECT_MULTIPLE}
_PRIVATE_TYPES: Final = {
    "start",
    "end",
    "today",
    "deviceid",
    "phonenumber",
    "username",
    "email",
    "audit",
    "start-geopoint",
}
_APPEARANCES: Final = {SELECT_ONE: {"likert"}, TEXT: {"multiline"}}


@dataclass(slots=True)
class Reading:
    """What is known while a file is read: its columns and the faults found so far."""

    survey: Headings
    choices: Headings
    faults: list[Message] = field(default_factory=list)

    def fault(self, kind: str, text: str, sheet: str, row: int = 0, column: str = "") -> None:
        self.faults.append(Message(Severity.ERROR, kind, text, sheet, row, column))


@dataclass(slots=True)
class _OpenGroup:
    row: Row
    items: list[Item] = field(default_factory=list)


def read_choices(table: Table | None, reading: Reading) -> dict[str, tuple[Choice, ...]]:
    lists: dict[str, list[Choice]] = {}
    for row in table.rows if table else ():
        cells = reading.choices.named(row)
        list_name, name, level = cells.get("list_name", ""), cells.get("name", ""), cells.get("level", "")
        if not _NAME.fullmatch(list_name):
            reading.fault(
                "bad_name", "tên danh sách lựa chọn trống hoặc có ký tự lạ.", "choices", row.number, "list_name"
            )
        if not _CHOICE_NAME.fullmatch(name):
            text = f"«{name}» không dùng làm tên lựa chọn được. Dùng chữ không dấu, chữ số, dấu _ hoặc -."
            reading.fault("bad_name", text, "choices", row.number, "name")
        if level and not re.fullmatch(r"\d{1,2}", level):
            reading.fault(
                "bad_level", f"mức «{level}» phải là số nguyên, hoặc để trống.", "choices", row.number, "level"
            )
            level = ""
        if any(choice.name == name for choice in lists.get(list_name, ())):
            reading.fault(
                "duplicate_choice", f"lựa chọn «{name}» có hai lần trong «{list_name}».", "choices", row.number
            )
        label = reading.choices.texts(row, "label")
        lists.setdefault(list_name, []).append(Choice(name, label, int(level) if level else None, row.number))
    return {name: tuple(choices) for name, choices in lists.items()}


def read_survey(table: Table, lists: dict[str, tuple[Choice, ...]], reading: Reading) -> tuple[Item, ...]:
    outer: list[Item] = []
    opened: list[_OpenGroup] = []
    for row in table.rows:
        type_text = re.sub(r"^(begin|end|select) (one|multiple|group|repeat)\b", r"\1_\2", row_type(row, reading))
        if type_text == "begin_group":
            opened.append(_OpenGroup(row))
            continue
        if type_text == "end_group":
            if not opened:
                reading.fault(
                    "group_not_open", "end_group nhưng không có nhóm nào đang mở.", "survey", row.number, "type"
                )
                continue
            closed = opened.pop()
            item: Item | None = _group(closed, reading)
        else:
            item = _question(row, type_text, lists, reading)
        if item is not None:
            (opened[-1].items if opened else outer).append(item)
    for group in opened:
        reading.fault("group_not_closed", "nhóm này chưa có dòng end_group.", "survey", group.row.number, "type")
    if not outer and not reading.faults:
        reading.fault("no_question", "phiếu chưa có câu hỏi nào.", "survey")
    return tuple(outer)


def row_type(row: Row, reading: Reading) -> str:
    """The cell `type` of a row in lower case, the name of the list kept as written."""
    text = reading.survey.named(row).get("type", "")
    first, _, rest = text.partition(" ")
    return f"{first.lower()} {rest}".strip()


def _group(opened: _OpenGroup, reading: Reading) -> Group:
    cells = reading.survey.named(opened.row)
    row = opened.row.number
    appearance = cells.get("appearance", "")
    if appearance not in {"", "field-list"}:
        reading.fault(
            "unsupported_appearance",
            f"«{appearance}» không dùng được cho nhóm. Chỉ có field-list.",
            "survey",
            row,
            "appearance",
        )
    for column in ("required", "criterion"):
        if cells.get(column, "") not in _NO:
            reading.fault("not_on_group", "ô này chỉ dành cho câu hỏi. Để trống.", "survey", row, column)
    for column in ("hint", "required_message"):
        if reading.survey.texts(opened.row, column):
            reading.fault(
                "not_on_group", "nhóm không có phần này. Để trống, hoặc thêm một dòng note.", "survey", row, column
            )
    if appearance == "field-list" and any(isinstance(item, Group) for item in opened.items):
        reading.fault("nested_screen", "nhóm field-list không được chứa nhóm khác.", "survey", row, "appearance")
    return Group(
        name=_name(cells, row, reading),
        items=tuple(opened.items),
        label=reading.survey.texts(opened.row, "label"),
        relevant=_condition(cells, row, reading),
        one_screen=appearance == "field-list",
        row=row,
    )


def _question(row: Row, type_text: str, lists: dict[str, tuple[Choice, ...]], reading: Reading) -> Question | None:
    kind, list_name = _kind(row, type_text, lists, reading)
    cells = reading.survey.named(row)
    name = _name(cells, row.number, reading)
    if not kind:
        return None
    criterion = cells.get("criterion", "")
    if criterion and not _CRITERION.fullmatch(criterion):
        reading.fault(
            "bad_criterion", f"«{criterion}» không phải mã tiêu chí, ví dụ 5.6.3.", "survey", row.number, "criterion"
        )
    if criterion and kind != SELECT_ONE:
        reading.fault("not_scorable", "chỉ câu select_one mới chấm điểm được.", "survey", row.number, "criterion")
    appearance = cells.get("appearance", "")
    if appearance and appearance not in _APPEARANCES.get(kind, set()):
        known = ", ".join(sorted(_APPEARANCES.get(kind, set()))) or "để trống"
        text = f"«{appearance}» không dùng được cho câu {kind} (dùng: {known})."
        reading.fault("unsupported_appearance", text, "survey", row.number, "appearance")
    required = cells.get("required", "").lower()
    if required not in _YES | _NO:
        reading.fault(
            "bad_required", f"«{required}» không hiểu được. Ghi yes hoặc no.", "survey", row.number, "required"
        )
    return Question(
        name=name,
        kind=kind,
        label=reading.survey.texts(row, "label"),
        hint=reading.survey.texts(row, "hint"),
        required=required in _YES and kind != NOTE,
        required_message=reading.survey.texts(row, "required_message"),
        list_name=list_name,
        choices=lists.get(list_name, ()),
        criterion=criterion,
        appearance=appearance,
        relevant=_condition(cells, row.number, reading),
        row=row.number,
    )


def _kind(row: Row, type_text: str, lists: dict[str, tuple[Choice, ...]], reading: Reading) -> tuple[str, str]:
    """Kind and list name of a question, "" for a type that is refused."""
    word, _, list_name = type_text.partition(" ")
    if not list_name and word in _PLAIN_TYPES:
        return _PLAIN_TYPES[word], ""
    if word in _SELECTS and list_name:
        if list_name not in lists:
            text = f"trang choices không có danh sách «{list_name}»."
            reading.fault("missing_list", text, "survey", row.number, "type")
        return _SELECTS[word], list_name
    if not type_text:
        text = "dòng này chưa có loại câu hỏi."
    elif word in _PRIVATE_TYPES:
        text = f"không dùng «{word}»: phiếu không được ghi giờ, máy hay người trả lời. Bỏ dòng này."
    else:
        text = f"loại «{type_text}» không dùng được. Chỉ có select_one, select_multiple, text, integer, note và nhóm."
    reading.fault("unsupported_type", text, "survey", row.number, "type")
    return "", ""


def _name(cells: dict[str, str], row: int, reading: Reading) -> str:
    name = cells.get("name", "")
    if not _NAME.fullmatch(name):
        text = f"tên «{name}» không dùng được. Bắt đầu bằng chữ không dấu, chỉ có chữ, chữ số, dấu _, dài tới 32."
        reading.fault("bad_name", text, "survey", row, "name")
    return name


def _condition(cells: dict[str, str], row: int, reading: Reading) -> Condition | None:
    source = cells.get("relevant", "")
    if not source:
        return None
    try:
        return Condition(source, parse(source))
    except ExpressionError as fault:
        reading.fault("bad_relevant", str(fault), "survey", row, "relevant")
        return None
