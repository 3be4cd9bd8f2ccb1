"""Means, totals, ratios and any smooth function of totals, with standard errors, intervals, design effects.

Every estimate is a function of weighted totals, so one variance serves all: linearised (Binder 1983; Demnati & Rao
2004) or by replicates. A domain keeps all sampling units; rows outside count zero.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import stats

from analysis.inputs import Where, column_of, columns_of, inside_of, numbers, refuse_level, refuse_other, vector
from analysis.intervals import score_limits
from analysis.taylor import Codes, DesignError, Floats, Truths, domain_variances

if TYPE_CHECKING:
    from analysis.design import Design
    from analysis.inputs import Columns, Given

LIMITS = ("t", "beta")
YARDSTICKS = ("without", "with")
_MOST_NUMBERS = 20_000_000  # in one array
_ROWS_SHOWN = 5  # in an error
_ALIKE = 1e-24  # spread, as a share of the mean square, that is the rounding of equal answers: no deff, as in R
# Totals (m,) → value (k,) and slopes (k, m).
Function = Callable[[Floats], tuple[Floats, Floats]]


@dataclass(frozen=True)
class Estimates:
    """table: tidy rows with estimate, se, ci_low, ci_high, df, deff, n; compute: what `covariance` asks for."""

    table: pd.DataFrame
    compute: Callable[[], Floats]

    @cached_property
    def covariance(self) -> Floats:
        """(k, k) between the rows of the table; computed when it is first asked for, since k may be large."""
        return self.compute()


def mean(
    design: "Design", variables: "Columns", by: "Columns | None" = None, *,
    where: Where = None, level: float = 0.95, deff: str = "without", listwise: bool = False,
    interval: str = "t",
) -> Estimates:  # fmt: skip
    """Weighted means Σwy/Σw, one row per variable (text: per level) and domain.

    where: (n,) truth of membership. deff: SRS `without` or `with` replacement as the yardstick. A missing value is a
    row outside the domain, item by item, or in all variables at once if `listwise`. interval: `t`, or `beta` for shares
    and scores between 0 and 1, which holds with few and equal answers (see `intervals`).
    R: `svyby(~y, ~by, design, svymean, deff=TRUE, na.rm=TRUE, covmat=TRUE)`."""
    refuse_other(interval, LIMITS, "interval")
    found = _over_domains(design, _columns(design, variables), 1.0, by, where, level, deff, listwise)
    if interval == "beta":
        table = found.table
        if not table["estimate"].between(0, 1).all():
            raise DesignError("Beta limits are for values between 0 and 1.")
        low, high = score_limits(
            table["estimate"].to_numpy(), table["se"].to_numpy(), table["n"].to_numpy(), design.df, level
        )
        return Estimates(table.assign(ci_low=low, ci_high=high), found.compute)
    return found


def total(
    design: "Design", variables: "Columns", by: "Columns | None" = None, *,
    where: Where = None, level: float = 0.95, deff: str = "without", listwise: bool = False,
) -> Estimates:  # fmt: skip
    """Weighted totals Σwy. Arguments as `mean`. R: `svytotal(~y, design, deff=TRUE, na.rm=TRUE)`."""
    return _over_domains(design, _columns(design, variables), None, by, where, level, deff, listwise)


def ratio(
    design: "Design", numerator: "Given", denominator: "Given", by: "Columns | None" = None, *,
    where: Where = None, level: float = 0.95, deff: str = "without",
) -> Estimates:  # fmt: skip
    """Ratio of totals Σwy/Σwx. R: `svyratio(~numerator, ~denominator, design, na.rm=TRUE, deff=TRUE)`."""
    name = "/".join(
        str(column_of(design.frame, each, what).name)
        for each, what in ((numerator, "numerator"), (denominator, "denominator"))
    )
    below = numbers(design.frame, denominator, "The ratio")
    above = numbers(design.frame, numerator, "The ratio")
    above = np.where(np.isnan(below), np.nan, above)
    return _over_domains(design, {name: above}, np.nan_to_num(below), by, where, level, deff, False)


def contrast(
    estimates: Estimates, function: Callable[[Floats], float] | Sequence[float], *, df: float | None = None,
    level: float = 0.95,
) -> Estimates:  # fmt: skip
    """A linear combination (coefficients), or a smooth function (slopes by central differences), of estimates.

    df: of the limits; none = those of the estimates, where R takes infinitely many.
    R: `svycontrast(estimates, c(1, -1))`, `svycontrast(estimates, quote(a/b))`."""
    value = estimates.table["estimate"].to_numpy(dtype=np.float64)
    if callable(function):
        steps = np.maximum(np.abs(value), 1e-8) * 1e-5
        slopes = np.array([(function(value + d) - function(value - d)) / (2 * d.sum()) for d in np.diag(steps)])
        result = function(value)
    else:
        if isinstance(function, Mapping):
            labels = estimates.table.loc[:, :"estimate"].iloc[:_ROWS_SHOWN, :-1]
            order = "; ".join(" ".join(map(str, row)) for row in labels.itertuples(index=False))
            raise DesignError(f"The contrast: give a list of {len(value)} numbers, in the order of the rows: {order}.")
        slopes = vector(function, "The contrast", missing=False)
        if len(slopes) != len(value):
            raise DesignError(
                f"The contrast has {len(slopes)} coefficients: give one for each of {len(value)} estimates."
            )
        result = float(slopes @ value)
    df = estimates.table["df"].min() if df is None else df
    variance = float(slopes @ estimates.covariance @ slopes)
    table = _table([{"variable": "contrast"}], np.array([result]), np.array([variance]), df, level)
    return Estimates(table, lambda: np.array([[variance]]))


def smooth(design: "Design", variables: "Columns", function: Function, level: float = 0.95) -> Estimates:
    """Any smooth function of the weighted totals of `variables`; see `Function`. R: `withReplicates`, `svycontrast`."""
    columns = _columns(design, variables)
    value, covariance, _ = design.covariance(np.stack(list(columns.values()), axis=1), function)
    rows: list[dict[str, object]] = [{"variable": f"value{index + 1}"} for index in range(len(value))]
    return Estimates(_table(rows, value, np.diag(covariance), design.df, level), lambda: covariance)


def variance(
    design: "Design", variables: "Columns", *, where: Where = None, level: float = 0.95
) -> Estimates:  # fmt: skip
    """Variances and covariances n/(n-1) Σw(x-x̄)(y-ȳ)/Σw of the variables, one row a pair in the order of a matrix.

    Rows with a missing value count in n without replicates, as R has it; in nothing else.
    R: `svyvar(~x+y, design, na.rm=TRUE)`."""
    columns = _columns(design, variables)
    domain = inside_of(design.frame, where)
    inside = domain & np.all([~np.isnan(column) for column in columns.values()], axis=0)
    counted = domain & (design.weights != 0) if design.replicates is None else inside
    n, k = int(counted.sum()), len(columns)
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
    return Estimates(_table(rows, value, np.diag(covariance), design.df, level).assign(n=n), lambda: covariance)


def _columns(design: "Design", variables: "Columns") -> dict[str, Floats]:
    columns: dict[str, Floats] = {}
    for name, answers in columns_of(design.frame, variables, "variable").items():
        if pd.api.types.is_numeric_dtype(answers):
            columns[str(name)] = vector(answers, str(name))
            continue
        for category in sorted(answers.dropna().unique()):
            columns[f"{name}{category}"] = np.where(answers.isna(), np.nan, answers == category).astype(np.float64)
    return columns


def _refuse_empty(columns: Mapping[str, Floats], inside: Truths) -> None:
    if not columns:
        raise DesignError("No variable to estimate: name one that has answers.")
    silent = [name for name, values in columns.items() if np.isnan(values[inside]).all()]
    if silent and inside.any():
        raise DesignError(f"{', '.join(silent)} has no answer in the {int(inside.sum())} rows asked about.")


def _domains(design: "Design", by: "Columns | None", inside: Truths) -> tuple[list[dict[str, object]], Codes]:
    """Labels of the domains in the order of R's `svyby`, first column fastest; the domain of each row, -1 = none."""
    table = columns_of(design.frame, by, "by")
    if table.empty:
        return [{}], np.where(inside, 0, -1).astype(np.intp)
    codes = table.groupby(list(table)[::-1], sort=True, observed=True).ngroup().to_numpy()
    codes = np.where(inside & (codes >= 0), codes, -1)
    found, first = np.unique(codes, return_index=True)
    kept = found >= 0
    labels = table.iloc[first[kept]].to_dict("records")
    return labels, np.where(codes >= 0, np.searchsorted(found[kept], codes), -1).astype(np.intp)


