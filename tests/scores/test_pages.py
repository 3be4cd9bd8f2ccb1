"""Pages of the points: who may see them, what stands there, what is kept back."""

import io
import re

import pytest
from openpyxl import load_workbook
from playwright.sync_api import expect
from sqlalchemy import select, update

from survey_app.access import Role
from survey_app.answers.models import Ballot
from survey_app.audit import AuditEntry
from survey_app.rounds.models import Cell
from survey_app.scores.comparison import unit_lists_of
from survey_app.scores.models import ScoreRun
from survey_app.scores.rules import store_run
from survey_app.scores.step import step_state
from survey_app.steps import StepStatus
from tests.browser_fixtures import OFFICE, PHONE, check_axe, signed_in_context
from tests.make import csrf_token, make_district, make_round, make_unit, make_user
from tests.scores.opened_round import in_places, make_opened_round, rate_second_unit, read_csv


@pytest.fixture
def scored(database, samples):
    """A scored round of the sample answers: its code and its district."""

    def make(answers="answers-simulated.csv", **facts):
        with database.writing() as session:
            survey_round = make_opened_round(session, samples, answers, **facts)
            store_run(session, survey_round, make_user(session, Role.OPERATOR, survey_round.operator_unit))
            return survey_round.code, survey_round.operator_unit

    return make


def text_of(response) -> str:
    assert response.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.get_data(as_text=True)))


def test_total_areas_and_leaves_stand_on_the_page_with_the_rule(scored, signed_in):
    code, district = scored()
    page = text_of(signed_in(Role.LEADER, unit=district).get(f"/rounds/{code}/scores"))
    assert "21,86 / 30,00 điểm" in page
    assert "3,42 / 5,00" in page  # area V
    assert "Thang 5 mức 1 / 0,75 / 0,5 / 0,25 / 0; không tính «không biết»" in page
    assert "22 / 22 tiêu chí đủ mẫu" in page
    assert "Thái độ phục vụ" in page


def test_the_chart_names_the_highest_and_lowest_leaf(scored, signed_in):
    code, district = scored()
    page = signed_in(Role.LEADER, unit=district).get(f"/rounds/{code}/scores").get_data(as_text=True)
    assert "Phần trăm điểm tối đa của 22 tiêu chí: cao nhất 6.4.2 (80,5 %), thấp nhất 4.4.1 (57,4 %)." in page
    assert 'href="#bang-tieu-chi">Xem bảng số' in page


def test_the_chooser_leads_back_from_a_unit_to_all(database, samples, signed_in):
    with database.writing() as session:
        survey_round = make_opened_round(session, samples)
        rate_second_unit(session, survey_round, read_csv(samples / "answers-edge.csv"))
        store_run(session, survey_round, make_user(session, Role.OPERATOR, survey_round.operator_unit))
    client = signed_in(Role.LEADER, unit=survey_round.operator_unit)
    for rest in ("", "/questions", "/years", "/groups"):
        assert client.get(f"/rounds/{survey_round.code}/scores{rest}?unit=").status_code == 200, rest


def test_a_group_below_n_min_is_marked(scored, signed_in):
    code, district = scored("answers-edge.csv")
    page = text_of(signed_in(Role.OPERATOR, unit=district).get(f"/rounds/{code}/scores"))
    assert "Không đủ mẫu" in page
    assert "dưới 5*" in page
    assert "4*" not in page


def test_nothing_can_be_computed_before_the_opening(database, samples, signed_in):
    with database.writing() as session:
        survey_round = make_opened_round(session, samples, envelopes_opened_on=None)
    client = signed_in(Role.OPERATOR, unit=survey_round.operator_unit)
    page = text_of(client.get(f"/rounds/{survey_round.code}/scores"))
    assert "Tính được sau khi mở niêm phong." in page
    answer = client.post(f"/rounds/{survey_round.code}/scores", data={"csrf_token": csrf_token(client)})
    assert answer.status_code == 403
    assert "Tính được sau khi mở niêm phong." in answer.get_data(as_text=True)


