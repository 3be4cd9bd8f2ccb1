"""What must hold in a criterion set: readable points, known methods, groups for survey leaves, sums as printed."""

from collections.abc import Container, Sequence
from dataclasses import dataclass
from decimal import Decimal

from ..text import clean, number_text
from . import criteria_columns as columns
from .criteria_set import Area, Item, PrintedRow
from .models import ScoredBy
from .sheet_table import SheetFault, decimal_of

_POINTS_DECIMALS = 4  # as many as the column holds


def check_leaves(items: Sequence[Item], known: dict[str, int], sheet: str | None) -> list[SheetFault]:
    """Faults of single leaves: code twice, no title, no area, points, method, groups."""
    faults: list[SheetFault] = []
    first_row: dict[str, int] = {}

    def fault(item: Item, field: str, message: str) -> None:
        faults.append(SheetFault(sheet, item.row, known.get(field, -1) + 1, message))

    for item in items:
        if item.code and item.code in first_row:
            hint = " Nếu mã thật là 1.10, đặt định dạng cột mã là Văn bản (Text)." if item.code.endswith("1") else ""
            fault(
                item, columns.CODE, f"mã {item.code} đã có ở dòng {first_row[item.code]}. Sửa một trong hai mã.{hint}"
            )
        first_row.setdefault(item.code, item.row)
        if not clean(item.title):
            fault(item, columns.TITLE, "chưa có nội dung tiêu chí. Điền nội dung.")
        if item.area is None:
            fault(item, columns.CODE, f"tiêu chí {item.code} không thuộc lĩnh vực nào. Thêm dòng lĩnh vực ở trên.")
        if (message := _points_fault(item)) is not None:
            fault(item, columns.POINTS, message)
        for field, message in _method_faults(item, known):
            fault(item, field, message)
    surveyed = any(item.method(known) not in (None, ScoredBy.SELF_ASSESSMENT) for item in items)
    if surveyed and columns.GROUPS not in known:
        message = f"thiếu cột «{columns.FIELD_NAMES[columns.GROUPS]}», trong khi có tiêu chí điều tra. Thêm cột này."
        faults.append(SheetFault(sheet, 0, 0, message[0].upper() + message[1:]))
    return faults


def _points_fault(item: Item) -> str | None:
    if item.points is None:
        if not item.points_text:
            return "chưa có điểm tối đa. Điền điểm, ví dụ 0,50."
        return f"không đọc được điểm «{item.points_text}». Điền một số, ví dụ 0,50."
    if item.points <= 0:
        return f"điểm tối đa là {number_text(item.points)}, phải lớn hơn 0."
    if round(item.points, _POINTS_DECIMALS) != item.points:
        return f"điểm {number_text(item.points)} có quá {_POINTS_DECIMALS} chữ số sau dấu phẩy. Làm tròn lại."
    return None


def _method_faults(item: Item, known: Container[str]) -> list[tuple[str, str]]:
    """Faults of the method and group cells of one leaf, as (field, message)."""
    faults: list[tuple[str, str]] = []
    method = item.method(known)
    if not method:
        written = f"«{item.method_text}»" if item.method_text else "ô này còn trống; đây"
        faults.append(
            (columns.SCORED_BY, f"{written} không phải phương pháp đã biết. Điền TĐG (tự đánh giá), ĐTXHH hoặc SIPAS.")
        )
    if (message := _groups_fault(item, method)) is not None and columns.GROUPS in known:
        faults.append((columns.GROUPS, message))
    return faults


def _groups_fault(item: Item, method: ScoredBy | None) -> str | None:
    if item.groups is None:
        return f"không đọc được nhóm «{item.groups_text}». Điền chữ cái của nhóm, ví dụ A,C,D."
    if method in (ScoredBy.SURVEY, ScoredBy.SIPAS) and not item.groups:
        return f"tiêu chí {item.code} chấm bằng điều tra nhưng chưa có nhóm. Điền, ví dụ A,C,D."
    if method == ScoredBy.SELF_ASSESSMENT and item.groups:
        return f"tiêu chí {item.code} là tự đánh giá nhưng có nhóm điều tra. Bỏ nhóm, hoặc sửa phương pháp."
    return None


@dataclass(frozen=True)
class PrintedSum:
    """A figure printed in the file and the rows that must add up to it."""

    row: int
    field: str
    what: str
    printed: Decimal
    parts: Sequence[Item]

    def difference(self) -> str | None:
        """The sentence on a sum that differs, both figures shown; None when equal or when a part is unreadable."""
        points = [part.points for part in self.parts]
        if None in points:
            return None
        found = sum((p for p in points if p is not None), Decimal(0))
        if found == self.printed:
            return None
        less = "thiếu" if found < self.printed else "thừa"
        return (
            f"{self.what} in {number_text(self.printed, 2)} điểm, các tiêu chí cộng lại được {number_text(found, 2)} "
            f"điểm ({less} {number_text(abs(found - self.printed), 2)}). Sửa cho khớp."
        )


def check_sums(sums: Sequence[PrintedSum], known: dict[str, int], sheet: str | None) -> list[SheetFault]:
    """One fault for each printed figure that its parts do not add up to."""
    return [
        SheetFault(sheet, printed.row, known.get(printed.field, -1) + 1, message)
        for printed in sums
        if (message := printed.difference()) is not None
    ]


def printed_sums(
    areas: Sequence[Area],
    leaves: Sequence[Item],
    parents: Sequence[Item],
    total: PrintedRow | None,
    known: Container[str],
) -> list[PrintedSum]:
    """Every figure of the file that is a sum: of a criterion, of an area, of all, and their parts by method."""
    sums = [
        PrintedSum(p.row, columns.POINTS, f"tiêu chí {p.code}", p.points, _below(p, leaves))
        for p in parents
        if p.points is not None
    ]
    rows = [(f"lĩnh vực {area.code}", area.printed, [i for i in leaves if i.area is area]) for area in areas]
    rows += [("dòng tổng cộng", total, list(leaves))]
    for what, printed, parts in rows:
        if printed is None:
            continue
        if printed.points is not None:
            sums.append(PrintedSum(printed.row, columns.POINTS, what, printed.points, parts))
        sums += _sums_by_method(what, printed, parts, known)
    return sums


def _below(parent: Item, leaves: Sequence[Item]) -> list[Item]:
    return [leaf for leaf in leaves if leaf.code.startswith(parent.code + ".")]


def _sums_by_method(what: str, printed: PrintedRow, parts: Sequence[Item], known: Container[str]) -> list[PrintedSum]:
    """«TĐG 8.00 / ĐTXHH 1.50» of an area row; ĐTXHH stands for SIPAS too unless SIPAS is printed apart."""
    sums = []
    methods = [part.method(known) for part in parts]
    if None in methods:
        return []
    for method, figure in printed.shares.items():
        names = {method}
        if method == ScoredBy.SURVEY and ScoredBy.SIPAS not in printed.shares:
            names.add(ScoredBy.SIPAS)
        own = [part for part, its in zip(parts, methods, strict=True) if its in names]
        points = decimal_of(figure)
        if points is not None:
            sums.append(
                PrintedSum(printed.row, columns.SCORED_BY, f"{what}, phần {columns.METHOD_NAMES[method]}", points, own)
            )
    return sums
