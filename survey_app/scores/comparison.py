"""Which differences between places, units and years are real? What the pages of comparison show of stored runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from math import ceil, floor, log10
from statistics import NormalDist
from types import MappingProxyType
from typing import Any

from ..text import N_
from .figures import LeafLine, Overview, overview
from .inputs import COMMUNES, OFFICES
from .models import ScoreRun
from .publication import Published

_NORMAL_95 = 1.959964


class Band(StrEnum):
    """Nhóm xếp hạng: what can be said for sure of the rank of a place or unit."""

    UPPER = "upper"
    UNCLEAR = "unclear"
    LOWER = "lower"


BAND_NAMES = {
    Band.UPPER: N_("Chắc chắn nửa trên"),
    Band.UNCLEAR: N_("Không phân biệt được nửa trên hay dưới"),
    Band.LOWER: N_("Chắc chắn nửa dưới"),
}


@dataclass(frozen=True)
class Limits:
    """An estimate with its 95 % limits and the forms behind it."""

    estimate: float
    low: float
    high: float
    n: int
    se: float

    @classmethod
    def of(cls, stored: Sequence[Any] | None) -> "Limits | None":
        """From what a run stores; none for none."""
        return cls(stored[0], stored[2], stored[3], int(stored[4]), stored[1]) if stored else None


class Beside(StrEnum):
    """Where a place or unit stands beside the chosen one."""

    SELF = "self"
    ABOVE = "above"
    BELOW = "below"
    UNCLEAR = "unclear"


@dataclass(frozen=True)
class Row:
    """One place or rated unit in a comparison, with the best and the worst rank it may have.

    `above`: keys of the rows that are surely higher; none in runs of earlier programs. `unit`: code of a rated unit.
    """

    name: str
    limits: Limits
    best: int
    worst: int
    key: str = ""
    above: frozenset[str] | None = None
    unit: str = ""
    max_points: Decimal | None = None

    @property
    def unclear(self) -> int:
        """With how many others the order is not known."""
        return self.worst - self.best


@dataclass(frozen=True)
class Comparison:
    """Rows in bands from the top, each band by its figure; `kept_back`: names without a figure."""

    bands: tuple[tuple[Band, tuple[Row, ...]], ...]
    kept_back: tuple[str, ...]

    @property
    def rows(self) -> tuple[Row, ...]:
        return tuple(row for _band, rows in self.bands for row in rows)

    @property
    def ordered(self) -> tuple[Row, ...]:
        """All rows by figure, whatever their bands."""
        return tuple(sorted(self.rows, key=_by_figure))

    @property
    def count(self) -> int:
        return len(self.rows)

    @property
    def told_apart(self) -> int:
        """How many stand in the upper or the lower half for sure."""
        return sum(len(rows) for band, rows in self.bands if band is not Band.UNCLEAR)

    @property
    def has_pairs(self) -> bool:
        """Whether it is known which row is surely above which."""
        return self.count > 1 and all(row.above is not None for row in self.rows)

    def chosen(self, key: str) -> Row | None:
        """The row with this key, or none."""
        return next((row for row in self.rows if row.key == key and self.has_pairs), None)

    def beside(self, key: str) -> dict[str, Beside]:
        """Key of each row -> where it stands beside the chosen one; empty when none is chosen."""
        one = self.chosen(key)
        if one is None:
            return {}
        found = {}
        for row in self.rows:
            if row.key == key:
                found[row.key] = Beside.SELF
            elif row.key in (one.above or ()):
                found[row.key] = Beside.ABOVE
            else:
                found[row.key] = Beside.BELOW if key in (row.above or ()) else Beside.UNCLEAR
        return found

    @property
    def ticks(self) -> tuple[float, ...]:
        """Round figures of an axis that holds all limits, at most nine."""
        return round_ticks(
            min((row.limits.low for row in self.rows), default=0),
            max((row.limits.high for row in self.rows), default=1),
        )


def round_ticks(low: float, high: float) -> tuple[float, ...]:
    """Multiples of 1, 2 or 5 times a power of ten from below `low` to above `high`, two to nine of them."""
    spread = max(high - low, 1e-6)
    power = 10.0 ** floor(log10(spread / 8))
    step = next(
        power * each for each in (1, 2, 5, 10, 20) if ceil(high / (power * each)) - floor(low / (power * each)) < 9
    )
    first, last = floor(low / step), max(ceil(high / step), floor(low / step) + 1)
    return tuple(round(step * number, 6) for number in range(first, last + 1))


def band_of(best: int, worst: int, count: int) -> Band:
    """Upper when every possible rank is in the upper half (the middle one counts), lower likewise."""
    if worst <= (count + 1) // 2:
        return Band.UPPER
    return Band.LOWER if best > count // 2 else Band.UNCLEAR


def _by_figure(row: Row) -> tuple[float, str]:
    return -row.limits.estimate, row.name


def compare_rows(rows: Sequence[Row], kept_back: Sequence[str] = ()) -> Comparison:
    """The rows sorted into bands; bands without rows are left out."""
    bands: dict[Band, list[Row]] = {band: [] for band in Band}
    for row in sorted(rows, key=_by_figure):
        bands[band_of(row.best, row.worst, len(rows))].append(row)
    return Comparison(tuple((band, tuple(found)) for band, found in bands.items() if found), tuple(kept_back))


def _row(name: str, limits: Limits, stored: Mapping[str, Any], key: str, mark: str = "") -> Row:
    """mark: what makes the keys of one comparison different from those of another."""
    best, worst = stored.get("ranks", (1, 1))  # one alone has no ranks
    above = frozenset(mark + other for other in stored["above"]) if "above" in stored else None
    return Row(name, limits, best, worst, mark + key, above)


def places_of(run: ScoreRun) -> dict[str, Comparison]:
    """Group -> comparison of the places in which it was asked; empty for runs without intervals."""
    found = {}
    for group, places in (run.precision or {}).get("places", {}).items():
        rows = [
            _row(place["name"], limits, place, str(number), f"{group}.")
            for number, place in enumerate(places)
            if (limits := Limits.of(place["found"]))
        ]
        found[group] = compare_rows(rows, [place["name"] for place in places if not place["found"]])
    return found


CLASS_NAMES = {OFFICES: N_("Sở, ngành"), COMMUNES: N_("Xã, phường, thị trấn")}


def classes_of(run: ScoreRun) -> list[str]:
    """Classes among which rated units have ranks; one without a name unless the round rates several."""
    return sorted(set(run.inputs.get("classes", {}).values()) or {""})


def unit_lists_of(
    run: ScoreRun, names: Mapping[str, str], maxima: Mapping[str, Decimal] = MappingProxyType({})
) -> list[tuple[str, Comparison]]:
    """(name of the class, comparison of its rated units): one without a name unless the round rates two classes."""
    found = [(CLASS_NAMES.get(each, ""), units_of(run, names, each, maxima)) for each in classes_of(run)]
    return [(name, units) for name, units in found if units]


def units_of(
    run: ScoreRun, names: Mapping[str, str], of_class: str = "", maxima: Mapping[str, Decimal] = MappingProxyType({})
) -> Comparison | None:
    """Comparison of the rated units (of one class) by their total; none for one unit or for runs without intervals.

    The figure is the official total, the sum of rounded leaves; the interval was made around the unrounded one.
    """
    units = (run.precision or {}).get("units")
    if units and of_class:
        units = {code: one for code, one in units.items() if run.inputs["classes"][code] == of_class}
    if not units:
        return None
    rows = []
    for code, found in units.items():
        if limits := Limits.of(found["total"]):
            official = replace(limits, estimate=float(run.result["units"][code]["total"]))
            row = _row(names.get(code, code), official, found, code)
            rows.append(replace(row, unit=code, max_points=maxima.get(code)))
    return compare_rows(rows, [names.get(code, code) for code, found in units.items() if not found["total"]])


@dataclass(frozen=True)
class Standing:
    """Where one rated unit stands among its like: `heading` names the class, `count` how many it has."""

    heading: str
    row: Row
    band: Band
    count: int


def standing_of(unit_lists: Sequence[tuple[str, Comparison]], unit: str | None) -> Standing | None:
    """The rank set and band of one rated unit; none where it has none."""
    for heading, units in unit_lists:
        for band, rows in units.bands:
            for row in rows:
                if row.unit == unit:
                    return Standing(heading, row, band, units.count)
    return None


@dataclass(frozen=True)
class RaterLine:
    """A sentence on how far the figures of rated units vary together: `words` with `facts` in it."""

    words: str
    facts: Mapping[str, str]


_JOINED = N_(
    "Nhóm %(groups)s chấm nhiều đơn vị bằng phiếu có danh tính: sai số và hạng có tính đến việc một người chấm nhiều "
    "đơn vị (hiệp phương sai giữa các đơn vị). Chương trình chỉ lưu sai số và hạng, không lưu phiếu nào cùng một người."
)
_SEALED = N_(
    "Nhóm %(groups)s chấm nhiều đơn vị bằng phiếu niêm phong. Không ai biết phiếu nào cùng một người, nên coi mỗi "
    "phiếu là của một người khác (hiệp phương sai giữa các đơn vị tính là 0). Khoảng của từng đơn vị vẫn đúng; hạng "
    "từ–đến thường rộng hơn mức cần thiết; điểm chung nhiều đơn vị không nêu khoảng."
)
_APART = N_("Mỗi người chỉ chấm một đơn vị, nên hiệp phương sai giữa các đơn vị bằng 0.")


def rater_lines(run: ScoreRun) -> tuple[RaterLine, ...]:
    """How rated units that the same persons rated vary together, in words; empty for one unit and for old runs."""
    raters = (run.precision or {}).get("raters")
    if raters is None:
        return ()
    joined = ", ".join(group for group, persons in raters.items() if persons is not None)
    sealed = ", ".join(group for group, persons in raters.items() if persons is None)
    lines = [RaterLine(words, {"groups": groups}) for words, groups in ((_JOINED, joined), (_SEALED, sealed)) if groups]
    return tuple(lines) or (RaterLine(_APART, {}),)


def told_apart(run: ScoreRun) -> tuple[int, int] | None:
    """(places that stand in the upper or lower half for sure, places compared) of the group asked in most places."""
    found = sorted(places_of(run).values(), key=lambda one: one.count)
    return (found[-1].told_apart, found[-1].count) if found and found[-1].count else None


def limits_of(
    run: ScoreRun, shown: Overview, unit: str | None = None
) -> tuple[Limits | None, dict[str, Limits], dict[str, Limits]]:
    """95 % limits of (the total, each area, each leaf) of all together or of one unit, as far as `shown` allows.

    Limits tell how the answers spread, so a leaf whose answers are not all shown has none, nor has its area. Of several
    rated units together there are none: a person rates many of them, and in sealed groups nobody knows which forms are
    of one person, so a standard error that takes forms as independent could be many times too small.
    """
    stored = run.precision or {}
    if unit is None and len(stored.get("units", ())) > 1:
        return None, {}, {}
    figures = (stored.get("all") if unit is None else stored.get("units", {}).get(unit)) or {}
    areas = {area.code for area in shown.areas if all(line.shown and line.whole for line in area.leaves)}
    leaves = {line.leaf.criterion.code for line in shown.leaves if line.shown and line.whole}

    def read(key: str, codes: set[str]) -> dict[str, Limits]:
        rows = figures.get(key, {}).items()
        return {code: limits for code, row in rows if code in codes and (limits := Limits.of(row))}

    total = None if shown.total is None else Limits.of(figures.get("total"))
    return total, read("areas", areas), read("leaves", leaves)


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


UNTESTED_WORDS = {
    Untested.RULES: N_("Quy tắc tính điểm hai năm khác nhau"),
    Untested.KEPT_BACK: N_("Có số liệu giữ kín nên không có khoảng tin cậy"),
    Untested.ASKED: N_("Hai năm tính trên các nhóm hoặc các câu khác nhau"),
}


@dataclass(frozen=True)
class YearLine:
    """A leaf, or the total of a rated unit: points then and now, the change and its 95 % limits; none: not tested."""

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
class _Side:
    """A figure of one year, with what it was made from."""

    points: Decimal | None
    max_points: Decimal
    limits: Limits | None
    asked: frozenset[tuple[str, tuple[str, ...], tuple[str, ...]]]  # leaf, groups, questions


def compare_leaves(now: Year, before: Year, unit: str | None = None) -> YearComparison:
    """This year's leaves beside those of an earlier round, by code; of one rated unit where several are rated."""
    titles = {line.leaf.criterion.code: line.leaf.title for line in now.shown(unit).leaves}
    return _compare(_leaf_sides(now, unit), _leaf_sides(before, unit), titles, _same_rules(now, before))


