"""Clicking through: a set is made, given again, verified and received; plans of columns; Word templates; commands."""

import hashlib
import json
import zipfile
from datetime import date
from io import BytesIO

import openpyxl
import pytest
from sqlalchemy import select

from survey_app.access import Role
from survey_app.handover.models import ColumnTemplate, HandoverSet, PaperKind
from survey_app.handover.word_templates import shipped_template
from survey_app.rounds.models import Round
from tests.browser_fixtures import check_axe
from tests.make import csrf_token, make_user, sign_in_client
from tests.roster_changes.locked_round import make_locked
from tests.roster_changes.test_pages import signed_in_page

ROUND = "/rounds/tg-2021"


@pytest.fixture
def locked(database):
    with database.writing() as session:
        return make_locked(session)


def post(client, address, **data):
    return client.post(address, data={"csrf_token": csrf_token(client), **data})


def letter(**words):
    return {
        "papers": "cong-van",
        "annex": "yes",
        "pdf": "yes",
        "cong-van-number": "05/UBND-NV",
        "cong-van-dated": "17/12/2021",
        "cong-van-agency": "Ủy ban nhân dân\nhuyện Tuần Giáo",
        "cong-van-recipient": "Sở Nội vụ tỉnh Điện Biên",
        **words,
    }


def the_set(database) -> HandoverSet:
    with database.reading() as session:
        return session.scalars(select(HandoverSet).order_by(HandoverSet.id.desc())).first()


def upload(name, content):
    return (BytesIO(content), name)


def test_a_set_is_made_and_given_again_byte_for_byte(app, database, locked):
    operator = sign_in_client(app, locked.operator)
    assert 'value="cong-van" checked' in operator.get(f"{ROUND}/handover").text
    assert post(operator, f"{ROUND}/handover", **letter()).status_code == 303
    made = the_set(database)
    assert set(made.files) == {
        "danh-sach-tg-2021-ban-1.xlsx",
        "cong-van-tg-2021-ban-1.docx",
        "cong-van-tg-2021-ban-1.pdf",
        "phu-luc-tg-2021-ban-1.docx",
        "phu-luc-tg-2021-ban-1.pdf",
    }
    again = post(operator, f"{ROUND}/handover/sets/{made.id}.zip")
    assert hashlib.sha256(again.data).hexdigest() == made.sha256
    with zipfile.ZipFile(BytesIO(again.data)) as archive:
        manifest = json.loads(archive.read("MANIFEST.json"))
        assert (manifest["round"], manifest["version"], manifest["number"]) == ("tg-2021", 1, "05/UBND-NV")
        for line in archive.read("SHA256SUMS").decode().splitlines():
            expected, name = line.split("  ")
            assert hashlib.sha256(archive.read(name)).hexdigest() == expected == manifest["files"][name]
    page = operator.get(f"{ROUND}/handover").text
    assert "05/UBND-NV" in page
    assert "Đã lập bộ bàn giao bản 1" in operator.get(ROUND).text


def test_what_is_missing_stands_beside_its_field_and_nothing_typed_is_lost(app, locked):
    operator = sign_in_client(app, locked.operator)
    fields = letter(**{"cong-van-number": "", "cong-van-signer": "Lò Văn Hưng"})
    answer = post(operator, f"{ROUND}/handover", **fields)
    assert answer.status_code == 422
    assert "điền số, ký hiệu" in answer.text
    assert 'value="Lò Văn Hưng"' in answer.text
    wrong_day = post(operator, f"{ROUND}/handover", **letter(**{"cong-van-dated": "31/02/2021"}))
    assert "Không đọc được ngày" in wrong_day.text
    alone = post(operator, f"{ROUND}/handover", annex="yes")
    assert "Phụ lục đi kèm công văn" in alone.text


