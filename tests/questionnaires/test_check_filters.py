import pytest

from survey_app.questionnaires.check import check
from survey_app.questionnaires.xlsform import read_xlsform
from tests.questionnaires.make import HEADINGS, make_source

CHOICES = """
| choices |           |      |                        |                     |       |   |
|         | list_name | name | label::Tiếng Việt (vi) | label::English (en) | level | g |
|         | a         | y    | Có                     | Yes                 |       |   |
|         | a         | n    | Không                  | No                  |       |   |
|         | b         | p    | Xã                     | Commune             |       | y |
|         | b         | q    | Huyện                  | District            |       | z |
"""
HEADINGS_WITH_FILTER = HEADINGS + " | choice_filter"


def found(condition, kind="select_one", required="yes", first="select_one a"):
    rows = (
        f"{first} | a | Đã làm? | Done? | yes",
        f"{kind} b | b | Ở đâu? | Where? | {required} | | | | {condition}",
    )
    definition = read_xlsform(make_source(*rows, choices=CHOICES, headings=HEADINGS_WITH_FILTER), "thu.md")
    return [(one.severity, one.kind, one.row) for one in check(definition) if one.column == "choice_filter"]


@pytest.mark.parametrize("kind", ["select_one", "select_multiple", "rank"])
def test_a_required_question_that_never_has_a_choice_is_an_error(kind):
    for condition in ("false()", "g = 'x'", "${a} = 'y' and ${a} = 'n'", "g = ${a} and name = 'q'"):
        assert found(condition, kind) == [("error", "never_a_choice", 3)]
    assert found("${a} = 'n' and g = ${a}", kind, first="select_multiple a") == [("error", "never_a_choice", 3)]


def test_one_that_some_answers_leave_empty_or_that_may_be_skipped_is_a_warning():
    assert found("g = ${a}") == [("warning", "no_choice_left", 3)]
    assert found("false()", required="") == [("warning", "no_choice_left", 3)]


def test_a_filter_that_always_leaves_one_or_cannot_be_tried_is_silent():
    for condition in ("g = ${a} or name = 'q'", "selected(g, 'y') or ${a} = 'n'"):
        assert found(condition) == []
    assert found("${a} > 3 and ${a} < 2", first="integer") == []
