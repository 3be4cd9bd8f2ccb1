import json

import pytest
from pypdf import PdfReader

from survey_app.questionnaires.commands import check_file, convert
from tests.make import make_criteria, make_group, make_round
from tests.questionnaires.make import SCREENED, TWO_LEVELS, make_source
from tests.questionnaires.test_features import FOLDER


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "phieu.md"
    path.write_bytes(make_source(*SCREENED))
    return path


def run(command, *arguments):
    from click.testing import CliRunner

    return CliRunner().invoke(command, [str(argument) for argument in arguments])


def test_check_reports_on_a_sound_file_as_one_json_document(source):
    result = run(check_file, source, "--json")
    report = json.loads(result.stdout)
    assert result.exit_code == 0
    assert (report["accepted"], report["errors"], report["questions"], report["scored"]) == (True, 0, 5, 1)
    assert report["criteria"] == ["1.1"]


def test_check_reports_every_refused_cell_and_exits_0(tmp_path):
    path = tmp_path / "xau.md"
    path.write_bytes(make_source("deviceid | d", "text | 1x | X? | X?"))
    result = run(check_file, path, "--json")
    report = json.loads(result.stdout)
    assert (result.exit_code, report["accepted"], report["errors"]) == (0, False, 2)
    assert [(m["sheet"], m["row"], m["column"]) for m in report["messages"]] == [
        ("survey", 2, "type"),
        ("survey", 3, "name"),
    ]


def test_check_of_what_is_no_workbook_says_so(tmp_path):
    path = tmp_path / "anh.xlsx"
    path.write_bytes(b"\x89PNG")
    result = run(check_file, path, "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["rejected"]["kind"] == "not_a_spreadsheet"


def test_check_without_json_is_for_reading(source):
    assert "Phiếu" not in run(check_file, source).stderr
    assert "5 câu" in run(check_file, source).stdout


def test_a_missing_file_is_wrong_use(tmp_path):
    assert run(check_file, tmp_path / "khong-co.md").exit_code == 2


def test_convert_there_and_back_gives_the_same_file(source, tmp_path):
    assert run(convert, source, tmp_path / "mot.xlsx").exit_code == 0
    assert run(convert, tmp_path / "mot.xlsx", tmp_path / "hai.md").exit_code == 0
    assert run(convert, tmp_path / "hai.md", tmp_path / "ba.xlsx").exit_code == 0
    assert run(convert, tmp_path / "ba.xlsx", tmp_path / "bon.md").exit_code == 0
    assert (tmp_path / "bon.md").read_bytes() == (tmp_path / "hai.md").read_bytes()


def test_convert_to_xml_writes_an_xform(source, tmp_path):
    assert run(convert, source, tmp_path / "phieu.xml").exit_code == 0
    assert (tmp_path / "phieu.xml").read_text("utf-8").startswith("<?xml")


@pytest.mark.parametrize(("target", "start"), [("phieu.ddi.xml", b"<?xml"), ("phieu.pdf", b"%PDF")])
def test_convert_writes_what_archives_and_printers_want(source, tmp_path, target, start):
    assert run(convert, source, tmp_path / target).exit_code == 0
    assert (tmp_path / target).read_bytes().startswith(start)


@pytest.mark.parametrize("target", ["phieu.sav", "phieu"])
def test_convert_refuses_what_it_cannot_write(source, tmp_path, target):
    result = run(convert, source, tmp_path / target)
    assert result.exit_code == 2
    assert not (tmp_path / target).exists()


def test_convert_of_a_faulty_file_tells_all_faults_and_writes_nothing(tmp_path):
    path = tmp_path / "xau.md"
    path.write_bytes(make_source("deviceid | d", "text | 1x | X? | X?"))
    result = run(convert, path, tmp_path / "ra.xlsx")
    assert result.exit_code == 1
    assert "survey, dòng 2, cột type" in result.stderr
    assert "survey, dòng 3, cột name" in result.stderr
    assert not (tmp_path / "ra.xlsx").exists()


def test_a_paper_form_without_a_round_has_blanks_and_no_matrix(tmp_path):
    path = tmp_path / "phieu.md"
    path.write_bytes(make_source("text | x | Từ {from} đến {to}, ở {unit}? | When?"))
    assert run(convert, path, tmp_path / "ra.pdf").exit_code == 0
    text = PdfReader(tmp_path / "ra.pdf").pages[0].extract_text()
    assert "…/…/………" in text
    assert "{" not in text
    result = run(convert, FOLDER / "matrix.md", tmp_path / "bang.pdf")
    assert result.exit_code == 1
    assert "bảng chỉ in được từ đợt" in result.stderr
    assert not (tmp_path / "bang.pdf").exists()


def test_check_compares_with_the_criteria_of_a_round(app, database, source):
    with database.writing() as session:
        survey_round = make_round(session, code="r", rules=TWO_LEVELS)
        make_group(session, survey_round, "E")
        make_criteria(session, survey_round, [("1.1", "1.00", "survey", ["E"]), ("1.2", "1.00", "survey", ["E"])])
    runner = app.test_cli_runner()
    result = runner.invoke(args=["questionnaires", "check", str(source), "--json", "--round", "r", "--group", "E"])
    assert [m["kind"] for m in json.loads(result.stdout)["messages"]] == ["criterion_without_question"]
    assert "Không có đợt «x»" in runner.invoke(args=["questionnaires", "check", str(source), "--round", "x"]).output
