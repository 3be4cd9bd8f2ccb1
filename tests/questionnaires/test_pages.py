import io
import json
import re

import openpyxl
import pytest

from survey_app.access import Role
from survey_app.audit import Action, AuditEntry
from survey_app.db import now
from survey_app.questionnaires.models import QuestionnaireVersion
from survey_app.questionnaires.xlsform import read_xlsform
from tests.make import csrf_token, make_criteria, make_district, make_group, make_round
from tests.questionnaires.make import SCALE, SCREENED, TWO_LEVELS, make_source

LEAVES = [("1.1", "1.00", "survey", ["E"]), ("8.1", "10.00", "sipas", ["F"]), ("2.1", "1.00", "self_assessment", [])]
Q = "select_one muc | q_1_1 | Thái độ? | Attitude? | yes | | likert | 1.1"


@pytest.fixture
def operator(database, signed_in):
    """An operator of a round «r» with the groups E and F."""
    with database.writing() as session:
        district = make_district(session)
        survey_round = make_round(session, district, code="r", rules=TWO_LEVELS)
        make_group(session, survey_round, "E")
        make_group(session, survey_round, "F", name="Doanh nghiệp")
        make_criteria(session, survey_round, LEAVES)
    return signed_in(Role.OPERATOR, unit=district)


def post(client, address, **fields):
    return client.post(address, data={"csrf_token": csrf_token(client), **fields})


def upload(client, data, name="phieu.md", group="E"):
    return post(client, f"/rounds/r/questionnaires/{group}/upload", file=(io.BytesIO(data), name))


def upload_sipas(client, choices):
    """The page after uploading a questionnaire of F, about the satisfaction index."""
    upload(client, make_source(Q.replace("1.1", "8.1"), choices=choices), group="F")
    return client.get("/rounds/r/questionnaires/F").text


def publish(client):
    """Presses the button of the page of E; where there is none, posts all the same."""
    page = "/rounds/r/questionnaires/E"
    seen = re.search(r'name="seen" value="(\w+)"', client.get(page).text)
    return post(client, f"{page}/publish", seen=seen[1] if seen else "")


def load_and_publish(client):
    assert upload(client, make_source(Q)).status_code == 302
    return publish(client)


def test_a_round_without_questionnaires_says_what_to_do(operator):
    page = operator.get("/rounds/r/questionnaires").text
    assert "Chưa có phiếu. Tải tệp XLSForm lên, hoặc dùng phiếu mẫu nhóm A–G." in page
    assert "Dùng phiếu mẫu nhóm A–G" in page
    assert "0/2 tiêu chí có câu hỏi" in page


def test_the_shipped_questionnaires_are_loaded_for_every_group_without_one(operator, database):
    assert post(operator, "/rounds/r/questionnaires/shipped").status_code == 302
    page = operator.get("/rounds/r/questionnaires").text
    assert "Nháp" in page
    with database.reading() as session:
        assert session.query(QuestionnaireVersion).count() == 2


def test_an_uploaded_file_becomes_the_draft_and_is_shown_with_its_checks(operator):
    assert upload(operator, make_source(*SCREENED)).status_code == 302
    page = operator.get("/rounds/r/questionnaires/E").text
    assert "Không có lỗi, không có cảnh báo." in page
    assert "1/1 tiêu chí của nhóm có câu hỏi" in page


def test_a_refused_file_is_told_cell_by_cell_and_changes_nothing(operator, database):
    answer = upload(operator, make_source("deviceid | d", "text | 1x | X? | X?"))
    assert answer.status_code == 422
    assert "survey, dòng 2, cột type" in answer.text
    assert "survey, dòng 3, cột name" in answer.text
    with database.reading() as session:
        assert session.query(QuestionnaireVersion).count() == 0


@pytest.mark.parametrize("data", [b"", b"\x89PNG", b"PK\x03\x04"])
def test_a_file_that_is_no_workbook_gets_a_sentence(operator, data):
    answer = upload(operator, data, "anh.xlsx")
    assert answer.status_code == 422
    assert "chưa nhận được" in answer.text


def test_an_upload_without_file_is_answered_beside_the_field(operator):
    answer = post(operator, "/rounds/r/questionnaires/E/upload")
    assert answer.status_code == 422
    assert "Chọn một tệp." in answer.text


def test_a_published_questionnaire_is_frozen_and_audited(operator, database):
    assert load_and_publish(operator).status_code == 302
    with database.reading() as session:
        version = session.query(QuestionnaireVersion).one()
        assert version.published_at is not None
        assert version.published_by_id
        entries = [entry.action for entry in session.query(AuditEntry).order_by(AuditEntry.id)]
    assert entries[-2:] == [Action.QUESTIONNAIRE_LOADED.value.code, Action.QUESTIONNAIRE_PUBLISHED.value.code]


