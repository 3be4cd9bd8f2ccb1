"""Estimates of units with few answers that borrow strength from the others (Fay-Herriot).

Model-assisted: to be shown beside the direct estimates and named as such, never in their place as official points.
y_d = x_d'β + v_d + e_d, v ~ (0, A), e ~ (0, D_d) with D known. Source: Fay & Herriot (1979); Prasad & Rao (1990);
Datta & Lahiri (2000); Li & Lahiri (2010); Rao & Molina (2015) ch. 6. R: `sae::eblupFH`, `sae::mseFH`.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import optimize

from analysis.inputs import Values, aligned, matrix, refuse_other, refuse_rows, vector
from analysis.taylor import DesignError, Floats

METHODS = ("REML", "ML", "FH", "PR", "adjusted-ML")
LABEL = "model-assisted (Fay-Herriot)"


@dataclass(frozen=True)
class AreaFit:
    """A, β (p,) and its standard errors, the estimates (m,) with their mean squared errors, and shrinkage A/(A+D)."""

    variance: float
    beta: Floats
    beta_se: Floats
    estimates: Floats
    mse: Floats
    shrinkage: Floats
    label: str = LABEL

    @property
    def table(self) -> pd.DataFrame:
        """One tidy row a unit, in the order given; se = √MSE."""
        return pd.DataFrame({"estimate": self.estimates, "se": np.sqrt(self.mse), "shrinkage": self.shrinkage})


def fay_herriot(values: Values, variances: Values, auxiliaries: Values, method: str = "REML") -> AreaFit:
    """Direct estimates (m,) with variances D (m,) and auxiliaries (m, p), with a column of ones, → EBLUPs.

    method: how A is found (REML, ML, FH = Fay & Herriot's moment, PR = Prasad & Rao's, adjusted-ML = Li & Lahiri's,
    never 0).
    MSE = g1 + g2 + 2 g3, with the bias of A taken away for ML and FH.
    R: `eblupFH(y ~ x, D, method=method)`, `mseFH(y ~ x, D, method=method)$mse`."""
    refuse_other(method, METHODS, "method")
    variances = aligned(values, variances, "variances", "values")
    auxiliaries = aligned(values, auxiliaries, "auxiliaries", "values")
    values = vector(values, "values", missing=False)
    variances = vector(variances, "variances", len(values), missing=False)
    refuse_rows(variances <= 0, "variances is 0 or less", "smooth them first, see `smoothed_variances`")
    auxiliaries = _auxiliaries(auxiliaries, len(values))
    a = _between_variance(values, variances, auxiliaries, method)
    total = a + variances
    spread: Floats = np.linalg.inv(auxiliaries.T @ (auxiliaries / total[:, None])).astype(np.float64)
    beta = spread @ (auxiliaries.T @ (values / total))
    fitted = auxiliaries @ beta
    shrinkage = a / total
    mse = _mean_squared_errors(a, variances, auxiliaries, spread, method)
    estimates = fitted + shrinkage * (values - fitted)
    return AreaFit(a, beta, np.sqrt(np.diag(spread)), estimates, mse, shrinkage)


def _auxiliaries(given: Values, units: int) -> Floats:
    if np.ndim(given) != 2:
        raise DesignError("auxiliaries: give a table with one row a unit and a column of ones.")
    table = matrix(given, "auxiliaries")
    m, p = table.shape
    refuse_rows(np.asarray(np.isnan(table).any(axis=1)), "auxiliaries is missing", "fill these values")
    if m != units or m <= p:
        raise DesignError(
            f"auxiliaries {m} × {p} for {units} units: give a row for each unit, and more units than columns."
        )
    if np.linalg.matrix_rank(table) < p:
        raise DesignError("auxiliaries: a column follows from the others: leave it out.")
    return table


def _projection(values: Floats, total: Floats, auxiliaries: Floats) -> tuple[Floats, Floats]:
    """P y and P for V = diag(total)."""
    weighted = auxiliaries / total[:, None]
    p = np.diag(1 / total) - weighted @ np.linalg.solve(auxiliaries.T @ weighted, weighted.T)
    return p @ values, p


def _between_variance(values: Floats, variances: Floats, auxiliaries: Floats, method: str) -> float:
    m, p = auxiliaries.shape
    if method == "PR":
        hat = auxiliaries @ np.linalg.solve(auxiliaries.T @ auxiliaries, auxiliaries.T)
        rest = values - hat @ values
        return max(float(rest @ rest - variances @ (1 - np.diag(hat))) / float(m - p), 0.0)

    def equation(a: float) -> float:
        """Falls in A near the solution: the score (REML, ML), or y'Py - (m - p) (FH)."""
        total = a + variances
        projected, matrix = _projection(values, total, auxiliaries)
        if method == "FH":
            return float(values @ projected) - float(m - p)
        trace = float(np.trace(matrix)) if method == "REML" else float((1 / total).sum())
        score = float(projected @ projected) - trace
        return score + (2.0 / a if method == "adjusted-ML" else 0.0)

    top = 10 * (float(np.var(values)) + float(variances.max()))
    if method == "adjusted-ML":
        return float(optimize.brentq(equation, 1e-12 * top, top * 100, xtol=1e-15 * top))
    grid = np.concatenate([[0.0], np.geomspace(1e-8, 1.0, 60) * top])
    signs = np.array([equation(float(a)) for a in grid])
    falls = np.flatnonzero((signs[:-1] > 0) & (signs[1:] <= 0))
    if len(falls) == 0:
        return 0.0  # the units differ no more than their sampling errors
    return float(optimize.brentq(equation, grid[falls[0]], grid[falls[0] + 1], xtol=1e-16 * top, rtol=1e-14))


def _mean_squared_errors(a: float, variances: Floats, auxiliaries: Floats, spread: Floats, method: str) -> Floats:
    total = a + variances
    rest = variances / total
    first = a * rest
    second = rest**2 * np.einsum("ij,jk,ik->i", auxiliaries, spread, auxiliaries)
    one, two = float((1 / total).sum()), float((1 / total**2).sum())
    uncertainty = 2 / two
    if method == "FH":
        uncertainty = 2 * len(total) / one**2
    if method == "PR":
        uncertainty = 2 * float((total**2).sum()) / len(total) ** 2
    third = variances**2 / total**3 * uncertainty
    bias = 0.0
    if method == "ML":
        bias = -float(np.trace(spread @ (auxiliaries.T @ (auxiliaries / total[:, None] ** 2)))) / two
    if method == "FH":
        bias = 2 * (len(total) * two - one**2) / one**3
    return np.asarray(first + second + 2 * third - bias * rest**2)


def smoothed_variances(sizes: Floats, sample_variances: Floats, design_effects: Floats | float = 1.0) -> Floats:
    """D_d = pooled within-unit variance times deff / n_d, (m,): direct variances of a handful of answers say nothing.

    sizes (m,): answers; sample_variances (m,): of single answers within a unit (divisor n - 1).
    R: `sum((n - 1) * v) / sum(n - 1) * deff / n`."""
    used = sizes > 1
    pooled = float(((sizes - 1) * np.nan_to_num(sample_variances))[used].sum() / (sizes - 1)[used].sum())
    return np.asarray(pooled * design_effects / sizes)


def benchmarked(estimates: Floats, weights: Floats, published: float) -> Floats:
    """Estimates moved by one constant so that their weighted mean is the published figure of the whole, (m,).

    R: `x + weighted.mean(direct, w) - weighted.mean(x, w)`."""
    return np.asarray(estimates + published - float(weights @ estimates / weights.sum()))
