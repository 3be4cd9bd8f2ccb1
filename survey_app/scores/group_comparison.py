"""Do the groups of respondents see a criterion differently? Means of each group beside each other, with intervals.

Only lines of answers that are printed whole are used, so nothing more becomes known than pages tell already; of SIPAS
with pooled groups, means of groups of twenty and more, as the trace tells them under other rules. A group answers a
criterion with a person once, and no person is in two groups, so groups are independent samples.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from types import MappingProxyType

from analysis.component_score import SIPAS

from .comparison import Limits
from .figures import AreaLine, LeafLine, Overview
from .models import ScoreRun
from .publication import Line, Published, breakdown, has_small_group

_LEVEL = 0.05
_NORMAL_95 = 1.959964


@dataclass(frozen=True)
class GroupMean:
    """Mean of a group's answers to a criterion, 0 to 100 per cent of the best answer, with 95 % limits; df: of se."""

    group: str
    mean: float
    se: float
    low: float
    high: float
    n: int
    df: float


@dataclass(frozen=True)
class LeafGroups:
    """A criterion with the means of its groups, the highest first; `different`: pairs (higher, lower) told apart.

    kept_back: groups of which something is kept back, so that no mean is given.
    """

    line: LeafLine
    means: tuple[GroupMean, ...]
    kept_back: tuple[str, ...]
    different: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class GroupComparison:
    """Areas with their criteria, and how many pairs of groups were compared."""

    areas: tuple[tuple[AreaLine, tuple[LeafGroups, ...]], ...]
    pairs: int

    @property
    def different(self) -> int:
        """Pairs told apart."""
        return sum(len(leaf.different) for _area, leaves in self.areas for leaf in leaves)


def group_limits_of(run: ScoreRun, unit: str | None = None) -> dict[str, dict[str, Limits]]:
    """Criterion -> group of several questions -> their mean with its error, from the forms; none in earlier runs."""
    stored = run.precision or {}
    figures = (stored.get("all") if unit is None else stored.get("units", {}).get(unit)) or {}
    return {
        code: {group: limits for group, row in groups.items() if (limits := Limits.of(row))}
        for code, groups in figures.get("groups", {}).items()
    }


