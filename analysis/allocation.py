"""How is a sample divided among strata (*phân bổ mẫu theo tầng*) and among stages?

The allocations give real numbers, as the textbooks write them; `bounded` keeps them between a minimum and the size of
the stratum, and `whole_numbers` turns them into persons.
"""

from collections.abc import Sequence
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

ROUNDING_RULE = "largest remainder (Hamilton); equal remainders: the larger stratum, then the earlier one"

Numbers = NDArray[np.float64]


class AllocationError(ValueError):
    """A sample that cannot be divided as asked; the sentence is for the user."""


def _positive(values: ArrayLike, sentence: str) -> Numbers:
    numbers = np.asarray(values, dtype=np.float64)
    if numbers.size == 0 or not np.isfinite(numbers).all() or (numbers < 0).any() or not numbers.any():
        raise AllocationError(sentence)
    return numbers


def _shared(total: float, parts: Numbers) -> Numbers:
    result: Numbers = total * parts / parts.sum()
    return result


def proportional(total: float, sizes: ArrayLike) -> Numbers:
    """n_h = n N_h / N, shape (H,). R: `PracTools::strAlloc(n.tot, Nh, alloc = "prop")$nh`."""
    return _shared(total, _positive(sizes, "Mỗi tầng cần có số người."))


def equal(total: float, sizes: ArrayLike) -> Numbers:
    """n_h = n / H. R: `rep(n / H, H)`."""
    return _shared(total, np.ones_like(_positive(sizes, "Mỗi tầng cần có số người.")))


def neyman(total: float, sizes: ArrayLike, deviations: ArrayLike) -> Numbers:
    """n_h = n N_h S_h / Σ N_h S_h; `deviations` are the standard deviations S_h (divisor N_h - 1).

    Source: Neyman (1934). R: `PracTools::strAlloc(n.tot, Nh, Sh, alloc = "neyman")$nh`.
    """
    parts = np.asarray(sizes, np.float64) * _positive(deviations, "Mỗi tầng cần có độ lệch chuẩn.")
    return _shared(total, _positive(parts, "Độ lệch chuẩn của các tầng không thể đều bằng 0."))


def optimal_for_cost(budget: float, sizes: ArrayLike, deviations: ArrayLike, unit_costs: ArrayLike) -> Numbers:
    """n_h = C (N_h S_h / √c_h) / Σ N_h S_h √c_h: the smallest variance that the budget buys.

    Source: Cochran (1977) 5.5. R: `PracTools::strAlloc(Nh, Sh, cost, ch, alloc = "totcost")$nh`.
    """
    weights = _positive(sizes, "Mỗi tầng cần có số người.") * _positive(deviations, "Mỗi tầng cần có độ lệch chuẩn.")
    costs = _positive(unit_costs, "Mỗi tầng cần có chi phí một phiếu.")
    if (costs <= 0).any():
        raise AllocationError("Chi phí một phiếu của mỗi tầng phải lớn hơn 0.")
    result: Numbers = budget * (weights / np.sqrt(costs)) / (weights * np.sqrt(costs)).sum()
    return result


def optimal_for_variance(variance: float, sizes: ArrayLike, deviations: ArrayLike, unit_costs: ArrayLike) -> Numbers:
    """The cheapest n_h with which the mean has the `variance`: (Σ W S/√c)(Σ W S √c) / (V + Σ W S²/N), shared as
    `optimal_for_cost`. Source: Cochran (1977) 5.5. R: `PracTools::strAlloc(Nh, Sh, V0, ch, alloc = "totvar")$nh`.
    """
    counts = _positive(sizes, "Mỗi tầng cần có số người.")
    spread = _positive(deviations, "Mỗi tầng cần có độ lệch chuẩn.")
    costs = _positive(unit_costs, "Mỗi tầng cần có chi phí một phiếu.")
    if (costs <= 0).any() or variance <= 0:
        raise AllocationError("Chi phí một phiếu của mỗi tầng và phương sai cần đạt phải lớn hơn 0.")
    parts = counts / counts.sum() * spread
    total = (parts / np.sqrt(costs)).sum() * (parts * np.sqrt(costs)).sum()
    total /= variance + (parts * spread).sum() / counts.sum()
    return _shared(float(total), parts / np.sqrt(costs))


def power(total: float, totals: ArrayLike, exponent: float = 0.5, variations: ArrayLike = 1.0) -> Numbers:
    """n_h ~ X_h^q CV_h: between equal precision of strata (q = 0) and of the whole (q = 1).

    `totals` are the X_h (persons, or a total that matters). Source: Bankier (1988). R: `n * X^q / sum(X^q)`.
    """
    parts = _positive(totals, "Mỗi tầng cần có tổng.") ** exponent * np.asarray(variations, np.float64)
    return _shared(total, parts)


