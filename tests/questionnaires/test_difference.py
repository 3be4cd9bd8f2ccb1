import pytest

from survey_app.questionnaires.difference import (
    Danger,
    beyond_correction,
    changes_words,
    differences,
    is_typing_correction,
    needs_second_person,
    worst,
)
from tests.questionnaires.make import SCALE, make_definition

BASE = (
    "select_one muc | q_1 | Thái độ thế nào? | How was it? | yes | | likert | 1.1",
    "text | y | Góp ý gì? | What to say?",
)


def compare(*rows, choices=SCALE, base=BASE):
    return [(c.danger, c.name) for c in differences(make_definition(*base), make_definition(*rows, choices=choices))]


def test_the_same_questionnaire_has_no_difference():
    assert compare(*BASE) == []
    assert worst([]) is None


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ((BASE[0].replace("Thái độ", "Thái đô"), BASE[1]), [(Danger.TYPING, "q_1")]),
        ((BASE[0].replace("Thái độ thế nào?", "Ông/bà có vui không?"), BASE[1]), [(Danger.RISKY, "q_1")]),
        ((BASE[0].replace("Thái độ thế nào?", "Thái độ phục vụ thế nào?"), BASE[1]), [(Danger.SAFE, "q_1")]),
        ((BASE[0], BASE[1].replace("Góp ý gì?", "Ông/bà có vui không?")), [(Danger.SAFE, "y")]),
        ((*BASE, "text | z | Gì nữa? | What else?"), [(Danger.SAFE, "z")]),
        ((*BASE, "text | z | Gì nữa? | What else? | yes"), [(Danger.RISKY, "z")]),
        ((BASE[0], BASE[1] + " | yes"), [(Danger.RISKY, "y")]),
        ((BASE[0].replace("| yes |", "| |"), BASE[1]), [(Danger.SAFE, "q_1")]),
        ((BASE[0],), [(Danger.DESTRUCTIVE, "y")]),
        ((BASE[0].replace("1.1", "1.2"), BASE[1]), [(Danger.DESTRUCTIVE, "q_1")]),
        ((BASE[0], BASE[1].replace("text", "integer")), [(Danger.RISKY, "y")]),
        ((BASE[0], BASE[1] + " | | ${q_1} = '1'"), [(Danger.RISKY, "y")]),
        ((BASE[1], BASE[0]), [(Danger.RISKY, "q_1")]),
        ((BASE[0], "begin_group | g | Phần | Part", BASE[1], "end_group"), [(Danger.RISKY, "y")]),
        ((BASE[0].replace("muc", "co_khong").replace("| 1.1", ""), BASE[1]), None),
    ],
)
def test_every_kind_of_change_has_its_danger(rows, expected):
    found = compare(*rows)
    if expected is None:
        assert {danger for danger, _name in found} == {Danger.RISKY, Danger.DESTRUCTIVE, Danger.SAFE}
    else:
        assert found == expected


@pytest.mark.parametrize(
    ("old", "new", "danger"),
    [
        ("| Kém       | Poor     | 1     |", "| Kém       | Poor     | 3     |", Danger.DESTRUCTIVE),
        ("|         | muc       | 1    | Kém       | Poor     | 1     |\n", "", Danger.RISKY),
        ("| Kém ", "| kém ", Danger.TYPING),
        ("| Kém ", "| Kem ", Danger.RISKY),  # the words of a scale are never a typing error
        ("| Kém ", "| Tốt ", Danger.DESTRUCTIVE),  # the words of another level
        ("| Kém ", "| Kém. ", Danger.RISKY),  # nor are its marks: «Không, hài lòng» is not «Không hài lòng»
    ],
)
def test_a_changed_choice_of_a_scored_list_has_its_danger(old, new, danger):
    assert old in SCALE
    assert compare(*BASE, choices=SCALE.replace(old, new))[0][0] == danger


def test_a_new_choice_is_safe_only_at_the_end():
    base = ("select_one co_khong | a | Đã làm? | Done?",)
    end = SCALE + "|         | co_khong  | quen | Không nhớ | Forgot | |\n"
    assert compare(*base, choices=end, base=base) == [(Danger.SAFE, "a")]
    first = SCALE.replace(
        "|         | co_khong  | co ",
        "|         | co_khong  | quen | Không nhớ | Forgot | |\n|         | co_khong  | co ",
    )
    assert compare(*base, choices=first, base=base) == [(Danger.RISKY, "a")]


def test_a_choice_with_the_words_of_another_one_is_risky_in_any_list():
    base = ("select_one co_khong | a | Đã làm? | Done?",)
    swapped = (
        SCALE.replace("| Có        |", "| tam |").replace("| Không    |", "| Có    |").replace("| tam |", "| Không |")
    )
    assert compare(*base, choices=swapped, base=base) == [(Danger.RISKY, "a")] * 2
    assert compare(*base, choices=SCALE.replace("| Có ", "| Đã làm "), base=base) == [(Danger.SAFE, "a")]


