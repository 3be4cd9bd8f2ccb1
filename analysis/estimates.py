"""Means, totals, ratios and any smooth function of totals, with standard errors, intervals, design effects.

Every estimate is a function of weighted totals, so one variance serves all: linearised (Binder 1983; Demnati & Rao
2004) or by replicates. A domain keeps all sampling units; rows outside count zero.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import stats

from analysis.taylor import DesignError, Floats, Truths

if TYPE_CHECKING:
    from analysis.design import Columns, Design

# Totals (m,) → value (k,) and slopes (k, m).
Function = Callable[[Floats], tuple[Floats, Floats]]


@dataclass(frozen=True)
class Estimates:
    """table: tidy rows with estimate, se, ci_low, ci_high, df, deff, n; covariance: (k, k) between the rows."""

    table: pd.DataFrame
    covariance: Floats


def mean(
    design: "Design", variables: "Columns", by: "Columns | None" = None, *,
    where: Truths | None = None, level: float = 0.95, deff: str = "without", listwise: bool = False,
) -> Estimates:  # fmt: skip
    """Weighted means Σwy/Σw, one row per variable (text: per level) and domain.

    where: (n,) truth of membership. deff: SRS `without` or `with` replacement as the yardstick. A missing value is a
    row outside the domain, item by item, or in all variables at once if `listwise`.
    R: `svyby(~y, ~by, design, svymean, deff=TRUE, na.rm=TRUE, covmat=TRUE)`."""
    return _ratios(design, _columns(design, variables), None, by, where, level, deff, listwise)


def total(
    design: "Design", variables: "Columns", by: "Columns | None" = None, *,
    where: Truths | None = None, level: float = 0.95, deff: str = "without", listwise: bool = False,
) -> Estimates:  # fmt: skip
    """Weighted totals Σwy. Arguments as `mean`. R: `svytotal(~y, design, deff=TRUE, na.rm=TRUE)`."""
    cells = _cells(design, _columns(design, variables), by, where, listwise)
    sums = np.stack([np.where(inside, values, 0) for _, values, inside in cells], axis=1)
    return _estimates(design, cells, sums, lambda totals: (totals, np.eye(len(totals))), level, deff)


def ratio(
    design: "Design", numerator: str, denominator: str, by: "Columns | None" = None, *,
    where: Truths | None = None, level: float = 0.95, deff: str = "without",
) -> Estimates:  # fmt: skip
    """Ratio of totals Σwy/Σwx. R: `svyratio(~numerator, ~denominator, design, na.rm=TRUE, deff=TRUE)`."""
    name = f"{numerator}/{denominator}"
    below = design.frame[denominator].to_numpy(dtype=np.float64)
    above = design.frame[numerator].to_numpy(dtype=np.float64)
    return _ratios(design, {name: above}, below, by, where, level, deff, False)


def contrast(
    estimates: Estimates, function: Callable[[Floats], float] | Sequence[float], *, df: float = np.inf,
    level: float = 0.95,
) -> Estimates:  # fmt: skip
    """A linear combination (coefficients), or a smooth function (slopes by central differences), of estimates.

    R: `svycontrast(estimates, c(1, -1))`, `svycontrast(estimates, quote(a/b))`."""
    value = estimates.table["estimate"].to_numpy(dtype=np.float64)
    if callable(function):
        steps = np.maximum(np.abs(value), 1e-8) * 1e-5
        slopes = np.array([(function(value + d) - function(value - d)) / (2 * d.sum()) for d in np.diag(steps)])
        result = function(value)
    else:
        slopes = np.asarray(function, dtype=np.float64)
        result = float(slopes @ value)
    variance = float(slopes @ estimates.covariance @ slopes)
    table = _table([{"variable": "contrast"}], np.array([result]), np.array([[variance]]), df, level)
    return Estimates(table, np.array([[variance]]))


def smooth(design: "Design", variables: "Columns", function: Function, level: float = 0.95) -> Estimates:
    """Any smooth function of the weighted totals of `variables`; see `Function`. R: `withReplicates`, `svycontrast`."""
    columns = _columns(design, variables)
    value, covariance, _ = design.covariance(np.stack(list(columns.values()), axis=1), function)
    rows: list[dict[str, object]] = [{"variable": f"value{index + 1}"} for index in range(len(value))]
    return Estimates(_table(rows, value, covariance, design.df, level), covariance)


def variance(
    design: "Design", variables: "Columns", *, where: Truths | None = None, level: float = 0.95
) -> Estimates:  # fmt: skip
    """Variances and covariances n/(n-1) Σw(x-x̄)(y-ȳ)/Σw of the variables, one row a pair in the order of a matrix.

    R: `svyvar(~x+y, design, na.rm=TRUE)`."""
    columns = _columns(design, variables)
    inside = np.all([~np.isnan(column) for column in columns.values()], axis=0)
    inside = inside if where is None else inside & where
    n, k = int((inside & (design.weights != 0)).sum()), len(columns)
    values = np.stack([np.where(inside, column, 0) for column in columns.values()], axis=1)
    values = (values - design.weights @ values / (design.weights @ inside)) * inside[:, None]  # keeps the digits
    pairs = [(a, b) for a in range(k) for b in range(k)]
    products = np.stack([values[:, a] * values[:, b] for a, b in pairs], axis=1)

    def moments(totals: Floats) -> tuple[Floats, Floats]:
        size, sums, squares = totals[0], totals[1 : k + 1], totals[k + 1 :]
        slopes = np.zeros((len(pairs), len(totals)))
        value = np.empty(len(pairs))
        for row, (a, b) in enumerate(pairs):
            value[row] = squares[row] / size - sums[a] * sums[b] / size**2
            slopes[row, 0] = -squares[row] / size**2 + 2 * sums[a] * sums[b] / size**3
            slopes[row, 1 + a] -= sums[b] / size**2
            slopes[row, 1 + b] -= sums[a] / size**2
            slopes[row, k + 1 + row] = 1 / size
        return value * n / (n - 1), slopes * n / (n - 1)

    totals = np.hstack([inside[:, None], values, products]).astype(np.float64)
    value, covariance, _ = design.covariance(totals, moments)
    names = list(columns)
    rows = [{"variable": names[a], "with": names[b]} for a, b in pairs]
    return Estimates(_table(rows, value, covariance, design.df, level).assign(n=n), covariance)


_Cell = tuple[dict[str, object], Floats, Truths]


def _columns(design: "Design", variables: "Columns") -> dict[str, Floats]:
    columns: dict[str, Floats] = {}
    for name in [variables] if isinstance(variables, str) else variables:
        column = design.frame[name]
        if pd.api.types.is_numeric_dtype(column):
            columns[name] = column.to_numpy(dtype=np.float64)
            continue
        for category in sorted(column.dropna().unique()):
            columns[f"{name}{category}"] = np.where(column.isna(), np.nan, column == category).astype(np.float64)
    return columns


def _cells(
    design: "Design", columns: Mapping[str, Floats], by: "Columns | None", where: Truths | None, listwise: bool
) -> list[_Cell]:
    inside = np.ones(len(design.frame), dtype=bool) if where is None else np.asarray(where, dtype=bool)
    if listwise:
        inside = inside & np.all([~np.isnan(values) for values in columns.values()], axis=0)
    names = [] if by is None else [by] if isinstance(by, str) else list(by)
    domains: list[tuple[dict[str, object], Truths]] = [({}, inside)]
    if names:
        codes = design.frame[names].groupby(names[::-1], sort=True, observed=True).ngroup().to_numpy()
        codes = np.where(inside & (codes >= 0), codes, -1)
        domains = []
        for code in np.unique(codes[codes >= 0]):
            member = codes == code
            domains.append((dict(design.frame.loc[member.argmax(), names]), member))
    return [
        ({**labels, "variable": name}, values, member & ~np.isnan(values))
        for name, values in columns.items()
        for labels, member in domains
    ]


def _ratios(
    design: "Design", columns: Mapping[str, Floats], below: Floats | None, by: "Columns | None",
    where: Truths | None, level: float, deff: str, listwise: bool,
) -> Estimates:  # fmt: skip
    if below is not None:
        columns = {name: np.where(np.isnan(below), np.nan, values) for name, values in columns.items()}
    cells = _cells(design, columns, by, where, listwise)
    if not cells:
        raise DesignError("No row is in the domain.")
    base = np.ones(len(design.frame)) if below is None else np.nan_to_num(below)
    above = [np.where(inside, values, 0) for _, values, inside in cells]
    under = [np.where(inside, base, 0) for _, _, inside in cells]
    return _estimates(design, cells, np.stack(above + under, axis=1), _quotients, level, deff)


def _quotients(totals: Floats) -> tuple[Floats, Floats]:
    half = len(totals) // 2
    above, under = totals[:half], totals[half:]
    value = above / under
    return value, np.hstack([np.diag(1 / under), np.diag(-value / under)])


def _estimates(
    design: "Design", cells: Sequence[_Cell], sums: Floats, function: Function, level: float, deff: str
) -> Estimates:
    value, covariance, linear = design.covariance(sums, function)
    table = _table([labels for labels, _, _ in cells], value, covariance, design.df, level)
    members = np.stack([inside & (design.weights > 0) for _, _, inside in cells], axis=1)
    simple = np.array([
        _simple_variance(linear[inside, k], design.weights[inside], deff) for k, inside in enumerate(members.T)
    ])  # fmt: skip
    variance = np.diag(covariance)
    table["deff"] = np.divide(variance, simple, out=np.full(len(variance), np.nan), where=simple > 0)
    table["n"] = members.sum(axis=0)
    return Estimates(table, covariance)


def _simple_variance(linear: Floats, weights: Floats, deff: str) -> float:
    """Variance of the total of `linear` in a simple random sample of the same size: N² (1 - n/N) s²_w / n."""
    n, size = len(weights), weights.sum()
    if n < 2:
        return float("nan")
    centre = weights @ linear / size
    spread = n / (n - 1) * (weights @ (linear - centre) ** 2) / size
    fraction = 0.0 if deff == "with" else n / size
    return float(size**2 * (1 - fraction) * spread / n)


def _table(
    rows: Sequence[Mapping[str, object]], value: Floats, covariance: Floats, df: float, level: float
) -> pd.DataFrame:
    se = np.sqrt(np.maximum(np.diag(covariance), 0))
    reach = stats.t.ppf((1 + level) / 2, df) * se
    table = pd.DataFrame(list(rows))
    return table.assign(estimate=value, se=se, ci_low=value - reach, ci_high=value + reach, df=df)
