"""How somebody comes in: limits, first use, first administrator."""

import itertools
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from survey_app.access import Role
from survey_app.attempts import Attempt
from survey_app.db import now
from survey_app.errors import Invalid, Missing
from survey_app.users import entry, one_time
from survey_app.users.models import OneTimeCode, User
from survey_app.users.passwords import hash_password
from tests.make import make_user

PEPPER = b"p" * 32
GOOD = "mưa rừng suối đá"


def tries(login="xa-ta-ma", address="10.0.0.1"):
    return entry.tries_of(login, address, PEPPER)


def test_five_tries_are_free_then_each_waits_longer_but_never_for_ever(database, monkeypatch):
    clock = [now()]
    for module in ("survey_app.attempts", "survey_app.users.entry"):
        monkeypatch.setattr(f"{module}.now", lambda: clock[0])
    waits = []
    with database.writing() as session:
        for _ in range(5):
            waits.append(entry.admit(session, tries()))
        for _ in range(200):
            waits.append(entry.admit(session, tries()))
            clock[0] += timedelta(minutes=1)
    assert waits[:6] == [0, 0, 0, 0, 0, 1]
    assert max(waits) <= entry.LONGEST_WAIT
    admitted = [place for place, wait in enumerate(waits) if wait == 0]
    pauses = [later - earlier for earlier, later in itertools.pairwise(admitted)]
    # Five more tries a minute apart, then pauses grow to a quarter of an hour and no further.
    assert max(pauses[:6]) < max(pauses) <= entry.LONGEST_WAIT
    assert len(admitted) < 45
    assert admitted[-1] > 185


def test_another_account_and_another_address_are_not_held_up(database):
    with database.writing() as session:
        for _ in range(5):
            assert entry.admit(session, tries()) == 0
        assert entry.admit(session, tries()) > 0
        assert entry.admit(session, tries(login="XA-TA-MA ")) > 0
        assert entry.admit(session, tries(login="xa-na-say")) == 0


def test_one_address_that_fails_with_many_names_is_held_up(database):
    with database.writing() as session:
        for number in range(20):
            assert entry.admit(session, tries(f"ten-{number}")) == 0
            entry.count_failure(session, tries(f"ten-{number}"))
        assert entry.admit(session, tries("ten-moi")) > 0
        assert entry.admit(session, tries("ten-moi", "10.0.0.2")) == 0


def test_a_success_forgets_the_tries_of_the_account(database):
    with database.writing() as session:
        user = make_user(session, login="xa-ta-ma", password_hash=hash_password(GOOD))
        for _ in range(4):
            entry.admit(session, tries())
        token = entry.let_in(session, user.id, "Chrome", PEPPER, tries(), GOOD)
        assert len(token) >= 43  # 256 bits
        assert [entry.admit(session, tries()) for _ in range(5)] == [0] * 5


def test_no_login_nor_address_can_be_read_from_the_counts(database):
    with database.writing() as session:
        entry.admit(session, tries("mat-khau-go-nham", "10.1.2.3"))
        entry.count_failure(session, tries("mat-khau-go-nham", "10.1.2.3"))
        keys = list(session.scalars(select(Attempt.key)))
        assert len(keys) == 2
        assert not any("nham" in key or "10.1" in key for key in keys)


def test_only_the_right_password_of_an_open_account_opens(database):
    with database.writing() as session:
        user = make_user(session, login="xa-ta-ma", password_hash=hash_password(GOOD))
        assert entry.find_by_login(session, " XA-Ta-Ma ") is user
        assert entry.password_opens(user, GOOD)
        assert not entry.password_opens(user, GOOD + "x")
        user.active = False
        assert not entry.password_opens(user, GOOD)
        assert not entry.password_opens(None, GOOD)
        assert not entry.password_opens(make_user(session), "")


