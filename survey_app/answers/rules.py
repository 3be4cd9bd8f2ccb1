"""May this answer be taken, and is it taken exactly once? And when does a round open and close for answers?"""

import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import bindparam, func, insert, or_, select, update
from sqlalchemy.orm import Session

from ..access import Actor
from ..access_codes.models import AccessCode, Batch, Invitation, InvitationState
from ..access_codes.queries import unkeyed_batches
from ..audit import Action, record
from ..db import now
from ..errors import Conflict, Missing, Refused
from ..questionnaires.check import check_round, level_faults
from ..questionnaires.definition import Definition
from ..questionnaires.matrix import has_matrix
from ..questionnaires.models import QuestionnaireVersion
from ..questionnaires.queries import asked_criteria
from ..rewriting import log_outlives
from ..rounds.cancelling import hold_round, refuse_if_cancelled
from ..rounds.models import Cell, Mode, RatedUnit, RespondentGroup, Round
from ..text import LOCAL_ZONE, date_text, local_day
from .envelope import Mode as KeyMode
from .envelope import seal
from .identified import modes_in_force, readers_of
from .keys import from_text
from .models import Envelope, IdentifiedAnswer, RoundKey
from .payload import Rating, envelope_size, write_payload
from .queries import (
    Access,
    Window,
    definition_of,
    find_access,
    find_accesses,
    invitations_by_group,
    published_version,
    round_keys,
    sealing_keys,
)
from .ratings import form_of, invited_by_unit, rated_of, without_unit
from .resume import erase_all_drafts

FEWEST_HOLDERS = 2
# Who declined or was not reached may still change their mind; who was replaced may not.
_MAY_STILL_ANSWER = (InvitationState.UNUSED, InvitationState.REFUSED, InvitationState.UNREACHABLE)
_ANSWERS_OTHERWISE = (InvitationState.REPLACED, InvitationState.DREW_SLIP, InvitationState.RETURNED_PAPER)


_PHONE_ON_LETTER = "số điện thoại trên giấy mời"

# Built once: one row changes, or somebody was faster.
_SPEND = (
    update(Invitation)
    .where(
        Invitation.id
        == select(AccessCode.invitation_id)
        .where(AccessCode.code_hash == bindparam("the_code"), ~AccessCode.void)
        .scalar_subquery(),
        or_(*(Invitation.state == state for state in _MAY_STILL_ANSWER)),  # a list would allow one row at a time only
    )
    .values(state=InvitationState.RECEIVED, replay_digest=bindparam("digest"))
)
_SPEND_SLIP = (
    update(AccessCode)
    .where(AccessCode.code_hash == bindparam("the_code"), ~AccessCode.void, ~AccessCode.spent)
    .values(spent=True, replay_digest=bindparam("digest"))
)
# No more answers than persons who drew a slip: a slip left in the box, or photographed, is none.
_COUNT_SLIP = (
    update(Batch).where(Batch.id == bindparam("batch"), Batch.keyed < Batch.ticked).values(keyed=Batch.keyed + 1)
)
_STORE = insert(Envelope)
_STORE_IDENTIFIED = insert(IdentifiedAnswer)


class UnknownCode(Missing):
    """No invitation has this code."""

    def __init__(self) -> None:
        super().__init__("Mã chưa đúng. Xem lại giấy mời; chữ O và số 0, chữ I và số 1 được coi như nhau.")


class CodeVoid(Refused):
    """The code was voided, or its person was replaced, drew a slip or gave a paper form back."""


class NotOpen(Refused):
    """The round does not take answers yet."""


class Cancelled(Refused):
    """The round was given up: nobody needs to answer, whatever the code says."""

    def __init__(self) -> None:
        super().__init__("Đợt điều tra đã hủy. Ông/bà không cần trả lời nữa. Xin cảm ơn.")


class Closed(Refused):
    """The round takes no answers any more."""


class AlreadyAnswered(Conflict):
    """Another answer of this invitation was stored before."""


class SlipNotTicked(Refused):
    """As many answers came with slips of this list as persons are ticked on it; the next waits for a tick."""

    def __init__(self) -> None:
        super().__init__(
            "Chưa gửi được: danh sách nhận mã bốc thăm chưa ghi đủ người. Nhờ người phụ trách buổi họp ghi danh sách, "
            "rồi gửi lại."
        )


class Receipt(StrEnum):
    """How a sending ended well."""

    STORED = "stored"
    REPEATED = "repeated"  # the same sending, stored before
    RECEIVED = "received"  # stored before, and the envelopes have been opened since


