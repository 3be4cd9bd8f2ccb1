"""Deciding on a pair: one person and where it stays, two persons, or a question to the units."""

from dataclasses import dataclass

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload, selectinload
from sqlalchemy.orm.attributes import flag_modified

from ..access import Actor
from ..audit import Action, record
from ..db import now
from ..errors import Conflict, Invalid, Refused
from ..rounds.cancelling import hold_round
from ..rounds.models import Round
from .models import ASKED, ROW_REMOVED, ListState, PairDecision, UnitList, Verdict
from .pair_decisions import BOTH, EARLIER, Decisions
from .pairs import SeenPair, Side, find_pair, pairs_of
from .row_comments import comment_on
from .rules import add_event, return_list

FIRST, SECOND = "first", "second"
RETURN, REMOVE = "return", "remove"
_CHANGED = "Cặp này vừa thay đổi. Chưa ghi gì. Xem lại hai dòng rồi quyết định."
_VERDICTS = {
    Verdict.SAME: "cùng một người",
    Verdict.DIFFERENT: "hai người khác nhau",
    Verdict.UNCLEAR: "chưa rõ, hỏi lại đơn vị",
}


@dataclass(frozen=True)
class Choice:
    """What was chosen on the page: verdict, side that keeps the person, what happens to the other list, a note."""

    verdict: str
    keep: str = ""
    act: str = RETURN
    note: str = ""


def decide(session: Session, survey_round: Round, ids: str, seen: str, choice: Choice, by: Actor) -> PairDecision:
    """Remember the decision and carry it out on the lists.

    Raises Conflict when the pair is no longer what was seen, Invalid for an incomplete choice, Refused after locking
    for a choice that would change a list.
    """
    hold_round(session, survey_round)
    pair = find_pair(pairs_of(session, survey_round), ids)
    if pair is None or pair.seen() != seen:
        raise Conflict(_CHANGED)
    decisions = Decisions(session, survey_round)
    keys = decisions.keys(pair.first.person, pair.second.person)
    _check(pair, choice, keys)
    verdict = Verdict(choice.verdict)
    if survey_round.roster_locked_at is not None and verdict != Verdict.DIFFERENT:
        raise Refused("Danh sách đã khóa. Cần thay người thì lập yêu cầu thay đổi sau khi khóa.")
    decision = _stored(session, survey_round, keys, pair)
    decision.verdict, decision.note, decision.kept = verdict, choice.note, _kept(pair, choice)
    decision.round_code, decision.decided_at, decision.decided_by_name = survey_round.code, now(), by.full_name
    try:
        with session.begin_nested():
            session.add(decision)
    except IntegrityError:  # a colleague decided on the same two persons at this moment
        raise Conflict(_CHANGED) from None
    record(
        session, Action.PAIR_DECIDED, by, round=survey_round.code, first=pair.first.words, second=pair.second.words,
        verdict=_VERDICTS[verdict],
    )  # fmt: skip
    if verdict == Verdict.UNCLEAR:
        _ask(session, pair, choice.note, by)
    elif verdict == Verdict.SAME and (going := _going(pair, choice)):
        _take_off(session, pair, going, choice, by)
    return decision


def _check(pair: SeenPair, choice: Choice, keys: tuple[str, str]) -> None:
    if choice.verdict not in set(Verdict):
        raise Invalid({"verdict": "Chọn một trong ba cách."})
    if choice.verdict == Verdict.DIFFERENT and keys[0] == keys[1]:
        words = "Hai dòng giống hệt nhau về tên, năm sinh, điện thoại, bản. Nếu là hai người, hỏi lại đơn vị."
        raise Invalid({"verdict": words})
    if choice.verdict == Verdict.UNCLEAR and not choice.note.strip():
        raise Invalid({"note": "Ghi điều cần hỏi để đơn vị biết trả lời gì."})
    if choice.verdict != Verdict.SAME:
        return
    if choice.keep not in (FIRST, SECOND, BOTH):
        raise Invalid({"keep": "Chọn danh sách giữ người này."})
    if choice.keep == BOTH:
        if not may_stay_on_both(pair):
            raise Invalid({"keep": "Cùng một nhóm thì một người chỉ ở một danh sách. Chọn danh sách giữ người này."})
        if not choice.note.strip():
            raise Invalid({"note": "Ghi lý do vì sao một người ở cả hai nhóm."})


