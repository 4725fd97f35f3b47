#!/usr/bin/env bash
# Builds free-threaded CPython from Debian's source package (kept in .cache), the extension for it, and runs the
# tests of the package there, all but those of frameworks: about 10 minutes the first time, 2 after that.
#
# Debian packages no free-threaded interpreter. PyO3 supports 3.14 and newer; where the mirror has no source of one,
# the 3.13 of Debian 13 does, with PyO3's check of the version switched off.
set -euo pipefail
cd "$(dirname "$0")/.."

root=$PWD/.cache/python-freethreaded
python=$root/bin/python3
if [ ! -x "$python" ]; then
  scripts/apt.sh build-essential dpkg-dev libffi-dev libssl-dev libsqlite3-dev zlib1g-dev
  state=$(mktemp -d)
  trap 'rm -rf "$state"' EXIT
  mkdir -p "$state/lists/partial" "$state/cache/archives/partial"
  mirror=$(scripts/debian-mirror.sh)
  for suite in forky trixie; do
    echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main"
  done > "$state/sources.list"
  cat > "$state/apt.conf" <<END
APT::Sandbox::User "root";
Acquire::Languages "none";
Dir::State::lists "$state/lists";
Dir::Etc::sourcelist "$state/sources.list";
Dir::Etc::sourceparts "/nonexistent";
Dir::Cache "$state/cache";
END
  (
    cd "$state"
    export APT_CONFIG=$state/apt.conf
    apt-get update -qq
    apt-get source -qq --download-only python3.14 || apt-get source -qq --download-only python3.13
    tar -xf python3.*.orig.tar.xz
    cd Python-3.*
    ./configure -q --prefix="$root" --disable-gil --disable-test-modules --with-ensurepip=install
    make -s -j"$(nproc)"
    make -s install
  )
fi
if "$python" -c 'import sys; sys.exit(sys.version_info >= (3, 14))'; then
  export UNSAFE_PYO3_SKIP_VERSION_CHECK=1
fi

scripts/venv.sh maturin
venv=$root/venv
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
(cd python && ../.venv/bin/maturin build --quiet --release --auditwheel skip --interpreter "$python" \
  --out ../target/freethreaded)
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --force-reinstall --no-deps \
  target/freethreaded/*.whl
# What the framework-free half is tested with. The peers of test_interop.py have no wheels for this interpreter.
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --constraint python/requirements-dev.txt \
  pytest hypothesis flask pyjwt typing_extensions
PYTHONWARNINGS=error "$venv/bin/python" scripts/try_wheel.py
cd python
exec "$venv/bin/python" -m pytest -q -p no:cacheprovider tests --ignore tests/flask --ignore tests/asgi \
  --ignore tests/django --ignore tests/test_docstrings.py --ignore tests/test_interop.py "$@"
