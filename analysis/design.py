"""A sample and how it was drawn: strata, stages of sampling units, weights, finite populations, replicates."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis import estimates
from analysis.pps_variance import quadratic_form
from analysis.replicates import Replicates, bootstrap, half_samples, jackknife
from analysis.residuals import Adjustment, residual_scores
from analysis.taylor import LONELY_RULES, Codes, DesignError, Floats, Stage, Truths, covariance_of_totals, sums_by_code

Columns = str | Sequence[str]


@dataclass(frozen=True, init=False)
class Design:
    """One row per respondent in `frame`; the other arguments name columns of it.

    strata: of the first stage, several columns are crossed. psu: sampling units, one column a stage; none = every row
    is its own. weights: design weights; none = product over stages of population / sample where `fpc` is given, else 1.
    fpc: population count of each stage's stratum, or the share that was drawn; none = with replacement; under `pps`
    the inclusion probability of the unit. nest: PSU labels repeat between strata.
    lonely: what a stratum with one PSU contributes (fail, remove, certainty, adjust, average).
    replicates: replicate weights in place of the Taylor variance. pps: unequal probabilities without replacement:
    `brewer` at any number of stages; `overton`, `hartley-rao`, or `joint` with the matrix `joint` of the sampled units,
    in one stage (see `pps_variance`).

    R: `svydesign(id=~psu, strata=~strata, weights=~weights, fpc=~fpc, data=frame, nest=nest)`.
    """

    frame: pd.DataFrame
    weights: Floats
    stages: tuple[Stage, ...]
    lonely: str
    replicates: Replicates | None
    df: int
    adjustments: tuple[Adjustment, ...]
    quadratic: Floats | None

    def __init__(
        self,
        frame: pd.DataFrame,
        *,
        strata: Columns | None = None,
        psu: Columns | None = None,
        weights: str | None = None,
        fpc: Columns | None = None,
        nest: bool = False,
        lonely: str = "fail",
        replicates: Replicates | None = None,
        pps: str | None = None,
        joint: Floats | None = None,
        sum_of_squares: float | None = None,
        yates_grundy: bool = False,
    ) -> None:
        if lonely not in LONELY_RULES:
            raise DesignError(f"lonely={lonely!r}: use one of {', '.join(LONELY_RULES)}.")
        frame = frame.reset_index(drop=True)
        stages = _stages(frame, _names(strata), _names(psu), _names(fpc), nest, pps is not None)
        quadratic = None
        if pps is not None and pps != "brewer":
            first = stages[0]
            quadratic = quadratic_form(
                first.fraction, pps, strata=first.stratum, joint=joint, sum_of_squares=sum_of_squares,
                yates_grundy=yates_grundy,
            )  # fmt: skip
        if weights is not None:
            weight = frame[weights].to_numpy(dtype=np.float64)
        elif fpc is not None:
            weight = _weights_from_fractions(stages)
        else:
            weight = np.ones(len(frame))
        first = stages[0]
        for name, value in (
            ("frame", frame),
            ("weights", weight),
            ("stages", stages),
            ("lonely", lonely),
            ("replicates", replicates),
            ("df", _units_less_strata(first, weight != 0) if replicates is None else replicates.df(weight)),
            ("adjustments", ()),
            ("quadratic", quadratic),
        ):
            object.__setattr__(self, name, value)

    def jackknife(self, mse: bool = False) -> "Design":
        """The same sample with JK1 (one stratum) or JKn replicates. R: `as.svrepdesign(design)`."""
        return self._with(jackknife(self.stages[0], mse))

    def half_samples(self, rho: float = 0.0, mse: bool = False) -> "Design":
        """The same sample with BRR (rho 0) or Fay replicates. R: `as.svrepdesign(design, type="Fay", fay.rho=rho)`."""
        return self._with(half_samples(self.stages[0], rho, mse))

    def bootstrap(self, count: int = 200, *, seed: int, mse: bool = False) -> "Design":
        """The same sample with Rao-Wu bootstrap replicates. R: `as.svrepdesign(design, type="subbootstrap")`."""
        return self._with(bootstrap(self.stages[0], count, seed, mse))

    def covariance(self, totals: Floats, estimate: "estimates.Function") -> tuple[Floats, Floats, Floats]:
        """Estimate (k,), its covariance (k, k) and the linearised variable (n, k) of a function of weighted totals.

        totals: (n, m) variables whose weighted sums the function takes."""
        value, slopes = estimate(self.weights @ totals)
        linear = totals @ slopes.T
        if self.replicates is None:
            return value, self.covariance_of_scores(self.weights[:, None] * linear), linear
        sums = (self.replicates.factors * self.weights[:, None]).T @ totals
        repeated = np.stack([estimate(row)[0] for row in sums])
        return value, self.replicates.covariance(repeated, value), linear

    def covariance_of_scores(self, scores: Floats) -> Floats:
        """Covariance (k, k) of the column sums of `scores` (n, k), weight times variable; not for replicates."""
        scores = residual_scores(scores, self.adjustments)
        if self.quadratic is None:
            return covariance_of_totals(scores, self.stages, self.lonely)
        totals = sums_by_code(scores, self.stages[0].cluster, len(self.quadratic))
        return np.asarray(totals.T @ self.quadratic @ totals)

    def repeated(self, estimate: Callable[[Floats], Floats]) -> Floats:
        """Covariance (k, k) by replicates of any function of the weights (n,) → (k,); needs replicates."""
        if self.replicates is None:
            raise DesignError("This design has no replicate weights.")
        weights = self.replicates.factors * self.weights[:, None]
        values = np.stack([estimate(column) for column in weights.T])
        return self.replicates.covariance(values, estimate(self.weights))

    def df_within(self, inside: Truths, *, weightless: bool = False) -> int:
        """Degrees of freedom of a domain (n,): only the sampling units and strata that have a member in it with a
        weight (`weightless`: or without one). R: `degf(subset(design, inside))`."""
        if self.replicates is not None:
            return self.replicates.df(np.where(inside, self.weights, 0.0))
        inside = inside if weightless else inside & (self.weights != 0)
        return _units_less_strata(self.stages[0], inside)

    def rows_of(self, domain: Truths) -> Truths:
        """The rows that R counts in a domain, with missing answers: after calibration all stay in its data."""
        return np.ones_like(domain) if self.adjustments and self.replicates is None else domain

    def mean(self, variables: Columns, by: Columns | None = None, **options: object) -> pd.DataFrame:
        """Weighted means as a tidy table; see `estimates.mean`."""
        return estimates.mean(self, variables, by, **options).table  # type: ignore[arg-type]

    def total(self, variables: Columns, by: Columns | None = None, **options: object) -> pd.DataFrame:
        """Weighted totals as a tidy table; see `estimates.total`."""
        return estimates.total(self, variables, by, **options).table  # type: ignore[arg-type]

    def ratio(self, numerator: str, denominator: str, by: Columns | None = None, **options: object) -> pd.DataFrame:
        """A ratio of totals as a tidy table; see `estimates.ratio`."""
        return estimates.ratio(self, numerator, denominator, by, **options).table  # type: ignore[arg-type]

    def _with(self, replicates: Replicates) -> "Design":
        cluster = self.stages[0].cluster
        # All rows of a sampling unit have one factor: the root of their Σw² stands for them.
        row = np.unique(cluster, return_index=True)[1]
        df = replace(replicates, factors=replicates.factors[row]).df(np.sqrt(np.bincount(cluster, self.weights**2)))
        return replace_fields(self, replicates=replicates, df=df)


def replace_fields(design: Design, **changes: object) -> Design:
    """A copy of the design with some fields changed; the sample stays the same."""
    copy = object.__new__(Design)
    for name in Design.__dataclass_fields__:
        object.__setattr__(copy, name, changes.get(name, getattr(design, name)))
    return copy


def _units_less_strata(first: Stage, inside: Truths) -> int:
    units = np.unique(first.cluster[inside])
    return len(units) - len(np.unique(first.stratum[units]))


def _names(columns: Columns | None) -> list[str]:
    return [] if columns is None else [columns] if isinstance(columns, str) else list(columns)


def _stages(
    frame: pd.DataFrame, strata: list[str], psu: list[str], fpc: list[str], nest: bool, by_size: bool
) -> tuple[Stage, ...]:
    stratum, labels = _codes(frame, strata)
    stages = []
    for depth in range(max(len(psu), 1)):
        if depth and depth >= len(fpc):
            break  # without the population of this stage its share of the variance is in the stage above
        units = np.arange(len(frame)) if not psu else pd.factorize(frame[psu[depth]], sort=True)[0]
        if depth or nest:
            units = pd.factorize(pd.Series(zip(stratum, units, strict=True)))[0]
        cluster = units.astype(np.intp)
        count = int(cluster.max()) + 1
        of_cluster = np.zeros(count, dtype=np.intp)
        of_cluster[cluster] = stratum
        if (of_cluster[cluster] != stratum).any():
            raise DesignError(f"Labels of {psu[depth]} repeat between strata: give nest=True.")
        sampled = np.bincount(of_cluster, minlength=len(labels)).astype(np.float64)
        fraction = np.zeros(count)
        if depth < len(fpc):
            known = np.zeros(count)
            known[cluster] = frame[fpc[depth]].to_numpy(dtype=np.float64)
            shares = by_size or bool((frame[fpc] <= 1).all(axis=None) and (known < 1).any())
            fraction = (
                known if shares else np.divide(sampled[of_cluster], known, out=np.full(count, 2.0), where=known > 0)
            )
            if not ((fraction > 0) & (fraction <= 1)).all():
                if shares:
                    raise DesignError(f"{fpc[depth]}: inclusion probabilities must be above 0 and at most 1.")
                raise DesignError(f"{fpc[depth]} is smaller than the sample in some stratum.")
        stages.append(Stage(cluster, of_cluster, sampled, fraction, labels))
        stratum, labels = cluster, tuple(map(str, range(count)))
    return tuple(stages)


def _codes(frame: pd.DataFrame, columns: list[str]) -> tuple[Codes, tuple[str, ...]]:
    if not columns:
        return np.zeros(len(frame), dtype=np.intp), ("all",)
    codes = frame.groupby(columns, sort=True, observed=True, dropna=False).ngroup().to_numpy(dtype=np.intp)
    first = frame.loc[np.unique(codes, return_index=True)[1], columns]
    return codes, tuple(".".join(map(str, row)) for row in first.itertuples(index=False))


def _weights_from_fractions(stages: Sequence[Stage]) -> Floats:
    weight = np.ones(len(stages[0].cluster))
    for stage in stages:
        weight = weight / stage.fraction[stage.cluster]
    return weight
