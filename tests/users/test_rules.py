"""What may be done to accounts."""

from datetime import date

import pytest
from sqlalchemy import select

from survey_app.access import Role, has_right
from survey_app.audit import AuditEntry
from survey_app.errors import Conflict, Invalid, Missing, Refused
from survey_app.units.models import UnitKind
from survey_app.users import one_time, queries, rules
from survey_app.users.models import StaffSession, User
from survey_app.users.sessions import find_session, start_session
from tests.make import make_district, make_unit, make_user

PEPPER = b"p" * 32
DAY = date(2021, 12, 1)


@pytest.fixture
def session(database):
    with database.writing() as session:
        yield session


def make_place(session):
    """A district with its operator, two communes and an office."""
    district = make_district(session)
    communes = [
        make_unit(session, name, district, code=code) for name, code in (("Xã Ta Ma", "03277"), ("Xã Nà Sáy", "03290"))
    ]
    office = make_unit(session, "Phòng Nội vụ", district, UnitKind.DISTRICT_OFFICE, code="TG-NV")
    return district, make_user(session, Role.OPERATOR, district), communes, office


def create(session, by, **facts):
    defaults = {"login": "xa-ta-ma", "full_name": "Lò Văn Ngoan", "position": "", "role": "unit_officer", "unit": None}
    return rules.create_user(session, **{**defaults, **facts}, by=by)


def test_an_operator_creates_accounts_of_the_own_units_only(session):
    _, operator, (commune, _), _ = make_place(session)
    elsewhere = make_unit(session, "Huyện khác", kind=UnitKind.DISTRICT)
    user = create(session, operator, unit=commune, login="Xa-Ta-Ma")
    assert (user.login, user.password_hash, queries.account_state(user)) == ("xa-ta-ma", None, "waiting")
    for unit in (elsewhere, make_unit(session, "Xã lạ", elsewhere)):
        with pytest.raises(Missing):
            create(session, operator, unit=unit, login="xa-la")
    for role in ("administrator", "operator", "leader", "appraiser"):
        with pytest.raises(Refused):
            create(session, operator, unit=commune, role=role, login="cap-tren")


def test_an_administrator_gives_every_role_and_a_unit_officer_none(session):
    _, _, (commune, _), _ = make_place(session)
    assert set(rules.roles_to_give(make_user(session, Role.ADMINISTRATOR))) == set(Role)
    assert rules.roles_to_give(make_user(session, Role.UNIT_OFFICER, commune)) == ()


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"login": "a"}, "login"),
        ({"login": "có dấu"}, "login"),
        ({"login": "x" * 41}, "login"),
        ({"login": "-gach"}, "login"),
        ({"full_name": "  "}, "full_name"),
        ({"unit": None}, "unit"),
    ],
)
def test_faults_of_a_new_account_name_their_field(session, facts, field):
    _, operator, (commune, _), _ = make_place(session)
    with pytest.raises(Invalid) as invalid:
        create(session, operator, **{"unit": commune, **facts})
    assert set(invalid.value.faults) == {field}


def test_a_login_is_taken_once_whatever_its_case(session):
    _, operator, (commune, _), _ = make_place(session)
    create(session, operator, unit=commune)
    with pytest.raises(Invalid, match="đã có người dùng"):
        create(session, operator, unit=commune, login="XA-TA-MA")


def test_every_submitting_unit_gets_one_account_in_one_step(session):
    district, operator, (first, second), office = make_place(session)
    make_unit(session, "Phòng Y tế", district, UnitKind.DISTRICT_OFFICE, code="TG-YT", valid_to=date(2021, 6, 30))
    slips = rules.create_unit_accounts(session, DAY, operator, PEPPER)
    assert [slip.login for slip in slips] == ["tg-nv", "xa-na-say", "xa-ta-ma"]
    for slip in slips:
        user = session.scalar(select(User).where(User.login == slip.login))
        assert user.role == Role.UNIT_OFFICER
        assert user.unit_id in (first.id, second.id, office.id)
        assert one_time.fits(session, user, slip.code, PEPPER)
    with pytest.raises(Refused, match="Mọi đơn vị đã có tài khoản"):
        rules.create_unit_accounts(session, DAY, operator, PEPPER)


def test_units_of_one_name_get_different_logins(session):
    district, operator, _, _ = make_place(session)
    make_unit(session, "Xã Ta Ma", district, code="03999")
    make_unit(session, "Xã Tạ Mã", district, code="03998")
    logins = [slip.login for slip in rules.create_unit_accounts(session, DAY, operator, PEPPER)]
    assert len(set(logins)) == len(logins) == 5


def test_slips_are_renewed_for_those_only_who_have_not_come_in(session):
    _, operator, _, _ = make_place(session)
    first = {slip.login: slip.code for slip in rules.create_unit_accounts(session, DAY, operator, PEPPER)}
    inside = session.scalar(select(User).where(User.login == "tg-nv"))
    inside.password_hash = "x"
    renewed = rules.renew_slips(session, DAY, operator, PEPPER)
    assert {slip.login for slip in renewed} == {"xa-na-say", "xa-ta-ma"}
    waiting = session.scalar(select(User).where(User.login == "xa-ta-ma"))
    assert not one_time.fits(session, waiting, first["xa-ta-ma"], PEPPER)


