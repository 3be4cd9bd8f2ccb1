"""What calibration takes away from the variance: estimates vary only by the residuals of the calibration model.

Scores are weight times linearised variable, (n, k). Each step of weighting maps them to residual scores, in the order
of the steps, before the ordinary variance is taken. Source: Deville & Särndal (1992); Särndal, Swensson & Wretman
(1992) ch. 7. R: `svyrecvar(..., postStrata=)`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.taylor import Codes, Floats, sums_by_code

RAKING_CYCLES = 10


@dataclass(frozen=True)
class CellMeans:
    """After post-stratification: z - w ȳ_c, with class means ȳ_c of z/w under the weights `before` (n,)."""

    cells: Codes
    before: Floats
    after: Floats

    def residuals(self, scores: Floats) -> Floats:
        """Residual scores (n, k).

        R: the `postStrata` step of `svyrecvar` after `postStratify`."""
        return scores - self.after[:, None] * _class_means(_unweighted(scores, self.after), self.cells, self.before)


@dataclass(frozen=True)
class MarginMeans:
    """After raking: ten rounds over the margins of taking away the plain class means of z/w, as R does."""

    margins: tuple[Codes, ...]
    after: Floats

    def residuals(self, scores: Floats) -> Floats:
        """Residual scores (n, k).

        R: the `postStrata` steps of `svyrecvar` after `rake`, ten cycles over the margins."""
        values = _unweighted(scores, self.after)
        # All that is taken away is equal within a cell of all margins, so the rounds go over the cells.
        classes, cell = np.unique(np.stack(self.margins), axis=1, return_inverse=True)
        cell = cell.reshape(-1)
        count = np.bincount(cell).astype(np.float64)
        left = sums_by_code(values, cell, len(count))
        taken = np.zeros_like(left)
        for _ in range(RAKING_CYCLES):
            for margin in classes:
                size = np.bincount(margin, count)
                mean = (sums_by_code(left, margin, len(size)) / np.maximum(size, 1)[:, None])[margin]
                left -= count[:, None] * mean
                taken += mean
        return np.asarray((values - taken[cell]) * self.after[:, None])


@dataclass(frozen=True)
class Regression:
    """After calibration: g w (u - x'B), B by least squares under the weights `before`; auxiliaries (n, p)."""

    auxiliaries: Floats
    before: Floats
    after: Floats

    def residuals(self, scores: Floats) -> Floats:
        """Residual scores (n, k). R: `qr.resid` of the calibration step in `svyrecvar` after `calibrate`."""
        half = np.sqrt(self.before)
        values = _unweighted(scores, self.after)
        fit = np.linalg.lstsq(self.auxiliaries * half[:, None], values * half[:, None], rcond=None)[0]
        return np.asarray((values - self.auxiliaries @ fit) * self.after[:, None])


Adjustment = CellMeans | MarginMeans | Regression


def residual_scores(scores: Floats, adjustments: Sequence[Adjustment]) -> Floats:
    """Scores after all steps of weighting, (n, k).

    R: what `svyrecvar(x, clusters, stratas, fpcs, postStrata)` does with each entry of postStrata."""
    for step in adjustments:
        scores = step.residuals(scores)
    return scores


def _unweighted(scores: Floats, weights: Floats) -> Floats:
    return np.divide(scores, weights[:, None], out=np.zeros_like(scores), where=weights[:, None] != 0)


def _class_means(values: Floats, codes: Codes, weights: Floats) -> Floats:
    count = int(codes.max()) + 1
    size = np.bincount(codes, weights, minlength=count)
    sums = sums_by_code(values * weights[:, None], codes, count)
    means = np.divide(sums, size[:, None], out=np.zeros_like(sums), where=size[:, None] > 0)
    return np.asarray(means[codes])
