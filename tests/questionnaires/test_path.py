import pytest
from hypothesis import given
from hypothesis import strategies as st

from survey_app.questionnaires.path import (
    Fault,
    answers_on_path,
    check_answers,
    check_screen,
    questions_on_path,
    screens,
)
from survey_app.questionnaires.xlsform import read_xlsform
from survey_app.questionnaires.xlsform_writer import write_markdown, write_workbook
from tests.questionnaires.make import SCREENED, make_definition, make_source
from tests.questionnaires.test_features import read_feature

DEFINITION = make_definition(*SCREENED)


def names(answers):
    return [screen.name for screen in screens(DEFINITION, answers)]


def test_each_question_has_its_own_screen_with_the_title_of_its_section():
    shown = screens(DEFINITION, {})
    assert [screen.name for screen in shown] == ["da_lam", "q_1_1", "so_lan", "khac"]
    assert [dict(screen.title) for screen in shown[:2]] == [{}, {"vi": "Phục vụ", "en": "Service"}]
    assert [(screen.number, screen.total) for screen in shown] == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_the_path_follows_the_answers():
    assert names({"da_lam": "khong"}) == ["da_lam", "cam_on", "khac"]
    assert names({"da_lam": "co", "so_lan": 3}) == ["da_lam", "q_1_1", "so_lan", "vi_sao", "khac"]
    assert names({"da_lam": "co", "so_lan": 2}) == ["da_lam", "q_1_1", "so_lan", "khac"]


def test_an_answer_off_the_path_counts_as_not_given():
    answers = {"da_lam": "khong", "so_lan": 5, "vi_sao": "xa", "q_1_1": "1"}
    assert names(answers) == ["da_lam", "cam_on", "khac"]
    assert answers_on_path(DEFINITION, answers) == {"da_lam": "khong"}
    assert check_answers(DEFINITION, answers) == []


def test_a_question_keeps_its_number_whatever_is_skipped():
    shown = screens(DEFINITION, {"da_lam": "khong"})
    assert [(screen.first_question, screen.question_total) for screen in shown] == [(1, 5), (5, 5), (5, 5)]


def test_a_group_on_one_screen_shows_its_asked_questions_together():
    definition = make_definition(
        "select_one co_khong | a | A? | A?",
        "begin_group | cung | Cùng | Together | | | field-list",
        "text | b | B? | B?",
        "text | c | C? | C? | | ${a} = 'co'",
        "end_group",
    )
    first, together = screens(definition, {"a": "co"})
    assert [question.name for question in together.questions] == ["b", "c"]
    assert together.name == "cung"
    assert [question.name for question in screens(definition, {"a": "khong"})[1].questions] == ["b"]
    assert first.question_total == 3


def test_a_group_without_any_asked_question_has_no_screen():
    definition = make_definition(
        "select_one co_khong | a | A? | A?",
        "begin_group | cung | Cùng | Together | | | field-list",
        "text | c | C? | C? | | ${a} = 'co'",
        "end_group",
    )
    assert [screen.name for screen in screens(definition, {"a": "khong"})] == ["a"]


def screen_of(name, answers=None):
    return next(screen for screen in screens(DEFINITION, answers or {"so_lan": 3}) if screen.name == name)


@pytest.mark.parametrize(
    ("name", "raw", "values", "faults"),
    [
        ("q_1_1", {"q_1_1": "2"}, {"q_1_1": "2"}, {}),
        ("q_1_1", {}, {}, {"q_1_1": "required"}),
        ("q_1_1", {"q_1_1": "9"}, {}, {"q_1_1": "not_a_choice"}),
        ("so_lan", {"so_lan": " 12 "}, {"so_lan": 12}, {}),
        ("so_lan", {"so_lan": ""}, {"so_lan": ""}, {}),
        ("so_lan", {"so_lan": "hai"}, {}, {"so_lan": "not_an_integer"}),
        ("so_lan", {"so_lan": "9" * 12}, {}, {"so_lan": "not_an_integer"}),
        ("so_lan", {"so_lan": "9" * 5000}, {}, {"so_lan": "not_an_integer"}),
        ("vi_sao", {"vi_sao": " ma\r\nxa\x00 "}, {"vi_sao": "ma\nxa"}, {}),
        ("vi_sao", {"vi_sao": "ệ" * 2001}, {}, {"vi_sao": "too_long"}),
        ("vi_sao", {"vi_sao": "🙂" * 1600}, {}, {"vi_sao": "too_long"}),
        ("khac", {"khac": ["khong", "co"]}, {"khac": ["khong", "co"]}, {}),
        ("khac", {"khac": ["co", "la"]}, {}, {"khac": "not_a_choice"}),
        ("khac", {"stranger": "1"}, {"khac": []}, {}),
    ],
)
def test_the_fields_of_a_screen_become_values_or_faults(name, raw, values, faults):
    assert check_screen(screen_of(name), raw) == (values, faults)


