"""Two operators save one settings page: the second is told what the first stored, and loses nothing."""

import re

import pytest

from survey_app.rounds.models import GroupRating, ListType, RatedUnit
from survey_app.rounds.seen_settings import GUARDED, changed_since, seen_mark
from tests.make import make_district, make_group, make_quota, make_round


@pytest.mark.parametrize("page", sorted(GUARDED))
def test_every_guarded_page_notices_a_change_of_its_own_values_only(database, page):
    with database.writing() as session:
        district = make_district(session)
        survey_round = make_round(session, district)
        group = make_group(session, survey_round, "E", ListType.CITIZENS)
        quota = make_quota(session, group, district, 20)
        session.flush()
        marks = {one: seen_mark(session, survey_round, one) for one in GUARDED}
        assert not any(changed_since(session, survey_round, one, marks[one]) for one in GUARDED)
        if page == "basics":
            survey_round.title = "Tên mới"
        elif page == "dates":
            survey_round.grace_hours = 5
        elif page == "groups":
            group.name = "Tên mới"
        elif page == "quotas":
            quota.target = 21
        elif page == "ratings":
            rated = session.query(RatedUnit).filter_by(round_id=survey_round.id).one()
            group.ratings = [GroupRating(rated_unit_id=rated.id, rated_unit=rated)]
        elif page == "personal_data":
            survey_round.purpose = "Tên mới"
        elif page == "scoring":
            survey_round.rules = {**survey_round.rules, "n_min": 17}
        else:
            survey_round.help_phone = "Tên mới"
        session.flush()
        told = {one: changed_since(session, survey_round, one, marks[one]) for one in GUARDED}
        assert {one for one, words in told.items() if words} == {page}
        assert re.search(r"Tên mới|«5»|21–21–21|«17»|Huyện Tuần Giáo", told[page])


def test_a_group_that_is_gone_is_told(database):
    with database.writing() as session:
        district = make_district(session)
        survey_round = make_round(session, district)
        make_group(session, survey_round, "E", ListType.CITIZENS)
        other = make_group(session, survey_round, "F", ListType.CITIZENS)
        session.flush()
        mark = seen_mark(session, survey_round, "groups")
        session.delete(other)
        session.flush()
        session.expire_all()
        assert "1 mục đã bỏ" in changed_since(session, survey_round, "groups", mark)
