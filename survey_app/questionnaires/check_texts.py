"""Are the texts of a questionnaire complete in every language, and do they read well on a phone?"""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from .answer_values import MAX_TEXT_BYTES
from .definition import NOTE, TEXT, Choice, Definition, Item, Language, Question, Texts, choice_lists, fill
from .label_values import names_in
from .message import Message, Severity
from .path import MAX_COMPUTED
from .wording_checks import MAX_CHOICE, MAX_LABEL, too_long, wording_faults

MAX_ANSWERS_BYTES: Final = 30_000  # the larger of the two sizes of envelope, less what sealing needs
PLACEHOLDERS: Final = ("year", "unit", "from", "to")
# Texts of usual length, so that a label is judged as it will be read.
_TYPICAL: Final = {"year": "2021", "unit": "UBND xã Quài Cang", "from": "01/01/2021", "to": "30/11/2021"}
_PLACEHOLDER = re.compile(r"(?<!\$)\{([^{}]*)\}")


def check_texts(definition: Definition) -> Iterator[Message]:
    """Findings about labels, hints, messages and choices, language by language."""
    for item in definition.all_items():
        for language in definition.languages:
            yield from _check_label(item, language)
            if isinstance(item, Question):
                yield from _check_other_texts(item, language)
    for list_name, choices in choice_lists(definition).items():
        for language in definition.languages:
            yield from _check_choices(list_name, choices, language)
    yield from _check_same_labels(definition)
    yield from _check_length(definition)


def _check_length(definition: Definition) -> Iterator[Message]:
    """Whether the longest answers fit the envelope, told at the first text question for which there is no room."""
    texts = [question for question in definition.questions() if question.is_answered and question.kind == TEXT]
    others = sum(question.is_answered for question in definition.questions()) - len(texts)
    computed = sum(question.is_computed for question in definition.questions())
    room = MAX_ANSWERS_BYTES - 80 * others - 4 * MAX_COMPUTED * computed
    fit = max(room // MAX_TEXT_BYTES, 0)
    if len(texts) > fit or room < 0:
        first = texts[fit] if texts else None
        text = (
            f"phiếu có {len(texts)} câu viết tay (text), phong bì có cỡ cố định chỉ chứa được {fit} câu ở phiếu này. "
            "Từ câu này trở đi bỏ bớt, hoặc gộp vào một câu, hoặc hỏi bằng lựa chọn."
        )
        row = first.row if first else 0
        yield Message(Severity.ERROR, "too_long_for_envelope", text, "survey", row, "type" if row else "")


def _check_label(item: Item, language: Language) -> Iterator[Message]:
    label = item.label.get(language.code, "")
    needs_label = isinstance(item, Question) and item.is_shown and not item.is_heading
    if not label and (needs_label or item.label):  # a group may do without a title
        yield _lacks_text("survey", item.row, "label", language)
    column = _column("label", language)
    yield from _unknown_placeholders(label, item.row, "label", language)
    typical = fill(label, _TYPICAL)
    if not (isinstance(item, Question) and item.kind == NOTE) and (text := too_long(typical, MAX_LABEL)):
        yield Message(Severity.WARNING, "long_label", text, "survey", item.row, column)
    for kind, text in wording_faults(label, language.code):
        yield Message(Severity.WARNING, kind, text, "survey", item.row, column)


def _check_other_texts(question: Question, language: Language) -> Iterator[Message]:
    columns: dict[str, Texts] = {
        "hint": question.hint,
        "guidance_hint": question.guidance,
        "required_message": question.required_message,
        "constraint_message": question.constraint_message,
    }
    for column, texts in columns.items():
        if texts and not texts.get(language.code):
            yield _lacks_text("survey", question.row, column, language)
        yield from _unknown_placeholders(texts.get(language.code, ""), question.row, column, language)
        if column == "guidance_hint" and any(names_in({"": texts.get(language.code, "")})):
            text = "${…} không hiện được ở đây. Đưa vào label hoặc hint."
            yield Message(Severity.ERROR, "reference_in_guidance", text, "survey", question.row, column)


def _check_choices(list_name: str, choices: tuple[Choice, ...], language: Language) -> Iterator[Message]:
    labels = Counter(choice.label.get(language.code, "").casefold() for choice in choices)
    for choice in choices:
        label = choice.label.get(language.code, "")
        column = _column("label", language)
        if not label:
            yield _lacks_text("choices", choice.row, "label", language)
        elif labels[label.casefold()] > 1:
            text = f"hai lựa chọn của «{list_name}» cùng một lời."
            yield Message(Severity.WARNING, "same_choice_label", text, "choices", choice.row, column)
        if text := too_long(label, MAX_CHOICE):
            yield Message(Severity.WARNING, "long_choice", text, "choices", choice.row, column)


def _check_same_labels(definition: Definition) -> Iterator[Message]:
    seen: dict[str, int] = {}  # the times of a repeat share their row
    for question in definition.questions():
        label = question.label.get(definition.default_language, "").casefold()
        if question.is_answered and label:
            if seen.get(label, question.row) != question.row:
                text = f"câu hỏi này giống hệt câu ở dòng {seen[label]}. Nói rõ hai câu khác nhau chỗ nào."
                yield Message(Severity.WARNING, "same_label", text, "survey", question.row, "label")
            seen.setdefault(label, question.row)


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
