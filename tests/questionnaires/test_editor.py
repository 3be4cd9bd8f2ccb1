"""Common changes in the browser: they give the questionnaire that the same change in Excel would give."""

import io
import re
from functools import partial

import pytest
from sqlalchemy import select

from survey_app.access import Role
from survey_app.errors import Invalid, Missing, Refused
from survey_app.questionnaires.definition_json import from_json
from survey_app.questionnaires.edit_merge import merged
from survey_app.questionnaires.editor import (
    Template,
    Wording,
    added,
    choice_moved,
    choice_removed,
    moved,
    removed,
    reworded,
)
from survey_app.questionnaires.models import QuestionnaireVersion
from survey_app.questionnaires.xlsform import read_xlsform
from survey_app.questionnaires.xlsform_writer import write_workbook
from tests.browser_fixtures import OFFICE, PHONE, check_axe, open_page
from tests.make import make_criteria, make_district, make_group, make_round, make_user
from tests.questionnaires.make import SCALE, SCREENED, TWO_LEVELS, make_definition, make_source
from tests.questionnaires.test_pages import post, publish, upload
from tests.questionnaires.test_versions import two_operators  # noqa: F401 - a fixture

EDIT = "/rounds/r/questionnaires/E/edit"


def names(definition):
    return [question.name for question in definition.questions()]


def both(vi, en):
    return {"vi": vi, "en": en}


def words(label, required=True, choices=None, new=None):
    return Wording(label, {}, required, choices or {}, new or {})


def test_a_question_moves_within_its_section_and_no_further():
    before = make_definition(*SCREENED)
    assert names(moved(before, "so_lan", -1)) == ["da_lam", "so_lan", "q_1_1", "vi_sao", "cam_on", "khac"]
    assert names(moved(before, "q_1_1", -1)) == names(before)
    assert names(moved(before, "khac", 1)) == names(before)
    assert names(moved(before, "phuc_vu", 1))[:2] == ["da_lam", "cam_on"]
    with pytest.raises(Missing):
        moved(before, "la", 1)


def test_other_words_reach_every_question_of_the_list():
    before = make_definition(*SCREENED)
    changed = reworded(
        before, "da_lam", words(both("Ông/bà đã làm chưa?", "Have you?"), choices={"co": both("Rồi", "Yes")})
    )
    assert changed.question("da_lam").label == both("Ông/bà đã làm chưa?", "Have you?")
    assert changed.question("khac").choice("co").label == both("Rồi", "Yes")
    assert changed.question("khac").choice("khong").label == before.question("khac").choice("khong").label


def test_a_new_choice_stands_before_dont_know():
    choices = SCALE + "| | co_khong | KB | Không rõ | Not sure | |\n"
    before = make_definition(*SCREENED, choices=choices)
    changed = reworded(before, "da_lam", words(both("Đã làm chưa?", "Done?"), new=both("Đang làm", "Under way")))
    assert [choice.name for choice in changed.question("khac").choices] == ["co", "khong", "dang_lam", "KB"]
    raised = choice_moved(changed, "da_lam", "dang_lam", -1)
    assert [choice.name for choice in raised.question("khac").choices] == ["co", "dang_lam", "khong", "KB"]
    lowered = choice_moved(changed, "da_lam", "dang_lam", 1)
    assert lowered == changed  # «không biết» stays last
    assert choice_removed(changed, "khac", "dang_lam") == before


def test_a_scale_keeps_its_levels():
    before = make_definition(*SCREENED)
    new = words(both("Thái độ?", "Attitude?"), new=both("Rất tốt", "Very good"))
    with pytest.raises(Invalid, match="Thang điểm"):
        reworded(before, "q_1_1", new)
    for change in (partial(choice_removed, before, "q_1_1", "2"), partial(choice_moved, before, "q_1_1", "2", -1)):
        with pytest.raises(Refused, match="chỉ sửa được lời"):
            change()
    with pytest.raises(Refused, match="ít nhất hai"):
        choice_removed(before, "da_lam", "co")


def test_a_question_without_words_is_refused_beside_the_field():
    with pytest.raises(Invalid) as fault:
        reworded(make_definition(*SCREENED), "da_lam", words(both(" ", "x")))
    assert list(fault.value.faults) == ["label-vi"]


def test_a_removed_question_takes_its_empty_section_along():
    before = make_definition("begin_group | g | Phần | Part", "text | a | A? | A?", "end_group", "text | b | B? | B?")
    assert list(removed(before, "a").groups()) == []


