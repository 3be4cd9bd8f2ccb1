"""How likely is a weighted sum of chi-squares to be larger than x? By saddlepoint.

Source: Kuonen (1999); Satterthwaite (1946). R: `survey::pchisqsum`, `survey::pFsum`.
"""

import math
from collections.abc import Sequence

import numpy as np
from scipy import optimize, stats

from analysis.taylor import Floats


def upper_tail(x: float, weights: Sequence[float] | Floats, df: float = math.inf) -> float:
    """P(Σ a_i χ²₁ > x), or P(Σ a_i χ²₁ > x χ²_df / df) with the variance estimated on `df` degrees of freedom.

    Close to the mean, where the saddlepoint fails, by Satterthwaite's approximation.
    R: `survey::pchisqsum(x, rep(1, k), a, lower.tail=FALSE, method="saddlepoint")`, `survey::pFsum` with df."""
    a = np.asarray(weights, dtype=np.float64)
    if math.isfinite(df):
        # R repeats the last weight as many times as there are whole degrees of freedom.
        tail = _saddlepoint(0.0, np.concatenate([a, np.full(int(df), -x / df)]))
    else:
        tail = _saddlepoint(x, a)
    if not math.isnan(tail):
        return tail
    mean, square = float(a.mean()), float((a**2).mean() / a.mean() ** 2)
    count = len(a) / square
    if math.isfinite(df):
        return float(stats.f.sf(x / count / (mean * square), count, df))
    return float(stats.chi2.sf(x / (mean * square), count))


def _saddlepoint(x: float, weights: Floats) -> float:
    largest = weights.max()
    a, x = weights / largest, x / largest
    if (a < 0).any():
        low = float((1 / (2 * a[a < 0])).max()) * 0.99999
    elif x > a.sum():
        low = -0.01
    else:
        low = -len(a) / (2 * x)
    high = float((1 / (2 * a[a > 0])).min()) * 0.99999
    zeta = optimize.brentq(lambda z: float((a / (1 - 2 * z * a)).sum()) - x, low, high, xtol=1e-12)
    if abs(zeta) < 1e-4:
        return math.nan
    cumulant = -float(np.log(1 - 2 * zeta * a).sum()) / 2
    w = math.copysign(math.sqrt(2 * (zeta * x - cumulant)), zeta)
    v = zeta * math.sqrt(2 * float((a**2 / (1 - 2 * zeta * a) ** 2).sum()))
    return float(stats.norm.sf(w + math.log(v / w) / w))
