"""The whole main job, clicked through by the people who do it: administrator, operator, two unit officers, two key
holders, ten respondents (two without JavaScript) and a leader, from the units' Excel lists to the points."""

import csv
import io
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pypdf import PdfReader

from survey_app.text import today
from survey_app.users.entry import invite_first_administrator
from tests.browser_fixtures import PHONE, Server, check_axe

PASSWORD = "con trâu đi trước cái cày"
PASSPHRASE = "năm con ngựa trắng uống nước suối"
OPINION = "Nên có thêm ghế ngồi chờ."
NewContext = Callable[..., BrowserContext]


def press(page: Page, words: str) -> None:
    """Press the button with these words and wait for the next page."""
    page.get_by_role("button", name=words, exact=True).first.click()
    page.wait_for_load_state()


def follow(page: Page, words: str) -> None:
    page.get_by_role("link", name=words).first.click()
    page.wait_for_load_state()


def choose_password(page: Page, server: Server, login: str, code: str) -> None:
    """First use of an account: the one-time code of its slip, then a password."""
    page.goto(f"{server.url}/first-use")
    page.fill("[name=login]", login)
    page.fill("[name=code]", code)
    page.fill("[name=password]", PASSWORD)
    page.fill("[name=again]", PASSWORD)
    press(page, "Đặt mật khẩu và vào")


def saved(page: Page, act: Callable[[], None], folder: Path) -> Path:
    """The file that comes when `act` is done."""
    with page.expect_download() as waiting:
        act()
    path = folder / waiting.value.suggested_filename
    waiting.value.save_as(path)
    return path


def first_administrator(page: Page, server: Server) -> tuple[str, str]:
    """The administrator enters by the one-time code and makes the operator's account; its login and code."""
    note = next(server.folder.glob("*admin*")).read_text("utf-8")
    page.goto(f"{server.url}/setup")
    page.fill("[name=code]", re.search(r"[0-9A-Z]{4}(-[0-9A-Z]{4})+", note)[0])
    page.fill("[name=full_name]", "Cà Văn Thành")
    page.fill("[name=login]", "quantri")
    page.fill("[name=password]", PASSWORD)
    page.fill("[name=again]", PASSWORD)
    press(page, "Tạo người quản trị")
    return "noivu", new_account(page, server, "noivu", "Lò Thị Minh", "operator")


def new_account(page: Page, server: Server, login: str, name: str, role: str) -> str:
    """A staff account of the district; its one-time code."""
    page.goto(f"{server.url}/users/new")
    page.fill("[name=full_name]", name)
    page.select_option("[name=role]", role)
    page.fill("[name=unit]", "Huyện Tuần Giáo")
    page.fill("[name=login]", login)
    press(page, "Tạo tài khoản")
    return re.search(r"[0-9A-Z]{4}(-[0-9A-Z]{4})+", page.inner_text("main"))[0]


def create_round(page: Page, server: Server, samples: Path) -> str:
    """The seven pages of a new round; returns its code."""
    page.goto(f"{server.url}/rounds/new")
    page.fill("[name=year]", "2021")
    page.fill("[name=as_of]", "01/12/2021")
    page.fill("[name=code]", "tg-2021")
    press(page, "Tiếp tục")
    page.set_input_files("[name=file]", samples / "criteria-district-2021.xlsx")
    press(page, "Tải tệp lên")
    expect(page.locator("main")).to_contain_text("100,00")
    check_axe(page)
    follow(page, "Tiếp tục")
    press(page, "Tiếp tục")
    press(page, "Dùng chỉ tiêu mẫu")
    expect(page.locator("main")).to_contain_text("763")
    press(page, "Tiếp tục")
    day = today()
    for name, date in {
        "lists_open_on": day,
        "lists_due_on": day,
        "opens_on": day,
        "closes_on": day + timedelta(days=10),
    }.items():
        page.fill(f"[name={name}]", date.strftime("%d/%m/%Y"))
    for name, words in {"period_from": "01/01/2021", "period_to": "30/11/2021", "age_on": "01/12/2021"}.items():
        page.fill(f"[name={name}]", words)
    press(page, "Tiếp tục")
    check_axe(page)
    assert page.get_by_label("Căn cứ pháp lý").input_value()  # the usual words are there
    press(page, "Tiếp tục")
    press(page, "Tiếp tục")
    page.fill("[name=help_phone]", "0215 3862 000")
    press(page, "Tiếp tục")
    check_axe(page)
    press(page, "Tạo đợt")
    return "tg-2021"


