"""Which points of one rated unit would tell what is kept back, and what is kept back with them?

Everybody knows the rules, so the points of a criterion are a sum over its lines of answers. From the lines that are
shown follows what the others make together, to half a hundredth; with few answers, or near an end of the scale, that
has few solutions. The total is the official result and is always exact: points of criteria that are kept back are
known together from it, and an area that holds one of them is not shown.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache, cached_property, partial, reduce
from math import ceil, floor, lcm
from operator import or_

import numpy as np

from analysis.component_score import SIPAS, LeafScore, half_up
from analysis.disclosure import SMALL, spreads, told_by_mean, unanimous
from analysis.scoring_rules import Settings
from analysis.taylor import Floats, Truths

from .publication import FEWEST_FOR_LEVELS, Key, Line, Why, breakdown

_GRID = 10**5  # points are counted in hundred-thousandths
_HUNDREDTH = _GRID // 100
_MOST_SUMS = 300  # of the other lines of a leaf, where the points of two leaves are looked at
_FEW_LEAVES = 6  # of so few leaves together the rounding of each tells something
_ONE_MIND = (Why.HIGH, Why.LOW, Why.ALIKE)


@dataclass(frozen=True)
class Part:
    """A line of answers that counts in the points of a leaf: these are the sum of `points` over its parts.

    why: what keeps it back by itself or beside one other line; none where it is shown so far."""

    key: Key
    line: Line
    share: Fraction  # of one whole mark in the points: maximum of the leaf x weight / n
    why: Why | None

    @cached_property
    def points(self) -> Fraction:
        return self.share * (self.line.question.mean or 0) * self.line.question.n

    @property
    def is_goal(self) -> bool:
        """Whether it is kept back for its own sake."""
        secret = self.why is not None and self.why.hides_mean and self.why is not Why.BESIDE
        return secret and self.line.question.answered > 0

    @cached_property
    def readings(self) -> Floats:
        """The ways to spread its answers that the reason leaves, of a line with few answers."""
        return _readings(self.line.question.answered, self.line.coefficients, self.why or Why.BESIDE)

    @cached_property
    def of_readings(self) -> Floats:
        """The points that each of the readings would give, on the grid."""
        return self._on_grid(self.readings @ np.array(self.line.coefficients, dtype=float))

    @cached_property
    def possible(self) -> Floats:
        """All points on the grid that this line may give by what is printed of it."""
        answered = self.line.question.answered
        if self.is_goal or answered < SMALL:
            return np.unique(self.of_readings)
        return self._on_grid(_sums(answered, self.line.coefficients))

    @cached_property
    def on_grid(self) -> int:
        return round(self.points * _GRID)

    def away(self, points: Floats, *, from_top: bool) -> Floats:
        """How far these points are from the most, or the least, that the line may give."""
        steps = self.possible.max() - points if from_top else points - self.possible.min()
        return np.asarray(np.maximum(steps, 0))

    def _on_grid(self, sums: Floats) -> Floats:
        """What these sums of coefficients of the levels would give; «không biết» counts as it did."""
        rest = self.points - self.share * _sum_of(self.line)
        return np.round((sums * float(self.share) + float(rest)) * _GRID)

    def is_told_by(self, fits: Truths) -> bool:
        """Whether the readings that are left have one mean, or say what nearly all of a small group of one mind chose;
        of others, how many chose some level that was chosen."""
        if len(set(self.of_readings[fits].tolist())) < 2:
            return True
        left = self.readings[fits]
        if self.why in _ONE_MIND:
            return len(set(left.argmax(axis=1).tolist())) < 2
        true = np.array(self.line.question.levels, dtype=float)
        return bool(((true > 0) & (left == true).all(axis=0)).any())


@dataclass(frozen=True)
class LeafParts:
    """A leaf of one rated unit with the parts of its points."""

    code: str
    area: str
    points: Fraction  # as printed, rounded to hundredths
    parts: tuple[Part, ...]


def parts_of(unit: str, area: str, score: LeafScore, settings: Settings, hidden: Mapping[Key, Why]) -> LeafParts | None:
    """The parts of a leaf; none where its points do not rest on answers, as 0 for a group that is missing."""
    lines = [line for line in breakdown(score, settings) if line.counts]
    if score.exact is None or not lines:
        return None
    asked: dict[str, int] = {}
    for line in lines:
        asked[line.group] = asked.get(line.group, 0) + 1
    given = dict(settings.group_weights) if score.criterion.scored_by != SIPAS else {}
    weights = {group: Fraction(given.get(group, 1)) for group in asked}
    if settings.group_combination == "pooled" and score.criterion.scored_by != SIPAS:
        weights = {group: Fraction(score.groups[group].n) for group in asked}
    whole = Fraction(score.criterion.max_points) / sum(weights.values(), Fraction(0))
    parts = tuple(
        Part(key, line, whole * weights[line.group] / asked[line.group] / line.question.n, hidden.get(key))
        for line in lines
        for key in [(unit, line.group, line.question.item)]
    )
    if sum((part.points for part in parts), Fraction(0)) != score.exact:
        return None
    return LeafParts(score.criterion.code, area, Fraction(half_up(score.exact, 2)), parts)


def kept_back_with_points(
    leaves: Sequence[LeafParts],
) -> tuple[frozenset[Key], frozenset[str]]:
    """(lines, leaves) of one rated unit to be kept back beside what is hidden, so that no line is told by points.

    Told is a line of few answers of which the mean or one count is certain, and a small group of one mind of which it
    is certain what level nearly all chose. First further lines of the leaf go, the smallest first. Where that does not
    help its points go, and with them the smallest other leaf that hides them in the total, with as few of its lines as
    do. Nothing is kept back for a line that the total tells though all points and lines of the unit were kept back."""
    secret = {part.key for leaf in leaves for part in leaf.parts if part.why and part.why.hides_mean}
    more: set[Key] = set()
    told: list[LeafParts] = []
    for leaf in leaves:
        if not _tells([leaf], secret):
            continue
        beside = _fewest_lines(leaf, secret, partial(_tells, [leaf]))
        if beside is None:
            told.append(leaf)
        else:
            more |= beside
    secret |= more
    if not told:
        return frozenset(more), frozenset()
    kept, beside = _kept_back_together(leaves, told, secret)
    if _tells(kept, secret | beside):
        by_total = set(_lines_told(leaves, {part.key for leaf in leaves for part in leaf.parts}))
        told = [leaf for leaf in told if _tells([leaf], secret, by_total)]
        kept, beside = _kept_back_together(leaves, told, secret, by_total)
    return frozenset(more | beside), frozenset(leaf.code for leaf in kept)


def _kept_back_together(
    leaves: Sequence[LeafParts], told: Sequence[LeafParts], secret: Set[Key], by_total: Set[Key] = frozenset()
) -> tuple[list[LeafParts], set[Key]]:
    """(leaves whose points are kept back so that those of `told` are hidden, further lines of them)."""
    kept, lines = list(told), set[Key]()
    while step := _next_leaf(leaves, kept, secret | lines, by_total):
        kept.append(step[0])
        lines |= step[1]
    return kept, lines


_Step = tuple[LeafParts, set[Key]]  # a leaf whose points are kept back next, with its lines


def _next_leaf(
    leaves: Sequence[LeafParts], kept: Sequence[LeafParts], secret: Set[Key], by_total: Set[Key]
) -> _Step | None:
    """What is kept back beside the leaves kept back so far: of an area that is not shown anyway if that helps, then of
    the fewest points; the largest one with all its lines where none helps alone; none where nothing is told."""
    areas = {leaf.area for leaf in kept}
    others = [leaf for leaf in leaves if leaf not in kept]
    others.sort(key=lambda leaf: (leaf.area not in areas, leaf.points))
    found: _Step | None = None
    if _tells(kept, secret, by_total):
        found = _first_that_helps(others, secret, lambda leaf, lines: _tells([*kept, leaf], lines, by_total))
    else:
        lacking = list(_not_exchanged(kept, secret, by_total)) if len(kept) <= _FEW_LEAVES else []
        if not lacking:
            return None
        found = next(filter(None, (_first_that_helps(others, secret, each.is_told_with) for each in lacking)), None)
    if found or not others:
        return found
    largest = max(others, key=lambda leaf: leaf.points)
    return largest, {part.key for part in largest.parts if part.key not in secret}


def _first_that_helps(
    others: Sequence[LeafParts], secret: Set[Key], tells: Callable[[LeafParts, Set[Key]], bool]
) -> _Step | None:
    for leaf in others:
        lines = _fewest_lines(leaf, secret, partial(tells, leaf))
        if lines is not None:
            return leaf, lines
    return None


def _fewest_lines(leaf: LeafParts, secret: Set[Key], tells: Callable[[Set[Key]], bool]) -> set[Key] | None:
    """The lines of a leaf to keep back, the smallest first, so that nothing is told; none where all are not enough."""
    shown = sorted(
        (part for part in leaf.parts if part.key not in secret),
        key=lambda part: (part.line.question.answered, part.key),
    )
    if tells(secret | {part.key for part in shown}):
        return None
    lines: set[Key] = set()
    for part in shown:
        if not tells(secret | lines):
            break
        lines.add(part.key)
    return lines


def _tells(leaves: Sequence[LeafParts], secret: Set[Key], by_total: Set[Key] = frozenset()) -> bool:
    """Whether the points of these leaves together tell a line that is kept back for its own sake."""
    return next(_lines_told(leaves, secret, by_total), None) is not None


def _lines_told(leaves: Sequence[LeafParts], secret: Set[Key], by_total: Set[Key] = frozenset()) -> Iterator[Key]:
    """Lines kept back for their own sake that the points of these leaves together tell; not those of `by_total`."""
    # The points of a leaf whose lines are all shown can be computed: they leave nothing open, nor does their rounding.
    leaves = [leaf for leaf in leaves if any(part.key in secret for part in leaf.parts)]
    unknown = [part for leaf in leaves for part in leaf.parts if part.key in secret]
    goals = [part for part in unknown if part.is_goal and part.key not in by_total]
    if not goals:
        return
    sum_of_parts = sum((part.points for part in unknown), Fraction(0))
    shown = sum((part.points for leaf in leaves for part in leaf.parts if part.key not in secret), Fraction(0))
    printed = sum((leaf.points for leaf in leaves), Fraction(0)) - shown
    half = Fraction(1, 200)
    # The limits of a total tell its unrounded figure to about as much, however many leaves are rounded in it.
    low = max(printed - half * len(leaves), sum_of_parts - half)
    high = min(printed + half * len(leaves), sum_of_parts + half)
    slack = Fraction(len(unknown) + 1, 2)  # of rounding to the grid
    window = ceil(low * _GRID + slack), floor(high * _GRID - slack)
    least = sum(int(part.possible.min()) for part in unknown)
    most = sum(int(part.possible.max()) for part in unknown)
    out_of_reach = [goal for goal in goals if _is_out_of_reach(goal, least, most, window)]
    yield from (goal.key for goal in out_of_reach)
    # Near an end of the scale few sums are near enough to that end, so they are counted from there.
    from_top = most - window[0] < window[1] - least
    steps = (most - window[1], most - window[0]) if from_top else (window[0] - least, window[1] - least)
    for goal in goals:
        if goal not in out_of_reach and _is_told(goal, unknown, steps, from_top=from_top):
            yield goal.key


def _is_out_of_reach(goal: Part, least: int, most: int, window: tuple[int, int]) -> bool:
    """Whether a line is told already by the least and the most that the others may give."""
    least, most = least - int(goal.possible.min()), most - int(goal.possible.max())
    return goal.is_told_by((goal.of_readings + most >= window[0]) & (goal.of_readings + least <= window[1]))


def _is_told(goal: Part, unknown: Sequence[Part], steps: tuple[int, int], *, from_top: bool) -> bool:
    """steps: how far, at least and at most, all lines together are from the end from which they are counted."""
    others = sorted((part for part in unknown if part is not goal), key=lambda part: -len(part.possible))
    own = goal.away(goal.of_readings, from_top=from_top)
    # What a few others leave open, all of them do: the rest stays as it was answered.
    for free in sorted({min(2, len(others)), min(6, len(others)), len(others)}):
        bits = _all_sums([part.away(part.possible, from_top=from_top) for part in others[:free]], steps[1])
        fixed = sum(int(part.away(np.array([part.on_grid]), from_top=from_top)[0]) for part in others[free:])
        first, last = steps[0] - fixed, steps[1] - fixed
        if not goal.is_told_by(np.array([_holds_any(bits, first - int(one), last - int(one)) for one in own])):
            return False
    return True


def _not_exchanged(leaves: Sequence[LeafParts], secret: Set[Key], by_total: Set[Key]) -> Iterator["_Exchange"]:
    """Lines kept back that could not be others if another one of the leaves took the difference to the total."""
    for leaf in leaves:
        for goal in leaf.parts:
            if goal.is_goal and goal.key in secret and goal.key not in by_total:
                exchange = _Exchange(goal, leaf, secret)
                if not exchange.is_with([other for other in leaves if other is not leaf], secret):
                    yield exchange


class _Exchange:
    """A line kept back could be another one, if another leaf took the difference to the total.

    Both leaves are rounded by themselves, which `_lines_told` does not look at; all other leaves stay as they are."""

    def __init__(self, goal: Part, leaf: LeafParts, secret: Set[Key]) -> None:
        self.goal, self.leaf = goal, leaf
        rest = _points_together([part for part in leaf.parts if part.key in secret and part is not goal])
        rest = rest[np.linspace(0, len(rest) - 1, min(len(rest), _MOST_SUMS)).astype(np.intp)]
        shown = sum(part.on_grid for part in leaf.parts if part.key not in secret)
        values, self.number = np.unique(goal.of_readings, return_inverse=True)
        self.points = shown + np.add.outer(values, rest)
        self.hundredths = np.floor(self.points / _HUNDREDTH + 0.5)
        self.slack = len(leaf.parts) / 2  # of rounding to the grid
        from_middle = np.abs(self.points - self.hundredths * _HUNDREDTH)
        self.surely_rounded = from_middle < _HUNDREDTH / 2 - self.slack

    def is_with(self, others: Sequence[LeafParts], secret: Set[Key]) -> bool:
        """Whether so enough readings of the line are left, of some with this leaf, of some with that one."""
        fits = np.zeros(len(self.points), dtype=bool)
        for other in others:
            fits |= self._fits(other, secret)
            if not self.goal.is_told_by(fits[self.number]):
                return True
        return False

    def is_told_with(self, other: LeafParts, secret: Set[Key]) -> bool:
        """Whether too few readings are left with this leaf alone."""
        return not self.is_with([other], secret)

    def _fits(self, other: LeafParts, secret: Set[Key]) -> Truths:
        # Its rounded points make up for the rounded ones of the leaf, and those before rounding for the others.
        printed = (float((self.leaf.points + other.points) * 100) - self.hundredths) * _HUNDREDTH
        before = sum(part.on_grid for leaf in (self.leaf, other) for part in leaf.parts) - self.points
        room = _HUNDREDTH / 2 - self.slack - len(other.parts) / 2
        found = _points_together([part for part in other.parts if part.key in secret])
        found += sum(part.on_grid for part in other.parts if part.key not in secret)
        first = np.searchsorted(found, np.maximum(printed, before) - room)
        last = np.searchsorted(found, np.minimum(printed, before) + room, side="right")
        return np.asarray((self.surely_rounded & (first < last)).any(axis=1))


def _points_together(parts: Sequence[Part]) -> Floats:
    """The points on the grid that these lines may give together, in order."""
    least = sum(int(part.possible.min()) for part in parts)
    most = sum(int(part.possible.max()) for part in parts)
    bits = _all_sums([part.possible - part.possible.min() for part in parts], most - least)
    raw = np.frombuffer(bits.to_bytes(bits.bit_length() // 8 + 1, "little"), dtype=np.uint8)
    return np.asarray(least + np.flatnonzero(np.unpackbits(raw, bitorder="little")), dtype=float)


def _all_sums(values: Sequence[Floats], most: int) -> int:
    """All sums, up to `most`, of one value of each: a number whose bit i stands for the sum i."""
    bits, mask = 1, (1 << (most + 1)) - 1
    for found in values:
        shifted = 0
        for value in found[found <= most]:
            shifted |= bits << int(value)
        bits = shifted & mask
    return bits


def _holds_any(bits: int, first: int, last: int) -> bool:
    if last < 0 or last < first:
        return False
    first = max(first, 0)
    return bool(bits >> first & ((1 << (last - first + 1)) - 1))


def _sum_of(line: Line) -> Fraction:
    levels = zip(line.coefficients, line.question.levels, strict=True)
    return sum((Fraction(value) * count for value, count in levels), Fraction(0))


@cache
def _sums(answered: int, coefficients: tuple[Decimal, ...]) -> Floats:
    """All sums of coefficients that so many answers may have."""
    values = [Fraction(value) for value in coefficients]
    scale = lcm(*(value.denominator for value in values))
    bits = 1
    for _answer in range(answered):
        bits = reduce(or_, (bits << int(value * scale) for value in values))
    return np.array([number for number, bit in enumerate(reversed(f"{bits:b}")) if bit == "1"], dtype=float) / scale


@cache
def _readings(answered: int, coefficients: tuple[Decimal, ...], why: Why) -> Floats:
    """All ways (W, L) to spread few answers over the levels that the printed reason leaves."""
    count = len(coefficients)
    half = count // 2
    if why in _ONE_MIND:
        crowds = {Why.HIGH: range(half, count), Why.LOW: range(half), Why.ALIKE: range(count)}[why]
        one = np.eye(count)
        return np.array([one[crowd] * (answered - 1) + one[level] for crowd in crowds for level in range(count)])
    ways = spreads(answered, count)
    if why is Why.FEW:
        return ways
    left = ~unanimous(ways)
    if why is Why.MEAN_TELLS or answered < FEWEST_FOR_LEVELS:
        left &= _told(ways, np.array(coefficients, dtype=float)) == (why is Why.MEAN_TELLS)
    return np.asarray(ways[left])


def _told(ways: Floats, values: Floats) -> Truths:
    """Of which ways the mean tells a count; the same for all ways of one sum."""
    _sums_of_ways, first, sum_of = np.unique((ways @ values).round(6), return_index=True, return_inverse=True)
    return np.array([told_by_mean(ways[one], values) for one in first])[sum_of.ravel()]
