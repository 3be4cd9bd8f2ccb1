"""What can be wrong in a list: the kinds with their severity, and how each is told to the unit and to the office."""

import dataclasses
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from ..text import date_text, phone_text

ERROR = "error"
WARNING = "warning"

SEVERITY = {
    "missing_column": ERROR,
    "missing_name": ERROR,
    "missing_value": ERROR,
    "invalid_phone": ERROR,
    "phone_old_prefix": WARNING,
    "under_age": ERROR,
    "invalid_birth_year": ERROR,
    "invalid_date": ERROR,
    "return_before_receipt": ERROR,
    "return_outside_period": ERROR,
    "unknown_unit": ERROR,
    "unit_not_valid_at_date": ERROR,
    "unknown_ban": ERROR,
    "ban_not_valid_at_date": ERROR,
    "duplicate_in_file": ERROR,
    "duplicate_across_files": WARNING,
    "person_in_two_groups": ERROR,
    "shared_phone": WARNING,
    "quota_exceeded": ERROR,
    "quota_short": WARNING,
    "injection_cell": WARNING,
    "legacy_encoding": WARNING,
    "not_confirmed": ERROR,  # of the pages only: a person of last year of whom nobody has said anything
    "other_workplace": WARNING,  # of the pages only: it needs a unit that sends the list, not just a file
}


@dataclass(frozen=True)
class Problem:
    """One fault with its place; `details` holds what the kind needs to be told (value, other_row, quota, …)."""

    kind: str
    sheet: str | None
    row: int | None
    col: str | None  # letter of the column
    column: str | None  # its heading
    field: str | None
    details: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    own_severity: str = ""  # where the round decides how grave it is

    @property
    def severity(self) -> str:
        return self.own_severity or SEVERITY[self.kind]

    @property
    def blocks(self) -> bool:
        """Whether the list cannot be handed in; what may stand on another unit's list is for the office to judge."""
        return self.severity == ERROR and not (self.kind == "person_in_two_groups" and "other_file" in self.details)

    def as_json(self) -> dict[str, Any]:
        """The shape of `truth.json`; details that are None are left out."""
        plain = {
            "sheet": self.sheet, "row": self.row, "col": self.col, "column": self.column, "field": self.field,
            "kind": self.kind, "severity": self.severity,
        }  # fmt: skip
        return plain | {name: _plain(value) for name, value in self.details.items() if value is not None}


def problem_from_json(stored: Mapping[str, Any]) -> Problem:
    """The problem that `as_json` wrote; dates stay ISO text and are shown by `message` alike."""
    own = ("sheet", "row", "col", "column", "field", "kind", "severity")
    details = {name: value for name, value in stored.items() if name not in own}
    return Problem(
        stored["kind"], stored["sheet"], stored["row"], stored["col"], stored["column"], stored["field"], details,
        stored["severity"],
    )  # fmt: skip


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _shown(value: Any) -> str:
    if isinstance(value, str) and len(value) == 10 and value[4:5] == "-" and value[7:8] == "-":
        return date_text(date.fromisoformat(value))
    return date_text(value) if isinstance(value, date) else str(value)


_POWER = re.compile(r"^[\d.,]+E\+?\d+$", re.IGNORECASE)
_DATE_LIKE = re.compile(r"^[\d/.\- ]{6,12}$")


def _short(value: Any) -> str:
    text = " ".join(str(value or "").split())
    return text if len(text) <= 40 else f"{text[:40]}…"


def _near(details: Mapping[str, Any]) -> str:
    return f" Gần giống: {details['suggestion']}." if details.get("suggestion") else ""


def _phone(details: Mapping[str, Any]) -> str:
    fault, value, digits = details.get("fault"), _short(details.get("value")), details.get("digits") or 0
    if fault == "long" and digits >= 18:
        return f"có hai số trong một ô ({value}). Giữ lại một số di động của người này."
    if _POWER.match(value):
        return f"Excel đã rút gọn số này thành {value} nên mất chữ số. Điền lại đủ 10 chữ số, ô kiểu Văn bản."
    if fault in ("short", "long"):
        return f"có {digits} chữ số, cần đúng 10 chữ số. Kiểm tra và điền lại."
    if fault == "landline":
        return f"{value} là số máy bàn. Điền số di động (bắt đầu bằng 03, 05, 07, 08 hoặc 09)."
    return f"{value} không phải số di động: có chữ hoặc đầu số lạ. Điền lại 10 chữ số."


def _inside_a_sentence(heading: str) -> str:
    """«Tên doanh nghiệp, HTX» → «tên doanh nghiệp, HTX»; a heading in capitals in small letters, «TTHC» as it is."""
    if " " in heading and heading.isupper():
        return heading.lower()
    return heading if heading[:2].isupper() else heading[:1].lower() + heading[1:]


