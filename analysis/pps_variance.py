"""Variance of totals under sampling with unequal probabilities without replacement, as a quadratic form z' Q z.

z_i = y_i / π_i are the weighted scores of the n sampled units. Source: Horvitz & Thompson (1952); Yates & Grundy
(1953); Hartley & Rao (1962); Overton (1985); Brewer (2002). R: `svydesign(id=~1, fpc=~p, pps=...)`.
"""

import numpy as np

from analysis.taylor import Codes, DesignError, Floats

METHODS = ("overton", "hartley-rao", "joint")


def quadratic_form(
    pi: Floats,
    method: str,
    *,
    strata: Codes | None = None,
    joint: Floats | None = None,
    sum_of_squares: float | None = None,
    yates_grundy: bool = False,
) -> Floats:
    """Q (n, n) so that the variance of Σ z is z' Q z. pi (n,): inclusion probabilities of the sampled units.

    overton: joint probabilities 2(n-1)π_iπ_j/(2n-π_i-π_j). hartley-rao: Σ_U π²/n from `sum_of_squares`, or estimated by
    Σ_s π/n. joint: the matrix given, such as those of `joint_probabilities`. In Horvitz-Thompson's form, or in that of
    Yates-Grundy. (Brewer's approximation needs no matrix: `taylor`.)
    R: `pps="overton"`, `HR(sum)`, `ppsmat(joint)`; `variance="YG"`."""
    codes = np.zeros(len(pi), dtype=np.intp) if strata is None else strata
    together = codes[:, None] == codes[None, :]
    n = np.bincount(codes)[codes].astype(np.float64)[:, None]
    either = pi[:, None] + pi[None, :]
    if method == "joint":
        if joint is None:
            raise DesignError("method='joint' needs the matrix of joint inclusion probabilities.")
        change = 1 - np.outer(pi, pi) / np.where(joint > 0, joint, np.nan)
        if np.isnan(change).any():
            raise DesignError("Some pairs can never be in the sample together: use Brewer's variance or hartley-rao.")
    elif method == "overton":
        change = np.where(together, 1 - (2 * n - either) / (2 * (n - 1)), 0.0)
    elif method == "hartley-rao":
        square = np.bincount(codes, pi)[codes][:, None] if sum_of_squares is None else sum_of_squares
        change = np.where(together, 1 - (n - either + square / n) / (n - 1), 0.0)
    else:
        raise DesignError(f"pps={method!r}: use one of {', '.join(METHODS)}.")
    np.fill_diagonal(change, 1 - pi)
    if yates_grundy:
        change = change - np.diag(change.sum(axis=1))
    return np.asarray(change)
