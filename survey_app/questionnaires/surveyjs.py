"""How is a questionnaire given to tools that read SurveyJS? As its JSON, or refused with all that it has no word for.

A table (`table-list`) becomes a matrix, whose answers SurveyJS keeps together under the name of the section; a repeat
becomes a dynamic panel with a limit. Criteria, levels and the seed of a shuffled list have no place there; pictures and
recordings are not part of it.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from markupsafe import escape

from ..errors import Refused
from .definition import (
    ACKNOWLEDGE,
    CALCULATE,
    DATE,
    DECIMAL,
    HIDDEN,
    INTEGER,
    NOTE,
    RANGE,
    RANK,
    SELECT_MULTIPLE,
    SELECT_ONE,
    TEXT,
    Choice,
    Condition,
    Definition,
    Group,
    Item,
    Question,
    Texts,
    plain_number,
    questions_in,
    text_in,
)
from .label_values import names_in
from .surveyjs_expression import Around, WithoutWordError, in_surveyjs, quoted
from .xlsform_repeat import folded

_TYPES: Final[dict[str, dict[str, Any]]] = {
    SELECT_ONE: {"type": "radiogroup"},
    SELECT_MULTIPLE: {"type": "checkbox"},
    RANK: {"type": "ranking"},
    TEXT: {"type": "comment"},
    INTEGER: {"type": "text", "inputType": "number", "step": 1},
    DECIMAL: {"type": "text", "inputType": "number"},
    RANGE: {"type": "text", "inputType": "number"},
    DATE: {"type": "text", "inputType": "date"},
    ACKNOWLEDGE: {"type": "radiogroup", "showClearButton": True},  # one choice, which can be taken back
}
_NUMBERS: Final = frozenset({INTEGER, DECIMAL, RANGE})
_LISTED: Final = frozenset({SELECT_MULTIPLE, RANK})
_ENGLISH: Final = "en"  # what SurveyJS takes for «default»


def write_surveyjs(definition: Definition) -> bytes:
    """The questionnaire as SurveyJS JSON. Raises Refused with the place of everything that cannot be said there."""
    return json.dumps(_Writer(definition).document(), ensure_ascii=False, indent=1).encode()


class _Writer:
    """One walk over the questionnaire.

    `_faults` collects what is refused, `_paths` the places of answers in a matrix or in the repeat that is written.
    """

    def __init__(self, definition: Definition) -> None:
        self._definition = definition
        self._faults: list[str] = []
        tables = (group for group in definition.groups() if _is_plain_table(group))
        self._paths = {item.name: f"{group.name}.{item.name}" for group in tables for item in group.items}

    def document(self) -> dict[str, Any]:
        pages = [{"name": f"page_{n}", "elements": [one]} for n, one in enumerate(self._all(self._definition.items), 1)]
        computed = [one for one in self._definition.questions() if one.is_computed]
        values = [
            {"name": one.name, "expression": self._value(one), "includeIntoResult": True}
            for one in computed
            if one.kind in {CALCULATE, HIDDEN}
        ]
        if self._faults:
            raise Refused(f"Không ghi được thành SurveyJS: {'; '.join(dict.fromkeys(self._faults))}.")
        main = self._definition.default_language
        found = {"title": self._definition.title, "locale": main, "pages": pages, "calculatedValues": values}
        return {name: value for name, value in found.items() if value != []}

    def _all(self, items: Sequence[Item]) -> Iterator[dict[str, Any]]:
        for item in items:
            if isinstance(item, Group):
                yield self._group(item)
            elif item.kind not in {CALCULATE, HIDDEN} and not item.is_heading:
                yield self._question(item)

    def _group(self, group: Group) -> dict[str, Any]:
        if group.rates:
            self._refuse(group, "rates", "bảng đánh giá nhiều đơn vị có dòng là đơn vị của một đợt")
        head = {"name": group.name, "title": self._texts(group.label, group), **self._visible(group)}
        repeat = folded(group, self._definition)
        if repeat is not None:
            return self._repeat(head, group, *repeat)
        if _is_plain_table(group):
            questions = _rows(group)
            rows = [{"value": one.name, "text": self._texts(one.label, one)} for one in questions]
            columns = [self._choice(one, questions[0]) for one in questions[0].choices]
            needed = {"eachRowRequired": True, "isRequired": True} if questions[0].required else {}
            return {"type": "matrix", **head, "columns": columns, "rows": rows, **needed}
        return {"type": "panel", **head, "elements": list(self._all(group.items))}

    def _repeat(self, head: dict[str, Any], group: Group, template: Group, count: str) -> dict[str, Any]:
        most = len(group.items)
        fixed = {"panelCount": most, "minPanelCount": most} if count.isdecimal() else {}
        asked = {} if fixed else {"bindings": {"panelCount": count.removeprefix("${").removesuffix("}")}}
        outside, inside = self._paths, list(questions_in(template.items))
        for question in (one for one in inside if one.kind in {CALCULATE, HIDDEN}):
            self._refuse(question, "type", f"câu {question.kind} trong vòng lặp")
        self._paths = outside | {one.name: f"panel.{one.name}" for one in inside}
        elements = list(self._all(template.items))
        self._paths = outside
        return {"type": "paneldynamic", **head, **fixed, **asked, "maxPanelCount": most, "templateElements": elements}

    def _question(self, question: Question) -> dict[str, Any]:
        head = {"name": question.name, **self._visible(question)}
        title = self._texts(question.label, question)
        if question.kind == NOTE:
            html = {code: str(escape(text)) for code, text in question.label.items()}
            return {"type": "html", **head, "html": self._texts(html, question)}
        if question.is_computed:
            return {"type": "expression", **head, "title": title, "expression": self._value(question)}
        found: dict[str, Any] = {**_TYPES[question.kind], **head, "title": title}
        if question.hint:
            found["description"] = self._texts(question.hint, question)
        if question.choices:
            found["choices"] = [self._choice(one, question) for one in question.choices]
        if question.kind == ACKNOWLEDGE:
            found["choices"] = [{"value": "OK", "text": title}]
        if question.kind == RANGE:
            step = plain_number(Decimal(question.parameters.get("step", "1")))
            found |= {"min": question.steps[0], "max": question.steps[-1], "step": step}
        if question.shuffled:
            found["choicesOrder"] = "random"
        if question.required:
            found["isRequired"] = True
            if question.required_message:
                found["requiredErrorText"] = self._texts(question.required_message, question)
        if question.default:
            found["defaultValue"] = _default(question)
        if question.constraint:
            rule = {"type": "expression", "expression": self._words(question.constraint, question, "constraint")}
            found["validators"] = [rule | {"text": self._texts(question.constraint_message, question)}]
        return found

    def _choice(self, choice: Choice, question: Question) -> dict[str, Any]:
        found: dict[str, Any] = {"value": choice.name, "text": self._texts(choice.label, question)}
        if question.choice_filter:
            row = {**choice.cells, "name": choice.name}
            found["visibleIf"] = self._words(question.choice_filter, question, "choice_filter", row)
        return found

    def _visible(self, item: Item) -> dict[str, str]:
        return {"visibleIf": self._words(item.relevant, item, "relevant")} if item.relevant else {}

    def _value(self, question: Question) -> str:
        if question.calculation is None:
            return quoted(question.default)
        return self._words(question.calculation, question, "calculation")

    def _texts(self, texts: Texts, item: Item) -> dict[str, str]:
        """The text in all languages; what SurveyJS shows without a language is the English one, else the main one."""
        if any(names_in(texts)):
            self._refuse(item, "label", "lời hỏi nhắc lại câu trả lời (${…})")
        main = text_in(texts, self._definition.default_language)
        others = {code: text for code, text in texts.items() if code != _ENGLISH}
        return {"default": texts.get(_ENGLISH, main), **others}

    def _words(self, condition: Condition, item: Item, column: str, row: Mapping[str, str] | None = None) -> str:
        around = Around(self._definition, item.name, row or {}, self._paths)
        try:
            return in_surveyjs(condition.tree, around)
        except WithoutWordError as fault:
            self._refuse(item, column, f"hàm {fault} chưa có cách viết tương đương")
            return ""

    def _refuse(self, item: Item, column: str, why: str) -> None:
        self._faults.append(f"survey, dòng {item.row}, cột {column}: {why}")


def _rows(group: Group) -> list[Question]:
    return [item for item in group.items if isinstance(item, Question) and not item.is_heading]


def _is_plain_table(group: Group) -> bool:
    """Whether the table has nothing that a row of a SurveyJS matrix cannot have."""
    rows = _rows(group)
    return (
        group.table
        and bool(rows)
        and len({one.required for one in rows}) == 1
        and all(one.kind == SELECT_ONE for one in rows)
        and not any(one.relevant or one.constraint or one.choice_filter or one.default or one.hint for one in rows)
    )


def _default(question: Question) -> Any:
    if question.kind in _NUMBERS:
        return plain_number(Decimal(question.default))
    return question.default.split() if question.kind in _LISTED else question.default
