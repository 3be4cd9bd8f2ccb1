"""How do the rows of the sheets `choices` and `survey` become questions and groups? Every fault keeps its place."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from .definition import SELECT_MULTIPLE, SELECT_ONE, TEXT, Choice, Condition, Group, Item, Question
from .expression import Literal, Operation, Reference
from .xlsform_kinds import GROUP_APPEARANCES, GROUP_LOOKS, OR_OTHER, usual_type
from .xlsform_matrix import check_matrix
from .xlsform_question import Lists, read_question
from .xlsform_reading import NO, Reading, is_name
from .xlsform_repeat import written_out
from .xlsform_tables import Row, Table

_CHOICE_NAME = re.compile(r"[A-Za-z0-9_-]{1,32}")
_ONLY_ON_QUESTIONS: Final = (
    *("required", "criterion", "constraint", "calculation", "choice_filter", "default", "read_only", "parameters"),
)
_OTHER: Final = "other"  # the names that XLSForm gives
_OTHER_LABEL: Final = {"vi": "Khác", "en": "Other"}
_OTHER_WHICH: Final = {"vi": "Ghi rõ ý khác", "en": "Please say which"}


@dataclass(slots=True)
class _OpenGroup:
    row: Row
    items: list[Item] = field(default_factory=list)
    is_repeat: bool = False


def read_choices(table: Table | None, reading: Reading) -> Lists:
    """The lists of choices by name."""
    lists: dict[str, list[Choice]] = {}
    for row in table.rows if table else ():
        cells = reading.choices.named(row)
        list_name, name, level = cells.get("list_name", ""), cells.get("name", ""), cells.get("level", "")
        if not is_name(list_name):
            text = "tên danh sách lựa chọn trống hoặc có ký tự lạ."
            reading.fault("bad_name", text, "choices", row.number, "list_name")
        if not _CHOICE_NAME.fullmatch(name):
            text = f"«{name}» không dùng làm tên lựa chọn được. Dùng chữ không dấu, chữ số, dấu _ hoặc -."
            reading.fault("bad_name", text, "choices", row.number, "name")
        if level and not re.fullmatch(r"\d{1,2}", level):
            text = f"mức «{level}» phải là số nguyên, hoặc để trống."
            reading.fault("bad_level", text, "choices", row.number, "level")
            level = ""
        if any(choice.name == name for choice in lists.get(list_name, ())):
            text = f"lựa chọn «{name}» có hai lần trong «{list_name}»."
            reading.fault("duplicate_choice", text, "choices", row.number)
        label = reading.choices.texts(row, "label")
        further = {column: cells[column] for column in sorted(reading.choices.extra) if column in cells}
        image = reading.choices.texts(row, "image")
        choice = Choice(name, label, int(level) if level else None, row.number, further, image)
        lists.setdefault(list_name, []).append(choice)
    return {name: tuple(choices) for name, choices in lists.items()}


def read_survey(table: Table, lists: Lists, reading: Reading) -> tuple[Item, ...]:
    """The questions and groups of the sheet `survey`."""
    outer: list[Item] = []
    opened: list[_OpenGroup] = []
    for row in table.rows:
        type_text = usual_type(reading.survey.named(row).get("type", ""))
        if type_text in {"begin_group", "begin_repeat"}:
            opened.append(_OpenGroup(row, is_repeat=type_text == "begin_repeat"))
            continue
        items: list[Item]
        if type_text in {"end_group", "end_repeat"}:
            items = _closed(opened, row, [*outer, *(item for group in opened for item in group.items)], reading)
        else:
            items = _questions(row, type_text, lists, reading)
        (opened[-1].items if opened else outer).extend(items)
    for group in opened:
        text = f"nhóm này chưa có dòng {'end_repeat' if group.is_repeat else 'end_group'}."
        reading.fault("group_not_closed", text, "survey", group.row.number, "type")
    if not outer and not reading.faults:
        reading.fault("no_question", "phiếu chưa có câu hỏi nào.", "survey")
    return tuple(outer)


def _closed(opened: list[_OpenGroup], row: Row, before: list[Item], reading: Reading) -> list[Item]:
    """The section that ends here, a repeat written out. `before` is all that was read so far."""
    ends = usual_type(reading.survey.named(row).get("type", ""))
    begins = ends.replace("end", "begin")
    if not opened:
        text = f"{ends} nhưng không có dòng {begins} nào đang mở. Bỏ dòng này, hoặc thêm dòng {begins} ở trên."
        reading.fault("group_not_open", text, "survey", row.number, "type")
        return []
    closed = opened.pop()
    if closed.is_repeat != (ends == "end_repeat"):
        wanted = "end_repeat" if closed.is_repeat else "end_group"
        text = f"dòng {closed.row.number} mở bằng begin_{wanted[4:]} nên phải đóng bằng {wanted}, không phải {ends}."
        reading.fault("other_end", text, "survey", row.number, "type")
    group = _group(closed, reading)
    if not closed.is_repeat:
        return [group]
    for question in _all_questions(group.items):
        if question.is_scored:
            text = "câu trong vòng lặp không chấm điểm được: mỗi người trả lời một số lần khác nhau."
            reading.fault("scored_in_repeat", text, "survey", question.row, "criterion")
    count = reading.survey.named(closed.row).get("repeat_count", "")
    return written_out(group, count, {one.name: one for one in _all_questions(before)}, reading)


def _all_questions(items: Sequence[Item]) -> list[Question]:
    return [
        question for item in items for question in (_all_questions(item.items) if isinstance(item, Group) else [item])
    ]


def _questions(row: Row, type_text: str, lists: Lists, reading: Reading) -> list[Item]:
    """The question of a row; with `or_other` also the question that asks which other."""
    if not type_text.endswith(OR_OTHER):
        question = read_question(row, type_text, lists, reading)
        return [] if question is None else [question]
    question = read_question(row, type_text.removesuffix(OR_OTHER), lists, reading)
    if question is None or question.kind not in {SELECT_ONE, SELECT_MULTIPLE}:
        if question is not None:
            reading.fault("unsupported_type", "or_other chỉ đi với select_one, select_multiple.", "survey", row.number)
        return []
    if question.choice_filter:
        text = "or_other không đi cùng choice_filter. Viết lựa chọn «other» và câu hỏi ghi rõ ra thành dòng."
        reading.fault("or_other_with_filter", text, "survey", row.number, "choice_filter")
        return []
    return _with_other(question, lists, reading)


def _with_other(question: Question, lists: Lists, reading: Reading) -> list[Item]:
    """`or_other` written out: a list with the choice `other`, and a text question for who chose it."""
    list_name, name = f"{question.list_name}_or_other", f"{question.name}_other"
    if not is_name(list_name) or not is_name(name) or question.choice(_OTHER):
        text = "không thêm được lựa chọn «other»: tên đã có hoặc quá dài. Viết lựa chọn và câu hỏi ấy ra thành dòng."
        reading.fault("unsupported_type", text, "survey", question.row, "type")
        return []
    codes = {language.code for language in (*reading.survey.languages, *reading.choices.languages)}
    label, which = (
        {code: text for code, text in words.items() if code in codes} or dict.fromkeys(codes, words["en"])
        for words in (_OTHER_LABEL, _OTHER_WHICH)
    )
    lists[list_name] = (*question.choices, Choice(_OTHER, label, None, question.row))
    chosen = Condition(
        f"selected(${{{question.name}}}, '{_OTHER}')",
        Operation("selected", (Reference(question.name), Literal(_OTHER))),
    )
    written = Question(name, TEXT, which, relevant=chosen, row=question.row)
    return [replace(question, list_name=list_name, choices=lists[list_name]), written]


def _group(opened: _OpenGroup, reading: Reading) -> Group:
    cells = reading.survey.named(opened.row)
    row = opened.row.number
    looks = set(cells.get("appearance", "").split())
    for word in sorted(looks - GROUP_APPEARANCES - GROUP_LOOKS):
        text = f"«{word}» không dùng được cho nhóm. Chỉ có field-list, table-list."
        reading.fault("unsupported_appearance", text, "survey", row, "appearance")
    if not opened.is_repeat and cells.get("repeat_count"):
        text = "ô này chỉ dành cho begin_repeat. Để trống."
        reading.fault("not_on_group", text, "survey", row, "repeat_count")
    for column in _ONLY_ON_QUESTIONS:
        if cells.get(column, "").lower() not in NO:
            reading.fault("not_on_group", "ô này chỉ dành cho câu hỏi. Để trống.", "survey", row, column)
    for column in ("hint", "required_message", "guidance_hint", "constraint_message", "image", "audio"):
        if reading.survey.texts(opened.row, column):
            text = "nhóm không có phần này. Để trống, hoặc thêm một dòng note."
            reading.fault("not_on_group", text, "survey", row, column)
    one_screen = not looks.isdisjoint(GROUP_APPEARANCES)
    if one_screen and any(isinstance(item, Group) for item in opened.items):
        text = "nhóm trên một màn hình không được chứa nhóm khác."
        reading.fault("nested_screen", text, "survey", row, "appearance")
    rates = tuple(cells.get("rates", "").replace(",", " ").split())
    if rates:
        check_matrix(rates, opened.items, row, opened.is_repeat, reading)
    if "table-list" in looks:
        _check_table(opened, reading)
    return Group(
        name=reading.name(cells, row),
        items=tuple(opened.items),
        label=reading.survey.texts(opened.row, "label"),
        relevant=reading.expression(cells, "relevant", row),
        one_screen=one_screen,
        row=row,
        table="table-list" in looks,
        rates=rates,
    )


def _check_table(opened: _OpenGroup, reading: Reading) -> None:
    kinds = {(item.kind, item.list_name) for item in opened.items if isinstance(item, Question)}
    if len(kinds) > 1 or not all(kind in {SELECT_ONE, SELECT_MULTIPLE} for kind, _list_name in kinds):
        text = "các câu trong bảng (table-list) phải cùng loại và cùng một danh sách lựa chọn."
        reading.fault("mixed_table", text, "survey", opened.row.number, "appearance")
