"""The points of a run as an Excel workbook that an office can print, sort and quote from."""

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING, Any

from analysis.component_score import half_up
from analysis.scoring_rules import rule_line

from ..text import moment_text
from .comparison import BAND_NAMES, CLASS_NAMES, Comparison, Limits, RaterLine
from .figures import AreaLine, LeafLine, Overview, areas_of_units, overview
from .publication import Published
from .trace import LevelLine, level_lines

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

HIDDEN = "đã giữ kín"
_TITLE_ROWS = 4  # title, round, run, blank: the header of every table stands in row 5


UnitLimits = tuple[Limits | None, Mapping[str, Limits], Mapping[str, Limits]]


@dataclass(frozen=True)
class RunIntervals:
    """95 % limits of the total, the areas and the leaves; places by group, and rated units where there are several,
    compared by class and with the limits of each; what is said of their covariance."""

    limits: UnitLimits = (None, {}, {})
    places: Mapping[str, Comparison] = field(default_factory=dict)
    units: Sequence[tuple[str, Comparison]] = ()  # by class
    of_units: Mapping[str, UnitLimits] = field(default_factory=dict)
    raters: tuple[RaterLine, ...] = ()
    not_in_places: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class RunFacts:
    """What stands above and below every sheet: which run of which round this is."""

    round_title: str
    operator: str
    number: int
    made_at: datetime
    made_by: str
    data_code: str
    program_version: str
    unit_names: Mapping[str, str]
    mark: str = ""  # of a training round: on top of every sheet
    intervals: RunIntervals = RunIntervals()

    @property
    def line(self) -> str:
        return f"Lần tính {self.number}, {moment_text(self.made_at)}, {self.made_by}. Mã dữ liệu {self.data_code}"


def workbook_bytes(found: Published, facts: RunFacts) -> bytes:
    """The workbook: overview with a chart, criteria, levels, those of each rated unit, self-ratings, rules.

    Text stays text: nothing that begins with «=» becomes a formula.
    """
    from xlsxwriter import Workbook

    target = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with Workbook(target, options) as workbook:
        workbook.set_properties({"title": "Điểm điều tra xã hội học", "comments": facts.line})
        book = _Book(workbook, facts, several=len(found.units) > 1)
        shown = overview(found)
        if found.inputs.classes:
            _classes_sheet(book, found)
        else:
            _overview_sheet(book, found, shown)
        _leaves_sheet(book, shown)
        _levels_sheet(book, found, shown)
        if len(found.units) > 1:
            _units_sheet(book, found)
            _unit_leaves_sheet(book, found)
            _unit_levels_sheet(book, found)
        if found.scores.own:
            _own_sheet(book, found)
        for group, places in facts.intervals.places.items():
            _places_sheet(book, group, places, found.publication.fewest)
        _rules_sheet(book, found)
    return target.getvalue()


