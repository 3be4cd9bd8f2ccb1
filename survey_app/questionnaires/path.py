"""Which questions does this person see, and are the answers complete? Computed from the answers every time.

A question is asked when its own condition and those of all its groups hold. Conditions look only at answers that are
themselves on the path: an answer given earlier and since skipped counts as not given, as in ODK.
"""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from .definition import (
    INTEGER,
    SELECT_MULTIPLE,
    SELECT_ONE,
    TEXT,
    Definition,
    Group,
    Item,
    Question,
    Texts,
)
from .expression import Answer, holds

MAX_TEXT: Final = 2000  # characters
MAX_TEXT_BYTES: Final = 6000  # in UTF-8, so that the answers fit an envelope of fixed size
MAX_INTEGER: Final = 10**9

# Kinds of fault, the same for one screen and for a whole submission.
REQUIRED: Final = "required"
NOT_A_CHOICE: Final = "not_a_choice"
NOT_AN_INTEGER: Final = "not_an_integer"
TOO_LONG: Final = "too_long"
WRONG_SHAPE: Final = "wrong_shape"
UNKNOWN: Final = "unknown"

Answers: TypeAlias = Mapping[str, Answer]
RawAnswers: TypeAlias = Mapping[str, str | Sequence[str]]


@dataclass(frozen=True, slots=True)
class Screen:
    """What is shown at once: one question, or all asked questions of a group on one screen."""

    name: str  # of the question, or of the group; the same screen keeps its name whatever is answered
    title: Texts  # of the section
    questions: tuple[Question, ...]
    number: int  # from 1
    total: int  # of screens on the present path
    first_question: int  # number of its first question among those that take an answer
    question_total: int  # of questions that take an answer, on the present path


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with the answer to one question; the caller has the words for `kind`."""

    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class _Draft:
    name: str
    title: Texts
    questions: tuple[Question, ...]


def screens(definition: Definition, answers: Answers) -> list[Screen]:
    """The screens of the present path, in order. Total and numbers follow the path, so an answer may change them."""
    drafts = [draft for draft in _walk(definition.items, answers, {}, {}) if draft.questions]
    counts = [sum(question.is_answered for question in draft.questions) for draft in drafts]
    all_questions = sum(counts)
    found = []
    for place, draft in enumerate(drafts):
        first = min(sum(counts[:place]) + 1, all_questions)
        found.append(Screen(draft.name, draft.title, draft.questions, place + 1, len(drafts), first, all_questions))
    return found


def _walk(items: Sequence[Item], answers: Answers, live: dict[str, Answer], title: Texts) -> Iterator[_Draft]:
    """Screens of the items; `live` collects the answers on the path so far, which conditions may look at."""
    for item in items:
        if item.relevant and not holds(item.relevant.tree, live):
            continue
        if isinstance(item, Question):
            _keep(item, answers, live)
            yield _Draft(item.name, title, (item,))
        elif item.one_screen:
            asked = tuple(_asked_within(item, answers, live))
            yield _Draft(item.name, item.label or title, asked)
        else:
            yield from _walk(item.items, answers, live, item.label or title)


def _asked_within(group: Group, answers: Answers, live: dict[str, Answer]) -> Iterator[Question]:
    for item in group.items:
        if item.relevant and not holds(item.relevant.tree, live):
            continue
        if isinstance(item, Question):
            _keep(item, answers, live)
            yield item
        else:
            yield from _asked_within(item, answers, live)


def _keep(question: Question, answers: Answers, live: dict[str, Answer]) -> None:
    answer = answers.get(question.name, "")
    if question.is_answered and answer not in ("", []):
        live[question.name] = answer


def questions_on_path(definition: Definition, answers: Answers) -> list[Question]:
    """The questions that take an answer on the present path, in order."""
    return [q for screen in screens(definition, answers) for q in screen.questions if q.is_answered]


def answers_on_path(definition: Definition, answers: Answers) -> dict[str, Answer]:
    """The given answers to questions that are asked; whatever else was sent is left out. This is what is stored."""
    kept: dict[str, Answer] = {}
    for question in questions_on_path(definition, answers):
        answer = answers.get(question.name, "")
        answer = clean_text(answer) if isinstance(answer, str) else answer
        if answer not in ("", []):
            kept[question.name] = answer
    return kept


def check_screen(screen: Screen, raw: RawAnswers) -> tuple[dict[str, Answer], dict[str, str]]:
    """Values and faults {question: kind} of the fields posted for one screen.

    Every question of the screen that takes an answer is in the values, "" or [] for none, so that a removed answer is
    removed; a question with a fault has no value. Fields of other names are ignored.
    """
    values: dict[str, Answer] = {}
    faults: dict[str, str] = {}
    for question in screen.questions:
        if not question.is_answered:
            continue
        value = _read_field(question, raw.get(question.name, ""))
        kind = _fault_of(question, value)
        if kind:
            faults[question.name] = kind
        else:
            values[question.name] = value
    return values, faults


def check_answers(definition: Definition, answers: Mapping[str, object]) -> list[Fault]:
    """Faults of a complete submission; an empty list means that `answers_on_path` of it may be stored.

    Names that the questionnaire does not have are faults. Answers to questions off the path are not: they do not count
    and `answers_on_path` drops them, since a phone may still hold what was answered before going back.
    """
    known = {question.name: question for question in definition.questions() if question.is_answered}
    faults = [Fault(str(name), UNKNOWN) for name in answers if name not in known]
    sound: dict[str, Answer] = {}
    wrong: dict[str, str] = {}
    for name, question in known.items():
        value = answers.get(name, "")
        value = clean_text(value) if isinstance(value, str) else value
        if not _has_shape(question, value):
            wrong[name] = WRONG_SHAPE
        elif kind := _fault_of(question, value, required=False):  # type: ignore[arg-type]  # shape was checked
            wrong[name] = kind
        else:
            sound[name] = value  # type: ignore[assignment]
    for question in questions_on_path(definition, sound):
        if question.name in wrong:
            faults.append(Fault(question.name, wrong[question.name]))
        elif question.required and sound[question.name] in ("", []):
            faults.append(Fault(question.name, REQUIRED))
    return faults


def clean_text(value: str) -> str:
    """A written answer in NFC, without control characters and outer blanks; line ends are kept as \\n."""
    text = unicodedata.normalize("NFC", value.replace("\r\n", "\n").replace("\r", "\n"))
    return "".join(char for char in text if char == "\n" or unicodedata.category(char) not in {"Cc", "Cs"}).strip()


def _read_field(question: Question, raw: str | Sequence[str]) -> Answer:
    """A posted field as an answer; an integer that cannot be read stays text and is a fault afterwards."""
    parts = [raw] if isinstance(raw, str) else list(raw)
    if question.kind == SELECT_MULTIPLE:
        return list(dict.fromkeys(part for part in parts if part))
    value = clean_text(parts[-1]) if parts else ""
    if question.kind == INTEGER and value:
        try:
            return int(value) if len(value) <= 12 else value
        except ValueError:
            return value
    return value


def _has_shape(question: Question, value: object) -> bool:
    """Whether a JSON value is of the type that the kind of question takes; none is the empty text or the empty list."""
    if question.kind == SELECT_MULTIPLE:
        return value == "" or (isinstance(value, list) and all(isinstance(part, str) for part in value))
    if question.kind == INTEGER:
        return value == "" or (isinstance(value, int) and not isinstance(value, bool))
    return isinstance(value, str)


def _fault_of(question: Question, value: Answer, required: bool = True) -> str:
    """Kind of the fault of one answer, "" for none."""
    if value in ("", []):
        return REQUIRED if required and question.required else ""
    if question.kind in {SELECT_ONE, SELECT_MULTIPLE}:
        chosen = value if isinstance(value, list) else [str(value)]
        sound = all(question.choice(name) for name in chosen) and len(set(chosen)) == len(chosen)
        return "" if sound else NOT_A_CHOICE
    if question.kind == INTEGER:
        return "" if isinstance(value, int) and abs(value) <= MAX_INTEGER else NOT_AN_INTEGER
    if question.kind == TEXT:
        text = str(value)
        return TOO_LONG if len(text) > MAX_TEXT or len(text.encode("utf-8", "replace")) > MAX_TEXT_BYTES else ""
    return ""
