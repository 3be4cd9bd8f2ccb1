"""Quantiles with confidence limits from the distribution function (Woodruff), or by replicates.

Source: Woodruff (1952); Francisco & Fuller (1991); Hyndman & Fan (1996); Shah & Vaish (2006). R: `svyquantile`.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import optimize, stats

from analysis import proportion
from analysis.inputs import (
    Columns,
    Given,
    Where,
    column_of,
    domains,
    inside_of,
    numbers,
    refuse_level,
    refuse_other,
    vector,
)
from analysis.taylor import DesignError, Floats, Truths

if TYPE_CHECKING:
    from analysis.design import Design

RULES = ("math", "school", "shahvaish", "hf1", "hf2", "hf3", "hf4", "hf5", "hf6", "hf7", "hf8", "hf9")
INTERVALS = ("mean", "xlogit", "beta", "asin", "score", "quantile")
_Line = Callable[[Floats, Floats], Floats]
# Where the k-th value stands on the scale of probabilities, by rule: cumulated weights and weights (n,) → (n,).
_PLACES: dict[str, _Line] = {
    "hf5": lambda sums, w: (sums - w / 2) / sums[-1],
    "hf6": lambda sums, w: sums / (sums[-1] + w[-1]),
    "hf7": lambda sums, w: np.concatenate([[0.0], sums[:-1]]) / sums[-2],
    "hf8": lambda sums, w: (sums - w / 3) / (sums[-1] + w[-1] / 3),
    "hf9": lambda sums, w: (sums - 3 * w / 8) / (sums[-1] + w[-1] / 4),
}


def quantile_of(values: Floats, weights: Floats, p: float, rule: str = "math") -> float:
    """The p-quantile of weighted values (n,). math (= hf1): the smallest value whose share of weight reaches p; school
    (= hf2): the mean of the two where p is met exactly; hf3 … hf9: Hyndman & Fan's rules for weights; shahvaish: that
    of SUDAAN, as R computes it. R: `svyquantile(~y, design, p, qrule=rule)`."""
    refuse_other(rule, RULES, "rule")
    kept = weights != 0
    order = np.argsort(values[kept], kind="stable")
    x, w = values[kept][order], weights[kept][order]
    if np.isnan(p) or len(x) == 0:
        return float("nan")
    if len(x) == 1:
        return float(x[0])
    if rule == "hf3":
        x, tie = np.unique(x, return_inverse=True)
        w = np.bincount(tie, w)
    sums = np.cumsum(w)
    if rule in _PLACES:
        return float(np.interp(p, _PLACES[rule](sums, w), x))
    if rule == "shahvaish":
        place = (np.cumsum(w / w.mean()) + 0.5 - w / 2) / (len(x) + 1)
        by_place = np.argsort(place, kind="stable")
        return float(x[by_place][max(int(np.searchsorted(place[by_place], p, side="right")) - 1, 0)])
    # A hair of rounding decides whether p is met exactly; R compares cumulated sums as they are.
    at = int(np.searchsorted(sums, p * w.sum(), side="right")) - 1
    if at < 0:
        return float(x[0])
    after = min(at + 1, len(x) - 1)
    low, up = p - sums[at] / w.sum(), sums[after] / w.sum() - p
    if rule == "hf4":
        share = low / (low + up) if low + up else 0.0
        return float(x[at] * (1 - share) + x[after] * share)
    if low != 0:
        return float(x[after])
    if rule in ("school", "hf2"):
        return float((x[at] + x[after]) / 2)
    return float(x[after] if rule == "hf3" and at % 2 == 0 else x[at])


def quantile(
    design: "Design", variable: Given, p: float | Sequence[float] = (0.25, 0.5, 0.75), by: "Columns | None" = None, *,
    rule: str = "math", interval: str = "mean", where: Where = None, level: float = 0.95,
) -> pd.DataFrame:  # fmt: skip
    """Quantiles of one variable, one row a p and domain of `by`: p, estimate, se, ci_low, ci_high, df, n.

    interval: how the limits of F(q) are found before they are turned into values (mean, xlogit, beta, asin), by
    inverting the score test (score), or from the quantiles of the replicates (quantile). se = (high - low) / (2 t).
    R: `svyquantile(~y, design, p, qrule=rule, interval.type=interval, na.rm=TRUE)`."""
    refuse_other(rule, RULES, "rule")
    refuse_other(interval, INTERVALS, "interval")
    refuse_level(level)
    shares = vector(np.atleast_1d(np.asarray(p)), "p", missing=False)
    if ((shares < 0) | (shares > 1)).any():
        raise DesignError("p: shares between 0 and 1, such as 0.5 for the median.")
    known = numbers(design.frame, variable, "The quantile")
    inside = inside_of(design.frame, where)
    if not (inside & ~np.isnan(known) & (design.weights != 0)).any():
        name = column_of(design.frame, variable, "the variable").name
        raise DesignError(f"No row of the domain has an answer to {name}.")
    rows = [
        label | row
        for label, domain in domains(design.frame, by, inside)
        for row in _quantiles_of(design, known, domain & ~np.isnan(known), shares, rule, interval, level)
    ]
    return pd.DataFrame(rows)


def _quantiles_of(
    design: "Design", column: Floats, inside: Truths, p: Floats, rule: str, interval: str, level: float
) -> Iterator[dict[str, object]]:
    values, weights = column[inside], design.weights[inside]
    df = design.df_within(inside)
    if not weights.any():
        for share in p.tolist():
            yield {"p": share, "estimate": np.nan, "se": np.nan, "ci_low": np.nan, "ci_high": np.nan, "df": df, "n": 0}
        return
    t = float(stats.t.ppf((1 + level) / 2, df))
    for share in p.tolist():
        estimate = quantile_of(values, weights, share, rule)
        if interval == "quantile":
            se = _replicate_se(design, inside, values, share, rule)
            low, high = estimate - t * se, estimate + t * se
        else:
            shares = (
                _score_limits(design, inside, values, share, t)
                if interval == "score"
                else _share_limits(design, inside, column <= estimate, interval, df, level)
            )
            low, high = (quantile_of(values, weights, limit, rule) for limit in shares)
        se = (high - low) / (2 * t)
        yield {"p": share, "estimate": estimate, "se": se, "ci_low": low, "ci_high": high, "df": df, "n": len(values)}


def _share_limits(
    design: "Design", inside: Truths, event: Truths, interval: str, df: int, level: float
) -> tuple[float, float]:
    share, se = proportion.share(design, event, inside)
    if interval == "mean":
        t = float(stats.t.ppf((1 + level) / 2, df))
        low, high = share - t * se, share + t * se
        return (low if low >= 0 else float("nan")), (high if high <= 1 else float("nan"))
    method = "logit" if interval == "xlogit" else interval
    return proportion.interval(share, se, int(inside.sum()), df, method, level)


def _score_limits(design: "Design", inside: Truths, values: Floats, p: float, t: float) -> tuple[float, float]:
    """Unweighted shares below the two values at which the score test of F = p is just not refused."""
    column = np.zeros(len(design.frame))
    column[inside] = values

    def score(theta: float) -> float:
        share, se = proportion.share(design, column > theta, inside)
        return (share - (1 - p)) / se if se > 0 else float(np.sign(share - (1 - p))) * 1e6

    margin = float(np.subtract(*np.percentile(values, [75, 25]))) / 100
    reach, width = (values.min() + margin, values.max() - margin), 1 / (100 * np.sqrt(len(values)))
    found = []
    for limit in (t, -t):
        if (score(reach[0]) - limit) * (score(reach[1]) - limit) > 0:
            found.append(float("nan"))
            continue
        root = optimize.brentq(lambda theta, limit=limit: score(theta) - limit, *reach, xtol=width)
        found.append(float((values <= root).mean()))
    return found[0], found[1]


def _replicate_se(design: "Design", inside: Truths, values: Floats, p: float, rule: str) -> float:
    variance = design.repeated(lambda weights: np.array([quantile_of(values, weights[inside], p, rule)]))
    return float(np.sqrt(variance[0, 0]))
