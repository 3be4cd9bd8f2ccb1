"""Opening the round, closing it, opening the envelopes: only when all conditions hold, and each once."""

import html
import io
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from survey_app.access import Role
from survey_app.answers import opening_job
from survey_app.answers.keys import KeyFile, fingerprint, make_key_file
from survey_app.answers.models import Ballot, Opening, RoundKey
from survey_app.answers.opening import finish_cleanings
from survey_app.answers.rules import checks_before_opening
from survey_app.db import Database, now
from survey_app.questionnaires.models import QuestionnaireVersion
from survey_app.rounds.models import RatedUnit, Round
from survey_app.units.models import Unit
from tests.answers.make import ANSWERS, OpenRound, make_open_round
from tests.make import csrf_token, make_criteria, make_unit

PASSPHRASE = "suối cá nương lúa sương"


@pytest.fixture
def made(app: Flask, database: Database) -> OpenRound:
    with database.writing() as session:
        return make_open_round(session, app.extensions["survey_settings"].keys.pepper, persons=(6,), opened=False)


@pytest.fixture
def key_file(database: Database, made: OpenRound) -> KeyFile:
    """The first holder's key as a file."""
    file = make_key_file(PASSPHRASE, made.round.code, "Phòng Nội vụ")
    with database.writing() as session:
        key = session.scalars(select(RoundKey).order_by(RoundKey.id)).first()
        assert key is not None
        key.public_key, key.fingerprint = file.public_key, fingerprint(file.public_key)
    return file


@pytest.fixture
def operator(signed_in: Callable[..., FlaskClient], database: Database, made: OpenRound) -> FlaskClient:
    with database.reading() as session:
        unit = session.get_one(Unit, made.round.operator_unit_id)
    return signed_in(Role.OPERATOR, unit=unit)


@pytest.fixture
def leader(signed_in: Callable[..., FlaskClient], database: Database, made: OpenRound) -> FlaskClient:
    with database.reading() as session:
        unit = session.get_one(Unit, made.round.operator_unit_id)
    return signed_in(Role.LEADER, unit=unit)


def text_of(answer: TestResponse) -> str:
    return html.unescape(answer.get_data(as_text=True))


def post(client: FlaskClient, address: str, **fields: object) -> TestResponse:
    return client.post(address, data={"csrf_token": csrf_token(client), **fields})


def address(made: OpenRound, rest: str) -> str:
    return f"/rounds/{made.round.code}/{rest}"


def stored_round(database: Database, made: OpenRound) -> Round:
    with database.reading() as session:
        return session.get_one(Round, made.round.id)


def test_a_scale_without_points_for_every_level_stops_the_opening(database: Database, made: OpenRound) -> None:
    with database.writing() as session:
        survey_round = session.get_one(Round, made.round.id)
        make_criteria(session, survey_round, [("5.6.2", "1.00", "survey", ["E"])])
        words = "Phiếu nhóm E có thang mức khác hệ số tính điểm của đợt; sửa phiếu hoặc quy tắc tính điểm"
        assert words not in {check.text for check in checks_before_opening(session, survey_round)}
        survey_round.rules = {"coefficients": {"1": "0", "2": "0.5", "3": "1"}}  # after the questionnaire was published
        session.flush()
        assert (False, words) in {(check.holds, check.text) for check in checks_before_opening(session, survey_round)}


def test_other_criteria_after_publishing_stop_the_opening(database: Database, made: OpenRound) -> None:
    with database.writing() as session:
        survey_round = session.get_one(Round, made.round.id)
        make_criteria(session, survey_round, [("9.9.9", "1.00", "survey", ["E"])])  # what is asked is now unknown
        words = "Phiếu nhóm E không còn khớp bộ tiêu chí của đợt; xem lỗi ở trang phiếu, sửa và công bố lại"
        assert (False, words) in {(check.holds, check.text) for check in checks_before_opening(session, survey_round)}


