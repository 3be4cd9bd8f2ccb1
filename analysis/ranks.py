"""What can be said of the order of estimates: expected ranks and sets of ranks. Rank 1 is the smallest value.

Source: Laird & Louis (1989); Goldstein & Healy (1995); Klein, Wright & Wieczorek (2020); Mohamad, Goeman & van Zwet
(2022). The estimates are taken as independent and normal.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

from analysis.taylor import Floats

Ranks = NDArray[np.intp]


def expected_ranks(values: Floats, se: Floats) -> Floats:
    """E r_j = 1 + Σ_{i≠j} Φ((t_j - t_i) / √(s_i² + s_j²)) for estimates (K,) with standard errors (K,)."""
    return np.asarray(stats.norm.cdf(_differences(values) / _pairwise_se(se)).sum(axis=1) + 0.5)


def joint_rank_sets(values: Floats, se: Floats, level: float = 0.9, rule: str = "sidak") -> tuple[Ranks, Ranks]:
    """Lowest and highest rank (K,), all K right at once with probability `level` (Klein, Wright & Wieczorek).

    Rank of j in [1 + #{i: U_i ≤ L_j}, K - #{i: L_i ≥ U_j}] from joint intervals: `sidak` (independent estimates) or
    `bonferroni` (any dependence)."""
    count = len(values)
    tail = (1 - level ** (1 / count) if rule == "sidak" else (1 - level) / count) / 2
    reach = stats.norm.ppf(1 - tail) * se
    low, high = values - reach, values + reach
    below = (high[None, :] <= low[:, None]).sum(axis=1)
    above = (low[None, :] >= high[:, None]).sum(axis=1)
    return 1 + below, count - above


def pairwise_rank_sets(values: Floats, se: Floats, level: float = 0.95) -> tuple[Ranks, Ranks]:
    """Lowest and highest rank (K,) jointly at `level` from all pairs at once: |t_i - t_j| > q s_ij, q the studentised
    range of K / √2. R: `qtukey(level, K, Inf) / sqrt(2)`."""
    count = len(values)
    limit = stats.studentized_range.ppf(level, count, np.inf) / np.sqrt(2) * _pairwise_se(se)
    differences = _differences(values)
    return 1 + (differences > limit).sum(axis=1), count - (-differences > limit).sum(axis=1)


def comparison_multiplier(se: Floats, alpha: float = 0.05) -> float:
    """β of Goldstein & Healy: bars t ± β s of two units overlap wrongly with average probability `alpha`."""
    one, other = np.triu_indices(len(se), 1)
    scale = (se[one] + se[other]) / np.hypot(se[one], se[other])
    return float(optimize.brentq(lambda beta: np.mean(2 * stats.norm.sf(beta * scale)) - alpha, 0.01, 10, xtol=1e-12))


def _differences(values: Floats) -> Floats:
    return np.asarray(values[:, None] - values[None, :])


def _pairwise_se(se: Floats) -> Floats:
    return np.asarray(np.hypot(se[:, None], se[None, :]))
