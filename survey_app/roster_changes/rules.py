"""May the locked roster be changed so, who decides, and how does the next version come about?

A request changes nothing. What is approved together makes one new version; earlier versions stay as they were.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from ..access import Actor
from ..audit import Action, record
from ..db import now
from ..errors import Conflict, Invalid, Refused
from ..roster.catalogue import Catalogue
from ..roster.checks import Sender
from ..roster.column_names import USUAL_LABELS
from ..roster.comparison import problems_with_others
from ..roster.content import PERSON_FIELDS, make_version
from ..roster.drafts import check_draft
from ..roster.models import (
    ChangeKind,
    ChangeRequest,
    ChangeState,
    ListState,
    Person,
    RosterVersion,
    UnitList,
)
from ..roster.pair_decisions import Decisions
from ..roster.persons import PersonRow
from ..roster.problems import Problem, message
from ..roster.queries import catalogue_of, handed_in, latest_version, quota_of, terms_of
from ..roster.rules import stored_person
from ..roster.template_file import list_columns
from ..roster.typed_lists import texts_of, typed_draft
from ..rounds.cancelling import hold_round
from ..rounds.models import Round
from ..sheets import SheetColumn
from .effects import run_effects, told_about

LONGEST_REASON = 500
KIND_WORDS = {
    ChangeKind.ADD: "bổ sung",
    ChangeKind.REPLACE: "thay thế",
    ChangeKind.REMOVE: "đưa ra",
    ChangeKind.CORRECT: "đính chính",
}


@dataclass(frozen=True)
class Checked:
    """A typed person: the row as read, faults that block (by field), and what the decider should know."""

    row: PersonRow | None
    faults: Mapping[str, str] = field(default_factory=dict)
    warnings: Sequence[str] = ()


def refuse_unless_changeable(survey_round: Round, kind: ChangeKind) -> None:
    """Raises Refused before locking, and after closing for everything but a correction."""
    if survey_round.roster_locked_at is None:
        raise Refused("Danh sách chưa khóa. Trước khi khóa, sửa ngay trong danh sách của đơn vị.")
    if survey_round.closed_at is not None and kind != ChangeKind.CORRECT:
        raise Refused("Đợt đã đóng thu phiếu nên danh sách chỉ còn đính chính được, không bổ sung, thay thế, đưa ra.")


def propose(
    session: Session, unit_list: UnitList, kind: ChangeKind, by: Actor, reason: str, person: Person | None = None,
    texts: Mapping[str, str] | None = None,
) -> ChangeRequest:  # fmt: skip
    """Write a request down; nothing changes before another person approves it. `texts` are cells by field.

    Raises Refused when the roster takes no such change, Conflict when a request on this person waits already, Invalid
    without a reason, with faulty cells or with nothing changed.
    """
    survey_round = unit_list.round
    refuse_unless_changeable(survey_round, kind)
    if unit_list.state != ListState.LOCKED:
        raise Refused("Danh sách này không có trong bản đã khóa nên không lập đề nghị thay đổi được.")
    if (person is None) != (kind == ChangeKind.ADD) or (person is not None and not _is_on(person, unit_list)):
        raise Conflict("Người này không còn trong danh sách. Tải lại trang.")
    if person is not None and _waiting_about(session, person) is not None:
        raise Conflict("Đã có một đề nghị về người này đang chờ duyệt. Xem đề nghị đó trước.")
    faults: dict[str, str] = {}
    if not reason.strip():
        faults["reason"] = "Ghi lý do thay đổi."
    elif len(reason) > LONGEST_REASON:
        faults["reason"] = f"Lý do dài quá {LONGEST_REASON} ký tự. Viết ngắn lại."
    before = _present_texts(texts_of(person, catalogue_of(session, survey_round))) if person is not None else {}
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
    request = ChangeRequest(
        round_id=survey_round.id, list_id=unit_list.id, kind=kind, person_id=person.id if person else None,
        values=values, before=before, reason=reason.strip(), author_id=by.id, author_name=by.full_name,
        created_at=now(),
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


def _waiting_about(session: Session, person: Person) -> ChangeRequest | None:
    return session.scalar(
        select(ChangeRequest).where(
            ChangeRequest.person_id == person.id, ChangeRequest.state == ChangeState.PENDING
        )
    )  # fmt: skip


def _present_texts(texts: Mapping[str, str | None]) -> dict[str, str]:
    return {name: text for name, text in texts.items() if text}


def check_person(
    session: Session, unit_list: UnitList, kind: ChangeKind, values: Mapping[str, str], person: Person | None
) -> Checked:
    """The typed cells judged by the checks of lists: within the row, against the roster, against the quota.

    What was wrong before a correction, and is not what it corrects, does not stand in its way.
    """
    if kind == ChangeKind.REMOVE:
        return Checked(None)
    survey_round = unit_list.round
    catalogue = catalogue_of(session, survey_round)
    row, problems = _read_row(unit_list, values, catalogue)
    if kind == ChangeKind.CORRECT and person is not None:
        _row, earlier = _read_row(unit_list, _present_texts(texts_of(person, catalogue)), catalogue)
        known = {(one.kind, one.field) for one in earlier}
        problems = [one for one in problems if (one.kind, one.field) not in known]
    others = [
        one
        for one in handed_in(session, survey_round)
        if person is None or (one.list_id, one.person.row) != (person.list_id, person.position)
    ]
    problems += problems_with_others([row], others, Decisions(session, survey_round), for_office=True)
    faults = {one.field or "": message(one) for one in reversed(problems) if _stands_in_the_way(one)}
    warnings = [f"{one.column}: {message(one)}" for one in problems if not _stands_in_the_way(one)]
    if kind == ChangeKind.ADD and (words := _over_quota(session, unit_list)):
        if survey_round.blocks_over:
            faults[""] = words
        else:
            warnings.append(words)
    return Checked(row, faults, warnings)


def _read_row(unit_list: UnitList, values: Mapping[str, str], catalogue: Catalogue) -> tuple[PersonRow, list[Problem]]:
    """One row of a list as read, and the faults within it."""
    group = unit_list.group.code
    plans = list_columns(group, unit_list.unit, catalogue, unit_list.round.collects_ethnicity)
    if "frame_key" in values:  # a reserve of a sample comes in
        plans = (*plans, SheetColumn(USUAL_LABELS["frame_key"]))
    draft = typed_draft(plans, [values])
    sender = Sender(unit_list.unit.code, (group,))
    reading = check_draft(draft, "", sender, catalogue, terms_of(unit_list.round))
    return reading.persons[0], [one for one in reading.problems if not one.kind.startswith("quota_")]


def _stands_in_the_way(problem: Problem) -> bool:
    """A person who is on the roster already is never added to the same group a second time."""
    return problem.blocks or problem.kind == "duplicate_across_files"


def _over_quota(session: Session, unit_list: UnitList) -> str:
    most, now_on = quota_of(session, unit_list).most, len(unit_list.persons)
    if now_on < most:
        return ""
    return f"Danh sách đã có {now_on} người, nhiều nhất {most}. Thay người khác, hoặc sửa chỉ tiêu của đơn vị trước."


def warnings_of(session: Session, request: ChangeRequest) -> list[str]:
    """What somebody who decides on a request should know, as things stand now."""
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
        _apply(session, request, number, joined, left)
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
            who = request.decided_by_name or request.author_name
            raise Conflict(f"{who} vừa xử lý đề nghị này. Chưa ghi gì. Tải lại trang.")


def _apply(session: Session, request: ChangeRequest, number: int, joined: list[Person], left: list[Person]) -> None:
    kind, unit_list, person = ChangeKind(request.kind), request.unit_list, request.person
    refuse_unless_changeable(unit_list.round, kind)
    if person is not None:
        session.refresh(person)
        as_now = _present_texts(texts_of(person, catalogue_of(session, unit_list.round)))
        if not _is_on(person, unit_list) or as_now != request.before:
            raise Conflict(f"Dòng của {person.name} đã thay đổi sau khi lập đề nghị. Không duyệt và lập đề nghị mới.")
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
        joined.append(_join(session, unit_list, checked.row, number))
    session.flush()
    session.expire(unit_list, ["persons"])


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
