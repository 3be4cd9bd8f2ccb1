"""A batch of paper forms from making to opening: ticked, keyed by keyboard, one form keyed twice with a difference."""

from playwright.sync_api import Page, expect
from sqlalchemy import select

from survey_app.access import Role
from survey_app.access_codes.models import AccessCode, Batch, BatchWorker
from survey_app.answers.models import AnswerCount, Ballot, FreeText
from survey_app.answers.opening import open_envelopes
from survey_app.db import now
from survey_app.rounds.models import Round
from survey_app.users.models import User
from tests.answers.make import OpenRound, make_open_round
from tests.browser_fixtures import OFFICE, check_axe, open_page
from tests.make import make_user


def make_staff(server) -> tuple[OpenRound, User, User]:
    """An open round of one commune with four persons, its officer, and a key-entry clerk."""
    with server.database.writing() as session:
        made = make_open_round(session, server.app.extensions["survey_settings"].keys.pepper, persons=(4,))
        home = session.get_one(Round, made.round.id).operator_unit
        officer = make_user(session, Role.OPERATOR, home, full_name="Lò Văn Phụ Trách")
        return made, officer, make_user(session, Role.CLERK, home, full_name="Quàng Thị Nhập")


def make_batch(page: Page) -> None:
    page.get_by_label("Đơn vị và nhóm được phát phiếu").select_option(index=1)
    page.get_by_label("Tỷ lệ phiếu nhập hai lần (phần trăm)").fill("10")
    page.get_by_role("button", name="Tạo lô").click()
    expect(page.get_by_text("Đã tạo lô 1.")).to_be_visible()


def tick(page: Page, count: int) -> None:
    for number in range(count):
        page.locator("input[name=returned]").nth(number).check()
    page.get_by_role("button", name="Lưu danh sách nộp phiếu").click()
    expect(page.get_by_text(f"Đã ghi: {count}/4 phiếu đã nộp lại.")).to_be_visible()


def key(page: Page, answers: tuple[str, ...]) -> None:
    """Types each answer and goes on with Enter, as a clerk does."""
    expect(page.locator("#k-b_lam_tt")).to_be_focused()
    for answer in answers:
        page.keyboard.type(answer)
        page.keyboard.press("Enter")


def key_form(page: Page, answers: tuple[str, ...]) -> bool:
    """Keys a form and sends it; where chance has it keyed twice, with another level. Returns whether it was."""
    key(page, answers)
    name = page.get_by_label("Họ tên người nhập lần hai")
    review = page.get_by_role("heading", name="Xem lại cả phiếu")
    expect(page.locator("#second-name:focus, [data-part=review] h2:focus")).to_be_visible()
    twice = name.is_visible()
    if twice:
        key_again(page, answers)
    expect(review).to_be_focused()
    check_axe(page)
    if "" in answers[:-1]:
        blank = page.locator("[data-part=review] tbody tr").nth(answers.index(""))
        expect(blank).to_contain_text("bỏ trống")
    page.keyboard.press("Control+Enter")
    return twice


def key_again(page: Page, answers: tuple[str, ...]) -> None:
    name = page.get_by_label("Họ tên người nhập lần hai")
    name.fill("Quàng Thị Nhập")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Người nhập lần hai phải là người khác.")).to_be_visible()
    name.fill("Lường Văn Hai")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Nhập lần hai: Lường Văn Hai")).to_be_visible()
    expect(page.locator("#k-q_5_6_3")).to_have_value("")  # blind
    key(page, (answers[0], "3", *answers[2:]))
    expect(page.get_by_role("heading", name="Hai lần nhập khác nhau ở 1 câu")).to_be_visible()
    expect(page.get_by_text(f"Lần 1: {answers[1]} – ")).to_contain_text("Lần 2: 3 – Bình thường")
    expect(page.locator("#k-q_5_6_3")).to_be_focused()
    check_axe(page)
    page.keyboard.press("Enter")
    expect(page.get_by_text("Gõ câu trả lời đúng theo phiếu")).to_be_visible()
    page.keyboard.type(answers[1])
    page.keyboard.press("Enter")


