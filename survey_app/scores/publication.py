"""Which figures of a run may leave the program? Pages, charts, workbook, comparisons and JSON take them from here.

One fixed set of breakdowns: group by question, of all rated units together and of each one; points of leaves, areas and
in all. What is kept back (*giữ kín*) is decided once, when a run is stored, by `protection.py`, and stored with it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from analysis.component_score import SIPAS, GroupFigure, LeafScore, QuestionFigure
from analysis.scoring_rules import PRESETS, Settings

from ..text import N_
from .inputs import RoundScores, ScoreInputs, compute
from .models import ScoreRun

FEWEST_FOR_LEVELS = 10  # of a cross-table: who chose which level
ALL = ""  # the key of all rated units together

Key = tuple[str, str, str]  # rated unit or ALL, group, question
LeafKey = tuple[str, str]  # rated unit or ALL, leaf


class Why(StrEnum):
    """Why a line of answers is not shown whole."""

    FEW = "few"  # fewer than k answers: nothing is shown
    HIGH = "high"  # a small group of nearly one mind, from the middle of the scale upwards: that and n are shown
    LOW = "low"
    ALIKE = "middle"  # on a scale of two or three levels: only that and n; the word is that of runs stored earlier
    LEVELS = "levels"  # enough for a mean, too few to tell who chose which level
    MEAN_TELLS = "mean_tells"  # too few for the levels, and the mean has only one reading: n is shown
    LEVELS_BESIDE = "levels_beside"  # enough answers, but the levels of a line above would follow from these
    BESIDE = "beside"  # enough answers, but a line kept back would follow from it: nothing is shown

    @property
    def hides_mean(self) -> bool:
        """Whether not even the mean is shown."""
        return self not in (Why.LEVELS, Why.LEVELS_BESIDE)

    @property
    def hides_counts(self) -> bool:
        """Whether not even the number of answers is shown."""
        return self in (Why.FEW, Why.BESIDE)


WORDS = {
    Why.FEW: N_("ít hơn %(k)d phiếu"),
    Why.HIGH: N_("gần như mọi người chọn giống nhau, từ giữa thang trở lên"),
    Why.LOW: N_("gần như mọi người chọn giống nhau, ở nửa dưới của thang"),
    Why.ALIKE: N_("gần như mọi người chọn giống nhau"),
    Why.LEVELS: N_("ít hơn %(fewest)d phiếu nên chỉ nêu trung bình"),
    Why.MEAN_TELLS: N_("ít hơn %(fewest)d phiếu, và trung bình sẽ cho biết các mức"),
    Why.LEVELS_BESIDE: N_("chỉ nêu trung bình, để không tính ngược ra các mức của ô bên cạnh"),
    Why.BESIDE: N_("giữ kín để không tính ngược ra ô bên cạnh"),
}


@dataclass(frozen=True)
class Publication:
    """What of a run is kept back: lines of answers with the reason, and leaves without points.

    `k` answers for a mean, `fewest` for the levels."""

    k: int
    fewest: int
    lines: Mapping[Key, Why]
    leaves: frozenset[LeafKey]

    def to_json(self) -> dict[str, Any]:
        """As a run stores it."""
        return {
            "k": self.k,
            "fewest": self.fewest,
            "lines": [[*key, why.value] for key, why in sorted(self.lines.items())],
            "leaves": [[*key] for key in sorted(self.leaves)],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Publication":
        """As a run stored it; an earlier program kept back only leaves of all rated units together, by their code."""
        leaves = frozenset((ALL, one) if isinstance(one, str) else (one[0], one[1]) for one in data["leaves"])
        lines = {(unit, group, item): Why(why) for unit, group, item, why in data["lines"]}
        return cls(data["k"], data["fewest"], lines, leaves)


@dataclass(frozen=True)
class Line:
    """One group's answers to one question (of SIPAS with pooled groups: of all groups), as they are counted."""

    group: str
    question: QuestionFigure
    counts: bool  # in the points of its leaf
    coefficients: tuple[Decimal, ...]  # of the levels


