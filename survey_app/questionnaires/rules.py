"""What may be done with the questionnaires of a round: load a draft, publish it. A published version never changes."""

from collections.abc import Callable, Sequence
from pathlib import Path

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from ..access import Actor
from ..audit import Action, record
from ..db import now
from ..errors import Conflict, Refused
from ..rounds.cancelling import hold_round
from ..rounds.levels import SO_AND_COMMUNES
from ..rounds.models import RespondentGroup, Round
from ..text import clean, moment_text
from ..units.models import UnitKind
from .definition import Definition
from .definition_json import canonical_sha256, to_json
from .difference import beyond_correction, differences
from .draft_steps import Steps
from .media import Medium, Reference, references_in, unpacked, with_references
from .models import QuestionnaireMedium, QuestionnaireScenario, QuestionnaireVersion
from .queries import (
    definition_of,
    loader_name,
    media_of,
    newest_version,
    published_version,
    questionnaire_of,
    steps_of,
    version_at_opening,
    versions_of_group,
)
from .scenarios import scenarios_of
from .xlsform import read_xlsform
from .xlsform_writer import write_workbook

SHIPPED_FOLDER = Path(__file__).parents[2] / "questionnaires"
_FROZEN = "Đợt đã mở thu phiếu nên phiếu khảo sát không đổi được nữa"
_SHIPPED_SETS: dict[str, str] = {
    UnitKind.DISTRICT: "district-2021",
    SO_AND_COMMUNES: "province-2026",
}  # rated level -> folder


def load_draft(
    session: Session,
    survey_round: Round,
    group: RespondentGroup,
    data: bytes,
    file_name: str,
    by: Actor,
    reason: str = "",
    more_media: Sequence[Medium] = (),
) -> QuestionnaireVersion:
    """The XLSForm as the draft of a group: a new version, or the present draft replaced.

    A .zip brings pictures and recordings too; what the version before showed need not come again. `more_media` are
    those of another group. A draft may still have errors of the checks; they stop only its publication.
    Raises XlsformError with every reason when the file cannot become a questionnaire. While the round is open only
    typing corrections are taken, with a `reason`; Refused names what else the file changes, and once the round is
    closed.
    """
    hold_round(session, survey_round)
    data, file_name, brought = unpacked(data, file_name)
    newest = newest_version(session, group.id)
    read = read_xlsform(data, file_name)
    steps = steps_of(newest)
    known = {**steps.references(), **references_in(definition_of(newest))} if newest else {}
    known = {**{medium.name: medium.reference for medium in more_media}, **known}
    read = with_references(read, known, brought)
    if survey_round.opened_at is not None:
        _check_correction(session, survey_round, group, read, reason)
    if newest is None or newest.published_at is not None:
        draft = QuestionnaireVersion(group_id=group.id, number=newest.number + 1 if newest else 1)
        session.add(draft)
    else:
        draft = newest
    if newest is not None and read != definition_of(newest):
        draft.earlier = steps.changed(newest.definition).stored()
    draft.source_name = file_name
    draft.source = data
    draft.reason = clean(reason)
    _put(draft, read, by)
    session.flush()
    _keep_media(session, group, [*more_media, *brought])
    record(session, Action.QUESTIONNAIRE_LOADED, by, round=survey_round.code, group=group.code, file=file_name)
    return draft


def refuse_if_changed(session: Session, version: QuestionnaireVersion | None, seen: str) -> None:
    """Raises Conflict when the newest version is not the one of digest `seen` (empty: none) any more."""
    if version is not None and version.sha256 != seen:
        name, at = loader_name(session, version), moment_text(version.loaded_at)
        raise Conflict(f"{name} vừa sửa phiếu này lúc {at}. Chưa ghi đè gì. Xem lại rồi làm tiếp.")


def given_up(session: Session, group: RespondentGroup, definition: Definition, by: Actor) -> str:
    """Which changes in the draft of somebody else a file of an earlier state would take back, in words; else empty."""
    draft = newest_version(session, group.id)
    before = steps_of(draft).first
    if draft is None or before is None or draft.published_at is not None or draft.loaded_by_id == by.id:
        return ""
    present = definition_of(draft)
    made = {(change.text, change.after) for change in differences(before, present)}
    lost = [change.text for change in differences(definition, present) if (change.text, change.after) in made]
    if not lost:
        return ""
    name, at = loader_name(session, draft), moment_text(draft.loaded_at)
    more = f" và {len(lost) - 3} thay đổi nữa" if len(lost) > 3 else ""
    return (
        f"Tệp này không có những thay đổi đã ghi trong bản nháp ({name} sửa gần nhất, lúc {at}): "
        f"{'; '.join(lost[:3])}{more}. Muốn lấy lại thì bấm «Hoàn tác»."
    )


