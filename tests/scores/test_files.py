"""Points from CSV files: the sample answers give the expected figures exactly; faulty files are told apart."""

import csv
import json
import os
from pathlib import Path

import pytest

from analysis.component_score import score_leaves
from analysis.scoring_rules import ScoringError, Settings
from survey_app.scores.document import points_text
from survey_app.scores.files import compute_files, read_answers, read_criteria, read_settings

SAMPLES = Path(os.environ.get("SURVEY_SAMPLES") or Path(__file__).parents[1] / "samples")
CRITERIA = SAMPLES / "criteria-district-2021.csv"
SETS = [
    ("answers-simulated.csv", "answers-expected.json"),
    ("answers-edge.csv", "answers-edge-expected.json"),
]
ALTERNATIVES = {
    "groups_pooled": {"group_combination": "pooled"},
    "dont_know_as_zero": {"dont_know": "zero"},
    "dont_know_as_middle": {"dont_know": "middle"},
    "coefficients_mean5": {"coefficients": {"5": "1", "4": "0.8", "3": "0.6", "2": "0.4", "1": "0.2"}},
    "coefficients_t2b": {"coefficients": {"5": "1", "4": "1", "3": "0", "2": "0", "1": "0"}},
    "n_min_30": {"n_min": 30},
    "sipas_equal_groups": {"sipas_groups": "equal"},
}

SMALL_CRITERIA = """area_code,area_name,code,title,max_points,scored_by,groups
I,Chỉ đạo,1.1,Kế hoạch,0.50,TĐG,
I,Chỉ đạo,1.2,Quyết liệt,1.00,ĐTXHH,"A,C"
VIII,Tác động,8.1,Hài lòng,10.00,SIPAS,E
"""
SMALL_ANSWERS = "group,unit_code,channel,q_1_2,s_01,s_02\n" + "A,U,online,5,na,na\n" * 5 + "E,U,paper,na,4,KB\n" * 6


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def compute_small(folder: Path, criteria=SMALL_CRITERIA, answers=SMALL_ANSWERS, settings=None):
    return compute_files(
        write(folder, "tieu-chi.csv", criteria),
        write(folder, "tra-loi.csv", answers),
        None if settings is None else write(folder, "quy-tac.json", settings),
    )


@pytest.mark.parametrize(("answers", "expected"), SETS)
def test_the_sample_answers_give_the_expected_document(answers, expected):
    document = compute_files(CRITERIA, SAMPLES / answers)[1]
    wanted = json.loads((SAMPLES / expected).read_text("utf-8"))
    for key in ("alternatives", "citizens_by_unit"):
        wanted.pop(key, None)
    assert list(document) == list(wanted)
    assert document == wanted


@pytest.mark.parametrize(("answers", "expected"), SETS)
@pytest.mark.parametrize("name", ALTERNATIVES)
def test_other_rules_give_the_expected_points(tmp_path, answers, expected, name):
    wanted = json.loads((SAMPLES / expected).read_text("utf-8"))["alternatives"]
    assert set(wanted) == set(ALTERNATIVES)
    settings = write(tmp_path, "quy-tac.json", json.dumps(ALTERNATIVES[name]))
    document = compute_files(CRITERIA, SAMPLES / answers, settings)[1]
    assert document["survey_total"] == wanted[name]["survey_total"]
    assert {code: leaf["score"] for code, leaf in document["leaves"].items()} == wanted[name]["leaves"]


def test_the_printed_settings_can_be_given_back(tmp_path):
    wanted = json.loads((SAMPLES / "answers-expected.json").read_text("utf-8"))
    settings = write(tmp_path, "quy-tac.json", json.dumps(wanted["settings"]))
    assert read_settings(settings) == Settings()


