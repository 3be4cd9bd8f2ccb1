"""What may be asked of the tables about answers to be scored and about runs."""

from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from ..answers.models import AnswerCount, Ballot
from ..answers.raters import raters_of_ballots
from ..errors import Missing
from ..questionnaires.definition import Definition
from ..questionnaires.definition_json import from_json
from ..questionnaires.models import QuestionnaireVersion
from ..rounds.models import Area, Cell, CriterionSet, RatedUnit, RespondentGroup, Round
from ..rounds.training import real_rounds
from ..units.models import Unit
from .models import ScoreRun


def criterion_set_of(session: Session, round_id: int) -> CriterionSet | None:
    """The criterion set of a round with all its leaves, or none."""
    return session.scalar(
        select(CriterionSet)
        .where(CriterionSet.round_id == round_id)
        .options(selectinload(CriterionSet.areas).selectinload(Area.leaves))
    )


def published_definitions(session: Session, round_id: int) -> dict[str, Definition]:
    """Group code → the questionnaire that the group answered: the newest published version."""
    rows = session.execute(
        select(RespondentGroup.code, QuestionnaireVersion.definition)
        .join(QuestionnaireVersion, QuestionnaireVersion.group_id == RespondentGroup.id)
        .where(RespondentGroup.round_id == round_id, QuestionnaireVersion.published_at.is_not(None))
        .order_by(RespondentGroup.code, QuestionnaireVersion.number)
    )
    return {code: from_json(definition) for code, definition in rows}


def self_rating_groups(session: Session, round_id: int) -> list[str]:
    """Codes of the groups that rate the own unit (*tự đánh giá*), sorted."""
    groups = select(RespondentGroup.code).where(RespondentGroup.round_id == round_id, RespondentGroup.self_rating)
    return list(session.scalars(groups.order_by(RespondentGroup.code)))


def rated_units_of(session: Session, round_id: int) -> Sequence[RatedUnit]:
    """The rated units of a round with their units."""
    return session.scalars(
        select(RatedUnit).where(RatedUnit.round_id == round_id).options(joinedload(RatedUnit.unit))
    ).all()


def answer_counts(session: Session, round_id: int) -> list[tuple[int, str, str, str, int]]:
    """Rows (rated unit, group code, question, name of the choice, answers), summed over cells in the database."""
    answers = func.sum(AnswerCount.answers)
    rows = session.execute(
        select(AnswerCount.rated_unit_id, RespondentGroup.code, AnswerCount.item, AnswerCount.level, answers)
        .join(Cell, Cell.id == AnswerCount.cell_id)
        .join(RespondentGroup, RespondentGroup.id == Cell.group_id)
        .where(AnswerCount.round_id == round_id)
        .group_by(AnswerCount.rated_unit_id, RespondentGroup.code, AnswerCount.item, AnswerCount.level)
    )
    return [(unit, group, item, level, int(count)) for unit, group, item, level, count in rows]


def opened_forms(session: Session, survey_round: Round) -> Iterator[tuple[int, str, str, int, dict[str, Any]]]:
    """Every opened form: (cell, group code, code of the rated unit, rater, question -> choice), in a fixed order.

    Forms with one number of a rater are of one person, as far as the program may know: in both modes, so that what
    computes need not ask how the answers came. The numbers mean nothing else and are never stored.
    """
    round_id = survey_round.id
    raters = raters_of_ballots(session, survey_round)
    alone = count(1 + max(raters.values(), default=-1))
    groups = groups_of_cells(session, round_id)
    units = {rated.id: rated.unit.code for rated in rated_units_of(session, round_id)}
    # Few at a time: thousands of living answers would have the garbage collector walk through the whole program.
    rows = session.execute(
        select(Ballot.id, Ballot.cell_id, Ballot.rated_unit_id, Ballot.answers)
        .where(Ballot.round_id == round_id)
        .order_by(Ballot.id)
        .execution_options(yield_per=200)
    )
    return (
        (cell_id, groups[cell_id], units[rated_unit_id], raters[ballot] if ballot in raters else next(alone), answers)
        for ballot, cell_id, rated_unit_id, answers in rows
    )


def groups_of_cells(session: Session, round_id: int) -> dict[int, str]:
    """Publication cell -> code of its group."""
    rows = session.execute(
        select(Cell.id, RespondentGroup.code)
        .join(RespondentGroup, RespondentGroup.id == Cell.group_id)
        .where(Cell.round_id == round_id)
    )
    return dict(rows.all())


def cells_of(session: Session, round_id: int) -> dict[str, list[tuple[int, str]]]:
    """Group code -> its publication cells that hold forms of one place: (cell, name of the place), in their order."""
    rows = session.execute(
        select(RespondentGroup.code, Cell.id, Unit.name)
        .join(RespondentGroup, RespondentGroup.id == Cell.group_id)
        .join(Unit, Unit.id == Cell.unit_id)
        .where(Cell.round_id == round_id, Cell.merged_into_id.is_(None))
        .order_by(RespondentGroup.code, Unit.order_key, Cell.id)
    )
    found: dict[str, list[tuple[int, str]]] = {}
    for group, cell_id, name in rows:
        found.setdefault(group, []).append((cell_id, name))
    return found


def ballots_by_group(session: Session, round_id: int) -> dict[str, int]:
    """Group code → opened ballots (of a person who rates several units: one for each)."""
    rows = session.execute(
        select(RespondentGroup.code, func.count())
        .select_from(Ballot)
        .join(Cell, Cell.id == Ballot.cell_id)
        .join(RespondentGroup, RespondentGroup.id == Cell.group_id)
        .where(Ballot.round_id == round_id)
        .group_by(RespondentGroup.code)
    )
    return dict(rows.all())


def runs_of(session: Session, round_id: int) -> Sequence[ScoreRun]:
    """All runs of a round, the newest first."""
    return session.scalars(select(ScoreRun).where(ScoreRun.round_id == round_id).order_by(ScoreRun.number.desc())).all()


def latest_run(session: Session, round_id: int) -> ScoreRun | None:
    """The newest run of a round, or none."""
    return session.scalar(
        select(ScoreRun).where(ScoreRun.round_id == round_id).order_by(ScoreRun.number.desc()).limit(1)
    )


def find_run(session: Session, round_id: int, number: int) -> ScoreRun:
    """The run with this number; raises Missing."""
    run = session.scalar(select(ScoreRun).where(ScoreRun.round_id == round_id, ScoreRun.number == number))
    if run is None:
        raise Missing
    return run


def earlier_run(session: Session, survey_round: Round) -> ScoreRun | None:
    """The newest run of the latest earlier real round of the same office and level, or none."""
    return session.scalar(
        select(ScoreRun)
        .join(Round, Round.id == ScoreRun.round_id)
        .where(
            Round.operator_unit_id == survey_round.operator_unit_id,
            Round.level == survey_round.level,
            Round.year < survey_round.year,
            Round.demo == survey_round.demo,
            Round.cancelled_at.is_(None),
            *real_rounds(survey_round),
        )
        .order_by(Round.year.desc(), ScoreRun.number.desc())
        .limit(1)
    )
