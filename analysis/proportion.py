"""Confidence intervals of a proportion that stay within 0 and 1, for any design.

Source: Korn & Graubard (1998); Franco, Little, Louis & Slud (2019). R: `svyciprop(~event, design, method=...)`.
"""

import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import optimize, stats

from analysis.inputs import Columns, Given, Where, domains, inside_of, refuse_level, refuse_other, truths
from analysis.intervals import ROUNDING
from analysis.taylor import DesignError, Floats, Truths

if TYPE_CHECKING:
    from analysis.design import Design

METHODS = ("mean", "logit", "xlogit", "wilson", "beta", "asin", "likelihood")


def proportion(
    design: "Design", event: Given, by: "Columns | None" = None, *, where: Where = None, method: str = "beta",
    level: float = 0.95,
) -> pd.DataFrame:  # fmt: skip
    """The weighted share of `event`, one row a domain of `by`, with limits by `method`, df and n of the domain.

    event: a column, or a value for each row: truths, or 0 and 1 with NaN where the answer is missing; df and n are
    those of the domain with the missing, as R has it. With replicates `logit` takes the spread of the replicates'
    logits, `xlogit` that of the share.

    R: `svyciprop(~event, subset(design, where), method=method, na.rm=TRUE)`."""
    refuse_other(method, METHODS, "method")
    refuse_level(level)
    hits, inside = truths(design.frame, event, "event"), inside_of(design.frame, where)
    if not (inside & ~np.isnan(hits) & (design.weights != 0)).any():
        raise DesignError("No row is in the domain.")
    rows = [
        label | _proportion_of(design, hits, domain, method, level)
        for label, domain in domains(design.frame, by, inside)
    ]
    return pd.DataFrame(rows)


def _proportion_of(design: "Design", event: Floats, domain: Truths, method: str, level: float) -> dict[str, object]:
    inside = domain & ~np.isnan(event)
    hits = inside & (event == 1)
    n, df = int(design.rows_of(domain).sum()), design.df_within(domain)
    if not (inside & (design.weights != 0)).any():
        return {"estimate": np.nan, "se": np.nan, "ci_low": np.nan, "ci_high": np.nan, "df": df, "n": n}
    p, se = share(design, hits, inside)
    low, high = interval(p, se, n, df, method, level)
    if method == "logit" and design.replicates is not None and 0 < p < 1:
        low, high = _replicated_logit(design, hits, inside, df, level)
    return {"estimate": p, "se": se, "ci_low": low, "ci_high": high, "df": df, "n": n}


def share(design: "Design", event: Truths, inside: Truths) -> tuple[float, float]:
    """The weighted share of an event in a domain and its standard error.

    R: `svymean(~event, subset(design, inside))`."""
    totals = np.stack([inside & event, inside], axis=1).astype(np.float64)

    def quotient(sums: Floats) -> tuple[Floats, Floats]:
        p = sums[0] / sums[1]
        return np.array([p]), np.array([[1 / sums[1], -p / sums[1]]])

    value, covariance, _ = design.covariance(totals, quotient)
    return float(value[0]), float(np.sqrt(max(covariance[0, 0], 0.0)))


def interval(p: float, se: float, n: int, df: float, method: str = "beta", level: float = 0.95) -> tuple[float, float]:
    """Lower and upper limit for an estimated share `p` with design-based standard error `se` from `n` answers.

    mean: p ± t se; logit: on log(p/(1-p)); asin: on arcsin √p; wilson: score interval at n_eff = p(1-p)/se², t(df);
    beta: Korn-Graubard, Clopper-Pearson at n_eff (t(n-1)/t(df))². likelihood: where 2 n_eff times the fall of the log
    likelihood is t² n/(n-1). At p of 0 or 1 the answers themselves count: [0, 1-(α/2)^(1/n)] and its mirror; only mean
    and asin have no width there, as R has it.
    R: `svyciprop(..., method="xlogit"|"wilson"|"beta"|"asin"|"mean"|"likelihood")`."""
    refuse_other(method, METHODS, "method")
    tail = (1 - level) / 2
    if (p <= 0 or p >= 1) and method in ("mean", "asin"):
        return p, p
    if p <= 0 or p >= 1:
        reach = 1 - tail ** (1 / n)
        return (0.0, reach) if p <= 0 else (1 - reach, 1.0)
    t = float(stats.t.ppf(1 - tail, df))
    if method == "mean":
        return p - t * se, p + t * se
    if method in ("logit", "xlogit"):
        centre, reach = math.log(p / (1 - p)), t * se / (p * (1 - p))
        return 1 / (1 + math.exp(reach - centre)), 1 / (1 + math.exp(-reach - centre))
    if method == "asin":
        centre, reach = math.asin(math.sqrt(p)), t * se / (2 * math.sqrt(p * (1 - p)))
        return math.sin(max(centre - reach, 0)) ** 2, math.sin(min(centre + reach, math.pi / 2)) ** 2
    n_eff = p * (1 - p) / se**2 if se > ROUNDING else float(n)
    if method == "likelihood":
        return _likelihood_limits(p, n_eff, t * math.sqrt(n / (n - 1)))
    if method == "wilson":
        scale = 1 + t**2 / n_eff
        centre = (p + t**2 / (2 * n_eff)) / scale
        reach = t * math.sqrt(p * (1 - p) / n_eff + t**2 / (4 * n_eff**2)) / scale
        return centre - reach, centre + reach
    if se > ROUNDING:
        n_eff *= (float(stats.t.ppf(tail, n - 1)) / t) ** 2
    hits = n_eff * p
    low = float(stats.beta.ppf(tail, hits, n_eff - hits + 1))
    high = float(stats.beta.ppf(1 - tail, hits + 1, n_eff - hits))
    return low, high


def _replicated_logit(design: "Design", hits: Truths, inside: Truths, df: int, level: float) -> tuple[float, float]:
    def logit(weights: Floats) -> Floats:
        above, below = weights[hits].sum(), weights[inside & ~hits].sum()
        return np.array([np.log(max(above, 1e-300) / max(below, 1e-300))])

    centre = float(logit(design.weights)[0])
    reach = float(stats.t.ppf((1 + level) / 2, df)) * math.sqrt(float(design.repeated(logit)[0, 0]))
    return 1 / (1 + math.exp(reach - centre)), 1 / (1 + math.exp(-reach - centre))


def _likelihood_limits(p: float, n_eff: float, t: float) -> tuple[float, float]:
    def fall(other: float) -> float:
        return 2 * n_eff * (p * math.log(p / other) + (1 - p) * math.log((1 - p) / (1 - other))) - t**2

    hair = 1e-12
    low = optimize.brentq(fall, min(hair, p / 2), p, xtol=1e-14)
    return float(low), float(optimize.brentq(fall, p, 1 - min(hair, (1 - p) / 2), xtol=1e-14))
