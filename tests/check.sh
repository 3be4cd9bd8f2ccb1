#!/bin/sh
# `./run check`: lint, format, types, direction of imports, and the guards over templates, routes and migrations.
set -eu
bin=.venv/bin
echo "ruff";          $bin/ruff check . ; $bin/ruff format --check .
echo "mypy";          $bin/mypy
echo "import rules";  $bin/lint-imports --no-cache
echo "guards";        SURVEY_TEST_ENGINES=sqlite $bin/python -m pytest -q -n auto tests/whole
