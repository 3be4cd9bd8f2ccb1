"""A set is made while nobody waits: one at a time, seen by everybody, and what stops it is told in words."""

import time
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from survey_app.db import now
from survey_app.errors import Conflict, Refused
from survey_app.handover.making import begin_making, end_making, fail_making, faults_of, goes_on, making_of
from survey_app.handover.models import PaperKind, SetMaking
from survey_app.handover.sets import prepare_set, sets_of
from survey_app.handover.word_rules import use_own
from survey_app.roster.models import ChangeKind, RosterVersion
from survey_app.roster_changes.rules import approve, propose
from survey_app.rounds.models import Round
from survey_app.users.models import User
from tests.handover.test_pages import ROUND, letter, post
from tests.handover.test_papers import template_with
from tests.handover.test_sets import wishes
from tests.make import sign_in_client
from tests.roster_changes.locked_round import CITIZEN, make_locked

PAGE = f"{ROUND}/handover"
TYPED = {"papers": ["cong-van"], "cong-van-number": ["05/UBND-NV"], "cong-van-signer": ["Lò Văn Hưng"]}


@pytest.fixture
def locked(database):
    with database.writing() as session:
        return make_locked(session)


def begun(session, locked) -> SetMaking:
    survey_round = session.get(Round, locked.round.id)
    return begin_making(
        session, survey_round, wishes(session, survey_round), TYPED, session.get(User, locked.second.id)
    )


def prepared(session, locked):
    survey_round = session.get(Round, locked.round.id)
    return prepare_set(session, survey_round, wishes(session, survey_round), session.get(User, locked.operator.id))


def test_everybody_sees_a_making_and_nobody_begins_a_second(app, database, locked):
    with database.writing() as session:
        begun(session, locked).done = 1
        with pytest.raises(Conflict, match="đang lập một bộ bàn giao"):
            begun(session, locked)
    operator = sign_in_client(app, locked.operator)
    page = operator.get(PAGE).text
    for words in ("Đang lập bộ bàn giao", "Đã xong 1 trên 2 tệp", locked.second.full_name, 'http-equiv="refresh"'):
        assert words in page
    assert "Tạo bộ bàn giao" not in page
    assert "Đang lập bộ bàn giao" in operator.get(ROUND).text
    assert post(operator, PAGE, **letter()).status_code == 303
    assert "Chưa lập thêm bộ nào" in operator.get(PAGE).text
    with database.reading() as session:
        assert not sets_of(session, session.get(Round, locked.round.id))


def test_a_making_that_gives_no_sign_has_stopped_and_gives_way(app, database, locked):
    with database.writing() as session:
        begun(session, locked).sign_at = now() - timedelta(minutes=2)
    page = sign_in_client(app, locked.operator).get(PAGE)
    assert (page.status_code, "đã khởi động lại" in page.text) == (200, True)
    assert 'value="Lò Văn Hưng"' in page.text
    assert 'http-equiv="refresh"' not in page.text
    with database.writing() as session:
        stopped = making_of(session, locked.round).id
        assert goes_on(begun(session, locked))
        assert end_making(session, stopped, prepared(session, locked), session.get(User, locked.operator.id)) is None


def test_a_template_that_fails_is_named_with_what_was_typed(app, database, locked):
    with database.writing() as session:
        survey_round, operator = session.get(Round, locked.round.id), session.get(User, locked.operator.id)
        content = template_with("{% if groups|length > 1 %}{{ 1/0 }}{% endif %}")
        use_own(session, survey_round, PaperKind.LETTER, content, "mau.docx", operator)
    operator = sign_in_client(app, locked.operator)
    fields = letter(**{"cong-van-signer": "Lò Văn Hưng"})
    page = operator.get(post(operator, PAGE, **fields).location).text
    assert "Công văn: Mẫu Word có chỗ không điền được" in page
    assert 'value="Lò Văn Hưng"' in page
    post(operator, f"{PAGE}/word/cong-van", shipped="yes")
    page = operator.get(post(operator, PAGE, **fields).location).text
    assert "Đã lập bộ bàn giao: 5 tệp." in page
    assert "Chưa lập được" not in page


def test_nobody_waits_for_a_large_set(app, database, locked):
    with database.writing() as session:
        session.scalars(select(RosterVersion)).one().persons = 2063
    operator = sign_in_client(app, locked.operator)
    page = operator.get(post(operator, PAGE, **letter()).location).text
    assert "Đã xong 0 trên 7 tệp" in page  # what an annex in three parts would have
    until = time.monotonic() + 60
    while "Đang lập bộ bàn giao" in page and time.monotonic() < until:
        time.sleep(0.2)
        page = operator.get(f"{PAGE}?waited=yes").text
    assert "Đã lập bộ bàn giao: 5 tệp." in page
    with database.reading() as session:
        assert making_of(session, locked.round) is None


def test_a_version_that_came_meanwhile_and_a_right_that_went_are_told(database, locked):
    with database.writing() as session:
        survey_round, operator = session.get(Round, locked.round.id), session.get(User, locked.operator.id)
        making, ready = begun(session, locked), prepared(session, locked)
        with pytest.raises(Refused, match="dân tộc"), session.begin_nested():
            end_making(session, making.id, replace(ready, ethnicity=True), operator)
        change = propose(
            session, locked.list_of(session, "E"), ChangeKind.ADD, locked.officer, "Nhập huyện.", None, CITIZEN
        )
        approve(session, survey_round, [change], operator)
        with pytest.raises(Conflict) as fault, session.begin_nested():
            end_making(session, making.id, ready, operator)
        fail_making(session, making.id, fault.value)
        session.refresh(making)
        assert "vừa có bản mới" in faults_of(making)[""]
        fail_making(session, making.id, ZeroDivisionError("1/0"))
        session.refresh(making)
        assert "1/0" not in faults_of(making)[""]
        assert "dừng vì sự cố" in faults_of(making)[""]
