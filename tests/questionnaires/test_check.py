import pytest

from survey_app.questionnaires.check import AskedCriterion, check, coverage, minutes
from tests.questionnaires.make import SCREENED, make_definition

CRITERIA = [AskedCriterion("1.1", frozenset("AE")), AskedCriterion("1.2", frozenset("A"))]
Q = "select_one muc | q_1_1 | Thái độ? | Attitude? | yes | | likert | 1.1"


def kinds(definition, *arguments):
    return [(message.kind, message.sheet, message.row) for message in check(definition, *arguments)]


def test_a_sound_questionnaire_has_no_finding():
    assert check(make_definition(*SCREENED), CRITERIA, "E") == []


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ("text | x | Ý kiến?", "missing_text"),
        (f"text | x | {'dài ' * 31}? | Long?", "long_label"),
        ("text | x | Ở {noi} nào? | Where?", "unknown_placeholder"),
        ("select_one muc | x | X? | X? | no | | | 1.1", "scored_not_required"),
        ("select_one muc | x | X? | X? | yes | | | 9.9", "unknown_criterion"),
        ("select_one muc | x | X? | X? | yes | | | 1.2", "criterion_of_other_group"),
    ],
)
def test_a_finding_names_its_row(row, kind):
    assert kinds(make_definition(Q, row), CRITERIA, "E") == [(kind, "survey", 3)]


def test_placeholders_of_the_round_count_with_the_length_that_they_will_have():
    assert kinds(make_definition("text | x | {unit} năm {year}, {from} đến {to}? | {unit}?")) == []
    long = make_definition(f"text | x | {'a' * 110}{{unit}}? | Short?")
    assert kinds(long) == [("long_label", "survey", 2)]


def test_a_criterion_without_question_is_an_error_of_the_group_that_is_asked():
    assert kinds(make_definition(Q), CRITERIA, "A") == [("criterion_without_question", "survey", 0)]
    assert kinds(make_definition(Q), CRITERIA, "E") == []


def test_the_choices_of_a_scored_question_need_levels_and_a_way_out():
    choices = """
| choices | | | | | |
| | list_name | name | label::Tiếng Việt (vi) | label::English (en) | level |
| | muc | 1 | Tốt | Good | 2 |
| | muc | 2 | Kém | Poor | 1 |
| | muc | 3 | Khác | Other | |
"""
    found = kinds(make_definition(Q, choices=choices))
    assert found == [("missing_level", "choices", 4), ("level_order", "choices", 2), ("no_dont_know", "choices", 2)]


def test_two_choices_of_one_level_and_a_level_for_dont_know_are_errors():
    choices = """
| choices | | | | | |
| | list_name | name | label::Tiếng Việt (vi) | label::English (en) | level |
| | muc | 1 | Tốt | Good | 1 |
| | muc | 2 | Kém | Poor | 1 |
| | muc | KB | Không biết | Don't know | 3 |
"""
    assert [kind for kind, _, _ in kinds(make_definition(Q, choices=choices))] == [
        "duplicate_level",
        "level_of_dont_know",
    ]


def test_too_many_written_answers_would_not_fit_an_envelope():
    rows = [f"text | t_{number} | Ý kiến {number}? | Opinion?" for number in range(6)]
    assert kinds(make_definition(*rows)) == [("too_long_for_envelope", "survey", 0)]
    assert kinds(make_definition(*rows[:4])) == []


def test_errors_come_before_warnings_and_a_line_tells_the_place():
    first, second = check(make_definition(f"text | x | {'dài ' * 31}? | Long?", "text | y | Ý kiến?"))
    assert (first.is_error, second.is_error) == (True, False)
    assert first.line == "survey, dòng 3, cột label::English (en): thiếu bản dịch. Điền ô này."
    assert second.line == "survey, dòng 2, cột label::Tiếng Việt (vi): câu dài 125 ký tự; nên ≤ 120 cho điện thoại."


def test_coverage_counts_criteria_that_every_asked_group_has_a_question_for():
    definition = make_definition(Q)
    assert coverage({"A": definition}, CRITERIA).missing == (("1.1", "E"), ("1.2", "A"))
    both = coverage({"A": definition, "E": definition}, CRITERIA)
    assert (both.covered, both.total, both.missing) == (1, 2, (("1.2", "A"),))


def test_minutes_grow_with_what_is_to_be_read_and_written():
    assert minutes(make_definition(Q)) == 1
    assert (
        minutes(make_definition(*(f"text | t_{n} | Một câu hỏi mười chữ để đọc cho hết? | ?" for n in range(4)))) == 2
    )
