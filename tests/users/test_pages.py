"""The pages of sign-in, accounts and the log, as a browser without script meets them."""

import io
import re
from datetime import date, timedelta

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from survey_app import create_app
from survey_app.access import Role
from survey_app.audit import Action, AuditEntry, record
from survey_app.config import read_settings
from survey_app.db import now
from survey_app.units.models import UnitKind
from survey_app.users import entry, one_time
from survey_app.users.models import StaffSession, User
from survey_app.users.passwords import hash_password
from tests.make import csrf_token, make_district, make_unit, make_user

GOOD = "mưa rừng suối đá"
OTHER = "con trâu gặm cỏ ven suối"


def post(client, address, **data):
    return client.post(address, data={"csrf_token": csrf_token(client), **data})


def make_place(database, login="xa-ta-ma", password=GOOD):
    """A commune's officer who has a password; returns (district, commune, user)."""
    with database.writing() as session:
        district = make_district(session)
        commune = make_unit(session, "Xã Ta Ma", district)
        user = make_user(session, Role.UNIT_OFFICER, commune, login=login, password_hash=hash_password(password))
    return district, commune, user


def sign_in(client, login="xa-ta-ma", password=GOOD, address="/sign-in"):
    return post(client, address, login=login, password=password)


def test_the_right_password_opens_and_sign_out_ends_at_once(database, client):
    make_place(database)
    answer = sign_in(client)
    assert (answer.status_code, answer.location) == (302, "/home")
    assert client.get("/account").status_code == 200
    token = client.get_cookie("survey").value
    assert post(client, "/sign-out").location == "/sign-in"
    client.set_cookie("survey", token)
    assert client.get("/account").status_code == 302
    with database.writing() as session:
        assert [entry.action for entry in session.scalars(select(AuditEntry))] == ["user.signed_in", "user.signed_out"]


def test_wrong_password_and_unknown_account_get_the_same_answer(database, client):
    make_place(database)
    answers = [sign_in(client, password="sai mật khẩu rồi"), sign_in(client, login="khong-co-ai")]
    assert [answer.status_code for answer in answers] == [422, 422]
    texts = [re.sub(r'value="[^"]*"', "", answer.text) for answer in answers]
    assert texts[0] == texts[1]
    assert "Tên đăng nhập hoặc mật khẩu chưa đúng." in texts[0]


def test_too_many_tries_wait_even_with_the_right_password(database, client):
    make_place(database)
    for _ in range(5):
        assert sign_in(client, password="sai mật khẩu rồi").status_code == 422
    held_up = sign_in(client)
    assert held_up.status_code == 429
    assert held_up.headers["Retry-After"] == "60"
    assert "Đợi 1 phút" in held_up.text


def test_each_sign_in_has_a_session_of_its_own(database, client, app):
    make_place(database)
    client.get("/sign-in")
    before = client.get_cookie("survey").value
    sign_in(client)
    other = app.test_client()
    sign_in(other)
    assert len({before, client.get_cookie("survey").value, other.get_cookie("survey").value}) == 3
    with database.writing() as session:
        assert len(set(session.scalars(select(StaffSession.token_hash)))) == 2


@pytest.mark.parametrize("wish", ["https://xau.example", "//xau.example", "/\\xau.example", "javascript:1"])
def test_sign_in_sends_nobody_to_a_strange_place(database, client, wish):
    make_place(database)
    assert sign_in(client, address=f"/sign-in?next={wish}").location == "/home"


def test_sign_in_goes_on_to_the_page_that_was_wanted(database, client):
    make_place(database)
    answer = client.get("/account")
    assert answer.location == "/sign-in?next=/account"
    assert sign_in(client, address=answer.location).location == "/account"


@pytest.mark.parametrize(("field", "age"), [("seen_at", timedelta(minutes=31)), ("started_at", timedelta(hours=13))])
def test_a_session_ends_when_idle_or_old(database, client, field, age):
    make_place(database)
    sign_in(client)
    with database.writing() as session:
        setattr(session.scalar(select(StaffSession)), field, now() - age)
    assert client.get("/account").status_code == 302


