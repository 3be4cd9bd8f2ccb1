"""Making a set keeps nobody from writing, and what was made for an older version is not kept."""

import hashlib
import json
import zipfile
from dataclasses import replace
from datetime import date
from io import BytesIO

import openpyxl
import pytest
from pypdf import PdfReader

from survey_app.db import now
from survey_app.errors import Conflict, Invalid
from survey_app.handover.models import PaperKind
from survey_app.handover.office_pdf import has_converter
from survey_app.handover.papers import default_wishes
from survey_app.handover.sets import SetWishes, keep_set, prepare_set, verify_archive, verify_file
from survey_app.handover.word_rules import use_own
from survey_app.roster.handover import HandoverOptions
from survey_app.roster.models import ChangeKind
from survey_app.roster_changes.rules import approve, propose
from survey_app.rounds.models import Round
from survey_app.users.models import User
from tests.handover.test_papers import template_with
from tests.roster_changes.locked_round import CITIZEN, make_locked

DAY = date(2021, 2, 5)


@pytest.fixture
def locked(database):
    with database.writing() as session:
        return make_locked(session)


def wishes(session, survey_round, pdf=False) -> SetWishes:
    letter = replace(default_wishes(session, survey_round, PaperKind.LETTER, DAY), number="5/UBND-NV")
    return SetWishes(HandoverOptions(), {PaperKind.LETTER: letter}, annex=False, pdf=pdf)


def test_others_write_while_a_set_is_made(database, locked):
    with database.reading() as reading:
        survey_round = reading.get(Round, locked.round.id)
        ready = prepare_set(reading, survey_round, wishes(reading, survey_round), reading.get(User, locked.operator.id))
        with database.writing() as session:  # SQLite has one writer: this waits for ever if the making were one
            session.get(Round, locked.round.id).title = "Tên khác"
    with database.writing() as session:
        made = keep_set(session, session.get(Round, locked.round.id), ready, session.get(User, locked.operator.id))
        assert (made.number, made.content, made.files) == ("05/UBND-NV", ready.content, ready.files)


def test_a_set_of_an_older_version_is_not_kept(database, locked):
    with database.writing() as session:
        survey_round = session.get(Round, locked.round.id)
        operator = session.get(User, locked.operator.id)
        ready = prepare_set(session, survey_round, wishes(session, survey_round), operator)
        change = propose(
            session, locked.list_of(session, "E"), ChangeKind.ADD, locked.officer, "Nhập huyện.", None, CITIZEN
        )
        approve(session, survey_round, [change], operator)
        with pytest.raises(Conflict, match="vừa có bản mới"):
            keep_set(session, survey_round, ready, operator)


def test_an_own_template_that_fails_on_the_real_rows_is_named(database, locked):
    with database.writing() as session:
        survey_round = session.get(Round, locked.round.id)
        operator = session.get(User, locked.operator.id)
        content = template_with("{% if groups|length > 1 %}{{ 1/0 }}{% endif %}")
        use_own(session, survey_round, PaperKind.LETTER, content, "mau.docx", operator)
        with pytest.raises(Invalid, match="Công văn: Mẫu Word có chỗ không điền được"):
            prepare_set(session, survey_round, wishes(session, survey_round), operator)


def kept(session, locked):
    survey_round = session.get(Round, locked.round.id)
    operator = session.get(User, locked.operator.id)
    return keep_set(
        session, survey_round, prepare_set(session, survey_round, wishes(session, survey_round), operator), operator
    )


def member(made, ending: str) -> bytes:
    with zipfile.ZipFile(BytesIO(made.content)) as archive:
        return archive.read(next(name for name in archive.namelist() if name.endswith(ending)))


def saved_again(content: bytes, **changes: str) -> bytes:
    book = openpyxl.load_workbook(BytesIO(content))
    for place, text in changes.items():
        book.worksheets[0][place] = text
    memory = BytesIO()
    book.save(memory)
    return memory.getvalue()


def test_the_lists_of_sums_of_a_set_are_known_too(database, locked):
    with database.writing() as session:
        made = kept(session, locked)
        for name in ("MANIFEST.json", "SHA256SUMS"):
            verdict = verify_file(session, member(made, name))
            assert (verdict.true, name in verdict.sentence) == (True, True)
        assert not verify_file(session, b"{}").true


