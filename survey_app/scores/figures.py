"""What do pages and workbooks print of a run: areas and leaves with their points and shares."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from analysis.component_score import LeafScore, half_up, total_points

from .inputs import Leaf, RoundScores


@dataclass(frozen=True)
class LeafLine:
    """A leaf with its points, in a table or chart."""

    leaf: Leaf
    score: LeafScore

    @property
    def points(self) -> Decimal | None:
        return self.score.points

    @property
    def max_points(self) -> Decimal:
        return self.leaf.criterion.max_points

    @property
    def unrounded(self) -> Decimal | None:
        """Points with six decimals, before the one rounding."""
        return None if self.score.exact is None else half_up(self.score.exact, 6)

    @property
    def percent(self) -> Decimal | None:
        """Unrounded points as share of the maximum, one decimal; none without points."""
        if self.score.exact is None or not self.max_points:
            return None
        return half_up(100 * self.score.exact / Fraction(self.max_points), 1)


@dataclass(frozen=True)
class AreaLine:
    """An area (lĩnh vực) with the survey points of its leaves."""

    code: str
    name: str
    leaves: tuple[LeafLine, ...]

    @property
    def points(self) -> Decimal:
        return total_points(line.score for line in self.leaves)

    @property
    def max_points(self) -> Decimal:
        return sum((line.max_points for line in self.leaves), Decimal(0))

    @property
    def percent(self) -> Decimal | None:
        """Points as share of the maximum, one decimal; none where no leaf has points."""
        if all(line.points is None for line in self.leaves) or not self.max_points:
            return None
        return half_up(100 * Fraction(self.points) / Fraction(self.max_points), 1)


@dataclass(frozen=True)
class Overview:
    """The survey part of one rated unit, or of all together."""

    areas: tuple[AreaLine, ...]
    groups: tuple[str, ...]

    @property
    def leaves(self) -> tuple[LeafLine, ...]:
        return tuple(line for area in self.areas for line in area.leaves)

    @property
    def total(self) -> Decimal:
        return total_points(line.score for line in self.leaves)

    @property
    def max_points(self) -> Decimal:
        return sum((area.max_points for area in self.areas), Decimal(0))

    @property
    def enough(self) -> int:
        """Number of leaves of which every group has enough answers."""
        return sum(line.score.enough for line in self.leaves)


def overview(scores: RoundScores, unit: str | None = None) -> Overview:
    """The figures of all rated units together, or of the one with code `unit` (KeyError for an unknown one)."""
    leaves = scores.overall if unit is None else scores.units[unit]
    areas: dict[tuple[str, str], list[LeafLine]] = {}
    for leaf, score in zip(scores.inputs.leaves, leaves, strict=True):
        areas.setdefault((leaf.area_code, leaf.area_name), []).append(LeafLine(leaf, score))
    groups = sorted({group for leaf in scores.inputs.leaves for group in leaf.criterion.groups})
    return Overview(tuple(AreaLine(*area, tuple(lines)) for area, lines in areas.items()), tuple(groups))
