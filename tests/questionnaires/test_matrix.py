"""A matrix is written out for a person and cut out for a unit; what would join the ballots of a person is refused."""

import pytest

from survey_app.questionnaires.check import minutes
from survey_app.questionnaires.difference import Danger, differences, worst
from survey_app.questionnaires.matrix import Body, by_unit, cut_out, has_matrix, joined, written_out
from survey_app.questionnaires.path import answers_on_path, check_answers, screens
from survey_app.questionnaires.xlsform import XlsformError, read_xlsform
from survey_app.questionnaires.xlsform_writer import write_markdown
from tests.questionnaires.test_features import read_feature

OFFICE, COMMUNE, WARD = Body(7, "Sở Nội vụ", "so"), Body(12, "Xã Quài Tở", "xa"), Body(30, "Phường 1", "phuong")
BODIES = (OFFICE, COMMUNE, WARD)


def test_each_question_becomes_a_screen_with_a_row_for_each_unit_it_covers():
    form = written_out(read_feature("matrix"), BODIES)
    path = screens(form, {})
    rows = [[q.label["vi"] for q in screen.questions if q.is_answered] for screen in path]
    assert rows == [
        ["Sở Nội vụ", "Xã Quài Tở", "Phường 1"],
        ["Sở Nội vụ", "Xã Quài Tở", "Phường 1"],
        ["Xã Quài Tở", "Phường 1"],
        ["Ý kiến thêm"],
    ]
    assert [screen.is_matrix for screen in path] == [True, True, True, False]
    assert [(screen.first_question, screen.question_total) for screen in path] == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert [screen.title["vi"] for screen in path[:3]] == ["Phối hợp", "Phối hợp", "Bộ phận Một cửa"]


def test_a_condition_looks_at_the_row_of_its_own_unit():
    form = written_out(read_feature("matrix"), BODIES)
    answers = {"m_1__7": "KB", "m_1__12": "2", "m_1__30": "1"}
    assert [q.rated_unit for q in screens(form, answers)[1].questions] == [0, 12, 30]
    assert {(fault.name, fault.kind) for fault in check_answers(form, {})} == {
        (f"m_1__{body.id}", "required") for body in BODIES
    }


def test_answers_are_parted_by_unit_and_joined_again():
    form = written_out(read_feature("matrix"), BODIES)
    answers = {"m_1__7": "2", "m_1__12": "KB", "m_1__30": "1", "m_3__30": "2", "y_kien": "Nhanh hơn"}
    parts = by_unit(form, answers_on_path(form, answers))
    assert parts == {
        7: {"m_1": "2"}, 12: {"m_1": "KB"}, 30: {"m_1": "1", "m_3": "2"}, 0: {"y_kien": "Nhanh hơn"},
    }  # fmt: skip
    assert joined(parts) == answers
    assert written_out(form, BODIES) == form


def test_of_one_unit_only_the_matrices_that_cover_it_are_asked():
    definition = read_feature("matrix")
    assert [q.name for q in cut_out(definition, "so").questions()] == ["m_1", "m_2"]
    assert [q.name for q in cut_out(definition, "xa").questions()] == ["m_1", "m_2", "m_3"]
    plain = read_feature("select_one")
    assert cut_out(plain, "so") == plain
    assert written_out(plain, BODIES) == plain
    assert not has_matrix(plain)
    # A section that covers none of the units is left out.
    assert [screen.name for screen in screens(written_out(definition, (OFFICE,)), {})] == ["m_1__", "m_2__", "y_kien"]


def test_rows_are_read_faster_than_questions():
    definition = read_feature("matrix")
    bodies = tuple(Body(number, f"Xã {number}", "xa") for number in range(1, 46))
    assert 4 <= minutes(written_out(definition, bodies)) <= 6


def test_another_set_of_units_is_another_questionnaire():
    old = read_feature("matrix")
    new = read_xlsform(write_markdown(old).replace(b"| xa phuong ", b"| xa        "), "lai.md")
    changes = differences(old, new)
    assert worst(changes) is Danger.DESTRUCTIVE
    assert changes[0].text == "phần «mot_cua»: đổi đơn vị được đánh giá"


BEGIN, ASKED, END = "begin_group | b | B | | all", "select_one muc | m | M | |", "end_group | | | |"
ROW = "|        | {} |\n"
FILE = """| survey |
|--------|------|------|-------|----------|-------|
|        | type | name | label | relevant | rates |
{rows}
| choices |
|---------|-----------|------|-------|-------|
|         | list_name | name | label | level |
|         | muc       | 1    | Kém   | 1     |
|         | muc       | 2    | Tốt   | 2     |
"""


@pytest.mark.parametrize(
    ("rows", "kind", "words"),
    [
        (["begin_group | b | B | | tat_ca", ASKED, END], "bad_matrix", "tat_ca"),
        (
            [BEGIN, "integer | m | M | |", END],
            "bad_matrix",
            "chỉ có select_one",
        ),
        (["select_one muc | m | M | | all"], "not_on_kind", "chỉ dành cho begin_group"),
        (
            [BEGIN, "begin_group | t | T | |", ASKED, END, END],
            "bad_matrix",
            "không chứa nhóm khác",
        ),
        (
            [BEGIN, ASKED, END, "integer | n | N | |"],
            "outside_matrix",
            "cùng một người",
        ),
        (
            [BEGIN, ASKED, END, "note | n | N | ${m} = '1' |"],
            "matrix_reference",
            "ở ngoài bảng này",
        ),
        (
            ["acknowledge | a | A | |", "begin_group | b | B | ${a} = 'OK' | all", ASKED, END],
            "matrix_condition",
            "mọi người trả lời mọi đơn vị",
        ),
        ([BEGIN, "select_one muc | m | {unit} thế nào? | |", END], "unit_in_matrix", "nhiều đơn vị cùng lúc"),
        ([BEGIN, "select_one muc | m__1 | M | |", END], "bad_name", "«__»"),
    ],
)
def test_what_cannot_be_a_matrix_is_refused_with_its_reason(rows, kind, words):
    text = FILE.format(rows="".join(ROW.format(row) for row in rows))
    with pytest.raises(XlsformError) as refused:
        read_xlsform(text.encode(), "thu.md")
    found = [message for message in refused.value.messages if message.kind == kind]
    assert found, refused.value.messages
    assert words in found[0].text
    assert found[0].row > 1
