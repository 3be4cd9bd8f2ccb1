"""Drafts that two people work on, and drafts that grow file by file: nothing typed or sent is lost in silence."""

import io
import re
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from survey_app.access import Role
from survey_app.errors import Conflict, Invalid, Refused
from survey_app.roster.columns import Column, DataRow, Table, cells_of
from survey_app.roster.draft_rules import add_file
from survey_app.roster.drafts import Draft, Edit, apply_edits, draft_as_json, draft_from_json
from survey_app.roster.models import Person
from survey_app.roster.queries import find_upload
from survey_app.roster.rules import (
    check_upload,
    discard_upload,
    receive_upload,
    return_list,
    save_draft,
    submit_list,
)
from tests.make import csrf_token, make_user, sign_in_client
from tests.roster.asked_round import LEADER, make_asked_round, make_citizen, make_file
from tests.roster.test_rules import hand_in, officer, operator

COLUMNS = [Column(1, "Họ và tên", "name"), Column(2, "Số điện thoại", "phone")]


def small_draft() -> Draft:
    rows = [[f"Lò Văn {letter}", "0912345678"] for letter in "ABC"]
    data = [DataRow(number, cells_of(COLUMNS, raw), raw) for number, raw in enumerate(rows, 2)]
    return Draft([Table("Trang", 1, 1, COLUMNS, [], data)])


def cell(draft: Draft, row: int, field: str) -> str:
    found = next(one for one in draft.tables[0].rows if one.row == row)
    return str(found.cells.get(field, ""))


def test_a_cell_left_as_shown_is_not_touched_and_a_changed_one_is():
    draft = small_draft()
    edits = [Edit(0, 2, "name", "Lò Văn A", "Lò Văn A"), Edit(0, 2, "phone", " 0987654321 ", "0912345678")]
    assert apply_edits(draft, edits) == []
    assert (cell(draft, 2, "phone"), draft.edited) == ("0987654321", {(0, 2)})


def test_two_people_on_one_cell_meet_and_nothing_of_the_second_is_written():
    draft = small_draft()
    apply_edits(draft, [Edit(0, 2, "name", "Cà Thị Hoa", "Lò Văn A")])
    clashes = apply_edits(draft, [Edit(0, 2, "name", "Vừ A Dia", "Lò Văn A"), Edit(0, 3, "name", "Khác", "Lò Văn B")])
    assert [(one.theirs, one.edit.text, one.label) for one in clashes] == [("Cà Thị Hoa", "Vừ A Dia", "Họ và tên")]
    assert (cell(draft, 2, "name"), cell(draft, 3, "name")) == ("Cà Thị Hoa", "Lò Văn B")


def test_two_people_who_want_the_same_do_not_meet():
    draft = small_draft()
    apply_edits(draft, [Edit(0, 2, "name", "Cà Thị Hoa", "Lò Văn A")])
    assert apply_edits(draft, [Edit(0, 2, "name", "Cà Thị Hoa", "Lò Văn A")]) == []


STEP = st.tuples(st.integers(0, 1), st.booleans(), st.integers(2, 4), st.sampled_from(["name", "phone"]))


@settings(max_examples=1_000, deadline=None)
@given(st.lists(STEP, max_size=14))
def test_no_interleaving_of_two_people_loses_a_value_in_silence(steps):
    """Each loads the page, types, saves; a save is whole or told as a clash; the end is what the saves in turn give."""
    draft = small_draft()
    shown = [small_draft(), small_draft()]  # the page as each one loaded it
    model = {(row, name): cell(draft, row, name) for row in (2, 3, 4) for name in ("name", "phone")}
    for number, (who, saves, row, name) in enumerate(steps):
        if not saves:
            shown[who] = draft_from_json(draft_as_json(draft))
            continue
        was, text = cell(shown[who], row, name), f"giá trị {number}"
        clashes = apply_edits(draft, [Edit(0, row, name, text, was)])
        assert bool(clashes) == (model[row, name] != was)
        if not clashes:
            model[row, name] = text
    assert {key: cell(draft, *key) for key in model} == model


