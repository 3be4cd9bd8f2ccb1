"""How likely are two rows to be in the sample together? Matrices (N, N) with the first-order π on the diagonal."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.selection import inclusion_probabilities, positions_by

Matrix = NDArray[np.float64]


def simple_random(n: int, rows: int) -> Matrix:
    """π_ij = n (n - 1) / (N (N - 1)). R: `sampling::srswor` in law."""
    together = n * (n - 1) / (rows * (rows - 1)) if rows > 1 else 1.0
    result = np.full((rows, rows), together)
    np.fill_diagonal(result, n / rows)
    return result


def stratified(strata: Sequence[str], allocation: Mapping[str, int]) -> Matrix:
    """As `simple_random` within a stratum, the product of the π across strata.

    R: `survey::ppsmat(pi)` takes it; by hand `n * (n - 1) / (N * (N - 1))` within a stratum, `outer(p, p)` across."""
    groups = positions_by(strata)
    pi = np.zeros(len(strata))
    for name, rows in groups.items():
        pi[rows] = allocation.get(name, 0) / len(rows)
    result = np.outer(pi, pi)
    for name, rows in groups.items():
        result[np.ix_(rows, rows)] = simple_random(allocation.get(name, 0), len(rows))
    return result


def pps_systematic(pi: ArrayLike) -> Matrix:
    """Exact for the order given: the start decides, and only the fractions of the cumulated π matter.

    Many pairs have 0: no unbiased variance exists, and the variance must be that of Hartley-Rao, Brewer or with
    replacement. Source: Madow (1949); Connor (1966). R: `sampling::UPsystematicpi2(pik)`.
    """
    chances = np.asarray(pi, np.float64)
    ends = np.concatenate([[0.0], np.cumsum(chances)])
    cuts = np.unique(np.concatenate([[0.0, 1.0], np.round(ends % 1, 12)]))
    result = np.zeros((len(chances), len(chances)))
    for low, high in pairwise(cuts):
        start = (low + high) / 2
        inside = (np.floor(ends[1:] - start) - np.floor(ends[:-1] - start)).astype(np.float64)
        result += (high - low) * np.outer(inside, inside)
    return result


def pps_sampford(pi: ArrayLike) -> Matrix:
    """Sampford's formula with λ_i = π_i / (n (1 - π_i)); certain units stand beside it.

    π_ij = K λ_i λ_j Σ_{t=2}^{n} (t - π_i - π_j) L_{n-t}(without i, j) / n^{t-2}, K = 1 / Σ_{t=1}^{n} t L_{n-t} / n^t.
    Source: Sampford (1967). R: `sampling::UPsampfordpi2(pik)`.
    """
    chances = np.asarray(pi, np.float64)
    inner = np.flatnonzero((chances > 0) & (chances < 1))
    result = np.outer(chances, chances)
    if len(inner) == 0:
        return result
    p = chances[inner]
    n = round(float(p.sum()))
    odds = p / (n * (1 - p))
    sums = _elementary(odds[np.newaxis, :], n)[-1, 0]
    scale = 1 / sum(t * sums[n - t] / n**t for t in range(1, n + 1))
    within = np.zeros((len(inner), len(inner)))
    without = _without_two(odds, max(n - 2, 0))
    for t in range(2, n + 1):
        within += (t - np.add.outer(p, p)) * without[n - t] / float(n) ** (t - 2)
    within *= scale * np.outer(odds, odds)
    np.fill_diagonal(within, p)
    result[np.ix_(inner, inner)] = within
    np.fill_diagonal(result, chances)
    return result


def _without_two(odds: NDArray[np.float64], most: int) -> NDArray[np.float64]:
    """L_0 … L_most over all units but i and j, as (most + 1, N, N); the diagonal leaves out one unit.

    Multiplied from what stands before j and after j: dividing a unit out again loses all digits near π = 1.
    """
    others = np.tile(odds, (len(odds), 1))
    np.fill_diagonal(others, 0.0)  # row i leaves out i
    before = _elementary(others, most)[:-1]
    after = _elementary(others[:, ::-1], most)[:-1][::-1]
    result = np.zeros((most + 1, len(odds), len(odds)))
    for m in range(most + 1):
        for part in range(m + 1):
            result[m] += before[:, :, part].T * after[:, :, m - part].T
    return result


def _elementary(values: NDArray[np.float64], most: int) -> NDArray[np.float64]:
    """The elementary symmetric sums L_0 … L_most of each row, after 0, 1, … values: (values + 1, rows, most + 1)."""
    sums = np.zeros((values.shape[1] + 1, values.shape[0], most + 1))
    sums[0, :, 0] = 1
    for position in range(values.shape[1]):
        sums[position + 1] = sums[position]
        sums[position + 1, :, 1:] += values[:, position, np.newaxis] * sums[position, :, :-1]
    return sums


def pps_tille(pi: ArrayLike) -> Matrix:
    """The product over the steps of 1 - r_i - r_j, r the probabilities of leaving. Source: Tillé (1996).

    R: `sampling::UPtillepi2(pik)`.
    """
    chances = np.asarray(pi, np.float64)
    n = round(float(chances.sum()))
    eligible = int((chances > 0).sum())
    result = np.ones((len(chances), len(chances)))
    before = np.where(chances > 0, 1.0, 0.0)
    for size in range(eligible - 1, n - 1, -1):
        after = inclusion_probabilities(chances, size)
        stays = np.divide(after, before, out=np.zeros_like(after), where=before > 0)
        result *= np.add.outer(stays, stays) - 1
        before = after
    result[chances == 0, :] = 0
    result[:, chances == 0] = 0
    np.fill_diagonal(result, chances)
    return result
