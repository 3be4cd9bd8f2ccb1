"""In a cancelled round no page of any subject changes anything; reading goes on."""

import pytest
from sqlalchemy import delete, select

from survey_app.access import Role, declared_rights
from survey_app.access_codes.rules import issue_codes
from survey_app.answers.models import Opening
from survey_app.answers.opening import open_envelopes
from survey_app.db import now
from survey_app.errors import Refused
from survey_app.guard import STATIC_ENDPOINTS
from survey_app.roster.lock_rules import lock_roster
from survey_app.roster.rules import receive_upload
from survey_app.rounds.cancelling import cancel_round
from survey_app.scores.models import LeafScore, ScoreRun
from survey_app.scores.rules import store_run
from survey_app.tables import metadata
from tests.make import make_list, make_user, sign_in_client
from tests.one_of_each import one_of_each
from tests.roster.asked_round import make_asked_round, make_citizen, make_file

# These give out what is there, erase it, or begin another round from it; of the round itself they change nothing.
STILL_POSSIBLE = {
    "rounds.copy", "handover.workbook", "handover.again", "roster_changes.export", "roster_changes.compare_file",
    "access_codes.payment_workbook", "access_codes.payment_paper", "personal_data.erase", "personal_data.clean_again",
}  # fmt: skip
READ_ONLY = {"roster.name_headings", "questionnaires.preview"}  # ask by POST, write nothing
LOGS = {"audit_entry", "staff_session", "attempt"}


def everything(database):
    with database.reading() as session:
        return {
            name: sorted(map(repr, session.execute(select(table)).all()))
            for name, table in metadata.tables.items()
            if name not in LOGS
        }


def test_no_post_in_a_cancelled_round_changes_a_row(app, database):
    app.config["WTF_CSRF_ENABLED"] = False
    with database.writing() as session:
        asked = make_asked_round(session)
        asked.round.roster_locked_at = now()
        operator = make_user(session, Role.OPERATOR, asked.district)
        users = [operator]
        users += [make_user(session, role, asked.commune) for role in (Role.UNIT_OFFICER, Role.UNIT_HEAD)]
        users += [make_user(session, role, asked.district) for role in (Role.LEADER, Role.RECEIVER)]
        make_list(session, asked.citizens, asked.commune, 2)
        one_of_each(session, asked.round, operator)
        for model in (Opening, LeafScore, ScoreRun):  # one that was opened is not cancelled
            session.execute(delete(model))
        cancel_round(session, asked.round, operator, "Tỉnh hoãn điều tra", "tg-2021")
    browsers = [(Role(user.role), sign_in_client(app, user)) for user in users]
    before, refused = everything(database), set()
    data = {
        "reason": "Lý do đầy đủ",
        "typed_code": "sai",
        "group": "E",
        "version": "1",
        "words": "Góp ý",
        "name": "A B",
    }
    for rule in app.url_map.iter_rules():
        rights = declared_rights(app.view_functions[rule.endpoint])
        inside = "code" in rule.arguments and "POST" in rule.methods and rule.endpoint not in STATIC_ENDPOINTS
        if not inside or not rights or rule.endpoint in STILL_POSSIBLE:
            continue
        values = {
            name: {"code": "tg-2021", "group_code": "E", "kind": "letter"}.get(name, 1) for name in rule.arguments
        }
        for role, browser in browsers:
            answer = browser.post(rule.build(values, append_unknown=False)[1], data=data)
            expected = (200, 403, 404) if rule.endpoint in READ_ONLY else (403, 404, 409, 422)
            assert answer.status_code in expected, f"{rule.endpoint} as {role}: {answer.status_code}"
            if "đã hủy ngày" in answer.get_data(as_text=True):
                refused.add(rule.endpoint)
        assert everything(database) == before, f"{rule.endpoint} changed something"
    assert len(refused) > 40, sorted(refused)
    assert refused >= {
        "roster.lock", "roster.approve", "answers.start", "scores.compute_scores", "rounds.save_dates",
        "roster_changes.approve", "rounds.cancel", "handover.make", "access_codes.fix_cells",
    }  # fmt: skip


def test_rules_that_scripts_call_refuse_too(database):
    with database.writing() as session:
        asked = make_asked_round(session)
        officer = make_user(session, Role.UNIT_OFFICER, asked.commune)
        asked.round.cancelled_at = now()
        content = make_file([make_citizen(1)])
        for rule in (
            lambda: receive_upload(session, asked.round, asked.commune, content, "a.xlsx", officer),
            lambda: issue_codes(session, asked.round, officer, b"p" * 32),
            lambda: open_envelopes(session, asked.round, [], officer),
            lambda: lock_roster(session, asked.round, officer),
            lambda: store_run(session, asked.round, officer),
        ):
            with pytest.raises(Refused, match="đã hủy ngày"):
                rule()


def test_every_page_of_a_cancelled_round_still_opens_and_says_so(app, database):
    with database.writing() as session:
        asked = make_asked_round(session)
        operator = make_user(session, Role.OPERATOR, asked.district)
        officer = make_user(session, Role.UNIT_OFFICER, asked.commune)
        make_list(session, asked.citizens, asked.commune, 2)
        cancel_round(session, asked.round, operator, "Tỉnh hoãn điều tra", "tg-2021")
    office, unit = sign_in_client(app, operator), sign_in_client(app, officer)
    pages = (
        "", "/lists", "/roster", "/cells", "/codes", "/keys", "/collection", "/questionnaires", "/settings/review",
        "/turnout", "/personal-data", "/sampling", "/handover", "/duplicates", "/plan", "/cancel",
    )  # fmt: skip
    for page in pages:
        answer = office.get(f"/rounds/tg-2021{page}")
        assert answer.status_code == 200, page
        assert "ĐỢT ĐÃ HỦY" in answer.text, page
    home = office.get("/rounds/tg-2021").text
    assert "Không làm nữa: đợt đã hủy" in home
    assert "Mở đợt" not in office.get("/rounds/tg-2021/collection").text
    mine = unit.get("/rounds/tg-2021/lists/mine")
    assert "Tỉnh hoãn điều tra" in mine.text
    assert "<button" not in mine.text.split("<main")[1].split("</main>")[0]
