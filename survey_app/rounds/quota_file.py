"""Quotas (*chỉ tiêu*) from a file: how many persons of each group a unit is asked for, with every fault at once.

Two layouts: one row per unit and group (`unit_code,group,quota`, with `minimum,maximum` where there is room), or a
matrix with units as rows and groups as columns.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from ..text import fold, number_text, search_key
from .sheet_table import (
    Heading,
    Row,
    SheetFault,
    decimal_of,
    find_heading,
    is_column_numbers,
    is_total,
    text_at,
)

UNIT_CODE, UNIT_NAME, GROUP, QUOTA = "unit_code", "unit_name", "group", "quota"
MINIMUM, MAXIMUM = "minimum", "maximum"
LARGEST_QUOTA = 100_000
_HEADINGS = (
    (UNIT_CODE, r"unit_code|ma (so )?(don vi|co quan)", 9),
    (UNIT_CODE, r"^(ma|ma so|code)$", 7),
    (UNIT_NAME, r"unit_name|ten (don vi|co quan)|^(cac )?(don vi|co quan)( nop danh sach)?$|^(ten|unit)$", 6),
    (GROUP, r"^(ma )?(nhom|group)( doi tuong)?$", 8),
    (MINIMUM, r"^min(imum)?$|toi thieu|it nhat", 9),
    (MAXIMUM, r"^max(imum)?$|toi da|nhieu nhat", 9),
    (QUOTA, r"quota|chi tieu|so (phieu|nguoi|luong)", 8),
)
_GROUP_HEADING = re.compile(r"(?:nhom\s+|group\s+)?([a-zđ]\d{0,2})(?:\s*[-–:./(].*)?")
_NOTHING = {"", "-", "–", "—", "x", "·"}


@dataclass(frozen=True)
class KnownUnit:
    """A unit that may be asked for a list: its code, name and other spellings."""

    code: str
    name: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class Room:
    """How few and how many persons are taken beside the target; none: exactly the target."""

    minimum: int | None = None
    maximum: int | None = None

    def fault(self, target: int) -> str:
        """What is wrong with it for this target, empty when it fits."""
        if self.minimum is not None and self.minimum > target:
            return f"ít nhất {self.minimum} lớn hơn chỉ tiêu {target}. Sửa một trong hai số."
        if self.maximum is not None and self.maximum < target:
            return f"nhiều nhất {self.maximum} nhỏ hơn chỉ tiêu {target}. Sửa một trong hai số."
        return ""


@dataclass
class QuotaReading:
    """Persons asked for, by (unit code, group code), and all that is wrong with the file."""

    quotas: dict[tuple[str, str], int] = field(default_factory=dict)
    rooms: dict[tuple[str, str], Room] = field(default_factory=dict)  # where fewer or more are taken
    faults: list[SheetFault] = field(default_factory=list)

    @property
    def total(self) -> int:
        return sum(self.quotas.values())


_NO_TABLE = (
    "Không thấy bảng chỉ tiêu trong tệp. Bảng cần các cột Mã đơn vị, Nhóm, Chỉ tiêu; hoặc cột Mã đơn vị và mỗi nhóm "
    "một cột A, B, C …"
)


def read_quotas(
    sheets: Sequence[tuple[str | None, Sequence[Row]]], units: Iterable[KnownUnit], groups: Sequence[str]
) -> QuotaReading:
    """Quotas of the first sheet that holds a quota table. `groups` are the group codes of the round."""
    for name, rows in sheets:
        heading = find_heading(rows, _recognise, {UNIT_CODE, UNIT_NAME})
        if heading is None:
            continue
        matrix = {c: code for c, text in enumerate(heading.texts) if (code := _group_of_heading(text))}
        if not matrix and not {GROUP, QUOTA} <= heading.columns.keys():
            continue
        table = _Table(name if len(sheets) > 1 else None, rows, heading, _finder(units), groups)
        return table.read_matrix(matrix) if matrix else table.read_list()
    return QuotaReading(faults=[SheetFault(None, 0, 0, _NO_TABLE)])


def _recognise(heading: str) -> dict[str, int]:
    if (code := _group_of_heading(heading)) is not None:
        return {f"group {code}": 9}
    return {field: strength for field, pattern, strength in _HEADINGS if re.search(pattern, heading)}


def _group_of_heading(text: str) -> str | None:
    """The group that heads a column of a matrix: «A», «Nhóm A», «A – Lãnh đạo phòng», also under «Chỉ tiêu / A»."""
    parts = _GROUP_HEADING.fullmatch(search_key(text.rsplit(" / ", 1)[-1]))
    return parts[1].upper() if parts else None


def _finder(units: Iterable[KnownUnit]) -> Callable[[str, str], str | None]:
    """A function (code, name) -> code of the unit; a code that lost its zeros in Excel is found too."""
    by_code: dict[str, str] = {}
    by_name: dict[str, set[str]] = {}
    for unit in units:
        by_code[unit.code.casefold()] = unit.code
        by_code.setdefault(unit.code.lstrip("0").casefold(), unit.code)
        for name in (unit.name, *unit.aliases):
            by_name.setdefault(fold(name), set()).add(unit.code)

    def find(code: str, name: str) -> str | None:
        if code:
            return by_code.get(code.casefold())
        found = by_name.get(fold(name), set())
        return next(iter(found)) if len(found) == 1 else None

    return find


@dataclass
class _Table:
    sheet: str | None
    rows: Sequence[Row]
    heading: Heading
    find_unit: Callable[[str, str], str | None]
    groups: Sequence[str]
    reading: QuotaReading = field(default_factory=QuotaReading)
    first_row: dict[tuple[str, str], int] = field(default_factory=dict)

    def read_list(self) -> QuotaReading:
        """One row for each unit and group."""
        group_column, quota_column = self.heading.columns[GROUP], self.heading.columns[QUOTA]
        for number, row in self._body():
            group = _group_of_heading(text_at(row, group_column)) or text_at(row, group_column)
            unit = self._unit(number, row)
            if group not in self.groups:
                allowed = ", ".join(self.groups)
                self._fault(number, group_column, f"nhóm «{group}» không có trong đợt. Các nhóm: {allowed}.")
            elif not text_at(row, quota_column):
                self._fault(number, quota_column, "chưa có chỉ tiêu. Điền một số nguyên, 0 nếu không hỏi ai.")
            elif unit is not None:
                self._take(number, quota_column, unit, group, row)
        return self._finished()

    def read_matrix(self, matrix: dict[int, str]) -> QuotaReading:
        """Units as rows, groups as columns; an empty cell asks nobody."""
        for column, group in matrix.items():
            if group not in self.groups:
                allowed = ", ".join(self.groups)
                message = f"nhóm «{group}» không có trong đợt. Các nhóm: {allowed}."
                self._fault(self.heading.last + 1, column, message)
        asked = {column: group for column, group in matrix.items() if group in self.groups}
        for number, row in self._body():
            unit = self._unit(number, row)
            for column, group in asked.items():
                if unit is not None and text_at(row, column) not in _NOTHING:
                    self._take(number, column, unit, group, row)
        self._check_totals(asked)
        return self._finished()

    def _body(self) -> Iterable[tuple[int, Row]]:
        """Rows of units with their number; blank rows, the row of column numbers and totals are none."""
        for number, row in enumerate(self.rows[self.heading.last + 1 :], start=self.heading.last + 2):
            has_unit = text_at(row, self._column(UNIT_CODE)) or text_at(row, self._column(UNIT_NAME))
            if has_unit and not is_column_numbers(row) and not is_total(row):
                yield number, row

    def _column(self, name: str) -> int | None:
        return self.heading.columns.get(name)

    def _fault(self, row: int, column: int | None, message: str) -> None:
        self.reading.faults.append(SheetFault(self.sheet, row, (column if column is not None else -1) + 1, message))

    def _unit(self, number: int, row: Row) -> str | None:
        code, name = text_at(row, self._column(UNIT_CODE)), text_at(row, self._column(UNIT_NAME))
        found = self.find_unit(code, name)
        if found is None:
            column = self._column(UNIT_CODE) if code else self._column(UNIT_NAME)
            self._fault(
                number, column, f"không tìm thấy đơn vị «{code or name}» trong danh mục của đợt. Sửa mã đơn vị."
            )
        return found

    def _take(self, number: int, column: int, unit: str, group: str, row: Row) -> None:
        value = decimal_of(row[column])
        if value is None or value != int(value) or not 0 <= value <= LARGEST_QUOTA:
            written = text_at(row, column)
            self._fault(number, column, f"chỉ tiêu «{written}» không phải số nguyên từ 0 đến {_LARGEST}. Điền lại.")
        elif (unit, group) in self.first_row:
            first = self.first_row[unit, group]
            self._fault(number, column, f"nhóm {group} của đơn vị {unit} đã có chỉ tiêu ở dòng {first}. Bỏ một dòng.")
        else:
            self.first_row[unit, group] = number
            if value:
                self.reading.quotas[unit, group] = int(value)
                self._take_room(number, unit, group, row, int(value))

    def _take_room(self, number: int, unit: str, group: str, row: Row, target: int) -> None:
        """The columns «ít nhất», «nhiều nhất» of the list layout, where they are and hold something."""
        bounds: dict[str, int | None] = {}
        for name, words in ((MINIMUM, "ít nhất"), (MAXIMUM, "nhiều nhất")):
            column = self._column(name)
            written = text_at(row, column)
            value = decimal_of(row[column]) if column is not None and written not in _NOTHING else None
            bounds[name] = int(value) if value is not None and value == int(value) and value >= 0 else None
            if written not in _NOTHING and bounds[name] is None:
                self._fault(number, column, f"{words} «{written}» không phải số nguyên. Điền lại.")
        room = Room(**bounds)
        if fault := room.fault(target):
            self._fault(number, self._column(MINIMUM) or self._column(MAXIMUM), fault)
        elif room != Room():
            self.reading.rooms[unit, group] = room

    def _check_totals(self, asked: dict[int, str]) -> None:
        """A printed total row must equal what the units add up to; not judged when a unit or a figure is unreadable."""
        if self.reading.faults:
            return
        for number, row in enumerate(self.rows[self.heading.last + 1 :], start=self.heading.last + 2):
            if not is_total(row):
                continue
            for column, group in asked.items():
                printed = decimal_of(row[column]) if column < len(row) else None
                found = sum(quota for (_, g), quota in self.reading.quotas.items() if g == group)
                if printed is not None and printed != found:
                    message = (
                        f"dòng tổng in {number_text(printed)} người, các đơn vị cộng lại được {number_text(found)}."
                    )
                    self._fault(number, column, message + " Sửa cho khớp.")

    def _finished(self) -> QuotaReading:
        if not self.reading.quotas and not self.reading.faults:
            self._fault(0, None, "tệp không có chỉ tiêu nào. Kiểm tra đã tải đúng tệp chưa.")
        self.reading.faults.sort(key=lambda fault: (fault.row, fault.column))
        return self.reading


_LARGEST = number_text(LARGEST_QUOTA)
