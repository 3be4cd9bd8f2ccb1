"""Replicate weights: jackknife, balanced half samples, Fay's method and the Rao-Wu bootstrap.

Source: Wolter (2007) ch. 3-5; Rao & Wu (1988); Rao, Wu & Yue (1992). R: `as.svrepdesign`.
"""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import hadamard

from analysis.taylor import Codes, DesignError, Floats, Stage

_INDEPENDENT = 1e-5


@dataclass(frozen=True)
class Replicates:
    """Factors (n, R) that multiply the weights, and how the spread of the R estimates becomes a variance:
    V = scale Σ_r rscales_r (θ_r - c)(θ_r - c)'; c is the mean of the θ_r with rscales_r > 0, or the full-sample
    estimate if `mse`. Factors below 0 are taken as they are. A replicate without an estimate, since it left out all of
    a domain, is left out, as R does."""

    factors: Floats
    scale: float
    rscales: Floats
    mse: bool = False

    def covariance(self, estimates: Floats, full: Floats) -> Floats:
        """Covariance (k, k) of the replicate estimates (R, k) around their mean or around `full` (k,).

        R: `survey::svrVar(thetas, scale, rscales, mse=FALSE, coef=full)`."""
        unknown = np.isnan(estimates)
        empty = unknown.all(axis=0)
        used = ~unknown[:, ~empty].any(axis=1)
        spread = self._spread(estimates[used], self.rscales[used], full)
        return np.asarray(self.scale * (spread.T @ spread))

    def variances(self, estimates: Floats, full: Floats) -> Floats:
        """The diagonal (k,) of `covariance` without the rest. R: `diag(svrVar(thetas, scale, rscales))`."""
        found = np.full(estimates.shape[1], np.nan)
        known = ~np.isnan(estimates)
        for pattern in np.unique(known, axis=1).T:  # one for nearly all columns
            columns = (known == pattern[:, None]).all(axis=0)
            if pattern.any():
                spread = self._spread(estimates[np.ix_(pattern, columns)], self.rscales[pattern], full[columns])
                found[columns] = self.scale * (spread**2).sum(axis=0)
        return found

    def _spread(self, estimates: Floats, rscales: Floats, full: Floats) -> Floats:
        centre = full if self.mse else estimates[rscales > 0].mean(axis=0)
        return np.asarray((estimates - centre) * np.sqrt(rscales)[:, None])

    def df(self, weights: Floats) -> int:
        """Degrees of freedom: how many of the replicate weights are independent, less one.

        What is left of a column after the others counts from 1e-5 of its length on, so that rounded files of weights
        add none. R: `degf(design)`, `qr(weights(design, "analysis"), tol=1e-5)$rank - 1`."""
        columns: Floats = np.asarray(np.linalg.qr(self.factors * weights[:, None], mode="r"), dtype=np.float64).T
        basis = np.zeros((columns.shape[1], 0))
        for column in columns:
            left = column - basis @ (basis.T @ column)
            left = left - basis @ (basis.T @ left)  # twice is enough (Kahan)
            length = float(np.linalg.norm(left))
            if length > _INDEPENDENT * np.linalg.norm(column):
                basis = np.column_stack([basis, left / length])
        return int(basis.shape[1]) - 1


def jackknife(stage: Stage, mse: bool = False) -> Replicates:
    """Delete one PSU at a time: JK1 with one stratum, JKn with more. The finite population enters as 1 - f; a stratum
    drawn as a whole has no replicates.

    R: `as.svrepdesign(design, type="JK1")`, `type="JKn"`."""
    n_h = stage.sampled[stage.stratum]
    left_out = np.flatnonzero(stage.fraction < 1)
    if (n_h[left_out] < 2).any():
        raise DesignError("The jackknife needs two sampling units in every stratum.")
    if not len(left_out):
        raise DesignError("All sampling units of the population are in the sample: nothing varies.")
    same_stratum = stage.stratum[:, None] == stage.stratum[left_out][None, :]
    by_cluster = np.where(same_stratum, (n_h / np.maximum(n_h - 1, 1))[:, None], 1.0)
    by_cluster[left_out, np.arange(len(left_out))] = 0
    rscales = ((n_h - 1) / n_h * (1 - stage.fraction))[left_out]
    return Replicates(by_cluster[stage.cluster], 1.0, rscales, mse)


def half_samples(stage: Stage, rho: float = 0.0, mse: bool = False) -> Replicates:
    """Balanced repeated replication with two PSUs a stratum; 0 < rho < 1 is Fay's method, scale 1/(R(1-rho)²).

    R: `as.svrepdesign(design, type="Fay", fay.rho=rho)`."""
    if (stage.sampled != 2).any():
        raise DesignError("Balanced half samples need exactly two sampling units in every stratum.")
    strata = len(stage.sampled)
    signs = hadamard(1 << strata.bit_length())[:, 1 : strata + 1].astype(np.float64)
    order = np.argsort(stage.stratum, kind="stable")
    first = np.ones(len(stage.stratum))
    first[order[1::2]] = -1
    by_cluster = 1 + (1 - rho) * first[:, None] * signs.T[stage.stratum]
    count = signs.shape[0]
    return Replicates(by_cluster[stage.cluster], 1 / (count * (1 - rho) ** 2), np.ones(count), mse)


def bootstrap(stage: Stage, count: int, seed: int, mse: bool = False) -> Replicates:
    """Rao-Wu bootstrap: draw n_h - 1 PSUs with replacement in each stratum, factor times drawn · n_h/(n_h-1).

    The same seed gives the same factors. R: `as.svrepdesign(design, type="subbootstrap", replicates=count)`."""
    if (stage.sampled < 2).any():
        raise DesignError("The bootstrap needs two sampling units in every stratum.")
    by_cluster = bootstrap_draws(stage.stratum, stage.sampled, count, seed)
    return Replicates(by_cluster[stage.cluster], 1 / count, np.ones(count), mse)


def bootstrap_draws(stratum: Codes, sampled: Floats, count: int, seed: int) -> Floats:
    """Rao-Wu factors (C, count) of clusters in strata (C,): times drawn among n_h - 1, times n_h / (n_h - 1).

    R: `survey::subbootweights(strata, psu, replicates)$repweights`, other draws by another generator."""
    random = np.random.default_rng(seed)
    order = np.argsort(stratum, kind="stable")  # clusters stratum by stratum
    size = sampled.astype(np.intp)
    first = np.cumsum(size) - size
    slots = np.repeat(np.arange(len(size)), size - 1)  # one row a draw: n_h - 1 in each stratum
    drawn = first[slots, None] + (random.random((len(slots), count)) * size[slots, None]).astype(np.intp)
    times = np.bincount((drawn * count + np.arange(count)).ravel(), minlength=len(stratum) * count)
    factors = np.empty((len(stratum), count))
    factors[order] = times.reshape(len(stratum), count)
    factors *= (sampled / (sampled - 1))[stratum][:, None]
    return factors
