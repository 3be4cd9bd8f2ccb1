"""What may be done with a request of a person: record it, correct, remove, answer.

Before the roster is locked a correction changes the list. Afterwards it is a change request, which another person
approves; the request waits for it.
"""

from collections.abc import Mapping
from datetime import date, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session, joinedload
from sqlalchemy.orm.attributes import flag_modified

from ..access import Actor
from ..access_codes.models import AccessCode, InvitationState
from ..answers.identified import delete_answer_of
from ..audit import Action, record
from ..db import now
from ..errors import Conflict, Invalid, Missing, Refused
from ..roster.models import (
    ASKED,
    ROW_REMOVED,
    ChangeKind,
    ChangeRequest,
    ChangeState,
    Person,
    UnitList,
    Upload,
)
from ..roster.normalise import person_name, phone_number, tax_code
from ..roster.queries import catalogue_of
from ..roster.references import reference_of
from ..roster.rules import add_event
from ..roster.typed_lists import texts_of
from ..roster_changes.rules import propose
from ..text import N_, clean, person_order_key, search_key, today
from .models import PrivacyRequest, RequestKind, RequestState
from .queries import invitation_of

WORKING_DAYS = 2  # Nghị định 356/2025/NĐ-CP
LONGEST = 1000
KIND_NAMES = {
    RequestKind.ACCESS: N_("Xem dữ liệu đang lưu"),
    RequestKind.CORRECT: N_("Sửa dữ liệu"),
    RequestKind.REMOVE: N_("Xóa khỏi danh sách"),
    RequestKind.OBJECT: N_("Phản đối, không muốn được mời"),
}
CORRECTABLE = {
    "name": N_("Họ và tên"),
    "birth_year": N_("Năm sinh"),
    "gender": N_("Giới tính"),
    "job_title": N_("Chức vụ"),
    "workplace": N_("Đơn vị công tác"),
    "phone": N_("Số điện thoại"),
    "email": N_("Thư điện tử"),
    "business": N_("Tên doanh nghiệp/HTX"),
    "tax_code": N_("Mã số thuế"),
    "address": N_("Địa chỉ"),
    "note": N_("Ghi chú"),
}


def last_day(received_on: date, working_days: int = WORKING_DAYS) -> date:
    """The last day for an answer: `working_days` after the day of receipt, Saturdays and Sundays not counted.

    Public holidays are not known here, so that an answer is never late because of one.
    """
    day = received_on
    while working_days:
        day += timedelta(days=1)
        working_days -= day.weekday() < 5
    return day


def record_request(session: Session, person: Person, kind: str, requester: str, wish: str, by: Actor) -> PrivacyRequest:
    """Take a request into the register. Raises Invalid for what is not filled in."""
    faults = {}
    if kind not in set(RequestKind):
        faults["kind"] = "Chọn người này muốn gì."
    if not clean(requester):
        faults["requester"] = "Ghi ai đề nghị và đã kiểm tra đúng người bằng cách nào."
    if kind == RequestKind.CORRECT and not clean(wish):
        faults["wish"] = "Ghi điều cần sửa."
    for name, text in (("requester", requester), ("wish", wish)):
        if len(text) > LONGEST:
            faults[name] = f"Dài quá {LONGEST} ký tự. Viết ngắn lại."
    if faults:
        raise Invalid(faults)
    unit_list = person.unit_list
    request = PrivacyRequest(
        operator_unit_id=unit_list.round.operator_unit_id, round_id=unit_list.round_id, person_id=person.id,
        about=f"{person.name}, {unit_list.unit.name}, nhóm {unit_list.group.code}, dòng {person.position}",
        kind=kind, requester=clean(requester), wish=clean(wish), received_on=today(), due_on=last_day(today()),
        received_by_name=by.full_name,
    )  # fmt: skip
    session.add(request)
    session.flush()
    record(
        session, Action.PRIVACY_REQUESTED, by, round=unit_list.round.code, number=request.id, kind=_kind(request),
        person=reference_of(session, person),
    )  # fmt: skip
    return request


def _kind(request: PrivacyRequest) -> str:
    return KIND_NAMES[RequestKind(request.kind)].lower()


def refuse_if_answered(request: PrivacyRequest, seen_version: int | None) -> None:
    """Raises Conflict when the request was answered or changed since it was seen."""
    if request.state in (RequestState.DONE, RequestState.REFUSED):
        raise Conflict(f"{request.closed_by_name} đã trả lời yêu cầu này. Chưa ghi gì. Tải lại trang.")
    if seen_version is not None and request.version != seen_version:
        raise Conflict("Yêu cầu này vừa được người khác sửa. Chưa ghi gì. Tải lại trang.")


