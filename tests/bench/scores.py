"""How long do the points of 200 000 stored responses take, with limits and ranks of 100 places, on both engines?"""

import random
import secrets
import tempfile
import time
from pathlib import Path

from sqlalchemy import insert, select, update

from survey_app import migrate
from survey_app.access import Role
from survey_app.answers.models import AnswerCount, Ballot
from survey_app.db import Database
from survey_app.rounds.models import Cell
from survey_app.scores.rules import store_run
from tests.make import make_unit, make_user
from tests.scores.opened_round import make_opened_round

from .postgres import OwnPostgres

FORMS, PLACES, SECONDS = 200_000, 100, 5.0
SAMPLES = Path(__file__).parents[1] / "samples"


def two_hundred_thousand() -> None:
    """The sample answers three hundred times over, people of a group spread over a hundred communes."""
    with tempfile.TemporaryDirectory() as name, OwnPostgres(Path(name) / "postgres") as server:
        for engine, address in (
            ("SQLite", f"sqlite:///{Path(name) / 'survey.sqlite'}"),
            ("PostgreSQL", server.address),
        ):
            _measure(engine, address)


def _measure(engine: str, address: str) -> None:
    database = Database(address)
    migrate.upgrade(database)
    with database.writing() as session:
        survey_round = make_opened_round(session, SAMPLES)
        operator = make_user(session, Role.OPERATOR, survey_round.operator_unit)
        forms = session.scalars(select(Ballot)).all()
        people = next(cell for cell in session.scalars(select(Cell)) if cell.label == "E")
        places = []
        for number in range(PLACES):
            unit = make_unit(session, f"Xã số {number}", kind="xa")
            cell = Cell(
                round_id=survey_round.id, group_id=people.group_id, unit_id=unit.id, weight_class="", label=unit.name
            )
            cell.invited = FORMS
            session.add(cell)
            places.append(cell)
        session.flush()
        choose = random.Random(1)
        rows = [
            {
                "id": secrets.token_hex(16), "round_id": form.round_id, "rated_unit_id": form.rated_unit_id,
                "cell_id": choose.choice(places).id if form.cell_id == people.id else form.cell_id,
                "answers": form.answers,
            }
            for form in (forms[number % len(forms)] for number in range(FORMS - len(forms)))
        ]  # fmt: skip
        for start in range(0, len(rows), 5000):
            session.execute(insert(Ballot), rows[start : start + 5000])
        session.execute(update(AnswerCount).values(answers=AnswerCount.answers * (FORMS // len(forms))))
    begin = time.perf_counter()
    with database.writing() as session:
        run = store_run(session, session.merge(survey_round), session.merge(operator))
        total = run.precision["all"]["total"][0]
    seconds = time.perf_counter() - begin
    print(f"{engine}: {FORMS} responses scored in {seconds:.1f} s (at most {SECONDS:.0f}), {total:.2f} points")
    database.close()
