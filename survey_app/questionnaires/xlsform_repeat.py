"""How does a repeat become questions? Written out: one section for each time, up to a fixed number.

`repeat_count` is a number, or a question whose constraint or range gives an upper limit; then a time is asked when that
question reached it. A question inside is named with the number of the time at its end, and so is every mention of it.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from .definition import RANGE, Condition, Group, Item, Question, Texts
from .expression import Literal, Operation, Own, Reference, parts
from .expression_parser import parse
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
    return [replace(group, items=tuple(copies), one_screen=False)]


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
    limits = [
        _limit(part.name, part.arguments) for part in parts(question.constraint.tree) if isinstance(part, Operation)
    ]
    return max(limits, default=0)


def _limit(operator: str, arguments: Sequence[object]) -> int:
    match (operator, *arguments):
        case ("<=" | "=", Own(), Literal(float() as value)):
            return int(value)
        case ("<", Own(), Literal(float() as value)):
            return int(value) - 1
    return 0


def _names(items: Sequence[Item]) -> list[str]:
    return [name for item in items for name in [item.name, *(_names(item.items) if isinstance(item, Group) else ())]]


def _copy(group: Group, inside: frozenset[str], number: int, counted: str, columns: frozenset[str]) -> Group:
    """The section of one time."""
    renamed = _Renaming(inside, number, columns)
    reached = Condition(f"${{{counted}}} >= {number}", Operation(">=", (Reference(counted), Literal(float(number)))))
    return replace(
        group,
        name=f"{group.name}_{number}",
        label={language: f"{text} {number}" for language, text in group.label.items()},
        items=tuple(renamed.item(item) for item in group.items),
        relevant=reached if counted else None,
    )


class _Renaming:
    """Puts the number of the time behind every name of the repeat, wherever it is mentioned."""

    def __init__(self, inside: frozenset[str], number: int, columns: frozenset[str]) -> None:
        self._inside = inside
        self._number = number
        self._columns = columns | {"name"}

    def item(self, item: Item) -> Item:
        name = f"{item.name}_{self._number}"
        if isinstance(item, Group):
            items = tuple(self.item(inner) for inner in item.items)
            return replace(item, name=name, items=items, relevant=self._condition(item.relevant))
        change: Callable[[Texts], Texts] = self._texts
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
            return f"${{{match[1]}_{self._number}}}" if match[1] in self._inside else match[0]

        return _REFERENCE.sub(put, text)

    def _texts(self, texts: Texts) -> Texts:
        return {language: self._text(text) for language, text in texts.items()}

    def _condition(self, condition: Condition | None) -> Condition | None:
        if condition is None:
            return None
        source = self._text(condition.source)
        return condition if source == condition.source else Condition(source, parse(source, self._columns))
