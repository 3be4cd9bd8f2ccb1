"""The pages of lists and roster, as a unit officer and an operator use them without script."""

import io
import re
from datetime import date

import openpyxl
import pytest
from sqlalchemy import select, update

from survey_app.access import Role
from survey_app.audit import AuditEntry
from survey_app.roster.checks import read_list
from survey_app.roster.queries import catalogue_of, sender_of, terms_of
from survey_app.rounds.models import Round
from survey_app.workbook import read_workbook
from tests.make import csrf_token, make_user, sign_in_client
from tests.roster.asked_round import CITIZEN_HEADER, LEADER, make_asked_round, make_citizen, make_file
from tests.roster.raw_files import Page, xlsx


@pytest.fixture
def people(app, database):
    """Browsers of the commune's officer, another commune's officer and the operator, in a round that asks."""
    with database.writing() as session:
        asked = make_asked_round(session)
        users = [
            make_user(session, Role.UNIT_OFFICER, asked.commune),
            make_user(session, Role.UNIT_OFFICER, asked.other),
            make_user(session, Role.OPERATOR, asked.district),
        ]
    return [sign_in_client(app, user) for user in users]


def post(client, url, **data):
    return client.post(url, data={"csrf_token": csrf_token(client), **data})


def upload(client, content, name="danh sách.xlsx", **data):
    return post(client, "/rounds/tg-2021/lists/uploads", file=(io.BytesIO(content), name), **data)


def page(client, url) -> str:
    answer = client.get(url, follow_redirects=True)
    assert answer.status_code == 200
    return answer.text


def test_the_officer_sees_a_card_for_each_group(people):
    text = page(people[0], "/lists")
    assert "Nhóm C – Lãnh đạo UBND cấp xã" in text
    assert text.count("Chưa nộp") == 2


def test_the_template_has_a_sheet_per_group_and_is_read_without_a_fault_once_filled(people, database):
    answer = people[0].get("/rounds/tg-2021/lists/template.xlsx")
    book = openpyxl.load_workbook(io.BytesIO(answer.data))
    assert book.sheetnames[:2] == ["Nhóm C - Lãnh đạo UBND cấp xã", "Nhóm E - Người dân"]
    rows = {"Nhóm C": {"Họ và tên": "Cà Thị Hoa", "Năm sinh": "1975", "Giới tính": "Nữ", "Chức vụ": "Chủ tịch UBND",
                       "Số điện thoại": "0987654321"},
            "Nhóm E": {"Họ và tên": "Lò Văn Ánh", "Năm sinh": "1980", "Giới tính": "Nam", "Bản/khối": "Bản Xá Cọ",
                       "Số điện thoại": "0912345678", "Thủ tục hành chính": "Đăng ký khai sinh",
                       "Ngày tiếp nhận": "05/03/2021", "Ngày trả kết quả": "06/03/2021"}}  # fmt: skip
    for name, cells in rows.items():
        sheet = next(one for one in book.worksheets if one.title.startswith(name))
        header = next(row for row in sheet.iter_rows() if row[0].value == "TT")
        for cell in header:
            if cell.value in cells:
                sheet.cell(cell.row + 1, cell.column, cells[cell.value])
    memory = io.BytesIO()
    book.save(memory)
    with database.writing() as session:
        from sqlalchemy import select

        from survey_app.rounds.models import Round
        from survey_app.units.models import Unit

        survey_round = session.scalar(select(Round))
        unit = session.scalar(select(Unit).where(Unit.code == "03289"))
        sender, catalogue = sender_of(session, survey_round, unit), catalogue_of(session, survey_round)
        workbook = read_workbook(memory.getvalue(), "mau.xlsx")
        reading = read_list(workbook, "mau.xlsx", sender, catalogue, terms_of(survey_round))
    assert [person.group for person in reading.persons] == ["C", "E"]
    assert [problem.kind for problem in reading.problems] == ["quota_short"]


def test_an_empty_template_has_no_person_in_it(people):
    answer = people[0].get("/rounds/tg-2021/lists/template.xlsx?group=E")
    refused = upload(people[0], answer.data, "mau.xlsx")
    assert refused.status_code == 422
    assert "Tệp không có dòng nào" in refused.text


