"""Every page, paper and file of a training round says that it is one."""

import html
import io
import zipfile

from pypdf import PdfReader
from sqlalchemy import select, update

from survey_app.access import declared_rights
from survey_app.access_codes.models import Invitation, InvitationState
from survey_app.guard import STATIC_ENDPOINTS
from survey_app.handover.models import HandoverSet
from survey_app.rounds.models import RespondentGroup, Round
from survey_app.text import today
from tests.access_codes.test_pages import issue, make_ready, post
from tests.handover.test_pages import letter
from tests.make import sign_in_client
from tests.roster_changes.locked_round import make_locked
from tests.whole.test_view_log import looked_at  # noqa: F401 - a round with something on every page

MARK = "TẬP HUẤN – KHÔNG CÓ GIÁ TRỊ"
BANNER = "ĐỢT TẬP HUẤN"
# What others made and we give back as it is, or what belongs to no round.
GIVEN_BACK = {"roster.original", "handover.word_file", "questionnaires.download"}


def marks(content: bytes) -> list[bool]:
    """Whether the mark stands on each sheet, page or file."""
    if content[:5] == b"%PDF-":
        pages = [" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(content)).pages]
        return [MARK in page for page in pages]
    if content[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
            inner = [name for name in names if name.endswith((".xlsx", ".docx", ".pdf"))]
            if inner:
                return [one for name in inner for one in marks(archive.read(name))]
            wanted = [name for name in names if name.startswith(("xl/sharedStrings", "word/header"))]
            wanted = wanted or [name for name in names if name.startswith("xl/worksheets/sheet")]
            return [MARK in html.unescape(archive.read(name).decode()) for name in wanted]
    return [MARK in content.decode("utf-8-sig")]


def start_training(database):
    with database.writing() as session:
        session.execute(update(Round).values(purge_on=today()))


def test_every_page_shows_the_banner_and_every_file_the_mark(app, database, looked_at):  # noqa: F811
    browsers, facts = looked_at
    start_training(database)
    pages, files = set(), set()
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        inside = "code" in rule.arguments and "GET" in rule.methods and rule.endpoint not in STATIC_ENDPOINTS
        if not inside or not declared_rights(view) or rule.endpoint in GIVEN_BACK:
            continue
        address = rule.build({name: facts.get(name, 1) for name in rule.arguments}, append_unknown=False)[1]
        for browser in browsers:
            answer = browser.get(address)
            if answer.status_code != 200:
                continue
            if answer.mimetype == "text/html":
                assert BANNER in answer.text, rule.endpoint
                pages.add(rule.endpoint)
            elif answer.mimetype != "application/json":
                assert all(marks(answer.data)), rule.endpoint
                assert marks(answer.data), rule.endpoint
                files.add(rule.endpoint)
    assert len(pages) > 35, pages
    assert files >= {
        "roster.template",
        "roster.faults_file",
        "progress.table",
        "progress.plan_file",
        "sampling.minutes",
    }


def test_letters_slips_and_payments_bear_the_mark_on_every_page(database, app):
    _place, client = make_ready(database, app)
    start_training(database)
    letters = issue(client).data
    assert len(marks(letters)) > 1
    assert all(marks(letters))
    assert "tap-huan" in issue(client, output="csv").headers["Content-Disposition"]
    with database.writing() as session:
        session.execute(update(RespondentGroup).values(payment=20_000))
        session.execute(update(Invitation).values(state=InvitationState.RECEIVED))
    for kind in ("pdf", "xlsx"):
        found = marks(post(client, f"/rounds/tg-2021/payments.{kind}").data)
        assert found
        assert all(found)


def test_a_hand_over_set_bears_the_mark_in_every_paper(database, app):
    with database.writing() as session:
        locked = make_locked(session)
    start_training(database)
    operator = sign_in_client(app, locked.operator)
    assert post(operator, "/rounds/tg-2021/handover", **letter()).status_code == 303
    with database.reading() as session:
        content = session.scalars(select(HandoverSet)).one().content
    found = marks(content)
    assert len(found) >= 5
    assert all(found)


def test_no_real_round_bears_the_mark(database, app):
    with database.writing() as session:
        locked = make_locked(session)
    operator = sign_in_client(app, locked.operator)
    assert post(operator, "/rounds/tg-2021/handover", **letter()).status_code == 303
    with database.reading() as session:
        assert not any(marks(session.scalars(select(HandoverSet)).one().content))
    assert BANNER not in operator.get("/rounds/tg-2021").text
