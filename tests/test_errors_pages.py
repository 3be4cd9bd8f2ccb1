"""What a user sees when something is refused."""

from survey_app.access import Role
from tests.make import csrf_token, make_district, make_round


def test_a_refusal_of_the_moment_says_so_and_leads_back_to_the_page(signed_in, database):
    with database.writing() as session:
        district = make_district(session)
        code = make_round(session, district).code
    browser = signed_in(Role.OPERATOR, unit=district)
    answer = browser.post(f"/rounds/{code}/cells", data={"csrf_token": csrf_token(browser)})
    assert answer.status_code == 403
    assert "Lúc này chưa làm được việc đó." in answer.text
    assert f'href="/rounds/{code}/cells"' in answer.text


def test_a_missing_right_names_the_roles_that_hold_it(signed_in, database):
    with database.writing() as session:
        district = make_district(session)
    answer = signed_in(Role.LEADER, unit=district).get("/users")
    assert answer.status_code == 403
    assert "Tài khoản này không làm được việc đó." in answer.text
    assert "Cán bộ phụ trách đợt" in answer.text


def test_the_page_for_closing_does_not_open_before_the_round_does(signed_in, database):
    with database.writing() as session:
        district = make_district(session)
        code = make_round(session, district).code
    answer = signed_in(Role.OPERATOR, unit=district).get(f"/rounds/{code}/collection/close")
    assert answer.status_code == 403