def test_a_reset_takes_the_password_and_ends_all_sessions(session):
    _, operator, (commune, _), _ = make_place(session)
    user = make_user(session, Role.UNIT_OFFICER, commune, password_hash="x")
    token = start_session(session, user, "Chrome", PEPPER)
    code = rules.reset_user(session, user, operator, PEPPER)
    assert user.password_hash is None
    assert one_time.fits(session, user, code, PEPPER)
    session.expire_all()
    assert find_session(session, token, PEPPER) is None


def test_closing_ends_sessions_and_codes_and_can_be_undone(session):
    _, operator, (commune, _), _ = make_place(session)
    user = make_user(session, Role.UNIT_OFFICER, commune)
    code = one_time.issue_code(session, user, one_time.SLIP_LIFETIME, PEPPER)
    token = start_session(session, user, "Chrome", PEPPER)
    rules.set_active(session, user, False, operator)
    session.expire_all()
    assert find_session(session, token, PEPPER) is None
    assert not one_time.fits(session, user, code, PEPPER)
    with pytest.raises(Refused, match="đang bị khóa"):
        rules.reset_user(session, user, operator, PEPPER)
    with pytest.raises(Conflict):
        rules.set_active(session, user, False, operator)
    rules.set_active(session, user, True, operator)
    assert user.active


def test_the_last_administrator_cannot_be_taken_out(session):
    admin = make_user(session, Role.ADMINISTRATOR, password_hash="x")
    waiting = make_user(session, Role.ADMINISTRATOR)
    with pytest.raises(Refused, match="Không tự khóa"):
        rules.set_active(session, admin, False, admin)
    with pytest.raises(Refused, match="cuối cùng"):
        rules.set_active(session, admin, False, waiting)
    with pytest.raises(Refused, match="cuối cùng"):
        rules.reset_user(session, admin, waiting, PEPPER)
    make_user(session, Role.ADMINISTRATOR, password_hash="x")
    rules.set_active(session, admin, False, waiting)
    assert not admin.active


def test_an_operator_finds_no_account_outside_the_own_units(session):
    district, operator, (commune, _), _ = make_place(session)
    inside = make_user(session, Role.UNIT_OFFICER, commune)
    strangers = [
        make_user(session, Role.ADMINISTRATOR),
        make_user(session, Role.LEADER, district),
        make_user(session, Role.OPERATOR, district),
        make_user(session, Role.UNIT_OFFICER, make_unit(session, "Xã lạ")),
        make_user(session, Role.UNIT_OFFICER),
    ]
    assert rules.find_user(session, inside.id, operator) is inside
    for stranger in strangers:
        with pytest.raises(Missing):
            rules.find_user(session, stranger.id, operator)
    assert [user.id for user in queries.accounts(session, operator)[0]] == [inside.id]
    assert queries.accounts(session, strangers[0])[1] == 7


def test_a_person_ends_only_own_sessions(session):
    user, other = make_user(session), make_user(session)
    start_session(session, other, "Chrome", PEPPER)
    foreign = session.scalar(select(StaffSession).where(StaffSession.user_id == other.id))
    with pytest.raises(Missing):
        rules.end_session(session, foreign.id, user)
    rules.end_session(session, foreign.id, other)
    assert foreign.ended_at is not None


def test_every_change_is_logged_without_code_or_password(session):
    _, operator, (commune, _), _ = make_place(session)
    slips = rules.create_unit_accounts(session, DAY, operator, PEPPER)
    user = create(session, operator, unit=commune, login="them-nguoi")
    code = rules.reset_user(session, user, operator, PEPPER)
    rules.set_active(session, user, False, operator)
    entries = list(session.scalars(select(AuditEntry).order_by(AuditEntry.id)))
    assert [entry.action for entry in entries] == ["user.unit_accounts", "user.created", "user.reset", "user.active"]
    log = str([entry.fields for entry in entries])
    assert not any(one in log for one in (code, *(slip.code for slip in slips)))


def test_dan_toc_is_seen_only_by_an_account_that_was_granted_it(session):
    _, operator, (commune, _), _ = make_place(session)
    administrator = make_user(session, Role.ADMINISTRATOR)
    officer = make_user(session, Role.UNIT_OFFICER, commune)
    assert not has_right(operator, "roster.ethnicity")
    rules.set_sees_ethnicity(session, operator, True, administrator)
    assert has_right(operator, "roster.ethnicity")
    entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert (entry.action, entry.fields) == ("user.sees_ethnicity", {"login": operator.login, "allowed": "có"})
    with pytest.raises(Conflict):
        rules.set_sees_ethnicity(session, operator, True, administrator)
    rules.set_sees_ethnicity(session, operator, False, administrator)
    assert not has_right(operator, "roster.ethnicity")
    with pytest.raises(Refused, match="Vai trò này"):
        rules.set_sees_ethnicity(session, officer, True, operator)
    with pytest.raises(Refused, match="cho mình"):
        rules.set_sees_ethnicity(session, operator, True, operator)
    administrator.sees_ethnicity = True  # the flag alone is not enough: the role must read rosters
    assert not has_right(administrator, "roster.ethnicity")
