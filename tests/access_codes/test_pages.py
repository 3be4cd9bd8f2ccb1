"""The pages of step 3, and the command."""

import csv
import io
import re
import zipfile

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from survey_app.access import Role
from survey_app.access_codes import codes, queries, rules
from survey_app.access_codes.models import AccessCode, InvitationState
from survey_app.access_codes.step import step_state
from survey_app.db import now
from survey_app.questionnaires.models import QuestionnaireVersion
from survey_app.questionnaires.rules import load_shipped
from survey_app.roster.models import ListState, UnitList
from survey_app.rounds.models import Round
from survey_app.steps import StepStatus
from survey_app.units.models import UnitKind
from tests.access_codes.place import make_place
from tests.make import csrf_token, make_unit, sign_in_client


def make_ready(database, app, published=True, **facts):
    """A round whose cells are fixed and whose questionnaires are published; returns it with the operator's browser."""
    with database.writing() as session:
        place = make_place(session, **facts)
        rules.build_cells(session, place.round, place.operator)
        groups = [place.citizens, place.officials]
        if published:
            load_shipped(session, place.round, groups, place.operator)
            # The checks against a criterion set are another step's; a letter needs only that something is published.
            session.execute(QuestionnaireVersion.__table__.update().values(published_at=now()))
    return place, sign_in_client(app, place.operator)


def post(client, address, **data):
    return client.post(address, data={"csrf_token": csrf_token(client), **data})


def issue(client, **choices):
    return post(client, "/rounds/tg-2021/codes", **{"unit": "", "group": "", "output": "letters", **choices})


def stored_hashes(database):
    with database.writing() as session:
        return set(session.scalars(select(AccessCode.code_hash)))