def test_the_citizens_of_every_unit_give_the_expected_points(tmp_path):
    wanted = json.loads((SAMPLES / "answers-expected.json").read_text("utf-8"))["citizens_by_unit"]["units"]
    with (SAMPLES / "answers-simulated.csv").open(encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    found = {}
    for unit in wanted:
        own = [row for row in rows if row[1] == "E" and row[2] == unit]
        answers = write(tmp_path, "dan.csv", "\n".join(map(",".join, [header, *own])))
        leaves, counted = read_answers(answers, read_criteria(CRITERIA), Settings())
        citizens = [leaf for leaf in score_leaves(leaves, counted.counts, Settings()) if "E" in leaf.groups]
        points = {leaf.criterion.code: points_text(leaf.points) for leaf in citizens if leaf.criterion.code != "8.1"}
        found[unit] = {"respondents": counted.by_group["E"], "leaves": points}
    assert found == wanted


def test_rated_units_get_leaves_total_and_a_shared_rank(tmp_path):
    rows = [
        f"{group},U,online,{level},na,na,{unit}"
        for unit, level in (("X1", 4), ("X2", 5), ("X3", 4), ("X4", 1))
        for group in "AAAAACCCCC"
    ]
    answers = "\n".join(["group,unit_code,channel,q_1_2,s_01,s_02,rated_unit", *rows, "A,U,online,3,na,na,X5"])
    document = compute_small(tmp_path, answers=answers)[1]
    ranks = {unit: (result["total"], result["rank"]) for unit, result in document["units"].items()}
    assert ranks == {"X1": ("0.75", 2), "X2": ("1.00", 1), "X3": ("0.75", 2), "X4": ("0.00", 4), "X5": ("0.00", None)}
    assert document["units"]["X1"]["leaves"]["1.2"]["groups"]["A"]["n"] == 5
    assert document["respondents"] == 41


def test_a_person_who_rates_several_units_is_one_respondent(tmp_path):
    answers = "respondent,group,unit_code,rated_unit,q_1_2,s_01,s_02\n" + "".join(
        f"{person},A,U,{unit},5,na,na\n" for person in range(7) for unit in ("X1", "X2")
    )
    document = compute_small(tmp_path, answers=answers)[1]
    assert document["by_group"] == {"A": 7}
    assert document["leaves"]["1.2"]["groups"]["A"]["n"] == 14


def test_line_ends_of_old_machines_are_read(tmp_path):
    assert compute_small(tmp_path, answers=SMALL_ANSWERS.replace("\n", "\r"))[1]["survey_total"] == "11.00"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_byte_order_marks_and_other_separators_are_read(tmp_path, encoding, delimiter):
    answers = SMALL_ANSWERS.replace(",", delimiter).replace("\n", "\r\n").encode(encoding)
    criteria = SMALL_CRITERIA.encode(encoding)
    document = compute_small(tmp_path, criteria=criteria, answers=answers)[1]
    assert document["survey_total"] == "11.00"


def test_answers_of_a_group_that_is_not_asked_are_left_out_with_a_warning(tmp_path):
    _, document, warnings = compute_small(tmp_path, answers=SMALL_ANSWERS + "E,U,paper,1,4,4\n")
    assert document["leaves"]["1.2"]["score"] == "1.00"
    assert warnings == ["tra-loi.csv: nhóm E không được hỏi q_1_2, bỏ 1 câu trả lời."]


def test_a_form_entered_twice_is_counted_with_a_warning(tmp_path):
    header, *rows = SMALL_ANSWERS.splitlines()
    numbered = "\n".join([f"respondent,{header}", *(f"p{n},{row}" for n, row in enumerate(rows))])
    assert compute_small(tmp_path, answers=numbered)[2] == []
    _, document, warnings = compute_small(tmp_path, answers=f"{numbered}\np0,{rows[0]}\n")
    assert document["by_group"]["A"] == 6
    assert len(warnings) == 1
    assert "1 dòng lặp lại người trả lời (cột respondent) đã có, ví dụ dòng 2 và dòng 13." in warnings[0]


def test_one_unit_spelled_in_two_ways_is_refused(tmp_path):
    answers = "group,q_1_2,s_01,s_02,rated_unit\nA,5,na,na,U1\nA,5,na,na,u1\n"
    with pytest.raises(ScoringError, match="dòng 3, cột rated_unit: «u1» chỉ khác «U1» ở dòng 2"):
        compute_small(tmp_path, answers=answers)


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({"coefficients": {"1": 1, "2": 0.75, "3": 0.5, "4": 0.25, "5": 0}}, "hệ số mức 2 nhỏ hơn hệ số mức 1"),
        ({"group_weights": {"A": 1, "C": 1, "E": 1, "X": 2}}, "«group_weights» có nhóm X, không tiêu chí nào hỏi"),
    ],
)
def test_rules_that_are_likely_a_slip_are_followed_with_a_warning(tmp_path, rules, words):
    warnings = compute_small(tmp_path, settings=json.dumps(rules))[2]
    assert len(warnings) == 1
    assert warnings[0].startswith(f"quy-tac.json: {words}")


