from time import process_time

import pytest

from survey_app.questionnaires.check import AskedCriterion, check, coverage, minutes
from survey_app.questionnaires.path import check_answers, screens
from survey_app.questionnaires.xlsform import XlsformError, read_xlsform
from tests.questionnaires.make import HEADINGS, SCALE, SCREENED, make_definition, make_source

CRITERIA = [AskedCriterion("1.1", frozenset("AE"), 2), AskedCriterion("1.2", frozenset("A"), 2)]
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


def test_an_empty_section_or_repeat_is_told_once_with_its_row():
    rows = ("begin_group | g | Phần | Part", "end_group", "begin_repeat | h | Lần | Time | 3", "end_repeat")
    headings = "type | name | label::Tiếng Việt (vi) | label::English (en) | repeat_count"
    source = make_source("text | y | Ý kiến? | Opinion?", *rows, headings=headings)
    assert kinds(read_xlsform(source, "a.md")) == [("empty_group", "survey", 3), ("empty_group", "survey", 5)]


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


def scale(*levels):
    head = "\n| choices | | | | | |\n| | list_name | name | label::Tiếng Việt (vi) | label::English (en) | level |\n"
    return (
        head
        + "".join(f"| | muc | c{level} | Mức {level} | Level {level} | {level} |\n" for level in levels)
        + ("| | muc | KB | Không biết | Don't know | |\n")
    )


@pytest.mark.parametrize(
    ("levels", "found"),
    [
        ((1, 2), []),
        ((0, 1), [("level_gap", "choices", 2), ("levels_of_round", "choices", 2)]),
        ((1, 99), [("level_gap", "choices", 2), ("levels_of_round", "choices", 2)]),
        ((1,), [("level_gap", "choices", 2), ("levels_of_round", "choices", 2)]),
        ((1, 2, 3), [("levels_of_round", "choices", 2)]),
    ],
)
def test_the_levels_of_a_scale_are_those_that_the_round_has_points_for(levels, found):
    assert kinds(make_definition(Q, choices=scale(*levels)), CRITERIA, "E") == found


def test_a_questionnaire_without_a_question_to_answer_is_told():
    assert kinds(make_definition("note | n | Xin chào. | Hello.")) == [("nothing_to_answer", "survey", 0)]


def test_a_calculation_that_gives_no_number_is_told():
    headings = HEADINGS.replace("criterion", "calculation")
    source = make_source("text | y | Gì? | What?", "calculate | c | | | | | | 1 div 0", headings=headings)
    assert kinds(read_xlsform(source, "thu.md")) == [("no_number", "survey", 3)]


def test_too_many_written_answers_would_not_fit_an_envelope():
    rows = [f"text | t_{number} | Ý kiến {number}? | Opinion?" for number in range(6)]
    assert kinds(make_definition(*rows)) == [("too_long_for_envelope", "survey", 7)]
    assert kinds(make_definition(*rows[:4])) == []


def test_a_language_hardly_translated_is_told_once_with_its_rows():
    messages = check(make_definition(*(f"text | t_{number} | Câu {number}?" for number in range(8))))
    missing = [message for message in messages if message.kind == "missing_text" and message.sheet == "survey"]
    assert [(message.row, message.column) for message in missing] == [(2, "label::English (en)")]
    assert "8 ô (dòng 2, 3, 4, 5, 6, 7, 8, 9)" in missing[0].text


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


def found(*rows, column="kind"):
    return [(m.kind, m.row, m.column) for m in check(make_definition(*rows))]


def test_a_condition_that_no_answer_fulfils_is_told():
    ask = "select_one co_khong | a | Đã làm chưa? | Done?"
    assert found(ask, "text | b | Vì sao? | Why? | | ${a} = 'co' and ${a} = 'khong'") == [
        ("unreachable", 3, "relevant")
    ]
    number = "integer | n | Mấy lần? | How often?"
    assert found(number, "text | b | Vì sao? | Why? | | ${n} > 5 and ${n} < 3") == [("unreachable", 3, "relevant")]
    assert found(number, "text | b | Vì sao? | Why? | | ${n} > 5 and ${n} < 7") == []


