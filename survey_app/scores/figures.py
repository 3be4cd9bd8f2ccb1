"""What do pages and workbooks print of a run: areas and leaves with their points and shares."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from analysis.component_score import LeafScore, half_up, total_points

from .inputs import Leaf
from .publication import Published, Why


@dataclass(frozen=True)
class GroupCount:
    """Answers of one group to a leaf; `n` is none where it is kept back, for `why`."""

    n: int | None
    enough: bool
    why: Why | None


@dataclass(frozen=True)
class LeafLine:
    """A leaf with its points, in a table or chart.

    shown: the points may be printed. not_whole: groups that count, whose answers are not all shown.
    """

    leaf: Leaf
    score: LeafScore
    shown: bool = True
    not_whole: frozenset[str] = frozenset()
    groups: Mapping[str, GroupCount] = field(default_factory=dict)

    @property
    def points(self) -> Decimal | None:
        return self.score.points if self.shown else None

    @property
    def whole(self) -> bool:
        """Whether all answers behind the points are shown, so that nothing follows from more digits."""
        return not self.not_whole

    @property
    def max_points(self) -> Decimal:
        return self.leaf.criterion.max_points

    @property
    def unrounded(self) -> Decimal | None:
        """Points with six decimals, before the one rounding; none where they would tell what is kept back."""
        return None if self.score.exact is None or not (self.shown and self.whole) else half_up(self.score.exact, 6)

    @property
    def percent(self) -> Decimal | None:
        """Unrounded points as share of the maximum, one decimal; none without points.

        Of the rounded points where more digits would tell what is kept back."""
        if self.points is None or self.score.exact is None or not self.max_points:
            return None
        points = self.score.exact if self.whole else Fraction(self.points)
        return half_up(100 * points / Fraction(self.max_points), 1)


@dataclass(frozen=True)
class AreaLine:
    """An area (lĩnh vực) with the survey points of its leaves."""

    code: str
    name: str
    leaves: tuple[LeafLine, ...]

    @property
    def points(self) -> Decimal | None:
        """The sum of the leaves; none where one of them is kept back, which would follow from it."""
        if not all(line.shown for line in self.leaves):
            return None
        return total_points(line.score for line in self.leaves)

    @property
    def max_points(self) -> Decimal:
        return sum((line.max_points for line in self.leaves), Decimal(0))

    @property
    def percent(self) -> Decimal | None:
        """Points as share of the maximum, one decimal; none where no leaf has points."""
        points = self.points
        if points is None or all(line.points is None for line in self.leaves) or not self.max_points:
            return None
        return half_up(100 * Fraction(points) / Fraction(self.max_points), 1)


@dataclass(frozen=True)
class Overview:
    """The survey part of one rated unit, or of all together."""

    areas: tuple[AreaLine, ...]
    groups: tuple[str, ...]
    not_asked: tuple[Leaf, ...] = ()  # about this unit
    total_shown: bool = True

    @property
    def leaves(self) -> tuple[LeafLine, ...]:
        return tuple(line for area in self.areas for line in area.leaves)

    @property
    def total(self) -> Decimal | None:
        """The sum of the leaves, those kept back among them; none where it is kept back itself."""
        return total_points(line.score for line in self.leaves) if self.total_shown else None

    @property
    def max_points(self) -> Decimal:
        return sum((area.max_points for area in self.areas), Decimal(0))

    @property
    def enough(self) -> int:
        """Number of leaves of which every group has enough answers."""
        return sum(line.score.enough for line in self.leaves)


def overview(found: Published, unit: str | None = None) -> Overview:
    """The figures of all rated units together, or of the one with code `unit` (KeyError for an unknown one).

    Leaves that nobody was asked about for this unit are left out; so is their maximum.
    """
    areas: dict[tuple[str, str], list[LeafLine]] = {}
    not_asked = []
    for leaf, score in zip(found.inputs.leaves, found.scores_of(unit), strict=True):
        if score.criterion.groups:
            areas.setdefault((leaf.area_code, leaf.area_name), []).append(_line(found, unit, leaf, score))
        else:
            not_asked.append(leaf)
    groups = sorted({group for lines in areas.values() for line in lines for group in line.groups})
    lines_of = tuple(AreaLine(*area, tuple(lines)) for area, lines in areas.items())
    return Overview(lines_of, tuple(groups), tuple(not_asked), found.total_shown(unit))


def _line(found: Published, unit: str | None, leaf: Leaf, score: LeafScore) -> LeafLine:
    groups = {}
    for group, figure in score.groups.items():
        why = found.group_why(unit, score, group)
        groups[group] = GroupCount(None if why else figure.n, figure.enough, why)
    return LeafLine(
        leaf,
        score,
        shown=found.points_shown(unit, leaf.criterion.code),
        not_whole=found.groups_not_whole(unit, score),
        groups=groups,
    )


@dataclass(frozen=True)
class AreaOfUnits:
    """The points of an area among the rated units of one class: their plain mean, the lowest and the highest."""

    code: str
    name: str
    max_points: Decimal
    mean: Decimal
    lowest: Decimal
    highest: Decimal
    units: int


def areas_of_units(found: Published) -> list[tuple[str, list[AreaOfUnits]]]:
    """(class, its areas), from the points of each unit that pages give; empty where one unit is rated."""
    by_class: dict[str, dict[str, list[AreaLine]]] = {}
    for unit in found.units if len(found.units) > 1 else ():
        areas = by_class.setdefault(found.inputs.classes.get(unit, ""), {})
        for area in overview(found, unit).areas:
            if area.percent is not None:
                areas.setdefault(area.code, []).append(area)
    return [(each, [_area_of_units(lines) for lines in areas.values()]) for each, areas in sorted(by_class.items())]


def _area_of_units(lines: Sequence[AreaLine]) -> AreaOfUnits:
    points = [line.points for line in lines if line.points is not None]
    mean = half_up(Fraction(sum(points, Decimal(0))) / len(points), 2)
    first = lines[0]
    most = max(line.max_points for line in lines)
    return AreaOfUnits(first.code, first.name, most, mean, min(points), max(points), len(points))


def groups_by_class(found: Published) -> list[tuple[str, tuple[str, ...]]]:
    """(class of rated units, groups that were asked about units of it); empty where one unit is rated."""
    by_class: dict[str, set[str]] = {}
    for unit, leaves in found.units.items() if len(found.units) > 1 else ():
        groups = {group for score in leaves for group in score.criterion.groups}
        by_class.setdefault(found.inputs.classes.get(unit, ""), set()).update(groups)
    return [(each, tuple(sorted(groups))) for each, groups in sorted(by_class.items())]


def units_by_class(found: Published, leaf: str) -> dict[str, tuple[str, ...]]:
    """Class -> the rated units that were asked about a leaf; figures of several classes together say nothing of one."""
    by_class: dict[str, list[str]] = {}
    for unit, leaves in found.units.items():
        if any(score.criterion.code == leaf and score.criterion.groups for score in leaves):
            by_class.setdefault(found.inputs.classes.get(unit, ""), []).append(unit)
    return {each: tuple(units) for each, units in sorted(by_class.items())}