def unit_slips(page: Page, server: Server, folder: Path) -> dict[str, str]:
    """Accounts of all units in one step; login -> one-time code as printed on the slips."""
    page.goto(f"{server.url}/users/units")
    if page.locator("[name=day]").count():
        page.fill("[name=day]", "01/12/2021")
    path = saved(page, lambda: page.locator("main button.btn-primary").click(), folder)
    text = "\n".join(sheet.extract_text() for sheet in PdfReader(path).pages)
    return dict(re.findall(r"Tên đăng nhập:\s*(\S+)\s+Mã dùng một lần:\s*([0-9A-Z-]+)", text))


def hand_in(page: Page, server: Server, code: str, path: Path) -> None:
    """A unit officer uploads a list, reads the check page, confirms and submits."""
    page.goto(f"{server.url}/home")
    page.goto(f"{server.url}/rounds/{code}/lists/mine")
    check_axe(page)
    page.set_input_files("[name=file] >> nth=0", path)
    press(page, "Tải tệp lên")
    expect(page.locator("main")).to_contain_text("Không có lỗi")
    check_axe(page)
    press(page, "Tiếp tục")
    page.check("[name=declared]")
    press(page, "Xác nhận và nộp")


@pytest.fixture
def story_server(server: Server) -> Server:
    """A server after its first start: catalogue loaded, first administrator invited."""
    from survey_app.units.rules import seed_units

    with server.database.writing() as session:
        seed_units(session)
        invite_first_administrator(session, server.app.extensions["survey_settings"])
    return server


def review_lists(page: Page, server: Server, code: str, state: str = "Đã trình") -> list[str]:
    """Addresses of the lists that wait for the operator."""
    page.goto(f"{server.url}/rounds/{code}/lists?state=submitted")
    check_axe(page)
    links = page.locator("main table a").evaluate_all("links => links.map(link => link.href)")
    return list(dict.fromkeys(link for link in links if re.search(r"/lists/\d+$", link)))


def return_first_and_approve_others(page: Page, addresses: list[str]) -> str:
    """Return one list with a reason, approve the rest; returns the address of the returned one."""
    page.goto(addresses[0])
    page.fill("[name=reason]", "Ghi rõ chức vụ của người thứ hai.")
    press(page, "Trả lại")
    for address in addresses[1:]:
        page.goto(address)
        press(page, "Duyệt")
    return addresses[0]


def make_key(context: BrowserContext, link: str, folder: Path) -> Path:
    """A key holder makes a key in the own browser, keeps the file and opens a sample."""
    page = context.new_page()
    page.goto(link)
    check_axe(page)
    follow(page, "Tiếp tục")
    page.fill("#passphrase", PASSPHRASE)
    page.fill("#again", PASSPHRASE)
    page.get_by_role("button", name="Tạo khóa của tôi").click()
    page.get_by_role("link", name="Tải tệp khóa").wait_for()
    path = saved(page, lambda: page.get_by_role("link", name="Tải tệp khóa").click(), folder)
    page.check("#kept-file")
    page.check("#kept-paper")
    press(page, "Đã cất, sang bước mở thử")
    test_key(page, path)
    page.close()
    return path


def test_key(page: Page, path: Path) -> None:
    page.set_input_files("#file", path)
    page.fill("#test-passphrase", PASSPHRASE)
    page.get_by_role("button", name="Mở thử phong bì mẫu").click()
    expect(page.locator("main")).to_contain_text("Xong. Cảm ơn anh/chị.")