def test_the_operator_computes_and_sees_the_new_run(database, samples, signed_in):
    with database.writing() as session:
        survey_round = make_opened_round(session, samples)
    client = signed_in(Role.OPERATOR, unit=survey_round.operator_unit, full_name="Lò Thị Minh")
    address = f"/rounds/{survey_round.code}/scores"
    assert "Chưa tính điểm lần nào." in text_of(client.get(address))
    answer = client.post(address, data={"csrf_token": csrf_token(client)}, follow_redirects=True)
    assert "Đã tính điểm, lần 1." in text_of(answer)
    with database.reading() as session:
        assert session.scalars(select(ScoreRun)).one().made_by_name == "Lò Thị Minh"


def test_a_leader_reads_and_does_not_compute(scored, signed_in):
    code, district = scored()
    client = signed_in(Role.LEADER, unit=district)
    assert "Tính điểm</button>" not in client.get(f"/rounds/{code}/scores").get_data(as_text=True)
    assert client.post(f"/rounds/{code}/scores", data={"csrf_token": csrf_token(client)}).status_code == 403


@pytest.mark.parametrize("path", ["scores", "scores/5.6.3", "scores.xlsx"])
def test_points_are_not_for_units_nor_for_another_district(database, scored, signed_in, path):
    code, district = scored()
    with database.writing() as session:
        stranger = make_unit(session, "Huyện Mường Chà", kind="huyen", code="097")
    assert signed_in(Role.UNIT_OFFICER, unit=district).get(f"/rounds/{code}/{path}").status_code == 403
    assert signed_in(Role.ADMINISTRATOR).get(f"/rounds/{code}/{path}").status_code == 403
    assert signed_in(Role.LEADER, unit=stranger).get(f"/rounds/{code}/{path}").status_code == 404


def test_the_trace_shows_counts_formula_and_other_rules(scored, signed_in):
    code, district = scored()
    page = text_of(signed_in(Role.LEADER, unit=district).get(f"/rounds/{code}/scores/5.6.3"))
    assert "Vì sao 5.6.3 được 0,78 điểm?" in page
    assert re.search(
        r"E 9 36 89 166 71 26 7 371 \(0·9 \+ 0,25·36 \+ 0,5·89 \+ 0,75·166 \+ 1·71\) / 371 = 0,671159", page
    )
    assert "Điểm = 1,25 × (0,671159 + 0,574468) / 2 = 0,778517 → làm tròn một lần 0,78" in page
    assert "gộp phiếu các nhóm 0,83" in page
    assert "«không biết» tính 0 0,74" in page


def test_levels_and_mean_of_a_small_group_are_kept_back(scored, signed_in):
    code, district = scored("answers-edge.csv")
    page = text_of(signed_in(Role.OPERATOR, unit=district).get(f"/rounds/{code}/scores/6.4.1"))
    assert "B (ít hơn 5 phiếu) – – – Đã giữ kín" in page
    assert "Phép tính từng nhóm không nêu" in page  # of the group D, eight answered


def test_the_trace_of_sipas_names_its_items(scored, signed_in):
    code, district = scored()
    page = text_of(signed_in(Role.OPERATOR, unit=district).get(f"/rounds/{code}/scores/8.1"))
    assert "Vì sao 8.1 được 7,79 điểm?" in page
    assert re.search(r"E\+F s_08 .*0,884977", page)
    assert "/ 15 = 7,794683" in page
    assert "nhóm bằng nhau 7,32" in page


def test_a_run_of_an_earlier_program_says_so_on_every_page(database, scored, signed_in):
    code, district = scored()
    client = signed_in(Role.LEADER, unit=district)
    paths = ("", "/8.1", *(f"/{name}" for name in PAGES))
    assert not any("bản chương trình cũ" in text_of(client.get(f"/rounds/{code}/scores{path}")) for path in paths)
    with database.writing() as session:
        session.execute(update(ScoreRun).values(program_version="0.0.9"))
    for path in paths:
        assert "do bản chương trình cũ (0.0.9) tính" in text_of(client.get(f"/rounds/{code}/scores{path}")), path
    assert "Đề nghị cán bộ phụ trách đợt tính lại" in text_of(client.get(f"/rounds/{code}/scores"))
    client = signed_in(Role.OPERATOR, unit=district)
    client.post(f"/rounds/{code}/scores", data={"csrf_token": csrf_token(client)})
    assert "bản chương trình cũ" not in text_of(client.get(f"/rounds/{code}/scores")), "computed again"