def test_a_round_with_all_conditions_opens_once(operator: FlaskClient, database: Database, made: OpenRound) -> None:
    page = operator.get(address(made, "collection"))
    assert "Đủ điều kiện mở đợt" in text_of(page)
    assert post(operator, address(made, "collection/open")).status_code == 302
    assert stored_round(database, made).opened_at is not None
    assert post(operator, address(made, "collection/open")).status_code == 403


@pytest.mark.parametrize("missing", ["roster", "questionnaire", "keys", "one body", "two units", "last day"])
def test_one_missing_condition_keeps_the_round_closed_and_is_named(
    operator: FlaskClient, database: Database, made: OpenRound, missing: str
) -> None:
    with database.writing() as session:
        survey_round = session.merge(made.round)
        if missing == "roster":
            survey_round.roster_locked_at = None
        elif missing == "questionnaire":
            session.scalars(select(QuestionnaireVersion)).one().published_at = None
        elif missing == "keys":
            session.scalars(select(RoundKey)).first().tested_before_start = False  # type: ignore[union-attr]
        elif missing == "one body":
            for key in session.scalars(select(RoundKey)):
                key.holder_body = "Phòng Nội vụ"
        elif missing == "two units":
            session.add(RatedUnit(round_id=made.round.id, unit_id=make_unit(session, "Huyện khác").id))
        else:
            survey_round.closes_on = None
    words = {
        "roster": "Danh sách chung đã khóa",
        "questionnaire": "còn thiếu nhóm E",
        "keys": "hiện có 1",
        "one body": "các cơ quan khác nhau",
        "two units": "không có đơn vị nào để đánh giá",
        "last day": "ngày đóng thu phiếu",
    }[missing]
    assert "Chưa mở đợt được" in text_of(operator.get(address(made, "collection")))
    answer = post(operator, address(made, "collection/open"))
    assert answer.status_code == 403
    assert words in text_of(answer)
    assert stored_round(database, made).opened_at is None


def test_closing_needs_a_second_test_opening(operator: FlaskClient, database: Database, made: OpenRound) -> None:
    post(operator, address(made, "collection/open"))
    with database.writing() as session:
        for key in session.scalars(select(RoundKey)):
            key.tested_before_closing = False
    answer = post(operator, address(made, "collection/close"))
    assert answer.status_code == 403
    assert "mở thử lần nữa" in text_of(answer)
    assert stored_round(database, made).closed_at is None


def test_from_open_round_to_opened_envelopes_in_the_office(
    operator: FlaskClient,
    leader: FlaskClient,
    client: FlaskClient,
    database: Database,
    made: OpenRound,
    key_file: KeyFile,
) -> None:
    post(operator, address(made, "collection/open"))
    for number, code in enumerate(made.codes[:5]):
        body = {"code": code, "submission": f"{number:032}", "answers": ANSWERS}
        assert client.post("/p/answers", json=body).status_code == 200
    assert "Đã nhận 5 phong bì" in text_of(operator.get(address(made, "collection")))
    assert "Mở được sau khi đóng thu phiếu" in text_of(operator.get(address(made, "opening")))
    assert "không quay lại được" in text_of(operator.get(address(made, "collection/close")))
    early = post(operator, address(made, "collection/close"))
    assert (early.status_code, "đóng trước hạn" in text_of(early)) == (422, True)  # phones without network may come yet
    assert stored_round(database, made).closed_at is None
    post(operator, address(made, "collection/close"), early="1")
    assert post(operator, address(made, "opening/agree")).status_code == 302
    alone = _open(operator, made, key_file)
    assert (alone.status_code, "hai cán bộ" in text_of(alone)) == (422, True)
    assert "Chờ một cán bộ khác đồng ý" in text_of(operator.get(address(made, "opening")))
    assert post(leader, address(made, "opening/agree")).status_code == 302
    wrong = _open(operator, made, key_file, words="mo niem phong")
    assert (wrong.status_code, "Gõ đúng" in text_of(wrong)) == (422, True)
    wrong = _open(operator, made, key_file, passphrase="sai mật khẩu của khóa")
    assert (wrong.status_code, "Mật khẩu của khóa chưa đúng" in text_of(wrong)) == (422, True)
    assert _open(operator, made, key_file).status_code == 302
    page = text_of(operator.get(address(made, "opening")))
    with database.reading() as session:
        record = session.scalars(select(Opening)).one()
        assert session.scalar(select(func.count()).select_from(Ballot)) == 5
    assert (record.stage, record.ballots) == ("cleaned", 5)
    assert record.digest in page
    assert record.digest in text_of(client.get(f"/bien-ban-mo/{made.round.code}"))


