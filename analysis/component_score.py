"""How many points does each component criterion (*tiêu chí thành phần*) get from the answers?

Counts of answers per group, question and level go in; points come out. Everything is exact: fractions inside, one
rounding at the leaf, so that two offices with the same forms print the same hundredth.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from math import floor

from analysis.scoring_rules import DONT_KNOW, NOT_ANSWERED, PRESETS, ScoringError, Settings

SURVEY = "survey"  # ĐTXHH: coefficients of the round, one part per group
SIPAS = "sipas"  # satisfaction index: own scale of five levels, one part per item
SIPAS_LEVELS = len(PRESETS["mean01"])

# (group, question, level) → number of answers; level is "1" …, KB or "" (asked, left empty). Not asked: no entry.
Counts = Mapping[tuple[str, str, str], int]


@dataclass(frozen=True)
class Criterion:
    """A leaf of the criterion table whose points come from the survey, with the questions that ask for it."""

    code: str
    max_points: Decimal
    scored_by: str  # SURVEY or SIPAS
    groups: tuple[str, ...]
    items: tuple[str, ...]


@dataclass(frozen=True)
class QuestionFigure:
    """What one group answered to one question. `n` counts what enters the mean under the rules in force."""

    item: str
    levels: tuple[int, ...]  # answers per level, level 1 first
    dont_know: int
    refused: int
    n: int
    mean: Fraction | None

    @property
    def answered(self) -> int:
        """Answers on the scale: what may be too few to be shown, also where «không biết» counts in `n`."""
        return sum(self.levels)


@dataclass(frozen=True)
class GroupFigure:
    """One group's part in a leaf: the plain mean of its questions. `n` is that of the question least answered."""

    n: int
    dont_know: int
    refused: int
    mean: Fraction | None
    enough: bool  # n >= n_min
    used: bool  # enough, and of a weight above zero
    questions: tuple[QuestionFigure, ...] = ()


@dataclass(frozen=True)
class LeafScore:
    """Points of one leaf. `exact` and `points` are None where no group (of SIPAS: no item) has enough answers.

    A criterion without groups was asked of nobody: it has no points under any rule."""

    criterion: Criterion
    groups: Mapping[str, GroupFigure]
    exact: Fraction | None
    items: Mapping[str, Fraction | None] = field(default_factory=dict)  # SIPAS only

    @property
    def points(self) -> Decimal | None:
        """Rounded once, half up, to hundredths."""
        return None if self.exact is None else half_up(self.exact, 2)

    @property
    def enough(self) -> bool:
        """Whether every group asked has enough answers (*đủ mẫu*)."""
        return all(figure.enough for figure in self.groups.values())


def half_up(value: Fraction, decimals: int) -> Decimal:
    """The value rounded half up (0.005 → 0.01), exact for any fraction of zero or more.

    No R equivalent: `round` rounds halves to even and binary fractions as stored; by hand `floor(100 * x + 0.5) /
    100` of an exact x."""
    return Decimal(floor(value * 10**decimals + Fraction(1, 2))).scaleb(-decimals)


def score_leaves(criteria: Iterable[Criterion], counts: Counts, settings: Settings) -> tuple[LeafScore, ...]:
    """Points of every leaf, in the given order. Raises ScoringError for a level outside the scale, or for weights that
    name some groups of a leaf and not the others.
    R: `M * mean(tapply(coefficients[level], group, mean))` for each leaf, equal groups; pooled: `M *
    mean(coefficients[level])`."""
    leaves = tuple(criteria)
    _refuse_unknown_levels(leaves, counts, settings)
    return tuple(
        _score_sipas(leaf, counts, settings) if leaf.scored_by == SIPAS else _score_survey(leaf, counts, settings)
        for leaf in leaves
    )


def total_points(leaves: Iterable[LeafScore]) -> Decimal:
    """The survey part: the sum of the rounded leaves; a leaf without points counts nothing.

    R: `sum(points, na.rm=TRUE)`."""
    return sum((leaf.points for leaf in leaves if leaf.points is not None), Decimal("0.00"))


def shared_ranks(totals: Mapping[str, Decimal]) -> dict[str, int]:
    """Rank of every unit, 1 for the highest total; equal totals share a rank: 1, 2, 2, 4.

    R: `rank(-total, ties.method="min")`."""
    ordered = sorted(totals.values(), reverse=True)
    return {unit: ordered.index(total) + 1 for unit, total in totals.items()}


def _refuse_unknown_levels(leaves: Sequence[Criterion], counts: Counts, settings: Settings) -> None:
    scale = {item: _scale(leaf, settings) for leaf in leaves for item in leaf.items}
    for (group, item, level), count in counts.items():
        if count and item in scale and level not in scale[item] and level not in (DONT_KNOW, NOT_ANSWERED):
            raise ScoringError(
                f"Câu {item}, nhóm {group}: mức «{level}» không có trong thang {len(scale[item])} mức. "
                "Sửa câu trả lời hoặc quy tắc «coefficients»."
            )


def _scale(leaf: Criterion, settings: Settings) -> tuple[str, ...]:
    return tuple(map(str, range(1, SIPAS_LEVELS + 1))) if leaf.scored_by == SIPAS else settings.levels


