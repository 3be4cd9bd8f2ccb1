"""Which differences between places, units and years are real? What the pages of comparison show of stored runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from math import ceil, floor, log10
from statistics import NormalDist
from typing import Any

from ..text import N_
from .figures import Overview
from .inputs import COMMUNES, OFFICES
from .models import ScoreRun

_NORMAL_95 = 1.959964


class Band(StrEnum):
    """Nhóm xếp hạng: what can be said for sure of the rank of a place or unit."""

    UPPER = "upper"
    UNCLEAR = "unclear"
    LOWER = "lower"


BAND_NAMES = {
    Band.UPPER: N_("Chắc chắn nửa trên"),
    Band.UNCLEAR: N_("Không phân biệt được"),
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


@dataclass(frozen=True)
class Row:
    """One place or rated unit in a comparison, with the best and the worst rank it may have."""

    name: str
    limits: Limits
    best: int
    worst: int
    code: str = ""


@dataclass(frozen=True)
class Comparison:
    """Rows in bands from the top, each band by its figure; `kept_back`: names without a figure."""

    bands: tuple[tuple[Band, tuple[Row, ...]], ...]
    kept_back: tuple[str, ...]

    @property
    def rows(self) -> tuple[Row, ...]:
        return tuple(row for _band, rows in self.bands for row in rows)

    @property
    def count(self) -> int:
        return len(self.rows)

    @property
    def told_apart(self) -> int:
        """How many stand in the upper or the lower half for sure."""
        return sum(len(rows) for band, rows in self.bands if band is not Band.UNCLEAR)

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


def compare_rows(rows: Sequence[Row], kept_back: Sequence[str] = ()) -> Comparison:
    """The rows sorted into bands; bands without rows are left out."""
    sorted_rows = sorted(rows, key=lambda row: (-row.limits.estimate, row.name))
    bands: dict[Band, list[Row]] = {band: [] for band in Band}
    for row in sorted_rows:
        bands[band_of(row.best, row.worst, len(rows))].append(row)
    return Comparison(tuple((band, tuple(found)) for band, found in bands.items() if found), tuple(kept_back))


def _row(name: str, limits: Limits, stored: Mapping[str, Any], code: str = "") -> Row:
    best, worst = stored.get("ranks", (1, 1))  # one alone has no ranks
    return Row(name, limits, best, worst, code)


def places_of(run: ScoreRun) -> dict[str, Comparison]:
    """Group -> comparison of the places in which it was asked; empty for runs without intervals."""
    found = {}
    for group, places in (run.precision or {}).get("places", {}).items():
        rows = [_row(place["name"], limits, place) for place in places if (limits := Limits.of(place["found"]))]
        found[group] = compare_rows(rows, [place["name"] for place in places if not place["found"]])
    return found


CLASS_NAMES = {OFFICES: N_("Sở, ngành"), COMMUNES: N_("Xã, phường, thị trấn")}


def ranked_units(run: ScoreRun) -> list[tuple[str, list[tuple[str, Mapping[str, Any]]]]]:
    """(name of the class, its units with their result, the highest rank first), as `unit_lists_of` parts them."""
    classes = run.inputs.get("classes", {})
    found: dict[str, list[tuple[str, Mapping[str, Any]]]] = {}
    units = run.result.get("units", {})
    for code in sorted(units, key=lambda code: (classes.get(code, ""), units[code]["rank"] or len(units), code)):
        found.setdefault(classes.get(code, ""), []).append((code, units[code]))
    return [(CLASS_NAMES.get(each, ""), members) for each, members in found.items()]


def unit_lists_of(run: ScoreRun, names: Mapping[str, str]) -> list[tuple[str, Comparison]]:
    """(name of the class, comparison of its rated units): one without a name unless the round rates two classes."""
    classes = run.inputs.get("classes", {})
    found = [(CLASS_NAMES.get(each, ""), units_of(run, names, each)) for each in sorted(set(classes.values()) or {""})]
    return [(name, units) for name, units in found if units]


def units_of(run: ScoreRun, names: Mapping[str, str], of_class: str = "") -> Comparison | None:
    """Comparison of the rated units (of one class) by their total; none for one unit or for runs without intervals."""
    units = (run.precision or {}).get("units")
    if units and of_class:
        units = {code: one for code, one in units.items() if run.inputs["classes"][code] == of_class}
    if not units:
        return None
    rows = [
        _row(names.get(code, code), limits, found, code)
        for code, found in units.items()
        if (limits := Limits.of(found["total"]))
    ]
    return compare_rows(rows, [names.get(code, code) for code, found in units.items() if not found["total"]])


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
    "từ–đến thường rộng hơn mức cần thiết; khoảng của điểm chung mọi đơn vị có thể hẹp hơn thực tế."
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

    Limits tell how the answers spread, so a leaf whose answers are not all shown has none, nor has its area.
    """
    stored = run.precision or {}
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


@dataclass(frozen=True)
class YearLine:
    """A leaf that both years score by the same maximum: points then and now, the change and its 95 % limits."""

    code: str
    title: str
    before: Decimal
    now: Decimal
    low: float | None
    high: float | None

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
    """Lines that can be compared, and the codes of leaves that only one of the years has, or with another maximum."""

    lines: tuple[YearLine, ...]
    not_comparable: tuple[str, ...]


def compare_years(shown: Overview, run: ScoreRun, earlier: Overview, earlier_run: ScoreRun) -> YearComparison:
    """This year's leaves beside those of an earlier round, by code. The two samples count as independent.

    All lines are looked at together, so each interval is widened (Bonferroni) to hold with all others at 95 %.
    """
    before = {line.leaf.criterion.code: line for line in earlier.leaves}
    limits, earlier_limits = limits_of(run, shown)[2], limits_of(earlier_run, earlier)[2]
    lines = []
    now = {line.leaf.criterion.code: line for line in shown.leaves}
    both = [
        code
        for code, line in now.items()
        if code in before and before[code].max_points == line.max_points
        and line.points is not None and before[code].points is not None
    ]  # fmt: skip
    reach = _joint_reach(len(both))
    for code in both:
        line, old = now[code], before[code]
        low = high = None
        if code in limits and code in earlier_limits:
            width = reach * (_spread(limits[code]) ** 2 + _spread(earlier_limits[code]) ** 2) ** 0.5
            change = limits[code].estimate - earlier_limits[code].estimate
            low, high = change - width, change + width
        assert line.points is not None  # both were asked for above
        assert old.points is not None
        lines.append(YearLine(code, line.leaf.title, old.points, line.points, low, high))
    return YearComparison(tuple(lines), tuple(sorted((now.keys() | before.keys()) - set(both))))


def _spread(limits: Limits) -> float:
    """The standard error; where all answers agree, what the width of the printed interval stands for."""
    return max(limits.se, (limits.high - limits.low) / (2 * _NORMAL_95))


def _joint_reach(count: int) -> float:
    return NormalDist().inv_cdf(1 - 0.025 / max(count, 1))
