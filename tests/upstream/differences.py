"""Expects of each foreign test what `differences.json` says: a plugin of pytest.

A test that is listed must fail, and one that is not must pass; and every test that is listed must exist.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import _pytest.monkeypatch
import pytest
from _pytest.compat import NOTSET

# pytest 9 has renamed what Flask's own conftest asks for.
_pytest.monkeypatch.notset = NOTSET  # type: ignore[attr-defined]

_FILE = Path(__file__).with_name("differences.json")


def listed(suite: str) -> dict[str, str]:
    """The tests of a suite that differ, each with the reason."""
    reasons: dict[str, list[str]] = json.loads(_FILE.read_text(encoding="utf-8"))[suite]
    return {test: reason for reason, tests in reasons.items() for test in tests}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    differences = listed(os.environ["UPSTREAM_SUITE"])
    for item in items:
        reason = differences.pop(item.nodeid, None)
        if reason is not None:
            item.add_marker(pytest.mark.xfail(reason=reason, strict=True))
    if differences:
        raise pytest.UsageError(f"listed, but there is no such test: {', '.join(sorted(differences))}")
