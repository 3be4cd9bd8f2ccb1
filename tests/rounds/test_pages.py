"""The pages of rounds, as an operator, a leader and others see them."""

import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from survey_app.access import Role
from survey_app.db import Database, now
from survey_app.rounds.models import Round, RoundState
from survey_app.rounds.queries import criteria_of, groups_of, sizes
from survey_app.units.models import Unit, UnitKind
from survey_app.units.rules import seed_units
from tests.make import csrf_token, make_group, make_quota, make_round, make_unit

SignIn = Callable[..., FlaskClient]
FIRST_PAGE = {"title": "Điều tra năm 2021", "year": "2021", "level": "huyen", "as_of": "01/12/2021", "code": ""}
DATES = {
    "lists_open_on": "01/12/2021",
    "lists_due_on": "14/12/2021",
    "handover_due_on": "17/12/2021",
    "opens_on": "20/12/2021",
    "closes_on": "07/01/2022",
    "grace_hours": "6",
    "period_from": "1/1/2021",
    "period_to": "30-11-2021",
    "age_on": "",
}


def post(client: FlaskClient, address: str, data: dict[str, object] | None = None) -> TestResponse:
    """POST with the form token; a file is given as (content, name)."""
    values = {k: (io.BytesIO(v[0]), v[1]) if isinstance(v, tuple) else v for k, v in (data or {}).items()}
    return client.post(address, data={"csrf_token": csrf_token(client), **values})


def text_of(answer: TestResponse) -> str:
    return answer.get_data(as_text=True)


@pytest.fixture
def district(database: Database) -> Unit:
    """The real district of 2021 with all its units."""
    with database.writing() as session:
        seed_units(session)
        return session.scalars(select(Unit).where(Unit.code == "099")).one()


@pytest.fixture
def operator(signed_in: SignIn, district: Unit) -> FlaskClient:
    return signed_in(Role.OPERATOR, unit=district)


def stored(database: Database, code: str = "tg-2021") -> Round:
    with database.reading() as session:
        return session.scalars(select(Round).where(Round.code == code)).one()


def test_an_operator_makes_a_round_page_by_page_in_the_browser(
    database: Database, operator: FlaskClient, district: Unit, samples: Path
) -> None:
    answer = post(operator, "/rounds/new", {**FIRST_PAGE, "operator_unit_id": district.id})
    assert answer.location == "/rounds/tg-2021/settings/criteria"
    assert stored(database).state is RoundState.PREPARING
    home = text_of(operator.get("/rounds/tg-2021"))
    assert "Hoàn tất cài đặt đợt" in home
    assert "Nạp bộ tiêu chí." in home

    file = ((samples / "criteria-district-2021.xlsx").read_bytes(), "Bộ tiêu chí 2021.xlsx")
    post(operator, "/rounds/tg-2021/settings/criteria", {"file": file})
    page = text_of(operator.get("/rounds/tg-2021/settings/criteria"))
    assert "Đã nạp 82 tiêu chí của 8 lĩnh vực." in page
    assert ">70,00<" in page
    assert ">30,00<" in page

    names = {f"code_{n}": code for n, code in enumerate("ABCDEFG")} | {f"name_{n}": f"Nhóm {n}" for n in range(7)}
    types = dict.fromkeys((f"list_type_{n}" for n in range(7)), "officials") | {"list_type_4": "citizens"}
    answer = post(operator, "/rounds/tg-2021/settings/groups", {**names, **types})
    assert answer.location == "/rounds/tg-2021/settings/quotas"
    post(operator, "/rounds/tg-2021/settings/quotas/file", {"shipped": "1"})
    assert "Thị trấn Tuần Giáo" in text_of(operator.get("/rounds/tg-2021/settings/quotas"))
    assert post(operator, "/rounds/tg-2021/settings/dates", DATES).status_code == 303
    assert post(operator, "/rounds/tg-2021/settings/scoring", {"scale": "5-mean5", "n_min": "10"}).status_code == 303
    modes = {"mode_A": "confidential", "k_min": "5", "key_mode": "availability", "help_phone": "0215 3862 000"}
    assert post(operator, "/rounds/tg-2021/settings/modes", modes).location == "/rounds/tg-2021/settings/review"
    review = text_of(operator.get("/rounds/tg-2021/settings/review"))
    assert "Còn thiếu" not in review
    assert "5 mức, điểm chia cho 5" in review

    assert post(operator, "/rounds/tg-2021/settings/review").location == "/rounds/tg-2021"
    with database.reading() as session:
        made = session.scalars(select(Round)).one()
        assert made.state is RoundState.COLLECTING_LISTS
        assert sizes(session, [made])[made.id].persons == 763
        assert [group.mode for group in groups_of(session, made)][:2] == ["confidential", "sealed"]
        assert made.rules["n_min"] == 10
        assert made.age_on.isoformat() == "2021-12-01"
    home = text_of(operator.get("/rounds/tg-2021"))
    assert "71 đơn vị nộp danh sách" in home
    assert "763 người được hỏi, 7 nhóm" in home
    assert "Bắt đầu nhận danh sách đợt tg-2021" in home