def _open(
    operator: FlaskClient,
    made: OpenRound,
    key_file: KeyFile,
    words: str = "mở niêm phong",
    passphrase: str = PASSPHRASE,
) -> TestResponse:
    upload = (io.BytesIO(key_file.content.encode()), "khoa.json")
    return post(operator, address(made, "opening"), words=words, **{"key-1": upload, "passphrase-1": passphrase})


def test_a_cleaning_that_was_interrupted_can_be_taken_up_again(
    operator: FlaskClient,
    leader: FlaskClient,
    database: Database,
    made: OpenRound,
    key_file: KeyFile,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with database.writing() as session:
        survey_round = session.merge(made.round)
        survey_round.opened_at = survey_round.closed_at = now()

    post(leader, address(made, "opening/agree"))

    def stop(*_arguments: object) -> None:
        raise RuntimeError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr(opening_job, "clean_up", stop)
        assert _open(operator, made, key_file).status_code == 500
    assert "Dọn sạch kho" in text_of(operator.get(address(made, "opening")))
    assert finish_cleanings(database) == 1  # what a start of the program does
    assert finish_cleanings(database) == 0
    assert post(operator, address(made, "opening/clean")).status_code == 302
    with database.reading() as session:
        assert session.scalars(select(Opening.stage)).one() == "cleaned"


def test_a_leader_reads_and_may_not_open_or_close(leader: FlaskClient, made: OpenRound) -> None:
    assert leader.get(address(made, "collection")).status_code == 200
    assert leader.get(address(made, "opening")).status_code == 200
    for rest in ("collection/open", "collection/close", "opening", "opening/clean"):
        assert post(leader, address(made, rest)).status_code == 403


def test_an_operator_of_another_district_does_not_even_see_the_round(
    signed_in: Callable[..., FlaskClient], database: Database, made: OpenRound
) -> None:
    with database.writing() as session:
        unit = make_unit(session, "Huyện khác")
    stranger = signed_in(Role.OPERATOR, unit=unit)
    for rest in ("collection", "keys", "opening"):
        assert stranger.get(address(made, rest)).status_code == 404


def test_a_key_on_paper_opens_like_the_file(
    operator: FlaskClient, leader: FlaskClient, database: Database, made: OpenRound, key_file: KeyFile
) -> None:
    with database.writing() as session:
        survey_round = session.merge(made.round)
        survey_round.opened_at = survey_round.closed_at = now()
    post(leader, address(made, "opening/agree"))
    facts = {"words": "mở niêm phong", "passphrase-1": PASSPHRASE}
    torn = post(operator, address(made, "opening"), **facts, **{"paper-1": key_file.content[:-9]})
    assert torn.status_code == 422
    whole = post(operator, address(made, "opening"), **facts, **{"paper-1": f" {key_file.content}\n"})
    assert whole.status_code == 302


def test_the_help_telephone_changes_while_answers_come_in(
    operator: FlaskClient, database: Database, made: OpenRound
) -> None:
    post(operator, address(made, "collection/open"))
    assert post(operator, address(made, "collection/help"), help_phone="12").status_code == 422
    assert post(operator, address(made, "collection/help"), help_phone="0215 3862 111").status_code == 302
    assert "0215 3862 111" in text_of(operator.get(address(made, "collection")))
    assert stored_round(database, made).help_phone == "0215 3862 111"