def test_a_leaf_without_points_says_why(scored, signed_in):
    code, district = scored("answers-edge.csv")
    page = text_of(signed_in(Role.OPERATOR, unit=district).get(f"/rounds/{code}/scores/5.6.3"))
    assert "Vì sao 5.6.3 chưa có điểm?" in page
    assert "Không nhóm nào có đủ 5 câu trả lời" in page


@pytest.mark.parametrize(
    "path", ["scores/9.9.9", "scores?run=7", "scores?run=x", "scores?unit=zz", "scores/8.1?run=2", "scores.xlsx?run=9"]
)
def test_what_is_not_there_is_not_found(scored, signed_in, path):
    code, district = scored()
    assert signed_in(Role.OPERATOR, unit=district).get(f"/rounds/{code}/{path}").status_code == 404


def test_a_round_without_a_run_has_no_trace_and_no_workbook(database, samples, signed_in):
    with database.writing() as session:
        survey_round = make_opened_round(session, samples)
    client = signed_in(Role.OPERATOR, unit=survey_round.operator_unit)
    assert client.get(f"/rounds/{survey_round.code}/scores/8.1").status_code == 404
    assert client.get(f"/rounds/{survey_round.code}/scores.xlsx").status_code == 404


def test_computing_again_confirms_a_run(scored, signed_in):
    code, district = scored()
    client = signed_in(Role.LEADER, unit=district)
    answer = client.post(
        f"/rounds/{code}/scores/1/compare", data={"csrf_token": csrf_token(client)}, follow_redirects=True
    )
    assert "Lần tính 1: tính lại ra đúng kết quả đã lưu" in text_of(answer)


def test_rated_units_are_listed_with_a_page_each(database, samples, signed_in):
    rows = [row | {"q_1_7_1": "5"} for row in read_csv(samples / "answers-simulated.csv") if row["group"] in "ACD"]
    with database.writing() as session:
        survey_round = make_opened_round(session, samples)
        rate_second_unit(session, survey_round, rows)
        others = [row | {"q_1_7_1": "1"} for row in rows]
        rate_second_unit(session, survey_round, others, "Huyện Nậm Pồ", "103")
        run = store_run(session, survey_round, make_user(session, Role.OPERATOR, survey_round.operator_unit))
        ((_heading, units),) = unit_lists_of(run, {})
        assert ([row.unit for row in units.ordered], [one.unit for one in units.apart]) == (["102", "103"], ["099"])
    client = signed_in(Role.LEADER, unit=survey_round.operator_unit)
    page = text_of(client.get(f"/rounds/{survey_round.code}/scores"))
    assert re.search(
        r"Huyện Mường Ảng 1(–2)? .*Huyện Nậm Pồ (1–)?2 .*Huyện Tuần Giáo – 21,86 21,\d\d–22,\d\d 30,00 ", page
    )
    assert re.search(r"Không xếp hạng: \d+ tiêu chí tính trên nhóm, câu khác", page)
    assert "Điểm theo lĩnh vực" not in page
    assert "Từng lĩnh vực" in page
    assert "21,86 / 30,00" not in page, "nothing pooled over units, whose interval nobody could tell"
    unit = text_of(client.get(f"/rounds/{survey_round.code}/scores?unit=099"))
    assert "Điểm điều tra xã hội học năm 2021: Huyện Tuần Giáo" in unit
    assert "không xếp hạng, không so với đơn vị khác" in unit
    assert "phiếu về đơn vị này" in text_of(client.get(f"/rounds/{survey_round.code}/scores?unit=102"))
    assert "Không hỏi về đơn vị này" not in unit
    assert "Không hỏi về đơn vị này" in text_of(client.get(f"/rounds/{survey_round.code}/scores?unit=102"))
    beside = text_of(client.get(f"/rounds/{survey_round.code}/scores/places?with=102"))
    assert "Không xếp hạng 1 đơn vị." in beside
    assert re.search(r"Huyện Mường Ảng : chắc chắn cao hơn \d nơi, chắc chắn thấp hơn \d nơi", beside)
    assert "Chọn một đơn vị ở ô trên" in text_of(client.get(f"/rounds/{survey_round.code}/scores/groups"))
    assert "cặp nhóm được so sánh" in text_of(client.get(f"/rounds/{survey_round.code}/scores/groups?unit=099"))
    assert "Điểm theo lĩnh vực" in text_of(client.get(f"/rounds/{survey_round.code}/scores?unit=102"))
    assert "Vì sao 1.7.1 được 1,00 điểm?" in text_of(client.get(f"/rounds/{survey_round.code}/scores/1.7.1?unit=102"))


