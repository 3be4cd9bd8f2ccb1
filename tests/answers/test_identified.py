"""Confidential mode: the answer carries a name, is read by one role only, and each reading is in the log."""

import secrets
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from survey_app.access import RIGHTS, Role
from survey_app.access_codes.models import AccessCode, Invitation, InvitationState
from survey_app.access_codes.slip_rules import start_slip_list
from survey_app.answers.envelope import seal
from survey_app.answers.identified import delete_answer_of, read_identified
from survey_app.answers.keys import from_text, to_text
from survey_app.answers.models import AnswerCount, Ballot, Envelope, FreeText, IdentifiedAnswer, Opening
from survey_app.answers.opening import clean_up, open_envelopes
from survey_app.answers.payload import Rating, write_payload
from survey_app.answers.rules import checks_before_closing, checks_before_opening
from survey_app.audit import AuditEntry
from survey_app.db import Database, now
from survey_app.errors import Refused
from survey_app.rounds.models import Mode, Round
from survey_app.scores.queries import answer_counts, ballots_by_group
from survey_app.units.models import Unit
from tests.answers.make import ANSWERS, OpenRound, add_confidential_group, make_open_round
from tests.answers.test_respondent_pages import answer_all, go, text_of
from tests.make import csrf_token, make_unit, make_user, sign_in_client
from tests.personal_data.byte_search import words_found

# What may never be said to somebody whose answer carries a name.
UNTRUE = ("ẩn danh", "khuyết danh", "niêm phong", "anonym", "sealed")


def pepper_of(app: Flask) -> bytes:
    return app.extensions["survey_settings"].keys.pepper  # type: ignore[no-any-return]


@pytest.fixture
def named(app: Flask, database: Database) -> OpenRound:
    """An open round with one group, which is confidential: no key holder, one reader."""
    with database.writing() as session:
        made = make_open_round(session, pepper_of(app), (6,), mode=Mode.CONFIDENTIAL)
        unit = session.get_one(Unit, made.round.operator_unit_id)
        make_user(session, Role.ANSWER_READER, unit, full_name="Quàng Thị Đọc", login="docphieu")
    return made


def send(client: FlaskClient, code: str, submission: str = "s" * 32, **more: Any) -> Any:
    body = {"code": code, "submission": submission, **({"answers": ANSWERS} | more)}
    if "envelope" in more:
        del body["answers"]
    return client.post("/p/answers", json=body)


def counts(session: Session) -> tuple[int, ...]:
    tables = (Envelope, IdentifiedAnswer, Ballot)
    return tuple(session.scalar(select(func.count()).select_from(table)) or 0 for table in tables)


def close(database: Database, made: OpenRound) -> None:
    with database.writing() as session:
        session.get_one(Round, made.round.id).closed_at = now()


def finish(database: Database, made: OpenRound) -> Opening:
    with database.writing() as session:
        return open_envelopes(session, session.get_one(Round, made.round.id), made.private_keys[:1], None)


def test_an_answer_is_kept_by_name_under_the_servers_key_and_taken_once_for_ever(
    client: FlaskClient, database: Database, named: OpenRound
) -> None:
    code, other = named.codes[:2]
    assert send(client, code).json == {"status": "stored"}
    assert send(client, code).json == {"status": "repeated"}
    assert send(client, code, "t" * 32).status_code == 409
    assert send(client, code, answers=ANSWERS | {"q_5_6_3": "1"}).status_code == 409
    with database.reading() as session:
        assert counts(session) == (0, 1, 0)
        stored = session.scalars(select(IdentifiedAnswer)).one()
        assert len(stored.sealed) == 8192
        assert read_identified(session, named.round, stored.sealed).ratings[0].answers == ANSWERS
    close(database, named)
    assert send(client, code).json == {"status": "repeated"}
    assert send(client, other).status_code == 410
    finish(database, named)
    assert send(client, code).json == {"status": "received"}
    assert send(client, code, "t" * 32).json == {"status": "received"}


def test_what_is_stored_can_be_deleted_but_never_changed(
    client: FlaskClient, database: Database, named: OpenRound
) -> None:
    send(client, named.codes[0])
    with pytest.raises(DBAPIError, match="an identified answer is final"), database.writing() as session:
        session.execute(text("UPDATE identified_answer SET sealed = :bytes"), {"bytes": b"x"})


