"""Do two groups, or two measurements of the same persons, differ? Design-based t tests and rank tests.

Source: Lumley & Scott (2013) for ranks. R: `svyttest`, `svyranktest`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import stats

from analysis.design import Design
from analysis.taylor import DesignError, Floats, Truths

RANK_TESTS: dict[str, Callable[[Floats], Floats]] = {
    "wilcoxon": lambda rank: rank,
    "kruskalwallis": lambda rank: rank,
    "vanderwaerden": lambda rank: np.asarray(stats.norm.ppf(rank)),
    "median": lambda rank: (rank > 0.5).astype(np.float64),
}


@dataclass(frozen=True)
class TestResult:
    """A test: its statistic, degrees of freedom, p-value, the estimate it is about, its standard error and limits."""

    statistic: float
    df: tuple[float, ...]
    p_value: float
    estimate: float
    se: float
    ci_low: float
    ci_high: float


def one_sample_t(
    design: Design, values: Floats, *, value: float = 0.0, where: Truths | None = None, level: float = 0.95
) -> TestResult:
    """Is the mean of `values` (n,) equal to `value`? For two measurements of one person give their difference.

    df = PSUs - strata - 1 of the domain, also where an answer is missing, as R has it.
    R: `svyttest(I(a - b) ~ 0, design)`."""
    asked = np.ones(len(values), dtype=bool) if where is None else where
    estimate, covariance = _means(design, values, (asked & ~np.isnan(values))[:, None])
    return _t_result(float(estimate[0]), float(covariance[0, 0]), design.df_within(asked) - 1, level, value)


def two_sample_t(
    design: Design, values: Floats, groups: Floats, *, where: Truths | None = None, level: float = 0.95
) -> TestResult:
    """Do two groups have the same mean? `groups` (n,) holds 0 and 1; the estimate is mean of 1 minus mean of 0.

    R: `svyttest(y ~ group, design)`."""
    asked = np.ones(len(values), dtype=bool) if where is None else where
    inside = asked & ~np.isnan(values) & ~np.isnan(groups)
    members = np.stack([inside & (groups == each) for each in (1, 0)], axis=1)
    _refuse_empty(members)
    means, covariance = _means(design, values, members)
    contrast = np.array([1.0, -1.0])
    variance = float(contrast @ covariance @ contrast)
    return _t_result(float(contrast @ means), variance, design.df_within(asked) - 1, level)


def rank_test(
    design: Design, values: Floats, groups: Floats, *, test: str = "wilcoxon", where: Truths | None = None,
    level: float = 0.95,
) -> TestResult:  # fmt: skip
    """Do groups (codes 0, 1, … (n,)) differ in rank? Weighted mid-ranks over the population, 0 to 1, then their score.

    wilcoxon and kruskalwallis: the rank; vanderwaerden: its normal quantile; median: above one half. Two groups: a t
    test of the difference in mean score; more: F of all differences, statistic = Wald's χ².
    R: `svyranktest(y ~ group, design, test=test)`."""
    score = RANK_TESTS.get(test.lower())
    if score is None:
        raise DesignError(f"test={test!r}: use one of {', '.join(RANK_TESTS)}.")
    inside = ~np.isnan(values) & ~np.isnan(groups)
    inside = inside if where is None else inside & where
    labels = np.unique(groups[inside])
    scores = np.zeros(len(values))
    scores[inside] = score(_mid_ranks(values[inside], design.weights[inside]))
    members = np.stack([inside & (groups == label) for label in labels], axis=1)
    _refuse_empty(members)
    # The ranks are taken as given in every replicate, as in the linearised form.
    means, covariance = _means(design, scores, members, linear=True)
    contrast = np.hstack([-np.ones((len(labels) - 1, 1)), np.eye(len(labels) - 1)])
    difference, variance = contrast @ means, contrast @ covariance @ contrast.T
    df = design.df_within(inside)
    if len(labels) == 2:
        return _t_result(float(difference[0]), float(variance[0, 0]), df - 1, level)
    wald, count = float(difference @ np.linalg.solve(variance, difference)), len(labels) - 1
    p_value = float(stats.f.sf(wald / count, count, df - count))
    nothing = float("nan")
    return TestResult(wald, (float(count), float(df - count)), p_value, nothing, nothing, nothing, nothing)


def _refuse_empty(members: Truths) -> None:
    if members.shape[1] < 2 or not members.any(axis=0).all():
        raise DesignError("A group to compare has no answer.")


def _mid_ranks(values: Floats, weights: Floats) -> Floats:
    """Weighted mid-ranks as shares of the population, ties averaged plainly, as R's `ave` does."""
    order = np.argsort(values, kind="stable")
    sums = np.cumsum(weights[order]) - weights[order] / 2
    _, tie = np.unique(values[order], return_inverse=True)
    mean = np.bincount(tie, sums) / np.bincount(tie)
    ranks = np.empty(len(values))
    ranks[order] = mean[tie]
    return np.asarray(ranks / weights.sum())


def _means(design: Design, values: Floats, members: Truths, linear: bool = False) -> tuple[Floats, Floats]:
    """Means (k,) over the columns of `members` (n, k), their covariance; linear: replicates of the linearised mean."""
    filled = np.where(np.isnan(values), 0, values)
    totals = np.hstack([members * filled[:, None], members]).astype(np.float64)
    count = members.shape[1]

    def quotients(sums: Floats) -> tuple[Floats, Floats]:
        above, below = sums[:count], sums[count:]
        mean = above / below
        return mean, np.hstack([np.diag(1 / below), np.diag(-mean / below)])

    if not linear:
        means, covariance, _ = design.covariance(totals, quotients)
        return means, covariance
    means, slopes = quotients(design.weights @ totals)
    _, covariance, _ = design.covariance(totals @ slopes.T, lambda sums: (sums, np.eye(count)))
    return means, covariance


def _t_result(estimate: float, variance: float, df: int, level: float, value: float = 0.0) -> TestResult:
    se = float(np.sqrt(max(variance, 0.0)))
    statistic = (estimate - value) / se if se > 0 else float("nan")
    reach = float(stats.t.ppf((1 + level) / 2, df)) * se
    p_value = float(2 * stats.t.sf(abs(statistic), df))
    return TestResult(statistic, (float(df),), p_value, estimate, se, estimate - reach, estimate + reach)
