"""Weights that meet known totals of the population: post-stratification, raking, calibration, trimming.

Functions of arrays: design weights (n,) in, adjusted weights (n,) out. `weighting` applies them to a design and keeps
the variance that belongs to each. Source: Deville & Särndal (1992); Deville, Särndal & Sautory (1993).
"""

from collections.abc import Callable, Sequence

import numpy as np

from analysis.taylor import Codes, DesignError, Floats

CALIBRATION_FUNCTIONS = ("linear", "raking", "logit", "sinh")
_SPREAD = 1e-13  # of the sum of the weights: less is not worth spreading again
_Bounds = tuple[float, float]
# u (n,) → g - 1 and the slope of g.
_Factor = Callable[[Floats], tuple[Floats, Floats]]


def post_stratified(weights: Floats, cells: Codes, totals: Floats) -> Floats:
    """w N_c / Σ_c w in each cell 0..C-1; totals (C,). R: `postStratify(design, ~cell, totals)`."""
    sums = np.bincount(cells, weights, minlength=len(totals))
    if ((sums == 0) & (totals > 0)).any():
        raise DesignError(f"No answer in cell {int(((sums == 0) & (totals > 0)).argmax())}: merge cells.")
    factor = np.divide(totals, sums, out=np.zeros_like(sums), where=sums > 0)
    return np.asarray(weights * factor[cells])


def raked(
    weights: Floats, margins: Sequence[Codes], totals: Sequence[Floats], tolerance: float = 1e-10, most: int = 500
) -> Floats:
    """Iterative proportional fitting to several margins, by cell of their cross-classification.

    margins: codes (n,) each; totals: (C,) each. Stops when no total is off by more than `tolerance` of the whole.
    R: `rake(design, list(~a, ~b), list(totals_a, totals_b), control=list(epsilon=tolerance))`."""
    shape = tuple(len(each) for each in totals)
    cell = np.ravel_multi_index(tuple(margins), shape)
    table: Floats = np.bincount(cell, weights, minlength=int(np.prod(shape))).reshape(shape).astype(np.float64)
    for axis, total in enumerate(totals):
        if ((_margin(table, axis) == 0) & (total > 0)).any():
            raise DesignError(f"A class of margin {axis + 1} has no answer: merge classes.")
    fitted = raked_table(table, totals, tolerance, most)
    factor = np.divide(fitted, table, out=np.zeros(shape), where=table > 0)
    return np.asarray(weights * factor.ravel()[cell])


def raked_table(table: Floats, totals: Sequence[Floats], tolerance: float = 1e-10, most: int = 500) -> Floats:
    """The same on a table of weight sums, one axis a margin: the cost does not grow with the number of answers.

    R: `survey::rake(design, margins, population)` on rows; on a
    table `loglin(targets, margins, start=sums, fit=TRUE)$fit`, targets any table with the margins wanted."""
    fitted = table.copy()
    size = max(float(np.sum(totals[0])), 1e-300)
    for _ in range(most):
        for axis, total in enumerate(totals):
            have = _margin(fitted, axis)
            factor = np.divide(total, have, out=np.zeros_like(have), where=have > 0)
            fitted *= factor.reshape([-1 if other == axis else 1 for other in range(fitted.ndim)])
        if all(np.abs(_margin(fitted, axis) - each).max() <= tolerance * size for axis, each in enumerate(totals)):
            return fitted
    raise DesignError(f"Raking does not meet the margins after {most} rounds: do their sums agree?")


def _margin(table: Floats, axis: int) -> Floats:
    return np.asarray(table.sum(axis=tuple(other for other in range(table.ndim) if other != axis)))