def _put(draft: QuestionnaireVersion, definition: Definition, by: Actor) -> None:
    """The questionnaire as the content of the draft, and `by` among its authors."""
    draft.definition = to_json(definition)
    draft.sha256 = canonical_sha256(draft.definition)
    draft.loaded_at = now()
    draft.loaded_by_id = by.id
    draft.author_ids = sorted({*(draft.author_ids or ()), by.id})


def undo_last_change(session: Session, survey_round: Round, group: RespondentGroup, by: Actor) -> None:
    """The draft as it was before its last change («Hoàn tác»), step by step to where it began.

    Raises Refused without a draft or an earlier state, or once the round is open.
    """
    draft, steps = _draft_with_steps(session, survey_round, group)
    if steps.last is None:
        raise Refused(f"Nhóm {group.code} không có thay đổi nào trong bản nháp để hoàn tác.")
    _restore(session, survey_round, group, draft, steps.last, steps.undone(draft.definition), by)


def redo_change(session: Session, survey_round: Round, group: RespondentGroup, by: Actor) -> None:
    """The change that was last taken back, made again («Làm lại»). Raises Refused as `undo_last_change` does."""
    draft, steps = _draft_with_steps(session, survey_round, group)
    if steps.next is None:
        raise Refused(f"Nhóm {group.code} không có thay đổi nào đã hoàn tác để làm lại.")
    _restore(session, survey_round, group, draft, steps.next, steps.redone(draft.definition), by)


def _draft_with_steps(
    session: Session, survey_round: Round, group: RespondentGroup
) -> tuple[QuestionnaireVersion, Steps]:
    hold_round(session, survey_round)
    draft = newest_version(session, group.id)
    if survey_round.is_frozen or draft is None or draft.published_at is not None:
        raise Refused(f"Nhóm {group.code} không có bản nháp nào để hoàn tác hay làm lại.")
    return draft, steps_of(draft)


def _restore(
    session: Session,
    survey_round: Round,
    group: RespondentGroup,
    draft: QuestionnaireVersion,
    state: Definition,
    steps: Steps,
    by: Actor,
) -> None:
    """The draft in another state that it had, written and read as a file so that its rows are those of its file."""
    draft.source = write_workbook(state)
    draft.source_name = draft.source_name.rsplit(".", 1)[0] + ".xlsx"
    draft.earlier = steps.stored()
    _put(draft, with_references(read_xlsform(draft.source, draft.source_name), references_in(state), ()), by)
    session.flush()
    facts = {"round": survey_round.code, "group": group.code, "file": draft.source_name}
    record(session, Action.QUESTIONNAIRE_LOADED, by, **facts)


def _keep_media(session: Session, group: RespondentGroup, media: Sequence[Medium]) -> None:
    """Stores the files that came, and drops those that no version of the group shows any more."""
    shown = {
        reference.digest
        for version in versions_of_group(session, group.id)
        for text in (*references_in(definition_of(version)).values(), *steps_of(version).references().values())
        if (reference := Reference.of(text))
    }
    stored = set(session.scalars(select(QuestionnaireMedium.digest).where(QuestionnaireMedium.group_id == group.id)))
    for digest in stored - shown:
        session.execute(
            delete(QuestionnaireMedium).where(
                QuestionnaireMedium.group_id == group.id, QuestionnaireMedium.digest == digest
            )
        )
    fresh = {medium.digest: medium for medium in media if medium.digest in shown - stored}
    for medium in fresh.values():
        session.add(
            QuestionnaireMedium(group_id=group.id, digest=medium.digest, kind=medium.kind, content=medium.content)
        )
    session.flush()


def _check_correction(
    session: Session, survey_round: Round, group: RespondentGroup, definition: Definition, reason: str
) -> None:
    """Raises Refused unless the file only corrects typing errors, says why, and keeps the words of the scales."""
    if survey_round.closed_at is not None:
        raise Refused("Đợt đã đóng nên phiếu khảo sát không đổi được nữa.")
    published = published_version(session, group.id)
    opened = version_at_opening(session, survey_round, group.id)
    if published is None or opened is None:
        raise Refused(f"{_FROZEN}.")
    other = [change.text for change in beyond_correction(definition_of(opened), definition_of(published), definition)]
    if other:
        more = f" và {len(other) - 3} thay đổi nữa" if len(other) > 3 else ""
        text = "; ".join(other[:3])
        raise Refused(
            f"{_FROZEN}; chỉ sửa được lỗi chữ so với phiếu lúc mở đợt, lời của thang điểm thì không. "
            f"Tệp này còn đổi: {text}{more}."
        )
    if not differences(definition_of(published), definition):
        raise Refused(f"{_FROZEN}; chỉ sửa được lỗi chữ, mà tệp này giống hệt phiếu đang dùng.")
    if not clean(reason):
        raise Refused("Ghi lý do sửa. Lý do này hiện trong báo cáo kết quả.")


