"""A questionnaire of 300 questions with 200 rules: import and check, the next page, the respondent's page itself.

Seconds of the processor, so that other work on the machine does not count.
"""

import tempfile
import time
from pathlib import Path
from statistics import median

from survey_app import create_app, migrate
from survey_app.config import read_settings
from survey_app.questionnaires.check import check
from survey_app.questionnaires.definition import Definition
from survey_app.questionnaires.path import check_screen, screens
from survey_app.questionnaires.xlsform import read_xlsform
from survey_app.questionnaires.xlsform_writer import write_workbook
from tests.answers.make import make_open_round
from tests.answers.test_respondent_pages import enter, go
from tests.questionnaires.make import SCALE

QUESTIONS, RULES, SCREENS = 300, 200, 60
MOST_SECONDS, MOST_MILLISECONDS = 2.0, 20.0


def make_large() -> bytes:
    """Scored questions and numbers by turns; 200 of them asked on a condition over two earlier ones."""
    lines = [
        "| survey | | | | | | |",
        "| | type | name | label::Tiếng Việt (vi) | label::English (en) | relevant | constraint |",
    ]
    for number in range(1, QUESTIONS + 1):
        rule = ""
        if number > QUESTIONS - RULES:
            rule = f"(${{q_{number - 50}}} != '1' or ${{q_{number - 75}}} = 'KB') and not(${{q_{number - 75}}} = '2')"
        kind = "select_one muc" if number % 10 else "integer"
        rule = (
            rule
            if number % 10 and (number - 50) % 10 and (number - 75) % 10
            else rule and f"${{q_{number - 49}}} != '1'"
        )
        limit = ". >= 0 and . <= 1000" if not number % 10 else ""
        lines.append(f"| | {kind} | q_{number} | Câu hỏi số {number}? | Question {number}? | {rule} | {limit} |")
    return ("\n".join(lines) + "\n" + SCALE).encode()


def import_and_check() -> tuple[Definition, float]:
    """The large questionnaire read from a workbook and checked; seconds."""
    workbook = write_workbook(read_xlsform(make_large(), "lon.md"))
    start = time.process_time()
    definition = read_xlsform(workbook, "lon.xlsx")
    check(definition)
    return definition, time.process_time() - start


def next_page(definition: Definition) -> float:
    """Median milliseconds of one step: the path, the posted answers, the path anew."""
    answers: dict[str, object] = {}
    taken = []
    for place in range(SCREENS):
        start = time.process_time()
        screen = screens(definition, answers)[place]  # type: ignore[arg-type]
        raw = {question.name: "2" for question in screen.questions}
        values, _faults = check_screen(screen, raw, "2026-11-24")
        answers |= values
        screens(definition, answers)  # type: ignore[arg-type]
        taken.append((time.process_time() - start) * 1000)
    return median(taken)


def respondents_page(definition: Definition) -> float:
    """Median milliseconds of one posted page of a person without script, all answers before it in the post."""
    with tempfile.TemporaryDirectory() as name:
        url = f"sqlite:///{Path(name) / 'survey.sqlite'}"
        app = create_app(read_settings({"SURVEY_DATA": name, "DATABASE_URL": url, "SURVEY_URL": "http://localhost"}))
        database = app.extensions["survey_database"]
        migrate.upgrade(database)
        with database.writing() as session:
            made = make_open_round(session, app.extensions["survey_settings"].keys.pepper, definition=definition)
        client = app.test_client()
        page = go(client, enter(client, made.codes[0]), "/phieu/cau/1")
        answers: dict[str, object] = {}
        taken = []
        for place in range(SCREENS):
            screen = screens(definition, answers)[place]  # type: ignore[arg-type]
            posted = {question.name: "2" for question in screen.questions}
            start = time.process_time()
            page = go(client, page, f"/phieu/cau/{place + 2}", from_=place + 1, **posted)
            taken.append((time.process_time() - start) * 1000)
            answers |= check_screen(screen, posted, "2026-11-24")[0]
        if f"Câu {place + 2} / " not in page.get_data(as_text=True):
            raise SystemExit("the respondent did not get on")
        database.close()
    return median(taken)


def large() -> None:
    definition, seconds = import_and_check()
    rules = sum(question.relevant is not None for question in definition.questions())
    print(f"{len(list(definition.questions()))} questions, {rules} rules")
    print(f"import and check of the workbook: {seconds:.2f} s (≤ {MOST_SECONDS})")
    print(f"next page: {next_page(definition):.1f} ms (≤ {MOST_MILLISECONDS})")
    print(f"respondent's page: {respondents_page(definition):.1f} ms (≤ {MOST_MILLISECONDS})")