@dataclass(frozen=True)
class Published:
    """The points of a run with what of them may be shown."""

    scores: RoundScores
    publication: Publication

    @property
    def inputs(self) -> ScoreInputs:
        return self.scores.inputs

    @property
    def units(self) -> Mapping[str, tuple[LeafScore, ...]]:
        return self.scores.units

    def scores_of(self, unit: str | None) -> tuple[LeafScore, ...]:
        """Scores of the leaves of all together or of one rated unit (KeyError for an unknown one)."""
        return self.scores.overall if unit is None else self.scores.units[unit]

    def why(self, unit: str | None, group: str, item: str) -> Why | None:
        """Why a line is not shown whole; none where it is."""
        return self.publication.lines.get((self._key(unit), group, item))

    def points_shown(self, unit: str | None, leaf: str) -> bool:
        """Whether the points of a leaf may be shown."""
        return (self._key(unit), leaf) not in self.publication.leaves

    def total_shown(self, unit: str | None) -> bool:
        """Whether the sum of the leaves may be shown: of a rated unit always, it is the official result; of several
        together only where every leaf is."""
        several = unit is None and len(self.scores.units) > 1
        return not (several and any(key == ALL for key, _leaf in self.publication.leaves))

    def is_whole(self, unit: str | None, score: LeafScore, *, counted_only: bool = False) -> bool:
        """Whether every line of a leaf is shown whole; with `counted_only`, every line that its points rest on."""
        return all(
            self.why(unit, line.group, line.question.item) is None
            for line in breakdown(score, self.inputs.settings)
            if line.counts or not counted_only
        )

    def groups_not_whole(self, unit: str | None, score: LeafScore) -> frozenset[str]:
        """Groups with a line that the points of a leaf rest on and that is not shown whole."""
        return frozenset(
            group
            for line in breakdown(score, self.inputs.settings)
            if line.counts and self.why(unit, line.group, line.question.item)
            for group in line.group.split("+")
        )

    def group_why(self, unit: str | None, score: LeafScore, group: str) -> Why | None:
        """Why the number of answers of a group to a leaf is kept back; none where it is shown."""
        figure = score.groups[group]
        if score.criterion.scored_by == SIPAS and self.inputs.settings.sipas_groups == "pooled":
            if 0 < figure.n < self.publication.k:
                return Why.FEW
            group = "+".join(score.groups)
        reasons = [self.why(unit, group, question.item) for question in figure.questions]
        return next((why for why in reasons if why and why.hides_counts), None)

    def group_mean_shown(self, unit: str | None, score: LeafScore, group: str) -> bool:
        """Whether the mean of a group may be given out beside its levels (a breakdown of the JSON document only)."""
        if score.criterion.scored_by == SIPAS and self.inputs.settings.sipas_groups == "pooled":
            parts = [question for figure in score.groups.values() for question in figure.questions]
            return self.is_whole(unit, score) and all(not _is_few(part, self.publication.k) for part in parts)
        return all(self.why(unit, group, question.item) is None for question in score.groups[group].questions)

    def forms(self) -> tuple[int, bool, dict[str, int | None]]:
        """(ballots, whether there are more, ballots of each group; none: fewer than k, so the sum leaves them out)."""
        shown = {group: None if 0 < n < self.publication.k else n for group, n in self.inputs.by_group.items()}
        return sum(n for n in shown.values() if n is not None), None in shown.values(), shown

    def document(self) -> dict[str, Any]:
        """The result in its stable JSON shape, with none where a figure is kept back."""
        document = self.scores.document()
        if not self.total_shown(None):
            document["survey_total"] = None
        for unit, leaves in [(None, document), *document.get("units", {}).items()]:
            for score in self.scores_of(unit):
                if score.criterion.code in leaves["leaves"]:
                    self._keep_back(unit, score, leaves["leaves"][score.criterion.code])
        return document

    def _keep_back(self, unit: str | None, score: LeafScore, document: dict[str, Any]) -> None:
        if not self.points_shown(unit, score.criterion.code):
            document["score"] = None
        if document["score"] is None or not self.is_whole(unit, score, counted_only=True):
            document["exact"] = document["unrounded"] = None
        for item in document.get("items", {}):
            if any(self.why(unit, group, item) for group in ("+".join(score.groups), *score.groups)):
                document["items"][item] = None
        for group, figures in document["groups"].items():
            mean_shown = self.group_mean_shown(unit, score, group)
            if not isinstance(figures, dict):
                document["groups"][group] = figures if mean_shown else None
                continue
            if not mean_shown:
                figures["mean"] = None
            if self.group_why(unit, score, group):
                figures |= {"n": None, "dont_know": None, "refused": None}

    def _key(self, unit: str | None) -> str:
        return ALL if unit is None or len(self.scores.units) < 2 else unit


def published_run(run: ScoreRun) -> Published:
    """What may be shown of a stored run. A run of an earlier program has nothing stored: it is decided anew."""
    scores = compute(ScoreInputs.from_json(run.inputs))
    return published(scores, Publication.from_json(run.publication) if run.publication else None)


def published(scores: RoundScores, publication: Publication | None = None) -> Published:
    """What may be shown of these points: as was decided before, else decided now."""
    if publication is None:
        from .protection import protect  # scipy: only a process that decides carries it

        publication = protect(scores)
    return Published(scores, publication)


def has_small_group(score: LeafScore) -> bool:
    """Whether so few of a group answered a question that its mean may tell that they are of one mind.

    Where groups are pooled, no figure of a single group is then printed: the others' share of the common line would
    leave what the few said."""
    questions = [question for figure in score.groups.values() for question in figure.questions]
    return any(
        question.answered < 2 * FEWEST_FOR_LEVELS and question.answered + question.dont_know + question.refused > 0
        for question in questions
    )


def breakdown(score: LeafScore, settings: Settings) -> Iterator[Line]:
    """The lines of answers behind a leaf that are published: every group and question, for SIPAS by its rule."""
    sipas = PRESETS[settings.sipas_method]
    if score.criterion.scored_by != SIPAS:
        for group, figure in score.groups.items():
            for question in figure.questions:
                if len(figure.questions) == 1 or _was_asked(question):
                    yield Line(group, question, figure.used and question.n > 0, settings.coefficients)
    elif settings.sipas_groups == "equal":
        for group, figure in score.groups.items():
            for question in figure.questions:
                yield Line(group, question, question.n >= settings.n_min, sipas)
    elif score.groups:
        for item in score.criterion.items:
            pooled = _pooled(score.groups.values(), item, score)
            yield Line("+".join(score.groups), pooled, pooled.mean is not None, sipas)


def _pooled(groups: Any, item: str, score: LeafScore) -> QuestionFigure:
    figures: list[GroupFigure] = list(groups)
    parts = [question for figure in figures for question in figure.questions if question.item == item]
    return QuestionFigure(
        item=item,
        levels=tuple(map(sum, zip(*(part.levels for part in parts), strict=True))),
        dont_know=sum(part.dont_know for part in parts),
        refused=sum(part.refused for part in parts),
        n=sum(part.n for part in parts),
        mean=score.items[item],
    )


def _was_asked(question: QuestionFigure) -> bool:
    return bool(question.n or question.dont_know or question.refused)


def _is_few(question: QuestionFigure, k: int) -> bool:
    return 0 < question.answered < k
