"""What changed between two versions of a questionnaire, and how dangerous is each change for answers already given?

Safe: words, a new question that may be left open, a new choice at the end. Risky: the same question may now be answered
otherwise, as where the words of a scale change or a scored question is another one. Destructive: stored answers can no
longer be read as what they were. A typing correction is a change of words so small that the question stays the same; it
is all that is possible once a round is open. The words of a scale are no place for it: «Tốt» and «Tồi» differ by a tone
mark, «Không hài lòng» and «Không, hài lòng» by a comma.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from enum import StrEnum
from itertools import pairwise

from rapidfuzz.distance import OSA, Hamming

from ..text import clean, search_key
from .definition import (
    SELECT_MULTIPLE,
    SELECT_ONE,
    Choice,
    Condition,
    Definition,
    Group,
    Item,
    Question,
    Texts,
    text_in,
)
from .media import name_of
from .xlsform_kinds import LOOKS

_NEGATION = r"(?:\b(?:không|chưa|chẳng|đừng|not?|never)|n['’]t)\b"
_NEGATED = re.compile(_NEGATION, re.IGNORECASE)
_DASH = "[-\u2010-\u2015\u2212]"
_MEANING = re.compile(
    rf"""\$\{{[^}}]*\}} | \{{\w+\}}
    | (?P<range>(?<=[\d%])\s*{_DASH}\s*(?=\d))
    | (?P<minus>(?<!\w){_DASH}\s?(?=\d))
    | \d+(?:[.,]\d+)*
    | {_NEGATION}
    | (?P<sign>[^\w\s])""",
    re.IGNORECASE | re.VERBOSE,
)
_SIGNS = frozenset("%‰&@#*/§")  # of all that Unicode calls punctuation, those that say something
_SYMBOLS = frozenset({"Sm", "Sc", "So"})  # < = + €, degrees, arrows


class Danger(StrEnum):
    """How a change touches answers."""

    TYPING = "typing"
    SAFE = "safe"
    RISKY = "risky"
    DESTRUCTIVE = "destructive"


@dataclass(frozen=True, slots=True)
class Change:
    """One change with its place in the newer file; what was removed has the row of the older one."""

    danger: Danger
    text: str
    name: str
    row: int
    before: str = ""
    after: str = ""


def differences(before: Definition, after: Definition) -> list[Change]:
    """All changes, the most dangerous first, then in the order of the file."""
    found = [*_of_whole(before, after), *_of_questions(before, after), *_of_groups(before, after)]
    order = list(Danger)
    return sorted(found, key=lambda change: (-order.index(change.danger), change.row))


def worst(changes: list[Change]) -> Danger | None:
    """The danger of the most dangerous change, none without changes."""
    order = list(Danger)
    return max((change.danger for change in changes), key=order.index, default=None)


def needs_second_person(changes: list[Change]) -> bool:
    """Whether somebody else than the author must publish."""
    return worst(changes) in {Danger.RISKY, Danger.DESTRUCTIVE}


def beyond_correction(opened: Definition, published: Definition, definition: Definition) -> list[Change]:
    """What is more than a typing correction, against the version at the opening of the round and against the newest.

    Small steps add up, so each counts from the opening too. What leads back to the opening is always allowed.
    """
    since_opening = differences(opened, definition)
    away = {change.text for change in since_opening}
    last_step = [change for change in differences(published, definition) if change.text in away]
    found = {change.text: change for change in (*since_opening, *last_step) if change.danger is not Danger.TYPING}
    return list(found.values())


def changes_words(changes: list[Change]) -> bool:
    """Whether more than marks, blanks and capitals change: in Vietnamese one letter or tone makes another word.

    Where a sentence holds a negation, a mark inside it counts too: it may cut the negation off from what it negates.
    """
    return any(_words_of(change.before) != _words_of(change.after) for change in changes)


def _words_of(text: str) -> str:
    words = clean(text).casefold()
    if not _NEGATED.search(words):
        return "".join(re.findall(r"\w", words))
    marked = re.sub(r"[^\w\s]+", ",", "".join(re.split(r"\s+", words)))
    return marked.strip(",")


def _of_whole(before: Definition, after: Definition) -> Iterator[Change]:
    if before.title != after.title:
        yield _words("tên phiếu", "", 0, before.title, after.title)
    old, new = ([language.code for language in one.languages] for one in (before, after))
    for code in new:
        if code not in old:
            yield Change(Danger.SAFE, f"thêm ngôn ngữ {code}", "", 0)
    for code in old:
        if code not in new:
            yield Change(Danger.RISKY, f"bỏ ngôn ngữ {code}", "", 0)
    if new and old and new[0] != old[0]:
        yield Change(Danger.SAFE, f"ngôn ngữ chính là {new[0]}", "", 0)
    if before.group != after.group:
        yield Change(Danger.RISKY, "phiếu ghi cho nhóm khác", "", 0, before.group, after.group)


def _of_questions(before: Definition, after: Definition) -> Iterator[Change]:
    old = {question.name: question for question in before.questions()}
    new = {question.name: question for question in after.questions()}
    for name, question in old.items():
        if name not in new:
            danger = Danger.DESTRUCTIVE if question.is_answered or question.is_computed else Danger.SAFE
            yield Change(
                danger, f"bỏ câu «{name}»", name, question.row, text_in(question.label, before.default_language)
            )
    for name, question in new.items():
        if name not in old:
            yield _added(question, text_in(question.label, after.default_language))
        else:
            yield from _of_question(old[name], question)
    kept = [name for name in old if name in new]
    if kept != [name for name in new if name in old]:
        yield from _moved(kept, new)


def _added(question: Question, label: str) -> Change:
    risky = question.required or question.is_scored
    why = ", bắt buộc" if question.required else ""
    danger = Danger.RISKY if risky else Danger.SAFE
    words = f"thêm câu «{question.name}»{why}"
    return Change(danger, words, question.name, question.row, after=label)


def _moved(kept: list[str], new: dict[str, Question]) -> Iterator[Change]:
    place = {name: number for number, name in enumerate(kept)}
    order = [name for name in new if name in place]
    for one, other in pairwise(order):
        if place[other] < place[one]:
            text = f"câu «{other}» nay đứng sau câu «{one}»"
            yield Change(Danger.RISKY, text, other, new[other].row)


def _of_question(old: Question, new: Question) -> Iterator[Change]:
    def changed(danger: Danger, text: str, before: str = "", after: str = "") -> Change:
        return Change(danger, f"câu «{new.name}»: {text}", new.name, new.row, before, after)

    if old.kind != new.kind:
        yield changed(Danger.RISKY, "đổi loại câu hỏi", old.kind, new.kind)
    if old.criterion != new.criterion:
        yield changed(Danger.DESTRUCTIVE, "đổi tiêu chí được chấm", old.criterion or "–", new.criterion or "–")
    if old.required != new.required:
        danger = Danger.RISKY if new.required else Danger.SAFE
        yield changed(danger, "nay bắt buộc" if new.required else "nay không bắt buộc")
    conditions: tuple[tuple[str, Condition | None, Condition | None], ...] = (
        ("điều kiện hỏi", old.relevant, new.relevant),
        ("điều kiện của câu trả lời", old.constraint, new.constraint),
        ("phép tính", old.calculation, new.calculation),
        ("cách lọc lựa chọn", old.choice_filter, new.choice_filter),
    )
    for words, first, second in conditions:
        if first != second:
            yield changed(
                Danger.RISKY, f"đổi {words}", first.source if first else "–", second.source if second else "–"
            )
    if (old.default, old.read_only, dict(old.parameters)) != (new.default, new.read_only, dict(new.parameters)):
        yield changed(Danger.RISKY, "đổi giá trị có sẵn, chỉ đọc hoặc tham số")
    if _working_looks(old) != _working_looks(new):
        yield changed(Danger.RISKY, "đổi cách hiện", old.appearance or "–", new.appearance or "–")
    elif old.appearance != new.appearance:
        yield changed(Danger.SAFE, "đổi cách hiện ở ODK", old.appearance or "–", new.appearance or "–")
    texts: tuple[tuple[str, Texts, Texts], ...] = (
        ("câu hỏi", old.label, new.label),
        ("gợi ý", old.hint, new.hint),
        ("giải thích thêm", old.guidance, new.guidance),
        ("lời báo thiếu", old.required_message, new.required_message),
        ("lời báo sai", old.constraint_message, new.constraint_message),
    )
    for words, one, other in texts:
        for change in _of_texts(f"câu «{new.name}», {words}", new.name, new.row, one, other):
            asks_else = new.is_scored and one is old.label and _says_else(change.before, change.after)
            yield replace(change, danger=Danger.RISKY) if asks_else and change.danger is Danger.SAFE else change
    for words, one, other in (("ảnh", old.image, new.image), ("âm thanh", old.audio, new.audio)):
        if dict(one) != dict(other):
            yield changed(Danger.SAFE, f"đổi {words}", _file_names(one), _file_names(other))
    if old.kind == new.kind:
        yield from _of_choices(old, new)


def _file_names(files: Texts) -> str:
    return ", ".join(dict.fromkeys(name_of(text) for text in files.values())) or "–"


def _working_looks(question: Question) -> set[str]:
    return set(question.appearance.split()) - LOOKS.get(question.kind, frozenset())


def _of_choices(old: Question, new: Question) -> Iterator[Change]:
    before, after = ({choice.name: choice for choice in one.choices} for one in (old, new))

    def changed(danger: Danger, text: str, choice: Choice) -> Change:
        return Change(danger, f"câu «{new.name}», lựa chọn «{choice.name}»: {text}", new.name, choice.row)

    for name, choice in before.items():
        if name not in after:
            yield changed(Danger.RISKY, "đã bỏ", choice)
    kept = [name for name in before if name in after]
    for place, (name, choice) in enumerate(after.items()):
        if name not in before:
            at_end = place >= len(kept) and new.kind in {SELECT_ONE, SELECT_MULTIPLE} and choice.level is None
            yield changed(Danger.SAFE if at_end else Danger.RISKY, "thêm mới", choice)
            continue
        if before[name].level != choice.level:
            yield changed(Danger.DESTRUCTIVE, "đổi mức", choice)
        if dict(before[name].cells) != dict(choice.cells):
            yield changed(Danger.RISKY, "đổi cột dùng để lọc", choice)
        if dict(before[name].image) != dict(choice.image):
            yield changed(Danger.SAFE, "đổi ảnh", choice)
        words = f"câu «{new.name}», lựa chọn «{name}»"
        for change in _of_texts(words, new.name, choice.row, before[name].label, choice.label):
            yield replace(change, danger=_danger_of_words(change, before, choice, new.is_scored))
    if kept != [name for name in after if name in before]:
        yield Change(Danger.RISKY, f"câu «{new.name}»: đổi thứ tự lựa chọn", new.name, new.row)


def _danger_of_words(change: Change, before: Mapping[str, Choice], choice: Choice, is_level: bool) -> Danger:
    """Of other words for a choice: those of another one make its answers another one's, and turn points round."""
    if _spoken(change.before) == _spoken(change.after):
        return change.danger
    others = (one for name, one in before.items() if name != choice.name)
    if _spoken(change.after) in {_spoken(text) for one in others for text in one.label.values()}:
        return Danger.DESTRUCTIVE if is_level else Danger.RISKY
    return Danger.RISKY if is_level else change.danger


