import pytest

from survey_app.handover.money import dong_in_words, in_words


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "không"),
        (5, "năm"),
        (10, "mười"),
        (14, "mười bốn"),
        (15, "mười lăm"),
        (20, "hai mươi"),
        (21, "hai mươi mốt"),
        (24, "hai mươi tư"),
        (25, "hai mươi lăm"),
        (101, "một trăm linh một"),
        (115, "một trăm mười lăm"),
        (1000, "một nghìn"),
        (1005, "một nghìn không trăm linh năm"),
        (12_005, "mười hai nghìn không trăm linh năm"),
        (30_000, "ba mươi nghìn"),
        (22_890_000, "hai mươi hai triệu tám trăm chín mươi nghìn"),
        (1_234_000, "một triệu hai trăm ba mươi tư nghìn"),
        (1_000_000_000, "một tỷ"),
        (2_000_015_000, "hai tỷ không trăm mười lăm nghìn"),
        (1_000_000_000_000, "một nghìn tỷ"),
    ],
)
def test_sums_are_said_as_they_are_written_under_a_list(number, words):
    assert in_words(number) == words


def test_the_sum_begins_with_a_capital_and_ends_in_dong():
    assert dong_in_words(30_000) == "Ba mươi nghìn đồng"


def test_a_negative_sum_is_a_fault_of_the_program():
    with pytest.raises(ValueError, match="negative"):
        in_words(-1)
