"""What can be said of the order of estimates: expected ranks and sets of ranks. Rank 1 is the smallest value.

Source: Laird & Louis (1989); Goldstein & Healy (1995); Klein, Wright & Wieczorek (2020); Mohamad, Goeman & van Zwet
(2022). The estimates are taken as independent and normal.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

from analysis.comparisons import welch_df
from analysis.inputs import Values, aligned, refuse_level, refuse_other, refuse_rows, vector
from analysis.taylor import Codes, DesignError, Floats, Truths

JOINT_RULES = ("sidak", "bonferroni")
PAIR_RULES = ("tukey", "holm")
Ranks = NDArray[np.intp]


def expected_ranks(values: Values, se: Values) -> Floats:
    """E r_j = 1 + Σ_{i≠j} Φ((t_j - t_i) / √(s_i² + s_j²)) for estimates (K,) with standard errors (K,).

    R: `rowSums(pnorm(outer(t, t, "-") / sqrt(outer(s^2, s^2, "+")))) + 0.5`."""
    values, se = _estimates(values, se)
    return np.asarray(stats.norm.cdf(_differences(values) / _pairwise_se(se)).sum(axis=1) + 0.5)


def joint_rank_sets(values: Values, se: Values, level: float = 0.9, rule: str = "sidak") -> tuple[Ranks, Ranks]:
    """Lowest and highest rank (K,), all K right at once with probability `level` (Klein, Wright & Wieczorek).

    Rank of j in [1 + #{i: U_i ≤ L_j}, K - #{i: L_i ≥ U_j}] from joint intervals: `sidak` (independent estimates) or
    `bonferroni` (any dependence).
    R: `z <- qnorm(1 - (1 - level^(1 / K)) / 2)`, then `1 + colSums(outer(t + z * s, t - z * s, "<="))`."""
    refuse_other(rule, JOINT_RULES, "rule")
    refuse_level(level)
    values, se = _estimates(values, se)
    count = len(values)
    tail = (1 - level ** (1 / count) if rule == "sidak" else (1 - level) / count) / 2
    reach = stats.norm.ppf(1 - tail) * se
    low, high = values - reach, values + reach
    below = (high[None, :] <= low[:, None]).sum(axis=1)
    above = (low[None, :] >= high[:, None]).sum(axis=1)
    return 1 + below, count - above


def pairwise_rank_sets(values: Values, se: Values, level: float = 0.95, rule: str = "tukey") -> tuple[Ranks, Ranks]:
    """Lowest and highest rank (K,) jointly at `level` from all pairs at once.

    tukey: |t_i - t_j| > q s_ij, q the studentised range of K / √2; holm: two-sided tests of all pairs by Holm.
    R: `qtukey(level, K, Inf) / sqrt(2)`; `p.adjust(p, "holm") < 1 - level`."""
    smaller = surely_smaller(values, se, level, rule)
    return 1 + smaller.sum(axis=0), len(smaller) - smaller.sum(axis=1)


def surely_smaller(
    values: Values, se: Values, level: float = 0.95, rule: str = "tukey", df: "Values | None" = None
) -> Truths:
    """Which value i is smaller than which value j for sure (K, K), all pairs right at once: `pairwise_rank_sets`.

    df: (K,) degrees of freedom of the standard errors, where estimates rest on few answers; each pair then has Welch's
    t in place of the normal (`normal_equivalents`).
    R, without df: `outer(t, t, "-") < -qtukey(level, K, Inf) / sqrt(2) * sqrt(outer(s^2, s^2, "+"))`."""
    refuse_other(rule, PAIR_RULES, "rule")
    refuse_level(level)
    values, se = _estimates(values, se)
    count = len(values)
    one, other = np.triu_indices(count, 1)
    distance = np.abs(values[one] - values[other]) / np.hypot(se[one], se[other])
    if df is not None:
        distance = normal_equivalents(distance, _pair_df(se, df, one, other))
    if rule == "holm":
        apart = holm(2 * stats.norm.sf(distance)) < 1 - level
    else:
        apart = distance > stats.studentized_range.ppf(level, count, np.inf) / np.sqrt(2)
    told = np.zeros((count, count), dtype=bool)
    told[one, other] = told[other, one] = apart
    return np.asarray(told & (_differences(values) < 0))


def normal_equivalents(statistics: Values, df: Values) -> Floats:
    """The normal value (m,) with the tail of each t statistic, so that limits for normal estimates can be used.

    z = Φ⁻¹(T_df(t)). Its share of false findings among twenty places of ten answers is simulated in
    tests/analysis/test_rank_sets.py. R: `qnorm(pt(t, df))`."""
    given = vector(statistics, "statistics", missing=False)
    tail = stats.t.sf(np.abs(given), vector(df, "df", len(given), missing=False))
    return np.asarray(np.sign(given) * stats.norm.isf(tail))


def _pair_df(se: Floats, df: Values, one: Codes, other: Codes) -> Floats:
    degrees = vector(df, "df", len(se), missing=False)
    return welch_df((se[one], degrees[one]), (se[other], degrees[other]))


def holm(p_values: Values) -> Floats:
    """p-values (m,) adjusted for m tests so that the chance of any false one is held; one that is missing is no test.

    R: `p.adjust(p, "holm")`."""
    return _adjusted(p_values, lambda p: np.maximum.accumulate(np.arange(len(p), 0, -1) * p))


def benjamini_hochberg(p_values: Values) -> Floats:
    """p-values (m,) adjusted so that the share of false ones among those named is held; one that is missing is no test.

    R: `p.adjust(p, "BH")`."""
    return _adjusted(p_values, lambda p: np.minimum.accumulate((len(p) / np.arange(1, len(p) + 1) * p)[::-1])[::-1])


def comparison_multiplier(se: Values, alpha: float = 0.05) -> float:
    """β of Goldstein & Healy: bars t ± β s of two units overlap wrongly with average probability `alpha`.

    R: `uniroot(function(b) mean(2 * pnorm(-b * (s_i + s_j) / sqrt(s_i^2 + s_j^2))) - alpha, c(1, 2))$root`."""
    se = _estimates(se, se)[1]
    one, other = np.triu_indices(len(se), 1)
    scale = (se[one] + se[other]) / np.hypot(se[one], se[other])
    return float(optimize.brentq(lambda beta: np.mean(2 * stats.norm.sf(beta * scale)) - alpha, 0.01, 10, xtol=1e-12))


def _adjusted(p_values: Values, adjust: Callable[[Floats], Floats]) -> Floats:
    """`adjust` is given the known p-values in rising order."""
    p = vector(p_values, "p_values")
    refuse_rows((p < 0) | (p > 1), "p_values is outside 0 and 1", "correct these values")
    adjusted = np.full(len(p), np.nan)
    order = np.argsort(p, kind="stable")[: int((~np.isnan(p)).sum())]
    adjusted[order] = np.minimum(adjust(p[order]), 1)
    return adjusted


def _estimates(values: Values, se: Values) -> tuple[Floats, Floats]:
    """Estimates and standard errors (K,) of which any two have a difference with variance."""
    estimates = vector(values, "values", missing=False)
    errors = vector(aligned(values, se, "se", "values"), "se", len(estimates), missing=False)
    refuse_rows(errors < 0, "se is negative", "correct these values")
    if (errors == 0).sum() > 1:
        raise DesignError("Two units have a difference without variance: give intervals that are never of width 0.")
    return estimates, errors


def _differences(values: Floats) -> Floats:
    return np.asarray(values[:, None] - values[None, :])


def _pairwise_se(se: Floats) -> Floats:
    return np.asarray(np.hypot(se[:, None], se[None, :]))
