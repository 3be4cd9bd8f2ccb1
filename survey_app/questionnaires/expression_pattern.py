"""Which regular expressions mean the same on the server and in every browser? Those are brought to one common form.

A pattern is matched against the whole text. The common form is read alike by Python (`re.ASCII`) and JavaScript (`u`).
"""

import re
from typing import Final

from .expression_matching import PatternTooLongError, check_length

_CLASSES: Final = {
    "d": "0-9",
    "w": "A-Za-z0-9_",
    "s": r" \t\r\n\f\v",
}
_COUNT = re.compile(r"\{(\d{1,3})(,(\d{1,3})?)?\}")
_SPECIAL: Final = frozenset(r"^$\.*+?()[]{}|/")


class PatternError(ValueError):
    """A pattern that is not understood alike everywhere; the message is Vietnamese."""


def common_pattern(pattern: str) -> str:
    """The pattern in the common form. Raises PatternError for what the two languages read differently."""
    body = pattern[1:] if pattern.startswith("^") else pattern
    trailing = re.search(r"\\*\$$", body)
    if trailing and len(trailing[0]) % 2:  # an even number of backslashes before «$»: it is an anchor
        body = body[:-1]
    common = _Reader(body).alternatives(0)
    try:
        re.compile(common, re.ASCII)
    except re.error as fault:
        raise PatternError(f"mẫu «{pattern[:30]}» của regex() viết sai") from fault
    try:
        check_length(common)
    except PatternTooLongError as fault:
        raise PatternError("mẫu của regex() lặp quá nhiều lần. Ghi số nhỏ hơn trong {…}") from fault
    return common


class _Reader:
    """Walks through a pattern, writing the common form."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._place = 0

    def _next(self) -> str:
        return self._pattern[self._place : self._place + 1]

    def _take(self) -> str:
        char = self._next()
        self._place += 1
        return char

    def alternatives(self, depth: int) -> str:
        """Everything up to the end of the pattern, or to the bracket that closes a group."""
        if depth > 10:
            raise PatternError("mẫu của regex() có quá nhiều ngoặc lồng nhau")
        written = []
        while self._next() and not (self._next() == ")" and depth):
            if self._next() == "|":
                written.append(self._take())
                continue
            written.append(self._atom(depth) + self._count())
        return "".join(written)

    def _atom(self, depth: int) -> str:
        char = self._take()
        if char == "(":
            return self._group(depth)
        if char == "[":
            return self._set()
        if char == "\\":
            return self._escaped()
        if char == ".":
            return r"[^\n]"
        if char in "^$*+?{})":
            raise PatternError(f"dấu «{char}» của regex() đứng sai chỗ; muốn tìm chính dấu ấy thì viết \\{char}")
        return "\\" + char if char in _SPECIAL else char

    def _group(self, depth: int) -> str:
        if self._next() == "?":
            if self._pattern[self._place : self._place + 2] != "?:":
                raise PatternError("mẫu của regex() chỉ dùng được ngoặc thường (…), không dùng (?…)")
            self._place += 2
        inside = self.alternatives(depth + 1)
        if self._take() != ")":
            raise PatternError("mẫu của regex() thiếu dấu «)»")
        return f"(?:{inside})"

    def _count(self) -> str:
        char = self._next()
        match = _COUNT.match(self._pattern, self._place)
        if char in {"*", "+", "?"} and char:
            count = self._take()
        elif match:
            count = match[0]
            self._place = match.end()
        else:
            return ""
        if self._next() in {"*", "+", "?"} and self._next():
            raise PatternError("mẫu của regex() có hai dấu lặp liền nhau")
        return count

    def _escaped(self) -> str:
        char = self._take()
        if char in _CLASSES and char:
            return f"[{_CLASSES[char]}]"
        if char.lower() in _CLASSES and char:
            return f"[^{_CLASSES[char.lower()]}]"
        return self._literal(char)

    def _literal(self, char: str) -> str:
        if char in {"n", "r", "t"} and char:
            return "\\" + char
        if not char or char.isalnum():
            raise PatternError(f"mẫu của regex() có «\\{char}» không dùng được")
        return "\\" + char if char in _SPECIAL else char

    def _set(self) -> str:
        written = ["["]
        if self._next() == "^":
            written.append(self._take())
        while (char := self._take()) != "]":
            if not char:
                raise PatternError("mẫu của regex() thiếu dấu «]»")
            if char == "[":
                raise PatternError("trong […] của regex() viết \\[ thay cho [")
            if char == "\\":
                written.append(self._escaped_in_set())
            elif char in {"^", "&", "|", "~"}:
                written.append("\\^" if char == "^" else char)
            else:
                written.append(char)
        if len(written) == 1 or written == ["[", "^"]:
            raise PatternError("mẫu của regex() có […] trống")
        text = "".join(written) + "]"
        if re.search(r"--|&&|\|\||~~", text):
            raise PatternError("trong […] của regex() có hai dấu liền nhau mà các máy hiểu khác nhau")
        return text

    def _escaped_in_set(self) -> str:
        char = self._take()
        if char in _CLASSES and char:
            return _CLASSES[char]
        if char == "-":
            return "\\-"
        return self._literal(char)
