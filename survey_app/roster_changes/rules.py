"""May the locked roster be changed so, who decides, and how does the next version come about?

A request changes nothing. What is approved together makes one new version; earlier versions stay as they were.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from ..access import Actor
from ..audit import Action, record
from ..db import now
from ..errors import Conflict, Invalid, Refused
from ..roster.content import PERSON_FIELDS, make_version
from ..roster.models import (
    ChangeKind,
    ChangeRequest,
    ChangeState,
    ListState,
    Person,
    RosterVersion,
    UnitList,
)
from ..roster.persons import PersonRow
from ..roster.queries import catalogue_of, latest_version
from ..roster.rules import add_event, stored_person
from ..roster.typed_lists import MOST_ROWS, texts_of
from ..rounds.cancelling import hold_round, refuse_if_cancelled
from ..rounds.models import Round
from ..text import moment_text
from .checking import check_list, check_person, is_on_roster, present_texts
from .effects import run_effects, told_about

LONGEST_REASON = 500
KIND_WORDS = {
    ChangeKind.ADD: "bổ sung",
    ChangeKind.ADD_LIST: "bổ sung cả danh sách",
    ChangeKind.REPLACE: "thay thế",
    ChangeKind.REMOVE: "đưa ra",
    ChangeKind.CORRECT: "đính chính",
}


def refuse_unless_changeable(survey_round: Round, kind: ChangeKind) -> None:
    """Raises Refused in a cancelled round, before locking, and after closing for everything but a correction."""
    refuse_if_cancelled(survey_round)
    if survey_round.roster_locked_at is None:
        raise Refused("Danh sách chưa khóa. Trước khi khóa, sửa ngay trong danh sách của đơn vị.")
    if survey_round.closed_at is not None and kind != ChangeKind.CORRECT:
        raise Refused("Đợt đã đóng thu phiếu nên danh sách chỉ còn đính chính được, không bổ sung, thay thế, đưa ra.")


def refuse_unless_on_roster(unit_list: UnitList, kind: ChangeKind) -> None:
    """Raises Refused for a list that was not approved when the roster was locked: it can only be added to."""
    if not is_on_roster(unit_list) and kind not in (ChangeKind.ADD, ChangeKind.ADD_LIST):
        raise Refused("Danh sách này không có trong bản đã khóa nên chỉ bổ sung người được.")


def propose(
    session: Session, unit_list: UnitList, kind: ChangeKind, by: Actor, reason: str, person: Person | None = None,
    texts: Mapping[str, str] | None = None,
) -> ChangeRequest:  # fmt: skip
    """Write a request down; nothing changes before another person approves it. `texts` are cells by field.

    Raises Refused when the roster takes no such change, Conflict when a request on this person waits already, Invalid
    without a reason, with faulty cells or with nothing changed.
    """
    if kind == ChangeKind.ADD_LIST:
        raise Refused("Bổ sung cả danh sách thì dùng trang «Bổ sung cả danh sách».")
    survey_round = unit_list.round
    refuse_unless_changeable(survey_round, kind)
    refuse_unless_on_roster(unit_list, kind)
    if (person is None) != (kind == ChangeKind.ADD) or (person is not None and not _is_on(person, unit_list)):
        raise Conflict("Người này không còn trong danh sách. Tải lại trang.")
    if person is not None and waiting_about(session, person) is not None:
        raise Conflict("Đã có một đề nghị về người này đang chờ duyệt. Xem đề nghị đó trước.")
    faults = _reason_faults(reason)
    before = present_texts(texts_of(person, catalogue_of(session, survey_round))) if person is not None else {}
    values = {name: text.strip()[:500] for name, text in (texts or {}).items() if text.strip()}
    if kind == ChangeKind.CORRECT and "ethnic" in before and "ethnic" not in (texts or {}):
        values["ethnic"] = before["ethnic"]  # who may not see it does not take it away
    if kind == ChangeKind.REMOVE:
        values = {}
    elif kind == ChangeKind.CORRECT and values == {
        name: before[name] for name in before if name in (texts or {}) or name == "ethnic"
    }:
        faults[""] = "Chưa sửa ô nào. Sửa ô cần đính chính rồi gửi."
    else:
        faults |= check_person(session, unit_list, kind, values, person).faults
    if faults:
        raise Invalid(faults)
    return _write_down(session, unit_list, kind, by, reason, values, before, person)


def propose_list(
    session: Session, unit_list: UnitList, by: Actor, reason: str, rows: Sequence[Mapping[str, str]]
) -> ChangeRequest:
    """Ask for many persons at once: a list that was missing when the roster was locked, or more persons of one.

    Raises Refused as `propose`, Invalid without a reason or a person, with faulty rows, or over the quota.
    """
    refuse_unless_changeable(unit_list.round, ChangeKind.ADD_LIST)
    faults = _reason_faults(reason)
    kept = [{name: text.strip()[:500] for name, text in row.items() if text.strip()} for row in rows]
    kept = [row for row in kept if row]
    if not kept:
        faults[""] = "Chưa có người nào. Nhập vào bảng, hoặc đọc một tệp vào bảng."
    elif len(kept) > MOST_ROWS:
        faults[""] = f"Một đề nghị bổ sung nhiều nhất {MOST_ROWS} người. Chia thành nhiều đề nghị."
    elif lines := check_list(session, unit_list, kept).lines:
        faults[""] = " ".join(lines)
    if faults:
        raise Invalid(faults)
    return _write_down(session, unit_list, ChangeKind.ADD_LIST, by, reason, {"rows": kept})


def _reason_faults(reason: str) -> dict[str, str]:
    if not reason.strip():
        return {"reason": "Ghi lý do thay đổi."}
    if len(reason) > LONGEST_REASON:
        return {"reason": f"Lý do dài quá {LONGEST_REASON} ký tự. Viết ngắn lại."}
    return {}


def _write_down(
    session: Session, unit_list: UnitList, kind: ChangeKind, by: Actor, reason: str, values: Mapping[str, Any],
    before: Mapping[str, str] | None = None, person: Person | None = None,
) -> ChangeRequest:  # fmt: skip
    survey_round = unit_list.round
    request = ChangeRequest(
        round_id=survey_round.id, list_id=unit_list.id, kind=kind, person_id=person.id if person else None,
        values=dict(values), before=dict(before or {}), reason=reason.strip(),
        author_id=by.id, author_name=by.full_name, created_at=now(),
    )  # fmt: skip
    session.add(request)
    session.flush()
    record(
        session, Action.CHANGE_PROPOSED, by, round=survey_round.code, unit=unit_list.unit.name,
        group=unit_list.group.code, kind=KIND_WORDS[kind],
    )  # fmt: skip
    return request


def _is_on(person: Person, unit_list: UnitList) -> bool:
    return person.list_id == unit_list.id and person.left_in_version is None


def waiting_about(session: Session, person: Person) -> ChangeRequest | None:
    """The request about this person that nobody has decided yet."""
    return session.scalar(
        select(ChangeRequest).where(
            ChangeRequest.person_id == person.id, ChangeRequest.state == ChangeState.PENDING
        )
    )  # fmt: skip


def warnings_of(session: Session, request: ChangeRequest) -> list[str]:
    """What somebody who decides on a request should know, as things stand now."""
    if request.kind == ChangeKind.ADD_LIST:
        whole = check_list(session, request.unit_list, request.values.get("rows", []))
        return [*whole.lines, *whole.warnings]
    checked = check_person(
        session, request.unit_list, ChangeKind(request.kind), request.values, request.person
    )  # fmt: skip
    leaving = request.kind in (ChangeKind.REMOVE, ChangeKind.REPLACE) and request.person is not None
    told = told_about(session, request.person) if leaving and request.person else []
    return [*checked.faults.values(), *checked.warnings, *told]


def approve(session: Session, survey_round: Round, requests: Sequence[ChangeRequest], by: Actor) -> RosterVersion:
    """Carry these requests out as one new version of the roster.

    Raises Refused for one's own request, Conflict when one was decided meanwhile or the person changed since, Invalid
    when nothing is chosen or a person can no longer be taken on.
    """
    if not requests:
        raise Invalid({"": "Chưa chọn đề nghị nào."})
    _hold(session, survey_round, requests)
    if any(request.author_id == by.id for request in requests):
        raise Refused("Người khác phải duyệt đề nghị do chính mình lập.")
    latest = latest_version(session, survey_round)
    if latest is None:
        raise Refused("Danh sách chưa khóa.")
    number = latest.number + 1
    joined: list[Person] = []
    left: list[Person] = []
    for request in requests:
        _apply(session, request, number, joined, left, by)
    session.flush()
    reason = "; ".join(dict.fromkeys(request.reason for request in requests))[:LONGEST_REASON]
    version = make_version(session, survey_round, number, _locked_lists(session, survey_round), by, reason)
    for request in requests:
        _decide(session, request, ChangeState.APPROVED, by, version_id=version.id)
    run_effects(session, survey_round, joined, left)
    record(
        session, Action.ROSTER_CHANGED, by, round=survey_round.code, number=number, persons=version.persons,
        changes=len(requests), sha256=version.sha256,
    )  # fmt: skip
    return version


def _hold(session: Session, survey_round: Round, requests: Sequence[ChangeRequest]) -> None:
    """One decision on a round at a time; raises Conflict when a request is no longer pending."""
    hold_round(session, survey_round)
    for request in requests:
        session.refresh(request)
        if request.state != ChangeState.PENDING:
            raise Conflict(f"{_what_became_of(request)} Chưa ghi gì.")


_BECAME = {
    ChangeState.APPROVED: "duyệt",
    ChangeState.REFUSED: "không duyệt",
    ChangeState.WITHDRAWN: "rút lại",
}


def _what_became_of(request: ChangeRequest) -> str:
    """Who was faster, with what and when."""
    who = request.decided_by_name or request.author_name
    when = f" lúc {moment_text(request.decided_at)}" if request.decided_at else ""
    return f"{who} vừa xử lý đề nghị này: {_BECAME[ChangeState(request.state)]}{when}."


def _apply(
    session: Session, request: ChangeRequest, number: int, joined: list[Person], left: list[Person], by: Actor
) -> None:
    kind, unit_list, person = ChangeKind(request.kind), request.unit_list, request.person
    refuse_unless_changeable(unit_list.round, kind)
    if person is not None:
        session.refresh(person)
        as_now = present_texts(texts_of(person, catalogue_of(session, unit_list.round)))
        if not _is_on(person, unit_list) or as_now != request.before:
            raise Conflict(f"Dòng của {person.name} đã thay đổi sau khi lập đề nghị. Không duyệt và lập đề nghị mới.")
    if kind == ChangeKind.ADD_LIST:
        _join_list(session, request, number, joined, by)
        return
    checked = check_person(session, unit_list, kind, request.values, person)
    if checked.faults:
        raise Invalid({"": " ".join(checked.faults.values())})
    if kind == ChangeKind.CORRECT:
        _correct(person, checked.row)
        return
    if person is not None:
        person.left_in_version = number
        left.append(person)
    if checked.row is not None:
        _take_on(session, unit_list, by)
        joined.append(_join(session, unit_list, checked.row, number))
    session.flush()
    session.expire(unit_list, ["persons"])


def _join_list(session: Session, request: ChangeRequest, number: int, joined: list[Person], by: Actor) -> None:
    unit_list = request.unit_list
    checked = check_list(session, unit_list, request.values["rows"])
    if checked.faults:
        raise Invalid({"": " ".join(checked.lines)})
    _take_on(session, unit_list, by)
    joined += [_join(session, unit_list, row, number) for row in checked.rows]
    session.expire(unit_list, ["persons"])


def _take_on(session: Session, unit_list: UnitList, by: Actor) -> None:
    """A list that was missing at the lock belongs to the roster from now on, with nobody but those added now.

    What it held was never approved and gives way.
    """
    if is_on_roster(unit_list):
        return
    unit_list.persons.clear()
    unit_list.state, unit_list.short_reason, unit_list.removed = ListState.LOCKED, "", 0
    add_event(session, unit_list, by)
    session.flush()


def _correct(person: Person | None, row: PersonRow | None) -> None:
    if person is None or row is None:
        raise ValueError("a correction needs a person and a row")
    corrected = stored_person(row, person.position)
    for name in (*PERSON_FIELDS, "search_key", "order_key"):
        setattr(person, name, getattr(corrected, name))


def _join(session: Session, unit_list: UnitList, row: PersonRow, number: int) -> Person:
    """The person at the end of the list: places of those who were there before stay."""
    places = session.scalars(select(Person.position).where(Person.list_id == unit_list.id))
    person = stored_person(row, max(places, default=0) + 1)
    person.list_id, person.joined_in_version = unit_list.id, number
    session.add(person)
    session.flush()
    return person


def _locked_lists(session: Session, survey_round: Round) -> Sequence[UnitList]:
    return session.scalars(
        select(UnitList)
        .where(UnitList.round_id == survey_round.id, UnitList.state == ListState.LOCKED)
        .options(selectinload(UnitList.persons), selectinload(UnitList.unit), selectinload(UnitList.group))
        .execution_options(populate_existing=True)
    ).all()


def _decide(
    session: Session, request: ChangeRequest, state: ChangeState, by: Actor, note: str = "",
    version_id: int | None = None,
) -> None:  # fmt: skip
    request.state, request.decision_note, request.version_id = state, note, version_id
    request.decided_by_id, request.decided_by_name, request.decided_at = by.id, by.full_name, now()
    record(
        session, Action.CHANGE_DECIDED, by, round=request.unit_list.round.code, unit=request.unit_list.unit.name,
        group=request.unit_list.group.code, kind=KIND_WORDS[ChangeKind(request.kind)],
        decision="duyệt" if state == ChangeState.APPROVED else "không duyệt",
    )  # fmt: skip


def refuse(session: Session, request: ChangeRequest, by: Actor, note: str) -> None:
    """Do not approve a request. Raises as `approve`, Invalid without a reason."""
    _hold(session, request.unit_list.round, [request])
    if request.author_id == by.id:
        raise Refused("Đề nghị do chính mình lập thì rút lại, không tự xử lý được.")
    if not note.strip():
        raise Invalid({"note": "Ghi lý do không duyệt để người lập biết."})
    _decide(session, request, ChangeState.REFUSED, by, note.strip()[:LONGEST_REASON])


def withdraw(session: Session, request: ChangeRequest, by: Actor) -> None:
    """Take one's own request back. Raises Refused for that of another, Conflict when it was decided meanwhile."""
    _hold(session, request.unit_list.round, [request])
    if request.author_id != by.id:
        raise Refused("Chỉ người lập mới rút được đề nghị này.")
    request.state = ChangeState.WITHDRAWN
    record(
        session, Action.CHANGE_WITHDRAWN, by, round=request.unit_list.round.code, unit=request.unit_list.unit.name,
        group=request.unit_list.group.code,
    )  # fmt: skip


def log_comparison(
    session: Session, survey_round: Round, older: RosterVersion, newer: RosterVersion, by: Actor
) -> None:  # fmt: skip
    """Write down that somebody took the difference of two versions home: it names persons."""
    record(
        session, Action.VERSIONS_COMPARED, by, round=survey_round.code, older=older.number, newer=newer.number
    )  # fmt: skip
