#!/usr/bin/env python3
"""Runs the tests of Flask, Flask-Login and Django with our sessions in place, and checks every difference.

Their sources are fetched from PyPI at pinned versions, by their hashes, into `target/upstream`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

from differences import listed

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
FETCHED = ROOT / "target" / "upstream"
ARGUED = ROOT / "docs" / "upstream.md"


@dataclass(frozen=True)
class Suite:
    """The tests of one archive, and what stands in place while they run."""

    name: str
    archive: str
    plugins: tuple[str, ...]
    #: Those that have to do with sessions.
    tests: tuple[str, ...] = ("tests",)


FLASK, FLASK_LOGIN, DJANGO = "flask-3.1.3", "Flask-Login-0.6.3", "django-5.2.19"
_DJANGO_TESTS = "tests/sessions_tests/tests.py"
SUITES = [
    Suite("flask", FLASK, ("in_place",)),
    # The control: what fails there fails without us.
    Suite("flask-alone", FLASK, ()),
    Suite("flask-login", FLASK_LOGIN, ("in_place",)),
    Suite("flask-login-manager", FLASK_LOGIN, ("in_place", "login_in_place")),
    Suite(
        "django",
        DJANGO,
        ("django_in_place",),
        (f"{_DJANGO_TESTS}::SesseraSessionTests", f"{_DJANGO_TESTS}::SessionMiddlewareTests"),
    ),
]


def fetch() -> None:
    """Gets the archives by their hashes, unless they are there, and unpacks them."""
    if all((FETCHED / archive).is_dir() for archive in (FLASK, FLASK_LOGIN, DJANGO)):
        return
    FETCHED.mkdir(parents=True, exist_ok=True)
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    # Only theirs: what builds their metadata may be a wheel, which is quicker.
    options = [
        "--no-deps",
        "--no-binary",
        "flask,flask-login,django",
        "--require-hashes",
        "--dest",
        str(FETCHED),
    ]
    subprocess.run([*pip, *options, "--requirement", str(HERE / "sdists.txt")], check=True)
    for archive in (FLASK, FLASK_LOGIN, DJANGO):
        with tarfile.open(FETCHED / f"{archive}.tar.gz") as packed:
            packed.extractall(FETCHED, filter="data")


def run(suite: Suite) -> bool:
    """Whether everything was as it is listed."""
    print(f"{suite.name}: the tests of {suite.archive}", flush=True)
    plugins = [part for plugin in (*suite.plugins, "differences") for part in ("-p", plugin)]
    # Of the control only those that are listed.
    chosen = list(listed(suite.name)) if not suite.plugins else suite.tests
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *plugins, *chosen],
        cwd=FETCHED / suite.archive,
        env={**os.environ, "PYTHONPATH": str(HERE), "UPSTREAM_SUITE": suite.name},
        check=False,
    )
    return done.returncode == 0


def unargued() -> list[str]:
    """The reasons and tests that the page about them does not tell of."""
    page = ARGUED.read_text(encoding="utf-8")
    tests = {test: reason for suite in SUITES for test, reason in listed(suite.name).items()}
    headings = {f"## {reason}" for reason in tests.values()}
    names = {f"`{test.rpartition('::')[2]}`" for test in tests}
    return sorted(part for part in headings | names if part not in page)


def main() -> int:
    fetch()
    good = [run(suite) for suite in SUITES]
    if missing := unargued():
        print(f"docs/upstream.md does not tell of: {', '.join(missing)}")
    return 0 if all(good) and not missing else 1


if __name__ == "__main__":
    sys.exit(main())
