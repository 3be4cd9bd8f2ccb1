"""Do two groups, or two measurements of the same persons, differ? Design-based t tests and rank tests.

Source: Lumley & Scott (2013) for ranks. R: `svyttest`, `svyranktest`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import stats

from analysis.inputs import (
    Given,
    Values,
    Where,
    column_of,
    inside_of,
    numbers,
    refuse_level,
    refuse_other,
    vector,
)
from analysis.taylor import Codes, DesignError, Floats, Truths

if TYPE_CHECKING:
    from analysis.design import Design

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
    contrast: str = ""  # which groups the estimate compares, such as "b - a"

    @property
    def table(self) -> pd.DataFrame:
        """The test as one tidy row; `df_denominator` is that of an F test."""
        df, below = (*self.df, np.nan)[:2]
        row = {"contrast": self.contrast, "estimate": self.estimate, "se": self.se, "ci_low": self.ci_low,
               "ci_high": self.ci_high, "statistic": self.statistic, "df": df, "df_denominator": below,
               "p_value": self.p_value}  # fmt: skip
        return pd.DataFrame([row])


def one_sample_t(
    design: "Design", values: Given, *, value: float = 0.0, where: Where = None, level: float = 0.95
) -> TestResult:
    """Is the mean of a column, or of `values` (n,), equal to `value`? For two measurements of one person give their
    difference.

    df = PSUs - strata - 1 of the domain, also where an answer is missing, as R has it.
    R: `svyttest(I(a - b) ~ 0, design)`."""
    asked, known = inside_of(design.frame, where), numbers(design.frame, values, "values")
    members = (asked & ~np.isnan(known))[:, None]
    _refuse_empty(design, members, ["all"], fewest=1)
    estimate, covariance = _means(design, known, members)
    return _t_result(float(estimate[0]), float(covariance[0, 0]), design.df_within(asked) - 1, level, value)


def two_sample_t(
    design: "Design", values: Given, groups: Given, *, where: Where = None, level: float = 0.95
) -> TestResult:
    """Do two groups have the same mean? `groups`: a column, or a value for each row, of two kinds; the estimate is the
    mean of the second in their order less that of the first, 1 less 0.

    R: `svyttest(y ~ group, design)`."""
    asked, known = inside_of(design.frame, where), numbers(design.frame, values, "values")
    codes, labels = _coded(design.frame, groups, asked & ~np.isnan(known))
    if len(labels) > 2:
        raise DesignError(
            f"groups has {len(labels)} kinds ({', '.join(labels[:9])}): name two by where=, or rank_test."
        )
    members = np.stack([codes == each for each in (1, 0)], axis=1)
    _refuse_empty(design, members[:, ::-1], labels)
    means, covariance = _means(design, known, members)
    contrast = np.array([1.0, -1.0])
    variance = float(contrast @ covariance @ contrast)
    result = _t_result(float(contrast @ means), variance, design.df_within(asked) - 1, level)
    return replace(result, contrast=" - ".join(labels[::-1]))


def rank_test(
    design: "Design", values: Given, groups: Given, *, test: str = "wilcoxon", where: Where = None,
    level: float = 0.95,
) -> TestResult:  # fmt: skip
    """Do groups (a column, or a value for each row) differ in rank? Weighted mid-ranks over the population, 0 to 1,
    then their score.

    wilcoxon and kruskalwallis: the rank; vanderwaerden: its normal quantile; median: above one half. Two groups: a t
    test of the difference in mean score; more: F of all differences, statistic = Wald's χ².
    R: `svyranktest(y ~ group, design, test=test)`."""
    refuse_other(test.lower(), tuple(RANK_TESTS), "test")
    known = numbers(design.frame, values, "values")
    codes, labels = _coded(design.frame, groups, inside_of(design.frame, where) & ~np.isnan(known))
    inside = codes >= 0
    members = np.stack([codes == each for each in range(max(len(labels), 1))], axis=1)
    _refuse_empty(design, members, labels)
    scores = np.zeros(len(known))
    scores[inside] = RANK_TESTS[test.lower()](_mid_ranks(known[inside], design.weights[inside]))
    # The ranks are taken as given in every replicate, as in the linearised form.
    means, covariance = _means(design, scores, members, linear=True)
    contrast = np.hstack([-np.ones((len(labels) - 1, 1)), np.eye(len(labels) - 1)])
    difference, variance = contrast @ means, contrast @ covariance @ contrast.T
    df = design.df_within(inside)
    if len(labels) == 2:
        result = _t_result(float(difference[0]), float(variance[0, 0]), df - 1, level)
        return replace(result, contrast=" - ".join(labels[::-1]))
    wald, count = float(difference @ np.linalg.solve(variance, difference)), len(labels) - 1
    p_value = float(stats.f.sf(wald / count, count, df - count))
    nothing = float("nan")
    return TestResult(wald, (float(count), float(df - count)), p_value, nothing, nothing, nothing, nothing)


Errors = tuple[Values, Values]  # standard errors and their degrees of freedom, (k,) each


def welch_df(one: Errors, other: Errors) -> Floats:
    """Degrees of freedom (k,) of differences of two independent estimates.

    (s₁² + s₂²)² / (s₁⁴/df₁ + s₂⁴/df₂). Source: Welch (1947). R: `t.test(x, y, var.equal=FALSE)$parameter`, there with
    df = n - 1."""
    (first, df_first), (second, df_second) = (
        (np.square(vector(se, "standard errors", missing=False)), vector(df, "df", missing=False))
        for se, df in (one, other)
    )
    below = first**2 / df_first + second**2 / df_second
    return np.asarray(np.divide((first + second) ** 2, below, out=np.full(len(first), np.inf), where=below > 0))


def joint_limits(
    differences: Values, one: Errors, other: Errors, level: float = 0.95, tests: int | None = None
) -> tuple[Floats, Floats]:
    """Limits (k,) of differences of two independent estimates that hold all at once (Bonferroni, Welch's t).

    d ± t(1 - (1-level)/2m; df) √(s₁² + s₂²), df of `welch_df`; tests: m, where more are looked at than given, else k.
    In tests/analysis/test_comparisons.py a simulation with 10, 30 and 100 persons. Source: Welch (1947); Dunn (1961).
    R: `d + c(-1, 1) * qt(1 - (1 - level) / (2 * m), df) * sqrt(s1^2 + s2^2)`."""
    refuse_level(level)
    given = vector(differences, "differences", missing=False)
    tail = (1 - level) / 2 / (tests or max(len(given), 1))
    spread = np.hypot(vector(one[0], "standard errors"), vector(other[0], "standard errors"))
    width = stats.t.ppf(1 - tail, welch_df(one, other)) * spread
    return given - width, given + width


def _coded(frame: pd.DataFrame, groups: Given, inside: Truths) -> tuple[Codes, list[str]]:
    """The kind of each row in sorted order, -1 outside, and the names of the kinds."""
    codes, labels = pd.factorize(column_of(frame, groups, "groups").where(inside), sort=True)
    return np.asarray(codes, dtype=np.intp), [
        f"{label:g}" if isinstance(label, float) else str(label) for label in labels
    ]


def _refuse_empty(design: "Design", members: Truths, labels: Sequence[str], fewest: int = 2) -> None:
    counts = (members & (design.weights != 0)[:, None]).sum(axis=0)
    if len(labels) < fewest or not counts.all():
        found = ", ".join(f"{label} {count}" for label, count in zip(labels, counts, strict=False)) or "none"
        raise DesignError(f"A group to compare has no answer; answers by group: {found}.")


def _mid_ranks(values: Floats, weights: Floats) -> Floats:
    """Weighted mid-ranks as shares of the population, ties averaged plainly, as R's `ave` does."""
    order = np.argsort(values, kind="stable")
    sums = np.cumsum(weights[order]) - weights[order] / 2
    _, tie = np.unique(values[order], return_inverse=True)
    mean = np.bincount(tie, sums) / np.bincount(tie)
    ranks = np.empty(len(values))
    ranks[order] = mean[tie]
    return np.asarray(ranks / weights.sum())


def _means(design: "Design", values: Floats, members: Truths, linear: bool = False) -> tuple[Floats, Floats]:
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
    refuse_level(level)
    se = float(np.sqrt(max(variance, 0.0)))
    statistic = (estimate - value) / se if se > 0 else float("nan")
    reach = float(stats.t.ppf((1 + level) / 2, df)) * se
    p_value = float(2 * stats.t.sf(abs(statistic), df))
    return TestResult(statistic, (float(df),), p_value, estimate, se, estimate - reach, estimate + reach)