def test_the_workbook_is_handed_out_and_logged(database, scored, signed_in):
    code, district = scored()
    answer = signed_in(Role.LEADER, unit=district).get(f"/rounds/{code}/scores.xlsx")
    assert answer.headers["Content-Disposition"] == f"attachment; filename=diem-dieu-tra-{code}-lan-1.xlsx"
    book = load_workbook(io.BytesIO(answer.data))
    assert book.sheetnames == ["Tổng quan", "Tiêu chí", "Các mức", "Quy tắc"]
    with database.reading() as session:
        entries = [entry.sentence for entry in session.scalars(select(AuditEntry).order_by(AuditEntry.id))]
    assert entries[-1] == f"Tải bảng điểm đợt {code}, lần 1"


def test_the_code_of_the_data_cannot_be_tried_until_it_fits(database, scored, signed_in):
    """A hash without key over all counts would confirm a guess of those that are kept back."""
    code, district = scored()
    client = signed_in(Role.LEADER, unit=district)
    book = load_workbook(io.BytesIO(client.get(f"/rounds/{code}/scores.xlsx").data))
    words = " ".join(str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row)
    words += client.get(f"/rounds/{code}/scores").get_data(as_text=True)
    with database.reading() as session:
        hashed = session.scalars(select(ScoreRun.inputs_sha256)).one()
        facts = " ".join(str(entry.fields) for entry in session.scalars(select(AuditEntry)))
    assert "Mã dữ liệu" in words
    assert hashed[:8] not in words + facts


def test_the_step_follows_closing_opening_and_scoring(app, database, samples):
    with database.writing() as session, app.test_request_context():
        district = make_district(session)
        assert step_state(session, make_round(session, district)).status is StepStatus.BLOCKED
        closed = make_opened_round(session, samples, district=district, envelopes_opened_on=None)
        state = step_state(session, closed)
        assert (state.status, state.url) == (StepStatus.TODO, f"/rounds/{closed.code}/opening")
        closed.envelopes_opened_on = closed.lists_due_on
        assert step_state(session, closed).action.button == "Tính điểm"
        store_run(session, closed, make_user(session, Role.OPERATOR, district))
        state = step_state(session, closed)
        assert (state.status, state.detail) == (StepStatus.DONE, "21,86 / 30,00 điểm, lần tính 1")


PAGES = ("places", "groups", "questions", "years", "method")


@pytest.mark.parametrize("name", PAGES)
def test_pages_of_results_exist_from_the_first_run_on(database, samples, signed_in, name):
    with database.writing() as session:
        survey_round = make_opened_round(session, samples)
    client = signed_in(Role.LEADER, unit=survey_round.operator_unit)
    answer = client.get(f"/rounds/{survey_round.code}/scores/{name}")
    assert answer.status_code == 403
    assert "Chưa tính điểm lần nào" in answer.get_data(as_text=True)