def _missing(problem: Problem, value: str) -> str:
    """A required cell that is empty, or a group or gender that cannot be understood."""
    if value and problem.field == "group":
        return f"«{value}» không phải nhóm được đề nghị. Ghi lại nhóm của người này."
    if value:
        return f"không đọc được «{value}». Điền Nam hoặc Nữ."
    return f"còn trống. Điền {_inside_a_sentence(problem.column or '')} của người này."


def _successor(details: Mapping[str, Any]) -> str:
    return str(details.get("successor_name") or details.get("successor") or "xem danh mục")


def _off_quota(problem: Problem, details: Mapping[str, Any], bound: str, remedy: str) -> str:
    limit = details.get("limit")
    off = abs(details["found"] - (details["quota"] if limit is None else limit))
    asked = f"chỉ tiêu {details['quota']}" + ("" if limit is None else f", {bound} {limit}")
    words = f"Nhóm {details['group']}: có {details['found']} người, {asked}. {remedy.format(off)}"
    return words + ("." if problem.blocks else ", hoặc ghi lý do khi nộp.")


_KEPT_THERE = "cơ quan tổ chức đã quyết định giữ người này ở danh sách khác. Chọn người khác thay, hoặc bỏ dòng này."


def _two_groups(details: Mapping[str, Any]) -> str:
    if details.get("kept_there"):
        return _KEPT_THERE
    if "other_file" in details and details.get("other_name"):
        return (
            f"{_in_own_list(details)} Bỏ dòng này và chọn người khác; vẫn nộp thì cơ quan tổ chức sẽ quyết định "
            "giữ ở nhóm nào."
        )
    if "other_file" in details:
        return "người này có thể đã ở một nhóm khác, trong danh sách khác. Vẫn nộp được; cơ quan tổ chức sẽ xem."
    return (
        f"người này đã có ở nhóm {details.get('other_group')}, dòng {details.get('other_row')}. "
        "Giữ ở một nhóm, hoặc ghi lý do."
    )


def _in_own_list(details: Mapping[str, Any], what: str = "người này") -> str:
    """A person or number that stands on another list which the same unit handed in."""
    return (
        f"{what} đã có trong danh sách nhóm {details['other_group']} mà đơn vị đã nộp, dòng {details['other_row']} "
        f"({details['other_name']})."
    )


def _shared_phone(details: Mapping[str, Any]) -> str:
    if "other_file" in details and details.get("other_name"):
        return f"{_in_own_list(details, 'số này')} Nếu dùng chung thì để nguyên, nếu nhầm thì sửa."
    if "other_file" in details:
        return "số này cũng có trong danh sách khác. Nếu dùng chung thì để nguyên, nếu nhầm thì sửa."
    return (
        f"số này cũng ghi cho {details.get('other_name')} (dòng {details.get('other_row')}). "
        "Nếu hai người dùng chung thì để nguyên."
    )


