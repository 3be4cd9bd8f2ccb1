"""What do the weights cost? Design effects of weighting and the ranges that an officer should look at.

Source: Kish (1965, 1992); Henry & Valliant (2015); Spencer (2000); Chen & Rust (2017).
"""

import numpy as np
import pandas as pd

from analysis.design import Design
from analysis.inputs import Values, refuse_rows, vector
from analysis.taylor import Codes, DesignError, Floats


def kish_design_effect(weights: Values) -> float:
    """n Σw² / (Σw)². R: `PracTools::deffK(w)`."""
    weights = _checked(weights)
    return float(len(weights) * (weights**2).sum() / weights.sum() ** 2)


def effective_size(weights: Values) -> float:
    """Answers that an unweighted sample of the same precision would need: (Σw)² / Σw².

    R: `sum(w)^2 / sum(w^2)`, n / `PracTools::deffK(w)`."""
    weights = _checked(weights)
    return float(weights.sum() ** 2 / (weights**2).sum())


def henry_design_effect(weights: Floats, y: Floats, x: Floats) -> float:
    """Design effect of calibrated weights, for a variable y (n,) that the auxiliaries x (n,) or (n, p) explain.

    With u = α + residual of the weighted regression: deff_K σ²_u/σ²_y + n σ_w σ_u (ρ_{u²w} - 2α ρ_{uw}) / (N σ²_y).
    The paper has σ_{u²} in place of σ_u at ρ_{u²w}; this is what R computes. R: `PracTools::deffH(w, y, x)`."""
    columns = np.column_stack([np.ones(len(y)), x])
    fit = np.linalg.solve(columns.T @ (columns * weights[:, None]), columns.T @ (weights * y))
    u = fit[0] + y - columns @ fit
    size = weights.sum()
    spread_y, spread_u, spread_w = (_spread(each, weights) for each in (y, u, weights))
    gain = kish_design_effect(weights) * spread_u / spread_y
    if spread_w <= 1e-14 * weights.mean() ** 2:
        return float(gain)
    square = _covariance(u**2, weights, weights) / np.sqrt(_spread(u**2, weights) * spread_w)
    straight = _covariance(u, weights, weights) / np.sqrt(spread_u * spread_w)
    more = len(y) * np.sqrt(spread_w * spread_u) * (square - 2 * fit[0] * straight) / (size * spread_y)
    return float(gain + more)


def spencer_design_effect(chances: Floats, weights: Floats, y: Floats) -> float:
    """Design effect of weights 1/(n p) where y may go with the one-draw chances p (n,), of the regression on p:
    α²(deff_K - 1)/σ²_y + deff_K (1 - ρ²_{yp}) + n ρ_{e²w} σ_{e²} σ_w / (N σ²_y).

    The paper adds 2 n α ρ_{ew} σ_e σ_w / (N σ²_y), which R leaves out. R: `PracTools::deffS(p, w, y)`."""
    n, size = len(y), weights.sum()
    columns = np.column_stack([np.ones(n), chances])
    fit = np.linalg.solve(columns.T @ (columns * weights[:, None]), columns.T @ (weights * y))
    rest = y - columns @ fit
    spread_y, kish = _spread(y, weights), kish_design_effect(weights)
    fall = _covariance(y, chances, weights) ** 2 / (spread_y * _spread(chances, weights))
    more = n * _covariance(rest**2, weights, weights) / (size * spread_y)
    return float(fit[0] ** 2 * (kish - 1) / spread_y + kish * (1 - fall) + more)


def chen_rust_design_effect(
    weights: Floats, y: Floats, strata: Codes | None = None, clusters: Codes | None = None
) -> float:
    """Design effect as a product, summed over strata: of weighting 1 + cv²_h, of clustering 1 + (n*_h - 1) ρ_h = deff_h
    over that, of stratification (W_h² n / n_h) σ²_h / σ²; strata and clusters as codes (n,).

    Source: Chen & Rust (2017). R: `PracTools::deffCR(w, strvar, clvar, y=y)$"overall deff"`."""
    n = len(y)
    codes = np.zeros(n, dtype=np.intp) if strata is None else strata
    whole = _sample_variance(y, weights)
    result = 0.0
    for stratum in np.unique(codes):
        rows = codes == stratum
        w, values = weights[rows], y[rows]
        weighting = kish_design_effect(w)
        clustering = 1.0
        if clusters is not None:
            frame = pd.DataFrame({"y": values, "w": w, "cluster": clusters[rows]})
            clustering = float(Design(frame, psu="cluster", weights="w").mean("y")["deff"].iloc[0]) / weighting
        share = w.sum() / weights.sum()
        stratification = 1.0 if strata is None else share**2 * n / len(w) * _sample_variance(values, w) / whole
        result += weighting * clustering * stratification
    return float(result)


def _sample_variance(values: Floats, weights: Floats) -> float:
    mean = weights @ values / weights.sum()
    n = len(values)
    return float(n / (n - 1) * (weights @ (values - mean) ** 2) / (weights.sum() - 1))


def _spread(values: Floats, weights: Floats) -> float:
    mean = weights @ values / weights.sum()
    n = len(values)
    return float(n / (n - 1) * (weights @ (values - mean) ** 2) / weights.sum())


def _covariance(one: Floats, other: Floats, weights: Floats) -> float:
    size = weights.sum()
    return float(weights @ ((one - weights @ one / size) * (other - weights @ other / size)) / size)


def summary(weights: Values) -> dict[str, float]:
    """n, sum, smallest, largest, largest over median, largest share of the sum, Kish's effect and effective size.

    R: `summary(w)`, `max(w) / median(w)`, `PracTools::deffK(w)`."""
    weights = _checked(weights)
    used = weights[weights > 0]
    return {
        "n": float(len(used)),
        "sum": float(used.sum()),
        "min": float(used.min()),
        "max": float(used.max()),
        "max_to_median": float(used.max() / np.median(used)),
        "largest_share": float(used.max() / used.sum()),
        "kish_deff": kish_design_effect(used),
        "effective_n": effective_size(used),
    }


def _checked(weights: Values) -> Floats:
    found = vector(weights, "weights", missing=False)
    refuse_rows(found < 0, "weights is negative", "a row stands for no fewer than 0 persons")
    if not found.any():
        raise DesignError(f"weights is 0 in all {len(found)} rows: nobody is left to count.")
    return found