def test_good_rows_stay_and_faulty_ones_give_way_to_the_second_file(database):
    with database.writing() as session:
        asked = make_asked_round(session, citizens=4)
        by = officer(session, asked)
        first = make_file([make_citizen(1), make_citizen(2, phone="0912"), make_citizen(3, name="")], [LEADER])
        upload = receive_upload(session, asked.round, asked.commune, first, "lan-1.xlsx", by)
        second = make_file([make_citizen(1, phone="0999888777"), make_citizen(2), make_citizen(3), make_citizen(4)])
        added = add_file(session, upload, second, "lan-2.xlsx", by)
        assert (added.new, added.replaced, added.known, added.differing) == (1, 2, 1, [4])
        session.flush()
        checked = check_upload(session, upload)
        assert checked.blocking == []
        assert sorted((one.name, one.phone) for one in checked.reading.persons if one.group == "E") == [
            ("Lò Văn Bình", "0912345671"),
            ("Lò Văn Chung", "0912345672"),
            ("Lò Văn Dũng", "0912345673"),
            ("Lò Văn Đại", "0912345674"),
        ]
        assert len(checked.draft.dropped) == 2  # the faulty rows can still be restored
        assert "lan-2.xlsx: Đã thêm 1 dòng" in checked.draft.notes[0]
        assert "Dòng 4 của tệp mới khác" in checked.draft.notes[0]
        assert len(submit_list(session, upload, by, declared=True)) == 2
        assert len(session.scalars(select(Person)).all()) == 5


def test_a_second_file_with_only_groups_that_were_handed_in_changes_nothing(database):
    with database.writing() as session:
        asked = make_asked_round(session)
        _leaders, citizens = hand_in(session, asked)
        return_list(session, citizens, operator(session, asked), "Sai bản.")
        by = officer(session, asked)
        upload = receive_upload(session, asked.round, asked.commune, make_file([make_citizen(1)]), "ds.xlsx", by)
        with pytest.raises(Refused, match="nhóm C"):
            add_file(session, upload, make_file([], [LEADER]), "ds2.xlsx", by)
        assert draft_from_json(upload.reading).files == []


def test_a_draft_changed_meanwhile_is_neither_handed_in_nor_discarded(database):
    with database.writing() as session:
        asked = make_asked_round(session)
        by = officer(session, asked)
        good = make_file([make_citizen(1), make_citizen(2)], [LEADER])
        upload = receive_upload(session, asked.round, asked.commune, good, "ds.xlsx", by)
        seen = upload.version
        draft = draft_from_json(upload.reading)
        draft.dropped.add((0, 4))
        save_draft(upload, draft, by)
        session.flush()
        assert upload.version == seen + 1
        with pytest.raises(Conflict, match=by.full_name):
            submit_list(session, upload, by, declared=True, seen_version=seen)
        with pytest.raises(Conflict):
            discard_upload(session, upload, seen)
        with pytest.raises(Invalid):
            submit_list(session, upload, by, declared=True, seen_version=upload.version)  # fewer: wants a reason


