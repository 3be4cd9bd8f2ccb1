"""Who did not answer, and how their weight passes to those who did.

Source: Valliant, Dever & Kreuter (2018) ch. 13; Kalton & Flores-Cervantes (2003).
"""

import numpy as np

from analysis.taylor import Codes, DesignError, Floats, Truths

RULES = ("mean", "weighted mean", "median")


def class_factors(weights: Floats, classes: Codes, responded: Truths) -> Floats:
    """f_c = Σ_c w / Σ_c w of those who answered, (C,); a class without any answer is refused.

    R: `tapply(w, class, sum) / tapply(w * responded, class, sum)`."""
    count = int(classes.max()) + 1
    everybody = np.bincount(classes, weights, minlength=count)
    answered = np.bincount(classes, weights * responded, minlength=count)
    empty = (everybody > 0) & (answered == 0)
    if empty.any():
        raise DesignError(f"Nobody answered in class {int(empty.argmax())}: merge it with another.")
    return np.divide(everybody, answered, out=np.ones(count), where=answered > 0)


def class_adjusted(weights: Floats, classes: Codes, responded: Truths) -> Floats:
    """w f_c for those who answered, 0 for the others, (n,).

    R: `w * answered * ave(w, class, FUN=sum) / ave(w * answered, class, FUN=sum)`."""
    return np.asarray(weights * responded * class_factors(weights, classes, responded)[classes])


def propensity_classes(propensities: Floats, count: int = 5) -> Codes:
    """Classes 0..count-1 of nearly equal size, by quantiles of the propensities (n,).

    Equal propensities are spread over the classes in their order, so that few patterns of answers do not empty a
    class. R: `PracTools::pclass(..., numcl=count)`, which breaks ties by noise."""
    n = len(propensities)
    place = np.empty(n, dtype=np.intp)
    place[np.argsort(propensities, kind="stable")] = np.arange(n)
    return np.asarray(place * count // n, dtype=np.intp)


def class_propensities(propensities: Floats, classes: Codes, responded: Truths, weights: Floats, rule: str) -> Floats:
    """One propensity a class, (C,): mean or median of the model's propensities, weighted or not.

    R: `PracTools::NRadjClass(ID, NRclass, resp, preds, wts, type)`."""
    count = int(classes.max()) + 1
    if rule == "median":
        return np.array([np.median(propensities[classes == each]) for each in range(count)])
    if rule not in RULES:
        raise DesignError(f"rule={rule!r}: use one of {', '.join(RULES)}.")
    size = weights if rule == "weighted mean" else np.ones(len(weights))
    return np.asarray(np.bincount(classes, size * propensities) / np.bincount(classes, size))


def response_rate(weights: Floats, classes: Codes, responded: Truths) -> Floats:
    """Weighted share of those who answered, by class (C,). R: `svyby(~answered, ~class, design, svymean)`."""
    return np.asarray(1 / class_factors(weights, classes, responded))
