"""How is the text of an XLSForm expression read?

Supported: `${question}`, `.`, texts in quotes, numbers, `= != < <= > >=`, `and`, `or`, `+ - * div mod`, parentheses,
and the functions of `expression_values.FUNCTIONS`. In a `choice_filter` a bare name is a column of the sheet `choices`.
"""

import re
from typing import Final

from .expression import Column, Expression, Literal, Operation, Own, Reference
from .expression_pattern import PatternError, common_pattern
from .expression_values import DATE_CODES, FUNCTIONS

_MAX_LENGTH: Final = 2000
_MAX_DEPTH: Final = 30
_TOKEN = re.compile(
    r"""\s*(?:
        \$\{\s*(?P<reference>[^}\s]*)\s*\}
      | (?P<text>'[^']*'|"[^"]*")
      | (?P<number>\d+(?:\.\d+)?|\.\d+)
      | (?P<operator>!=|<=|>=|=|<|>)
      | (?P<word>[A-Za-z_][\w-]*(?::[A-Za-z_][\w-]*)?)
      | (?P<mark>[(),+*.-])
    )""",
    re.VERBOSE | re.ASCII,
)
_FANCY_QUOTES = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"'})
_FUNCTION_NAMES: Final = frozenset(name for name in FUNCTIONS if name[0].isalpha()) - {
    *("or", "and", "div", "mod", "negative")
}
_SUMS: Final = {"+", "-"}
_NOT_USABLE: Final = {
    "now": "giờ trả lời không được ghi vào phiếu",
    "random": "kết quả mỗi lần một khác nên không kiểm tra lại được. Xáo lựa chọn bằng parameters: randomize=true",
    "uuid": "kết quả mỗi lần một khác nên không kiểm tra lại được",
    "once": "kết quả phụ thuộc lần mở phiếu",
    "pulldata": "phiếu không mang theo tệp dữ liệu khác",
    "instance": "phiếu không mang theo tệp dữ liệu khác",
    "jr:choice-name": "lời của lựa chọn khác nhau theo ngôn ngữ. Trong nhãn, viết ${tên câu} để hiện lời của lựa chọn",
    "indexed-repeat": "vòng lặp được viết ra thành từng câu: viết ${tên_1}, ${tên_2} …",
    "position": "vòng lặp được viết ra thành từng câu: viết ${tên_1}, ${tên_2} …",
    "sum": "vòng lặp được viết ra thành từng câu: viết ${tên_1}, ${tên_2} …",
    "count": "vòng lặp được viết ra thành từng câu ${tên_1}, ${tên_2}. Đếm lựa chọn bằng count-selected()",
    "count-non-empty": "vòng lặp được viết ra thành từng câu: viết ${tên_1}, ${tên_2} …",
    "join": "vòng lặp được viết ra thành từng câu: viết ${tên_1}, ${tên_2} …",
}


class ExpressionError(ValueError):
    """An expression that cannot be understood; the message is Vietnamese and says what to do."""


def parse(source: str, columns: frozenset[str] = frozenset()) -> Expression:
    """The tree of an expression; `columns` are the bare names that it may use. Raises ExpressionError (Vietnamese)."""
    if len(source) > _MAX_LENGTH:
        raise ExpressionError(f"điều kiện dài quá {_MAX_LENGTH} ký tự. Viết ngắn lại.")
    parser = _Parser(_tokens(source.translate(_FANCY_QUOTES)), columns)
    tree = parser.expression(0)
    if parser.kind != "end":
        raise ExpressionError(f"không hiểu từ «{parser.token}» trở đi. Thêm and, or hoặc bỏ phần thừa.")
    return tree