def held_person(session: Session, request: PrivacyRequest) -> Person:
    """The person of a request, with the list. Raises Missing when the row is there no more."""
    person = session.scalar(
        select(Person)
        .where(Person.id == request.person_id)
        .options(
            joinedload(Person.unit_list).options(
                joinedload(UnitList.unit), joinedload(UnitList.group), joinedload(UnitList.round)
            )
        )
    )
    if person is None:
        raise Missing("Người này không còn trong danh sách.")
    return person


def corrected_values(person: Person, typed: Mapping[str, str]) -> dict[str, object]:
    """The facts that differ from what is held, checked. Raises Invalid for what cannot stand, or when none differs."""
    faults: dict[str, str] = {}
    values: dict[str, object] = {}
    for name in CORRECTABLE:
        if name not in typed:
            continue
        text = clean(typed[name])[:500]
        value: object = text or None
        if name == "name":
            value = person_name(text)
            if not value:
                faults[name] = "Điền họ và tên."
        elif name == "phone" and text:
            value = phone_number(text).number
            if value is None:
                faults[name] = "Số điện thoại di động có đúng 10 chữ số, bắt đầu bằng 03, 05, 07, 08 hoặc 09."
        elif name == "tax_code":
            value = tax_code(text)
        elif name == "birth_year" and text:
            value = int(text) if text.isdecimal() and 1900 <= int(text) <= today().year - 18 else None
            if value is None:
                faults[name] = "Năm sinh có 4 chữ số, từ đủ 18 tuổi."
        elif name == "email" and text and text.count("@") != 1:
            faults[name] = "Thư điện tử có dạng ten@co-quan.vn."
        if value != getattr(person, name):
            values[name] = value
    if not faults and not values:
        faults["name"] = "Chưa sửa mục nào. Sửa ít nhất một mục."
    if faults:
        raise Invalid(faults)
    return values


def correct(
    session: Session, request: PrivacyRequest, typed: Mapping[str, str], by: Actor, seen_version: int | None = None
) -> bool:
    """Correct the facts of a person; True when it is done, False when it waits for the approval of another.

    Raises Invalid for facts that cannot stand, Conflict when the request was answered meanwhile.
    """
    refuse_if_answered(request, seen_version)
    person = held_person(session, request)
    values = corrected_values(person, typed)
    if person.unit_list.round.roster_locked_at is not None:
        _ask_for_change(session, request, person, ChangeKind.CORRECT, values, by)
        return False
    for name, value in values.items():
        setattr(person, name, value)
    if "birth_year" in values:
        person.birth_date = None  # the day would contradict the year
    person.search_key, person.order_key = search_key(person.name), person_order_key(person.name)
    flag_modified(person.unit_list, "state")  # a change of a person is a change of the list: its version counts on
    fields = ", ".join(CORRECTABLE[name].lower() for name in values)
    words = f"Dòng {person.position}: sửa {fields} theo yêu cầu của người này."
    add_event(session, person.unit_list, by, words, ASKED)
    close(session, request, f"Đã sửa: {fields}.", by)
    return True


def remove(session: Session, request: PrivacyRequest, by: Actor, seen_version: int | None = None) -> bool:
    """Take a person off the list; True when it is done, False when it waits for the approval of another.

    After locking, who objects is not invited any more at once: the codes stop working and no reminder names the row.
    """
    refuse_if_answered(request, seen_version)
    if request.kind not in (RequestKind.REMOVE, RequestKind.OBJECT):
        raise Refused("Yêu cầu này không phải là xóa hay phản đối.")
    person = held_person(session, request)
    unit_list = person.unit_list
    if unit_list.round.roster_locked_at is not None:
        delete_answer_of(session, unit_list.round, person, by)
        _invite_no_more(session, person)
        if request.kind == RequestKind.OBJECT:
            close(session, request, "Không mời nữa: mã đã hủy, không nhắc. Dữ liệu được xóa khi hết thời hạn lưu.", by)
            return True
        _ask_for_change(session, request, person, ChangeKind.REMOVE, {}, by)
        return False
    position = person.position
    request.person_id = None
    session.flush()
    session.delete(person)
    flag_modified(unit_list, "state")
    # The file as it was sent holds the person too; the list has taken its place.
    sent = (Upload.unit_id == unit_list.unit_id) & (Upload.round_id == unit_list.round_id)
    session.execute(
        update(Upload).where(sent, Upload.confirmed_at.is_not(None)).values(content=None, reading={}),
        execution_options={"synchronize_session": False},
    )
    words = f"Dòng {position}: người này đề nghị xóa khỏi danh sách, cơ quan tổ chức đã xóa. Không ghi lại người này."
    add_event(session, unit_list, by, words, ROW_REMOVED)
    close(session, request, "Đã xóa khỏi danh sách.", by)
    return True


