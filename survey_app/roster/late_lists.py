"""Units whose lists have not come, or not come again: by when, whom to call, what to write to them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ..access import Actor, Role
from ..audit import Action, record
from ..db import now
from ..errors import Invalid, Missing, Refused
from ..rounds.models import Round
from ..sheets import SheetColumn, SheetPlan, workbook_bytes
from ..text import LOCAL_ZONE, clean, date_text, today
from ..units.models import Unit
from ..users.models import User
from .models import DeadlineExtension, ListState
from .queries import WITH_THE_OFFICE, ListCard, cards, unit_rows

LONGEST_REASON = 300
_STATES = {
    ListState.NONE: "chưa nộp",
    ListState.DRAFT: "mới có bản nháp",
    ListState.AWAITING_HEAD: "chờ thủ trưởng xác nhận",
    ListState.RETURNED: "trả lại, chưa nộp lại",
}


@dataclass(frozen=True)
class LateUnit:
    """A unit that still owes lists; `days` counts from its own due day, 0 or less before it, none without one."""

    unit: Unit
    owed: tuple[ListCard, ...]
    due_on: date | None
    extension: DeadlineExtension | None
    contacts: tuple[User, ...]
    days: int | None

    @property
    def is_late(self) -> bool:
        return self.days is not None and self.days > 0

    @property
    def owed_words(self) -> str:
        """«nhóm C: chưa nộp; nhóm E: trả lại, chưa nộp lại»."""
        return "; ".join(f"nhóm {card.group.code}: {_STATES[card.state]}" for card in self.owed)

    @property
    def contact_words(self) -> str:
        named = (", ".join(part for part in (one.full_name, one.position) if part) for one in self.contacts)
        return "; ".join(named)


def extensions_of(session: Session, survey_round: Round) -> dict[int, DeadlineExtension]:
    """The extended deadlines of a round by unit."""
    query = select(DeadlineExtension).where(DeadlineExtension.round_id == survey_round.id)
    return {one.unit_id: one for one in session.scalars(query)}


def due_on(session: Session, survey_round: Round, unit: Unit) -> date | None:
    """The day by which the unit hands in its lists: its own if it got a later one, else that of the round."""
    query = select(DeadlineExtension.due_on).where(
        DeadlineExtension.round_id == survey_round.id, DeadlineExtension.unit_id == unit.id
    )
    return session.scalar(query) or survey_round.lists_due_on


def late_units(session: Session, survey_round: Round, only_late: bool = False) -> list[LateUnit]:
    """Units that owe lists, those that are latest first; before the due day too unless `only_late`."""
    extensions = extensions_of(session, survey_round)
    rows = [
        (row.unit, tuple(card for card in row.cards.values() if card.state not in WITH_THE_OFFICE))
        for row in unit_rows(cards(session, survey_round))
    ]
    owing = [(unit, owed) for unit, owed in rows if owed]
    contacts = _contacts(session, [unit.id for unit, _owed in owing])
    found = []
    for unit, owed in owing:
        extension = extensions.get(unit.id)
        due = extension.due_on if extension else survey_round.lists_due_on
        days = (today() - due).days if due else None
        found.append(LateUnit(unit, owed, due, extension, tuple(contacts.get(unit.id, ())), days))
    wanted = [one for one in found if one.is_late or not only_late]
    return sorted(wanted, key=lambda one: -(one.days or 0))  # stable: units stay in Vietnamese order


def _contacts(session: Session, unit_ids: Sequence[int]) -> dict[int, list[User]]:
    query = (
        select(User)
        .where(User.unit_id.in_(unit_ids), User.active, User.role.in_([Role.UNIT_OFFICER, Role.UNIT_HEAD]))
        .order_by(User.order_key, User.id)
    )
    found: dict[int, list[User]] = {}
    for user in session.scalars(query):
        if user.unit_id is not None:
            found.setdefault(user.unit_id, []).append(user)
    return found


def extend_deadline(
    session: Session, survey_round: Round, unit_id: int, day: date | None, reason: str, by: Actor
) -> DeadlineExtension:
    """Give a unit until `day`, the reason is logged; a further extension takes the place of the first.

    Raises Invalid for a day that is past or not later than the round's, or no reason; Refused once the roster is
    locked, Missing for a unit that is not asked.
    """
    if survey_round.roster_locked_at is not None:
        raise Refused("Danh sách của đợt này đã khóa nên không gia hạn được nữa.")
    unit = next((card.unit for card in cards(session, survey_round) if card.unit.id == unit_id), None)
    if unit is None:
        raise Missing
    faults: dict[str, str] = {}
    if day is None:
        faults["due_on"] = "Điền hạn mới theo mẫu ngày/tháng/năm."
    elif day < today() or (survey_round.lists_due_on and day <= survey_round.lists_due_on):
        faults["due_on"] = f"Hạn mới phải sau hạn chung ({date_text(survey_round.lists_due_on)}) và chưa qua."
    elif survey_round.opens_on and day > survey_round.opens_on:
        faults["due_on"] = f"Hạn mới muộn hơn ngày bắt đầu thu phiếu ({date_text(survey_round.opens_on)})."
    if not clean(reason):
        faults["reason"] = "Ghi lý do gia hạn."
    elif len(clean(reason)) > LONGEST_REASON:
        faults["reason"] = f"Lý do dài quá {LONGEST_REASON} ký tự. Viết ngắn lại."
    if faults or day is None:
        raise Invalid(faults)
    extension = extensions_of(session, survey_round).get(unit.id)
    if extension is None:
        extension = DeadlineExtension(round_id=survey_round.id, unit_id=unit.id)
        session.add(extension)
    extension.due_on, extension.reason = day, clean(reason)
    extension.by_name, extension.at = by.full_name, now()
    session.flush()
    record(
        session, Action.LIST_DEADLINE, by, round=survey_round.code, unit=unit.name, day=date_text(day),
        reason=clean(reason),
    )  # fmt: skip
    return extension


def reminder(survey_round: Round, late: LateUnit, link: str, moment: datetime | None = None) -> str:
    """A letter to the unit, ready to be copied; Vietnamese whatever the language of the page."""
    at = (moment or now()).astimezone(LOCAL_ZONE)
    sender = survey_round.operator_unit.name
    when = f" (hạn {date_text(late.due_on)})" if late.due_on else ""
    return (
        f"Kính gửi {late.unit.name}. Đến {at:%H:%M} ngày {date_text(at.date())}, {sender} chưa nhận được danh sách đối "
        f"tượng điều tra xã hội học của quý đơn vị{when}: {late.owed_words}. Đề nghị quý đơn vị nộp tại {link}. "
        f"Đầu mối: {survey_round.help_phone or sender}."
    )


def late_workbook(survey_round: Round, units: Sequence[LateUnit], link: str) -> bytes:
    """The table of units that owe lists, with the letter to each."""
    columns = (
        SheetColumn("TT", 6), SheetColumn("Mã đơn vị", 11), SheetColumn("Đơn vị", 26),
        SheetColumn("Danh sách còn thiếu", 38), SheetColumn("Hạn nộp", 12, "date"),
        SheetColumn("Số ngày quá hạn", 10, "number"), SheetColumn("Đầu mối", 28), SheetColumn("Lời nhắc", 60),
    )  # fmt: skip
    rows = [
        (
            number, one.unit.code, one.unit.name, one.owed_words, one.due_on, max(one.days or 0, 0),
            one.contact_words, reminder(survey_round, one, link),
        )
        for number, one in enumerate(units, 1)
    ]  # fmt: skip
    plan = SheetPlan(
        "Chưa nộp", columns, rows, titles=("ĐƠN VỊ CHƯA NỘP DANH SÁCH", survey_round.title),
        notes=(f"Tính đến ngày {date_text(today())}",),
    )  # fmt: skip
    return workbook_bytes([plan], "Đơn vị chưa nộp danh sách", survey_round.mark)
