from datetime import UTC, date, datetime

import pytest

from survey_app.access import Role
from survey_app.db import now
from survey_app.errors import Invalid, Refused
from survey_app.rounds.personal_data import (
    PersonalDataTerms,
    erase_day,
    legal_basis_of,
    purpose_of,
    set_personal_data,
)
from tests.make import csrf_token, make_round, make_user


@pytest.mark.parametrize(
    ("facts", "day"),
    [
        ({"erase_personal_data_on": date(2022, 6, 30), "envelopes_opened_on": date(2022, 1, 10)}, date(2022, 6, 30)),
        ({"closes_on": date(2022, 1, 7)}, date(2023, 1, 7)),
        ({"closes_on": date(2022, 1, 7), "envelopes_opened_on": date(2022, 1, 10)}, date(2023, 1, 10)),
        (
            {"envelopes_opened_on": date(2022, 1, 10), "published_at": datetime(2022, 3, 28, 18, tzinfo=UTC)},
            date(2023, 3, 28),
        ),
        ({"closes_on": None}, None),
        ({"closes_on": date(2021, 12, 31)}, date(2022, 12, 28)),
    ],
)
def test_personal_data_are_kept_twelve_months_after_the_results(database, facts, day):
    with database.writing() as session:
        survey_round = make_round(session)
        survey_round.opened_at = survey_round.closed_at = now()
        for name, value in facts.items():
            setattr(survey_round, name, value)
        assert erase_day(survey_round) == day


def test_usual_words_stay_usual_and_own_words_are_kept(database):
    with database.writing() as session:
        survey_round = make_round(session)
        by = make_user(session)
        usual = PersonalDataTerms(purpose_of(survey_round), legal_basis_of(survey_round), True)
        set_personal_data(session, survey_round, usual, by)
        assert (survey_round.purpose, survey_round.legal_basis, survey_round.collects_ethnicity) == ("", "", True)
        survey_round.year = 2022
        assert "năm 2022" in purpose_of(survey_round)
        own = PersonalDataTerms("Theo kế hoạch", "Kế hoạch số 12/KH-UBND", False)
        set_personal_data(session, survey_round, own, by)
        assert (purpose_of(survey_round), legal_basis_of(survey_round)) == ("Theo kế hoạch", "Kế hoạch số 12/KH-UBND")


def test_ethnicity_is_not_taken_back_once_asked_for_but_may_still_be_asked(database):
    with database.writing() as session:
        survey_round = make_round(session, lists_started_at=now())
        by = make_user(session)
        set_personal_data(session, survey_round, PersonalDataTerms("", "", True), by)
        with pytest.raises(Invalid) as fault:
            set_personal_data(session, survey_round, PersonalDataTerms("", "", False), by)
        assert set(fault.value.faults) == {"collects_ethnicity"}
        with pytest.raises(Invalid) as fault:
            set_personal_data(session, survey_round, PersonalDataTerms("x" * 1001, "", True), by)
        assert set(fault.value.faults) == {"purpose"}


def test_what_people_were_told_does_not_change_once_the_round_is_open(database):
    with database.writing() as session:
        survey_round = make_round(session, opened_at=now())
        with pytest.raises(Refused):
            set_personal_data(session, survey_round, PersonalDataTerms("", "", False), make_user(session))


def test_the_page_saves_and_shows_faults(database, signed_in):
    with database.writing() as session:
        survey_round = make_round(session, code="tg-2021")
        unit = survey_round.operator_unit
    client = signed_in(Role.OPERATOR, unit=unit)
    address = "/rounds/tg-2021/settings/personal-data"
    assert "91/2025/QH15" in client.get(address).text
    form = {"csrf_token": csrf_token(client), "purpose": "Để hỏi", "legal_basis": "", "collects_ethnicity": "yes"}
    answer = client.post(address, data=form)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/rounds/tg-2021/settings/scoring")
    page = client.get(address).text
    assert "Để hỏi" in page
    assert 'value="yes" aria-describedby="collects_ethnicity-hint" checked' in page
    assert client.post(address, data=form | {"purpose": "x" * 1001}).status_code == 422
    assert "Có hỏi, xem được khi có quyền riêng" in client.get("/rounds/tg-2021/settings/review").text