def test_limits_stand_beside_points_and_in_the_trace(scored, signed_in):
    code, district = scored()
    client = signed_in(Role.LEADER, unit=district)
    assert re.search(r"Điểm điều tra xã hội học 95 %: 21,\d\d–22,\d\d", text_of(client.get(f"/rounds/{code}/scores")))
    assert re.search(r"Thái độ phục vụ 95 %: 0,7\d–0,8\d", text_of(client.get(f"/rounds/{code}/scores/5.6.3")))


def test_each_question_has_a_bar_for_each_group_and_small_groups_none(scored, signed_in):
    code, district = scored("answers-edge.csv")
    answer = signed_in(Role.LEADER, unit=district).get(f"/rounds/{code}/scores/questions")
    assert 'aria-label="Mức 1: ' in answer.get_data(as_text=True)
    page = text_of(answer)
    assert "ít hơn 5 phiếu" in page
    assert "ít hơn 10 phiếu nên chỉ nêu trung bình" in page
    assert "Đã giữ kín" in page


def test_the_method_is_told_from_the_rules_in_force(scored, signed_in):
    rules = {"dont_know": "zero", "missing_group": "zero", "n_min": 7, "sipas_method": "mean5", "sipas_groups": "equal"}
    code, district = scored(rules=rules)
    page = text_of(signed_in(Role.LEADER, unit=district).get(f"/rounds/{code}/scores/method"))
    for words in (
        "Người chọn «không biết» tính là 0 điểm", "Có nhóm không đủ mẫu thì tiêu chí được 0 điểm",
        "Nhóm có dưới 7 câu trả lời", "mức trung bình / 5", "649 phiếu đã mở niêm phong",
        "Mỗi nhóm lấy trung bình các câu",
    ):  # fmt: skip
        assert words in page


def test_places_say_when_there_is_nothing_to_compare(scored, signed_in):
    code, district = scored()
    page = text_of(signed_in(Role.LEADER, unit=district).get(f"/rounds/{code}/scores/places"))
    assert "không có gì để so sánh" in page


def test_places_in_bands_with_a_table(database, samples, signed_in):
    with database.writing() as session:
        survey_round = make_opened_round(session, samples)
        in_places(session, survey_round, [6, 6, 60, 80])
        store_run(session, survey_round, make_user(session, Role.OPERATOR, survey_round.operator_unit))
    client = signed_in(Role.LEADER, unit=survey_round.operator_unit)
    page = text_of(client.get(f"/rounds/{survey_round.code}/scores/places"))
    assert "Không phân biệt được nửa trên hay dưới (3)" in page
    assert "Đã giữ kín: Xã số 1, Xã số 2." in page
    assert "Hai nơi cùng ở đây vẫn có thể khác nhau thật" in page
    assert "0 / 3 nơi xếp được nhóm" in text_of(client.get(f"/rounds/{survey_round.code}/scores"))
    book = load_workbook(io.BytesIO(client.get(f"/rounds/{survey_round.code}/scores.xlsx").data))
    rows = [[cell.value for cell in row] for row in book["Nơi nhóm E"].iter_rows(min_row=6)]
    assert [row[1] for row in rows[-2:]] == ["Xã số 1", "Xã số 2"]
    assert rows[0][2:4] == [1, 3]
    assert 0 < rows[0][5] < rows[0][4] < rows[0][6] < 100


def test_a_year_is_compared_with_the_year_before(database, samples, signed_in):
    with database.writing() as session:
        before = make_opened_round(session, samples)
        district, first = before.operator_unit, before.code
        author = make_user(session, Role.OPERATOR, district)
        store_run(session, before, author)
        later = make_opened_round(
            session, samples, "answers-edge.csv", district=district, code="tg-2022", year=2022, rules={"n_min": 6}
        )
        store_run(session, later, author)
    client = signed_in(Role.LEADER, unit=district)
    page = text_of(client.get("/rounds/tg-2022/scores/years"))
    assert "Năm 2022 so với năm 2021" in page
    assert "Hai năm tính điểm theo quy tắc khác nhau" in page
    assert "Không kết luận. Quy tắc tính điểm hai năm khác nhau" in page
    assert "thật" not in re.sub(r"[Tt]ăng thật[:,]|[Gg]iảm thật:", "", page), "no verdict under other rules"
    assert "Chưa có đợt năm trước nào" in text_of(client.get(f"/rounds/{first}/scores/years"))