def compare_units(now: Year, before: Year, names: Mapping[str, str]) -> list[tuple[str, YearComparison]]:
    """(name of the class, this year's totals of its rated units beside those of the earlier round)."""
    classes, found = now.found.inputs.classes, []
    earlier = {unit: _unit_side(before, unit) for unit in before.found.units}
    for each in classes_of(now.run):
        of_class = {unit: _unit_side(now, unit) for unit in now.found.units if classes.get(unit, "") == each}
        old = {unit: side for unit, side in earlier.items() if unit in of_class}
        compared = _compare(of_class, old, {unit: names.get(unit, unit) for unit in of_class}, _same_rules(now, before))
        lines = sorted(compared.lines, key=lambda line: (-line.change, line.title))
        gone = tuple(names.get(unit, unit) for unit in compared.not_comparable)
        found.append((CLASS_NAMES.get(each, ""), YearComparison(tuple(lines), gone)))
    return found


def _same_rules(now: Year, before: Year) -> bool:
    return now.found.inputs.settings == before.found.inputs.settings


def _leaf_sides(year: Year, unit: str | None) -> dict[str, _Side]:
    shown = year.shown(unit)
    limits = limits_of(year.run, shown, unit)[2]
    return {
        line.leaf.criterion.code: _Side(
            line.points, line.max_points, limits.get(line.leaf.criterion.code), frozenset([_asked(line)])
        )
        for line in shown.leaves
    }