def test_what_was_typed_comes_back_beside_its_fault(operator: FlaskClient, district: Unit) -> None:
    typed = {**FIRST_PAGE, "operator_unit_id": district.id, "as_of": "31/02/2021", "year": "hai nghìn"}
    answer = post(operator, "/rounds/new", typed)
    assert answer.status_code == 422
    page = text_of(answer)
    assert "<title>Lỗi: " in page
    assert "Không đọc được ngày «31/02/2021»" in page
    assert 'value="hai nghìn"' in page
    assert "Điền một số nguyên, ví dụ 2021." in page


def test_a_new_round_of_a_body_that_has_ended_starts_on_its_last_day(operator: FlaskClient) -> None:
    page = text_of(operator.get("/rounds/new"))
    assert 'value="30/06/2025"' in page
    assert "Chỉ số CCHC năm 2025" in page


def test_a_body_that_has_ended_is_told_with_its_last_day(operator: FlaskClient, district: Unit) -> None:
    answer = post(operator, "/rounds/new", {**FIRST_PAGE, "operator_unit_id": district.id, "as_of": "01/12/2026"})
    assert "Huyện Tuần Giáo chỉ có đến 30/06/2025" in text_of(answer)


@pytest.fixture
def prepared(database: Database, district: Unit) -> Round:
    """A round of the district with one group, asked of one commune."""
    with database.writing() as session:
        survey_round = make_round(session, district, code="tg-2021")
        commune = session.scalars(select(Unit).where(Unit.code == "03289")).one()
        make_quota(session, make_group(session, survey_round, "E"), commune, 20)
    return survey_round


def test_a_criterion_file_with_faults_shows_them_all_and_stores_nothing(
    database: Database, operator: FlaskClient, prepared: Round
) -> None:
    rows = ["Mã,Nội dung,Điểm tối đa,Phương pháp đánh giá,Nhóm", "I,Chỉ đạo,5,,", "1.1,Kế hoạch,x,Bốc thăm,"]
    file = ("\n".join(rows).encode(), "tieu-chi.csv")
    answer = post(operator, "/rounds/tg-2021/settings/criteria", {"file": file})
    assert answer.status_code == 422
    assert "Chưa nạp được tệp: có 2 chỗ cần sửa" in text_of(answer)
    assert "Dòng 3, cột C: không đọc được điểm «x»" in text_of(answer)
    with database.reading() as session:
        assert criteria_of(session, prepared) is None


@pytest.mark.parametrize(
    ("address", "data", "words"),
    [
        ("criteria", {}, "Chọn tệp bộ tiêu chí"),
        ("criteria", {"file": (b"%PDF-1.7", "a.xlsx")}, "không phải bảng tính"),
        ("quotas/file", {}, "Chọn tệp chỉ tiêu"),
        (
            "quotas/file",
            {"file": (b"unit_code,group,quota\nXX,E,1", "q.csv")},
            "không tìm thấy đơn vị «XX»",
        ),
        ("groups", {"code_0": "E", "name_0": "", "list_type_0": "citizens"}, "Điền tên nhóm E."),
        ("dates", {**DATES, "closes_on": "19/12/2021"}, "Ngày này sớm hơn ngày bắt đầu thu phiếu (20/12/2021)"),
        ("dates", {**DATES, "opens_on": "hôm nay"}, "Không đọc được ngày «hôm nay»"),
        ("scoring", {"n_min": "0"}, "Số câu trả lời tối thiểu"),
        ("modes", {"k_min": "x", "key_mode": "strict", "help_phone": "0215 3862 000"}, "Ngưỡng giữ kín là một số"),
        ("review", {}, "còn thiếu"),
    ],
)
def test_bad_input_is_answered_on_the_same_page_with_words(
    operator: FlaskClient, prepared: Round, address: str, data: dict[str, object], words: str
) -> None:
    answer = post(operator, f"/rounds/tg-2021/settings/{address}", data)
    assert answer.status_code == 422
    assert words in text_of(answer)
    assert "<title>Lỗi: " in text_of(answer)