def test_the_cookie_is_kept_from_scripts_and_strangers(database, client, tmp_path):
    make_place(database)
    cookie = sign_in(client).headers["Set-Cookie"]
    assert cookie.startswith("survey=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    url = str(database.engine.url.render_as_string(hide_password=False))
    secure = create_app(
        read_settings({"SURVEY_DATA": str(tmp_path), "DATABASE_URL": url, "SURVEY_URL": "https://localhost"})
    )
    cookie = secure.test_client().get("/sign-in", base_url="https://localhost").headers["Set-Cookie"]
    assert cookie.startswith("__Host-survey=")
    assert "Secure" in cookie
    assert "Domain" not in cookie
    secure.extensions["survey_database"].close()


def test_a_slip_lets_its_holder_choose_a_password_once(database, client, settings):
    with database.writing() as session:
        user = make_user(session, Role.UNIT_OFFICER, make_district(session), login="tg-nv")
        code = one_time.issue_code(session, user, one_time.SLIP_LIFETIME, settings.keys.pepper)
    facts = {"login": "TG-NV", "code": code.lower(), "password": GOOD, "again": GOOD}
    assert "hết hạn" in post(client, "/first-use", **{**facts, "code": "ABCD-EFGH-JKMN"}).text
    assert "ít nhất 12" in post(client, "/first-use", **{**facts, "password": "ngắn"}).text
    for _ in range(7):  # looking for a password is no guessing of the code
        assert post(client, "/first-use", **{**facts, "password": "ngắn"}).status_code == 422
    assert post(client, "/first-use", **facts).location == "/home"
    assert client.get("/account").status_code == 200
    assert post(client, "/first-use", **facts).status_code == 422


def test_the_first_administrator_comes_in_once_and_the_page_is_gone(database, client, settings):
    assert client.get("/setup").status_code == 404
    with database.writing() as session:
        entry.invite_first_administrator(session, settings)
    file = settings.data_folder / entry.SETUP_FILE
    facts = {
        "code": file.read_text("utf-8").split()[1],
        "login": "quantri",
        "full_name": "Lò Thị Minh",
        "password": GOOD,
        "again": GOOD,
    }
    assert client.get("/setup").status_code == 200
    assert post(client, "/setup", **{**facts, "code": "ABCD-EFGH-JKMN"}).status_code == 422
    assert post(client, "/setup", **facts).location == "/users"
    assert "Lò Thị Minh" in client.get("/users").text
    assert not file.exists()
    assert client.get("/setup").status_code == 404
    assert post(client, "/setup", **facts).status_code == 404


def test_an_own_password_is_changed_with_the_old_one_and_other_browsers_leave(database, client, app):
    make_place(database)
    sign_in(client)
    other = app.test_client()
    sign_in(other)
    facts = {"old": GOOD, "password": OTHER, "again": OTHER}
    assert "Mật khẩu hiện nay chưa đúng" in post(client, "/account/password", **{**facts, "old": "sai"}).text
    assert "khác nhau" in post(client, "/account/password", **{**facts, "again": "khác hẳn đi"}).text
    assert post(client, "/account/password", **facts).status_code == 302
    assert client.get("/account").status_code == 200
    assert other.get("/account").status_code == 302
    assert sign_in(other, password=OTHER).status_code == 302


def test_language_and_theme_are_kept_and_nothing_else_can_be_set(database, client):
    make_place(database)
    sign_in(client)
    post(client, "/account/look", language="en", theme="dark", dense_tables="y", role="administrator", unit_id="1")
    page = client.get("/account").text
    assert '<html lang="en" data-theme="dark"' in page
    with database.writing() as session:
        user = session.scalar(select(User))
        assert (user.role, user.dense_tables) == ("unit_officer", True)
    post(client, "/account/look", language="xx", theme="dark")
    assert 'lang="en"' in client.get("/account").text


def test_a_person_ends_the_other_browsers(database, client, app):
    make_place(database)
    sign_in(client)
    others = [app.test_client() for _ in range(2)]
    for other in others:
        sign_in(other)
    with database.writing() as session:
        foreign = make_user(session, login="khac", password_hash=hash_password(GOOD))
        ids = list(session.scalars(select(StaffSession.id).order_by(StaffSession.id)))
    assert foreign.id
    stranger = app.test_client()
    sign_in(stranger, login="khac")
    assert post(stranger, f"/account/sessions/{ids[1]}/end").status_code == 404
    assert post(client, f"/account/sessions/{ids[1]}/end").status_code == 302
    assert [one.get("/account").status_code for one in (client, *others)] == [200, 302, 200]
    post(client, "/account/sessions/end")
    assert [one.get("/account").status_code for one in (client, *others)] == [200, 302, 302]


def test_an_operator_makes_accounts_for_all_units_and_gets_the_slips(database, signed_in, app):
    with database.writing() as session:
        district = make_district(session)
        for name, code in (("Xã Ta Ma", "03277"), ("Xã Nà Sáy", "03290")):
            make_unit(session, name, district, code=code)
        make_unit(session, "Phòng Nội vụ", district, UnitKind.DISTRICT_OFFICE, code="TG-NV")
    client = signed_in(Role.OPERATOR, unit=district)
    assert "Tạo 3 tài khoản" in client.get("/users/units?day=01/12/2021").text
    answer = post(client, "/users/units", day="2021-12-01", what="create")
    assert answer.mimetype == "application/pdf"
    (text,) = [page.extract_text() for page in PdfReader(io.BytesIO(answer.data)).pages]
    login, code = re.search(r"Tên đăng nhập: (xa-ta-ma)\s+Mã dùng một lần: (\S+)", text).groups()
    newcomer = app.test_client()
    assert post(newcomer, "/first-use", login=login, code=code, password=GOOD, again=GOOD).status_code == 302
    page = client.get("/users/units?day=01/12/2021").text
    assert "Mọi đơn vị đã có tài khoản" in page
    assert "2 đơn vị chưa đặt mật khẩu" in page
    again = post(client, "/users/units", day="2021-12-01", what="renew")
    text = PdfReader(io.BytesIO(again.data)).pages[0].extract_text()
    assert "xa-na-say" in text
    assert "xa-ta-ma" not in text


def test_a_reset_shows_a_code_once_and_ends_the_sessions(database, signed_in, client, app):
    district, _, user = make_place(database)
    sign_in(client)
    operator = signed_in(Role.OPERATOR, unit=district)
    answer = post(operator, f"/users/{user.id}/reset")
    code = re.search(r"<b>([0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4})</b>", answer.text).group(1)
    assert code not in operator.get(f"/users/{user.id}").text
    assert client.get("/account").status_code == 302
    assert sign_in(client).status_code == 422
    newcomer = app.test_client()
    assert post(newcomer, "/first-use", login="xa-ta-ma", code=code, password=OTHER, again=OTHER).status_code == 302


def test_a_closed_account_is_out_at_once_and_may_come_back(database, signed_in, client):
    district, _, user = make_place(database)
    sign_in(client)
    operator = signed_in(Role.OPERATOR, unit=district)
    post(operator, f"/users/{user.id}/close")
    assert client.get("/account").status_code == 302
    assert sign_in(client).status_code == 422
    assert "Đã khóa" in operator.get(f"/users/{user.id}").text
    post(operator, f"/users/{user.id}/open")
    assert sign_in(client).status_code == 302


def test_an_account_of_another_place_is_not_there(database, signed_in):
    _, _, user = make_place(database)
    with database.writing() as session:
        elsewhere = make_unit(session, "Huyện khác", kind=UnitKind.DISTRICT)
    stranger = signed_in(Role.OPERATOR, unit=elsewhere)
    assert "xa-ta-ma" not in stranger.get("/users").text
    assert stranger.get(f"/users/{user.id}").status_code == 404
    for act in ("reset", "close", "open"):
        assert post(stranger, f"/users/{user.id}/{act}").status_code == 404


def test_a_new_account_is_made_in_the_browser(database, signed_in):
    district, commune, _ = make_place(database)
    client = signed_in(Role.OPERATOR, unit=district)
    facts = {"full_name": "Lò Văn Ngoan", "role": "unit_head", "login": "ta-ma-2", "position": "Chủ tịch UBND"}
    faulty = post(client, "/users/new", **facts, unit="Xã Không Có")
    assert faulty.status_code == 422
    assert "Không tìm thấy đơn vị «Xã Không Có»" in faulty.text
    assert 'value="Lò Văn Ngoan"' in faulty.text
    assert "Chọn một mục" in post(client, "/users/new", **{**facts, "role": "administrator"}, unit="").text
    made = post(client, "/users/new", **facts, unit=f"{commune.code} · {commune.name}")
    assert made.status_code == 200
    assert "chỉ hiện lần này" in made.text
    with database.writing() as session:
        user = session.scalar(select(User).where(User.login == "ta-ma-2"))
        assert (user.role, user.unit_id, user.password_hash) == ("unit_head", commune.id, None)


def test_the_log_is_read_filtered_and_its_chain_watched(database, signed_in):
    with database.writing() as session:
        district = make_district(session)
        operator = make_user(session, Role.OPERATOR, district, full_name="Lò Thị Minh")
        stranger = make_user(session, Role.OPERATOR, make_unit(session, "Huyện khác"), full_name="Người Lạ")
        record(session, Action.ROUND_CREATED, operator, round="tg-2021")
        record(session, Action.USER_CREATED, operator, login="xa-ta-ma", role="unit_officer")
        record(session, Action.ROUND_CREATED, stranger, round="bi-mat")
        record(session, Action.KEY_TESTED, None, round="tg-2021", holder="Bạc Văn Inh")
    client = signed_in(Role.OPERATOR, unit=district)
    page = client.get("/audit").text
    for words in ("Tạo đợt tg-2021", "Tạo tài khoản xa-ta-ma", "Bạc Văn Inh mở thử", "Chuỗi nhật ký nguyên vẹn"):
        assert words in page
    assert "bi-mat" not in page
    assert "bi-mat" in signed_in(Role.ADMINISTRATOR).get("/audit").text
    assert "Tạo đợt" not in client.get("/audit?kind=user.").text
    found = client.get("/audit?q=bac+van").text
    assert "mở thử phong bì" in found
    assert "Tạo tài khoản" not in found
    assert "Không có dòng nào khớp" in client.get("/audit?first=01/01/2090").text
    assert "Tạo đợt tg-2021" in client.get(f"/audit?first={date.today():%d/%m/%Y}").text  # noqa: DTZ011
    assert "Không đọc được ngày" in client.get("/audit?first=99/99").text
    with database.writing() as session:
        session.get(AuditEntry, 2).by_name = "Ai khác"
    assert "bị đứt ở mục số 2" in client.get("/audit").text


def test_everyone_inside_has_help_and_an_own_account_page(database, signed_in):
    with database.writing() as session:
        district = make_district(session)
    for role in Role:
        client = signed_in(role, unit=district)
        assert client.get("/help").status_code == 200
        assert client.get("/account").status_code == 200


def test_the_permission_for_dan_toc_is_granted_and_taken_back_on_the_page_of_the_account(database, signed_in):
    with database.writing() as session:
        district = make_district(session)
        operator = make_user(session, Role.OPERATOR, district)
        officer = make_user(session, Role.UNIT_OFFICER, district)
    client = signed_in(Role.ADMINISTRATOR)
    address = f"/users/{operator.id}"
    assert "Cấp quyền xem dân tộc" in client.get(address).text
    assert "Quyền xem dân tộc" not in client.get(f"/users/{officer.id}").text
    token = csrf_token(client)
    for allowed, words in (("yes", "Được xem và xuất"), ("no", "Cấp quyền xem dân tộc")):
        answer = client.post(f"{address}/ethnicity", data={"csrf_token": token, "allowed": allowed})
        assert answer.status_code == 302
        assert words in client.get(address).text
