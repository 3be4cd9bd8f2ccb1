"""An index of many questions and groups: points, their standard errors and covariances, changes, and «what if».

I_u = Σ_c M_c Σ_g W_g s_ucg with fixed M and W. Its variance is that of the linearised sum over sampling units, so the
covariances between questions of one person and between groups of one village are in it; adding the variances of
questions would give too little. Source: Särndal, Swensson & Wretman (1992) 5.5; Wolter (2007) ch. 6.
R: `svycontrast(svyby(~score, ~group, design, svymean, covmat=TRUE), weights)`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from analysis.design import Design, replace_fields
from analysis.inputs import (
    Given,
    Values,
    Where,
    inside_of,
    matrix,
    numbers,
    refuse_level,
    refuse_other,
    refuse_rows,
    refuse_unknown,
    truths,
    vector,
)
from analysis.intervals import ROUNDING, score_limits
from analysis.ranks import benjamini_hochberg, holm
from analysis.taylor import Codes, DesignError, Floats, Truths, sums_by_code

MISSING_GROUP = ("renormalise", "none")


@dataclass(frozen=True)
class Composite:
    """table: one row a domain with estimate, se, ci_low, ci_high, df, n, and `renormalised` where a group is missing;
    covariance: (K, K) between the domains."""

    table: pd.DataFrame
    covariance: Floats


def sums_of_means(design: Design, values: Floats, factors: Floats) -> tuple[Floats, Floats, Floats]:
    """Σ_t factor × mean, (k,), covariance (k, k) and linearised variable (n, k).

    values: (n, T), NaN = does not count; factors: (k, T). A mean without any answer must have the factor 0 in every
    sum. R: `svycontrast(svymean(~a+b, design), list(sum=c(factor_a, factor_b)))`, questions without gaps."""
    inside = ~np.isnan(values)
    empty = ~(inside & (design.weights[:, None] > 0)).any(axis=0)
    if (factors[:, empty] != 0).any():
        raise DesignError("A mean in the sum has no answer.")
    totals = np.hstack([np.nan_to_num(values), inside])

    def sums(weighted: Floats) -> tuple[Floats, Floats]:
        above, below = np.split(weighted, 2)
        below = np.where(below > 0, below, 1.0)
        mean = above / below
        return factors @ mean, factors @ np.hstack([np.diag(1 / below), np.diag(-mean / below)])

    return design.covariance(totals, sums)


def index(
    design: Design,
    points: Mapping[str, float],
    *,
    by: str | None = None,
    group: str | None = None,
    group_weights: Mapping[str, float] | None = None,
    missing_group: str = "renormalise",
    where: Where = None,
    level: float = 0.95,
) -> Composite:
    """The index of every domain of `by`: columns of scores in [0, 1] → their maximum points.

    group_weights: share of each level of `group` in every question; a group without an answer to a question hands its
    share to the others (`renormalise`, flagged) or leaves the domain without an index (`none`). Limits are of the beta
    kind at n_eff on the share of the maximum, so that few or equal answers never give a width of 0.
    R: `svycontrast(svyby(~score, ~unit + group, design, svymean, covmat=TRUE), M * W)`; limits: `svyciprop(...,
    method="beta")` of the share."""
    refuse_other(missing_group, MISSING_GROUP, "missing_group")
    refuse_level(level)
    scores = _scores(design.frame, points)
    inside = inside_of(design.frame, where)
    labels, domain = _coded(design.frame, by, inside)
    shares, member = _group_shares(design.frame, group, group_weights, inside)
    known = ~np.isnan(scores) & ((domain >= 0) & (member >= 0) & (design.weights > 0))[:, None]
    count = len(labels)
    cell = np.where((domain >= 0) & (member >= 0), domain * len(shares) + member, count * len(shares))
    size = sums_by_code(known.astype(np.float64), cell, count * len(shares) + 1)[:-1].reshape(count, len(shares), -1)
    present = (size > 0) & (shares > 0)[None, :, None]
    use = present * shares[None, :, None]
    flagged = (present.sum(axis=1) < (shares > 0).sum()).any(axis=1)
    if missing_group == "renormalise":
        total = use.sum(axis=1, keepdims=True)
        use = np.divide(use, total, out=np.zeros_like(use), where=total > 0)
    factors = use * np.array(list(points.values()))[None, None, :]

    def value(weights: Floats) -> tuple[Floats, Floats]:
        """Index of each domain, and the linearised variable (n,): every row is in one domain."""
        weighted = np.where(known, weights[:, None], 0.0)
        above = sums_by_code(weighted * np.nan_to_num(scores), cell, count * len(shares) + 1)[:-1]
        below = sums_by_code(weighted, cell, count * len(shares) + 1)[:-1]
        means = np.divide(above, below, out=np.zeros_like(above), where=below > 0)
        each = np.divide(factors.reshape(below.shape), below, out=np.zeros_like(below), where=below > 0)
        row = np.minimum(cell, count * len(shares) - 1)
        linear = (np.where(known, scores - means[row], 0.0) * each[row]).sum(axis=1)
        return (factors.reshape(below.shape) * means).reshape(count, -1).sum(axis=1), linear

    estimate, linear = value(design.weights)
    if design.replicates is None:
        spread = np.zeros((len(domain), count))
        spread[domain >= 0, domain[domain >= 0]] = (design.weights * linear)[domain >= 0]
        covariance = design.covariance_of_scores(spread)
    else:
        covariance = design.repeated(lambda weights: value(weights)[0])
    n = np.bincount(domain[known.any(axis=1)], minlength=count).astype(np.float64)
    unknown = (n == 0) | (flagged & (missing_group == "none"))
    estimate = np.where(unknown, np.nan, estimate)
    se = np.where(unknown, np.nan, np.sqrt(np.maximum(np.diag(covariance), 0)))
    # What the questions that have an answer can reach: another widens no interval.
    most = np.where(unknown, np.nan, factors.sum(axis=(1, 2)))
    low, high = score_limits(estimate / most, se / most, np.where(unknown, 0, n), design.df, level)
    table = pd.DataFrame({by or "all": labels, "estimate": estimate, "se": se})
    table = table.assign(ci_low=low * most, ci_high=high * most, df=design.df, n=n.astype(int))
    return Composite(table.assign(renormalised=flagged), covariance)


def unknown_rules(
    design: Design, score: Given, unknown: Given, by: str | None = None, where: Where = None
) -> pd.DataFrame:
    """Both rules for «không biết» beside each other, one row a domain.

    score: a column, or (n,), in [0, 1], NaN for no opinion and not asked; unknown: truths, asked, no opinion.
    excluded: mean of those with an opinion; zero: no opinion counts 0, that is (1 - q) excluded; unknown: the share q;
    lowest, highest: all that the answers allow, whatever the others think. Each with its standard error.
    R: `svyratio(~I(score * opinion), ~opinion, design)` and the same over `~asked`."""
    inside = inside_of(design.frame, where)
    score = _in_scale(numbers(design.frame, score, "score"), score if isinstance(score, str) else "score")
    unknown = truths(design.frame, unknown, "unknown") > 0
    opinion = ~np.isnan(score)
    refuse_rows(opinion & unknown, "An answer has a score and is without opinion", "it cannot be both")
    rows = []
    for label, members in _levels(design.frame, by, inside):
        asked = members & inside & (opinion | unknown)
        columns = np.stack([
            np.where(members & inside & opinion, score, np.nan),
            np.where(asked, np.where(opinion, np.nan_to_num(score), 0.0), np.nan),
            np.where(asked, unknown, np.nan),
            np.where(asked, np.where(opinion, np.nan_to_num(score), 1.0), np.nan),
        ], axis=1)  # fmt: skip
        has = (~np.isnan(columns)).any(axis=0)
        estimate, covariance, _linear = sums_of_means(design, columns, np.diag(has.astype(np.float64)))
        se = np.sqrt(np.maximum(np.diag(covariance), 0))
        value, error = (np.where(has, each, np.nan) for each in (estimate, se))
        rows.append({
            by or "all": label, "excluded": value[0], "excluded_se": error[0], "zero": value[1], "zero_se": error[1],
            "unknown": value[2], "unknown_se": error[2], "lowest": value[1], "highest": value[3],
            "n": int(asked.sum()),
        })  # fmt: skip
    return pd.DataFrame(rows)


def changes(before: Composite, after: Composite, df: float, level: float = 0.95, adjust: str = "holm") -> pd.DataFrame:
    """Change of every domain between two independent surveys: change, se, limits, p and p adjusted for all domains.

    Same questions, coefficients and rule for «không biết» in both, or no comparison. adjust: `holm`, `bh`, `none`.
    For years that share sampling units use `paired_changes`.
    R: `(b - a) + c(-1, 1) * qt(0.975, df) * sqrt(se_a^2 + se_b^2)`, `p.adjust(p, "holm")`."""
    key = before.table.columns[0]
    if key not in after.table:
        raise DesignError(f"The two years have no common domains: {key} and {after.table.columns[0]}.")
    joined = before.table.merge(after.table, on=key, suffixes=("_before", "_after"))
    change = (joined["estimate_after"] - joined["estimate_before"]).to_numpy(dtype=np.float64)
    se = np.hypot(joined["se_before"], joined["se_after"]).to_numpy(dtype=np.float64)
    return _change_table(joined[key], change, se, df, level, adjust)


def paired_changes(
    design: Design, points: Mapping[str, float], year: str, years: tuple[object, object], by: str,
    level: float = 0.95, adjust: str = "holm",
) -> pd.DataFrame:  # fmt: skip
    """The same where both years are rows of one design, so that shared sampling units lower the error.

    R: `svycontrast(svyby(~score, ~year, design, svymean, covmat=TRUE), c(-1, 1))`."""
    refuse_unknown(design.frame, [year, by], "The comparison")
    absent = [name for name in years if not (design.frame[year] == name).any()]
    if absent or len(set(years)) < 2:
        raise DesignError(f"years {years}: name two values of {year}; without a row: {absent}.")
    units = sorted(set(design.frame[by].dropna()))
    place = design.frame[by].map({name: 2 * row for row, name in enumerate(units)})
    period = design.frame[year].map({name: row for row, name in enumerate(years)})
    both = index(replace_fields(design, frame=design.frame.assign(_period=place + period)), points, by="_period")
    found = {int(code): row for row, code in enumerate(both.table["_period"])}
    rows = [row for row in range(len(units)) if {2 * row, 2 * row + 1} <= set(found)]
    contrast = np.zeros((len(rows), len(found)))
    for at, row in enumerate(rows):
        contrast[at, found[2 * row]], contrast[at, found[2 * row + 1]] = -1, 1
    estimate = both.table["estimate"].to_numpy(dtype=np.float64)
    se = np.sqrt(np.diag(contrast @ both.covariance @ contrast.T))
    labels = pd.Series([units[row] for row in rows], name=by)
    return _change_table(labels, contrast @ estimate, se, design.df, level, adjust)


def schemes_compared(levels: Values, schemes: Mapping[str, Sequence[float | None]], most: float = 1.0) -> pd.DataFrame:
    """What if the coefficients were others? Points of each domain and its rank under every scheme.

    levels: (K, L) weighted answers by level; a scheme gives each level its coefficient, None = does not count.
    Rank 1 is the highest; ranks that move between schemes are no finding about the units.
    R: `M * (counts %*% k) / rowSums(counts[, !is.na(k)])`, `rank(-points, ties.method="min")`."""
    levels = matrix(levels, "levels")
    table = pd.DataFrame(index=range(len(levels)))
    for name, coefficients in schemes.items():
        if len(coefficients) != levels.shape[1]:
            raise DesignError(f"The scheme {name} has {len(coefficients)} coefficients for {levels.shape[1]} levels.")
        counts = np.array([value is not None for value in coefficients], dtype=np.float64)
        worth = np.array([0.0 if value is None else value for value in coefficients])
        base = levels @ counts
        points = most * np.divide(levels @ worth, base, out=np.full(len(levels), np.nan), where=base > 0)
        table[name] = points
        table[f"{name}_rank"] = pd.Series(points).rank(method="min", ascending=False)
    return table


def points_if_moved(
    levels: Values, coefficients: Sequence[float], source: int, target: int, share: float, factor: float = 1.0
) -> Floats:
    """What if `share` of the answers at level `source` (position) were at `target`? Gain in points (K,).

    factor: maximum points times the group's weight. The gain is exact: points are linear in the shares of levels.
    R: `factor * share * counts[, s] / rowSums(counts) * (k[t] - k[s])`."""
    levels = matrix(levels, "levels")
    if not 0 <= share <= 1:
        raise DesignError("The share that moves lies between 0 and 1.")
    if len(coefficients) != levels.shape[1] or not {source, target} <= set(range(len(coefficients))):
        raise DesignError(
            f"Give {levels.shape[1]} coefficients, and source and target from 0 to {levels.shape[1] - 1}."
        )
    size = levels.sum(axis=1)
    moved = np.divide(levels[:, source], size, out=np.zeros(len(levels)), where=size > 0) * share
    return np.asarray(factor * moved * (coefficients[target] - coefficients[source]))


def _levels(frame: pd.DataFrame, by: str | None, inside: Truths) -> list[tuple[object, Truths]]:
    if by is None:
        return [("all", inside)]
    refuse_unknown(frame, [by], "by")
    column = frame[by]
    return [(label, (column == label).to_numpy()) for label in sorted(column[inside].dropna().unique())]


def _coded(frame: pd.DataFrame, by: str | None, inside: Truths) -> tuple[list[object], Codes]:
    """Labels of the domains, and the domain of each row, -1 outside."""
    if by is None:
        return ["all"], np.where(inside, 0, -1).astype(np.intp)
    refuse_unknown(frame, [by], "by")
    labels = sorted(frame[by][inside].dropna().unique())
    codes = pd.Index(labels).get_indexer(frame[by])
    return labels, np.where(inside, codes, -1).astype(np.intp)


def _scores(frame: pd.DataFrame, points: Mapping[str, float]) -> Floats:
    """Scores (n, items) of the questions named, all in [0, 1]."""
    most = vector(list(points.values()), "points", missing=False)
    if not len(most) or (most <= 0).any():
        raise DesignError("points: name each question with its maximum points, above 0.")
    return np.stack([_in_scale(numbers(frame, name, "points"), name) for name in points], axis=1)


def _in_scale(scores: Floats, name: str) -> Floats:
    outside = ~np.isnan(scores) & ~((scores >= -ROUNDING) & (scores <= 1 + ROUNDING))
    refuse_rows(outside, f"{name} is outside 0 and 1", "give scores, 1 for the best answer")
    return scores


def _group_shares(
    frame: pd.DataFrame, group: str | None, weights: Mapping[str, float] | None, inside: Truths
) -> tuple[Floats, Codes]:
    if group is None:
        return np.ones(1), np.zeros(len(frame), dtype=np.intp)
    refuse_unknown(frame, [group], "group")
    if not weights or not all(weight >= 0 for weight in weights.values()) or abs(sum(weights.values()) - 1) > 1e-9:
        raise DesignError("The weights of the groups must be 0 or more and add up to 1.")
    codes = pd.Index(list(weights)).get_indexer(frame[group])
    refuse_rows(
        inside & (codes < 0), f"{group} names no group with a weight ({', '.join(map(str, weights))})",
        "give the group a weight, 0 if it does not count, or leave these rows out by where=",
    )  # fmt: skip
    return np.array(list(weights.values()), dtype=np.float64), np.asarray(codes, dtype=np.intp)


def _change_table(
    labels: "pd.Series[str]", change: Floats, se: Floats, df: float, level: float, adjust: str
) -> pd.DataFrame:
    adjustments: dict[str, Callable[[Floats], Floats]] = {"holm": holm, "bh": benjamini_hochberg, "none": np.asarray}
    if adjust not in adjustments:
        raise DesignError(f"adjust={adjust!r}: use one of {', '.join(adjustments)}.")
    reach = stats.t.ppf((1 + level) / 2, df) * se
    with np.errstate(invalid="ignore", divide="ignore"):
        p = 2 * stats.t.sf(np.abs(change / se), df)
    table = pd.DataFrame({labels.name or "domain": labels.to_numpy(), "change": change, "se": se})
    return table.assign(ci_low=change - reach, ci_high=change + reach, p_value=p, p_adjusted=adjustments[adjust](p))