test_key.__test__ = False  # a step of the story, not a test


def answer(page: Page, server: Server, link: str, number: int, script: bool) -> None:
    """A citizen answers on a phone: code, language, promise, every question, review, send."""
    if script:
        page.goto(link)
        expect(page.get_by_role("button", name="Bắt đầu trả lời")).to_be_visible()
        assert "#" not in page.url
    else:
        page.goto(f"{server.url}/")
        page.fill("[name=code]", link.split("#")[1].lower())
        press(page, "Tiếp tục")
    expect(page.locator("body")).to_contain_text("không biết ông/bà trả lời gì")
    press(page, "Bắt đầu trả lời")
    for step in range(60):
        if page.get_by_role("heading", name="Xem lại trước khi gửi").count():
            break
        radios = page.locator("main input[type=radio]")
        if radios.count():
            # Every respondent answers in a way of his own: level 1 to 5, now and then «không biết».
            choice = 0 if radios.count() < 6 else (number + step) % 6
            radios.nth(min(choice, radios.count() - 1)).check(force=True)
        elif number == 0 and page.locator("main textarea").count():
            page.fill("main textarea", OPINION)
        press(page, "Tiếp tục")
    if number < 2:
        check_axe(page)
    press(page, "Gửi phiếu")
    expect(page.get_by_role("heading", name="Đã gửi")).to_be_visible()
    assert page.context.cookies() == []


