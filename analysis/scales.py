"""Do several questions measure one thing? Alpha, omega, item-rest correlations, split halves.

Items are (n, p), one column a question, reverse-coded first (`reversed_items`), NaN where missing. Covariances are
pairwise over the persons who answered both, so report n. Source: Cronbach (1951); Feldt (1965); McDonald (1999);
Guttman (1945). R: `psych::alpha`, `survey::svycralpha`, `stats::factanal`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import optimize, stats

from analysis.inputs import Values, aligned, matrix, refuse_rows, vector
from analysis.taylor import DesignError, Floats


@dataclass(frozen=True)
class Alpha:
    """Reliability of a sum score and of its items (arrays (p,) in the order of the items)."""

    raw: float
    standardised: float
    guttman6: float  # Guttman's λ6, from squared multiple correlations
    average_r: float
    mean: float  # of the persons' item means
    sd: float
    item_rest: Floats  # correlation of an item with the sum of the others
    item_total: Floats
    item_mean: Floats
    item_sd: Floats
    alpha_if_deleted: Floats
    low: float  # Feldt's limits
    high: float
    n: int  # persons with at least one answer
    items: tuple[str, ...]  # names of the columns, or their places from 1

    @property
    def table(self) -> pd.DataFrame:
        """One tidy row a question."""
        return pd.DataFrame({
            "item": self.items, "mean": self.item_mean, "sd": self.item_sd, "item_rest": self.item_rest,
            "item_total": self.item_total, "alpha_if_deleted": self.alpha_if_deleted,
        })  # fmt: skip


def cronbach_alpha(items: Values, level: float = 0.95) -> Alpha:
    """α = p/(p-1) (1 - tr C / ΣC) with all that goes with it. R: `psych::alpha(items)`."""
    names = tuple(map(str, items.columns)) if isinstance(items, pd.DataFrame) else None
    items = matrix(items, "items")
    answered = items[~np.isnan(items).all(axis=1)]
    n, p = answered.shape
    if p < 2 or n < 3:
        raise DesignError("A scale needs two questions and three persons.")
    covariance = pairwise_covariance(answered)
    sd = np.sqrt(np.diag(covariance))
    if (sd == 0).any():
        raise DesignError("All answers to some question are equal: leave it out of the scale.")
    correlation = covariance / np.outer(sd, sd)
    averages = np.nanmean(answered, axis=1)
    raw = alpha_of(covariance)
    rest = covariance.sum(axis=1) - sd**2
    spread_rest = covariance.sum() - 2 * covariance.sum(axis=1) + sd**2
    uniqueness = 1 / np.diag(np.linalg.inv(correlation))
    tail = (1 - level) / 2
    freedom = n - 1, (n - 1) * (p - 1)
    return Alpha(
        raw=raw,
        standardised=alpha_of(correlation),
        guttman6=float(1 - uniqueness.sum() / correlation.sum()),
        average_r=float((correlation.sum() - p) / (p * (p - 1))),
        mean=float(averages.mean()),
        sd=float(averages.std(ddof=1)),
        item_rest=rest / sd / np.sqrt(spread_rest),
        item_total=np.array([_correlation(answered[:, item], averages) for item in range(p)]),
        item_mean=np.nanmean(answered, axis=0),
        item_sd=np.nanstd(answered, axis=0, ddof=1),
        alpha_if_deleted=np.array([_without(covariance, item) for item in range(p)]),
        low=float(1 - (1 - raw) * stats.f.ppf(1 - tail, *freedom)),
        high=float(1 - (1 - raw) * stats.f.ppf(tail, *freedom)),
        n=n,
        items=names or tuple(str(place) for place in range(1, p + 1)),
    )


def weighted_alpha(items: Values, weights: Values) -> float:
    """α from weighted variances of complete rows. R: `survey::svycralpha(~a+b, design, na.rm=TRUE)`."""
    weights = aligned(items, weights, "weights", "items")
    items = matrix(items, "items")
    weights = vector(weights, "weights", len(items), missing=False)
    refuse_rows(weights < 0, "weights is negative", "a row stands for no fewer than 0 persons")
    complete = ~np.isnan(items).any(axis=1) & (weights > 0)
    if items.shape[1] < 2 or complete.sum() < 2:
        raise DesignError("A scale needs two questions and two persons who answered all of them.")
    return alpha_of(weighted_covariance(items[complete], weights[complete]))


def alpha_of(covariance: Floats) -> float:
    """α of a covariance (p, p) or correlation matrix. R: `psych::alpha(C)$total$raw_alpha`."""
    p = len(covariance)
    return float(p / (p - 1) * (1 - np.trace(covariance) / covariance.sum())) if p > 1 else float("nan")


@dataclass(frozen=True)
class Omega:
    """One common factor by maximum likelihood: ω total, loadings (p,) and uniquenesses (p,) on the given matrix."""

    total: float
    loadings: Floats
    uniquenesses: Floats


def one_factor_omega(items: Values, standardised: bool = True) -> Omega:
    """ω = (Σλ)² / ((Σλ)² + Σψ) from complete rows; of correlations, or of covariances.

    R: `factanal(items, 1)`; covariances: `lavaan::cfa("f =~ …", std.lv=TRUE)`."""
    items = matrix(items, "items")
    complete = items[~np.isnan(items).any(axis=1)]
    if complete.shape[1] < 3 or len(complete) <= complete.shape[1]:
        raise DesignError("One factor needs three questions and more complete forms than questions.")
    sd = complete.std(axis=0, ddof=1)
    if (sd == 0).any():
        raise DesignError("All answers to some question are equal: leave it out of the scale.")
    correlation = np.asarray(np.corrcoef(complete, rowvar=False))
    loadings, unique = one_factor(correlation)
    if not standardised:  # the likelihood does not depend on the scale of the items
        loadings, unique = loadings * sd, unique * sd**2
    common = float(loadings.sum() ** 2)
    return Omega(common / (common + float(unique.sum())), loadings, unique)


def one_factor(correlation: Floats, least: float = 0.005) -> tuple[Floats, Floats]:
    """Loadings and uniquenesses (p,) of one factor, by maximum likelihood over the uniquenesses (Lawley).

    R: `factanal(covmat=C, factors=1)`, or `psych::fa(C, fm="ml")`."""

    def leading(unique: Floats) -> tuple[Floats, Floats]:
        half = 1 / np.sqrt(unique)
        roots, vectors = np.linalg.eigh(correlation * np.outer(half, half))
        return roots, np.sqrt(max(roots[-1] - 1, 0)) * vectors[:, -1] / half

    def distance(unique: Floats) -> tuple[float, Floats]:
        roots, loadings = leading(unique)
        rest = np.maximum(roots[:-1], 1e-300)
        slope = np.diag(np.outer(loadings, loadings) + np.diag(unique) - correlation) / unique**2
        return float((rest - np.log(rest) - 1).sum()), slope

    start = np.clip(0.5 / np.diag(np.linalg.inv(correlation)), least, 1)
    found = optimize.minimize(
        distance, start, jac=True, method="L-BFGS-B", bounds=[(least, 1.0)] * len(start),
        options={"ftol": 1e-15, "gtol": 1e-10, "maxiter": 5000},
    )  # fmt: skip
    loadings = leading(found.x)[1]
    return np.asarray(loadings * (1 if loadings.sum() >= 0 else -1)), np.asarray(found.x)


def split_half(items: Values, first: Sequence[int] | None = None) -> tuple[float, float]:
    """Correlation of two half sums and its Spearman-Brown step-up. Default halves: odd and even places.

    R: `cor(rowSums(x[, odd]), rowSums(x[, even]))`, `2 * r / (1 + r)`; all halves: `psych::splitHalf`."""
    items = matrix(items, "items")
    p = items.shape[1]
    one = list(range(0, p, 2)) if first is None else list(first)
    other = [item for item in range(p) if item not in one]
    r = _correlation(items[:, one].sum(axis=1), items[:, other].sum(axis=1))
    return r, 2 * r / (1 + r)


def reversed_items(items: Values, columns: Sequence[int], lowest: float, highest: float) -> Floats:
    """A copy where the columns named are turned: lowest + highest - answer.

    R: `psych::reverse.code(keys, items, mini, maxi)`."""
    turned = matrix(items, "items")
    turned[:, list(columns)] = lowest + highest - turned[:, list(columns)]
    return turned


def pairwise_covariance(items: Values) -> Floats:
    """(p, p), divisor n - 1, over the persons who answered both items. R: `cov(x, use="pairwise")`."""
    items = matrix(items, "items")
    known = (~np.isnan(items)).astype(np.float64)
    filled = np.nan_to_num(items - np.nanmean(items, axis=0))
    both = known.T @ known
    if (both < 2).any():
        raise DesignError("Two questions of the scale have no two persons who answered both.")
    sums = filled.T @ known  # of item i over those who also answered j
    return np.asarray((filled.T @ filled - sums * sums.T / both) / (both - 1))


def weighted_covariance(items: Floats, weights: Floats) -> Floats:
    """n/(n-1) Σ w (x - x̄)(x - x̄)' / Σw, (p, p). R: `svyvar`."""
    n = len(items)
    centred = items - weights @ items / weights.sum()
    return np.asarray(n / (n - 1) * (centred.T @ (centred * weights[:, None])) / weights.sum())


def _without(covariance: Floats, item: int) -> float:
    kept = [other for other in range(len(covariance)) if other != item]
    return alpha_of(covariance[np.ix_(kept, kept)])


def _correlation(one: Floats, other: Floats) -> float:
    known = ~np.isnan(one) & ~np.isnan(other)
    return float(np.corrcoef(one[known], other[known])[0, 1])