def _says_else(old: str, new: str) -> bool:
    """Whether a sentence is negated, or has, between the ends that it keeps, three words or more and mostly others."""
    if len(_NEGATED.findall(old)) != len(_NEGATED.findall(new)):
        return True
    before, after = (search_key(text).split() for text in (old, new))
    while before and after and before[0] == after[0]:
        before, after = before[1:], after[1:]
    while before and after and before[-1] == after[-1]:
        before, after = before[:-1], after[:-1]
    longer = max(len(before), len(after))
    return longer >= 3 and 2 * len(set(before) & set(after)) < longer


def _spoken(text: str) -> str:
    """A text without what nobody reads aloud: blanks and capitals."""
    return "".join(clean(text).casefold().split())


def _of_groups(before: Definition, after: Definition) -> Iterator[Change]:
    old, new = ({group.name: group for group in one.groups()} for one in (before, after))
    homes = [_homes(one.items, ()) for one in (before, after)]
    for name, group in new.items():
        if name in old:
            yield from _of_texts(f"phần «{name}»", name, group.row, old[name].label, group.label)
            if old[name].relevant != group.relevant:
                sources = [one.relevant.source if one.relevant else "–" for one in (old[name], group)]
                yield Change(Danger.RISKY, f"phần «{name}»: đổi điều kiện hỏi", name, group.row, *sources)
            if old[name].rates != group.rates:
                sources = [" ".join(one.rates) or "–" for one in (old[name], group)]
                yield Change(Danger.DESTRUCTIVE, f"phần «{name}»: đổi đơn vị được đánh giá", name, group.row, *sources)
            if (old[name].one_screen, old[name].table) != (group.one_screen, group.table):
                yield Change(Danger.RISKY, f"phần «{name}»: đổi cách hiện", name, group.row)
    for name, home in homes[1].items():
        if name in homes[0] and homes[0][name] != home:
            question = after.question(name)
            yield Change(Danger.RISKY, f"câu «{name}» chuyển sang phần khác", name, question.row if question else 0)