def constrained(constraint, required="yes"):
    headings = HEADINGS.replace("criterion", "constraint")
    source = make_source(f"integer | n | Mấy? | How many? | {required} | | | {constraint}", headings=headings)
    return [message for message in check(read_xlsform(source, "thu.md")) if message.kind == "unanswerable"]


@pytest.mark.parametrize("constraint", [". > 5 and . < 3", ". > 5 and . < 6", ". != . + 0 and . < -1000 and . > 1000"])
def test_a_constraint_that_no_answer_keeps_is_told_where_trying_can_tell(constraint):
    found = constrained(constraint)
    assert [message.is_error for message in found] == ([] if "+" in constraint else [True])
    assert [message.is_error for message in constrained(constraint, "")] == ([] if "+" in constraint else [False])


@pytest.mark.parametrize("constraint", [". > 5 and . < 7", ". >= -3 and . < 0", ". > 2020 or . = ''"])
def test_a_constraint_that_some_answer_keeps_is_left_alone(constraint):
    assert constrained(constraint) == []


def test_what_must_hold_before_counts_when_looking_for_unreachable_questions():
    headings = HEADINGS.replace("criterion", "constraint")
    rows = (
        "integer | n | Mấy? | How many? | | | | . < 5",
        "text | a | A? | A? | | ${n} > 10",
        "text | b | B? | B? | | ${n} > 3",
        "text | t | T? | T? | | ${n} = 1",
        "text | u | U? | U? | | ${n} = 2 and ${t} = 'x'",
        "text | v | V? | V? | | ${n} = 1 and ${t} = 'x'",
    )
    messages = check(read_xlsform(make_source(*rows, headings=headings), "thu.md"))
    assert [message.row for message in messages if message.kind == "unreachable"] == [3, 6]


def test_a_question_in_a_group_that_excludes_it_is_told():
    rows = (
        "select_one co_khong | a | Đã làm chưa? | Done?",
        "begin_group | g | Phần hai | Part two | | ${a} = 'co'",
        "text | b | Vì sao chưa? | Why not? | | ${a} = 'khong'",
        "end_group",
    )
    assert found(*rows) == [("unreachable", 4, "relevant")]


@pytest.mark.parametrize(
    ("label", "denies_twice"),
    [
        ("Ông/bà có đồng ý không?", False),
        ("Ông/bà không đồng ý rằng cán bộ không đúng hẹn?", True),
        ("Ông/bà chưa bao giờ không nhận được giấy hẹn?", True),
        ("Chưa góp ý bao giờ thì chọn «Không biết».", False),
        ("Ông/bà đã nhận kết quả hay chưa?", False),
        ("Không phải nộp thêm giấy tờ là đúng?", False),
    ],
)
def test_a_double_negation_is_told(label, denies_twice):
    kinds_found = [m.kind for m in check(make_definition(f"text | a | {label} | Why?"))]
    assert ("double_negation" in kinds_found) is denies_twice


def test_marks_that_would_show_as_they_are_are_told():
    assert found("text | a | Ý kiến **thật**? | Really <b>so</b>?") == [
        ("marks_in_text", 2, "label::Tiếng Việt (vi)"),
        ("marks_in_text", 2, "label::English (en)"),
    ]


def test_the_same_question_twice_is_told_with_the_first_row():
    messages = check(make_definition("text | a | Vì sao? | Why?", "text | b | Vì sao? | Why so?"))
    assert [(m.kind, m.row) for m in messages] == [("same_label", 3)]
    assert "dòng 2" in messages[0].text


def test_a_further_column_of_the_choices_that_nothing_uses_is_told():
    scale = SCALE.replace("| level |", "| level | huyen |").replace("| 1     |\n", "| 1     | x |\n")
    messages = check(make_definition("select_one muc | a | A? | A?", choices=scale))
    assert [(m.kind, m.sheet, m.column) for m in messages] == [("unused_column", "choices", "huyen")]


def expression_faults(column, *rows):
    with pytest.raises(XlsformError) as fault:
        read_xlsform(make_source(*rows, headings=HEADINGS + f" | {column}"), "thu.md")
    return [(m.kind, m.row, m.column) for m in fault.value.messages]


