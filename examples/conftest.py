"""What the tests of the examples share."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType
from typing import TypeAlias

import pytest

Load: TypeAlias = Callable[[str], ModuleType]


@pytest.fixture
def load(request: pytest.FixtureRequest) -> Load:
    """Imports a module of the test's own folder: several examples have an `app.py`."""

    def load(name: str) -> ModuleType:
        folder = request.path.parent
        spec = spec_from_file_location(f"{folder.name}.{name}", folder / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = sys.modules[spec.name] = module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load
