"""Tables of the organisation. Codes are used again after the reform of 2025: the key is (code, valid_from)."""

from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..db import Base, one_of


class UnitKind(StrEnum):
    """Kind of unit, in the words of the catalogue."""

    PROVINCE = "tinh"
    DISTRICT = "huyen"
    COMMUNE = "xa"
    TOWN = "thi_tran"
    WARD = "phuong"
    SPECIAL_ZONE = "dac_khu"
    PROVINCIAL_OFFICE = "so"
    DISTRICT_OFFICE = "phong"
    SERVICE_UNIT = "dvsn"


class Unit(Base):
    """Đơn vị: a body valid from one day to another (both inclusive); `path` is «/1/2/17/», for subtree checks."""

    __tablename__ = "unit"
    __table_args__ = (
        UniqueConstraint("code", "valid_from"),
        CheckConstraint(one_of("kind", UnitKind), name="kind_known"),
        CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="validity_in_order"),
        Index("ix_unit_path", "path"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str]
    name: Mapped[str]
    kind: Mapped[str]
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    path: Mapped[str] = mapped_column(default="")
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    successor_code: Mapped[str | None]
    address_place: Mapped[str] = mapped_column(default="")  # địa danh, as written before the date of a document
    aliases: Mapped[list[Any]] = mapped_column(default=list)  # other spellings in use
    search_key: Mapped[str]
    order_key: Mapped[str]

    parent: Mapped["Unit | None"] = relationship(remote_side=[id])

    def is_valid_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


class Ban(Base):
    """Bản/khối: a village or quarter of a commune, valid by date."""

    __tablename__ = "ban"
    __table_args__ = (UniqueConstraint("code", "valid_from"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str]
    name: Mapped[str]
    kind: Mapped[str]
    commune_code: Mapped[str] = mapped_column(index=True)
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    successor_code: Mapped[str | None]
    search_key: Mapped[str]
    order_key: Mapped[str]