def test_two_writers_at_one_moment_are_put_in_order_by_the_database(database):
    """The second waits for the first and then meets its value: no write is lost on either engine."""
    with database.writing() as session:
        asked = make_asked_round(session)
        by = officer(session, asked)
        file = make_file([make_citizen(1), make_citizen(2)], [LEADER])
        number = receive_upload(session, asked.round, asked.commune, file, "ds.xlsx", by).id
    results: list[int] = []
    start = threading.Barrier(2)

    def write(text: str) -> None:
        start.wait()
        with database.writing() as session:
            upload = find_upload(session, "tg-2021", number, by, to_change=True)
            draft = draft_from_json(upload.reading)
            clashes = apply_edits(draft, [Edit(0, 4, "name", text, "Lò Văn Bình")])
            if not clashes:
                save_draft(upload, draft, by)
            results.append(len(clashes))

    threads = [threading.Thread(target=write, args=(text,)) for text in ("Cà Thị Hoa", "Vừ A Dia")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [0, 1]


@pytest.fixture
def colleagues(app, database):
    """Two officers of one commune, and the address of a draft with one faulty row."""
    with database.writing() as session:
        asked = make_asked_round(session)
        users = [make_user(session, Role.UNIT_OFFICER, asked.commune, full_name=name) for name in ("Lò An", "Cà Bình")]
    first, second = (sign_in_client(app, user) for user in users)
    content = make_file([make_citizen(1, phone="0912"), make_citizen(2)], [LEADER])
    where = send(first, "/rounds/tg-2021/lists/uploads", file=(io.BytesIO(content), "ds.xlsx")).headers["Location"]
    return first, second, where


def send(client, url, **data):
    return client.post(url, data={"csrf_token": csrf_token(client), **data})


def inputs(text: str) -> dict[str, str]:
    return dict(re.findall(r'name="((?:was-)?cell-[^"]+|version)" value="([^"]*)"', text))


def test_every_cell_can_be_typed_into_and_only_changed_ones_count_as_corrected(colleagues):
    first, _second, where = colleagues
    form = inputs(first.get(f"{where}?show=all").text)
    assert form["cell-0-5-name"] == form["was-cell-0-5-name"] == "Lò Văn Chung"
    send(first, where, show="all", **(form | {"cell-0-5-name": "Lò Thị Chung", "cell-0-4-phone": "0912345671"}))
    text = first.get(f"{where}?show=all").text
    assert text.count("Đã sửa") == 2
    assert "Lò Thị Chung" in text
    assert "Không có lỗi. 3 dòng sẵn sàng để nộp." in text


def test_two_officers_on_one_cell_get_a_page_with_both_values(colleagues):
    first, second, where = colleagues
    form = inputs(second.get(f"{where}?show=all").text)
    send(first, where, show="all", **(inputs(first.get(f"{where}?show=all").text) | {"cell-0-4-phone": "0911111111"}))
    mine = form | {"cell-0-4-phone": "0922222222", "cell-0-5-phone": "0933333333"}
    answer = send(second, where, show="all", **mine)
    assert answer.status_code == 409
    assert "Lò An vừa sửa danh sách này lúc" in answer.text
    assert "0911111111" in answer.text
    assert "0922222222" in answer.text
    stored = inputs(first.get(f"{where}?show=all").text)
    assert (stored["cell-0-4-phone"], stored["cell-0-5-phone"]) == ("0911111111", "0912345672")
    chosen = {name: value for name, value in inputs(answer.text).items() if "0-4-phone" not in name}
    chosen |= {"was-cell-0-4-phone": "0911111111", "cell-0-4-phone": "0922222222"}
    assert send(second, where, show="all", **chosen).status_code == 303
    stored = inputs(first.get(f"{where}?show=all").text)
    assert (stored["cell-0-4-phone"], stored["cell-0-5-phone"]) == ("0922222222", "0933333333")


def test_columns_chosen_on_an_old_page_and_an_old_confirmation_are_told_as_a_conflict(colleagues):
    first, second, where = colleagues
    version = inputs(second.get(f"{where}?show=columns").text)["version"]
    send(first, where, **{"cell-0-4-phone": "0912345671"})
    old = send(second, where, columns="0", version=version, **{"column-0-6": ""})
    assert (old.status_code, "Lò An vừa sửa" in old.text) == (409, True)
    answer = send(second, f"{where}/confirm", declared="yes", version=version)
    assert (answer.status_code, "Lò An vừa sửa" in answer.text) == (409, True)
    assert send(second, f"{where}/discard", version=version).status_code == 409
    fresh = re.search(r'name="version" value="(\d+)"', second.get(f"{where}/confirm").text).group(1)
    assert send(second, f"{where}/confirm", declared="yes", version=fresh).status_code == 303
    late = send(first, where, **{"cell-0-4-phone": "0999999999"})
    assert (late.status_code, "đã được nộp" in late.text) == (409, True)


def test_good_rows_are_saved_and_the_next_file_goes_into_the_draft(colleagues):
    first, second, where = colleagues
    answer = send(first, where, keep_good="yes", show="look")
    assert answer.headers["Location"].endswith(f"/lists/mine?into={where.rsplit('/', 1)[1]}")
    text = second.get(answer.headers["Location"]).text  # whoever goes on, in another browser
    assert "thêm vào bản nháp «ds.xlsx»" in text
    assert re.search(r'<option value="\d+" selected>thêm vào', text)
    content = make_file([make_citizen(1)])
    into = where.rsplit("/", 1)[1]
    added = send(second, "/rounds/tg-2021/lists/uploads", into=into, file=(io.BytesIO(content), "sua.xlsx"))
    assert added.headers["Location"] == where
    text = first.get(where).text
    assert "Không có lỗi. 3 dòng sẵn sàng để nộp." in text
    assert "sua.xlsx: Đã thêm 0 dòng, thay 1 dòng có lỗi, giữ nguyên 0 dòng đã đạt." in text
    bad = send(second, "/rounds/tg-2021/lists/uploads", into=into, file=(io.BytesIO(b"x"), "hong.xlsx"))
    assert bad.status_code == 422