def _over_domains(
    design: "Design", columns: Mapping[str, Floats], below: Floats | float | None, by: "Columns | None",
    where: Where, level: float, deff: str, listwise: bool,
) -> Estimates:  # fmt: skip
    """Totals (below None) or ratios to `below` of every column in every domain, rows column by column."""
    refuse_other(deff, YARDSTICKS, "deff")
    inside = inside_of(design.frame, where)
    _refuse_empty(columns, inside & (design.weights != 0))
    if listwise:
        inside = inside & np.all([~np.isnan(values) for values in columns.values()], axis=0)
    labels, domain = _domains(design, by, inside)
    if not labels or not inside.any():
        raise DesignError("No row is in the domain.")
    cells = [_cell_of_column(design.weights, values, below, domain, len(labels), deff) for values in columns.values()]
    value = np.concatenate([each.value for each in cells])
    covariance, variance = _precision(design, cells, domain, len(labels), below, value)
    rows = [{**label, "variable": name} for name in columns for label in labels]
    table = _table(rows, value, variance, design.df, level)
    simple = np.concatenate([each.simple for each in cells])
    table["deff"] = np.divide(variance, simple, out=np.full(len(variance), np.nan), where=simple > 0)
    table["n"] = np.concatenate([each.n for each in cells])
    return Estimates(table, covariance)