def compare_groups(
    found: Published,
    shown: Overview,
    unit: str | None = None,
    limits: Mapping[str, Mapping[str, Limits]] = MappingProxyType({}),
) -> GroupComparison:
    """Means of all groups in all criteria of one rated unit that several groups were asked about. `limits`: of groups
    of several questions, see `group_limits_of`.

    Pairs are told apart with 95 % certainty for all pairs of the page at once (Holm). Of SIPAS with pooled groups no
    line of a single group is printed; the mean of a group over all its questions is, where no group is small.
    """
    leaves = {
        line.leaf.criterion.code: _leaf_groups(found, line, unit, limits.get(line.leaf.criterion.code, {}))
        for line in shown.leaves
    }
    told = _told_apart({code: leaf.means for code, leaf in leaves.items()})
    areas = []
    for area in shown.areas:
        of_area = [leaves[line.leaf.criterion.code] for line in area.leaves]
        several = [
            LeafGroups(leaf.line, leaf.means, leaf.kept_back, told.get(leaf.line.leaf.criterion.code, ()))
            for leaf in of_area
            if len(leaf.means) + len(leaf.kept_back) > 1
        ]
        if several:
            areas.append((area, tuple(several)))
    pairs = sum(len(leaf.means) * (len(leaf.means) - 1) // 2 for leaf in leaves.values())
    return GroupComparison(tuple(areas), pairs)


def _leaf_groups(found: Published, line: LeafLine, unit: str | None, limits: Mapping[str, Limits]) -> LeafGroups:
    settings = found.inputs.settings
    sipas = line.leaf.criterion.scored_by == SIPAS
    if sipas and settings.sipas_groups == "pooled":
        if has_small_group(line.score) or not found.is_whole(unit, line.score):
            return LeafGroups(line, (), tuple(line.score.groups))
        settings = replace(settings, sipas_groups="equal")
    lines: dict[str, list[Line]] = {}
    for each in breakdown(line.score, settings):
        if each.question.n:
            lines.setdefault(each.group, []).append(each)
    hidden = tuple(
        group for group, parts in lines.items() if any(found.why(unit, group, part.question.item) for part in parts)
    )
    dont_know = {"zero": 0.0, "middle": float(settings.middle)}.get(settings.dont_know)
    if sipas:
        dont_know = None
    means = [
        _mean_of_forms(group, limits[group], parts) if group in limits else _mean(group, parts, dont_know)
        for group, parts in lines.items()
        if group not in hidden
    ]
    known = [mean for mean in means if mean]
    return LeafGroups(line, tuple(sorted(known, key=lambda mean: (-mean.mean, mean.group))), hidden)


def _mean_of_forms(group: str, limits: Limits, parts: Sequence[Line]) -> GroupMean:
    """As stored; `n` is that of the question least answered, as everywhere on the page."""
    n = min(part.question.n for part in parts)
    return GroupMean(group, limits.estimate, limits.spread, limits.low, limits.high, n, limits.df or n - 1)


def _mean(group: str, parts: Sequence[Line], dont_know: float | None) -> GroupMean | None:
    """The plain mean of the questions from their counts. Its standard error is at most the mean of theirs, whatever the
    correlation between questions: that upper bound is taken for runs of an earlier program, which did not store the
    error of several questions. None for fewer than two answers."""
    moments = [_moments(part, dont_know) for part in parts]
    if any(n < 2 for _mean, _variance, n in moments):
        return None
    mean = sum(each for each, _variance, _n in moments) / len(moments)
    se = sum((variance / n) ** 0.5 for _mean, variance, n in moments) / len(moments)
    n = min(n for _mean, _variance, n in moments)
    low, high = _wilson(mean, se, n)
    spread = max(se, (high - low) / (2 * _NORMAL_95))  # 0 where all agree says nothing
    return GroupMean(group, 100 * mean, 100 * spread, 100 * low, 100 * high, n, n - 1)


def _moments(line: Line, dont_know: float | None) -> tuple[float, float, int]:
    """(mean, variance with n - 1, number of answers) of one question."""
    values = [*zip(map(float, line.coefficients), line.question.levels, strict=True)]
    if dont_know is not None:
        values.append((dont_know, line.question.dont_know))
    n = sum(count for _value, count in values)
    if n < 2:
        return 0.0, 0.0, n
    mean = sum(value * count for value, count in values) / n
    return mean, sum(count * (value - mean) ** 2 for value, count in values) / (n - 1), n


def _wilson(mean: float, se: float, n: int) -> tuple[float, float]:
    """Wilson's limits at the effective number of answers m(1-m)/v; n itself where all answers agree."""
    effective = min(mean * (1 - mean) / se**2, 1e9) if se > 0 else float(n)
    effective = effective or float(n)
    square = _NORMAL_95**2
    centre = (mean + square / (2 * effective)) / (1 + square / effective)
    half = _NORMAL_95 * (mean * (1 - mean) / effective + square / (4 * effective**2)) ** 0.5 / (1 + square / effective)
    return max(centre - half, 0.0), min(centre + half, 1.0)


def _told_apart(means: Mapping[str, Sequence[GroupMean]]) -> dict[str, tuple[tuple[str, str], ...]]:
    """Criterion -> pairs (higher, lower) of groups that differ for sure, all right at once (Holm 1979)."""
    tests = sorted(_tests(means))
    told: dict[str, list[tuple[str, str]]] = {}
    for number, (p_value, code, higher, lower) in enumerate(tests):
        if p_value * (len(tests) - number) > _LEVEL:
            break
        told.setdefault(code, []).append((higher, lower))
    return {code: tuple(sorted(pairs)) for code, pairs in told.items()}


def _tests(means: Mapping[str, Sequence[GroupMean]]) -> Iterator[tuple[float, str, str, str]]:
    """p-values of Welch's test with (criterion, higher group, lower group)."""
    from scipy import stats  # heavy: only pages of scores carry it

    from analysis.comparisons import welch_df

    for code, groups in means.items():
        for higher, lower in combinations(groups, 2):  # the highest first
            df = welch_df(([higher.se], [higher.df]), ([lower.se], [lower.df]))[0]
            p = 2 * float(stats.t.sf((higher.mean - lower.mean) / (higher.se**2 + lower.se**2) ** 0.5, df))
            yield p, code, higher.group, lower.group