class _Book:
    """A workbook with its few cell formats; every sheet gets the same head and print set-up."""

    def __init__(self, workbook: "Workbook", facts: RunFacts, *, several: bool) -> None:
        font: dict[str, Any] = {"font_name": "Times New Roman", "font_size": 12, "valign": "vcenter"}
        cell = font | {"border": 1, "border_color": "#B8C2CF"}
        self.workbook, self.facts, self.several = workbook, facts, several
        self.formats: dict[str, Format] = {
            "title": workbook.add_format(font | {"bold": True, "font_size": 14, "text_wrap": True}),
            "plain": workbook.add_format(font | {"text_wrap": True}),
            "head": workbook.add_format(
                cell | {"bold": True, "text_wrap": True, "align": "center", "bg_color": "#E8F0FA"}
            ),
            "text": workbook.add_format(cell | {"text_wrap": True}),
            "middle": workbook.add_format(cell | {"align": "center"}),
            "points": workbook.add_format(cell | {"num_format": "0.00"}),
            "percent": workbook.add_format(cell | {"num_format": "0.0"}),
            "mean": workbook.add_format(cell | {"num_format": "0.000000"}),
            "count": workbook.add_format(cell | {"num_format": "#,##0"}),
            "total": workbook.add_format(cell | {"bold": True, "num_format": "0.00", "bg_color": "#FAFBFD"}),
            "total_text": workbook.add_format(cell | {"bold": True, "bg_color": "#FAFBFD"}),
        }

    def sheet(self, name: str, title: str, columns: list[tuple[str, float]], landscape: bool = False) -> "Worksheet":
        """A new sheet with title lines, a frozen table head that repeats in print, and a footer."""
        sheet = self.workbook.add_worksheet(name)
        lines = (title, f"{self.facts.round_title} – {self.facts.operator}", self.facts.line)
        for row, words in enumerate(lines):
            self.line(sheet, row, words, columns, "plain" if row else "title")
        if self.facts.mark:
            self.line(sheet, len(lines), self.facts.mark, columns, "title")
            sheet.set_header(f"&C&14&B{self.facts.mark}")
        for column, (words, width) in enumerate(columns):
            sheet.write_string(_TITLE_ROWS, column, words, self.formats["head"])
            sheet.set_column(column, column, width)
        sheet.set_row(_TITLE_ROWS, 34)
        sheet.freeze_panes(_TITLE_ROWS + 1, 0)
        sheet.repeat_rows(_TITLE_ROWS)
        sheet.set_paper(9)
        if landscape:
            sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(left=0.8, right=0.6, top=0.8, bottom=0.8)
        sheet.set_footer(f"&L&9Lần tính {self.facts.number}, mã {self.facts.data_code[:12]}…&R&9Trang &P/&N")
        return sheet

    def unit(self, code: str) -> list[tuple[Any, str]]:
        """Code and name of a rated unit."""
        return [(code, "middle"), (self.facts.unit_names.get(code, code), "text")]

    @property
    def of_all(self) -> str:
        """For titles of figures of several rated units taken together."""
        return ", GỘP MỌI ĐƠN VỊ" if self.several else ""

    def line(
        self, sheet: "Worksheet", row: int, words: str, columns: list[tuple[str, float]], look: str = "plain"
    ) -> None:
        """A line of text across the whole table, as high as it needs: merged cells do not grow by themselves."""
        width = sum(column[1] for column in columns) * (0.8 if look == "title" else 0.95)
        sheet.merge_range(row, 0, row, len(columns) - 1, words, self.formats[look])
        sheet.set_row(row, (20 if look == "title" else 16) * ceil(len(words) / width))

    def write(self, sheet: "Worksheet", row: int, values: list[tuple[Any, str]]) -> None:
        """One row of (value, format): figures as numbers, none as «–»."""
        for column, (value, look) in enumerate(values):
            if isinstance(value, int | Decimal):
                sheet.write_number(row, column, float(value), self.formats[look])
            else:
                plain = "text" if look in ("points", "percent", "mean", "count") else look
                sheet.write_string(row, column, "–" if value is None else value, self.formats[plain])


def _rows(first: int = _TITLE_ROWS + 1) -> Iterator[int]:
    while True:
        yield first
        first += 1


