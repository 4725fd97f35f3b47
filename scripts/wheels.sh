#!/usr/bin/env bash
# Builds the Python package for those who install it, and tries what this machine can run:
# abi3 wheels (CPython 3.10 and newer) for manylinux2014, and the source distribution, into dist/.
#
# Usage: scripts/wheels.sh [x86_64] [aarch64] [sdist]    without arguments: all three.
# zig, from PyPI, is the C compiler and linker: it links against the glibc that manylinux2014 names, 2.17.
set -euo pipefail
cd "$(dirname "$0")/.."

wanted=("$@")
[ $# -gt 0 ] || wanted=(x86_64 aarch64 sdist)
scripts/venv.sh maturin ziglang==0.17.1
export PATH=$PWD/.venv/bin:$PATH
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Each interpreter of this machine that the wheel says it is for.
interpreters() {
  for python in python3 python3.10 python3.11 python3.12 python3.13 python3.14; do
    command -v "$python" >/dev/null && "$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null \
      && "$python" -c 'import sys; print(sys.executable)'
  done | sort -u
}

try_installed() { # python, what to install
  rm -rf "$work/venv"
  "$1" -m venv "$work/venv"
  "$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check "$2"
  (cd "$work" && PYTHONWARNINGS=error "$work/venv/bin/python" "$OLDPWD/scripts/try_wheel.py")
}

for what in "${wanted[@]}"; do
  if [ "$what" = sdist ]; then
    (cd python && maturin sdist --out ../dist >/dev/null)
    # In an empty folder, with nothing of this repository around it but what cargo has downloaded and compiled.
    mkdir "$work/source"
    tar -xzf dist/sessera-*.tar.gz -C "$work/source" --strip-components=1
    CARGO_TARGET_DIR=$PWD/target try_installed "$PWD/.venv/bin/python" "$work/source"
    continue
  fi
  rustup target add "$what-unknown-linux-gnu" 2>/dev/null || echo "no rustup here: is the target installed?" >&2
  rm -f dist/sessera-*"$what".whl
  (cd python && maturin build --quiet --release --zig --target "$what-unknown-linux-gnu" \
    --compatibility manylinux2014 --interpreter ../.venv/bin/python --out ../dist)
  wheel=$(ls dist/sessera-*"$what".whl)
  echo "built $wheel"
  if [ "$what" = "$(uname -m)" ]; then
    for python in $(interpreters); do try_installed "$python" "$wheel"; done
  elif [ "$what" = aarch64 ] && command -v qemu-aarch64 >/dev/null; then
    scripts/python-arm64.sh
    .venv/bin/python -m zipfile -e "$wheel" "$work/aarch64"
    PYTHONPATH=$work/aarch64 qemu-aarch64 -L .cache/python-arm64 .cache/python-arm64/usr/bin/python3.11 \
      scripts/try_wheel.py
  else
    echo "nothing here can run $wheel (for aarch64: apt-get install qemu-user)" >&2
  fi
done
