"""Erasure, proven on the bytes of the files: SQLite with its log, PostgreSQL with the whole data directory."""

import hashlib
from datetime import date

import pytest
from sqlalchemy import delete, func, select, text

from survey_app.access import Role
from survey_app.access_codes.models import AccessCode, Invitation
from survey_app.access_codes.rules import build_cells, issue_codes
from survey_app.audit import AuditEntry
from survey_app.data_key import sealed_columns
from survey_app.db import Database, now
from survey_app.errors import Invalid, Refused
from survey_app.personal_data.erasure import (
    TABLE_WORDS,
    WIPED,
    erase_round,
    erased_tables,
    forget_files,
    preview,
    refusal,
)
from survey_app.personal_data.models import PrivacyRequest, RequestState
from survey_app.roster.handover import HandoverOptions, export_roster
from survey_app.roster.lock_rules import lock_roster
from survey_app.roster.models import ChangeRequest, ListState, PairDecision, Person, RosterVersion, Upload
from survey_app.roster.rules import add_event, refuse_if_not_collecting
from survey_app.rounds.models import ListType
from survey_app.sampling.models import Sample, SampleMember, SamplingFrame
from tests.make import make_district, make_group, make_list, make_person, make_quota, make_round, make_user
from tests.personal_data.byte_search import forms, words_found

pytestmark = pytest.mark.fresh_database

# What lies sealed from the beginning, and what lies in clear until it is erased.
SEALED = ("0936127845", "chim.kim.tuoc@vang.example", "Bản Hoàng Oanh Trắng", "Tệp-gốc-canary", "Yêu-cầu-canary")
CLEAR = (
    "Chim Vàng Khuyên", "Hà Nhì Canary", "Tổ trưởng Canary", "Cơ quan Canary", "Công ty Canary", "8765432109-77",
    "000.canary.H18-210305", "Thủ tục Canary", "Ghi chú Canary", "Lý do Canary", "Bước Canary", "Cặp Canary",
)  # fmt: skip


def make_erasable(session):
    """A round that is over, with canaries in every place that holds personal data."""
    district = make_district(session)
    by = make_user(session, Role.OPERATOR, district)
    survey_round = make_round(session, district, code="tg-2021", lists_started_at=now())
    group = make_group(session, survey_round, "E", ListType.CITIZENS)
    make_quota(session, group, district, 39)
    unit_list = make_list(session, group, district, 1, ListState.APPROVED)
    for position in range(2, 40):  # enough rows for several pages of the file
        make_person(
            session, unit_list, position=position, name="Chim Vàng Khuyên", phone="0936127845",
            email="chim.kim.tuoc@vang.example", address="Bản Hoàng Oanh Trắng", ethnicity="Hà Nhì Canary",
            job_title="Tổ trưởng Canary", workplace="Cơ quan Canary", business="Công ty Canary",
            tax_code="8765432109-77", dossier="000.canary.H18-210305", procedure="Thủ tục Canary",
            note="Ghi chú Canary", ban="Bản Hoàng Oanh", birth_date=date(1971, 3, 5), language="Tiếng Mông",
        )  # fmt: skip
    unit_list.short_reason = "Lý do Canary"
    add_event(session, unit_list, by, "Bước Canary: bà Chim Vàng Khuyên đã chuyển đi")
    session.add(
        Upload(
            round_id=survey_round.id, unit_id=district.id, file_name="danh sách.xlsx",
            content="Tệp-gốc-canary".encode() * 500, sha256="", reading={"rows": ["Chim Vàng Khuyên", "0936127845"]},
            uploaded_by_id=by.id, uploaded_at=now(), confirmed_at=now(),
        )
    )  # fmt: skip
    frame = SamplingFrame(
        round_id=survey_round.id, unit_id=district.id, group_id=group.id, file_name="sổ.xlsx", file_sha256="",
        content="Chim Vàng Khuyên 0936127845".encode(), set_aside=[["", 4, "Chim Vàng Khuyên"]], rows_set_aside=1,
        sha256="f", persons=1, made_at=now(), made_by_id=by.id, made_by_name=by.full_name,
    )  # fmt: skip
    member = SampleMember(
        frame_row=1, standing="selected", position=1, probability=1, outcome="refused", outcome_words="Yêu-cầu-canary"
    )
    frame.samples.append(
        Sample(
            number=1, design={}, seed="1", algorithm="a", size=1, sha256="s", reason="Lý do Canary", drawn_at=now(),
            drawn_by_id=by.id, drawn_by_name=by.full_name, members=[member],
        )
    )  # fmt: skip
    session.add(frame)
    version = lock_roster(session, survey_round, by, "Lý do Canary")
    build_cells(session, survey_round, by, accept_small=True)
    person = session.scalars(select(Person).where(Person.position == 2)).one()
    session.add_all([
        ChangeRequest(
            round_id=survey_round.id, list_id=unit_list.id, kind="correct", person_id=person.id,
            values={"phone": "0936127845"}, before={"phone": "0936127845"}, reason="Lý do Canary", author_id=by.id,
            author_name=by.full_name, decision_note="Bước Canary", created_at=now(),
        ),
        PairDecision(
            operator_unit_id=district.id, first_key="a", second_key="b", verdict="same", note="Cặp Canary",
            round_code="tg-2021", decided_at=now(), decided_by_name=by.full_name,
        ),
        PrivacyRequest(
            operator_unit_id=district.id, round_id=survey_round.id, person_id=person.id, about="Chim Vàng Khuyên",
            kind="access", requester="Yêu-cầu-canary", wish="0936127845", received_on=date(2022, 1, 3),
            due_on=date(2022, 1, 5), received_by_name=by.full_name, state=RequestState.DONE, outcome="Đã in",
            closed_at=now(), closed_by_name=by.full_name,
        ),
    ])  # fmt: skip
    issue_codes(session, survey_round, by, b"p" * 32)
    survey_round.opened_at = survey_round.closed_at = now()
    survey_round.envelopes_opened_on = date(2022, 1, 10)
    return survey_round, by, version


