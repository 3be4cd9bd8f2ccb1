"""A person rates many units: each becomes a ballot of its own, nobody rates the own unit, and nothing joins them."""

import random
from collections import Counter

import pytest
from flask import Flask
from sqlalchemy import select

from survey_app.access_codes.codes import hash_of
from survey_app.answers.envelope import LARGE, MATRIX, SMALL
from survey_app.answers.models import AnswerCount, Ballot, Envelope, FreeText, Opening
from survey_app.answers.payload import digest_of, envelope_size
from survey_app.answers.queries import definition_of, published_version, sealing_keys
from survey_app.answers.ratings import form_of, payload_of, rated_of
from survey_app.answers.rules import Sending, checks_before_opening, open_round, receive, seal_answers
from survey_app.db import Database, now
from survey_app.errors import Refused
from survey_app.questionnaires.definition import Definition
from survey_app.questionnaires.definition_json import from_json
from survey_app.questionnaires.models import QuestionnaireVersion
from survey_app.rounds.models import RespondentGroup, Round
from survey_app.rounds.rating_rules import set_ratings
from tests.province import Province, Size, answers_to, make_province, open_all


@pytest.fixture
def made(app: Flask, database: Database) -> Province:
    """An open round of three sở and four communes."""
    with database.writing() as session:
        return make_province(session, app.extensions["survey_settings"].keys.pepper)


def post(app: Flask, address: str, **content):
    return app.test_client().post(address, json=content)


def units_of(app: Flask, code: str) -> list[str]:
    return [unit["name"] for unit in post(app, "/p/open", code=code).json["rated_units"]]


def send_all(app: Flask, database: Database, made: Province, codes: list[str], opinion: str = "") -> None:
    """Every one of these persons answers through the page for scripts, in plain; the server seals."""
    chance = random.Random(7)
    for code in codes:
        opened = post(app, "/p/open", code=code).json
        form = from_json_of(opened)
        answers = answers_to(form, chance) | ({"y_kien": opinion} if opinion and form.question("y_kien") else {})
        answered = post(app, "/p/answers", code=code, submission="s" * 32, answers=answers)
        assert answered.status_code == 200, answered.json


def from_json_of(opened) -> Definition:
    return from_json(opened["questionnaire"])


def open_envelopes_of(database: Database, made: Province) -> Opening:
    with database.writing() as session:
        return open_all(session, made)


def rate_all(app: Flask, database: Database, made: Province) -> None:
    """Lets group A rate every unit, sở too, with a questionnaire that asks about all of them."""
    with database.writing() as session:
        survey_round = session.get_one(Round, made.round.id)
        survey_round.opened_at = None
        set_ratings(session, survey_round, {"A": [one.id for one in made.rated]}, made.by)
        survey_round.opened_at = now()
        version = session.scalars(
            select(QuestionnaireVersion).join(RespondentGroup).where(RespondentGroup.code == "A")
        ).one()
        items = [item | ({"rates": ["all"]} if "rates" in item else {}) for item in version.definition["items"]]
        version.definition, version.sha256 = {**version.definition, "items": items}, "a" * 64


def test_everybody_is_asked_about_the_right_units(app: Flask, made: Province) -> None:
    communes = ["Xã Búng Lao", "Xã Chiềng Sinh", "Xã Quài Tở", "Xã Tuần Giáo"]
    offices = ["Sở Nội vụ", "Sở Tài chính", "Sở Xây dựng"]
    assert units_of(app, made.codes["A", "Sở Nội vụ"][0]) == communes
    assert units_of(app, made.codes["C", "Xã Quài Tở"][0]) == offices
    assert units_of(app, made.codes_of("D")[0]) == [*offices, *communes]
    assert units_of(app, made.codes["E", "Xã Quài Tở"][0]) == ["Xã Quài Tở"]
    assert units_of(app, made.codes["B", "Sở Nội vụ"][0]) == ["Sở Nội vụ"]


