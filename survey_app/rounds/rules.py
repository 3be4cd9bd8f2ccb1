"""What may be done to a round: create it, set its parts while it is not open, ask the units for their lists.

Opening a round for answers lives in `answers`, which sees all that opening needs.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import date
from itertools import pairwise

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from ..access import Actor, in_scope
from ..audit import Action, record
from ..db import now
from ..errors import Invalid, Refused
from ..text import N_, clean, date_text, local_day
from ..units.models import Unit
from .cancelling import cancelled_words, refuse_if_cancelled
from .levels import LEVELS, level_name
from .models import GroupRating, Quota, RatedUnit, RespondentGroup, Round
from .queries import candidates_to_rate
from .scoring_rules import default_rules

_CODE = re.compile(r"[a-z0-9][a-z0-9-]{1,29}")
LONGEST_TITLE = 200
LONGEST_GRACE_HOURS = 7 * 24


@dataclass(frozen=True)
class Basics:
    """The first page of a round: what it is, whom it rates, who runs it."""

    title: str
    year: int
    level: str
    as_of: date
    operator_unit_id: int


@dataclass(frozen=True)
class Dates:
    """The days of a round; all inclusive."""

    lists_open_on: date | None
    lists_due_on: date | None
    handover_due_on: date | None
    opens_on: date | None
    closes_on: date | None
    period_from: date | None
    period_to: date | None
    age_on: date | None
    erase_personal_data_on: date | None = None
    grace_hours: int = 0


DATE_NAMES = {
    "lists_open_on": "Bắt đầu nhận danh sách",
    "lists_due_on": "Hạn nộp danh sách",
    "handover_due_on": "Bàn giao cho Sở Nội vụ",
    "opens_on": "Bắt đầu thu phiếu",
    "closes_on": "Đóng thu phiếu",
    "erase_personal_data_on": "Xóa tên và số điện thoại",
}
_ORDER = ("lists_open_on", "lists_due_on", "opens_on", "closes_on", "erase_personal_data_on")
_FROZEN = N_(
    "Đợt đã mở thu phiếu ngày {day}. Từ lúc đó bộ tiêu chí, nhóm, chỉ tiêu, ngày, quy tắc tính điểm và chế độ phiếu "
    "được giữ nguyên."
)
REQUIRED_DATES = ("lists_due_on", "opens_on", "closes_on", "period_from", "period_to", "age_on")


def usual_title(year: int) -> str:
    """The title that a round gets when nobody writes another."""
    return f"Điều tra xã hội học xác định Chỉ số CCHC năm {year}"


def title_for_year(title: str, year: int) -> str:
    """`title`, with its year corrected when it is the usual title of another year: who changes the year means both."""
    return usual_title(year) if re.fullmatch(re.escape(usual_title(0))[:-1] + r"\d{4}", clean(title)) else title


def refuse_if_frozen(survey_round: Round) -> None:
    """Raises Refused when the round is open or cancelled: nothing of its settings changes from then on."""
    refuse_if_cancelled(survey_round)
    if survey_round.is_frozen:
        raise Refused(frozen_reason(survey_round))


def frozen_reason(survey_round: Round, translate: Callable[[str], str] = str) -> str:
    """Why the settings of a round can no longer change, in the language of `translate`; empty while they can."""
    if survey_round.cancelled_at is not None:
        return cancelled_words(survey_round.cancelled_at, translate)
    if survey_round.opened_at is None:
        return ""
    return translate(_FROZEN).format(day=date_text(local_day(survey_round.opened_at)))


def refuse_if_locked(survey_round: Round) -> None:
    """Raises Refused when the round is open, or its roster is locked: groups and quotas are settled."""
    refuse_if_frozen(survey_round)
    if survey_round.roster_locked_at is not None:
        day = date_text(local_day(survey_round.roster_locked_at))
        raise Refused(f"Danh sách đã khóa ngày {day} nên nhóm và chỉ tiêu không đổi được nữa.")


def create_round(
    session: Session,
    code: str,
    basics: Basics,
    by: Actor,
    rated_unit_ids: Sequence[int] | None = None,
    *,
    demo: bool = False,
    purge_on: date | None = None,
) -> Round:
    """A new round in preparation, with default scoring rules, rating the given units (all of the level when None).

    With `purge_on` it is a training round that deletes itself on that day.
    Raises Invalid with one sentence per faulty field.
    """
    code = clean(code).lower()
    faults = _code_faults(session, code)
    unit = _check_basics(session, basics, by, faults)
    if faults or unit is None:
        raise Invalid(faults)
    facts = {"rules": default_rules(), "demo": demo, "purge_on": purge_on, "created_at": now()}
    survey_round = Round(code=code, **facts, **_columns(basics))
    session.add(survey_round)
    session.flush()
    session.refresh(survey_round)
    _rate(session, survey_round, rated_unit_ids)
    record(session, Action.ROUND_CREATED, by, round=code)
    return survey_round


def change_basics(
    session: Session, survey_round: Round, basics: Basics, rated_unit_ids: Sequence[int] | None, by: Actor
) -> None:
    """Changes what the round is and whom it rates. Raises Invalid, or Refused once the round is open.

    A unit with a quota must be valid on the new day, or the quotas would ask a unit that does not exist.
    """
    refuse_if_frozen(survey_round)
    faults: dict[str, str] = {}
    _check_basics(session, basics, by, faults)
    if (lost := _units_not_valid(session, survey_round, basics.as_of)) and "as_of" not in faults:
        names = ", ".join(unit.name for unit in lost[:3])
        faults["as_of"] = (
            f"{len(lost)} đơn vị có chỉ tiêu không còn hoặc chưa có vào ngày này ({names}…). "
            "Sửa chỉ tiêu trước, hoặc chọn ngày khác."
        )
    if faults:
        raise Invalid(faults)
    same_level = survey_round.level == basics.level
    for name, value in _columns(basics).items():
        setattr(survey_round, name, value)
    session.flush()
    session.refresh(survey_round)
    _rate(session, survey_round, rated_unit_ids if same_level else None)
    record(session, Action.ROUND_CHANGED, by, round=survey_round.code, part="năm và cấp")


def _columns(basics: Basics) -> dict[str, object]:
    values = {field.name: getattr(basics, field.name) for field in fields(basics)}
    return values | {"title": clean(basics.title)}


def _code_faults(session: Session, code: str) -> dict[str, str]:
    if not _CODE.fullmatch(code) or code == "new":  # /rounds/new is a page
        return {"code": "Mã đợt gồm 2 đến 30 chữ thường không dấu, chữ số và dấu gạch nối, ví dụ tg-2021."}
    if session.scalar(select(Round.id).where(Round.code == code)) is not None:
        return {"code": f"Mã {code} đã dùng cho đợt khác. Chọn mã khác."}
    return {}


def _check_basics(session: Session, basics: Basics, by: Actor, faults: dict[str, str]) -> Unit | None:
    """Adds faults of the first page; the operating unit when it may be taken."""
    title = clean(basics.title)
    if not title:
        faults["title"] = "Điền tên đợt."
    elif len(title) > LONGEST_TITLE:
        faults["title"] = f"Tên đợt dài quá {LONGEST_TITLE} ký tự. Viết ngắn lại."
    if not 2000 <= basics.year <= 2100:
        faults["year"] = "Năm đánh giá là một năm từ 2000 đến 2100."
    unit = session.get(Unit, basics.operator_unit_id)
    if unit is None or not in_scope(by, unit.path):
        faults["operator_unit_id"] = "Chọn cơ quan tổ chức trong danh sách."
        return None
    if basics.level not in LEVELS:
        faults["level"] = "Chọn cấp được đánh giá."
    if not unit.is_valid_on(basics.as_of):
        ended = f"đến {date_text(unit.valid_to)}" if unit.valid_to else f"từ {date_text(unit.valid_from)}"
        faults["as_of"] = f"{unit.name} chỉ có {ended}. Chọn ngày khác, hoặc cơ quan khác."
    elif basics.level in LEVELS and not candidates_to_rate(session, unit, basics.level, basics.as_of):
        faults["level"] = (
            f"Không có đơn vị nào thuộc cấp «{level_name(basics.level)}» trên địa bàn của {unit.name} "
            f"vào ngày {date_text(basics.as_of)}. Chọn cấp khác, hoặc ngày khác."
        )
    return unit


def _units_not_valid(session: Session, survey_round: Round, day: date) -> list[Unit]:
    asked = (
        select(Quota.unit_id)
        .join(RespondentGroup, RespondentGroup.id == Quota.group_id)
        .where(RespondentGroup.round_id == survey_round.id)
    )
    units = session.scalars(select(Unit).where(Unit.id.in_(asked)).order_by(Unit.order_key))
    return [unit for unit in units if not unit.is_valid_on(day)]


def _rate(session: Session, survey_round: Round, unit_ids: Sequence[int] | None) -> None:
    """Makes the rated units these (all of the level when None). Raises Invalid for none or one of another level."""
    candidates = candidates_to_rate(session, survey_round.operator_unit, survey_round.level, survey_round.as_of)
    possible = [unit.id for unit in candidates]
    wanted = set(possible if unit_ids is None else unit_ids)
    if not wanted:
        raise Invalid({"rated": "Chọn ít nhất một đơn vị được đánh giá."})
    if not wanted <= set(possible):
        raise Invalid({"rated": "Có đơn vị không thuộc cấp hoặc địa bàn của đợt. Chọn lại trong danh sách."})
    kept = set(session.scalars(select(RatedUnit.unit_id).where(RatedUnit.round_id == survey_round.id)))
    gone = select(RatedUnit.id).where(RatedUnit.round_id == survey_round.id, RatedUnit.unit_id.in_(kept - wanted))
    session.execute(delete(GroupRating).where(GroupRating.rated_unit_id.in_(gone)))
    session.execute(
        delete(RatedUnit).where(RatedUnit.round_id == survey_round.id, RatedUnit.unit_id.in_(kept - wanted))
    )
    session.add_all(RatedUnit(round_id=survey_round.id, unit_id=unit) for unit in possible if unit in wanted - kept)
    session.flush()


def set_dates(session: Session, survey_round: Round, dates: Dates, by: Actor) -> None:
    """Sets the days of the round. Raises Invalid where a day is missing or out of order, Refused once it is open."""
    refuse_if_frozen(survey_round)
    if faults := date_faults(dates):
        raise Invalid(faults)
    for field in fields(dates):
        setattr(survey_round, field.name, getattr(dates, field.name))
    record(session, Action.ROUND_CHANGED, by, round=survey_round.code, part="ngày")


def date_faults(dates: Dates) -> dict[str, str]:
    """Faults of the days, by field: required ones empty, an order that cannot be kept."""
    faults = {name: "Điền ngày theo mẫu ngày/tháng/năm." for name in REQUIRED_DATES if getattr(dates, name) is None}
    chain = [(name, day) for name in _ORDER if (day := getattr(dates, name)) is not None]
    pairs = list(pairwise(chain))
    if dates.lists_due_on and dates.handover_due_on:
        pairs.append((("lists_due_on", dates.lists_due_on), ("handover_due_on", dates.handover_due_on)))
    for (before, earlier), (after, later) in pairs:
        if later < earlier:
            name = DATE_NAMES[before].lower()
            faults[after] = f"Ngày này sớm hơn ngày {name} ({date_text(earlier)}). Sửa một trong hai ngày."
    if dates.period_from and dates.period_to and dates.period_to < dates.period_from:
        faults["period_to"] = f"Ngày cuối sớm hơn ngày đầu ({date_text(dates.period_from)}). Sửa một trong hai ngày."
    if not 0 <= dates.grace_hours <= LONGEST_GRACE_HOURS:
        faults["grace_hours"] = f"Số giờ nhận muộn là một số từ 0 đến {LONGEST_GRACE_HOURS}."
    return faults


def set_scoring(session: Session, survey_round: Round, rules: dict[str, object], by: Actor) -> None:
    """Sets the scoring rules (made by `scoring_rules.rules_from_form`).

    Raises Refused once the round is open, Invalid when they use groups below the publication threshold: the points of
    a leaf would then tell what a withheld group said.
    """
    refuse_if_frozen(survey_round)
    if int(str(rules.get("n_min", survey_round.k_min))) < survey_round.k_min:
        raise Invalid(
            {"n_min": f"Số câu trả lời tối thiểu không được nhỏ hơn ngưỡng giữ kín (k = {survey_round.k_min})."}
        )
    survey_round.rules = dict(rules)
    record(session, Action.ROUND_CHANGED, by, round=survey_round.code, part="quy tắc tính điểm")
