"""Reads the two catalogue files (units, bản) and names every fault by row and column."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from ..errors import Invalid
from ..text import clean
from .models import UnitKind

UNIT_COLUMNS = (
    *("code", "name", "kind", "parent", "valid_from", "valid_to", "successor_code", "address_place", "aliases"),
)
BAN_COLUMNS = ("code", "name", "kind", "commune_code", "valid_from", "valid_to", "successor_code")
BAN_KINDS = ("ban", "khoi", "thon", "to_dan_pho")


@dataclass(frozen=True)
class UnitRow:
    """One unit in one time of validity; `parent` is the code of the unit above on the first day."""

    code: str
    name: str
    kind: str
    parent: str | None
    valid_from: date
    valid_to: date | None
    successor_code: str | None
    address_place: str
    aliases: tuple[str, ...]


@dataclass(frozen=True)
class BanRow:
    """One bản or khối in one time of validity."""

    code: str
    name: str
    kind: str
    commune_code: str
    valid_from: date
    valid_to: date | None
    successor_code: str | None


def read_units(content: bytes) -> list[UnitRow]:
    """The units of a CSV file with the columns of UNIT_COLUMNS. Raises Invalid with all faults at once."""
    faults: dict[str, str] = {}
    rows: list[UnitRow] = []
    for number, cells in _records(content, UNIT_COLUMNS):
        own = _common_faults(number, cells, tuple(UnitKind))
        faults |= own
        if not own:
            rows.append(
                UnitRow(
                    code=cells["code"],
                    name=cells["name"],
                    kind=cells["kind"],
                    parent=cells["parent"] or None,
                    valid_from=date.fromisoformat(cells["valid_from"]),
                    valid_to=date.fromisoformat(cells["valid_to"]) if cells["valid_to"] else None,
                    successor_code=cells["successor_code"] or None,
                    address_place=cells["address_place"],
                    aliases=tuple(clean(alias) for alias in cells["aliases"].split("|") if clean(alias)),
                )
            )
    faults |= _repeated(rows)
    if faults:
        raise Invalid(faults)
    return rows


def read_ban(content: bytes) -> list[BanRow]:
    """The bản and khối of a CSV file with the columns of BAN_COLUMNS. Raises Invalid with all faults at once."""
    faults: dict[str, str] = {}
    rows: list[BanRow] = []
    for number, cells in _records(content, BAN_COLUMNS):
        own = _common_faults(number, cells, BAN_KINDS)
        faults |= own
        if not own:
            rows.append(
                BanRow(
                    code=cells["code"],
                    name=cells["name"],
                    kind=cells["kind"],
                    commune_code=cells["commune_code"],
                    valid_from=date.fromisoformat(cells["valid_from"]),
                    valid_to=date.fromisoformat(cells["valid_to"]) if cells["valid_to"] else None,
                    successor_code=cells["successor_code"] or None,
                )
            )
    faults |= _repeated(rows)
    if faults:
        raise Invalid(faults)
    return rows


def _records(content: bytes, columns: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    """Row number (the heading is row 1) and cleaned cells of each record."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise Invalid({"": "Tệp danh mục phải là CSV mã UTF-8. Mở lại tệp và lưu dạng CSV UTF-8."}) from fault
    reader = csv.DictReader(io.StringIO(text, newline=""))
    missing = [name for name in columns if name not in (reader.fieldnames or ())]
    if missing:
        raise Invalid({"": f"Tệp danh mục thiếu cột: {', '.join(missing)}. Thêm các cột này rồi nạp lại."})
    for number, record in enumerate(reader, start=2):
        yield number, {name: clean(record[name] or "") for name in columns}


def _common_faults(number: int, cells: dict[str, str], kinds: tuple[str, ...]) -> dict[str, str]:
    faults = {}
    for column in ("code", "name", "valid_from"):
        if not cells[column]:
            faults[f"{number}.{column}"] = f"Dòng {number}, {column}: còn trống. Điền {column}."
    if cells["kind"] not in kinds:
        known = ", ".join(kinds)
        faults[f"{number}.kind"] = f"Dòng {number}, kind: không có loại «{cells['kind']}». Chọn một trong: {known}."
    days = {}
    for column in ("valid_from", "valid_to"):
        try:
            days[column] = date.fromisoformat(cells[column]) if cells[column] else None
        except ValueError:
            faults[f"{number}.{column}"] = (
                f"Dòng {number}, {column}: không đọc được ngày «{cells[column]}». Ghi dạng 2021-12-31."
            )
    first, last = days.get("valid_from"), days.get("valid_to")
    if first and last and last < first:
        faults[f"{number}.valid_to"] = f"Dòng {number}, valid_to: sớm hơn valid_from. Kiểm tra lại hai ngày."
    return faults


def _repeated(rows: list[UnitRow] | list[BanRow]) -> dict[str, str]:
    seen: set[tuple[str, date]] = set()
    faults = {}
    for row in rows:
        key = (row.code, row.valid_from)
        if key in seen:
            faults[f"{row.code}.{row.valid_from}"] = (
                f"Mã {row.code} từ ngày {row.valid_from} có hai dòng. Bỏ một dòng hoặc sửa ngày."
            )
        seen.add(key)
    return faults