def test_a_file_with_faults_is_shown_by_row_and_column_corrected_and_handed_in(people):
    officer = people[0]
    rows = [make_citizen(1, phone="03470358064"), make_citizen(2, phone="01642631583")]
    answer = upload(officer, make_file(rows, [LEADER]))
    assert answer.status_code == 303
    where = answer.headers["Location"]
    text = page(officer, where)
    assert "Có 1 chỗ cần sửa trước khi nộp" in text
    assert "Dòng 4, Số điện thoại: có 11 chữ số, cần đúng 10 chữ số." in text
    assert 'href="#cell-0-4-phone"' in text
    assert 'id="cell-0-4-phone"' in text
    assert "<title>Lỗi: " in text
    assert officer.get(f"{where}/confirm").status_code == 302
    post(officer, where, **{"cell-0-4-phone": "0347035806", "show": "look"})
    post(officer, where, new_phone="0-5")
    text = page(officer, where)
    assert "Không có lỗi. 3 dòng sẵn sàng để nộp." in text
    refused = post(officer, f"{where}/confirm")
    assert refused.status_code == 422
    assert "Đánh dấu vào ô này" in refused.text
    done = post(officer, f"{where}/confirm", declared="yes")
    assert done.status_code == 303
    assert page(officer, "/lists").count("Đã trình") == 2


def test_a_row_is_dropped_and_comes_back(people):
    officer = people[0]
    where = upload(officer, make_file([make_citizen(1, phone="0912"), make_citizen(2)], [LEADER])).headers["Location"]
    post(officer, where, drop="0-4")
    assert "Đã bỏ 1 dòng" in page(officer, where)
    post(officer, where, restore="0-4")
    assert "Có 1 chỗ cần sửa trước khi nộp" in page(officer, where)


def test_a_column_is_chosen_by_hand(people):
    officer = people[0]
    content = make_file([make_citizen(1), make_citizen(2)], [LEADER])
    book = openpyxl.load_workbook(io.BytesIO(content))
    book["Người dân"]["F3"] = "Liên lạc"
    memory = io.BytesIO()
    book.save(memory)
    where = upload(officer, memory.getvalue()).headers["Location"]
    assert "Thiếu cột «Số điện thoại»" in page(officer, where)
    form = page(officer, f"{where}?show=columns")
    chosen = dict(re.findall(r'name="(column-0-\d+)"', form) and [("column-0-6", "phone")])
    post(officer, where, columns="0", show="columns", **chosen)
    assert "Không có lỗi" in page(officer, where)