def test_nobody_can_rate_the_own_unit(app: Flask, database: Database, made: Province) -> None:
    rate_all(app, database, made)
    code = made.codes["A", "Sở Nội vụ"][0]
    assert "Sở Nội vụ" not in units_of(app, code)
    assert len(units_of(app, code)) == 6
    # A phone that seals a rating of the own unit all the same, or leaves a unit out, sent a faulty envelope.
    with database.writing() as session:
        survey_round = session.get_one(Round, made.round.id)
        group = session.scalars(select(RespondentGroup).where(RespondentGroup.code == "A")).one()
        version = published_version(session, group.id)
        rated = rated_of(session, survey_round.id)
        keys, most = sealing_keys(session, survey_round.id), rated.most(group.id)
        answers = answers_to(form_of(version, most), random.Random(1))
        pepper = app.extensions["survey_settings"].keys.pepper
        for sender, units in zip(made.codes["A", "Sở Nội vụ"], (most, most[2:], most[1:]), strict=True):
            kept = {unit.id for unit in units}
            ratings = [one for one in payload_of(version, most, answers).ratings if one.rated_unit_id in kept]
            sealed = seal_answers(survey_round, keys, version.id, form_of(version, most), ratings)
            receive(session, Sending(hash_of(sender, pepper), digest_of("s" * 32, answers), sealed))
    opening = open_envelopes_of(database, made)
    assert (opening.faulty, opening.ballots) == (2, 6)


def test_a_matrix_is_split_into_ballots_that_nothing_joins(app: Flask, database: Database, made: Province) -> None:
    deputies = made.codes_of("D")
    send_all(app, database, made, deputies, opinion="Giảm họp")
    with database.reading() as session:
        assert {len(one) for one in session.scalars(select(Envelope.sealed))} == {LARGE}
    opening = open_envelopes_of(database, made)
    assert (opening.envelopes, opening.ballots, opening.faulty) == (6, 42, 0)
    with database.reading() as session:
        ballots = session.scalars(select(Ballot)).all()
        assert Counter(one.rated_unit_id for one in ballots) == {one.id: 6 for one in made.rated}
        assert len({one.id for one in ballots}) == 42
        names = {"q_1_7_1", "q_2_4_1", "q_2_4_2", "q_4_4_2", "q_5_6_1", "q_5_6_2", "q_6_4_1"}
        assert all(set(one.answers) == names for one in ballots)
        texts = session.scalars(select(FreeText)).all()
        assert [one.text for one in texts] == ["Giảm họp"] * 6  # a person's words count once, apart from all ballots
        counts = session.scalars(select(AnswerCount).where(AnswerCount.item == "q_1_7_1")).all()
        assert sum(one.answers for one in counts) == 42
        assert {one.weight_sum / one.answers for one in counts} == {1.0}


def test_a_small_cell_is_counted_in_persons_not_in_ballots(app: Flask, database: Database, made: Province) -> None:
    """Four citizens of a commune, who rate it, are fewer than k, though deputies gave dozens of ballots."""
    citizens = [made.codes["E", name][:count] for name, count in (("Xã Quài Tở", 6), ("Xã Búng Lao", 4))]
    send_all(app, database, made, [*citizens[0], *citizens[1], *made.codes_of("D")])
    opening = open_envelopes_of(database, made)
    assert "Nhóm E – Xã Búng Lao" in {one["cell"] for one in opening.merged_cells}
    with database.reading() as session:
        counted = session.execute(
            select(AnswerCount.cell_id, AnswerCount.answers, AnswerCount.weight_sum).where(AnswerCount.item == "s_01")
        ).all()
    assert sum(answers for _cell, answers, _weight in counted) <= 10


def test_units_without_any_answer_give_no_ballot(app: Flask, database: Database, made: Province) -> None:
    with database.writing() as session:
        group = session.scalars(select(RespondentGroup).where(RespondentGroup.code == "D")).one()
        version = published_version(session, group.id)
        loose = {**version.definition, "items": [_not_required(item) for item in version.definition["items"]]}
        version.definition, version.sha256 = loose, "0" * 64
    opened = post(app, "/p/open", code=made.codes_of("D")[0]).json
    form = from_json_of(opened)
    one, other = opened["rated_units"][:2]
    answers = {q.name: "4" for q in form.questions() if q.rated_unit in (one["id"], other["id"])}
    sent = post(app, "/p/answers", code=made.codes_of("D")[0], submission="s" * 32, answers=answers)
    assert sent.status_code == 200
    opening = open_envelopes_of(database, made)
    assert (opening.envelopes, opening.ballots, opening.faulty) == (1, 2, 0)


def _not_required(item):
    kept = {key: value for key, value in item.items() if key != "required"}
    return kept | ({"items": [_not_required(inner) for inner in item["items"]]} if "items" in item else {})


