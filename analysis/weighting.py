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
from analysis.inputs import refuse_missing, refuse_unknown, truths
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
    """The design with the weights that the recipe gives, and the variance that belongs to them.

    No R equivalent: a recipe is data here; the same by `postStratify`, `rake`, `calibrate` and `trimWeights` one
    after the other."""
    if isinstance(recipe, Mapping | str) or not all(isinstance(step, Mapping) for step in recipe):
        raise DesignError('A recipe is a list of steps, such as [{"step": "trim", "lower": 20, "upper": 45}].')
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
    if (after < 0).any():
        raise DesignError(
            f"The step makes {int((after < 0).sum())} weights negative (smallest {after.min():g}): give bounds such as "
            "[0.3, 3], or the function raking."
        )
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
    kind = str(step.get("step"))
    if kind not in _KINDS:
        raise DesignError(f"Weighting step {kind!r}: use one of {', '.join(_KINDS)}.")
    read, needed, optional = _KINDS[kind]
    if kind == "nonresponse" and "formula" in step:
        read, needed, optional = _nonresponse_by_propensity, ("formula",), ("classes",)
    strange = [str(key) for key in step if key not in ("step", *needed, *optional)]
    if strange:
        raise DesignError(f"The step {kind} does not know {', '.join(strange)}: use {', '.join((*needed, *optional))}.")
    missing = [key for key in needed if key not in step]
    if missing:
        raise DesignError(f"The step {kind} needs {', '.join(missing)}.")
    return read(frame, step)


def _none(before: Floats, after: Floats) -> None:
    return None


def _nonresponse(frame: pd.DataFrame, step: Step) -> tuple[_Change, _Rest]:
    cells, _ = _crossed(frame, _strings(step["by"]))
    responded = _responded(frame, str(step["responded"])) > 0
    return lambda weights: class_adjusted(weights, cells, responded), _none


def _nonresponse_by_propensity(frame: pd.DataFrame, step: Step) -> tuple[_Change, _Rest]:
    formula, classes = str(step["formula"]), _number(step.get("classes", 5), "classes")
    if classes < 1 or classes != round(classes):
        raise DesignError(f"classes={classes:g}: give a whole number of classes, such as 5.")
    _names, matrix = model_matrix(frame, formula)
    responded = _responded(frame, formula.split("~")[0].strip())
    if np.isnan(matrix).any():
        raise DesignError("A variable of the response model has missing values: fill them before weighting.")

    def change(weights: Floats) -> Floats:
        propensities = coefficients(matrix, responded, weights, "logit")[1]
        return class_adjusted(weights, propensity_classes(propensities, int(classes)), responded > 0)

    return change, _none


def _responded(frame: pd.DataFrame, name: str) -> Floats:
    """1 for those who answered, 0 for the others, (n,)."""
    refuse_missing(frame, [name], "responded")
    return truths(frame, name, "responded")


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
    tolerance = _number(step.get("tolerance", 1e-10), "tolerance")
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
    totals = np.array([_number(given[name], f"The total of {name}") for name in names])
    function = str(step.get("function", "linear"))
    given_bounds = step.get("bounds") or (-np.inf, np.inf)
    if not isinstance(given_bounds, Sequence) or len(given_bounds) != 2:
        raise DesignError("Bounds of the step calibrate: a smallest and a largest factor, such as [0.5, 2].")
    bounds = (_number(given_bounds[0], "bounds", endless=True), _number(given_bounds[1], "bounds", endless=True))
    return (
        lambda weights: calibrated(weights, auxiliaries, totals, function, bounds),
        lambda before, after: Regression(auxiliaries, before, after),
    )


def _trim(frame: pd.DataFrame, step: Step) -> tuple[_Change, _Rest]:
    lower = _number(step.get("lower", 0), "lower")
    upper = _number(step.get("upper", np.inf), "upper", endless=True)
    strict = step.get("strict", False)
    if lower > upper:
        raise DesignError(f"The step trim cannot keep weights between {lower:g} and {upper:g}: lower is above upper.")
    if not isinstance(strict, bool):
        raise DesignError(f"The step trim has strict {strict!r}: give true or false.")

    def change(weights: Floats) -> Floats:
        kept = weights != 0  # the units that a replicate leaves out stay out
        result = weights.copy()
        result[kept] = trimmed(weights[kept], lower, upper, strict)
        return result

    return change, _none


def _strings(columns: object) -> list[str]:
    return [columns] if isinstance(columns, str) else [str(each) for each in columns]  # type: ignore[attr-defined]


def _crossed(frame: pd.DataFrame, columns: Sequence[str]) -> tuple[Codes, list[str]]:
    refuse_unknown(frame, columns, "The recipe")
    if frame[list(columns)].isna().any(axis=None):
        raise DesignError(f"{', '.join(columns)} has missing values: fill them before weighting.")
    labels = frame[list(columns)].astype(str).agg(".".join, axis=1)
    codes, found = pd.factorize(labels, sort=True)
    return codes.astype(np.intp), list(map(str, found))


def _totals(labels: Sequence[str], given: object, name: str) -> Floats:
    if not isinstance(given, Mapping):
        raise DesignError(f"Totals of {name}: a number for each class.")
    known = {str(key): _number(value, f"The total of {name} {key}") for key, value in given.items()}
    negative = [f"{key} {value:g}" for key, value in known.items() if value < 0]
    if negative:
        raise DesignError(f"Totals of {name} below 0: {', '.join(negative)}. A total counts persons: correct it.")
    left = [label for label in labels if label not in known]
    empty = [key for key, value in known.items() if key not in labels and value > 0]
    if left or empty:
        raise DesignError(f"Classes of {name} without a total: {left}; totals without an answer: {empty}.")
    nobody = [label for label in labels if known[label] == 0]
    if nobody:
        raise DesignError(f"Totals of {name} are 0 for {', '.join(nobody)}, of whom the sample has rows: correct them.")
    return np.array([known[label] for label in labels])


def _number(given: object, what: str, *, endless: bool = False) -> float:
    """A number of the recipe; `endless`: it may be infinite."""
    usable = isinstance(given, int | float | np.number) and not isinstance(given, bool)
    if not usable or not (np.isfinite(given) or (endless and not np.isnan(given))):  # type: ignore[call-overload]
        raise DesignError(f"{what} is {given!r}: give a number.")
    return float(given)  # type: ignore[arg-type]


# How a step is read, what it needs, and what else it may say.
_KINDS: Mapping[str, tuple[Callable[[pd.DataFrame, Step], tuple[_Change, _Rest]], tuple[str, ...], tuple[str, ...]]] = {
    "nonresponse": (_nonresponse, ("by", "responded"), ()),
    "post_stratify": (_post_stratify, ("by", "totals"), ()),
    "rake": (_rake, ("margins",), ("tolerance",)),
    "calibrate": (_calibrate, ("formula", "totals"), ("function", "bounds")),
    "trim": (_trim, (), ("lower", "upper", "strict")),
}
