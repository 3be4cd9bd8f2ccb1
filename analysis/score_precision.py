"""How sure are the points of a criterion, an area and the whole survey part? Standard errors and intervals.

Points are a fixed combination of means of single questions. Their variance is that of the linearised combination, so
it holds the covariances between questions that one person answered and between criteria that share a question
(Särndal, Swensson & Wretman 1992, 5.5). Strata are the publication cells; persons within a cell count as drawn with
replacement. Who filled in several forms, one about each rated unit, is one sampling unit where the column `rater` says
so; where nobody may know it every form has a rater of its own, and rated units are taken as independent. Intervals are
of the beta kind at n_eff = m(1-m)/v on the share of the maximum, since with few answers and scores near the top an
interval of estimate ± t·se is far too short (Korn & Graubard 1998; Franco et al. 2019).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pandas as pd
from scipy import sparse

from analysis import proportion
from analysis.component_score import SIPAS, LeafScore
from analysis.composite import sums_of_means
from analysis.design import Design
from analysis.intervals import ROUNDING
from analysis.scoring_rules import DONT_KNOW, PRESETS, Settings
from analysis.taylor import Floats, satterthwaite_df

CELL, GROUP, RATER = "cell", "group", "rater"


@dataclass(frozen=True)
class Interval:
    """An estimate with its standard error and 95 % limits, all in points (or in shares, where the maximum is 1)."""

    estimate: float
    se: float
    low: float
    high: float
    n: int  # forms that say something
    df: float  # of the standard error (Satterthwaite); where all agree, of so many persons


@dataclass(frozen=True)
class Term:
    """One mean in the sum: of `groups` taken together, of one question, times `factor` points."""

    groups: tuple[str, ...]
    item: str
    factor: float
    sipas: bool

    @property
    def mean(self) -> tuple[tuple[str, ...], str, bool]:
        """Which mean it is, without the factor: criteria may share one."""
        return self.groups, self.item, self.sipas


def terms_of(leaf: LeafScore, settings: Settings) -> list[Term]:
    """The means that the points of a leaf are made of; none where it has no points, or 0 by the rule for few answers.

    Σ factor × mean = the unrounded points. Weights by numbers of answers («pooled») are taken as given.
    No R equivalent: the rules of the index as coefficients; by hand the `contrasts` of `svycontrast`.
    """
    return _sipas_terms(leaf, settings) if leaf.criterion.scored_by == SIPAS else _survey_terms(leaf, settings)


def _survey_terms(leaf: LeafScore, settings: Settings) -> list[Term]:
    used = {group: figure for group, figure in leaf.groups.items() if figure.used}
    weights = dict(settings.group_weights)
    asked = [group for group in leaf.groups if weights.get(group, 1) > 0]
    if leaf.exact is None or (settings.missing_group == "zero" and len(used) < len(asked)):
        return []
    if settings.group_combination == "pooled":
        shares = {group: Fraction(figure.n) for group, figure in used.items()}
    else:
        shares = {group: Fraction(weights.get(group, 1)) for group in used}
    total = sum(shares.values())
    terms = []
    for group, figure in used.items():
        items = [question.item for question in figure.questions if question.mean is not None]
        factor = float(Fraction(leaf.criterion.max_points) * shares[group] / total / len(items))
        terms += [Term((group,), item, factor, sipas=False) for item in items]
    return terms


def _sipas_terms(leaf: LeafScore, settings: Settings) -> list[Term]:
    parts = _pooled_parts(leaf) if settings.sipas_groups == "pooled" else _equal_parts(leaf, settings)
    points = Fraction(leaf.criterion.max_points)
    return [
        Term(groups, item, float(points * share / len(items)), sipas=True)
        for groups, share, items in parts
        for item in items
    ]


_Part = tuple[tuple[str, ...], Fraction, list[str]]  # groups together, their share, the questions that count


def _pooled_parts(leaf: LeafScore) -> list[_Part]:
    return [(tuple(leaf.groups), Fraction(1), [item for item, mean in leaf.items.items() if mean is not None])]


def _equal_parts(leaf: LeafScore, settings: Settings) -> list[_Part]:
    used = {group: figure for group, figure in leaf.groups.items() if figure.used}
    if settings.missing_group == "zero" and len(used) < len(leaf.groups):
        return []
    return [
        ((group,), Fraction(1, len(used)), [one.item for one in figure.questions if one.n >= settings.n_min])
        for group, figure in used.items()
    ]


def precision(
    leaves: Sequence[LeafScore], sums: Sequence[Sequence[int]], answers: pd.DataFrame, settings: Settings
) -> tuple[list[Interval | None], list[Interval | None]]:
    """Intervals of every leaf, and of every sum of leaves (positions in `leaves`: an area, the total).

    answers: one row per form with the columns `cell`, `group`, `rater` and one per question with its level as text
    ("1" …, KB, empty; missing where not asked), best as categories. None without points or without persons to learn a
    variance from.
    R: `svycontrast(svymean(~a + b, svydesign(~rater, strata=~cell, data=forms)), M * W)` where nobody left a
    question out; limits: `svyciprop(~I(score / M), design, method="beta")`.
    """
    values, of_leaves = _combination(leaves, answers, settings)
    if not values.shape[1] or answers[CELL].nunique() >= answers[RATER].nunique():
        return [None] * len(leaves), [None] * len(sums)
    factors = np.vstack([of_leaves, *(of_leaves[list(members)].sum(axis=0) for members in sums)])
    maxima = [float(leaf.criterion.max_points) for leaf in leaves]
    # A leaf that has no points cannot add any either, so it widens no interval.
    maxima += [sum(maxima[position] for position in members if of_leaves[position].any()) for members in sums]
    found = combined_means(answers, values, factors, maxima)
    return found[: len(leaves)], found[len(leaves) :]


def covariance_between(parts: Sequence[tuple[Sequence[LeafScore], pd.DataFrame]], settings: Settings) -> Floats:
    """Covariance (U, U) of the totals of U rated units, each given by its leaves and the forms about it.

    C_uv = Σ_h Σ_i r_hiu r_hiv over the persons i of cell h who rated both, r = √(n_hu/(n_hu-1)) (z_hiu - z̄_hu), z what
    the answers of a person about u add to the linearised total. The diagonal is the variance by `precision`; 0 between
    units that no rater has in common. R, where everybody of a cell rated the same units, total = Σ factor × item:
    `vcov(svyby(~total, ~unit, svydesign(~rater, strata=~cell, nest=TRUE, data=forms), svymean, covmat=TRUE))`.
    """
    raters = np.concatenate([answers[RATER].to_numpy() for _leaves, answers in parts])
    deviations = [_deviations(leaves, answers, settings) for leaves, answers in parts]
    unit = np.repeat(np.arange(len(parts)), [len(each) for each in deviations])
    person = np.unique(raters, return_inverse=True)[1]
    by_person = sparse.coo_array((np.concatenate(deviations), (person, unit)), shape=(len(raters), len(parts))).tocsr()
    return np.asarray((by_person.T @ by_person).toarray())


def _deviations(leaves: Sequence[LeafScore], answers: pd.DataFrame, settings: Settings) -> Floats:
    """r (n,) of every form about one unit; 0 where the unit has no points."""
    values, of_leaves = _combination(leaves, answers, settings)
    if not values.shape[1]:
        return np.zeros(len(answers))
    inside = ~np.isnan(values)
    count = inside.sum(axis=0)
    mean = np.nansum(values, axis=0) / count
    linear = np.where(inside, values - mean, 0.0) @ (of_leaves.sum(axis=0) / count)
    cell = np.unique(answers[CELL], return_inverse=True)[1]
    size = np.bincount(cell)
    centre = np.where(size > 1, np.bincount(cell, linear) / size, linear.mean())
    return np.asarray((linear - centre[cell]) * np.sqrt(size / np.maximum(size - 1, 1))[cell])


def _combination(leaves: Sequence[LeafScore], answers: pd.DataFrame, settings: Settings) -> tuple[Floats, Floats]:
    """Values (n, T) of the means that the leaves rest on, and the points (leaves, T) that each of them brings."""
    terms = [terms_of(leaf, settings) for leaf in leaves]
    means = dict.fromkeys(term.mean for each in terms for term in each)
    column = {mean: position for position, mean in enumerate(means)}
    factors = np.zeros((len(leaves), len(column)))
    for row, each in enumerate(terms):
        for term in each:
            factors[row, column[term.mean]] += term.factor
    if not means:
        return np.zeros((len(answers), 0)), factors
    return np.stack([_values(answers, *mean, settings) for mean in means], axis=1), factors


def combined_means(
    answers: pd.DataFrame, values: Floats, factors: Floats, maxima: Sequence[float]
) -> list[Interval | None]:
    """Intervals of k sums Σ_t factor × mean, the means those of the columns of `values` (n, T; NaN = no answer).

    factors: (k, T); maxima: (k,) the largest value each sum can have. None where all factors are 0.
    R: `svycontrast(svymean(...), factors)`; limits as `svyciprop(..., method="beta")` of the share of the maximum.
    """
    persons = answers[RATER].to_numpy()
    # Where every form is of another person, which is usual, a design without sampling units is the same and quick.
    psu = None if answers[RATER].is_unique else RATER
    design = Design(answers[[CELL, RATER]], strata=CELL, psu=psu, lonely="adjust")
    inside = ~np.isnan(values)
    estimate, covariance, linear = sums_of_means(design, values, factors)
    freedom = satterthwaite_df(linear, design.stages[0], design.lonely)
    se = np.sqrt(np.maximum(np.diag(covariance), 0))
    found: list[Interval | None] = []
    for row, maximum in enumerate(maxima):
        used = factors[row] != 0
        says = inside[:, used].any(axis=1)
        n = int(says.sum())
        count = len(np.unique(persons[says])) if psu else n
        if not used.any() or count < 2:
            found.append(None)
            continue
        share = float(np.clip(estimate[row] / maximum, 0, 1))
        low, high = proportion.interval(share, float(se[row] / maximum), count, design.df, "beta")
        df = float(freedom[row]) if se[row] > ROUNDING * maximum else count - 1.0
        found.append(Interval(float(estimate[row]), float(se[row]), low * maximum, high * maximum, n, df))
    return found


def level_values(levels: "pd.Series[str]", settings: Settings, *, sipas: bool) -> Floats:
    """Levels as text -> their coefficients under the rules in force, NaN where an answer does not count.

    R: `coefficients[level]`."""
    coefficients = PRESETS[settings.sipas_method] if sipas else settings.coefficients
    value = {str(number): float(each) for number, each in enumerate(coefficients, start=1)}
    if not sipas and settings.dont_know != "excluded":
        value[DONT_KNOW] = float(settings.middle) if settings.dont_know == "middle" else 0.0
    if isinstance(levels.dtype, pd.CategoricalDtype):
        # The last entry answers code -1, a missing level.
        by_code = np.array([*(value.get(level, np.nan) for level in levels.cat.categories), np.nan], dtype=np.float64)
        return np.asarray(by_code[levels.cat.codes.to_numpy()])
    found: Floats = levels.map(value).to_numpy(dtype=np.float64)
    return found


def _values(answers: pd.DataFrame, groups: tuple[str, ...], item: str, sipas: bool, settings: Settings) -> Floats:
    values = level_values(answers[item], settings, sipas=sipas)
    return np.where(answers[GROUP].isin(groups).to_numpy(dtype=bool), values, np.float64(np.nan))