@dataclass(frozen=True)
class _Cells:
    """One column over G domains: value, SRS variance, n (G,); values, linearised variable, domain (n,), -1 = none."""

    value: Floats
    simple: Floats
    n: Codes
    values: Floats
    linear: Floats
    domain: Codes


def _cell_of_column(
    weights: Floats, values: Floats, below: Floats | float | None, domain: Codes, count: int, deff: str
) -> _Cells:
    domain = np.where(np.isnan(values), -1, domain)
    values = np.where(domain < 0, 0.0, values)

    def sums(column: Floats) -> Floats:
        return np.asarray(np.bincount(domain + 1, weights * column, minlength=count + 1)[1:], dtype=np.float64)

    value, linear = sums(values), values
    if below is not None:
        under = np.where(domain < 0, 0.0, below)
        below_total = sums(under)
        below_total = np.where(below_total == 0, np.nan, below_total)
        value = value / below_total
        linear = np.where(domain < 0, 0.0, (values - value[domain] * under) / below_total[domain])
    used = (domain >= 0) & (weights > 0)
    n = np.bincount(domain[used], minlength=count)
    size = sums(np.where(used, 1.0, 0.0))
    with np.errstate(invalid="ignore", divide="ignore"):
        centre = sums(linear) / size
        spread = n / (n - 1) * sums(np.where(used, linear - centre[domain], 0.0) ** 2) / size
        scale = values if below is None else values / below_total[domain]
        spread = np.where(spread > _ALIKE * sums(np.where(used, scale, 0.0) ** 2) / size, spread, 0.0)
        # The variance of the total in a simple random sample of the same size: N² (1 - n/N) s²_w / n.
        simple = size**2 * (1 - (0.0 if deff == "with" else n / size)) * spread / n
    return _Cells(value, np.nan_to_num(simple), n.astype(np.intp), values, linear, domain)


def _precision(
    design: "Design", cells: Sequence[_Cells], domain: Codes, count: int, below: Floats | float | None, value: Floats
) -> tuple[Callable[[], Floats], Floats]:
    """How to find the covariance (k, k) of all estimates if it is asked for, and their variances (k,)."""
    replicates = design.replicates
    if replicates is not None:
        repeated = _repeated(design.weights, replicates.factors, cells, domain, count, below)
        return lambda: replicates.covariance(repeated, value), replicates.variances(repeated, value)

    def covariance(first: int = 0, last: int = len(cells) * count) -> Floats:
        scores = np.zeros((len(domain), last - first))
        for column in range(first, last):
            cell = cells[column // count]
            rows = cell.domain == column % count
            scores[rows, column - first] = (design.weights * cell.linear)[rows]
        return design.covariance_of_scores(scores)

    if not design.adjustments and design.quadratic is None:
        if any((stage.sampled == 1).any() for stage in design.stages):
            # Which lone units a domain has depends on who answered the question.
            columns = [
                domain_variances(
                    (design.weights * each.linear)[:, None], each.domain, count, design.stages, design.lonely
                )
                for each in cells
            ]
            return covariance, np.concatenate([column.ravel() for column in columns])
        together = np.stack([design.weights * each.linear for each in cells], axis=1)
        return covariance, domain_variances(together, domain, count, design.stages, design.lonely).T.ravel()
    block = max(1, _MOST_NUMBERS // len(domain))  # residuals reach beyond the domain, so every column needs all rows
    starts = range(0, len(value), block)
    return covariance, np.concatenate([np.diag(covariance(at, min(at + block, len(value)))) for at in starts])


def _repeated(
    weights: Floats, factors: Floats, cells: Sequence[_Cells], domain: Codes, count: int, below: Floats | float | None
) -> Floats:
    """All estimates in every replicate, (R, k)."""
    repeated = np.empty((factors.shape[1], len(cells), count))
    order = np.argsort(domain, kind="stable")
    ends = np.searchsorted(domain[order], np.arange(count + 1))
    for place in range(count):
        rows = order[ends[place] : ends[place + 1]]
        weighted = (factors[rows] * weights[rows, None]).T
        total = weighted @ np.stack([each.values[rows] for each in cells], axis=1)
        if below is not None:
            known = np.stack([each.domain[rows] >= 0 for each in cells], axis=1)
            base = np.broadcast_to(below, len(domain))[rows, None]
            with np.errstate(invalid="ignore", divide="ignore"):
                total = total / (weighted @ np.where(known, base, 0.0))
        repeated[:, :, place] = total
    return repeated.reshape(len(repeated), -1)


def _table(
    rows: Sequence[Mapping[str, object]], value: Floats, variance: Floats, df: float, level: float
) -> pd.DataFrame:
    refuse_level(level)
    se = np.where(np.isnan(value), np.nan, np.sqrt(np.maximum(variance, 0)))
    reach = stats.t.ppf((1 + level) / 2, df) * se
    table = pd.DataFrame(list(rows))
    return table.assign(estimate=value, se=se, ci_low=value - reach, ci_high=value + reach, df=df)
