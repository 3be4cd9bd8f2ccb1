"""Are two answers related, or shares as expected? Rao-Scott and Wald tests of weighted tables.

Source: Rao & Scott (1981, 1984); Koch, Freeman & Freeman (1975); Thomas & Rao (1987). R: `svychisq`, `svygofchisq`.
"""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import stats

from analysis.inputs import Given, Where, column_of, inside_of, refuse_other, vector
from analysis.quadratic_forms import upper_tail
from analysis.taylor import DesignError, Floats, Truths

if TYPE_CHECKING:
    from analysis.design import Design

STATISTICS = ("F", "Chisq", "Wald", "adjWald", "lincom", "saddlepoint")


@dataclass(frozen=True)
class TableTest:
    """Statistic, degrees of freedom (none for a sum of chi-squares) and p-value."""

    statistic: float
    df: tuple[float, ...]
    p_value: float


def crosstab(design: "Design", rows: Given, cols: Given, where: Where = None) -> pd.DataFrame:
    """Weighted counts, one row a level of `rows`, one column a level of `cols`. R: `svytable(~rows+cols, design)`."""
    _, indicators, row_labels, col_labels = _cells(design, rows, cols, where)
    counts = (design.weights @ indicators).reshape(len(row_labels), len(col_labels))
    first, second = (column_of(design.frame, each, what).name for each, what in ((rows, "rows"), (cols, "cols")))
    return pd.DataFrame(counts, index=pd.Index(row_labels, name=first), columns=pd.Index(col_labels, name=second))


def independence(design: "Design", rows: Given, cols: Given, statistic: str = "F", where: Where = None) -> TableTest:
    """Are two categorical answers independent?

    F: Pearson's X² / tr D on tr²D / tr D² and that times the design's degrees of freedom (Rao-Scott, second order), D
    from the unrestricted shares; Chisq: X² with mean-eigenvalue correction; lincom, saddlepoint: X² as a sum of
    chi-squares; Wald, adjWald: of N_ij - N_i N_j / N. n and the degrees of freedom count the rows of the domain, also
    those where answers are missing or of weight 0, as R does; p does not hang on n.
    R: `svychisq(~rows+cols, design, statistic=statistic)`."""
    refuse_other(statistic, STATISTICS, "statistic")
    _, indicators, row_labels, col_labels = _cells(design, rows, cols, where)
    r, c = len(row_labels), len(col_labels)
    if r < 2 or c < 2:
        raise DesignError("A table needs two rows and two columns.")
    counted = design.rows_of(inside_of(design.frame, where))
    df = design.df_within(counted, weightless=True)
    if statistic in ("Wald", "adjWald"):
        return _wald(design, indicators, r, c, df, adjusted=statistic == "adjWald")
    shares, covariance, _ = design.covariance(indicators, _shares)
    n = int(counted.sum())
    table = shares.reshape(r, c)
    expected = np.outer(table.sum(axis=1), table.sum(axis=0))
    pearson = float(n * ((table - expected) ** 2 / expected).sum())
    effects = _generalised_effects(shares, covariance, r, c, n)
    trace, square = float(np.trace(effects)), float(np.trace(effects @ effects))
    d0, count = trace**2 / square, (r - 1) * (c - 1)
    if statistic == "F":
        return TableTest(pearson / trace, (d0, d0 * df), float(stats.f.sf(pearson / trace, d0, d0 * df)))
    if statistic == "Chisq":
        return TableTest(pearson, (float(count),), float(stats.chi2.sf(pearson / (trace / count), count)))
    eigenvalues = np.linalg.eigvals(effects).real.astype(np.float64)
    below = math.inf if design.replicates is not None else d0 * df
    return TableTest(pearson, (), upper_tail(pearson, eigenvalues, below))


@dataclass(frozen=True)
class FitTest:
    """X² of weighted totals against given shares; p is that of χ² with `df` at statistic / scale (Satterthwaite)."""

    statistic: float
    scale: float
    df: float
    p_value: float


