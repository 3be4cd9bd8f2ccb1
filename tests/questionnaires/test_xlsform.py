import io
import re
import zipfile
from datetime import date

import openpyxl
import pytest

from survey_app.questionnaires.definition import Language
from survey_app.questionnaires.xlsform import XlsformError, read_xlsform
from survey_app.questionnaires.xlsform_pyxform import placed
from survey_app.questionnaires.xlsform_writer import write_markdown, write_workbook, write_xform
from tests.questionnaires.make import HEADINGS, SCALE, SCREENED, make_definition, make_source
from tests.questionnaires.test_features import read_feature

Q = "select_one muc | q_1_1 | Thái độ? | Attitude? | yes | | likert | 1.1"


def faults(*rows, **facts):
    with pytest.raises(XlsformError) as fault:
        read_xlsform(make_source(*rows, **facts), "thu.md")
    return [(message.sheet, message.row, message.column, message.kind) for message in fault.value.messages]


def test_a_small_questionnaire_is_read_whole():
    definition = make_definition(*SCREENED)
    assert definition.languages == (Language("vi", "Tiếng Việt"), Language("en", "English"))
    assert [question.name for question in definition.questions()] == [
        "da_lam", "q_1_1", "so_lan", "vi_sao", "cam_on", "khac",
    ]  # fmt: skip
    question = definition.question("q_1_1")
    assert (question.kind, question.required, question.criterion, question.appearance) == (
        "select_one",
        True,
        "1.1",
        "likert",
    )
    assert [(choice.name, choice.level) for choice in question.choices] == [("1", 1), ("2", 2), ("KB", None)]
    assert question.label == {"vi": "Thái độ?", "en": "Attitude?"}
    assert question.row == 4
    assert next(definition.groups()).relevant.source == "${da_lam} != 'khong'"


@pytest.mark.parametrize("write", [write_markdown, write_workbook])
def test_a_questionnaire_written_and_read_again_is_the_same(write):
    definition = make_definition(*SCREENED)
    ending = "md" if write is write_markdown else "xlsx"
    assert read_xlsform(write(definition), f"thu.{ending}") == definition


def test_markdown_and_workbook_of_one_questionnaire_have_the_same_rows():
    definition = make_definition(*SCREENED)
    book = openpyxl.load_workbook(io.BytesIO(write_workbook(definition)))
    assert book.sheetnames == ["survey", "choices", "settings"]
    cells = [[cell or "" for cell in row] for row in book["survey"].iter_rows(values_only=True)]
    lines = [
        line.split(" | ")[1:] for line in write_markdown(definition).decode().splitlines() if line.startswith("|  ")
    ]
    assert [[cell.strip(" |") for cell in line] for line in lines[: len(cells)]] == cells


def test_the_xform_for_odk_holds_questions_languages_and_conditions():
    xform = write_xform(make_definition(*SCREENED)).decode()
    assert 'lang="English (en)"' in xform
    assert "/data/phuc_vu/so_lan" in xform
    assert "!= 'khong'" in xform


def test_a_workbook_made_in_excel_with_numbers_is_read():
    book = openpyxl.Workbook()
    survey = book.active
    survey.title = "survey"
    for row in (["type", "name", "label", "required", "criterion"], ["select one muc", "q_1", "Hỏi?", "TRUE", "1.1"]):
        survey.append(row)
    choices = book.create_sheet("choices")
    for row in (["list name", "name", "label", "level"], ["muc", 1, "Kém", 1], ["muc", 2, "Tốt", 2.0]):
        choices.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    question = read_xlsform(buffer.getvalue(), "Phiếu E.xlsx").question("q_1")
    assert [(choice.name, choice.level) for choice in question.choices] == [("1", 1), ("2", 2)]
    assert (question.required, question.label) == (True, {"vi": "Hỏi?"})