def _overview_sheet(book: _Book, found: Published, shown: Overview) -> None:
    columns = [("Lĩnh vực", 10.0), ("Tên lĩnh vực", 52.0), ("Điểm", 11.0), ("Tối đa", 11.0), ("% tối đa", 11.0)]
    columns += _LIMIT_COLUMNS
    total_limits, area_limits, _leaves = book.facts.intervals.limits
    sheet = book.sheet("Tổng quan", "ĐIỂM ĐIỀU TRA XÃ HỘI HỌC THEO LĨNH VỰC", columns)
    rows = _rows()
    for area in shown.areas:
        points = HIDDEN if area.points is None else area.points
        values: list[tuple[Any, str]] = [(area.code, "middle"), (area.name, "text"), (points, "points")]
        values.append((area.max_points, "points"))
        book.write(sheet, next(rows), [*values, (area.percent, "percent"), *_limits(area_limits.get(area.code))])
    end = next(rows)
    total: list[tuple[Any, str]] = [
        ("", "total_text"),
        ("Tổng điểm điều tra", "total_text"),
        (HIDDEN if shown.total is None else shown.total, "total"),
        (shown.max_points, "total"),
        ("", "total_text"),
        *_limits(total_limits),
    ]
    book.write(sheet, end, total)
    enough = f"Tiêu chí đủ mẫu ở mọi nhóm: {shown.enough}/{len(shown.leaves)}."
    book.line(sheet, end + 1, f"{_all_forms(found)} {enough}", columns)
    book.line(sheet, end + 2, f"Quy tắc: {rule_line(found.inputs.settings)}", columns)
    first, last = _TITLE_ROWS + 1, end - 1
    chart = book.workbook.add_chart({"type": "bar"})
    chart.add_series(
        {
            "name": "% điểm tối đa",
            "categories": ["Tổng quan", first, 0, last, 0],
            "values": ["Tổng quan", first, 4, last, 4],
            "fill": {"color": "#86B4DC"},
            "border": {"color": "#1D4F91"},
            "data_labels": {"value": True, "num_format": "0.0"},
            "gap": 60,
        }
    )
    chart.set_title({"name": "Điểm đạt so với tối đa, theo lĩnh vực (%)", "name_font": {"size": 12}})
    chart.set_x_axis({"min": 0, "max": 100, "num_format": "0", "major_gridlines": {"visible": True}})
    chart.set_y_axis({"reverse": True})
    chart.set_legend({"none": True})
    chart.set_size({"width": 720, "height": 90 + 36 * len(shown.areas)})
    sheet.insert_chart(end + 4, 0, chart, {"description": "Biểu đồ điểm đạt so với tối đa theo lĩnh vực"})


def _classes_sheet(book: _Book, found: Published) -> None:
    """Sở and communes have other maxima: no figure of both together would say anything."""
    columns = [("Loại đơn vị", 24.0), ("Lĩnh vực", 10.0), ("Tên lĩnh vực", 48.0), ("Tối đa", 10.0)]
    columns += [("Trung bình các đơn vị", 12.0), ("Thấp nhất", 10.0), ("Cao nhất", 10.0), ("Số đơn vị", 9.0)]
    sheet = book.sheet("Tổng quan", "ĐIỂM ĐIỀU TRA XÃ HỘI HỌC THEO LĨNH VỰC", columns, landscape=True)
    rows = _rows()
    for each, areas in areas_of_units(found):
        for area in areas:
            figures = (area.max_points, area.mean, area.lowest, area.highest)
            values: list[tuple[Any, str]] = [(CLASS_NAMES[each], "text"), (area.code, "middle"), (area.name, "text")]
            book.write(sheet, next(rows), [*values, *((one, "points") for one in figures), (area.units, "count")])
    book.line(sheet, next(rows), f"{_all_forms(found)} {_POOLED}", columns)
    book.line(sheet, next(rows), f"Quy tắc: {rule_line(found.inputs.settings)}", columns)


_POOLED = (
    "Không nêu khoảng tin cậy của số chung nhiều đơn vị: một người chấm nhiều đơn vị, và phiếu kín không cho biết "
    "phiếu nào cùng một người."
)
_LIMIT_COLUMNS = [("95 % từ", 9.0), ("95 % đến", 9.0)]


def _limits(limits: Limits | None, look: str = "points") -> list[tuple[Any, str]]:
    """As many decimals as are printed: more would be more than the pages tell."""
    figures = (limits.low, limits.high) if limits else (None, None)
    return [(None if figure is None else _rounded(figure, look), look) for figure in figures]


def _rounded(figure: float, look: str) -> Decimal:
    return half_up(Fraction(str(figure)), 1 if look == "percent" else 2)


