"""What may be asked of the organisation: who was there on a day, who stands under whom, who came after."""

from datetime import date, timedelta

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from ..text import N_, date_text, search_key, today
from .models import Ban, Unit, UnitKind

KIND_NAMES = {
    UnitKind.PROVINCE: N_("Tỉnh"),
    UnitKind.DISTRICT: N_("Huyện"),
    UnitKind.COMMUNE: N_("Xã"),
    UnitKind.TOWN: N_("Thị trấn"),
    UnitKind.WARD: N_("Phường"),
    UnitKind.SPECIAL_ZONE: N_("Đặc khu"),
    UnitKind.PROVINCIAL_OFFICE: N_("Sở, ngành"),
    UnitKind.DISTRICT_OFFICE: N_("Phòng chuyên môn"),
    UnitKind.SERVICE_UNIT: N_("Đơn vị sự nghiệp"),
}
COMMUNE_KINDS = (UnitKind.COMMUNE, UnitKind.TOWN, UnitKind.WARD, UnitKind.SPECIAL_ZONE)


def units_on(day: date, scope_path: str = "/") -> Select[Unit]:
    """The units valid on `day` in the subtree of `scope_path`, in Vietnamese order, to be narrowed further."""
    return (
        select(Unit)
        .where(Unit.valid_from <= day, or_(Unit.valid_to.is_(None), Unit.valid_to >= day))
        .where(Unit.path.startswith(scope_path, autoescape=True))
        .order_by(Unit.order_key, Unit.code)
    )


def find_units(session: Session, day: date, *, text: str = "", kind: str = "", scope_path: str = "/") -> list[Unit]:
    """Units valid on `day` whose name, other spelling or code holds `text`, without regard to marks and case."""
    query = units_on(day, scope_path)
    if kind:
        query = query.where(Unit.kind == kind)
    if wanted := search_key(text):
        query = query.where(
            or_(
                Unit.search_key.contains(wanted, autoescape=True),
                func.lower(Unit.code).contains(wanted, autoescape=True),
            )
        )
    return list(session.scalars(query))


def units_of_all_times(session: Session, scope_path: str) -> list[Unit]:
    """Every unit of the subtree, ended ones too: a round of an earlier year is run by units of that year."""
    below = Unit.path.startswith(scope_path, autoescape=True)
    return list(session.scalars(select(Unit).where(below).order_by(Unit.order_key, Unit.code, Unit.valid_from)))


def labelled(unit: Unit) -> str:
    """Code and name of a unit, with its last day when it has ended: what tells two units of one code apart."""
    ended = f" (đến {date_text(unit.valid_to)})" if unit.valid_to else ""
    return f"{unit.code} · {unit.name}{ended}"


def unit_named(typed: str, units: list[Unit]) -> Unit | None:
    """The unit with this code or name: the one valid today, else the only one; None when that leaves a doubt."""
    wanted = search_key(typed)
    named = [unit for unit in units if wanted in (search_key(unit.code), search_key(unit.name))]
    living = [unit for unit in named if unit.is_valid_on(today())]
    candidates = living or named
    return candidates[0] if len(candidates) == 1 else None


def unit_by_code(session: Session, code: str, day: date) -> Unit | None:
    """The unit that bore `code` on `day`."""
    return session.scalar(units_on(day).where(Unit.code == code))


def submitting_units(session: Session, day: date, scope_path: str) -> list[Unit]:
    """Units strictly below the subtree's top that are valid on `day`: those asked for lists by its operator."""
    return list(session.scalars(units_on(day, scope_path).where(Unit.path != scope_path)))


def successors(session: Session, units: list[Unit]) -> dict[int, Unit]:
    """For each ended unit the one that took over: the holder of its successor code on the day after its end.

    A successor of which the catalogue begins later is taken from its beginning.
    """
    ended = [unit for unit in units if unit.successor_code and unit.valid_to]
    codes = {unit.successor_code for unit in ended}
    found = list(session.scalars(select(Unit).where(Unit.code.in_(codes)).order_by(Unit.valid_from)))
    result: dict[int, Unit] = {}
    for unit in ended:
        day = (unit.valid_to or date.max) + timedelta(days=1)
        after = [one for one in found if one.code == unit.successor_code and (one.valid_to or date.max) >= day]
        if after:
            result[unit.id] = after[0]
    return result


def parents(session: Session, units: list[Unit]) -> dict[int, Unit]:
    """The unit above each of `units`, by the id of the lower one."""
    ids = {unit.parent_id for unit in units if unit.parent_id}
    found = {unit.id: unit for unit in session.scalars(select(Unit).where(Unit.id.in_(ids)))}
    return {unit.id: found[unit.parent_id] for unit in units if unit.parent_id}


def ban_on(session: Session, commune_code: str, day: date) -> list[Ban]:
    """The bản and khối of a commune that are valid on `day`, in Vietnamese order."""
    return list(
        session.scalars(
            select(Ban)
            .where(Ban.commune_code == commune_code, Ban.valid_from <= day)
            .where(or_(Ban.valid_to.is_(None), Ban.valid_to >= day))
            .order_by(Ban.order_key, Ban.code)
        )
    )


def days_of_change(session: Session) -> list[date]:
    """The days on which any unit began, latest first: useful days to look at the organisation."""
    return list(session.scalars(select(Unit.valid_from).distinct().order_by(Unit.valid_from.desc())))


def day_to_look_at(unit: Unit | None) -> date:
    """Today; for a unit that has ended (a district of before July 2025) its last day."""
    if unit is not None and unit.valid_to is not None and unit.valid_to < today():
        return unit.valid_to
    return today()


def count_by_kind(units: list[Unit]) -> list[tuple[str, int]]:
    """Name of each kind with the number of `units` of it, in the order of KIND_NAMES, kinds without any left out."""
    counts = {kind: sum(unit.kind == kind for unit in units) for kind in KIND_NAMES}
    return [(KIND_NAMES[kind], count) for kind, count in counts.items() if count]
