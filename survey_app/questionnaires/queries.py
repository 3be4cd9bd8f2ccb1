"""What may be asked of the questionnaires of a round."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session, defer

from analysis.component_score import SIPAS_LEVELS
from analysis.scoring_rules import Settings

from ..access import Actor
from ..errors import Missing
from ..rounds.models import Area, Criterion, CriterionSet, RatedUnit, RespondentGroup, Round, ScoredBy
from ..rounds.rating_rules import chosen_units, rated_in_order
from ..users.models import User
from .check import AskedCriterion, Coverage, check, coverage, minutes
from .definition import Definition
from .definition_json import from_json
from .difference import Change, changes_words, differences, needs_second_person
from .draft_steps import Steps
from .matrix import Body, written_out
from .media import Medium, Reference, references_in
from .message import Message
from .models import QuestionnaireMedium, QuestionnaireScenario, QuestionnaireVersion
from .scenarios import Outcome, run_scenario, scenarios_of

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
    changes: Sequence[Change]  # of a draft against the newest published version
    outcomes: Sequence[Outcome]  # of the test scenarios

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
        """A draft without errors, in which every test scenario passes."""
        return self.state == "draft" and not self.errors and not self.failing

    @property
    def failing(self) -> Sequence[Outcome]:
        """The test scenarios that lead elsewhere than expected."""
        return [outcome for outcome in self.outcomes if not outcome.passes]

    def waits_for_second(self, by: Actor) -> bool:
        """Whether somebody else than `by`, who worked on the draft, must publish it."""
        return self.version is not None and by.id in self.version.author_ids and self.needs_second

    @property
    def needs_second(self) -> bool:
        """Whether the draft changes so much that two persons must have looked at it."""
        changes = list(self.changes)
        return needs_second_person(changes) or (self.is_correction and changes_words(changes))

    @property
    def publishes_at_once(self) -> bool:
        """A draft that may be published together with others, without looking at what it changes."""
        return self.may_be_published and not self.needs_second

    @property
    def is_correction(self) -> bool:
        """Whether the draft corrects typing errors while the round is open; only these have a reason."""
        return self.state == "draft" and self.version is not None and bool(self.version.reason)

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
        """Drafts that may be published together now."""
        return sum(row.publishes_at_once for row in self.rows)

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


def version_at_opening(session: Session, survey_round: Round, group_id: int) -> QuestionnaireVersion | None:
    """The version that was published when the round was opened, none before."""
    return session.scalar(
        select(QuestionnaireVersion)
        .where(QuestionnaireVersion.group_id == group_id, QuestionnaireVersion.published_at <= survey_round.opened_at)
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


def versions_of_group(session: Session, group_id: int) -> list[QuestionnaireVersion]:
    """All versions of a group, without the files that they came from."""
    rows = select(QuestionnaireVersion).where(QuestionnaireVersion.group_id == group_id)
    return list(session.scalars(rows.options(defer(QuestionnaireVersion.source))))


def find_medium(session: Session, digest: str) -> QuestionnaireMedium:
    """A stored picture or recording. Raises Missing."""
    rows = select(QuestionnaireMedium).where(QuestionnaireMedium.digest == digest).limit(1)
    found = session.scalar(rows)
    if found is None:
        raise Missing
    return found


def media_of(session: Session, version: QuestionnaireVersion) -> list[Medium]:
    """The pictures and recordings that a version shows."""
    shown = [one for text in references_in(definition_of(version)).values() if (one := Reference.of(text))]
    rows = select(QuestionnaireMedium).where(QuestionnaireMedium.group_id == version.group_id)
    stored = {row.digest: row for row in session.scalars(rows)} if shown else {}
    found = [(one, stored[one.digest]) for one in shown if one.digest in stored]
    return [Medium(one.name, row.kind, row.content) for one, row in found]


def loaded_version(session: Session, group_id: int) -> QuestionnaireVersion:
    """The newest version of a group; raises Missing where none was loaded."""
    found = newest_version(session, group_id)
    if found is None:
        raise Missing
    return found


def definition_of(version: QuestionnaireVersion) -> Definition:
    """The questionnaire of a version, kept in memory under its hash: the same hash is the same questionnaire."""
    found = _kept.get(version.sha256)
    if found is None:
        if len(_kept) >= _MOST_KEPT:
            _kept.clear()
        found = _kept[version.sha256] = from_json(version.definition)
    return found


def steps_of(version: QuestionnaireVersion | None) -> Steps:
    """The changes of a draft that can be taken back or made again; none of what is published."""
    return Steps.of(version.earlier) if version and version.published_at is None else Steps()


def state_seen(session: Session, group: RespondentGroup, sha256: str) -> Definition | None:
    """The questionnaire of that digest among all versions of the group and the states of its draft, or none."""
    for version in versions_of_group(session, group.id):
        found = definition_of(version) if version.sha256 == sha256 else steps_of(version).state(sha256)
        if found is not None:
            return found
    return None


def loader_name(session: Session, version: QuestionnaireVersion) -> str:
    """Who made the last change of a version."""
    return _names(session, [version])[version.loaded_by_id]


def bodies_of(units: Sequence[RatedUnit]) -> tuple[Body, ...]:
    """Rated units as a matrix knows them."""
    return tuple(Body(one.id, one.unit.name, one.unit.kind) for one in units)


def form_of_group(session: Session, group: RespondentGroup, definition: Definition) -> Definition:
    """The questionnaire as somebody of the group meets it, a matrix written out for all units that the group rates."""
    return written_out(definition, bodies_of_group(session, group))


def bodies_of_group(session: Session, group: RespondentGroup) -> tuple[Body, ...]:
    """The units that the group rates, in their order; where none are chosen, the first unit of the round."""
    rated = rated_in_order(session, group.round_id)
    chosen = chosen_units(session, group.round_id).get(group.id)
    return bodies_of([one for one in rated if one.id in chosen] if chosen else rated[:1])


def asked_criteria(session: Session, round_id: int) -> list[AskedCriterion]:
    """The leaf criteria of a round that the survey scores, SIPAS included, in printed order."""
    levels = len(Settings.from_json(session.get_one(Round, round_id).rules).levels)
    leaves = session.scalars(
        select(Criterion)
        .join(Area, Criterion.area_id == Area.id)
        .join(CriterionSet, Area.criterion_set_id == CriterionSet.id)
        .where(CriterionSet.round_id == round_id, Criterion.scored_by.in_((ScoredBy.SURVEY, ScoredBy.SIPAS)))
        .order_by(Area.position, Criterion.position)
    )
    return [
        AskedCriterion(
            leaf.code, frozenset(leaf.group_codes), SIPAS_LEVELS if leaf.scored_by == ScoredBy.SIPAS else levels
        )
        for leaf in leaves
    ]


def find_group(session: Session, survey_round: Round, group_code: str) -> RespondentGroup:
    """The group of a round by its letter. Raises Missing."""
    found = session.scalar(
        select(RespondentGroup).where(RespondentGroup.round_id == survey_round.id, RespondentGroup.code == group_code)
    )
    if found is None:
        raise Missing
    return found


def overview(session: Session, survey_round: Round) -> Overview:
    """The state of step 2 of a round, in four queries whatever the number of groups."""
    groups = session.scalars(
        select(RespondentGroup).where(RespondentGroup.round_id == survey_round.id).order_by(RespondentGroup.code)
    ).all()
    criteria = asked_criteria(session, survey_round.id)
    versions = session.scalars(
        select(QuestionnaireVersion)
        .join(RespondentGroup, QuestionnaireVersion.group_id == RespondentGroup.id)
        .where(RespondentGroup.round_id == survey_round.id)
        .order_by(QuestionnaireVersion.number)
        .options(defer(QuestionnaireVersion.source), defer(QuestionnaireVersion.earlier))
    )
    by_group: dict[int, list[QuestionnaireVersion]] = {}
    for version in versions:
        by_group.setdefault(version.group_id, []).append(version)
    scenarios: dict[int, list[QuestionnaireScenario]] = {}
    for scenario in scenarios_of(session, [group.id for group in groups]):
        scenarios.setdefault(scenario.group_id, []).append(scenario)
    rows = [_row(group, by_group.get(group.id, []), criteria, scenarios.get(group.id, [])) for group in groups]
    definitions = {row.group.code: row.definition for row in rows if row.definition}
    return Overview(rows, coverage(definitions, criteria))


def questionnaire_of(session: Session, survey_round: Round, group: RespondentGroup) -> GroupQuestionnaire:
    """The newest questionnaire of one group, with what the checks say."""
    newest = newest_version(session, group.id)
    published = published_version(session, group.id)
    versions = [version for version in (published, newest) if version]
    return _row(group, versions, asked_criteria(session, survey_round.id), scenarios_of(session, [group.id]))


def _row(
    group: RespondentGroup,
    versions: Sequence[QuestionnaireVersion],
    criteria: Sequence[AskedCriterion],
    scenarios: Sequence[QuestionnaireScenario],
) -> GroupQuestionnaire:
    newest = versions[-1] if versions else None
    definition = definition_of(newest) if newest else None
    messages = check(definition, criteria, group.code, group.self_rating) if definition else []
    published = next((version for version in reversed(versions) if version.published_at), None)
    changes: list[Change] = []
    if newest and published and definition and newest.published_at is None:
        changes = differences(definition_of(published), definition)
    outcomes = [run_scenario(definition, scenario) for scenario in scenarios] if definition else []
    number = published.number if published else 0
    return GroupQuestionnaire(group, newest, definition, messages, number, changes, outcomes)


@dataclass(frozen=True)
class VersionLine:
    """A version in the history of a group: who made and published it, and what it changed."""

    version: QuestionnaireVersion
    loaded_by: str
    published_by: str
    changes: Sequence[Change]


def history(session: Session, group: RespondentGroup) -> list[VersionLine]:
    """All versions of a group, the newest first, each with its difference to the one before."""
    versions = session.scalars(
        select(QuestionnaireVersion)
        .where(QuestionnaireVersion.group_id == group.id)
        .order_by(QuestionnaireVersion.number)
        .options(defer(QuestionnaireVersion.source), defer(QuestionnaireVersion.earlier))
    ).all()
    names = _names(session, versions)
    lines = []
    for before, version in zip([None, *versions], versions, strict=False):
        changes = differences(definition_of(before), definition_of(version)) if before else []
        publisher = names.get(version.published_by_id or 0, "")
        lines.append(VersionLine(version, names[version.loaded_by_id], publisher, changes))
    return lines[::-1]


def _names(session: Session, versions: Sequence[QuestionnaireVersion]) -> dict[int, str]:
    ids = {version.loaded_by_id for version in versions} | {version.published_by_id for version in versions} - {None}
    rows = session.execute(select(User.id, User.full_name).where(User.id.in_(ids)))
    return dict(rows.all())


def corrections(session: Session, survey_round: Round) -> list[tuple[RespondentGroup, VersionLine]]:
    """The typing corrections made after the round was opened, group by group, the oldest first."""
    if survey_round.opened_at is None:
        return []
    groups = session.scalars(
        select(RespondentGroup)
        .where(
            RespondentGroup.id.in_(
                select(QuestionnaireVersion.group_id).where(QuestionnaireVersion.published_at > survey_round.opened_at)
            ),
            RespondentGroup.round_id == survey_round.id,
        )
        .order_by(RespondentGroup.code)
    )
    return [
        (group, line)
        for group in groups
        for line in reversed(history(session, group))
        if line.version.published_at and line.version.published_at > survey_round.opened_at
    ]


def published_count(session: Session, round_id: int) -> int:
    """How many groups of a round have a published questionnaire."""
    found = select(func.count(func.distinct(QuestionnaireVersion.group_id))).join(RespondentGroup)
    return (
        session.scalar(
            found.where(RespondentGroup.round_id == round_id, QuestionnaireVersion.published_at.is_not(None))
        )
        or 0
    )
