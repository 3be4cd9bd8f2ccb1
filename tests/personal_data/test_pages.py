"""The register and the page of retention, in a browser without script and in Chromium."""

import pytest
from sqlalchemy import select

from survey_app.access import Role
from survey_app.personal_data.models import PrivacyRequest
from survey_app.personal_data.rules import record_request
from survey_app.roster.models import Person
from survey_app.rounds.models import Round
from survey_app.users.models import User
from tests.browser_fixtures import OFFICE, PHONE, check_axe, signed_in_context
from tests.make import csrf_token, make_user, sign_in_client
from tests.personal_data.test_erasure import make_erasable
from tests.personal_data.test_rules import make_place


@pytest.fixture
def operator(app, database):
    with database.writing() as session:
        by, _person = make_place(session)
    return sign_in_client(app, by)


def send(client, url, **data):
    return client.post(url, data={"csrf_token": csrf_token(client), **data})


def test_from_a_call_to_an_answered_request(operator, database):
    assert "Chưa có yêu cầu nào" in operator.get("/privacy-requests").text
    assert send(operator, "/privacy-requests/search", q="un").status_code == 422
    assert "Không có ai khớp" in send(operator, "/privacy-requests/search", q="0987654321").text
    found = send(operator, "/privacy-requests/search", q="0912 345 678")
    assert "Quàng Thị Ún" in found.text
    assert "Lò Văn Bình" not in found.text
    with database.reading() as session:
        person = session.scalars(select(Person.id).where(Person.name == "Quàng Thị Ún")).one()
    address = f"/privacy-requests/persons/{person}"
    page = operator.get(address).text
    assert "0912 345 678" in page
    assert "Hạn trả lời" in page
    assert send(operator, address, kind="correct", requester="", wish="").status_code == 422
    where = send(operator, address, kind="correct", requester="Chính người đó", wish="Đổi số").headers["Location"]
    bad = send(operator, f"{where}/correct", name="Quàng Thị Ún", phone="123", version="1")
    assert (bad.status_code, "10 chữ số" in bad.text, 'value="123"' in bad.text) == (422, True, True)
    assert send(operator, f"{where}/correct", phone="0987654321", version="1").status_code == 303
    assert "0987 654 321" in operator.get(where).text
    held = operator.get(f"{where}/held").text
    for words in ("0987 654 321", "Mục đích", "91/2025/QH15", "Lưu đến ngày", "không kèm tên"):
        assert words in held
    assert send(operator, f"{where}/answer", outcome="x", version="2").status_code == 409
    register = operator.get("/privacy-requests").text
    assert "Quàng Thị Ún" in register
    assert "Đã trả lời" in register


def test_a_request_is_refused_with_words(operator, database):
    with database.reading() as session:
        person = session.scalars(select(Person.id)).first()
    where = send(operator, f"/privacy-requests/persons/{person}", kind="remove", requester="Con gái").headers[
        "Location"
    ]
    assert send(operator, f"{where}/answer", outcome="", granted="no").status_code == 422
    assert send(operator, f"{where}/answer", outcome="Không phải chính người đó.", granted="no").status_code == 303
    page = operator.get(where).text
    assert "Không phải chính người đó." in page
    assert "Xóa khỏi danh sách</button>" not in page
    with database.reading() as session:
        assert session.scalars(select(PrivacyRequest.state)).all() == ["refused"]


def test_ethnicity_is_shown_only_to_who_was_granted_it(app, database, operator):
    with database.writing() as session:
        person = session.scalars(select(Person)).first()
        person.ethnicity = "Hà Nhì"
        session.scalars(select(Round)).one().collects_ethnicity = True
        addresses = [f"/privacy-requests/persons/{person.id}", f"/rounds/tg-2021/lists/{person.list_id}"]
    assert not any("Hà Nhì" in operator.get(address).text for address in addresses)
    with database.writing() as session:
        session.scalars(select(User).where(User.role == Role.OPERATOR)).one().sees_ethnicity = True
    assert all("Hà Nhì" in operator.get(address).text for address in addresses)
    with database.writing() as session:
        session.scalars(select(Round)).one().collects_ethnicity = False
    assert not any("Hà Nhì" in operator.get(address).text for address in addresses)


def test_the_page_of_retention_shows_what_goes_and_erases(app, database):
    with database.writing() as session:
        _round, by, version = make_erasable(session)
        sha256 = version.sha256
    client = sign_in_client(app, by)
    address = "/rounds/tg-2021/personal-data"
    page = client.get(address).text
    for words in ("39", sha256, "sẽ xóa; mã và số người còn lại", "Huyện Tuần Giáo", "Còn lại sau khi xóa"):
        assert words in page
    assert send(client, f"{address}/clean").status_code == 403
    bad = send(client, f"{address}/erase", reason="", typed_code="tg")
    assert bad.status_code == 422
    assert "Gõ đúng mã đợt" in bad.text
    assert send(client, f"{address}/erase", reason="Hết thời hạn lưu", typed_code="tg-2021").status_code == 303
    page = client.get(address).text
    assert "Dữ liệu cá nhân của đợt đã xóa" in page
    assert sha256 in page
    assert send(client, f"{address}/clean").status_code == 303
    with database.reading() as session:
        list_id = session.scalars(select(Person.list_id)).first()
    listed = client.get(f"/rounds/tg-2021/lists/{list_id}").text
    assert "Dữ liệu cá nhân của danh sách này đã xóa" in listed
    for other in ("/rounds/tg-2021", "/rounds/tg-2021/roster", "/rounds/tg-2021/codes", "/rounds/tg-2021/turnout",
                  "/rounds/tg-2021/lists", "/rounds/tg-2021/handover", "/rounds/tg-2021/duplicates"):  # fmt: skip
        assert client.get(other).status_code == 200, other


@pytest.mark.parametrize("role", [Role.LEADER, Role.ADMINISTRATOR, Role.UNIT_OFFICER])
def test_other_roles_see_no_request(app, database, operator, role):
    with database.writing() as session:
        unit = session.scalars(select(Round)).one().operator_unit
        other = make_user(session, role, unit)
    assert sign_in_client(app, other).get("/privacy-requests").status_code == 403


@pytest.mark.parametrize("viewport", [OFFICE, PHONE])
def test_the_pages_are_accessible_and_fit(server, new_context, viewport):
    with server.database.writing() as session:
        _round, by, _version = make_erasable(session)
        person = session.scalars(select(Person).where(Person.position == 2)).one()
        made = record_request(session, person, "remove", "Chính người đó", "Không muốn", by)
        addresses = [
            "/privacy-requests", f"/privacy-requests/persons/{person.id}", f"/privacy-requests/{made.id}",
            f"/privacy-requests/{made.id}/held", "/rounds/tg-2021/personal-data", "/rounds/tg-2021",
        ]  # fmt: skip
    page = signed_in_context(server, new_context, by, viewport=viewport).new_page()
    for address in addresses:
        assert page.goto(f"{server.url}{address}").status == 200
        check_axe(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
    page.goto(f"{server.url}/privacy-requests")
    page.get_by_label("Số điện thoại, thư điện tử hoặc tên").fill("khuyên")
    page.get_by_role("button", name="Tìm").click()
    page.get_by_text("Chim Vàng Khuyên").first.wait_for()
    assert "khuy" not in page.url
    check_axe(page)
