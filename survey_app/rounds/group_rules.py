"""Groups, quotas and modes of a round, and its criterion set: what may be set, from forms and from files."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ..access import Actor
from ..audit import Action, record
from ..errors import Invalid, Refused
from ..text import clean, number_text
from ..units.models import Unit
from ..workbook import read_workbook
from . import criteria_set, models
from .cancelling import refuse_if_cancelled
from .criteria_file import read_criteria
from .criteria_set import CriteriaReading
from .levels import SO_AND_COMMUNES, usual_group
from .models import CriterionSet, ListType, Mode, Quota, RespondentGroup, Round
from .queries import groups_of, has_cells, surveyed_group_codes, units_of_territory
from .quota_file import KnownUnit, QuotaReading, Room, read_quotas
from .rules import refuse_if_frozen, refuse_if_locked

SHIPPED = Path(__file__).parent / "data"
SHIPPED_CRITERIA = SHIPPED / "criteria-district-2021.csv"
PROVINCE_CRITERIA = SHIPPED / "criteria-province-2026.csv"
SHIPPED_QUOTAS = SHIPPED / "quota-tuan-giao-2021.csv"
_GROUP_CODE = re.compile(r"[A-Z]\d{0,2}")
KEY_MODES = ("availability", "strict")
SMALLEST_K, LARGEST_K = 5, 50
LONGEST_PURPOSE = 200
MOST_PERCENT = 200
_FEWEST_DIGITS = 8
_NO_PHONE = f"Điền số điện thoại trợ giúp, ít nhất {_FEWEST_DIGITS} chữ số."


@dataclass(frozen=True)
class GroupEntry:
    """One group as the office names it."""

    code: str
    name: str
    list_type: str
    self_rating: bool = False


def import_criteria(
    session: Session, survey_round: Round, content: bytes, file_name: str, by: Actor
) -> CriteriaReading:
    """Reads a criterion file and, when it has no fault, makes it the set of the round in place of an earlier one.

    Groups that it asks and the round does not have yet are added with their usual names. Nothing is stored when the
    reading has faults. Raises workbook.Rejected for a file that is no workbook, Refused once the round is open.
    """
    refuse_if_frozen(survey_round)
    workbook = read_workbook(content, file_name)
    reading = read_criteria([(sheet.name, sheet.rows) for sheet in workbook.sheets])
    if reading.faults:
        return reading
    old = session.scalar(select(CriterionSet).where(CriterionSet.round_id == survey_round.id))
    if old is not None:
        session.delete(old)
        session.flush()
    criteria = CriterionSet(
        round_id=survey_round.id,
        title=f"Bộ tiêu chí năm {survey_round.year}",
        source_name=clean(file_name)[:200],
        source_sha256=hashlib.sha256(content).hexdigest(),
        areas=[_stored_area(area, position) for position, area in enumerate(reading.areas, 1)],
    )
    session.add(criteria)
    _add_missing_groups(session, survey_round, {code for leaf in reading.leaves for code in leaf.groups})
    session.flush()
    record(
        session,
        Action.ROUND_CRITERIA,
        by,
        round=survey_round.code,
        leaves=len(reading.leaves),
        points=number_text(reading.max_points, 2),
    )
    return reading


def shipped_criteria(level: str) -> Path:
    """The criterion set that ships for a level."""
    return PROVINCE_CRITERIA if level == SO_AND_COMMUNES else SHIPPED_CRITERIA


def _stored_area(area: criteria_set.Area, position: int) -> models.Area:
    return models.Area(
        code=area.code,
        name=area.name,
        position=position,
        leaves=[
            models.Criterion(
                code=leaf.code,
                title=leaf.title,
                max_points=leaf.max_points,
                scored_by=leaf.scored_by,
                group_codes=list(leaf.groups),
                position=number,
            )
            for number, leaf in enumerate(area.leaves, 1)
        ],
    )


def _add_missing_groups(session: Session, survey_round: Round, codes: set[str]) -> None:
    known = {group.code for group in groups_of(session, survey_round)}
    for code in sorted(codes - known):
        name, list_type = usual_group(code, survey_round.level)
        session.add(RespondentGroup(round_id=survey_round.id, code=code, name=name, list_type=list_type))


def set_groups(session: Session, survey_round: Round, entries: Sequence[GroupEntry], by: Actor) -> None:
    """Makes the groups of the round these; groups left out are removed with their quotas.

    Raises Invalid (fields `code_0`, `name_0` … by position), Refused once the roster is locked or the round is open.
    """
    refuse_if_locked(survey_round)
    if faults := _group_faults(session, survey_round, entries):
        raise Invalid(faults)
    known = {group.code: group for group in groups_of(session, survey_round)}
    for entry in entries:
        group = known.pop(entry.code, None)
        if group is None:
            group = RespondentGroup(round_id=survey_round.id, code=entry.code, mode=Mode.SEALED)
            session.add(group)
        group.name, group.list_type, group.self_rating = clean(entry.name), entry.list_type, entry.self_rating
    for group in known.values():
        _remove_group(session, group)
    session.flush()
    record(session, Action.ROUND_CHANGED, by, round=survey_round.code, part="nhóm đối tượng")


def _group_faults(session: Session, survey_round: Round, entries: Sequence[GroupEntry]) -> dict[str, str]:
    faults: dict[str, str] = {}
    codes = [entry.code for entry in entries]
    for number, entry in enumerate(entries):
        if not _GROUP_CODE.fullmatch(entry.code):
            faults[f"code_{number}"] = f"Mã nhóm «{entry.code}» chưa đúng. Điền một chữ cái in, ví dụ A."
        elif codes.index(entry.code) != number:
            faults[f"code_{number}"] = f"Nhóm {entry.code} có hai dòng. Sửa mã của một dòng."
        if not clean(entry.name):
            faults[f"name_{number}"] = f"Điền tên nhóm {entry.code}."
        if entry.list_type not in set(ListType):
            faults[f"list_type_{number}"] = f"Chọn loại danh sách của nhóm {entry.code}."
    if unnamed := [code for code in surveyed_group_codes(session, survey_round) if code not in codes]:
        faults[""] = f"Bộ tiêu chí có hỏi nhóm {', '.join(unnamed)}. Giữ nhóm này, hoặc sửa bộ tiêu chí trước."
    return faults


def _remove_group(session: Session, group: RespondentGroup) -> None:
    """Removes a group. Raises Invalid when lists or questionnaires of the group exist already."""
    try:
        with session.begin_nested():
            session.delete(group)
            session.flush()
    except IntegrityError as held:
        message = f"Nhóm {group.code} đã có danh sách hoặc phiếu hỏi nên không bỏ được."
        raise Invalid({"": message}) from held


def import_quotas(session: Session, survey_round: Round, content: bytes, file_name: str, by: Actor) -> QuotaReading:
    """Reads a quota file and, when it has no fault, makes it the quotas of the round. Nothing is stored otherwise.

    Raises workbook.Rejected for a file that is no workbook, Refused once the roster is locked or the round is open.
    """
    refuse_if_locked(survey_round)
    workbook = read_workbook(content, file_name)
    units = units_of_territory(session, survey_round.operator_unit, survey_round.as_of)
    known = [KnownUnit(unit.code, unit.name, tuple(unit.aliases)) for unit in units]
    groups = [group.code for group in groups_of(session, survey_round)]
    reading = read_quotas([(sheet.name, sheet.rows) for sheet in workbook.sheets], known, groups)
    if not reading.faults:
        by_code = {unit.code: unit.id for unit in units}
        targets = {(by_code[unit], group): target for (unit, group), target in reading.quotas.items()}
        rooms = {(by_code[unit], group): room for (unit, group), room in reading.rooms.items()}
        set_quotas(session, survey_round, targets, by, rooms)
    return reading


def set_quotas(
    session: Session, survey_round: Round, targets: Mapping[tuple[int, str], int], by: Actor,
    rooms: Mapping[tuple[int, str], Room] | None = None,
) -> None:  # fmt: skip
    """Makes the quotas of the round these: (unit id, group code) -> persons; zeros are left out.

    `rooms` says where fewer or more than the target are taken; a quota it does not name asks for exactly the target.
    Raises Refused once the roster is locked or the round is open, Invalid for a unit or group not of the round.
    """
    refuse_if_locked(survey_round)
    groups = {group.code: group for group in groups_of(session, survey_round)}
    units = {unit.id for unit in units_of_territory(session, survey_round.operator_unit, survey_round.as_of)}
    for unit_id, code in targets:
        if code not in groups or unit_id not in units:
            raise Invalid({"": "Có đơn vị hoặc nhóm không thuộc đợt này. Tải lại trang rồi làm lại."})
    rooms = rooms or {}
    for (unit_id, code), room in rooms.items():
        if fault := room.fault(targets.get((unit_id, code), 0)):
            raise Invalid({f"q_{unit_id}_{code}": fault})
    old = {(q.unit_id, code): q for code, group in groups.items() for q in group.quotas}
    wanted = {key: target for key, target in targets.items() if target > 0}
    session.execute(delete(Quota).where(Quota.id.in_([q.id for key, q in old.items() if key not in wanted])))
    for (unit_id, code), target in wanted.items():
        quota = old.get((unit_id, code))
        if quota is None:
            quota = Quota(group_id=groups[code].id, unit_id=unit_id)
            session.add(quota)
        room = rooms.get((unit_id, code), Room())
        quota.target, quota.minimum, quota.maximum = target, room.minimum, room.maximum
    session.flush()
    for group in groups.values():
        session.expire(group, ["quotas"])
    record(session, Action.ROUND_CHANGED, by, round=survey_round.code, part="chỉ tiêu")


def copy_quotas(session: Session, survey_round: Round, source: Round, by: Actor) -> list[str]:
    """Takes the quotas of an earlier round, by unit and group code; returns names of units that no longer exist."""
    units = units_of_territory(session, survey_round.operator_unit, survey_round.as_of)
    by_code = {unit.code: unit.id for unit in units}
    groups = {group.code for group in groups_of(session, survey_round)}
    targets: dict[tuple[int, str], int] = {}
    rooms: dict[tuple[int, str], Room] = {}
    lost: list[Unit] = []
    for group in groups_of(session, source):
        for quota in group.quotas:
            unit_id = by_code.get(quota.unit.code)
            if unit_id is None:
                lost.append(quota.unit)
            elif group.code in groups:
                targets[unit_id, group.code] = quota.target
                rooms[unit_id, group.code] = Room(quota.minimum, quota.maximum)
    set_quotas(session, survey_round, targets, by, rooms)
    return sorted({unit.name for unit in lost})


@dataclass(frozen=True)
class RoomRule:
    """Room as a share of the target, for all units of a group: at least so many per cent, at most so many (100 up)."""

    least_percent: int = 100
    most_percent: int = 100

    def room(self, target: int) -> Room:
        """Whole persons: the least is rounded up, the most down, so that nobody gets more room than the share."""
        least = -(-target * self.least_percent // 100)
        most = target * self.most_percent // 100
        return Room(least if least < target else None, most if most > target else None)


def set_room_of_group(session: Session, survey_round: Round, code: str, rule: RoomRule, by: Actor) -> int:
    """Gives every quota of a group the room of the rule, returns how many. Raises Invalid, Refused once locked."""
    refuse_if_locked(survey_round)
    group = next((one for one in groups_of(session, survey_round) if one.code == code), None)
    faults: dict[str, str] = {}
    if group is None:
        faults["group"] = "Chọn nhóm."
    if not 0 <= rule.least_percent <= 100:
        faults["least"] = "Ít nhất là một số phần trăm từ 0 đến 100."
    if not 100 <= rule.most_percent <= MOST_PERCENT:
        faults["most"] = f"Nhiều nhất là một số phần trăm từ 100 đến {MOST_PERCENT}."
    if faults or group is None:
        raise Invalid(faults)
    for quota in group.quotas:
        room = rule.room(quota.target)
        quota.minimum, quota.maximum = room.minimum, room.maximum
    session.flush()
    record(session, Action.ROUND_CHANGED, by, round=survey_round.code, part=f"ít nhất, nhiều nhất của nhóm {code}")
    return len(group.quotas)


@dataclass(frozen=True)
class ListRules:
    """Who confirms a list, and whether one that misses the quota is refused or taken with a reason."""

    head_confirms: bool
    blocks_short: bool
    blocks_over: bool


def set_list_rules(session: Session, survey_round: Round, rules: ListRules, by: Actor) -> None:
    """Sets how lists are handed in. Raises Refused once the roster is locked."""
    refuse_if_locked(survey_round)
    survey_round.head_confirms = rules.head_confirms
    survey_round.blocks_short, survey_round.blocks_over = rules.blocks_short, rules.blocks_over
    record(session, Action.ROUND_CHANGED, by, round=survey_round.code, part="cách nộp danh sách")


def set_modes(
    session: Session,
    survey_round: Round,
    modes: Mapping[str, str],
    k_min: int,
    key_mode: str,
    help_phone: str,
    help_hours: str,
    by: Actor,
    reading_purpose: str = "",
) -> None:
    """Sets the mode of each group, why identified answers are read, the publication threshold, how many keys open,
    and whom respondents may call.

    Raises Invalid, and Refused for what people are told (mode, purpose, threshold) once the publication cells are
    fixed.
    """
    refuse_if_frozen(survey_round)
    groups = groups_of(session, survey_round)
    faults: dict[str, str] = {}
    for group in groups:
        if modes.get(group.code, group.mode) not in set(Mode):
            faults[f"mode_{group.code}"] = f"Chọn chế độ phiếu của nhóm {group.code}."
    if not SMALLEST_K <= k_min <= LARGEST_K:
        faults["k_min"] = f"Ngưỡng giữ kín là một số từ {SMALLEST_K} đến {LARGEST_K}."
    elif (n_min := int(survey_round.rules.get("n_min", k_min))) < k_min:
        faults["k_min"] = (
            f"Quy tắc tính điểm dùng nhóm từ {n_min} câu trả lời, ít hơn ngưỡng này, nên điểm sẽ để lộ nhóm nhỏ. "
            "Tăng số câu trả lời tối thiểu ở trang quy tắc trước."
        )
    if key_mode not in KEY_MODES:
        faults["key_mode"] = "Chọn số khóa cần để mở niêm phong."
    if not _can_be_called(help_phone):
        faults["help_phone"] = _NO_PHONE
    purpose = clean(reading_purpose)
    if len(purpose) > LONGEST_PURPOSE:
        faults["reading_purpose"] = f"Dài quá {LONGEST_PURPOSE} ký tự. Viết ngắn lại."
    if faults:
        raise Invalid(faults)
    changes = any(modes.get(g.code, g.mode) != g.mode for g in groups) or purpose != survey_round.reading_purpose
    if (changes or k_min != survey_round.k_min) and has_cells(session, survey_round):
        raise Refused("Ô công bố đã chốt nên chế độ phiếu và ngưỡng giữ kín không đổi được nữa.")
    for group in groups:
        group.mode = modes.get(group.code, group.mode)
    survey_round.k_min, survey_round.key_mode = k_min, key_mode
    survey_round.reading_purpose = purpose
    survey_round.help_phone, survey_round.help_hours = clean(help_phone), clean(help_hours)
    record(session, Action.ROUND_CHANGED, by, round=survey_round.code, part="chế độ phiếu")


def set_help_line(session: Session, survey_round: Round, phone: str, hours: str, by: Actor) -> None:
    """Changes whom respondents may call, also while answers come in. Raises Invalid; Refused once closed."""
    refuse_if_cancelled(survey_round)
    if survey_round.closed_at is not None:
        raise Refused("Đợt đã đóng thu phiếu nên điện thoại trợ giúp không đổi nữa.")
    if not _can_be_called(phone):
        raise Invalid({"help_phone": _NO_PHONE})
    survey_round.help_phone, survey_round.help_hours = clean(phone), clean(hours)
    record(session, Action.ROUND_CHANGED, by, round=survey_round.code, part="điện thoại trợ giúp")


def _can_be_called(phone: str) -> bool:
    return sum(char.isdigit() for char in phone) >= _FEWEST_DIGITS
