"""What may be done with lists: upload a draft, correct it, hand it in, return, approve, lock the roster."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import PurePath

from sqlalchemy import delete, exists, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, selectinload

from ..access import Actor, Role
from ..audit import Action, record
from ..db import now
from ..errors import Conflict, Invalid, Missing, Refused
from ..rounds.cancelling import cancelled_words, refuse_if_cancelled
from ..rounds.models import RespondentGroup, Round
from ..text import fold, moment_text, person_order_key, search_key
from ..units.models import Unit
from ..workbook import read_workbook
from .catalogue import Catalogue
from .checks import ListReading
from .column_choices import recall_columns
from .comparison import pairs_by_list, problems_with_others
from .drafts import Draft, check_draft, draft_as_json, draft_from_json, draft_from_workbook, leave_out_groups
from .last_year import not_confirmed
from .list_steps import last_step
from .models import ListEvent, ListState, Person, UnitList, Upload
from .pair_decisions import Decisions
from .persons import PersonRow
from .problems import Problem
from .queries import (
    CLOSED_TO_OFFICERS,
    as_person_rows,
    cards,
    catalogue_of,
    handed_in,
    sender_of,
    terms_of,
)
from .row_comments import settle_comments
from .unasked_columns import leave_out_unasked
from .workplace import workplace_problems

DRAFT_LIFETIME = timedelta(days=30)
LONGEST_REASON = 500


def refuse_if_not_collecting(survey_round: Round) -> None:
    """Raises Refused when units cannot hand in lists (yet, or any more)."""
    refuse_if_cancelled(survey_round)
    if survey_round.personal_data_erased_at is not None:
        raise Refused("Dữ liệu cá nhân của đợt này đã xóa theo thời hạn, nên không nhận danh sách nữa.")
    if survey_round.lists_started_at is None:
        raise Refused("Đợt này chưa nhận danh sách. Chờ thông báo của cơ quan tổ chức.")
    if survey_round.roster_locked_at is not None:
        raise Refused("Danh sách của đợt này đã khóa, không sửa được nữa. Cần đổi thì liên hệ cơ quan tổ chức.")


def refuse_if_locked_meanwhile(session: Session, survey_round: Round) -> None:
    """Raises Refused when the roster was locked, or the round cancelled, since the round was read; keeps both away."""
    query = select(Round.roster_locked_at, Round.cancelled_at).where(Round.id == survey_round.id)
    locked_at, cancelled_at = session.execute(query.with_for_update(read=True)).one()
    if cancelled_at is not None:
        raise Refused(cancelled_words(cancelled_at))
    if locked_at is not None:
        raise Refused("Danh sách của đợt này đã khóa, không sửa được nữa.")


def receive_upload(
    session: Session, survey_round: Round, unit: Unit, content: bytes, file_name: str, by: Actor,
    group_code: str | None = None,
) -> Upload:  # fmt: skip
    """Read a file into a private draft of the unit; nothing of it counts before the unit confirms.

    Raises Refused when lists are closed, `workbook.Rejected` when the file cannot be read.
    """
    refuse_if_not_collecting(survey_round)
    erase_old_drafts(session)
    asked = cards(session, survey_round, unit)
    open_codes = [card.group.code for card in asked if card.takes_upload]
    if not open_codes or (group_code and group_code not in open_codes):
        raise Refused(
            "Danh sách này đã trình nên không tải tệp khác lên được. Cần sửa thì đề nghị cơ quan tổ chức trả lại."
        )
    sender = sender_of(session, survey_round, unit, group_code)
    draft = draft_from_workbook(read_workbook(content, file_name), sender.groups)
    recall_columns(session, unit, draft)
    left_out = leave_out_unasked(draft, survey_round.collects_ethnicity)
    catalogue = catalogue_of(session, survey_round)
    reading = check_draft(draft, file_name, sender, catalogue, terms_of(survey_round))
    held = {person.group for person in reading.persons}
    if closed := held - set(open_codes):
        if not held & set(open_codes):
            raise Refused(
                f"Tệp chỉ có nhóm {', '.join(sorted(closed))}, mà danh sách nhóm này đã trình. "
                "Cần sửa thì đề nghị cơ quan tổ chức trả lại danh sách."
            )
        leave_out_groups(draft, reading, closed)
    upload = Upload(
        round_id=survey_round.id,
        unit_id=unit.id,
        group_code=group_code,
        file_name=file_name[:200],
        content=None if left_out else content,
        sha256=hashlib.sha256(content).hexdigest(),
        reading=draft_as_json(draft),
        uploaded_by_id=by.id,
        uploaded_at=now(),
    )
    session.add(upload)
    session.flush()
    for card in asked:
        if card.group.code in held and card.state == ListState.NONE:
            begin_draft(session, survey_round, unit, card.group)
    record(
        session, Action.LIST_UPLOADED, by, round=survey_round.code, unit=unit.name,
        file=logged_file(file_name),        rows=draft.rows,
    )  # fmt: skip
    return upload


_ENDINGS = (".xlsx", ".xls", ".ods", ".csv", ".mht", ".html", ".htm", ".txt")


def logged_file(file_name: str) -> str:
    """What the log says of a file: its kind. Units name files after persons, and the log is kept for ever."""
    ending = PurePath(file_name).suffix.lower()
    return ending if ending in _ENDINGS else "bảng tính"


def erase_old_drafts(session: Session) -> None:
    """Delete drafts that nobody confirmed for 30 days: a unit was promised that they do not stay.

    Lists that held nothing else are «chưa nộp» again. Done at every start, once a day, and with each upload.
    """
    limit = now() - DRAFT_LIFETIME
    old = select(Upload.id).where(Upload.confirmed_at.is_(None), Upload.uploaded_at < limit)
    if session.scalar(old.limit(1)) is None:
        return
    session.execute(delete(Upload).where(Upload.id.in_(old)))
    left = exists().where(
        Upload.round_id == UnitList.round_id, Upload.unit_id == UnitList.unit_id, Upload.confirmed_at.is_(None)
    )
    session.execute(
        update(UnitList)
        .where(UnitList.state == ListState.DRAFT, ~left)
        .values(state=ListState.NONE, version=UnitList.version + 1)
    )


def list_for(session: Session, survey_round: Round, unit: Unit, group: RespondentGroup) -> UnitList:
    """The list of a unit for a group, made when it is not there yet."""
    wanted = select(UnitList).where(UnitList.group_id == group.id, UnitList.unit_id == unit.id)
    found = session.scalar(wanted)
    if found is not None:
        return found
    try:
        with session.begin_nested():
            found = UnitList(round_id=survey_round.id, unit_id=unit.id, group_id=group.id, state=ListState.NONE)
            session.add(found)
    except IntegrityError:  # a colleague uploaded at the same moment
        return session.scalars(wanted).one()
    return found


def begin_draft(session: Session, survey_round: Round, unit: Unit, group: RespondentGroup) -> None:
    """The list is a draft from here on, unless a colleague has handed it in at the same moment."""
    unit_list = list_for(session, survey_round, unit, group)
    if unit_list.state == ListState.NONE:
        unit_list.state = ListState.DRAFT


@dataclass(frozen=True)
class DraftCheck:
    """A draft with all its faults: those within the list and those against lists of the round already handed in."""

    draft: Draft
    reading: ListReading

    @property
    def blocking(self) -> list[Problem]:
        return [problem for problem in self.reading.problems if problem.blocks]

    @property
    def off_quota(self) -> list[Problem]:
        """Groups with fewer or more persons than asked for, where the round takes them with a reason."""
        kinds = ("quota_short", "quota_exceeded")
        return [one for one in self.reading.problems if one.kind in kinds and not one.blocks]


def check_upload(session: Session, upload: Upload, draft: Draft | None = None) -> DraftCheck:
    """Check a draft anew: the catalogue or another unit's list may have changed since."""
    draft = draft or draft_from_json(upload.reading)
    sender = sender_of(session, upload.round, upload.unit, upload.group_code)
    catalogue = catalogue_of(session, upload.round)
    decisions = Decisions(session, upload.round)
    reading = check_draft(draft, upload.file_name, sender, catalogue, terms_of(upload.round), decisions.settles)
    own = _own_lists(session, upload, {person.group for person in reading.persons})
    others = handed_in(session, upload.round, [one.id for one in own])
    reading.problems.extend(problems_with_others(reading.persons, others, decisions, own_unit=upload.unit.code))
    reading.problems.extend(workplace_problems(reading.persons, upload.unit.code, catalogue))
    reading.problems.extend(not_confirmed(draft))
    return DraftCheck(draft, reading)


