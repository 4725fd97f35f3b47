"""Gives Django's own session tests one more engine to run with: ours. A plugin of pytest."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import django
import pytest
from django.conf import settings
from sessera import Keyring

#: The class that runs the tests which every engine of Django passes.
OURS = "SesseraSessionTests"

settings.configure(
    ALLOWED_HOSTS=["*"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "sessions_tests",
    ],
    SECRET_KEY="for the tests only",  # noqa: S106
    SESSERA={"ISSUER": "https://app.example", "KEYRING": Keyring.generate("HS256"), "STORE": "memory"},
    SESSION_ENGINE="sessera.django",
    USE_TZ=True,
)
sys.path.insert(0, str(Path.cwd() / "tests"))
django.setup()


def pytest_sessionstart(session: pytest.Session) -> None:
    """Set the database up, and put our class among the tests."""
    from django.test import TestCase
    from django.test.utils import setup_databases, setup_test_environment
    from sessera.django import SessionStore

    setup_test_environment()
    setup_databases(verbosity=0, interactive=False)
    tests: Any = importlib.import_module("sessions_tests.tests")
    bases = (tests.SessionTestsMixin, TestCase)
    setattr(tests, OURS, type(OURS, bases, {"backend": SessionStore, "__module__": tests.__name__}))