@pytest.mark.parametrize(
    ("asked", "danger"),
    [
        (
            "Ông/bà đánh giá thế nào về Công an huyện tuyển quân?",
            Danger.RISKY,
        ),  # the words of every question say nothing
        ("Ông/bà đánh giá thế nào về lãnh đạo huyện không chỉ đạo cải cách hành chính?", Danger.RISKY),
        ("Ông/bà đánh giá thế nào về lãnh đạo huyện chỉ đạo việc cải cách hành chính?", Danger.SAFE),
    ],
)
def test_a_scored_question_that_asks_for_something_else_is_risky(asked, danger):
    old = "Ông/bà đánh giá thế nào về lãnh đạo huyện chỉ đạo cải cách hành chính?"
    rows = [f"select_one muc | q_1 | {label} | How? | yes | | likert | 1.1" for label in (old, asked)]
    assert compare(rows[1], base=rows[:1]) == [(danger, "q_1")]


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("Ông/bà hài lòng ở mức nào về thái độ?", "Ông/bà hài lòng ở mức nào về thái đội?", True),
        ("Ông/bà hài lòng", "Ông/bà không hài lòng", False),
        ("Trong 12 tháng qua", "Trong 13 tháng qua", False),
        ("Từ {from} đến {to}", "Từ {to} đến {from}", False),
        ("Thái độ", "Sự thạo việc", False),
        ("Thái đô phuc vụ", "thái độ phục vụ.", True),
        ("Cán bộ của của xã", "Cán bộ của xã", True),
        ("Cán bộ xãlàm việc", "Cán bộ xã làm việc", True),
        ("Thía độ phục vụ", "Thái độ phục vụ", True),
        ("How satified are you?", "How satisfied are you?", True),
        ("Phục vụ tốt", "Phục vụ tồi", False),
        ("Hài lòng", "Rất hài lòng", False),
        ("Rất hài lòng", "Hài lòng", False),
        ("Chứa hài lòng", "Chưa hài lòng", False),
        ("Từ 18–29 tuổi", "Từ 18-29 tuổi", True),
        ("Từ 18 – 29 tuổi", "từ 18-29 tuổi.", True),
        ("Ông/bà ở huyện?", "Ông / bà ở huyện!", True),
        ("Thái độ (của cán bộ)", "Thái đô, của cán bộ", True),
        ("Từ 18–29 tuổi", "Từ 18, 29 tuổi", False),
        ("Từ 1-2 lần", "Từ 1/2 lần", False),
        ("Thu nhập 2,5 triệu", "Thu nhập 2.5 triệu", False),
        ("Thu nhập 1.000 đồng", "Thu nhập 1000 đồng", False),
        ("Nhiệt độ -5", "Nhiệt độ 5", False),
        ("Nhiệt độ - 5", "Nhiệt độ 5", False),
        ("Dưới 5%", "Dưới 5", False),
        ("Số lần < 5", "Số lần > 5", False),
        ("Ông/bà", "Ông bà", False),
        ("", "Thêm", False),
    ],
)
def test_a_typing_correction_keeps_what_the_sentence_says(old, new, same):
    assert is_typing_correction(old, new) is same


@pytest.mark.parametrize(
    ("old", "new", "another"),
    [
        ("Thái độ phục vụ", "thái độ phục vụ.", False),
        ("Từ 18–29 tuổi?", "Từ 18 - 29 tuổi!", False),
        ("Cán bộ xãlàm việc", "Cán bộ xã làm việc", False),
        ("ý kiến không trùng", "ý kiến không trúng", True),
        ("tài chính công", "tài chính cộng", True),
        ("Thía độ", "Thái độ", True),
        ("Ông bà chưa hài lòng", "Ông bà chưa, hài lòng", True),
        ("Ông bà không phải chờ", "Ông bà không phải – chờ", True),
        ("Officials don't help", "Officials don't, help", True),
        ("Ông bà chưa hài lòng", "Ông  bà Chưa hài lòng.", False),
        ("Không phải 18–29 tuổi", "Không phải 18-29 tuổi", False),
    ],
)
def test_a_letter_or_a_tone_makes_another_word(old, new, another):
    rows = [(f"text | y | {words} | What to say?",) for words in (old, new)]
    changes = differences(*(make_definition(*one) for one in rows))
    assert [change.danger for change in changes] == [Danger.TYPING]
    assert changes_words(changes) is another


def test_small_steps_do_not_lead_away_from_the_opening_but_back_to_it():
    opened, step, far = (make_definition(f"text | y | Mức {word} | How?") for word in ("kém", "ké", "khé"))
    assert beyond_correction(opened, opened, step) == []
    assert beyond_correction(step, step, far) == []
    assert [change.name for change in beyond_correction(opened, step, far)] == ["y"]
    assert beyond_correction(opened, far, opened) == []


def test_the_words_of_a_scale_are_kept_but_may_go_back():
    opened = make_definition(*BASE)
    bad = make_definition(*BASE, choices=SCALE.replace("| Tốt ", "| Tố "))
    assert [change.danger for change in beyond_correction(opened, opened, bad)] == [Danger.RISKY]
    assert beyond_correction(opened, bad, opened) == []


def test_only_risky_changes_need_a_second_person():
    old = make_definition(*BASE)
    assert not needs_second_person(differences(old, make_definition(*BASE, "text | z | Gì nữa? | What else?")))
    assert needs_second_person(differences(old, make_definition(BASE[0])))