def test_the_officers_file_comes_back_with_comments_and_the_original_as_it_was(people):
    officer = people[0]
    content = make_file([make_citizen(1, phone="0912"), make_citizen(2)], [LEADER])
    where = upload(officer, content).headers["Location"]
    book = openpyxl.load_workbook(io.BytesIO(officer.get(f"{where}/faults.xlsx").data))
    assert "có 4 chữ số" in book["Người dân"]["F4"].comment.text
    answer = officer.get(f"{where}/original")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.data == content


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"", "", "Chưa chọn tệp"),
        (b"khong phai", "ds.xlsx", "không phải bảng tính"),
        (b"a,b\n1,2\n", "ds.csv", "Không thấy dòng tiêu đề"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_beside_the_field(people, content, name, words):
    answer = upload(people[0], content, name)
    assert answer.status_code == 422
    assert words in answer.text


def test_another_unit_and_the_operator_do_not_see_a_draft(people):
    officer, stranger, operator = people
    where = upload(officer, make_file([make_citizen(1), make_citizen(2)], [LEADER])).headers["Location"]
    assert stranger.get(where).status_code == 404
    assert stranger.get(f"{where}/original").status_code == 404
    assert operator.get(where).status_code == 403


def hand_in(client, content):
    where = upload(client, content).headers["Location"]
    assert post(client, f"{where}/confirm", declared="yes").status_code == 303


def test_the_operator_reviews_returns_approves_locks_and_hands_over(people):
    officer, stranger, operator = people
    hand_in(officer, make_file([make_citizen(1), make_citizen(2)], [LEADER]))
    hand_in(stranger, make_file([make_citizen(3), make_citizen(1)]))
    overview = page(operator, "/rounds/tg-2021/lists")
    assert "Kiểm tra danh sách kế tiếp" in overview
    assert "Duyệt 1 danh sách không lỗi" in overview
    assert "Quài Nưa" not in page(operator, "/rounds/tg-2021/lists?q=quai+cang")
    assert "Không có dòng nào khớp" in page(operator, "/rounds/tg-2021/lists?state=locked")

    pages = sorted(set(re.findall(r"/rounds/tg-2021/lists/\d+", overview)))
    told = [url for url in pages if "trùng với Xã" in page(operator, url)]
    assert len(pages) == 3
    assert len(told) == 2
    version = re.search(r'name="version" value="(\d+)"', page(operator, told[1])).group(1)
    assert post(operator, f"{told[1]}/return", version=version, reason="").status_code == 422
    assert post(operator, f"{told[1]}/return", version=version, reason="Trùng người.").status_code == 303
    assert post(operator, f"{told[1]}/return", version=version, reason="Lần nữa.").status_code == 409
    post(operator, "/rounds/tg-2021/lists/approve-faultless")
    assert "1 danh sách" in page(operator, "/rounds/tg-2021/roster/lock")

    matrix = page(operator, "/rounds/tg-2021/roster")
    assert "bản nháp, chưa khóa" in matrix
    assert post(operator, "/rounds/tg-2021/roster/lock").status_code == 422
    assert post(operator, "/rounds/tg-2021/roster/lock", reason="Đợi lâu.").status_code == 303
    assert "SHA-256" in page(operator, "/rounds/tg-2021/roster")
    answer = post(operator, "/rounds/tg-2021/handover.xlsx", sheets="one")
    assert answer.data[:2] == b"PK"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    late = upload(stranger, make_file([make_citizen(3)]))
    assert late.status_code == 422
    assert "đã khóa" in late.text


def test_the_comment_of_a_returned_list_reaches_the_unit(people):
    officer, _stranger, operator = people
    hand_in(officer, make_file([make_citizen(1), make_citizen(2)], [LEADER]))
    first = re.search(r"/rounds/tg-2021/lists/\d+", page(operator, "/rounds/tg-2021/lists")).group()
    post(operator, f"{first}/return", reason="Ghi rõ chức vụ.")
    text = page(officer, "/lists")
    assert "Ghi rõ chức vụ." in text
    assert "Trả lại" in text


def test_a_unit_without_a_round_reads_that_nothing_is_asked(app, database):
    with database.writing() as session:
        asked = make_asked_round(session)
        asked.round.lists_started_at = None
        client_user = make_user(session, Role.UNIT_OFFICER, asked.commune)
    assert "Chưa có đợt điều tra nào" in page(sign_in_client(app, client_user), "/lists")


def test_the_home_of_the_round_says_what_to_do_about_the_lists(people):
    officer, _stranger, operator = people
    assert "Còn 3 danh sách chưa nộp" in page(operator, "/rounds/tg-2021")
    hand_in(officer, make_file([make_citizen(1), make_citizen(2)], [LEADER]))
    assert "Kiểm tra 2 danh sách mới nộp" in page(operator, "/rounds/tg-2021")
    post(operator, "/rounds/tg-2021/lists/approve-faultless")
    assert "2/3" in page(operator, "/rounds/tg-2021")
    post(operator, "/rounds/tg-2021/roster/lock", reason="Đợi lâu.")
    assert "Đã khóa bản 1, 3 người" in page(operator, "/rounds/tg-2021")


def test_a_group_that_is_not_asked_for_is_corrected_on_the_page(people):
    officer = people[0]
    rows = [[*CITIZEN_HEADER, "Nhóm"], [*make_citizen(1), "E"], [*make_citizen(2), "Nhóm D"]]
    where = upload(officer, xlsx([Page("S", rows)])).headers["Location"]
    text = page(officer, where)
    assert "Dòng 3, Nhóm: «Nhóm D» không phải nhóm được đề nghị. Ghi lại nhóm của người này." in text
    assert 'href="#cell-0-3-group"' in text
    assert 'id="cell-0-3-group"' in text
    post(officer, where, **{"cell-0-3-group": "E", "show": "look"})
    assert "Không có lỗi. 2 dòng sẵn sàng để nộp." in page(officer, where)


def test_a_repeated_person_may_be_corrected_in_every_cell(people):
    officer = people[0]
    where = upload(officer, make_file([make_citizen(1), make_citizen(1, phone="+84 912.345.671")])).headers["Location"]
    text = page(officer, where)
    assert "trùng với dòng 4" in text
    assert all(f'id="cell-0-5-{one}"' in text for one in ("name", "birth", "ban", "phone"))
    post(officer, where, **{"cell-0-5-phone": "0987654321", "cell-0-5-birth": "1980", "show": "look"})
    assert "trùng với dòng" not in page(officer, where)


def test_what_was_read_is_shown_in_one_writing(people):
    officer = people[0]
    faulty = make_citizen(
        1, phone="9.12345671E+08", birth="tháng 3 năm 1971", ban="xá cọ", receipt="44260", procedure=None
    )
    text = page(officer, upload(officer, make_file([faulty])).headers["Location"])
    for shown in ("0912 345 671", ">1971<", ">Bản Xá Cọ<", "05/03/2021"):
        assert shown in text


def test_going_on_saves_what_was_typed_and_stops_at_a_fault(people):
    officer = people[0]
    where = upload(officer, make_file([make_citizen(1), make_citizen(2)], [LEADER])).headers["Location"]
    name = next(iter(re.findall(r'name="(cell-0-4-name)" value="([^"]*)"', page(officer, f"{where}?show=all"))))
    typed = {name[0]: "Lò Văn Mới", f"was-{name[0]}": name[1]}
    assert post(officer, where, go="confirm", **typed).headers["Location"].endswith("/confirm")
    assert "Lò Văn Mới" in page(officer, f"{where}?show=all")
    assert post(officer, where, go="faults").headers["Location"].endswith("/faults.xlsx")
    assert post(officer, where, go="upload").headers["Location"].endswith("#file")
    stopped = post(officer, where, go="confirm", **{"cell-0-4-phone": "12"})
    assert "/confirm" not in stopped.headers["Location"]
    assert "có 2 chữ số" in page(officer, where)


def test_a_tab_saves_what_was_typed(people):
    officer = people[0]
    where = upload(officer, make_file([make_citizen(1, phone="0912")], [LEADER])).headers["Location"]
    answer = post(
        officer, where, tab="all", show="look", **{"cell-0-4-phone": "0912345670", "was-cell-0-4-phone": "0912"}
    )
    assert answer.headers["Location"].endswith("show=all")
    assert 'value="0912345670"' in page(officer, f"{where}?show=all")


def save_live(client, where, **cells):
    return client.post(where, data={"csrf_token": csrf_token(client), **cells}, headers={"Accept": "application/json"})


def test_cells_are_saved_while_one_types_and_clashes_are_told(people):
    officer = people[0]
    where = upload(officer, make_file([make_citizen(1)], [LEADER])).headers["Location"]
    cell = "cell-0-4-phone"
    first = save_live(officer, where, **{cell: "0912345670", f"was-{cell}": "0912345671"})
    assert first.json["saved"].startswith("Bản nháp đã lưu lúc")
    assert set(first.json["seen"]) == {"0-4", "1-2"} or "0-4" in first.json["seen"]
    assert save_live(officer, where, **{cell: "0912345679", f"was-{cell}": "0912345671"}).status_code == 409
    assert "0912 345 670" in page(officer, f"{where}?show=all") or "0912345670" in page(officer, f"{where}?show=all")


def test_a_row_that_another_changed_meanwhile_is_not_dropped_unseen(people):
    officer = people[0]
    where = upload(officer, make_file([make_citizen(1), make_citizen(2)], [LEADER])).headers["Location"]
    seen = dict(re.findall(r'name="(seen-0-\d+)" value="(\w+)"', page(officer, f"{where}?show=all")))
    post(officer, where, **{"cell-0-4-name": "Lò Văn Khác"})
    post(officer, where, drop="0-4", **seen)
    text = page(officer, f"{where}?show=all")
    assert "vừa sửa dòng 4 nên dòng này chưa bị bỏ" in text
    assert "Lò Văn Khác" in text
    post(officer, where, drop="0-5", **seen)
    assert "Đã bỏ 1 dòng" in page(officer, f"{where}?show=all")
    post(officer, where, **{"cell-0-5-name": "Lò Văn Muộn"})
    assert "Dòng 5 đã được người khác bỏ" in page(officer, f"{where}?show=all")


def test_a_suggestion_of_the_catalogue_is_put_into_the_cell_by_a_button(people):
    officer = people[0]
    where = upload(officer, make_file([make_citizen(1, ban="Bản Xá C")], [LEADER])).headers["Location"]
    assert "Dùng «Bản Xá Cọ»" in page(officer, where)
    post(officer, where, suggested="0-4-ban")
    assert "Không có lỗi" in page(officer, where)


def test_both_days_are_open_when_they_contradict_each_other(people):
    officer = people[0]
    where = upload(officer, make_file([make_citizen(1, receipt="09/03/2021")], [LEADER])).headers["Location"]
    text = page(officer, where)
    assert 'name="cell-0-4-receipt"' in text
    assert 'name="cell-0-4-return"' in text


def test_a_column_that_had_to_yield_is_told_and_not_remembered(people):
    officer = people[0]
    content = make_file([make_citizen(1)], [LEADER])
    where = upload(officer, content).headers["Location"]
    post(officer, where, columns="0", show="columns", **{"column-0-2": "name", "column-0-7": "name"})
    text = page(officer, f"{where}?show=columns")
    assert "Cột «Họ và tên» nay bỏ qua" in text
    post(officer, where, columns="0", show="columns", **{"column-0-7": "procedure"})
    again = page(officer, upload(officer, content).headers["Location"])
    assert "Thiếu cột «Họ và tên»" not in again


def test_a_missing_column_leads_to_the_columns(people):
    header = [label if label != "TTHC" else "Việc" for label in CITIZEN_HEADER]
    where = upload(people[0], xlsx([Page("Người dân", [header, make_citizen(1)])])).headers["Location"]
    assert '<a href="?show=columns">' in page(people[0], where)


def test_the_summary_leads_to_cells_that_another_page_shows(people):
    officer = people[0]
    rows = [
        make_citizen(1, name=f"Lò Văn {chr(65 + n // 26)}{chr(97 + n % 26)}", phone=f"09876543{n:02}")
        for n in range(60)
    ]
    rows[55][5] = "0912"
    where = upload(officer, make_file(rows, [LEADER])).headers["Location"]
    link = 'href="?show=look&amp;page=1#cell-0-59-phone"'
    assert link in page(officer, f"{where}?show=all")
    assert link in page(officer, f"{where}?show=columns")
    assert 'href="#cell-0-59-phone"' in page(officer, f"{where}?show=look")


def test_the_number_of_a_draft_that_is_gone_is_not_given_again(people):
    officer = people[0]
    content = make_file([make_citizen(1)], [LEADER])
    where = upload(officer, content).headers["Location"]
    assert post(officer, f"{where}/discard").status_code == 303
    assert upload(officer, content).headers["Location"] != where
    assert post(officer, where, drop="0-4").status_code == 404


def test_throwing_a_draft_away_is_asked_about_first(people):
    officer = people[0]
    where = upload(officer, make_file([make_citizen(1)], [LEADER])).headers["Location"]
    assert "có 2 dòng. Bỏ rồi thì không lấy lại được" in page(officer, f"{where}/discard")
    assert f'href="{where}/discard"' in page(officer, "/rounds/tg-2021/lists/mine")


def test_the_same_file_again_replaces_the_draft_nobody_touched(people):
    officer = people[0]
    content = make_file([make_citizen(1)], [LEADER])
    first = upload(officer, content).headers["Location"]
    second = upload(officer, content).headers["Location"]
    assert officer.get(first).status_code == 404
    post(officer, second, **{"cell-0-4-name": "Lò Văn Sửa"})
    upload(officer, content)
    assert officer.get(second).status_code == 200


def test_the_log_keeps_no_name_of_a_file(people, database):
    upload(people[0], make_file([make_citizen(1)], [LEADER]), "DS Lò Văn Ngoan 0989123456.xlsx")
    with database.reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "round.list_uploaded")).one()
    assert entry.fields["file"] == ".xlsx"


def test_before_lists_are_taken_the_page_says_so_and_offers_the_template_only(people, database):
    with database.writing() as session:
        session.execute(update(Round).values(lists_started_at=None, lists_open_on=date(2021, 12, 3)))
    text = page(people[0], "/rounds/tg-2021/lists/mine")
    assert "Đợt này chưa nhận danh sách (dự kiến từ ngày 03/12/2021)." in text
    assert "Tải mẫu Excel nhóm E" in text
    assert "Nhập trực tiếp" not in text
