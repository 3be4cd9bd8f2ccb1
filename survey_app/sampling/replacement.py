"""Who comes in for a selected person that cannot be asked? The next reserve of the same stratum, and never another."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from ..access import Actor
from ..audit import Action, record
from ..db import now
from ..errors import Conflict, Invalid, Refused
from ..roster.catalogue import Catalogue
from ..roster.columns import DataRow, cells_of
from ..roster.drafts import draft_from_json
from ..roster.models import ROW_REMOVED, ChangeKind, ChangeRequest, ChangeState, ListState, Person, Upload
from ..roster.persons import PersonRow
from ..roster.queries import catalogue_of
from ..roster.rules import add_event, refuse_if_locked_meanwhile, save_draft, stored_person
from ..roster_changes.rules import propose
from ..text import clean
from .documents import person_texts
from .frames import frame_key
from .models import Outcome, Sample, SampleMember, Standing
from .outcomes import OUTCOME_WORDS
from .queries import keys_on_list, rows_of, unit_list_of

LONGEST_WORDS = 300


@dataclass(frozen=True)
class Reason:
    """Why a person is replaced: the result code from the field, and words beside it."""

    outcome: str
    words: str = ""


@dataclass(frozen=True)
class Called:
    """The reserve that comes in, and the person as a row of a list."""

    member: SampleMember
    person: PersonRow


def sample_of(session: Session, person: Person) -> Sample | None:
    """The sample a person of a list was drawn in, the latest one; None for a person nobody drew."""
    frame_id, _dash, row = (person.frame_key or "").partition("-")
    if not (frame_id.isdecimal() and row.isdecimal()):
        return None
    query = (
        select(Sample)
        .join(SampleMember, SampleMember.sample_id == Sample.id)
        .where(Sample.frame_id == int(frame_id), SampleMember.frame_row == int(row))
        .order_by(Sample.number.desc())
    )
    return session.scalar(query.limit(1))


def next_reserve(session: Session, sample: Sample, person: Person, reason: Reason, by: Actor) -> Called:
    """Call the next reserve in for a person of a list. The list itself is not changed here.

    Raises as `call_reserve`, Refused for a person who was not drawn in this sample.
    """
    row = (person.frame_key or "").removeprefix(f"{sample.frame_id}-")
    member = next((one for one in sample.members if str(one.frame_row) == row), None)
    if member is None:
        raise Refused("Người này không thuộc mẫu đã chọn, nên không lấy người dự bị của mẫu vào thay.")
    return call_reserve(session, sample, member, reason, by)


def call_reserve(session: Session, sample: Sample, member: SampleMember, reason: Reason, by: Actor) -> Called:
    """The next reserve of the member's stratum takes the place; the member stays in the sample with the outcome.

    One replacement of a sample at a time. Raises Invalid without a result code, Conflict when the member was replaced
    meanwhile, Refused when the stratum has no reserve left.
    """
    faults = {}
    if reason.outcome not in OUTCOME_WORDS:
        faults["outcome"] = "Chọn mã kết quả: vì sao không hỏi được người này."
    if len(reason.words) > LONGEST_WORDS:
        faults["words"] = f"Ghi chú dài quá {LONGEST_WORDS} ký tự. Viết ngắn lại."
    if faults:
        raise Invalid(faults)
    session.execute(select(Sample.id).where(Sample.id == sample.id).with_for_update())
    members = session.scalars(
        select(SampleMember).where(SampleMember.sample_id == sample.id).execution_options(populate_existing=True)
    ).all()
    if not member.is_current:
        raise Conflict(
            f"{member.replaced_by_name or 'Người khác'} vừa thay người này. Chưa ghi gì. Tải lại trang để xem."
        )
    waiting = [
        one
        for one in members
        if one.standing == Standing.RESERVE and one.stratum == member.stratum and one.replaces_id is None
    ]
    if not waiting:
        where = f" của «{member.stratum}»" if member.stratum else ""
        raise Refused(f"Không còn người dự bị{where}. Không lấy người ngoài danh sách dự bị.")
    reserve = min(waiting, key=lambda one: one.position)
    reserve.replaces_id = member.id
    member.outcome, member.outcome_words = Outcome(reason.outcome), clean(reason.words)
    member.replaced_at, member.replaced_by_name = now(), by.full_name
    session.flush()
    frame = sample.frame
    record(
        session, Action.SAMPLE_REPLACED, by, round=frame.round.code, unit=frame.unit.name, group=frame.group.code,
        old=member.frame_row, new=reserve.frame_row, outcome=OUTCOME_WORDS[member.outcome or ""].lower(),
    )  # fmt: skip
    row = next(one for one in rows_of(frame) if one.number == reserve.frame_row)
    return Called(reserve, row.as_person(frame.group.code, frame_key(frame.id, reserve.frame_row)))


def replace_before_lock(session: Session, sample: Sample, member: SampleMember, reason: Reason, by: Actor) -> Called:
    """Call the next reserve in and put him or her in the place of the member, in the draft or on the list.

    An approved list is «đã trình» again: somebody looks at it once more. Raises as `call_reserve`, Refused once the
    roster is locked: then a change request does it.
    """
    if sample.frame.round.roster_locked_at is not None:
        raise Refused("Danh sách đã khóa. Lập đề nghị thay đổi «thay thế»; người dự bị kế tiếp được lấy ở đó.")
    refuse_if_locked_meanwhile(session, sample.frame.round)
    called = call_reserve(session, sample, member, reason, by)
    old_key = frame_key(sample.frame_id, member.frame_row)
    _replace_in_draft(session, sample, old_key, called.person, by)
    _replace_on_list(session, sample, old_key, called.person, by)
    return called


def _replace_in_draft(session: Session, sample: Sample, old_key: str, person: PersonRow, by: Actor) -> None:
    upload = session.scalar(
        select(Upload).where(Upload.id == sample.upload_id, Upload.confirmed_at.is_(None)).with_for_update()
    )
    if upload is None:
        return
    draft = draft_from_json(upload.reading)
    catalogue = catalogue_of(session, sample.frame.round)
    for number, table in enumerate(draft.tables):
        place = next((row for row in table.rows if row.cells.get("frame_key") == old_key), None)
        if place is None:
            continue
        draft.dropped.add((number, place.row))
        texts = _cells(person, catalogue)
        raw = [texts.get(column.field or "") for column in table.columns]
        last = max(row.row for row in table.rows)
        table.rows.append(DataRow(last + 1, cells_of(table.columns, raw), list(raw)))
        save_draft(upload, draft, by)
        return


def _cells(person: PersonRow, catalogue: Catalogue) -> dict[str, str | None]:
    return {name: text or None for name, text in person_texts(person, catalogue).items()}


def _replace_on_list(session: Session, sample: Sample, old_key: str, row: PersonRow, by: Actor) -> None:
    unit_list = unit_list_of(session, sample.frame)
    old = next((one for one in unit_list.persons if one.frame_key == old_key), None) if unit_list else None
    if unit_list is None or old is None:
        return
    person = stored_person(row, old.position)
    person.is_changed = True
    if not sample.frame.round.collects_ethnicity:
        person.ethnicity = None
    unit_list.persons.remove(old)
    session.flush()
    unit_list.persons.append(person)
    if unit_list.state == ListState.APPROVED:
        unit_list.state = ListState.SUBMITTED
    add_event(session, unit_list, by, f"Dòng {old.position}: thay bằng người dự bị kế tiếp của mẫu.", ROW_REMOVED)
    session.flush()


def propose_replacement(session: Session, sample: Sample, member: SampleMember, reason: Reason, by: Actor) -> Called:
    """After the lock: call the next reserve in and write a change request that another person must approve.

    Raises as `call_reserve` and `roster_changes.rules.propose`, Refused when the member is not on the locked list.
    """
    unit_list = unit_list_of(session, sample.frame)
    key = frame_key(sample.frame_id, member.frame_row)
    person = next((one for one in unit_list.persons if one.frame_key == key), None) if unit_list else None
    if unit_list is None or person is None:
        raise Refused("Người này không có trong danh sách đã khóa nên không lập đề nghị thay thế được.")
    called = call_reserve(session, sample, member, reason, by)
    cells = _cells(called.person, catalogue_of(session, sample.frame.round))
    texts = {name: text for name, text in cells.items() if text}
    words = f"Thay bằng người dự bị kế tiếp của mẫu: {OUTCOME_WORDS[reason.outcome].lower()}."
    propose(session, unit_list, ChangeKind.REPLACE, by, words, person, texts)
    return called


def can_be_taken_back(session: Session, sample: Sample, listed: set[str]) -> set[int]:
    """Ids of members whose replacement came to nothing: no request waits, and the person is still on the list."""
    if sample.frame.round.roster_locked_at is None:
        return set()
    waiting = set(
        session.scalars(
            select(Person.frame_key)
            .join(ChangeRequest, ChangeRequest.person_id == Person.id)
            .where(ChangeRequest.round_id == sample.frame.round_id, ChangeRequest.state == ChangeState.PENDING)
        )
    )
    stayed = {one.id: frame_key(sample.frame_id, one.frame_row) for one in sample.members if one.outcome}
    return {number for number, key in stayed.items() if key in listed and key not in waiting}


def take_back(session: Session, sample: Sample, member: SampleMember, by: Actor) -> None:
    """After a request was refused or withdrawn: the member counts again, the reserve is the next one again.

    Raises Refused while the request waits or once the person has left the list.
    """
    session.execute(select(Sample.id).where(Sample.id == sample.id).with_for_update())
    session.expire(sample, ["members"])
    frame = sample.frame
    reserve = next((one for one in sample.members if one.replaces_id == member.id), None)
    if reserve is None or member.id not in can_be_taken_back(session, sample, keys_on_list(session, frame)):
        raise Refused("Đề nghị thay người này đang chờ duyệt hoặc đã duyệt, nên không hoàn lại được.")
    if reserve.outcome is not None:
        raise Refused("Người dự bị này cũng đã được thay, nên không hoàn lại được.")
    member.outcome = member.outcome_words = member.replaced_at = member.replaced_by_name = reserve.replaces_id = None
    session.flush()
    record(
        session, Action.SAMPLE_RESTORED, by, round=frame.round.code, unit=frame.unit.name, group=frame.group.code,
        old=member.frame_row, new=reserve.frame_row,
    )  # fmt: skip
