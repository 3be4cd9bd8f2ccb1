"""Confidence intervals of a proportion that stay within 0 and 1, for any design.

Source: Korn & Graubard (1998); Franco, Little, Louis & Slud (2019). R: `svyciprop(~event, design, method=...)`.
"""

import math

from scipy import stats

from analysis.taylor import DesignError

METHODS = ("mean", "logit", "wilson", "beta", "asin")


def interval(p: float, se: float, n: int, df: float, method: str = "beta", level: float = 0.95) -> tuple[float, float]:
    """Lower and upper limit for an estimated share `p` with design-based standard error `se` from `n` answers.

    mean: p ± t se; logit: on log(p/(1-p)); asin: on arcsin √p; wilson: score interval at n_eff = p(1-p)/se², t(df);
    beta: Korn-Graubard, Clopper-Pearson at n_eff (t(n-1)/t(df))². At p of 0 or 1 the answers themselves count:
    [0, 1-(α/2)^(1/n)] and its mirror. R: `svyciprop(..., method="xlogit"|"wilson"|"beta"|"asin"|"mean")`."""
    if method not in METHODS:
        raise DesignError(f"method={method!r}: use one of {', '.join(METHODS)}.")
    tail = (1 - level) / 2
    if p <= 0 or p >= 1:
        reach = 1 - tail ** (1 / n)
        return (0.0, reach) if p <= 0 else (1 - reach, 1.0)
    t = float(stats.t.ppf(1 - tail, df))
    if method == "mean":
        return p - t * se, p + t * se
    if method == "logit":
        centre, reach = math.log(p / (1 - p)), t * se / (p * (1 - p))
        return 1 / (1 + math.exp(reach - centre)), 1 / (1 + math.exp(-reach - centre))
    if method == "asin":
        centre, reach = math.asin(math.sqrt(p)), t * se / (2 * math.sqrt(p * (1 - p)))
        return math.sin(max(centre - reach, 0)) ** 2, math.sin(min(centre + reach, math.pi / 2)) ** 2
    n_eff = p * (1 - p) / se**2 if se > 0 else float(n)
    if method == "wilson":
        scale = 1 + t**2 / n_eff
        centre = (p + t**2 / (2 * n_eff)) / scale
        reach = t * math.sqrt(p * (1 - p) / n_eff + t**2 / (4 * n_eff**2)) / scale
        return centre - reach, centre + reach
    n_eff *= (float(stats.t.ppf(tail, n - 1)) / t) ** 2
    hits = n_eff * p
    low = float(stats.beta.ppf(tail, hits, n_eff - hits + 1))
    high = float(stats.beta.ppf(1 - tail, hits + 1, n_eff - hits))
    return low, high
