"""What differs between two versions of a roster: who came, who left, which fields were corrected."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from ..errors import Refused
from ..roster.models import RosterVersion
from ..sheets import SheetColumn, SheetPlan, Value, workbook_bytes
from ..text import N_, date_text

FIELD_WORDS = {
    "name": N_("Họ và tên"),
    "birth_year": N_("Năm sinh"),
    "birth_date": N_("Ngày sinh"),
    "gender": N_("Giới tính"),
    "ethnicity": N_("Dân tộc"),
    "job_title": N_("Chức vụ"),
    "workplace": N_("Đơn vị công tác"),
    "ban": N_("Bản/khối"),
    "phone": N_("Số điện thoại"),
    "email": N_("Thư điện tử"),
    "business": N_("Tên doanh nghiệp/HTX"),
    "tax_code": N_("Mã số thuế"),
    "address": N_("Địa chỉ"),
    "procedure": N_("Thủ tục hành chính"),
    "dossier": N_("Mã hồ sơ"),
    "receipt_date": N_("Ngày tiếp nhận"),
    "return_date": N_("Ngày trả kết quả"),
    "language": N_("Ngôn ngữ thuận tiện"),
    "note": N_("Ghi chú"),
}
_HIDDEN = "ethnicity"  # that it changed is told, what it is not


@dataclass(frozen=True)
class Entry:
    """A person of one version: where, and all facts."""

    group: str
    unit: str
    name: str
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class Correction:
    """A person of both versions with the fields that differ: (field, before, after)."""

    entry: Entry
    fields: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Difference:
    """From one version to another. Order: as in the roster."""

    joined: tuple[Entry, ...]
    left: tuple[Entry, ...]
    corrected: tuple[Correction, ...]

    @property
    def counts(self) -> list[tuple[str, str, int, int]]:
        """(group, unit, joined, left) for each list with a change of persons."""
        found: dict[tuple[str, str], list[int]] = {}
        for at, entries in enumerate((self.joined, self.left)):
            for entry in entries:
                found.setdefault((entry.group, entry.unit), [0, 0])[at] += 1
        return [(group, unit, joined, left) for (group, unit), (joined, left) in sorted(found.items())]


def compare(older: RosterVersion, newer: RosterVersion) -> Difference:
    """The difference from `older` to `newer`. Raises Refused when personal data of one of them were erased."""
    before, after = _entries(older), _entries(newer)
    corrected = []
    for person_id in before.keys() & after.keys():
        fields = _changed(before[person_id].facts, after[person_id].facts)
        if fields:
            corrected.append((list(after).index(person_id), Correction(after[person_id], fields)))
    return Difference(
        tuple(entry for person_id, entry in after.items() if person_id not in before),
        tuple(entry for person_id, entry in before.items() if person_id not in after),
        tuple(correction for _place, correction in sorted(corrected, key=lambda one: one[0])),
    )


def _entries(version: RosterVersion) -> dict[int, Entry]:
    if version.content is None:
        raise Refused(
            f"Dữ liệu cá nhân của bản {version.number} đã được xóa theo thời hạn; chỉ còn số người và mã băm."
        )
    persons: Sequence[dict[str, Any]] = json.loads(version.content)["persons"]
    return {one["id"]: Entry(one["group"], one["unit"], one["name"], one) for one in persons}


def _changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[tuple[str, str, str], ...]:
    return tuple(
        (name, _shown(name, before.get(name)), _shown(name, after.get(name)))
        for name in FIELD_WORDS
        if before.get(name) != after.get(name)
    )


def _shown(name: str, value: Any) -> str:
    if value is None:
        return ""
    if name == _HIDDEN:
        return "…"
    if name.endswith("_date"):
        return date_text(date.fromisoformat(value))
    return str(value)


def difference_workbook(older: RosterVersion, newer: RosterVersion, mark: str = "") -> bytes:
    """The difference as .xlsx: one sheet each for who joined, who left, what was corrected. Raises as `compare`."""
    found = compare(older, newer)
    notes = (f"Từ bản {older.number} (SHA-256 {older.sha256}) đến bản {newer.number} (SHA-256 {newer.sha256})",)
    place = (SheetColumn("Nhóm", 8), SheetColumn("Đơn vị", 30), SheetColumn("Họ và tên", 26))
    people = (*place, SheetColumn("Năm sinh", 10), SheetColumn("Số điện thoại", 14))
    cells = (*place, SheetColumn("Cột", 22), SheetColumn("Trước", 30), SheetColumn("Sau", 30))

    def rows(entries: Sequence[Entry]) -> list[list[Value]]:
        return [
            [one.group, one.unit, one.name, str(one.facts.get("birth_year") or ""), one.facts.get("phone")]
            for one in entries
        ]

    corrections: list[list[Value]] = [
        [one.entry.group, one.entry.unit, one.entry.name, FIELD_WORDS[name], before, after]
        for one in found.corrected
        for name, before, after in one.fields
    ]
    plans = [
        SheetPlan("Bổ sung", people, rows(found.joined), titles=("NGƯỜI ĐƯỢC BỔ SUNG",), notes=notes),
        SheetPlan("Đưa ra", people, rows(found.left), titles=("NGƯỜI ĐƯỢC ĐƯA RA",), notes=notes),
        SheetPlan("Đính chính", cells, corrections, titles=("THÔNG TIN ĐƯỢC ĐÍNH CHÍNH",), notes=notes),
    ]
    return workbook_bytes(plans, f"So sánh bản {older.number} và bản {newer.number}", mark)