def _own_lists(session: Session, upload: Upload, groups: set[str]) -> list[UnitList]:
    query = (
        select(UnitList)
        .join(RespondentGroup, UnitList.group_id == RespondentGroup.id)
        .where(UnitList.round_id == upload.round_id, UnitList.unit_id == upload.unit_id)
        .where(RespondentGroup.code.in_(groups))
        .options(selectinload(UnitList.group), selectinload(UnitList.persons))
    )
    return list(session.scalars(query))


def save_draft(upload: Upload, draft: Draft, by: Actor) -> None:
    """Keep the corrections of a draft, with who made them."""
    upload.reading = draft_as_json(draft)
    upload.changed_by_name, upload.changed_at = by.full_name, now()


def refuse_if_changed(upload: Upload, seen_version: int | None) -> None:
    """Raises Conflict when the draft is no longer what was seen; None asks nothing."""
    if seen_version is not None and upload.version != seen_version:
        who = upload.changed_by_name or "Người khác"
        raise Conflict(
            f"{who} vừa sửa bản nháp này lúc {moment_text(upload.changed_at)}. Chưa ghi gì. Xem lại rồi làm lại."
        )


def discard_upload(session: Session, upload: Upload, seen_version: int | None = None) -> None:
    """Throw a draft away; lists that hold nothing else are «chưa nộp» again. Raises Conflict when it was changed."""
    refuse_if_changed(upload, seen_version)
    for unit_list in _own_lists(session, upload, set("ABCDEFG")):
        if unit_list.state == ListState.DRAFT:
            unit_list.state = ListState.NONE
    session.delete(upload)