@pytest.mark.parametrize(
    ("template", "name", "kind", "list_name"),
    [
        (Template.SCORED, "q_1_2", "select_one", "muc"),
        (Template.YES_NO, "them_gi_nua", "select_one", "co_khong"),
        (Template.NUMBER, "them_gi_nua", "integer", ""),
        (Template.OPINION, "them_gi_nua", "text", ""),
        (Template.WORDS, "them_gi_nua", "note", ""),
    ],
)
def test_a_new_question_comes_from_its_template(template, name, kind, list_name):
    before = make_definition(*SCREENED)
    changed, made = added(before, template, both("Thêm gì nữa?", "What else?"), "so_lan", "1.2")
    question = changed.question(made)
    assert (question.name, question.kind, question.list_name) == (name, kind, list_name)
    assert names(changed)[3] == name
    assert read_xlsform(write_workbook(changed), "sua.xlsx") == changed


def test_the_first_scored_question_brings_its_own_scale():
    changed, made = added(
        make_definition("text | a | A? | A?"), Template.SCORED, both("Tốt không?", "Good?"), "", "1.1"
    )
    assert [choice.level for choice in changed.question(made).choices] == [1, 2, 3, 4, 5, None]
    with pytest.raises(Invalid):
        added(changed, Template.SCORED, both("Tốt không?", "Good?"), "", "")


def seen_of(client):
    with client.application.extensions["survey_database"].reading() as session:
        version = session.scalars(select(QuestionnaireVersion).order_by(QuestionnaireVersion.number.desc())).first()
        return version.sha256, from_json(version.definition)


def test_every_change_goes_into_the_draft_and_the_published_version_stays(two_operators):  # noqa: F811
    author, _other = two_operators
    upload(author, make_source(*SCREENED))
    publish(author)
    published, before = seen_of(author)
    assert "Sửa tại đây" in author.get("/rounds/r/questionnaires/E").text
    assert post(author, f"{EDIT}/move", name="so_lan", step="up", seen=published).status_code == 302
    seen, definition = seen_of(author)
    assert names(definition) == names(moved(before, "so_lan", -1))
    fields = {"label-vi": "Ông/bà đến mấy lần?", "label-en": "How many visits?", "hint-vi": "", "hint-en": ""}
    assert post(author, f"{EDIT}/question/so_lan", seen=seen, **fields).status_code == 302
    seen, definition = seen_of(author)
    assert definition.question("so_lan").label["vi"] == "Ông/bà đến mấy lần?"
    new = {
        "template": "scored",
        "criterion": "1.1",
        "label-vi": "Sự thạo việc?",
        "label-en": "Skill?",
        "after": "q_1_1",
    }
    assert post(author, f"{EDIT}/new", seen=seen, **new).status_code == 302
    seen, definition = seen_of(author)
    assert "q_1_1_2" in names(definition)
    assert post(author, f"{EDIT}/remove", seen=seen, name="khac").status_code == 302
    assert "khac" not in names(seen_of(author)[1])
    assert "Bản 2" in author.get("/rounds/r/questionnaires/E").text


def question_fields(label_vi, label_en="How often?", **more):
    return {"label-vi": label_vi, "label-en": label_en, "hint-vi": "", "hint-en": "", **more}


def test_who_edits_an_older_state_is_told_who_was_faster(two_operators):  # noqa: F811
    author, other = two_operators
    upload(author, make_source(*SCREENED))
    seen, _definition = seen_of(author)
    assert post(other, f"{EDIT}/move", name="so_lan", step="up", seen=seen).status_code == 302
    now, _moved = seen_of(author)
    late = post(author, f"{EDIT}/move", name="so_lan", step="up", seen=seen)
    assert late.status_code == 302
    assert "vừa sửa phiếu này lúc" in author.get(EDIT).text
    assert seen_of(author)[0] == now


def test_a_file_does_not_replace_a_draft_that_its_page_did_not_show(two_operators):  # noqa: F811
    author, other = two_operators
    upload(author, make_source(*SCREENED))
    page = "/rounds/r/questionnaires/E"
    seen = re.search(r'name="seen" value="(\w+)"', author.get(page).text)[1]
    assert post(other, f"{EDIT}/remove", seen=seen, name="khac").status_code == 302
    now, _definition = seen_of(author)
    fields = {"file": (io.BytesIO(make_source(*SCREENED[:1])), "e.md"), "seen": seen}
    assert post(author, f"{page}/upload", **fields).status_code == 302
    assert "vừa sửa phiếu này lúc" in author.get(page).text
    assert seen_of(author)[0] == now


