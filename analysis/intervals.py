"""Limits of mean scores between 0 and 1 that hold with few answers and at the ends of the scale.

Korn & Graubard's beta limits on the score: n_eff = m(1-m)/v, at most the variance of a yes-no answer, so that they are
valid for any score in [0, 1]; n itself where v = 0. Coverage by simulation in tests/analysis/test_intervals.py.
Source: Korn & Graubard (1998); Franco, Little, Louis & Slud (2019). R: `svyciprop(~score, design, method="beta")`.
"""

import numpy as np
from scipy import special

from analysis.taylor import Floats

ROUNDING = 1e-9  # a standard error below is that of equal answers, but for the last digits


def score_limits(
    means: Floats, se: Floats, n: Floats, df: Floats | float, level: float = 0.95
) -> tuple[Floats, Floats]:
    """Lower and upper limits, shape of `means`: scores in [0, 1] with standard errors from n answers; NaN at n = 0.

    R: `svyciprop(~score, design, method="beta")`, a row for each mean."""
    tail = (1 - level) / 2
    varies = se > ROUNDING
    with np.errstate(invalid="ignore", divide="ignore"):
        m = np.clip(means, 0.0, 1.0)
        spread = m * (1 - m)
        effective = np.where(varies & (spread > 0), spread / np.where(varies, se, 1.0) ** 2, n)
        freedom = np.asarray(special.stdtrit(np.maximum(n - 1, 1), tail) / special.stdtrit(df, tail)) ** 2
        effective = np.where(varies & (spread > 0), effective * freedom, effective)
        hits = effective * m
        low = np.where(hits > 0, special.betaincinv(np.maximum(hits, 1e-300), effective - hits + 1, tail), 0.0)
        misses = effective - hits
        high = np.where(misses > 0, special.betaincinv(hits + 1, np.maximum(misses, 1e-300), 1 - tail), 1.0)
        nothing = ~(n > 0)
    return np.where(nothing, np.nan, low), np.where(nothing, np.nan, high)
