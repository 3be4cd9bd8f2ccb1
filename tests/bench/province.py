"""How long do opening and points of a whole province take: 59 units rated by 750 officials and 2 700 citizens?"""

import random
import tempfile
import time
from pathlib import Path

from survey_app import create_app, migrate
from survey_app.answers.opening import clean_up
from survey_app.config import read_settings
from survey_app.rounds.models import Round
from survey_app.scores.rules import store_run
from tests.province import Size, answer_all, make_province, open_all

SIZE = Size(45, 14, {"A": 18, "B": 1, "C": 10, "D": 50, "E": 60})
OPENING_SECONDS, SCORING_SECONDS = 60, 10


def whole_province() -> None:
    """252 leaders of sở rate 45 communes, 450 of communes 14 sở, 50 deputies all 59, 2 700 citizens their own."""
    with tempfile.TemporaryDirectory() as name:
        url = f"sqlite:///{Path(name) / 'survey.sqlite'}"
        app = create_app(read_settings({"SURVEY_DATA": name, "DATABASE_URL": url, "SURVEY_URL": "http://localhost"}))
        database = app.extensions["survey_database"]
        migrate.upgrade(database)
        pepper = app.extensions["survey_settings"].keys.pepper
        with database.writing() as session:
            made = make_province(session, pepper, SIZE)
            codes = [code for group in "ACDE" for code in made.codes_of(group)]
            answer_all(session, made, pepper, codes, random.Random(1))
        begin = time.perf_counter()
        with database.writing() as session:
            record = open_all(session, made)
        clean_up(database, made.round.id, None)
        opened = time.perf_counter() - begin
        print(
            f"{record.envelopes} envelopes, {record.ballots} ballots, opened and cleaned in {opened:.1f} s (at most 60)"
        )
        with database.writing() as session:
            begin = time.perf_counter()
            run = store_run(session, session.get_one(Round, made.round.id), made.by)
            seconds = time.perf_counter() - begin
        ranked = sum(one["rank"] is not None for one in run.result["units"].values())
        print(f"{ranked} units scored and ranked, with limits, in {seconds:.1f} s (at most {SCORING_SECONDS})")
        assert record.faulty == 0
        assert ranked == 59
        assert opened <= OPENING_SECONDS
        assert seconds <= SCORING_SECONDS
        database.close()
