"""What does a result look like as JSON? The stable shape that others script against, and that a score run stores."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Any

from analysis.component_score import SIPAS, Criterion, LeafScore, half_up, shared_ranks, total_points
from analysis.scoring_rules import CHOICES, FIXED, Settings, coefficients_json, plain_text

_USUAL = Settings()
_SIPAS_SHARE = {
    "t2b": "T2B: share of levels 4 and 5 among answered",
    "mean5": "MEAN5: mean level / 5 among answered",
    "mean01": "MEAN01: (mean level - 1) / 4 among answered",
}


def result_document(leaves: Sequence[LeafScore], settings: Settings, by_group: Mapping[str, int]) -> dict[str, Any]:
    """The whole result as JSON values; figures are text. `by_group`: respondents per group."""
    return {
        "settings": settings_document(settings, [leaf.criterion for leaf in leaves]),
        "respondents": sum(by_group.values()),
        "by_group": dict(sorted(by_group.items())),
        "survey_max": points_text(sum((leaf.criterion.max_points for leaf in leaves), Decimal(0))),
        "survey_total": points_text(total_points(leaves)),
        "leaves": leaves_document(leaves, settings),
    }


def leaves_document(leaves: Sequence[LeafScore], settings: Settings) -> dict[str, object]:
    """Leaf code → points, the exact fraction behind them, and each group's part."""
    return {leaf.criterion.code: _leaf_document(leaf, settings) for leaf in leaves}


def units_document(
    scores: Mapping[str, Sequence[LeafScore]],
    settings: Settings,
    classes: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, object]:
    """Rated unit → leaves asked about it, total, rank. Equal totals share a rank; without any scored leaf it has none.

    With `classes` (unit → class) a unit is ranked among those of its class: sở are asked other things than communes.
    """
    totals = {unit: total_points(leaves) for unit, leaves in scores.items()}
    scored = {unit for unit, leaves in scores.items() if any(leaf.points is not None for leaf in leaves)}
    ranks: dict[str, int] = {}
    for one in sorted({classes.get(unit, "") for unit in scored}):
        ranks |= shared_ranks(
            {unit: totals[unit] for unit in totals if unit in scored and classes.get(unit, "") == one}
        )
    return {
        unit: {
            "leaves": leaves_document([leaf for leaf in leaves if leaf.criterion.groups], settings),
            "total": points_text(totals[unit]),
            "rank": ranks.get(unit),
        }
        for unit, leaves in sorted(scores.items())
    }


def own_document(scores: Mapping[str, Sequence[LeafScore]]) -> dict[str, object]:
    """Rated unit → its points by its own people, and the most that these could give."""
    return {
        unit: {
            "total": points_text(total_points(leaves)),
            "max": points_text(sum((leaf.criterion.max_points for leaf in leaves), Decimal(0))),
        }
        for unit, leaves in sorted(scores.items())
    }


def settings_document(settings: Settings, criteria: Sequence[Criterion]) -> dict[str, object]:
    """The rules as printed with a result. Rules beyond the first four appear where they differ from the usual ones."""
    document: dict[str, object] = {
        "coefficients": coefficients_json(settings),
        "dont_know": settings.dont_know,
        "refused": FIXED["refused"],
        "group_weights": settings.to_json()["group_weights"],
        "n_min": settings.n_min,
        "rounding": FIXED["rounding"],
        "leaf": _leaf_rule(settings),
    }
    for leaf in criteria:
        if leaf.scored_by == SIPAS:
            document[f"leaf_{leaf.code.replace('.', '_')}"] = _sipas_rule(leaf, settings)
    document["survey_total"] = FIXED["survey_total"]
    for key in CHOICES:
        if key != "dont_know" and getattr(settings, key) != getattr(_USUAL, key):
            document[key] = getattr(settings, key)
    return document


def points_text(points: Decimal) -> str:
    """Points with at least two decimals: 0.50, 30.00."""
    return f"{points:.2f}" if points == points.quantize(Decimal("0.01")) else f"{points:f}"


def figure_text(value: Fraction | None) -> str | None:
    """A share or unrounded points with six decimals."""
    return None if value is None else f"{half_up(value, 6):.6f}"


def _leaf_document(leaf: LeafScore, settings: Settings) -> dict[str, object]:
    document: dict[str, object] = {
        "max": points_text(leaf.criterion.max_points),
        "score": None if leaf.points is None else points_text(leaf.points),
        "exact": None if leaf.exact is None else str(leaf.exact),
        "unrounded": figure_text(leaf.exact),
    }
    if leaf.criterion.scored_by == SIPAS:
        document["method"] = _sipas_method(leaf, settings)
        document["items"] = {item: figure_text(mean) for item, mean in leaf.items.items()}
        document["groups"] = {group: figure_text(figure.mean) for group, figure in leaf.groups.items()}
    else:
        document["groups"] = {
            group: {
                "n": figure.n,
                "dont_know": figure.dont_know,
                "refused": figure.refused,
                "mean": figure_text(figure.mean),
                "used": figure.used,
            }
            for group, figure in leaf.groups.items()
        }
    return document


def _leaf_rule(settings: Settings) -> str:
    if settings.group_combination == "pooled":
        rule = "max x mean coefficient of the answers of all groups with n >= n_min, pooled"
    elif settings.group_weights:
        rule = "max x weighted mean over groups with n >= n_min of the mean coefficient"
    else:
        rule = "max x mean over groups with n >= n_min of the mean coefficient"
    return rule if settings.missing_group == "renormalise" else f"{rule}; 0 where a group has n < n_min"


def _sipas_rule(leaf: Criterion, settings: Settings) -> str:
    groups = _joined(leaf.groups)
    share = _SIPAS_SHARE[settings.sipas_method]
    maximum = plain_text(leaf.max_points)
    if settings.sipas_groups == "pooled":
        return f"{share}, groups {groups} pooled, per item; mean of the {len(leaf.items)} items; x {maximum}"
    return f"{share}, per group and item; mean of the {len(leaf.items)} items; mean of groups {groups}; x {maximum}"


def _sipas_method(leaf: LeafScore, settings: Settings) -> str:
    groups = _joined(leaf.criterion.groups)
    combination = f"{groups} pooled per item" if settings.sipas_groups == "pooled" else f"mean of {groups}"
    counted = sum(mean is not None for mean in leaf.items.values())
    items = f"{len(leaf.items)} items" if counted == len(leaf.items) else f"{counted} of {len(leaf.items)} items"
    return f"{settings.sipas_method.upper()}; {combination}; mean over {items}"


def _joined(groups: Sequence[str]) -> str:
    return " and ".join([", ".join(groups[:-1]), groups[-1]]) if len(groups) > 1 else groups[0]