def _leaf_columns(groups: Sequence[str]) -> list[tuple[str, float]]:
    columns = [("Lĩnh vực", 10.0), ("Mã", 9.0), ("Tiêu chí", 50.0), ("Điểm", 9.0), ("Tối đa", 9.0), ("% tối đa", 9.0)]
    columns += _LIMIT_COLUMNS
    return columns + [(f"n nhóm {group}", 8.0) for group in groups] + [("Mẫu", 16.0), ("Điểm chưa làm tròn", 13.0)]


def _leaf_values(area: AreaLine, line: LeafLine, groups: Sequence[str], limits: Limits | None) -> list[tuple[Any, str]]:
    counts = [line.groups.get(group) for group in groups]
    return [
        (area.code, "middle"),
        (line.leaf.criterion.code, "middle"),
        (line.leaf.title, "text"),
        (line.points if line.shown else HIDDEN, "points"),
        (line.max_points, "points"),
        (line.percent, "percent"),
        *_limits(limits),
        *((count and (HIDDEN if count.why else count.n), "count") for count in counts),
        ("Đủ mẫu" if line.score.enough else "Không đủ mẫu", "text"),
        (line.unrounded, "mean"),
    ]


def _leaves_sheet(book: _Book, shown: Overview) -> None:
    columns = _leaf_columns(shown.groups)
    leaf_limits = book.facts.intervals.limits[2]
    sheet = book.sheet("Tiêu chí", f"ĐIỂM ĐIỀU TRA CỦA TỪNG TIÊU CHÍ{book.of_all}", columns, landscape=True)
    rows = _rows()
    for area in shown.areas:
        for line in area.leaves:
            limits = leaf_limits.get(line.leaf.criterion.code)
            book.write(sheet, next(rows), _leaf_values(area, line, shown.groups, limits))
    sheet.autofilter(_TITLE_ROWS, 0, next(rows) - 1, len(columns) - 1)


_UNIT_COLUMNS = [("Mã đơn vị", 10.0), ("Đơn vị được đánh giá", 34.0)]


def _unit_leaves_sheet(book: _Book, found: Published) -> None:
    """Every leaf that was asked about each rated unit."""
    groups = sorted({group for leaf in found.inputs.leaves for group in leaf.criterion.groups})
    columns = _UNIT_COLUMNS + _leaf_columns(groups)
    sheet = book.sheet("Tiêu chí từng đơn vị", "ĐIỂM TỪNG TIÊU CHÍ CỦA TỪNG ĐƠN VỊ", columns, landscape=True)
    rows = _rows()
    for unit in found.units:
        limits = book.facts.intervals.of_units.get(unit, (None, {}, {}))[2]
        for area in overview(found, unit).areas:
            for line in area.leaves:
                values = _leaf_values(area, line, groups, limits.get(line.leaf.criterion.code))
                book.write(sheet, next(rows), [*book.unit(unit), *values])
    sheet.autofilter(_TITLE_ROWS, 0, next(rows) - 1, len(columns) - 1)


def _level_columns(most: int) -> list[tuple[str, float]]:
    columns = [
        ("Mã", 9.0),
        ("Câu hỏi", 12.0),
        ("Nhóm", 8.0),
        *((f"Mức {number}", 9.0) for number in range(1, most + 1)),
    ]
    columns += [("Không biết", 11.0), ("Bỏ trống", 10.0), ("n", 9.0), ("Trung bình hệ số", 14.0)]
    return [*columns, ("Vì sao giữ kín", 34.0)]


def _level_values(leaf: LeafLine, line: LevelLine, most: int) -> list[tuple[Any, str]]:
    kept_back: Any = HIDDEN if line.why else None
    levels: list[Any] = [*line.levels] if line.levels is not None else [kept_back] * most
    levels += [None] * (most - len(levels))
    counts = (line.dont_know, line.refused, line.n)
    mean: Any = HIDDEN if line.is_hidden else line.mean
    return [
        (leaf.leaf.criterion.code, "middle"),
        (line.item, "text"),
        (line.group, "middle"),
        *((level, "count") for level in levels),
        *((HIDDEN if count is None else count, "count") for count in counts),
        (mean, "mean"),
        (line.words % line.facts, "text"),
    ]