@pytest.fixture
def keeps_no_log(database):
    """PostgreSQL reuses old log files as they are; told not to, a checkpoint removes them."""
    if not database.is_sqlite:
        _alter(database, "ALTER SYSTEM SET wal_recycle = off", "SELECT pg_reload_conf()")
    yield
    if not database.is_sqlite:
        _alter(database, "ALTER SYSTEM RESET wal_recycle", "SELECT pg_reload_conf()")


def _alter(database: Database, *statements: str) -> None:
    raw = database.engine.raw_connection()
    raw.driver_connection.autocommit = True
    for statement in statements:
        raw.cursor().execute(statement)
    raw.driver_connection.autocommit = False
    raw.close()


def test_erased_data_are_in_no_file_in_no_form_and_counts_and_hashes_remain(database, tmp_path, keeps_no_log):
    with database.writing() as session:
        survey_round, _by, version = make_erasable(session)
        sha256, persons = version.sha256, version.persons
        assert hashlib.sha256(version.content).hexdigest() == sha256
    if not database.is_sqlite:  # the planner keeps samples of columns: they must go too
        _alter(database, "ANALYZE person")
    before = words_found(database, tmp_path, (*SEALED, *CLEAR))
    assert set(before) == set(CLEAR), "what is sealed lies nowhere in clear, what is not is found by this search"

    with database.writing() as session:
        survey_round = session.scalars(select(type(survey_round))).one()
        erased = erase_round(session, survey_round, None, "Hết thời hạn lưu", "tg-2021")
        assert (erased.persons, erased.uploads, erased.by_group) == (39, 1, {"E": 39})
    assert forget_files(database)
    assert words_found(database, tmp_path, (*SEALED, *CLEAR)) == {}

    with database.reading() as session:
        version = session.scalars(select(RosterVersion)).one()
        assert (version.content, version.sha256, version.persons) == (None, sha256, persons)
        assert session.scalar(select(func.count(Invitation.id))) == persons
        assert session.scalar(select(func.count()).select_from(AccessCode)) == 0
        assert session.scalar(select(func.count()).select_from(Upload)) == 0
        entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
        assert (entry.action, entry.fields["persons"]) == ("round.personal_data_erased", "39")
        with pytest.raises(Refused, match="đã được xóa"):
            export_roster(session, "tg-2021", HandoverOptions(), None)
        with pytest.raises(Refused, match="đã xóa"):
            refuse_if_not_collecting(session.scalars(select(type(survey_round))).one())


def test_a_plain_delete_leaves_the_words_in_the_files(database, tmp_path):
    """The control: without the rewriting the same search finds what was deleted."""
    with database.writing() as session:
        make_erasable(session)
    with database.writing() as session:
        if database.is_sqlite:
            session.execute(text("PRAGMA secure_delete = OFF"))
        for statement in ("privacy_request", "access_code", "invitation", "change_request"):
            session.execute(text(f"DELETE FROM {statement}"))
        session.execute(delete(Person))
    assert "Chim Vàng Khuyên" in words_found(database, tmp_path, CLEAR)


