"""What is asked: a questionnaire as plain frozen values, the same whether it came from a file or from the database."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Final, TypeAlias

from .expression import Expression

DONT_KNOW: Final = "KB"  # name of the choice «Không biết / không có ý kiến»
SELECT_ONE: Final = "select_one"
SELECT_MULTIPLE: Final = "select_multiple"
TEXT: Final = "text"
INTEGER: Final = "integer"
DECIMAL: Final = "decimal"
DATE: Final = "date"
RANGE: Final = "range"
RANK: Final = "rank"
ACKNOWLEDGE: Final = "acknowledge"
CALCULATE: Final = "calculate"
HIDDEN: Final = "hidden"
NOTE: Final = "note"
UNSEEN_KINDS: Final = (CALCULATE, HIDDEN)
LISTED_KINDS: Final = (SELECT_ONE, SELECT_MULTIPLE, RANK)  # those with a list of choices
KINDS: Final = (*LISTED_KINDS, TEXT, INTEGER, DECIMAL, DATE, RANGE, ACKNOWLEDGE, *UNSEEN_KINDS, NOTE)

RANGE_DEFAULTS: Final = (("start", "1"), ("end", "10"), ("step", "1"))  # those of XLSForm
_MOST_STEPS: Final = 1000
_MOST_CARDS: Final = 11

Texts: TypeAlias = Mapping[str, str]  # language code -> text


def text_in(texts: Texts, language: str) -> str:
    """The text in a language; where it is missing, the first language that has it; never raises."""
    return texts.get(language) or next((text for text in texts.values() if text), "")


def plain_number(number: Decimal) -> int | float:
    """A whole number as int, so that 2 and 2.0 are one answer."""
    return int(number) if number == number.to_integral_value() else float(number)


@dataclass(frozen=True, slots=True)
class Language:
    """A language of the questionnaire: code of BCP 47 and its own name."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Choice:
    """Lựa chọn. `level` is the step of the scale (mức), none for «không biết» and for unscored choices.

    `cells` holds the further columns of its row, which a `choice_filter` looks at.
    """

    name: str
    label: Texts
    level: int | None = None
    row: int = field(default=0, compare=False)
    cells: Mapping[str, str] = field(default_factory=dict)
    image: Texts = field(default_factory=dict)  # as `Question.image`

    @property
    def is_dont_know(self) -> bool:
        return self.name == DONT_KNOW


@dataclass(frozen=True, slots=True)
class Condition:
    """An expression: the text of the author and its tree."""

    source: str
    tree: Expression


@dataclass(frozen=True, slots=True)
class Question:
    """Câu hỏi. `criterion` names the leaf criterion that it scores; `row` is its row in the sheet `survey`.

    `default` is a fixed value: shown at first, or the value itself where nobody may change it. `parameters` are those
    of XLSForm: start, end, step of a range; randomize and seed of a list. `image` and `audio` name a file in each
    language: bare as in the XLSForm, once stored as a reference of `media.py`.

    In a matrix written out for a person, `rated_unit` is the unit that this row is about and `rated_name` the name of
    the question as the author wrote it; its heading has the latter only.
    """

    name: str
    kind: str
    label: Texts
    hint: Texts = field(default_factory=dict)
    required: bool = False
    required_message: Texts = field(default_factory=dict)
    list_name: str = ""
    choices: tuple[Choice, ...] = ()
    criterion: str = ""
    appearance: str = ""
    relevant: Condition | None = None
    row: int = field(default=0, compare=False)
    guidance: Texts = field(default_factory=dict)
    constraint: Condition | None = None
    constraint_message: Texts = field(default_factory=dict)
    calculation: Condition | None = None
    choice_filter: Condition | None = None
    default: str = ""
    read_only: bool = False
    parameters: Mapping[str, str] = field(default_factory=dict)
    image: Texts = field(default_factory=dict)
    audio: Texts = field(default_factory=dict)
    rated_unit: int = 0
    rated_name: str = ""

    # Looked at for every question of every page, so computed once: whether its value comes from its calculation or
    # default alone; whether a person answers it (not a note, nothing computed, not the heading of a table); and whether
    # an earlier answer (`${name}`) stands in its texts or those of its choices.
    is_computed: bool = field(init=False, compare=False)
    is_answered: bool = field(init=False, compare=False)
    shows_answers: bool = field(init=False, compare=False)

    def __post_init__(self) -> None:
        computed = self.kind in UNSEEN_KINDS or self.read_only
        object.__setattr__(self, "is_computed", computed)
        object.__setattr__(self, "is_answered", self.kind != NOTE and not computed and not self.is_heading)
        fields = (self.label, self.hint, self.required_message, self.constraint_message)
        choices = (choice.label for choice in self.choices)
        shows = any("${" in text for texts in (*fields, *choices) for text in texts.values())
        object.__setattr__(self, "shows_answers", shows)

    @property
    def heads_matrix(self) -> bool:
        """Whether it is the question above the rows of a matrix."""
        return bool(self.rated_name) and not self.rated_unit

    @property
    def has_dont_know(self) -> bool:
        """Whether «không biết» is among its choices."""
        return any(choice.is_dont_know for choice in self.choices)

    @property
    def is_scored(self) -> bool:
        return bool(self.criterion)

    @property
    def is_shown(self) -> bool:
        return self.kind not in UNSEEN_KINDS

    @property
    def is_heading(self) -> bool:
        """Whether it only shows the names of the choices above a table (`appearance` label)."""
        return self.appearance == "label"

    @property
    def steps(self) -> tuple[int | float, ...]:
        """The values of a range from start to end. Raises ValueError for limits that make no range."""
        start, end, step = (Decimal(self.parameters.get(name, default)) for name, default in RANGE_DEFAULTS)
        if not (start.is_finite() and end.is_finite() and step.is_finite()) or step <= 0 or end <= start:
            raise ValueError("no range")
        if (end - start) / step > _MOST_STEPS:
            raise ValueError("too many values in the range")
        return tuple(plain_number(start + step * place) for place in range(int((end - start) / step) + 1))

    @property
    def is_short_range(self) -> bool:
        """Whether the values of the range are few enough to be shown as cards; more are typed."""
        return self.kind == RANGE and len(self.steps) <= _MOST_CARDS

    @property
    def shuffled(self) -> bool:
        """Whether each person sees the choices in another order."""
        return self.parameters.get("randomize") == "true"

    def choice(self, name: str) -> Choice | None:
        """The choice of that name, or none."""
        return next((choice for choice in self.choices if choice.name == name), None)


