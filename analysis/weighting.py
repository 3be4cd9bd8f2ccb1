"""A weighting recipe: steps as plain data, stored with the round, and applied to a design as often as wanted.

A recipe is a list of JSON objects, each with `step` and what that step needs:

    {"step": "nonresponse", "by": ["group", "district"], "responded": "responded"}
    {"step": "nonresponse", "formula": "responded ~ group + sex", "classes": 5}      classes of equal propensity
    {"step": "post_stratify", "by": ["sex"], "totals": {"F": 29145, "M": 29145}}       keys "a.b" for two columns
    {"step": "rake", "margins": {"sex": {"F": 29145, "M": 29145}, "age": {"18-34": 17487, "35+": 40803}}}
    {"step": "calibrate", "formula": "1 + sex + age_years", "totals": {...}, "function": "logit", "bounds": [0.5, 2]}
    {"step": "trim", "lower": 20, "upper": 45, "strict": true}

With Taylor variance each step leaves its residuals (`residuals`); with replicates every replicate goes through all
steps again, the only way that counts non-response, raking and trimming together. Weights after `nonresponse` and
`trim` are taken as given by Taylor, which overstates the variance where classes explain the answers.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from analysis.calibration import calibrated, post_stratified, raked, trimmed
from analysis.design import Design, replace_fields
from analysis.model_matrix import model_matrix
from analysis.nonresponse import class_adjusted, propensity_classes
from analysis.regression import coefficients
from analysis.residuals import Adjustment, CellMeans, MarginMeans, Regression
from analysis.taylor import Codes, DesignError, Floats

Step = Mapping[str, object]
# Weights → weights after the step; and what the step leaves for the variance, given both.
_Change = Callable[[Floats], Floats]
_Rest = Callable[[Floats, Floats], Adjustment | None]


def weighted(design: Design, recipe: Sequence[Step]) -> Design:
    """The design with the weights that the recipe gives, and the variance that belongs to them."""
    for step in recipe:
        design = _apply(design, *_step(design.frame, step))
    return design


def post_stratify(design: Design, by: str | Sequence[str], totals: Mapping[str, float]) -> Design:
    """Weights that meet the totals of every cell of `by`. R: `postStratify(design, ~by, totals)`."""
    return weighted(
        design, [{"step": "post_stratify", "by": [by] if isinstance(by, str) else list(by), "totals": totals}]
    )


def rake(design: Design, margins: Mapping[str, Mapping[str, float]], tolerance: float = 1e-10) -> Design:
    """Weights that meet several margins. R: `rake(design, list(~a, ~b), list(totals_a, totals_b))`."""
    return weighted(design, [{"step": "rake", "margins": margins, "tolerance": tolerance}])


def calibrate(
    design: Design, formula: str, totals: Mapping[str, float], function: str = "linear",
    bounds: Sequence[float] = (-np.inf, np.inf),
) -> Design:  # fmt: skip
    """Weights that meet totals of numbers and classes. R: `calibrate(design, ~x, totals, calfun=function)`."""
    return weighted(design, [
        {"step": "calibrate", "formula": formula, "totals": totals, "function": function, "bounds": list(bounds)}
    ])  # fmt: skip


def trim(design: Design, lower: float = 0, upper: float = np.inf, strict: bool = False) -> Design:
    """Weights within bounds, with the same sum. R: `trimWeights(design, lower, upper, strict)`."""
    return weighted(design, [{"step": "trim", "lower": lower, "upper": upper, "strict": strict}])


def _apply(design: Design, change: _Change, rest: _Rest) -> Design:
    before, after = design.weights, change(design.weights)
    adjustment = rest(before, after)
    replicates = design.replicates
    if replicates is not None:
        repeated = np.stack([change(column * before) for column in replicates.factors.T], axis=1)
        factors = np.divide(repeated, after[:, None], out=np.zeros_like(repeated), where=after[:, None] != 0)
        replicates = replace(replicates, factors=factors)
    adjustments = design.adjustments if adjustment is None else (*design.adjustments, adjustment)
    df = design.df if replicates is None else replicates.df(after)
    return replace_fields(design, weights=after, replicates=replicates, adjustments=adjustments, df=df)


def _step(frame: pd.DataFrame, step: Step) -> tuple[_Change, _Rest]:
    kinds = {
        "nonresponse": _nonresponse, "post_stratify": _post_stratify, "rake": _rake, "calibrate": _calibrate,
        "trim": _trim,
    }  # fmt: skip
    kind = str(step.get("step"))
    if kind not in kinds:
        raise DesignError(f"Weighting step {kind!r}: use one of {', '.join(kinds)}.")
    return kinds[kind](frame, step)


def _none(before: Floats, after: Floats) -> None:
    return None


def _nonresponse(frame: pd.DataFrame, step: Step) -> tuple[_Change, _Rest]:
    if "formula" in step:
        return _nonresponse_by_propensity(frame, str(step["formula"]), int(str(step.get("classes", 5)))), _none
    cells, _ = _crossed(frame, _strings(step["by"]))
    responded = frame[str(step["responded"])].to_numpy(dtype=bool)
    return lambda weights: class_adjusted(weights, cells, responded), _none


def _nonresponse_by_propensity(frame: pd.DataFrame, formula: str, classes: int) -> _Change:
    _names, matrix = model_matrix(frame, formula)
    responded = frame[formula.split("~")[0].strip()].to_numpy(dtype=np.float64)
    if np.isnan(matrix).any() or np.isnan(responded).any():
        raise DesignError("A variable of the response model has missing values: fill them before weighting.")

    def change(weights: Floats) -> Floats:
        propensities = coefficients(matrix, responded, weights, "logit")[1]
        return class_adjusted(weights, propensity_classes(propensities, classes), responded > 0)

    return change


def _post_stratify(frame: pd.DataFrame, step: Step) -> tuple[_Change, _Rest]:
    cells, labels = _crossed(frame, _strings(step["by"]))
    totals = _totals(labels, step["totals"], ".".join(_strings(step["by"])))
    return (
        lambda weights: post_stratified(weights, cells, totals),
        lambda before, after: CellMeans(cells, before, after),
    )


def _rake(frame: pd.DataFrame, step: Step) -> tuple[_Change, _Rest]:
    margins = step["margins"]
    if not isinstance(margins, Mapping):
        raise DesignError("The step rake needs margins: a column and its totals each.")
    crossed = [_crossed(frame, str(name).split("*")) for name in margins]
    codes = tuple(each for each, _ in crossed)
    totals = [
        _totals(labels, given, str(name)) for (_, labels), (name, given) in zip(crossed, margins.items(), strict=True)
    ]
    tolerance = float(str(step.get("tolerance", 1e-10)))
    return (
        lambda weights: raked(weights, codes, totals, tolerance),
        lambda before, after: MarginMeans(codes, after),
    )


def _calibrate(frame: pd.DataFrame, step: Step) -> tuple[_Change, _Rest]:
    names, auxiliaries = model_matrix(frame, str(step["formula"]))
    given = step["totals"]
    if not isinstance(given, Mapping) or set(given) != set(names):
        raise DesignError(f"The step calibrate needs totals for {', '.join(names)}.")
    if np.isnan(auxiliaries).any():
        raise DesignError("An auxiliary variable has missing values: fill them before calibrating.")
    totals = np.array([float(given[name]) for name in names])
    function = str(step.get("function", "linear"))
    given_bounds = step.get("bounds") or (-np.inf, np.inf)
    if not isinstance(given_bounds, Sequence) or len(given_bounds) != 2:
        raise DesignError("Bounds of the step calibrate: a smallest and a largest factor, such as [0.5, 2].")
    bounds = (float(given_bounds[0]), float(given_bounds[1]))
    return (
        lambda weights: calibrated(weights, auxiliaries, totals, function, bounds),
        lambda before, after: Regression(auxiliaries, before, after),
    )


def _trim(frame: pd.DataFrame, step: Step) -> tuple[_Change, _Rest]:
    lower, upper = float(str(step.get("lower", 0))), float(str(step.get("upper", np.inf)))
    strict = bool(step.get("strict", False))

    def change(weights: Floats) -> Floats:
        kept = weights != 0  # the units that a replicate leaves out stay out
        result = weights.copy()
        result[kept] = trimmed(weights[kept], lower, upper, strict)
        return result

    return change, _none


def _strings(columns: object) -> list[str]:
    return [columns] if isinstance(columns, str) else [str(each) for each in columns]  # type: ignore[attr-defined]


def _crossed(frame: pd.DataFrame, columns: Sequence[str]) -> tuple[Codes, list[str]]:
    strange = [name for name in columns if name not in frame]
    if strange:
        raise DesignError(f"The recipe names {', '.join(strange)}, which is no column.")
    if frame[list(columns)].isna().any(axis=None):
        raise DesignError(f"{', '.join(columns)} has missing values: fill them before weighting.")
    labels = frame[list(columns)].astype(str).agg(".".join, axis=1)
    codes, found = pd.factorize(labels, sort=True)
    return codes.astype(np.intp), list(map(str, found))


def _totals(labels: Sequence[str], given: object, name: str) -> Floats:
    if not isinstance(given, Mapping):
        raise DesignError(f"Totals of {name}: a number for each class.")
    known = {str(key): float(value) for key, value in given.items()}
    left = [label for label in labels if label not in known]
    empty = [key for key, value in known.items() if key not in labels and value > 0]
    if left or empty:
        raise DesignError(f"Classes of {name} without a total: {left}; totals without an answer: {empty}.")
    return np.array([known[label] for label in labels])
