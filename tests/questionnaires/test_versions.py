"""Versions, typing corrections and test scenarios of a questionnaire, through the pages."""

import io
import re

import pytest
from sqlalchemy import select

from survey_app.access import Role
from survey_app.audit import Action, AuditEntry
from survey_app.db import now
from survey_app.questionnaires.models import QuestionnaireScenario, QuestionnaireVersion
from survey_app.questionnaires.queries import corrections
from survey_app.questionnaires.rules import answers_given
from survey_app.rounds.models import GroupRating, RatedUnit, RespondentGroup, Round
from tests.make import make_criteria, make_district, make_group, make_round, make_unit
from tests.questionnaires.make import SCREENED, TWO_LEVELS, make_source
from tests.questionnaires.test_pages import post, preview, publish, state_of, upload

Q = "select_one muc | q_1_1 | Thái độ? | Attitude? | yes | | likert | 1.1"
ROUND = "/rounds/r/questionnaires"


@pytest.fixture
def two_operators(database, signed_in):
    """Two operators of the same office; the round «r» has the group E."""
    with database.writing() as session:
        district = make_district(session)
        survey_round = make_round(session, district, code="r", rules=TWO_LEVELS)
        make_group(session, survey_round, "E")
        make_criteria(session, survey_round, [("1.1", "1.00", "survey", ["E"])])
    return signed_in(Role.OPERATOR, unit=district), signed_in(Role.OPERATOR, unit=district)


def published(database):
    with database.reading() as session:
        versions = session.scalars(select(QuestionnaireVersion).order_by(QuestionnaireVersion.number))
        return [version.published_at is not None for version in versions]


def load(client, *rows):
    assert upload(client, make_source(*rows)).status_code == 302


def test_a_risky_draft_is_published_by_somebody_else_than_its_author(two_operators, database):
    author, other = two_operators
    load(author, Q, "text | y | Ý kiến? | Opinion?")
    assert publish(author).status_code == 302  # the first version changes nothing
    load(author, Q)
    page = author.get(f"{ROUND}/E").text
    assert "Làm hỏng câu trả lời" in page
    assert "bỏ câu «y»" in page
    assert "Đã có 0 phiếu trả lời theo bản đang công bố." in page
    assert "Nhờ một người phụ trách khác" in page
    refused = publish(author)
    assert refused.status_code == 403
    assert "người khác người soạn" in refused.text
    for one in two_operators:
        post(one, f"{ROUND}/publish")  # all at once passes over it, whoever presses
    assert published(database) == [True, False]
    assert publish(other).status_code == 302
    assert published(database) == [True, True]


def test_nobody_publishes_another_draft_than_the_one_on_the_page(two_operators, database):
    author, other = two_operators
    load(author, Q, "text | y | Ý kiến? | Opinion?")
    publish(author)
    load(author, Q)
    seen = re.search(r'name="seen" value="(\w+)"', other.get(f"{ROUND}/E").text)[1]
    load(author, Q, "text | z | Ý kiến? | Opinion?")  # meanwhile
    answer = post(other, f"{ROUND}/E/publish", seen=seen)
    assert (answer.status_code, "đã được thay" in answer.text) == (409, True)
    assert published(database) == [True, False]


def test_all_who_worked_on_a_risky_draft_need_somebody_else(two_operators, database, signed_in):
    author, other = two_operators
    load(author, Q, "text | y | Ý kiến? | Opinion?")
    publish(author)
    load(author, Q)
    load(other, Q.replace("Thái độ?", "Thái độ phục vụ?"))  # a safe change on top of the risky one
    for one in two_operators:
        assert publish(one).status_code == 403
        assert "chưa sửa bản này" in one.get(f"{ROUND}/E").text
    with database.reading() as session:
        district = session.scalars(select(Round)).one().operator_unit
    assert publish(signed_in(Role.OPERATOR, unit=district)).status_code == 302


def test_a_safe_draft_is_published_by_its_author(two_operators, database):
    author, _other = two_operators
    load(author, Q)
    publish(author)
    load(author, Q, "text | y | Ý kiến? | Opinion?")
    assert "An toàn" in author.get(f"{ROUND}/E").text
    assert publish(author).status_code == 302
    page = author.get(f"{ROUND}/E").text
    assert "Bản 2" in page
    assert "thêm câu «y»" in page


def test_a_draft_can_be_thrown_away_and_the_published_version_stays(two_operators, database):
    author, _other = two_operators
    load(author, Q)
    publish(author)
    load(author, Q, "text | y | Ý kiến? | Opinion?")
    assert post(author, f"{ROUND}/E/discard").status_code == 302
    assert published(database) == [True]
    assert post(author, f"{ROUND}/E/discard").status_code == 403


def correct(client, *rows, reason="Gõ sai dấu"):
    data = make_source(*rows)
    return post(client, f"{ROUND}/E/correct", corrected=(io.BytesIO(data), "phieu.md"), reason=reason)


