"""Which points of one rated unit would tell what is kept back, and what is kept back with them?

Everybody knows the rules, so the points of a criterion are a sum over its lines of answers. From the lines that are
shown follows what the others make together, to half a hundredth; with few answers, or near an end of the scale, that
has few solutions. The total is the official result and is always exact: points of criteria that are kept back are
known together from it, and an area that holds one of them is not shown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache, cached_property, reduce
from math import ceil, floor, lcm
from operator import or_

import numpy as np

from analysis.component_score import SIPAS, LeafScore, half_up
from analysis.disclosure import SMALL, spreads, told_by_mean, unanimous
from analysis.scoring_rules import Settings
from analysis.taylor import Floats, Truths

from .publication import FEWEST_FOR_LEVELS, Key, Line, Why, breakdown

_GRID = 10**5  # points are counted in hundred-thousandths
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
        return self.why not in (None, Why.BESIDE) and self.line.question.answered > 0

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
    do. Nothing more is kept back where all of the unit would not help: there the total alone tells."""
    secret = {part.key for leaf in leaves for part in leaf.parts if part.why and part.why.hides_mean}
    more: set[Key] = set()
    told: list[LeafParts] = []
    for leaf in leaves:
        if not _tells([leaf], secret):
            continue
        beside = _fewest_lines([leaf], leaf, secret)
        if beside is None:
            told.append(leaf)
        else:
            more |= beside
    secret |= more
    kept = list(told)
    beside_leaf: dict[str, set[Key]] = {}
    while kept and _tells(kept, secret.union(*beside_leaf.values())):
        others = [leaf for leaf in leaves if leaf not in kept]
        if not others:
            return frozenset(more), frozenset()
        known = secret.union(*beside_leaf.values())
        leaf, lines = _best_beside(kept, others, known)
        kept.append(leaf)
        beside_leaf[leaf.code] = lines
    return frozenset(more.union(*beside_leaf.values())), frozenset(leaf.code for leaf in kept)


def _best_beside(
    kept: Sequence[LeafParts], others: Sequence[LeafParts], secret: set[Key]
) -> tuple[LeafParts, set[Key]]:
    """The leaf whose points go beside those kept back, with its lines: of an area that is not shown anyway if that
    helps, then of the fewest points; the largest one with all its lines where none helps alone."""
    areas = {leaf.area for leaf in kept}
    for leaf in sorted(others, key=lambda leaf: (leaf.area not in areas, leaf.points)):
        lines = _fewest_lines([*kept, leaf], leaf, secret)
        if lines is not None:
            return leaf, lines
    largest = max(others, key=lambda leaf: leaf.points)
    return largest, {part.key for part in largest.parts}


def _fewest_lines(leaves: Sequence[LeafParts], leaf: LeafParts, secret: set[Key]) -> set[Key] | None:
    """The lines of `leaf` to keep back, the smallest first, so that the points of `leaves` together tell nothing."""
    shown = sorted(
        (part for part in leaf.parts if part.key not in secret),
        key=lambda part: (part.line.question.answered, part.key),
    )
    if _tells(leaves, secret | {part.key for part in shown}):
        return None
    lines: set[Key] = set()
    for part in shown:
        if not _tells(leaves, secret | lines):
            break
        lines.add(part.key)
    return lines


def _tells(leaves: Sequence[LeafParts], secret: set[Key]) -> bool:
    """Whether the points of these leaves together tell a line that is kept back for its own sake."""
    unknown = [part for leaf in leaves for part in leaf.parts if part.key in secret]
    goals = [part for part in unknown if part.is_goal]
    if not goals:
        return False
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
    if any(_is_out_of_reach(goal, least, most, window) for goal in goals):
        return True
    # Near an end of the scale few sums are near enough to that end, so they are counted from there.
    from_top = most - window[0] < window[1] - least
    steps = (most - window[1], most - window[0]) if from_top else (window[0] - least, window[1] - least)
    return any(_is_told(goal, unknown, steps, from_top=from_top) for goal in goals)


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
