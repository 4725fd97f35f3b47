#!/usr/bin/env bash
# Builds the wheel of python/ in release mode and installs it into .venv.
set -euo pipefail
cd "$(dirname "$0")/.."

rm -rf target/wheels
(cd python && ../.venv/bin/maturin build --quiet --release --auditwheel skip --out ../target/wheels \
  --interpreter ../.venv/bin/python)
.venv/bin/python -m pip install --quiet --disable-pip-version-check --force-reinstall --no-deps target/wheels/*.whl
