"""Which questions does this person see, and are the answers complete? Computed from the answers every time.

A question is asked when its own condition and those of all its groups hold. Conditions look only at answers that are
themselves on the path: an answer given earlier and since skipped, or no longer among the choices that a `choice_filter`
leaves, counts as not given, as in ODK. Computed values are part of the path at their place.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from .answer_values import (
    CONSTRAINT,
    UNKNOWN,
    WRONG_SHAPE,
    RawAnswers,
    clean_text,
    fault_of,
    has_shape,
    is_given,
    read_field,
)
from .definition import Definition, Group, Item, Question, Texts
from .expression import Answer, Surroundings, answer_text, evaluate, holds, uses
from .label_values import with_values

MAX_COMPUTED: Final = 200  # characters of a computed value

Answers: TypeAlias = Mapping[str, Answer]


@dataclass(frozen=True, slots=True)
class Screen:
    """What is shown at once: one question, or all asked questions of a group on one screen."""

    name: str  # of the question, or of the group; the same screen keeps its name whatever is answered
    title: Texts  # of the section
    questions: tuple[Question, ...]
    number: int  # from 1
    total: int  # of screens on the present path
    first_question: int  # number of its first question by place in the questionnaire, as on paper
    question_total: int  # of questions that take an answer in the whole questionnaire
    table: bool  # whether its questions are the rows of one table
    live: Answers  # answers and computed values on the path, which constraints may look at

    @property
    def is_matrix(self) -> bool:
        """Whether one question is answered in a row for each rated unit."""
        return bool(self.questions) and self.questions[0].heads_matrix

    @property
    def given(self) -> int:
        """How many of its questions have an answer."""
        return sum(is_given(self.live.get(question.name, "")) for question in self.questions if question.is_answered)


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
    table: bool = False


def screens(definition: Definition, answers: Answers) -> list[Screen]:
    """The screens of the present path, in order. How many there are follows the path; questions keep their numbers."""
    live: dict[str, Answer] = {}
    drafts: list[_Draft] = []
    _walk(definition.items, answers, live, {}, definition, drafts)
    numbers, most = definition.numbers, definition.number_total
    found = []
    for place, draft in enumerate(drafts, start=1):
        size = (place, len(drafts), numbers[draft.questions[0].name], most)
        found.append(Screen(draft.name, draft.title, draft.questions, *size, draft.table, live))
    return found


def _walk(
    items: Sequence[Item],
    answers: Answers,
    live: dict[str, Answer],
    title: Texts,
    definition: Definition,
    drafts: list[_Draft],
) -> None:
    """Adds the screens of the items; `live` collects the answers on the path so far, which conditions may look at."""
    for item in items:
        if item.relevant and not holds(item.relevant.tree, live):
            continue
        if isinstance(item, Question):
            asked = _ask(item, answers, live, definition)
            if asked.is_shown:
                drafts.append(_Draft(item.name, title, (asked,)))
        elif item.one_screen:
            shown = tuple(_asked_within(item, answers, live, definition))
            if shown:
                drafts.append(_Draft(item.name, item.label or title, shown, item.table))
        else:
            _walk(item.items, answers, live, item.label or title, definition, drafts)


def _asked_within(
    group: Group, answers: Answers, live: dict[str, Answer], definition: Definition
) -> Iterator[Question]:
    for item in group.items:
        if item.relevant and not holds(item.relevant.tree, live):
            continue
        if isinstance(item, Question):
            asked = _ask(item, answers, live, definition)
            if asked.is_shown:
                yield asked
        else:
            yield from _asked_within(item, answers, live, definition)


def _ask(question: Question, answers: Answers, live: dict[str, Answer], definition: Definition) -> Question:
    """The question as it is asked now: choices filtered, values in its texts; its answer is put among the live ones."""
    if question.choice_filter:
        tree = question.choice_filter.tree
        offered = tuple(
            choice
            for choice in question.choices
            if holds(tree, live, Surroundings(row={**choice.cells, "name": choice.name}))
        )
        question = replace(question, choices=offered)
    if question.is_computed:
        answer: Answer = _computed(question, live)
    else:
        answer = _offered(question, answers.get(question.name, "")) if question.is_answered else ""
    if is_given(answer):
        live[question.name] = answer
    return with_values(question, live, definition)


def _computed(question: Question, live: Answers) -> str:
    if question.calculation is None:
        return question.default
    return answer_text(evaluate(question.calculation.tree, live))[:MAX_COMPUTED]


def _offered(question: Question, answer: Answer) -> Answer:
    """The answer without choices that the filter has taken away."""
    if question.choice_filter is None:
        return answer
    if isinstance(answer, list):
        return [name for name in answer if question.choice(name)]
    return answer if question.choice(str(answer)) else ""


def questions_on_path(definition: Definition, answers: Answers) -> list[Question]:
    """The questions that take an answer on the present path, in order."""
    return [q for screen in screens(definition, answers) for q in screen.questions if q.is_answered]


def answers_on_path(definition: Definition, answers: Answers) -> dict[str, Answer]:
    """The given answers to questions that are asked, and the computed values; whatever else was sent is left out.

    This is what is stored.
    """
    live: dict[str, Answer] = {}
    _walk(definition.items, answers, live, {}, definition, [])
    return _kept(live)


def _kept(live: Answers) -> dict[str, Answer]:
    kept: dict[str, Answer] = {}
    for name, answer in live.items():
        answer = clean_text(answer) if isinstance(answer, str) else answer
        if is_given(answer):
            kept[name] = answer
    return kept


def check_screen(screen: Screen, raw: RawAnswers, today: str = "") -> tuple[dict[str, Answer], dict[str, str]]:
    """Values and faults {question: kind} of the fields posted for one screen.

    Every question of the screen that takes an answer is in the values, "" or [] for none, so that a removed answer is
    removed; a question with a fault has no value. Fields of other names are ignored. `today` is the day of answering.
    """
    values: dict[str, Answer] = {}
    faults: dict[str, str] = {}
    answered = [question for question in screen.questions if question.is_answered]
    for question in answered:
        value = read_field(question, raw.get(question.name, ""))
        if kind := fault_of(question, value):
            faults[question.name] = kind
        else:
            values[question.name] = value
    live = {**screen.live, **values}
    for question in answered:
        if question.name in values and not _constraint_holds(question, values[question.name], live, today):
            faults[question.name] = CONSTRAINT
            del values[question.name]
    return values, faults


def check_answers(definition: Definition, answers: Mapping[str, object], today: str = "") -> list[Fault]:
    """Faults of a complete submission; an empty list means that `answers_on_path` of it may be stored.

    Names that the questionnaire does not have are faults. Answers to questions off the path are not: they do not count
    and `answers_on_path` drops them, since a phone may still hold what was answered before going back. Without `today`
    a constraint that looks at it is not checked: an envelope is opened on another day.
    """
    return checked_answers(definition, answers, today)[0]


def checked_answers(
    definition: Definition, answers: Mapping[str, object], today: str = ""
) -> tuple[list[Fault], dict[str, Answer]]:
    """What `check_answers` says and what `answers_on_path` keeps of sound answers, by one walk along the path."""
    known = {question.name: question for question in definition.questions() if question.is_answered}
    computed = {question.name for question in definition.questions() if question.is_computed}
    faults = [Fault(str(name), UNKNOWN) for name in answers if name not in known and name not in computed]
    sound: dict[str, Answer] = {}
    wrong: dict[str, str] = {}
    for name, question in known.items():
        value = answers.get(name, "")
        value = clean_text(value) if isinstance(value, str) else value
        if not has_shape(question, value):
            wrong[name] = WRONG_SHAPE
        elif kind := fault_of(_for_any_filter(question), value, required=False):  # type: ignore[arg-type]  # shape checked
            wrong[name] = kind
        else:
            sound[name] = value  # type: ignore[assignment]
    live: dict[str, Answer] = {}
    drafts: list[_Draft] = []
    _walk(definition.items, sound, live, {}, definition, drafts)
    for question in (question for draft in drafts for question in draft.questions if question.is_answered):
        kind = wrong.get(question.name) or _fault_on_path(question, live, today)
        if kind:
            faults.append(Fault(question.name, kind))
    return faults, _kept(live)


def _for_any_filter(question: Question) -> Question:
    """The question without its duty to rank all choices, which depends on those that the filter leaves."""
    return replace(question, kind="select_multiple") if question.kind == "rank" and question.choice_filter else question


def _fault_on_path(question: Question, live: Answers, today: str) -> str:
    answer = live.get(question.name, "")
    # Any other answer has been looked at already.
    if (question.choice_filter or not is_given(answer)) and (kind := fault_of(question, answer)):
        return kind
    return "" if _constraint_holds(question, answer, live, today) else CONSTRAINT


def _constraint_holds(question: Question, answer: Answer, live: Answers, today: str) -> bool:
    """Whether the answer keeps the constraint of the author; no answer always does, as in ODK."""
    if question.constraint is None or not is_given(answer) or (not today and uses(question.constraint.tree, "today")):
        return True
    return holds(question.constraint.tree, live, Surroundings(answer, today))
