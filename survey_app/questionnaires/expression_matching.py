"""Does a text match a regular expression? Answered in a time that grows with the text only, whatever the pattern is.

Python and the browsers try one way after another, which for a pattern such as `(a|a)*b` takes for ever on thirty
letters. Here all ways are walked at once, letter by letter (Thompson 1968). `static/expression.js` does the same.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, TypeAlias

_MOST_PARTS: Final = 3000  # of a pattern whose counted repetitions are written out
_PIECE = re.compile(r"\(\?:|\[(?:\\.|[^\]\\])*\]|\{\d+(?:,\d*)?\}|\\.|.", re.DOTALL)
_COUNTS: Final = {"*": (0, None), "+": (1, None), "?": (0, 1)}


class PatternTooLongError(ValueError):
    """A pattern whose repetitions, written out, have too many parts."""


@dataclass(frozen=True, slots=True)
class _Letter:
    pattern: str  # of one letter


@dataclass(frozen=True, slots=True)
class _Choice:
    ways: tuple[tuple["_Part", ...], ...]


@dataclass(frozen=True, slots=True)
class _Repeat:
    part: "_Part"
    least: int
    most: int | None


_Part: TypeAlias = _Letter | _Choice | _Repeat


def matches(pattern: str, text: str) -> bool:
    """Whether the whole text matches a pattern in the common form of `common_pattern`."""
    return _machine(pattern).takes(text)


def check_length(pattern: str) -> None:
    """Raises PatternTooLongError for a pattern in the common form that is too long when written out."""
    _machine(pattern)


@lru_cache(maxsize=256)
def _machine(pattern: str) -> "_Machine":
    machine = _Machine()
    machine.start = machine.add(_ways(iter(_PIECE.findall(pattern))), 0)
    return machine


def _ways(pieces: Iterator[str]) -> _Choice:
    """What stands up to the bracket that closes a group, or to the end."""
    ways: list[list[_Part]] = [[]]
    for piece in pieces:
        if piece == ")":
            break
        if piece == "|":
            ways.append([])
        elif piece == "(?:":
            ways[-1].append(_ways(pieces))
        elif piece in _COUNTS or (piece[0] == "{" and len(piece) > 1):
            ways[-1][-1] = _Repeat(ways[-1][-1], *_limits(piece))
        else:
            ways[-1].append(_Letter(piece))
    return _Choice(tuple(tuple(way) for way in ways))


def _limits(count: str) -> tuple[int, int | None]:
    if count in _COUNTS:
        return _COUNTS[count]
    least, comma, most = count[1:-1].partition(",")
    return int(least), int(most) if most else None if comma else int(least)


@dataclass(slots=True)
class _Machine:
    """The places of a pattern. One takes a letter and leads to a single place, or takes none and leads to several.

    Place 0 is the end. The machine is built from there backwards.
    """

    letters: list[re.Pattern[str] | None] = field(default_factory=lambda: [None])
    after: list[tuple[int, ...]] = field(default_factory=lambda: [()])
    start: int = 0
    parts: int = 0

    def add(self, part: _Part, then: int) -> int:
        """The place before a part that leads to the place `then`."""
        self.parts += 1
        if self.parts > _MOST_PARTS:
            raise PatternTooLongError("too many parts")
        if isinstance(part, _Letter):
            return self._place(re.compile(part.pattern, re.ASCII), (then,))
        if isinstance(part, _Repeat):
            return self._repeated(part, then)
        firsts = []
        for way in part.ways:
            first = then
            for inner in reversed(way):
                first = self.add(inner, first)
            firsts.append(first)
        return firsts[0] if len(firsts) == 1 else self._place(None, tuple(firsts))

    def _repeated(self, repeat: _Repeat, then: int) -> int:
        place = then
        if repeat.most is None:
            place = self._place(None, ())
            self.after[place] = (self.add(repeat.part, place), then)
        for _time in range(repeat.least, repeat.most or 0):
            place = self._place(None, (self.add(repeat.part, place), then))
        for _time in range(repeat.least):
            place = self.add(repeat.part, place)
        return place

    def _place(self, letter: re.Pattern[str] | None, after: tuple[int, ...]) -> int:
        self.letters.append(letter)
        self.after.append(after)
        return len(self.letters) - 1

    def takes(self, text: str) -> bool:
        """Whether some way from the start takes all letters and ends."""
        now = self._reached([self.start])
        for letter in text:
            taken = [place for place in now if (one := self.letters[place]) is not None and one.fullmatch(letter)]
            now = self._reached([self.after[place][0] for place in taken])
        return 0 in now

    def _reached(self, places: list[int]) -> set[int]:
        """The places with all that are reached from them without a letter."""
        found: set[int] = set()
        while places:
            place = places.pop()
            if place not in found:
                found.add(place)
                if self.letters[place] is None:
                    places += self.after[place]
        return found