def calibrated(
    weights: Floats,
    auxiliaries: Floats,
    totals: Floats,
    function: str = "linear",
    bounds: _Bounds = (-np.inf, np.inf),
    tolerance: float = 1e-12,
    most: int = 200,
) -> Floats:
    """w g(x'λ) with Σ w g x = totals, by Newton's method. auxiliaries (n, p), totals (p,).

    linear: g = 1 + u (GREG), cut at `bounds`; raking: g = exp u, cut at `bounds`; logit: g within `bounds` smoothly;
    sinh: the asinh form of Deville & Särndal. R: `calibrate(design, ~x, totals, calfun=function, bounds=bounds)`."""
    factor = _factor(function, bounds)
    scale = np.maximum(np.abs(auxiliaries).max(axis=0), 1e-300)
    x, target = auxiliaries / scale, totals / scale
    slopes = np.zeros(x.shape[1])
    size = np.maximum(np.abs(target), 1.0)
    g, rise = factor(x @ slopes)
    off = target - (weights * g) @ x
    for _ in range(most):
        if (np.abs(off) <= tolerance * size).all():
            return np.asarray(weights * g)
        step = np.linalg.pinv(x.T @ (x * (weights * rise)[:, None])) @ off
        shrink = 1.0
        while True:  # half steps where a full one makes things worse
            g, rise = factor(x @ (slopes + shrink * step))
            left = target - (weights * g) @ x
            if np.isfinite(left).all() and (np.abs(left / size).sum() < np.abs(off / size).sum() or shrink < 1e-6):
                break
            shrink /= 2
            if shrink < 1e-9:
                raise DesignError("Calibration does not meet the totals: check them, or widen the bounds.")
        slopes, off = slopes + shrink * step, left
    if (np.abs(off) <= 1e-7 * size).all():
        return np.asarray(weights * g)
    raise DesignError("Calibration does not meet the totals: check them, or widen the bounds.")


def _factor(function: str, bounds: _Bounds) -> _Factor:
    low, high = bounds

    def cut(g: Floats, rise: Floats) -> tuple[Floats, Floats]:
        return np.clip(g, low, high), np.where((g > low) & (g < high), rise, 0.0)

    def linear(u: Floats) -> tuple[Floats, Floats]:
        return cut(1 + u, np.ones_like(u))

    def raking(u: Floats) -> tuple[Floats, Floats]:
        g = np.exp(np.minimum(u, 700))
        return cut(g, g)

    def logit(u: Floats) -> tuple[Floats, Floats]:
        speed = (high - low) / ((1 - low) * (high - 1))
        grown = np.exp(np.clip(speed * u, -700, 700))
        below = (high - 1) + (1 - low) * grown
        g = (low * (high - 1) + high * (1 - low) * grown) / below
        return g, (g - low) * (high - g) * speed / (high - low)

    def sinh(u: Floats) -> tuple[Floats, Floats]:
        g = np.arcsinh(2 * u) / 2 + np.sqrt(1 + np.arcsinh(2 * u) ** 2 / 4)
        rise = 1 / np.sqrt(1 + 4 * u**2) * (1 + np.arcsinh(2 * u) / 2 / np.sqrt(1 + np.arcsinh(2 * u) ** 2 / 4))
        return cut(g, rise)

    known: dict[str, _Factor] = {"linear": linear, "raking": raking, "logit": logit, "sinh": sinh}
    if function not in known:
        raise DesignError(f"Calibration function {function!r}: use one of {', '.join(CALIBRATION_FUNCTIONS)}.")
    if function == "logit" and not (np.isfinite([low, high]).all() and low < 1 < high):
        raise DesignError("The logit function needs bounds below and above 1, such as (0.5, 2).")
    return known[function]


def trimmed(weights: Floats, lower: float = 0.0, upper: float = np.inf, strict: bool = False) -> Floats:
    """Weights cut to [lower, upper]; what was cut is spread evenly over the others, so that the sum stays.

    The others may then leave the bounds by a little; `strict` cuts again and spreads again, until none is outside.
    R: `trimWeights(design, lower=lower, upper=upper, strict=strict)`."""
    result = weights.copy()
    if lower * len(weights) > weights.sum() or upper * len(weights) < weights.sum():
        raise DesignError("The bounds of the trimming cannot hold the sum of the weights.")
    while True:
        cut = np.clip(result, lower, upper)
        outside = cut != result
        if not outside.any() or outside.all() or (strict and np.abs(result - cut).sum() <= _SPREAD * weights.sum()):
            return cut
        cut[~outside] += (result - cut).sum() / (~outside).sum()
        if not strict:
            return cut
        result = cut
