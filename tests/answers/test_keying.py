"""Keyed paper forms: a nameless code each, no more than came back, blanks allowed, two figures of a second keying."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pypdf import PdfReader
from sqlalchemy import func, select

from survey_app.access import Role
from survey_app.access_codes import paper_rules, queries
from survey_app.access_codes.models import AccessCode, Batch, Invitation
from survey_app.answers import keying
from survey_app.answers.keying_pages import rows_of
from survey_app.answers.models import Ballot, Envelope
from survey_app.answers.opening import open_envelopes
from survey_app.answers.queries import invitations_by_group
from survey_app.answers.rules import checks_before_closing
from survey_app.db import Database, now
from survey_app.errors import Conflict, Invalid, Refused
from survey_app.progress.queries import answered_by_unit, answered_in_all
from survey_app.questionnaires.definition import Question
from survey_app.questionnaires.matrix import Body, written_out
from survey_app.questionnaires.xlsform import read_xlsform
from survey_app.rounds.models import Round
from survey_app.text import today
from survey_app.users.models import User
from tests.answers.make import ANSWERS, OpenRound, add_confidential_group, make_open_round
from tests.make import csrf_token, make_user, sign_in_client

MATRIX = Path(__file__).parents[1] / "questionnaires" / "features" / "matrix.md"
BLANK = {name: answer for name, answer in ANSWERS.items() if name != "q_5_6_3"}


@dataclass
class Desk:
    made: OpenRound
    batch_id: int
    officer: User
    clerk: User


@pytest.fixture
def desk(app: Flask, database: Database) -> Desk:
    """Two of six persons of a commune gave a paper form back; half of the forms are keyed twice."""
    with database.writing() as session:
        made = make_open_round(session, app.extensions["survey_settings"].keys.pepper, persons=(6, 5))
        home = made.round.operator_unit
        officer, clerk = make_user(session, Role.OPERATOR, home), make_user(session, Role.CLERK, home)
        unit = made.cells[1].unit
        assert unit is not None
        batch = paper_rules.start_batch(session, made.round, unit, made.group, 6, 50, officer)
        people = [one.id for one in queries.paper_persons(session, batch)]
        paper_rules.tick_returned(session, batch, people[:2], [], officer)
        return Desk(made, batch.id, officer, clerk)


def next_code(app: Flask, database: Database, desk: Desk) -> keying.FormToKey:
    with database.writing() as session:
        pepper = app.extensions["survey_settings"].keys.pepper
        return keying.hand_out_form(session, session.get_one(Batch, desk.batch_id), desk.clerk, pepper)


def body(code: str, **facts: object) -> dict[str, object]:
    return {"code": code, "submission": secrets.token_hex(16), "answers": BLANK, **facts}


def test_a_form_counts_once_with_its_figures_and_no_more_than_came_back(
    app: Flask, client: FlaskClient, database: Database, desk: Desk
) -> None:
    form = next_code(app, database, desk)
    spare = next_code(app, database, desk).code
    assert (form.waiting, form.second_needed) == (2, 1)
    sent = body(form.code, keyed_twice={"compared": 5, "differed": 1})
    assert client.post("/p/answers", json=sent).json == {"status": "stored"}
    assert client.post("/p/answers", json=sent).json == {"status": "repeated"}
    form = next_code(app, database, desk)
    assert (form.waiting, form.second_needed) == (1, 0)
    wrong = body(form.code, keyed_twice={"compared": 1, "differed": 2})  # figures that cannot be are left out
    assert client.post("/p/answers", json=wrong).status_code == 200
    with pytest.raises(Conflict, match="Đã nhập đủ 2 phiếu"):
        next_code(app, database, desk)
    assert client.post("/p/answers", json=body(spare)).json["error"] == "slip_not_ticked"
    with database.reading() as session:
        batch = session.get_one(Batch, desk.batch_id)
        assert (batch.keyed, batch.keyed_twice, batch.compared, batch.differed) == (2, 1, 5, 1)
        assert session.scalar(select(func.count()).select_from(Envelope)) == 2
        assert invitations_by_group(session, desk.made.round.id) == {desk.made.group.id: (11, 2)}
        assert answered_in_all(session, desk.made.round.id) == (11, 2)
        by_unit = answered_by_unit(session, desk.made.round.id, "/")
        assert sorted((asked, answered) for _unit, _code, asked, answered in by_unit) == [(5, 0), (6, 2)]


def test_a_blank_passes_on_paper_only_and_other_faults_nowhere(
    app: Flask, client: FlaskClient, database: Database, desk: Desk
) -> None:
    assert client.post("/p/answers", json=body(desk.made.codes[6])).status_code == 422
    code = next_code(app, database, desk).code
    assert client.post("/p/answers", json=body(code, answers=BLANK | {"b_so_lan": "hai"})).status_code == 422
    assert client.post("/p/answers", json=body(code)).status_code == 200


def test_forms_are_keyed_after_the_last_day_until_collection_is_closed(
    app: Flask, client: FlaskClient, database: Database, desk: Desk
) -> None:
    with database.writing() as session:
        survey_round = session.get_one(Round, desk.made.round.id)
        survey_round.closes_on = today() - timedelta(days=5)
        assert "Còn 1 lô phiếu giấy" in "; ".join(check.text for check in checks_before_closing(session, survey_round))
    assert client.post("/p/answers", json=body(desk.made.codes[6], answers=ANSWERS)).status_code == 410
    first, second = (next_code(app, database, desk).code for _ in range(2))
    assert client.post("/p/answers", json=body(first)).status_code == 200
    with database.writing() as session:
        session.get_one(Round, desk.made.round.id).closed_at = now()
    assert client.post("/p/answers", json=body(second)).status_code == 410
    with pytest.raises(Refused, match="đóng thu phiếu"):
        next_code(app, database, desk)


def test_keyed_forms_are_opened_with_the_others(
    app: Flask, client: FlaskClient, database: Database, desk: Desk
) -> None:
    for _ in range(2):
        assert client.post("/p/answers", json=body(next_code(app, database, desk).code)).status_code == 200
    with database.writing() as session:
        survey_round = session.get_one(Round, desk.made.round.id)
        survey_round.closed_at = now()
        session.flush()
        opening = open_envelopes(session, survey_round, desk.made.private_keys[:1], None)
        assert (opening.envelopes, opening.ballots, opening.faulty) == (2, 2, 0)
    with database.reading() as session:
        assert {one.answers["q_5_6_3"] for one in session.scalars(select(Ballot))} == {"KB"}
        assert session.scalar(select(func.count(AccessCode.replay_digest))) == 0


def test_who_ticked_does_not_key_and_the_second_person_is_another(database: Database, desk: Desk) -> None:
    with database.writing() as session:
        batch = session.get_one(Batch, desk.batch_id)
        with pytest.raises(Refused, match="Nhờ người khác nhập"):
            keying.hand_out_form(session, batch, desk.officer, b"p" * 32)
        for name in (" ", desk.clerk.full_name.upper()):
            with pytest.raises(Invalid):
                keying.note_second_person(session, batch, name, desk.clerk)
        for _ in range(2):
            keying.note_second_person(session, batch, "Lường  Văn Hai", desk.clerk)
        session.expire_all()
        assert [one.name for one in batch.workers if one.part == "keyed_again"] == ["Lường Văn Hai"]


def test_the_clerk_sees_figures_and_no_names(app: Flask, database: Database, desk: Desk) -> None:
    clerk = sign_in_client(app, desk.clerk)
    home = f"/rounds/{desk.made.round.code}"
    with database.reading() as session:
        names = [one.person.name for one in session.scalars(select(Invitation))]
    for path in (
        "/paper",
        f"{home}/paper",
        f"{home}/batches/{desk.batch_id}",
        f"{home}/batches/{desk.batch_id}/keying",
    ):
        page = clerk.get(path)
        assert page.status_code == 200
        assert not [name for name in names if name in page.text]
    assert clerk.get(f"{home}/batches/{desk.batch_id}/form.pdf").status_code == 403
    answer = clerk.post(f"{home}/batches/{desk.batch_id}/keying/form", data={"csrf_token": csrf_token(clerk)})
    assert (answer.json["waiting"], answer.json["ticked"]) == (2, 2)
    form = clerk.post("/p/form", json={"code": answer.json["code"], "language": "vi"})
    assert form.json["rules"]["items"]


def test_the_form_of_a_batch_names_the_batch_on_every_page_and_nobody(
    app: Flask, database: Database, desk: Desk
) -> None:
    officer = sign_in_client(app, desk.officer)
    answer = officer.get(f"/rounds/{desk.made.round.code}/batches/{desk.batch_id}/form.pdf")
    pages = [page.extract_text() for page in PdfReader(BytesIO(answer.data)).pages]
    assert all("Lô 1 · Nhóm E · Xã thử 1" in page for page in pages)
    assert "phong bì dán kín" in " ".join(pages[0].split())


def test_a_confidential_group_has_no_batches(app: Flask, database: Database, desk: Desk) -> None:
    with database.writing() as session:
        survey_round = session.get_one(Round, desk.made.round.id)
        more = add_confidential_group(session, desk.made, 3, app.extensions["survey_settings"].keys.pepper)
        unit = session.scalars(select(Invitation).order_by(Invitation.id.desc())).first().person.unit_list.unit
        with pytest.raises(Refused, match="có danh tính"):
            paper_rules.start_batch(session, survey_round, unit, more.group, 3, 10, desk.officer)


def test_the_rows_of_a_table_share_the_number_that_the_paper_gives_them() -> None:
    bodies = (Body(3, "Sở Nội vụ", "so"), Body(9, "Sở Tư pháp", "so"))
    rows = rows_of(written_out(read_xlsform(MATRIX.read_bytes(), MATRIX.name), bodies))
    heads = [place for place, row in enumerate(rows) if isinstance(row.item, Question) and not row.is_keyed]
    assert heads
    for place in heads:
        first, second = rows[place + 1 : place + 3]
        assert first.number == second.number > 0
        assert [first.item.label["vi"], second.item.label["vi"]] == ["Sở Nội vụ", "Sở Tư pháp"]
