"""What is asked: a questionnaire as plain frozen values, the same whether it came from a file or from the database.

The JSON form is what a published version freezes and what a phone receives; `format` numbers it.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from .expression import Expression, tree_from_json, tree_to_json

FORMAT: Final = 1
DONT_KNOW: Final = "KB"  # name of the choice «Không biết / không có ý kiến»
SELECT_ONE: Final = "select_one"
SELECT_MULTIPLE: Final = "select_multiple"
TEXT: Final = "text"
INTEGER: Final = "integer"
NOTE: Final = "note"
KINDS: Final = (SELECT_ONE, SELECT_MULTIPLE, TEXT, INTEGER, NOTE)

Texts: TypeAlias = Mapping[str, str]  # language code -> text


def text_in(texts: Texts, language: str) -> str:
    """The text in a language; where it is missing, the first language that has it; never raises."""
    return texts.get(language) or next((text for text in texts.values() if text), "")


@dataclass(frozen=True, slots=True)
class Language:
    """A language of the questionnaire: code of BCP 47 and its own name."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Choice:
    """Lựa chọn. `level` is the step of the scale (mức), none for «không biết» and for unscored choices."""

    name: str
    label: Texts
    level: int | None = None
    row: int = field(default=0, compare=False)

    @property
    def is_dont_know(self) -> bool:
        return self.name == DONT_KNOW


@dataclass(frozen=True, slots=True)
class Condition:
    """When a question or group is asked: the text of the author and its tree."""

    source: str
    tree: Expression


@dataclass(frozen=True, slots=True)
class Question:
    """Câu hỏi. `criterion` names the leaf criterion that it scores; `row` is its row in the sheet `survey`."""

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

    @property
    def is_scored(self) -> bool:
        return bool(self.criterion)

    @property
    def is_answered(self) -> bool:
        """Whether the question takes an answer at all: a note does not."""
        return self.kind != NOTE

    def choice(self, name: str) -> Choice | None:
        """The choice of that name, or none."""
        return next((choice for choice in self.choices if choice.name == name), None)


@dataclass(frozen=True, slots=True)
class Group:
    """A section with a title; `one_screen` puts all its questions on one screen."""

    name: str
    items: tuple["Question | Group", ...]
    label: Texts = field(default_factory=dict)
    relevant: Condition | None = None
    one_screen: bool = False
    row: int = field(default=0, compare=False)


Item: TypeAlias = Question | Group


@dataclass(frozen=True, slots=True)
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

    def questions(self) -> Iterator[Question]:
        """All questions in written order, notes included."""
        return _questions(self.items)

    def groups(self) -> Iterator[Group]:
        """All groups in written order, outer before inner."""
        return _groups(self.items)

    def question(self, name: str) -> Question | None:
        """The question of that name, or none."""
        return next((question for question in self.questions() if question.name == name), None)


def _questions(items: tuple[Item, ...]) -> Iterator[Question]:
    for item in items:
        if isinstance(item, Group):
            yield from _questions(item.items)
        else:
            yield item


def _groups(items: tuple[Item, ...]) -> Iterator[Group]:
    for item in items:
        if isinstance(item, Group):
            yield item
            yield from _groups(item.items)


def asked_when(definition: Definition) -> list[tuple[Question, list[str]]]:
    """Every question with all conditions on which it is asked, those of its groups first, as the author wrote them."""
    return list(_asked_when(definition.items, []))


def _asked_when(items: tuple[Item, ...], outer: list[str]) -> Iterator[tuple[Question, list[str]]]:
    for item in items:
        conditions = [*outer, item.relevant.source] if item.relevant else outer
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


def to_json(definition: Definition) -> dict[str, Any]:
    """The questionnaire as JSON values; `from_json` gives the equal questionnaire back."""
    return {
        "format": FORMAT,
        "form_id": definition.form_id,
        "title": definition.title,
        "version": definition.version,
        "group": definition.group,
        "languages": [{"code": language.code, "name": language.name} for language in definition.languages],
        "lists": {
            name: [_choice_to_json(choice) for choice in choices] for name, choices in choice_lists(definition).items()
        },
        "items": [_item_to_json(item) for item in definition.items],
    }


def canonical_sha256(data: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical JSON (sorted keys, no blanks, UTF-8): the same questionnaire, the same figure."""
    text = json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _without_defaults(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value not in ("", None, False, {}, [])}


def _choice_to_json(choice: Choice) -> dict[str, Any]:
    return _without_defaults(
        {"name": choice.name, "label": dict(choice.label), "level": choice.level, "row": choice.row}
    )


def _condition_to_json(condition: Condition | None) -> dict[str, Any] | None:
    return {"source": condition.source, "tree": tree_to_json(condition.tree)} if condition else None


def _item_to_json(item: Item) -> dict[str, Any]:
    shared = {
        "name": item.name,
        "label": dict(item.label),
        "relevant": _condition_to_json(item.relevant),
        "row": item.row,
    }
    if isinstance(item, Group):
        inside = [_item_to_json(inner) for inner in item.items]
        return {"kind": "group", "items": inside, **_without_defaults({**shared, "one_screen": item.one_screen})}
    own = {
        "kind": item.kind,
        "hint": dict(item.hint),
        "required": item.required,
        "required_message": dict(item.required_message),
        "list": item.list_name,
        "criterion": item.criterion,
        "appearance": item.appearance,
    }
    return _without_defaults({**shared, **own})


def from_json(data: Mapping[str, Any]) -> Definition:
    """The questionnaire of a stored JSON. Raises ValueError for another format number, KeyError for a torn document."""
    if data.get("format") != FORMAT:
        raise ValueError(f"questionnaire format {data.get('format')!r} is not {FORMAT}")
    lists = {name: tuple(_choice_from_json(row) for row in rows) for name, rows in data["lists"].items()}
    return Definition(
        form_id=data["form_id"],
        title=data["title"],
        version=data["version"],
        group=data["group"],
        languages=tuple(Language(row["code"], row["name"]) for row in data["languages"]),
        items=tuple(_item_from_json(row, lists) for row in data["items"]),
    )


def _choice_from_json(row: Mapping[str, Any]) -> Choice:
    return Choice(row["name"], row.get("label", {}), row.get("level"), row.get("row", 0))


def _condition_from_json(row: Mapping[str, Any] | None) -> Condition | None:
    return Condition(row["source"], tree_from_json(row["tree"])) if row else None


def _item_from_json(row: Mapping[str, Any], lists: Mapping[str, tuple[Choice, ...]]) -> Item:
    if row["kind"] == "group":
        return Group(
            name=row["name"],
            items=tuple(_item_from_json(inner, lists) for inner in row["items"]),
            label=row.get("label", {}),
            relevant=_condition_from_json(row.get("relevant")),
            one_screen=row.get("one_screen", False),
            row=row.get("row", 0),
        )
    if row["kind"] not in KINDS:
        raise ValueError(f"unknown kind of question {row['kind']!r}")
    return Question(
        name=row["name"],
        kind=row["kind"],
        label=row.get("label", {}),
        hint=row.get("hint", {}),
        required=row.get("required", False),
        required_message=row.get("required_message", {}),
        list_name=row.get("list", ""),
        choices=lists[row["list"]] if row.get("list") else (),
        criterion=row.get("criterion", ""),
        appearance=row.get("appearance", ""),
        relevant=_condition_from_json(row.get("relevant")),
        row=row.get("row", 0),
    )