@dataclass(frozen=True)
class Sending:
    """One sealed answer on its way into the database; `digest` recognises its repetition."""

    code_hash: str
    digest: str
    sealed: bytes


def check_access(access: Access | None, sending: bool = False, moment: datetime | None = None) -> Access:
    """The access, if its holder may answer now; `sending` grants the hours of grace after the last day.

    Raises UnknownCode, Cancelled, CodeVoid, NotOpen, Closed or AlreadyAnswered, with the sentence for the respondent.
    """
    if access is None:
        raise UnknownCode
    if access.window.cancelled_at is not None:
        raise Cancelled
    phone = access.help_phone or _PHONE_ON_LETTER
    if access.state is InvitationState.RECEIVED:
        raise AlreadyAnswered(f"Mã này đã được dùng để gửi phiếu. Nếu không phải ông/bà gửi, gọi {phone}.")
    if access.void or access.state in _ANSWERS_OTHERWISE:
        raise CodeVoid(f"Mã này đã bị hủy. Dùng giấy mời mới nhất, hoặc gọi {phone}.")
    # Forms that were handed in on the last day are keyed in the days after it, until collection is closed.
    check_open(replace(access.window, closes_on=None) if access.on_paper else access.window, sending, moment)
    return access


def check_open(window: Window, sending: bool = False, moment: datetime | None = None) -> None:
    """Raises NotOpen or Closed when the round takes no answers at this moment."""
    moment = moment or now()
    day = local_day(moment)
    if window.opened_at is None or (window.opens_on is not None and day < window.opens_on):
        begins = f"Khảo sát bắt đầu ngày {date_text(window.opens_on)}." if window.opens_on else "Khảo sát chưa bắt đầu."
        raise NotOpen(begins)
    last_moment = end_of_collection(window, grace=sending)
    if window.closed_at is not None or (last_moment is not None and moment >= last_moment):
        ended = window.closes_on or local_day(window.closed_at or moment)
        raise Closed(f"Khảo sát đã kết thúc ngày {date_text(min(ended, day))}. Cảm ơn ông/bà.")


def end_of_collection(window: Window, grace: bool = False) -> datetime | None:
    """The first moment at which nothing is taken any more: midnight after the last day, plus the hours of grace."""
    if window.closes_on is None:
        return None
    midnight = datetime.combine(window.closes_on + timedelta(days=1), time(), LOCAL_ZONE)
    return midnight + timedelta(hours=window.grace_hours if grace else 0)


def seal_answers(
    survey_round: Round,
    keys: list[RoundKey],
    version_id: int,
    definition: Definition,
    ratings: Sequence[Rating],
    apart: Mapping[str, Any] | None = None,
) -> bytes:
    """Checked answers as an envelope to all key holders of the round.

    `definition` settles the size: of a matrix it is written out for all units of the group.
    """
    public_keys = [from_text(key.public_key) for key in keys if key.public_key]
    mode: KeyMode = "strict" if survey_round.key_mode == "strict" else "availability"
    payload = write_payload(version_id, ratings, apart)
    return seal(payload, public_keys, survey_round.code, mode, envelope_size(definition))


def receive(session: Session, sending: Sending, moment: datetime | None = None) -> Receipt:
    """Stores one sending; see `receive_all`."""
    return receive_all(session, [sending], moment)[0]


def receive_all(session: Session, sendings: Sequence[Sending], moment: datetime | None = None) -> list[Receipt]:
    """Stores the envelopes (of a confidential group as identified answers) and spends their invitations or slips, with
    one statement of each kind for all; a receipt for each, in their order. Call it inside one transaction.

    The database decides: of many posts of one code exactly one changes the row. The same sending again succeeds.
    Raises UnknownCode, CodeVoid, NotOpen, Closed, AlreadyAnswered, SlipNotTicked, or Conflict where two of the sendings
    are of one code; of several sendings nothing may be committed then.
    """
    found = find_accesses(session, [sending.code_hash for sending in sendings], lock_round=True)
    fresh: list[tuple[Sending, Access]] = []
    receipts = []
    for sending in sendings:
        access = found.get(sending.code_hash)
        if access is not None and access.state is InvitationState.RECEIVED:
            receipts.append(_repeated(access, sending))
        else:
            fresh.append((sending, check_access(access, sending=True, moment=moment)))
            receipts.append(Receipt.STORED)
    if _spend(session, fresh):
        _store(session, fresh)
        return receipts
    if len(sendings) == 1:  # somebody with the same code was faster, in this very moment
        access = find_access(session, sendings[0].code_hash)
        if access is not None and access.state is InvitationState.RECEIVED:
            return [_repeated(access, sendings[0])]
        check_access(access, sending=True, moment=moment)
    raise Conflict("Phiếu chưa gửi được. Thử lại sau ít phút.")


