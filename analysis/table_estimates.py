"""Estimates from a summary table: cost of sampling units times items, whatever the number of answers."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy import stats

from analysis.intervals import ROUNDING, score_limits
from analysis.replicates import bootstrap_draws
from analysis.summary_table import SummaryTable, domains_of
from analysis.taylor import Codes, DesignError, Floats, Stage, domain_variances


def means(
    table: SummaryTable,
    coefficients: Mapping[str, float],
    by: Sequence[str] = (),
    *,
    level: float = 0.95,
    interval: str = "t",
) -> pd.DataFrame:
    """Weighted mean score of every item in every domain: by …, item, estimate, se, ci_low, ci_high, df, deff, n.

    coefficients: what each level is worth; a level that is not named is no answer (rule «excluded»), one named with 0
    counts as zero. interval: `t`, or `beta` for scores of 0 to 1, never of width 0 (see `intervals`).
    R: `svyby(~score, ~by, design, svymean, deff=TRUE, na.rm=TRUE)`."""
    worth, base = _worth(table, coefficients)
    domain, labels = domains_of(table.rows, by)
    shape = (len(labels), len(table.items))
    above, below = table.s1 @ worth, table.s1 @ base
    total, size = _summed(above, domain, shape[0]), _summed(below, domain, shape[0])
    n = _summed(table.count @ base, domain, shape[0])
    with np.errstate(invalid="ignore", divide="ignore"):
        estimate = total / size
        variance = _variance(table, worth, base, domain, estimate, size)
        square = _summed(table.s1 @ (worth**2), domain, shape[0])
        spread = square / size - estimate**2
        spread = n / (n - 1) * np.where(spread > ROUNDING * square / size, spread, 0)  # 0 if all answered alike
        simple = (1 - n / size) * spread / n
        deff = np.where(simple > 0, variance / simple, np.nan)
    se = np.sqrt(np.maximum(variance, 0))
    if interval == "beta":
        low, high = score_limits(estimate, se, n, table.df, level)
    else:
        reach = stats.t.ppf((1 + level) / 2, table.df) * se
        low, high = estimate - reach, estimate + reach
    result = labels.loc[labels.index.repeat(shape[1])].reset_index(drop=True)
    result["item"] = np.tile(np.array(table.items, dtype=object), shape[0])
    for name, values in (("estimate", estimate), ("se", se), ("ci_low", low), ("ci_high", high)):
        result[name] = values.ravel()
    result["df"], result["deff"], result["n"] = table.df, deff.ravel(), n.ravel().astype(np.intp)
    return result[result["n"] > 0].reset_index(drop=True)


def shares(table: SummaryTable, levels: Sequence[str], by: Sequence[str] = (), **options: object) -> pd.DataFrame:
    """Share of each of the `levels` among them, as `means` with one more column: `level`.

    R: `svyby(~factor(level), ~by, design, svymean)`."""
    parts = [
        means(table, {each: float(each == level) for each in levels}, by, **options).assign(level=level)  # type: ignore[arg-type]
        for level in levels
    ]
    return pd.concat(parts, ignore_index=True)


def unit_scores(table: SummaryTable, coefficients: Mapping[str, float], weights: Floats) -> tuple[float, Floats]:
    """A sum Σ weight × mean, and the totals (P,) of its linearised scores by sampling unit.

    weights: (domains, items), the domains of all `by` columns of the table in sorted order; 0 = not in the sum.
    Source: Särndal, Swensson & Wretman (1992) 5.5.
    R: `rowsum(weights(design) * influence, psu)`, influence from `svymean(..., influence=TRUE)`."""
    if table.elements:
        raise DesignError("Covariances between items need sampling units, or the answers themselves.")
    worth, base = _worth(table, coefficients)
    domain, labels = domains_of(table.rows, table.by)
    above, below = table.s1 @ worth, table.s1 @ base
    total, size = _summed(above, domain, len(labels)), _summed(below, domain, len(labels))
    with np.errstate(invalid="ignore", divide="ignore"):
        estimate = total / size
        each = np.where(weights != 0, weights / size, 0.0)
    scores = ((above - np.nan_to_num(estimate)[domain] * below) * each[domain]).sum(axis=1)
    psu = table.rows["psu"].to_numpy()
    value = float((weights * np.where(weights != 0, estimate, 0.0)).sum())
    return value, np.bincount(psu, scores, minlength=len(table.psu_stratum)).astype(np.float64)


def variance_of_unit_scores(table: SummaryTable, scores: Floats) -> float:
    """Variance of the sum of totals of all sampling units (P,), those without an answer counting 0.

    R: `survey::svyrecvar(totals, psu, strata, fpc)`."""
    mean = np.bincount(table.psu_stratum, scores, minlength=len(table.sampled)) / table.sampled
    rise = _multipliers(table)
    return float((rise[table.psu_stratum] * (scores - mean[table.psu_stratum]) ** 2).sum())


def bootstrap_means(
    table: SummaryTable, coefficients: Mapping[str, float], by: Sequence[str] = (), *, count: int = 200, seed: int
) -> Floats:
    """Rao-Wu replicates of all means, (count, domains, items), from totals of sampling units: F @ totals.

    V = Σ_r (θ_r - mean)² / count. R: `as.svrepdesign(type="subbootstrap")`, then `svyby`."""
    if table.elements:
        raise DesignError("The bootstrap needs sampling units.")
    worth, base = _worth(table, coefficients)
    domain, labels = domains_of(table.rows, by)
    draws = bootstrap_draws(table.psu_stratum, table.sampled, count, seed)[table.rows["psu"].to_numpy()].T
    sums = np.concatenate([table.s1 @ worth, table.s1 @ base], axis=1)
    order = np.argsort(domain, kind="stable")
    ends = np.searchsorted(domain[order], np.arange(len(labels) + 1))
    draws, sums = np.ascontiguousarray(draws[:, order]), sums[order]
    replicated = np.empty((count, len(labels), sums.shape[1]))
    for each in range(len(labels)):
        part = slice(ends[each], ends[each + 1])
        replicated[:, each] = draws[:, part] @ sums[part]
    half = len(table.items)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(replicated[:, :, :half] / replicated[:, :, half:])


def _worth(table: SummaryTable, coefficients: Mapping[str, float]) -> tuple[Floats, Floats]:
    unknown = [name for name in coefficients if name not in table.levels]
    if unknown:
        raise DesignError(f"The table has no level {', '.join(map(repr, unknown))}.")
    worth = np.array([float(coefficients.get(name, 0.0)) for name in table.levels])
    return worth, np.array([float(name in coefficients) for name in table.levels])


def _summed(values: Floats, codes: Codes, count: int) -> Floats:
    """Sums over rows (R, k) by code: (count, k)."""
    order = np.argsort(codes, kind="stable")
    starts = np.searchsorted(codes[order], np.arange(count))
    return np.asarray(np.add.reduceat(values[order], starts, axis=0))


def _multipliers(table: SummaryTable) -> Floats:
    """(1 - f_h) n_h / (n_h - 1)."""
    if ((table.sampled < 2) & (table.fraction < 1)).any():
        raise DesignError("A stratum has only one sampling unit: merge strata.")
    return np.asarray((1 - table.fraction) * table.sampled / np.maximum(table.sampled - 1, 1))


def _variance(
    table: SummaryTable, worth: Floats, base: Floats, domain: Codes, estimate: Floats, size: Floats
) -> Floats:
    """(domains, items) from z = Σ w (c - R) / N, per sampling unit, or per person by level in an element sample."""
    domains = len(size)
    stratum = table.rows["stratum"].to_numpy()
    rise = _multipliers(table)
    centre = np.nan_to_num(estimate)[domain]
    if table.elements:
        pair, code = np.unique(stratum * domains + domain, return_inverse=True)
        away = base * (worth - centre[:, :, None])
        sums = _summed((away * table.s1).sum(axis=2), code, len(pair))
        squares = _summed((away**2 * table.s2).sum(axis=2), code, len(pair))
        spread = squares - sums**2 / table.sampled[pair // domains][:, None]
        return _summed(rise[pair // domains][:, None] * spread, pair % domains, domains) / size**2
    psu = table.rows["psu"].to_numpy()
    labels = tuple(map(str, range(len(table.sampled))))
    stage = Stage(psu, table.psu_stratum, table.sampled, table.fraction[table.psu_stratum], labels)
    scores = table.s1 @ worth - centre * (table.s1 @ base)
    return domain_variances(scores, domain, domains, [stage]) / size**2
