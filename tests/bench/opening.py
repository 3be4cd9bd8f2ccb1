"""How long does the opening of twenty thousand envelopes take, cleaning included?"""

import tempfile
import time
from pathlib import Path

from survey_app import create_app, migrate
from survey_app.answers.opening import clean_up
from survey_app.config import read_settings
from tests.answers.make import ANSWERS
from tests.answers.test_opening import make_answered, multiply_persons, open_all

ENVELOPES = 20_000


def twenty_thousand() -> None:
    """20 000 answered invitations: decrypt, check, shuffle, count, delete, rewrite the file."""
    with tempfile.TemporaryDirectory() as name:
        url = f"sqlite:///{Path(name) / 'survey.sqlite'}"
        app = create_app(read_settings({"SURVEY_DATA": name, "DATABASE_URL": url, "SURVEY_URL": "http://localhost"}))
        database = app.extensions["survey_database"]
        migrate.upgrade(database)
        made = make_answered(app, database, [ANSWERS], persons=(20,))
        with database.writing() as session:
            multiply_persons(session, made, ENVELOPES)
        begin = time.perf_counter()
        record = open_all(database, made)
        clean_up(database, made.round.id, None)
        print(f"{record.ballots} envelopes opened and cleaned in {time.perf_counter() - begin:.1f} s (at most 60)")
        database.close()