def test_the_grid_of_quotas_is_saved_and_a_bad_cell_keeps_what_was_typed(
    database: Database, operator: FlaskClient, prepared: Round
) -> None:
    with database.reading() as session:
        unit = session.scalars(select(Unit).where(Unit.code == "03259")).one()
    cell = f"q_{unit.id}_E"
    answer = post(operator, "/rounds/tg-2021/settings/quotas", {cell: "hai"})
    assert answer.status_code == 422
    assert 'value="hai"' in text_of(answer)
    post(operator, "/rounds/tg-2021/settings/quotas", {cell: "21"})
    with database.reading() as session:
        assert [(q.unit_id, q.target) for g in groups_of(session, prepared) for q in g.quotas] == [(unit.id, 21)]
    post(operator, "/rounds/tg-2021/settings/quotas", {cell: "15-21-25"})
    page = operator.get("/rounds/tg-2021/settings/quotas").text
    assert 'value="15–21–25"' in page
    assert post(operator, "/rounds/tg-2021/settings/quotas", {cell: "22-21-25"}).status_code == 422
    assert post(operator, "/rounds/tg-2021/settings/quotas", {cell: "15-21"}).status_code == 422
    assert post(operator, "/rounds/tg-2021/settings/quotas/room", {"group": "A", "least": "x"}).status_code == 422
    post(operator, "/rounds/tg-2021/settings/list-rules", {"head_confirms": "yes", "blocks_short": "yes"})
    with database.reading() as session:
        changed = session.get_one(Round, prepared.id)
        assert (changed.head_confirms, changed.blocks_short, changed.blocks_over) == (True, True, False)


def test_two_operators_on_one_settings_page_never_lose_a_value_silently(
    operator: FlaskClient, prepared: Round, database: Database
) -> None:
    address = "/rounds/tg-2021/settings/dates"
    seen = {"seen": _seen(operator.get(address).text)}
    assert post(operator, address, {**DATES, **seen, "grace_hours": "5"}).status_code == 303
    late = {**DATES, **seen, "grace_hours": "7"}
    assert post(operator, address, {**late, "closes_on": "x"}).status_code == 422
    answer = post(operator, address, late)
    assert answer.status_code == 422
    assert "Có người khác vừa lưu trang này. Chưa ghi đè gì." in text_of(answer)
    assert "Số giờ nhận phiếu muộn: «5»" in text_of(answer)
    assert 'value="7"' in answer.text, "what was typed is kept"
    assert stored(database).grace_hours == 5
    assert post(operator, address, {**late, "seen": _seen(answer.text)}).status_code == 303
    assert stored(database).grace_hours == 7


def _seen(page: str) -> str:
    found = re.search(r'name="seen" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def test_quotas_of_another_round_are_taken_by_one_button(
    database: Database, operator: FlaskClient, prepared: Round, district: Unit
) -> None:
    with database.writing() as session:
        make_group(session, make_round(session, district, code="tg-2022"), "E")
    assert "Lấy chỉ tiêu của đợt tg-2021" in text_of(operator.get("/rounds/tg-2022/settings/quotas"))
    assert post(operator, "/rounds/tg-2022/settings/quotas/file", {"source": "tg-2021"}).status_code == 303
    assert 'value="20"' in text_of(operator.get("/rounds/tg-2022/settings/quotas"))
    assert post(operator, "/rounds/tg-2022/settings/quotas/file", {"source": "xx"}).status_code == 404


PAGES = ("basics", "criteria", "groups", "quotas", "dates", "personal-data", "scoring", "modes", "review")