def _homes(items: tuple[Item, ...], inside: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Question -> the groups around it."""
    found: dict[str, tuple[str, ...]] = {}
    for item in items:
        if isinstance(item, Group):
            found |= _homes(item.items, (*inside, item.name))
        else:
            found[item.name] = inside
    return found


def _of_texts(words: str, name: str, row: int, before: Texts, after: Texts) -> Iterator[Change]:
    for language in dict.fromkeys((*before, *after)):
        old, new = before.get(language, ""), after.get(language, "")
        if old != new:
            yield _words(f"{words} ({language})", name, row, old, new)


def _words(words: str, name: str, row: int, old: str, new: str) -> Change:
    danger = Danger.TYPING if is_typing_correction(old, new) else Danger.SAFE
    return Change(danger, f"{words}: sửa lời", name, row, old, new)


def is_typing_correction(old: str, new: str) -> bool:
    """Whether two sentences are one sentence, once with a slip of the hand.

    The same words are the same letters in the same order. Tone marks, capitals, blanks and punctuation may differ:
    «18–29» and «18-29», «huyện?» and «huyện!» are the same. A word may have one letter more, less or two letters
    swapped; a doubled word may go. Another word, a negation, a placeholder or a number makes it another sentence. So
    does a sign that says something: the comma or point inside a number, a minus before it, a dash or stroke between two
    numbers, and < > = + % and the like.
    """
    if not old or not new or _meaning(old) != _meaning(new):
        return False
    before, after = (re.findall(r"\w+", search_key(text)) for text in (old, new))
    if "".join(before) == "".join(after):
        return True
    for operation, start, end, first, last in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if operation == "replace" and end - start == last - first:
            if not all(map(_is_slip, before[start:end], after[first:last])):
                return False
        elif operation == "delete":
            if before[start:end] not in (before[2 * start - end : start], before[end : 2 * end - start]):
                return False
        elif operation != "equal":
            return False
    return True


def _meaning(text: str) -> list[str]:
    """What of a sentence is no mere mark, apart from its words: numbers, placeholders, negations and signs."""
    found = []
    for match in _MEANING.finditer(clean(text)):
        kind = match.lastgroup
        if kind != "sign":
            found.append(kind or match[0].lower())
        elif match[0] in _SIGNS or unicodedata.category(match[0]) in _SYMBOLS:
            found.append(match[0])
    return found


def _is_slip(old: str, new: str) -> bool:
    """Whether a word is the other with one letter more, less, or two neighbours swapped."""
    return OSA.distance(old, new) <= 1 and not (len(old) == len(new) and Hamming.distance(old, new) == 1)
