"""The workbook of a run, read back: figures as numbers, text as text, small groups kept back, ready to print."""

import io
from dataclasses import replace
from datetime import UTC, datetime
from zipfile import ZipFile

import pytest

from analysis.component_score import SURVEY, Criterion
from analysis.scoring_rules import Settings
from survey_app.scores.files import read_answers, read_criteria
from survey_app.scores.inputs import Leaf, ScoreInputs, compute
from survey_app.scores.publication import published
from survey_app.scores.workbook import RunFacts, workbook_bytes

FACTS = RunFacts(
    round_title="Điều tra năm 2021",
    operator="Phòng Nội vụ",
    number=3,
    made_at=datetime(2022, 1, 9, 3, 30, tzinfo=UTC),
    made_by="Lò Thị Minh",
    data_code="4c1e" * 16,
    program_version="0.1.0",
    unit_names={"099": "Huyện Tuần Giáo", "102": "=1+1"},
)


@pytest.fixture
def inputs(samples):
    """The inputs of the sample answers, as a round would gather them."""

    def read(answers="answers-simulated.csv", unit="099"):
        leaves, counted = read_answers(
            samples / answers, read_criteria(samples / "criteria-district-2021.csv"), Settings()
        )
        named = tuple(Leaf(leaf, f"Tiêu chí {leaf.code}", leaf.code[0], "Lĩnh vực") for leaf in leaves)
        return ScoreInputs(Settings(), named, {unit: dict(counted.counts)}, counted.by_group, 5)

    return read


def open_book(inputs):
    from openpyxl import load_workbook

    return load_workbook(io.BytesIO(workbook_bytes(published(compute(inputs)), FACTS)))


def rows_of(sheet):
    return [[cell.value for cell in row] for row in sheet.iter_rows(min_row=6)]


def test_points_are_numbers_with_two_decimals(inputs):
    book = open_book(inputs())
    rows = {row[1]: row for row in rows_of(book["Tiêu chí"])}
    assert rows["5.6.3"][3:5] == [0.78, 1.25]
    assert rows["8.1"][3] == 7.79
    total = next(row for row in rows_of(book["Tổng quan"]) if row[1] == "Tổng điểm điều tra")
    assert total[2:4] == [21.86, 30]
    assert book["Tiêu chí"]["D6"].number_format == "0.00"


def test_n_of_every_group_asked_stands_beside_the_points(inputs):
    sheet = open_book(inputs())["Tiêu chí"]
    header = [cell.value for cell in sheet[5]]
    row = next(row for row in rows_of(sheet) if row[1] == "1.7.1")
    named = dict(zip(header, row, strict=True))
    assert (named["n nhóm A"], named["n nhóm B"], named["n nhóm C"], named["Mẫu"]) == (21, "–", 46, "Đủ mẫu")


def test_small_groups_are_kept_back_in_the_levels(inputs):
    sheet = open_book(inputs("answers-edge.csv"))["Các mức"]
    row = next(row for row in rows_of(sheet) if row[0] == "6.4.1" and row[2] == "B")
    assert row[3:8] == ["đã giữ kín"] * 5
    assert row[8:] == [*["đã giữ kín"] * 4, "ít hơn 5 phiếu"]
    unused = next(row for row in rows_of(sheet) if row[0] == "5.6.3" and row[2] == "E")
    assert (unused[3], unused[9], unused[-2]) == ("–", 25, "–")


def test_every_sheet_is_ready_to_print_and_carries_the_hash(inputs):
    book = open_book(inputs())
    for sheet in book:
        assert FACTS.data_code in sheet["A3"].value
        assert "Lần tính 3, 09/01/2022 10:30, Lò Thị Minh" in sheet["A3"].value
        assert sheet.freeze_panes == "A6"
        assert sheet.print_title_rows == "$5:$5"
        assert (sheet.page_setup.paperSize, sheet.page_setup.fitToHeight) == (9, 0)


