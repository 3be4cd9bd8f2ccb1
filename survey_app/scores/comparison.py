"""Which differences between places and units are real? What the pages of comparison show of stored runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from math import ceil, floor, log10
from types import MappingProxyType
from typing import Any

from ..text import N_
from .figures import LeafLine, Overview
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
    Band.UNCLEAR: N_("Không phân biệt được nửa trên hay dưới"),
    Band.LOWER: N_("Chắc chắn nửa dưới"),
}


@dataclass(frozen=True)
class Limits:
    """An estimate with its 95 % limits and the forms behind it; df: of its error, none in runs of earlier programs."""

    estimate: float
    low: float
    high: float
    n: int
    se: float
    df: float | None = None

    @classmethod
    def of(cls, stored: Sequence[Any] | None) -> "Limits | None":
        """From what a run stores; none for none."""
        if not stored:
            return None
        estimate, se, low, high, n, *df = stored
        return cls(estimate, low, high, int(n), se, df[0] if df else None)

    @property
    def spread(self) -> float:
        """The standard error; where all answers agree, what the width of the printed interval stands for."""
        return max(self.se, (self.high - self.low) / (2 * _NORMAL_95))


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


def not_in_places(run: ScoreRun) -> Mapping[str, Sequence[str]]:
    """Group -> criteria of which a question is left out of its places, since something of it is kept back."""
    left_out: Mapping[str, Sequence[str]] = (run.precision or {}).get("not_in_places", {})
    return left_out


CLASS_NAMES = {OFFICES: N_("Sở, ngành"), COMMUNES: N_("Xã, phường, thị trấn")}


def classes_of(run: ScoreRun) -> list[str]:
    """Classes among which rated units have ranks; one without a name unless the round rates several."""
    return sorted(set(run.inputs.get("classes", {}).values()) or {""})


def unit_lists_of(
    run: ScoreRun, names: Mapping[str, str], shown: Mapping[str, Overview] = MappingProxyType({})
) -> list[tuple[str, Comparison]]:
    """(name of the class, comparison of its rated units): one without a name unless the round rates two classes.

    shown: what pages print of each unit; one whose limits would tell what is kept back is only named."""
    found = [(CLASS_NAMES.get(each, ""), units_of(run, names, each, shown)) for each in classes_of(run)]
    return [(name, units) for name, units in found if units]


def units_of(
    run: ScoreRun, names: Mapping[str, str], of_class: str = "", shown: Mapping[str, Overview] = MappingProxyType({})
) -> Comparison | None:
    """Comparison of the rated units (of one class) by their total; none for one unit or for runs without intervals.

    The figure is the official total, the sum of rounded leaves; the interval was made around the unrounded one.
    """
    units = (run.precision or {}).get("units")
    if units and of_class:
        units = {code: one for code, one in units.items() if run.inputs["classes"][code] == of_class}
    if not units:
        return None
    rows, kept_back = [], []
    for code, found in units.items():
        limits = Limits.of(found["total"])
        if limits is None or (code in shown and not spread_of_total_shown(shown[code])):
            kept_back.append(names.get(code, code))
            continue
        official = replace(limits, estimate=float(run.result["units"][code]["total"]))
        row = _row(names.get(code, code), official, found, code)
        rows.append(replace(row, unit=code, max_points=shown[code].max_points if code in shown else None))
    return compare_rows(rows, kept_back)


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

    Limits tell how the answers spread, so a leaf whose answers are not all shown has none, nor has its area; the total
    has them where they tell none of these apart (`spread_of_total_shown`). Of several
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

    total = Limits.of(figures.get("total")) if spread_of_total_shown(shown) else None
    return total, read("areas", areas), read("leaves", leaves)


def spread_of_total_shown(shown: Overview) -> bool:
    """Whether limits of the total tell nothing of a leaf whose answers are not all shown.

    They hold its variance and twice its covariances with the other leaves. Covariances of one group's answers to two
    leaves are printed nowhere and hide it, so every group that is kept back in one has to count in another one, too.
    """
    counted = [line for line in shown.leaves if line.score.points is not None]
    return shown.total is not None and all(
        any(group in _groups_counted(other) for other in counted if other is not line)
        for line in counted
        for group in line.not_whole
    )


def _groups_counted(line: LeafLine) -> tuple[str, ...]:
    return tuple(group for group, figure in line.score.groups.items() if figure.used)