def _levels_sheet(book: _Book, found: Published, shown: Overview) -> None:
    most = max(len(found.inputs.settings.coefficients), 5)
    sheet = book.sheet("Các mức", f"{_levels_title(found)}{book.of_all}", _level_columns(most), landscape=True)
    rows = _rows()
    for leaf in shown.leaves:
        for line in level_lines(found, leaf):
            book.write(sheet, next(rows), _level_values(leaf, line, most))


def _levels_title(found: Published) -> str:
    k, fewest = found.publication.k, found.publication.fewest
    return f"SỐ CÂU TRẢ LỜI THEO MỨC (từ {k} phiếu nêu trung bình, từ {fewest} phiếu nêu các mức)"


def _unit_levels_sheet(book: _Book, found: Published) -> None:
    """The answers behind every leaf of each rated unit, kept back as on the pages."""
    most = max(len(found.inputs.settings.coefficients), 5)
    columns = _UNIT_COLUMNS + _level_columns(most)
    sheet = book.sheet("Các mức từng đơn vị", f"{_levels_title(found)}, TỪNG ĐƠN VỊ", columns, landscape=True)
    rows = _rows()
    for unit in found.units:
        for leaf in overview(found, unit).leaves:
            for line in level_lines(found, leaf, unit):
                book.write(sheet, next(rows), [*book.unit(unit), *_level_values(leaf, line, most)])
    sheet.autofilter(_TITLE_ROWS, 0, next(rows) - 1, len(columns) - 1)


def _units_sheet(book: _Book, found: Published) -> None:
    """Rated units by class, each class by points. No bare rank: what ranks a unit may have stands beside its points."""
    columns = [("Loại đơn vị", 22.0), *_UNIT_COLUMNS, ("Điểm", 10.0), ("Tối đa", 10.0), *_LIMIT_COLUMNS]
    columns += [("Hạng từ", 8.0), ("Hạng đến", 8.0), ("Chắc chắn cao hơn (nơi)", 12.0)]
    columns += [("Chắc chắn thấp hơn (nơi)", 12.0), ("Chưa phân biệt được (nơi)", 12.0)]
    compared = {row.unit: (row, units.count) for _name, units in book.facts.intervals.units for row in units.rows}
    sheet = book.sheet("Đơn vị", "ĐIỂM ĐIỀU TRA CỦA TỪNG ĐƠN VỊ ĐƯỢC ĐÁNH GIÁ", columns, landscape=True)
    classes, units = found.inputs.classes, found.document()["units"]
    rows = _rows()
    for code in sorted(units, key=lambda code: (classes.get(code, ""), -Decimal(units[code]["total"]), code)):
        shown = overview(found, code)
        name: Any = CLASS_NAMES.get(classes.get(code, ""))
        values: list[tuple[Any, str]] = [(name, "text"), *book.unit(code), (Decimal(units[code]["total"]), "points")]
        values += [(shown.max_points, "points")]
        row, count = compared.get(code, (None, 0))
        told = (row.best, row.worst, count - row.worst, row.best - 1, row.unclear) if row else (None,) * 5
        book.write(sheet, next(rows), [*values, *_limits(row.limits if row else None), *((n, "count") for n in told)])
    for line in book.facts.intervals.raters:
        book.line(sheet, next(rows), line.words % line.facts, columns)