def discard_untouched(session: Session, upload: Upload) -> int:
    """Throw away earlier drafts of the same file by the same person that nobody corrected; returns how many."""
    same = select(Upload).where(
        Upload.round_id == upload.round_id,
        Upload.unit_id == upload.unit_id,
        Upload.file_name == upload.file_name,
        Upload.uploaded_by_id == upload.uploaded_by_id,
        Upload.group_code.is_not_distinct_from(upload.group_code),
        Upload.confirmed_at.is_(None),
        Upload.changed_at.is_(None),
        Upload.id != upload.id,
    )
    found = session.scalars(same).all()
    for one in found:
        session.delete(one)
    return len(found)


def submit_list(
    session: Session, upload: Upload, by: Actor, declared: bool, short_reason: str = "", seen_version: int | None = None
) -> list[UnitList]:
    """Hand a draft in: its persons become the unit's lists, one for each group it holds.

    Where the round wants the unit's head to confirm, what an officer hands in waits for the head first.
    Raises Invalid when a fault blocks, the declaration is not ticked or fewer or more persons come without a reason;
    Refused when the round takes no lists or one of the lists was handed in before; Conflict when it is not what was
    seen.
    """
    refuse_if_not_collecting(upload.round)
    refuse_if_locked_meanwhile(session, upload.round)
    refuse_if_changed(upload, seen_version)
    checked = check_upload(session, upload)
    faults: dict[str, str] = {}
    if checked.blocking:
        faults[""] = f"Còn {len(checked.blocking)} chỗ cần sửa. Quay lại bước kiểm tra."
    if not declared:
        faults["declared"] = "Đánh dấu vào ô này để xác nhận danh sách đã được đối chiếu."
    if checked.off_quota and not short_reason.strip():
        over = any(problem.kind == "quota_exceeded" for problem in checked.off_quota)
        faults["short_reason"] = f"Ghi lý do vì sao {'số người khác' if over else 'ít người hơn'} chỉ tiêu."
    if not checked.reading.persons:
        faults[""] = "Danh sách không còn dòng nào. Tải tệp khác lên."
    if faults:
        raise Invalid(faults)
    by_group: dict[str, list[PersonRow]] = {}
    for person in checked.reading.persons:
        by_group.setdefault(person.group, []).append(person)
    off = {problem.details["group"] for problem in checked.off_quota}
    lists = [
        _submit_group(session, upload, code, persons, by, short_reason.strip() if code in off else "")
        for code, persons in sorted(by_group.items())
    ]
    upload.confirmed_at = now()
    return lists


