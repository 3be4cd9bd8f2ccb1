"""A questionnaire of 300 questions with 200 rules: import and check, and the next page while it is answered."""

import time
from statistics import median

from survey_app.questionnaires.check import check
from survey_app.questionnaires.definition import Definition
from survey_app.questionnaires.path import check_screen, screens
from survey_app.questionnaires.xlsform import read_xlsform
from survey_app.questionnaires.xlsform_writer import write_workbook
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
    start = time.perf_counter()
    definition = read_xlsform(workbook, "lon.xlsx")
    check(definition)
    return definition, time.perf_counter() - start


def next_page(definition: Definition) -> float:
    """Median milliseconds of one step: the path, the posted answers, the path anew."""
    answers: dict[str, object] = {}
    taken = []
    for place in range(SCREENS):
        start = time.perf_counter()
        screen = screens(definition, answers)[place]  # type: ignore[arg-type]
        raw = {question.name: "2" for question in screen.questions}
        values, _faults = check_screen(screen, raw, "2026-11-24")
        answers |= values
        screens(definition, answers)  # type: ignore[arg-type]
        taken.append((time.perf_counter() - start) * 1000)
    return median(taken)


def large() -> None:
    definition, seconds = import_and_check()
    rules = sum(question.relevant is not None for question in definition.questions())
    print(f"{len(list(definition.questions()))} questions, {rules} rules")
    print(f"import and check of the workbook: {seconds:.2f} s (≤ {MOST_SECONDS})")
    print(f"next page: {next_page(definition):.1f} ms (≤ {MOST_MILLISECONDS})")
