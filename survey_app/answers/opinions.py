"""Which opinions in own words may be read, and by whom?

Style and place give a writer away, so opinions stand apart from ballots and cells. Of one question to one group nobody
reads anything unless there are at least ten (more where the round withholds more); then an officer reads them all and
hides those that name somebody or tell their writer; the others are shown together, in random order.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session

from ..access import Actor
from ..audit import Action, record
from ..errors import Missing, Refused
from ..questionnaires.wording import text_shower
from ..rounds.cancelling import hold_round
from ..rounds.models import RespondentGroup, Round
from .models import FreeText
from .queries import definition_of, published_version, rated_units

FEWEST_OPINIONS = 10
PAGE = 50


@dataclass(frozen=True)
class OpinionSet:
    """All opinions of one group on one question."""

    group: RespondentGroup
    question: str
    title: str
    count: int
    waiting: int  # not read yet
    shown: int
    fewest: int

    @property
    def is_readable(self) -> bool:
        """There are enough for a reviewer to read them."""
        return self.count >= self.fewest

    @property
    def is_published(self) -> bool:
        """All were read, and enough are left to be shown."""
        return self.waiting == 0 and self.shown >= self.fewest


def fewest_opinions(survey_round: Round) -> int:
    """How many opinions there must be: ten, or the round's own threshold where that is higher."""
    return max(FEWEST_OPINIONS, survey_round.k_min)


def opinion_sets(session: Session, survey_round: Round) -> list[OpinionSet]:
    """What was written in this round, by group and question."""
    rows = session.execute(
        select(
            FreeText.group_id,
            FreeText.question,
            func.count(),
            func.sum(case((FreeText.shown.is_(None), 1), else_=0)),
            func.sum(case((FreeText.shown.is_(True), 1), else_=0)),
        )
        .where(FreeText.round_id == survey_round.id)
        .group_by(FreeText.group_id, FreeText.question)
    )
    counts = {(group_id, question): figures for group_id, question, *figures in rows}
    fewest = fewest_opinions(survey_round)
    found = []
    for group in survey_round.groups:
        titles = _titles(session, survey_round, group)
        for (group_id, question), (count, waiting, shown) in sorted(counts.items()):
            if group_id == group.id:
                title = titles.get(question, question)
                found.append(OpinionSet(group, question, title, count, int(waiting), int(shown), fewest))
    return found


def _titles(session: Session, survey_round: Round, group: RespondentGroup) -> Mapping[str, str]:
    """Question → its words, in Vietnamese; where several units are rated, the opinions of all stand together."""
    version = published_version(session, group.id)
    if version is None:
        return {}
    rated = rated_units(session, survey_round.id)
    show = text_shower(survey_round, rated[0].unit.name if len(rated) == 1 else "đơn vị được đánh giá", "vi")
    return {question.name: show(question.label) for question in definition_of(version).questions()}


def find_set(session: Session, survey_round: Round, group_code: str, question: str) -> OpinionSet:
    """One set. Raises Missing."""
    for one in opinion_sets(session, survey_round):
        if (one.group.code, one.question) == (group_code, question):
            return one
    raise Missing


def opinions_to_review(session: Session, survey_round: Round, found: OpinionSet) -> list[FreeText]:
    """The next page of opinions that nobody has read yet, in random order. Raises Refused where there are too few."""
    if not found.is_readable:
        raise Refused(f"Ý kiến viết tay hiện khi có từ {found.fewest} ý kiến, đã xáo trộn, tách khỏi điểm.")
    waiting = _of(survey_round, found).where(FreeText.shown.is_(None))
    return list(session.scalars(waiting.order_by(FreeText.id).limit(PAGE)))


def published_opinions(session: Session, survey_round: Round, found: OpinionSet) -> list[str]:
    """The opinions that were let through, in random order; none until all are read and enough are left."""
    if not found.is_published:
        return []
    # By a random number that was drawn at opening: no other order can be got from it.
    return [
        one.text
        for one in session.scalars(_of(survey_round, found).where(FreeText.shown.is_(True)).order_by(FreeText.id))
    ]


def review(
    session: Session, survey_round: Round, found: OpinionSet, read: Sequence[str], hidden: Sequence[str], by: Actor
) -> None:
    """Notes that the opinions `read` (ids) were read, and that those `hidden` are not to be shown to anybody.

    Raises Refused where there are too few, Missing for an opinion of another set.
    """
    hold_round(session, survey_round)
    if not found.is_readable:
        raise Refused(f"Ý kiến viết tay hiện khi có từ {found.fewest} ý kiến, đã xáo trộn, tách khỏi điểm.")
    texts = session.scalars(_of(survey_round, found).where(FreeText.id.in_(read))).all()
    if len(texts) != len(set(read)) or not set(hidden) <= set(read):
        raise Missing
    for text in texts:
        text.shown = text.id not in hidden
    record(
        session,
        Action.OPINIONS_REVIEWED,
        by,
        round=survey_round.code,
        group=found.group.code,
        read=len(texts),
        hidden=len(set(hidden)),
    )


def _of(survey_round: Round, found: OpinionSet) -> Select[FreeText]:
    return select(FreeText).where(
        FreeText.round_id == survey_round.id,
        FreeText.group_id == found.group.id,
        FreeText.question == found.question,
    )
