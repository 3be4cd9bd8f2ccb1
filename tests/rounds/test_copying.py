"""This year's round from last year's: what comes over, what does not, units that are no more."""

import html
import re
from datetime import date

import pytest
from sqlalchemy import func, select

from survey_app.access import Role
from survey_app.db import now
from survey_app.errors import Invalid
from survey_app.questionnaires import pages  # noqa: F401 - registers what it takes over
from survey_app.questionnaires.queries import newest_version
from survey_app.questionnaires.rules import load_shipped
from survey_app.roster.models import UnitList
from survey_app.rounds.copying import copy_round
from survey_app.rounds.models import ListType, Quota, RespondentGroup, Round
from survey_app.units.models import Unit
from tests.make import (
    csrf_token,
    make_criteria,
    make_district,
    make_group,
    make_list,
    make_quota,
    make_round,
    make_unit,
    make_user,
    sign_in_client,
)


def make_source(session):
    """A round of 2021 with two groups, three quotas (one unit ends in 2022), criteria, a questionnaire and a list."""
    district = make_district(session)
    operator = make_user(session, Role.OPERATOR, district)
    kept = make_unit(session, "Xã Quài Cang", district, code="1")
    heir = make_unit(session, "Xã Quài Tở", district, code="2")
    ending = make_unit(session, "Xã Cũ", district, code="3", valid_to=date(2022, 6, 30), successor_code="2")
    source = make_round(session, district, code="tg-2021", handover_due_on=date(2021, 12, 17))
    source.head_confirms, source.k_min, source.help_phone = True, 7, "0215 111 222"
    people = make_group(session, source, "E")
    leaders = make_group(session, source, "C", ListType.OFFICIALS)
    for group, unit in ((people, kept), (people, ending), (leaders, kept)):
        make_quota(session, group, unit, 12)
    make_list(session, people, kept, 3)
    make_criteria(session, source, [("1.1", "2.5", "survey", ["E", "C"]), ("1.2", "1", "self_assessment", [])])
    load_shipped(session, source, [people], operator)
    newest_version(session, people.id).published_at = source.created_at
    session.flush()
    session.refresh(source)
    return source, operator, heir


def test_rules_groups_quotas_criteria_and_questionnaires_come_over(database):
    with database.writing() as session:
        source, operator, _heir = make_source(session)
        copied = copy_round(session, source, "tg-2022", 2022, date(2022, 12, 1), operator)
        made = copied.round
        assert (copied.groups, copied.quotas, copied.criteria, copied.questionnaires) == (2, 2, 2, 1)
        assert (made.head_confirms, made.k_min, made.help_phone, made.rules) == (True, 7, "0215 111 222", source.rules)
        assert made.title.endswith("năm 2022")
        assert {group.code for group in made.groups} == {"C", "E"}
        assert [leaf.code for leaf in made.criterion_set.leaves] == ["1.1", "1.2"]
        draft = newest_version(session, next(group.id for group in made.groups if group.code == "E"))
        assert draft.published_at is None
        assert made.lists_started_at is None


def test_days_move_by_the_year_and_office_days_off_the_weekend(database):
    with database.writing() as session:
        source, operator, _heir = make_source(session)
        source.lists_due_on, source.opens_on = date(2021, 12, 10), date(2021, 12, 20)
        made = copy_round(session, source, "tg-2022", 2022, date(2022, 12, 1), operator).round
        assert made.lists_due_on == date(2022, 12, 12)  # the 10th is a Saturday
        assert made.opens_on == date(2022, 12, 20)
        assert (made.period_from, made.period_to) == (date(2022, 1, 1), date(2022, 11, 30))


def test_a_leap_day_becomes_the_28th(database):
    with database.writing() as session:
        source, operator, _heir = make_source(session)
        source.period_to = date(2024, 2, 29)
        assert copy_round(session, source, "x-2022", 2022, date(2022, 12, 1), operator).round.period_to == date(
            2025, 2, 28
        )


def test_units_that_are_no_more_are_left_out_and_named_with_their_successor(database):
    with database.writing() as session:
        source, operator, heir = make_source(session)
        copied = copy_round(session, source, "tg-2022", 2022, date(2022, 12, 1), operator)
        assert [(one.unit.name, one.targets, one.successor) for one in copied.gone] == [("Xã Cũ", {"E": 12}, heir)]
        asked = select(func.count()).select_from(Quota).where(Quota.group_id.in_([g.id for g in copied.round.groups]))
        assert session.scalar(asked) == 2


def test_no_person_comes_over(database):
    with database.writing() as session:
        source, operator, _heir = make_source(session)
        made = copy_round(session, source, "tg-2022", 2022, date(2022, 12, 1), operator).round
        lists = select(func.count()).select_from(UnitList).where(UnitList.round_id == made.id)
        assert session.scalar(lists) == 0


def test_a_code_that_is_taken_is_refused_and_nothing_is_made(database):
    with database.writing() as session:
        source, operator, _heir = make_source(session)
        with pytest.raises(Invalid, match="đã dùng"):
            copy_round(session, source, "tg-2021", 2022, date(2022, 12, 1), operator)


