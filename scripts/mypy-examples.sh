#!/usr/bin/env bash
# Checks the types of each example by itself: several of them have an `app.py`.
set -euo pipefail
cd "$(dirname "$0")/../examples"

for application in */app.py; do
  example=$(dirname "$application")
  (cd "$example" && MYPYPATH=. ../../.venv/bin/python -m mypy --config-file ../mypy.ini .)
done