@pytest.mark.parametrize(
    ("row", "column", "kind"),
    [
        ("deviceid | d", "type", "unsupported_type"),
        ("geopoint | g | Ở đâu? | Where?", "type", "unsupported_type"),
        ("begin_repeat | r | Lặp | Repeat", "type", "group_not_closed"),
        ("select_one la or_other | x | X? | X?", "type", "missing_list"),
        ("select_one la | x | X? | X?", "type", "missing_list"),
        (" | x | X? | X?", "type", "unsupported_type"),
        ("text | số lần | X? | X?", "name", "bad_name"),
        ("text | 1x | X? | X?", "name", "bad_name"),
        ("text | x | X? | X? | maybe", "required", "bad_required"),
        ("text | x | X? | X? | | ${q_1_1} = ", "relevant", "bad_relevant"),
        ("text | x | X? | X? | | ${la} = '1'", "relevant", "missing_reference"),
        ("text | x | X? | X? | | ${q_1_1} = '5'", "relevant", "unknown_choice"),
        ("text | x | X? | X? | | | likert", "appearance", "unsupported_appearance"),
        ("integer | x | X? | X? | | | | 1.1", "criterion", "not_scorable"),
        ("select_one muc | x | X? | X? | | | | 1,1", "criterion", "bad_criterion"),
        ("text | q_1_1 | X? | X?", "name", "duplicate_name"),
        ("text | Q_1_1 | X? | X?", "name", "duplicate_name"),
        ("text | x", "label", "missing_label"),
        ("text | meta | X? | X?", "name", "bad_name"),
        ("text | __proto__ | X? | X?", "name", "bad_name"),
        ("text | toString | X? | X?", "name", "bad_name"),
        ("text | x | X? | X? | | format-date(${q_1_1}, '%H:%M') = '1'", "relevant", "bad_relevant"),
        ("end_group", "type", "group_not_open"),
        ("begin_group | g | G | G", "type", "group_not_closed"),
    ],
)
def test_what_is_not_supported_is_refused_with_sheet_row_and_column(row, column, kind):
    assert faults(Q, row) == [("survey", 3, column, kind)]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (("begin_group | g | Về ${la} | G", "end_group"), [("survey", 2, "label", "missing_reference")]),
        (
            ("begin_group | g | Về ${x} | G | | | field-list", "text | x | X? | X?", "end_group"),
            [("survey", 2, "label", "later_reference")],
        ),
        (
            ("select_one chon | c | Ai? | Who?", "text | ten | Tên? | Name?"),
            [("choices", 3, "label", "later_reference")],
        ),
        (
            (
                "begin_repeat | r | R | R | 2",
                "text | ten | Tên? | Name?",
                "select_one chon | c | Ai? | Who?",
                "end_repeat",
            ),
            [("choices", 3, "label", "choice_shows_repeat")],
        ),
    ],
)
def test_an_answer_that_a_title_or_choice_cannot_show_is_refused_with_its_place(rows, expected):
    choices = SCALE.replace(
        "| muc       | 1    | Kém ", "| chon | 0 | Ai đó | Somebody | |\n| | chon | 1 | Mẹ của ${ten} "
    )
    headings = HEADINGS.replace("required", "repeat_count")
    assert faults(*rows, choices=choices, headings=headings) == expected


def test_the_type_may_be_written_in_capitals():
    rows = ("Begin Group | g | G | G", "Select One muc | q | Hỏi? | Ask? | yes", "End Group")
    assert make_definition(*rows).question("q").kind == "select_one"
    assert make_definition("SELECT_ONE muc | q | Hỏi? | Ask? | yes").question("q").kind == "select_one"
    with pytest.raises(XlsformError, match="không dùng được «end it»: chỉ có"):
        make_definition(Q, "end it")


def test_a_section_that_is_closed_by_the_wrong_word_has_its_row_and_column():
    rows = ("begin_group | g | G | G", "text | x | X? | X?", "end_repeat")
    assert faults(*rows) == [("survey", 4, "type", "other_end")]
    with pytest.raises(
        XlsformError, match="dòng 2 mở bằng begin_group nên phải đóng bằng end_group, không phải end_repeat"
    ):
        make_definition(*rows)


def test_an_empty_first_row_is_told_as_such():
    book = openpyxl.Workbook()
    book.active.title = "survey"
    book.active.append([])
    book.active.append(["type", "name", "label"])
    buffer = io.BytesIO()
    book.save(buffer)
    with pytest.raises(XlsformError, match="dòng 1 của trang này trống"):
        read_xlsform(buffer.getvalue(), "a.xlsx")


@pytest.mark.parametrize(
    ("constraint", "times"),
    [
        (". <= 3", 3),
        ("3 >= . and . >= 0", 3),
        (". < 3.5", 3),
        (". = 2 or . = 1", 2),
        (". <= 2 and . <= 5", 2),
        ("not(. <= 3)", 0),
        (". <= 3 or ${a} = 'y'", 0),
    ],
)
def test_only_what_limits_every_answer_limits_a_repeat(constraint, times):
    headings = HEADINGS.replace("required", "constraint").replace("relevant", "repeat_count")
    rows = ("text | a | A? | A?", f"integer | n | Mấy? | How many? | {constraint}")
    rows += ("begin_repeat | r | R | R | | ${n}", "text | x | X? | X?", "end_repeat")
    source = make_source(*rows, headings=headings)
    if times:
        assert sum(one.name.startswith("x_") for one in read_xlsform(source, "a.md").questions()) == times
    else:
        assert faults(*rows, headings=headings) == [("survey", 4, "repeat_count", "bad_repeat_count")]


def test_or_other_with_a_filter_is_refused_at_the_filter():
    headings = HEADINGS.replace("criterion", "choice_filter")
    found = faults("select_one muc or_other | q | Hỏi? | Ask? | | | | name = '1'", headings=headings)
    assert found == [("survey", 2, "choice_filter", "or_other_with_filter")]