def test_the_page_offers_next_year_and_tells_what_came_over(app, database):
    with database.writing() as session:
        _source, operator, _heir = make_source(session)
    client = sign_in_client(app, operator)
    assert "/rounds/tg-2021/copy" in client.get("/rounds/tg-2021").text
    page = client.get("/rounds/tg-2021/copy").text
    assert 'value="tg-2022"' in page
    data = {"csrf_token": csrf_token(client), "code": "tg-2022", "year": "2022", "as_of": "01/12/2022"}
    wrong = client.post("/rounds/tg-2021/copy", data=data | {"as_of": "31/02/2022"})
    assert (wrong.status_code, "Không đọc được ngày" in wrong.text) == (422, True)
    taken = client.post("/rounds/tg-2021/copy", data=data | {"code": "tg-2021", "as_of": "01/06/2022"})
    assert (taken.status_code, "đã dùng cho đợt khác" in taken.text) == (422, True)
    asked = client.post("/rounds/tg-2021/copy", data=data)
    assert (asked.status_code, "Chưa tạo đợt." in asked.text, "Xã Quài Tở" in asked.text) == (200, True, True)
    shown = re.search(r'name="shown" value="([\d-]+)"', asked.text).group(1)
    with database.reading() as session:
        assert session.scalars(select(Round.code)).all() == ["tg-2021"]
    done = client.post("/rounds/tg-2021/copy", data=data | {"shown": shown, "inherit": shown}, follow_redirects=True)
    page = html.unescape(done.text)
    assert "36 người (năm trước 36)" in page
    assert "2 tiêu chí" in page
    assert "1 phiếu, thành bản nháp" in page
    assert "Xã Quài Tở (E: 12)" in page
    assert "Mỗi năm hỏi lại. Đơn vị thấy danh sách năm trước của mình và xác nhận từng người." in page
    assert "/rounds/tg-2022/settings" in page
    with database.reading() as session:
        assert session.scalars(select(Round.code).order_by(Round.id)).all() == ["tg-2021", "tg-2022"]
    assert client.get("/rounds/tg-2021/copied").status_code == 404


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"demo": True}, "Đợt mẫu chỉ có tên người bịa, nên không đưa sang đợt mới"),
        ({"personal_data_erased_at": now()}, "Danh sách năm trước đã xóa theo thời hạn"),
        ({"purge_on": date(2099, 1, 1)}, "Đợt tập huấn không lấy danh sách từ đợt khác"),
    ],
)
def test_persons_that_are_not_offered_are_not_promised(app, database, facts, words):
    with database.writing() as session:
        source, operator, _heir = make_source(session)
        for name, value in facts.items():
            setattr(source, name, value)
        copy_round(session, source, "tg-2022", 2022, date(2021, 12, 1), operator)
    client = sign_in_client(app, operator)
    for address in ("/rounds/tg-2021/copy", "/rounds/tg-2022/copied"):
        page = html.unescape(client.get(address).text)
        assert words in page
        assert "Đơn vị thấy danh sách năm trước" not in page


def quotas_of(session, survey_round):
    rows = session.execute(
        select(Unit.name, Quota.target, Quota.minimum, Quota.maximum)
        .join(Quota, Quota.unit_id == Unit.id)
        .join(RespondentGroup, Quota.group_id == RespondentGroup.id)
        .where(RespondentGroup.round_id == survey_round.id, RespondentGroup.code == "E")
    )
    return {name: tuple(rest) for name, *rest in rows}


def test_quotas_of_a_unit_that_is_no_more_go_to_its_successor_where_the_clerk_says_so(database):
    with database.writing() as session:
        source, operator, heir = make_source(session)
        people = next(group for group in source.groups if group.code == "E")
        make_quota(session, people, heir, 10)
        old = session.scalars(select(Quota).join(Unit).where(Unit.name == "Xã Cũ")).one()
        old.minimum, old.maximum = 8, 15
        session.flush()
        day = date(2022, 12, 1)
        copied = copy_round(session, source, "a-2022", 2022, day, operator, inherited=[old.unit_id])
        assert quotas_of(session, copied.round) == {"Xã Quài Cang": (12, None, None), "Xã Quài Tở": (22, 18, 25)}
        left = copy_round(session, source, "b-2022", 2022, day, operator)
        assert quotas_of(session, left.round) == {"Xã Quài Cang": (12, None, None), "Xã Quài Tở": (10, None, None)}


def test_a_successor_is_found_over_several_mergers_and_a_unit_that_goes_on_with_its_code_is_the_same(database):
    with database.writing() as session:
        source, operator, heir = make_source(session)
        heir.valid_to, heir.successor_code = date(2022, 8, 31), "9"
        last = make_unit(session, "Xã Cuối", source.operator_unit, code="9", valid_from=date(2022, 9, 1))
        kept = session.scalars(select(Unit).where(Unit.code == "1")).one()
        kept.valid_to = date(2022, 5, 31)
        again = make_unit(session, "Xã Quài Cang mới", source.operator_unit, code="1", valid_from=date(2022, 6, 1))
        session.flush()
        copied = copy_round(session, source, "a-2022", 2022, date(2022, 12, 1), operator)
        assert [(one.unit.name, one.successor) for one in copied.gone] == [("Xã Cũ", last)]
        assert quotas_of(session, copied.round) == {again.name: (12, None, None)}


def test_the_criterion_set_may_be_loaded_anew(app, database):
    with database.writing() as session:
        _source, operator, _heir = make_source(session)
    client = sign_in_client(app, operator)
    data = {"csrf_token": csrf_token(client), "code": "tg-2022", "year": "2022", "as_of": "01/06/2022"}
    done = client.post("/rounds/tg-2021/copy", data=data | {"criteria": "anew"}, follow_redirects=True)
    assert "không chép; nạp bộ mới ở trang Bộ tiêu chí" in html.unescape(done.text)
    with database.reading() as session:
        made = session.scalars(select(Round).where(Round.code == "tg-2022")).one()
        assert made.criterion_set is None
        assert len(made.groups) == 2
