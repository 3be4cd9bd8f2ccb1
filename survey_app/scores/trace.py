"""Why does a criterion have its points? From the point back to groups, questions and counts (*vì sao điểm này*).

What of the counts is shown is decided in `publication.py`, once for all ways of printing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction

from analysis.component_score import SIPAS, GroupFigure, LeafScore, QuestionFigure, half_up, score_leaves
from analysis.scoring_rules import PRESETS, Settings

from ..text import N_, number_text
from .figures import LeafLine
from .inputs import Counted, RoundScores
from .publication import WORDS, Line, Published, Why, breakdown, has_small_group

_COARSE = 2  # decimals of a mean whose levels are kept back


@dataclass(frozen=True)
class LevelLine:
    """Counts behind one figure; none where they are kept back, for `why`, in `words` with the `facts` in them.

    mean: six decimals beside the levels, two without them.
    """

    group: str
    item: str
    levels: tuple[int, ...] | None
    dont_know: int | None
    refused: int | None
    n: int | None
    mean: Decimal | None
    why: Why | None = None
    words: str = ""
    facts: Mapping[str, int] = field(default_factory=dict)
    formula: str = ""

    @property
    def is_hidden(self) -> bool:
        """Whether not even the mean is shown."""
        return self.why is not None and self.why.hides_mean


@dataclass(frozen=True)
class Trace:
    """Why a leaf has its points: lines of counts, groups, the last formula, other rules."""

    line: LeafLine
    lines: tuple[LevelLine, ...]
    groups: tuple[tuple[str, GroupFigure], ...]
    formula: str
    other_rules: tuple[tuple[str, Decimal | None], ...]


def trace(found: Published, line: LeafLine, unit: str | None = None) -> Trace:
    """The trace of one leaf."""
    settings = found.inputs.settings
    formula = ""
    if line.shown and line.whole:
        sipas = line.leaf.criterion.scored_by == SIPAS
        formula = _sipas_formula(line.score, settings) if sipas else _survey_formula(line.score, settings)
    # Where anything is kept back, points under other rules would tell it by subtraction.
    others: tuple[tuple[str, Decimal | None], ...] = ()
    if line.shown and found.is_whole(unit, line.score):
        others = _other_rules(line.score, _counts_of(found.scores, unit), settings)
    return Trace(line, level_lines(found, line, unit), tuple(line.score.groups.items()), formula, others)


def level_lines(found: Published, line: LeafLine, unit: str | None = None) -> tuple[LevelLine, ...]:
    """The counts behind a leaf, with what must be kept back left out."""
    return tuple(_level_line(found, each, unit, line) for each in breakdown(line.score, found.inputs.settings))


def _counts_of(scores: RoundScores, unit: str | None) -> Counted:
    if unit is not None:
        return scores.inputs.counts[unit]
    together: Counted = {}
    for counts in scores.inputs.counts.values():
        for key, count in counts.items():
            together[key] = together.get(key, 0) + count
    return together


def _level_line(found: Published, line: Line, unit: str | None, leaf: LeafLine) -> LevelLine:
    question, settings = line.question, found.inputs.settings
    if leaf.leaf.criterion.scored_by == SIPAS:
        settings = replace(settings, dont_know="excluded")
    why = found.why(unit, line.group, question.item)
    counts_shown = why is None or not why.hides_counts
    mean = None
    if question.mean is not None and (why is None or not why.hides_mean):
        mean = half_up(question.mean, 6 if why is None else _COARSE)
    shows_levels = why is None and question.answered > 0
    return LevelLine(
        group=line.group,
        item=question.item,
        levels=question.levels if shows_levels else None,
        dont_know=question.dont_know if counts_shown else None,
        refused=question.refused if counts_shown else None,
        n=question.n if counts_shown else None,
        mean=mean,
        why=why,
        words=WORDS[why] if why else "",
        facts={"k": found.publication.k, "fewest": found.publication.fewest} if why else {},
        formula=_mean_formula(question, line.coefficients, settings) if shows_levels and mean is not None else "",
    )


def _mean_formula(question: QuestionFigure, coefficients: Sequence[Decimal], settings: Settings) -> str:
    """«(0·9 + 0,25·36 + …) / 371»"""
    terms = [f"{figure(value)}·{count}" for value, count in zip(coefficients, question.levels, strict=True)]
    if settings.dont_know != "excluded":
        value = settings.middle if settings.dont_know == "middle" else Decimal(0)
        terms.append(f"{figure(value)}·{question.dont_know}")
    return f"({' + '.join(terms)}) / {question.n}"


def _survey_formula(score: LeafScore, settings: Settings) -> str:
    used = {group: part for group, part in score.groups.items() if part.used}
    if score.exact is None or not used:
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


def _other_rules(score: LeafScore, counts: Counted, settings: Settings) -> tuple[tuple[str, Decimal | None], ...]:
    """Points under other rules, one changed at a time (*nếu đổi quy tắc*)."""
    criterion = score.criterion
    changes: Mapping[str, dict[str, object]] = _SIPAS_CHANGES if criterion.scored_by == SIPAS else _CHANGES
    found: list[tuple[str, Decimal | None]] = []
    for words, change in changes.items():
        if change.get("coefficients") and len(settings.coefficients) != len(PRESETS["mean01"]):
            continue
        # Beside the points of all groups pooled they tell the mean of a group, of which no line is shown.
        if change.get("sipas_groups") == "equal" and has_small_group(score):
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