def test_a_received_file_is_told_true_altered_or_unknown(app, database, locked):
    operator = sign_in_client(app, locked.operator)
    post(operator, f"{ROUND}/handover", **letter())
    made = the_set(database)
    content = post(operator, f"{ROUND}/handover/sets/{made.id}.zip").data
    with zipfile.ZipFile(BytesIO(content)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}

    def verdict(name, body):
        return post(operator, "/handover/verify", file=upload(name, body)).text

    assert "Đúng từng byte: bộ bàn giao" in verdict("a.zip", content)
    for name, body in files.items():
        if name.startswith(("danh-sach", "cong-van", "phu-luc")):
            assert f"Đúng từng byte: {name}" in verdict(name, body)
    files["danh-sach-tg-2021-ban-1.xlsx"] += b"x"
    memory = BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    altered = verdict("b.zip", memory.getvalue())
    assert "đã bị sửa" in altered
    assert "danh-sach-tg-2021-ban-1.xlsx: đã bị sửa" in altered
    assert "không giống từng byte với tệp nào đã bàn giao" in verdict("c.xlsx", b"PKxyz")
    alone = post(operator, f"{ROUND}/handover.xlsx", sheets="one").data
    assert "Đúng từng byte: danh sách" in verdict("d.xlsx", alone)
    assert post(operator, "/handover/verify").status_code == 422


def test_the_department_confirms_receipt_once(app, database, locked):
    post(sign_in_client(app, locked.operator), f"{ROUND}/handover", **letter())
    made = the_set(database)
    with database.writing() as session:
        receiver = make_user(session, Role.RECEIVER, locked.asked.district)
    client = sign_in_client(app, receiver)
    assert client.get("/home").location == "/handover"
    assert "Xác nhận đã nhận" in client.get("/handover").text
    address = f"{ROUND}/handover/sets/{made.id}/received"
    assert post(client, address, note="Đủ 5 tệp.").status_code == 303
    assert post(client, address).status_code == 409
    assert "Đủ 5 tệp." in client.get("/handover").text
    assert "Sở Nội vụ đã nhận bản 1" in sign_in_client(app, locked.operator).get(ROUND).text
    assert client.post(f"{ROUND}/handover", data={"csrf_token": csrf_token(client)}).status_code == 403


def test_a_set_for_practice_says_so_where_it_is_received(app, database, locked):
    post(sign_in_client(app, locked.operator), f"{ROUND}/handover", **letter())
    with database.writing() as session:
        session.get_one(Round, locked.round.id).purge_on = date(2021, 12, 31)
        receiver = make_user(session, Role.RECEIVER, locked.asked.district)
    client = sign_in_client(app, receiver)
    assert "TẬP HUẤN – KHÔNG CÓ GIÁ TRỊ: bộ để làm thử, không dùng." in client.get("/handover").text
    told = post(client, "/handover/verify", file=upload("a.zip", the_set(database).content)).text
    assert "bộ để làm thử, không dùng." in told


def test_own_columns_in_own_order_under_own_headings(app, database, locked):
    operator = sign_in_client(app, locked.operator)
    columns = {"field": ["phone", "name", ""], "heading": ["SDT", "HO_TEN", "trống"], "name": "Phần mềm của Bộ"}
    assert post(operator, f"{ROUND}/handover/columns/0", **columns).status_code == 303
    with database.reading() as session:
        plan = session.scalars(select(ColumnTemplate)).one()
    assert plan.columns == [["phone", "SDT"], ["name", "HO_TEN"]]
    book = openpyxl.load_workbook(BytesIO(post(operator, f"{ROUND}/handover.xlsx", sheets="one", plan=plan.id).data))
    rows = [[cell.value for cell in row] for row in book.active.iter_rows()]
    assert rows[0] == ["SDT", "HO_TEN"]
    assert ["0912345671", "Lò Văn Bình"] in rows
    stale = post(operator, f"{ROUND}/handover/columns/{plan.id}", **columns, version=99)
    assert stale.status_code == 409
    twice = post(operator, f"{ROUND}/handover/columns/0", **columns)
    assert (twice.status_code, "Đã có mẫu cột tên" in twice.text) == (422, True)
    nothing = post(operator, f"{ROUND}/handover/columns/0", name="Trống")
    assert "Chọn ít nhất một cột" in nothing.text
    assert post(operator, f"{ROUND}/handover/columns/{plan.id}/delete").status_code == 303
    assert "Chưa có mẫu cột nào" in operator.get(f"{ROUND}/handover/columns").text


