"""Codes that are suggested, groups that are usual, days in their order, lines of later steps."""

from datetime import date

import pytest

from survey_app.db import Database, now
from survey_app.rounds import home_parts
from survey_app.rounds.home_parts import KeyHolderLine, key_holders, register_key_holders
from survey_app.rounds.levels import suggested_code, usual_group
from survey_app.rounds.milestones import milestones
from survey_app.rounds.models import ListType
from tests.make import make_round


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Huyện Tuần Giáo", "tg-2021"),
        ("Thị trấn Tuần Giáo", "tg-2021"),
        ("Xã Quài Tở", "qt-2021"),
        ("Phòng Nội vụ", "nv-2021"),
        ("Đặc khu Phú Quý", "dkpq-2021"),
        ("Xã", "x-2021"),
        ("", "dot-2021"),
    ],
)
def test_a_code_is_suggested_from_the_initials_of_the_body(name: str, code: str) -> None:
    assert suggested_code(name, 2021) == code


def test_the_groups_of_the_district_have_their_usual_lists() -> None:
    assert usual_group("E") == ("Người dân đã giải quyết thủ tục hành chính", ListType.CITIZENS)
    assert usual_group("F")[1] == ListType.BUSINESS
    assert usual_group("K") == ("Nhóm K", ListType.OFFICIALS)


def test_today_stands_among_the_days_of_the_round(database: Database) -> None:
    with database.writing() as session:
        survey_round = make_round(session, lists_started_at=now(), closes_on=date(2022, 1, 7))
        lines = milestones(survey_round, date(2021, 12, 14))
        assert [(line.day, line.words) for line in lines] == [
            (date(2021, 12, 14), "Hạn nộp danh sách"),
            (date(2021, 12, 14), "Đang nhận danh sách"),
            (date(2021, 12, 20), "Bắt đầu thu phiếu"),
            (date(2022, 1, 7), "Đóng thu phiếu"),
        ]
        assert [line.is_today for line in lines] == [False, True, False, False]


def test_a_later_step_names_the_key_holders(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(home_parts, "_key_holders", [])
    with database.writing() as session:
        survey_round = make_round(session)
        assert key_holders(session, survey_round) == []
        register_key_holders(lambda _session, _round: [KeyHolderLine("Phòng Nội vụ", "tested")])
        assert key_holders(session, survey_round) == [KeyHolderLine("Phòng Nội vụ", "tested")]