def may_stay_on_both(pair: SeenPair) -> bool:
    """One person may answer in two groups of a round, never twice in one."""
    return not pair.is_earlier and pair.first.person.group != pair.second.person.group


def _stored(session: Session, survey_round: Round, keys: tuple[str, str], pair: SeenPair) -> PairDecision:
    if pair.decision is not None:
        return pair.decision
    return PairDecision(operator_unit_id=survey_round.operator_unit_id, first_key=keys[0], second_key=keys[1])


def _kept(pair: SeenPair, choice: Choice) -> str:
    if choice.verdict != Verdict.SAME or choice.keep == BOTH:
        return BOTH if choice.keep == BOTH and choice.verdict == Verdict.SAME else ""
    side = pair.first if choice.keep == FIRST else pair.second
    return EARLIER if side.year is not None else side.place


def _going(pair: SeenPair, choice: Choice) -> Side | None:
    """The side whose row goes; None when nothing changes on a list."""
    if choice.keep == BOTH:
        return None
    going = pair.second if choice.keep == FIRST else pair.first
    return going if going.year is None else None


def _list_of(session: Session, side: Side) -> UnitList:
    return session.get_one(
        UnitList,
        side.list_id,
        options=[
            joinedload(UnitList.unit), joinedload(UnitList.group), joinedload(UnitList.round),
            selectinload(UnitList.persons),
        ],
    )  # fmt: skip


def _take_off(session: Session, pair: SeenPair, going: Side, choice: Choice, by: Actor) -> None:
    unit_list = _list_of(session, going)
    if choice.act == REMOVE and unit_list.state != ListState.RETURNED:
        if len(unit_list.persons) == 1:
            raise Invalid({"act": "Danh sách kia chỉ có một người này. Trả lại để đơn vị chọn người khác."})
        gone = next(person for person in unit_list.persons if person.id == going.person_id)
        unit_list.persons.remove(gone)
        flag_modified(unit_list, "state")  # a change of the persons is a change of the list: its version counts on
        add_event(
            session, unit_list, by, _reason(pair, going, choice.note, "Cơ quan tổ chức đã bỏ dòng này."), ROW_REMOVED
        )
        return
    reason = _reason(pair, going, choice.note, "Chọn người khác thay.")
    person = next(person for person in unit_list.persons if person.id == going.person_id)
    words = _why(pair, going, choice.note, "Chọn người khác thay.")
    comment_on(unit_list, person, words[:1].upper() + words[1:], by)
    if unit_list.state == ListState.RETURNED:
        add_event(session, unit_list, by, reason)  # one more row to change
    else:
        return_list(session, unit_list, by, reason)


def _reason(pair: SeenPair, going: Side, note: str, remedy: str) -> str:
    """What the unit reads of its list; nothing of another unit's."""
    return f"Dòng {going.person.row} ({going.person.name}): {_why(pair, going, note, remedy)}"


def _why(pair: SeenPair, going: Side, note: str, remedy: str) -> str:
    """The same for a place beside the row itself."""
    if pair.is_earlier:
        why = f"người này đã được hỏi năm {pair.second.year}."
    elif pair.in_one_list:
        other = pair.first if going is pair.second else pair.second
        why = f"trùng với dòng {other.person.row}."
    else:
        why = "người này đã có trong danh sách khác và được giữ ở đó."
    return " ".join(part for part in (why, remedy, note.strip()) if part)


def _ask(session: Session, pair: SeenPair, note: str, by: Actor) -> None:
    for side in (pair.first, pair.second):
        if side.year is None and not (side is pair.second and pair.in_one_list):
            words = f"Dòng {side.person.row} ({side.person.name}) có thể trùng với một dòng khác. {note.strip()}"
            add_event(session, _list_of(session, side), by, words, ASKED)
