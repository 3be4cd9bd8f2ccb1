"""The page of the organisation and the command that loads it."""

from datetime import date

from survey_app.access import Role
from survey_app.units.queries import unit_by_code
from survey_app.units.rules import seed_units


def district(database):
    with database.writing() as session:
        seed_units(session)
        return unit_by_code(session, "099", date(2021, 12, 1))


def test_an_operator_sees_the_own_units_of_a_day_and_finds_them_without_marks(database, signed_in):
    client = signed_in(Role.OPERATOR, unit=district(database))
    page = client.get("/units").text
    assert "Huyện Tuần Giáo" in page
    assert "Tỉnh Điện Biên</b>" not in page
    found = client.get("/units?q=quai+cang&kind=xa&day=01/12/2021").text
    assert "Xã Quài Cang" in found
    assert "Xã Quài Nưa</b>" not in found


def test_an_administrator_sees_what_came_after(database, signed_in):
    district(database)
    page = signed_in(Role.ADMINISTRATOR).get("/units?day=01/12/2021&q=thi+tran").text
    assert "Thị trấn Tuần Giáo" in page
    assert "Xã Tuần Giáo" in page
    assert "30/06/2025" in page


def test_a_day_that_is_none_and_a_filter_without_hit_are_told(database, signed_in):
    client = signed_in(Role.OPERATOR, unit=district(database))
    assert "Không đọc được ngày" in client.get("/units?day=31/02/2021").text
    assert "Không có dòng nào khớp" in client.get("/units?q=zzz").text
    assert "Không có đơn vị nào vào ngày này" in client.get("/units?day=01/01/1990").text


def test_unit_accounts_have_no_such_page(database, signed_in):
    assert signed_in(Role.UNIT_OFFICER, unit=district(database)).get("/units").status_code == 403


def test_the_command_loads_files_and_tells_their_faults(app, tmp_path):
    runner = app.test_cli_runner()
    assert "116 đơn vị, 186 bản, khối; 302 dòng mới" in runner.invoke(args=["units", "load"]).output
    bad = tmp_path / "units.csv"
    bad.write_text("code,name\n", "utf-8")
    result = runner.invoke(args=["units", "load", "--units", str(bad)])
    assert result.exit_code == 1
    assert "thiếu cột" in result.output
