"""Drafts that nobody hands in go after thirty days, also when nobody comes by."""

from datetime import timedelta

from sqlalchemy import func, select

from survey_app.access import Role
from survey_app.commands import prepare
from survey_app.db import now
from survey_app.roster.models import ListState, UnitList, Upload
from survey_app.roster.rules import erase_old_drafts, receive_upload
from tests.make import make_user
from tests.roster.asked_round import make_asked_round, make_citizen, make_file


def uploaded(session, days, confirmed=False):
    asked = make_asked_round(session)
    officer = make_user(session, Role.UNIT_OFFICER, asked.commune)
    upload = receive_upload(session, asked.round, asked.commune, make_file([make_citizen(1)]), "a.xlsx", officer)
    upload.uploaded_at = now() - timedelta(days=days)
    upload.confirmed_at = now() if confirmed else None
    session.flush()


def left(session):
    return session.scalar(select(func.count(Upload.id))), session.scalars(select(UnitList.state)).all()


def test_an_old_draft_goes_and_its_list_was_never_handed_in(database):
    with database.writing() as session:
        uploaded(session, 31)
        erase_old_drafts(session)
        assert left(session) == (0, [ListState.NONE])


def test_a_younger_draft_and_a_confirmed_one_stay(database):
    with database.writing() as session:
        uploaded(session, 29)
        erase_old_drafts(session)
        assert left(session) == (1, [ListState.DRAFT])
        session.scalars(select(Upload)).one().uploaded_at = now() - timedelta(days=99)
        session.scalars(select(Upload)).one().confirmed_at = now()
        erase_old_drafts(session)
        assert left(session)[0] == 1


def test_every_start_erases_them(app, database):
    with database.writing() as session:
        uploaded(session, 31)
    with app.app_context():
        prepare(database)
    with database.reading() as session:
        assert left(session) == (0, [ListState.NONE])