def _submit_group(
    session: Session, upload: Upload, code: str, persons: list[PersonRow], by: Actor, reason: str
) -> UnitList:
    group = session.scalar(
        select(RespondentGroup).where(RespondentGroup.round_id == upload.round_id, RespondentGroup.code == code)
    )
    if group is None:
        raise Missing
    unit_list = list_for(session, upload.round, upload.unit, group)
    if unit_list.state in CLOSED_TO_OFFICERS:
        raise Refused(f"Danh sách nhóm {code} đã trình. Cần sửa thì đề nghị cơ quan tổ chức trả lại.")
    replace_persons(session, unit_list, persons)
    unit_list.short_reason = reason
    if upload.round.head_confirms and by.role != Role.UNIT_HEAD:
        unit_list.state = ListState.AWAITING_HEAD
        add_event(session, unit_list, by, reason)
        record(
            session, Action.LIST_TO_HEAD, by, round=upload.round.code, unit=upload.unit.name, group=code,
            persons=len(persons),
        )  # fmt: skip
    else:
        hand_to_office(session, unit_list, by, reason)
    return unit_list


def hand_to_office(session: Session, unit_list: UnitList, by: Actor, comment: str = "") -> None:
    """From here on the list lies with the office."""
    unit_list.state = ListState.SUBMITTED
    unit_list.submitted_at = now()
    add_event(session, unit_list, by, comment)
    record(
        session, Action.LIST_SUBMITTED, by, round=unit_list.round.code, unit=unit_list.unit.name,
        group=unit_list.group.code, persons=len(unit_list.persons),
    )  # fmt: skip


def replace_persons(session: Session, unit_list: UnitList, persons: Sequence[PersonRow]) -> None:
    """Put these persons in the place of those the list held, and mark what differs."""
    before = {_facts(person) for person in unit_list.persons}
    names = {fold(person.business or person.name) for person in unit_list.persons}
    unit_list.persons.clear()
    session.flush()
    unit_list.persons.extend(stored_person(person, position) for position, person in enumerate(persons, 1))
    if not unit_list.round.collects_ethnicity:  # a column may have been named so by hand
        for person in unit_list.persons:
            person.ethnicity = None
    for person in unit_list.persons:
        person.is_changed = bool(before) and _facts(person) not in before
    unit_list.removed = len(names - {fold(person.business or person.name) for person in unit_list.persons})
    session.flush()


def _facts(person: Person) -> tuple[object, ...]:
    return (
        person.name, person.birth_year, person.birth_date, person.gender, person.job_title, person.workplace,
        person.ban_code, person.phone, person.email, person.business, person.tax_code, person.address,
        person.procedure, person.dossier, person.receipt_date, person.return_date, person.note,
    )  # fmt: skip


def stored_person(row: PersonRow, position: int) -> Person:
    """A checked row as a person of a list."""
    name = row.name or row.business or ""
    return Person(
        position=position, name=name, birth_year=row.birth_year, birth_date=row.birth_date, gender=row.gender,
        ethnicity=row.ethnic, job_title=row.position, workplace=row.workplace, ban=row.ban, ban_code=row.ban_code,
        phone=row.phone, email=row.email, business=row.business, tax_code=row.tax_code, address=row.address,
        procedure=row.procedure, dossier=row.dossier, receipt_date=row.receipt_date, return_date=row.return_date,
        language=row.language, note=row.note, frame_key=row.frame_key, search_key=search_key(name),
        order_key=person_order_key(name),
    )  # fmt: skip


def add_event(session: Session, unit_list: UnitList, by: Actor, comment: str = "", step: str = "") -> None:
    """Write the step into the life of the list: the state it has now, or a `step` that changes none."""
    session.add(
        ListEvent(
            list_id=unit_list.id, at=now(), by_id=by.id, by_name=by.full_name, state=step or unit_list.state,
            comment=comment,
        )
    )  # fmt: skip


def refuse_if_not_as_seen(session: Session, unit_list: UnitList, seen_version: int | None) -> None:
    """Raises Refused when the roster is locked, Conflict when the list is no longer what was seen."""
    refuse_if_locked_meanwhile(session, unit_list.round)
    if seen_version is not None and unit_list.version != seen_version:
        raise Conflict(f"{last_step(unit_list)} Chưa ghi gì. Xem danh sách như bây giờ rồi làm lại nếu còn cần.")


