"""The hand-over to Sở Nội vụ: one clean workbook from the locked content, the same bytes each time."""

import io

import openpyxl
import pytest

from survey_app.access import Role
from survey_app.audit import AuditEntry
from survey_app.errors import Missing, Refused
from survey_app.roster.handover import HandoverOptions, export_roster
from survey_app.roster.lock_rules import lock_roster
from survey_app.roster.rules import approve_list, receive_upload, submit_list
from tests.make import make_user
from tests.roster.asked_round import LEADER, make_asked_round, make_citizen, make_file


def make_locked(session):
    asked = make_asked_round(session)
    by = make_user(session, Role.UNIT_OFFICER, asked.commune)
    content = make_file([make_citizen(1, name="@Lò Văn Ánh"), make_citizen(2)], [LEADER])
    upload = receive_upload(session, asked.round, asked.commune, content, "ds.xlsx", by)
    operator = make_user(session, Role.OPERATOR, asked.district)
    for one in submit_list(session, upload, by, declared=True):
        approve_list(session, one, operator)
    lock_roster(session, asked.round, operator, "Xã Quài Nưa nộp chậm.")
    return asked.round, operator


def test_the_workbook_has_a_sheet_per_group_with_phones_as_text(database):
    with database.writing() as session:
        survey_round, by = make_locked(session)
        name, content = export_roster(session, survey_round, HandoverOptions(), by)
    assert name == "danh-sach-tg-2021-ban-1.xlsx"
    book = openpyxl.load_workbook(io.BytesIO(content))
    assert book.sheetnames == ["Nhóm C", "Nhóm E"]
    sheet = book["Nhóm E"]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    header = next(position for position, row in enumerate(rows) if row[0] == "TT")
    phone = rows[header].index("Số điện thoại")
    assert [row[phone] for row in rows[header + 1 : header + 3]] == ["0912345671", "0912345672"]
    assert sheet.cell(header + 2, 2).data_type == "s"
    assert "Dân tộc" not in rows[header]
    assert sheet.print_title_rows == f"${header + 1}:${header + 1}"
    assert sheet.page_setup.orientation == "landscape"


def test_the_same_version_gives_the_same_bytes(database):
    with database.writing() as session:
        survey_round, by = make_locked(session)
        options = HandoverOptions(one_sheet=True)
        assert export_roster(session, survey_round, options, by) == export_roster(session, "tg-2021", options, None)


def test_ethnicity_is_given_only_when_asked_for_and_logged(database):
    with database.writing() as session:
        survey_round, by = make_locked(session)
        survey_round.collects_ethnicity, by.sees_ethnicity = True, True
        content = export_roster(session, survey_round, HandoverOptions(ethnicity=True), by)[1]
        entry = session.query(AuditEntry).order_by(AuditEntry.id.desc()).first()
        assert (entry.action, entry.fields["ethnicity"]) == ("round.roster_exported", "có")
    sheet = openpyxl.load_workbook(io.BytesIO(content))["Nhóm E"]
    assert "Dân tộc" in [cell.value for row in sheet.iter_rows() for cell in row]


@pytest.mark.parametrize(("collected", "granted"), [(False, True), (True, False)])
def test_ethnicity_needs_the_round_and_the_account(database, collected, granted):
    with database.writing() as session:
        survey_round, by = make_locked(session)
        survey_round.collects_ethnicity, by.sees_ethnicity = collected, granted
        with pytest.raises(Refused, match="dân tộc"):
            export_roster(session, survey_round, HandoverOptions(ethnicity=True), by)
        with pytest.raises(Refused, match="dân tộc"):
            export_roster(session, survey_round, HandoverOptions(ethnicity=True), None)
        assert b"PK" in export_roster(session, survey_round, HandoverOptions(), by)[1][:2]


def test_nothing_is_handed_over_before_locking(database):
    with database.writing() as session:
        asked = make_asked_round(session)
        with pytest.raises(Refused, match="Khóa danh sách trước"):
            export_roster(session, asked.round, HandoverOptions(), None)
        with pytest.raises(Missing):
            export_roster(session, "khong-co", HandoverOptions(), None)


def test_the_command_writes_the_file(app, database, tmp_path):
    with database.writing() as session:
        make_locked(session)
    result = app.test_cli_runner().invoke(args=["roster", "export", "tg-2021", "--out", str(tmp_path / "out")])
    assert result.exit_code == 0
    assert (tmp_path / "out" / "danh-sach-tg-2021-ban-1.xlsx").read_bytes()[:2] == b"PK"
    assert app.test_cli_runner().invoke(args=["roster", "export", "x", "--out", str(tmp_path)]).exit_code == 2
