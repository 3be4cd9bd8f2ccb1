"""What must a run keep back, so that no figure about a few persons can be computed from all that is published?

Everything that leaves the program is counted as known together: lines of answers of every rated unit and of all units
together, numbers of answers, means, the points of leaves, areas and the total, places of a group. The total of a rated
unit is the official result and always given; so what it tells is protected by keeping back something beside it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.component_score import LeafScore
from analysis.disclosure import SMALL, broad_band, protected, table_of_sums, told_by_mean, too_few, unanimous
from analysis.taylor import Floats

from .inputs import RoundScores
from .points_told import kept_back_with_points, parts_of
from .publication import ALL, FEWEST_FOR_LEVELS, Key, LeafKey, Line, Publication, Why, breakdown


@dataclass(frozen=True)
class _View:
    """All lines of answers of one rated unit, or of all together, by leaf."""

    key: str
    leaves: Mapping[str, tuple[Line, ...]]

    def keyed(self) -> Iterable[tuple[Key, Line]]:
        for lines in self.leaves.values():
            for line in lines:
                yield (self.key, line.group, line.question.item), line


def protect(scores: RoundScores) -> Publication:
    """What is kept back of these points. The same points always give the same answer."""
    k = scores.inputs.k_min
    fewest = max(k, FEWEST_FOR_LEVELS)
    settings = scores.inputs.settings
    codes = [leaf.criterion.code for leaf in scores.inputs.leaves]

    def view(key: str, leaves: Sequence[LeafScore]) -> _View:
        return _View(key, dict(zip(codes, (tuple(breakdown(each, settings)) for each in leaves), strict=True)))

    together = view(ALL, scores.overall)
    units = [view(unit, leaves) for unit, leaves in scores.units.items()] if len(scores.units) > 1 else []
    hidden: dict[Key, Why] = {}
    for each in (together, *units):
        hidden |= _alone(each, k, fewest)
    leaves: set[LeafKey] = set()
    for each in units or [together]:
        hidden |= _beside_in_leaf(each, hidden)
        lines, told = _told_by_points(scores, each.key, hidden)
        hidden |= dict.fromkeys(lines, Why.BESIDE)
        leaves |= {(each.key, code) for code in told}
    if units:
        hidden |= _sums_kept_back(together, units, hidden)
        leaves |= _leaves_kept_back(together, hidden)
    return Publication(k, fewest, hidden, frozenset(leaves))


def shown_places(forms: Sequence[int], alike: Sequence[bool], rest: int, k: int) -> list[bool]:
    """Which places of a group may show a figure. forms: of every place; alike: of one mind; rest: in no place."""
    counts: dict[tuple[str, ...], float] = {(str(number),): float(count) for number, count in enumerate(forms)}
    if rest:
        counts["rest",] = float(rest)
    if sum(counts.values()) < k:
        return [False] * len(forms)
    labels = [(str(number),) for number in range(len(forms))]
    # What is in no place is not printed, but follows from the places and the whole.
    figures = [*labels, *([("rest",)] if 0 < rest < k else []), ("total",)]
    table = table_of_sums(counts, figures)
    primary = too_few(table.counts, k)
    primary[: len(forms)] |= np.asarray(alike, dtype=bool) & (table.counts[: len(forms)] > 0)
    hidden = protected(table, primary, width=float(k), fixed=np.array([label == ("total",) for label in table.labels]))
    return [count > 0 and not kept_back for count, kept_back in zip(forms, hidden, strict=False)]


def _alone(view: _View, k: int, fewest: int) -> dict[Key, Why]:
    """What each line must keep back by itself."""
    return {key: why for key, line in view.keyed() if (why := _reason(line, k, fewest))}


def _reason(line: Line, k: int, fewest: int) -> Why | None:
    question = line.question
    given = question.answered + question.dont_know + question.refused
    # A small group of which nobody answered on the scale is of one mind, too.
    if 0 < question.answered < k or 0 < given < k or (0 < given < SMALL and not question.answered):
        return Why.FEW
    levels = np.array([question.levels], dtype=float)
    if unanimous(levels)[0]:
        return _half(levels)
    if not 0 < question.answered < fewest:
        return None
    return Why.MEAN_TELLS if told_by_mean(levels[0], np.array(line.coefficients, dtype=float)) else Why.LEVELS


def _half(levels: Floats) -> Why:
    """Each half holds two levels or more (the middle one counts above): a single one would tell what everybody said."""
    half = levels.shape[1] // 2
    if half < 2:
        return Why.ALIKE
    return Why.LOW if broad_band(levels, half) == ["upper"] else Why.HIGH  # the first levels are the lowest


def _beside_in_leaf(view: _View, hidden: Mapping[Key, Why]) -> dict[Key, Why]:
    """The points of a leaf tell the mean of the only line that is kept back among those they rest on: one more goes."""
    more: dict[Key, Why] = {}
    for lines in view.leaves.values():
        keys = {(view.key, line.group, line.question.item): line for line in lines if line.counts}
        kept_back = [key for key in keys if _hides_mean(hidden.get(key))]
        others = [key for key in keys if key not in kept_back]
        if len(kept_back) == 1 and others:
            more[min(others, key=lambda key: (keys[key].question.answered, key))] = Why.BESIDE
    return more


def _told_by_points(scores: RoundScores, key: str, hidden: Mapping[Key, Why]) -> tuple[frozenset[Key], frozenset[str]]:
    """Lines and leaves of one rated unit to keep back, see `kept_back_with_points`."""
    found = scores.units[key] if key != ALL else scores.overall
    leaves = [
        parts_of(key, leaf.area_code, score, scores.inputs.settings, hidden)
        for leaf, score in zip(scores.inputs.leaves, found, strict=True)
    ]
    return kept_back_with_points([leaf for leaf in leaves if leaf])


def _hides_mean(why: Why | None) -> bool:
    return why is not None and why.hides_mean


def _sums_kept_back(together: _View, units: Sequence[_View], hidden: Mapping[Key, Why]) -> dict[Key, Why]:
    """Lines of all units together that would give a unit's line away by subtraction.

    Nor do several hidden lines make a sum that may be shown: perhaps the same few persons rated all these units. Where
    groups are pooled, a unit that only some of them rate has a line of just these."""
    more: dict[Key, Why] = {}
    hidden_of_units: dict[str, list[tuple[set[str], Why]]] = {}
    for unit in units:
        for unit_key, _line in unit.keyed():
            if why := hidden.get(unit_key):
                hidden_of_units.setdefault(unit_key[2], []).append((set(unit_key[1].split("+")), why))
    for key in dict(together.keyed()):
        groups = set(key[1].split("+"))
        reasons = [why for parts, why in hidden_of_units.get(key[2], ()) if parts <= groups]
        if any(why.hides_mean for why in reasons):
            more[key] = Why.BESIDE
        elif reasons and key not in hidden:
            more[key] = Why.LEVELS_BESIDE
    return more


def _leaves_kept_back(together: _View, hidden: Mapping[Key, Why]) -> frozenset[LeafKey]:
    """Leaves whose points for all units together would tell a line that is kept back.

    With one of them the area and the total of all together are kept back too (`Published.total_shown`): to hide a
    second leaf instead would not do, since its points follow from its lines."""
    return frozenset(
        (ALL, code)
        for code, lines in together.leaves.items()
        if any(line.counts and _hides_mean(hidden.get((ALL, line.group, line.question.item))) for line in lines)
    )
