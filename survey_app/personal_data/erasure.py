"""Erasing the personal data of a round: what would go, what stays, and the act itself.

Rows of persons stay as places in their lists, without anything that says who it was: invitations, counts and turnout go
on to add up. Locked versions keep number, count and SHA-256, so that a paper or file handed over can still be checked.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Delete, Update, and_, delete, func, or_, select, update
from sqlalchemy.orm import Session

from ..access import Actor
from ..access_codes.models import AccessCode, Invitation
from ..answers.models import IdentifiedAnswer
from ..audit import Action, record
from ..db import Base, Database, now
from ..errors import Invalid, Refused
from ..handover.models import HandoverSet
from ..rewriting import forget
from ..roster.models import ChangeRequest, ListEvent, PairDecision, Person, RosterVersion, RowComment, UnitList, Upload
from ..rounds.models import RespondentGroup, Round
from ..sampling.models import Sample, SampleMember, SamplingFrame
from ..sealed_columns import SealedText
from ..text import N_, clean
from ..units.models import Unit
from .models import PrivacyRequest, RequestState

SHORTEST_REASON = 5
LONGEST_REASON = 300
# Every column of a person that says something of him or her; a test holds it against the table.
WIPED = {
    "name": "", "birth_year": None, "birth_date": None, "gender": None, "ethnicity": None, "job_title": None,
    "workplace": None, "ban": None, "ban_code": None, "phone": None, "phone_key": None, "email": None,
    "email_key": None, "business": None, "tax_code": None, "address": None, "procedure": None, "dossier": None,
    "receipt_date": None, "return_date": None, "language": None, "note": None, "frame_key": None,
    "search_key": "", "order_key": "",
}  # fmt: skip


@dataclass(frozen=True)
class ListToErase:
    """The persons of one unit and group that would go."""

    unit: str
    group: str
    persons: int


@dataclass(frozen=True)
class Preview:
    """What would be erased, and the versions that would lose their content."""

    lists: list[ListToErase]
    counts: dict[str, int]  # table -> rows that hold something, of all tables that erasing clears
    in_frames: int  # persons of sampling frames
    versions: list[RosterVersion] = field(default_factory=list)

    @property
    def uploads(self) -> int:
        return self.counts["upload"]

    @property
    def persons(self) -> int:
        return sum(one.persons for one in self.lists)

    @property
    def by_group(self) -> dict[str, int]:
        """Persons by group letter."""
        counts: dict[str, int] = {}
        for one in self.lists:
            counts[one.group] = counts.get(one.group, 0) + one.persons
        return dict(sorted(counts.items()))


def preview(session: Session, survey_round: Round) -> Preview:
    """What erasing the round now would take away."""
    rows = session.execute(
        select(Unit.name, RespondentGroup.code, func.count(Person.id))
        .select_from(Person)
        .join(UnitList, Person.list_id == UnitList.id)
        .join(Unit, UnitList.unit_id == Unit.id)
        .join(RespondentGroup, UnitList.group_id == RespondentGroup.id)
        .where(UnitList.round_id == survey_round.id, Person.name != "")
        .group_by(Unit.id, Unit.name, Unit.order_key, RespondentGroup.code)
        .order_by(Unit.order_key, Unit.id, RespondentGroup.code)
    )
    return Preview(
        [ListToErase(unit, group, persons) for unit, group, persons in rows],
        {
            part.table.__tablename__: session.scalar(select(func.count()).select_from(part.table).where(part.held)) or 0
            for part in _parts(survey_round.id, survey_round.code)
        },
        session.scalar(
            select(func.coalesce(func.sum(SamplingFrame.persons), 0)).where(
                SamplingFrame.round_id == survey_round.id, SamplingFrame.content.is_not(None)
            )
        )
        or 0,
        list(
            session.scalars(
                select(RosterVersion).where(RosterVersion.round_id == survey_round.id).order_by(RosterVersion.number)
            )
        ),
    )


def _count(session: Session, condition: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).where(condition)) or 0


def refusal(session: Session, survey_round: Round) -> str:
    """Why the personal data of the round cannot be erased now; empty when they can."""
    if survey_round.personal_data_erased_at is not None:
        return "Dữ liệu cá nhân của đợt này đã xóa rồi."
    ended = survey_round.envelopes_opened_on or survey_round.cancelled_at
    if survey_round.roster_locked_at is not None and ended is None:
        return "Danh sách đã khóa mà chưa mở niêm phong: còn cần để mời và nhắc trả lời. Xóa sau khi mở niêm phong."
    waiting = _count(
        session,
        (PrivacyRequest.round_id == survey_round.id)
        & PrivacyRequest.state.in_([RequestState.OPEN, RequestState.WAITING]),
    )
    if waiting:
        return f"Còn {waiting} yêu cầu của người trong danh sách chưa trả lời. Trả lời các yêu cầu đó trước."
    return ""


def erase_round(session: Session, survey_round: Round, by: Actor | None, reason: str, typed_code: str) -> Preview:
    """Erase all personal data of the round; returns what was erased. `forget_files` must follow.

    Raises Refused while the round needs them, Invalid without a reason or with another code than the round's.
    """
    session.execute(select(Round.id).where(Round.id == survey_round.id).with_for_update())
    if words := refusal(session, survey_round):
        raise Refused(words)
    faults = {}
    if not SHORTEST_REASON <= len(clean(reason)) <= LONGEST_REASON:
        faults["reason"] = f"Ghi lý do xóa, từ {SHORTEST_REASON} đến {LONGEST_REASON} ký tự. Không ghi tên người."
    if typed_code.strip() != survey_round.code:
        faults["typed_code"] = f"Gõ đúng mã đợt «{survey_round.code}» để xác nhận."
    if faults:
        raise Invalid(faults)
    erased = preview(session, survey_round)
    _erase(session, survey_round)
    survey_round.personal_data_erased_at = now()
    record(
        session, Action.PERSONAL_DATA_ERASED, by, round=survey_round.code, persons=erased.persons,
        uploads=erased.uploads, versions=len(erased.versions), reason=clean(reason),
    )  # fmt: skip
    return erased


def _erase(session: Session, survey_round: Round) -> None:
    session.flush()
    for part in _parts(survey_round.id, survey_round.code):
        session.execute(part.statement, execution_options={"synchronize_session": False})
    session.expire_all()


@dataclass(frozen=True)
class _Part:
    """What is erased in one table: rows deleted, or, with `values`, these columns overwritten."""

    table: type[Base]
    rows: ColumnElement[bool]
    values: Mapping[str, Any] | None = None

    @property
    def statement(self) -> Update | Delete:
        if self.values is None:
            return delete(self.table).where(self.rows)
        return update(self.table).where(self.rows).values(self.values)

    @property
    def held(self) -> ColumnElement[bool]:
        """The rows that still hold something; all of them where a sealed text would say so: it cannot be compared."""
        columns = [(getattr(self.table, name), value) for name, value in (self.values or {}).items()]
        if not columns or any(value == "" and isinstance(column.type, SealedText) for column, value in columns):
            return self.rows
        filled = [column.is_not(None) for column, value in columns if value is None]
        filled += [column != "" for column, value in columns if value == ""]
        return and_(self.rows, or_(*filled))


# What is erased in each table, for the preview; a test looks that no table is without words.
TABLE_WORDS = {
    "person": N_("dòng danh sách có tên người"),
    "upload": N_("tệp gốc và bản nháp"),
    "roster_version": N_("bản danh sách đã khóa: nội dung"),
    "handover_set": N_("bộ bàn giao: các tệp trong bộ"),
    "list_event": N_("lời ghi trong lịch sử danh sách"),
    "row_comment": N_("góp ý từng dòng"),
    "unit_list": N_("lý do thiếu, vượt chỉ tiêu"),
    "change_request": N_("đề nghị thay đổi: nội dung và lý do"),
    "sampling_frame": N_("khung mẫu: toàn bộ người trong khung"),
    "sample": N_("mẫu: lý do lấy lại"),
    "sample_member": N_("thay người trong mẫu: lời ghi"),
    "pair_decision": N_("quyết định về người trùng: ghi chú"),
    "privacy_request": N_("yêu cầu: lời ghi trong sổ"),
    "access_code": N_("mã cá nhân"),
    "identified_answer": N_("phiếu có danh tính: câu trả lời gắn với tên"),
}


def _parts(round_id: int, round_code: str) -> tuple[_Part, ...]:
    """Everything that erasing clears; the preview counts these same rows."""
    lists = select(UnitList.id).where(UnitList.round_id == round_id)
    invitations = select(Invitation.id).where(Invitation.round_id == round_id)
    frames = select(SamplingFrame.id).where(SamplingFrame.round_id == round_id)
    samples = select(Sample.id).where(Sample.frame_id.in_(frames))
    return (
        _Part(Person, Person.list_id.in_(lists), WIPED),
        _Part(SamplingFrame, SamplingFrame.id.in_(frames), {"content": None, "set_aside": None}),
        _Part(Upload, Upload.round_id == round_id),
        _Part(RosterVersion, RosterVersion.round_id == round_id, {"content": None, "reason": ""}),
        _Part(HandoverSet, HandoverSet.round_id == round_id, {"content": None, "received_note": ""}),
        _Part(ListEvent, ListEvent.list_id.in_(lists), {"comment": ""}),
        _Part(RowComment, RowComment.list_id.in_(lists)),
        _Part(UnitList, UnitList.round_id == round_id, {"short_reason": ""}),
        _Part(
            ChangeRequest,
            ChangeRequest.round_id == round_id,
            {"values": {}, "before": {}, "reason": "", "decision_note": ""},
        ),
        _Part(Sample, Sample.frame_id.in_(frames), {"reason": ""}),
        _Part(SampleMember, SampleMember.sample_id.in_(samples), {"outcome_words": None}),
        _Part(PairDecision, PairDecision.round_code == round_code, {"note": ""}),
        _Part(
            PrivacyRequest,
            PrivacyRequest.round_id == round_id,
            {"about": "", "requester": "", "wish": "", "outcome": "", "person_id": None},
        ),
        # Whoever kept the table of codes could else tell from a code which row, and whether it answered.
        _Part(AccessCode, AccessCode.invitation_id.in_(invitations)),
        # The nameless ballots that came of them stay, as those of sealed groups do.
        _Part(IdentifiedAnswer, IdentifiedAnswer.invitation_id.in_(invitations)),
    )


def erased_tables() -> list[str]:
    """The tables in which erasing overwrites or deletes something: old copies of their rows have to go, too."""
    return sorted({part.table.__tablename__ for part in _parts(0, "")})


def forget_files(database: Database) -> bool:
    """Rewrite the files of the database, so that what was erased is in none of them.

    Returns False when PostgreSQL keeps it in old files of its write-ahead log for a while. Raises Refused when
    somebody reads at the moment; may be repeated.
    """
    return forget(database, erased_tables())