def pages_of(pdf):
    return [" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(pdf)).pages]


def test_cells_are_shown_as_a_tree_then_fixed(database, app):
    with database.writing() as session:
        place = make_place(session)
    client = sign_in_client(app, place.operator)
    page = client.get("/rounds/tg-2021/cells").text
    assert "Ô này gộp với ô chung vì có dưới 5 người." in page
    assert "Đứng riêng" in page
    assert post(client, "/rounds/tg-2021/cells").location == "/rounds/tg-2021/codes"
    assert "Ô công bố đã chốt" in client.get("/rounds/tg-2021/cells").text
    assert post(client, "/rounds/tg-2021/cells").status_code == 409


def test_cells_wait_for_the_roster_and_codes_for_the_cells(database, app):
    with database.writing() as session:
        place = make_place(session, locked=False)
    client = sign_in_client(app, place.operator)
    assert "Khóa danh sách trước khi chia ô." in client.get("/rounds/tg-2021/cells").text
    assert post(client, "/rounds/tg-2021/cells").status_code == 403
    assert "Cấp mã sau khi khóa danh sách và chốt ô công bố." in client.get("/rounds/tg-2021/codes").text


def test_a_small_group_must_be_acknowledged(database, app):
    with database.writing() as session:
        place = make_place(session, officials=3)
    client = sign_in_client(app, place.operator)
    assert "Tôi đã biết" in client.get("/rounds/tg-2021/cells").text
    assert post(client, "/rounds/tg-2021/cells").status_code == 403
    assert post(client, "/rounds/tg-2021/cells", accept_small="1").status_code == 302


def test_letters_of_one_unit_hold_codes_that_work_from_then_on(database, app, settings):
    place, client = make_ready(database, app)
    answer = issue(
        client, unit=str(place.communes[0].id), number="Số: 05/GM-UBND", day="05/12/2021", signer_name="Lò Minh"
    )
    assert answer.mimetype == "application/pdf"
    assert 'filename="giay-moi-01.pdf"' in answer.headers["Content-Disposition"]
    assert answer.headers["Cache-Control"] == "no-store"
    pages = pages_of(answer.data)
    assert len(pages) == 6
    printed = [re.search(r"nhập mã ((?:[0-9A-Z]{4}-){3}[0-9A-Z])", page).group(1) for page in pages]
    hashes = {codes.hash_of(codes.normalise(code), settings.keys.pepper) for code in printed}
    assert hashes == stored_hashes(database)
    for words in (
        "ỦY BAN NHÂN DÂN HUYỆN TUẦN GIÁO",
        "Số: 05/GM-UBND",
        "ngày 05 tháng 12 năm 2021",
        "Ủy ban nhân dân huyện Tuần Giáo kính mời",
        "Xã Quài Cang",
        "Lò Minh",
        "gọi 0215 3862 000",
    ):
        assert words in pages[0]


def test_the_code_file_and_the_letters_of_one_print_hold_the_same_codes(database, app, settings):
    _, client = make_ready(database, app)
    answer = issue(client, group="A", output="both")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        names = archive.namelist()
        pages = pages_of(archive.read(names[0]))
        rows = list(csv.DictReader(io.StringIO(archive.read(names[1]).decode("utf-8-sig"))))
    assert names == ["giay-moi-tat-ca.pdf", "ma-tat-ca.csv"]
    assert list(rows[0]) == ["person_no", "name", "phone", "unit_code", "group", "code", "link"]
    assert len(rows) == len(pages) == 5
    for row, page in zip(rows, pages, strict=True):
        assert row["code"] in page
        assert row["link"] == f"http://localhost/p#{codes.normalise(row['code'])}"
        assert row["phone"].startswith("03")


def test_formulas_in_names_stay_text_in_the_code_file(database, app):
    place, client = make_ready(database, app)
    with database.writing() as session:
        invitation = session.scalars(queries.invitations(session.get(Round, place.round.id))).first()
        invitation.person.name = "=HYPERLINK(1)"
    rows = list(csv.DictReader(io.StringIO(issue(client, output="csv").data.decode("utf-8-sig"))))
    assert "'=HYPERLINK(1)" in [row["name"] for row in rows]


def test_no_code_is_stored_when_letters_cannot_be_printed(database, app):
    _, client = make_ready(database, app, published=False)
    answer = issue(client)
    assert answer.status_code == 403
    assert "Công bố phiếu của nhóm" in answer.text
    assert stored_hashes(database) == set()


def test_a_day_that_is_none_is_told_beside_its_field(database, app):
    _, client = make_ready(database, app)
    answer = issue(client, day="31/02/2021", signer_name="Lò Minh")
    assert answer.status_code == 422
    assert "Không đọc được ngày đã gõ" in answer.text
    assert 'value="Lò Minh"' in answer.text
    assert issue(client, unit="999").status_code == 422
    assert stored_hashes(database) == set()


def test_the_desk_gives_one_person_a_further_code_once(database, app, settings):
    place, client = make_ready(database, app)
    with database.writing() as session:
        invitation = session.scalars(queries.invitations(place.round)).first()
        name, address = invitation.person.name, f"/rounds/tg-2021/codes/{invitation.id}"
    assert address in client.get("/rounds/tg-2021/codes", query_string={"q": name}).text
    page = post(client, f"{address}/further").text
    code = re.search(r"<b>((?:[0-9A-Z]{4}-){3}[0-9A-Z])</b>", page).group(1)
    assert codes.hash_of(codes.normalise(code), settings.keys.pepper) in stored_hashes(database)
    assert "<svg" in page
    assert code not in client.get(address).text
    assert len(pages_of(post(client, f"{address}/further", **{"as": "letter"}).data)) == 1
    assert post(client, f"{address}/void").status_code == 302
    page = client.get(address).text
    assert "Đã hủy 2 mã" in page
    with database.writing() as session:
        queries.find_invitation(session, place.round, invitation.id).state = InvitationState.RECEIVED
    assert post(client, f"{address}/further").status_code == 403


def test_only_the_operator_of_the_place_reaches_codes(database, app, signed_in):
    place, _ = make_ready(database, app)
    with database.writing() as session:
        elsewhere = make_unit(session, "Huyện khác", kind=UnitKind.DISTRICT)
    stranger = signed_in(Role.OPERATOR, unit=elsewhere)
    addresses = ("/rounds/tg-2021/cells", "/rounds/tg-2021/codes", "/rounds/tg-2021/codes/1")
    posts = (
        "/rounds/tg-2021/cells",
        "/rounds/tg-2021/codes",
        "/rounds/tg-2021/codes/1/further",
        "/rounds/tg-2021/codes/1/void",
    )
    for address in addresses:
        assert stranger.get(address).status_code == 404
    for address in posts:
        assert post(stranger, address, output="csv").status_code == 404
    for role in set(Role) - {Role.OPERATOR}:
        client = signed_in(
            role, unit=place.communes[0] if role in (Role.UNIT_OFFICER, Role.UNIT_HEAD) else place.district
        )
        assert [client.get(address).status_code for address in addresses] == [403, 403, 403]
        assert post(client, "/rounds/tg-2021/codes", output="csv").status_code == 403


def test_a_get_changes_nothing(database, app):
    _, client = make_ready(database, app)
    for _ in range(3):
        client.get("/rounds/tg-2021/codes")
        client.get("/rounds/tg-2021/codes/1")
    assert client.get("/rounds/tg-2021/codes/1/further").status_code == 405
    assert stored_hashes(database) == set()


def step_three(session, place):
    return step_state(session, session.get(Round, place.round.id))


def test_the_step_tells_what_is_next(database, app):
    with database.writing() as session:
        place = make_place(session, locked=False)
        assert step_three(session, place).status is StepStatus.BLOCKED
        place.round.roster_locked_at = now()
        assert step_three(session, place).action.button == "Chốt ô công bố"
    with database.writing() as session:
        session.execute(UnitList.__table__.update().values(state=ListState.LOCKED))
        survey_round = session.get(Round, place.round.id)
        rules.build_cells(session, survey_round, place.operator)
        assert step_three(session, place).status is StepStatus.TODO
        rules.issue_codes(session, survey_round, place.operator, b"p" * 32, group=place.officials)
        assert step_three(session, place).progress == (5, 16)
        assert step_three(session, place).status is StepStatus.DOING
        rules.issue_codes(session, survey_round, place.operator, b"p" * 32)
        assert step_three(session, place).status is StepStatus.DONE


@pytest.fixture
def ready(database, app):
    return make_ready(database, app)


def test_the_command_writes_a_private_file_of_codes(ready, app, database, settings, tmp_path):
    out = tmp_path / "codes.csv"
    result = app.test_cli_runner().invoke(args=["codes", "issue", "tg-2021", "--out", str(out)])
    assert result.exit_code == 0, result.output
    assert out.stat().st_mode & 0o777 == 0o600
    rows = list(csv.DictReader(io.StringIO(out.read_text("utf-8"))))
    assert list(rows[0]) == ["person_no", "unit_code", "group", "code", "link"]
    assert [int(row["person_no"]) for row in rows] == list(range(1, 17))
    assert {codes.hash_of(codes.normalise(row["code"]), settings.keys.pepper) for row in rows} == stored_hashes(
        database
    )
    one_group = app.test_cli_runner().invoke(args=["codes", "issue", "tg-2021", "--group", "A", "--out", str(out)])
    assert one_group.exit_code == 0
    assert len(out.read_text("utf-8").splitlines()) == 6


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["khong-co", "--out", "{}/a.csv"], 2, "không có đợt «khong-co»"),
        (["tg-2021", "--group", "Z", "--out", "{}/a.csv"], 2, "không có nhóm «Z»"),
        (["tg-2021", "--out", "{}/khong/co/a.csv"], 2, "không ghi được"),
    ],
)
def test_the_command_says_what_is_wrong_and_leaves_no_file(ready, app, database, tmp_path, arguments, status, words):
    result = app.test_cli_runner().invoke(args=["codes", "issue", *(part.format(tmp_path) for part in arguments)])
    assert result.exit_code == status
    assert words in result.output
    assert not (tmp_path / "a.csv").exists()
    assert stored_hashes(database) == set()
