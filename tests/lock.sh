#!/bin/sh
# `./run lock`: direct packages of pyproject.toml -> locked, hashed lists that install on Python 3.11 to 3.13.
set -eu
tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
python3 -m venv "$tools"
"$tools/bin/pip" install --quiet --disable-pip-version-check uv
lock() { "$tools/bin/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url "$@"; }
lock pyproject.toml -o requirements.txt
lock --group tests -c requirements.txt -o tests/requirements.txt