def test_a_native_chart_shows_the_areas(inputs):
    content = workbook_bytes(published(compute(inputs())), FACTS)
    with ZipFile(io.BytesIO(content)) as archive:
        chart = archive.read("xl/charts/chart1.xml").decode()
    assert "barChart" in chart
    assert "'Tổng quan'!$E$6:$E$" in chart


def test_the_rules_stand_on_a_sheet_of_their_own(inputs):
    words = [row[1] for row in rows_of(open_book(inputs())["Quy tắc"])]
    assert "Thang 5 mức 1 / 0,75 / 0,5 / 0,25 / 0" in words
    assert "n tối thiểu 5" in words


def test_the_number_of_ballots_of_a_small_group_is_not_told_nor_follows_from_the_sum(inputs):
    book = open_book(replace(inputs(), by_group={"A": 24, "E": 404, "F": 4}))
    words = {row[0]: row[1] for row in rows_of(book["Quy tắc"])}
    assert words["Số phiếu theo nhóm"] == "A: 24, E: 404, F: dưới 5"
    assert any(str(row[0]).startswith("Số phiếu: trên 428.") for row in rows_of(book["Tổng quan"]))


def test_rated_units_get_a_sheet_and_no_text_becomes_a_formula(inputs):
    one, other = inputs(), inputs("answers-edge.csv", "102")
    both = ScoreInputs(one.settings, one.leaves, {**one.counts, **other.counts}, one.by_group, 5)
    book = open_book(both)
    assert rows_of(book["Đơn vị"])[:2] == [
        ["–", "099", "Huyện Tuần Giáo", 21.86, 30, *["–"] * 7, 30, ""],
        ["–", "102", "=1+1", 12.72, 30, *["–"] * 7, 27.75, "2 tiêu chí chưa có điểm (5.6.3, 6.4.2)"],
    ]
    assert book["Đơn vị"]["C7"].data_type == "s"
    leaves = [row for row in rows_of(book["Tiêu chí từng đơn vị"]) if row[3] == "5.6.3"]
    assert [(row[0], row[5]) for row in leaves] == [("099", 0.78), ("102", "–")]
    levels = [row for row in rows_of(book["Các mức từng đơn vị"]) if row[2:5:2] == ["5.6.3", "E"]]
    assert levels[0][:10] == ["099", "Huyện Tuần Giáo", "5.6.3", levels[0][3], "E", 9, 36, 89, 166, 71]


def test_units_of_two_classes_stand_apart_and_have_no_total_in_common(inputs):
    one, other = inputs(), inputs("answers-edge.csv", "102")
    both = ScoreInputs(
        one.settings, one.leaves, {**other.counts, **one.counts}, one.by_group, 5,
        classes={"102": "communes", "099": "offices"}, asked={"099": {"8.1": ()}},
    )  # fmt: skip
    book = open_book(both)
    units = [row[:5] for row in rows_of(book["Đơn vị"])]
    assert units == [
        ["Xã, phường, thị trấn", "102", "=1+1", 12.72, 30],
        ["Sở, ngành", "099", "Huyện Tuần Giáo", 14.07, 20],
    ]
    words = [str(cell) for row in rows_of(book["Tổng quan"]) for cell in row]
    assert "Tổng điểm điều tra" not in words


def test_a_leaf_without_answers_is_a_dash(inputs):
    leaf = Leaf(Criterion("1.1", inputs().criteria[0].max_points, SURVEY, ("A",), ("q",)), "=Cộng", "I", "Chỉ đạo")
    book = open_book(ScoreInputs(Settings(), (leaf,), {"099": {}}, {}, 5))
    assert rows_of(book["Tiêu chí"])[0] == ["I", "1.1", "=Cộng", "–", 1, "–", "–", "–", 0, "Không đủ mẫu", "–"]
    assert book["Tiêu chí"]["C6"].data_type == "s"
