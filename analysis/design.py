"""A sample and how it was drawn: strata, stages of sampling units, weights, finite populations, replicates."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis import comparisons, contingency, estimates, proportion, quantiles
from analysis.inputs import (
    Columns,
    Given,
    Where,
    columns_of,
    numbers,
    refuse_missing,
    refuse_other,
    refuse_rows,
    refuse_varying,
    vector,
)
from analysis.pps_variance import quadratic_form
from analysis.replicates import Replicates, bootstrap, half_samples, jackknife
from analysis.residuals import Adjustment, residual_scores
from analysis.taylor import LONELY_RULES, Codes, DesignError, Floats, Stage, Truths, covariance_of_totals, sums_by_code


@dataclass(frozen=True, init=False)
class Design:
    """One row per respondent in `frame`; the other arguments name columns of it, or give a value for each row: a series
    is matched by its index, an array goes by position.

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
        strata: "Columns | None" = None,
        psu: "Columns | None" = None,
        weights: "Given | None" = None,
        fpc: "Columns | None" = None,
        nest: bool = False,
        lonely: str = "fail",
        replicates: Replicates | None = None,
        pps: str | None = None,
        joint: Floats | None = None,
        sum_of_squares: float | None = None,
        yates_grundy: bool = False,
    ) -> None:
        refuse_other(lonely, LONELY_RULES, "lonely")
        if not isinstance(frame, pd.DataFrame):
            raise DesignError(f"frame is a {type(frame).__name__}: give a table, such as pd.DataFrame(...).")
        if len(frame) == 0:
            raise DesignError("The sample has no row: give at least one.")
        frame = frame.copy()  # with its index, by which series are matched
        of_stratum, of_psu = columns_of(frame, strata, "strata"), columns_of(frame, psu, "psu")
        refuse_missing(of_stratum, list(of_stratum), "strata")
        refuse_missing(of_psu, list(of_psu), "psu")
        stages = _stages(of_stratum, of_psu, columns_of(frame, fpc, "fpc"), nest, pps is not None)
        quadratic = None
        if pps is not None and pps != "brewer":
            first = stages[0]
            quadratic = quadratic_form(
                first.fraction, pps, strata=first.stratum, joint=joint, sum_of_squares=sum_of_squares,
                yates_grundy=yates_grundy,
            )  # fmt: skip
        if weights is not None:
            weight = _weights_of(frame, weights)
        elif fpc is not None:
            weight = _weights_from_fractions(stages)
        else:
            weight = np.ones(len(frame))
        if replicates is not None:
            _refuse_replicates(replicates, len(frame))
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

        totals: (n, m) variables whose weighted sums the function takes.
        R: `vcov(svycontrast(svytotal(~a + b, design), quote(a / b)))`."""
        value, slopes = estimate(self.weights @ totals)
        linear = totals @ slopes.T
        if self.replicates is None:
            return value, self.covariance_of_scores(self.weights[:, None] * linear), linear
        sums = (self.replicates.factors * self.weights[:, None]).T @ totals
        repeated = np.stack([estimate(row)[0] for row in sums])
        return value, self.replicates.covariance(repeated, value), linear

    def covariance_of_scores(self, scores: Floats) -> Floats:
        """Covariance (k, k) of the column sums of `scores` (n, k), weight times variable; not for replicates.

        R: `survey::svyrecvar(scores, design$cluster, design$strata, design$fpc)`."""
        scores = residual_scores(scores, self.adjustments)
        if self.quadratic is None:
            return covariance_of_totals(scores, self.stages, self.lonely)
        totals = sums_by_code(scores, self.stages[0].cluster, len(self.quadratic))
        return np.asarray(totals.T @ self.quadratic @ totals)

    def repeated(self, estimate: Callable[[Floats], Floats]) -> Floats:
        """Covariance (k, k) by replicates of any function of the weights (n,) → (k,); needs replicates.

        R: `vcov(withReplicates(design, function(w, data) ...))`."""
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
        """The rows that R counts in a domain, with missing answers: after calibration all stay in its data.

        R: the rows that `subset(design, inside)` keeps in its data."""
        return np.ones_like(domain) if self.adjustments and self.replicates is None else domain

    def mean(self, variables: Columns, by: "Columns | None" = None, **options: object) -> pd.DataFrame:
        """Weighted means as a tidy table; see `estimates.mean`."""
        return estimates.mean(self, variables, by, **options).table  # type: ignore[arg-type]

    def total(self, variables: Columns, by: "Columns | None" = None, **options: object) -> pd.DataFrame:
        """Weighted totals as a tidy table; see `estimates.total`."""
        return estimates.total(self, variables, by, **options).table  # type: ignore[arg-type]

    def ratio(
        self, numerator: Given, denominator: Given, by: "Columns | None" = None, **options: object
    ) -> pd.DataFrame:
        """A ratio of totals as a tidy table; see `estimates.ratio`."""
        return estimates.ratio(self, numerator, denominator, by, **options).table  # type: ignore[arg-type]

    def contrast(
        self, variables: Columns, coefficients: Sequence[float], by: "Columns | None" = None, **options: object
    ) -> pd.DataFrame:
        """A linear combination of means, one coefficient a row of `design.mean(variables, by)`; options as `mean`.

        R: `svycontrast(svyby(~y, ~by, design, svymean, covmat=TRUE), coefficients)`."""
        found = estimates.mean(self, variables, by, **options)  # type: ignore[arg-type]
        return estimates.contrast(found, coefficients, level=float(str(options.get("level", 0.95)))).table

    def proportion(self, event: Given, by: "Columns | None" = None, **options: object) -> pd.DataFrame:
        """Weighted shares with limits within 0 and 1 as a tidy table; see `proportion.proportion`."""
        return proportion.proportion(self, event, by, **options)  # type: ignore[arg-type]

    def quantile(
        self,
        variable: Given,
        p: float | Sequence[float] = (0.25, 0.5, 0.75),
        by: "Columns | None" = None,
        **options: object,
    ) -> pd.DataFrame:
        """Weighted quantiles as a tidy table; see `quantiles.quantile`."""
        return quantiles.quantile(self, variable, p, by, **options)  # type: ignore[arg-type]

    def t_test(self, values: Given, groups: "Given | None" = None, **options: object) -> pd.DataFrame:
        """Do two groups differ in their mean, or (without groups) does the mean differ from `value`? One row; see
        `comparisons.two_sample_t`, `one_sample_t`."""
        if groups is None:
            return comparisons.one_sample_t(self, values, **options).table  # type: ignore[arg-type]
        return comparisons.two_sample_t(self, values, groups, **options).table  # type: ignore[arg-type]

    def rank_test(self, values: Given, groups: Given, **options: object) -> pd.DataFrame:
        """Do groups differ in rank? One row; see `comparisons.rank_test`."""
        return comparisons.rank_test(self, values, groups, **options).table  # type: ignore[arg-type]

    def crosstab(self, rows: Given, cols: Given, where: Where = None) -> pd.DataFrame:
        """Weighted counts, one row a level of `rows`; see `contingency.crosstab`."""
        return contingency.crosstab(self, rows, cols, where)

    def _with(self, replicates: Replicates) -> "Design":
        cluster = self.stages[0].cluster
        # All rows of a sampling unit have one factor: the root of their Σw² stands for them.
        row = np.unique(cluster, return_index=True)[1]
        df = replace(replicates, factors=replicates.factors[row]).df(np.sqrt(np.bincount(cluster, self.weights**2)))
        return replace_fields(self, replicates=replicates, df=df)


def replace_fields(design: Design, **changes: object) -> Design:
    """A copy of the design with some fields changed; the sample stays the same.

    No R equivalent: `update(design, ...)` changes columns of the data only."""
    copy = object.__new__(Design)
    for name in Design.__dataclass_fields__:
        object.__setattr__(copy, name, changes.get(name, getattr(design, name)))
    return copy


def _units_less_strata(first: Stage, inside: Truths) -> int:
    units = np.unique(first.cluster[inside])
    return len(units) - len(np.unique(first.stratum[units]))


def _weights_of(frame: pd.DataFrame, given: Given) -> Floats:
    weights = numbers(frame, given, "weights", missing=False)
    what = f"weights: {given}" if isinstance(given, str) else "weights"
    refuse_rows(weights < 0, f"{what} is negative", "a row stands for no fewer than 0 persons")
    if not weights.any():
        raise DesignError(f"{what} is 0 in all {len(weights)} rows: nobody is left to count.")
    return weights


def _refuse_replicates(replicates: Replicates, rows: int) -> None:
    factors = replicates.factors
    if factors.ndim != 2 or len(factors) != rows or factors.shape[1] != len(replicates.rscales):
        raise DesignError(
            f"replicates: factors {factors.shape} with {len(replicates.rscales)} rscales do not fit {rows} rows: "
            "give a row for each row of the data, a column and an rscale for each replicate."
        )
    refuse_rows(
        np.asarray(~np.isfinite(factors).all(axis=1)), "replicates: a factor is missing or infinite", "correct it"
    )


def _stages(strata: pd.DataFrame, psu: pd.DataFrame, fpc: pd.DataFrame, nest: bool, by_size: bool) -> tuple[Stage, ...]:
    stratum, labels = _codes(strata)
    populations = [vector(given, f"fpc: {name}", missing=False) for name, given in fpc.items()]
    depths = max(psu.shape[1], 1)
    if len(populations) not in (0, depths):
        raise DesignError(
            f"Stages of psu: {depths}, of fpc: {len(populations)}. Give the population of each stage, and name in psu "
            "only stages whose population is known."
        )
    level = "stratum"
    stages = []
    for depth in range(depths):
        if depth and not populations:
            break  # without the population of this stage its share of the variance is in the stage above
        units = np.arange(len(psu)) if psu.empty else pd.factorize(psu.iloc[:, depth], sort=True)[0]
        if depth or nest:
            units = pd.factorize(pd.Series(zip(stratum, units, strict=True)))[0]
        cluster = units.astype(np.intp)
        count = int(cluster.max()) + 1
        of_cluster = np.zeros(count, dtype=np.intp)
        of_cluster[cluster] = stratum
        if (of_cluster[cluster] != stratum).any():
            raise DesignError(f"Labels of {psu.columns[depth]} repeat between strata: give nest=True.")
        names = _unit_names(psu, depth, cluster, [labels[above] for above in of_cluster] if depth or nest else [])
        below = "row" if psu.empty else str(psu.columns[depth])
        sampled = np.bincount(of_cluster, minlength=len(labels)).astype(np.float64)
        fraction = np.zeros(count)
        if populations:
            if by_size:
                refuse_varying(populations[depth], cluster, names, f"fpc: {fpc.columns[depth]}", below)
            else:
                refuse_varying(populations[depth], stratum, labels, f"fpc: {fpc.columns[depth]}", level)
            known = np.zeros(count)
            known[cluster] = populations[depth]
            shares = by_size or bool(all((each <= 1).all() for each in populations) and (known < 1).any())
            fraction = (
                known if shares else np.divide(sampled[of_cluster], known, out=np.full(count, 2.0), where=known > 0)
            )
            if not ((fraction > 0) & (fraction <= 1)).all():
                if shares:
                    raise DesignError(f"{fpc.columns[depth]}: inclusion probabilities must be above 0 and at most 1.")
                raise DesignError(f"{fpc.columns[depth]} is smaller than the sample in some stratum.")
        stages.append(Stage(cluster, of_cluster, sampled, fraction, labels))
        stratum, labels, level = cluster, names, below
    return tuple(stages)


def _unit_names(psu: pd.DataFrame, depth: int, cluster: Codes, above: Sequence[str]) -> tuple[str, ...]:
    """The label of each cluster (C,), after that of what it lies in where labels may repeat; of rows none."""
    if psu.empty:
        return ()
    own = [str(label) for label in psu.iloc[np.unique(cluster, return_index=True)[1], depth]]
    return tuple(".".join(each) for each in zip(above, own, strict=True)) if above else tuple(own)


def _codes(strata: pd.DataFrame) -> tuple[Codes, tuple[str, ...]]:
    if strata.empty:
        return np.zeros(len(strata), dtype=np.intp), ("all",)
    codes = strata.groupby(list(strata), sort=True, observed=True, dropna=False).ngroup().to_numpy(dtype=np.intp)
    first = strata.iloc[np.unique(codes, return_index=True)[1]]
    return codes, tuple(".".join(map(str, row)) for row in first.itertuples(index=False))


def _weights_from_fractions(stages: Sequence[Stage]) -> Floats:
    weight = np.ones(len(stages[0].cluster))
    for stage in stages:
        weight = weight / stage.fraction[stage.cluster]
    return weight