def correct(
    session: Session,
    survey_round: Round,
    group: RespondentGroup,
    data: bytes,
    file_name: str,
    by: Actor,
    reason: str,
) -> QuestionnaireVersion:
    """A typing correction while the round is open. Marks, blanks and capitals are published at once; where a letter or
    tone changes, the draft waits for somebody else to publish it.

    Raises XlsformError and Refused as `load_draft` and `publish` do.
    """
    draft = load_draft(session, survey_round, group, data, file_name, by, reason)
    if questionnaire_of(session, survey_round, group).waits_for_second(by):
        return draft
    return publish(session, survey_round, group, by)


def shipped_file(survey_round: Round, group_code: str) -> Path | None:
    """The questionnaire that ships with the program for a group of this level, or none."""
    folder = _SHIPPED_SETS.get(survey_round.level)
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
            media = media_of(session, before)
            load_draft(session, made, group, before.source, before.source_name, by, more_media=media)
            for one in scenarios_of(session, [groups[group.code].id]):
                facts = {"name": one.name, "answers": one.answers, "path": one.path, "levels": one.levels}
                session.add(QuestionnaireScenario(group_id=group.id, made_at=now(), made_by_id=by.id, **facts))
            copied += 1
    return copied


def publish(
    session: Session, survey_round: Round, group: RespondentGroup, by: Actor, seen: str | None = None
) -> QuestionnaireVersion:
    """The draft of a group, published: frozen from now on. `seen` is the digest of the draft that `by` looked at.

    Raises Conflict when another draft has taken its place since, Refused when there is no draft, when a check finds an
    error, when a test scenario fails, when `by` worked on a draft with risky changes, or once the round is open and the
    draft is more than a typing correction.
    """
    hold_round(session, survey_round)
    found = questionnaire_of(session, survey_round, group)
    if found.version is None or found.definition is None or found.state != "draft":
        frozen = f"{_FROZEN}. " if survey_round.is_frozen else ""
        raise Refused(f"{frozen}Nhóm {group.code} không có bản nháp nào để công bố. Tải tệp XLSForm lên.")
    if survey_round.opened_at is not None:
        _check_correction(session, survey_round, group, found.definition, found.version.reason)
    if found.errors:
        raise Refused(f"Phiếu nhóm {group.code} còn {found.errors} lỗi. Sửa các lỗi rồi công bố.")
    if found.failing:
        names = ", ".join(f"«{outcome.scenario.name}»" for outcome in found.failing)
        raise Refused(f"Phiếu nhóm {group.code} không qua kịch bản thử {names}. Sửa phiếu, hoặc nhận kết quả mới.")
    if found.waits_for_second(by):
        raise Refused(
            f"Phiếu nhóm {group.code} có thay đổi phải do người khác người soạn công bố: "
            "một người phụ trách chưa sửa bản nháp này."
        )
    if seen is not None and seen != found.version.sha256:
        raise Conflict(
            f"Bản nháp nhóm {group.code} đã được thay sau khi trang này mở, nên chưa công bố. "
            "Xem lại những chỗ khác rồi công bố."
        )
    found.version.earlier = None  # what is published is changed by a new draft only
    found.version.published_at = now()
    found.version.published_by_id = by.id
    session.flush()
    facts = {"round": survey_round.code, "group": group.code, "number": found.version.number}
    record(session, Action.QUESTIONNAIRE_PUBLISHED, by, sha256=found.version.sha256, **facts)
    if survey_round.opened_at is not None:
        words = [[change.text, change.before, change.after] for change in found.changes]
        facts |= {"reason": found.version.reason, "changes": words}
        record(session, Action.QUESTIONNAIRE_CORRECTED, by, sha256=found.version.sha256, **facts)
    return found.version


def discard_draft(session: Session, survey_round: Round, group: RespondentGroup, by: Actor) -> int:
    """Deletes the draft of a group and returns its number. Raises Refused when there is none."""
    hold_round(session, survey_round)
    newest = newest_version(session, group.id)
    if newest is None or newest.published_at is not None:
        raise Refused(f"Nhóm {group.code} không có bản nháp nào.")
    session.delete(newest)
    session.flush()
    facts = {"round": survey_round.code, "group": group.code, "number": newest.number}
    record(session, Action.QUESTIONNAIRE_DISCARDED, by, **facts)
    return newest.number


AnswerCounter = Callable[[Session, int, int], int]
_answer_counters: list[AnswerCounter] = []


def register_answer_counter(function: AnswerCounter) -> None:
    """`function(session, round_id, group_id)` says how many answers a group has sent."""
    _answer_counters.append(function)


def answers_given(session: Session, survey_round: Round, group: RespondentGroup) -> int:
    """How many answers a change of the questionnaire would touch."""
    return sum(count(session, survey_round.id, group.id) for count in _answer_counters)
