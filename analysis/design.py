"""A sample and how it was drawn: strata, stages of sampling units, weights, finite populations, replicates."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis import estimates
from analysis.replicates import Replicates, bootstrap, half_samples, jackknife
from analysis.taylor import LONELY_RULES, Codes, DesignError, Floats, Stage, covariance_of_totals

Columns = str | Sequence[str]


@dataclass(frozen=True, init=False)
class Design:
    """One row per respondent in `frame`; the other arguments name columns of it.

    strata: of the first stage, several columns are crossed. psu: sampling units, one column a stage; none = every row
    is its own. weights: design weights; none = product over stages of population / sample where `fpc` is given, else 1.
    fpc: population count of each stage's stratum; none = with replacement. nest: PSU labels repeat between strata.
    lonely: what a stratum with one PSU contributes (fail, remove, certainty, adjust, average).
    replicates: replicate weights in place of the Taylor variance.

    R: `svydesign(id=~psu, strata=~strata, weights=~weights, fpc=~fpc, data=frame, nest=nest)`.
    """

    frame: pd.DataFrame
    weights: Floats
    stages: tuple[Stage, ...]
    lonely: str
    replicates: Replicates | None
    df: int

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
    ) -> None:
        if lonely not in LONELY_RULES:
            raise DesignError(f"lonely={lonely!r}: use one of {', '.join(LONELY_RULES)}.")
        frame = frame.reset_index(drop=True)
        stages = _stages(frame, _names(strata), _names(psu), _names(fpc), nest)
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
            ("df", len(first.stratum) - len(first.sampled) if replicates is None else _rank(weight, replicates) - 1),
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
            scores = self.weights[:, None] * linear
            return value, covariance_of_totals(scores, self.stages, self.lonely), linear
        sums = (self.replicates.factors * self.weights[:, None]).T @ totals
        repeated = np.stack([estimate(row)[0] for row in sums])
        return value, self.replicates.covariance(repeated, value), linear

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
        return replace_fields(self, replicates=replicates)


def replace_fields(design: Design, **changes: object) -> Design:
    """A copy of the design with some fields changed; the sample stays the same."""
    copy = object.__new__(Design)
    for name in Design.__dataclass_fields__:
        object.__setattr__(copy, name, changes.get(name, getattr(design, name)))
    return copy


def _names(columns: Columns | None) -> list[str]:
    return [] if columns is None else [columns] if isinstance(columns, str) else list(columns)


def _stages(frame: pd.DataFrame, strata: list[str], psu: list[str], fpc: list[str], nest: bool) -> tuple[Stage, ...]:
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
        fraction = np.zeros(len(labels))
        if depth < len(fpc):
            population = np.zeros(len(labels))
            population[stratum] = frame[fpc[depth]].to_numpy(dtype=np.float64)
            if (population < sampled).any():
                raise DesignError(f"{fpc[depth]} is smaller than the sample in some stratum.")
            fraction = sampled / population
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
        weight = weight / stage.fraction[stage.stratum[stage.cluster]]
    return weight


def _rank(weights: Floats, replicates: Replicates) -> int:
    return int(np.linalg.matrix_rank(replicates.factors * weights[:, None], tol=None))