def _spend(session: Session, fresh: Sequence[tuple[Sending, Access]]) -> bool:
    """Whether each of the sendings spent an invitation, or a slip, of its own."""
    spent = 0
    for statement, on_slip in ((_SPEND, False), (_SPEND_SLIP, True)):
        rows = [
            {"the_code": sending.code_hash, "digest": sending.digest}
            for sending, access in fresh
            if (access.batch_id is not None) == on_slip
        ]
        spent += session.connection().execute(statement, rows).rowcount if rows else 0
    return spent == len(fresh)


def _store(session: Session, fresh: Sequence[tuple[Sending, Access]]) -> None:
    envelopes, named = [], []
    for sending, access in fresh:
        if access.batch_id is not None:
            _count_slip(session, access.batch_id)
        if access.mode == Mode.CONFIDENTIAL:
            named.append({"invitation_id": access.invitation_id, "sealed": sending.sealed})
            continue
        owner = {"invitation_id": access.invitation_id, "batch_id": access.batch_id}
        row = {"id": secrets.token_hex(16), "round_id": access.round_id, "sealed": sending.sealed, **owner}
        envelopes.append(row)
    for statement, rows in ((_STORE, envelopes), (_STORE_IDENTIFIED, named)):
        if rows:
            session.connection().execute(statement, rows)


def _count_slip(session: Session, batch_id: int) -> None:
    counted = session.connection().execute(_COUNT_SLIP, {"batch": batch_id})
    if counted.rowcount != 1:
        raise SlipNotTicked


def _repeated(access: Access, sending: Sending) -> Receipt:
    if access.replay_digest == sending.digest:
        return Receipt.REPEATED
    if access.replay_digest is None:  # erased when the envelopes were opened
        return Receipt.RECEIVED
    phone = access.help_phone or _PHONE_ON_LETTER
    raise AlreadyAnswered(f"Một phiếu khác với mã này đã gửi trước. Phiếu trên máy này chưa được nhận. Gọi {phone}.")


def refuse(session: Session, code_hash: str) -> None:
    """The holder of the code does not wish to answer: no more reminders. Raises as `check_access`.

    A slip is nobody's, so there is nothing to write down.
    """
    access = check_access(find_access(session, code_hash, lock_round=True))
    session.execute(
        update(Invitation)
        .where(Invitation.id == access.invitation_id, Invitation.state.in_(_MAY_STILL_ANSWER))
        .values(state=InvitationState.REFUSED)
        .execution_options(synchronize_session=False)
    )


@dataclass(frozen=True)
class Check:
    """One condition for opening or closing a round: whether it holds, its words, and the `step` where to mend it."""

    holds: bool
    text: str
    step: str = ""
    blocks: bool = True


def checks_before_opening(session: Session, survey_round: Round) -> list[Check]:
    """Everything that must be true before a round takes answers."""
    invited = invitations_by_group(session, survey_round.id)
    groups = [group for group in survey_round.groups if group.id in invited]
    cells = session.scalar(select(func.count()).select_from(Cell).where(Cell.round_id == survey_round.id)) or 0
    modes = modes_in_force(session, survey_round.id)
    return [
        Check(survey_round.roster_locked_at is not None, "Danh sách chung đã khóa", "roster"),
        Check(cells > 0, f"Đã chốt ô công bố ({cells} ô)" if cells else "Đã chốt ô công bố", "cells"),
        Check(bool(invited), f"Đã có lời mời cho {sum(count for count, _ in invited.values())} người", "cells"),
        _check_questionnaires(session, survey_round, groups),
        *([_check_keys(session, survey_round)] if needs_holders(modes) else []),
        *([_check_readers(session, survey_round, modes)] if Mode.CONFIDENTIAL in modes else []),
        _check_rated_units(session, survey_round, groups),
        *_few_raters(session, survey_round, groups),
        Check(survey_round.closes_on is not None, "Đã đặt ngày đóng thu phiếu", "settings"),
        Check(
            bool(survey_round.help_phone), "Đã có số điện thoại trợ giúp cho người trả lời", "settings", blocks=False
        ),
    ]