@pytest.fixture
def open_round(two_operators, database):
    author, _other = two_operators
    load(author, Q.replace("Thái độ?", "Thái đô của công chức thế nào?"))
    publish(author)
    with database.writing() as session:
        session.scalars(select(Round)).one().opened_at = now()
    return author


def test_small_corrections_do_not_add_up_to_another_word(open_round, two_operators, database):
    _author, other = two_operators
    assert correct(open_round, RIGHT.replace("độ", "độc")).status_code == 302
    assert publish(other).status_code == 302
    answer = correct(open_round, RIGHT.replace("độ", "độch"))  # near to the newest, too far from the opening
    assert answer.status_code == 403
    assert "so với phiếu lúc mở đợt" in answer.text
    scale = make_source(RIGHT).replace("| Tốt ".encode(), "| Tố ".encode())
    files = {"corrected": (io.BytesIO(scale), "phieu.md"), "reason": "Gõ sai"}
    assert "lựa chọn «2»" in post(open_round, f"{ROUND}/E/correct", **files).text
    assert published(database) == [True, True]


RIGHT = Q.replace("Thái độ?", "Thái độ của công chức thế nào?")


def test_marks_are_corrected_at_once_by_one_person(open_round, database):
    marks = make_source(Q.replace("Thái độ?", "Thái đô của công chức – thế nào ?")).replace(
        "| Tốt ".encode(), "| tốt ".encode()
    )
    files = {"corrected": (io.BytesIO(marks), "phieu.md"), "reason": "Dấu câu"}
    assert post(open_round, f"{ROUND}/E/correct", **files).status_code == 302
    assert published(database) == [True, True]
    with database.reading() as session:
        _group, line = corrections(session, session.scalars(select(Round)).one())[0]
        assert {(one.before, one.after) for one in line.changes} >= {("Tốt", "tốt")}


def test_a_typing_error_is_corrected_while_the_round_is_open_and_logged(open_round, two_operators, database):
    assert "Sửa lỗi chữ" in open_round.get(f"{ROUND}/E").text
    assert correct(open_round, RIGHT).status_code == 302
    assert published(database) == [True, False]
    assert "đổi chữ trong lúc thu phiếu" in open_round.get(f"{ROUND}/E").text
    assert publish(open_round).status_code == 403
    _author, other = two_operators
    page = other.get(f"{ROUND}/E").text
    assert "Công bố phiếu" in page
    assert "Gõ sai dấu" in page.partition('id="changes"')[2].partition("</section>")[0]  # where the second decides
    assert publish(other).status_code == 302
    assert published(database) == [True, True]
    with database.reading() as session:
        entry = session.scalars(
            select(AuditEntry).where(AuditEntry.action == Action.QUESTIONNAIRE_CORRECTED.value.code)
        ).one()
        survey_round = session.scalars(select(Round)).one()
        group, line = corrections(session, survey_round)[0]
        assert (group.code, line.version.number, line.version.reason) == ("E", 2, "Gõ sai dấu")
        assert [(c.before, c.after) for c in line.changes] == [
            ("Thái đô của công chức thế nào?", "Thái độ của công chức thế nào?")
        ]
    assert "Gõ sai dấu" in str(entry.fields)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ((RIGHT, "text | y | Ý kiến? | Opinion?"), "thêm câu «y»"),
        ((RIGHT.replace("| yes |", "| |"),), "nay không bắt buộc"),
        ((RIGHT.replace("thế nào?", "không tốt thế nào?"),), "sửa lời"),
        ((Q.replace("Thái độ?", "Thái đô của công chức thế nào?"),), "giống hệt"),
    ],
)
def test_nothing_else_is_corrected_while_the_round_is_open(open_round, database, rows, words):
    answer = correct(open_round, *rows)
    assert answer.status_code == 403
    assert words in answer.text
    assert published(database) == [True]


def test_a_correction_wants_a_reason(open_round, database):
    answer = correct(open_round, RIGHT, reason="")
    assert answer.status_code == 422
    assert "Ghi lý do sửa." in answer.text
    assert published(database) == [True]


def test_a_closed_round_takes_no_correction(open_round, database):
    with database.writing() as session:
        session.scalars(select(Round)).one().closed_at = now()
    assert correct(open_round, RIGHT).status_code == 403
    assert 'name="corrected"' not in open_round.get(f"{ROUND}/E").text


def walk_to_the_end(client):
    """A person who has not done anything yet."""
    first = client.get(f"{ROUND}/E/preview")
    second = preview(client, **{"from": "1", "da_lam": "khong"}, state=state_of(first.text))
    third = preview(client, state=state_of(second.text), **{"from": "2"})
    return preview(client, state=state_of(third.text), khac="co", **{"from": "3"})


def save(client, name="Người chưa làm"):
    end = walk_to_the_end(client)
    assert "Lưu thành kịch bản thử" in end.text
    return post(client, f"{ROUND}/E/scenarios", state=state_of(end.text), scenario=name)