def test_a_file_of_an_earlier_state_says_what_it_takes_back(two_operators):  # noqa: F811
    author, other = two_operators
    page = "/rounds/r/questionnaires/E"
    upload(author, make_source(*SCREENED))
    file = author.get(f"{page}/file.xlsx").data
    seen, before = seen_of(author)
    english = before.question("so_lan").label["en"]
    theirs = question_fields("Đến mấy lần?", english)
    assert post(other, f"{EDIT}/question/so_lan", seen=seen, **theirs).status_code == 302
    assert post(author, f"{page}/shipped", seen=seen).status_code == 409
    fields = {"file": (io.BytesIO(file), "e.xlsx"), "seen": seen_of(author)[0]}
    assert post(author, f"{page}/upload", **fields).status_code == 302
    told = author.get(page).text
    assert "Tệp này không có những thay đổi đã ghi trong bản nháp" in told
    assert "câu «so_lan», câu hỏi (vi): sửa lời" in told
    assert post(author, f"{page}/upload", file=(io.BytesIO(file), "e.xlsx"), seen=seen_of(author)[0]).status_code == 302
    assert "Tệp này không có" not in author.get(page).text


def test_two_changes_of_other_fields_are_both_kept(two_operators):  # noqa: F811
    author, other = two_operators
    upload(author, make_source(*SCREENED))
    seen, before = seen_of(author)
    label = before.question("so_lan").label
    theirs = question_fields(label["vi"], "How many times?", required="on")
    assert post(other, f"{EDIT}/question/so_lan", seen=seen, **theirs).status_code == 302
    mine = question_fields("Mấy lần đến?", label["en"])
    assert post(author, f"{EDIT}/question/so_lan", seen=seen, **mine).status_code == 302
    question = seen_of(author)[1].question("so_lan")
    assert (question.label, question.required) == (both("Mấy lần đến?", "How many times?"), True)
    assert "cả hai thay đổi đều được giữ" in author.get(EDIT).text


def test_two_texts_of_one_field_stand_side_by_side_until_somebody_chooses(two_operators):  # noqa: F811
    author, other = two_operators
    upload(author, make_source(*SCREENED))
    seen, before = seen_of(author)
    english = before.question("so_lan").label["en"]
    assert (
        post(other, f"{EDIT}/question/so_lan", seen=seen, **question_fields("Đến mấy lần?", english)).status_code == 302
    )
    now, _definition = seen_of(author)
    mine = question_fields("Mấy lần đến?", english)
    late = post(author, f"{EDIT}/question/so_lan", seen=seen, **mine)
    assert late.status_code == 409
    for words in ("vừa sửa câu này lúc", "Đến mấy lần?", "Mấy lần đến?", "Lấy lời của", "Lưu lời của tôi"):
        assert words in late.text
    assert seen_of(author)[0] == now
    assert post(author, f"{EDIT}/question/so_lan", seen=now, **mine).status_code == 302
    assert seen_of(author)[1].question("so_lan").label["vi"] == "Mấy lần đến?"


def test_what_was_typed_for_a_removed_question_can_be_added_anew(two_operators):  # noqa: F811
    author, other = two_operators
    upload(author, make_source(*SCREENED))
    seen, _definition = seen_of(author)
    assert post(other, f"{EDIT}/remove", seen=seen, name="khac").status_code == 302
    choices = {"choice-co-vi": "Có chứ", "choice-khong-vi": "Không"}
    late = post(author, f"{EDIT}/question/khac", seen=seen, **question_fields("Còn gì nữa?"), **choices)
    assert late.status_code == 409
    for words in ("vừa bỏ câu này", "Còn gì nữa?", "Có chứ; Không", "Thêm vào bản nháp"):
        assert words in late.text


def test_without_the_state_that_was_seen_every_other_field_is_a_clash():
    mine, theirs = {"label-vi": "A", "hint-vi": "gợi ý"}, {"label-vi": "A", "hint-vi": "khác"}
    assert merged(None, mine, theirs).clashes == {"hint-vi": "khác"}
    assert merged(mine | {"choice-x-vi": "X"}, mine | {"choice-x-vi": "Y"}, mine).clashes == {"choice-x-vi": ""}


def test_a_removal_is_asked_about_and_can_be_undone(two_operators):  # noqa: F811
    author, _other = two_operators
    upload(author, make_source(*SCREENED))
    seen, before = seen_of(author)
    assert "Hoàn tác" not in author.get(EDIT).text
    asked = author.get(f"{EDIT}/remove/khac").text
    assert "Bỏ câu này" in asked
    assert "What else?" in asked
    assert post(author, f"{EDIT}/remove", seen=seen, name="khac").status_code == 302
    assert "Hoàn tác" in author.get(EDIT).text
    assert post(author, f"{EDIT}/undo", seen="").status_code == 409
    seen, _without = seen_of(author)
    assert post(author, f"{EDIT}/undo", seen=seen).status_code == 302
    assert seen_of(author)[1] == before