def zipped(files: dict[str, bytes]) -> bytes:
    memory = BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return memory.getvalue()


def test_an_archive_whose_list_of_sums_was_forged_too_is_found_out_file_by_file(database, locked):
    with database.writing() as session:
        made = kept(session, locked)
        with zipfile.ZipFile(BytesIO(made.content)) as archive:
            files = {name: archive.read(name) for name in archive.namelist()}
        again = verify_file(session, zipped(files))
        assert (again.true, "nén lại" in again.sentence, {words for _name, words in again.files}) == (
            False, True, {"đúng"},
        )  # fmt: skip
        name = next(one for one in files if one.endswith(".xlsx"))
        files[name] = saved_again(files[name], B9="Người khác")
        manifest = json.loads(files["MANIFEST.json"])
        manifest["files"][name] = hashlib.sha256(files[name]).hexdigest()
        forged = zipped(files | {"MANIFEST.json": json.dumps(manifest).encode()})
        verdict = verify_file(session, forged)
        assert (verdict.true, dict(verdict.files)[name]) == (False, "đã bị sửa")
        assert "Không dùng bộ này" in verdict.sentence
        lacking = {name: content for name, content in files.items() if not name.endswith(".docx")}
        verdict = verify_file(session, zipped(lacking))
        assert (verdict.true, "1 tệp thiếu" in verdict.sentence) == (False, True)
        assert "Người sửa tệp cũng sửa được bảng kê" in verify_archive(forged).sentence


def test_a_workbook_saved_again_is_compared_cell_by_cell(database, locked):
    with database.writing() as session:
        workbook = member(kept(session, locked), ".xlsx")
        verdict = verify_file(session, saved_again(workbook))
        assert (verdict.true, "nội dung giống" in verdict.sentence) == (False, True)
        verdict = verify_file(session, saved_again(workbook, B9="Người khác"))
        assert (verdict.true, "nội dung khác" in verdict.sentence, "!B9" in verdict.sentence) == (False, True, True)
        other = verify_file(session, b"%PDF-1.7 khac")
        assert (other.true, "lưu lại trong Excel, Word" in other.sentence) == (False, True)


def test_a_true_file_that_is_no_longer_in_force_says_so(database, locked):
    with database.writing() as session:
        made = kept(session, locked)
        assert verify_file(session, made.content).outdated == ""
        change = propose(
            session, locked.list_of(session, "E"), ChangeKind.ADD, locked.officer, "Nhập huyện.", None, CITIZEN
        )
        survey_round = session.get(Round, locked.round.id)
        approve(session, survey_round, [change], session.get(User, locked.operator.id))
        verdict = verify_file(session, made.content)
        assert (verdict.true, "Đã có bản 2" in verdict.outdated) == (True, True)
        survey_round.cancelled_at = now()
        assert "Đợt đã hủy lúc" in verify_file(session, made.content).outdated


def test_a_paper_with_an_own_word_template_has_the_pdf_of_that_word_file(database, locked):
    with database.writing() as session:
        survey_round = session.get(Round, locked.round.id)
        operator = session.get(User, locked.operator.id)
        shipped = prepare_set(session, survey_round, wishes(session, survey_round, pdf=True), operator)
        use_own(session, survey_round, PaperKind.LETTER, template_with("Lời riêng, {{ number }}"), "mau.docx", operator)
        own = prepare_set(session, survey_round, wishes(session, survey_round, pdf=True), operator)
    assert has_converter()
    (name,) = (name for name in own.files if name.endswith(".pdf"))
    assert name in shipped.files  # under the same name as any other
    with zipfile.ZipFile(BytesIO(own.content)) as archive:
        content = archive.read(name)
    assert "Lời riêng, Số: 05/UBND-NV" in PdfReader(BytesIO(content)).pages[0].extract_text()
    assert b"/FontFile" in content


def test_without_libreoffice_such_a_paper_is_a_word_file_alone(database, locked, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with database.writing() as session:
        survey_round = session.get(Round, locked.round.id)
        operator = session.get(User, locked.operator.id)
        use_own(session, survey_round, PaperKind.LETTER, template_with("{{ number }}"), "mau.docx", operator)
        own = prepare_set(session, survey_round, wishes(session, survey_round, pdf=True), operator)
    assert any(name.endswith(".docx") for name in own.files)
    assert not any(name.endswith(".pdf") for name in own.files)
