"""What is known while an XLSForm is read: its columns, the faults found so far, and the expressions of its cells."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from ..text import search_key
from .definition import Condition
from .expression import Own, parts, uses
from .expression_parser import ExpressionError, parse
from .message import Message, Severity
from .xlsform_columns import Headings

_TAKEN: Final = frozenset(
    {"meta", "constructor", "prototype", "__proto__", "tostring", "tolocalestring", "valueof", "hasownproperty"}
    | {"isprototypeof", "propertyisenumerable", "__definegetter__", "__definesetter__", "__lookupgetter__"}
    | {"__lookupsetter__"}
)  # of XForms, and of every object in the browser
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,31}")
YES: Final = {"yes", "true", "true()", "1"}
NO: Final = {"", "no", "false", "false()", "0"}
_TODAY_REASONS: Final = {
    "relevant": "phiếu được mở và tính lại vào ngày khác nên kết quả sẽ đổi. Chỉ dùng today() trong constraint.",
    "choice_filter": "phiếu được mở và tính lại vào ngày khác nên lựa chọn sẽ đổi. Chỉ dùng today() trong constraint.",
    "calculation": "kết quả sẽ cho biết ngày người ấy trả lời. Chỉ dùng today() trong constraint.",
}


@dataclass(slots=True)
class Reading:
    """The file while it is read."""

    survey: Headings
    choices: Headings
    faults: list[Message] = field(default_factory=list)

    def fault(self, kind: str, text: str, sheet: str, row: int = 0, column: str = "") -> None:
        self.faults.append(Message(Severity.ERROR, kind, text, sheet, row, column))

    def name(self, cells: Mapping[str, str], row: int) -> str:
        """The name of a question or group, with a fault for one that cannot be used."""
        name = cells.get("name", "")
        if not _NAME.fullmatch(name):
            text = f"tên «{name}» không dùng được. Bắt đầu bằng chữ không dấu, chỉ có chữ, chữ số, dấu _, dài tới 32."
            usable = re.sub(r"[^a-z0-9]+", "_", search_key(name)).strip("_")
            text += f" Ví dụ: {usable}" if _NAME.fullmatch(usable) else ""
            self.fault("bad_name", text, "survey", row, "name")
        if name.lower() in _TAKEN:
            text = f"tên «{name}» là tên riêng của máy. Đặt tên khác, ví dụ {name.strip('_').lower()}_1."
            self.fault("bad_name", text, "survey", row, "name")
        return name

    def truth(self, cells: Mapping[str, str], column: str, row: int) -> bool:
        """A cell that says yes or no; an expression there is refused."""
        value = cells.get(column, "").lower()
        if value not in YES | NO:
            text = f"«{value}» không hiểu được. Ghi yes hoặc no; điều kiện thì viết ở cột relevant."
            self.fault(f"bad_{column}", text, "survey", row, column)
        return value in YES

    def expression(self, cells: Mapping[str, str], column: str, row: int) -> Condition | None:
        """The expression in a cell, none for an empty or faulty one."""
        source = cells.get(column, "")
        if not source:
            return None
        columns = self.choices.extra | {"name"} if column == "choice_filter" else frozenset()
        try:
            tree = parse(source, columns)
        except ExpressionError as fault:
            self.fault(f"bad_{column}", str(fault), "survey", row, column)
            return None
        if column != "constraint" and any(isinstance(part, Own) for part in parts(tree)):
            text = "dấu chấm «.» (câu trả lời của chính câu này) chỉ dùng được ở cột constraint."
            self.fault(f"bad_{column}", text, "survey", row, column)
        if column in _TODAY_REASONS and uses(tree, "today"):
            self.fault(f"bad_{column}", f"không dùng today() ở đây: {_TODAY_REASONS[column]}", "survey", row, column)
        return Condition(source, tree)


def is_name(text: str) -> bool:
    """Whether a text may name a question or a list of choices."""
    return _NAME.fullmatch(text) is not None
