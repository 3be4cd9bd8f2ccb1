"""The points of a run as an Excel workbook that an office can print, sort and quote from."""

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING, Any

from analysis.component_score import half_up
from analysis.scoring_rules import rule_line

from ..text import moment_text
from .comparison import BAND_NAMES, Comparison, Limits, RaterLine
from .figures import Overview, overview
from .publication import Published
from .trace import level_lines

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

HIDDEN = "đã giữ kín"
_TITLE_ROWS = 4  # title, round, run, blank: the header of every table stands in row 5


@dataclass(frozen=True)
class RunIntervals:
    """95 % limits of the total, the areas and the leaves; places by group, rated units where there are several, and
    what is said of their covariance."""

    limits: tuple[Limits | None, Mapping[str, Limits], Mapping[str, Limits]] = (None, {}, {})
    places: Mapping[str, Comparison] = field(default_factory=dict)
    units: Comparison | None = None
    raters: tuple[RaterLine, ...] = ()


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
    """The workbook: overview with a chart, criteria, levels, rated units where there are several, self-ratings, rules.

    Text stays text: nothing that begins with «=» becomes a formula.
    """
    from xlsxwriter import Workbook

    target = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with Workbook(target, options) as workbook:
        workbook.set_properties({"title": "Điểm điều tra xã hội học", "comments": facts.line})
        book = _Book(workbook, facts)
        shown = overview(found)
        _overview_sheet(book, found, shown)
        _leaves_sheet(book, shown)
        _levels_sheet(book, found, shown)
        if len(found.units) > 1:
            _units_sheet(book, found)
        if found.scores.own:
            _own_sheet(book, found)
        for group, places in facts.intervals.places.items():
            _places_sheet(book, group, places, found.publication.fewest)
        _rules_sheet(book, found)
    return target.getvalue()


class _Book:
    """A workbook with its few cell formats; every sheet gets the same head and print set-up."""

    def __init__(self, workbook: "Workbook", facts: RunFacts) -> None:
        font: dict[str, Any] = {"font_name": "Times New Roman", "font_size": 12, "valign": "vcenter"}
        cell = font | {"border": 1, "border_color": "#B8C2CF"}
        self.workbook, self.facts = workbook, facts
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
    total = [
        ("", "total_text"),
        ("Tổng điểm điều tra", "total_text"),
        (HIDDEN if shown.total is None else shown.total, "total"),
        (shown.max_points, "total"),
        ("", "total_text"),
        *_limits(total_limits),
    ]
    book.write(sheet, end, total)
    enough = f"Tiêu chí đủ mẫu ở mọi nhóm: {shown.enough}/{len(shown.leaves)}."
    book.line(sheet, end + 1, f"Số phiếu: {sum(found.inputs.by_group.values())}. {enough}", columns)
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


_LIMIT_COLUMNS = [("95 % từ", 9.0), ("95 % đến", 9.0)]


def _limits(limits: Limits | None, look: str = "points") -> list[tuple[Any, str]]:
    """As many decimals as are printed: more would be more than the pages tell."""
    figures = (limits.low, limits.high) if limits else (None, None)
    return [(None if figure is None else _rounded(figure, look), look) for figure in figures]


def _rounded(figure: float, look: str) -> Decimal:
    return half_up(Fraction(str(figure)), 1 if look == "percent" else 2)


def _leaves_sheet(book: _Book, shown: Overview) -> None:
    columns = [("Lĩnh vực", 10.0), ("Mã", 9.0), ("Tiêu chí", 50.0), ("Điểm", 9.0), ("Tối đa", 9.0), ("% tối đa", 9.0)]
    columns += _LIMIT_COLUMNS
    columns += [(f"n nhóm {group}", 8.0) for group in shown.groups] + [("Mẫu", 16.0), ("Điểm chưa làm tròn", 13.0)]
    leaf_limits = book.facts.intervals.limits[2]
    sheet = book.sheet("Tiêu chí", "ĐIỂM ĐIỀU TRA CỦA TỪNG TIÊU CHÍ", columns, landscape=True)
    rows = _rows()
    for area in shown.areas:
        for line in area.leaves:
            values: list[tuple[Any, str]] = [
                (area.code, "middle"),
                (line.leaf.criterion.code, "middle"),
                (line.leaf.title, "text"),
                (line.points if line.shown else HIDDEN, "points"),
                (line.max_points, "points"),
                (line.percent, "percent"),
                *_limits(leaf_limits.get(line.leaf.criterion.code)),
            ]
            counts = [line.groups.get(group) for group in shown.groups]
            values += [(count and (HIDDEN if count.why else count.n), "count") for count in counts]
            enough = "Đủ mẫu" if line.score.enough else "Không đủ mẫu"
            book.write(sheet, next(rows), [*values, (enough, "text"), (line.unrounded, "mean")])
    sheet.autofilter(_TITLE_ROWS, 0, next(rows) - 1, len(columns) - 1)