def _check_questionnaires(session: Session, survey_round: Round, groups: list[RespondentGroup]) -> Check:
    """Also whether published questionnaires still fit: criteria and rules may have changed since."""
    missing, too_long, unscorable, unfit = [], [], [], []
    rated = rated_of(session, survey_round.id)
    criteria = asked_criteria(session, survey_round.id)
    for group in groups:
        code = group.code
        version = published_version(session, group.id)
        if version is None:
            missing.append(code)
            continue
        definition = definition_of(version)
        if any(level_faults(definition, criteria)):
            unscorable.append(code)
        elif criteria and any(found.is_error for found in check_round(definition, criteria, code, group.self_rating)):
            unfit.append(code)
        try:
            envelope_size(form_of(version, rated.most(group.id)))
        except ValueError:
            too_long.append(code)
    if missing:
        return Check(False, f"Phiếu của mọi nhóm đã công bố; còn thiếu nhóm {', '.join(missing)}", "questionnaires")
    if too_long:
        return Check(False, f"Phiếu nhóm {', '.join(too_long)} có quá nhiều câu viết tay; bớt lại", "questionnaires")
    if unscorable:
        names = ", ".join(unscorable)
        text = f"Phiếu nhóm {names} có thang mức khác hệ số tính điểm của đợt; sửa phiếu hoặc quy tắc tính điểm"
        return Check(False, text, "questionnaires")
    if unfit:
        names = ", ".join(unfit)
        text = f"Phiếu nhóm {names} không còn khớp bộ tiêu chí của đợt; xem lỗi ở trang phiếu, sửa và công bố lại"
        return Check(False, text, "questionnaires")
    return Check(bool(groups), "Phiếu của mọi nhóm đã công bố", "questionnaires")


def _check_keys(session: Session, survey_round: Round) -> Check:
    ready = sealing_keys(session, survey_round.id)
    bodies = {key.holder_body.casefold() for key in ready}
    holds = len(ready) >= FEWEST_HOLDERS and len(bodies) >= FEWEST_HOLDERS
    text = f"Ít nhất {FEWEST_HOLDERS} người giữ khóa của các cơ quan khác nhau đã mở thử (hiện có {len(ready)})"
    return Check(holds, text, "keys")


def needs_holders(modes: Mapping[str, Sequence[RespondentGroup]]) -> bool:
    """Whether any group of the round is sealed (`modes` of `modes_in_force`), so that key holders are needed."""
    return Mode.CONFIDENTIAL not in modes or Mode.SEALED in modes


def _check_readers(session: Session, survey_round: Round, modes: Mapping[str, Sequence[RespondentGroup]]) -> Check:
    names = ", ".join(group.code for group in modes[Mode.CONFIDENTIAL])
    readers = len(readers_of(session, survey_round))
    text = f"Nhóm {names} dùng phiếu có danh tính: quản trị viên đã tạo tài khoản người đọc (hiện có {readers})"
    return Check(readers > 0, text)


def _check_rated_units(session: Session, survey_round: Round, groups: list[RespondentGroup]) -> Check:
    """Everybody has somebody to rate, every unit is rated by somebody, and who rates many units is asked by matrix."""
    rated = rated_of(session, survey_round.id)
    lost = without_unit(session, survey_round, rated)
    faults = []
    for group in groups:
        version = published_version(session, group.id)
        if version and group.id in rated.chosen:
            faults += _unasked(version, group.code, rated.most(group.id))
        if count := lost.get(group.id):
            faults.append(
                f"{count} người của nhóm {group.code} không có đơn vị nào để đánh giá: đơn vị lập danh sách của họ "
                "không được đánh giá trong đợt này"
            )
    if faults:
        return Check(False, f"Mỗi người có đơn vị để đánh giá; còn vướng: {'; '.join(faults)}", "settings")
    if len(rated.units) == 1:
        return Check(True, f"Đơn vị được đánh giá: {rated.units[0].unit.name}", "settings")
    return Check(bool(rated.units), f"Mỗi người có đơn vị để đánh giá ({len(rated.units)} đơn vị)", "settings")