def test_a_phone_seals_to_the_server_which_looks_into_the_answer_at_once(
    client: FlaskClient, database: Database, named: OpenRound
) -> None:
    form = client.post("/p/open", json={"code": named.codes[0]}).json
    assert form is not None
    assert (form["mode"], form["key_mode"], len(form["keys"])) == ("confidential", "availability", 1)
    server_key = from_text(form["keys"][0]["public_key"])

    def sealed(answers: dict[str, Any], key: bytes = server_key, round_code: str = named.round.code) -> str:
        rating = Rating(form["rated_units"][0]["id"], answers)
        payload = write_payload(form["questionnaire_version"], [rating])
        return to_text(seal(payload, [key], round_code, size=form["envelope_size"]))

    for wrong in (sealed(ANSWERS | {"q_5_6_3": "9"}), sealed({}), sealed(ANSWERS, round_code="khac")):
        assert send(client, named.codes[0], envelope=wrong).status_code == 422
    sound = sealed(ANSWERS)
    assert send(client, named.codes[0], envelope=sound).json == {"status": "stored"}
    assert send(client, named.codes[0], envelope=sound).json == {"status": "repeated"}
    assert send(client, named.codes[0], envelope=sealed(ANSWERS)).status_code == 409
    with database.reading() as session:
        assert counts(session) == (0, 1, 0)


def test_without_script_the_way_is_the_same_and_no_page_calls_it_nameless(
    client: FlaskClient, database: Database, named: OpenRound
) -> None:
    review = answer_all(client, named.codes[0])
    sent = [go(client, review, "/phieu/cam-on") for _again in range(2)]
    for page in (review, *sent):
        assert page.status_code == 200
        assert not [word for word in UNTRUE if word in text_of(page).casefold()]
    assert "đã nhận phiếu của ông/bà" in text_of(sent[1])
    other = go(client, answer_all(client, named.codes[1]), "/phieu/tu-choi")
    assert "Cảm ơn ông/bà" in text_of(other)
    with database.reading() as session:
        assert counts(session) == (0, 1, 0)
        states = session.scalars(select(Invitation.state).order_by(Invitation.id)).all()
        assert states[:2] == [InvitationState.RECEIVED, InvitationState.REFUSED]


@pytest.mark.parametrize("language", ["vi", "en"])
def test_nobody_whose_answer_carries_a_name_is_told_it_does_not(
    client: FlaskClient, named: OpenRound, language: str
) -> None:
    pages = [client.post("/phieu/rieng-tu", data={"code": named.codes[0], "language": language}).get_data(as_text=True)]
    assert "Quàng Thị Đọc" in pages[0]
    phone = client.post("/p/form", json={"code": named.codes[0], "language": language}).json
    assert phone is not None
    pages.append(phone["html"])
    pages.append(client.get(f"/cam-ket/{named.round.code}?lang={language}").get_data(as_text=True))
    ending = {"ending": "sent", "mode": "confidential", "round": named.round.code, "switch": language}
    pages.append(client.post("/phieu/ket-thuc", data=ending).get_data(as_text=True))
    for page in pages:
        assert not [word for word in UNTRUE if word in page.casefold()]


def test_both_modes_in_one_round_are_told_apart_and_counted_together(
    app: Flask, client: FlaskClient, database: Database
) -> None:
    with database.writing() as session:
        made = make_open_round(session, pepper_of(app), (6,))
        named = add_confidential_group(session, made, 6, pepper_of(app))
    promise = client.get(f"/cam-ket/{made.round.code}").get_data(as_text=True)
    assert "Phiếu niêm phong: Người dân" in promise
    assert "Phiếu có gắn tên: Lãnh đạo phòng" in promise
    for code in made.codes + named.codes:
        assert send(client, code, secrets.token_hex(16)).status_code == 200
    with database.reading() as session:
        assert counts(session) == (6, 6, 0)
    close(database, made)
    record = finish(database, made)
    assert (record.envelopes, record.ballots, record.identified, record.faulty) == (6, 6, 6, 0)
    clean_up(database, made.round.id, None)
    with database.reading() as session:
        assert counts(session) == (0, 6, 12)
        rows = session.scalars(select(AnswerCount).where(AnswerCount.item == "q_5_6_3")).all()
        assert sorted(row.answers for row in rows) == [6, 6]
        assert session.scalar(select(func.count()).select_from(FreeText)) == 12
        assert ballots_by_group(session, made.round.id) == {"A": 6, "E": 6}  # what scores read
        said = {(group, item): n for _, group, item, level, n in answer_counts(session, made.round.id) if level == "4"}
        assert said == {("A", "q_5_6_3"): 6, ("E", "q_5_6_3"): 6}


