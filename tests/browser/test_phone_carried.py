"""A finished answer leaves a phone without network as a file, and counts once whichever way it comes."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import update

from survey_app.rounds.models import Round
from survey_app.text import today
from tests.answers.make import OpenRound
from tests.browser.phone import (
    ANSWERED,
    NOTHING,
    Line,
    answer,
    forward,
    heading,
    keep_offline,
    left_on_device,
    open_link,
    received,
)
from tests.browser.test_desk import PIN, enter, set_up
from tests.browser.test_phone import fits
from tests.browser_fixtures import PHONE, Server, check_axe

NewContext = Callable[..., BrowserContext]
SAVE = "Lưu phiếu thành tệp"


def save(page: Page, folder: Path, button: str = SAVE) -> Path:
    """The file that the button gives."""
    with page.expect_download() as download:
        page.get_by_role("button", name=button).click()
    assert download.value.suggested_filename.startswith("phieu-khao-sat-")
    target = folder / download.value.suggested_filename
    download.value.save_as(target)
    expect(page.locator("[data-saved]:visible")).to_contain_text(f"Đã lưu tệp «{target.name}»")
    return target


def deliver(page: Page, url: str, *files: Path) -> None:
    """Another machine sends the files."""
    page.goto(f"{url}/")
    page.get_by_role("link", name="Gửi tệp phiếu đã lưu").click()
    page.set_input_files("#file", list(files))
    page.get_by_role("button", name="Gửi tệp", exact=True).click()


def test_a_file_from_a_phone_without_network_counts_once(
    server: Server, line: Line, made: OpenRound, new_context: NewContext, tmp_path: Path
) -> None:
    phone, other = new_context(viewport=PHONE), new_context(java_script_enabled=False)
    page = phone.new_page()
    open_link(page, line.url, made.codes[0])
    keep_offline(page)
    line.cut()
    answer(page)
    forward(page)
    heading(page, "Đã lưu trên máy, chưa gửi")
    page.get_by_text("Không có mạng nhiều ngày?").click()
    expect(page.locator("[data-carry]")).to_contain_text(f"{line.url.removeprefix('http://')}/gui-tep")
    file = save(page, tmp_path)
    fits(page)
    text = file.read_text("utf-8")
    assert made.codes[0] not in text
    assert "Thêm ghế" not in text

    page.close()
    page = phone.new_page()
    page.goto(f"{line.url}/")  # who does not know the code can still carry it off
    expect(page.locator("[data-here]")).to_contain_text("chưa gửi: 1")
    page.get_by_text("Không có mạng nhiều ngày?").click()
    again = save(page, tmp_path)
    assert again.read_text("utf-8") != text  # sealed anew
    assert again.name != file.name

    desk = other.new_page()
    hurt = tmp_path / "phieu-khao-sat-1.txt"
    hurt.write_text(text[:200] + ("A" if text[200] != "A" else "B") + text[201:], "utf-8")
    deliver(desk, server.url, hurt)
    expect(desk.get_by_role("alert")).to_contain_text("tệp bị hỏng hoặc đã bị sửa")
    assert received(server, made) == []
    deliver(desk, server.url, file, again)
    expect(desk.get_by_role("status")).to_contain_text("Số phiếu đã nhận: 2")
    expect(desk.get_by_role("status")).to_contain_text("Trong đó đã nhận từ trước: 1")
    assert received(server, made) == [ANSWERED]

    line.mend()
    page.goto(f"{line.url}/p#{made.codes[0]}")
    expect(
        page.get_by_role("heading", level=1, name="Đã gửi").or_(page.get_by_role("heading", name="đã nhận rồi"))
    ).to_be_visible()
    expect(page.locator("[data-carry]")).to_have_count(0)
    assert left_on_device(page) == NOTHING
    assert received(server, made) == [ANSWERED]


def test_the_queue_of_an_interviewer_is_carried_off_and_the_end_of_collection_is_told(
    server: Server, line: Line, made: OpenRound, new_context: NewContext, tmp_path: Path
) -> None:
    tablet = set_up(new_context(viewport=PHONE), line.url, made, "phong-van")
    line.cut()
    for code in made.codes[:2]:
        enter(tablet, code)
        answer(tablet)
        forward(tablet)
        heading(tablet, "Đã lưu, chờ gửi")
        tablet.get_by_role("button", name="Xong, về trang đầu").click()
        expect(tablet.locator("#code")).to_be_focused()
    tablet.get_by_role("button", name="Dành cho cán bộ").click()
    tablet.fill("#pin", PIN)
    tablet.keyboard.press("Enter")
    file = save(tablet, tmp_path, "Lưu phiếu chờ gửi thành tệp")
    many = """async () => {  // a tablet that was away for a month
      const [row] = await surveyDevice.allSealed();
      const { carryingKey } = document.getElementById("code-form").dataset;
      const files = await surveySealing.carried(Array(400).fill(row), carryingKey);
      return files.map((text) => [text.length, JSON.parse(text).forms.length]);
    }"""
    sizes = tablet.evaluate(many)
    assert [answers for _size, answers in sizes] == [325, 75]
    assert max(size for size, _answers in sizes) < 4_100_000
    check_axe(tablet)
    with server.database.writing() as session:
        session.execute(update(Round).values(closes_on=today() - timedelta(days=10)))
    office = new_context(viewport=PHONE).new_page()
    deliver(office, server.url, file)
    expect(office.get_by_role("alert")).to_contain_text("Số phiếu chưa nhận: 2 – khảo sát đã kết thúc")
    fits(office)
    with server.database.writing() as session:
        session.execute(update(Round).values(closes_on=today()))
    deliver(office, server.url, file)
    expect(office.get_by_role("status")).to_contain_text("Số phiếu đã nhận: 2")
    fits(office)
    assert received(server, made) == [ANSWERED, ANSWERED]
    line.mend()
    tablet.get_by_role("button", name="Gửi ngay").click()
    expect(tablet.locator("[data-waiting]")).to_have_text("0")
    expect(tablet.locator("[data-some-wait]")).to_be_hidden()
    assert received(server, made) == [ANSWERED, ANSWERED]
