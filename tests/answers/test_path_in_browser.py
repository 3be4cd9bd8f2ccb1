"""The phone finds the same path, the same faults and the same answers as the server, for answers of every kind."""

import json
import random
import subprocess
from pathlib import Path
from typing import Any

import pytest

import survey_app
from survey_app.answers.phone_content import rules_of
from survey_app.questionnaires.answer_values import fault_of, read_field
from survey_app.questionnaires.definition import Definition
from survey_app.questionnaires.definition_json import to_json
from survey_app.questionnaires.matrix import Body, written_out
from survey_app.questionnaires.path import answers_on_path, check_answers, screens
from survey_app.questionnaires.xlsform import read_xlsform
from tests.browser_fixtures import NODE

ROOT = Path(survey_app.__file__).parents[1]
STATIC = ROOT / "survey_app" / "static"
FORMS = [
    *sorted((ROOT / "questionnaires").glob("*/*.md")),
    *sorted((ROOT / "tests" / "questionnaires" / "features").glob("*.md")),
    ROOT / "tests" / "answers" / "every-kind.md",
]
BODIES = (Body(7, "Sở Nội vụ", "so"), Body(12, "Xã Quài Tở", "xa"), Body(30, "Phường Mường Thanh", "phuong"))
TODAY = "2021-10-05"
TYPED = ("", "0", "2", "2,5", "-3", "12x", "2099-01-01", "2021-01-05", "5/1/2021", " Cần ghế \r\n ngồi ", "1000000001")
RUN = """(cases) => cases.map(({rules, raw, today}) => {
  const {screens, faults, answers} = surveyForm.assess(rules, raw, today);
  const names = (screen) => screen.questions.map((question) => question.name);
  return {screens: screens.map((screen) => [screen.name, screen.first, screen.total, names(screen)]),
          faults: Object.keys(faults).sort(), answers};
})"""


def make_raw(definition: Definition, chance: random.Random) -> dict[str, list[str]]:
    """Fields as somebody may have left them, faults among them; about one question in six untouched."""
    raw: dict[str, list[str]] = {}
    for question in definition.questions():
        if not question.is_answered or chance.random() < 0.15:
            continue
        names = [choice.name for choice in question.choices]
        if question.kind == "rank":
            places = chance.sample(range(1, len(names) + 1), len(names))
            raw[question.name] = [f"{place}:{name}" for place, name in zip(places, names, strict=True)]
            if chance.random() < 0.2:
                raw[question.name].pop()
        elif question.kind == "select_multiple":
            raw[question.name] = chance.sample(names, chance.randint(0, len(names)))
        elif names:
            raw[question.name] = [chance.choice(names)]
        elif question.kind == "acknowledge":
            raw[question.name] = ["OK"] if chance.random() < 0.8 else []
        elif question.kind == "range" and chance.random() < 0.7:
            raw[question.name] = [str(chance.choice(question.steps))]
        else:
            raw[question.name] = [chance.choice(TYPED)]
    return raw


def by_server(definition: Definition, raw: dict[str, list[str]]) -> dict[str, Any]:
    """What the pages without script make of the same fields."""
    values = {
        question.name: read_field(question, raw[question.name])
        for question in definition.questions()
        if question.name in raw
    }
    sound = {
        name: value
        for name, value in values.items()
        if not (question := definition.question(name)) or not fault_of(question, value, required=False)
    }
    path = screens(definition, sound)
    return {
        "screens": [[s.name, s.first_question, s.question_total, [q.name for q in s.questions]] for s in path],
        "faults": sorted(fault.name for fault in check_answers(definition, values, TODAY)),
        "answers": answers_on_path(definition, sound),
    }


@pytest.mark.parametrize("form", FORMS, ids=lambda path: path.stem)
def test_phone_and_server_agree(form: Path) -> None:
    definition = written_out(read_xlsform(form.read_bytes(), form.name), BODIES)
    chance = random.Random(f"path {form.stem}")
    raws = [make_raw(definition, chance) for _ in range(150)]
    rules = rules_of(to_json(definition))
    cases = [{"rules": rules, "raw": raw, "today": TODAY} for raw in raws]
    scripts = "\n".join((STATIC / name).read_text("utf-8") for name in ("expression.js", "questionnaire.js"))
    program = f"{scripts}\nconst run = {RUN};\nlet text = '';\n"
    program += "process.stdin.on('data', (part) => { text += part; });\n"
    program += "process.stdin.on('end', () => { console.log(JSON.stringify(run(JSON.parse(text)))); });"
    done = subprocess.run([NODE, "-e", program], input=json.dumps(cases), capture_output=True, text=True, check=True)
    for raw, got in zip(raws, json.loads(done.stdout), strict=True):
        assert got == by_server(definition, raw), raw
