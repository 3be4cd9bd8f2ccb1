"""What may be done with the questionnaires of a round: load a draft, publish it. A published version never changes."""

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy.orm import Session

from ..access import Actor
from ..audit import Action, record
from ..db import now
from ..errors import Refused
from ..rounds.cancelling import hold_round
from ..rounds.models import RespondentGroup, Round
from ..units.models import UnitKind
from .definition_json import canonical_sha256, to_json
from .models import QuestionnaireVersion
from .queries import newest_version, published_version, questionnaire_of
from .xlsform import read_xlsform

SHIPPED_FOLDER = Path(__file__).parents[2] / "questionnaires"
_SHIPPED_SETS = {UnitKind.DISTRICT: "district-2021"}  # rated level -> folder


def load_draft(
    session: Session, survey_round: Round, group: RespondentGroup, data: bytes, file_name: str, by: Actor
) -> QuestionnaireVersion:
    """The XLSForm as the draft of a group: a new version, or the present draft replaced.

    Raises XlsformError with every reason when the file cannot become a questionnaire, Refused once the round is open.
    A draft may still have errors of the checks; they stop only its publication.
    """
    _hold(session, survey_round)
    definition = to_json(read_xlsform(data, file_name))
    newest = newest_version(session, group.id)
    if newest is None or newest.published_at is not None:
        draft = QuestionnaireVersion(group_id=group.id, number=newest.number + 1 if newest else 1)
        session.add(draft)
    else:
        draft = newest
    draft.source_name = file_name
    draft.source = data
    draft.definition = definition
    draft.sha256 = canonical_sha256(definition)
    draft.loaded_at = now()
    draft.loaded_by_id = by.id
    session.flush()
    record(session, Action.QUESTIONNAIRE_LOADED, by, round=survey_round.code, group=group.code, file=file_name)
    return draft


def shipped_file(survey_round: Round, group_code: str) -> Path | None:
    """The questionnaire that ships with the program for a group of this level, or none."""
    folder = _SHIPPED_SETS.get(UnitKind(survey_round.level))
    path = SHIPPED_FOLDER / folder / f"group-{group_code.lower()}.md" if folder and group_code.isalnum() else None
    return path if path and path.is_file() else None


def load_shipped(session: Session, survey_round: Round, groups: Sequence[RespondentGroup], by: Actor) -> list[str]:
    """The letters of the groups whose shipped questionnaire was loaded as draft.

    Raises Refused when nothing ships for any of them, or once the round is open.
    """
    loaded = []
    for group in groups:
        path = shipped_file(survey_round, group.code)
        if path is not None:
            load_draft(session, survey_round, group, path.read_bytes(), path.name, by)
            loaded.append(group.code)
    if not loaded:
        raise Refused("Chưa có phiếu mẫu cho cấp và nhóm này. Tải tệp XLSForm lên.")
    return loaded


def copy_questionnaires(session: Session, source: Round, made: Round, by: Actor) -> int:
    """The published questionnaires of another round as drafts of this one, group by letter; returns how many."""
    copied = 0
    groups = {group.code: group for group in source.groups}
    for group in made.groups:
        before = published_version(session, groups[group.code].id) if group.code in groups else None
        if before is not None:
            load_draft(session, made, group, before.source, before.source_name, by)
            copied += 1
    return copied


def publish(session: Session, survey_round: Round, group: RespondentGroup, by: Actor) -> QuestionnaireVersion:
    """The draft of a group, published: frozen from now on.

    Raises Refused when there is no draft, when a check finds an error, or once the round is open.
    """
    _hold(session, survey_round)
    found = questionnaire_of(session, survey_round, group)
    if found.version is None or found.state != "draft":
        raise Refused(f"Nhóm {group.code} không có bản nháp nào để công bố. Tải tệp XLSForm lên.")
    if found.errors:
        raise Refused(f"Phiếu nhóm {group.code} còn {found.errors} lỗi. Sửa các lỗi rồi công bố.")
    found.version.published_at = now()
    found.version.published_by_id = by.id
    session.flush()
    record(
        session,
        Action.QUESTIONNAIRE_PUBLISHED,
        by,
        round=survey_round.code,
        group=group.code,
        number=found.version.number,
        sha256=found.version.sha256,
    )
    return found.version


def _hold(session: Session, survey_round: Round) -> None:
    """Keeps the round from being opened, and a second draft from being loaded, until this transaction ends.

    Raises Refused when the round is open already: its questionnaires are frozen; or when it is cancelled.
    """
    hold_round(session, survey_round)
    if survey_round.opened_at is not None:
        raise Refused("Đợt đã mở thu phiếu nên phiếu khảo sát không đổi được nữa.")