def test_a_complete_submission_has_no_fault():
    answers = {"da_lam": "co", "q_1_1": "KB", "so_lan": 3, "vi_sao": "Đường xa.", "khac": ["co"]}
    assert check_answers(DEFINITION, answers) == []
    assert answers_on_path(DEFINITION, answers) == answers


@pytest.mark.parametrize(
    ("answers", "faults"),
    [
        ({}, [Fault("da_lam", "required"), Fault("q_1_1", "required")]),
        ({"da_lam": "khong", "la": "1"}, [Fault("la", "unknown")]),
        ({"da_lam": "khong", "cam_on": "1"}, [Fault("cam_on", "unknown")]),
        ({"da_lam": "co", "q_1_1": "7"}, [Fault("q_1_1", "not_a_choice")]),
        ({"da_lam": "co", "q_1_1": ["1"]}, [Fault("q_1_1", "wrong_shape")]),
        ({"da_lam": "co", "q_1_1": "1", "so_lan": "2"}, [Fault("so_lan", "wrong_shape")]),
        ({"da_lam": "co", "q_1_1": "1", "so_lan": True}, [Fault("so_lan", "wrong_shape")]),
        ({"da_lam": "khong", "khac": ["co", "co"]}, [Fault("khac", "not_a_choice")]),
        ({"da_lam": "khong", "khac": "co"}, [Fault("khac", "wrong_shape")]),
        ({"da_lam": {"x": 1}, "q_1_1": "1"}, [Fault("da_lam", "wrong_shape")]),
        ({"da_lam": " \x00", "q_1_1": "1"}, [Fault("da_lam", "required")]),
        ({"da_lam": "khong", "vi_sao": 3}, []),
    ],
)
def test_a_faulty_submission_names_question_and_kind(answers, faults):
    assert check_answers(DEFINITION, answers) == faults


json_values = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.text(max_size=3), st.sampled_from(["co", "khong", "1", "KB"])
    ),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
)
keys = st.sampled_from(["da_lam", "q_1_1", "so_lan", "vi_sao", "cam_on", "khac", "la"])


@given(st.dictionaries(keys, json_values))
def test_what_passes_the_check_is_stored_and_passes_again(answers):
    faults = check_answers(DEFINITION, answers)
    if not faults:
        stored = answers_on_path(DEFINITION, answers)
        assert check_answers(DEFINITION, stored) == []
        assert answers_on_path(DEFINITION, stored) == stored
        assert set(stored) <= {question.name for question in questions_on_path(DEFINITION, stored)}


def test_a_title_and_a_choice_show_earlier_answers():
    definition = read_feature("label_values")
    found = {screen.name: screen for screen in screens(definition, {"da_lam": "dat", "nop": "hoso"})}
    assert found["cho"].title["vi"] == "Về việc «Đất đai», nộp «Hồ sơ Đất đai»"
    assert [choice.label["vi"] for choice in found["nop"].questions[0].choices] == ["Hồ sơ Đất đai", "Giấy tờ khác"]
    assert screens(definition, {"da_lam": "dat"})[2].title["vi"] == "Về việc «Đất đai», nộp «»"


def test_in_a_repeat_each_time_shows_its_own_answers():
    headings = "type | name | label::Tiếng Việt (vi) | label::English (en) | repeat_count"
    rows = (
        "begin_repeat | con | Về bé ${ten} | About ${ten} | 2",
        "select_one co_khong | ten | Bé là? | Who? |",
        "begin_group | lop | Lớp của ${ten} | Class of ${ten} |",
        "text | thay | Thầy cô? | Teacher? |",
        "end_group | | | |",
        "end_repeat | | | |",
    )
    definition = read_xlsform(make_source(*rows, headings=headings), "thu.md")
    shown = {screen.name: screen.title["vi"] for screen in screens(definition, {"ten_1": "co", "ten_2": "khong"})}
    assert shown == {"ten_1": "Về bé Có 1", "thay_1": "Lớp của Có", "ten_2": "Về bé Không 2", "thay_2": "Lớp của Không"}
    assert read_xlsform(write_workbook(definition), "thu.xlsx") == definition
    assert write_markdown(definition).count(b"begin_repeat") == 1