def test_a_district_round_from_the_units_lists_to_the_points(
    story_server: Server, new_context: NewContext, browser: Browser, samples: Path, tmp_path: Path
) -> None:
    server, files = story_server, tmp_path / "files"
    files.mkdir()
    admin = new_context().new_page()
    login, one_time = first_administrator(admin, server)
    leader_code = new_account(admin, server, "lanhdao", "Giàng A Sình", "leader")

    operator = new_context().new_page()
    choose_password(operator, server, login, one_time)
    code = create_round(operator, server, samples)
    expect(operator.locator("main")).to_contain_text("Tám bước của đợt điều tra")
    check_axe(operator)
    slips = unit_slips(operator, server, files)
    assert len(slips) == 71

    lists = {"xa-pu-nhung": "43 DS dieu tra XHH Xa Pu Nhung.xlsx", "tg-nv": "30-phong-noi-vu.xlsx"}
    officers = {}
    for unit, name in lists.items():
        officers[unit] = new_context().new_page()
        choose_password(officers[unit], server, unit, slips[unit])
        hand_in(officers[unit], server, code, samples / "lists" / name)

    waiting = review_lists(operator, server, code)
    assert len(waiting) == 4  # A, B of Phòng Nội vụ; C, E of Xã Pú Nhung
    returned = return_first_and_approve_others(operator, waiting)
    officer = officers["tg-nv"]
    officer.goto(f"{server.url}/rounds/{code}/lists/mine")
    expect(officer.locator("main")).to_contain_text("Ghi rõ chức vụ của người thứ hai.")
    hand_in(officer, server, code, samples / "lists" / lists["tg-nv"])
    operator.goto(returned)
    press(operator, "Duyệt")

    operator.goto(f"{server.url}/rounds/{code}/roster")
    check_axe(operator)
    operator.goto(f"{server.url}/rounds/{code}/roster/lock")
    operator.fill("[name=reason]", "Mới có hai đơn vị nộp.")
    press(operator, "Khóa danh sách")
    expect(operator.locator("main")).to_contain_text(re.compile("[0-9a-f]{8}"))

    operator.goto(f"{server.url}/rounds/{code}/handover")
    check_axe(operator)
    roster = saved(operator, lambda: operator.get_by_role("button", name="Tải danh sách (.xlsx)").click(), files)
    rows = [row for sheet in openpyxl.load_workbook(roster) for row in sheet.iter_rows(values_only=True)]
    phones = [cell for row in rows for cell in row if isinstance(cell, str) and re.fullmatch(r"0\d{9}", cell)]
    assert len(phones) == 29

    operator.goto(f"{server.url}/rounds/{code}/questionnaires")
    press(operator, "Dùng phiếu mẫu nhóm A–G")
    check_axe(operator)
    press(operator, "Công bố phiếu (7)")
    expect(operator.locator("main")).to_contain_text("22/22")

    operator.goto(f"{server.url}/rounds/{code}/cells")
    operator.check("[name=accept_small]")
    press(operator, "Chốt ô công bố")
    operator.goto(f"{server.url}/rounds/{code}/codes")
    check_axe(operator)
    letters = saved(operator, lambda: operator.get_by_role("button", name="In giấy mời").click(), files)
    assert len(PdfReader(letters).pages) == 29
    operator.goto(f"{server.url}/rounds/{code}/codes")
    options = operator.locator("[name=output] option").evaluate_all("all => all.map(one => one.value)")
    operator.select_option("[name=output]", next(value for value in options if "csv" in value.lower()))
    codes_file = saved(operator, lambda: operator.locator("main form .btn-primary").click(), files)
    invited = list(csv.DictReader(io.StringIO(codes_file.read_text("utf-8-sig"))))
    citizens = [row["link"] for row in invited if row["group"] == "E"]
    assert len(citizens) == 20

    operator.goto(f"{server.url}/rounds/{code}/keys")
    keys = []
    holders = []
    for name, body in (("Lò Thị Minh", "Phòng Nội vụ"), ("Bạc Văn Inh", "Ủy ban MTTQ huyện")):
        operator.fill("[name=name]", name)
        operator.fill("[name=body]", body)
        press(operator, "Gửi lời mời giữ khóa")
        link = operator.inner_text("#link").strip()
        holder = new_context()
        folder = files / body
        folder.mkdir()
        keys.append(make_key(holder, link, folder))
        holders.append((holder, link))
    operator.goto(f"{server.url}/rounds/{code}/collection")
    check_axe(operator)
    press(operator, "Mở đợt")

    for number in range(10):
        script = number not in (3, 7)
        phone = new_context(viewport=PHONE, java_script_enabled=script).new_page()
        answer(phone, server, citizens[number], number, script)
        phone.context.close()

    operator.goto(f"{server.url}/rounds/{code}/turnout")
    check_axe(operator)
    expect(operator.locator("main")).to_contain_text(re.compile(r"10–19\s*/\s*29"))

    holder, link = holders[1]
    page = holder.new_page()
    page.goto(link)
    test_key(page, keys[1])
    operator.goto(f"{server.url}/rounds/{code}/collection")
    follow(operator, "Đóng thu phiếu")
    operator.get_by_label("Tôi hiểu và vẫn đóng bây giờ").check()
    operator.locator("main form button").first.click()
    leader = new_context().new_page()
    choose_password(leader, server, "lanhdao", leader_code)
    leader.goto(f"{server.url}/rounds/{code}/opening")
    check_axe(leader)
    press(leader, "Tôi đồng ý mở niêm phong")
    operator.goto(f"{server.url}/rounds/{code}/opening")
    check_axe(operator)
    operator.set_input_files("#key-1", keys[1])
    operator.fill("#passphrase-1", PASSPHRASE)
    operator.fill("#words", "MỞ NIÊM PHONG")
    press(operator, "Mở niêm phong")
    expect(operator.locator("main")).to_contain_text("10")

    operator.goto(f"{server.url}/rounds/{code}/scores")
    press(operator, "Tính điểm")
    check_axe(operator)

    leader.goto(f"{server.url}/rounds/{code}/scores")
    expect(leader.locator("main")).to_contain_text("Quy tắc")
    check_axe(leader)
    book = openpyxl.load_workbook(saved(leader, lambda: follow(leader, "Tải Excel"), files))
    assert len(book.sheetnames) >= 3
