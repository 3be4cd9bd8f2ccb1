"""Is a questionnaire fit to be published? Findings about its structure, its texts, and the criteria of the round."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from .definition import (
    NOTE,
    SELECT_ONE,
    TEXT,
    Condition,
    Definition,
    Group,
    Item,
    Language,
    Question,
    choice_lists,
    fill,
)
from .expression import choices_named, references
from .message import Message, Severity
from .path import MAX_TEXT_BYTES

MAX_LABEL: Final = 120  # characters that a phone shows without scrolling
MAX_ANSWERS_BYTES: Final = 30_000  # the larger of the two sizes of envelope, less what sealing needs
PLACEHOLDERS: Final = ("year", "unit", "from", "to")
# Texts of usual length, so that a label is judged as it will be read.
_TYPICAL: Final = {"year": "2021", "unit": "UBND xã Quài Cang", "from": "01/01/2021", "to": "30/11/2021"}
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_SYLLABLES_PER_SECOND: Final = 3.0  # read by somebody who reads slowly
_SECONDS_PER_CHOICE: Final = 4
_SECONDS_PER_TEXT: Final = 30


@dataclass(frozen=True, slots=True)
class AskedCriterion:
    """A leaf criterion that the survey scores, and the groups that are asked about it."""

    code: str
    groups: frozenset[str]


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many criteria of a round have a question in the questionnaire of every group that is asked about them."""

    covered: int
    total: int
    missing: tuple[tuple[str, str], ...]  # pairs (criterion, group)


def check(definition: Definition, criteria: Sequence[AskedCriterion] | None = None, group: str = "") -> list[Message]:
    """All findings, errors first, in the order of the file. Without `criteria` the round is not looked at."""
    found = [*check_structure(definition), *_check_texts(definition), *_check_scoring(definition)]
    if criteria is not None:
        found += _check_round(definition, criteria, group or definition.group)
    return sorted(found, key=lambda message: (not message.is_error, message.sheet != "survey", message.row))


def coverage(definitions: Mapping[str, Definition], criteria: Sequence[AskedCriterion]) -> Coverage:
    """Coverage of the criteria by the questionnaires of a round, given by group."""
    asked = {group: {q.criterion for q in definition.questions()} for group, definition in definitions.items()}
    missing = tuple(
        (criterion.code, group)
        for criterion in criteria
        for group in sorted(criterion.groups)
        if criterion.code not in asked.get(group, set())
    )
    return Coverage(len(criteria) - len({code for code, _ in missing}), len(criteria), missing)


def minutes(definition: Definition) -> int:
    """Estimated time to answer everything, in whole minutes: reading at a slow pace plus choosing or writing."""
    seconds = 0.0
    for question in definition.questions():
        words = " ".join((question.label.get("vi", ""), question.hint.get("vi", ""))).split()
        seconds += len(words) / _SYLLABLES_PER_SECOND
        seconds += _SECONDS_PER_TEXT if question.kind == TEXT else _SECONDS_PER_CHOICE if question.is_answered else 0
    return max(1, math.floor(seconds / 60 + 0.5))


def check_structure(definition: Definition) -> list[Message]:
    """Errors that keep the questionnaire from being walked: doubled names, conditions that look at nothing."""
    return [*_doubled_names(definition), *_conditions(definition.items, {}, frozenset(), definition)]


def _all_items(definition: Definition) -> list[Item]:
    return [*definition.groups(), *definition.questions()]


def _doubled_names(definition: Definition) -> Iterator[Message]:
    seen: dict[str, int] = {}
    for item in sorted(_all_items(definition), key=lambda item: item.row):
        if item.name.lower() in seen:
            text = f"tên «{item.name}» đã dùng ở dòng {seen[item.name.lower()]}. Đặt tên khác."
            yield Message(Severity.ERROR, "duplicate_name", text, "survey", item.row, "name")
        seen.setdefault(item.name.lower(), item.row)


