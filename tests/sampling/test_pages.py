"""The pages of sampling, without script and in a real browser."""

import io

import openpyxl
import pytest
from sqlalchemy import select

from survey_app.access import Role
from survey_app.roster.models import Upload
from survey_app.sampling.models import Sample, SampleMember, SamplingFrame
from survey_app.units.models import Unit
from tests.browser_fixtures import PHONE, check_axe
from tests.make import csrf_token, sign_in_client
from tests.roster.asked_round import make_file
from tests.sampling.place import make_place, make_rows


@pytest.fixture
def browsers(app, database):
    """(operator, officer of the commune)."""
    with database.writing() as session:
        place = make_place(session)
        users = [place.operator, place.officer]
    return [sign_in_client(app, user) for user in users]


def post(client, url, **data):
    return client.post(url, data={"csrf_token": csrf_token(client), **data})


def make_frame(client, rows=30):
    file = (io.BytesIO(make_file(make_rows(rows))), "sổ một cửa.xlsx")
    return post(client, "/rounds/tg-2021/sampling", place="03289/E", file=file)


def test_without_a_frame_the_page_says_what_to_do(browsers):
    text = browsers[0].get("/rounds/tg-2021/sampling").text
    assert "Chưa có khung mẫu. Tải danh sách hồ sơ một cửa lên." in text
    assert "Xã Quài Cang, nhóm E, chỉ tiêu 6" in text


def test_a_file_becomes_a_frame_and_a_bad_one_is_told(browsers):
    answer = post(browsers[0], "/rounds/tg-2021/sampling", place="03289/E")
    assert answer.status_code == 422
    assert "Chưa chọn tệp" in answer.text
    answer = post(browsers[0], "/rounds/tg-2021/sampling", place="03289/E", file=(io.BytesIO(b"x"), "a.xlsx"))
    assert answer.status_code == 422
    assert "a.xlsx: " in answer.text
    assert post(browsers[0], "/rounds/tg-2021/sampling", place="099/E").status_code == 422
    answer = make_frame(browsers[0])
    assert (answer.status_code, answer.location) == (303, "/rounds/tg-2021/frames/1")
    assert "chưa chọn" in browsers[0].get("/rounds/tg-2021/sampling").text


def test_the_preview_shows_formula_strata_and_faults_and_writes_nothing(browsers, database):
    make_frame(browsers[0], 100)
    text = browsers[0].get("/rounds/tg-2021/frames/1?method=stratified&strata=ban&minimum=1").text
    assert "Theo chỉ tiêu: 6 người" in text
    assert text.count("Xã Quài Cang, Bản ") >= 3
    text = browsers[0].get("/rounds/tg-2021/frames/1?size_rule=yamane&margin=5").text
    assert "100 / (1 + 100 × 0,05²) = 80" in text
    assert "Mẫu nhiều hơn mức cao nhất 6 người" in text
    text = browsers[0].get("/rounds/tg-2021/frames/1?margin=abc&size_rule=given").text
    assert "Điền sai số từ 0,1 đến 50 phần trăm." in text
    assert "Ghi số người cần chọn." in text
    for query in ("method=two_stage&clusters=2", "method=pps", "method=systematic", "method=stratified&minimum=9"):
        assert browsers[0].get(f"/rounds/tg-2021/frames/1?{query}").status_code == 200
    with database.reading() as session:
        assert session.scalars(select(Sample)).all() == []


def draw(client, **data):
    return post(client, "/rounds/tg-2021/frames/1", samples="0", seed="2021", **data)


def test_a_sample_is_drawn_proven_downloaded_and_handed_to_the_unit(browsers, database):
    operator, officer = browsers
    make_frame(operator)
    answer = draw(operator, method="stratified", strata="ban", minimum="1")
    assert (answer.status_code, answer.location) == (303, "/rounds/tg-2021/samples/1")
    text = operator.get(answer.location + "?again=yes").text
    assert "Chọn lại với hạt giống 2021: đúng 6 người này" in text
    assert "sha256-1" in text
    with database.reading() as session:
        assert session.scalars(select(SamplingFrame.sha256)).one() in text
    assert "Dự bị theo thứ tự (3)" in text
    assert text.count("Thay người") >= 6
    book = openpyxl.load_workbook(io.BytesIO(operator.get("/rounds/tg-2021/samples/1/minutes.xlsx").data))
    assert book.sheetnames == ["Biên bản", "Được chọn", "Dự bị"]
    assert "Mã khung mẫu" in [cell.value for cell in next(iter_rows(operator, "sample.xlsx"))]
    assert post(operator, "/rounds/tg-2021/samples/1/hand").status_code == 303
    assert "<strong>mau-03289-E-lan-1.xlsx</strong>" in officer.get("/rounds/tg-2021/lists/mine").text
    with database.reading() as session:
        upload_id = session.scalars(select(Upload.id)).one()
    checked = officer.get(f"/rounds/tg-2021/lists/uploads/{upload_id}").text
    assert "Không có lỗi. 6 dòng sẵn sàng để nộp." in checked


def iter_rows(client, name):
    book = openpyxl.load_workbook(io.BytesIO(client.get(f"/rounds/tg-2021/samples/1/{name}").data))
    return book.active.iter_rows()


