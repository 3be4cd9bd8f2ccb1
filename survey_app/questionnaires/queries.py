"""What may be asked of the questionnaires of a round."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session, defer

from ..errors import Missing
from ..rounds.models import Area, Criterion, CriterionSet, RespondentGroup, Round, ScoredBy
from .check import AskedCriterion, Coverage, check, coverage, minutes
from .definition import Definition
from .definition_json import from_json
from .message import Message
from .models import QuestionnaireVersion

_MOST_KEPT = 200
_kept: dict[str, Definition] = {}


@dataclass(frozen=True)
class GroupQuestionnaire:
    """The newest questionnaire of a group with what the checks say; `version` None: there is none yet."""

    group: RespondentGroup
    version: QuestionnaireVersion | None
    definition: Definition | None
    messages: Sequence[Message]
    published_number: int  # number of the newest published version, 0 for none

    @property
    def state(self) -> str:
        """Word for the badge: none, draft, published."""
        if self.version is None:
            return "none"
        return "draft" if self.version.published_at is None else "published"

    @property
    def errors(self) -> int:
        return sum(message.is_error for message in self.messages)

    @property
    def warnings(self) -> int:
        return len(self.messages) - self.errors

    @property
    def may_be_published(self) -> bool:
        """A draft without errors."""
        return self.state == "draft" and not self.errors

    @property
    def question_count(self) -> int:
        return sum(q.is_answered for q in self.definition.questions()) if self.definition else 0

    @property
    def scored_count(self) -> int:
        return sum(q.is_scored for q in self.definition.questions()) if self.definition else 0

    @property
    def minutes(self) -> int:
        return minutes(self.definition) if self.definition else 0


@dataclass(frozen=True)
class Overview:
    """All groups of a round with their questionnaires, and how far these cover the criteria."""

    rows: Sequence[GroupQuestionnaire]
    coverage: Coverage

    @property
    def published(self) -> int:
        return sum(row.state == "published" for row in self.rows)

    @property
    def drafts(self) -> int:
        """Drafts that may be published now."""
        return sum(row.may_be_published for row in self.rows)

    @property
    def missing_by_group(self) -> list[tuple[str, list[str]]]:
        """Groups that have a questionnaire, with the criteria that it lacks."""
        present = [row.group.code for row in self.rows if row.version]
        pairs = ((group, [code for code, other in self.coverage.missing if other == group]) for group in present)
        return [(group, codes) for group, codes in pairs if codes]

    @property
    def without(self) -> Sequence[GroupQuestionnaire]:
        return [row for row in self.rows if row.version is None]


def published_version(session: Session, group_id: int) -> QuestionnaireVersion | None:
    """The questionnaire that the group answers: its newest published version."""
    return session.scalar(
        select(QuestionnaireVersion)
        .where(QuestionnaireVersion.group_id == group_id, QuestionnaireVersion.published_at.is_not(None))
        .order_by(QuestionnaireVersion.number.desc())
        .limit(1)
        .options(defer(QuestionnaireVersion.source))
    )


def newest_version(session: Session, group_id: int) -> QuestionnaireVersion | None:
    """The newest version of a group, draft or published."""
    return session.scalar(
        select(QuestionnaireVersion)
        .where(QuestionnaireVersion.group_id == group_id)
        .order_by(QuestionnaireVersion.number.desc())
        .limit(1)
    )


def definition_of(version: QuestionnaireVersion) -> Definition:
    """The questionnaire of a version, kept in memory under its hash: the same hash is the same questionnaire."""
    found = _kept.get(version.sha256)
    if found is None:
        if len(_kept) >= _MOST_KEPT:
            _kept.clear()
        found = _kept[version.sha256] = from_json(version.definition)
    return found


def asked_criteria(session: Session, round_id: int) -> list[AskedCriterion]:
    """The leaf criteria of a round that the survey scores, SIPAS included, in printed order."""
    leaves = session.scalars(
        select(Criterion)
        .join(Area, Criterion.area_id == Area.id)
        .join(CriterionSet, Area.criterion_set_id == CriterionSet.id)
        .where(CriterionSet.round_id == round_id, Criterion.scored_by.in_((ScoredBy.SURVEY, ScoredBy.SIPAS)))
        .order_by(Area.position, Criterion.position)
    )
    return [AskedCriterion(leaf.code, frozenset(leaf.group_codes)) for leaf in leaves]


def find_group(session: Session, survey_round: Round, group_code: str) -> RespondentGroup:
    """The group of a round by its letter. Raises Missing."""
    found = session.scalar(
        select(RespondentGroup).where(RespondentGroup.round_id == survey_round.id, RespondentGroup.code == group_code)
    )
    if found is None:
        raise Missing
    return found


def overview(session: Session, survey_round: Round) -> Overview:
    """The state of step 2 of a round, in three queries whatever the number of groups."""
    groups = session.scalars(
        select(RespondentGroup).where(RespondentGroup.round_id == survey_round.id).order_by(RespondentGroup.code)
    )
    criteria = asked_criteria(session, survey_round.id)
    versions = session.scalars(
        select(QuestionnaireVersion)
        .join(RespondentGroup, QuestionnaireVersion.group_id == RespondentGroup.id)
        .where(RespondentGroup.round_id == survey_round.id)
        .order_by(QuestionnaireVersion.number)
        .options(defer(QuestionnaireVersion.source))
    )
    by_group: dict[int, list[QuestionnaireVersion]] = {}
    for version in versions:
        by_group.setdefault(version.group_id, []).append(version)
    rows = [_row(group, by_group.get(group.id, []), criteria) for group in groups]
    definitions = {row.group.code: row.definition for row in rows if row.definition}
    return Overview(rows, coverage(definitions, criteria))


def questionnaire_of(session: Session, survey_round: Round, group: RespondentGroup) -> GroupQuestionnaire:
    """The newest questionnaire of one group, with what the checks say."""
    newest = newest_version(session, group.id)
    published = published_version(session, group.id)
    versions = [version for version in (published, newest) if version]
    return _row(group, versions, asked_criteria(session, survey_round.id))


def _row(
    group: RespondentGroup, versions: Sequence[QuestionnaireVersion], criteria: Sequence[AskedCriterion]
) -> GroupQuestionnaire:
    newest = versions[-1] if versions else None
    definition = definition_of(newest) if newest else None
    messages = check(definition, criteria, group.code) if definition else []
    published = max((version.number for version in versions if version.published_at), default=0)
    return GroupQuestionnaire(group, newest, definition, messages, published)


def published_count(session: Session, round_id: int) -> int:
    """How many groups of a round have a published questionnaire."""
    found = select(func.count(func.distinct(QuestionnaireVersion.group_id))).join(RespondentGroup)
    return (
        session.scalar(
            found.where(RespondentGroup.round_id == round_id, QuestionnaireVersion.published_at.is_not(None))
        )
        or 0
    )
