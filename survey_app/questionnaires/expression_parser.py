"""How is the text of a condition (`relevant` in XLSForm) read?

Supported: `${question}`, texts in quotes, numbers, `= != < <= > >=`, `and`, `or`, `not(…)`, parentheses and
`selected(${question}, 'choice')`.
"""

import re
from typing import Final

from .expression import Comparison, Expression, Literal, Logic, Not, Reference, Selected

_MAX_LENGTH: Final = 1000
_MAX_DEPTH: Final = 30
_TOKEN = re.compile(
    r"""\s*(?:
        \$\{\s*(?P<reference>[^}\s]*)\s*\}
      | (?P<text>'[^']*'|"[^"]*")
      | (?P<number>\d+(?:\.\d+)?)
      | (?P<operator>!=|<=|>=|=|<|>)
      | (?P<word>[A-Za-z_][\w-]*)
      | (?P<mark>[(),-])
    )""",
    re.VERBOSE,
)
_FANCY_QUOTES = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"'})


class ExpressionError(ValueError):
    """An expression that cannot be understood; the message is Vietnamese and says what to do."""


def parse(source: str) -> Expression:
    """The tree of an expression. Raises ExpressionError with a Vietnamese message."""
    if len(source) > _MAX_LENGTH:
        raise ExpressionError(f"điều kiện dài quá {_MAX_LENGTH} ký tự. Viết ngắn lại.")
    parser = _Parser(_tokens(source.translate(_FANCY_QUOTES)))
    tree = parser.alternative(0)
    if parser.kind != "end":
        raise ExpressionError(f"không hiểu từ «{parser.token}» trở đi. Thêm and, or hoặc bỏ phần thừa.")
    return tree


def _tokens(source: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    place = 0
    while source[place:].strip():
        match = _TOKEN.match(source, place)
        if match is None:
            raise ExpressionError(
                f"không hiểu «{source[place:].strip()[:20]}». Xem các phép được dùng trong hướng dẫn."
            )
        kind = match.lastgroup or ""
        found.append((kind, match.group(kind)))
        place = match.end()
    return [*found, ("end", "")]


class _Parser:
    """Recursive descent, one method per level of precedence: or, and, comparison, operand."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
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
        return self._tokens[self._place] == ("mark", mark)

    def expect(self, mark: str) -> None:
        if not self.at_mark(mark):
            found = f"gặp «{self.token}»" if self.token else "điều kiện đã hết"
            raise ExpressionError(f"cần dấu «{mark}» nhưng {found}. Kiểm tra các dấu ngoặc.")
        self.take()

    def alternative(self, depth: int) -> Expression:
        return self._chain("or", depth)

    def _chain(self, word: str, depth: int) -> Expression:
        if depth > _MAX_DEPTH:
            raise ExpressionError("quá nhiều dấu ngoặc lồng nhau. Viết điều kiện đơn giản hơn.")
        parts = [self._chain("and", depth) if word == "or" else self._comparison(depth)]
        while self.kind == "word" and self.token == word:
            self.take()
            parts.append(self._chain("and", depth) if word == "or" else self._comparison(depth))
        return parts[0] if len(parts) == 1 else Logic(word, tuple(parts))

    def _comparison(self, depth: int) -> Expression:
        left = self._operand(depth)
        if self.kind != "operator":
            return left
        operator = self.take()
        right = self._operand(depth)
        if self.kind == "operator":
            raise ExpressionError("hai phép so sánh liền nhau. Nối bằng and.")
        return Comparison(operator, left, right)

    def _operand(self, depth: int) -> Expression:
        if self.kind == "reference":
            name = self.take()
            if not name:
                raise ExpressionError("«${}» chưa có tên câu hỏi.")
            return Reference(name)
        if self.kind == "text":
            return Literal(self.take()[1:-1])
        if self.kind == "number":
            return Literal(float(self.take()))
        if self.at_mark("-"):
            self.take()
            if self.kind != "number":
                raise ExpressionError("phép trừ không dùng được ở đây.")
            return Literal(-float(self.take()))
        if self.at_mark("("):
            self.take()
            inside = self.alternative(depth + 1)
            self.expect(")")
            return inside
        if self.kind == "word":
            return self._call(depth)
        raise ExpressionError("điều kiện chưa viết xong." if self.kind == "end" else f"«{self.token}» đứng sai chỗ.")

    def _call(self, depth: int) -> Expression:
        name = self.take()
        if name not in {"not", "selected"}:
            raise ExpressionError(f"«{name}» không dùng được. Chỉ có and, or, not() và selected().")
        self.expect("(")
        if name == "not":
            part = self.alternative(depth + 1)
            self.expect(")")
            return Not(part)
        question = self._operand(depth)
        self.expect(",")
        choice = self._operand(depth)
        self.expect(")")
        if not isinstance(question, Reference) or not isinstance(choice, Literal):
            raise ExpressionError("viết đúng dạng selected(${câu hỏi}, 'lựa chọn').")
        return Selected(question.name, _choice_name(choice.value))


def _choice_name(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:g}"
