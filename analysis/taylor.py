"""Variance of estimated totals in a stratified multi-stage sample (ultimate-cluster and multi-stage Taylor variance).

Source: Särndal, Swensson & Wretman (1992) ch. 4; Lumley (2010) ch. 2-3. R: `survey:::multistage`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]
Truths = NDArray[np.bool_]

LONELY_RULES = ("fail", "remove", "certainty", "adjust", "average")


class DesignError(ValueError):
    """The sample as described cannot be: the message says which stratum or column, in English for the analyst."""


@dataclass(frozen=True)
class Stage:
    """One stage of sampling. Clusters 0..C-1 lie in strata 0..H-1 (from stage two: the clusters of the stage before).

    cluster: (n,) cluster of each row; stratum: (C,) stratum of each cluster; sampled: (H,) clusters drawn;
    fraction: (H,) share of the population's clusters that was drawn, 0 with replacement; labels: (H,) names.
    """

    cluster: Codes
    stratum: Codes
    sampled: Floats
    fraction: Floats
    labels: tuple[str, ...]


def covariance_of_totals(scores: Floats, stages: Sequence[Stage], lonely: str = "fail") -> Floats:
    """Covariance (k, k) of the column sums of `scores` (n, k), which are weight times variable, zero outside a domain.

    V = Σ_h (1-f_h) n_h/(n_h-1) Σ_i (z_hi - z̄_h)(z_hi - z̄_h)', plus for each further stage the same inside the
    clusters above it, times the fractions of the stages above. R: `vcov(svytotal(~x, design))`.
    """
    total = np.zeros((scores.shape[1], scores.shape[1]))
    above = np.ones(1)
    for depth, stage in enumerate(stages):
        if depth == 0:
            above = np.ones(len(stage.sampled))
        total += _stage_covariance(scores, stage, above, lonely)
        if depth + 1 < len(stages):
            above = (above * stage.fraction)[stage.stratum]
            if not above.any():
                break
    return total


def sums_by_code(values: Floats, codes: Codes, count: int) -> Floats:
    """Column sums of `values` (n, k) by code: (count, k)."""
    return np.stack([np.bincount(codes, column, minlength=count) for column in values.T], axis=1)


def _stage_covariance(scores: Floats, stage: Stage, above: Floats, lonely: str) -> Floats:
    totals = sums_by_code(scores, stage.cluster, len(stage.stratum))
    strata = len(stage.sampled)
    centre = sums_by_code(totals, stage.stratum, strata) / stage.sampled[:, None]
    multiplier = above * (1 - stage.fraction)
    alone = (stage.sampled == 1) & (multiplier > 0)
    many = stage.sampled > 1
    multiplier[many] *= stage.sampled[many] / (stage.sampled[many] - 1)
    factor = 1.0
    if alone.any():
        if lonely == "fail":
            names = ", ".join(stage.labels[h] for h in np.flatnonzero(alone)[:5])
            raise DesignError(f"Only one sampling unit in stratum {names}: merge strata or name a rule (lonely=).")
        if lonely == "adjust":
            centre[alone] = totals.mean(axis=0)
        else:
            multiplier[alone] = 0
        if lonely == "average":
            factor = strata / (strata - alone.sum())
    deviations = (totals - centre[stage.stratum]) * np.sqrt(multiplier)[stage.stratum][:, None]
    return np.asarray(factor * (deviations.T @ deviations))
