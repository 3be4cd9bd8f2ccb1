"""Can a section with a cell in `rates` be a matrix? What it may hold, and what may stand outside."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from ..units.models import UnitKind
from .definition import ACKNOWLEDGE, NOTE, SELECT_ONE, TEXT, Definition, Group, Item, Question
from .expression import references
from .label_values import names_in
from .matrix import ALL, SEPARATOR, has_matrix
from .message import Message, Severity
from .xlsform_reading import Reading

_OUTSIDE: Final = (NOTE, TEXT, ACKNOWLEDGE)
_TAKEN_NAME = re.compile(rf".*{SEPARATOR}\d*")


def check_matrix(rates: Sequence[str], items: Sequence[Item], row: int, is_repeat: bool, reading: Reading) -> None:
    """Faults of the rows of one matrix."""

    def fault(text: str, at: int = row, column: str = "rates") -> None:
        reading.fault("bad_matrix", text, "survey", at, column)

    for word in rates:
        if word != ALL and word not in set(UnitKind):
            fault(f"«{word}» không phải loại đơn vị. Ghi all (mọi đơn vị), hoặc {', '.join(UnitKind)}.")
    if is_repeat:
        fault("vòng lặp không thể là bảng đánh giá nhiều đơn vị. Dùng begin_group.")
    for item in items:
        if isinstance(item, Group):
            fault("bảng đánh giá nhiều đơn vị không chứa nhóm khác. Tách ra thành hai bảng.", item.row, "type")
        elif item.kind not in (SELECT_ONE, NOTE) or item.is_heading:
            text = f"câu «{item.name}» không vào bảng được: trong bảng chỉ có select_one và note."
            fault(text, item.row, "type")
        elif item.constraint or item.choice_filter or item.default or item.shows_answers:
            text = f"câu «{item.name}» trong bảng không dùng constraint, choice_filter, default hay ${{…}} trong lời."
            fault(text, item.row, "name")


def matrix_messages(definition: Definition) -> Iterator[Message]:
    """Errors of a questionnaire with a matrix as a whole."""
    if not has_matrix(definition):
        return
    homes = {item.name: group.name for group in definition.groups() if group.rates for item in group.items}
    for group in definition.groups():
        if group.rates and group.relevant:
            text = "cả bảng không có điều kiện hỏi được: mọi người trả lời mọi đơn vị. Để trống."
            yield _error("matrix_condition", text, group, "relevant")
        if not group.rates and group.one_screen and any(isinstance(one, Group) and one.rates for one in group.items):
            text = "bảng đánh giá nhiều đơn vị không đứng trong một màn hình chung."
            yield _error("bad_matrix", text, group, "appearance")
        for name in names_in(group.label):
            if group.rates or name in homes:
                text = f"tiêu đề này không hiện được câu trả lời «{name}»: mỗi dòng của bảng là một lá phiếu riêng."
                yield _error("matrix_reference", text, group, "label")
    for question in definition.questions():
        home = homes.get(question.name, "")
        if not home and question.kind not in _OUTSIDE:
            text = (
                f"câu «{question.name}» đứng ngoài bảng: phiếu được tách thành từng lá cho từng đơn vị, câu này sẽ "
                "cho biết những lá nào của cùng một người. Ngoài bảng chỉ có note, acknowledge, text."
            )
            yield _error("outside_matrix", text, question, "type")
        if any("{unit}" in words for words in (*question.label.values(), *question.hint.values())):
            text = f"lời của câu «{question.name}» có {{unit}}, mà phiếu này hỏi về nhiều đơn vị cùng lúc. Viết chung."
            yield _error("unit_in_matrix", text, question, "label")
        if _TAKEN_NAME.fullmatch(question.name):
            text = f"tên «{question.name}» trùng với tên mà chương trình đặt cho các dòng của bảng. Bỏ «{SEPARATOR}»."
            yield _error("bad_name", text, question, "name")
        for name in _looked_at(question):
            if homes.get(name, "") != home:
                text = f"câu «{name}» ở ngoài bảng này nên không hỏi tới được: mỗi dòng của bảng là một lá phiếu riêng."
                yield _error("matrix_reference", text, question, "relevant")


def _looked_at(question: Question) -> list[str]:
    trees = (question.relevant, question.constraint, question.calculation, question.choice_filter)
    names = [name for one in trees if one for name in references(one.tree)]
    shown = (question.label, question.hint, *(choice.label for choice in question.choices))
    return [*names, *(name for texts in shown for name in names_in(texts))]


def _error(kind: str, text: str, item: Item, column: str) -> Message:
    return Message(Severity.ERROR, kind, text, "survey", item.row, column)