def test_columns_are_learned_from_an_empty_sample_of_the_other_software(app, locked):
    book = openpyxl.Workbook()
    book.active.append(["Mẫu nhập đối tượng điều tra"])
    book.active.append(["STT", "Họ tên", "Ngày sinh", "Điện thoại", "Mã phiếu"])
    memory = BytesIO()
    book.save(memory)
    operator = sign_in_client(app, locked.operator)
    page = post(
        operator, f"{ROUND}/handover/columns/0", learn="yes", name="Bộ", sample=upload("mau.xlsx", memory.getvalue())
    ).text
    for field, heading in (("number", "STT"), ("name", "Họ tên"), ("birth", "Ngày sinh"), ("phone", "Điện thoại")):
        start = page.index(f'value="{heading}"')
        assert f'<option value="{field}" selected>' in page[start - 2500 : start], heading
    assert "Có 1 cột chưa nhận ra" in page
    assert post(operator, f"{ROUND}/handover/columns/0", learn="yes").status_code == 422


def test_an_own_word_template_is_used_and_given_up(app, database, locked):
    operator = sign_in_client(app, locked.operator)
    address = f"{ROUND}/handover/word/cong-van"
    own = shipped_template(PaperKind.LETTER)
    assert operator.get(f"{address}.docx").data == own
    assert post(operator, address, file=upload("mau.docx", own)).status_code == 303
    page = operator.get(f"{ROUND}/handover/word").text
    assert "mau.docx" in page
    bad = post(operator, address, file=upload("x.docx", b"no"))
    assert (bad.status_code, "không phải tệp Word" in bad.text) == (422, True)
    assert post(operator, f"{ROUND}/handover", **letter()).status_code == 303
    assert post(operator, address, shipped="yes").status_code == 303
    assert "mau.docx" not in operator.get(f"{ROUND}/handover/word").text
    assert operator.get(f"{ROUND}/handover/word/khac.docx").status_code == 404


def test_the_commands_write_the_files_and_verify_them(app, locked, tmp_path):
    runner = app.test_cli_runner()
    out = tmp_path / "out"
    done = runner.invoke(args=["roster", "export", "tg-2021", "--out", str(out), "--number", "05/UBND-NV"])
    assert done.exit_code == 0, done.output
    assert (out / "ban-giao.zip").exists()
    assert len(list(out.glob("*.docx"))) == 2
    true = runner.invoke(args=["roster", "verify", str(out / "danh-sach-tg-2021-ban-1.xlsx"), "--json"])
    told = json.loads(true.stdout)
    assert (true.exit_code, told["true"], told["version"]) == (0, True, 1)
    alone = runner.invoke(args=["roster", "verify", "--alone", str(out / "ban-giao.zip")])
    assert (alone.exit_code, "Mọi tệp đúng" in alone.stdout) == (0, True)
    (out / "x.zip").write_bytes((out / "ban-giao.zip").read_bytes()[:-30])
    broken = runner.invoke(args=["roster", "verify", "--alone", str(out / "x.zip")])
    assert broken.exit_code == 1


def test_every_page_is_accessible(server, new_context):
    with server.database.writing() as session:
        locked = make_locked(session)
    page = signed_in_page(server, new_context, locked.operator)
    for address in ("handover", "handover/columns", "handover/columns/0", "handover/word", "payments"):
        page.goto(f"{server.url}{ROUND}/{address}")
        check_axe(page)
    page.goto(f"{server.url}/handover")
    check_axe(page)