def test_what_only_pyxform_refuses_has_its_place_too():
    form = make_definition(Q)
    found = placed("[row : 2] On the 'survey' sheet, the 'name' value is invalid.", form, ["name", "type"])
    assert found.place == "survey, dòng 2, cột name"
    assert "[row" not in found.text
    assert placed("The survey element named 'q_1_1' has no label or hint.", form, ["name"]).row == 2
    assert placed("Something else.", form, ["name"]).place == ""


def test_a_date_of_excel_is_a_default():
    book = openpyxl.Workbook()
    survey = book.active
    survey.title = "survey"
    survey.append(["type", "name", "label", "default"])
    survey.append(["date", "d", "Ngày nào?", date(2024, 1, 2)])
    buffer = io.BytesIO()
    book.save(buffer)
    assert read_xlsform(buffer.getvalue(), "ngay.xlsx").question("d").default == "2024-01-02"


@pytest.mark.parametrize("feature", ["repeat", "repeat_fixed"])
def test_a_repeat_is_written_as_a_repeat_again(feature):
    written = write_markdown(read_feature(feature)).decode()
    assert [written.count(word) for word in ("begin_repeat", "begin_group", "end_repeat")] == [1, 0, 1]
    assert "<repeat " in write_xform(read_feature(feature)).decode()


def test_a_repeat_of_which_one_time_is_mentioned_stays_written_out():
    times = [
        row
        for number in "12"
        for row in (
            f"begin_group | con_{number} | Con {number} | Child {number}",
            f"integer | tuoi_{number} | Tuổi? | Age?",
            "end_group",
        )
    ]
    rows = ("begin_group | con | Con | Child", *times, "end_group")
    mentioned = "text | lop | Lớp mấy? | Which class? | | ${tuoi_1} > 5"
    for definition, repeats in ((make_definition(*rows), 1), (make_definition(*rows, mentioned), 0)):
        written = write_markdown(definition)
        assert written.count(b"begin_repeat") == repeats
        assert read_xlsform(written, "thu.md") == definition


def test_a_name_that_cannot_be_used_is_told_with_one_that_can():
    with pytest.raises(XlsformError, match=r"tên «mong muốn» không dùng được\..*Ví dụ: mong_muon"):
        make_definition("text | mong muốn | X? | X?")


def test_all_faults_are_told_at_once():
    found = faults("deviceid | d", "text | 1x | X? | X?", Q, "text | y | Y? | Y? | maybe")
    assert [row for _, row, _, _ in found] == [2, 3, 5]
    rows = ("deviceid | d", "text | a | A? | A? | | ${la} = '1' and ${d} = '2'", "text | b | B? | B? | | ${c} = '1'")
    found = faults(*rows, "text | c | C? | C?", "text | C | C? | C?")
    assert [(row, kind) for _, row, _, kind in found] == [
        (2, "unsupported_type"),
        (6, "duplicate_name"),
        (3, "missing_reference"),
        (4, "later_reference"),
    ]


def test_a_column_that_cannot_be_honoured_is_refused_once_with_its_first_row():
    found = faults(
        "text | a | A? | A?",
        "text | b | B? | B? | | | | | . > 1",
        "text | c | C? | C? | | | | | . > 1",
        headings=HEADINGS + " | media::video",
    )
    assert found == [("survey", 3, "media::video", "unsupported_column")]


def test_an_empty_column_does_no_harm():
    data = make_source("text | a | A? | A?", headings=HEADINGS + " | media::video")
    assert read_xlsform(data, "thu.md").question("a") is not None


def test_a_condition_on_a_later_question_is_refused():
    found = faults("text | a | A? | A? | | ${q_1_1} = '1'", Q)
    assert found == [("survey", 2, "relevant", "later_reference")]


def test_a_condition_on_the_same_screen_is_refused():
    found = faults("begin_group | g | G | G | | | field-list", Q, "text | a | A? | A? | | ${q_1_1} = '1'", "end_group")
    assert found == [("survey", 4, "relevant", "same_screen_reference")]


def test_choices_are_checked_too():
    choices = """
| choices |  |  |  |  |  |
|  | list_name | name | label::Tiếng Việt (vi) | label::English (en) | level |
|  | muc | 1 | Kém | Poor | một |
|  | muc | 1 | Tốt | Good | 2 |
|  | muc | rất tốt | Rất tốt | Very good | 3 |
"""
    assert faults(Q, choices=choices) == [
        ("choices", 2, "level", "bad_level"),
        ("choices", 3, "", "duplicate_choice"),
        ("choices", 4, "name", "bad_name"),
    ]


