"""Sets of ranks from all pairs of units, with the covariance of the design. Rank 1 is the smallest value.

One simulation of K normals with that covariance gives the largest |difference| / s.e. that chance alone makes; a pair
further apart is told apart for certain at the level. Step-down: pairs told apart leave, and the limit of the others
falls. Source: Mohamad, Goeman & van Zwet (2022); Mogstad, Romano, Shaikh & Wilhelm (2024); Romano & Wolf (2005).
R: `csranks::csranks(x, Sigma, coverage, cstype="two-sided", stepdown=TRUE, simul=...)`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.comparisons import welch_df
from analysis.inputs import Values, matrix, refuse_level, refuse_rows, vector
from analysis.ranks import normal_equivalents
from analysis.taylor import DesignError, Floats, Truths

Ranks = NDArray[np.intp]
BANDS = ("top", "not told apart", "bottom")
_AT_ONCE = 4_000_000  # differences of pairs looked at together: all of them would fill the memory at hundreds of units


@dataclass(frozen=True)
class _Pairs:
    """Pairs (m,) of units: their positions, and the standard error of their difference."""

    first: Ranks
    second: Ranks
    spread: Floats


def joint_rank_sets(
    values: Values, covariance: Values, level: float = 0.9, *, seed: int, draws: int = 2000, stepdown: bool = True
) -> tuple[Ranks, Ranks]:
    """Lowest and highest rank (K,), right for all units at once with probability `level` (max-|Z| over all pairs).

    covariance: (K, K), or (K,) standard errors of independent estimates.
    R: `csranks::csranks(x, Sigma, coverage=level, cstype="two-sided", stepdown=TRUE, simul=TRUE)`."""
    smaller = surely_smaller(values, covariance, level, seed=seed, draws=draws, stepdown=stepdown)
    return 1 + smaller.sum(axis=0), len(smaller) - smaller.sum(axis=1)


def surely_smaller(
    values: Values, covariance: Values, level: float = 0.9, *, seed: int, draws: int = 2000, stepdown: bool = True,
    df: "Values | None" = None,
) -> Truths:  # fmt: skip
    """Which value i is smaller than which value j for sure (K, K), all pairs right at once: `joint_rank_sets`.

    df: (K,) degrees of freedom of the variances, where estimates rest on few answers (`ranks.normal_equivalents`).

    No R equivalent: csranks gives the sets, not the pairs they come from; those of one step are the simultaneous
    intervals of `multcomp::glht(model, mcp(unit="Tukey"))` that leave out 0."""
    refuse_level(level)
    noise, differences, se = _simulated(values, covariance, seed, draws)
    count = len(differences)
    first, second = np.triu_indices(count, 1)
    pairs = _Pairs(first, second, se[first, second])
    distance = differences[first, second] / pairs.spread
    if df is not None:
        # The errors of the two alone: what they have in common changes the variance, hardly how well it is known.
        alone = np.sqrt(np.diag(_covariance(covariance, count)))
        degrees = vector(df, "df", count, missing=False)
        of_pairs = welch_df((alone[first], degrees[first]), (alone[second], degrees[second]))
        distance = normal_equivalents(distance, of_pairs)
    apart = _told_apart(distance, noise, pairs, level, stepdown)
    told = np.zeros((count, count), dtype=bool)
    told[first, second] = told[second, first] = apart
    return np.asarray(told & (differences < 0))


def marginal_rank_sets(
    values: Values, covariance: Values, level: float = 0.95, *, seed: int, draws: int = 2000, stepdown: bool = True
) -> tuple[Ranks, Ranks]:
    """Lowest and highest rank (K,), each right by itself with probability `level`: what one unit may quote.

    R: `csranks::csranks(x, Sigma, coverage=level, cstype="two-sided", stepdown=TRUE, simul=FALSE)`."""
    refuse_level(level)
    noise, differences, se = _simulated(values, covariance, seed, draws)
    count = len(differences)
    told = np.zeros((count, count), dtype=bool)
    for unit in range(count):
        others = np.flatnonzero(np.arange(count) != unit)
        pairs = _Pairs(np.full(count - 1, unit), others, se[unit, others])
        told[unit, others] = _told_apart(differences[unit, others] / pairs.spread, noise, pairs, level, stepdown)
    return _ranks(differences, told)


def mirrored(low: Ranks, high: Ranks) -> tuple[Ranks, Ranks]:
    """The same sets with rank 1 for the largest value. R: `K + 1 - set`, or `csranks(-x, ...)`."""
    count = len(low)
    return count + 1 - high, count + 1 - low


def bands(low: Ranks, high: Ranks, share: float = 1 / 3) -> list[str]:
    """Which units are surely in the top or the bottom `share`, from sets with rank 1 for the best.

    Source: own rule of the product: an exact rank is no information where sets are wide.
    R: `ifelse(U <= k, "top", ifelse(L > K - k, "bottom", ""))` with k = floor(share * K)."""
    edge = int(np.floor(len(low) * share))
    best, unsure, worst = BANDS
    return [
        best if most <= edge else worst if least > len(low) - edge else unsure
        for least, most in zip(low.tolist(), high.tolist(), strict=True)
    ]


def top_probabilities(values: Values, covariance: Values, most: int, *, seed: int, draws: int = 4000) -> Floats:
    """Chance (K,) to be among the `most` largest, by simulation around the estimates. Descriptive, no test.

    Source: Goldstein & Spiegelhalter (1996).
    R: `rowMeans(apply(-MASS::mvrnorm(n, x, Sigma), 1, rank) <= m)`."""
    estimates = vector(values, "values", missing=False)
    if not 1 <= most <= len(estimates):
        raise DesignError(f"most={most}: give a number of units between 1 and {len(estimates)}.")
    noise, _, _ = _simulated(estimates, covariance, seed, draws)
    order = np.argsort(-(estimates + noise), axis=1)[:, :most]
    return np.asarray(np.bincount(order.ravel(), minlength=len(estimates)) / draws)


def _simulated(values: Values, covariance: Values, seed: int, draws: int) -> tuple[Floats, Floats, Floats]:
    estimates = vector(values, "values", missing=False)
    count = len(estimates)
    spread = _covariance(covariance, count)
    variance = np.diag(spread)
    pair = variance[:, None] + variance[None, :] - 2 * spread
    np.fill_diagonal(pair, 1)
    if (pair <= 0).any():
        raise DesignError("Two units have a difference without variance: give intervals that are never of width 0.")
    roots, vectors = np.linalg.eigh(spread)
    noise = np.random.default_rng(seed).standard_normal((draws, count))
    # The symmetric root: unlike the vectors, which libraries choose differently, there is one only.
    noise = noise @ (vectors * np.sqrt(np.maximum(roots, 0))) @ vectors.T
    return noise, np.asarray(estimates[:, None] - estimates[None, :]), np.sqrt(pair)


def _covariance(given: Values, count: int) -> Floats:
    if np.ndim(given) == 1:
        se = vector(given, "covariance, given as standard errors,", count, missing=False)
        refuse_rows(se < 0, "A standard error is negative", "correct it")
        return np.diag(se**2)
    found = matrix(given, "covariance")
    if found.shape != (count, count) or np.isnan(found).any() or not np.allclose(found, found.T):
        raise DesignError(
            f"covariance {found.shape} of {count} units: give {count} rows and columns, symmetric, without gaps."
        )
    return found


def _told_apart(distance: Floats, noise: Floats, pairs: _Pairs, level: float, stepdown: bool) -> Truths:
    """Pairs (m,) told apart, from signed distances and noise (draws, K): each pair is two one-sided questions, and only
    the one that was answered leaves, so that the direction is right too."""
    larger, smaller = (np.zeros(len(distance), dtype=bool) for _ in range(2))
    while not (larger & smaller).all():
        # A question that was answered counts as minus infinity.
        limit = np.quantile(_largest(noise, pairs, larger, smaller), level)
        more = ~larger & (distance > limit)
        less = ~smaller & (-distance > limit)
        if not (more.any() or less.any()):
            break
        larger, smaller = larger | more, smaller | less
        if not stepdown:
            break
    return larger | smaller


def _largest(noise: Floats, pairs: _Pairs, larger: Truths, smaller: Truths) -> Floats:
    """The largest noise (draws,) among the questions that are still open."""
    found = []
    for part in np.array_split(noise, 1 + noise.shape[0] * len(pairs.spread) // _AT_ONCE):
        difference = (part[:, pairs.first] - part[:, pairs.second]) / pairs.spread
        above = difference[:, ~larger].max(axis=1, initial=-np.inf)
        below = -difference[:, ~smaller].min(axis=1, initial=np.inf)
        found.append(np.maximum(above, below))
    return np.concatenate(found)


def _ranks(differences: Floats, told: Truths) -> tuple[Ranks, Ranks]:
    count = len(differences)
    surely_above = (told & (differences > 0)).sum(axis=1)
    surely_below = (told & (differences < 0)).sum(axis=1)
    return 1 + surely_above, count - surely_below