def test_before_the_end_no_word_of_an_identified_answer_lies_in_any_file_and_after_erasure_neither(
    app: Flask, client: FlaskClient, database: Database, named: OpenRound, tmp_path: Any
) -> None:
    from survey_app.personal_data.erasure import erase_round, forget_files

    words = {code: "chim" + secrets.token_hex(10) for code in named.codes}
    for code, word in words.items():
        assert send(client, code, secrets.token_hex(16), answers=ANSWERS | {"y_kien": word}).status_code == 200
    assert words_found(database, tmp_path, words.values()) == {}
    close(database, named)
    finish(database, named)
    with database.writing() as session:
        survey_round = session.get_one(Round, named.round.id)
        sealed = session.scalars(select(IdentifiedAnswer.sealed)).first()
        erase_round(session, survey_round, None, "Hết thời hạn lưu", survey_round.code)
        session.execute(text("DELETE FROM free_text"))  # nameless by now, and no matter of this test
    forget_files(database)
    clean_up(database, named.round.id, None)
    with database.reading() as session:
        assert counts(session) == (0, 0, 6)
    assert sealed is not None
    # The last file of the log of PostgreSQL may keep it for a while, as docs/personal-data.md says.
    if database.is_sqlite:
        files = b"".join(path.read_bytes() for path in tmp_path.glob("survey.sqlite*"))
        assert sealed[100:160] not in files
        assert words_found(database, tmp_path, words.values()) == {}


def test_only_the_reader_reads_only_after_closing_and_each_time_in_the_log(
    app: Flask, client: FlaskClient, database: Database, named: OpenRound, signed_in: Callable[..., FlaskClient]
) -> None:
    send(client, named.codes[0])
    with database.reading() as session:
        unit = session.get_one(Unit, named.round.operator_unit_id)
        invitation = session.scalars(select(Invitation).where(Invitation.state == InvitationState.RECEIVED)).one()
        empty = session.scalars(select(Invitation.id).where(Invitation.state == InvitationState.UNUSED)).first()
    reader = signed_in(Role.ANSWER_READER, unit=unit)
    whole, one = f"/rounds/{named.round.code}/identified", f"/rounds/{named.round.code}/identified/{invitation.id}"
    assert reader.get("/home").headers["Location"] == "/identified"
    assert "Đọc được sau khi đóng" in reader.get("/identified").get_data(as_text=True)
    assert [reader.get(address).status_code for address in (whole, one)] == [403, 403]
    close(database, named)
    page = reader.get(whole).get_data(as_text=True)
    assert "Lò Văn Thử" in page
    for _again in range(2):
        assert "Thêm ghế ngồi chờ" in reader.get(one).get_data(as_text=True)
    assert reader.get(f"{whole}/{empty}").status_code == 404
    with database.reading() as session:
        actions = session.scalars(select(AuditEntry.action)).all()
        assert actions.count("personal.identified_read") == 2
        assert actions.count("personal.identified_listed") == 1
    for role in set(Role) - RIGHTS["identified.read"]:
        other = signed_in(role, unit=None if role is Role.ADMINISTRATOR else unit)
        assert {other.get(address).status_code for address in (whole, one, "/identified")} == {403}, role
    with database.writing() as session:
        stranger = make_user(session, Role.ANSWER_READER, make_unit(session, "Huyện Mường Ảng"))
    assert sign_in_client(app, stranger).get(one).status_code == 404