def _tokens(source: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    place = 0
    while source[place:].strip():
        match = _TOKEN.match(source, place)
        if match is None:
            rest = source[place:].strip()
            if rest[0] in "/@[|":
                raise ExpressionError(f"đường dẫn XPath («{rest[:12]}») không dùng được. Viết ${{tên câu hỏi}}.")
            raise ExpressionError(f"không hiểu «{rest[:20]}». Xem các phép được dùng trong hướng dẫn.")
        kind = match.lastgroup or ""
        found.append((kind, match.group(kind)))
        place = match.end()
    return [*found, ("end", "")]


class _Parser:
    """Recursive descent, one method per level of precedence: or, and, comparison, sum, product, sign, operand."""

    def __init__(self, tokens: list[tuple[str, str]], columns: frozenset[str]) -> None:
        self._tokens = tokens
        self._columns = columns
        self._place = 0

    @property
    def kind(self) -> str:
        return self._tokens[self._place][0]

    @property
    def token(self) -> str:
        return self._tokens[self._place][1]

    def take(self) -> str:
        token = self.token
        self._place += 1
        return token

    def at_mark(self, mark: str) -> bool:
        return self.kind == "mark" and self.token == mark

    def expect(self, mark: str) -> None:
        if not self.at_mark(mark):
            found = f"gặp «{self.token}»" if self.token else "điều kiện đã hết"
            raise ExpressionError(f"cần dấu «{mark}» nhưng {found}. Kiểm tra các dấu ngoặc.")
        self.take()

    def expression(self, depth: int) -> Expression:
        if depth > _MAX_DEPTH:
            raise ExpressionError("quá nhiều dấu ngoặc lồng nhau. Viết điều kiện đơn giản hơn.")
        return self._chain("or", depth)

    def _chain(self, word: str, depth: int) -> Expression:
        parts = [self._chain("and", depth) if word == "or" else self._comparison(depth)]
        while self.kind == "word" and self.token == word:
            self.take()
            parts.append(self._chain("and", depth) if word == "or" else self._comparison(depth))
        return parts[0] if len(parts) == 1 else Operation(word, tuple(parts))

    def _comparison(self, depth: int) -> Expression:
        left = self._sum(depth)
        if self.kind != "operator":
            return left
        operator = self.take()
        right = self._sum(depth)
        if self.kind == "operator":
            raise ExpressionError("hai phép so sánh liền nhau. Nối bằng and.")
        return Operation(operator, (left, right))

    def _sum(self, depth: int) -> Expression:
        left = self._product(depth)
        while self.kind == "mark" and self.token in _SUMS:
            operator = self.take()
            left = Operation(operator, (left, self._product(depth)))
        return left

    def _product(self, depth: int) -> Expression:
        left = self._signed(depth)
        while self.at_mark("*") or (self.kind == "word" and self.token in {"div", "mod"}):
            operator = self.take()
            left = Operation(operator, (left, self._signed(depth)))
        return left

    def _signed(self, depth: int) -> Expression:
        if not self.at_mark("-"):
            return self._operand(depth)
        if depth > _MAX_DEPTH:
            raise ExpressionError("quá nhiều dấu trừ liền nhau.")
        self.take()
        inner = self._signed(depth + 1)
        if isinstance(inner, Literal) and isinstance(inner.value, float):
            return Literal(-inner.value)
        return Operation("negative", (inner,))

    def _operand(self, depth: int) -> Expression:
        if self.kind == "reference":
            name = self.take()
            if not name:
                raise ExpressionError("«${}» chưa có tên câu hỏi.")
            return Reference(name)
        if self.kind == "text":
            return Literal(self.take()[1:-1])
        if self.kind == "number":
            return self._number()
        if self.at_mark("."):
            self.take()
            return Own()
        if self.at_mark("("):
            self.take()
            inside = self.expression(depth + 1)
            self.expect(")")
            return inside
        if self.kind == "word":
            return self._call(depth)
        raise ExpressionError("điều kiện chưa viết xong." if self.kind == "end" else f"«{self.token}» đứng sai chỗ.")

    def _number(self) -> Literal:
        text = self.take()
        if len(text) > 16:
            raise ExpressionError(f"số «{text[:20]}» dài quá 15 chữ số.")
        return Literal(float(text))

    def _call(self, depth: int) -> Expression:
        name = self.take()
        if not self.at_mark("("):
            if name in self._columns:
                return Column(name)
            raise ExpressionError(f"«{name}» không dùng được ở đây. Câu hỏi viết ${{{name}}}, lựa chọn viết '{name}'.")
        if name not in _FUNCTION_NAMES and name != "today":
            reason = _NOT_USABLE.get(name, f"Các hàm dùng được: {', '.join(sorted(_FUNCTION_NAMES | {'today'}))}")
            raise ExpressionError(f"hàm «{name}» không dùng được: {reason}.")
        arguments = self._arguments(depth)
        if name == "today":
            if arguments:
                raise ExpressionError("today() không có gì trong ngoặc.")
            return Operation("today")
        function = FUNCTIONS[name]
        if not function.takes(len(arguments)):
            range_text = f"{function.least}" if function.least == function.most else f"{function.least}–{function.most}"
            raise ExpressionError(f"hàm «{name}» cần {range_text} giá trị trong ngoặc, ở đây có {len(arguments)}.")
        if name == "format-date":
            _check_date_codes(arguments[1])
        return Operation(name, _with_common_pattern(arguments) if name == "regex" else arguments)

    def _arguments(self, depth: int) -> tuple[Expression, ...]:
        self.expect("(")
        found: list[Expression] = []
        while not self.at_mark(")"):
            if found:
                self.expect(",")
            found.append(self.expression(depth + 1))
        self.take()
        return tuple(found)


def _check_date_codes(form: Expression) -> None:
    """Refuses codes that would be printed as they stand; a month or weekday has no one name in all languages."""
    if isinstance(form, Literal) and isinstance(form.value, str):
        for code in re.findall("%[A-Za-z0-9]", form.value):
            if code not in DATE_CODES:
                raise ExpressionError(f"format-date() không có mã «{code}». Các mã dùng được: {' '.join(DATE_CODES)}.")


def _with_common_pattern(arguments: tuple[Expression, ...]) -> tuple[Expression, ...]:
    text, pattern = arguments
    if not isinstance(pattern, Literal) or not isinstance(pattern.value, str):
        raise ExpressionError("mẫu của regex() phải viết thẳng trong dấu nháy.")
    try:
        return text, Literal(common_pattern(pattern.value))
    except PatternError as fault:
        raise ExpressionError(f"{fault}.") from fault