def test_all_changes_of_a_draft_are_taken_back_and_made_again_one_by_one(two_operators):  # noqa: F811
    author, _other = two_operators
    upload(author, make_source(*SCREENED))
    states = [seen_of(author)]
    for name in ("khac", "cam_on", "vi_sao"):
        assert post(author, f"{EDIT}/remove", seen=states[-1][0], name=name).status_code == 302
        states.append(seen_of(author))
    upload(author, make_source(*SCREENED[:1]))
    states.append(seen_of(author))
    for _seen, definition in reversed(states[:-1]):
        assert post(author, f"{EDIT}/undo", seen=seen_of(author)[0]).status_code == 302
        assert seen_of(author)[1] == definition
    assert "Hoàn tác (còn" not in author.get(EDIT).text
    assert post(author, f"{EDIT}/undo", seen=seen_of(author)[0]).status_code == 403
    for _seen, definition in states[1:3]:
        assert post(author, f"{EDIT}/redo", seen=seen_of(author)[0]).status_code == 302
        assert seen_of(author)[1] == definition
    page = author.get(EDIT).text
    assert "Hoàn tác (còn 2 lần)" in page
    assert "«Cảm ơn.» → «–»" in page
    assert page.index("bỏ câu «cam_on»") < page.index("«Làm lại» ghi lại thay đổi này") < page.index("bỏ câu «vi_sao»")
    assert post(author, f"{EDIT}/move", seen=seen_of(author)[0], name="so_lan", step="up").status_code == 302
    assert post(author, f"{EDIT}/redo", seen=seen_of(author)[0]).status_code == 403  # a new change begins another way
    publish(author)
    assert "Hoàn tác" not in author.get(EDIT).text


def test_the_order_of_choices_is_changed_together_with_the_words(two_operators):  # noqa: F811
    author, _other = two_operators
    upload(author, make_source(*SCREENED))
    seen, _definition = seen_of(author)
    fields = {"label-vi": "Làm chưa?", "label-en": "Done?", "choice-co-vi": "Rồi", "choice-co-en": "Yes"}
    fields |= {"choice-khong-vi": "Chưa", "choice-khong-en": "No", "choice": "down:co"}
    assert post(author, f"{EDIT}/question/da_lam", seen=seen, **fields).status_code == 302
    question = seen_of(author)[1].question("da_lam")
    assert [choice.label["vi"] for choice in question.choices] == ["Chưa", "Rồi"]


def test_a_change_that_breaks_a_condition_is_refused_in_words(two_operators):  # noqa: F811
    author, _other = two_operators
    upload(author, make_source(*SCREENED))
    seen, _definition = seen_of(author)
    answer = post(author, f"{EDIT}/remove", seen=seen, name="da_lam")
    assert answer.status_code == 302
    assert "không có câu hỏi «da_lam»" in author.get(EDIT).text
    assert seen_of(author)[0] == seen


def test_missing_words_are_told_beside_the_field_and_nothing_typed_is_lost(two_operators):  # noqa: F811
    author, _other = two_operators
    upload(author, make_source(*SCREENED))
    seen, _definition = seen_of(author)
    page = post(author, f"{EDIT}/new", seen=seen, template="scored", **{"label-vi": "Sự thạo việc?", "label-en": ""})
    assert page.status_code == 422
    assert "Chọn tiêu chí mà câu này chấm điểm." in page.text
    assert "Sự thạo việc?" in page.text


@pytest.mark.parametrize("viewport", [OFFICE, PHONE], ids=["office", "phone"])
def test_the_pages_of_the_editor_are_accessible(server, new_context, viewport):
    with server.database.writing() as session:
        district = make_district(session)
        survey_round = make_round(session, district, code="r", rules=TWO_LEVELS)
        make_group(session, survey_round, "E")
        make_criteria(session, survey_round, [("1.1", "1.00", "survey", ["E"])])
        user = make_user(session, role=Role.OPERATOR, unit=district)
    page = open_page(server, new_context, user, "/rounds/r/questionnaires/E", viewport=viewport)
    page.set_input_files("#file", {"name": "e.md", "mimeType": "text/markdown", "buffer": make_source(*SCREENED)})
    page.click("#upload button.btn")
    for address in ("", "/edit", "/edit/question/da_lam", "/edit/new", "/edit/remove/da_lam"):
        answer = page.goto(f"{server.url}/rounds/r/questionnaires/E{address}")
        assert answer.ok, address
        check_axe(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