def test_a_scenario_is_saved_from_the_preview_and_runs_at_every_load(two_operators, database):
    author, _other = two_operators
    load(author, *SCREENED)
    assert save(author).status_code == 302
    with database.reading() as session:
        scenario = session.scalars(select(QuestionnaireScenario)).one()
        assert (scenario.answers, scenario.path) == (
            {"da_lam": "khong", "khac": ["co"]},
            ["da_lam", "cam_on", "khac"],
        )
    assert "Đạt" in author.get(f"{ROUND}/E").text
    load(author, *SCREENED, "text | them | Thêm? | More?")
    page = author.get(f"{ROUND}/E").text
    assert "Đi đường khác" in page
    assert "hỏi thêm them" in page
    refused = publish(author)
    assert refused.status_code == 403
    assert "không qua kịch bản thử «Người chưa làm»" in refused.text
    post(author, f"{ROUND}/E/scenarios/1/accept")
    assert publish(author).status_code == 302


def test_a_scenario_that_no_longer_reaches_the_end_stops_publication_and_cannot_be_accepted(two_operators):
    author, _other = two_operators
    load(author, *SCREENED)
    save(author)
    load(author, *SCREENED, "text | them | Thêm? | More? | yes")
    page = author.get(f"{ROUND}/E").text
    assert "Không đến hết phiếu" in page
    assert "câu «them» chưa trả lời đúng" in page
    assert post(author, f"{ROUND}/E/scenarios/1/accept").status_code == 403
    assert publish(author).status_code == 403
    assert post(author, f"{ROUND}/E/scenarios/1/delete").status_code == 302
    assert publish(author).status_code == 302


def test_a_scenario_wants_a_name_of_its_own(two_operators, database):
    author, _other = two_operators
    load(author, *SCREENED)
    for name in ("", "A", "a"):
        save(author, name)
    with database.reading() as session:
        assert [one.name for one in session.scalars(select(QuestionnaireScenario))] == ["A"]
    assert re.search("Đã có kịch bản «a»", author.get(f"{ROUND}/E").text)


def matrix_source(*rows):
    headings = "type | name | label::Tiếng Việt (vi) | label::English (en) | required | relevant | rates | criterion"
    first = "select_one muc | m_1 | Phối hợp? | Co-operation? | yes | | | 1.1"
    return make_source("begin_group | g | Bảng | Table | | | all", first, *rows, "end_group", headings=headings)


def test_a_scenario_answers_a_matrix_about_units_of_any_round(two_operators, database):
    author, _other = two_operators
    with database.writing() as session:
        survey_round = session.scalars(select(Round)).one()
        units = [make_unit(session, name, parent=survey_round.operator_unit) for name in ("Xã A", "Xã B")]
        rated = [RatedUnit(round_id=survey_round.id, unit_id=unit.id) for unit in units]
        session.add_all(rated)
        session.flush()
        group_id = survey_round.groups[0].id
        session.add_all(GroupRating(group_id=group_id, rated_unit_id=one.id) for one in rated)
        first, second = (f"m_1__{one.id}" for one in rated)
    assert upload(author, matrix_source()).status_code == 302
    end = preview(author, state="{}", **{"from": "1", first: "2", second: "KB"})
    assert "Lưu thành kịch bản thử" in end.text
    assert post(author, f"{ROUND}/E/scenarios", state=state_of(end.text), scenario="Hai xã").status_code == 302
    with database.reading() as session:
        scenario = session.scalars(select(QuestionnaireScenario)).one()
        assert scenario.answers == scenario.levels == {"m_1__xa1": "2", "m_1__xa2": "KB"}
        assert scenario.path == ["m_1__"]
    page = author.get(f"{ROUND}/E").text
    assert "Đạt" in page
    assert f"&#34;{first}&#34;: &#34;2&#34;" in page  # shown again on the phone beside
    upload(author, matrix_source("select_one muc | m_2 | Kịp thời? | Timely? | yes | ${m_1} != 'KB'"))
    page = author.get(f"{ROUND}/E").text
    assert "câu «m_2__xa1» chưa trả lời đúng" in page
    assert "m_2__xa2" not in page


def test_another_level_of_a_choice_is_told_by_the_scenario(two_operators):
    author, _other = two_operators
    load(author, Q)
    end = preview(author, state="{}", q_1_1="2", **{"from": "1"})
    assert post(author, f"{ROUND}/E/scenarios", state=state_of(end.text), scenario="Khen").status_code == 302
    scale = make_source(Q).replace(
        "| Tốt       | Good     | 2     |".encode(), "| Tốt       | Good     | 3     |".encode()
    )
    assert upload(author, scale).status_code == 302
    page = author.get(f"{ROUND}/E").text
    assert "Mức chấm khác" in page
    assert "câu «q_1_1»: 2 → 3" in page


def test_the_answers_that_a_change_would_touch_are_counted(app, database):
    from tests.answers.make import make_open_round

    with database.writing() as session:
        made = make_open_round(session, app.extensions["survey_settings"].keys.pepper)
        group = session.get_one(RespondentGroup, made.group.id)
        assert answers_given(session, made.round, group) == 0