def scored_places(server, samples):
    """The address of a scored round whose citizens were asked in three places and more, and its operator."""
    with server.database.writing() as session:
        survey_round = make_opened_round(session, samples)
        in_places(session, survey_round, [40, 60, 80])
        operator = make_user(session, Role.OPERATOR, survey_round.operator_unit)
        store_run(session, survey_round, operator)
        return f"{server.url}/rounds/{survey_round.code}/scores", operator


def test_charts_are_saved_as_files_and_the_pages_are_accessible(samples, server, new_context):
    address, operator = scored_places(server, samples)
    for viewport in (PHONE, OFFICE):
        page = signed_in_context(server, new_context, operator, viewport=viewport).new_page()
        for name in ("", *(f"/{name}" for name in PAGES)):
            page.goto(address + name)
            check_axe(page)
    wanted = (  # the page, its first chart, a word inside it that is not in the frame around it
        ("/places", "noi-e", "Mức đánh giá của nhóm E, % của mức cao nhất", "chưa rõ nửa nào"),
        ("", "linh-vuc", "Điểm theo lĩnh vực", "% điểm tối đa của lĩnh vực"),
        ("/questions", "muc-i", "Mỗi mức bao nhiêu phần trăm: I.", "mức 5"),
        ("/groups", "nhom-i", "Các nhóm đánh giá thế nào: I.", "% của mức cao nhất"),
    )
    for name, file, title, inside in wanted:
        page.goto(address + name)
        for kind, start in (("svg", b"<svg"), ("png", b"\x89PNG")):
            with page.expect_download() as download:
                page.get_by_role("button", name=f"Tải hình .{kind}").first.click()
            content = download.value.path().read_bytes()
            assert content.startswith(start)
            assert b"var(--" not in content
            if kind == "svg":
                told = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", content.decode()))
                for words in (title, inside, "Nguồn:", "Quy tắc:"):
                    assert words in told, (file, words)
            assert download.value.suggested_filename == f"{file}.{kind}"


def test_a_phone_shows_every_chart_whole(samples, server, new_context):
    address, operator = scored_places(server, samples)
    page = signed_in_context(server, new_context, operator, viewport=PHONE).new_page()
    for name in ("", "/places", "/groups", "/questions"):
        page.goto(address + name)
        chart = page.locator("svg.phone-chart").first
        expect(chart).to_be_visible()
        expect(page.locator(".box > svg[role=img]").first).to_be_hidden()
        right = "svg => Math.max(...[...svg.querySelectorAll('*')].map(part => part.getBoundingClientRect().right))"
        assert chart.evaluate(right) <= PHONE["width"], "nothing of it lies outside the screen"


def test_computing_again_notices_answers_that_changed_places(database, scored, signed_in):
    code, district = scored()
    with database.writing() as session:  # every count stays what it was; who said what together does not
        cell = select(Cell.id).where(Cell.label == "E").scalar_subquery()
        forms = session.scalars(select(Ballot).where(Ballot.cell_id == cell).order_by(Ballot.id)).all()
        question = next(iter(forms[0].answers))
        first = next(form for form in forms if form.answers.get(question) == "5")
        last = next(form for form in forms if form.answers.get(question) == "2")
        one, other = first.answers[question], last.answers[question]
        first.answers = {**first.answers, question: other}
        last.answers = {**last.answers, question: one}
    client = signed_in(Role.LEADER, unit=district)
    answer = client.post(
        f"/rounds/{code}/scores/1/compare", data={"csrf_token": csrf_token(client)}, follow_redirects=True
    )
    assert "dữ liệu của đợt nay đã khác" in text_of(answer)