def test_question_columns_without_a_criterion_are_named(tmp_path):
    answers = SMALL_ANSWERS.replace("q_1_2,", "q_1_2,q_9_9,ghi_chu,").replace(",online,", ",online,1,x,")
    warnings = compute_small(tmp_path, answers=answers.replace(",paper,", ",paper,,,"))[2]
    assert warnings == ["tra-loi.csv: không tính các cột không thuộc tiêu chí nào: q_9_9."]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("A,U,online,5", "A,U,online,6", "tra-loi.csv, dòng 2, cột q_1_2: «6» không có trong thang 5 mức"),
        ("A,U,online,5", "A,U,online,tốt", "dòng 2, cột q_1_2: «tốt»"),
        ("paper,na,4", "paper,na,0", "dòng 7, cột s_01: «0»"),
        ("E,U,paper", "Z,U,paper", "dòng 7, cột group: nhóm «Z» không có trong bộ tiêu chí (các nhóm: A, C, E)"),
        ("A,U,online,5,na,na", "A,U,online,5,na", "dòng 2: có 5 ô, dòng tên cột có 6 ô"),
        ("q_1_2", "q_1_3", "thiếu cột q_1_2"),
        ("group", "nhom", "thiếu cột group"),
        ("s_01,s_02", "x_01,x_02", "thiếu các cột s_01, s_02 … của tiêu chí 8.1"),
        ("s_02", "s_01", "cột s_01 có hai lần"),
        (SMALL_ANSWERS, "", "tra-loi.csv: tệp trống"),
        (SMALL_ANSWERS, "x" * 200_000, "không đọc được bảng CSV"),
        (SMALL_ANSWERS, "\n\n", "tra-loi.csv: tệp trống"),
        (SMALL_ANSWERS, "group,unit_code,channel,q_1_2,s_01\n", "không có dòng trả lời nào"),
    ],
)
def test_a_faulty_table_of_answers_is_told_with_row_and_column(tmp_path, old, new, words):
    with pytest.raises(ScoringError) as fault:
        compute_small(tmp_path, answers=SMALL_ANSWERS.replace(old, new))
    assert words in str(fault.value)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("max_points,", "", "thiếu cột max_points"),
        ("1.00", "một", "tieu-chi.csv, dòng 3, cột max_points: «một» không phải là số điểm"),
        ("1.00", "-1", "cột max_points"),
        ("ĐTXHH", "XHH", "dòng 3, cột scored_by: không hiểu «XHH». Dùng TĐG, ĐTXHH, SIPAS"),
        ('"A,C"', "", "dòng 3, cột groups"),
        ("1.1,", "1.2,", "tiêu chí 1.2 đã có ở dòng 2"),
        ("1.1,", ",", "dòng 2, cột code: chưa có mã"),
        ('1.00,ĐTXHH,"A,C"', "1.00,SIPAS,E", "có hơn một tiêu chí SIPAS"),
        (SMALL_CRITERIA, SMALL_CRITERIA[: SMALL_CRITERIA.index("I,Chỉ đạo,1.2")], "không có tiêu chí nào do điều tra"),
    ],
)
def test_a_faulty_criterion_table_is_told_with_row_and_column(tmp_path, old, new, words):
    with pytest.raises(ScoringError) as fault:
        compute_small(tmp_path, criteria=SMALL_CRITERIA.replace(old, new))
    assert words in str(fault.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "quy-tac.json: không phải JSON hợp lệ (dòng 1"),
        ('{"n_min": "x"}', "quy-tac.json: Quy tắc tính điểm: «n_min»"),
        ('{"n_min": 5, "n_min": 50}', "quy-tac.json: khóa «n_min» có hai lần"),
        ('{"coefficients": {"1": 0, "2": 0.5, "2": 1}}', "quy-tac.json: khóa «2» có hai lần"),
        ('{"coefficients": {"5": 1, "3": 0.5, "1": 0}}', 'đang là «{"5": 1, "3": "0.5", "1": 0}»'),
        ('{"n_min": null}', 'ví dụ "5"; đang là «null»'),
        (b"\xc1\xc2\xc3", "không phải văn bản UTF-8"),
        (b"PK\x03\x04\x00", "không phải tệp văn bản"),
    ],
)
def test_a_faulty_settings_file_is_told(tmp_path, content, words):
    with pytest.raises(ScoringError) as fault:
        compute_small(tmp_path, settings=content)
    assert words in str(fault.value)


def test_a_file_that_is_not_there_is_told(tmp_path):
    for path, why in ((tmp_path / "khong-co.csv", "không có tệp này"), (tmp_path, "đây là thư mục")):
        with pytest.raises(ScoringError, match=f"Không đọc được tệp .*: {why}"):
            compute_files(path, CRITERIA)


def test_an_answer_above_a_four_level_scale_is_refused(tmp_path):
    settings = json.dumps({"coefficients": {"1": "0", "2": "0.5", "3": "0.75", "4": "1"}})
    with pytest.raises(ScoringError, match="«5» không có trong thang 4 mức"):
        compute_small(tmp_path, settings=settings)
    document = compute_small(tmp_path, answers=SMALL_ANSWERS.replace("online,5", "online,4"), settings=settings)[1]
    assert document["leaves"]["1.2"]["score"] == "1.00"


def test_rules_that_differ_from_the_usual_ones_stand_in_the_document(tmp_path):
    rules = {"group_combination": "pooled", "missing_group": "zero", "sipas_method": "mean5", "sipas_groups": "equal"}
    settings = compute_small(tmp_path, settings=json.dumps(rules))[1]["settings"]
    assert rules.items() <= settings.items()
    assert settings["leaf_8_1"] == (
        "MEAN5: mean level / 5 among answered, per group and item; mean of the 2 items; mean of groups E; x 10"
    )