def _score_survey(leaf: Criterion, counts: Counts, settings: Settings) -> LeafScore:
    dont_know = {"excluded": None, "zero": Decimal(0), "middle": settings.middle}[settings.dont_know]
    weights = _weights(leaf, settings)
    figures = {
        group: _group_figure(
            [_question_figure(counts, group, item, settings.coefficients, dont_know) for item in leaf.items],
            n_min=settings.n_min,
            weight=weights[group],
        )
        for group in leaf.groups
    }
    used = {group: figure for group, figure in figures.items() if figure.used}
    asked = [group for group in leaf.groups if weights[group] > 0]
    if settings.missing_group == "zero" and len(used) < len(asked):
        return LeafScore(leaf, figures, Fraction(0))
    if not used:
        return LeafScore(leaf, figures, None)
    if settings.group_combination == "pooled":
        weights = {group: Fraction(figure.n) for group, figure in used.items()}
    total = sum((weights[group] for group in used), Fraction(0))
    share = sum((weights[group] * (figure.mean or 0) for group, figure in used.items()), Fraction(0)) / total
    return LeafScore(leaf, figures, Fraction(leaf.max_points) * share)


def _weights(leaf: Criterion, settings: Settings) -> dict[str, Fraction]:
    given = dict(settings.group_weights)
    named = [group for group in leaf.groups if group in given]
    unnamed = [group for group in leaf.groups if group not in given]
    if not named:
        return {group: Fraction(1) for group in leaf.groups}
    if unnamed:
        raise ScoringError(
            f"Quy tắc tính điểm: «group_weights» thiếu nhóm {', '.join(unnamed)} của tiêu chí {leaf.code}. "
            "Ghi trọng số cho mọi nhóm được hỏi; nhóm không tính ghi 0."
        )
    return {group: Fraction(given[group]) for group in leaf.groups}


def _question_figure(
    counts: Counts, group: str, item: str, coefficients: Sequence[Decimal], dont_know_counts: Decimal | None
) -> QuestionFigure:
    levels = tuple(counts.get((group, item, str(number)), 0) for number in range(1, len(coefficients) + 1))
    dont_know = counts.get((group, item, DONT_KNOW), 0)
    n = sum(levels)
    points = sum((Fraction(value) * count for value, count in zip(coefficients, levels, strict=True)), Fraction(0))
    if dont_know_counts is not None:
        n += dont_know
        points += Fraction(dont_know_counts) * dont_know
    refused = counts.get((group, item, NOT_ANSWERED), 0)
    return QuestionFigure(item, levels, dont_know, refused, n, points / n if n else None)


def _group_figure(questions: Sequence[QuestionFigure], n_min: int, weight: Fraction = Fraction(1)) -> GroupFigure:
    means = [question.mean for question in questions if question.mean is not None]
    n = min((question.n for question in questions if question.n), default=0)
    return GroupFigure(
        n=n,
        dont_know=sum(question.dont_know for question in questions),
        refused=sum(question.refused for question in questions),
        mean=sum(means, Fraction(0)) / len(means) if means else None,
        enough=n >= n_min,
        used=n >= n_min and weight > 0,
        questions=tuple(questions),
    )


def _score_sipas(leaf: Criterion, counts: Counts, settings: Settings) -> LeafScore:
    """SIPAS has its own scale, never counts «không biết», and leaves out an item with n < n_min."""
    coefficients = PRESETS[settings.sipas_method]
    figures = {
        group: _sipas_figure(
            [_question_figure(counts, group, item, coefficients, None) for item in leaf.items], settings.n_min
        )
        for group in leaf.groups
    }
    pooled_counts: dict[tuple[str, str, str], int] = {}
    for (group, item, level), count in counts.items():
        if group in figures:
            pooled_counts["", item, level] = pooled_counts.get(("", item, level), 0) + count
    pooled = _sipas_figure(
        [_question_figure(pooled_counts, "", item, coefficients, None) for item in leaf.items], settings.n_min
    )
    items = {question.item: question.mean if question.n >= settings.n_min else None for question in pooled.questions}
    share = pooled.mean
    if settings.sipas_groups == "equal":
        means = [figure.mean for figure in figures.values() if figure.mean is not None]
        share = sum(means, Fraction(0)) / len(means) if means else None
        if settings.missing_group == "zero" and len(means) < len(figures):
            share = Fraction(0)
    if share is None and figures and settings.missing_group == "zero":
        share = Fraction(0)
    exact = None if share is None else Fraction(leaf.max_points) * share
    return LeafScore(leaf, figures, exact, items)


def _sipas_figure(questions: Sequence[QuestionFigure], n_min: int) -> GroupFigure:
    """The mean over the items that have enough answers each; `n` is that of the item most answered."""
    means = [question.mean for question in questions if question.mean is not None and question.n >= n_min]
    return GroupFigure(
        n=max((question.n for question in questions), default=0),
        dont_know=sum(question.dont_know for question in questions),
        refused=sum(question.refused for question in questions),
        mean=sum(means, Fraction(0)) / len(means) if means else None,
        enough=bool(means),
        used=bool(means),
        questions=tuple(questions),
    )
