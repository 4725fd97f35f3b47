"""The examples in the docstrings run."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from pathlib import Path

import pytest

import sessera._web
import sessera.asgi
import sessera.flask

PACKAGES = [sessera.flask, sessera.asgi, sessera._web]
MODULES = [
    package.__name__ + (f".{found.name}" if found else "")
    for package in PACKAGES
    for found in [None, *pkgutil.iter_modules(package.__path__)]
] + ["sessera.fastapi"]


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The instance folder of an application that is no package is below the current one.
    monkeypatch.chdir(tmp_path)
    failed, _ = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert failed == 0
