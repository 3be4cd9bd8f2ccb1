"""Which common changes can be made to a questionnaire without Excel? Each gives the changed questionnaire.

The result is written as XLSForm and loaded like a file that somebody uploads, so both ways obey the same checks.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from ..errors import Invalid, Missing, Refused
from ..text import clean, search_key
from .definition import (
    DONT_KNOW,
    INTEGER,
    NOTE,
    SELECT_ONE,
    TEXT,
    Choice,
    Definition,
    Group,
    Item,
    Question,
    Texts,
    choice_lists,
)


class Template(StrEnum):
    """What a new question can be begun from."""

    SCORED = "scored"
    YES_NO = "yes_no"
    NUMBER = "number"
    OPINION = "opinion"
    WORDS = "words"


_KINDS: Final = {
    Template.SCORED: SELECT_ONE,
    Template.YES_NO: SELECT_ONE,
    Template.NUMBER: INTEGER,
    Template.OPINION: TEXT,
    Template.WORDS: NOTE,
}
_YES_NO: Final = (
    Choice("co", {"vi": "Có", "en": "Yes"}),
    Choice("khong", {"vi": "Không", "en": "No"}),
)
_SCALE: Final = (
    Choice("1", {"vi": "Rất kém", "en": "Very poor"}, 1),
    Choice("2", {"vi": "Kém", "en": "Poor"}, 2),
    Choice("3", {"vi": "Trung bình", "en": "Average"}, 3),
    Choice("4", {"vi": "Tốt", "en": "Good"}, 4),
    Choice("5", {"vi": "Rất tốt", "en": "Very good"}, 5),
    Choice(DONT_KNOW, {"vi": "Không biết / không có ý kiến", "en": "Don't know / no opinion"}),
)
_LONGEST_NAME: Final = 24
_FEWEST_CHOICES: Final = 2


@dataclass(frozen=True)
class Wording:
    """What the form of a question brings: texts by language, and whether an answer is needed."""

    label: Texts
    hint: Texts
    required: bool
    choices: Mapping[str, Texts]  # name of the choice -> its texts
    new_choice: Texts


def find_question(definition: Definition, name: str) -> Question:
    """The question of that name. Raises Missing."""
    question = definition.question(name)
    if question is None:
        raise Missing
    return question


def used_in(definition: Definition, list_name: str) -> int:
    """How many questions a list of choices serves."""
    return sum(question.list_name == list_name for question in definition.questions())


def has_levels(choices: Sequence[Choice]) -> bool:
    """Whether the list is a scale: its levels are those that the round has points for, so they stay as they are."""
    return any(choice.level is not None for choice in choices)


def reworded(definition: Definition, name: str, wording: Wording) -> Definition:
    """The questionnaire with other words in one question and its choices; a list changes wherever it is used.

    Raises Missing, and Invalid where the main language is left empty.
    """
    question = find_question(definition, name)
    _need_text(wording.label, definition, "label")
    changed = replace(
        question,
        label=_given(wording.label),
        hint=_given(wording.hint),
        required=wording.required and question.is_answered,
    )
    if not question.list_name:
        return _with_items(definition, lambda item: [changed] if item.name == name else [item])
    choices = tuple(
        replace(choice, label=_given(wording.choices.get(choice.name, choice.label))) for choice in question.choices
    )
    for choice in choices:
        _need_text(choice.label, definition, f"choice-{choice.name}")
    if any(_given(wording.new_choice).values()):
        choices = _with_new_choice(choices, wording.new_choice, definition)

    def change(item: Item) -> list[Item]:
        if isinstance(item, Question) and item.list_name == question.list_name:
            return [replace(changed if item.name == name else item, choices=choices)]
        return [item]

    return _with_items(definition, change)


def _with_new_choice(choices: tuple[Choice, ...], label: Texts, definition: Definition) -> tuple[Choice, ...]:
    """The new choice last, but before «không biết». Raises Invalid on a scale: the round has no points for it."""
    _need_text(label, definition, "new-choice")
    if has_levels(choices):
        raise Invalid({f"new-choice-{definition.default_language}": "Thang điểm không thêm mức được ở đây."})
    words = label.get("vi") or next(iter(label.values()))
    name = _free_name(words, {choice.name.lower() for choice in choices})
    new = Choice(name, _given(label))
    at = next((place for place, choice in enumerate(choices) if choice.is_dont_know), len(choices))
    return (*choices[:at], new, *choices[at:])


def choice_moved(definition: Definition, name: str, choice_name: str, step: int) -> Definition:
    """The questionnaire with a choice one place up (-1) or down (1) in the list of a question, «không biết» last.

    Raises Missing, and Refused on a scale.
    """
    choices = _changeable(definition, name, choice_name)
    place = next(place for place, choice in enumerate(choices) if choice.name == choice_name)
    goal = min(max(place + step, 0), len(choices) - 1)
    rest = [choice for choice in choices if choice.name != choice_name]
    found = [*rest[:goal], choices[place], *rest[goal:]]
    return _with_choices(definition, name, sorted(found, key=lambda choice: choice.is_dont_know))


def choice_removed(definition: Definition, name: str, choice_name: str) -> Definition:
    """The questionnaire without a choice in the list of a question. Raises Missing; Refused on a scale or below two."""
    choices = _changeable(definition, name, choice_name)
    if len(choices) <= _FEWEST_CHOICES:
        raise Refused("Câu chọn phải còn ít nhất hai lựa chọn.")
    return _with_choices(definition, name, [choice for choice in choices if choice.name != choice_name])


def _changeable(definition: Definition, name: str, choice_name: str) -> tuple[Choice, ...]:
    question = find_question(definition, name)
    if question.choice(choice_name) is None:
        raise Missing
    if has_levels(question.choices):
        raise Refused("Thang điểm phải đủ mức và đúng thứ tự như hệ số của đợt, nên chỉ sửa được lời.")
    return question.choices


def _with_choices(definition: Definition, name: str, choices: Sequence[Choice]) -> Definition:
    """A list changes wherever it is used."""
    list_name = find_question(definition, name).list_name

    def change(item: Item) -> list[Item]:
        if isinstance(item, Question) and item.list_name == list_name:
            return [replace(item, choices=tuple(choices))]
        return [item]

    return _with_items(definition, change)


def moved(definition: Definition, name: str, step: int) -> Definition:
    """The questionnaire with a question or section one place up (-1) or down (1) within its section."""
    if not any(item.name == name for item in definition.all_items()):
        raise Missing
    return replace(definition, items=_moved(definition.items, name, step))


def _moved(items: Sequence[Item], name: str, step: int) -> tuple[Item, ...]:
    place = next((place for place, item in enumerate(items) if item.name == name), None)
    if place is None:
        return tuple(
            replace(item, items=_moved(item.items, name, step)) if isinstance(item, Group) else item for item in items
        )
    goal = min(max(place + step, 0), len(items) - 1)
    rest = [item for item in items if item.name != name]
    return (*rest[:goal], items[place], *rest[goal:])


def removed(definition: Definition, name: str) -> Definition:
    """The questionnaire without a question; a section that is left empty goes too. Raises Missing."""
    find_question(definition, name)
    return _with_items(definition, lambda item: [] if item.name == name else [item])


def added(
    definition: Definition, template: Template, label: Texts, after: str, criterion: str = ""
) -> tuple[Definition, str]:
    """The questionnaire with a new question behind `after` (last where that is empty), and the name of the question.

    Raises Missing for an unknown `after`, Invalid for empty words or a scored question without criterion.
    """
    _need_text(label, definition, "label")
    if template is Template.SCORED and not criterion:
        raise Invalid({"criterion": "Chọn tiêu chí mà câu này chấm điểm."})
    taken = {item.name.lower() for item in definition.all_items()}
    words = f"q {criterion}" if template is Template.SCORED else label.get("vi") or next(iter(label.values()))
    list_name, choices = _list_for(definition, template)
    question = Question(
        name=_free_name(words, taken),
        kind=_KINDS[template],
        label=_given(label),
        required=template in {Template.SCORED, Template.YES_NO},
        list_name=list_name,
        choices=choices,
        criterion=criterion if template is Template.SCORED else "",
        appearance="likert" if template is Template.SCORED else "",
    )
    if not after:
        return replace(definition, items=(*definition.items, question)), question.name
    find_question(definition, after)
    return _with_items(definition, lambda item: [item, question] if item.name == after else [item]), question.name


def _list_for(definition: Definition, template: Template) -> tuple[str, tuple[Choice, ...]]:
    """The list of choices of a new question: the scale that scored questions use already, else our own."""
    lists = choice_lists(definition)
    if template is Template.SCORED:
        used = next((question.list_name for question in definition.questions() if question.is_scored), "")
        return (used, lists[used]) if used else ("muc_danh_gia", _in(definition, _SCALE))
    if template is Template.YES_NO:
        own = _in(definition, _YES_NO)
        known = next((name for name, choices in lists.items() if [c.name for c in choices] == ["co", "khong"]), "")
        return (known, lists[known]) if known else (_free_name("co khong", {name.lower() for name in lists}), own)
    return "", ()


def _in(definition: Definition, choices: tuple[Choice, ...]) -> tuple[Choice, ...]:
    """The choices with the languages of the questionnaire; what we have no words for stays to be translated."""
    codes = {language.code for language in definition.languages}
    return tuple(
        replace(choice, label={code: text for code, text in choice.label.items() if code in codes})
        for choice in choices
    )


def _with_items(definition: Definition, change: Callable[[Item], list[Item]]) -> Definition:
    """The questionnaire with every question replaced by what `change` makes of it."""

    def walk(items: Sequence[Item]) -> tuple[Item, ...]:
        found: list[Item] = []
        for item in items:
            if not isinstance(item, Group):
                found += change(item)
            elif inside := walk(item.items):
                found.append(replace(item, items=inside))
        return tuple(found)

    return replace(definition, items=walk(definition.items))


def _given(texts: Texts) -> dict[str, str]:
    return {language: clean(text) for language, text in texts.items() if clean(text)}


def _need_text(texts: Texts, definition: Definition, field: str) -> None:
    language = definition.languages[0]
    if not clean(texts.get(language.code, "")):
        raise Invalid({f"{field}-{language.code}": f"Điền lời bằng {language.name}."})


def _free_name(words: str, taken: set[str]) -> str:
    """A name made of the words, without marks, that nothing else has."""
    plain = re.sub(r"[^a-z0-9]+", "_", search_key(words)).strip("_")[:_LONGEST_NAME].strip("_") or "cau"
    name = plain if plain[0].isalpha() else f"c_{plain}"
    number, free = 2, name
    while free in taken:
        free, number = f"{name}_{number}", number + 1
    return free