def test_the_size_is_that_of_the_group_and_not_of_the_person(app: Flask, database: Database) -> None:
    """45 communes and ten questions: all envelopes alike, also of who rates one commune fewer."""
    with database.writing() as session:
        size = Size(45, 3, {"A": 1, "B": 1, "C": 1, "D": 5, "E": 1})
        made = make_province(session, app.extensions["survey_settings"].keys.pepper, size)
    sizes = {post(app, "/p/open", code=code).json["envelope_size"] for code in made.codes_of("A")}
    assert sizes == {MATRIX}
    with database.reading() as session:
        version = published_version(
            session, session.scalars(select(RespondentGroup.id).where(RespondentGroup.code == "A")).one()
        )
        longest = form_of(version, rated_of(session, made.round.id).most(version.group_id))
        answers = {q.name: "KB" for q in longest.questions() if q.rated_unit} | {"y_kien": "ữ" * 2000}
        payload = payload_of(version, rated_of(session, made.round.id).most(version.group_id), answers)
        sealed = seal_answers(
            made.round, sealing_keys(session, made.round.id), version.id, longest, payload.ratings, payload.apart
        )
        assert len(sealed) == envelope_size(longest) == MATRIX
        assert envelope_size(definition_of(version)) == SMALL


def test_a_round_opens_only_when_everybody_has_somebody_to_rate(app: Flask, database: Database) -> None:
    pepper = app.extensions["survey_settings"].keys.pepper
    with database.writing() as session:
        made = make_province(session, pepper, opened=False)
        survey_round = session.get_one(Round, made.round.id)
        set_ratings(session, survey_round, {"A": [one.id for one in made.rated]}, made.by)
        words = " ".join(check.text for check in checks_before_opening(session, survey_round) if not check.holds)
        assert "6 người của nhóm D không có đơn vị nào để đánh giá" in words
        assert "phiếu nhóm A không có bảng nào hỏi về 3 đơn vị mà nhóm đánh giá" in words
        with pytest.raises(Refused, match="không có đơn vị nào để đánh giá"):
            open_round(session, survey_round, made.by)
        assert "Nhóm B có dưới 5 người đánh giá 7 đơn vị: ý kiến ấy được giữ kín" in words
        every = [one.id for one in made.rated]
        set_ratings(session, survey_round, dict.fromkeys("ABCDE", every), made.by)
        words = " ".join(check.text for check in checks_before_opening(session, survey_round) if not check.holds)
        assert "nhóm E đánh giá nhiều đơn vị nhưng phiếu chưa có bảng (cột rates)" in words


def test_the_pages_without_script_take_a_matrix_too(app: Flask, database: Database, made: Province) -> None:
    client = app.test_client()

    def posted(address: str, page: str, **form):
        state = page.split('name="state" value="')[1].split('"')[0] if page else ""
        return client.post(address, data=({"state": state} if page else {}) | form).text

    page = posted("/phieu/rieng-tu", "", code=made.codes["C", "Xã Quài Tở"][0])
    page = posted("/phieu/cau/1", page)
    page = posted("/phieu/cau/2", page, **{"from": "1"})
    rows = [f"q_1_7_1__{one.id}" for one in made.rated if one.unit.name.startswith("Sở")]
    assert page.count('class="row"') == 3
    page = posted("/phieu/cau/3", page, **{"from": "2", rows[0]: "4"})
    assert "Còn 2 đơn vị chưa có câu trả lời" in page
    page = posted("/phieu/cau/3", page, **{"from": "2", rows[0]: "4", "fill": "1"})
    assert page.count("checked") == 3
    page = posted("/phieu/kiem-tra", page, **{"from": "2", rows[0]: "4", rows[1]: "KB", rows[2]: "KB"})
    assert "3/3 đơn vị đã có câu trả lời" in page
    assert "0/3 đơn vị đã có câu trả lời" in page


def test_a_rating_counts_as_sent_for_a_person_once(app: Flask, database: Database, made: Province) -> None:
    """The weights: persons who were invited to rate a unit over ballots about it, without those who serve in it."""
    rate_all(app, database, made)
    send_all(app, database, made, made.codes_of("A")[:6])  # of two of the three sở
    open_envelopes_of(database, made)
    with database.reading() as session:
        weights = {
            count.rated_unit_id: count.weight_sum / count.answers
            for count in session.scalars(select(AnswerCount).where(AnswerCount.item == "q_1_7_1"))
        }
    assert len(weights) == 7
    by_name = {one.unit.name: weights[one.id] for one in made.rated}
    assert by_name["Xã Quài Tở"] == pytest.approx(9 / 6)
    assert by_name["Sở Nội vụ"] == pytest.approx(6 / 3)
    assert by_name["Sở Xây dựng"] == pytest.approx(6 / 6)