def hold_list(session: Session, unit_list: UnitList) -> None:
    """Keep other writers of this list away, and read it anew as they left it."""
    session.execute(select(UnitList.id).where(UnitList.id == unit_list.id).with_for_update())
    session.refresh(unit_list, ["state", "version", "short_reason", "submitted_at", "removed"])
    session.expire(unit_list, ["persons", "events", "comments"])


def refuse_bad_reason(reason: str, wanted: str) -> None:
    """Raises Invalid with the sentence `wanted` for no reason, or for one that is too long."""
    if not reason.strip():
        raise Invalid({"reason": wanted})
    if len(reason) > LONGEST_REASON:
        raise Invalid({"reason": f"Lý do dài quá {LONGEST_REASON} ký tự. Viết ngắn lại."})


def return_list(session: Session, unit_list: UnitList, by: Actor, reason: str, seen_version: int | None = None) -> None:
    """Send a list back to its unit with a reason. Raises Invalid without one, Refused when it was not handed in."""
    refuse_if_not_as_seen(session, unit_list, seen_version)
    if unit_list.state not in (ListState.SUBMITTED, ListState.APPROVED):
        raise Refused("Chỉ trả lại được danh sách đã trình hoặc đã duyệt.")
    refuse_bad_reason(reason, "Ghi lý do trả lại để đơn vị biết cần sửa gì.")
    unit_list.state = ListState.RETURNED
    add_event(session, unit_list, by, reason.strip())
    record(
        session, Action.LIST_RETURNED, by, round=unit_list.round.code, unit=unit_list.unit.name,
        group=unit_list.group.code,
    )  # fmt: skip


def approve_list(
    session: Session, unit_list: UnitList, by: Actor, reason: str = "", seen_version: int | None = None
) -> None:
    """Approve a list that was handed in (else Refused); a person in another group too needs a reason (else Invalid)."""
    refuse_if_not_as_seen(session, unit_list, seen_version)
    if unit_list.state != ListState.SUBMITTED:
        raise Refused("Chỉ duyệt được danh sách đã trình.")
    open_errors = [one for one in list_problems(session, unit_list) if one.severity == "error"]
    if open_errors and not reason.strip():
        raise Invalid({"reason": f"Còn {len(open_errors)} lỗi chưa xử lý. Trả lại đơn vị, hoặc ghi lý do vẫn duyệt."})
    _approve(session, unit_list, by, reason)


def _approve(session: Session, unit_list: UnitList, by: Actor, reason: str = "") -> None:
    unit_list.state = ListState.APPROVED
    settle_comments(unit_list)
    add_event(session, unit_list, by, reason.strip())
    record(
        session, Action.LIST_APPROVED, by, round=unit_list.round.code, unit=unit_list.unit.name,
        group=unit_list.group.code,
    )  # fmt: skip


def list_problems(session: Session, unit_list: UnitList) -> list[Problem]:
    """What the office should look at: persons who also stand on another list of the round."""
    others = handed_in(session, unit_list.round, [unit_list.id])
    decisions = Decisions(session, unit_list.round)
    problems = problems_with_others(as_person_rows(unit_list), others, decisions, for_office=True)
    return problems + _stored_workplace_problems(unit_list, catalogue_of(session, unit_list.round))


def _stored_workplace_problems(unit_list: UnitList, catalogue: Catalogue) -> list[Problem]:
    rows = as_person_rows(unit_list)
    for row, person in zip(rows, unit_list.persons, strict=True):
        unit = catalogue.unit(person.workplace) if person.workplace else None
        row.unit_code = unit.code if unit else None
    return workplace_problems(rows, unit_list.unit.code, catalogue)


def approve_faultless(session: Session, survey_round: Round, by: Actor) -> int:
    """Approve every list handed in that gives no cause to look at it; returns how many.

    That is: complete, sharing no person or number with another list, not naming another unit as place of work.
    """
    doubtful = pairs_by_list(session, survey_round)
    catalogue = catalogue_of(session, survey_round)
    approved = 0
    for card in cards(session, survey_round):
        unit_list = card.unit_list
        if unit_list is None or card.state != ListState.SUBMITTED:
            continue
        if doubtful.get(unit_list.id) or not card.within_quota:
            continue
        if _stored_workplace_problems(unit_list, catalogue):
            continue
        # Compared with all others above, once: list by list a hundred of them would take half a minute.
        refuse_if_not_as_seen(session, unit_list, None)
        _approve(session, unit_list, by)
        approved += 1
    return approved