def _conditions(
    items: Sequence[Item], earlier: dict[str, Question], same_screen: frozenset[str], definition: Definition
) -> Iterator[Message]:
    """Walks in written order; `earlier` grows with each question that a later condition may look at."""
    for item in items:
        if item.relevant:
            yield from _condition(item.relevant, item.row, earlier, same_screen, definition)
        if isinstance(item, Group):
            inside = frozenset(inner.name for inner in item.items) if item.one_screen else same_screen
            yield from _conditions(item.items, earlier, inside, definition)
        elif item.is_answered:
            earlier[item.name] = item


def _condition(
    condition: Condition, row: int, earlier: dict[str, Question], same_screen: frozenset[str], definition: Definition
) -> Iterator[Message]:
    def error(kind: str, text: str) -> Message:
        return Message(Severity.ERROR, kind, text, "survey", row, "relevant")

    for name in dict.fromkeys(references(condition.tree)):
        asked = definition.question(name)
        if asked is None:
            yield error("missing_reference", f"không có câu hỏi «{name}». Kiểm tra tên trong ${{…}}.")
        elif not asked.is_answered:
            yield error("reference_to_note", f"«{name}» là lời dẫn (note), không có câu trả lời.")
        elif name not in earlier:
            yield error("later_reference", f"câu «{name}» đứng sau (dòng {asked.row}). Chỉ hỏi được câu đứng trước.")
        elif name in same_screen:
            yield error("same_screen_reference", f"câu «{name}» ở cùng màn hình. Tách ra màn hình riêng.")
    for name, choice in choices_named(condition.tree):
        compared = earlier.get(name)
        if compared and compared.choices and choice and not compared.choice(choice):
            yield error("unknown_choice", f"câu «{name}» không có lựa chọn «{choice}».")


def _check_texts(definition: Definition) -> Iterator[Message]:
    for item in _all_items(definition):
        for language in definition.languages:
            yield from _check_label(item, language)
            if isinstance(item, Question):
                yield from _check_hint(item, language)
    for choice in (choice for choices in choice_lists(definition).values() for choice in choices):
        for language in definition.languages:
            if not choice.label.get(language.code):
                yield _lacks_text("choices", choice.row, "label", language)
    longest = sum(MAX_TEXT_BYTES if q.kind == TEXT else 80 for q in definition.questions() if q.is_answered)
    if longest > MAX_ANSWERS_BYTES:
        text = "có quá nhiều câu viết tay để niêm phong trong một phong bì. Bỏ bớt câu text."
        yield Message(Severity.ERROR, "too_long_for_envelope", text, "survey")


def _check_label(item: Item, language: Language) -> Iterator[Message]:
    label = item.label.get(language.code, "")
    if not label and (isinstance(item, Question) or item.label):  # a group may do without a title
        yield _lacks_text("survey", item.row, "label", language)
    yield from _unknown_placeholders(label, item.row, "label", language)
    length = len(fill(label, _TYPICAL))
    if length > MAX_LABEL and not (isinstance(item, Question) and item.kind == NOTE):
        text = f"câu dài {length} ký tự; nên ≤ {MAX_LABEL} cho điện thoại."
        yield Message(Severity.WARNING, "long_label", text, "survey", item.row, _column("label", language))


def _check_hint(question: Question, language: Language) -> Iterator[Message]:
    for column, texts in (("hint", question.hint), ("required_message", question.required_message)):
        if texts and not texts.get(language.code):
            yield _lacks_text("survey", question.row, column, language)
        yield from _unknown_placeholders(texts.get(language.code, ""), question.row, column, language)


def _column(name: str, language: Language) -> str:
    return f"{name}::{language.name} ({language.code})"


def _lacks_text(sheet: str, row: int, column: str, language: Language) -> Message:
    text = "thiếu bản dịch. Điền ô này."
    return Message(Severity.ERROR, "missing_text", text, sheet, row, _column(column, language))