@pytest.mark.parametrize(
    ("data", "name", "kind"),
    [
        (b"", "a.md", "empty"),
        (b"xin chao", "a.md", "no_survey_sheet"),
        (b"\xff\xfe\x00|", "a.md", "not_utf8"),
        (b"PK\x03\x04 not a zip", "a.xlsx", "not_a_spreadsheet"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "a.xlsx", "old_excel_or_password"),
        (b"%PDF-1.7", "a.pdf", "unknown_ending"),
        (b"x" * (2 * 1024 * 1024 + 1), "a.xlsx", "too_large"),
        (b"| survey | | |\n| | type | name |\n| | text | a | b | c |\n", "a.md", "ragged"),
        (b"| choices | | |\n| | list_name | name |\n| | a | b |\n| |  | |\n", "a.md", "no_survey_sheet"),
        (b"| survey | | | |\n| | type | name | name |\n| | text | a | b |\n", "a.md", "duplicate_column"),
    ],
)
def test_a_file_that_is_no_questionnaire_is_refused_with_one_reason(data, name, kind):
    with pytest.raises(XlsformError) as fault:
        read_xlsform(data, name)
    assert [message.kind for message in fault.value.messages] == [kind]


def test_a_workbook_that_unpacks_to_a_mountain_is_refused_unread():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", bytes(40 * 1024 * 1024))
    with pytest.raises(XlsformError, match="quá lớn"):
        read_xlsform(buffer.getvalue(), "a.xlsx")


def test_a_workbook_with_an_entity_is_refused():
    source = io.BytesIO(write_workbook(make_definition(Q)))
    buffer = io.BytesIO()
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "xl/sharedStrings.xml":
                content = content.replace(b"<sst", b'<!DOCTYPE x [<!ENTITY a "b">]><sst', 1)
            new.writestr(name, content)
    with pytest.raises(XlsformError, match="liên kết ra ngoài"):
        read_xlsform(buffer.getvalue(), "a.xlsx")


def test_a_language_without_code_is_refused():
    headings = "type | name | label::Tiếng Việt (vi) | label::Tiếng Mông"
    data = make_source("text | a | A? | A?", headings=headings)
    with pytest.raises(XlsformError) as fault:
        read_xlsform(data, "thu.md")
    assert [(m.kind, m.column) for m in fault.value.messages] == [("unknown_language", "label::Tiếng Mông")]


def test_a_setting_that_is_not_known_is_refused():
    settings = "\n| settings | | |\n| | form_title | style |\n| | Thử | pages |\n"
    with pytest.raises(XlsformError) as fault:
        read_xlsform(make_source(Q) + settings.encode(), "thu.md")
    assert [message.place for message in fault.value.messages] == ["settings, dòng 2, cột style"]


def workbook_with(**cells):
    """A workbook as a program writes it that computes no formulas; cells of the sheet survey."""
    book = openpyxl.load_workbook(io.BytesIO(write_workbook(make_definition(Q))))
    for place, value in cells.items():
        book["survey"][place] = value
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def computed(data, kind, value):
    """The workbook with what Excel computed for the formula in C2: the kind of value («str», «e») and the value."""
    buffer = io.BytesIO()
    cell = re.compile(rb'(<c r="C2"[^>]*?)(?: t="\w+")?>(<f>.*?</f>)<v ?/?>(?:</v>)?')
    put = rf'\1 t="{kind}">\2<v>{value}</v>'.encode()
    with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(buffer, "w") as after:
        for name in before.namelist():
            after.writestr(name, cell.sub(put, before.read(name)))
    return buffer.getvalue()


def test_a_formula_without_a_computed_value_is_refused_with_its_place():
    data = workbook_with(C2='="Thái độ"&"?"')
    with pytest.raises(XlsformError) as fault:
        read_xlsform(data, "thu.xlsx")
    assert [message.place for message in fault.value.messages] == ["survey, dòng 2, cột label::Tiếng Việt (vi)"]
    assert "Mở tệp bằng Excel" in fault.value.messages[0].text
    assert read_xlsform(computed(data, "str", "Thái độ?"), "thu.xlsx").question("q_1_1").label["vi"] == "Thái độ?"
    with pytest.raises(XlsformError, match="công thức trong ô này ra lỗi #REF!"):
        read_xlsform(computed(data, "e", "#REF!"), "thu.xlsx")


def test_a_formula_that_gives_an_empty_text_is_an_empty_cell():
    data = computed(workbook_with(C2='=""'), "str", "")
    assert "vi" not in read_xlsform(data, "thu.xlsx").question("q_1_1").label


def test_a_text_that_begins_with_an_equals_sign_is_kept():
    rows = ("text | y | = là dấu gì? | = what?",)
    definition = make_definition(*rows)
    assert definition.question("y").label == {"vi": "= là dấu gì?", "en": "= what?"}
    assert read_xlsform(write_workbook(definition), "thu.xlsx") == definition
