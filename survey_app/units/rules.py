"""What may be done to the organisation: load its catalogue, again and again without doubling anything."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from ..access import Actor
from ..audit import Action, record
from ..errors import Invalid
from ..text import order_key, search_key
from .catalogue_file import BanRow, UnitRow, read_ban, read_units
from .models import Ban, Unit

DATA = Path(__file__).parent / "data"


@dataclass(frozen=True)
class Loaded:
    """How many rows a catalogue has, and how many of them were new or changed."""

    units: int
    ban: int
    changed: int


def seed_units(
    session: Session, by: Actor | None = None, units: bytes | None = None, ban: bytes | None = None
) -> Loaded:
    """Load the catalogue of units and bản: the shipped one of Tuần Giáo, or the content of two CSV files.

    The key is (code, valid_from): a row that is there takes the values of the file, none is doubled or removed. A
    second load of the same files changes nothing and leaves no entry in the log. Raises Invalid with all faults.
    """
    unit_rows = read_units((DATA / "units.csv").read_bytes() if units is None else units)
    ban_rows = read_ban((DATA / "ban.csv").read_bytes() if ban is None else ban)
    changed = _load_units(session, unit_rows) + _load_ban(session, ban_rows)
    if changed:
        record(session, Action.UNITS_SEEDED, by, units=len(unit_rows), ban=len(ban_rows))
    return Loaded(len(unit_rows), len(ban_rows), changed)


def _load_units(session: Session, rows: list[UnitRow]) -> int:
    known = {(unit.code, unit.valid_from): unit for unit in session.scalars(select(Unit))}
    changed = 0
    for row in rows:
        values = {
            "name": row.name,
            "kind": row.kind,
            "valid_to": row.valid_to,
            "successor_code": row.successor_code,
            "address_place": row.address_place,
            "aliases": list(row.aliases),
            # Other spellings are found too; each stands on a line of its own.
            "search_key": "\n".join(search_key(name) for name in (row.name, *row.aliases)),
            "order_key": order_key(row.name),
        }
        unit = known.get((row.code, row.valid_from))
        if unit is None:
            unit = known[row.code, row.valid_from] = Unit(code=row.code, valid_from=row.valid_from, **values)
            session.add(unit)
            changed += 1
        elif any(getattr(unit, name) != value for name, value in values.items()):
            changed += 1
            for name, value in values.items():
                setattr(unit, name, value)
    session.flush()
    _place_under_parents(rows, known)
    session.flush()
    return changed


def _place_under_parents(rows: list[UnitRow], known: dict[tuple[str, date], Unit]) -> None:
    """Give each unit its parent and path. Raises Invalid for a parent that is missing or stands under its own child."""
    faults: dict[str, str] = {}
    by_code: dict[str, list[Unit]] = {}
    for unit in known.values():
        by_code.setdefault(unit.code, []).append(unit)
    for row in rows:
        unit = known[row.code, row.valid_from]
        parent = _parent_on(by_code.get(row.parent, []), row) if row.parent else None
        if row.parent and parent is None:
            faults[f"{row.code}.parent"] = (
                f"Đơn vị {row.code}, parent: không có đơn vị cấp trên mã «{row.parent}». Thêm dòng của đơn vị đó."
            )
        unit.parent_id = parent.id if parent else None
    if faults:
        raise Invalid(faults)
    by_id = {unit.id: unit for unit in known.values()}
    for row in rows:
        unit = known[row.code, row.valid_from]
        unit.path = _path(unit, by_id)


def _parent_on(candidates: list[Unit], row: UnitRow) -> Unit | None:
    """The parent on the unit's first day; where the catalogue begins later than the unit, the parent it begins with."""
    there = [unit for unit in candidates if unit.is_valid_on(row.valid_from)]
    later = [unit for unit in candidates if unit.valid_from > row.valid_from]
    return there[0] if there else min(later, key=lambda unit: unit.valid_from, default=None)


def _path(unit: Unit, by_id: dict[int, Unit]) -> str:
    ids: list[int] = []
    above: Unit | None = unit
    while above is not None:
        if above.id in ids:
            raise Invalid({f"{unit.code}.parent": f"Đơn vị {unit.code}, parent: đơn vị này nằm dưới chính nó."})
        ids.append(above.id)
        above = by_id.get(above.parent_id) if above.parent_id else None
    return "/" + "/".join(str(unit_id) for unit_id in reversed(ids)) + "/"


def _load_ban(session: Session, rows: list[BanRow]) -> int:
    known = {(ban.code, ban.valid_from): ban for ban in session.scalars(select(Ban))}
    changed = 0
    for row in rows:
        values = {
            "name": row.name,
            "kind": row.kind,
            "commune_code": row.commune_code,
            "valid_to": row.valid_to,
            "successor_code": row.successor_code,
            "search_key": search_key(row.name),
            "order_key": order_key(row.name),
        }
        ban = known.get((row.code, row.valid_from))
        if ban is None:
            session.add(Ban(code=row.code, valid_from=row.valid_from, **values))
            changed += 1
        elif any(getattr(ban, name) != value for name, value in values.items()):
            changed += 1
            for name, value in values.items():
                setattr(ban, name, value)
    session.flush()
    return changed