def test_a_new_file_after_publication_is_a_new_version_and_the_old_one_stays(operator, database):
    load_and_publish(operator)
    for label in ("Thế nào?", "Ra sao?"):
        upload(operator, make_source(Q.replace("Thái độ?", label)))
    with database.reading() as session:
        first, second = session.query(QuestionnaireVersion).order_by(QuestionnaireVersion.number)
    assert (first.number, second.number, second.published_at) == (1, 2, None)
    assert "Thái độ?" in json.dumps(first.definition, ensure_ascii=False)
    assert "Ra sao?" in json.dumps(second.definition, ensure_ascii=False)


def test_a_draft_with_errors_cannot_be_published(operator, database):
    upload(operator, make_source("text | x | X? | X?"))
    assert "tiêu chí 1.1 hỏi nhóm E nhưng phiếu chưa có câu nào" in operator.get("/rounds/r/questionnaires/E").text
    answer = post(operator, "/rounds/r/questionnaires/E/publish")
    assert answer.status_code == 403
    assert "còn 1 lỗi" in answer.text


def test_publishing_all_takes_only_drafts_without_errors(operator, database):
    upload(operator, make_source(Q))
    upload(operator, make_source("text | x | X? | X?"), group="F")
    assert post(operator, "/rounds/r/questionnaires/publish").status_code == 302
    with database.reading() as session:
        versions = session.query(QuestionnaireVersion).order_by(QuestionnaireVersion.id)
        assert [version.published_at is not None for version in versions] == [True, False]


def test_nothing_changes_once_the_round_is_open(operator, database):
    load_and_publish(operator)
    from survey_app.rounds.models import Round

    with database.writing() as session:
        session.query(Round).one().opened_at = now()
    for answer in (
        upload(operator, make_source(Q)),
        post(operator, "/rounds/r/questionnaires/E/publish"),
        post(operator, "/rounds/r/questionnaires/E/shipped"),
    ):
        assert answer.status_code == 403
        assert "không đổi được nữa" in answer.text
    assert "không đổi được nữa" in operator.get("/rounds/r/questionnaires/E").text


def test_the_file_comes_back_as_excel_and_as_markdown(operator):
    upload(operator, make_source(*SCREENED))
    for ending in ("xlsx", "md"):
        answer = operator.get(f"/rounds/r/questionnaires/E/file.{ending}")
        assert answer.status_code == 200
        assert read_xlsform(answer.data, f"a.{ending}").question("q_1_1").criterion == "1.1"
    assert operator.get("/rounds/r/questionnaires/E/file.exe").status_code == 404
    assert operator.get("/rounds/r/questionnaires/F/file.md").status_code == 404


def test_a_leader_reads_and_changes_nothing(operator, database, signed_in):
    upload(operator, make_source(Q))
    with database.reading() as session:
        from survey_app.units.models import Unit

        district = session.query(Unit).filter_by(code="099").one()
    leader = signed_in(Role.LEADER, unit=district)
    page = leader.get("/rounds/r/questionnaires/E").text
    assert "Công bố phiếu" not in page
    assert upload(leader, make_source(Q)).status_code == 403
    assert post(leader, "/rounds/r/questionnaires/publish").status_code == 403


def test_another_district_sees_nothing(operator, signed_in, database):
    from tests.make import make_unit

    with database.writing() as session:
        other = make_unit(session, "Huyện Mường Ảng", code="102")
    stranger = signed_in(Role.OPERATOR, unit=other)
    for address in ("", "/E", "/E/preview", "/E/file.md"):
        assert stranger.get(f"/rounds/r/questionnaires{address}").status_code == 404
    assert operator.get("/rounds/r/questionnaires/Z").status_code == 404


def preview(client, **fields):
    state = fields.pop("state", "{}")
    return post(client, "/rounds/r/questionnaires/E/preview", state=state, **fields)


def state_of(page):
    import html

    return html.unescape(re.search(r'name="state" value="([^"]*)"', page).group(1))


def test_lines_inside_a_cell_that_are_joined_are_told(operator):
    book = openpyxl.Workbook()
    survey = book.active
    survey.title = "survey"
    for row in (["type", "name", "label"], ["text", "y", "Dòng một\nDòng hai"], ["text", "z", "Gì nữa?\n"]):
        survey.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    upload(operator, buffer.getvalue(), name="phieu.xlsx")
    page = operator.get("/rounds/r/questionnaires/E").text
    assert "viết liền thành một dòng (survey, dòng 2, cột label)." in page