def test_a_batch_of_paper_forms_from_making_to_opening(server, new_context):
    made, officer, clerk = make_staff(server)
    office = open_page(server, new_context, officer, f"/rounds/{made.round.code}/paper", viewport=OFFICE)
    expect(office.get_by_text("Chưa có lô phiếu giấy nào.")).to_be_visible()
    check_axe(office)
    make_batch(office)
    tick(office, 3)
    expect(office.get_by_text("người khác nhập", exact=False)).to_be_visible()
    check_axe(office)

    page = open_page(server, new_context, clerk, f"/rounds/{made.round.code}/paper", viewport=OFFICE)
    page.get_by_role("link", name="Nhập lô kế tiếp").click()
    expect(page.get_by_text("Đã nhập 0/3 phiếu nộp lại")).to_be_visible()
    check_axe(page)
    key(page, ("2",))  # has not been there: nothing is asked about it
    expect(page.locator("#k-q_5_6_3")).to_be_disabled()
    expect(page.locator("#k-y_kien")).to_be_focused()
    page.locator("#k-b_lam_tt").focus()
    page.keyboard.type("1")
    page.keyboard.press("ArrowDown")
    page.keyboard.type("9")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Không có lựa chọn mang số này.")).to_be_visible()
    page.get_by_role("button", name="Xóa hết, nhập lại từ đầu").click()
    twice = [key_form(page, ("1", "4", "", "2", "1 2", "Thêm ghế"))]  # a required question left blank on the paper
    expect(page.get_by_text("Đã nhập 1/3 phiếu nộp lại")).to_be_visible()
    twice.append(key_form(page, ("1", "5", "5", "1", "1", "")))
    expect(page.get_by_text("Đã nhập 2/3 phiếu nộp lại")).to_be_visible()
    twice.append(key_form(page, ("1", "4", "6", "", "", "")))
    assert sorted(twice) == [False, False, True]  # 10 % of three, whichever it is
    expect(page.get_by_role("heading", name="Đã nhập hết lô này")).to_be_focused()
    assert page.evaluate("Object.keys(localStorage).length + Object.keys(sessionStorage).length") == 0

    page.goto(f"{server.url}/rounds/{made.round.code}/batches/1")
    expect(page.get_by_text("1/5 câu = 20,0 %")).to_be_visible()
    expect(page.get_by_text("Lường Văn Hai")).to_be_visible()
    expect(page.locator("input[name=returned]")).to_have_count(0)  # a clerk sees no names
    look_at_what_is_stored(server, made)


def look_at_what_is_stored(server, made: OpenRound) -> None:
    with server.database.writing() as session:
        batch = session.scalars(select(Batch)).one()
        assert (batch.ticked, batch.keyed, batch.keyed_twice, batch.compared, batch.differed) == (3, 3, 1, 5, 1)
        assert {(one.part, one.name) for one in session.scalars(select(BatchWorker))} == {
            ("ticked", "Lò Văn Phụ Trách"),
            ("keyed", "Quàng Thị Nhập"),
            ("keyed_again", "Lường Văn Hai"),
        }
        survey_round = session.get_one(Round, made.round.id)
        survey_round.closed_at = now()
        session.flush()
        opening = open_envelopes(session, survey_round, made.private_keys[:1], None)
        assert (opening.envelopes, opening.ballots, opening.faulty) == (3, 3, 0)
    with server.database.reading() as session:
        answers = [one.answers for one in session.scalars(select(Ballot))]
        assert {"q_5_6_3": "4", "q_5_6_2": "KB"} in answers  # left out on paper
        counted = {(one.item, one.level): one.answers for one in session.scalars(select(AnswerCount))}
        assert (counted["q_5_6_3", "4"], counted["q_5_6_3", "5"]) == (2, 1)
        assert (counted["q_5_6_2", "5"], counted["q_5_6_2", "KB"], counted["b_so_lan", "2"]) == (1, 2, 1)
        assert session.scalars(select(FreeText.text)).all() == ["Thêm ghế"]
        assert (
            session.scalars(select(AccessCode.replay_digest).where(AccessCode.replay_digest.is_not(None))).all() == []
        )
