"""Which points of one rated unit would tell what is kept back, and what is kept back with them?

Everybody knows the rules, so the points of a criterion are a sum over its lines of answers. From the lines that are
shown follows what the others make together, to half a hundredth; with few answers, or near an end of the scale, that
has few solutions. The total is the official result and is always exact: points of criteria that are kept back are
known together from it, and an area that holds one of them is not shown.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, cached_property
from math import ceil, floor, gcd

import numpy as np

from analysis.component_score import SIPAS, LeafScore, half_up
from analysis.disclosure import SMALL, spreads, told_by_mean, unanimous
from analysis.scoring_rules import Settings
from analysis.taylor import Floats

from .publication import Key, Line, Why, breakdown

_GRID = 10**5  # points are counted in hundred-thousandths
_ONE_MIND = (Why.HIGH, Why.LOW, Why.ALIKE)


@dataclass(frozen=True)
class Part:
    """A line of answers that counts in the points of a leaf: these are the sum of `points` over its parts."""

    key: Key
    line: Line
    share: Fraction  # of one whole mark in the points: maximum of the leaf x weight / n

    @cached_property
    def points(self) -> Fraction:
        return self.share * (self.line.question.mean or 0) * self.line.question.n

    def on_grid(self, sums: Iterable[float]) -> Floats:
        """What these sums of coefficients of the levels would give, on the grid; «không biết» counts as it did."""
        rest = self.points - self.share * _sum_of(self.line)
        return np.round((np.array(list(sums)) * float(self.share) + float(rest)) * _GRID)


@dataclass(frozen=True)
class LeafParts:
    """A leaf of one rated unit with the parts of its points."""

    code: str
    area: str
    points: Fraction  # as printed, rounded to hundredths
    parts: tuple[Part, ...]


def parts_of(unit: str, area: str, score: LeafScore, settings: Settings) -> LeafParts | None:
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
        Part(
            (unit, line.group, line.question.item),
            line,
            whole * weights[line.group] / asked[line.group] / line.question.n,
        )
        for line in lines
    )
    if sum((part.points for part in parts), Fraction(0)) != score.exact:
        return None
    return LeafParts(score.criterion.code, area, Fraction(half_up(score.exact, 2)), parts)


def kept_back_with_points(
    leaves: Sequence[LeafParts], hidden: Mapping[Key, Why]
) -> tuple[frozenset[Key], frozenset[str]]:
    """(lines, leaves) of one rated unit to be kept back beside `hidden`, so that no line is told by points.

    Told is a line of few answers of which one count is certain, and a small group of one mind of which it is certain
    what level nearly all chose. First further lines of the leaf go, the smallest first. Where that does not help its
    points go, and with them the smallest other leaf that hides them in the total, with as few of its lines as do.
    Nothing more is kept back where all of the unit would not help: there the total alone tells."""
    secret = {key for key, why in hidden.items() if why.hides_mean}
    more: set[Key] = set()
    told: list[LeafParts] = []
    for leaf in leaves:
        if not _tells([leaf], secret, hidden):
            continue
        beside = _fewest_lines([leaf], leaf, secret, hidden)
        if beside is None:
            told.append(leaf)
        else:
            more |= beside
    secret |= more
    kept = list(told)
    beside_leaf: dict[str, set[Key]] = {}
    while kept and _tells(kept, secret.union(*beside_leaf.values()), hidden):
        others = [leaf for leaf in leaves if leaf not in kept]
        if not others:
            return frozenset(more), frozenset()
        known = secret.union(*beside_leaf.values())
        leaf, lines = _best_beside(kept, others, known, hidden)
        kept.append(leaf)
        beside_leaf[leaf.code] = lines
    return frozenset(more.union(*beside_leaf.values())), frozenset(leaf.code for leaf in kept)


def _best_beside(
    kept: Sequence[LeafParts], others: Sequence[LeafParts], secret: set[Key], hidden: Mapping[Key, Why]
) -> tuple[LeafParts, set[Key]]:
    """The leaf whose points go beside those kept back, with its lines: of an area that is not shown anyway if that
    helps, then of the fewest points; the largest one with all its lines where none helps alone."""
    areas = {leaf.area for leaf in kept}
    for leaf in sorted(others, key=lambda leaf: (leaf.area not in areas, leaf.points)):
        lines = _fewest_lines([*kept, leaf], leaf, secret, hidden)
        if lines is not None:
            return leaf, lines
    largest = max(others, key=lambda leaf: leaf.points)
    return largest, {part.key for part in largest.parts}


def _fewest_lines(
    leaves: Sequence[LeafParts], leaf: LeafParts, secret: set[Key], hidden: Mapping[Key, Why]
) -> set[Key] | None:
    """The lines of `leaf` to keep back, the smallest first, so that the points of `leaves` together tell nothing."""
    shown = sorted(
        (part for part in leaf.parts if part.key not in secret),
        key=lambda part: (part.line.question.answered, part.key),
    )
    if _tells(leaves, secret | {part.key for part in shown}, hidden):
        return None
    lines: set[Key] = set()
    for part in shown:
        if not _tells(leaves, secret | lines, hidden):
            break
        lines.add(part.key)
    return lines


def _tells(leaves: Sequence[LeafParts], secret: set[Key], hidden: Mapping[Key, Why]) -> bool:
    """Whether the points of these leaves together tell a line that is kept back for its own sake."""
    unknown = [part for leaf in leaves for part in leaf.parts if part.key in secret]
    goals = [part for part in unknown if part.line.question.answered and hidden.get(part.key) not in (None, Why.BESIDE)]
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
    values = {part.key: part.on_grid(_sums(part.line, hidden.get(part.key, Why.BESIDE))) for part in unknown}
    return any(_is_told(part, hidden[part.key], values, window) for part in goals)


def _is_told(goal: Part, why: Why, values: Mapping[Key, Floats], window: tuple[int, int]) -> bool:
    readings = _readings(goal.line.question.answered, goal.line.coefficients, why)
    own = goal.on_grid(readings @ np.array(goal.line.coefficients, dtype=float))
    others = sorted((found for key, found in values.items() if key != goal.key), key=len, reverse=True)
    least, most = (sum(int(end(found)) for found in others) for end in (np.min, np.max))
    fits = (own + most >= window[0]) & (own + least <= window[1])
    if _is_certain(readings[fits], goal.line, why):
        return True  # whatever the other lines are in between
    base, bits = _all_sums(others)
    fits &= np.array([_holds_any(bits, window[0] - int(one) - base, window[1] - int(one) - base) for one in own])
    return _is_certain(readings[fits], goal.line, why)


def _is_certain(readings: Floats, line: Line, why: Why) -> bool:
    """Whether what is left says what nearly all chose; of others than a small group of one mind, how many chose some
    level that was chosen."""
    if why in _ONE_MIND:
        return len(set(readings.argmax(axis=1).tolist())) < 2
    true = np.array(line.question.levels, dtype=float)
    return bool(((true > 0) & (readings == true).all(axis=0)).any())


def _all_sums(values: Sequence[Floats]) -> tuple[int, int]:
    """All sums of one value of each: (the least, a number whose bit i stands for the sum i above it)."""
    base, bits = 0, 1
    for found in values:
        least = int(found.min())
        base += least
        shifted = 0
        for value in found:
            shifted |= bits << (int(value) - least)
        bits = shifted
    return base, bits


def _holds_any(bits: int, first: int, last: int) -> bool:
    if last < 0 or last < first:
        return False
    first = max(first, 0)
    return bool(bits >> first & ((1 << (last - first + 1)) - 1))


def _sum_of(line: Line) -> Fraction:
    levels = zip(line.coefficients, line.question.levels, strict=True)
    return sum((Fraction(value) * count for value, count in levels), Fraction(0))


def _sums(line: Line, why: Why) -> Floats:
    """The sums of coefficients that a line may have by what is printed of it; so many answered, as everybody knows."""
    answered = line.question.answered
    if why is not Why.BESIDE or answered < 10:
        return np.unique(_readings(answered, line.coefficients, why) @ np.array(line.coefficients, dtype=float))
    return _even_sums(answered, line.coefficients)


@cache
def _even_sums(answered: int, coefficients: tuple[object, ...]) -> Floats:
    """All multiples of the step between levels; of fewer than twenty without the ends, where they were of one mind."""
    values = [Fraction(str(value)) for value in coefficients]
    scale = np.lcm.reduce([value.denominator for value in values])
    whole = [int(value * int(scale)) for value in values]
    step = gcd(*(value - min(whole) for value in whole))
    sums = np.arange(answered * min(whole), answered * max(whole) + 1, step) / float(scale)
    return sums[2:-2] if answered < SMALL else sums


@cache
def _readings(answered: int, coefficients: tuple[object, ...], why: Why) -> Floats:
    """All ways (W, L) to spread the answers of a line over its levels that its printed reason leaves."""
    count = len(coefficients)
    half = count // 2
    if why in _ONE_MIND:
        crowds = {Why.HIGH: range(half, count), Why.LOW: range(half), Why.ALIKE: range(count)}[why]
        one = np.eye(count)
        return np.array([one[crowd] * (answered - 1) + one[level] for crowd in crowds for level in range(count)])
    ways = spreads(answered, count)
    if why is Why.FEW:
        return ways
    values = np.array([float(str(value)) for value in coefficients])
    # Of so few answers the mean of a line that is kept back beside another one may be given by itself.
    told = np.array([told_by_mean(way, values) for way in ways])
    return np.asarray(ways[~unanimous(ways) & (told == (why is Why.MEAN_TELLS))])