def test_a_round_without_sealed_groups_needs_no_key_but_a_reader_and_two_officers(
    app: Flask, client: FlaskClient, database: Database, named: OpenRound, signed_in: Callable[..., FlaskClient]
) -> None:
    with database.writing() as session:
        survey_round = session.get_one(Round, named.round.id)
        texts = {check.text: check.holds for check in checks_before_opening(session, survey_round)}
        assert not any("giữ khóa" in one for one in texts)
        assert texts["Nhóm E dùng phiếu có danh tính: quản trị viên đã tạo tài khoản người đọc (hiện có 1)"]
        session.execute(text("UPDATE user_account SET active = false WHERE login = 'docphieu'"))
        checks = checks_before_opening(session, survey_round)
        assert [check.holds for check in checks if "người đọc" in check.text] == [False]
        assert checks_before_closing(session, survey_round) == []
        unit = session.get_one(Unit, survey_round.operator_unit_id)
    for code in named.codes:
        send(client, code, secrets.token_hex(16))
    close(database, named)
    operator, leader = signed_in(Role.OPERATOR, unit=unit), signed_in(Role.LEADER, unit=unit)
    address = f"/rounds/{named.round.code}/opening"
    leader.post(f"{address}/agree", data={"csrf_token": csrf_token(leader)})
    page = operator.get(address).get_data(as_text=True)
    assert "CHỐT PHIẾU" in page
    assert "Tệp khóa" not in page
    done = operator.post(address, data={"csrf_token": csrf_token(operator), "words": "chốt phiếu"})
    assert done.status_code == 302
    with database.reading() as session:
        record = session.scalars(select(Opening)).one()
        assert (record.envelopes, record.identified, record.stage, record.holder) == (0, 6, "cleaned", "")
        actions = session.scalars(select(AuditEntry.action)).all()
        assert "round.identified_counted" in actions
        assert "round.envelopes_opened" not in actions
    assert "đã tách khỏi tên" in client.get(f"/bien-ban-mo/{named.round.code}").get_data(as_text=True)


def test_two_officers_discard_an_identified_answer_too(
    client: FlaskClient, database: Database, named: OpenRound, signed_in: Callable[..., FlaskClient]
) -> None:
    send(client, named.codes[0])
    with database.reading() as session:
        unit = session.get_one(Unit, named.round.operator_unit_id)
        invitation = session.scalars(select(Invitation).where(Invitation.state == InvitationState.RECEIVED)).one()
    operator, leader = signed_in(Role.OPERATOR, unit=unit), signed_in(Role.LEADER, unit=unit)
    page = f"/rounds/{named.round.code}/discards/{invitation.id}"
    assert "Bỏ phiếu có danh tính đã nhận" in operator.get(page).get_data(as_text=True)
    operator.post(f"{page}/ask", data={"csrf_token": csrf_token(operator)})
    leader.post(f"{page}/agree", data={"csrf_token": csrf_token(leader)})
    with database.reading() as session:
        assert counts(session) == (0, 0, 0)
        assert session.get_one(Invitation, invitation.id).state == InvitationState.UNUSED


def test_whoever_wants_the_own_answer_gone_is_heard_before_and_after_the_end(
    client: FlaskClient, database: Database, named: OpenRound
) -> None:
    for code in named.codes:
        send(client, code, secrets.token_hex(16))
    with database.writing() as session:
        survey_round = session.get_one(Round, named.round.id)
        by = make_user(session)
        first, second = session.scalars(select(Invitation).order_by(Invitation.id)).all()[:2]
        assert delete_answer_of(session, survey_round, first.person, by)
        assert not delete_answer_of(session, survey_round, first.person, by)
        assert first.state == InvitationState.REFUSED
        voided = session.scalars(select(AccessCode.void).where(AccessCode.invitation_id == first.id)).all()
        assert voided == [True]
    close(database, named)
    assert finish(database, named).identified == 5
    with database.writing() as session:
        survey_round = session.get_one(Round, named.round.id)
        assert delete_answer_of(session, survey_round, session.get_one(Invitation, second.id).person, by)
        assert session.get_one(Invitation, second.id).state == InvitationState.RECEIVED
        assert counts(session) == (0, 4, 5)


def test_nameless_slips_are_not_for_a_group_whose_answers_carry_a_name(
    app: Flask, database: Database, named: OpenRound
) -> None:
    with database.writing() as session:
        persons = session.scalars(select(Invitation)).all()
        with pytest.raises(Refused, match="không bốc thăm"):
            start_slip_list(session, session.get_one(Round, named.round.id), persons, ["x"] * 6, None, b"")