def _unit_side(year: Year, unit: str) -> _Side:
    shown = year.shown(unit)
    scored = any(line.points is not None for line in shown.leaves)
    counted = frozenset(_asked(line) for line in shown.leaves if line.points is not None)
    limits = limits_of(year.run, shown, unit)[0]
    return _Side(shown.total if scored else None, shown.max_points, limits, counted)


def _asked(line: LeafLine) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """Leaf, groups that count, questions: what has to be the same for a change to say something of the answers."""
    groups = tuple(group for group, figure in line.score.groups.items() if figure.used)
    return line.leaf.criterion.code, groups, tuple(sorted(line.score.criterion.items))


def _compare(
    now: Mapping[str, _Side], before: Mapping[str, _Side], titles: Mapping[str, str], same_rules: bool
) -> YearComparison:
    """The two samples count as independent.

    All lines are looked at together, so each interval is widened (Bonferroni) to hold with all others at 95 %.
    """
    both = [
        code
        for code, side in now.items()
        if code in before and before[code].max_points == side.max_points
        and side.points is not None and before[code].points is not None
    ]  # fmt: skip
    reach = _joint_reach(len(both))
    lines = []
    for code in both:
        side, old = now[code], before[code]
        assert side.points is not None  # both were asked for above
        assert old.points is not None
        low = high = None
        untested = _untested(side, old, same_rules)
        if untested is None and side.limits and old.limits:
            width = reach * (_spread(side.limits) ** 2 + _spread(old.limits) ** 2) ** 0.5
            change = side.limits.estimate - old.limits.estimate
            low, high = change - width, change + width
        lines.append(YearLine(code, titles[code], old.points, side.points, low, high, untested, side.max_points))
    return YearComparison(tuple(lines), tuple(sorted((now.keys() | before.keys()) - set(both))))


def _untested(side: _Side, old: _Side, same_rules: bool) -> Untested | None:
    if not same_rules:
        return Untested.RULES
    if side.asked != old.asked:
        return Untested.ASKED
    return None if side.limits and old.limits else Untested.KEPT_BACK


def _spread(limits: Limits) -> float:
    """The standard error; where all answers agree, what the width of the printed interval stands for."""
    return max(limits.se, (limits.high - limits.low) / (2 * _NORMAL_95))


def _joint_reach(count: int) -> float:
    return NormalDist().inv_cdf(1 - 0.025 / max(count, 1))