def cell(row, value):
    return row + " |" * (7 - row.count("|")) + f" | {value}"


def test_calculations_in_a_circle_are_refused():
    rows = (cell("calculate | a | ", "${b} + 1"), cell("calculate | b | ", "${a} + 1"))
    assert expression_faults("calculation", *rows) == [
        ("calculation_loop", 2, "calculation"),
        ("calculation_loop", 3, "calculation"),
    ]
    assert expression_faults("calculation", cell("calculate | a | ", "${a} + 1")) == [
        ("calculation_loop", 2, "calculation")
    ]


def test_a_written_opinion_cannot_get_into_a_computed_value():
    rows = ("text | y | Ý kiến? | Opinion?", cell("calculate | a | ", "concat(${y}, '!')"))
    assert expression_faults("calculation", *rows) == [("text_in_calculation", 3, "calculation")]


@pytest.mark.parametrize(
    ("column", "row", "kind"),
    [
        ("calculation", cell("calculate | a | ", "today()"), "bad_calculation"),
        ("calculation", "calculate | a | ", "not_on_kind"),
        ("calculation", cell("integer | a | A? | A?", "1 + 1"), "not_on_kind"),
        ("constraint", cell("integer | a | A? | A?", ". > ${la}"), "missing_reference"),
        ("constraint", cell("note | a | A. | A.", ". > 1"), "not_on_kind"),
        ("default", cell("integer | a | A? | A?", "hai"), "bad_default"),
        ("default", cell("integer | a | A? | A?", "${b} + 1"), "dynamic_default"),
        ("default", cell("select_one muc | a | A? | A? | yes | | | 1.1", "1"), "default_of_scored"),
        ("read_only", cell("integer | a | A? | A?", "yes"), "not_on_kind"),
        ("read_only", cell("select_one muc | a | A? | A?", "yes"), "not_on_kind"),
        ("parameters", cell("integer | a | A? | A?", "start=1"), "bad_parameter"),
        ("parameters", cell("range | a | A? | A?", "start=5 end=1"), "bad_parameter"),
        ("parameters", cell("select_one muc | a | A? | A?", "randomize=true seed=${x}"), "bad_parameter"),
        ("choice_filter", cell("text | a | A? | A?", "name = '1'"), "not_on_kind"),
        ("choice_filter", cell("select_one muc | a | A? | A?", "huyen = '1'"), "bad_choice_filter"),
        ("trigger", cell("text | a | A? | A?", "${b}"), "unsupported_column"),
    ],
)
def test_what_would_have_no_effect_is_refused_with_its_place(column, row, kind):
    place = expression_faults(column, row)[0]
    assert place[:2] == (kind, 2)
    assert place[2] == column


def messages_of(*rows, column, choices=SCALE):
    headings = HEADINGS.replace("criterion", column)
    return check(read_xlsform(make_source(*rows, headings=headings, choices=choices), "thu.md"))


def test_answers_that_are_compared_with_each_other_are_tried_far_enough_apart():
    rows = (
        "integer | a | Mấy hồ sơ? | How many?",
        "integer | b | Mấy trễ? | How many late? | | | | . <= ${a}",
        "text | c | Vì sao? | Why? | | ${b} > 2 and ${a} > ${b}",
        "decimal | x | X? | X? | | | | . > 0 and . < 1",
        "decimal | y | Y? | Y? | | | | . > ${x} and . < 1",
        "text | z | Z? | Z? | | ${y} > ${x}",
        "text | t | T? | T? | | ${a} > ${b} and ${b} > ${a}",
    )
    assert [one.row for one in messages_of(*rows, column="constraint") if one.kind == "unreachable"] == [8]


