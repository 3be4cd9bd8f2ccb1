"""One-time codes."""

import re
from datetime import timedelta

import pytest

from survey_app.access import Role
from survey_app.users import one_time
from survey_app.users.models import OneTimeCode
from tests.make import make_user

PEPPER = b"p" * 32


@pytest.fixture
def session(database):
    with database.writing() as session:
        yield session


def test_a_code_fits_its_account_however_it_is_typed(session):
    user, other = make_user(session), make_user(session)
    code = one_time.issue_code(session, user, timedelta(days=1), PEPPER)
    assert re.fullmatch(r"([2-9A-HJKMNP-TV-Z]{4}-){2}[2-9A-HJKMNP-TV-Z]{4}", code)
    for typed in (code, code.lower(), code.replace("-", ""), f"  {code.replace('-', ' ')} "):
        assert one_time.fits(session, user, typed, PEPPER)
    assert not one_time.fits(session, other, code, PEPPER)
    assert not one_time.fits(session, user, code[:-1], PEPPER)
    assert not one_time.fits(session, user, code, b"q" * 32)
    assert not one_time.fits(session, user, "", PEPPER)


def test_the_database_holds_no_code(session):
    user = make_user(session, Role.UNIT_OFFICER)
    code = one_time.issue_code(session, user, timedelta(days=1), PEPPER)
    stored = session.get_one(OneTimeCode, 1).code_hash
    assert code.replace("-", "") not in stored.upper()


def test_an_expired_a_spent_and_an_earlier_code_do_not_work(session):
    user = make_user(session)
    expired = one_time.issue_code(session, user, timedelta(seconds=-1), PEPPER)
    assert not one_time.fits(session, user, expired, PEPPER)
    assert not one_time.has_living_code(session, user)
    earlier = one_time.issue_code(session, user, timedelta(days=1), PEPPER)
    later = one_time.issue_code(session, user, timedelta(days=1), PEPPER)
    assert not one_time.fits(session, user, earlier, PEPPER)
    assert one_time.fits(session, user, later, PEPPER)
    one_time.spend_codes(session, user)
    assert not one_time.fits(session, user, later, PEPPER)
