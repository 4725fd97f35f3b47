#!/usr/bin/env bash
# Makes .venv if it is missing, and installs the named packages at the versions of python/requirements-dev.txt.
# Without names: all of them.
set -euo pipefail
cd "$(dirname "$0")/.."

command -v cargo >/dev/null || { echo "Rust is missing: install it with rustup, then run this again." >&2; exit 1; }
if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))'; then
  echo "CPython 3.10 or newer is needed as python3." >&2
  exit 1
fi
if ! .venv/bin/python -c 'import pip' 2>/dev/null; then
  if ! python3 -c 'import ensurepip' 2>/dev/null; then
    scripts/apt.sh python3-venv
  fi
  python3 -m venv --clear .venv
fi

wanted=("$@")
[ $# -gt 0 ] || wanted=(-r python/requirements-dev.txt)
.venv/bin/python -m pip install --quiet --disable-pip-version-check --constraint python/requirements-dev.txt "${wanted[@]}"
