"""How sure are the points of a run, and which differences between places are more than chance?

Computed from the opened forms when a run is stored, since the covariance between questions is in no table of counts.
Stored with the run, rounded, so that the same forms give the same figures bit for bit.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from analysis import rank_sets, ranks
from analysis.component_score import SIPAS, LeafScore
from analysis.disclosure import ONE_MIND, SMALL
from analysis.score_precision import (
    CELL,
    GROUP,
    RATER,
    Interval,
    combined_means,
    covariance_between,
    level_values,
    precision,
)
from analysis.scoring_rules import NOT_ANSWERED, Settings
from analysis.taylor import Floats, Truths

from ..answers.raters import groups_of_many_units
from ..rounds.models import Mode, Round
from .inputs import RoundScores
from .protection import shown_places
from .publication import FEWEST_FOR_LEVELS, Published
from .queries import cells_of, groups_of_cells, opened_forms
from .questions import ScoredQuestion, level_of

_DECIMALS = 6
_FEWEST_PLACES = 3
_NORMAL_95 = 1.959964
_SEED = 2026  # of the simulation behind the ranks of units: the same forms give the same ranks
RATED = "rated"
_FACTS = (CELL, GROUP, RATED, RATER)
_NOT_ASKED = 255
Stored = list[float | int]  # estimate, standard error, lower and upper limit, forms, degrees of freedom


def round_precision(
    session: Session, survey_round: Round, published: Published, questions: Mapping[tuple[str, str], ScoredQuestion]
) -> dict[str, Any]:
    """JSON of a run: `all` with standard errors and 95 % limits of total, areas and leaves, `units` where several are
    rated, `places` of each group that was asked in several; units and places with the ranks they may have. `raters`,
    beside `units`: group in which a person rates several -> persons whose forms were taken together; none: sealed.
    `not_in_places`: group -> criteria of which a question is left out of its places.
    """
    scores = published.scores
    answers = answers_frame(session, survey_round, questions)
    places, left_out = _places(session, survey_round, published, answers)
    found = {"all": _figures(scores, scores.overall, answers), "places": places, "not_in_places": left_out}
    if len(scores.units) > 1:
        forms = {unit: answers[answers[RATED] == unit] for unit in scores.units}
        found["units"] = {unit: _figures(scores, leaves, forms[unit]) for unit, leaves in scores.units.items()}
        classes = scores.inputs.classes
        for each in sorted({classes.get(unit, "") for unit in scores.units}):
            members = [unit for unit in scores.units if classes.get(unit, "") == each and found["units"][unit]["total"]]
            _add_unit_ranks(scores, members, found["units"], forms)
        found["raters"] = _raters(session, survey_round, answers)
    return found


def _raters(session: Session, survey_round: Round, answers: pd.DataFrame) -> dict[str, int | None]:
    modes = groups_of_many_units(session, survey_round.id)
    forms = answers.groupby(RATER, sort=False)[GROUP].agg(["first", "size"])
    joined = forms.loc[forms["size"] > 1, "first"].value_counts()
    return {group: int(joined.get(group, 0)) if mode == Mode.CONFIDENTIAL else None for group, mode in modes.items()}


def answers_frame(
    session: Session, survey_round: Round, questions: Mapping[tuple[str, str], ScoredQuestion]
) -> pd.DataFrame:
    """One row per opened form: cell, group, rated unit, number of the rater, and the level of every scored question
    (missing: not asked)."""
    items = list(dict.fromkeys(scored.item for scored in questions.values()))
    levels: dict[str, int] = {}
    groups = groups_of_cells(session, survey_round.id).values()
    asked: dict[str, list[tuple[str, int, _Codes]]] = {group: [] for group in groups}
    for (group, name), scored in questions.items():
        asked.setdefault(group, []).append((name, items.index(scored.item), _Codes(scored, levels)))
    facts: list[tuple[int, str, str, int]] = []
    # One byte a level: of hundreds of thousands of forms, texts would fill the memory and take seconds to compare.
    given = {group: bytearray() for group in asked}
    for cell_id, group, unit, rater, answers in opened_forms(session, survey_round):
        facts.append((cell_id, group, unit, rater))
        given[group] += bytes([codes[answers.get(name, NOT_ANSWERED)] for name, _number, codes in asked[group]])
    frame = pd.DataFrame(facts, columns=list(_FACTS))
    table = np.full((len(frame), len(items)), _NOT_ASKED, dtype=np.uint8)
    for group, codes in given.items():
        members = np.flatnonzero(frame[GROUP] == group)
        numbers = np.array([number for _name, number, _codes in asked[group]], dtype=np.intp)
        table[members[:, None], numbers] = np.frombuffer(codes, dtype=np.uint8).reshape(len(members), len(numbers))
    columns = {
        item: pd.Categorical.from_codes(
            np.where(table[:, number] == _NOT_ASKED, -1, table[:, number].astype(np.int16)), list(levels)
        )
        for number, item in enumerate(items)
    }
    return frame.assign(**{GROUP: frame[GROUP].astype("category")}).join(pd.DataFrame(columns, index=frame.index))


class _Codes(dict[str, int]):
    """Choice of one question -> code of its level, looked up once. `levels`: level -> code, common to all questions."""

    def __init__(self, scored: ScoredQuestion, levels: dict[str, int]) -> None:
        self._scored, self._levels = scored, levels

    def __missing__(self, choice: str) -> int:
        code = self._levels.setdefault(level_of(self._scored.question, choice), len(self._levels))
        self[choice] = code
        return code


def _figures(scores: RoundScores, leaves: Sequence[LeafScore], answers: pd.DataFrame) -> dict[str, Any]:
    areas: dict[str, list[int]] = {}
    for position, leaf in enumerate(scores.inputs.leaves):
        areas.setdefault(leaf.area_code, []).append(position)
    single, sums = precision(leaves, [*areas.values(), range(len(leaves))], answers, scores.inputs.settings)
    codes = [leaf.criterion.code for leaf in scores.inputs.leaves]
    return {
        "leaves": {code: _stored(found) for code, found in zip(codes, single, strict=True) if found},
        "areas": {code: _stored(found) for code, found in zip(areas, sums, strict=False) if found},
        "total": _stored(sums[-1]) if sums[-1] else None,
    }


def _stored(found: Interval) -> Stored:
    figures = (found.estimate, found.se, found.low, found.high)
    return [*(round(figure, _DECIMALS) for figure in figures), found.n, round(found.df, 3)]


def _places(
    session: Session, survey_round: Round, published: Published, answers: pd.DataFrame
) -> tuple[dict[str, list[dict[str, Any]]], dict[str, list[str]]]:
    """Group -> its publication cells, each with `name`, `found` (none: kept back) and `ranks`; group -> criteria of
    which a question is left out.

    `found` is the mean of all scored questions as per cent of the best answer, without those that a small group shares
    and those of which the group's own line is kept back: all places together less the lines shown would tell that line.
    It is kept back for fewer answers than a cross-table needs, for a small place of one mind, and where such a figure
    would follow from it.
    """
    scores = published.scores
    places: dict[str, list[dict[str, Any]]] = {}
    left_out: dict[str, list[str]] = {}
    sipas = {item for each in scores.inputs.criteria if each.scored_by == SIPAS for item in each.items}
    for group, cells in cells_of(session, survey_round.id).items():
        members = answers[answers[GROUP] == group]
        asked = [name for name in members.columns if name not in _FACTS and members[name].notna().any()]
        if len(cells) < _FEWEST_PLACES or not asked:
            continue
        secret = _lines_kept_back(published, group) | (sipas if _has_small_partner(scores, group) else set())
        items = [item for item in asked if item not in secret]
        if codes := [leaf.code for leaf in scores.inputs.criteria if secret & set(asked) & set(leaf.items)]:
            left_out[group] = codes
        if not items:
            places[group] = [{"name": name, "found": None} for _cell_id, name in cells]
            continue
        in_cells = [members[members[CELL] == cell_id] for cell_id, _name in cells]
        counts = [_persons(forms) for forms in in_cells]
        shown = shown_places(
            counts,
            [count < SMALL and _is_of_one_mind(forms[items]) for count, forms in zip(counts, in_cells, strict=True)],
            rest=_persons(members[~members[CELL].isin([cell_id for cell_id, _name in cells])]),
            k=max(survey_round.k_min, FEWEST_FOR_LEVELS),
        )
        rows: list[dict[str, Any]] = [
            {"name": name, "found": _place(forms, items, sipas, scores.inputs.settings) if is_shown else None}
            for (_cell_id, name), forms, is_shown in zip(cells, in_cells, shown, strict=True)
        ]
        _add_place_ranks({str(number): row for number, row in enumerate(rows) if row["found"]})
        places[group] = rows
    return places, left_out


def _lines_kept_back(published: Published, group: str) -> set[str]:
    """Questions of which the mean of this group is kept back, for all rated units together or for one of them."""
    return {
        item
        for (_unit, groups, item), why in published.publication.lines.items()
        if why.hides_mean and group in groups.split("+")
    }


def _has_small_partner(scores: RoundScores, group: str) -> bool:
    """Whether a small group shares the SIPAS lines: places would give this group's part of them, and the rest of the
    common line is what the few said."""
    if scores.inputs.settings.sipas_groups != "pooled":
        return False
    together = [each.groups for each in scores.inputs.criteria if each.scored_by == SIPAS and group in each.groups]
    partners = {other for groups in together for other in groups} - {group}
    return any(0 < scores.inputs.by_group.get(other, 0) < SMALL for other in partners)


def _place(forms: pd.DataFrame, items: Iterable[str], sipas: set[str], settings: Settings) -> Stored | None:
    columns = [level_values(forms[item], settings, sipas=item in sipas) for item in items]
    columns = [column for column in columns if not np.isnan(column).all()]
    if not columns:
        return None
    factors = np.full((1, len(columns)), 100 / len(columns))
    interval = combined_means(forms, np.stack(columns, axis=1), factors, [100.0])[0]
    return _stored(interval) if interval else None


def _persons(forms: pd.DataFrame) -> int:
    """At least so many persons filled these forms in: of one rated unit each of them filled in one."""
    return int(forms[RATED].value_counts().max()) if len(forms) else 0


def _is_of_one_mind(answers: pd.DataFrame) -> bool:
    codes = np.concatenate([answers[item].cat.codes.to_numpy() for item in answers])  # of one list of levels
    given = codes[codes >= 0]
    return bool(given.size) and bool(np.bincount(given).max() >= ONE_MIND * given.size)


def _add_unit_ranks(
    scores: RoundScores, units: Sequence[str], found: Mapping[str, dict[str, Any]], forms: Mapping[str, pd.DataFrame]
) -> None:
    """`ranks` of rated units: the best and the worst each may have, all right at once with 95 % (1 = the highest);
    `above`: the units that are surely higher.

    From all pairs (max-|Z|), with the covariance between units that the same persons rated: 0 where that is sealed.
    """
    if len(units) < 2:
        return
    totals = [found[unit]["total"] for unit in units]
    covariance = covariance_between([(scores.units[unit], forms[unit]) for unit in units], scores.inputs.settings)
    np.fill_diagonal(covariance, _spread(totals) ** 2)
    values = np.array([total[0] for total in totals])
    lower = rank_sets.surely_smaller(values, covariance, 0.95, seed=_SEED, df=_degrees(totals))
    _write_ranks({unit: found[unit] for unit in units}, lower)


def _add_place_ranks(rows: Mapping[str, dict[str, Any]]) -> None:
    """`ranks` and `above` of places, as of units; a person answers in one place, so places are independent."""
    if len(rows) < 2:
        return
    places = [row["found"] for row in rows.values()]
    values = np.array([place[0] for place in places])
    _write_ranks(rows, ranks.surely_smaller(values, _spread(places), 0.95, df=_degrees(places)))


def _write_ranks(rows: Mapping[str, dict[str, Any]], lower: Truths) -> None:
    """lower: which row is surely lower than which other one (K, K)."""
    names = list(rows)
    for row, is_lower, is_higher in zip(rows.values(), lower, lower.T, strict=True):
        row["ranks"] = [1 + int(is_lower.sum()), len(names) - int(is_higher.sum())]
        row["above"] = [names[other] for other in np.flatnonzero(is_lower)]


def _degrees(found: Sequence[Stored]) -> Floats:
    return np.array([df for *_figures, df in found], dtype=np.float64)


def _spread(found: Sequence[Stored]) -> Floats:
    """Standard errors; where all answers agree 0 says nothing, the printed interval does, so its width counts."""
    return np.array([max(se, (high - low) / (2 * _NORMAL_95)) for _estimate, se, low, high, *_ in found])
