#!/bin/sh
# Collects the Vietnamese sentences of the program into the English translation, and compiles it.
set -eu
catalogue=survey_app/translations/en/LC_MESSAGES/messages
template=$(mktemp)
trap 'rm -f "$template"' EXIT
.venv/bin/pybabel -q extract -F pyproject.toml -k lazy_gettext -k _l --no-location --sort-output --omit-header -o "$template" .
# The header stays, without it pybabel takes the whole file for unfinished and compiles nothing; its dates do not change.
.venv/bin/pybabel -q update -i "$template" -o $catalogue.po -l en --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date
.venv/bin/pybabel -q compile -i $catalogue.po -o $catalogue.mo -l en
