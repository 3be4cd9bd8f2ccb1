"""How does a repeat become questions? Written out: one section for each time, up to a fixed number.

`repeat_count` is a number, or a question whose constraint or range gives an upper limit; then a time is asked when that
question reached it. A question inside is named with the number of the time at its end, and so is every mention of it.
When the questionnaire is written again, such sections become the repeat that they came from.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from .definition import RANGE, Condition, Definition, Group, Item, Question, Texts, choice_lists, questions_in
from .expression import Expression, Literal, Operation, Own, Reference
from .expression_parser import parse
from .label_values import names_in
from .xlsform_reading import Reading, is_name

_MOST_TIMES: Final = 20
_REFERENCE = re.compile(r"\$\{\s*([^}\s]+)\s*\}")


def written_out(group: Group, count_source: str, earlier: Mapping[str, Question], reading: Reading) -> list[Item]:
    """A section that holds one section for each time; nothing, with a fault, where the number of times is not fixed."""
    times, counted = _times(group, count_source, earlier, reading)
    if not times:
        return []
    inside = frozenset(_names(group.items))
    for name in inside:
        if not is_name(f"{name}_{times}"):
            text = f"tên «{name}» dài quá để thêm số thứ tự lần lặp. Đặt tên ngắn hơn."
            reading.fault("bad_name", text, "survey", group.row, "name")
            return []
    copies = [_copy(group, inside, number, counted, reading.choices.extra) for number in range(1, times + 1)]
    if not _choices_fit(group.items, inside, reading):
        return []
    first = _Renaming({name: f"{name}_1" for name in inside}, reading.choices.extra)
    return [replace(group, items=tuple(copies), label=first.texts(group.label), one_screen=False)]


def _choices_fit(items: Sequence[Item], inside: frozenset[str], reading: Reading) -> bool:
    """Whether no choice shows an answer of its own time, with a fault for each that does: all times share one list."""
    choices = {choice.row: choice for one in questions_in(tuple(items)) for choice in one.choices}
    wrong = [row for row, choice in choices.items() if not inside.isdisjoint(names_in(choice.label))]
    for row in wrong:
        text = (
            "lựa chọn không hiện được câu trả lời của chính lần lặp ấy: các lần lặp dùng chung một danh sách. "
            "Đưa ${…} vào lời của câu hỏi."
        )
        reading.fault("choice_shows_repeat", text, "choices", row, "label")
    return not wrong


def _times(group: Group, source: str, earlier: Mapping[str, Question], reading: Reading) -> tuple[int, str]:
    """The largest number of times, 0 with a fault; and the name of the question that counts them, if any."""

    def refuse(text: str) -> tuple[int, str]:
        reading.fault("bad_repeat_count", text, "survey", group.row, "repeat_count")
        return 0, ""

    match = _REFERENCE.fullmatch(source)
    if source.isdecimal():
        times, name = int(source), ""
    elif match:
        name = match[1]
        times = _upper_limit(earlier[name]) if name in earlier else 0
    else:
        return refuse("ghi số lần lặp: một số, hoặc ${câu hỏi} đứng trước. Phong bì có cỡ cố định nên không lặp tùy ý.")
    if not 1 <= times <= _MOST_TIMES:
        limit = f"từ 1 đến {_MOST_TIMES}"
        if name:
            return refuse(f"câu «{name}» phải đứng trước và có giới hạn {limit}, ví dụ constraint «. <= 5».")
        return refuse(f"số lần lặp phải {limit}.")
    return times, name


def _upper_limit(question: Question) -> int:
    """The largest whole number that a question takes, 0 where nothing limits it."""
    if question.kind == RANGE:
        return int(question.steps[-1])
    if question.constraint is None:
        return 0
    return _limit(question.constraint.tree) or 0


def _limit(tree: Expression) -> int | None:
    """The largest whole number that an expression lets through, none where it sets no limit that can be told."""
    match tree:
        case Operation("<=" | "=", (Own(), Literal(float() as value))):
            return math.floor(value)
        case Operation(">=", (Literal(float() as value), Own())):
            return math.floor(value)
        case Operation("<", (Own(), Literal(float() as value))) | Operation(">", (Literal(float() as value), Own())):
            return math.ceil(value) - 1
        case Operation("and", arguments):
            return min((limit for one in arguments if (limit := _limit(one)) is not None), default=None)
        case Operation("or", arguments):
            limits = [_limit(one) for one in arguments]
            return None if None in limits else max(limit for limit in limits if limit is not None)
    return None


def _names(items: Sequence[Item]) -> list[str]:
    return [name for item in items for name in [item.name, *(_names(item.items) if isinstance(item, Group) else ())]]


def _copy(group: Group, inside: frozenset[str], number: int, counted: str, columns: frozenset[str]) -> Group:
    """The section of one time."""
    renamed = _Renaming({name: f"{name}_{number}" for name in inside}, columns)
    reached = Condition(f"${{{counted}}} >= {number}", Operation(">=", (Reference(counted), Literal(float(number)))))
    return replace(
        group,
        name=f"{group.name}_{number}",
        label={language: f"{text} {number}" for language, text in renamed.texts(group.label).items()},
        items=tuple(renamed.item(item) for item in group.items),
        relevant=reached if counted else None,
    )


def folded(group: Group, definition: Definition) -> tuple[Group, str] | None:
    """The section that was written out as this one, and its `repeat_count`; none where the section is no such thing.

    Only what would be written out again as exactly the same sections is folded, and only where nothing outside mentions
    a single time: a repeat has no name for it.
    """
    copies = [item for item in group.items if isinstance(item, Group)]
    if len(copies) < 2 or len(copies) != len(group.items):
        return None
    written = {name: name.removesuffix("_1") for name in _names(copies[0].items)}
    columns = frozenset(
        column for listed in choice_lists(definition).values() for one in listed for column in one.cells
    )
    items = tuple(_Renaming(written, columns).item(item) for item in copies[0].items)
    label = _Renaming(written, columns).texts(group.label)
    template = replace(group, label=label, items=items, one_screen=copies[0].one_screen)
    counted = _counted(copies[0])
    inside = frozenset(_names(items))
    again = [_copy(template, inside, number, counted, columns) for number in range(1, len(copies) + 1)]
    question = definition.question(counted)
    limited = not counted or (question is not None and _upper_limit(question) == len(copies))
    mentioned = _mentioned(definition.items, group)
    if again != copies or not limited or len(copies) > _MOST_TIMES or not mentioned.isdisjoint(_names(copies)):
        return None
    return template, f"${{{counted}}}" if counted else str(len(copies))


def _counted(first: Group) -> str:
    """The question whose answer says how often, empty for a fixed number of times."""
    match first.relevant.tree if first.relevant else None:
        case Operation(">=", (Reference(name), Literal(1.0))):
            return name
    return ""


def _mentioned(items: Sequence[Item], left_out: Group) -> set[str]:
    """The names that conditions and texts mention, outside one section."""
    found: set[str] = set()
    for item in items:
        if item is left_out:
            continue
        conditions = [item.relevant]
        texts: list[Texts] = [item.label]
        if isinstance(item, Group):
            found |= _mentioned(item.items, left_out)
        else:
            conditions += [item.constraint, item.calculation, item.choice_filter]
            texts += [item.hint, item.guidance, item.required_message, item.constraint_message]
        written = [condition.source for condition in conditions if condition]
        written += [text for one in texts for text in one.values()]
        found.update(name for text in written for name in _REFERENCE.findall(text))
    return found


class _Renaming:
    """Gives the questions of a repeat other names, wherever they are mentioned."""

    def __init__(self, names: Mapping[str, str], columns: frozenset[str]) -> None:
        self._new = names
        self._columns = columns | {"name"}

    def item(self, item: Item) -> Item:
        name = self._new[item.name]
        if isinstance(item, Group):
            items = tuple(self.item(inner) for inner in item.items)
            label = self.texts(item.label)
            return replace(item, name=name, label=label, items=items, relevant=self._condition(item.relevant))
        change: Callable[[Texts], Texts] = self.texts
        return replace(
            item,
            name=name,
            label=change(item.label),
            hint=change(item.hint),
            required_message=change(item.required_message),
            constraint_message=change(item.constraint_message),
            relevant=self._condition(item.relevant),
            constraint=self._condition(item.constraint),
            calculation=self._condition(item.calculation),
            choice_filter=self._condition(item.choice_filter),
        )

    def _text(self, text: str) -> str:
        def put(match: re.Match[str]) -> str:
            return f"${{{self._new[match[1]]}}}" if match[1] in self._new else match[0]

        return _REFERENCE.sub(put, text)

    def texts(self, texts: Texts) -> Texts:
        return {language: self._text(text) for language, text in texts.items()}

    def _condition(self, condition: Condition | None) -> Condition | None:
        if condition is None:
            return None
        source = self._text(condition.source)
        return condition if source == condition.source else Condition(source, parse(source, self._columns))
