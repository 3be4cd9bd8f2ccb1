"""Erasing the personal data of a round: what would go, what stays, and the act itself.

Rows of persons stay as places in their lists, without anything that says who it was: invitations, counts and turnout go
on to add up. Locked versions keep number, count and SHA-256, so that a paper or file handed over can still be checked.
"""

from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, Delete, Update, delete, func, select, update
from sqlalchemy.orm import Session

from ..access import Actor
from ..access_codes.models import AccessCode, Invitation
from ..audit import Action, record
from ..db import Database, now
from ..errors import Invalid, Refused
from ..handover.models import HandoverSet
from ..rewriting import forget
from ..roster.models import ChangeRequest, ListEvent, PairDecision, Person, RosterVersion, RowComment, UnitList, Upload
from ..rounds.models import RespondentGroup, Round
from ..sampling.models import Sample, SampleMember, SamplingFrame
from ..text import clean
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
    uploads: int
    requests: int
    versions: list[RosterVersion] = field(default_factory=list)

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
        _count(session, Upload.round_id == survey_round.id),
        _count(session, PrivacyRequest.round_id == survey_round.id),
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
    for statement in _statements(survey_round.id, survey_round.code):
        session.execute(statement, execution_options={"synchronize_session": False})
    session.expire_all()


def _statements(round_id: int, round_code: str) -> tuple[Update | Delete, ...]:
    lists = select(UnitList.id).where(UnitList.round_id == round_id)
    invitations = select(Invitation.id).where(Invitation.round_id == round_id)
    frames = select(SamplingFrame.id).where(SamplingFrame.round_id == round_id)
    samples = select(Sample.id).where(Sample.frame_id.in_(frames))
    return (
        update(Person).where(Person.list_id.in_(lists)).values(WIPED),
        delete(Upload).where(Upload.round_id == round_id),
        update(RosterVersion).where(RosterVersion.round_id == round_id).values(content=None, reason=""),
        update(HandoverSet).where(HandoverSet.round_id == round_id).values(content=None, received_note=""),
        update(ListEvent).where(ListEvent.list_id.in_(lists)).values(comment=""),
        delete(RowComment).where(RowComment.list_id.in_(lists)),
        update(UnitList).where(UnitList.round_id == round_id).values(short_reason=""),
        update(ChangeRequest)
        .where(ChangeRequest.round_id == round_id)
        .values(values={}, before={}, reason="", decision_note=""),
        update(SamplingFrame).where(SamplingFrame.id.in_(frames)).values(content=None, set_aside=None),
        update(Sample).where(Sample.frame_id.in_(frames)).values(reason=""),
        update(SampleMember).where(SampleMember.sample_id.in_(samples)).values(outcome_words=None),
        update(PairDecision).where(PairDecision.round_code == round_code).values(note=""),
        update(PrivacyRequest)
        .where(PrivacyRequest.round_id == round_id)
        .values(about="", requester="", wish="", outcome="", person_id=None),
        # Whoever kept the table of codes could else tell from a code which row, and whether it answered.
        delete(AccessCode).where(AccessCode.invitation_id.in_(invitations)),
    )


def erased_tables() -> list[str]:
    """The tables in which erasing overwrites or deletes something: old copies of their rows have to go, too."""
    return sorted({str(statement.table) for statement in _statements(0, "")})


def forget_files(database: Database) -> bool:
    """Rewrite the files of the database, so that what was erased is in none of them.

    Returns False when PostgreSQL keeps it in old files of its write-ahead log for a while. Raises Refused when
    somebody reads at the moment; may be repeated.
    """
    return forget(database, erased_tables())
