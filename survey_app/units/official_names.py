"""How a body names itself in official papers (Nghị định 30/2020/NĐ-CP): as issuer, as superior, in running text."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from .models import Unit, UnitKind

# A People's Committee heads its paper with its own name; an office of one names the committee above itself.
TERRITORIES = {
    UnitKind.PROVINCE: "tỉnh",
    UnitKind.DISTRICT: "huyện",
    UnitKind.COMMUNE: "xã",
    UnitKind.TOWN: "thị trấn",
    UnitKind.WARD: "phường",
    UnitKind.SPECIAL_ZONE: "đặc khu",
}


@dataclass(frozen=True)
class Issuer:
    """The two lines over a paper: `agency` may hold a line break; a People's Committee has no `superior`."""

    agency: str
    superior: str


def place_name(unit: Unit) -> str:
    """«Huyện Tuần Giáo» in running text: «huyện Tuần Giáo»."""
    word = TERRITORIES.get(UnitKind(unit.kind), "")
    return word + unit.name[len(word) :] if word and unit.name.lower().startswith(word) else unit.name


def is_territory(unit: Unit) -> bool:
    """Whether the unit is a territory, which speaks through its People's Committee."""
    return UnitKind(unit.kind) in TERRITORIES


def committee_name(unit: Unit) -> str:
    """«Ủy ban nhân dân huyện Tuần Giáo»."""
    return f"Ủy ban nhân dân {place_name(unit)}"


def unit_above(session: Session, unit: Unit) -> Unit | None:
    """The unit that this one belongs to, if any."""
    return session.get(Unit, unit.parent_id) if unit.parent_id else None


def running_name(session: Session, unit: Unit) -> str:
    """The body in running text: «Ủy ban nhân dân huyện Tuần Giáo», «Phòng Nội vụ huyện Tuần Giáo»."""
    if is_territory(unit):
        return committee_name(unit)
    above = unit_above(session, unit)
    return f"{unit.name} {place_name(above)}" if above is not None else unit.name


def issuer_of(session: Session, unit: Unit) -> Issuer:
    """The lines over a paper of this body."""
    if is_territory(unit):
        return Issuer(f"Ủy ban nhân dân\n{place_name(unit)}", "")
    above = unit_above(session, unit)
    return Issuer(unit.name, f"UBND {place_name(above)}" if above is not None else "")