def test_the_search_knows_a_word_in_every_form():
    import base64

    word = "Chim Vàng Khuyên"
    texts = [word.encode(encoding) for encoding in ("utf-8", "utf-16-le", "utf-16-be")]
    texts += [word.encode().hex().encode(), word.encode().hex().upper().encode()]
    texts += [base64.b64encode(b"x" * shift + word.encode() + b"yz") for shift in range(3)]
    for content in texts:
        assert any(form in content for form in forms(word)), content
    assert not any(form in b"Chim Vang Khuyen" for form in forms(word))


def test_the_preview_counts_every_table_that_erasing_clears_and_nothing_afterwards(database):
    with database.writing() as session:
        survey_round, _by, _version = make_erasable(session)
        before = preview(session, survey_round)
        assert before.counts.keys() == set(erased_tables()) == TABLE_WORDS.keys()
        assert before.in_frames == 1
        assert {table for table, rows in before.counts.items() if not rows} == {
            "handover_set", "row_comment", "identified_answer",
        }  # fmt: skip
        assert (before.counts["person"], before.counts["sampling_frame"], before.counts["access_code"]) == (39, 1, 39)
        erase_round(session, survey_round, None, "Hết thời hạn lưu", "tg-2021")
        after = preview(session, survey_round)
        assert after.in_frames == 0
        assert {table: rows for table, rows in after.counts.items() if rows} == {"privacy_request": 1}  # without words


def test_every_column_of_a_person_is_wiped():
    structure = {"id", "list_id", "position", "joined_in_version", "left_in_version", "is_changed"}
    assert {column.name for column in Person.__table__.columns} - structure == set(WIPED)


def test_every_table_with_sealed_columns_is_erased_and_rewritten():
    """A new table of personal data is not forgotten: it belongs into the erasure, or on the list of what stays."""
    stays = {"data_key_check"}
    assert {table.name for table, _column in sealed_columns()} - stays <= set(erased_tables())


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"envelopes_opened_on": None}, "mở niêm phong"),
        ({"personal_data_erased_at": now()}, "đã xóa rồi"),
    ],
)
def test_data_that_are_still_needed_are_not_erased(database, facts, words):
    with database.writing() as session:
        survey_round, by, _version = make_erasable(session)
        for name, value in facts.items():
            setattr(survey_round, name, value)
        with pytest.raises(Refused, match=words):
            erase_round(session, survey_round, by, "Hết thời hạn lưu", "tg-2021")
        assert preview(session, survey_round).persons == 39


def test_an_open_request_is_answered_before_the_data_go(database):
    with database.writing() as session:
        survey_round, _by, _version = make_erasable(session)
        request = session.scalars(select(PrivacyRequest)).one()
        request.state, request.closed_at = RequestState.OPEN, None
        session.flush()
        assert "Còn 1 yêu cầu" in refusal(session, survey_round)


@pytest.mark.parametrize(
    ("reason", "code", "field"),
    [("", "tg-2021", "reason"), ("Hết thời hạn", "tg-2022", "typed_code"), ("x" * 301, "tg-2021", "reason")],
)
def test_erasing_needs_a_reason_and_the_code_of_the_round(database, reason, code, field):
    with database.writing() as session:
        survey_round, by, _version = make_erasable(session)
        with pytest.raises(Invalid) as fault:
            erase_round(session, survey_round, by, reason, code)
        assert set(fault.value.faults) == {field}
        assert preview(session, survey_round).uploads == 1


def test_the_command_shows_first_and_erases_with_yes(app, database):
    with database.writing() as session:
        make_erasable(session)
    run = app.test_cli_runner().invoke
    shown = run(args=["roster", "erase", "tg-2021"])
    assert "39 người, 1 tệp, nội dung của 1 bản danh sách" in shown.output
    assert "Chưa xóa gì" in shown.output
    done = run(args=["roster", "erase", "tg-2021", "--yes"])
    assert (done.exit_code, "Đã xóa và dọn sạch" in done.output) == (0, True)
    again = run(args=["roster", "erase", "tg-2021", "--yes"])
    assert again.exit_code == 2
    assert run(args=["roster", "erase", "khong-co"]).exit_code == 2
    assert run(args=["personal-data", "rewrite"]).exit_code == 0
    with database.reading() as session:
        assert set(session.scalars(select(Person.name))) == {""}
