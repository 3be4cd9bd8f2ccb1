"""`flask scores compute`: one JSON document on standard output, faults in Vietnamese with exit code 2."""

import json

import pytest

from survey_app.scores.commands import _readable
from survey_app.scores.inputs import compute
from survey_app.scores.publication import published
from tests.make import make_district
from tests.scores.opened_round import make_opened_round
from tests.scores.test_protection import all_at_the_top, crowded_round


@pytest.fixture
def run(app):
    return lambda *arguments: app.test_cli_runner().invoke(args=["scores", "compute", *map(str, arguments)])


def test_files_give_one_json_document(run, samples):
    found = run(
        "--criteria", samples / "criteria-district-2021.csv", "--answers", samples / "answers-simulated.csv", "--json"
    )
    wanted = json.loads((samples / "answers-expected.json").read_text("utf-8"))
    assert found.exit_code == 0
    assert json.loads(found.stdout) == {
        k: v for k, v in wanted.items() if k not in ("alternatives", "citizens_by_unit")
    }


def test_settings_change_the_points(run, samples, tmp_path):
    settings = tmp_path / "quy-tac.json"
    settings.write_text('{"dont_know": "zero"}', "utf-8")
    files = ["--criteria", samples / "criteria-district-2021.csv", "--answers", samples / "answers-simulated.csv"]
    assert json.loads(run(*files, "--settings", settings, "--json").stdout)["survey_total"] == "20.70"


def test_without_json_a_table_is_printed(run, samples):
    found = run("--criteria", samples / "criteria-district-2021.csv", "--answers", samples / "answers-edge.csv")
    assert found.exit_code == 0
    assert "Điểm điều tra: 12,72 / 30,00   (78 người trả lời)" in found.stdout
    assert "không đủ mẫu" in found.stdout
    assert "Thang 5 mức" in found.stdout


def test_warnings_go_to_standard_error_only(run, samples, tmp_path):
    answers = tmp_path / "tra-loi.csv"
    text = (samples / "answers-edge.csv").read_text("utf-8")
    lines = text.splitlines()
    lines = [f"{lines[0]},q_9_9", *(f"{line},1" for line in lines[1:])]
    answers.write_text("\n".join(lines), "utf-8")
    found = run("--criteria", samples / "criteria-district-2021.csv", "--answers", answers, "--json")
    assert json.loads(found.stdout)["survey_total"] == "12.72"
    assert "q_9_9" in found.stderr


def test_a_round_gives_the_same_document(run, database, samples):
    with database.writing() as session:
        code = make_opened_round(session, samples, district=make_district(session), code="tg-2021").code
    found = run(code, "--json")
    wanted = json.loads((samples / "answers-expected.json").read_text("utf-8"))
    assert found.exit_code == 0
    assert json.loads(found.stdout)["leaves"] == wanted["leaves"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "Cần mã đợt ROUND, hoặc cả --criteria và --answers"),
        (["--criteria", "a.csv"], "Cần mã đợt ROUND"),
        (["r1", "--criteria", "a.csv", "--answers", "b.csv"], "Cần mã đợt ROUND"),
        (["--criteria", "khong-co.csv", "--answers", "b.csv"], "Không đọc được tệp khong-co.csv"),
        (["khong-co", "--json"], "Không có đợt nào mang mã «khong-co»"),
    ],
)
def test_wrong_use_ends_with_two_and_says_why(run, arguments, words):
    found = run(*arguments)
    assert (found.exit_code, found.stdout) == (2, "")
    assert words in found.stderr


def test_a_round_that_is_not_opened_is_refused(run, database, samples):
    with database.writing() as session:
        code = make_opened_round(session, samples, envelopes_opened_on=None).code
    found = run(code, "--json")
    assert (found.exit_code, found.stdout) == (2, "")
    assert "Tính được sau khi mở niêm phong." in found.stderr


def test_units_of_a_file_stand_in_order_without_ranks_and_without_a_common_total(run, samples, tmp_path):
    lines = (samples / "answers-simulated.csv").read_text("utf-8").splitlines()
    answers = tmp_path / "don-vi.csv"
    rows = [f"{line},{('X1', 'X2')[number % 2]}" for number, line in enumerate(lines[1:])]
    answers.write_text("\n".join([f"{lines[0]},rated_unit", *rows]), "utf-8")
    printed = run("--criteria", samples / "criteria-district-2021.csv", "--answers", answers).stdout
    assert "2 đơn vị được đánh giá, mỗi đơn vị một tổng" in printed
    assert "Điểm điều tra: " not in printed
    assert "hạng 1" not in printed
    assert "không nêu hạng" in printed


def test_points_that_are_kept_back_are_not_called_too_few_answers():
    found = published(compute(all_at_the_top(crowded_round(1), ("qI1", "qII1"))))
    kept_back = frozenset(code for _unit, code in found.publication.leaves)
    words = _readable(found.document(), found.inputs.settings, (), kept_back)
    lines = {line.split()[0]: line for line in words.splitlines() if line.split()}
    assert "đã giữ kín / 0,75" in lines["I.1"]
    assert "không đủ mẫu" not in lines["I.1"]
