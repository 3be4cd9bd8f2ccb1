"""Which changes since the year before are real? Totals, areas and leaves of two rounds beside each other.

The two samples count as independent. All lines of a table are looked at together: each interval is widened so that all
are right at once with 95 % (Bonferroni), with Welch's degrees of freedom, since a group may be ten people.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from ..text import N_
from .comparison import CLASS_NAMES, Limits, classes_of, limits_of
from .figures import LeafLine, Overview, overview
from .models import ScoreRun
from .publication import Published


class Change(StrEnum):
    """What a difference between two years says."""

    UP = "up"
    DOWN = "down"
    UNCLEAR = "unclear"


class Untested(StrEnum):
    """Why a change between two years is not tested."""

    RULES = "rules"
    KEPT_BACK = "kept_back"
    ASKED = "asked"
    EARLIER_PROGRAM = "earlier_program"


UNTESTED_WORDS = {
    Untested.RULES: N_("Quy tắc tính điểm hai năm khác nhau"),
    Untested.KEPT_BACK: N_("Có số liệu giữ kín nên không có khoảng tin cậy"),
    Untested.ASKED: N_("Hai năm tính trên các nhóm hoặc các câu khác nhau"),
    Untested.EARLIER_PROGRAM: N_("Một năm tính bằng bản chương trình cũ, cần tính lại"),
}


@dataclass(frozen=True)
class YearLine:
    """A leaf, an area or a total: points then and now, the change and its 95 % limits; none: not tested."""

    code: str
    title: str
    before: Decimal
    now: Decimal
    low: float | None
    high: float | None
    untested: Untested | None = None
    max_points: Decimal | None = None

    @property
    def change(self) -> Decimal:
        return self.now - self.before

    @property
    def says(self) -> Change:
        """Real only when the limits leave out 0."""
        if self.low is None or self.high is None or self.low <= 0 <= self.high:
            return Change.UNCLEAR
        return Change.UP if self.low > 0 else Change.DOWN


@dataclass(frozen=True)
class YearComparison:
    """Lines that can be compared, and what only one of the years has, or with another maximum (codes or names)."""

    lines: tuple[YearLine, ...]
    not_comparable: tuple[str, ...]

    @property
    def tested(self) -> int:
        return sum(line.untested is None for line in self.lines)

    def count(self, says: Change) -> int:
        """Lines of which this can be said."""
        return sum(line.untested is None and line.says == says for line in self.lines)


@dataclass(frozen=True)
class Year:
    """What one year brings to a comparison: the run and what may be shown of it."""

    run: ScoreRun
    found: Published

    def shown(self, unit: str | None) -> Overview:
        return overview(self.found, unit)


@dataclass(frozen=True)
class UnitYears:
    """One rated unit, or the only one, in two years: `total` and `areas` (none where not comparable), then `leaves`."""

    total: YearLine | None
    areas: YearComparison
    leaves: YearComparison


@dataclass(frozen=True)
class _Side:
    """A figure of one year, with what it was made from. whole: all answers behind it are shown."""

    points: Decimal | None
    max_points: Decimal
    limits: Limits | None
    asked: frozenset[tuple[str, tuple[str, ...], tuple[str, ...]]]  # leaf, groups, questions
    whole: bool


def compare_unit(now: Year, before: Year, unit: str | None = None) -> UnitYears:
    """This year's total, areas and leaves beside those of an earlier round; of one rated unit where several are rated.

    All of them are one table: their intervals are right at once."""
    shown = now.shown(unit)
    titles = {_leaf_key(line): line.leaf.title for line in shown.leaves}
    titles |= {_area_key(area.code): area.name for area in shown.areas} | {_TOTAL: ""}
    found = _compare(_sides(now, unit), _sides(before, unit), titles, _same_rules(now, before))
    return UnitYears(
        next((line for key, line in found.lines.items() if key == _TOTAL), None),
        found.of_kind("area"),
        found.of_kind("leaf"),
    )


def compare_units(now: Year, before: Year, names: Mapping[str, str]) -> list[tuple[str, YearComparison]]:
    """(name of the class, this year's totals of its rated units beside those of the earlier round)."""
    classes, found = now.found.inputs.classes, []
    earlier = {("unit", unit): _total_side(before, unit) for unit in before.found.units}
    for each in classes_of(now.run):
        of_class = {("unit", u): _total_side(now, u) for u in now.found.units if classes.get(u, "") == each}
        old = {key: side for key, side in earlier.items() if key in of_class}
        titles = {key: names.get(key[1], key[1]) for key in of_class}
        compared = _compare(of_class, old, titles, _same_rules(now, before)).of_kind("unit")
        lines = sorted(compared.lines, key=lambda line: (-line.change, line.title))
        gone = tuple(names.get(unit, unit) for unit in compared.not_comparable)
        found.append((CLASS_NAMES.get(each, ""), YearComparison(tuple(lines), gone)))
    return found


_Key = tuple[str, str]  # kind of line: leaf, area, unit or total; its code
_TOTAL = ("total", "")


def _leaf_key(line: LeafLine) -> _Key:
    return "leaf", line.leaf.criterion.code


def _area_key(code: str) -> _Key:
    return "area", code


def _same_rules(now: Year, before: Year) -> bool:
    return now.found.inputs.settings == before.found.inputs.settings


def _sides(year: Year, unit: str | None) -> dict[_Key, _Side]:
    shown = year.shown(unit)
    total, areas, leaves = limits_of(year.run, shown, unit)
    sides = {
        _leaf_key(line): _side(line.points, line.max_points, leaves.get(line.leaf.criterion.code), [line])
        for line in shown.leaves
    }
    for area in shown.areas:
        scored = area.points if area.percent is not None else None
        sides[_area_key(area.code)] = _side(scored, area.max_points, areas.get(area.code), area.leaves)
    return sides | {_TOTAL: _side(_scored_total(shown), shown.max_points, total, shown.leaves)}


def _total_side(year: Year, unit: str) -> _Side:
    shown = year.shown(unit)
    return _side(_scored_total(shown), shown.max_points, limits_of(year.run, shown, unit)[0], shown.leaves)


def _scored_total(shown: Overview) -> Decimal | None:
    return shown.total if any(line.score.points is not None for line in shown.leaves) else None


def _side(points: Decimal | None, maximum: Decimal, limits: Limits | None, leaves: Iterable[LeafLine]) -> _Side:
    counted = [line for line in leaves if line.score.points is not None]
    return _Side(points, maximum, limits, frozenset(map(_asked, counted)), all(line.whole for line in counted))


def _asked(line: LeafLine) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """Leaf, groups that count, questions: what has to be the same for a change to say something of the answers."""
    groups = tuple(group for group, figure in line.score.groups.items() if figure.used)
    return line.leaf.criterion.code, groups, tuple(sorted(line.score.criterion.items))


@dataclass(frozen=True)
class _Compared:
    lines: Mapping[_Key, YearLine]
    not_comparable: tuple[_Key, ...]

    def of_kind(self, kind: str) -> YearComparison:
        lines = tuple(line for key, line in self.lines.items() if key[0] == kind)
        return YearComparison(lines, tuple(code for of_kind, code in self.not_comparable if of_kind == kind))


def _compare(
    now: Mapping[_Key, _Side], before: Mapping[_Key, _Side], titles: Mapping[_Key, str], same_rules: bool
) -> _Compared:
    both = [
        key
        for key, side in now.items()
        if key in before and before[key].max_points == side.max_points
        and side.points is not None and before[key].points is not None
    ]  # fmt: skip
    limits = _change_limits({key: (now[key], before[key]) for key in both})
    lines = {}
    for key in both:
        side, old = now[key], before[key]
        assert side.points is not None  # both were asked for above
        assert old.points is not None
        untested = _untested(side, old, same_rules)
        low, high = (None, None) if untested else limits[key]
        lines[key] = YearLine(key[1], titles[key], old.points, side.points, low, high, untested, side.max_points)
    return _Compared(lines, tuple(sorted((now.keys() | before.keys()) - set(both))))


def _untested(side: _Side, old: _Side, same_rules: bool) -> Untested | None:
    if not same_rules:
        return Untested.RULES
    if side.asked != old.asked:
        return Untested.ASKED
    if side.limits is None or old.limits is None:
        return Untested.KEPT_BACK
    return Untested.EARLIER_PROGRAM if side.limits.df is None or old.limits.df is None else None


def _change_limits(pairs: Mapping[_Key, tuple[_Side, _Side]]) -> dict[_Key, tuple[float, float]]:
    """Limits of the changes that can be tested, widened for all lines of the table, tested or not."""
    from analysis.comparisons import joint_limits  # pandas and scipy: only a page of years carries them

    tested = {key: pair for key, pair in pairs.items() if all(side.limits and side.limits.df for side in pair)}
    if not tested:
        return {}
    changes = [_change(side, old) for side, old in tested.values()]
    now, before = ([pair[year].limits for pair in tested.values()] for year in (0, 1))
    low, high = joint_limits(changes, _errors(now), _errors(before), tests=len(pairs))
    return dict(zip(tested, zip(low.tolist(), high.tolist(), strict=True), strict=True))


def _errors(limits: Sequence[Limits | None]) -> tuple[list[float], list[float]]:
    return [one.spread for one in limits if one], [one.df for one in limits if one and one.df]


def _change(side: _Side, old: _Side) -> float:
    """Of the unrounded figures; of the official ones where a leaf is kept back, since their digits would tell it."""
    assert side.limits
    assert old.limits
    if side.whole and old.whole:
        return side.limits.estimate - old.limits.estimate
    return float((side.points or Decimal(0)) - (old.points or Decimal(0)))