def test_the_preview_is_walked_like_the_real_form_and_stores_nothing(operator, database):
    upload(operator, make_source(*SCREENED))
    first = operator.get("/rounds/r/questionnaires/E/preview")
    assert "Đã làm chưa?" in first.text
    assert first.headers["X-Frame-Options"] == "SAMEORIGIN"
    second = preview(operator, **{"from": "1", "da_lam": "khong"})
    assert "Cảm ơn." in second.text
    third = preview(operator, state=state_of(second.text), **{"from": "2"})
    assert "Gì nữa?" in third.text
    back = preview(operator, state=state_of(third.text), back="1", **{"from": "3"})
    assert "Cảm ơn." in back.text
    end = preview(operator, state=state_of(third.text), khac="co", **{"from": "3"})
    assert "Xem lại trước khi gửi" in end.text
    assert re.search(r"<dt>5\. Gì nữa\?</dt>\s*<dd><span>Có</span>", end.text)
    unanswered = preview(operator, state=state_of(third.text), **{"from": "3"})
    assert re.search(r"Gì nữa\?</dt>\s*<dd><span class=\"none\">Chưa trả lời</span>", unanswered.text)
    with database.reading() as session:
        assert (
            session.query(AuditEntry).filter(AuditEntry.action != Action.QUESTIONNAIRE_LOADED.value.code).count() == 0
        )


def test_an_unanswered_required_question_is_told_and_jumping_is_free(operator):
    upload(operator, make_source(*SCREENED))
    refused = preview(operator, **{"from": "1"})
    assert refused.status_code == 422
    assert "Chọn một câu trả lời." in refused.text
    jumped = preview(operator, go="1", jump="3", **{"from": "1"})
    assert "Mấy lần?" in jumped.text


def test_the_language_is_switched_in_place(operator):
    upload(operator, make_source(*SCREENED))
    english = preview(operator, switch="en", da_lam="co", **{"from": "1"})
    assert "Done?" in english.text
    assert '<html lang="en">' in english.text
    assert json.loads(state_of(english.text)) == {"da_lam": "co"}
    following = preview(operator, state=state_of(english.text), lang="en", da_lam="co", **{"from": "1"})
    assert "Attitude?" in following.text


@pytest.mark.parametrize("state", ["", "[", "[1]", '{"la": 1, "da_lam": {"x": 1}}', "[" * 90000, "x" * 200000])
def test_a_torn_state_in_the_preview_does_no_harm(operator, state):
    upload(operator, make_source(*SCREENED))
    answer = preview(operator, state=state, da_lam="co", **{"from": "1"})
    assert answer.status_code == 200
    assert json.loads(state_of(answer.text)) == {"da_lam": "co"}


def test_the_step_on_the_home_page_follows_the_questionnaires(operator):
    def step():
        page = operator.get("/rounds/r").text
        return re.search(r"Chuẩn bị phiếu hỏi.*?class=\"tag[^>]*>(?:<svg.*?</svg>)?([^<]+)", page, re.DOTALL).group(1)

    assert step().strip() == "Cần làm"
    load_and_publish(operator)
    assert step().strip() == "Đang làm"
    upload(operator, make_source("text | x | X? | X?"), group="F")
    assert step().strip() == "Có vướng mắc"
    post(operator, "/rounds/r/questionnaires/F/shipped")
    assert "tính điểm theo 5 mức" in upload_sipas(operator, SCALE)
    higher = "".join(f"| | muc | {level} | Mức {level} | Level {level} | {level} |\n" for level in (3, 4, 5))
    assert "tính điểm theo 5 mức" not in upload_sipas(operator, SCALE + higher)
    post(operator, "/rounds/r/questionnaires/publish")
    assert step().strip() == "Đã xong"


@pytest.mark.parametrize(
    ("address", "media_type", "start"),
    [
        ("file.xml", "application/xml", b"<?xml"),
        ("file.ddi.xml", "application/xml", b"<?xml"),
        ("paper.pdf", "application/pdf", b"%PDF"),
        ("paper.pdf?lang=en", "application/pdf", b"%PDF"),
    ],
)
def test_the_questionnaire_leaves_as_xform_ddi_and_paper(operator, address, media_type, start):
    assert upload(operator, make_source(*SCREENED)).status_code == 302
    answer = operator.get(f"/rounds/r/questionnaires/E/{address}")
    assert (answer.status_code, answer.mimetype) == (200, media_type)
    assert answer.data.startswith(start)