def _levels_sheet(book: _Book, found: Published, shown: Overview) -> None:
    most = max(len(found.inputs.settings.coefficients), 5)
    columns = [
        ("Mã", 9.0),
        ("Câu hỏi", 12.0),
        ("Nhóm", 8.0),
        *((f"Mức {number}", 9.0) for number in range(1, most + 1)),
    ]
    columns += [
        ("Không biết", 11.0),
        ("Bỏ trống", 10.0),
        ("n", 9.0),
        ("Trung bình hệ số", 14.0),
        ("Vì sao giữ kín", 34.0),
    ]
    k, fewest = found.publication.k, found.publication.fewest
    title = f"SỐ CÂU TRẢ LỜI THEO MỨC (từ {k} phiếu nêu trung bình, từ {fewest} phiếu nêu các mức)"
    sheet = book.sheet("Các mức", title, columns, landscape=True)
    rows = _rows()
    for leaf in shown.leaves:
        for line in level_lines(found, leaf):
            kept_back: Any = HIDDEN if line.why else None
            levels: list[Any] = [*line.levels] if line.levels is not None else [kept_back] * most
            levels += [None] * (most - len(levels))
            values: list[tuple[Any, str]] = [
                (leaf.leaf.criterion.code, "middle"),
                (line.item, "text"),
                (line.group, "middle"),
            ]
            values += [(level, "count") for level in levels]
            counts = (line.dont_know, line.refused, line.n)
            values += [(HIDDEN if count is None else count, "count") for count in counts]
            mean: Any = HIDDEN if line.is_hidden else line.mean
            book.write(sheet, next(rows), [*values, (mean, "mean"), (line.words % line.facts, "text")])


def _units_sheet(book: _Book, found: Published) -> None:
    columns = [("Hạng", 8.0), ("Mã", 12.0), ("Đơn vị được đánh giá", 44.0), ("Điểm", 11.0)]
    columns += [*_LIMIT_COLUMNS, ("Hạng từ", 9.0), ("Hạng đến", 9.0)]
    compared = {row.code: row for row in book.facts.intervals.units.rows} if book.facts.intervals.units else {}
    sheet = book.sheet("Đơn vị", "ĐIỂM ĐIỀU TRA CỦA TỪNG ĐƠN VỊ ĐƯỢC ĐÁNH GIÁ", columns)
    units = found.document()["units"]
    rows = _rows()
    for code in sorted(units, key=lambda code: (units[code]["rank"] or len(units) + 1, code)):
        unit = units[code]
        name = book.facts.unit_names.get(code, code)
        values = [(unit["rank"], "count"), (code, "middle"), (name, "text"), (Decimal(unit["total"]), "points")]
        row = compared.get(code)
        ranks = (row.best, row.worst) if row else (None, None)
        values += [*_limits(row.limits if row else None), *((rank, "count") for rank in ranks)]
        book.write(sheet, next(rows), values)
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


def _rules_sheet(book: _Book, found: Published) -> None:
    sheet = book.sheet("Quy tắc", "QUY TẮC TÍNH ĐIỂM VÀ DỮ LIỆU ĐẦU VÀO", [("Mục", 28.0), ("Nội dung", 90.0)])
    facts = book.facts
    lines = [
        *(("Quy tắc", part.strip().rstrip(".")) for part in rule_line(found.inputs.settings).split(";")),
        (
            "Ngưỡng giữ kín",
            f"trung bình từ {found.publication.k} câu trả lời, các mức từ {found.publication.fewest} câu trả lời",
        ),
        ("Số phiếu theo nhóm", ", ".join(f"{group}: {count}" for group, count in found.inputs.by_group.items())),
        *(("Hiệp phương sai giữa các đơn vị", line.words % line.facts) for line in facts.intervals.raters),
        ("Lần tính", f"{facts.number}, {moment_text(facts.made_at)}, {facts.made_by}"),
        ("Mã dữ liệu", facts.data_code),
        ("Bản chương trình", facts.program_version),
    ]
    for row, (name, words) in zip(_rows(), lines, strict=False):
        book.write(sheet, row, [(name, "text"), (words, "text")])