def test_a_second_drawing_asks_for_a_reason(browsers):
    make_frame(browsers[0])
    draw(browsers[0])
    answer = draw(browsers[0])
    assert answer.status_code == 409
    answer = post(browsers[0], "/rounds/tg-2021/frames/1", samples="1")
    assert answer.status_code == 422
    assert "Ghi lý do chọn lại" in answer.text
    answer = post(browsers[0], "/rounds/tg-2021/frames/1", samples="1", reason="Chọn nhầm tầng")
    assert answer.location == "/rounds/tg-2021/samples/2"


def test_a_unit_with_a_large_file_is_offered_a_frame_and_follows_it(browsers):
    operator, officer = browsers
    file = (io.BytesIO(make_file(make_rows(30))), "danh sách.xlsx")
    location = post(officer, "/rounds/tg-2021/lists/uploads", file=file, group="E").location
    text = officer.get(location).text
    assert "Lập khung mẫu từ tệp này" in text
    answer = post(officer, f"{location}/frame")
    assert answer.status_code == 303
    text = officer.get(answer.location).text
    assert "Khung mẫu nhóm E: 30 người" in text
    assert "Cơ quan tổ chức chưa chọn mẫu." in text
    draw(operator)
    assert "Xem mẫu đã chọn" in officer.get("/rounds/tg-2021/lists/mine").text
    own = officer.get("/rounds/tg-2021/samples/1").text
    assert "Thay người" not in own
    assert "Để kiểm tra lại được" in own


def test_another_unit_sees_neither_sample_nor_files(app, database, browsers, signed_in):
    make_frame(browsers[0])
    draw(browsers[0])
    with database.reading() as session:
        stranger = session.scalars(select(Unit).where(Unit.code == "03274")).one()
    client = signed_in(Role.UNIT_OFFICER, unit=stranger)
    for address in ("samples/1", "samples/1/minutes.xlsx", "samples/1/sample.xlsx"):
        assert client.get(f"/rounds/tg-2021/{address}").status_code == 404


def test_a_replacement_needs_a_result_code_and_takes_the_next_reserve(browsers, database):
    operator = browsers[0]
    make_frame(operator)
    draw(operator)
    with database.reading() as session:
        member = session.scalars(select(SampleMember)).first()
    address = f"/rounds/tg-2021/samples/1/members/{member.id}"
    assert "Không liên lạc được" in operator.get(address).text
    answer = post(operator, address)
    assert answer.status_code == 422
    assert "Chọn mã kết quả" in answer.text
    assert post(operator, address, outcome="moved", words="Đi làm ăn xa").status_code == 303
    text = operator.get("/rounds/tg-2021/samples/1").text
    assert "vào thay 1-" in text
    assert "Đi làm ăn xa" in text
    assert "đã tiếp cận 7 người cho 6 chỗ" in text
    assert operator.get(address).status_code == 409


def test_a_frame_can_be_thrown_away_until_a_sample_rests_on_it(browsers):
    make_frame(browsers[0])
    assert post(browsers[0], "/rounds/tg-2021/frames/1/discard").status_code == 303
    make_frame(browsers[0])
    frame = browsers[0].get("/rounds/tg-2021/sampling").text
    number = frame.split("/rounds/tg-2021/frames/")[1].split('"')[0]
    post(browsers[0], f"/rounds/tg-2021/frames/{number}", samples="0")
    assert post(browsers[0], f"/rounds/tg-2021/frames/{number}/discard").status_code == 403


@pytest.mark.parametrize("size", [None, PHONE])
def test_an_operator_draws_a_sample_in_the_browser(server, new_context, tmp_path, size):
    with server.database.writing() as session:
        operator = make_place(session).operator
    client = sign_in_client(server.app, operator)
    context = new_context(**({"viewport": size} if size else {}))
    cookie = client.get_cookie("survey")
    context.add_cookies([{"name": "survey", "value": cookie.value, "url": server.url}])
    page = context.new_page()
    page.goto(f"{server.url}/rounds/tg-2021/sampling")
    check_axe(page)
    path = tmp_path / "sổ một cửa.xlsx"
    path.write_bytes(make_file(make_rows(60)))
    page.get_by_label("Đơn vị và nhóm").select_option(value="03289/E")
    page.get_by_label("Tệp danh sách").set_input_files(path)
    page.get_by_role("button", name="Lập khung mẫu").click()
    page.get_by_role("link", name="Phân tầng").click()
    page.get_by_label("Mỗi tầng là một").select_option("bản")
    page.get_by_role("button", name="Xem trước").click()
    check_axe(page)
    page.get_by_label("Hạt giống").fill("77")
    page.get_by_role("button", name="Chọn mẫu").click()
    page.get_by_role("link", name="Chọn lại với cùng hạt giống").click()
    page.get_by_text("đúng 6 người này").wait_for()
    check_axe(page)
    page.get_by_role("link", name="Thay người").first.click()
    check_axe(page)
    page.get_by_label("Từ chối").check()
    page.get_by_role("button", name="Lấy người dự bị kế tiếp").click()
    page.get_by_text("đã vào thay").wait_for()
    check_axe(page)
