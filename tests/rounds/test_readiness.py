"""A round is made only when nothing is missing."""

import pytest

from survey_app.db import Database, now
from survey_app.errors import Invalid, Refused
from survey_app.rounds.models import RoundState
from survey_app.rounds.readiness import lacks, start_lists
from tests.make import make_criteria, make_group, make_quota, make_round, make_user


def test_an_empty_round_says_all_that_is_missing_page_by_page(database: Database) -> None:
    with database.writing() as session:
        survey_round, by = make_round(session, rules={"group_weights": {"B": "1"}}), make_user(session)
        make_criteria(session, survey_round, [("1.1", "1", "survey", ["A", "E"])])
        make_group(session, survey_round, "E")
        survey_round.lists_due_on, survey_round.help_phone = None, ""
        assert [(lack.page, lack.sentence) for lack in lacks(session, survey_round)] == [
            ("groups", "Thêm nhóm A mà bộ tiêu chí có hỏi."),
            ("quotas", "Giao chỉ tiêu cho nhóm E."),
            ("dates", "Điền các ngày của đợt."),
            ("scoring", "Điền trọng số của nhóm A, E, hoặc bỏ trống tất cả."),
            ("modes", "Điền số điện thoại trợ giúp."),
        ]
        with pytest.raises(Invalid, match="Giao chỉ tiêu"):
            start_lists(session, survey_round, by)


def test_a_complete_round_is_made_once(database: Database) -> None:
    with database.writing() as session:
        survey_round, by = make_round(session), make_user(session)
        assert [lack.page for lack in lacks(session, survey_round)] == ["criteria"]
        make_criteria(session, survey_round, [("1.1", "1", "survey", ["E"])])
        make_quota(session, make_group(session, survey_round, "E"), survey_round.operator_unit)
        session.expire_all()
        start_lists(session, survey_round, by)
        assert survey_round.state is RoundState.COLLECTING_LISTS
        with pytest.raises(Refused):
            start_lists(session, survey_round, by)


def test_a_round_without_survey_part_needs_no_group(database: Database) -> None:
    with database.writing() as session:
        survey_round = make_round(session)
        make_criteria(session, survey_round, [("1.1", "1", "self_assessment", [])])
        assert lacks(session, survey_round) == []


def test_an_open_round_is_not_made_again(database: Database) -> None:
    with database.writing() as session:
        survey_round, by = make_round(session, opened_at=now()), make_user(session)
        with pytest.raises(Refused):
            start_lists(session, survey_round, by)
