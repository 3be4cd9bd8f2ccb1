"""Rules of scoring read from JSON, refused with key and allowed values, and printed in one line."""

from decimal import Decimal

import pytest

from analysis.scoring_rules import PRESETS, ScoringError, Settings, plain_text, rule_line


def test_every_key_may_be_absent():
    assert Settings.from_json({}) == Settings()


def test_what_is_written_is_read_back():
    settings = Settings(
        coefficients=PRESETS["four_levels_even"],
        dont_know="middle",
        group_weights=(("A", Decimal("30")), ("B", Decimal("12.5"))),
        n_min=10,
        missing_group="zero",
        sipas_method="mean5",
        sipas_groups="equal",
    )
    assert Settings.from_json(settings.to_json()) == settings
    assert Settings.from_json(Settings().to_json()) == Settings()


def test_figures_may_be_numbers_or_text():
    read = Settings.from_json({"coefficients": {"1": 0, "2": "0.5", "3": 1}, "n_min": "7", "group_weights": {"A": 3}})
    assert read.coefficients == PRESETS["three_levels"]
    assert (read.n_min, read.group_weights) == (7, (("A", Decimal(3)),))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ([], "đối tượng JSON"),
        ({"dontknow": "zero"}, "không có khóa «dontknow»"),
        ({"dontknow": "zero"}, "coefficients, dont_know, group_combination, group_weights, n_min"),
        ({"dont_know": "skip"}, "«dont_know» không nhận giá trị «skip». Các giá trị dùng được: excluded, zero, middle"),
        ({"group_combination": None}, "equal, pooled"),
        ({"missing_group": 0}, "renormalise, zero"),
        ({"sipas_method": "T2B"}, "t2b, mean5, mean01"),
        ({"sipas_groups": ["pooled"]}, "pooled, equal"),
        ({"refused": "zero"}, "«refused» không nhận giá trị «zero»"),
        ({"rounding": "3 decimals"}, "«rounding» không nhận"),
        ({"n_min": 0}, "«n_min» phải là số nguyên từ 1"),
        ({"n_min": 2.5}, "«n_min» phải là số nguyên từ 1"),
        ({"n_min": True}, "«n_min» phải là một số"),
        ({"n_min": "năm"}, "«n_min» phải là một số"),
        ({"n_min": "Infinity"}, "số hữu hạn"),
        ({"coefficients": {"5": "1"}}, "đủ các mức liền nhau"),
        ({"coefficients": "mean01"}, "đủ các mức liền nhau"),
        ({"coefficients": {"1": "0"}}, "đủ các mức liền nhau"),
        ({"coefficients": {"1": "0", "2": "1.2"}}, "hệ số mức 2 phải từ 0 đến 1"),
        ({"coefficients": {"1": "0", "2": "x"}}, "mức 2» phải là một số"),
        ({"group_weights": {}}, "trọng số từng nhóm"),
        ({"group_weights": "equally"}, "trọng số từng nhóm"),
        ({"group_weights": {"A": "-1"}}, "nhóm A không được âm"),
        ({"group_weights": {"A": "1"}, "group_combination": "pooled"}, "Bỏ một trong hai"),
    ],
)
def test_a_wrong_key_or_value_is_named_with_what_is_allowed(data, words):
    with pytest.raises(ScoringError) as fault:
        Settings.from_json(data)
    assert words in str(fault.value)


def test_the_usual_rule_line():
    assert rule_line(Settings()) == (
        "Thang 5 mức 1 / 0,75 / 0,5 / 0,25 / 0; không tính «không biết»; các nhóm bằng nhau; n tối thiểu 5; "
        "nhóm không đủ mẫu thì chia lại cho các nhóm còn lại; SIPAS: tỷ lệ mức 4 và 5, gộp các nhóm; "
        "làm tròn một lần ở tiêu chí, 2 chữ số, từ nửa trở lên."
    )


def test_the_rule_line_tells_every_other_choice():
    line = rule_line(
        Settings(
            coefficients=PRESETS["four_levels"],
            dont_know="middle",
            group_weights=(("A", Decimal("30")), ("B", Decimal("12.5"))),
            n_min=10,
            missing_group="zero",
            sipas_method="mean01",
            sipas_groups="equal",
        )
    )
    assert "Thang 4 mức 1 / 0,75 / 0,5 / 0;" in line
    assert "tính mức giữa (0,625)" in line
    assert "trọng số nhóm A 30, B 12,5;" in line
    assert "n tối thiểu 10; có nhóm không đủ mẫu thì tiêu chí được 0 điểm" in line
    assert "(mức trung bình − 1) / 4, nhóm bằng nhau" in line
    assert "gộp phiếu các nhóm đủ mẫu" in rule_line(Settings(group_combination="pooled"))


@pytest.mark.parametrize(("figure", "text"), [("0.750", "0.75"), ("10", "10"), ("10.00", "10"), ("100", "100")])
def test_only_zeros_after_the_point_are_dropped(figure, text):
    assert plain_text(Decimal(figure)) == text


@pytest.mark.parametrize("settings", [{"n_min": "1e99999999"}, {"group_weights": {"A": "1e99999999", "B": "1"}}])
def test_a_figure_beyond_all_measure_is_refused_at_once(settings: dict[str, object]) -> None:
    with pytest.raises(ScoringError):
        Settings.from_json(settings)