def goodness_of_fit(design: "Design", variable: Given, shares: Floats, where: Where = None) -> FitTest:
    """Do the answers follow known shares, in the order of the levels? R: `svygofchisq(~y, p, design)`."""
    answers = column_of(design.frame, variable, "variable")
    inside = inside_of(design.frame, where) & answers.notna().to_numpy()
    levels = sorted(answers[inside].unique())
    p = vector(shares, "shares", missing=False)
    if len(p) != len(levels):
        raise DesignError(f"{answers.name} has {len(levels)} levels, not {len(p)}.")
    if (p <= 0).any():
        raise DesignError("shares: give each level a share above 0.")
    p = p / p.sum()
    indicators = np.stack([inside & (answers == level).to_numpy() for level in levels], axis=1).astype(np.float64)

    def distances(totals: Floats) -> tuple[Floats, Floats]:
        expected = p * totals.sum()
        value = (totals - expected) / np.sqrt(expected)
        slopes = np.eye(len(p)) / np.sqrt(expected)[:, None]
        return value, slopes - np.outer(np.sqrt(p) + value / (2 * np.sqrt(totals.sum())), np.ones(len(p))) / np.sqrt(
            totals.sum()
        )

    value, covariance, _ = design.covariance(indicators, distances)
    eigenvalues = np.linalg.eigvalsh(covariance)
    mean, square = float(eigenvalues.mean()), float((eigenvalues**2).mean())
    statistic = float((value**2).sum())
    scale, df = square / mean, len(p) * mean**2 / square
    return FitTest(statistic, scale, df, float(stats.chi2.sf(statistic / scale, df)))


def _cells(
    design: "Design", rows: Given, cols: Given, where: Where
) -> tuple[Truths, Floats, list[object], list[object]]:
    first, second = column_of(design.frame, rows, "rows"), column_of(design.frame, cols, "cols")
    inside = inside_of(design.frame, where) & (first.notna() & second.notna()).to_numpy()
    if not inside.any():
        raise DesignError(f"No row of the domain has both {first.name} and {second.name}.")
    row_labels, col_labels = sorted(first[inside].unique()), sorted(second[inside].unique())
    indicators = np.stack(
        [inside & (first == a).to_numpy() & (second == b).to_numpy() for a in row_labels for b in col_labels], axis=1
    ).astype(np.float64)
    return inside, indicators, row_labels, col_labels


def _shares(totals: Floats) -> tuple[Floats, Floats]:
    size = totals.sum()
    return totals / size, np.eye(len(totals)) / size - np.outer(totals, np.ones(len(totals))) / size**2


def _generalised_effects(shares: Floats, covariance: Floats, r: int, c: int, n: int) -> Floats:
    """D = (C' P⁻¹ C / n)⁻¹ C' P⁻¹ V P⁻¹ C, C the contrasts of the interaction; (k, k), k = (r-1)(c-1)."""
    row, col = np.divmod(np.arange(r * c), c)
    main = np.column_stack(
        [np.ones(r * c)] + [row == each for each in range(1, r)] + [col == each for each in range(1, c)]
    ).astype(np.float64)
    both = np.column_stack([(row == i) & (col == j) for i in range(1, r) for j in range(1, c)]).astype(np.float64)
    contrasts = both - main @ np.linalg.lstsq(main, both, rcond=None)[0]
    inverse = np.divide(1, shares, out=np.zeros_like(shares), where=shares > 0)
    scaled = contrasts * inverse[:, None]
    return np.asarray(np.linalg.solve(contrasts.T @ scaled / n, scaled.T @ covariance @ scaled))


def _wald(design: "Design", indicators: Floats, r: int, c: int, df: int, *, adjusted: bool) -> TableTest:
    def residuals(totals: Floats) -> tuple[Floats, Floats]:
        table = totals.reshape(r, c)
        row, col, size = table.sum(axis=1), table.sum(axis=0), table.sum()
        slopes = np.eye(r * c).reshape(r, c, r, c)
        by_row = np.eye(r)[:, None, :, None] * (col / size)[None, :, None, None]
        by_col = np.eye(c)[None, :, None, :] * (row / size)[:, None, None, None]
        whole = (np.outer(row, col) / size**2)[:, :, None, None]
        slopes = slopes - by_row - by_col + whole
        kept = table - np.outer(row, col) / size
        return kept[1:, 1:].ravel(), slopes[1:, 1:].reshape((r - 1) * (c - 1), r * c)

    value, covariance, _ = _by_totals(design, indicators, residuals)
    count = (r - 1) * (c - 1)
    wald = float(value @ np.linalg.solve(covariance, value)) / count
    if not adjusted:
        return TableTest(wald, (float(count), float(df)), float(stats.f.sf(wald, count, df)))
    below = df - count + 1
    wald *= below / df
    return TableTest(wald, (float(count), float(below)), float(stats.f.sf(wald, count, below)))


def _by_totals(design: "Design", indicators: Floats, function: object) -> tuple[Floats, Floats, Floats]:
    """As `Design.covariance`, but by the delta method from the covariance of totals also with replicates, as R does."""
    totals, covariance, _ = design.covariance(indicators, lambda sums: (sums, np.eye(len(sums))))
    value, slopes = function(totals)  # type: ignore[operator]
    return value, slopes @ covariance @ slopes.T, slopes
