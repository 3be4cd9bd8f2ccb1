"""How are the points of a round computed, stored as a run, and checked again?"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from analysis.component_score import SIPAS, SURVEY, Criterion
from analysis.scoring_rules import ScoringError, Settings

from ..access import Actor
from ..audit import Action, record
from ..db import now
from ..errors import Refused
from ..rounds.cancelling import hold_round
from ..rounds.models import Area, Round, ScoredBy
from ..rounds.models import Criterion as CriterionRow
from ..units.models import UnitKind
from ..version import VERSION
from .asked import groups_asked
from .document import points_text
from .inputs import COMMUNES, OFFICES, Counted, Leaf, RoundScores, ScoreInputs, compute, data_code
from .models import LeafScore, ScoreRun
from .publication import Published, published, published_run
from .queries import (
    answer_counts,
    ballots_by_group,
    criterion_set_of,
    latest_run,
    published_definitions,
    rated_units_of,
    runs_of,
    self_rating_groups,
)
from .questions import ScoredQuestion, level_of, scored_questions

_SCORED_BY = {ScoredBy.SURVEY: SURVEY, ScoredBy.SIPAS: SIPAS}


@dataclass(frozen=True)
class Comparison:
    """What «tính lại để đối chiếu» found about a run."""

    same_result: bool  # the stored inputs give the stored result
    same_inputs: bool  # the answers and rules of the round are still those of the run
    # The opened forms give the stored intervals; false too once the answers are others. None: cannot be told, since
    # answers with a name, by which forms of one person were taken together, are deleted.
    same_precision: bool | None


def compute_round(session: Session, survey_round: Round) -> RoundScores:
    """The points of a round from its opened answers; stores nothing.

    Raises Refused before the envelopes are opened, without criteria that the survey scores, or where rules and
    questionnaires do not fit each other.
    """
    if survey_round.envelopes_opened_on is None:
        raise Refused("Tính được sau khi mở niêm phong.")
    try:
        return compute(gather_inputs(session, survey_round))
    except ScoringError as fault:
        raise Refused(str(fault)) from fault


def store_run(session: Session, survey_round: Round, by: Actor) -> ScoreRun:
    """A new run with its inputs, its result and the points of every leaf. Runs are never changed nor removed.

    Raises Refused as `compute_round` does, and where the answers differ from those of an earlier run by so few that the
    two runs together would tell what these few said.
    """
    # Two runs at once must not get one number.
    hold_round(session, survey_round)
    scores = compute_round(session, survey_round)
    for earlier in runs_of(session, survey_round.id):
        _refuse_small_difference(scores.inputs, earlier)
    found = published(scores)
    before = latest_run(session, survey_round.id)
    intervals = intervals_of(session, survey_round, found)
    same_inputs = before is not None and before.inputs_sha256 == scores.inputs.sha256
    if before and before.precision and same_inputs and _knows_less(intervals, before.precision):
        intervals = before.precision
    run = ScoreRun(
        round_id=survey_round.id,
        number=before.number + 1 if before else 1,
        rules=scores.inputs.settings.to_json(),
        inputs=scores.inputs.to_json(),
        inputs_sha256=scores.inputs.sha256,
        result=found.document(),
        precision=intervals,
        publication=found.publication.to_json(),
        program_version=VERSION,
        made_at=now(),
        made_by_id=by.id,
        made_by_name=by.full_name,
    )
    run.leaves = _leaf_rows(session, survey_round, scores)
    session.add(run)
    total = points_text(scores.total) if found.total_shown(None) else "–"
    record(
        session,
        Action.SCORES_COMPUTED,
        by,
        round=survey_round.code,
        number=run.number,
        total=total,
        sha256=data_code(run.inputs_sha256, session.info["pepper"]),
    )
    session.flush()
    return run


def compare_run(session: Session, survey_round: Round, run: ScoreRun) -> Comparison:
    """Computes a run again from its stored inputs, and looks whether the round still has the same answers and rules."""
    found = published_run(run)
    again = found.scores
    # An earlier program kept other figures back: of its runs only the points are compared.
    if run.publication is None:
        same_result = _points_of(again.document()) == _points_of(run.result)
    else:
        same_result = found.document() == run.result
    same_result = same_result and again.inputs.sha256 == run.inputs_sha256
    same_inputs = gather_inputs(session, survey_round).sha256 == run.inputs_sha256
    # A run of an earlier program has none.
    same_precision: bool | None = True
    if run.precision is not None:
        intervals = intervals_of(session, survey_round, found)
        same_precision = None if _knows_less(intervals, run.precision) else _holds(intervals, run.precision)
    return Comparison(same_result, same_inputs, same_precision)


def _holds(found: Any, stored: Any) -> bool:
    """Whether what was found is what is stored; an earlier program stored fewer facts beside each figure."""
    if isinstance(stored, dict) and isinstance(found, dict):
        return all(key in found and _holds(found[key], one) for key, one in stored.items())
    if isinstance(stored, list) and isinstance(found, list):
        found = found[: len(stored)] if all(isinstance(one, int | float) for one in stored) else found
        return len(found) == len(stored) and all(_holds(*pair) for pair in zip(found, stored, strict=True))
    return bool(found == stored)


def _points_of(document: Mapping[str, Any]) -> list[Any]:
    parts = [document, *document.get("units", {}).values()]
    points = [{code: leaf["score"] for code, leaf in part["leaves"].items()} for part in parts]
    return [document["survey_total"], points]


def _refuse_small_difference(inputs: ScoreInputs, earlier: ScoreRun) -> None:
    """Two published runs may differ by no answers or by k of a group and question, never by a few."""
    before = ScoreInputs.from_json(earlier.inputs).counts
    changed: Counter[tuple[str, str, str]] = Counter()
    for unit in inputs.counts.keys() | before.keys():
        now_counts, old_counts = inputs.counts.get(unit, {}), before.get(unit, {})
        for key in now_counts.keys() | old_counts.keys():
            group, item, _level = key
            changed[unit, group, item] += abs(now_counts.get(key, 0) - old_counts.get(key, 0))
    if any(0 < answers < inputs.k_min for answers in changed.values()):
        raise Refused(
            f"Dữ liệu chỉ khác lần tính {earlier.number} ở ít hơn {inputs.k_min} câu trả lời. Lưu thêm một lần tính "
            f"thì so hai lần sẽ biết những người đó trả lời gì. Dùng kết quả của lần tính {earlier.number}."
        )


def intervals_of(session: Session, survey_round: Round, found: Published) -> dict[str, Any]:
    """Standard errors, limits and ranks, as a run stores them: see `precision.round_precision`."""
    from .precision import round_precision  # pandas and scipy: only a process that computes points carries them

    return round_precision(session, survey_round, found, questions_of(session, survey_round))


def _knows_less(intervals: Mapping[str, Any], stored: Mapping[str, Any]) -> bool:
    """Whether fewer persons could be taken together than for the stored intervals: some asked for deletion, or the
    personal data of the round are erased. The same ballots then keep the intervals of the time when all was known."""
    now_known, known = intervals.get("raters", {}), stored.get("raters", {})
    return any((now_known.get(group) or 0) < (persons or 0) for group, persons in known.items())


def gather_inputs(session: Session, survey_round: Round) -> ScoreInputs:
    """Criteria, rules and counted answers of a round. Raises Refused without criteria that the survey scores."""
    scored = _scored_leaves(session, survey_round)
    if not scored:
        raise Refused("Bộ tiêu chí của đợt không có tiêu chí nào do điều tra chấm, nên không có điểm để tính.")
    questions = questions_of(session, survey_round)
    apart = self_rating_groups(session, survey_round.id)
    leaves = tuple(_leaf(area, leaf, questions, apart) for area, leaf in scored)
    counts = _counts(session, survey_round.id, questions)
    return ScoreInputs(
        settings=Settings.from_json(survey_round.rules),
        leaves=leaves,
        counts=counts,
        by_group=ballots_by_group(session, survey_round.id),
        k_min=survey_round.k_min,
        self_rating=tuple(apart),
        classes=_classes(session, survey_round.id),
        asked=groups_asked(session, survey_round, leaves, counts),
    )


def _classes(session: Session, round_id: int) -> dict[str, str]:
    """Rated unit -> sở or commune where the round rates both; else nothing, since all are of one class."""
    rated = rated_units_of(session, round_id)
    found = {one.unit.code: OFFICES if one.unit.kind == UnitKind.PROVINCIAL_OFFICE else COMMUNES for one in rated}
    return found if len(set(found.values())) > 1 else {}


def questions_of(session: Session, survey_round: Round) -> dict[tuple[str, str], ScoredQuestion]:
    """(group, question) -> what it scores in this round. Who rates the own unit may be asked about any criterion."""
    definitions = published_definitions(session, survey_round.id)
    apart = self_rating_groups(session, survey_round.id)
    return scored_questions(
        definitions, {leaf.code: [*leaf.group_codes, *apart] for _, leaf in _scored_leaves(session, survey_round)}
    )


def _scored_leaves(session: Session, survey_round: Round) -> list[tuple[Area, CriterionRow]]:
    criteria = criterion_set_of(session, survey_round.id)
    rows = [(area, leaf) for area in (criteria.areas if criteria else []) for leaf in area.leaves]
    return [(area, leaf) for area, leaf in rows if leaf.scored_by in _SCORED_BY]


def _leaf(
    area: Area, leaf: CriterionRow, questions: Mapping[tuple[str, str], ScoredQuestion], apart: Sequence[str]
) -> Leaf:
    """The leaf with the groups whose answers make its points: nobody's opinion of the own unit does."""
    groups = tuple(code for code in leaf.group_codes if code not in apart) or tuple(leaf.group_codes)
    items = dict.fromkeys(
        scored.item for (group, _), scored in questions.items() if scored.criterion == leaf.code and group in groups
    )
    criterion = Criterion(leaf.code, leaf.max_points, _SCORED_BY[ScoredBy(leaf.scored_by)], groups, tuple(items))
    return Leaf(criterion, leaf.title, area.code, area.name)


def _counts(session: Session, round_id: int, questions: Mapping[tuple[str, str], ScoredQuestion]) -> dict[str, Counted]:
    units = {rated.id: rated.unit.code for rated in rated_units_of(session, round_id)}
    counts: dict[str, Counted] = {code: {} for code in units.values()}
    for unit_id, group, name, choice, count in answer_counts(session, round_id):
        scored = questions.get((group, name))
        if scored is not None:
            key = (group, scored.item, level_of(scored.question, choice))
            counts[units[unit_id]][key] = counts[units[unit_id]].get(key, 0) + count
    return counts


def _leaf_rows(session: Session, survey_round: Round, scores: RoundScores) -> list[LeafScore]:
    criteria = criterion_set_of(session, survey_round.id)
    ids = {leaf.code: leaf.id for leaf in (criteria.leaves if criteria else [])}
    rated = {rated.unit.code: rated.id for rated in rated_units_of(session, survey_round.id)}
    return [
        LeafScore(
            criterion_id=ids[leaf.criterion.code],
            rated_unit_id=rated[unit],
            points=leaf.points,
            exact=None if leaf.exact is None else str(leaf.exact),
        )
        for unit, leaves in scores.units.items()
        for leaf in leaves
    ]