def _unknown_placeholders(text: str, row: int, column: str, language: Language) -> Iterator[Message]:
    known = ", ".join("{" + name + "}" for name in PLACEHOLDERS)
    for name in _PLACEHOLDER.findall(text):
        if name not in PLACEHOLDERS:
            fault = f"không có chỗ điền «{{{name}}}». Chỉ có {known}."
            yield Message(Severity.ERROR, "unknown_placeholder", fault, "survey", row, _column(column, language))


def _check_scoring(definition: Definition) -> Iterator[Message]:
    first_use: dict[str, Question] = {}
    for question in definition.questions():
        if question.is_scored and question.kind == SELECT_ONE:
            first_use.setdefault(question.list_name, question)
            if not question.required:
                text = "câu chấm điểm không bắt buộc: bỏ trống và «không biết» sẽ lẫn vào nhau."
                yield Message(Severity.WARNING, "scored_not_required", text, "survey", question.row, "required")
    for question in first_use.values():
        yield from _check_scale(question)


def _check_scale(question: Question) -> Iterator[Message]:
    """Findings about the list of choices of a scored question."""
    for choice in question.choices:
        if choice.level is None and not choice.is_dont_know:
            text = f"lựa chọn «{choice.name}» dùng để chấm điểm nhưng chưa có mức."
            yield Message(Severity.ERROR, "missing_level", text, "choices", choice.row, "level")
        if choice.level is not None and choice.is_dont_know:
            text = "«không biết» không được có mức. Để trống ô này."
            yield Message(Severity.ERROR, "level_of_dont_know", text, "choices", choice.row, "level")
    levels = [choice.level for choice in question.choices if choice.level is not None]
    first_row = question.choices[0].row if question.choices else 0
    if len(set(levels)) != len(levels):
        text = f"hai lựa chọn của «{question.list_name}» cùng một mức."
        yield Message(Severity.ERROR, "duplicate_level", text, "choices", first_row, "level")
    elif levels != sorted(levels):
        text = f"mức của «{question.list_name}» không tăng dần; thứ tự sẽ khác phiếu giấy."
        yield Message(Severity.WARNING, "level_order", text, "choices", first_row, "level")
    if not any(choice.is_dont_know for choice in question.choices):
        text = f"«{question.list_name}» không có lựa chọn «không biết» (tên KB); người không rõ phải chọn bừa."
        yield Message(Severity.WARNING, "no_dont_know", text, "choices", first_row)


def _check_round(definition: Definition, criteria: Sequence[AskedCriterion], group: str) -> Iterator[Message]:
    known = {criterion.code: criterion for criterion in criteria}
    if definition.group and group and definition.group != group:
        text = f"tệp ghi là phiếu nhóm {definition.group}, không phải nhóm {group}."
        yield Message(Severity.ERROR, "other_group", text, "settings", 2, "group")
    asked = set()
    for question in definition.questions():
        if not question.is_scored:
            continue
        asked.add(question.criterion)
        if question.criterion not in known:
            text = f"tiêu chí {question.criterion} không có trong phần điều tra của đợt này."
            yield Message(Severity.ERROR, "unknown_criterion", text, "survey", question.row, "criterion")
        elif group and group not in known[question.criterion].groups:
            groups = ", ".join(sorted(known[question.criterion].groups))
            text = f"tiêu chí {question.criterion} chỉ hỏi nhóm {groups}, không hỏi nhóm {group}."
            yield Message(Severity.ERROR, "criterion_of_other_group", text, "survey", question.row, "criterion")
    for criterion in criteria:
        if group in criterion.groups and criterion.code not in asked:
            text = f"tiêu chí {criterion.code} hỏi nhóm {group} nhưng phiếu chưa có câu nào."
            yield Message(Severity.ERROR, "criterion_without_question", text, "survey")
