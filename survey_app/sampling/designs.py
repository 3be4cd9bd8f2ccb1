"""How shall the sample be drawn? The design as data, what it means for a frame, and the drawing itself."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from analysis import allocation, sample_size
from analysis.allocation import AllocationError
from analysis.sample_size import SizeError
from analysis.selection import Selection, SelectionError, positions_by, pps, simple_random, stratified, systematic
from analysis.two_stage import joined_clusters, two_stage

from ..errors import Invalid
from ..text import number_text, order_key
from .frames import FrameRow

NO_VALUE = "(không ghi)"


class Method(StrEnum):
    """Cách chọn: ngẫu nhiên đơn giản, hệ thống, phân tầng, theo quy mô, hai giai đoạn."""

    SIMPLE = "simple"
    SYSTEMATIC = "systematic"
    STRATIFIED = "stratified"
    PPS = "pps"
    TWO_STAGE = "two_stage"


class SizeRule(StrEnum):
    """Where the size comes from."""

    QUOTA = "quota"
    YAMANE = "yamane"
    PROPORTION = "proportion"
    GIVEN = "given"


class Allocation(StrEnum):
    """Phân bổ theo tầng."""

    PROPORTIONAL = "proportional"
    EQUAL = "equal"
    NEYMAN = "neyman"
    POWER = "power"


PLACES = ("commune", "ban", "procedure", "gender")  # what rows can be grouped and sorted by


@dataclass(frozen=True)
class Design:
    """All that says how a sample is drawn, but the frame and the seed. Stored as JSON; shares are fractions of 1."""

    method: Method = Method.SIMPLE
    size_rule: SizeRule = SizeRule.QUOTA
    given_size: int = 0
    margin: float = 0.05
    confidence: float = 0.95
    proportion: float = 0.5
    design_effect: float = 1.0
    response_rate: float = 1.0
    strata: str = "commune"
    allocation: Allocation = Allocation.PROPORTIONAL
    minimum: int = 0
    deviations: Mapping[str, float] = field(default_factory=dict)  # Neyman: S_h by stratum
    within: Method = Method.SIMPLE  # stratified: simple or systematic inside
    sort_by: tuple[str, ...] = ("commune", "ban")
    measure: str = ""  # PPS: heading of the column of sizes
    pps_method: str = "systematic"
    clusters: int = 10
    cluster_by: str = "ban"
    reserve_share: float = 0.5

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"sort_by": list(self.sort_by), "deviations": dict(self.deviations)}


def design_from_json(stored: Mapping[str, Any]) -> Design:
    """The design that `as_json` wrote."""
    enums: dict[str, type[StrEnum]] = {
        "method": Method, "size_rule": SizeRule, "allocation": Allocation, "within": Method,
    }  # fmt: skip
    values = {name: enums[name](value) if name in enums else value for name, value in stored.items()}
    return Design(**(values | {"sort_by": tuple(stored["sort_by"])}))


@dataclass(frozen=True)
class Stratum:
    """One line of the plan: persons in the frame, persons to draw (a mean for clusters), reserves."""

    name: str
    rows: int
    drawn: float
    reserves: int

    @property
    def probability(self) -> float:
        return self.drawn / self.rows


@dataclass(frozen=True)
class Plan:
    """What a design means for a frame: the size, the formula with its figures, the lines of strata or clusters."""

    size: int
    population: int
    formula: str
    margin: float  # half width of the 95 % interval of a proportion of one half, without design effect
    strata: list[Stratum]


def size_of(design: Design, population: int, quota: int) -> tuple[int, str]:
    """(persons, the formula with its figures). Raises Invalid when the figures give no size."""
    try:
        exact, words = _exact_size(design, population, quota)
        if design.size_rule in (SizeRule.YAMANE, SizeRule.PROPORTION) and design.response_rate < 1:
            invited = sample_size.size_for_nonresponse(exact, design.response_rate)
            words += f"; chia cho tỷ lệ trả lời {_percent(design.response_rate)}: {_figure(invited)}"
            exact = invited
        size = sample_size.whole_size(exact, population)
    except SizeError as fault:
        raise Invalid({"size_rule": str(fault)}) from fault
    if exact > population:
        raise Invalid({"size_rule": f"Khung mẫu có {population} người, ít hơn {_figure(exact)} người cần chọn."})
    return size, words


def _exact_size(design: Design, population: int, quota: int) -> tuple[float, str]:
    e = number_text(design.margin, 3).rstrip("0").rstrip(",")
    if design.size_rule == SizeRule.YAMANE:
        exact = sample_size.yamane(population, design.margin)
        return exact, f"n = N / (1 + N·e²) = {population} / (1 + {population} × {e}²) = {_figure(exact)}"
    if design.size_rule == SizeRule.PROPORTION:
        exact = sample_size.size_for_proportion(
            design.margin, design.proportion, 1 - design.confidence, population, design.design_effect
        )
        figures = (
            f"N = {population}, e = {e}, tin cậy {_percent(design.confidence)}, p = {_figure(design.proportion)}, "
            f"hệ số thiết kế {_figure(design.design_effect)}"
        )
        return exact, f"n = z²·S²·deff / (e² + z²·S²·deff / N), S² = p(1 − p)·N/(N − 1); {figures}: {_figure(exact)}"
    if design.size_rule == SizeRule.GIVEN:
        return design.given_size, f"Tự ghi: {design.given_size} người"
    return quota, f"Theo chỉ tiêu: {quota} người"


def _figure(value: float) -> str:
    return number_text(round(value, 2), 2).rstrip("0").rstrip(",")


def _percent(share: float) -> str:
    return f"{_figure(share * 100)} %"


def group_of(row: FrameRow, by: str, names: Mapping[str, str]) -> str:
    """The stratum or cluster of a row; `names` are commune names by code.

    A bản is named after its commune, so that small ones of one commune are joined.
    """
    commune = row.values.get("commune_code") or (row.values.get("ban_code") or "").rsplit("-", 1)[0]
    commune_name = names.get(commune, commune)
    if by == "commune":
        return commune_name or NO_VALUE
    if by == "ban":
        ban = row.values.get("ban")
        return ", ".join(part for part in (commune_name, ban) if part) if ban else NO_VALUE
    return str(row.values.get(by) or NO_VALUE)


def _grouped(rows: Sequence[FrameRow], by: str, names: Mapping[str, str]) -> list[str]:
    return [group_of(row, by, names) for row in rows]


def _places(rows: Sequence[FrameRow], design: Design, names: Mapping[str, str]) -> list[tuple[str, ...]]:
    return [tuple(order_key(group_of(row, by, names)) for by in design.sort_by) for row in rows]


def plan(rows: Sequence[FrameRow], design: Design, quota: int, names: Mapping[str, str]) -> Plan:
    """What the design means, without drawing. Raises Invalid by field."""
    size, formula = size_of(design, len(rows), quota)
    try:
        strata = _strata(rows, design, size, names)
    except (AllocationError, SelectionError) as fault:
        raise Invalid({design.method: str(fault)}) from fault
    margin = sample_size.proportion_margin(size, population=len(rows))
    return Plan(size, len(rows), formula, margin, strata)


def _strata(rows: Sequence[FrameRow], design: Design, size: int, names: Mapping[str, str]) -> list[Stratum]:
    if design.method == Method.STRATIFIED:
        groups = positions_by(_grouped(rows, design.strata, names))
        allotted = _allotted(rows, design, size, names)
        lines = [
            Stratum(name, len(groups[name]), n, _reserves(design, n, len(groups[name]))) for name, n in allotted.items()
        ]
        return sorted(lines, key=lambda line: order_key(line.name))
    if design.method == Method.PPS:
        _measured(rows, design)
    if design.method == Method.TWO_STAGE:
        clusters = clusters_of(rows, design, size, names)
        # A trial on these clusters tells whether they can carry the design, whatever chance selects.
        selection = two_stage([row.key for row in rows], clusters, design.clusters, size, "")
        lines = []
        for name, inside in positions_by(clusters).items():
            mean = float(selection.probabilities[inside].sum())
            lines.append(Stratum(name, len(inside), mean, 0))
        return sorted(lines, key=lambda line: order_key(line.name))
    return [Stratum("", len(rows), size, _reserves(design, size, len(rows)))]


def _reserves(design: Design, drawn: int, rows: int) -> int:
    """Reserves of a stratum: the share of those drawn, at least one where one is wanted and there."""
    wanted = -(-drawn * round(design.reserve_share * 100) // 100)
    return min(wanted, rows - drawn)


def _allotted(rows: Sequence[FrameRow], design: Design, size: int, names: Mapping[str, str]) -> dict[str, int]:
    groups = positions_by(_grouped(rows, design.strata, names))
    sizes = [len(inside) for inside in groups.values()]
    if design.allocation == Allocation.NEYMAN:
        spread = [design.deviations.get(name, 0.5) for name in groups]
        shares = allocation.neyman(size, sizes, spread)
    elif design.allocation == Allocation.EQUAL:
        shares = allocation.equal(size, sizes)
    elif design.allocation == Allocation.POWER:
        shares = allocation.power(size, sizes)
    else:
        shares = allocation.proportional(size, sizes)
    whole = allocation.whole_numbers(shares, sizes, design.minimum)
    return {name: int(n) for name, n in zip(groups, whole, strict=True)}


def _measured(rows: Sequence[FrameRow], design: Design) -> list[float]:
    if not all(design.measure in row.measures for row in rows):
        raise SelectionError("Chọn cột quy mô. Cột này phải có số lớn hơn 0 ở mọi dòng của tệp.")
    return [row.measures[design.measure] for row in rows]


def clusters_of(rows: Sequence[FrameRow], design: Design, size: int, names: Mapping[str, str]) -> list[str]:
    """The cluster of each row, clusters too small for their share joined to the next."""
    if not 1 <= design.clusters <= size:
        raise SelectionError(f"Số cụm phải từ 1 đến cỡ mẫu ({size}).")
    return joined_clusters(_grouped(rows, design.cluster_by, names), -(-size // design.clusters))


def draw(rows: Sequence[FrameRow], design: Design, size: int, seed: str, names: Mapping[str, str]) -> Selection:
    """The selection: a pure function of rows, design, size and seed. The reserves are all that are left, in order."""
    keys = [row.key for row in rows]
    if design.method == Method.SYSTEMATIC:
        return systematic(keys, size, seed, _places(rows, design, names))
    if design.method == Method.STRATIFIED:
        strata = _grouped(rows, design.strata, names)
        is_systematic = design.within == Method.SYSTEMATIC
        return stratified(
            keys, strata, _allotted(rows, design, size, names), seed, _places(rows, design, names), is_systematic
        )
    if design.method == Method.PPS:
        return pps(keys, _measured(rows, design), size, seed, design.pps_method)
    if design.method == Method.TWO_STAGE:
        clusters = clusters_of(rows, design, size, names)
        return two_stage(keys, clusters, design.clusters, size, seed, design.pps_method)
    return simple_random(keys, size, seed)


def kept_reserves(selection: Selection, design: Design) -> dict[str, list[int]]:
    """By stratum the positions of the reserves that are kept, in order: a share of those selected there."""
    drawn = positions_by([selection.strata[at] for at in selection.chosen])
    kept: dict[str, list[int]] = {}
    for at in selection.reserve.tolist():
        name = selection.strata[at]
        most = _reserves(design, len(drawn[name]), len(selection.strata)) if name in drawn else 0
        if len(kept.setdefault(name, [])) < most:
            kept[name].append(at)
    return kept