def test_an_open_round_shows_its_settings_with_the_reason_and_no_form(
    database: Database, operator: FlaskClient, prepared: Round
) -> None:
    with database.writing() as session:
        session.get_one(Round, prepared.id).opened_at = now()
    for name in PAGES:
        page = text_of(operator.get(f"/rounds/tg-2021/settings/{name}"))
        assert "được giữ nguyên" in page
        assert "Tiếp tục" not in page
    assert post(operator, "/rounds/tg-2021/settings/dates", DATES).status_code == 403


def test_a_leader_reads_everything_and_changes_nothing(signed_in: SignIn, prepared: Round, district: Unit) -> None:
    leader = signed_in(Role.LEADER, unit=district)
    assert "Tạo đợt mới" not in text_of(leader.get("/rounds"))
    home = text_of(leader.get("/rounds/tg-2021"))
    assert "Tám bước của đợt điều tra" in home
    for name in PAGES:
        assert "Cán bộ phụ trách đợt sửa được cài đặt này." in text_of(leader.get(f"/rounds/tg-2021/settings/{name}"))
    for name in PAGES:
        assert post(leader, f"/rounds/tg-2021/settings/{name}").status_code == 403
    assert leader.get("/rounds/new").status_code == 403


def test_a_round_of_another_district_is_not_there(database: Database, signed_in: SignIn, prepared: Round) -> None:
    with database.writing() as session:
        other = make_unit(session, "Huyện Mường Ảng", kind=UnitKind.DISTRICT)
    stranger = signed_in(Role.OPERATOR, unit=other)
    assert "tg-2021" not in text_of(stranger.get("/rounds"))
    assert stranger.get("/rounds/tg-2021").status_code == 404
    for name in PAGES:
        assert stranger.get(f"/rounds/tg-2021/settings/{name}").status_code == 404
        assert post(stranger, f"/rounds/tg-2021/settings/{name}", DATES).status_code in (404, 422)
    with database.reading() as session:
        assert session.get_one(Round, prepared.id).lists_open_on is None


def test_the_list_of_rounds_has_an_empty_state(operator: FlaskClient) -> None:
    assert "Chưa có đợt nào. Tạo đợt đầu tiên, hoặc xem đợt mẫu Tuần Giáo 2021." in text_of(operator.get("/rounds"))


def test_the_way_in_leads_to_the_one_current_round_or_to_the_list(
    database: Database, operator: FlaskClient, prepared: Round, district: Unit
) -> None:
    assert operator.get("/home").location == "/rounds/tg-2021"
    with database.writing() as session:
        make_round(session, district, code="tg-2022")
    assert operator.get("/home").location == "/rounds"
    with database.writing() as session:
        done = session.get_one(Round, prepared.id)
        done.opened_at = done.closed_at = now()
        done.envelopes_opened_on = now().date()
    assert operator.get("/home").location == "/rounds/tg-2022"


def test_each_role_is_sent_to_its_own_work(database: Database, signed_in: SignIn, district: Unit) -> None:
    assert signed_in(Role.UNIT_OFFICER, unit=district).get("/home").location == "/lists"
    assert signed_in(Role.ADMINISTRATOR).get("/home").location == "/users"
    assert signed_in(Role.INTERVIEWER, unit=district).get("/home").location == "/interviews"


def test_a_step_that_the_account_may_not_open_is_no_link(
    database: Database, signed_in: SignIn, operator: FlaskClient, prepared: Round, district: Unit
) -> None:
    from survey_app import steps

    state = steps.StepState(steps.StepStatus.TODO, "Còn một việc", url="/rounds/tg-2021/settings/basics")
    closed = steps.StepState(steps.StepStatus.TODO, "Chỉ cán bộ phụ trách", url="/rounds/new")
    before = dict(steps._registry)
    try:
        steps.register_step(1, lambda _session, _round: state)
        steps.register_step(2, lambda _session, _round: closed)
        leader = text_of(signed_in(Role.LEADER, unit=district).get("/rounds/tg-2021"))
        mine = text_of(operator.get("/rounds/tg-2021"))
    finally:
        steps._registry.clear()
        steps._registry.update(before)
    assert 'class="t" href="/rounds/tg-2021/settings/basics"' in leader
    assert 'class="t" href="/rounds/new"' not in leader
    assert 'class="t" href="/rounds/new"' in mine