def bounded(shares: ArrayLike, sizes: ArrayLike, minimum: float = 0) -> Numbers:
    """`shares` kept within [min(minimum, N_h), N_h] with their sum; what is cut off goes to the others in proportion.

    Raises AllocationError when the sum does not fit between the bounds.
    No R equivalent: `PracTools::strAlloc` bounds nothing; by hand `pmin(pmax(n_h, least), N_h)`, the rest shared
    anew until it fits.
    """
    wanted, upper = np.asarray(shares, np.float64), np.asarray(sizes, np.float64)
    lower = np.minimum(minimum, upper)
    total = wanted.sum()
    if total > upper.sum() + 1e-9:
        raise AllocationError(f"Khung mẫu có {int(upper.sum())} người, không chọn được {round(total)} người.")
    if total < lower.sum() - 1e-9:
        raise AllocationError(
            f"Mỗi tầng ít nhất {int(minimum)} người thì cần {int(lower.sum())} người, mà cỡ mẫu là {round(total)}. "
            "Tăng cỡ mẫu, giảm số tối thiểu, hoặc gộp tầng."
        )
    # A stratum without a share of its own still takes part once all others are full.
    parts = np.maximum(wanted, 1e-12 * max(total, 1.0))
    return _clipped(parts, lower, upper, total)


def _clipped(parts: Numbers, lower: Numbers, upper: Numbers, total: float) -> Numbers:
    """clip(λ parts, lower, upper) with λ so that the sum is `total`: the sum is piecewise linear and rising in λ."""
    knots = np.unique(np.concatenate([lower / parts, upper / parts]))
    sums = np.array([np.clip(knot * parts, lower, upper).sum() for knot in knots])
    place = int(np.searchsorted(sums, total - 1e-12))
    if place == 0:
        return lower.copy()
    if place == len(knots):
        return upper.copy()
    rise = sums[place] - sums[place - 1]
    factor = knots[place - 1] + (total - sums[place - 1]) / rise * (knots[place] - knots[place - 1])
    result: Numbers = np.clip(factor * parts, lower, upper)
    return result


def whole_numbers(shares: ArrayLike, sizes: ArrayLike, minimum: int = 0) -> NDArray[np.int64]:
    """Persons per stratum: whole numbers with the (rounded) sum of `shares`, none above N_h or below the minimum.

    By `ROUNDING_RULE`: everybody gets the whole part, the largest remainders get one more.
    R: by hand, `floor(s)` and one more for the first of `order(-(s - floor(s)))`, between the bounds.
    """
    upper = np.asarray(sizes, np.int64)
    total = round(float(np.sum(shares)))
    exact = bounded(_shared(total, np.asarray(shares, np.float64)) if np.sum(shares) else shares, upper, minimum)
    whole = np.floor(exact + 1e-9).astype(np.int64)
    remainders = exact - whole
    order = sorted(range(len(whole)), key=lambda at: (-round(float(remainders[at]), 9), -int(upper[at]), at))
    for at in [at for at in order if whole[at] < upper[at]][: total - int(whole.sum())]:
        whole[at] += 1
    return whole


def two_stage_optimum(cost_first: float, cost_second: float, rho: float) -> float:
    """Persons per selected cluster that make the variance smallest for the money: √(C1 (1 - ρ) / (C2 ρ)).

    `cost_first` is the cost of a cluster (travel), `cost_second` of a person, `rho` the likeness within clusters.
    Source: Hansen, Hurwitz & Madow (1953). R: `PracTools::clusOpt2(C1, C2, delta, …)$n.opt`.
    """
    if cost_first <= 0 or cost_second <= 0 or not 0 < rho < 1:
        raise AllocationError("Chi phí phải lớn hơn 0; hệ số tương quan trong cụm lớn hơn 0 và nhỏ hơn 1.")
    return sqrt(cost_first / cost_second * (1 - rho) / rho)


def clusters_for_cv(per_cluster: float, rho: float, cv: float, unit_relvariance: float = 1, k: float = 1) -> float:
    """Clusters m so that the mean has the coefficient of variation `cv`: B k (1 + ρ (n̄ - 1)) / (n̄ cv²).

    Source: Valliant, Dever & Kreuter (2018) 9.2. R: `PracTools::clusOpt2(…, unit.rv, k, CV0, cal.sw = 2)$m.opt`.
    """
    return unit_relvariance * k * (rho * (per_cluster - 1) + 1) / (per_cluster * cv**2)


def clusters_for_budget(budget: float, cost_first: float, cost_second: float, per_cluster: float) -> float:
    """Clusters m that the budget buys: C / (C1 + C2 n̄). R: `PracTools::clusOpt2(…, tot.cost, cal.sw = 1)$m.opt`."""
    if budget <= 0 or cost_first <= 0 or cost_second <= 0:
        raise AllocationError("Kinh phí và các chi phí phải lớn hơn 0.")
    return budget / (cost_first + cost_second * per_cluster)


def cluster_design_effect(per_cluster: float, rho: float) -> float:
    """How much a sample of clusters loses against a simple one of the same size: 1 + (n̄ - 1) ρ. Source: Kish (1965).

    R: `1 + (m - 1) * rho`, where rho is the delta of `PracTools::BW2stageSRS(X, psuID)`."""
    return 1 + (per_cluster - 1) * rho


def standard_deviations(values: Sequence[float], strata: Sequence[str]) -> dict[str, float]:
    """S_h of each stratum (divisor N_h - 1), 0 for a stratum of one. R: `tapply(y, stratum, sd)`."""
    by_stratum: dict[str, list[float]] = {}
    for value, stratum in zip(values, strata, strict=True):
        by_stratum.setdefault(stratum, []).append(value)
    return {name: float(np.std(one, ddof=1)) if len(one) > 1 else 0.0 for name, one in by_stratum.items()}
