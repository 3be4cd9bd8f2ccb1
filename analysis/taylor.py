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
    fraction: (C,) chance with which each cluster was drawn: the share of its stratum's clusters, or its inclusion
    probability where clusters were drawn by size; 0 with replacement; labels: (H,) names.
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
            above = above[stage.stratum] * stage.fraction
            if not above.any():
                break
    return total


def satterthwaite_df(scores: Floats, stage: Stage, lonely: str = "fail") -> Floats:
    """Degrees of freedom (k,) of the variances of the column sums of `scores` (n, k) at the first stage.

    (Σ_h v_h)² / Σ_h v_h²/(n_h-1), v_h what stratum h adds: few where a stratum of few units makes most of the variance,
    which sampling units less strata would hide. A lone unit counts as one degree; NaN where nothing varies.
    Source: Satterthwaite (1946); Korn & Graubard (1999) 5.2. R: none in survey, whose `degf` is units less strata; for
    strata of persons that of `t.test(x, y, var.equal=FALSE)$parameter`.
    """
    deviations = _deviations(scores, stage, np.ones(len(stage.sampled)), lonely)
    of_stratum = sums_by_code(deviations**2, stage.stratum, len(stage.sampled))
    below = (of_stratum**2 / np.maximum(stage.sampled - 1, 1)[:, None]).sum(axis=0)
    above = of_stratum.sum(axis=0) ** 2
    return np.asarray(np.divide(above, below, out=np.full(len(below), np.nan), where=below > 0))


def domain_variances(
    scores: Floats, domains: Codes, count: int, stages: Sequence[Stage], lonely: str = "fail"
) -> Floats:
    """Variances (count, k) of the sums of `scores` (n, k) in each of `count` domains that do not overlap.

    domains: (n,) domain of each row, -1 = none. The diagonal of `covariance_of_totals` for n-by-domains columns, at the
    cost of the rows alone: a sampling unit without a member of the domain counts 0.
    R: `SE(svyby(~y, ~domain, design, svytotal))^2`."""
    inside = domains >= 0
    scores, domains = scores[inside], domains[inside]
    total = np.zeros((count, scores.shape[1]))
    above = np.ones(len(stages[0].sampled))
    for stage in stages:
        pair, place = np.unique(stage.cluster[inside] * count + domains, return_inverse=True)
        sums = sums_by_code(scores, place, len(pair))
        cluster = pair // count
        multiplier, alone = _multipliers(stage, above, lonely, np.unique(stage.stratum[cluster]))
        upper, position = np.unique(stage.stratum[cluster] * count + pair % count, return_inverse=True)
        stratum, domain = upper // count, upper % count
        mean = sums_by_code(sums, position, len(upper)) / stage.sampled[stratum][:, None]
        common = sums_by_code(sums, pair % count, count) / len(stage.stratum)
        if lonely == "adjust":
            mean[alone[stratum]] = common[domain[alone[stratum]]]
        whole = np.bincount(stage.stratum, multiplier, minlength=len(stage.sampled))
        absent = whole[stratum] - np.bincount(position, multiplier[cluster], minlength=len(upper))
        spread = sums_by_code(multiplier[cluster][:, None] * (sums - mean[position]) ** 2, position, len(upper))
        lone = np.bincount(domain, alone[stratum], minlength=count)
        factor = _scaled_up(np.bincount(domain, minlength=count), lone, lonely)
        total += factor[:, None] * sums_by_code(spread + absent[:, None] * mean**2, domain, count)
        above = above[stage.stratum] * stage.fraction
        if not above.any():
            break
    return total


def sums_by_code(values: Floats, codes: Codes, count: int) -> Floats:
    """Column sums of `values` (n, k) by code: (count, k). R: `rowsum(x, code)`."""
    return np.stack([np.bincount(codes, column, minlength=count) for column in values.T], axis=1)


def _multipliers(stage: Stage, above: Floats, lonely: str, touched: Codes) -> tuple[Floats, Truths]:
    """(1-f_i) n_h/(n_h-1) times the fractions above, (C,); strata (H,) with a lone unit, among those `touched`.

    A stratum in which nobody is a member of the domain has no part in its variance, lone unit or not, as in R.
    With inclusion probabilities for f_i this is Brewer's approximation (Brewer 2002, 9.4)."""
    strata = len(stage.sampled)
    multiplier = above[stage.stratum] * (1 - stage.fraction)
    alone = np.zeros(strata, dtype=bool)
    alone[touched] = True
    alone &= (stage.sampled == 1) & (np.bincount(stage.stratum, multiplier, minlength=strata) > 0)
    multiplier = multiplier * (stage.sampled / np.maximum(stage.sampled - 1, 1))[stage.stratum]
    if alone.any() and lonely == "fail":
        names = ", ".join(stage.labels[h] for h in np.flatnonzero(alone)[:5])
        raise DesignError(f"Only one sampling unit in stratum {names}: merge strata or name a rule (lonely=).")
    if lonely != "adjust":
        multiplier[alone[stage.stratum]] = 0
    return multiplier, alone


def _scaled_up(strata: Codes, alone: Floats | Codes, lonely: str) -> Floats:
    """What the variance is multiplied by, so that strata with a lone unit count as the mean of the others; NaN where
    there are no others."""
    known = strata - alone
    scaled = np.divide(strata, known, out=np.where(strata > 0, np.nan, 1.0), where=known > 0)
    return scaled if lonely == "average" else np.ones(len(strata))


def _stage_covariance(scores: Floats, stage: Stage, above: Floats, lonely: str) -> Floats:
    deviations = _deviations(scores, stage, above, lonely)
    return np.asarray(deviations.T @ deviations)


def _deviations(scores: Floats, stage: Stage, above: Floats, lonely: str) -> Floats:
    """What each cluster (C, k) is off the mean of its stratum, scaled so that the sum of squares is the variance."""
    totals = sums_by_code(scores, stage.cluster, len(stage.stratum))
    touched = np.unique(stage.stratum[stage.cluster[scores.any(axis=1)]])
    centre = sums_by_code(totals, stage.stratum, len(stage.sampled)) / stage.sampled[:, None]
    multiplier, alone = _multipliers(stage, above, lonely, touched)
    factor = np.ones(scores.shape[1])
    if alone.any():  # each column has its own domain, which need not touch all these strata
        strata = stage.stratum[stage.cluster]
        within = sums_by_code((scores != 0).astype(np.float64), strata, len(stage.sampled)) > 0
        lone = within & alone[:, None]
        factor = _scaled_up(within.sum(axis=0), lone.sum(axis=0), lonely)
        if lonely == "adjust":
            centre = np.where(lone, totals.mean(axis=0), centre)
    return np.asarray((totals - centre[stage.stratum]) * np.sqrt(multiplier)[:, None] * np.sqrt(factor))
