"""Every route has a declared right, and every role meets exactly what its rights allow."""

import pytest

from survey_app.access import RIGHTS, Role, declared_rights, is_open
from survey_app.guard import STATIC_ENDPOINTS
from tests.make import make_district, make_round

# Every page that needs no account. A new one must be added here by hand.
OPEN_ENDPOINTS = {
    "users.sign_in",
    "users.first_use",
    "users.set_up",
    "questionnaires.medium",  # respondents' pages show it
}


def _rules(app):
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint not in STATIC_ENDPOINTS]


def _address(rule, survey_round):
    values = {}
    for name, converter in rule._converters.items():
        kind = type(converter).__name__
        values[name] = survey_round if name == "code" else 999_999 if kind == "IntegerConverter" else "khong-co"
    return rule.build(values, append_unknown=False)[1]


def test_every_route_declares_its_right_or_is_open_for_a_reason(app):
    undeclared = [
        rule.endpoint
        for rule in _rules(app)
        if not is_open(app.view_functions[rule.endpoint]) and declared_rights(app.view_functions[rule.endpoint]) is None
    ]
    assert undeclared == []


def test_the_open_pages_are_those_on_the_list(app):
    open_pages = {rule.endpoint for rule in _rules(app) if is_open(app.view_functions[rule.endpoint])}
    office_pages = {endpoint for endpoint in open_pages if not endpoint.startswith("answers.")}
    assert office_pages == OPEN_ENDPOINTS


def test_a_stranger_meets_the_sign_in_page_at_every_closed_route(app, client, database):
    for rule in _rules(app):
        if is_open(app.view_functions[rule.endpoint]):
            continue
        method = "GET" if "GET" in rule.methods else "POST"
        app.config["WTF_CSRF_ENABLED"] = False
        answer = client.open(_address(rule, "khong-co"), method=method)
        assert answer.status_code == 302, rule
        assert "/sign-in" in answer.location, rule


@pytest.mark.parametrize("role", list(Role))
def test_a_role_meets_403_at_every_route_outside_its_rights_and_no_fault_inside(app, database, signed_in, role):
    app.config["WTF_CSRF_ENABLED"] = False
    with database.writing() as session:
        district = make_district(session)
        survey_round = make_round(session, district, code="r-1")
        code = survey_round.code
    browser = signed_in(role, unit=district)
    for rule in _rules(app):
        view = app.view_functions[rule.endpoint]
        if is_open(view) or rule.endpoint in ("users.sign_out", "users.end_session"):
            continue
        method = "GET" if "GET" in rule.methods else "POST"
        answer = browser.open(_address(rule, code), method=method)
        allowed = any(role in RIGHTS[right] for right in declared_rights(view))
        if allowed:
            assert answer.status_code < 500, f"{role} {method} {rule}: {answer.status_code}"
        else:
            assert answer.status_code == 403, f"{role} {method} {rule}: {answer.status_code}"