@dataclass(frozen=True, slots=True)
class Group:
    """A section with a title; `one_screen` puts all its questions on one screen, `table` as rows of one table.

    `rates` makes it a matrix: each question is answered once for every unit of these kinds (`all`: of any kind).
    """

    name: str
    items: tuple["Question | Group", ...]
    label: Texts = field(default_factory=dict)
    relevant: Condition | None = None
    one_screen: bool = False
    row: int = field(default=0, compare=False)
    table: bool = False
    rates: tuple[str, ...] = ()


Item: TypeAlias = Question | Group


@dataclass(frozen=True)
class Definition:
    """A whole questionnaire. `group` is the code of the respondent group that it is written for, empty for any."""

    form_id: str
    title: str
    languages: tuple[Language, ...]
    items: tuple[Item, ...]
    version: str = ""
    group: str = ""

    @property
    def default_language(self) -> str:
        return self.languages[0].code

    def questions(self) -> tuple[Question, ...]:
        """All questions in written order, notes included."""
        return self._in_order

    @cached_property
    def _in_order(self) -> tuple[Question, ...]:
        return tuple(questions_in(self.items))

    @cached_property
    def numbers(self) -> Mapping[str, int]:
        """Question -> its number by place in the questionnaire, on screen, review and paper the same, whatever is
        skipped. The rows of a matrix share one; what takes no answer has the number of the next that does."""
        numbers: dict[str, int] = {}
        found = {}
        for question in self.questions():
            name = question.rated_name or question.name
            found[question.name] = numbers.get(name, len(numbers) + 1)
            if question.is_answered:
                numbers.setdefault(name, len(numbers) + 1)
        return {name: min(number, len(numbers)) for name, number in found.items()}

    @cached_property
    def number_total(self) -> int:
        """How many numbers there are."""
        return max(self.numbers.values(), default=0)

    def groups(self) -> Iterator[Group]:
        """All groups in written order, outer before inner."""
        return _groups(self.items)

    def all_items(self) -> list[Item]:
        """All groups, then all questions."""
        return [*self.groups(), *self.questions()]

    def question(self, name: str) -> Question | None:
        """The question of that name, or none."""
        return next((question for question in self.questions() if question.name == name), None)


def questions_in(items: tuple[Item, ...]) -> Iterator[Question]:
    """All questions among the items, in written order."""
    for item in items:
        if isinstance(item, Group):
            yield from questions_in(item.items)
        else:
            yield item


def _groups(items: tuple[Item, ...]) -> Iterator[Group]:
    for item in items:
        if isinstance(item, Group):
            yield item
            yield from _groups(item.items)


def asked_when(definition: Definition) -> list[tuple[Question, list[str]]]:
    """Every question with all conditions on which it is asked, those of its groups first, as the author wrote them."""
    found = _asked_when(definition.items, ())
    return [(question, [condition.source for condition in conditions]) for question, conditions in found]


def asked_when_trees(definition: Definition) -> list[tuple[Question, tuple[Expression, ...]]]:
    """As `asked_when`, with the trees of the conditions."""
    found = _asked_when(definition.items, ())
    return [(question, tuple(condition.tree for condition in conditions)) for question, conditions in found]


def _asked_when(
    items: tuple[Item, ...], outer: tuple[Condition, ...]
) -> Iterator[tuple[Question, tuple[Condition, ...]]]:
    for item in items:
        conditions = (*outer, item.relevant) if item.relevant else outer
        if isinstance(item, Group):
            yield from _asked_when(item.items, conditions)
        else:
            yield item, conditions


def choice_lists(definition: Definition) -> dict[str, tuple[Choice, ...]]:
    """The lists of choices by name, in the order of first use."""
    return {question.list_name: question.choices for question in definition.questions() if question.list_name}


def fill(text: str, values: Mapping[str, str]) -> str:
    """A text with its placeholders replaced: `{unit}` by `values["unit"]`. Braces without a value stay as they are."""
    for name, value in values.items():
        text = text.replace("{" + name + "}", value)
    return text
