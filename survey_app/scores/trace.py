"""Why does a criterion have its points? From the point back to groups, questions and counts (*vì sao điểm này*).

Counts that would tell what single persons said are kept back here (*giữ kín*), once for all ways of printing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from analysis.component_score import SIPAS, Criterion, GroupFigure, LeafScore, QuestionFigure, half_up, score_leaves
from analysis.scoring_rules import PRESETS, Settings

from ..text import N_, number_text
from .figures import LeafLine
from .inputs import Counted, RoundScores

# Unanimity: in a small cell where nearly all said the same, the levels would tell what each one said.
_UNANIMOUS_BELOW = 20
_UNANIMOUS_SHARE = Fraction(9, 10)


@dataclass(frozen=True)
class LevelLine:
    """Counts behind one figure. `levels` and `mean` are None where they are kept back."""

    group: str
    item: str
    levels: tuple[int, ...] | None
    dont_know: int
    refused: int
    n: int
    mean: Decimal | None
    hidden: bool  # the mean too
    formula: str = ""


@dataclass(frozen=True)
class Trace:
    """Why a leaf has its points: lines of counts, groups, the last formula, other rules."""

    line: LeafLine
    lines: tuple[LevelLine, ...]
    groups: tuple[tuple[str, GroupFigure], ...]
    formula: str
    other_rules: tuple[tuple[str, Decimal | None], ...]


def trace(scores: RoundScores, line: LeafLine, unit: str | None = None) -> Trace:
    """The trace of one leaf."""
    settings, k_min = scores.inputs.settings, scores.inputs.k_min
    counts = _counts_of(scores, unit)
    if line.leaf.criterion.scored_by == SIPAS:
        lines, formula = _sipas_lines(line.score, counts, settings, k_min), _sipas_formula(line.score, settings)
    else:
        lines, formula = _survey_lines(line.score, settings, k_min), _survey_formula(line.score, settings, k_min)
    # Where a group is kept back, points under other rules would tell its mean by subtraction.
    small = any(figure.tells_on_fewer_than(k_min) for figure in line.score.groups.values())
    others = () if small else _other_rules(line.leaf.criterion, counts, settings)
    return Trace(line, lines, tuple(line.score.groups.items()), formula, others)


def level_lines(scores: RoundScores, line: LeafLine, unit: str | None = None) -> tuple[LevelLine, ...]:
    """The counts behind a leaf, with what must be kept back left out."""
    if line.leaf.criterion.scored_by == SIPAS:
        return _sipas_lines(line.score, _counts_of(scores, unit), scores.inputs.settings, scores.inputs.k_min)
    return _survey_lines(line.score, scores.inputs.settings, scores.inputs.k_min)


def keeps_levels_back(levels: Sequence[int], k_min: int) -> bool:
    """Fewer than k answers, or nearly all the same in a small group."""
    n = sum(levels)
    unanimous = 0 < n < _UNANIMOUS_BELOW and Fraction(max(levels), n) >= _UNANIMOUS_SHARE
    return n < k_min or unanimous


def _counts_of(scores: RoundScores, unit: str | None) -> Counted:
    if unit is not None:
        return scores.inputs.counts[unit]
    together: Counted = {}
    for counts in scores.inputs.counts.values():
        for key, count in counts.items():
            together[key] = together.get(key, 0) + count
    return together


def _survey_lines(score: LeafScore, settings: Settings, k_min: int) -> tuple[LevelLine, ...]:
    return tuple(
        _level_line(group, question, settings.coefficients, settings, k_min)
        for group, figure in score.groups.items()
        for question in figure.questions
        if len(figure.questions) == 1 or question.n or question.dont_know or question.refused
    )


def _sipas_lines(score: LeafScore, counts: Counted, settings: Settings, k_min: int) -> tuple[LevelLine, ...]:
    """One line per item, groups pooled; with sipas_groups = equal one per group and item."""
    plain = replace(settings, dont_know="excluded")
    if settings.sipas_groups == "equal":
        per_group = [(group, question) for group, figure in score.groups.items() for question in figure.questions]
    else:
        per_group = [("+".join(score.groups), _pooled(score, item)) for item in score.criterion.items]
    coefficients = PRESETS[settings.sipas_method]
    return tuple(_level_line(group, question, coefficients, plain, k_min) for group, question in per_group)


def _pooled(score: LeafScore, item: str) -> QuestionFigure:
    parts = [q for figure in score.groups.values() for q in figure.questions if q.item == item]
    return QuestionFigure(
        item=item,
        levels=tuple(map(sum, zip(*(part.levels for part in parts), strict=True))),
        dont_know=sum(part.dont_know for part in parts),
        refused=sum(part.refused for part in parts),
        n=sum(part.n for part in parts),
        mean=score.items[item],
    )


def _level_line(
    group: str, question: QuestionFigure, coefficients: Sequence[Decimal], settings: Settings, k_min: int
) -> LevelLine:
    hidden = 0 < question.answered < k_min
    shows = question.answered > 0 and not keeps_levels_back(question.levels, k_min)
    mean = None if hidden or question.mean is None else half_up(question.mean, 6)
    return LevelLine(
        group=group,
        item=question.item,
        levels=question.levels if shows else None,
        dont_know=question.dont_know,
        refused=question.refused,
        n=question.n,
        mean=mean,
        hidden=hidden,
        formula=_mean_formula(question, coefficients, settings) if shows and mean is not None else "",
    )


def _mean_formula(question: QuestionFigure, coefficients: Sequence[Decimal], settings: Settings) -> str:
    """«(0·9 + 0,25·36 + …) / 371»"""
    terms = [f"{figure(value)}·{count}" for value, count in zip(coefficients, question.levels, strict=True)]
    if settings.dont_know != "excluded":
        value = settings.middle if settings.dont_know == "middle" else Decimal(0)
        terms.append(f"{figure(value)}·{question.dont_know}")
    return f"({' + '.join(terms)}) / {question.n}"


def _survey_formula(score: LeafScore, settings: Settings, k_min: int) -> str:
    used = {group: part for group, part in score.groups.items() if part.used}
    if score.exact is None or not used or any(part.tells_on_fewer_than(k_min) for part in used.values()):
        return ""
    if settings.missing_group == "zero" and not score.exact and len(used) < len(score.groups):
        return "0"
    means = {group: figure(half_up(part.mean or Fraction(0), 6)) for group, part in used.items()}
    weights = dict(settings.group_weights)
    if settings.group_combination == "pooled":
        terms = [f"{used[group].n}·{mean}" for group, mean in means.items()]
        divisor = figure(Decimal(sum(part.n for part in used.values())))
    elif any(group in weights for group in used):
        terms = [f"{figure(weights[group])}·{mean}" for group, mean in means.items()]
        divisor = figure(sum((weights[group] for group in used), Decimal(0)))
    else:
        terms, divisor = list(means.values()), str(len(used))
    return f"{figure(score.criterion.max_points)} × {_quotient(terms, divisor)} = {figure(half_up(score.exact, 6))}"


def _sipas_formula(score: LeafScore, settings: Settings) -> str:
    if settings.sipas_groups == "equal":
        terms = [figure(half_up(part.mean, 6)) for part in score.groups.values() if part.mean is not None]
    else:
        terms = [figure(half_up(mean, 6)) for mean in score.items.values() if mean is not None]
    if score.exact is None or not terms:
        return ""
    quotient = _quotient(terms, str(len(terms)))
    return f"{figure(score.criterion.max_points)} × {quotient} = {figure(half_up(score.exact, 6))}"


def _quotient(terms: Sequence[str], divisor: str) -> str:
    return terms[0] if divisor == "1" and len(terms) == 1 else f"({' + '.join(terms)}) / {divisor}"


def _other_rules(criterion: Criterion, counts: Counted, settings: Settings) -> tuple[tuple[str, Decimal | None], ...]:
    """Points under other rules, one changed at a time (*nếu đổi quy tắc*)."""
    changes: Mapping[str, dict[str, object]] = _SIPAS_CHANGES if criterion.scored_by == SIPAS else _CHANGES
    found: list[tuple[str, Decimal | None]] = []
    for words, change in changes.items():
        if change.get("coefficients") and len(settings.coefficients) != len(PRESETS["mean01"]):
            continue
        other = replace(settings, **change)  # type: ignore[arg-type]
        if other.group_combination == "pooled":
            other = replace(other, group_weights=())
        if other != settings:
            found.append((words, score_leaves([criterion], counts, other)[0].points))
    return tuple(found)


_CHANGES: Mapping[str, dict[str, object]] = {
    N_("nhóm bằng nhau"): {"group_combination": "equal", "group_weights": ()},
    N_("gộp phiếu các nhóm"): {"group_combination": "pooled"},
    N_("không tính «không biết»"): {"dont_know": "excluded"},
    N_("«không biết» tính 0"): {"dont_know": "zero"},
    N_("«không biết» tính mức giữa"): {"dont_know": "middle"},
    N_("hệ số 1 / 0,75 / 0,5 / 0,25 / 0"): {"coefficients": PRESETS["mean01"]},
    N_("hệ số 1 / 0,8 / 0,6 / 0,4 / 0,2"): {"coefficients": PRESETS["mean5"]},
    N_("hệ số 1 / 1 / 0 / 0 / 0"): {"coefficients": PRESETS["t2b"]},
}
_SIPAS_CHANGES: Mapping[str, dict[str, object]] = {
    N_("tỷ lệ mức 4 và 5"): {"sipas_method": "t2b"},
    N_("mức trung bình / 5"): {"sipas_method": "mean5"},
    N_("(mức trung bình − 1) / 4"): {"sipas_method": "mean01"},
    N_("gộp phiếu các nhóm"): {"sipas_groups": "pooled"},
    N_("nhóm bằng nhau"): {"sipas_groups": "equal"},
}


def figure(value: Decimal) -> str:
    """A figure inside a formula: comma, no needless zeros, except the six decimals of a mean."""
    text = number_text(value)
    if "," in text and value.as_tuple().exponent != -6:
        text = text.rstrip("0").rstrip(",")
    return text