def _few_raters(session: Session, survey_round: Round, groups: list[RespondentGroup]) -> list[Check]:
    """A warning for each group that has too few persons for some of the units it rates."""
    rated = rated_of(session, survey_round.id)
    if len(rated.units) < 2:
        return []
    home = dict(session.execute(select(Cell.id, Cell.group_id).where(Cell.round_id == survey_round.id)).all())
    raters: Counter[tuple[int, int]] = Counter()
    for (cell_id, unit_id), count in invited_by_unit(session, survey_round, rated).items():
        raters[home[cell_id], unit_id] += count
    found = []
    for group in groups:
        few = sum(count < survey_round.k_min for (group_id, _unit), count in raters.items() if group_id == group.id)
        words = f"Nhóm {group.code} có dưới {survey_round.k_min} người đánh giá {few} đơn vị: ý kiến ấy được giữ kín"
        if few:
            found.append(Check(False, words, "settings", blocks=False))
    return found


def _unasked(version: QuestionnaireVersion, group_code: str, units: Sequence[RatedUnit]) -> list[str]:
    """Words for units that the questionnaire of a group which rates many does not ask about."""
    if not has_matrix(definition_of(version)):
        return [f"nhóm {group_code} đánh giá nhiều đơn vị nhưng phiếu chưa có bảng (cột rates)"]
    asked = {question.rated_unit for question in form_of(version, units).questions()}
    missing = [unit for unit in units if unit.id not in asked]
    words = f"phiếu nhóm {group_code} không có bảng nào hỏi về {len(missing)} đơn vị mà nhóm đánh giá (cột rates)"
    return [words] if missing else []


def open_round(session: Session, survey_round: Round, by: Actor | None) -> None:
    """Opens the round for answers; from now on criteria, questionnaires, rules and mode are frozen.

    Raises Refused naming everything that is still missing, or when the round is cancelled.
    """
    hold_round(session, survey_round)
    if survey_round.opened_at is not None:
        raise Refused("Đợt này đã mở.")
    missing = [check.text for check in checks_before_opening(session, survey_round) if check.blocks and not check.holds]
    if missing:
        raise Refused("Chưa mở đợt được. Còn thiếu: " + "; ".join(missing) + ".")
    survey_round.opened_at = now()
    record(session, Action.ROUND_OPENED, by, round=survey_round.code)


def checks_before_closing(session: Session, survey_round: Round) -> list[Check]:
    """What must be true before collection closes: somebody can open the envelopes afterwards."""
    if not needs_holders(modes_in_force(session, survey_round.id)):
        return []
    batches = unkeyed_batches(session, survey_round.id)
    keys = [key for key in round_keys(session, survey_round.id) if key.tested_before_start]
    needed = 2 if survey_round.key_mode == "strict" else 1
    again = [key for key in keys if key.tested_before_closing]
    checks = [
        Check(len(again) >= needed, f"Ít nhất {needed} người giữ khóa đã mở thử lần nữa (hiện có {len(again)})", "keys")
    ]
    for key in keys:
        if not key.tested_before_closing:
            text = f"{key.holder_name} ({key.holder_body}) chưa mở thử lần nữa"
            checks.append(Check(False, text, "keys", blocks=False))
    if batches:
        text = f"Còn {batches} lô phiếu giấy chưa nhập hết; đóng rồi thì không nhập được nữa"
        checks.append(Check(False, text, "paper", blocks=False))
    if log_outlives(session):
        text = (
            "PostgreSQL giữ lại tệp nhật ký cũ: phong bì đã xóa vẫn còn trong đó. Nhờ quản trị máy chủ đặt "
            "wal_recycle = off trước khi mở niêm phong"
        )
        checks.append(Check(False, text, blocks=False))
    return checks


def refuse_unless_closable(session: Session, survey_round: Round) -> None:
    """Raises Refused when the round is not open or cancelled, or nobody proved again that a key opens."""
    refuse_if_cancelled(survey_round)
    if survey_round.opened_at is None or survey_round.closed_at is not None:
        raise Refused("Đợt này không trong thời gian thu phiếu.")
    missing = [check.text for check in checks_before_closing(session, survey_round) if check.blocks and not check.holds]
    if missing:
        raise Refused("Chưa đóng thu phiếu được. Cần: " + "; ".join(missing) + ".")


def close_round(session: Session, survey_round: Round, by: Actor | None) -> None:
    """Ends collection for good. Raises Refused as `refuse_unless_closable`."""
    hold_round(session, survey_round)
    refuse_unless_closable(session, survey_round)
    survey_round.closed_at = now()
    erase_all_drafts(session, survey_round.id)
    record(session, Action.ROUND_CLOSED, by, round=survey_round.code)
