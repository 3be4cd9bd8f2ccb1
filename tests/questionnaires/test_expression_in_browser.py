"""The evaluator of the browser computes what the server computes: in Chromium, and in Node where it is installed."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

import survey_app
from survey_app.questionnaires.expression import evaluate, holds, tree_to_json
from survey_app.questionnaires.expression_parser import parse
from tests.browser_fixtures import NODE
from tests.questionnaires.make_expressions import make_cases, written
from tests.questionnaires.test_expression import COLUMNS, VECTORS, surroundings_of, value_of

SCRIPT = Path(survey_app.__file__).parent / "static" / "expression.js"
# Evaluates every case; a value is written with its type, -0 as such.
RUN = """(cases) => cases.map(({tree, answers, own, today, row}) => {
  const value = surveyExpression.evaluate(tree, answers, {own, today, row});
  if (surveyExpression.holds(tree, answers, {own, today, row}) !== (value === value && Boolean(value))) return "holds";
  if (typeof value === "string") return `text ${value}`;
  if (typeof value === "boolean") return `truth ${value}`;
  return `number ${Object.is(value, -0) ? "-" : ""}${surveyExpression.asText(value)}`;
})"""
GENERATED = 10_000


def _vector_cases() -> tuple[list[dict[str, Any]], list[str]]:
    cases, expected = [], []
    for vector in VECTORS:
        tree = parse(vector["expression"], COLUMNS)
        around = surroundings_of(vector)
        cases.append(_case(tree_to_json(tree), vector["answers"], around))
        if "holds" in vector:
            assert holds(tree, vector["answers"], around) is vector["holds"]
            expected.append(written(evaluate(tree, vector["answers"], around)))
        else:
            expected.append(written(value_of(vector)))
    return cases, expected


def _generated_cases() -> tuple[list[dict[str, Any]], list[str]]:
    cases, expected = [], []
    for tree, answers, around in make_cases(GENERATED, seed=20210519):
        cases.append(_case(tree_to_json(tree), answers, around))
        expected.append(written(evaluate(tree, answers, around)))
    return cases, expected


def _case(tree: Any, answers: Any, around: Any) -> dict[str, Any]:
    return {"tree": tree, "answers": answers, "own": around.own, "today": around.today, "row": dict(around.row)}


def _differences(cases: list[dict[str, Any]], expected: list[str], got: list[str]) -> list[Any]:
    assert len(got) == len(expected)
    return [(case, want, had) for case, want, had in zip(cases, expected, got, strict=True) if want != had][:5]


@pytest.mark.parametrize("make", [_vector_cases, _generated_cases])
def test_chromium_computes_what_the_server_computes(make, new_context):
    cases, expected = make()
    page = new_context().new_page()
    page.add_script_tag(path=SCRIPT)
    assert _differences(cases, expected, page.evaluate(RUN, cases)) == []


@pytest.mark.parametrize("make", [_vector_cases, _generated_cases])
def test_node_computes_what_the_server_computes(make, tmp_path):
    cases, expected = make()
    (tmp_path / "cases.json").write_text(json.dumps(cases), "utf-8")
    program = (
        f"require({json.dumps(str(SCRIPT))}); const run = {RUN};"
        f"const cases = JSON.parse(require('fs').readFileSync({json.dumps(str(tmp_path / 'cases.json'))}, 'utf8'));"
        "process.stdout.write(JSON.stringify(run(cases)));"
    )
    done = subprocess.run([NODE, "-e", program], capture_output=True, check=True, timeout=60)
    assert _differences(cases, expected, json.loads(done.stdout)) == []


def test_the_generated_trees_use_every_function_and_reach_every_type():
    _cases, expected = _generated_cases()
    kinds = {value.partition(" ")[0] for value in expected}
    assert kinds == {"text", "number", "truth"}
    assert len(set(expected)) > 300


def test_the_script_is_small():
    assert SCRIPT.stat().st_size < 11_000