def _own_sheet(book: _Book, found: Published) -> None:
    """Ratings of the own unit (*tự đánh giá*), apart from points and ranks as on the page."""
    columns = [("Mã", 12.0), ("Đơn vị", 44.0), ("Điểm tự đánh giá", 14.0), ("Điểm tối đa của các câu ấy", 16.0)]
    sheet = book.sheet("Tự đánh giá", "CÔNG CHỨC CHẤM CHÍNH ĐƠN VỊ MÌNH", columns)
    rows = _rows()
    for code, own in found.document()["self_rating"].items():
        values: list[tuple[Any, str]] = [(code, "middle"), (book.facts.unit_names.get(code, code), "text")]
        book.write(sheet, next(rows), [*values, (Decimal(own["total"]), "points"), (Decimal(own["max"]), "points")])
    for words in (
        "Điểm này chỉ để tham khảo, không nằm trong điểm và hạng ở các trang khác.",
        "Đơn vị có dưới 10 câu trả lời, hoặc mọi người chọn giống nhau ở mức cao nhất hay thấp nhất, thì không nêu.",
    ):
        book.line(sheet, next(rows), words, columns)


def _places_sheet(book: _Book, group: str, places: Comparison, fewest: int) -> None:
    columns = [("Nhóm xếp hạng", 24.0), ("Nơi được hỏi", 40.0), ("Hạng từ", 9.0), ("Hạng đến", 9.0)]
    columns += [("% mức cao nhất", 12.0), *_LIMIT_COLUMNS, ("Phiếu", 9.0)]
    title = f"NHÓM {group} ĐÁNH GIÁ THẾ NÀO, THEO NƠI ĐƯỢC HỎI (giữ kín khi dưới {fewest} phiếu)"
    sheet = book.sheet(f"Nơi nhóm {group}", title, columns, landscape=True)
    rows = _rows()
    for band, members in places.bands:
        for row in members:
            values: list[tuple[Any, str]] = [(BAND_NAMES[band], "text"), (row.name, "text")]
            values += [(row.best, "count"), (row.worst, "count"), (_rounded(row.limits.estimate, "percent"), "percent")]
            book.write(sheet, next(rows), [*values, *_limits(row.limits, "percent"), (row.limits.n, "count")])
    for name in places.kept_back:
        book.write(sheet, next(rows), [(HIDDEN, "text"), (name, "text"), *[(None, "count")] * 6])
    if codes := book.facts.intervals.not_in_places.get(group):
        words = f"Không tính câu hỏi đã giữ kín, hoặc chung với một nhóm ít phiếu, của tiêu chí {', '.join(codes)}."
        book.line(sheet, next(rows), words, columns)


def _rules_sheet(book: _Book, found: Published) -> None:
    sheet = book.sheet("Quy tắc", "QUY TẮC TÍNH ĐIỂM VÀ DỮ LIỆU ĐẦU VÀO", [("Mục", 28.0), ("Nội dung", 90.0)])
    facts = book.facts
    lines = [
        *(("Quy tắc", part.strip().rstrip(".")) for part in rule_line(found.inputs.settings).split(";")),
        (
            "Ngưỡng giữ kín",
            f"trung bình từ {found.publication.k} câu trả lời, các mức từ {found.publication.fewest} câu trả lời",
        ),
        ("Số phiếu theo nhóm", _forms(found)),
        *(("Hiệp phương sai giữa các đơn vị", line.words % line.facts) for line in facts.intervals.raters),
        ("Lần tính", f"{facts.number}, {moment_text(facts.made_at)}, {facts.made_by}"),
        ("Mã dữ liệu", facts.data_code),
        ("Bản chương trình", facts.program_version),
    ]
    for row, (name, words) in zip(_rows(), lines, strict=False):
        book.write(sheet, row, [(name, "text"), (words, "text")])


def _forms(found: Published) -> str:
    """Ballots of each group; where one has fewer than k, only that."""
    _all, _more, groups = found.forms()
    few = f"dưới {found.publication.k}"
    return ", ".join(f"{group}: {few if count is None else count}" for group, count in groups.items())


def _all_forms(found: Published) -> str:
    count, more, _groups = found.forms()
    return f"Số phiếu: {'trên ' if more else ''}{count}."
