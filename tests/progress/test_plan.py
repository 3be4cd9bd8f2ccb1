"""The plan matrix: figures of lists beside the published turnout, never finer than it."""

import io
import re

import openpyxl
import pytest
from sqlalchemy import select

from survey_app.access import Role
from survey_app.progress.plan import group_totals, plan_rows, whole_total
from survey_app.progress.queries import answered_by_unit, lists_by_unit
from survey_app.progress.turnout import turnout
from survey_app.roster.models import ListState, UnitList
from survey_app.roster.queries import cards
from survey_app.rounds.models import Quota, Round
from tests.progress.test_pages import collecting

__all__ = ["collecting"]


def read_plan(session, code: str):
    survey_round = session.scalar(select(Round).where(Round.code == code))
    lists = [
        (unit.id, unit.code, unit.name, due, submitted, approved)
        for unit, due, submitted, approved in lists_by_unit(session, survey_round.id, "/")
    ]
    counts = {(unit, group): (n, m) for unit, group, n, m in answered_by_unit(session, survey_round.id, "/")}
    found = turnout(lists, counts, ["C", "E"], survey_round.k_min)
    rows = plan_rows(cards(session, survey_round), found)
    return rows, group_totals(rows, found), whole_total(rows, found)


def test_each_cell_shows_plan_lists_and_the_published_answers(database, collecting):
    code, _district = collecting()
    with database.writing() as session:
        quota = session.scalars(select(Quota).where(Quota.target == 20)).first()
        quota.minimum, quota.maximum = 15, 22
        session.scalars(select(UnitList).where(UnitList.unit_id != quota.unit_id)).one().state = ListState.SUBMITTED
    with database.reading() as session:
        rows, totals, whole = read_plan(session, code)
    found = {(row.unit_name, row.group): row for row in rows}
    citizens = found["Xã Quài Cang", "E"]
    assert (citizens.least, citizens.target, citizens.most) == (15, 20, 22)
    assert (citizens.submitted, citizens.approved) == (20, 20)
    assert (citizens.answers.asked, citizens.answers.answered_text) == (20, "18")
    assert found["Xã Quài Cang", "C"].answers.answered_text == "0–3"
    waiting, absent = found["Xã Nà Sáy", "E"], found["Xã Nà Sáy", "C"]
    assert (waiting.submitted, waiting.approved) == (20, 0)
    assert (absent.submitted, absent.answers) == (0, None)
    assert [(row.group, row.target, row.submitted, row.approved) for row in totals] == [
        ("C", 6, 3, 3),
        ("E", 40, 40, 20),
    ]
    assert [row.answers.answered_text for row in totals] == ["0–3", "35"]
    assert (whole.target, whole.submitted, whole.answers.answered_text) == (46, 43, "35–38")


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.LEADER])
def test_the_page_and_its_workbook_show_the_same_figures(signed_in, collecting, role):
    code, district = collecting()
    client = signed_in(role, unit=district)
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", client.get(f"/rounds/{code}/plan?group=E&q=na+say").text))
    assert "Xã Nà Sáy E 20 – 20 20 20 17" in text
    assert "Xã Quài Cang" not in text
    book = openpyxl.load_workbook(io.BytesIO(client.get(f"/rounds/{code}/plan.xlsx").data))
    rows = [row for row in book["Theo đơn vị"].iter_rows(values_only=True) if row[1] == "Xã Nà Sáy"]
    assert [row[2:] for row in rows] == [("C", 3, 3, 3, 0, 0, None, None), ("E", 20, 20, 20, 20, 20, 20, "17")]


def test_a_unit_does_not_see_the_plan_of_others(signed_in, collecting):
    code, district = collecting()
    assert signed_in(Role.UNIT_OFFICER, unit=district).get(f"/rounds/{code}/plan").status_code == 403
