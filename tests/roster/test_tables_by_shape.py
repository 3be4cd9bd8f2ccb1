"""Lists whose heading says nothing known."""

import pytest

from survey_app.roster.checks import Sender
from survey_app.roster.drafts import check_draft, choose_columns, draft_from_workbook
from survey_app.workbook import Rejected, Sheet, Workbook
from tests.roster.lists import TERMS, make_catalogue, make_citizen

HEADING = ["#", "Họ và tên", "Tuổi tác", "Nam hay nữ", "Chỗ ở", "Liên lạc", "Việc đã làm", "Hôm nộp", "Hôm lấy"]
MEANING = {3: "birth", 4: "gender", 5: "ban", 7: "procedure", 8: "receipt", 9: "return"}
ROWS = [make_citizen(number) for number in (1, 2, 3)]


@pytest.mark.parametrize("heading", [[["DANH SÁCH"], HEADING], [HEADING], []])
def test_the_officer_can_say_what_each_column_is(heading):
    draft = draft_from_workbook(Workbook([Sheet("S", [*heading, *ROWS, ["Người lập"]])], "xlsx"), ("E",))
    assert draft.notes == ["Không nhận ra tiêu đề của bảng. Cho biết từng cột là gì ở «Các cột đã nhận»."]
    assert [row.row for row in draft.tables[0].rows] == [len(heading) + number for number in (1, 2, 3)]
    assert draft.tables[0].column("phone").index == 6
    choose_columns(draft, 0, {**MEANING, 2: "name"})
    reading = check_draft(draft, "ds.xlsx", Sender("03289", ("E",)), make_catalogue(), TERMS)
    assert [problem.kind for problem in reading.problems] == ["quota_exceeded"]
    assert [person.phone for person in reading.persons] == ["0912345671", "0912345672", "0912345673"]


def test_a_table_without_phones_is_no_list():
    with pytest.raises(Rejected, match="Không thấy dòng tiêu đề"):
        draft_from_workbook(Workbook([Sheet("S", [["a", "b", "c"], [1, 2, 3], [4, 5, 6], [7, 8, 9]])], "xlsx"), ("E",))
