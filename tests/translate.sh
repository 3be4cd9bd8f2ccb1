#!/bin/sh
# Collects the Vietnamese sentences of the program into the English translation, and compiles it.
set -eu
catalogue=survey_app/translations/en/LC_MESSAGES/messages
template=$(mktemp)
trap 'rm -f "$template"' EXIT
.venv/bin/pybabel -q extract -F pyproject.toml -k lazy_gettext -k _l --no-location --sort-output --omit-header -o "$template" .
if [ -f $catalogue.po ]; then
  .venv/bin/pybabel -q update -i "$template" -o $catalogue.po -l en --no-fuzzy-matching --ignore-obsolete --omit-header
else
  mkdir -p "$(dirname $catalogue)"
  .venv/bin/pybabel -q init -i "$template" -o $catalogue.po -l en
fi
.venv/bin/pybabel -q compile -i $catalogue.po -o $catalogue.mo -l en