# What the unit reads. A unit never reads another unit's data: kinds across lists have a second wording for the office.
_TELL: dict[str, Callable[[Problem, Mapping[str, Any]], str]] = {
    "missing_column": lambda p, d: (
        f"Thiếu cột «{p.column}». Thêm cột này, hoặc chọn cột tương ứng ở mục «Các cột đã nhận»."
    ),
    "missing_name": lambda p, d: "chưa có họ và tên. Điền họ và tên, hoặc bỏ dòng này.",
    "missing_value": lambda p, d: _missing(p, _short(d.get("value"))),
    "invalid_phone": lambda p, d: _phone(d),
    "phone_old_prefix": lambda p, d: (
        f"đầu số cũ, nay là {phone_text(str(d.get('new')))}. Bấm «Dùng số mới», hoặc để nguyên: hệ thống dùng số mới."
    ),
    "under_age": lambda p, d: (
        f"chưa đủ 18 tuổi vào ngày {_shown(d.get('date'))}. Sửa ngày sinh, hoặc bỏ dòng này và chọn người khác."
    ),
    "invalid_birth_year": lambda p, d: (
        f"không đọc được «{_short(d.get('value'))}». Điền năm sinh gồm 4 chữ số, ví dụ 1975."
    ),
    "invalid_date": lambda p, d: (
        (
            f"không có ngày {d['value']} trong lịch. "
            if _DATE_LIKE.match(str(d.get("value")))
            else f"không đọc được ngày «{_short(d.get('value'))}». "
        )
        + "Điền theo mẫu ngày/tháng/năm, ví dụ 05/03/2021."
    ),
    "return_before_receipt": lambda p, d: (
        f"ngày trả {_shown(d.get('return'))} sớm hơn ngày nhận hồ sơ {_shown(d.get('receipt'))}. Kiểm tra lại hai ngày."
    ),
    "return_outside_period": lambda p, d: (
        f"ngày trả {_shown(d.get('return'))} nằm ngoài thời gian {_shown(d.get('from'))} – {_shown(d.get('to'))}. "
        "Sửa ngày, hoặc chọn hồ sơ khác."
    ),
    "unknown_unit": lambda p, d: (
        f"không tìm thấy đơn vị «{_short(d.get('value'))}». Chọn đơn vị trong danh mục.{_near(d)}"
    ),
    "unit_not_valid_at_date": lambda p, d: (
        f"đơn vị «{d.get('value')}» không còn sau ngày {_shown(d.get('valid_to'))}. "
        f"Chọn đơn vị hiện nay: {_successor(d)}."
    ),
    "unknown_ban": lambda p, d: (
        f"không có «{_short(d.get('value'))}» trong danh mục bản, khối"
        f"{' của ' + d['commune_name'] if d.get('commune_name') else ''}. Chọn lại.{_near(d)}"
    ),
    "ban_not_valid_at_date": lambda p, d: (
        f"«{d.get('value')}» đã sáp nhập sau ngày {_shown(d.get('valid_to'))}. Chọn bản hiện nay: {_successor(d)}."
    ),
    "duplicate_in_file": lambda p, d: (
        f"trùng với dòng {d.get('other_row')} ({d.get('other_name')}). "
        "Bỏ một dòng; nếu là hai người, sửa điểm khác nhau."
    ),
    "duplicate_across_files": lambda p, d: (
        _KEPT_THERE
        if d.get("kept_there")
        else "có thể trùng với danh sách của đơn vị khác. Vẫn nộp được; cơ quan tổ chức sẽ xem."
    ),
    "person_in_two_groups": lambda p, d: _two_groups(d),
    "shared_phone": lambda p, d: _shared_phone(d),
    "quota_exceeded": lambda p, d: _off_quota(p, d, "nhiều nhất", "Bỏ bớt {} dòng"),
    "quota_short": lambda p, d: _off_quota(p, d, "ít nhất", "Thêm {} người"),
    "injection_cell": lambda p, d: (
        f"«{_short(d.get('value'))}» bắt đầu bằng «{d.get('char')}» như một công thức. "
        "Hệ thống giữ nguyên dạng chữ; xóa dấu này nếu gõ nhầm."
    ),
    "legacy_encoding": lambda p, d: (
        f"Tệp dùng bảng mã cũ ({d.get('encoding')}). Đã chuyển sang Unicode; xem lại dấu tiếng Việt trước khi nộp."
    ),
    "not_confirmed": lambda p, d: (
        "chưa xác nhận người của năm trước. Bấm «Vẫn còn», sửa ô đã đổi, hoặc bấm «Không còn»."
    ),
    "other_workplace": lambda p, d: (
        f"Nhóm {d['group']}: mọi người đều ghi nơi công tác là «{d['value']}», khác đơn vị nộp. "
        "Kiểm tra có tải nhầm tệp của đơn vị khác không."
    ),
}


def message(problem: Problem) -> str:
    """What is wrong and what to do, for the unit that sent the list, without the place."""
    return _TELL[problem.kind](problem, problem.details)


def office_message(problem: Problem) -> str:
    """The same for the office, which sees both sides of a pair."""
    details = problem.details
    other = f"{details.get('other_unit')}, dòng {details.get('other_row')}"
    if problem.kind == "duplicate_across_files" and details.get("other_unit"):
        basis = ", ".join(_BASIS.get(one, one) for one in details.get("match_on", []))
        return f"trùng với {other}, theo {basis}. Chọn đơn vị giữ người này."
    if problem.kind == "person_in_two_groups" and details.get("other_unit"):
        return f"người này có ở nhóm {details.get('other_group')} của {other}. Chọn một nhóm, ghi lý do."
    return message(problem)


_BASIS = {
    "phone": "số điện thoại",
    "name+birth_year": "tên và năm sinh",
    "name+birth_year+ban": "tên, năm sinh và bản",
    "tax_code": "mã số thuế",
}


def place(problem: Problem) -> str:
    """«Dòng 10, Ngày sinh: », empty for faults of the whole file."""
    if problem.row is None:
        return ""
    if problem.kind == "missing_column":
        return f"Dòng {problem.row}: "
    sheet = f"Trang «{problem.sheet}», dòng" if problem.details.get("several_sheets") else "Dòng"
    return f"{sheet} {problem.row}, {problem.column}: " if problem.column else f"{sheet} {problem.row}: "


def full_message(problem: Problem) -> str:
    """Place, reason and remedy in one sentence."""
    return place(problem) + message(problem)
