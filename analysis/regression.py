"""Weighted linear and logistic regression with design-based standard errors.

Source: Binder (1983); Lumley & Scott (2017). R: `svyglm`.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from analysis.design import Design
from analysis.inputs import Where, inside_of, numbers, refuse_level, refuse_other
from analysis.model_matrix import model_matrix
from analysis.taylor import DesignError, Floats

LINKS = ("identity", "logit", "probit", "cloglog")


@dataclass(frozen=True)
class Fit:
    """table: term, estimate, se, t, p_value, ci_low, ci_high, df; covariance (p, p); fitted means (n,), NaN outside."""

    table: pd.DataFrame
    covariance: Floats
    fitted: Floats


def fit(design: Design, formula: str, link: str = "identity", where: Where = None, level: float = 0.95) -> Fit:
    """`y ~ x + z` with text as classes. The covariance is that of Σ w x (y - μ) turned by the information matrix, or of
    the coefficients fitted again in each replicate. df = design's - terms + 1.

    R: `svyglm(y ~ x + z, design, family=gaussian())`; logit: `family=quasibinomial()`; rows whose replicate factor is
    below 0 stay in, where `svyglm` leaves them out."""
    response = formula.split("~")[0].strip()
    names, matrix = model_matrix(design.frame, formula)
    refuse_other(link, LINKS, "link")
    refuse_level(level)
    y = numbers(design.frame, response, "The formula")
    inside = inside_of(design.frame, where) & ~np.isnan(y) & ~np.isnan(matrix).any(axis=1)
    if not (inside & (design.weights != 0)).any():
        raise DesignError(f"No row of the domain has an answer to all of {formula}.")
    x = np.where(inside[:, None], matrix, 0.0)
    y = np.where(inside, y, 0.0)
    weights = design.weights * inside
    beta, mean, slope, working = coefficients(x, y, weights, link)
    if design.replicates is None:
        information = x.T @ (x * (weights * working)[:, None])
        scores = x * (weights * slope * (y - mean))[:, None] @ np.linalg.inv(information)
        covariance = design.covariance_of_scores(scores)
    else:
        covariance = design.repeated(lambda repeated: coefficients(x, y, repeated * inside, link, beta)[0])
    df = design.df_within(inside) - len(beta) + 1
    se = np.sqrt(np.diag(covariance))
    with np.errstate(divide="ignore"):
        t = beta / se
    reach = stats.t.ppf((1 + level) / 2, df) * se
    table = pd.DataFrame({
        "term": names, "estimate": beta, "se": se, "t": t, "p_value": 2 * stats.t.sf(np.abs(t), df),
        "ci_low": beta - reach, "ci_high": beta + reach, "df": df,
    })  # fmt: skip
    return Fit(table, covariance, np.where(inside, mean, np.nan))


def coefficients(
    x: Floats, y: Floats, weights: Floats, link: str = "identity", start: Floats | None = None, most: int = 100
) -> tuple[Floats, Floats, Floats, Floats]:
    """β (p,) by iteratively reweighted least squares; fitted means, score slopes and working weights (n,).

    R: `glm(y ~ x, weights=w, family=binomial(link))$coefficients`."""
    refuse_other(link, LINKS, "link")
    if link != "identity" and ((y < 0) | (y > 1)).any():
        raise DesignError("This link needs answers between 0 and 1.")
    if start is None:
        start = np.zeros(x.shape[1])
    beta = start
    for _ in range(most):
        mean, rise, spread = _link(x @ beta, link)
        working = rise**2 / spread
        information = x.T @ (x * (weights * working)[:, None])
        step = np.linalg.lstsq(information, x.T @ (weights * rise / spread * (y - mean)), rcond=None)[0]
        beta = beta + step
        if np.abs(step).max() <= 1e-11 * max(1.0, float(np.abs(beta).max())):
            mean, rise, spread = _link(x @ beta, link)
            return beta, mean, rise / spread, rise**2 / spread
    raise DesignError("The regression does not converge: some class has only one kind of answer.")


def _link(linear: Floats, link: str) -> tuple[Floats, Floats, Floats]:
    """Mean, its slope in the linear predictor, and the variance function."""
    if link == "identity":
        return linear, np.ones_like(linear), np.ones_like(linear)
    if link == "logit":
        mean = 1 / (1 + np.exp(-np.clip(linear, -30, 30)))
        return mean, mean * (1 - mean), mean * (1 - mean)
    if link == "probit":
        mean = np.clip(stats.norm.cdf(linear), 1e-12, 1 - 1e-12)
        return mean, np.asarray(stats.norm.pdf(linear)), mean * (1 - mean)
    grown = np.exp(np.clip(linear, -30, 3.4))
    mean = np.clip(1 - np.exp(-grown), 1e-12, 1 - 1e-12)
    return mean, grown * np.exp(-grown), mean * (1 - mean)