def test_an_old_hash_is_renewed_at_sign_in(database):
    from argon2 import PasswordHasher

    with database.writing() as session:
        weak = PasswordHasher(time_cost=1, memory_cost=8192).hash(GOOD)
        user = make_user(session, login="xa-ta-ma", password_hash=weak)
        entry.let_in(session, user.id, "Chrome", PEPPER, tries(), GOOD)
        assert user.password_hash != weak
        assert entry.password_opens(user, GOOD)


def test_a_one_time_code_sets_one_password(database):
    with database.writing() as session:
        user = make_user(session, Role.UNIT_OFFICER)
        code = one_time.issue_code(session, user, one_time.SLIP_LIFETIME, PEPPER)
        with pytest.raises(Invalid, match="Hai lần gõ"):
            entry.use_code(session, user.id, code, GOOD, GOOD + "x", PEPPER)
        with pytest.raises(Invalid, match="ít nhất 12"):
            entry.use_code(session, user.id, code, "ngắn", "ngắn", PEPPER)
        entry.use_code(session, user.id, code, GOOD, GOOD, PEPPER)
        assert entry.password_opens(user, GOOD)
        with pytest.raises(Invalid, match="hết hạn"):
            entry.use_code(session, user.id, code, "con trâu gặm cỏ", "con trâu gặm cỏ", PEPPER)


def test_there_is_no_default_account_and_the_first_code_lies_in_a_private_file(database, settings):
    file = settings.data_folder / entry.SETUP_FILE
    with database.writing() as session:
        told = entry.invite_first_administrator(session, settings)
        code = file.read_text("utf-8").split()[1]
        assert code in told
        assert "/setup" in told
        assert file.stat().st_mode & 0o077 == 0
        prepared = entry.find_by_login(session, entry.SETUP_LOGIN)
        assert not entry.password_opens(prepared, "")
        assert not entry.code_opens(session, prepared, code, settings.keys.pepper)
        assert entry.invite_first_administrator(session, settings) == told
        assert session.scalar(select(func.count()).select_from(User)) == 1


def test_the_first_code_expires_and_a_new_start_makes_another(database, settings):
    with database.writing() as session:
        entry.invite_first_administrator(session, settings)
        first = (settings.data_folder / entry.SETUP_FILE).read_text("utf-8").split()[1]
        session.execute(OneTimeCode.__table__.update().values(expires_at=now() - timedelta(seconds=1)))
        with pytest.raises(Invalid, match="hết hạn"):
            entry.set_up_administrator(session, first, "quantri", "Lò Thị Minh", GOOD, GOOD, settings.keys.pepper)
        entry.invite_first_administrator(session, settings)
        second = (settings.data_folder / entry.SETUP_FILE).read_text("utf-8").split()[1]
        assert second != first


def test_the_setup_works_once(database, settings):
    pepper = settings.keys.pepper
    with database.writing() as session:
        with pytest.raises(Missing):
            entry.require_setup(session)
        entry.invite_first_administrator(session, settings)
        code = (settings.data_folder / entry.SETUP_FILE).read_text("utf-8").split()[1]
        for faulty, field in (
            ({"code": "ABCD-EFGH-JKMN"}, "code"),
            ({"login": "a"}, "login"),
            ({"login": entry.SETUP_LOGIN}, "login"),
            ({"full_name": " "}, "full_name"),
            ({"password": "ngắn"}, "password"),
            ({"again": "khác"}, "again"),
        ):
            facts = {"code": code, "login": "quantri", "full_name": "Lò Thị Minh", "password": GOOD, "again": GOOD}
            with pytest.raises(Invalid) as invalid, session.begin_nested():
                entry.set_up_administrator(session, **{**facts, **faulty}, pepper=pepper)
            assert set(invalid.value.faults) == {field}
        account = entry.set_up_administrator(session, code, "quantri", "Lò Thị Minh", GOOD, GOOD, pepper)
        assert (account.login, account.role) == ("quantri", "administrator")
        assert entry.password_opens(account, GOOD)
        assert entry.invite_first_administrator(session, settings) is None
        with pytest.raises(Missing):
            entry.set_up_administrator(session, code, "khac", "Khác", GOOD, GOOD, pepper)
