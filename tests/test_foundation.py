from sqlalchemy import select

from survey_app.audit import Action, AuditEntry, first_broken_entry, record
from survey_app.rounds.models import RoundState
from tests.make import make_round


def test_a_new_round_is_in_preparation_and_its_creation_is_logged_in_an_unbroken_chain(database):
    with database.writing() as session:
        survey_round = make_round(session)
        assert survey_round.state is RoundState.PREPARING
        for _ in range(3):
            record(session, Action.ROUND_CREATED, None, round=survey_round.code)
        entries = list(session.scalars(select(AuditEntry).order_by(AuditEntry.id)))
        assert first_broken_entry(entries) is None
        entries[1].by_name = "Ai khác"
        assert first_broken_entry(entries) is entries[1]