@pytest.mark.parametrize(
    ("choice_filter", "told"),
    [
        ("g = ${a}", "khi «a» là «khong»"),
        ("false()", "không câu trả lời nào để lại"),
        ("g = ${a} or name = 'x'", None),
        ("g = ${a} or ${b} = 'co'", None),
    ],
)
def test_a_filter_that_leaves_nothing_is_told_and_nothing_is_required(choice_filter, told):
    choices = """
| choices | | | | | |
| | list_name | name | label::Tiếng Việt (vi) | label::English (en) | g |
| | yn | co | Có | Yes | |
| | yn | khong | Không | No | |
| | n | x | X | X | co |
| | n | z | Z | Z | co |
"""
    rows = (
        "select_one yn | a | A? | A? | yes",
        "select_one yn | b | B? | B? | yes | | | name = 'co'",
        f"select_one n | c | C? | C? | yes | ${{a}} = 'co' or ${{b}} != '' | | {choice_filter}",
    )
    source = make_source(*rows, headings=HEADINGS.replace("criterion", "choice_filter"), choices=choices)
    definition = read_xlsform(source, "thu.md")
    found = [one for one in check(definition) if one.kind in {"no_choice_left", "never_a_choice"}]
    assert [(one.row, one.column) for one in found] == ([(4, "choice_filter")] if told else [])
    answers = {"a": "khong", "b": "co"}
    left = [choice.name for choice in screens(definition, answers)[2].questions[0].choices]
    assert [fault.name for fault in check_answers(definition, answers)] == (["c"] if left else [])
    if told:
        assert told in found[0].text


def test_the_times_of_a_repeat_are_not_told_apart():
    rows = (
        "begin_repeat | r | R | R | 3",
        "text | x | Tên gì? | Name? |",
        "end_repeat | | | |",
        "text | y | Tên gì? | Name? |",
    )
    headings = "type | name | label::Tiếng Việt (vi) | label::English (en) | repeat_count"
    found = check(read_xlsform(make_source(*rows, headings=headings), "thu.md"))
    assert [(one.kind, one.row) for one in found] == [("same_label", 5)]


def test_a_multiple_choice_that_is_compared_as_a_whole_is_told():
    ask = "select_multiple co_khong | a | Gì? | What?"
    for condition in ("${a} = 'co'", "'co' = ${a}"):
        assert found(ask, f"text | b | B? | B? | | {condition}") == [("equalled_multiple", 3, "relevant")]
    for condition in ("${a} = ''", "${a} != 'co'", "selected(${a}, 'co')"):
        assert found(ask, f"text | b | B? | B? | | {condition}") == []


@pytest.mark.parametrize(
    ("value", "constraint", "told"), [("3", ". > 5", True), ("6", ". > 5", False), ("3", ". > ${b}", False)]
)
def test_a_ready_value_that_its_own_constraint_refuses_is_told(value, constraint, told):
    headings = HEADINGS.replace("criterion", "constraint") + " | default"
    rows = ("integer | b | B? | B?", f"integer | a | A? | A? | | | | {constraint} | {value}")
    definition = read_xlsform(make_source(*rows, headings=headings), "thu.md")
    assert ("default_refused" in [kind for kind, _sheet, row in kinds(definition) if row == 3]) is told


def test_a_message_cannot_show_a_later_answer():
    rows = ("integer | a | A? | A? | | | | . > 3 | Hơn ${b}, ${a} | More than ${b}", "integer | b | B? | B?")
    headings = HEADINGS.replace("criterion", "constraint")
    headings += " | constraint_message::Tiếng Việt (vi) | constraint_message::English (en)"
    with pytest.raises(XlsformError) as fault:
        read_xlsform(make_source(*rows, headings=headings), "thu.md")
    assert [(one.kind, one.row, one.column) for one in fault.value.messages] == [
        ("later_reference", 2, "constraint_message")
    ]


def test_a_long_chain_of_rules_is_checked_quickly():
    rows = [
        f"integer | q{n} | Câu {n}? | Ask {n}? | yes | ${{q{n - 1}}} > 3 and ${{q{n - 2}}} < 8 | | . > 0 and . < 10"
        for n in range(2, 202)
    ]
    first = [f"integer | q{n} | Câu {n}? | Question {n}? | yes | | | . > 0 and . < 10" for n in range(2)]
    source = make_source(*first, *rows, headings=HEADINGS.replace("criterion", "constraint"))
    definition = read_xlsform(source, "thu.md")
    began = process_time()
    check(definition)
    assert process_time() - began < 2