def _invite_no_more(session: Session, person: Person) -> None:
    invitation = invitation_of(session, person)
    if invitation is not None and invitation.state == InvitationState.UNUSED:
        invitation.state = InvitationState.REFUSED
        session.execute(update(AccessCode).where(AccessCode.invitation_id == invitation.id).values(void=True))


def _still_to_decide(session: Session, request: PrivacyRequest, granted: bool) -> str:
    """Why a request that waits for a change of the locked roster cannot be answered so; empty when it can."""
    if request.state != RequestState.WAITING:
        return ""
    change = _change_for(session, request)
    if change is None:
        return ""
    if change.state == ChangeState.PENDING:
        return "Đề nghị thay đổi danh sách còn chờ người khác duyệt. Duyệt hoặc rút đề nghị đó trước, rồi ghi trả lời."
    if granted and change.state != ChangeState.APPROVED:
        return "Đề nghị thay đổi danh sách không được duyệt, nên chưa làm theo yêu cầu. Lập lại, hoặc trả lời từ chối."
    return ""


def _change_for(session: Session, request: PrivacyRequest) -> ChangeRequest | None:
    asked = select(ChangeRequest).where(
        ChangeRequest.round_id == request.round_id, ChangeRequest.reason == _reason_of(request)
    )
    return session.scalars(asked.order_by(ChangeRequest.id.desc())).first()


def is_change_decided(session: Session, request: PrivacyRequest) -> bool:
    """Whether the change of the locked roster that the request waits for was approved, refused or withdrawn."""
    change = _change_for(session, request)
    return change is not None and change.state != ChangeState.PENDING


def _reason_of(request: PrivacyRequest) -> str:
    """The reason of the change request by which a wish is carried out after locking: it names no person."""
    return f"Yêu cầu số {request.id} của chính người này"


_TYPED = {"birth_year": "birth", "job_title": "position", "workplace": "unit"}  # fact -> field of a list


def _ask_for_change(
    session: Session, request: PrivacyRequest, person: Person, kind: ChangeKind, values: dict[str, object], by: Actor
) -> None:
    """After locking: a change request, to be approved by another person than its author."""
    held = texts_of(person, catalogue_of(session, request.round))
    changed = {_TYPED.get(name, name): str(value or "") for name, value in values.items()}
    if "name" in changed:
        changed["representative"] = changed["name"]
    texts = {name: text or "" for name, text in {**held, **changed}.items()}
    try:
        propose(session, person.unit_list, kind, by, _reason_of(request), person, texts)
    except Invalid as fault:
        faults = {_FACTS.get(name, name): words for name, words in fault.faults.items()}
        raise Invalid(faults) from fault
    request.state = RequestState.WAITING


_FACTS = {typed: fact for fact, typed in _TYPED.items()} | {"representative": "name"}


def close(
    session: Session, request: PrivacyRequest, outcome: str, by: Actor, seen_version: int | None = None,
    granted: bool = True,
) -> None:  # fmt: skip
    """Answer a request: done, or (`granted` False) refused with the reason. Raises Invalid without words."""
    refuse_if_answered(request, seen_version)
    if not clean(outcome):
        raise Invalid({"outcome": "Ghi đã trả lời thế nào, hoặc vì sao từ chối."})
    if words := _still_to_decide(session, request, granted):
        raise Invalid({"outcome": words})
    if len(outcome) > LONGEST:
        raise Invalid({"outcome": f"Dài quá {LONGEST} ký tự. Viết ngắn lại."})
    code, name = request.round.code, by.full_name  # may query: before the state and its moment change together
    request.state = RequestState.DONE if granted else RequestState.REFUSED
    request.outcome, request.closed_at, request.closed_by_name = clean(outcome), now(), name
    record(
        session, Action.PRIVACY_ANSWERED, by, round=code, number=request.id, kind=_kind(request),
        outcome="đã làm" if granted else "từ chối",
    )  # fmt: skip
